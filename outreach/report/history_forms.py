"""Forms of published figures: which of them to list, and one figure with everything that is known of it."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import gettext, pgettext
from flask_babel import lazy_gettext as _l
from wtforms import SelectField, StringField

from outreach.web.forms import OutreachForm

from .history_rules import COLUMNS, LABEL_PARAMS, Column


def word_of(column: Column, code: str) -> str:
    """What a code of a list is called."""
    label = gettext(dict(column.choices).get(code, code))
    params = LABEL_PARAMS.get(code) if column.kind == "measure" else None
    return label % params if params else label


class FilterForm(OutreachForm):
    """Which figures to show; sent in the address."""

    class Meta(OutreachForm.Meta):
        csrf = False  # a question changes nothing

    series = SelectField(_l("Series"), validate_choice=False)
    edition = SelectField(_l("Edition"), validate_choice=False)
    level = SelectField(_l("Level"), validate_choice=False)
    scope = SelectField(_l("Place"), validate_choice=False)

    @classmethod
    def asked(cls, found: dict[str, list[str]], levels: dict[str, str]) -> FilterForm:
        """The form as the address fills it. ``found``: what there is to choose from."""
        form = cls(request.args)
        for name, values in found.items():
            words = [(value, levels.get(value, value) if name == "level" else value) for value in values]
            form[name].choices = [("", pgettext("published figures", "All")), *words]
        return form

    def chosen(self) -> dict[str, str]:
        """What was asked for; what does not exist is no filter."""
        asked = {field.name: field.data or "" for field in (self.series, self.edition, self.level, self.scope)}
        return {name: value for name, value in asked.items() if value in dict(self[name].choices)}


class RemoveForm(OutreachForm):
    """Nothing but the token."""


def _field(column: Column) -> Any:
    label, note = _l(column.label), _l(column.note) if column.note else ""
    if column.choices:
        return SelectField(label, description=note, validate_choice=False)
    return StringField(label, description=note)


class FigureForm(OutreachForm):
    """One figure: a question a column of the workbook, in the same words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for column in COLUMNS:
            if column.choices:
                blank = [] if column.required else [("", _BLANK.get(column.code, "–"))]
                words = [(code, word_of(column, code)) for code, _ in column.choices]
                self[column.code].choices = [*blank, *words]
            self[column.code].flags.optional = not column.required


_BLANK = {"measure": _l("None of these: see the word used"), "level": _l("Not known")}

for _column in COLUMNS:
    setattr(FigureForm, _column.code, _field(_column))
