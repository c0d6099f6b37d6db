"""The facts of an operation tree that are few: plan, teams, daily totals, enforcement, as lists for ``frames``.

Here belong the operations of a tree, what stood there at a moment, and its small frames (columns as in
``rollup.facts``, as lists). Millions of rows do not pass here, nothing is counted here, and pandas is not needed.

A past moment sees everything as it stood: rows by their versions, operations (also which lay under which) and services
by those that ``tables.kept`` writes. An operation that did not exist yet is left out; when it is the one asked for its
services are not known.

ASSUMPTIONS: what stood before release 0007 kept versions of operations and services is taken to have stood always. What
was removed with everything in it (a sample, a rehearsal) is gone from the past too. A write stands from the server's
time within it, a moment before it is committed and shown. Names of services and titles of offences are today's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, exists, func, literal, or_, select

from outreach.rollup.measures import CATALOGUE
from outreach.vocab import EntryMode, ParticipationStatus

from .days import day_number, operational_day, window_days
from .engine import db
from .queries.report import PLANNING, RUNNING, descendants_of, statuses_at, whole_tree
from .tables import (
    Accused,
    AccusedVersion,
    Adjustment,
    Charge,
    ChargeVersion,
    Offence,
    Operation,
    OperationVersion,
    Overlap,
    Participation,
    ParticipationVersion,
    Service,
    ServiceVersion,
    Staff,
    Tally,
    Team,
    TeamMember,
    TeamVersion,
    write_versions,
)
from .types import micros

SECOND = 1_000_000
"""An instant of the database is this many parts of a second of the arithmetic."""


def stood(version: Any, as_of: dt.datetime | None) -> ColumnElement[bool]:
    """Which ``version`` rows stood at the moment."""
    if as_of is None:
        standing: ColumnElement[bool] = version.superseded_at.is_(None)
        return standing
    return and_(version.recorded_at <= as_of, or_(version.superseded_at.is_(None), version.superseded_at > as_of))


def known(version: Any, as_of: dt.datetime | None) -> ColumnElement[bool]:
    """Which ``version`` rows had been recorded by the moment, standing or not."""
    return literal(True) if as_of is None else version.recorded_at <= as_of


_OF_OPERATION = (
    Operation.parent_id,
    Operation.code,
    Operation.services_known,
    Operation.overlap_nil,
    Operation.starts_at,
    Operation.ends_at,
    Operation.time_zone,
    Operation.day_starts_minutes,
    Operation.entry_deadline_at,
    Operation.counting,
)


def _stood_then(as_of: dt.datetime) -> dict[int, dict[str, Any]]:
    """Every operation of the site as it stood at a past moment; those that did not exist yet are left out."""
    columns = [getattr(OperationVersion, column.key) for column in _OF_OPERATION]
    query = select(OperationVersion.operation_id.label("id"), *columns).where(stood(OperationVersion, as_of))
    return {row.id: dict(row._mapping) for row in db.session.execute(query)}


def _under(root: int, every: dict[int, dict[str, Any]]) -> set[int]:
    """The operation and everything under it, of the rows given; ends in a cycle too."""
    children: dict[int, list[int]] = {}
    for one, row in every.items():
        if row["parent_id"] is not None:
            children.setdefault(row["parent_id"], []).append(one)
    found: set[int] = set()
    waiting = [root] if root in every else []
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += children.get(one, ())
    return found


class Tree:
    """The operations asked for, and what stood at the moment asked for."""

    def __init__(self, root: int, as_of: dt.datetime | None) -> None:
        self.root, self.as_of = root, as_of
        if as_of is None:
            query = select(Operation.id, *_OF_OPERATION).where(Operation.id.in_(descendants_of(root)))
            self.rows = {row.id: dict(row._mapping) for row in db.session.execute(query.order_by(Operation.id))}
            self.unborn: set[int] = set()
        else:
            self._as_it_stood(as_of)
        self.ids = sorted(set(self.rows) - self.unborn)

    def _as_it_stood(self, as_of: dt.datetime) -> None:
        write_versions()  # what this very write has changed so far
        every = _stood_then(as_of)
        self.rows = {one: every[one] for one in sorted(_under(self.root, every))}
        self.unborn = {self.root} - set(every)
        if self.unborn:
            query = select(Operation.id, *_OF_OPERATION).where(Operation.id == self.root)
            self.rows[self.root] = dict(db.session.execute(query).one()._mapping) | {"parent_id": None}
        self._every = every

    @cached_property
    def whole(self) -> list[int]:
        """Ids of every operation connected with this one at the moment: up to the top and down from there."""
        if self.as_of is None:
            return list(db.session.scalars(whole_tree(self.root)))
        top, seen = self.root, {self.root}
        while (above := self._every.get(top, {}).get("parent_id")) in self._every and above not in seen:
            top = above
            seen.add(top)
        return sorted({self.root, *_under(top, self._every)})

    def days(self, operation: int, starts_at: Any, ends_at: Any) -> tuple[int, int]:
        row = self.rows[operation]
        first, last = window_days(starts_at, ends_at, row["time_zone"], row["day_starts_minutes"])
        return day_number(first), day_number(last)

    def frame(self) -> dict[str, Any]:
        kept = {i: row for i, row in self.rows.items() if i in self.ids or i == self.root}
        days = [self.days(i, row["starts_at"], row["ends_at"]) for i, row in kept.items()]
        deadlines = [row["entry_deadline_at"] for row in kept.values()]
        return {
            "operation": list(kept),
            "parent": [-1 if i == self.root else row["parent_id"] or -1 for i, row in kept.items()],
            "code": [row["code"] for row in kept.values()],
            "services_known": [row["services_known"] and i not in self.unborn for i, row in kept.items()],
            "overlap_nil": [row["overlap_nil"] for row in kept.values()],
            "first_day": [first for first, _ in days],
            "last_day": [last for _, last in days],
            "deadline": [-1 if at is None else micros(at) // SECOND for at in deadlines],
        }


# Enforcement ----------------------------------------------------------------------------------------------------------


def _standing_accused(tree: Tree) -> ColumnElement[bool]:
    stands = and_(AccusedVersion.withdrawn.is_(False), stood(AccusedVersion, tree.as_of))
    return and_(AccusedVersion.accused_id == Accused.id, stands)


def accused(tree: Tree) -> dict[str, Any]:
    query = (
        select(
            Accused.id,
            Accused.operation_id,
            Accused.service_id,
            Accused.created_at,
            AccusedVersion.arrested,
            AccusedVersion.arrested_on,
        )
        .join(AccusedVersion, _standing_accused(tree))
        .where(Accused.operation_id.in_(tree.ids))
        .order_by(Accused.id)
    )
    rows = db.session.execute(query).all()
    zones = {i: (row["time_zone"], row["day_starts_minutes"]) for i, row in tree.rows.items()}
    return {
        "accused": [row[0] for row in rows],
        "operation": [row[1] for row in rows],
        "service": [row[2] for row in rows],
        "day": [day_number(operational_day(row[3], *zones[row[1]])) for row in rows],
        "arrested": [bool(row[4]) for row in rows],
        "arrested_day": [day_number(row[5]) for row in rows],
    }


def charges(tree: Tree) -> dict[str, Any]:
    """Charge lines of accused that stand. ``offence`` is '' where only a label was written."""
    accused_stands = select(AccusedVersion.id).join(Accused, _standing_accused(tree))
    stands = exists(accused_stands.where(Accused.id == Charge.accused_id))
    query = (
        select(
            Charge.id,
            Charge.accused_id,
            Charge.operation_id,
            Charge.service_id,
            ChargeVersion.laid_on,
            func.coalesce(Offence.code, ""),
            ChargeVersion.label,
            ChargeVersion.counts,
            ChargeVersion.status,
        )
        .join(ChargeVersion, and_(ChargeVersion.charge_id == Charge.id, stood(ChargeVersion, tree.as_of)))
        .join(Offence, Offence.id == ChargeVersion.offence_id, isouter=True)
        .where(Charge.operation_id.in_(tree.ids), stands)
        .order_by(Charge.id)
    )
    found = _columns(query, "charge", "accused", "operation", "service", "day", "offence", "label", "count", "status")
    return found | {"day": [day_number(day) for day in found["day"]]}


def _columns(query: Any, *names: str) -> dict[str, list[Any]]:
    rows = db.session.execute(query).all()
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


# Plan and daily totals ------------------------------------------------------------------------------------------------


def _parts(tree: Tree) -> list[Any]:
    """(participation, operation, service, kind, status, entry mode, own window) as they stood."""
    then = and_(ServiceVersion.service_id == Service.id, stood(ServiceVersion, tree.as_of))
    kind = Service.kind if tree.as_of is None else func.coalesce(ServiceVersion.kind, Service.kind).label("kind")
    query = (
        select(
            Participation.id,
            Participation.operation_id,
            Participation.service_id,
            kind,
            ParticipationVersion.status,
            ParticipationVersion.entry_mode,
            ParticipationVersion.starts_at,
            ParticipationVersion.ends_at,
        )
        .join(
            ParticipationVersion,
            and_(ParticipationVersion.participation_id == Participation.id, stood(ParticipationVersion, tree.as_of)),
        )
        .join(Service, Service.id == Participation.service_id)
        .where(Participation.operation_id.in_(tree.ids))
        .order_by(Participation.id)
    )
    if tree.as_of is not None:
        query = query.outerjoin(ServiceVersion, then)
    return list(db.session.execute(query))


def participations(tree: Tree) -> dict[str, Any]:
    rows = _parts(tree)
    days = [tree.days(row.operation_id, row.starts_at, row.ends_at) for row in rows]
    return {
        "operation": [row.operation_id for row in rows],
        "service": [row.service_id for row in rows],
        "kind": [row.kind for row in rows],
        "status": [row.status for row in rows],
        "entry_mode": [row.entry_mode for row in rows],
        "first_day": [first for first, _ in days],
        "last_day": [last for _, last in days],
    }


def places(tree: Tree) -> dict[str, Any]:
    """One row a chosen reporting place."""
    chosen = _chosen_places(tree)
    return {
        "service": [service for service, _ in chosen],
        "measure": [code for _, code in chosen],
        "operation": list(chosen.values()),
    }


def _chosen_places(tree: Tree) -> dict[tuple[int, str], int]:
    """Chosen reporting places of the services of the tree, wherever in the whole tree they were chosen.

    Of two choices the later one counts.
    """
    here = select(Participation.service_id).where(Participation.operation_id.in_(tree.ids))
    query = (
        select(Participation.service_id, ParticipationVersion.counted_in)
        .join(
            ParticipationVersion,
            and_(ParticipationVersion.participation_id == Participation.id, stood(ParticipationVersion, tree.as_of)),
        )
        .where(Participation.operation_id.in_(tree.whole), Participation.service_id.in_(here))
        .order_by(ParticipationVersion.recorded_at, ParticipationVersion.id)
    )
    codes = {measure.place_code for measure in CATALOGUE}
    chosen: dict[tuple[int, str], int] = {}
    for service, counted_in in db.session.execute(query):
        for name, operation in (counted_in or {}).items():
            if name in codes:
                chosen[service, name] = int(operation)
    return chosen


def tallies(tree: Tree) -> dict[str, Any]:
    query = (
        select(
            Tally.operation_id,
            Tally.service_id,
            Tally.measure,
            Tally.day,
            Tally.part,
            Tally.state,
            func.coalesce(Tally.value, 0).cast(Integer),
            Tally.recorded_at,
        )
        .where(Tally.operation_id.in_(tree.ids), stood(Tally, tree.as_of))
        .order_by(Tally.id)
    )
    found = _columns(query, "operation", "service", "measure", "day", "part", "state", "value", "recorded_at")
    values = [
        {"number": value, "declined": -1}.get(state, 0)
        for state, value in zip(found["state"], found["value"], strict=True)
    ]
    return found | {
        "day": [day_number(day) for day in found["day"]],
        "value": values,
        "rule": _rules(tree.ids, found),
    }


def _rules(operation_ids: list[int], found: dict[str, list[Any]]) -> list[str]:
    """The counting rule under which each number was told: what its operation had chosen when it was recorded."""
    at = rule_in_force(operation_ids)
    return [
        at(operation, measure, recorded)
        for operation, measure, recorded in zip(
            found["operation"], found["measure"], found.pop("recorded_at"), strict=True
        )
    ]


def rule_in_force(operation_ids: list[int]) -> Callable[[int, str, dt.datetime], str]:
    """``rule(operation, measure, moment)``: which counting rule the operation had chosen then; '' for none."""
    query = (
        select(
            OperationVersion.operation_id,
            OperationVersion.recorded_at,
            OperationVersion.superseded_at,
            OperationVersion.counting,
        )
        .where(OperationVersion.operation_id.in_(operation_ids))
        .order_by(OperationVersion.version)
    )
    chosen: dict[int, list[Any]] = {}
    for row in db.session.execute(query):
        if row.counting:
            chosen.setdefault(row.operation_id, []).append(row)

    def rule(operation: int, measure: str, moment: dt.datetime) -> str:
        for row in chosen.get(operation, ()):
            if row.recorded_at <= moment and (row.superseded_at is None or moment < row.superseded_at):
                return str(row.counting.get(measure, ""))
        return ""

    return rule


def adjustments(tree: Tree) -> dict[str, Any]:
    query = (
        select(
            Adjustment.operation_id, Adjustment.service_id, Adjustment.measure, Adjustment.day, Adjustment.amount
        )
        .where(Adjustment.operation_id.in_(tree.ids), stood(Adjustment, tree.as_of))
        .order_by(Adjustment.id)
    )
    found = _columns(query, "operation", "service", "measure", "day", "amount")
    return found | {"day": [day_number(day) for day in found["day"]]}


def overlaps(tree: Tree) -> dict[str, Any]:
    query = (
        select(
            Overlap.operation_id, Overlap.service_id, Overlap.other_service_id, Overlap.measure, Overlap.persons
        )
        .where(Overlap.operation_id.in_(tree.ids), stood(Overlap, tree.as_of))
        .order_by(Overlap.id)
    )
    return _columns(query, "operation", "service", "other", "measure", "persons")


# Teams ----------------------------------------------------------------------------------------------------------------


def _teams(tree: Tree) -> list[Any]:
    """(team, operation, lead service, participation, partners) of the teams that are not cancelled."""
    query = (
        select(Team.id, Team.operation_id, Team.service_id, Team.participation_id, TeamVersion.partners)
        .join(TeamVersion, and_(TeamVersion.team_id == Team.id, stood(TeamVersion, tree.as_of)))
        .where(Team.operation_id.in_(tree.ids), TeamVersion.cancelled.is_(False))
        .order_by(Team.id)
    )
    return list(db.session.execute(query))


def not_open(tree: Tree) -> frozenset[int]:
    """Operations that had not been opened at the moment asked for."""
    return frozenset(i for i, status in statuses_at(tree.ids, tree.as_of).items() if status in PLANNING)


def deployed(tree: Tree) -> dict[str, Any]:
    """Members of the teams of operations that run or ran, each once an operation.

    They count under their own service when that takes part, else under the team's. Services that send daily totals
    tell their personnel there; and a plan is no entry, so that a team's members are left out where the service's
    personnel counts at another operation.
    """
    parts = {(row.service_id, row.operation_id): row for row in _parts(tree)}
    running = {i for i, status in statuses_at(tree.ids, tree.as_of).items() if status in RUNNING}
    confirmed = {key for key, row in parts.items() if row.status == ParticipationStatus.CONFIRMED}
    teams = {
        row.id: row
        for row in _teams(tree)
        if row.operation_id in running and (row.service_id, row.operation_id) in confirmed
    }
    query = (
        select(TeamMember.team_id, TeamMember.staff_id, TeamMember.category, Staff.service_id)
        .join(Staff, Staff.id == TeamMember.staff_id)
        .join(Team, Team.id == TeamMember.team_id)
        .where(Team.operation_id.in_(tree.ids), stood(TeamMember, tree.as_of))
        .order_by(TeamMember.id)
    )
    chosen = _chosen_places(tree)
    found: dict[tuple[int, int], tuple[int, str]] = {}
    for team_id, staff, category, own in db.session.execute(query):
        if team_id in teams:
            team = teams[team_id]
            service = own if (own, team.operation_id) in confirmed else team.service_id
            counted_here = chosen.get((service, "personnel"), team.operation_id) == team.operation_id
            if counted_here and parts[service, team.operation_id].entry_mode != EntryMode.DAILY_TOTALS:
                found.setdefault((staff, team.operation_id), (service, category))
    return {
        "staff": [staff for staff, _ in found],
        "operation": [operation for _, operation in found],
        "service": [service for service, _ in found.values()],
        "category": [category for _, category in found.values()],
    }


def joint(tree: Tree) -> dict[str, Any]:
    """Services that work only in the teams of others: partners without a team of their own that send no totals."""
    teams = _teams(tree)
    own = {row.service_id for row in teams}
    logging = {(row.service_id, row.operation_id) for row in _parts(tree) if row.entry_mode != EntryMode.DAILY_TOTALS}
    found: dict[int, tuple[int, int]] = {}
    for team in teams:
        for partner in team.partners or ():
            if partner not in own and (partner, team.operation_id) in logging:
                found.setdefault(partner, (team.operation_id, team.service_id))
    return {
        "operation": [operation for operation, _ in found.values()],
        "service": list(found),
        "lead": [lead for _, lead in found.values()],
    }
