"""The form behind an invitation link. Rules are in ``invitation_rules``."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from outreach.errors import Finding, Invalid
from outreach.vocab import ParticipationStatus, StaffCategory

from . import invitation_rules as rules
from .forms import PlanForm, day_of, entry_modes, local_moment, time_of, which_of


class AnswerForm(PlanForm):
    """What a service answers: whether it takes part, its days, its desk, its staff, how it reports."""

    takes_part = RadioField(_l("Does your service take part?"), validate_choice=False)
    desk = StringField(
        _l("Desk during the operation"),
        description=_l("A shared address or the telephone of a desk, never a person’s."),
    )
    entry_mode = RadioField(_l("How will you report?"), validate_choice=False)
    starts_on = StringField(_l("First day"), description=_l("For example 2017-10-18"))
    starts_at = StringField(_l("Starts at"), description=_l("For example 18:00"))
    starts_which = SelectField(_l("Which of the two"), default="")
    ends_on = StringField(_l("Last day"), description=_l("For example 2017-10-18"))
    ends_at = StringField(_l("Ends at"), description=_l("For example 24:00"))
    ends_which = SelectField(_l("Which of the two"), default="")
    staff_police = StringField(_l("Officers"))
    staff_support = StringField(_l("Analysts and support staff"))
    staff_victim_services = StringField(_l("Victim-services workers"))
    staff_ngo = StringField(_l("Workers of non-governmental organisations"))
    staff_interpreter = StringField(_l("Interpreters"))
    reason = TextAreaField(
        _l("Why not"), description=_l("Not needed. Only those who plan the operation read it; name no person.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.takes_part.choices = [
            SelectChoice(rules.YES, gettext("Yes, we take part")),
            SelectChoice(rules.NO, gettext("No, we do not take part this time")),
        ]
        self.entry_mode.choices = [SelectChoice(value, label) for value, label in entry_modes()]
        for name in ("starts_which", "ends_which"):
            self._fields[name].choices = [
                SelectChoice("", ""),
                SelectChoice("earlier", gettext("The earlier one")),
                SelectChoice("later", gettext("The later one")),
            ]
        self.staff_fields = [self._fields[f"staff_{category.value}"] for category in StaffCategory]
        for name in ("starts_on", "starts_at", "ends_on", "ends_at", "reason"):
            self._fields[name].flags.optional = True

    @staticmethod
    def values_of(version: Any, service: Any, zone: str) -> dict[str, Any]:
        """The fields as they stand; a desk that nobody gave yet is proposed from the directory."""
        chosen = {ParticipationStatus.CONFIRMED.value: rules.YES, ParticipationStatus.DECLINED.value: rules.NO}
        values: dict[str, Any] = {
            "takes_part": chosen.get(version.status, "") if version.link_id else "",
            "entry_mode": version.entry_mode,
            "desk": version.desk or service.contact_desk,
            "version": str(version.version),
            "starts_which": which_of(version.starts_at, zone),
            "ends_which": which_of(version.ends_at, zone),
            "reason": version.reason if version.link_id else "",
        }
        for name, at in (("starts", version.starts_at), ("ends", version.ends_at)):
            values |= {f"{name}_on": day_of(at, zone), f"{name}_at": time_of(at, zone)}
        return values | {f"staff_{c.value}": str(version.planned_staff.get(c.value, "") or "") for c in StaffCategory}

    def answer(self, zone: str) -> rules.Answer:
        """What was typed. Raises ``Invalid`` with every field that cannot be read, together with what is missing."""
        takes_part = self.takes_part.data or ""
        if takes_part != rules.YES:
            return rules.Answer(takes_part, reason=self.reason.data or "")
        missing: list[Finding] = rules.check_answer(rules.Answer(takes_part, desk=self.desk.data or ""))
        try:
            starts_at, ends_at, *counts = self.gather(
                lambda: self._moment("starts", zone, "00:00"),
                lambda: self._moment("ends", zone, "24:00"),
                *(lambda c=c: self._head_count(c.value) for c in StaffCategory),
            )
        except Invalid as problem:
            raise Invalid(*missing, *problem.findings) from problem
        return rules.Answer(
            takes_part,
            entry_mode=self.entry_mode.data or "",
            starts_at=starts_at,
            ends_at=ends_at,
            staff={c.value: n for c, n in zip(StaffCategory, counts, strict=True) if n},
            desk=self.desk.data or "",
        )

    def _moment(self, name: str, zone: str, usual: str) -> dt.datetime | None:
        on, at, which = (self._fields[f"{name}_{part}"].data or "" for part in ("on", "at", "which"))
        return local_moment(name, on, at, zone, which=which, usual=usual)

    def _head_count(self, category: str) -> int:
        text = (self._fields[f"staff_{category}"].data or "").strip()
        if text and not (text.isascii() and text.isdecimal() and len(text) <= 4):
            raise Invalid.at(f"staff_{category}", rules.WRONG_COUNT)
        return int(text or 0)
