"""What an agency writes down of a person it follows: entries, plan, follow-ups, outcomes. Whatever was written by one
agency is read by nobody of another: every query here names the agency."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from outreach.vocab import ReferralState

from ..case_keys import CASE, case_keys
from ..engine import db
from ..keys import Place
from ..tables import AgencyProfile, FollowUp, Operation, Referral

IN_HAND = (ReferralState.RECEIVED.value, ReferralState.REACHED.value, ReferralState.ENGAGED.value)


def lock(referral: Referral) -> None:
    """Whoever writes to the same case waits here (PostgreSQL; SQLite has one writer anyway)."""
    db.session.execute(select(Referral.id).where(Referral.id == referral.id).with_for_update())


def zone_of(agency_id: int | None, operation_id: int | None) -> str | None:
    """The time zone in which days are counted: the agency's, else the operation's; None where neither is known."""
    agency = select(AgencyProfile.time_zone).where(AgencyProfile.service_id == agency_id)
    operation = select(Operation.time_zone).where(Operation.id == operation_id)
    return db.session.scalar(agency) or db.session.scalar(operation)


# --- words, sealed with the key of the case ---------------------------------------------------------------------------


def seal(referral: Referral, text: str, table: str, column: str, row: str, agency_id: int) -> bytes | None:
    """Sealed; None for no words. ``row``: see ``note_place`` and ``item_place``."""
    return case_keys().seal(text, referral.uid, CASE, Place(table, column, row, agency_id)) if text else None


def unseal(referral: Referral, sealed: bytes | None, table: str, column: str, row: str, agency_id: int) -> str:
    """The words; '' for none. The caller has asked the permission table and journals the read."""
    if sealed is None:
        return ""
    return case_keys().open(sealed, referral.uid, CASE, Place(table, column, row, agency_id))


# --- follow-ups -------------------------------------------------------------------------------------------------------


def follow_ups(referral_id: int) -> list[FollowUp]:
    """The earliest first, done or not."""
    query = select(FollowUp).where(FollowUp.referral_id == referral_id).order_by(FollowUp.days)
    return list(db.session.scalars(query))


def add_follow_up(referral_id: int, agency_id: int, days: int, due_on: dt.date, now: dt.datetime) -> None:
    db.session.add(FollowUp(referral_id=referral_id, agency_id=agency_id, days=days, due_on=due_on, recorded_at=now))
