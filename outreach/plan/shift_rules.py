"""Rules of shifts: what one shift may say, and what is wrong with a whole plan. Plain functions on plain values.

Hours worked are real hours: they are taken between moments, never between the times that clocks show. No SQL, no
Flask; how shifts are copied is in ``shift_copy_rules``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

from outreach.errors import N_, Finding
from outreach.vocab import ParticipationStatus, ServiceKind, StaffCategory

LONGEST_SHIFT = dt.timedelta(hours=16)
LEAST_REST = dt.timedelta(hours=8)
LEAST_GAP = dt.timedelta(hours=1)
FARTHEST = dt.timedelta(days=92)
LONGEST_TEXT = 120
MOST_PLACES = 99
HOUR = dt.timedelta(hours=1)

Stretch = tuple[dt.datetime, dt.datetime]


# --- one shift --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ShiftDraft:
    """What a plan says of one shift. ``places``: people needed; ``crew``: staff ids, ``None`` for the whole team."""

    starts_at: dt.datetime | None
    ends_at: dt.datetime | None
    place: str = ""
    channel: str = ""
    places: int | None = None
    crew: tuple[int, ...] | None = None

    def in_utc(self) -> ShiftDraft:
        """The same with both moments in UTC and its texts trimmed: two moments of one zone would compare as clocks."""
        return replace(
            self,
            starts_at=self.starts_at and self.starts_at.astimezone(dt.UTC),
            ends_at=self.ends_at and self.ends_at.astimezone(dt.UTC),
            place=self.place.strip(),
            channel=self.channel.strip(),
            crew=None if self.crew is None else tuple(sorted(set(self.crew))),
        )


def overlap(one: Stretch, other: Stretch) -> bool:
    """Whether two stretches share a moment; those that only touch do not."""
    return one[0] < other[1] and other[0] < one[1]


def clock(at: dt.datetime, zone: str) -> str:
    """``18:00`` in ``zone``."""
    return at.astimezone(ZoneInfo(zone)).strftime("%H:%M")


def check_shift(
    draft: ShiftDraft,
    *,
    zone: str,
    members: Iterable[int],
    others: Iterable[Stretch] = (),
    window: tuple[dt.datetime | None, dt.datetime | None] = (None, None),
    team_cancelled: bool = False,
) -> list[Finding]:
    """Findings at the fields of the shift's form.

    ``members``: staff ids of the team; ``others``: when the team's other standing shifts are; ``window``: the
    operation's, from which a shift may lie three months at most (a wrong year).
    """
    said = draft.in_utc()
    found = _times(said, zone, others, window)
    if team_cancelled:
        found.insert(0, Finding("team", N_("This team is cancelled. Set it up again, or choose another.")))
    for where, text in (("place", said.place), ("channel", said.channel)):
        if len(text) > LONGEST_TEXT:
            found.append(Finding(where, N_("Write %(most)d characters or fewer."), {"most": LONGEST_TEXT}))
    if said.places is not None and not 1 <= said.places <= MOST_PLACES:
        words = N_("Enter a whole number from 1 to %(most)d, or nothing when nobody said.")
        found.append(Finding("places", words, {"most": MOST_PLACES}))
    if said.crew is not None and not set(said.crew) <= set(members):
        found.append(Finding("crew", N_("Choose people who are in the team now.")))
    return found


def _times(
    said: ShiftDraft, zone: str, others: Iterable[Stretch], window: tuple[dt.datetime | None, dt.datetime | None]
) -> list[Finding]:
    starts_at, ends_at = said.starts_at, said.ends_at
    found = []
    if starts_at is None:
        found.append(Finding("starts_at", N_("Enter when the shift starts.")))
    if ends_at is None:
        found.append(Finding("ends_at", N_("Enter when the shift ends.")))
    if starts_at is None or ends_at is None:
        return found
    if ends_at <= starts_at:
        return [Finding("ends_at", N_("The shift must end after it starts. Enter a later end."))]
    if ends_at - starts_at > LONGEST_SHIFT:
        found.append(Finding("ends_at", N_("The shift lasts longer than 16 hours. Enter an earlier end.")))
    first, last = window
    if (first and starts_at < first - FARTHEST) or (last and starts_at > last + FARTHEST):
        words = N_("The shift lies more than three months from the operation’s window. Check the year.")
        found.append(Finding("starts_on", words))
    for other in others:
        if overlap((starts_at, ends_at), other):
            words = N_("This team has a shift from %(begins)s to %(ends)s already. Enter other times.")
            found.append(Finding("starts_at", words, {"begins": clock(other[0], zone), "ends": clock(other[1], zone)}))
            break
    return found


# --- what is known of a plan ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Member:
    """Somebody who is in a team now. ``person``: what tells two people apart, the account where there is one.

    ``active``: her account, if she has one, is not disabled.
    """

    staff_id: int
    person: tuple[str, int]
    name: str = ""
    category: str = StaffCategory.POLICE.value
    is_lead: bool = False
    active: bool = True


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
_RANK = {code: rank for rank, code in enumerate(KINDS)}


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


def problems(facts: Facts) -> list[ShiftProblem]:
    """Everything that is wrong with a plan and that the reader may see, worst first; in a time linear in its people.

    Said once for a person and a pair of shifts, a team, a service, a municipality, or a stretch of hours.
    """
    view = _View(facts)
    found = [problem for rule in _RULES for problem in rule(view)]
    found.sort(key=lambda p: (_RANK[p.code], p.day or dt.date.max, str(p.params.get("service", "")), p.shift_uid or ""))
    return found


_RULES: tuple[Callable[[Any], Iterator[ShiftProblem]], ...] = ()


class _View:
    """The facts, put in order once: shifts by team, crews by shift."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
