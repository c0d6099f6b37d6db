"""What is known of a plan of shifts, and what a problem of it is: plain values, and the table of what blocks.

The problems themselves are found in ``clash_rules`` and ``coverage_rules``; the rest of the house reaches all of it
through ``shift_rules``. No SQL, no Flask.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from outreach.errors import N_
from outreach.vocab import ParticipationStatus, ServiceKind, StaffCategory

LONGEST_SHIFT = dt.timedelta(hours=16)
OUT = (ParticipationStatus.DECLINED, ParticipationStatus.WITHDRAWN)

Stretch = tuple[dt.datetime, dt.datetime]


def clock(at: dt.datetime, zone: str) -> str:
    """``18:00`` in ``zone``."""
    return at.astimezone(ZoneInfo(zone)).strftime("%H:%M")


# --- what is known of a plan ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Member:
    """Somebody who is in a team now. ``person``: what tells two people apart, the account where there is one.

    ``service_id``: whose staff she is, 0 where nobody asked. ``active``: her account, if any, is not disabled.
    """

    staff_id: int
    person: tuple[str, int]
    name: str = ""
    category: str = StaffCategory.POLICE.value
    is_lead: bool = False
    active: bool = True
    service_id: int = 0


def person_of(staff_id: int, user_id: int | None) -> tuple[str, int]:
    """One person: the account if there is one, else the row of the service's staff."""
    return ("staff", staff_id) if user_id is None else ("account", user_id)


@dataclass(frozen=True)
class PlannedTeam:
    """A team as it stands; ``service_id``: the lead service, ``partners``: the others of a joint team."""

    team_id: int
    service_id: int
    name: str
    area: str = ""
    partners: frozenset[int] = frozenset()
    members: tuple[Member, ...] = ()
    cancelled: bool = False


@dataclass(frozen=True)
class TakingPart:
    """A service in the operation. Window: its own, else the operation's; ``days``: every operational day of it.

    ``planned_here``: it is confirmed, and logs contacts here or has a team here.
    """

    service_id: int
    name: str
    kind: str = ServiceKind.POLICE_MUNICIPAL.value
    status: str = ParticipationStatus.CONFIRMED.value
    planned_here: bool = True
    municipality: str = ""
    starts_at: dt.datetime | None = None
    ends_at: dt.datetime | None = None
    days: tuple[dt.date, ...] = ()


@dataclass(frozen=True)
class PlannedShift:
    """A shift that stands in the plan; ``day``: the operational day on which it starts."""

    uid: str
    team_id: int
    starts_at: dt.datetime
    ends_at: dt.datetime
    day: dt.date
    places: int | None = None
    crew: tuple[int, ...] | None = None
    place: str = ""

    @property
    def stretch(self) -> Stretch:
        return self.starts_at, self.ends_at


@dataclass(frozen=True)
class Busy:
    """Somebody has a shift somewhere else; nothing more is known of it."""

    person: tuple[str, int]
    starts_at: dt.datetime
    ends_at: dt.datetime


@dataclass(frozen=True)
class Facts:
    """Everything that ``problems`` looks at. Instants in UTC.

    ``shifts``: those that are not cancelled. ``day_starts_minutes``: when an operational day starts by the clocks of
    ``zone``. ``days``: those of the operation's window. ``former``: names of staff who are in a crew and no longer in
    the team. ``visible``: services whose plan the reader may see, ``None`` for all, and then the whole operation too.
    """

    zone: str = "America/Toronto"
    day_starts_minutes: int = 360
    starts_at: dt.datetime | None = None
    ends_at: dt.datetime | None = None
    days: tuple[dt.date, ...] = ()
    services: Mapping[int, TakingPart] = field(default_factory=dict)
    teams: Mapping[int, PlannedTeam] = field(default_factory=dict)
    shifts: Sequence[PlannedShift] = ()
    busy: Sequence[Busy] = ()
    former: Mapping[int, str] = field(default_factory=dict)
    visible: frozenset[int] | None = None

    def shows(self, service_id: int) -> bool:
        return self.visible is None or service_id in self.visible


# --- what blocks and what warns ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kind:
    """One kind of problem: whether it blocks publishing, what it is called, and why it does or does not."""

    blocks: bool
    title: str
    why: str


