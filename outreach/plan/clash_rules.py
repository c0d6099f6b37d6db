"""Rules of a plan about people: who is in two places at once, rests too little, or does not come. Pure.

Plain functions on plain values, in a time that grows with people and shifts, never with their pairs. Also what has to
go from a plan: shifts of cancelled teams, of services that left, and without a possible time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import islice
from operator import attrgetter, itemgetter
from typing import NamedTuple

from outreach.errors import N_

from .shift_problem_rules import LONGEST_SHIFT, PlannedShift, ShiftProblem, View, clock

LEAST_REST = dt.timedelta(hours=8)

Person = tuple[str, int]


# --- what cannot be, and what has to go -------------------------------------------------------------------------------


def impossible(view: View) -> Iterator[ShiftProblem]:
    words = N_("The shift of %(team)s (%(service)s) on %(day)s, %(begins)s–%(ends)s, cannot be: enter its times again.")
    for shift in view.facts.shifts:
        if not dt.timedelta(0) < shift.ends_at - shift.starts_at <= LONGEST_SHIFT and view.visible(shift):
            yield view.of("time", words, shift)


def has_to_go(view: View) -> Iterator[ShiftProblem]:
    """Shifts of cancelled teams, and of services that do not take part."""
    cancelled: dict[int, list[PlannedShift]] = {}
    left: dict[int, list[PlannedShift]] = {}
    for shift in view.facts.shifts:
        team = view.team(shift)
        if not view.facts.shows(team.service_id):
            continue
        if view.out(team.service_id):
            left.setdefault(team.service_id, []).append(shift)
        elif team.cancelled:
            cancelled.setdefault(team.team_id, []).append(shift)
    words = N_("%(team)s (%(service)s) is cancelled and still has shifts: %(count)s, the first on %(day)s.")
    for shifts in cancelled.values():
        yield view.of_many("team_cancelled", words, shifts)
    words = N_("%(service)s does not take part and still has shifts: %(count)s, the first on %(day)s.")
    for shifts in left.values():
        yield view.of_many("service_out", words, shifts)


def gone(view: View) -> Iterator[ShiftProblem]:
    """People in a crew who left the team, were deleted, have a disabled account, or whose service left."""
    found: dict[tuple[int, int, str], list[PlannedShift]] = {}
    for shift in view.judged:
        if not view.visible(shift):
            continue
        there = view.by_staff[shift.team_id]
        for staff_id in shift.crew or ():
            if staff_id not in there:
                found.setdefault((shift.team_id, staff_id, "left"), []).append(shift)
        for member in view.crew(shift):
            if not member.active:
                found.setdefault((shift.team_id, member.staff_id, "disabled"), []).append(shift)
            elif member.service_id and view.out(member.service_id):
                found.setdefault((shift.team_id, member.staff_id, "service"), []).append(shift)
    said = {
        "left": N_(
            "%(name)s is not in %(team)s (%(service)s) any more and still in its crew; shifts: %(count)s, from %(day)s."
        ),
        "deleted": N_(
            "Somebody deleted is still in the crew of %(team)s (%(service)s); shifts: %(count)s, from %(day)s."
        ),
        "disabled": N_(
            "The account of %(name)s is disabled; shifts with %(team)s (%(service)s): %(count)s, from %(day)s."
        ),
        "service": N_("The service of %(name)s left; shifts with %(team)s (%(service)s): %(count)s, from %(day)s."),
    }
    for (team_id, staff_id, how), shifts in found.items():
        known = view.by_staff[team_id].get(staff_id)
        name = known.name if known else view.facts.former.get(staff_id, "")
        yield view.of_many("gone", said[how if name else "deleted"], shifts, name=name)


# --- one person, several shifts ---------------------------------------------------------------------------------------


class Turn(NamedTuple):
    """One stretch that people work, the same for a whole crew; without a shift it is elsewhere."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    shift: PlannedShift | None


