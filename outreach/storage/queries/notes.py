"""Sealed notes of liaisons' phones: keys of agencies, receipts, what waits. Nothing here decides or commits.

As ``phones`` and ``sealed`` for operations; notes are few, so there are no prepared statements.
"""

from __future__ import annotations

import base64
from collections.abc import Collection
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from outreach.vocab import SealedState

from ..engine import db
from ..phone_keys import phone_keys
from ..tables import AgencyKey, AgencyProfile, Referral, SealedNote, Service, User
from ..types import utc_now
from .phones import KeyOfOperation
from .sealed import Arrived


def agencies(agency_ids: Collection[int]) -> list[tuple[int, str, str]]:
    """``(id, name, time zone or '')`` of each, by name."""
    query = (
        select(Service.id, Service.name, func.coalesce(AgencyProfile.time_zone, ""))
        .outerjoin(AgencyProfile, AgencyProfile.service_id == Service.id)
        .where(Service.id.in_(sorted(agency_ids)))
        .order_by(Service.name, Service.id)
    )
    return [tuple(row) for row in db.session.execute(query)]


def standing_key(agency_id: int) -> KeyOfOperation | None:
    """The newest pair of the agency that is in use and whose private half is in the key store."""
    query = (
        select(AgencyKey.uid, AgencyKey.public_key)
        .where(AgencyKey.agency_id == agency_id, AgencyKey.retired_at.is_(None))
        .order_by(AgencyKey.id.desc())
    )
    return next((KeyOfOperation(*row) for row in db.session.execute(query) if phone_keys().holds(row[0])), None)


def make_key(agency_id: int) -> KeyOfOperation:
    """A new pair for the agency; inside a write."""
    uid, public = phone_keys().make()
    found = KeyOfOperation(uid, base64.b64encode(public).decode())
    db.session.add(AgencyKey(uid=uid, agency_id=agency_id, public_key=found.spki, created_at=utc_now()))
    db.session.flush()
    return found


def agency_of_key(uid: str) -> int | None:
    """The agency that a pair belongs to; ``None`` for a pair that was never made here."""
    return db.session.scalar(select(AgencyKey.agency_id).where(AgencyKey.uid == uid))


# --- what arrived -----------------------------------------------------------------------------------------------------


def arrived(uid: str, hashed: str) -> Arrived | None:
    """What is held of these very bytes: a repeat has the receipt that it had."""
    query = select(SealedNote.state, SealedNote.reason, SealedNote.received_at)
    row = db.session.execute(query.where(SealedNote.uid == uid, SealedNote.hash == hashed)).one_or_none()
    return None if row is None else Arrived(*row)


def add(values: dict[str, Any]) -> bool:
    """Keep the note; ``False`` when it is there already (the constraint decides between parallel writers)."""
    make = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    kept = make(SealedNote).values(**values).on_conflict_do_nothing(index_elements=["uid", "hash"])
    return db.session.execute(kept.returning(SealedNote.id)).first() is not None


def settle(note_id: int, before: Collection[str], values: dict[str, Any]) -> bool:
    """Set ``values`` if its state is one of ``before``; whether it was."""
    query = update(SealedNote).where(SealedNote.id == note_id, SealedNote.state.in_(sorted(before))).values(**values)
    return db.session.execute(query.returning(SealedNote.id)).first() is not None


def waiting_of(user_id: int) -> int:
    """How many notes of one person wait for somebody to decide."""
    held = (SealedNote.user_id == user_id, SealedNote.state == SealedState.HELD.value)
    return db.session.scalar(select(func.count()).select_from(SealedNote).where(*held)) or 0


# --- what waits for a person ------------------------------------------------------------------------------------------


def note(uid: str, agency_ids: Collection[int]) -> SealedNote | None:
    """The agencies' note with that uid which waits, or was left out; of several the first that waits."""
    ours = SealedNote.agency_id.in_(sorted(agency_ids))
    query = select(SealedNote).where(SealedNote.uid == uid, ours, SealedNote.content.is_not(None))
    return db.session.scalar(query.order_by(SealedNote.state, SealedNote.id).limit(1))


def undecided(agency_ids: Collection[int], most: int = 50) -> list[tuple[SealedNote, str, Referral | None]]:
    """Notes of the agencies that wait, the oldest first, then those left out, with who wrote each ('' when gone)."""
    query = (
        select(SealedNote, func.coalesce(User.name, ""), Referral)
        .outerjoin(User, User.id == SealedNote.user_id)
        .outerjoin(Referral, Referral.id == SealedNote.referral_id)
        .where(SealedNote.agency_id.in_(sorted(agency_ids)), _undecided())
        .order_by(SealedNote.state, SealedNote.id)
        .limit(most)
    )
    return [tuple(row) for row in db.session.execute(query)]


def waiting(agency_ids: Collection[int]) -> int:
    held = (SealedNote.agency_id.in_(sorted(agency_ids)), SealedNote.state == SealedState.HELD.value)
    return db.session.scalar(select(func.count()).select_from(SealedNote).where(*held)) or 0


def _undecided() -> Any:
    return or_(
        SealedNote.state == SealedState.HELD.value,
        (SealedNote.state == SealedState.LEFT_OUT.value) & SealedNote.content.is_not(None),
    )
