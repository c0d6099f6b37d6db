"""Sealed records that arrived: receipts, what waits for a person or for a key. Nothing here decides or commits.

The path of a fresh record is prepared statements, as that of a fresh contact is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from outreach.auth.actors import Actor
from outreach.errors import NotFound
from outreach.vocab import HeldReason, OperationStatus, SealedState

from ..engine import db, running
from ..prepared import Prepared, insert_columns
from ..tables import Operation, OperationKey, Participation, SealedRecord, SignOff, Team, User
from . import access

_RECORD = SealedRecord.__table__


class Arrived(NamedTuple):
    """What the site holds of a record: to answer a repeat with the receipt that it had."""

    state: str
    reason: str
    received_at: dt.datetime


class Known(NamedTuple):
    """The operation of a key pair, and what is held of a record that came before."""

    operation_id: int
    first: Arrived | None


_ARRIVAL = Prepared(
    select(OperationKey.operation_id, SealedRecord.state, SealedRecord.reason, SealedRecord.received_at)
    .outerjoin(SealedRecord, (SealedRecord.uid == bindparam("uid")) & (SealedRecord.hash == bindparam("hash")))
    .where(OperationKey.uid == bindparam("key"))
)


def known(key: str, uid: str, hashed: str) -> Known | None:
    """``None`` for a key pair that was never made here."""
    rows = _ARRIVAL.all(running(), {"key": key, "uid": uid, "hash": hashed})
    if not rows:
        return None
    operation_id, state, reason, received_at = rows[0]
    return Known(operation_id, None if state is None else Arrived(state, reason, received_at))


def waiting_of(user_id: int) -> int:
    """How many records of one person wait for somebody to decide."""
    held = (SealedRecord.user_id == user_id, SealedRecord.state == SealedState.HELD.value)
    return db.session.scalar(select(func.count()).select_from(SealedRecord).where(*held)) or 0


def arrived(uid: str, hashed: str) -> Arrived | None:
    """What is held of a record, whatever pair it was sealed to."""
    query = select(SealedRecord.state, SealedRecord.reason, SealedRecord.received_at)
    row = db.session.execute(query.where(SealedRecord.uid == uid, SealedRecord.hash == hashed)).one_or_none()
    return None if row is None else Arrived(*row)


def _insert(dialect: str) -> Any:
    make = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return make(_RECORD).on_conflict_do_nothing(index_elements=["uid", "hash"]).returning(_RECORD.c.id)


_ADD = Prepared(_insert, insert_columns(_RECORD))
_UNDECIDED = {"decided_at": None, "decided_by_id": None, "decided_because": ""}


def add(values: dict[str, Any]) -> bool:
    """Keep the record; ``False`` when it is there already (the constraint decides between parallel writers).

    Raises ``NotFound`` when its team went meanwhile with its operation: a rehearsal is removed while phones send.
    """
    try:
        return _ADD.run(running(), {**_UNDECIDED, **values}).fetchone() is not None
    except IntegrityError as error:
        raise NotFound() from error


class TeamOf(NamedTuple):
    team_id: int
    service_id: int
    operation_id: int


def team_of(team_uid: str) -> TeamOf | None:
    """Where a team belongs, also one that was cancelled since."""
    query = select(Team.id, Team.service_id, Team.operation_id).where(Team.uid == team_uid)
    row = db.session.execute(query).one_or_none()
    return None if row is None else TeamOf(*row)


class Account(NamedTuple):
    name: str
    active: bool


def account(user_id: int) -> Account | None:
    row = db.session.execute(select(User.name, User.active).where(User.id == user_id)).one_or_none()
    return None if row is None else Account(*row)


def has_ended(user_id: int | None) -> bool:
    """Whether the account is disabled or gone."""
    found = None if user_id is None else account(user_id)
    return found is None or not found.active


def officer(user_id: int | None) -> Actor:
    """Whoever saved the record, as she may act now; nobody once her account is gone."""
    user = None if user_id is None else db.session.get(User, user_id)
    return Actor(user=None) if user is None else access.actor_of(user)


# --- what corrections ask ---------------------------------------------------------------------------------------------


class Other(NamedTuple):
    """What became of the record that carried a contact."""

    state: str
    reason: str
    contact_uid: str | None


def record_of_contact(uid: str, user_id: int | None) -> Other | None:
    """The user's own record under the UUID by which her phone knows a contact: the one that stands, else the latest."""
    query = (
        select(SealedRecord.state, SealedRecord.reason, SealedRecord.contact_uid)
        .where(SealedRecord.uid == uid, SealedRecord.user_id == user_id)
        .order_by(SealedRecord.contact_uid.is_(None), SealedRecord.id)
        .limit(1)
    )
    row = db.session.execute(query).one_or_none()
    return None if row is None else Other(*row)


