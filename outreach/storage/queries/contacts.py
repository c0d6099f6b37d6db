"""Contacts that exist: one with its persons and versions, one's own of today, the service coordinator's list.

Nothing here decides who may; nothing commits.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select, update

from outreach.auth.actors import Target
from outreach.vocab import SealedKind

from ..engine import db
from ..tables import (
    Contact,
    ContactVersion,
    Meeting,
    Operation,
    Person,
    RadioCard,
    Referral,
    ReferralVersion,
    SealedRecord,
    Service,
    Team,
    TeamVersion,
    User,
)
from . import access, arrivals
from .arrivals import Arrival

# --- one contact ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ContactRecord:
    """A contact with its operation, current version and persons, as pages and later versions need it."""

    contact: Contact
    operation: Operation
    version: ContactVersion
    meetings: list[tuple[Meeting, Person]]
    target: Target


def contact_record(uid: str) -> ContactRecord | None:
    """The contact with its current version; its target has the owner, the team and the partners.

    A record that was read out by radio before it arrived is found by its own UUID too: its phone knows no other.
    """
    read_out = select(RadioCard.contact_uid).where(RadioCard.merged_uid == uid).limit(1).scalar_subquery()
    query = (
        select(Contact, Operation, ContactVersion)
        .join(Operation, Operation.id == Contact.operation_id)
        .join(ContactVersion, ContactVersion.contact_id == Contact.id)
        .where((Contact.uid == uid) | (Contact.uid == read_out), ContactVersion.superseded_at.is_(None))
        .order_by(Contact.uid != uid)
        .limit(1)
    )
    row = db.session.execute(query).one_or_none()
    if row is None:
        return None
    contact, operation, version = row
    partners = access.partners_of(contact.team_id) if contact.team_id else frozenset()
    target = replace(
        access.service_target(operation, contact.service_id),
        owner=contact.created_by_id,
        team=contact.team_id,
        partners=partners,
    )
    return ContactRecord(contact, operation, version, meetings_of(version.id), target)


def meetings_of(version_id: int) -> list[tuple[Meeting, Person]]:
    """Persons of one version, in the order in which they were entered."""
    query = (
        select(Meeting, Person)
        .join(Person, Person.id == Meeting.person_id)
        .where(Meeting.contact_version_id == version_id)
        .order_by(Meeting.position)
    )
    return [tuple(row) for row in db.session.execute(query)]


def versions_of(contact_id: int) -> list[tuple[ContactVersion, str]]:
    """Every version with the name of who recorded it, newest first."""
    query = (
        select(ContactVersion, func.coalesce(User.name, ""))
        .outerjoin(User, User.id == ContactVersion.recorded_by_id)
        .where(ContactVersion.contact_id == contact_id)
        .order_by(ContactVersion.version.desc())
    )
    return [tuple(row) for row in db.session.execute(query)]


def supersede(version: ContactVersion, now: dt.datetime) -> bool:
    """End the version and its meetings; ``False`` when somebody else has ended it first."""
    ended = db.session.execute(
        update(ContactVersion)
        .where(ContactVersion.id == version.id, ContactVersion.superseded_at.is_(None))
        .values(superseded_at=now)
        .execution_options(synchronize_session=False)
    )
    if ended.rowcount != 1:
        return False
    db.session.execute(
        update(Meeting)
        .where(Meeting.contact_version_id == version.id)
        .values(superseded_at=now)
        .execution_options(synchronize_session=False)
    )
    return True


def give_to(uid: str, user_id: int | None) -> None:
    """Whose own the contact is, whoever wrote its versions."""
    db.session.execute(
        update(Contact)
        .where(Contact.uid == uid)
        .values(created_by_id=user_id)
        .execution_options(synchronize_session=False)
    )


def forget_code(person_id: int) -> None:
    """Destroy the code of a person who takes back her agreement to be recorded; how rows join stays as it was."""
    db.session.execute(update(Person).where(Person.id == person_id).values(code_sealed=None, code_mark=None))


def referral_of(contact_id: int, person_id: int) -> int | None:
    """Id of the referral made from the contact for the person."""
    query = select(Referral.id).where(Referral.contact_id == contact_id, Referral.person_id == person_id)
    return db.session.scalar(query.order_by(Referral.id).limit(1))


def referrals_of(contact_id: int) -> dict[int, list[tuple[Referral, str]]]:
    """Person id → the referrals made from the contact, the oldest first, each with the agency it was made to."""
    query = select(Referral, func.coalesce(Service.name, "")).select_from(Referral).join(ReferralVersion)
    query = query.outerjoin(Service, Service.id == ReferralVersion.agency_id).where(ReferralVersion.version == 1)
    query = query.where(Referral.contact_id == contact_id, Referral.person_id.is_not(None))
    found: dict[int, list[tuple[Referral, str]]] = {}
    for referral, agency in db.session.execute(query.order_by(Referral.id)):
        found.setdefault(referral.person_id or 0, []).append((referral, agency))
    return found


# --- what My shift shows ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OwnContact:
    uid: str
    created_at: dt.datetime
    met_at: dt.datetime
    withdrawn: bool
    version: int
    team_uid: str | None


def own_contacts(user_id: int, since: dt.datetime, limit: int = 3) -> tuple[int, list[OwnContact]]:
    """How many contacts the user has sent since then, and the last few, newest first."""
    mine = (Contact.created_by_id == user_id, Contact.created_at >= since)
    query = (
        select(
            Contact.uid,
            Contact.created_at,
            ContactVersion.met_at,
            ContactVersion.withdrawn,
            ContactVersion.version,
            Team.uid,
        )
        .join(ContactVersion, ContactVersion.contact_id == Contact.id)
        .outerjoin(Team, Team.id == Contact.team_id)
        .where(*mine, ContactVersion.superseded_at.is_(None))
        .order_by(Contact.id.desc())
        .limit(limit)
    )
    rows = [OwnContact(*row) for row in db.session.execute(query)]
    return sent_since(user_id, since), rows


def sent_since(user_id: int, since: dt.datetime) -> int:
    """How many contacts the user has sent since then: a receipt for her, not a figure."""
    query = select(func.count()).select_from(Contact)
    return db.session.scalar(query.where(Contact.created_by_id == user_id, Contact.created_at >= since)) or 0


def last_contact(user_id: int, operation_id: int) -> ContactVersion | None:
    """The user's latest standing contact in the operation: where the defaults of the next one come from."""
    query = (
        select(ContactVersion)
        .join(Contact, Contact.id == ContactVersion.contact_id)
        .where(
            Contact.created_by_id == user_id,
            Contact.operation_id == operation_id,
            ContactVersion.superseded_at.is_(None),
            ContactVersion.withdrawn.is_(False),
        )
        .order_by(Contact.id.desc())
        .limit(1)
    )
    return db.session.scalar(query)


