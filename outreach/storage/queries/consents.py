"""What persons agreed to for a referral: written with it, withdrawn by itself, asked before anything is shown or sent.

Nothing here decides who may; nothing commits. The ways to reach that nobody needs any more end here too.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from sqlalchemy import func, or_, select
from sqlalchemy import update as sql_update

from outreach.vocab import AgeBand, Consent, Gender, SharedFact

from ..case_keys import DRAFT, WAY, case_keys
from ..engine import db, once_committed
from ..keys import Place, site_keys
from ..tables import (
    Contact,
    ContactDraft,
    Meeting,
    Person,
    Referral,
    ReferralConsent,
    ReferralVersion,
    SafeContact,
    Service,
    User,
)
from .field import code_place

ALWAYS = frozenset({SharedFact.CODE.value, SharedFact.SAFE_WAY.value})
"""What goes with every referral that stands: by what to call the person, and the way to reach that she gave for it."""

SPARED = dt.timedelta(minutes=10)
"""A key younger than this may belong to a referral whose write has not been committed yet."""

UNKNOWN_KEPT = dt.timedelta(days=30)
"""A key of a referral that the database does not know may be wanted again: too old a copy may have been restored."""


@dataclass(frozen=True)
class Agreed:
    """What a person agreed to beside being referred: which facts go along, and whether any agency that can help may
    have them or only the one that is named. ``at``: when she did; ``None`` when the referral was made."""

    facts: tuple[str, ...] = ()
    any_agency: bool = False
    at: dt.datetime | None = None


def add_consents(
    referral_id: int, agreed: Agreed, agency_id: int | None, made_at: dt.datetime, now: dt.datetime, by: int | None
) -> None:
    """The rows of a new referral: to be referred, with whom, and the facts if any. Without an agency it is any."""
    rows = [
        (Consent.REFER, (), None),
        (Consent.AGENCY, (), None if agreed.any_agency else agency_id),
        *([(Consent.FACTS, tuple(agreed.facts), None)] if agreed.facts else []),
    ]
    for kind, facts, agency in rows:
        add_consent(referral_id, kind, facts, agency, agreed.at or made_at, now, by)


def add_consent(
    referral_id: int,
    kind: Consent,
    facts: Collection[str],
    agency_id: int | None,
    given_at: dt.datetime,
    now: dt.datetime,
    by: int | None,
) -> None:
    """One thing agreed to, dated; flushed with the next query."""
    db.session.add(
        ReferralConsent(
            referral_id=referral_id,
            kind=kind.value,
            facts=[fact.value for fact in SharedFact if fact.value in facts],
            agency_id=agency_id,
            given_at=given_at,
            recorded_at=now,
            recorded_by_id=by,
        )
    )


def complete(referral_id: int, agreed: Agreed, agency_id: int | None, now: dt.datetime, by: int | None) -> None:
    """Add what a fuller record of the same agreement says, where the first could not say it."""
    at = agreed.at or now
    if agreed.any_agency and not covers_any(referral_id):
        add_consent(referral_id, Consent.AGENCY, (), None, at, now, by)
    elif agency_id is not None and not covers(referral_id, agency_id):
        add_consent(referral_id, Consent.AGENCY, (), agency_id, at, now, by)
    if agreed.facts and not stands(referral_id, Consent.FACTS):
        add_consent(referral_id, Consent.FACTS, agreed.facts, None, at, now, by)


def stands(referral_id: int, kind: Consent) -> bool:
    """Whether one agreement of this kind was given and not withdrawn."""
    query = select(ReferralConsent.id).where(
        ReferralConsent.referral_id == referral_id,
        ReferralConsent.kind == kind.value,
        ReferralConsent.withdrawn_at.is_(None),
    )
    return db.session.scalar(query.limit(1)) is not None


def taken_back(referral_id: int) -> bool:
    """Whether she agreed to be referred and agrees no more. One from before agreements were written down never is."""
    given = select(ReferralConsent.id).where(
        ReferralConsent.referral_id == referral_id, ReferralConsent.kind == Consent.REFER.value
    )
    return db.session.scalar(given.limit(1)) is not None and not stands(referral_id, Consent.REFER)


def covers(referral_id: int, agency_id: int) -> bool:
    """Whether the person agreed, and still agrees, that this agency may have the safe way and the facts."""
    query = select(ReferralConsent.id).where(
        ReferralConsent.referral_id == referral_id,
        ReferralConsent.kind == Consent.AGENCY.value,
        ReferralConsent.withdrawn_at.is_(None),
        or_(ReferralConsent.agency_id.is_(None), ReferralConsent.agency_id == agency_id),
    )
    return stands(referral_id, Consent.REFER) and db.session.scalar(query.limit(1)) is not None


def covers_any(referral_id: int) -> bool:
    """Whether she agreed to any agency that can help: then the safe way outlives its agency's giving her back."""
    query = select(ReferralConsent.id).where(
        ReferralConsent.referral_id == referral_id,
        ReferralConsent.kind == Consent.AGENCY.value,
        ReferralConsent.withdrawn_at.is_(None),
        ReferralConsent.agency_id.is_(None),
    )
    return stands(referral_id, Consent.REFER) and db.session.scalar(query.limit(1)) is not None


