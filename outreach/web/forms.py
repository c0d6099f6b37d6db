"""The base of every form: CSRF, trimmed text, findings placed at their fields."""

from __future__ import annotations

import unicodedata
from typing import Any

from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from wtforms import Field

from outreach.errors import Finding, Invalid

# What WTForms says by itself, in the house's words: each says how to put it right.
_PLAINER = {
    "This field is required.": lazy_gettext("Enter an answer here."),
    "Not a valid integer value.": lazy_gettext("Enter a whole number, such as 12."),
    "Not a valid decimal value.": lazy_gettext("Enter a number, such as 12.5."),
    "Not a valid float value.": lazy_gettext("Enter a number, such as 12.5."),
    "Not a valid date value.": lazy_gettext("Enter the day as 2017-10-18."),
    "Not a valid time value.": lazy_gettext("Enter the time as 21:42."),
    "Not a valid datetime value.": lazy_gettext("Enter the day and time as 2017-10-18 21:42."),
    "Not a valid choice.": lazy_gettext("Choose one of the answers in the list."),
    "Invalid Choice: could not coerce.": lazy_gettext("Choose one of the answers in the list."),
    "Invalid email address.": lazy_gettext("Enter an e-mail address, such as name@example.org."),
}


class _Words:
    """The translations of a form: WTForms' own sentences in plainer words, everything else from the catalogue."""

    def gettext(self, text: str) -> str:
        return str(_PLAINER[text]) if text in _PLAINER else gettext(text)

    def ngettext(self, one: str, many: str, count: int) -> str:
        return self.gettext(one if count == 1 else many)


def clean(value: Any) -> Any:
    """Text without surrounding space and without control characters (line breaks and tabs stay)."""
    if not isinstance(value, str):
        return value
    kept = (c for c in value if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
    return unicodedata.normalize("NFC", "".join(kept)).strip()


def whole(text: str | None, otherwise: int = 0) -> int:
    """A number that a browser sent, which the database can hold; ``otherwise`` for everything else that was sent."""
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else otherwise


class OutreachForm(FlaskForm):
    """A form whose text is cleaned and which can take the findings of rules and commands."""

    class Meta(FlaskForm.Meta):
        def get_translations(self, form: Any) -> _Words:
            return _Words()

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
