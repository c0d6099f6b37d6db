"""What the page of shifts shows: teams as rows, operational days as columns, the shifts of a team and day in a cell.

Plain values in, plain values out; the page is made of thousands of cells, so each is a small tuple. No SQL, no Flask.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from outreach.storage.days import operational_day, window_days
from outreach.storage.queries.shift_grid import TeamThere

from .rules import matches

MOST_DAYS = 14
MOST_TEAMS = 100


class Face(NamedTuple):
    """How a shift looks, the same for many. ``look``: letters of its classes: d draft, x cancelled, s short."""

    hours: str
    staff: str
    look: str


class Column(NamedTuple):
    """One operational day. ``outside``: before or after the window, and yet somebody is planned."""

    day: dt.date
    label: str
    today: bool
    outside: bool


@dataclass(frozen=True)
class Line:
    """One team. ``first``: the row above is of another service."""

    team_id: int
    team: str
    service: str
    first: bool
    cancelled: bool
    changes: bool
    cells: list[tuple[Column, list[tuple[int, Face]]]]


@dataclass(frozen=True)
class Grid:
    """Rows and columns of one page; a shift in a cell is its number and its face, all of which are in ``faces``.

    ``earlier`` and ``later``: where the columns before and after these begin.
    """

    columns: list[Column]
    lines: list[Line]
    faces: list[Face]
    earlier: dt.date | None = None
    later: dt.date | None = None
    page: int = 1
    pages: int = 1


@dataclass(frozen=True)
class Asked:
    """What the reader asked to see: one service, some words, a first day, a page."""

    service: int = 0
    words: str = ""
    first: dt.date | None = None
    page: int = 1


@dataclass(frozen=True)
class Plan:
    """What there is to show: teams in their order, shifts, members of teams, the services that may be changed."""

    operation: Any
    teams: Sequence[TeamThere]
    shifts: Sequence[Any]
    members: Mapping[int, frozenset[int]] = field(default_factory=dict)
    changes: Callable[[int], bool] = lambda service_id: True


def days_of(operation: Any, shifts: Iterable[Any]) -> list[tuple[dt.date, bool]]:
    """Days of the window, and days outside it on which somebody is planned (``True`` beside those)."""
    zone, starts = operation.time_zone, operation.day_starts_minutes
    first, last = window_days(operation.starts_at, operation.ends_at, zone, starts)
    window = set()
    if first is not None and last is not None:
        window = {first + dt.timedelta(days=n) for n in range((last - first).days + 1)}
    planned = {operational_day(s.starts_at, zone, starts) for s in shifts if not s.cancelled}
    return [(day, day not in window) for day in sorted(window | planned)]


def grid_of(plan: Plan, asked: Asked, *, today: dt.date, label: Callable[[dt.date], str]) -> Grid:
    """The page that was asked for; ``label`` says a day in the reader's language."""
    every = days_of(plan.operation, plan.shifts)
    begin = next((n for n, (day, _) in enumerate(every) if asked.first and day >= asked.first), 0)
    shown = every[begin : begin + MOST_DAYS]
    columns = [Column(day, label(day), day == today, outside) for day, outside in shown]
    teams = [team for team in plan.teams if _wanted(team, asked)]
    pages = max(1, -(-len(teams) // MOST_TEAMS))
    page = min(max(asked.page, 1), pages)
    after = every[begin + MOST_DAYS][0] if begin + MOST_DAYS < len(every) else None
    lines, faces = _lines(plan, teams[(page - 1) * MOST_TEAMS : page * MOST_TEAMS], columns)
    before = every[max(0, begin - MOST_DAYS)][0] if begin else None
    return Grid(columns, lines, faces, before, after, page, pages)


def _wanted(team: TeamThere, asked: Asked) -> bool:
    if asked.service and team.service_id != asked.service:
        return False
    return not asked.words or matches(asked.words, team.name, team.service, team.short_name)


def page_of_team(teams: Sequence[TeamThere], team_id: int) -> int:
    """On which page of the unfiltered grid a team stands."""
    return next((n for n, team in enumerate(teams) if team.id == team_id), 0) // MOST_TEAMS + 1


def _lines(plan: Plan, teams: Sequence[TeamThere], columns: Sequence[Column]) -> tuple[list[Line], list[Face]]:
    place = {column.day: n for n, column in enumerate(columns)}
    cells: dict[int, list[list[tuple[int, Face]]]] = {team.id: [[] for _ in columns] for team in teams}
    clock = Clock(plan.operation.time_zone, plan.operation.day_starts_minutes)
    faces: dict[Face, Face] = {}
    nobody: frozenset[int] = frozenset()
    for shift in plan.shifts:
        own = cells.get(shift.team_id)
        if own is None:
            continue
        day, hours = clock.said(shift.starts_at, shift.ends_at)
        if day in place:
            face = _face(shift, hours, plan.members.get(shift.team_id, nobody))
            own[place[day]].append((shift.shift_id, faces.setdefault(face, face)))
    lines, above = [], 0
    for team in teams:
        changes = plan.changes(team.service_id) and not team.cancelled
        first, above = team.service_id != above, team.service_id
        there = list(zip(columns, cells[team.id], strict=True))
        lines.append(Line(team.id, team.name, team.service, first, team.cancelled, changes, there))
    return lines, list(faces)


def _face(shift: Any, hours: str, members: frozenset[int]) -> Face:
    if shift.cancelled:
        return Face(hours, "", "x d" if shift.pending else "x")
    there = staff_of(shift, members)
    staff = f"{there}/{shift.places}" if shift.places else str(there)
    short = shift.places is not None and there < shift.places
    return Face(hours, staff, " ".join(["d"] * (not shift.published) + ["s"] * short))


def unfilled(plan: Plan) -> int:
    """Places of standing shifts for which nobody is planned."""
    standing = (s for s in plan.shifts if s.places is not None and not s.cancelled)
    return sum(max(0, s.places - staff_of(s, plan.members.get(s.team_id, frozenset()))) for s in standing)


def staff_of(shift: Any, members: frozenset[int]) -> int:
    """How many people a shift has: the ticked members, or every member of the team."""
    return len(members if shift.crew is None else members.intersection(shift.crew))


class Clock:
    """Local hours and operational days of shifts; most share a few moments, and each of those is worked out once."""

    def __init__(self, zone: str, starts_minutes: int) -> None:
        self._zone, self._name, self._starts = ZoneInfo(zone), zone, starts_minutes
        self._known: dict[tuple[dt.datetime, dt.datetime], tuple[dt.date, str]] = {}

    def said(self, starts_at: dt.datetime, ends_at: dt.datetime) -> tuple[dt.date, str]:
        """The operational day of a stretch, and its hours as ``18:00–02:00``."""
        found = self._known.get((starts_at, ends_at))
        if found is None:
            first, last = starts_at.astimezone(self._zone), ends_at.astimezone(self._zone)
            found = operational_day(starts_at, self._name, self._starts), f"{first:%H:%M}–{last:%H:%M}"
            self._known[starts_at, ends_at] = found
        return found
