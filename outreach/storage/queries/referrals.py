"""Referrals: making one, who waits for an agency, and the sealed way to reach a person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy import update as sql_update
from sqlalchemy.orm import aliased

from outreach.auth.actors import Target
from outreach.vocab import Origin, ReferralState

from ..case_keys import WAY, case_keys
from ..engine import db, once_committed
from ..keys import FORMAT, Place, site_keys
from ..tables import Operation, Person, Referral, ReferralVersion, SafeContact, Service, User
from ..types import new_uid
from .access import operation_target
from .consents import Agreed, add_consents, covers, covers_any


def add_referral(
    operation_id: int | None,
    service_id: int,
    contact_id: int | None,
    person_id: int | None,
    day: dt.date,
    made_at: dt.datetime,
    agency_id: int | None,
    needs: Iterable[str],
    urgent: bool,
    reach_by: str,
    safe_way: str,
    by: int | None,
    now: dt.datetime,
    *,
    agreed: Agreed = Agreed(),  # noqa: B008 - frozen value
    origin: Origin = Origin.POLICE,
    uid: str | None = None,
) -> Referral:
    """A referral in state *made*, with what the person agreed to, and the safe way sealed to the agency. Flushes.

    ``reach_by``: ``vocab.ReachBy``. ``by``: user id. The caller checks, journals and counts the change.
    """
    referral = Referral(
        uid=uid or new_uid(),
        origin=origin.value,
        operation_id=operation_id,
        service_id=service_id,
        contact_id=contact_id,
        person_id=person_id,
        day=day,
        made_at=made_at,
    )
    db.session.add(referral)
    db.session.flush()
    db.session.add(
        ReferralVersion(
            referral_id=referral.id,
            state=ReferralState.MADE.value,
            agency_id=agency_id,
            needs=list(needs),
            urgent=urgent,
            reach_by=reach_by,
            owed_at=made_at,
            recorded_at=now,
            recorded_by_id=by,
        )
    )
    add_consents(referral.id, agreed, agency_id, made_at, now, by)
    if safe_way and agency_id is not None:
        give_safe_way(referral, agency_id, safe_way, now)
    db.session.flush()
    return referral


def give_safe_way(referral: Referral, agency_id: int, safe_way: str, now: dt.datetime) -> None:
    """Keep the safe way to reach, sealed to the agency; for a referral that has none, or none any more."""
    sealed = case_keys().seal(safe_way, referral.uid, WAY, safe_way_place(referral, agency_id))
    contact = safe_contact(referral.id)
    if contact is None:
        contact = SafeContact(referral_id=referral.id)
        db.session.add(contact)
    contact.agency_id, contact.way_sealed, contact.given_at = agency_id, sealed, now
    contact.destroyed_at = contact.unsafe_at = None


def hand_on_safe_way(referral: Referral, agency_id: int, now: dt.datetime) -> bool:
    """Seal the way to another agency if the person agreed to it, else destroy it; whether a way was destroyed.

    For a referral that goes to another agency, in the write that says so.
    """
    contact = safe_contact(referral.id)
    if contact is None or contact.way_sealed is None or contact.agency_id == agency_id:
        return False
    if not covers(referral.id, agency_id):
        return destroy_safe_way(referral.id, now)
    way = open_safe_way(referral, contact)
    contact.way_sealed = case_keys().seal(way, referral.uid, WAY, safe_way_place(referral, agency_id))
    contact.agency_id, contact.say_sealed, contact.confirmed_at, contact.confirmed_by_id = agency_id, None, None, None
    db.session.flush()
    return False


def let_go_of_safe_way(referral: Referral, now: dt.datetime) -> bool:
    """Destroy the way of a referral that its agency gives back, unless any agency may have it; whether it was."""
    return False if covers_any(referral.id) else destroy_safe_way(referral.id, now)


def safe_way_place(referral: Referral, agency_id: int) -> Place:
    """Where the sealed way stands: bound to the referral, its agency and its operation."""
    return Place("safe_contact", "way_sealed", referral.uid, agency_id, referral.operation_id)


def by_uid(uid: str) -> Referral | None:
    return db.session.scalar(select(Referral).where(Referral.uid == uid))


def by_id(referral_id: int) -> Referral:
    return db.session.get_one(Referral, referral_id)


def current(referral_id: int) -> ReferralVersion:
    """The version that stands now."""
    query = select(ReferralVersion).where(
        ReferralVersion.referral_id == referral_id, ReferralVersion.superseded_at.is_(None)
    )
    return db.session.scalars(query).one()


def history(referral_id: int) -> list[tuple[ReferralVersion, str]]:
    """Every version, oldest first, with the name of who recorded it ('' when the account is gone)."""
    query = (
        select(ReferralVersion, func.coalesce(User.name, ""))
        .outerjoin(User, User.id == ReferralVersion.recorded_by_id)
        .where(ReferralVersion.referral_id == referral_id)
        .order_by(ReferralVersion.version)
    )
    return [tuple(row) for row in db.session.execute(query)]


def supersede(version: ReferralVersion, now: dt.datetime) -> bool:
    """End ``version`` unless somebody else has; whether it was ours to end. The database decides races."""
    ended = db.session.execute(
        sql_update(ReferralVersion)
        .where(ReferralVersion.id == version.id, ReferralVersion.superseded_at.is_(None))
        .values(superseded_at=now)
        .execution_options(synchronize_session=False)
    )
    db.session.expire(version)
    return ended.rowcount == 1


def add_version(version: ReferralVersion) -> None:
    db.session.add(version)
    db.session.flush()


def safe_contact(referral_id: int) -> SafeContact | None:
    return db.session.get(SafeContact, referral_id)


def open_safe_way(referral: Referral, contact: SafeContact) -> str:
    """The safe way in clear; '' once destroyed. The caller has asked the permission table and journals the read."""
    if contact.way_sealed is None:
        return ""
    place = safe_way_place(referral, contact.agency_id)
    if contact.way_sealed[0] == FORMAT:  # given before each referral had a key of its own
        return site_keys().open(contact.way_sealed, place)
    return case_keys().open(contact.way_sealed, referral.uid, WAY, place)


def ways_of_contact(contact_id: int) -> set[str | None]:
    """The safe ways of a contact's referrals in clear, ``None`` for one that was destroyed. Shown to nobody: what was
    sent twice is compared with them."""
    query = select(Referral, SafeContact).join(SafeContact).where(Referral.contact_id == contact_id)
    return {open_safe_way(referral, contact) or None for referral, contact in db.session.execute(query)}


def destroy_safe_way(referral_id: int, now: dt.datetime) -> bool:
    """Forget the safe way for good; whether there was one.

    The key goes right after the commit: then no backup of the database opens it either.
    """
    contact = safe_contact(referral_id)
    if contact is None or contact.way_sealed is None:
        return False
    contact.way_sealed = contact.say_sealed = None
    contact.destroyed_at = now
    db.session.flush()
    uid = by_id(referral_id).uid
    once_committed(lambda: case_keys().destroy([uid], WAY))
    return True


@dataclass(frozen=True)
class Row:
    """One referral in a list: current version, who made it, for which agency, who picked it up."""

    referral: Referral
    version: ReferralVersion
    operation: Operation | None
    service: Service
    agency: Service | None
    liaison_name: str


def of_agencies(agency_ids: Iterable[int]) -> list[Row]:
    """Referrals to the agencies: urgent before others, then who waits longest."""
    return _rows(ReferralVersion.agency_id.in_(sorted(agency_ids)))


def of_services(service_ids: Iterable[int]) -> list[Row]:
    """Referrals that the services made of persons whom they met, newest first."""
    made = and_(Referral.service_id.in_(sorted(service_ids)), Referral.origin == Origin.POLICE.value)
    return _rows(made, newest_first=True)


def made_by(user_id: int) -> list[Row]:
    """Referrals that this account entered, newest first."""
    first = select(ReferralVersion.referral_id).where(
        ReferralVersion.version == 1, ReferralVersion.recorded_by_id == user_id
    )
    return _rows(and_(Referral.id.in_(first), Referral.origin == Origin.POLICE.value), newest_first=True)


def _rows(condition: ColumnElement[bool], *, newest_first: bool = False) -> list[Row]:
    agency = aliased(Service)
    query = (
        select(Referral, ReferralVersion, Operation, Service, agency, func.coalesce(User.name, ""))
        .join(ReferralVersion, ReferralVersion.referral_id == Referral.id)
        .outerjoin(Operation, Operation.id == Referral.operation_id)
        .join(Service, Service.id == Referral.service_id)
        .outerjoin(agency, agency.id == ReferralVersion.agency_id)
        .outerjoin(User, User.id == ReferralVersion.liaison_id)
        .where(ReferralVersion.superseded_at.is_(None), condition)
    )
    if newest_first:
        query = query.order_by(Referral.made_at.desc(), Referral.id.desc())
    else:
        query = query.order_by(ReferralVersion.urgent.desc(), Referral.made_at, Referral.id)
    return [Row(*row) for row in db.session.execute(query)]


def target_of(referral: Referral, version: ReferralVersion) -> Target:
    """The target of actions on one referral: its agency follows it, the service that made it does not."""
    if referral.operation_id is None:
        return Target(service=referral.service_id, agency=version.agency_id)
    operation = db.session.get_one(Operation, referral.operation_id)
    return replace(operation_target(operation), service=referral.service_id, agency=version.agency_id)


def picked_up_at(referral_id: int) -> dt.datetime | None:
    """When a liaison first took it."""
    query = select(func.min(ReferralVersion.recorded_at)).where(
        ReferralVersion.referral_id == referral_id, ReferralVersion.state == ReferralState.RECEIVED.value
    )
    return db.session.scalar(query)


def row_of(referral: Referral) -> Row:
    """One referral as the lists show it."""
    (found,) = _rows(Referral.id == referral.id)
    return found


def person_of(referral: Referral) -> Person | None:
    return None if referral.person_id is None else db.session.get(Person, referral.person_id)
