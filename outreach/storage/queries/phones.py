"""Key pairs of operations, what waits on which phone. Nothing here decides or commits."""

from __future__ import annotations

import base64
import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event, select

from ..engine import db
from ..phone_keys import phone_keys
from ..tables import Operation, OperationKey, Participation, PhoneState, Service
from ..types import utc_now


@dataclass(frozen=True)
class KeyOfOperation:
    """The pair that phones seal to: its id and the public half, DER in Base64."""

    uid: str
    spki: str


def standing_key(operation_id: int) -> KeyOfOperation | None:
    """The newest pair of the operation that is in use and whose private half is in the key store."""
    query = (
        select(OperationKey.uid, OperationKey.public_key)
        .where(OperationKey.operation_id == operation_id, OperationKey.retired_at.is_(None))
        .order_by(OperationKey.id.desc())
    )
    return next((KeyOfOperation(*row) for row in db.session.execute(query) if phone_keys().holds(row[0])), None)


def make_key(operation_id: int) -> KeyOfOperation:
    """A new pair for the operation; inside a write."""
    uid, public = phone_keys().make()
    found = KeyOfOperation(uid, base64.b64encode(public).decode())
    db.session.add(OperationKey(uid=uid, operation_id=operation_id, public_key=found.spki, created_at=utc_now()))
    db.session.flush()
    return found


def operation_of_key(uid: str) -> int | None:
    """The operation that a pair belongs to; ``None`` for a pair that was never made here."""
    return db.session.scalar(select(OperationKey.operation_id).where(OperationKey.uid == uid))


def destroy_keys_of(operation_ids: list[int]) -> None:
    """Destroy the private halves of operations that are being removed, once that is committed and not before."""
    query = select(OperationKey.uid).where(OperationKey.operation_id.in_(operation_ids))
    going = list(db.session.scalars(query.order_by(OperationKey.id)))
    session = db.session()

    def committed(_session: Any) -> None:
        for uid in going:
            phone_keys().destroy(uid)

    def given_up(_session: Any) -> None:
        going.clear()

    event.listen(session, "after_commit", committed, once=True)
    event.listen(session, "after_rollback", given_up, once=True)


def states_of(device: str, user_id: int) -> dict[int, PhoneState]:
    """Team id → what this phone last said of it in the hands of that person."""
    query = select(PhoneState).where(PhoneState.device == device, PhoneState.user_id == user_id)
    return {state.team_id: state for state in db.session.scalars(query)}


def note_state(values: dict[str, Any], now: dt.datetime) -> bool:
    """Keep what a phone says of one team; whether it is new. ``values``: the columns of ``PhoneState``."""
    query = select(PhoneState).where(
        PhoneState.device == values["device"],
        PhoneState.user_id == values["user_id"],
        PhoneState.team_id == values["team_id"],
    )
    found = db.session.scalar(query)
    if found is None:
        db.session.add(PhoneState(**values, heard_at=now))
        db.session.flush()
        return True
    for name, value in values.items():
        setattr(found, name, value)
    found.heard_at = now
    return False


@dataclass(frozen=True)
class Places:
    """What phones offer as places: ``[name, latitude, longitude]`` (null where not known), and whether they may ask
    the phone where it is."""

    municipalities: list[list[Any]]
    positions: bool


def places_of(operation_id: int) -> Places:
    """The operation's own list, else the municipalities of the services that take part."""
    operation = db.session.get_one(Operation, operation_id)
    if operation.municipalities:
        return Places([list(one) for one in operation.municipalities], operation.positions)
    query = (
        select(Service.municipality)
        .join(Participation, Participation.service_id == Service.id)
        .where(Participation.operation_id == operation_id, Service.municipality != "")
        .distinct()
        .order_by(Service.municipality)
    )
    return Places([[name, None, None] for name in db.session.scalars(query)], False)