def places_used(user_id: int, operation_id: int, limit: int = 4) -> list[tuple[str, str]]:
    """Kind of place and municipality of the user's latest contacts in the operation, each pair once, the last first."""
    query = (
        select(ContactVersion.place_kind, ContactVersion.municipality)
        .join(Contact, Contact.id == ContactVersion.contact_id)
        .where(
            Contact.created_by_id == user_id,
            Contact.operation_id == operation_id,
            ContactVersion.superseded_at.is_(None),
            ContactVersion.withdrawn.is_(False),
            ContactVersion.municipality != "",
        )
        .group_by(ContactVersion.place_kind, ContactVersion.municipality)
        .order_by(func.max(Contact.id).desc())
        .limit(limit)
    )
    return [(kind, municipality) for kind, municipality in db.session.execute(query)]


# --- the service coordinator's list -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class ListedContact:
    contact: Contact
    version: ContactVersion
    team: str
    by: str
    meetings: list[Meeting]
    code_conflict: bool
    arrival: Arrival | None

    @property
    def wrong_clock(self) -> bool:
        """As ``_has_wrong_clock``: a version of somebody else's settles it."""
        return bool(self.arrival and self.arrival.clock_off and self.arrival.user_id == self.version.recorded_by_id)


def contacts_of_service(
    operation_id: int, service_id: int, wanted: dict[str, Any], *, limit: int, offset: int
) -> tuple[int, list[ListedContact]]:
    """How many contacts fit ``wanted`` (day, team uid, result, timing, flagged, withdrawn); one page, newest first."""
    query = (
        select(Contact, ContactVersion, func.coalesce(TeamVersion.name, ""), func.coalesce(User.name, ""))
        .join(ContactVersion, (ContactVersion.contact_id == Contact.id) & ContactVersion.superseded_at.is_(None))
        .outerjoin(Team, Team.id == Contact.team_id)
        .outerjoin(TeamVersion, (TeamVersion.team_id == Contact.team_id) & TeamVersion.superseded_at.is_(None))
        .outerjoin(User, User.id == Contact.created_by_id)
        .where(Contact.operation_id == operation_id, Contact.service_id == service_id)
    )
    if wanted.get("day"):
        query = query.where(ContactVersion.day == wanted["day"])
    if wanted.get("team"):
        query = query.where(Team.uid == wanted["team"])
    if wanted.get("result"):
        query = query.where(ContactVersion.result == wanted["result"])
    if wanted.get("timing"):
        query = query.where(ContactVersion.timing == wanted["timing"])
    if wanted.get("flagged"):
        query = query.where(Contact.conflict_of.is_not(None) | _has_code_conflict() | _has_wrong_clock())
    if not wanted.get("withdrawn"):
        query = query.where(ContactVersion.withdrawn.is_(False))
    number = db.session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    page = query.order_by(ContactVersion.met_at.desc(), Contact.id.desc()).limit(limit).offset(offset)
    rows = [tuple(row) for row in db.session.execute(page)]
    met = _meetings_by_version([row[1].id for row in rows])
    arrived = arrivals.of_contacts([row[0].uid for row in rows])
    listed = [
        ListedContact(
            contact,
            version,
            team,
            by,
            [meeting for meeting, _ in met.get(version.id, [])],
            any(conflict for _, conflict in met.get(version.id, [])),
            arrived.get(contact.uid),
        )
        for contact, version, team, by in rows
    ]
    return number, listed


def _has_code_conflict() -> Any:
    return (
        select(Meeting.id)
        .join(Person, Person.id == Meeting.person_id)
        .where(Meeting.contact_version_id == ContactVersion.id, Person.code_conflict)
        .exists()
    )


def _has_wrong_clock() -> Any:
    """Saved by a phone whose clock was wrong, and looked at by nobody but the officer herself since."""
    return (
        select(SealedRecord.id)
        .where(
            SealedRecord.contact_uid == Contact.uid,
            SealedRecord.kind == SealedKind.CONTACT.value,
            SealedRecord.clock_off,
            SealedRecord.user_id == ContactVersion.recorded_by_id,
        )
        .exists()
    )


def _meetings_by_version(version_ids: list[int]) -> dict[int, list[tuple[Meeting, bool]]]:
    query = (
        select(Meeting, Person.code_conflict)
        .join(Person, Person.id == Meeting.person_id)
        .where(Meeting.contact_version_id.in_(version_ids))
        .order_by(Meeting.contact_version_id, Meeting.position)
    )
    found: dict[int, list[tuple[Meeting, bool]]] = {}
    for meeting, conflict in db.session.execute(query):
        found.setdefault(meeting.contact_version_id, []).append((meeting, conflict))
    return found
