"""Writes that the pages of shifts need beside the single ones: a whole team at once, one cell to another, undoing.

Each is one change: all its versions are recorded at one moment, so that it can be taken back as one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import Changed, Finding, Invalid, NotAllowed, NotFound
from outreach.storage.days import operational_day
from outreach.storage.queries import access, operations, shift_history, shifts, teams
from outreach.storage.queries.shifts import ShiftRow
from outreach.storage.tables import Operation, Team
from outreach.storage.types import utc_now

from . import shift_commands as commands
from .shift_copy_rules import wanted_on
from .shift_rules import PlannedShift, ShiftDraft, check_shift


@dataclass(frozen=True)
class DayRow:
    """One row of a team's form. ``key``: where its findings go; no ``draft``: the shift is cancelled."""

    key: str
    draft: ShiftDraft | None
    shift: ShiftRow | None = None
    version: int = 0


def save_days(actor: Actor, operation: Operation, team: Team, rows: Sequence[DayRow], kept: Sequence[ShiftRow]) -> int:
    """The rows that differ, all or none; how many. ``kept``: standing shifts of the team that no row is about.

    Raises ``NotAllowed``; ``Invalid`` with findings at ``<key><field>``; ``Changed``.
    """
    if not may(actor, "team.change", access.team_target(operation, team)):
        raise NotAllowed()
    shifts.take_turn(operation.id)
    for row in rows:
        if row.shift is not None and shifts.current(row.shift.shift_id).version != row.version:
            raise Changed()
    standing = [(row.key, row.draft.in_utc()) for row in rows if row.draft is not None]
    standing += [("", commands.draft_of(one)) for one in kept]
    findings = [
        replace(finding, where=key + finding.where)
        for key, draft in standing
        if key
        for finding in _findings(operation, team, draft, [d for k, d in standing if (k, d) != (key, draft)])
    ]
    if findings:
        raise Invalid(*findings)
    return _write(actor, operation, team, rows)


def _write(actor: Actor, operation: Operation, team: Team, rows: Sequence[DayRow]) -> int:
    now = utc_now()
    new = [
        {"team_id": team.id, **commands.values_of(row.draft)}
        for row in rows
        if row.draft is not None and row.shift is None
    ]
    for uid in shifts.add_shifts(operation.id, new, by=actor.user, now=now) if new else ():
        _note(actor, Tag.SHIFT_ADDED, operation, team.service_id, uid)
    changed = 0
    for row in rows:
        if row.shift is None:
            continue
        before = shifts.current(row.shift.shift_id)
        values = {"cancelled": True} if row.draft is None else commands.values_of(row.draft.in_utc())
        if all(getattr(before, name) == value for name, value in values.items()):
            continue
        if not shifts.add_version(before, values, by=actor.user, now=now):
            raise Changed()
        changed += 1
        tag = Tag.SHIFT_CANCELLED if row.draft is None else Tag.SHIFT_CHANGED
        _note(actor, tag, operation, team.service_id, row.shift.uid)
    return len(new) + changed


def copy_shift(actor: Actor, operation: Operation, source: ShiftRow, team: Team, day: dt.date) -> ShiftRow:
    """The shift again for ``team`` on another operational day; the crew comes along only within its own team.

    Raises ``NotFound`` for a shift whose plan the actor may not see, ``NotAllowed``, ``Invalid``.
    """
    seen = may(actor, "team.see", access.service_target(operation, source.service_id))
    if source.operation_id != operation.id or not seen:
        raise NotFound()
    stood = operational_day(source.starts_at, operation.time_zone, operation.day_starts_minutes)
    planned = PlannedShift(
        source.uid, team.id, source.starts_at, source.ends_at, stood, source.places, source.crew, source.place
    )
    draft = wanted_on(planned, source.channel, day, zone=operation.time_zone).draft
    if team.id != source.team_id:
        draft = replace(draft, crew=None)
    return commands.add_shift(actor, operation, team, draft)


def undo(actor: Actor, operation: Operation, at: dt.datetime) -> int:
    """Put back what stood before the change that was recorded at ``at``; how many shifts that were.

    A shift that the change added is cancelled. Only services whose teams the actor may change are touched. Raises
    ``NotFound`` when there is no such change, ``Changed`` when a shift was changed again since, ``Invalid``.
    """
    whole = access.operation_target(operation)
    there = [service.id for _, _, service in operations.participations_of(operation.id)]
    able = [one for one in there if may(actor, "team.change", replace(whole, service=one))]
    shifts.take_turn(operation.id)
    pairs = shift_history.recorded_at(operation.id, at, able)
    if not pairs:
        raise NotFound()
    if any(version.superseded_at is not None for version, _ in pairs):
        raise Changed()
    now = utc_now()
    for version, before in pairs:
        values = {"cancelled": True} if before is None else {name: getattr(before, name) for name in shifts.CONTENT}
        if not shifts.add_version(version, values, by=actor.user, now=now):
            raise Changed()
    _check_again(operation, {version.team_id for version, _ in pairs}, {version.shift_id for version, _ in pairs})
    counts: dict[int, int] = {}
    for version, _ in pairs:
        service_id = teams.team(version.team_id).service_id
        counts[service_id] = counts.get(service_id, 0) + 1
    for service_id, number in sorted(counts.items()):
        audit.record(
            actor,
            Tag.SHIFTS_UNDONE,
            kind="operation",
            object_id=operation.id,
            operation=operation.id,
            service=service_id,
            rows=number,
        )
    return len(pairs)


def _check_again(operation: Operation, team_ids: set[int], shift_ids: set[int]) -> None:
    """Whether the shifts that were put back can stand. Raises ``Invalid``."""
    standing = [row for row in shifts.shifts_of(operation.id) if row.team_id in team_ids and not row.cancelled]
    by_team: dict[int, list[ShiftRow]] = {}
    for row in standing:
        by_team.setdefault(row.team_id, []).append(row)
    findings: list[Finding] = []
    for team_id, rows in by_team.items():
        team = teams.team(team_id)
        for row in rows:
            if row.shift_id in shift_ids:
                others = [commands.draft_of(one) for one in rows if one.shift_id != row.shift_id]
                findings += _findings(operation, team, commands.draft_of(row), others)
    if findings:
        raise Invalid(*findings[:5])


def _findings(operation: Operation, team: Any, draft: ShiftDraft, others: Sequence[ShiftDraft]) -> list[Finding]:
    return check_shift(
        draft,
        zone=operation.time_zone,
        members=[one.staff_id for one, _ in teams.members_of(operation.id, team.id)],
        others=[(one.starts_at, one.ends_at) for one in others if one.starts_at and one.ends_at],
        window=(operation.starts_at, operation.ends_at),
        team_cancelled=teams.current(team.id).cancelled,
    )


def _note(actor: Actor, tag: Tag, operation: Operation, service_id: int, uid: str) -> None:
    audit.record(actor, tag, kind="shift", object_id=uid, operation=operation.id, service=service_id)