def open_for_entry_at(operation: Operation, service_id: int, at: dt.datetime) -> bool:
    """Whether a change saved at that moment was in time: the operation is not closed, its deadline had not passed
    and the service had not signed."""
    if operation.status in (OperationStatus.CLOSED, OperationStatus.ARCHIVED):
        return False
    if operation.entry_deadline_at is not None and at > operation.entry_deadline_at:
        return False
    signed = (
        select(SignOff.id)
        .join(Participation, Participation.id == SignOff.participation_id)
        .where(
            Participation.operation_id == operation.id,
            Participation.service_id == service_id,
            SignOff.signed_at <= at,
            SignOff.reopened_at.is_(None) | (SignOff.reopened_at > at),
        )
        .limit(1)
    )
    return db.session.scalar(signed) is None


# --- what waits -------------------------------------------------------------------------------------------------------


def settle(record_id: int, frm: Iterable[str], values: dict[str, Any]) -> bool:
    """Write what became of a record that waits; ``False`` when somebody else was first."""
    settled = db.session.execute(
        update(SealedRecord)
        .where(SealedRecord.id == record_id, SealedRecord.state.in_(list(frm)))
        .values(**values)
        .execution_options(synchronize_session="fetch")
    )
    return bool(settled.rowcount == 1)


def waiting_keys() -> dict[str, int]:
    """Key pair → how many records wait for its private half."""
    query = select(SealedRecord.key_uid, func.count()).where(*_waits_for_key()).group_by(SealedRecord.key_uid)
    return {row[0]: row[1] for row in db.session.execute(query.order_by(SealedRecord.key_uid))}


@dataclass(frozen=True)
class Waiting:
    """A record that waits for its key, with the bytes that were sent."""

    id: int
    content: bytes
    received_at: dt.datetime
    user_id: int | None
    team_uid: str
    team: TeamOf


def waiting_for(keys: Iterable[str], after: int, limit: int) -> list[Waiting]:
    """The next records that wait for one of ``keys``, by id."""
    query = (
        select(
            SealedRecord.id,
            SealedRecord.content,
            SealedRecord.received_at,
            SealedRecord.user_id,
            Team.uid,
            SealedRecord.team_id,
            SealedRecord.service_id,
            SealedRecord.operation_id,
        )
        .join(Team, Team.id == SealedRecord.team_id)
        .where(*_waits_for_key(), SealedRecord.key_uid.in_(list(keys)), SealedRecord.id > after)
        .order_by(SealedRecord.id)
        .limit(limit)
    )
    found = db.session.execute(query).all()
    return [Waiting(row[0], bytes(row[1] or b""), *row[2:5], TeamOf(*row[5:])) for row in found]


def still_waits(record_id: int) -> bool:
    """Whether the record still waits for its key, asked inside the write that settles it."""
    query = select(SealedRecord.id).where(SealedRecord.id == record_id, *_waits_for_key()).with_for_update()
    return db.session.scalar(query) is not None


def _waits_for_key() -> tuple[Any, ...]:
    return (SealedRecord.state == SealedState.HELD.value, SealedRecord.reason == HeldReason.KEY_MISSING.value)
