"""The base of every form: CSRF, trimmed text, findings placed at their fields."""

from __future__ import annotations

import unicodedata
from typing import Any

from flask_babel import gettext
from flask_wtf import FlaskForm
from wtforms import Field

from outreach.errors import Finding, Invalid


def clean(value: Any) -> Any:
    """Text without surrounding space and without control characters (line breaks and tabs stay)."""
    if not isinstance(value, str):
        return value
    kept = (c for c in value if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
    return unicodedata.normalize("NFC", "".join(kept)).strip()


class OutreachForm(FlaskForm):
    """A form whose text is cleaned and which can take the findings of rules and commands."""

    class Meta(FlaskForm.Meta):
        def bind_field(self, form: Any, unbound_field: Any, options: Any) -> Field:
            filters = [*unbound_field.kwargs.get("filters", ()), clean]
            return unbound_field.bind(form=form, filters=filters, **options)

    def take(self, invalid: Invalid) -> None:
        """Show the findings at their fields; those that fit no field stand at the form."""
        for finding in invalid.findings:
            self.add_finding(finding)

    def add_finding(self, finding: Finding) -> None:
        text = gettext(finding.message, **finding.params) if finding.params else gettext(finding.message)
        field = self._fields.get(finding.where)
        if field is None:
            self.form_errors.append(text)
        else:
            field.errors = [*field.errors, text]
