"""The form that chooses sheets; it travels in the address and saves nothing."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField
from wtforms.fields.choices import SelectChoice

from outreach.plan.team_forms import CheckboxesField
from outreach.vocab import Language
from outreach.web.forms import OutreachForm
from outreach.web.page import language

from .sheet_contents import ABOUT, KINDS


class SheetForm(OutreachForm):
    """Which sheets, for which day and teams, in which language."""

    class Meta(OutreachForm.Meta):
        csrf = False  # it only chooses

    kind = RadioField(_l("Sheet"), validate_choice=False)
    day = SelectField(_l("Day"), validate_choice=False)
    language = RadioField(_l("Language of the sheets"), validate_choice=False)
    team = CheckboxesField(_l("Teams"), description=_l("None ticked: all of them."), validate_choice=False)

    def offer(self, days: list[dt.date], teams: list[tuple[int, str]], today: dt.date) -> None:
        """Fill the lists; the day that comes next and the language of the page are chosen."""
        self.kind.choices = [SelectChoice(code, gettext(label)) for code, label in KINDS.items()]
        self.day.choices = [
            *(SelectChoice(day.isoformat(), day.isoformat()) for day in days),
            SelectChoice("", gettext("Every day")),
        ]
        self.language.choices = [SelectChoice(code, label) for code, label in Language.choices()]
        self.team.choices = [SelectChoice(str(key), name) for key, name in teams]
        self.kind.data = self.kind.data if self.kind.data in KINDS else "assignment"
        self.language.data = self.language.data if self.language.data in Language.values() else language()
        if self.day.data is None:
            self.day.data = next((day.isoformat() for day in days if day >= today), days[0].isoformat() if days else "")

    @property
    def about(self) -> dict[str, str]:
        """What each sheet is, for under its name."""
        return {code: gettext(words) for code, words in ABOUT.items()}

    @property
    def chosen_day(self) -> dt.date | None:
        try:
            return dt.date.fromisoformat(self.day.data or "")
        except ValueError:
            return None

    @property
    def team_ids(self) -> frozenset[int]:
        given: list[Any] = self.team.data or []
        return frozenset(int(key) for key in given if key.isascii() and key.isdigit() and len(key) < 10)