def _by_person(view: View) -> Iterator[tuple[Person, list[Turn]]]:
    """The stretches of each person who has at least one here, by start."""
    found: dict[Person, list[Turn]] = {}
    for shift in sorted(view.judged, key=attrgetter("starts_at", "ends_at")):
        turn = Turn(shift.starts_at, shift.ends_at, shift)
        for member in view.crew(shift):
            turns = found.setdefault(member.person, [])
            if not turns or turns[-1] is not turn:  # she may be in one team as staff of two of its services
                turns.append(turn)
    for busy in view.facts.busy:
        if busy.person in found:
            found[busy.person].append(Turn(busy.starts_at, busy.ends_at, None))
    for turns in found.values():
        turns.sort(key=itemgetter(0, 1))
    yield from found.items()


def clashes(turns: Sequence[Turn]) -> Iterator[tuple[Turn, Turn]]:
    """Pairs that share a moment, of stretches in the order of their start; those that only touch do not.

    Each stretch that begins while another runs is told once, with the one that runs longest: so every stretch that is
    in a clash is in a pair, and there are never more pairs than stretches.
    """
    longest = turns[0]
    for turn in islice(turns, 1, None):
        if turn.starts_at < longest.ends_at:
            yield longest, turn
        if turn.ends_at > longest.ends_at:
            longest = turn


def _rests(turns: Sequence[Turn]) -> Iterator[tuple[Turn, Turn]]:
    """Pairs of stretches with less rest between them than there should be."""
    last = turns[0]
    for turn in islice(turns, 1, None):
        if turn.starts_at >= last.ends_at and turn.starts_at - last.ends_at < LEAST_REST:
            yield last, turn
        if turn.ends_at > last.ends_at:
            last = turn


def people(view: View) -> Iterator[ShiftProblem]:
    """In two places at once, and too little rest; of a roster that the reader may not see only the hours."""
    for person, turns in _by_person(view):
        if len(turns) == 1:
            continue
        for earlier, later in clashes(turns):
            yield from _clash(view, person, earlier, later)
        for earlier, later in _rests(turns):
            yield from _rest(view, person, earlier, later)


def _name(view: View, person: Person, shift: PlannedShift) -> str:
    """As the staff of this team is called; another service may write her name in another way."""
    return next(member.name for member in view.crew(shift) if member.person == person)


def _clash(view: View, person: Person, earlier: Turn, later: Turn) -> Iterator[ShiftProblem]:
    here = [(one, one.shift) for one in (later, earlier) if one.shift is not None and view.visible(one.shift)]
    if not here:
        return
    (turn, shift), *others = here
    name = _name(view, person, shift)
    if others:
        other = others[0][1]
        words = N_(
            "%(name)s is in two places at once on %(day)s: %(team)s (%(service)s) %(begins)s–%(ends)s and "
            "%(other_team)s (%(other_service)s) %(other_begins)s–%(other_ends)s."
        )
        more = {f"other_{key}": value for key, value in view.said(other).items() if key != "day"}
        yield view.of("clash", words, shift, other, name=name, **more)
        return
    words = N_(
        "%(name)s, %(team)s (%(service)s) on %(day)s, %(begins)s–%(ends)s: "
        "already rostered elsewhere %(other_begins)s–%(other_ends)s."
    )
    yield view.of("elsewhere", words, shift, name=name, **_hours(view, earlier if turn is later else later))


def _rest(view: View, person: Person, earlier: Turn, later: Turn) -> Iterator[ShiftProblem]:
    turn = next((t for t in (later, earlier) if t.shift is not None and view.visible(t.shift)), None)
    if turn is None or turn.shift is None:
        return
    words = N_(
        "%(name)s has %(rest)s of rest between two shifts: %(team)s (%(service)s) on %(day)s, %(begins)s–%(ends)s, and "
        "%(other_begins)s–%(other_ends)s."
    )
    minutes = int((later.starts_at - earlier.ends_at).total_seconds() // 60)
    rest = f"{minutes // 60} h {minutes % 60:02}"
    other = earlier if turn is later else later
    yield view.of("rest", words, turn.shift, name=_name(view, person, turn.shift), rest=rest, **_hours(view, other))


def _hours(view: View, turn: Turn) -> dict[str, str]:
    zone = view.facts.zone
    return {"other_begins": clock(turn.starts_at, zone), "other_ends": clock(turn.ends_at, zone)}
