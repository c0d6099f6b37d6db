"""What the papers of a release say around its contents, in one language, without a request: titles, heads, the legend.

Here belongs the wording alone. What a release says about an operation is in its ``Content``; how it is laid out is in
``release_papers``, ``release_document`` and the templates.
"""

from __future__ import annotations

from typing import Any

from babel.numbers import format_decimal

from outreach.vocab import ReleaseKind

from .release_content import Content, Line
from .sentence_rules import catalogue

LANGUAGES = {"en": "English", "fr": "Français"}
"""Each language in its own word."""
WITHHELD = "x"
"""The symbol of a number that is kept back."""


def words(content: Content) -> dict[str, str]:
    """Every word of the papers that is not in the content, by name."""
    t = catalogue(content.language)
    erratum = content.kind == ReleaseKind.ERRATUM
    number = {"number": content.number, "code": content.code}
    before = {"number": content.replaces or ""}
    return {
        "which": t.gettext("Erratum %(number)s, %(code)s") % number
        if erratum
        else t.gettext("Release %(number)s, %(code)s") % number,
        "replaces": t.gettext("Restates release %(number)s.") % before if content.replaces else "",
        "published": t.gettext("Published %(time)s") % {"time": content.published_on} if content.published_on else "",
        "as_of": t.gettext("As of %(time)s") % {"time": content.as_of},
        "draft": "" if content.published_on else t.gettext("DRAFT, NOT APPROVED"),
        "draft_words": "" if content.published_on else t.gettext("Draft, not approved: not to be quoted."),
        "figures": t.gettext("The figures"),
        "figure": t.gettext("Figure"),
        "number": t.gettext("Number"),
        "sure": t.gettext("How sure"),
        "changed": t.gettext("What changed"),
        "was": t.gettext("As published"),
        "now": str(t.pgettext("erratum", "Now")),
        "why": t.gettext("Why"),
        "services": t.gettext("Services that took part"),
        "definitions": t.gettext("What each figure means"),
        "notes": t.gettext("Notes"),
        "source": t.gettext("Source"),
        "files": t.gettext("To download"),
        "page": t.gettext("Page"),
        "withheld": t.gettext("withheld"),
        "legend": t.gettext("x: withheld. %(rule)s") % {"rule": content.withheld} if content.withheld else "",
        "set": t.gettext("Locked figures, version %(version)s, %(hash)s")
        % {"version": content.set_version, "hash": content.set_hash[:12]},
        "sample": t.gettext("Sample operation: its totals were published in 2017, everything else is invented.")
        if content.sample
        else "",
        "contact": t.gettext("Questions of the press: %(who)s") % {"who": content.contact} if content.contact else "",
        "nothing": "" if content.changed or not erratum else t.gettext("No figure changed."),
    }


def csv_head(language: str) -> list[str]:
    """Heads of the columns of the long table."""
    t = catalogue(language)
    return [
        t.gettext("Release"), t.gettext("As of"), t.gettext("Status"), t.gettext("Coverage"), t.gettext("Table"),
        t.gettext("Row"), t.gettext("Code"), t.gettext("Column"), t.gettext("Number"), t.gettext("In words"),
        t.gettext("Symbol"), t.gettext("As published"), t.gettext("Note"), t.gettext("Definition"), t.gettext("Source"),
    ]  # fmt: skip


def shown(cell: Any, language: str) -> str:
    """A cell of a table as it is read: whole numbers in the language's way, empty for none."""
    if cell is None:
        return ""
    return str(format_decimal(cell, locale=language)) if isinstance(cell, int | float) else str(cell)


def said(line: Line) -> str:
    """A figure as it stands in the table."""
    return WITHHELD if line.withheld else line.said