def shared_facts(referral_id: int) -> frozenset[str]:
    """Codes of ``vocab.SharedFact`` that the agency may read now; see ``ALWAYS`` for what needs no list."""
    return shared_facts_of([referral_id])[referral_id]


def shared_facts_of(referral_ids: Iterable[int]) -> dict[int, frozenset[str]]:
    """``shared_facts`` of many, in one question. Once the agreement to be referred is withdrawn only ``ALWAYS`` is."""
    found: dict[int, set[str]] = {one: set() for one in referral_ids}
    referred: set[int] = set()
    query = select(ReferralConsent.referral_id, ReferralConsent.kind, ReferralConsent.facts).where(
        ReferralConsent.referral_id.in_(sorted(found)),
        ReferralConsent.kind.in_((Consent.REFER.value, Consent.FACTS.value)),
        ReferralConsent.withdrawn_at.is_(None),
    )
    for referral_id, kind, facts in db.session.execute(query):
        if kind == Consent.REFER:
            referred.add(referral_id)
        found[referral_id] |= set(facts)
    return {one: ALWAYS | (facts if one in referred else set()) for one, facts in found.items()}


@dataclass(frozen=True)
class Facts:
    """What an agency may know of a person: '' and empty where she did not agree, or where it is not known."""

    code: str = ""
    age_band: str = ""
    gender: str = ""
    needs: tuple[str, ...] = ()
    shared: frozenset[str] = field(default=ALWAYS)


def facts_of(referral: Referral) -> Facts:
    """The facts of the person that go along with a referral. The caller journals the read.

    One value a person: what an agency confirmed, else what she says, else what the officer believes.
    """
    shared = shared_facts(referral.id)
    meeting = _meeting_of(referral)
    needs = db.session.scalar(
        select(ReferralVersion.needs).where(
            ReferralVersion.referral_id == referral.id, ReferralVersion.superseded_at.is_(None)
        )
    )
    age = gender = ""
    if meeting is not None:
        ages = (meeting.age_confirmed, meeting.age_said, meeting.age_believed)
        age = next((one for one in ages if one != AgeBand.NOT_KNOWN), AgeBand.NOT_KNOWN.value)
        genders = (meeting.gender_said, meeting.gender_believed)
        gender = next((one for one in genders if one != Gender.NOT_KNOWN), Gender.NOT_KNOWN.value)
    return Facts(
        code=code_of(referral),
        age_band=age if SharedFact.AGE_BAND.value in shared else "",
        gender=gender if SharedFact.GENDER.value in shared else "",
        needs=tuple(needs or ()) if SharedFact.NEEDS.value in shared else (),
        shared=shared,
    )


