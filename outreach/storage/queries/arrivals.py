"""How contacts came from phones: when each was saved, when it was received, whether the clock was right."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select

from outreach.vocab import SealedKind, SealedState

from ..engine import db
from ..tables import SealedRecord


class Arrival(NamedTuple):
    """One record of a contact that stands. ``saved_at``: by the phone's clock; ``offset_ms``: server minus phone."""

    kind: str
    saved_at: dt.datetime | None
    received_at: dt.datetime
    offset_ms: int | None
    clock_off: bool
    user_id: int | None


_STANDS = (SealedState.STORED.value, SealedState.TAKEN.value)


def of_contact(uid: str) -> list[Arrival]:
    """Every record behind the contact, corrections and withdrawals too, in the order in which they came."""
    query = (
        select(
            SealedRecord.kind,
            SealedRecord.saved_at,
            SealedRecord.received_at,
            SealedRecord.offset_ms,
            SealedRecord.clock_off,
            SealedRecord.user_id,
        )
        .where(SealedRecord.contact_uid == uid, SealedRecord.state.in_(_STANDS))
        .order_by(SealedRecord.id)
    )
    return [Arrival(*row) for row in db.session.execute(query)]


def of_contacts(uids: Sequence[str]) -> dict[str, Arrival]:
    """Contact → how it came, for those that came from a phone's outbox; one query for a page of them."""
    if not uids:
        return {}
    query = (
        select(
            SealedRecord.contact_uid,
            SealedRecord.kind,
            SealedRecord.saved_at,
            SealedRecord.received_at,
            SealedRecord.offset_ms,
            SealedRecord.clock_off,
            SealedRecord.user_id,
        )
        .where(
            SealedRecord.contact_uid.in_(uids),
            SealedRecord.kind == SealedKind.CONTACT.value,
            SealedRecord.state.in_(_STANDS),
        )
        .order_by(SealedRecord.id.desc())
    )
    return {str(uid): Arrival(*rest) for uid, *rest in db.session.execute(query)}
