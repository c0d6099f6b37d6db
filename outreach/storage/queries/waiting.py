"""What phones last said of what waits on them: by team, by phone, by service. Nothing here decides or commits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite

from outreach.vocab import SealedState

from ..engine import db
from ..tables import Grant, PhoneState, SealedRecord, Service, Staff, Team, TeamMember, TeamVersion, User

_ONE = ("device", "user_id", "team_id")


@dataclass(frozen=True)
class TeamOfBeat:
    """The team that a ticket names, as it stands."""

    team_id: int
    operation_id: int
    service_id: int


def teams_of_beat(uids: Collection[str], user_id: int) -> dict[str, TeamOfBeat]:
    """Team UUID → the team; nothing when the account is no longer there."""
    query = select(Team.uid, Team.id, Team.operation_id, Team.service_id).where(
        Team.uid.in_(list(uids)), select(User.id).where(User.id == user_id).exists()
    )
    return {row[0]: TeamOfBeat(*row[1:]) for row in db.session.execute(query)}


def keep_beats(rows: list[dict[str, Any]]) -> None:
    """Keep what one phone says of its teams; a ready check that did not pass leaves standing when it last did."""
    make = postgresql.insert if db.session.get_bind().dialect.name == "postgresql" else sqlite.insert
    for row in rows:
        values = {name: value for name, value in row.items() if name not in _ONE and name != "ready_at"}
        if row["ready_at"] is not None:
            values["ready_at"] = row["ready_at"]
        db.session.execute(make(PhoneState).values(**row).on_conflict_do_update(index_elements=_ONE, set_=values))


# --- reading ----------------------------------------------------------------------------------------------------------


def states_by_team(team_ids: Iterable[int]) -> dict[int, list[tuple[PhoneState, bool]]]:
    """Team id → what each of its phones last said, and whether it is of somebody who is in the team."""
    found: dict[int, list[tuple[PhoneState, bool]]] = {}
    query = select(PhoneState, _of_member()).where(PhoneState.team_id.in_(list(team_ids)))
    for state, member in db.session.execute(query.order_by(PhoneState.id)):
        found.setdefault(state.team_id, []).append((state, bool(member)))
    return found


def _of_member() -> Any:
    """Whether the phone is of somebody who is in the team now."""
    return (
        select(TeamMember.id)
        .join(Staff, Staff.id == TeamMember.staff_id)
        .where(
            TeamMember.team_id == PhoneState.team_id,
            TeamMember.superseded_at.is_(None),
            Staff.user_id == PhoneState.user_id,
        )
        .exists()
    )


@dataclass(frozen=True)
class ListedPhone:
    """One phone in one person's hands for one team, with the service that leads the team. ``services``: those of whose
    people the person is."""

    state: PhoneState
    operation_id: int
    service_id: int
    service: str
    team_uid: str
    team: str
    partners: frozenset[int]
    officer: str
    services: frozenset[int]


def phones_of(operation_ids: Iterable[int]) -> list[ListedPhone]:
    """Phones of people in teams of the operations, and any other that holds something; the longest unsent first."""
    query = (
        select(
            PhoneState,
            PhoneState.operation_id,
            Team.service_id,
            Service.name,
            Team.uid,
            TeamVersion.name,
            TeamVersion.partners,
            User.name,
            User.id,
        )
        .join(Team, Team.id == PhoneState.team_id)
        .join(TeamVersion, (TeamVersion.team_id == Team.id) & TeamVersion.superseded_at.is_(None))
        .join(Service, Service.id == Team.service_id)
        .join(User, User.id == PhoneState.user_id)
        .where(PhoneState.operation_id.in_(list(operation_ids)), _of_member() | (PhoneState.unsent > 0))
        .order_by(PhoneState.unsent == 0, PhoneState.oldest_at, PhoneState.heard_at, PhoneState.id)
    )
    rows = list(db.session.execute(query))
    services = _services_of({row[8] for row in rows})
    return [ListedPhone(*row[:6], frozenset(row[6] or ()), row[7], services.get(row[8], frozenset())) for row in rows]


def _services_of(user_ids: Collection[int]) -> dict[int, frozenset[int]]:
    query = select(Grant.user_id, Grant.service_id).where(Grant.user_id.in_(user_ids), Grant.service_id.is_not(None))
    found: dict[int, set[int]] = {}
    for user_id, service_id in db.session.execute(query):
        found.setdefault(user_id, set()).add(service_id)
    return {user_id: frozenset(services) for user_id, services in found.items()}


def ready_phones(operation_id: int, since: dt.datetime) -> frozenset[int]:
    """Accounts with a phone whose ready check for a team of the operation has passed since then."""
    query = select(PhoneState.user_id).where(PhoneState.operation_id == operation_id, PhoneState.ready_at >= since)
    return frozenset(db.session.scalars(query))


# --- what closing an operation would leave behind ---------------------------------------------------------------------


@dataclass(frozen=True)
class LeftBehind:
    """What of one service has not come in as a contact: ``unsent`` records on ``phones``, the oldest and when these
    phones were last heard; ``held`` records that arrived and wait for a decision, the first of them since when."""

    service_id: int
    service: str
    unsent: int = 0
    phones: int = 0
    oldest_at: dt.datetime | None = None
    heard_at: dt.datetime | None = None
    held: int = 0
    held_since: dt.datetime | None = None


def left_behind(operation_id: int) -> list[LeftBehind]:
    """Every service of which something would be left behind, by name; what close-out asks."""
    unsent = _unsent_by_service(operation_id)
    held = _held_by_service(operation_id)
    names = select(Service.id, Service.name).where(Service.id.in_(unsent.keys() | held.keys()))
    return [
        LeftBehind(service_id, name, *unsent.get(service_id, (0, 0, None, None)), *held.get(service_id, (0, None)))
        for service_id, name in db.session.execute(names.order_by(Service.name, Service.id))
    ]


def _unsent_by_service(operation_id: int) -> dict[int, tuple[Any, ...]]:
    query = (
        select(
            PhoneState.service_id,
            func.sum(PhoneState.unsent),
            func.count(PhoneState.device.distinct()),
            func.min(PhoneState.oldest_at, type_=PhoneState.oldest_at.type),
            func.min(PhoneState.heard_at, type_=PhoneState.heard_at.type),
        )
        .where(PhoneState.operation_id == operation_id, PhoneState.unsent > 0)
        .group_by(PhoneState.service_id)
    )
    return {row[0]: (int(row[1]), *row[2:]) for row in db.session.execute(query)}


def _held_by_service(operation_id: int) -> dict[int, tuple[Any, ...]]:
    query = (
        select(
            SealedRecord.service_id,
            func.count(SealedRecord.id),
            func.min(SealedRecord.received_at, type_=SealedRecord.received_at.type),
        )
        .where(SealedRecord.operation_id == operation_id, SealedRecord.state == SealedState.HELD)
        .group_by(SealedRecord.service_id)
    )
    return {row[0]: (row[1], row[2]) for row in db.session.execute(query)}
