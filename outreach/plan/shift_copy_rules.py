"""Rules of copying shifts: the same times by the clocks on other days. Plain functions on plain values.

No SQL, no Flask. What one shift may say is in ``shift_rules``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from outreach.errors import N_

from .shift_rules import LONGEST_SHIFT, PlannedShift, PlannedTeam, ShiftDraft, Stretch, TakingPart, clock, overlap


@dataclass(frozen=True)
class CopyNote:
    """What became of a shift that was not copied as it stood: a marked sentence with parameters."""

    code: str
    message: str
    params: dict[str, Any]
    team_id: int
    day: dt.date


@dataclass(frozen=True)
class Wanted:
    """A shift to make: whose it is, on which operational day it was wanted, what it says."""

    team_id: int
    day: dt.date
    draft: ShiftDraft
    moved: bool = False  # the clocks skip its start or its end


@dataclass(frozen=True)
class Copied:
    """What a copy did: ``added`` shifts with their ``uids``, ``there``: those that stood already, and notes."""

    added: int = 0
    there: int = 0
    notes: tuple[CopyNote, ...] = ()
    uids: tuple[str, ...] = field(default=(), repr=False)


def by_the_clock(at: dt.datetime, days: int, zone: str, to_zone: str | None = None) -> tuple[dt.datetime, bool]:
    """The moment ``days`` later at which the clocks of ``to_zone`` show what those of ``zone`` show at ``at``.

    A time that the clocks skip moves forward with them, and the second value says so; of one that they show twice it
    is the earlier.
    """
    tz = ZoneInfo(to_zone or zone)
    shown = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0) + dt.timedelta(days=days)
    moment = shown.replace(tzinfo=tz).astimezone(dt.UTC)
    return moment, moment.astimezone(tz).replace(tzinfo=None, fold=0) != shown


def wanted_on(
    shift: PlannedShift,
    channel: str,
    day: dt.date,
    *,
    zone: str,
    to_zone: str | None = None,
    team_id: int | None = None,
) -> Wanted:
    """``shift`` on another operational day, for its own team or another."""
    days = (day - shift.day).days
    starts_at, first = by_the_clock(shift.starts_at, days, zone, to_zone)
    ends_at, last = by_the_clock(shift.ends_at, days, zone, to_zone)
    draft = ShiftDraft(starts_at, ends_at, shift.place, channel, shift.places, shift.crew)
    return Wanted(team_id or shift.team_id, day, draft, first or last)


def evening(day: dt.date, starts_minutes: int, ends_minutes: int, zone: str, service: TakingPart) -> Stretch | None:
    """The stretch from one time of the clocks to another on a day, cut to the service's window; ``None`` if empty.

    An end that is not after the start lies on the next day.
    """
    last = day if ends_minutes > starts_minutes else day + dt.timedelta(days=1)
    starts_at, ends_at = _at(day, starts_minutes, zone), _at(last, ends_minutes, zone)
    starts_at = max(starts_at, service.starts_at or starts_at)
    ends_at = min(ends_at, service.ends_at or ends_at)
    return (starts_at, ends_at) if starts_at < ends_at else None


def _at(day: dt.date, minutes: int, zone: str) -> dt.datetime:
    """The moment of a time of the clocks, 24:00 too; one that they skip moves forward with them."""
    shown = dt.datetime.combine(day, dt.time()) + dt.timedelta(minutes=minutes)
    return shown.replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)


def sift(
    wanted: Iterable[Wanted],
    *,
    zone: str,
    teams: Mapping[int, PlannedTeam],
    services: Mapping[int, TakingPart],
    standing: Mapping[int, Sequence[Stretch]],
) -> tuple[list[Wanted], int, list[CopyNote]]:
    """Those of the wanted shifts that can be made, how many stand already, and a note for each of the others.

    Left out with a note: on a day outside the service's window (where that is known), overlapping another shift of the
    team, not a stretch of time any more because the clocks change. ``standing``: team → its shifts that stand.
    """
    taken = {team_id: list(stretches) for team_id, stretches in standing.items()}
    good, there, notes = [], 0, []
    for one in wanted:
        starts_at, ends_at = one.draft.starts_at, one.draft.ends_at
        assert starts_at and ends_at  # noqa: S101 - copies of shifts, which have both
        team = teams[one.team_id]
        days = services[team.service_id].days if team.service_id in services else ()
        stretch = (starts_at, ends_at)
        others = taken.setdefault(one.team_id, [])
        params = {"team": team.name, "day": one.day.isoformat()}
        hours = {"begins": clock(starts_at, zone), "ends": clock(ends_at, zone)}
        if days and one.day not in days:
            words = N_("%(team)s, %(day)s: outside the window of its service, left out.")
            notes.append(CopyNote("outside", words, params, one.team_id, one.day))
        elif stretch in others:
            there += 1
        elif ends_at <= starts_at or ends_at - starts_at > LONGEST_SHIFT:
            words = N_("%(team)s, %(day)s: the clocks change, no shift is left of it.")
            notes.append(CopyNote("no_time", words, params, one.team_id, one.day))
        elif any(overlap(stretch, other) for other in others):
            words = N_("%(team)s, %(day)s: overlaps another shift of the team, left out.")
            notes.append(CopyNote("overlap", words, params, one.team_id, one.day))
        else:
            if one.moved:
                words = N_("%(team)s, %(day)s: the clocks skip that hour; the shift is now %(begins)s–%(ends)s.")
                notes.append(CopyNote("moved", words, params | hours, one.team_id, one.day))
            others.append(stretch)
            good.append(one)
    return good, there, notes