def _meeting_of(referral: Referral) -> Meeting | None:
    if referral.contact_id is None or referral.person_id is None:
        return None
    return db.session.scalar(
        select(Meeting)
        .where(
            Meeting.contact_id == referral.contact_id,
            Meeting.person_id == referral.person_id,
            Meeting.superseded_at.is_(None),
        )
        .order_by(Meeting.id.desc())
        .limit(1)
    )


def code_of(referral: Referral) -> str:
    """The code that the agency calls the person by, in clear: of her card, else the agency's own; '' without one."""
    if referral.code_sealed is not None:
        return site_keys().open(referral.code_sealed, own_code_place(referral))
    person = None if referral.person_id is None else db.session.get(Person, referral.person_id)
    if person is None or person.code_sealed is None:
        return ""
    return site_keys().open(person.code_sealed, code_place(person.uid, person.root_id))


def own_code_place(referral: Referral) -> Place:
    """Where the agency's own code of a direct referral stands."""
    return Place("referral", "code_sealed", referral.uid, referral.service_id)


def referred_before(person: Person, service_id: int) -> list[dt.date]:
    """Days on which the service has referred this person, by whichever of its contacts; nothing of what became of it.

    Only the service's own: whether another one knows her nobody learns.
    """
    same = select(Person.id).where(Person.root_id == person.root_id)
    same = same.where(func.coalesce(Person.join_key, Person.id) == (person.join_key or person.id))
    query = select(Referral.day).where(Referral.service_id == service_id, Referral.person_id.in_(same))
    return list(db.session.scalars(query.distinct().order_by(Referral.day)))


# --- withdrawing ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Given:
    """One agreement with the names that its page shows; '' where an account is gone, or any agency was agreed to."""

    consent: ReferralConsent
    agency: str
    recorded_by: str
    withdrawn_by: str
    first: bool
    """Whether it was given when the referral was made, and not later, to the agency."""

    @property
    def withdrawn_by_agency(self) -> bool:
        """Whether the person said it to the agency itself, which needed no telling."""
        return self.consent.told_at is not None and self.consent.told_at == self.consent.withdrawn_recorded_at


def consents_of(referral_id: int) -> list[Given]:
    """Everything agreed to for the referral, withdrawn or not, in the order in which it was given."""
    rows = db.session.execute(
        select(ReferralConsent, func.coalesce(Service.name, ""))
        .outerjoin(Service, Service.id == ReferralConsent.agency_id)
        .where(ReferralConsent.referral_id == referral_id)
        .order_by(ReferralConsent.given_at, ReferralConsent.id)
    )
    found = [tuple(row) for row in rows]
    people = {one for consent, _ in found for one in (consent.recorded_by_id, consent.withdrawn_by_id) if one}
    names: dict[int | None, str] = {
        row[0]: row[1] for row in db.session.execute(select(User.id, User.name).where(User.id.in_(sorted(people))))
    }
    made = min((consent.recorded_at for consent, _ in found), default=None)
    return [
        Given(
            one, agency, names.get(one.recorded_by_id, ""), names.get(one.withdrawn_by_id, ""), one.recorded_at == made
        )
        for one, agency in found
    ]


def consent(referral_id: int, uid: str) -> ReferralConsent | None:
    query = select(ReferralConsent).where(ReferralConsent.referral_id == referral_id, ReferralConsent.uid == uid)
    return db.session.scalar(query)


def withdraw(consent_id: int, at: dt.datetime, now: dt.datetime, by: int | None, *, told: bool) -> bool:
    """End one agreement unless it has ended; whether it was ours to end. ``told``: the agency itself withdrew it."""
    ended = db.session.execute(
        sql_update(ReferralConsent)
        .where(ReferralConsent.id == consent_id, ReferralConsent.withdrawn_at.is_(None))
        .values(withdrawn_at=at, withdrawn_recorded_at=now, withdrawn_by_id=by, told_at=now if told else None)
        .execution_options(synchronize_session=False)
    )
    db.session.expire_all()
    return ended.rowcount == 1


