"""Forms of the room: what stands around the cells of daily totals, and the reason of a move."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext, lazy_gettext
from wtforms import BooleanField, HiddenField, StringField, TextAreaField

from outreach.errors import Finding
from outreach.web.forms import OutreachForm, clean


class TotalsForm(OutreachForm):
    """Everything of the page but its cells, which are as many as there are days and measures."""

    seen = HiddenField()
    clear = BooleanField(lazy_gettext("Clear the cells that I emptied"))
    reason = StringField(lazy_gettext("Reason"))


class MoveForm(OutreachForm):
    """One step of the operation."""

    to = HiddenField()
    reason = TextAreaField(lazy_gettext("Reason"))


def typed_cells(sent: Mapping[str, str]) -> dict[str, str]:
    """The cells of a sent form by their names, cleaned."""
    return {name: clean(text) for name, text in sent.items() if name.startswith("cell-")}


def words(finding: Finding) -> str:
    """A finding in the reader's language; labels among its parameters are translated too."""
    params = {name: gettext(value) if isinstance(value, str) else value for name, value in finding.params.items()}
    return gettext(finding.message, **params) if params else gettext(finding.message)
