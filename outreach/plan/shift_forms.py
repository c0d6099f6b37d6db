"""Forms of shifts: what was typed becomes plain values, every mistake at its field. What may stand: ``shift_rules``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice

from outreach.errors import N_, Invalid, NotFound
from outreach.storage.days import operational_day
from outreach.storage.types import EPOCH
from outreach.web.clock import hour_minute, iso_day, local
from outreach.web.forms import OutreachForm, whole

from .forms import PlanForm
from .operation_rules import instant, read_day, read_minutes
from .shift_rules import MOST_PLACES, ShiftDraft
from .team_forms import CheckboxesField


def read_places(text: str, where: str = "places") -> int | None:
    """People needed; ``None`` when nobody said. Raises ``Invalid`` at ``where``."""
    if not text.strip():
        return None
    number = whole(text, otherwise=-1)
    if number < 0:
        words = N_("Enter a whole number from 1 to %(most)d, or nothing when nobody said.")
        raise Invalid.at(where, words, most=MOST_PLACES)
    return number


def read_time(text: str, where: str) -> int:
    """Minutes after midnight. Raises ``Invalid`` at ``where``, also for no time at all."""
    if not text.strip():
        missing = N_("Enter when the shift starts.") if where == "starts_at" else N_("Enter when the shift ends.")
        raise Invalid.at(where, missing)
    return read_minutes(text, where, midnight_after=where == "ends_at")


def stretch(day: dt.date, start: int, end: int, zone: str) -> tuple[dt.datetime, dt.datetime]:
    """The two moments of a shift; an end that is not after the start lies on the next day.

    Raises ``Invalid`` for a time that the clocks skip; of one that they show twice the earlier is taken.
    """
    starts_at = instant(day, start, zone, "starts_at", "earlier")
    last = day if end > start else day + dt.timedelta(days=1)
    return starts_at, instant(last, end, zone, "ends_at", "earlier")


def shown_twice(at: dt.datetime, zone: str) -> bool:
    """Whether the clocks of ``zone`` show the local time of this moment twice."""
    there = at.astimezone(ZoneInfo(zone))
    return there.replace(fold=0).utcoffset() != there.replace(fold=1).utcoffset()


def twice_words(draft: ShiftDraft, zone: str) -> str:
    """What to say of a shift whose start or end the clocks show twice; '' for any other."""
    for at in (draft.starts_at, draft.ends_at):
        if shown_twice(at, zone):
            there = at.astimezone(ZoneInfo(zone))
            return gettext(
                "On %(day)s the clocks show %(time)s twice. The earlier one is taken.",
                day=iso_day(there),
                time=there.strftime("%H:%M"),
            )
    return ""


class ShiftForm(PlanForm):
    """One shift of one team."""

    starts_on = StringField(_l("Day on which it starts"), description=_l("For example 2017-10-18"))
    starts_at = StringField(_l("Starts at"), description=_l("For example 18:00"))
    ends_at = StringField(_l("Ends at"), description=_l("An end before the start is on the next day."))
    places = StringField(_l("People needed"), description=_l("Leave it empty while it is not known."))
    place = StringField(_l("Meeting place"), description=_l("Shown only to the team and to coordinators."))
    channel = StringField(_l("Radio channel or telephone plan"))
    who = RadioField(_l("Who works"), default="everyone", validate_choice=False)
    crew = CheckboxesField(_l("Members who work"), coerce=int, validate_choice=False)

    def offer(self, members: Mapping[int, str]) -> None:
        """The members of the team who can be ticked."""
        self.who.choices = [
            SelectChoice("everyone", gettext("Every member of the team")),
            SelectChoice("chosen", gettext("Only the members ticked here")),
        ]
        self.crew.choices = [SelectChoice(key, name) for key, name in members.items()]
        for name in ("places", "place", "channel"):
            self[name].flags.optional = True

    @staticmethod
    def values_of(shift: Any, zone: str) -> dict[str, Any]:
        """What stands, as the form shows it."""
        first = local(shift.starts_at, zone)
        return {
            "starts_on": iso_day(first),
            "starts_at": hour_minute(shift.starts_at, zone),
            "ends_at": hour_minute(shift.ends_at, zone),
            "places": str(shift.places or ""),
            "place": shift.place,
            "channel": shift.channel,
            "who": "everyone" if shift.crew is None else "chosen",
            "crew": list(shift.crew or ()),
            "version": str(shift.version),
        }

    def draft(self, zone: str, stood: Any = None) -> ShiftDraft:
        """What was typed; ``stood``: the shift whose times stay where the same ones are typed again.

        Raises ``Invalid`` with every field that is no day, time or number.
        """
        day, start, end, places = self.gather(
            lambda: self._day(),
            lambda: read_time(self.starts_at.data or "", "starts_at"),
            lambda: read_time(self.ends_at.data or "", "ends_at"),
            lambda: read_places(self.places.data or ""),
        )
        same = stood is not None and self._same_times(self.values_of(stood, zone))
        starts_at, ends_at = (stood.starts_at, stood.ends_at) if same else stretch(day, start, end, zone)
        crew = tuple(self.crew.data or ()) if self.who.data == "chosen" else None
        if crew == ():
            raise Invalid.at("crew", N_("Tick at least one member, or choose every member."))
        return ShiftDraft(starts_at, ends_at, self.place.data or "", self.channel.data or "", places, crew)

    def _same_times(self, values: dict[str, Any]) -> bool:
        return all(self[name].data == values[name] for name in ("starts_on", "starts_at", "ends_at"))

    def _day(self) -> dt.date:
        if not (self.starts_on.data or "").strip():
            raise Invalid.at("starts_on", N_("Enter the day on which the shift starts."))
        return read_day(self.starts_on.data, "starts_on")


class RowForm(PlanForm):
    """One row of the form of a whole team: a shift that stands, or a day on which one may be added."""

    class Meta(PlanForm.Meta):
        csrf = False  # the page has one token for all rows

    starts_at = StringField(_l("Start"))
    ends_at = StringField(_l("End"))
    place = StringField(_l("Meeting place"))
    places = StringField(_l("People needed"))

    def typed(self, *names: str) -> bool:
        """Whether anything is typed in these fields."""
        return any((self[name].data or "").strip() for name in names)

    def draft(self, day: dt.date, operation: Any, channel: str = "", crew: tuple[int, ...] | None = None) -> ShiftDraft:
        """What was typed in the row of an operational day: early hours belong to the night that follows it."""
        start, end, places = self.gather(
            lambda: read_time(self.starts_at.data or "", "starts_at"),
            lambda: read_time(self.ends_at.data or "", "ends_at"),
            lambda: read_places(self.places.data or ""),
        )
        on = day if start >= operation.day_starts_minutes else day + dt.timedelta(days=1)
        starts_at, ends_at = stretch(on, start, end, operation.time_zone)
        return ShiftDraft(starts_at, ends_at, self.place.data or "", channel, places, crew)


def row_values(shift: Any, zone: str) -> dict[str, str]:
    """A shift that stands, as its row shows it."""
    every = ShiftForm.values_of(shift, zone)
    return {name: every[name] for name in ("starts_at", "ends_at", "place", "places", "version")}


def day_of(shift: Any, operation: Any) -> dt.date:
    return operational_day(shift.starts_at, operation.time_zone, operation.day_starts_minutes)


class CopyDayForm(OutreachForm):
    """The shifts of one day, again on others."""

    day = SelectField(_l("Day to copy"), validate_choice=False)
    to = CheckboxesField(_l("Days to copy it to"), validate_choice=False)
    service = SelectField(_l("Teams of"), validate_choice=False)

    def offer(self, days: Mapping[str, str], services: Mapping[int, str]) -> None:
        self.day.choices = [SelectChoice(code, words) for code, words in days.items()]
        self.to.choices = [SelectChoice(code, words) for code, words in days.items()]
        every = [SelectChoice("", gettext("Every service"))] if len(services) > 1 else []
        self.service.choices = [*every, *(SelectChoice(str(key), name) for key, name in services.items())]

    def chosen(self, *, every: bool = False) -> tuple[dt.date, list[dt.date], int | None]:
        """Day, days to copy to (``every``: all others) and service (``None``: each one). Raises ``Invalid``."""
        day = read_day(self.day.data or "", "day")
        codes = [choice.value for choice in self.to.choices] if every else self.to.data or ()
        to = [read_day(code, "to") for code in codes]
        if not to:
            raise Invalid.at("to", N_("Tick the days to copy it to."))
        return day, to, whole(self.service.data) or None


class CopyPatternForm(OutreachForm):
    """Shifts of an earlier operation, moved to the days of this one."""

    source = SelectField(_l("Operation to copy from"), validate_choice=False)


class EveningForm(PlanForm):
    """One or more evening teams for every service, on every day of the window."""

    teams = SelectField(_l("Teams per service"), default="1")
    starts_at = StringField(_l("Starts at"), default="18:00")
    ends_at = StringField(_l("Ends at"), default="02:00")
    places = StringField(_l("People needed"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.teams.choices = [SelectChoice(str(n), str(n)) for n in range(1, 5)]
        self.places.flags.optional = True

    def chosen(self) -> dict[str, Any]:
        """What ``use_evening`` takes. Raises ``Invalid``."""
        start, end, places = self.gather(
            lambda: read_time(self.starts_at.data or "", "starts_at"),
            lambda: read_time(self.ends_at.data or "", "ends_at"),
            lambda: read_places(self.places.data or ""),
        )
        number = whole(self.teams.data)
        return {"per_service": number, "starts_minutes": start, "ends_minutes": end, "places": places}


class UndoForm(OutreachForm):
    """One change to take back: the moment at which it was recorded, in microseconds."""

    at = HiddenField()

    def moment(self) -> dt.datetime:
        """Raises ``NotFound`` for what is no moment."""
        text = self.at.data or ""
        if not (text.isascii() and text.isdigit() and len(text) < 17):
            raise NotFound()
        return EPOCH + dt.timedelta(microseconds=int(text))