def say_again(consent_id: int, now: dt.datetime, by: int | None) -> None:
    """The service that made the referral says what its agency knew already: from now on it stands in her name."""
    db.session.execute(
        sql_update(ReferralConsent)
        .where(ReferralConsent.id == consent_id, ReferralConsent.told_at == ReferralConsent.withdrawn_recorded_at)
        .values(withdrawn_recorded_at=now, withdrawn_by_id=by)
        .execution_options(synchronize_session=False)
    )
    db.session.expire_all()


def maker_of(referral: Referral) -> int | None:
    """Whose own the contact is that the referral was made from."""
    contact = None if referral.contact_id is None else db.session.get(Contact, referral.contact_id)
    return None if contact is None else contact.created_by_id


@dataclass(frozen=True)
class News:
    """A withdrawal that nobody of the agency has seen yet. ``kind``: ``vocab.Consent``."""

    referral_id: int
    referral_uid: str
    kind: str
    withdrawn_at: dt.datetime


def news_for(agency_ids: Collection[int], referral_id: int | None = None) -> list[News]:
    """What was withdrawn of the agencies' referrals since they looked, oldest first; of one referral if it is named.

    Also of ended ones: that a person did not want to be reached any more is told whatever became of it.
    """
    query = (
        select(Referral.id, Referral.uid, ReferralConsent.kind, ReferralConsent.withdrawn_at)
        .join(ReferralConsent, ReferralConsent.referral_id == Referral.id)
        .join(ReferralVersion, ReferralVersion.referral_id == Referral.id)
        .where(
            ReferralVersion.superseded_at.is_(None),
            ReferralVersion.agency_id.in_(sorted(agency_ids)),
            ReferralConsent.withdrawn_at.is_not(None),
            ReferralConsent.told_at.is_(None),
        )
        .order_by(ReferralConsent.withdrawn_at, ReferralConsent.id)
    )
    if referral_id is not None:
        query = query.where(Referral.id == referral_id)
    return [News(*row) for row in db.session.execute(query)]


def note_told(referral_id: int, now: dt.datetime) -> int:
    """Somebody of the agency has seen what was withdrawn; how many withdrawals that were."""
    seen = db.session.execute(
        sql_update(ReferralConsent)
        .where(
            ReferralConsent.referral_id == referral_id,
            ReferralConsent.withdrawn_at.is_not(None),
            ReferralConsent.told_at.is_(None),
        )
        .values(told_at=now)
        .execution_options(synchronize_session=False)
    )
    return int(seen.rowcount)


# --- ways that nobody needs any more ----------------------------------------------------------------------------------


def destroy_forgotten_ways() -> int:
    """Destroy keys of ways whose row was emptied, and of drafts that are gone: what a crash right after a commit left.

    For the start of the server and the round of alerts. It reads one folder and, if there are keys, few columns. Gives
    how many keys that were.
    """
    keys = case_keys()
    keys.drop_unfinished(SPARED)
    gone = 0
    kept = keys.uids(WAY, older_than=SPARED)
    if kept:
        query = select(Referral.uid, SafeContact.way_sealed.is_not(None)).outerjoin(SafeContact)
        needed = {uid: bool(way) for uid, way in db.session.execute(query)}
        old = keys.uids(WAY, older_than=UNKNOWN_KEPT)
        gone += keys.destroy([uid for uid in kept if not needed.get(uid, uid not in old)], WAY)
    drafts = keys.uids(DRAFT, older_than=SPARED)
    if drafts:
        gone += keys.destroy(drafts - set(db.session.scalars(select(ContactDraft.uid))), DRAFT)
    return gone


def destroy_keys_of(operation_ids: Collection[int]) -> None:
    """Destroy every key of the operations' referrals and drafts, once their removal is committed and not before."""
    ids = sorted(operation_ids)
    going = list(db.session.scalars(select(Referral.uid).where(Referral.operation_id.in_(ids))))
    drafts = list(db.session.scalars(select(ContactDraft.uid).where(ContactDraft.operation_id.in_(ids))))
    if going or drafts:
        once_committed(lambda: case_keys().destroy(going) + case_keys().destroy(drafts, DRAFT))
