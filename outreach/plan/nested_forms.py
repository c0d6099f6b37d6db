"""Forms of operations under one another: a proposal, its refusal, and where a service in several is counted."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from outreach.web.forms import OutreachForm, whole

from . import rules
from .forms import Choices, PlanForm, day_of, local_moment, time_of, which_of
from .operation_rules import Draft

if TYPE_CHECKING:
    from outreach.storage.tables import Operation


class ProposalForm(PlanForm):
    """A local operation that a service proposes; time zone and start of the day are those of the operation above."""

    service = SelectField(_l("Lead service"), default="", validate_choice=False)
    code = StringField(_l("Code"), description=_l("Short, for addresses and files: ONS-2026-ON. It stays as it is."))
    name = StringField(_l("Name"))
    purpose = TextAreaField(_l("Purpose"), description=_l("One or two sentences that every service reads."))
    starts_on = StringField(_l("First day"), description=_l("For example 2026-10-13. Empty while not known."))
    starts_at = StringField(_l("Starts at"), description=_l("For example 18:00"))
    starts_which = SelectField(_l("Which of the two"), default="", validate_choice=False)
    ends_on = StringField(_l("Last day"), description=_l("For example 2026-10-19"))
    ends_at = StringField(_l("Ends at"), description=_l("For example 24:00, the end of that day"))
    ends_which = SelectField(_l("Which of the two"), default="", validate_choice=False)

    def __init__(self, *args: Any, services: dict[int, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.service.choices = [SelectChoice(str(key), name) for key, name in services.items()]
        for name in ("starts_which", "ends_which"):
            self._fields[name].choices = [
                SelectChoice("", ""),
                SelectChoice("earlier", gettext("The earlier one")),
                SelectChoice("later", gettext("The later one")),
            ]

    @staticmethod
    def values_of(parent: Operation) -> dict[str, Any]:
        """The window of the operation above, to begin with."""
        values: dict[str, Any] = {}
        for name, at in (("starts", parent.starts_at), ("ends", parent.ends_at)):
            values |= {f"{name}_on": day_of(at, parent.time_zone), f"{name}_at": time_of(at, parent.time_zone)}
            values[f"{name}_which"] = which_of(at, parent.time_zone)
        return values

    @property
    def service_id(self) -> int:
        return whole(self.service.data)

    def draft(self, parent: Operation) -> Draft:
        """What was typed. Raises ``Invalid`` with every time that cannot be read."""
        starts_at, ends_at = self.gather(
            lambda: self._moment("starts", parent.time_zone, "00:00"),
            lambda: self._moment("ends", parent.time_zone, "24:00"),
        )
        return Draft(
            code=(self.code.data or "").upper(),
            name=self.name.data or "",
            edition=parent.edition,
            level="local",
            purpose=self.purpose.data or "",
            starts_at=starts_at,
            ends_at=ends_at,
            time_zone=parent.time_zone,
            day_starts_minutes=parent.day_starts_minutes,
        )

    def _moment(self, name: str, zone: str, usual: str) -> dt.datetime | None:
        on, at, which = (self._fields[f"{name}_{part}"].data or "" for part in ("on", "at", "which"))
        return local_moment(name, on, at, zone, which=which, usual=usual)


class RefusalForm(OutreachForm):
    """Why a proposal is refused."""

    reason = TextAreaField(_l("Why it is refused"), description=_l("Whoever proposed it reads it."))


class PlaceForm(PlanForm):
    """Where each family of figures of a service in several operations counts."""

    place_contacts = SelectField(_l("Contacts, persons met, support, referrals and kits"), default="")
    place_personnel = SelectField(_l("Personnel"), default="")
    place_enforcement = SelectField(_l("Persons arrested, persons charged and charges"), default="")

    def __init__(self, *args: Any, places: Choices, usual: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rule = gettext("By the rule, which is now %(code)s", code=usual)
        for family in rules.PLACED:
            choices = [SelectChoice(value, label) for value, label in [("", rule), *places]]
            self._fields[f"place_{family}"].choices = choices

    def places(self) -> dict[str, int]:
        """``{family: operation id}`` of what was chosen."""
        chosen = {family: self._fields[f"place_{family}"].data for family in rules.PLACED}
        return {family: whole(place, otherwise=-1) for family, place in chosen.items() if place}