# The one table. Worst first: those that block, then in the order in which they endanger somebody.
KINDS: dict[str, Kind] = {
    "time": Kind(True, N_("Time that cannot be"), N_("Nobody could work it.")),
    "clash": Kind(True, N_("In two places at once"), N_("One of the two teams would wait for somebody in vain.")),
    "elsewhere": Kind(True, N_("Rostered elsewhere"), N_("One of the two teams would wait for somebody in vain.")),
    "gone": Kind(True, N_("No longer in the team"), N_("The roster would name somebody who does not come.")),
    "team_cancelled": Kind(True, N_("Team cancelled"), N_("The roster would name a team that does not go out.")),
    "service_out": Kind(
        True, N_("Service does not take part"), N_("The roster would name a service that does not come.")
    ),
    "no_victim_worker": Kind(
        False, N_("No victim-services worker"), N_("The team may call one in; whoever says yes may wait longer.")
    ),
    "no_lead": Kind(False, N_("No lead"), N_("The team may settle it when it meets.")),
    "outside": Kind(False, N_("Outside the window"), N_("A service may start early or finish late; it should know.")),
    "rest": Kind(False, N_("Short rest"), N_("The service decides what its people can bear.")),
    "gap": Kind(False, N_("Nobody on"), N_("An operation may pause; a check-in may then stay unanswered.")),
    "no_shift": Kind(False, N_("Service without a shift"), N_("It may plan later, or by its own means.")),
    "uncovered": Kind(False, N_("Municipality not covered"), N_("It may be left out on purpose.")),
    "unfilled": Kind(False, N_("Places unfilled"), N_("The team goes out with fewer people.")),
}
RANK = {code: rank for rank, code in enumerate(KINDS)}


@dataclass(frozen=True)
class ShiftProblem:
    """One problem of a plan: a marked sentence with parameters, and where it lies.

    ``shift_uids``: every shift that it concerns, the first being ``shift_uid``. ``services``: every service whose
    roster cannot be published while it stands, where it blocks.
    """

    code: str
    blocks: bool
    message: str
    params: dict[str, Any]
    service_id: int | None = None
    team_id: int | None = None
    shift_uid: str | None = None
    day: dt.date | None = None
    shift_uids: tuple[str, ...] = ()
    services: frozenset[int] = frozenset()

    @property
    def why(self) -> str:
        """Why it blocks or only warns, marked."""
        return KINDS[self.code].why

    def concerns(self, service_ids: Iterable[int]) -> bool:
        return not self.services.isdisjoint(service_ids)


class View:
    """The facts put in order once: the shifts that are judged, by team, with their crews."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.by_staff = {one.team_id: {m.staff_id: m for m in one.members} for one in facts.teams.values()}
        self.possible = [s for s in facts.shifts if dt.timedelta(0) < s.ends_at - s.starts_at <= LONGEST_SHIFT]
        self.judged = [s for s in self.possible if not self.team(s).cancelled and not self.out(self.team(s).service_id)]
        self.of_team: dict[int, list[PlannedShift]] = {}
        for shift in self.judged:
            self.of_team.setdefault(shift.team_id, []).append(shift)

    def team(self, shift: PlannedShift) -> PlannedTeam:
        return self.facts.teams[shift.team_id]

    def out(self, service_id: int) -> bool:
        service = self.facts.services.get(service_id)
        return service is not None and service.status in OUT

    def crew(self, shift: PlannedShift) -> list[Member]:
        """Those of the crew who are in the team now."""
        there = self.by_staff[shift.team_id]
        if shift.crew is None:
            return list(there.values())
        return [there[staff_id] for staff_id in shift.crew if staff_id in there]

    def visible(self, shift: PlannedShift) -> bool:
        return self.facts.shows(self.team(shift).service_id)

    def names(self, team: PlannedTeam) -> dict[str, Any]:
        service = self.facts.services.get(team.service_id)
        return {"team": team.name, "service": service.name if service else ""}

    def said(self, shift: PlannedShift) -> dict[str, Any]:
        """The words of one shift: team, service, day, hours."""
        hours = {"begins": clock(shift.starts_at, self.facts.zone), "ends": clock(shift.ends_at, self.facts.zone)}
        return {**self.names(self.team(shift)), "day": shift.day.isoformat(), **hours}

    def of(self, code: str, message: str, shift: PlannedShift, *also: PlannedShift, **params: Any) -> ShiftProblem:
        """A problem of a shift; ``also``: others that it concerns."""
        shifts = (shift, *also)
        return ShiftProblem(
            code,
            KINDS[code].blocks,
            message,
            {**self.said(shift), **params},
            service_id=self.team(shift).service_id,
            team_id=shift.team_id,
            shift_uid=shift.uid,
            day=shift.day,
            shift_uids=tuple(one.uid for one in shifts),
            services=frozenset(self.team(one).service_id for one in shifts),
        )

    def of_many(self, code: str, message: str, shifts: Sequence[PlannedShift], **params: Any) -> ShiftProblem:
        """One problem of several shifts, said at the first: ``count`` and ``day`` are parameters."""
        first, *others = sorted(shifts, key=lambda s: (s.starts_at, s.uid))
        return self.of(code, message, first, *others, count=len(shifts), **params)
