"""Teams of the live board, their check-ins, and when a contact of each last arrived. Nothing is counted here.

Nothing here decides who may; nothing commits.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, func, select

from outreach.vocab import OperationStatus, ParticipationStatus

from ..engine import db
from ..tables import CheckIn, Contact, Operation, ParticipationVersion, Service, ShiftVersion, Team, TeamVersion
from .access import descendants_of


@dataclass(frozen=True)
class BoardTeam:
    """A team that stands, with the service that leads it."""

    team_id: int
    uid: str
    operation_id: int
    service_id: int
    service: str
    name: str
    partners: frozenset[int]
    starts_at: dt.datetime | None
    ends_at: dt.datetime | None


def running_under(operation_id: int) -> list[Operation]:
    """The operation and those under it whose teams may be out: planned, active or reporting. By code."""
    query = (
        select(Operation)
        .where(
            Operation.id.in_(descendants_of(operation_id)),
            Operation.status.in_((OperationStatus.PLANNED, OperationStatus.ACTIVE, OperationStatus.REPORTING)),
        )
        .order_by(Operation.code)
    )
    return list(db.session.scalars(query))


def teams_of(operation_ids: Iterable[int]) -> list[BoardTeam]:
    """Teams that are not cancelled, of services that take part, by service and name."""
    query = (
        select(
            Team.id,
            Team.uid,
            Team.operation_id,
            Team.service_id,
            Service.name,
            TeamVersion.name,
            TeamVersion.partners,
            TeamVersion.starts_at,
            TeamVersion.ends_at,
        )
        .join(TeamVersion, (TeamVersion.team_id == Team.id) & TeamVersion.superseded_at.is_(None))
        .join(Service, Service.id == Team.service_id)
        .where(Team.operation_id.in_(list(operation_ids)), TeamVersion.cancelled.is_(False), _takes_part())
        .order_by(Service.name, TeamVersion.name, Team.id)
    )
    return [BoardTeam(*row[:6], frozenset(row[6] or ()), *row[7:]) for row in db.session.execute(query)]


def _takes_part() -> Any:
    """Whether the service of ``Team`` is invited or confirmed."""
    return exists().where(
        ParticipationVersion.participation_id == Team.participation_id,
        ParticipationVersion.superseded_at.is_(None),
        ParticipationVersion.status.in_((ParticipationStatus.INVITED, ParticipationStatus.CONFIRMED)),
    )


def check_ins_since(operation_ids: Iterable[int], since: dt.datetime) -> dict[int, list[tuple[str, dt.datetime]]]:
    """Team id → its check-ins as ``(kind, at)``, oldest first."""
    query = (
        select(CheckIn.team_id, CheckIn.kind, CheckIn.at)
        .where(CheckIn.operation_id.in_(list(operation_ids)), CheckIn.at >= since)
        .order_by(CheckIn.at, CheckIn.id)
    )
    found: dict[int, list[tuple[str, dt.datetime]]] = {}
    for team_id, kind, at in db.session.execute(query):
        found.setdefault(team_id, []).append((kind, at))
    return found


def contacts_since(operation_ids: Iterable[int], since: dt.datetime) -> dict[int, tuple[dt.datetime, dt.datetime]]:
    """Team id → when its first and its last contact since then arrived here."""
    query = (
        select(
            Contact.team_id,
            func.min(Contact.created_at, type_=Contact.created_at.type),
            func.max(Contact.created_at, type_=Contact.created_at.type),
        )
        .where(
            Contact.operation_id.in_(list(operation_ids)),
            Contact.created_at >= since,
            Contact.team_id.is_not(None),
        )
        .group_by(Contact.team_id)
    )
    return {row[0]: (row[1], row[2]) for row in db.session.execute(query)}


def check_ins_of(team_id: int, since: dt.datetime) -> list[tuple[str, dt.datetime]]:
    """Check-ins of one team, oldest first."""
    query = select(CheckIn.kind, CheckIn.at).where(CheckIn.team_id == team_id, CheckIn.at >= since)
    return [(row[0], row[1]) for row in db.session.execute(query.order_by(CheckIn.at, CheckIn.id))]


def contacts_of(team_id: int, since: dt.datetime) -> tuple[dt.datetime, dt.datetime] | None:
    """When the first and the last contact of one team since then arrived here."""
    kind = Contact.created_at.type
    query = select(func.min(Contact.created_at, type_=kind), func.max(Contact.created_at, type_=kind))
    row = db.session.execute(query.where(Contact.team_id == team_id, Contact.created_at >= since)).one()
    return None if row[0] is None else (row[0], row[1])


def next_start(
    operation_ids: Iterable[int], team_ids: Iterable[int], after: dt.datetime
) -> tuple[dt.datetime, int] | None:
    """When the next published shift of the teams begins, and in which operation."""
    query = (
        select(ShiftVersion.starts_at, ShiftVersion.operation_id)
        .join(Team, Team.id == ShiftVersion.team_id)
        .join(TeamVersion, (TeamVersion.team_id == Team.id) & TeamVersion.superseded_at.is_(None))
        .where(
            TeamVersion.cancelled.is_(False),
            _takes_part(),
            ShiftVersion.operation_id.in_(list(operation_ids)),
            ShiftVersion.team_id.in_(list(team_ids)),
            ShiftVersion.published_at.is_not(None),
            ShiftVersion.unpublished_at.is_(None),
            ShiftVersion.cancelled.is_(False),
            ShiftVersion.starts_at > after,
        )
        .order_by(ShiftVersion.starts_at, ShiftVersion.id)
        .limit(1)
    )
    row = db.session.execute(query).one_or_none()
    return None if row is None else (row[0], row[1])


# --- writing ----------------------------------------------------------------------------------------------------------


def hold_team(team_id: int) -> None:
    """Let writers of one team come one after the other (SQLite has one writer anyway)."""
    db.session.execute(select(Team.id).where(Team.id == team_id).with_for_update())


def same_check_in(team_id: int, kind: str, since: dt.datetime) -> CheckIn | None:
    """The team's latest check-in, when it is of this kind and no older than ``since``."""
    query = select(CheckIn).where(CheckIn.team_id == team_id).order_by(CheckIn.at.desc(), CheckIn.id.desc()).limit(1)
    last = db.session.scalar(query)
    return last if last is not None and last.kind == kind and last.at >= since else None


def add_check_in(
    operation_id: int, team_id: int, kind: str, at: dt.datetime, by: int | None, by_radio: bool
) -> CheckIn:
    row = CheckIn(operation_id=operation_id, team_id=team_id, kind=kind, at=at, by_id=by, by_radio=by_radio)
    db.session.add(row)
    db.session.flush()
    return row
