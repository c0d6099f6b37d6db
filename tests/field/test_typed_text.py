"""A browser writes what stands in a form into its session file, readable, unless the form says not to."""

from __future__ import annotations

import re

import pytest

from outreach import assets

# Where persons are described. Found by their fields, so that a new page is not forgotten.
TYPED = re.compile(r"field\(form\.note|form\['safe_way|form\.lines")
FORM = re.compile(r"<form\b[^>]*>|{% call (?:send|form|form_tag)\((?:[^{}]|{[^%])*?%}")
PAGES = [path for path in sorted((assets.templates() / "field").glob("*.html")) if TYPED.search(path.read_text())]


@pytest.mark.parametrize("template", PAGES, ids=lambda path: path.stem)
def test_no_form_about_persons_is_left_in_a_browsers_session_file(template):
    text = template.read_text()
    for typed in TYPED.finditer(text):
        form = FORM.findall(text[: typed.start()])[-1]
        assert 'autocomplete="off"' in form or "kept=False" in form, form


def test_there_are_such_pages():
    assert {"app_check", "check", "edit"} <= {path.stem for path in PAGES}
