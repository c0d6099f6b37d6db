"""Writes about contacts: logging once, changing, withdrawing. Drafts and charges have their files beside this one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import SYSTEM, Actor
from outreach.auth.permissions import may
from outreach.errors import N_, Changed, Invalid, NotAllowed
from outreach.plan import agency_commands, agency_rules
from outreach.storage.days import operational_day
from outreach.storage.keys import site_keys
from outreach.storage.queries import contacts, operations
from outreach.storage.queries import field as rows
from outreach.storage.queries.consents import Agreed
from outreach.storage.queries.referrals import add_referral, ways_of_contact
from outreach.storage.tables import Meeting, Operation, Person
from outreach.storage.types import new_uid, utc_now
from outreach.vocab import ContactResult, SharedFact

from . import rules
from .rules import ContactEntry, PersonEntry

# --- logging once -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Receipt:
    """What the phone may rely on: the UUID it sent, the hash of what it sent, where and since when that is stored."""

    uid: str
    stored_uid: str
    content_hash: str
    received_at: dt.datetime

    @property
    def conflict(self) -> bool:
        """Whether other content had come under the same UUID before."""
        return self.uid != self.stored_uid


def log_contact(actor: Actor, place: rows.LoggingPlace, entry: ContactEntry) -> Receipt:
    """Store a contact once, whatever number of times it is sent; see ``domain.md`` and ``screens.md`` F2.

    The same UUID with the same content gives the same receipt and stores nothing, also when nothing new may be logged
    any more; with other content both are kept, the later one under a UUID of its own, flagged. Raises ``NotAllowed``;
    ``Invalid`` at an agency.
    """
    return store_contact(actor, prepare_contact(actor, place, entry, "contact.log"))


def log_by_radio(actor: Actor, place: rows.LoggingPlace, entry: ContactEntry) -> Receipt:
    """Store a contact that a team told by radio; the journal says so beside it. Raises as ``log_contact``.

    Who writes it down reads nothing afterwards: the receipt is all that is given back.
    """
    receipt = store_contact(actor, prepare_contact(actor, place, entry, "contact.log_by_radio"))
    _record(actor, Tag.CONTACT_BY_RADIO, place.operation_id, place.service_id, receipt.stored_uid, by_radio=True)
    return receipt


class ReadyContact(NamedTuple):
    """A contact hashed, sealed and ready to be stored; ``action``: what the actor must be allowed to do then."""

    place: rows.LoggingPlace
    action: str | None
    entry: ContactEntry
    hashed: str
    mark: str
    said: Said
    persons: tuple[rows.NewPerson, ...]


def prepare_contact(
    actor: Actor,
    place: rows.LoggingPlace,
    entry: ContactEntry,
    action: str | None,
    *,
    as_sent: ContactEntry | None = None,
) -> ReadyContact:
    """Everything that can be worked out before the write lock is taken. Raises ``Invalid`` at an agency.

    ``as_sent``: the entry as a phone wrote it, before its clock was corrected: by that a repeat is known.
    """
    hashed = rules.content_hash(as_sent or entry, place.team_uid, actor.user)
    # Keyed, because a plain hash would let whoever steals the database try every code and note against it; and without
    # a safe way, which outlives nothing: whoever has the keys too could try every number against a mark of it.
    bare = (as_sent or entry).without_ways()
    content = hashed if bare is (as_sent or entry) else rules.content_hash(bare, place.team_uid, actor.user)
    mark = site_keys().mark(content, "content")
    kept = _with_agencies(place, entry)
    persons = tuple(_sealed_person(place.root_id, person) for person in kept.persons)
    return ReadyContact(place, action, kept, hashed, mark, _said(place, entry.uid, kept), persons)


def store_contact(actor: Actor, new: ReadyContact, *, beside: str | None = None) -> Receipt:
    """Store what was prepared, inside a write; one that raises ``NotAllowed`` must be given up.

    ``beside``: the contact that says something else of the same meeting; this one is flagged then.
    """
    place, entry = new.place, new.entry
    if new.action is not None and not may(actor, new.action, place.target):
        return _repeat(actor, new)
    now = utc_now()
    head = {
        "uid": entry.uid,
        "operation_id": place.operation_id,
        "participation_id": place.participation_id,
        "service_id": place.service_id,
        "team_id": place.team_id,
        "created_at": now,
        "created_by_id": actor.user,
        "content_hash": new.mark,
        "conflict_of": beside,
    }
    said, contact_id = new.said, rows.add_contact(head)
    if contact_id is None:
        if _stored_before(new) is None:
            head |= {"uid": rules.conflict_uid(entry.uid, new.mark), "conflict_of": entry.uid}
            said = _said(place, str(head["uid"]), entry)
            contact_id = rows.add_contact(head)
        if contact_id is None:
            return _repeat(actor, new)
    _count_change(actor, new)
    persons = [rows.add_person(p, place.root_id, same_card=head["conflict_of"] is not None) for p in new.persons]
    version = Version(contact_id, str(head["uid"]), place, number=1, reason="")
    _add_version(actor, version, entry, said, persons, now, former=[])
    tag = Tag.CONTACT_CONFLICT if head["conflict_of"] else Tag.CONTACT_LOGGED
    _record(actor, tag, place.operation_id, place.service_id, str(head["uid"]), persons=len(persons))
    if actor.user is not None:
        rows.drop_draft(entry.uid, actor.user)
    return Receipt(entry.uid, str(head["uid"]), new.hashed, now)


def _count_change(actor: Actor, new: ReadyContact) -> None:
    """Count the change; the same statement says whether the operation has been closed since it was read."""
    place = new.place
    status = rows.count_change(place.operations, place.operation_id, place.service_id)
    if new.action is None or status == place.status:
        return
    if not may(actor, new.action, replace(place.target, status=status)):
        raise NotAllowed()


def _stored_before(new: ReadyContact) -> rows.Stored | None:
    """The contact of which this is a repeat: under its UUID, or beside other content under one of its own.

    Author and team are in what is compared, so it is the same officer's.
    """
    first = rows.stored(new.entry.uid)
    if first is None or (first.content_hash == new.mark and not _says_another_way(first.id, new.entry)):
        return first
    return rows.stored(rules.conflict_uid(new.entry.uid, new.mark))


def _says_another_way(contact_id: int, entry: ContactEntry) -> bool:
    """Whether an entry that says the same otherwise names a way to reach somebody that the stored one does not.

    Nobody can tell any more once one of them was destroyed; then it counts as a repeat.
    """
    said = {p.safe_way for p in entry.persons if p.referred and p.safe_way and p.agency_id is not None}
    if not said:
        return False
    ways = ways_of_contact(contact_id)
    return None not in ways and not said <= ways


def _repeat(actor: Actor, new: ReadyContact) -> Receipt:
    """The receipt of what is stored already. Raises ``NotAllowed`` when nothing is."""
    found = _stored_before(new)
    if found is None:
        raise NotAllowed()
    _record(actor, Tag.CONTACT_REPEATED, new.place.operation_id, new.place.service_id, found.uid)
    if actor.user is not None:
        rows.drop_draft(new.entry.uid, actor.user)
    return Receipt(new.entry.uid, found.uid, new.hashed, found.created_at)


class Said(NamedTuple):
    """What is worked out from an entry at one place: operational day, timing against the window, the sealed note."""

    day: dt.date
    timing: str
    note_sealed: bytes | None


def _said(place: rows.LoggingPlace, contact_uid: str, entry: ContactEntry) -> Said:
    sealed = None
    if entry.note:
        sealed = site_keys().seal(entry.note, rows.note_place(contact_uid, place.service_id, place.operation_id))
    day = operational_day(entry.met_at, place.time_zone, place.day_starts_minutes)
    return Said(day, rules.timing(entry.met_at, place.starts_at, place.ends_at), sealed)


@dataclass(frozen=True)
class Version:
    """Which version of which contact is being written, and where it stands."""

    contact_id: int
    contact_uid: str
    place: rows.LoggingPlace
    number: int
    reason: str
    withdrawn: bool = False


def _new_person(root_id: int, person: PersonEntry) -> tuple[int, int]:
    return rows.add_person(_sealed_person(root_id, person), root_id)


def _sealed_person(root_id: int, person: PersonEntry) -> rows.NewPerson:
    """A person with her code, if she agreed to be recorded; without a code the server issues one."""
    uid = new_uid()
    if not person.recorded:
        return rows.NewPerson(uid)
    code = person.code or rules.make_code()
    keys = site_keys()
    sealed = keys.seal(code, rows.code_place(uid, root_id))
    return rows.NewPerson(uid, keys.mark(code, f"tree/{root_id}"), sealed, person.claimed)


def _add_version(
    actor: Actor,
    version: Version,
    entry: ContactEntry,
    said: Said,
    persons: list[tuple[int, int]],
    now: dt.datetime,
    former: list[Meeting],
) -> None:
    """Write one version with its meetings, and a referral for whoever accepted and has none yet."""
    place = version.place
    version_id = rows.add_version(
        {
            "contact_id": version.contact_id,
            "version": version.number,
            "recorded_at": now,
            "superseded_at": None,
            "reason": version.reason,
            "recorded_by_id": actor.user,
            "operation_id": place.operation_id,
            "service_id": place.service_id,
            "team_id": place.team_id,
            "withdrawn": version.withdrawn,
            "met_at": entry.met_at,
            "day": said.day,
            "timing": said.timing,
            "result": entry.result,
            "approach": entry.approach,
            "place_kind": entry.place_kind,
            "municipality": entry.municipality,
            "kits": entry.kits,
            "note_sealed": said.note_sealed,
        }
    )
    shared = {
        "contact_version_id": version_id,
        "contact_id": version.contact_id,
        "operation_id": place.operation_id,
        "service_id": place.service_id,
        "team_id": place.team_id,
        "standing": not version.withdrawn,
        "met_at": entry.met_at,
        "day": said.day,
        "recorded_at": now,
        "superseded_at": None,
        "place_kind": entry.place_kind,
    }
    before = {meeting.position: meeting for meeting in former}
    meetings = []
    for position, (person, (person_id, key)) in enumerate(zip(entry.persons, persons, strict=True), start=1):
        row = _meeting(person, before.get(position), now)
        meetings.append({**shared, **row, "position": position, "person_id": person_id, "person_key": key})
    rows.add_meetings(meetings)
    if not version.withdrawn:
        for person, (person_id, _key) in zip(entry.persons, persons, strict=True):
            if person.referred and (version.number == 1 or not contacts.referral_of(version.contact_id, person_id)):
                # What she agreed to when she was met is dated then; a yes that came with a change is dated now.
                agreed = agreed_by(person, min(entry.met_at, now) if version.number == 1 else now)
                _refer(actor, version, person, person_id, said.day, agreed, now)


def _meeting(person: PersonEntry, former: Meeting | None, now: dt.datetime) -> dict[str, Any]:
    """The columns of one person's meeting; an agreement given earlier keeps its date."""
    return {
        "age_believed": person.age,
        "age_said": person.age_said,
        "age_confirmed": former.age_confirmed if former is not None and person.recorded else "not_known",
        "gender_believed": person.gender,
        "gender_said": "not_known",
        "language": "",
        "answer": person.answer,
        "no_referral_reason": person.no_referral_reason,
        "made_safe": person.made_safe,
        "indicators": list(person.indicators),
        **{
            f"agreed_{what}_at": ((getattr(former, f"agreed_{what}_at") if former else None) or now)
            if what in person.agreed
            else None
            for what in rules.AGREEMENTS
        },
    }


def _refer(
    actor: Actor,
    version: Version,
    person: PersonEntry,
    person_id: int,
    day: dt.date,
    agreed: Agreed,
    now: dt.datetime,
) -> None:
    """The referral of a person who accepted and agreed."""
    place = version.place
    referral = add_referral(
        operation_id=place.operation_id,
        service_id=place.service_id,
        contact_id=version.contact_id,
        person_id=person_id,
        day=day,
        made_at=now,
        agency_id=person.agency_id,
        needs=person.needs,
        urgent=person.urgent,
        reach_by=person.reach_by,
        safe_way=person.safe_way,
        by=actor.user,
        now=now,
        agreed=agreed,
    )
    audit.record(
        actor,
        Tag.REFERRAL_MADE,
        kind="referral",
        object_id=referral.uid,
        operation=place.operation_id,
        service=place.service_id,
    )


def agreed_by(person: PersonEntry, at: dt.datetime) -> Agreed:
    """What a person agreed to beside being referred: to share all that may be, and with whom."""
    facts = tuple(fact.value for fact in SharedFact) if "share" in person.agreed else ()
    return Agreed(facts, person.any_agency, at)


def _with_agencies(place: rows.LoggingPlace, entry: ContactEntry) -> ContactEntry:
    """The entry as it is stored, each referral with its agency: the one chosen, else the one to call first.

    Asked before anything is written. Raises ``Invalid`` at an agency that takes no part, and at a safe number that no
    agency could open.
    """
    entry = entry.kept()
    if not any(person.referred for person in entry.persons):
        return entry
    agencies = [agency for agency, _name in rows.agencies_for(place.operation_id, place.root_id)]
    persons = []
    for number, person in enumerate(entry.persons, start=1):
        agency = person.agency_id
        if person.referred and agency is not None and agency not in agencies:
            raise Invalid.at(f"agency-{number}", N_("Choose a support agency of this operation."))
        if person.referred and agency is None and agencies:
            agency = _to_call_first(place, entry, person) if len(agencies) > 1 else agencies[0]
        if person.referred and agency is None and person.safe_way:
            raise Invalid.at(
                f"reach_by-{number}",
                N_("No support agency takes part, so nobody could open the number. Choose another way to reach them."),
            )
        persons.append(replace(person, agency_id=agency))
    return replace(entry, persons=tuple(persons))


def _to_call_first(place: rows.LoggingPlace, entry: ContactEntry, person: PersonEntry) -> int:
    agencies = agency_commands.agencies_for(place.operation_id, place.root_id)
    found = agency_rules.ranked(agencies, utc_now(), band=person.age, needs=person.needs, area=entry.municipality)
    return found[0].agency.id


def _record(actor: Actor, tag: Tag, operation: int, service: int, uid: str, **details: Any) -> None:
    audit.record(actor, tag, kind="contact", object_id=uid, operation=operation, service=service, **details)


# --- changing and withdrawing -----------------------------------------------------------------------------------------


def change_contact(
    actor: Actor, record: contacts.ContactRecord, entry: ContactEntry, *, expected: int, reason: str = ""
) -> None:
    """Record a new version of a contact. Raises ``NotAllowed``; ``Changed`` when ``expected`` is not the version that
    stands; ``Invalid`` at ``reason`` when entries are closed and none is given."""
    _admit_change(actor, record, expected, reason)
    version = _next_version(record, reason)
    entry = _with_agencies(version.place, entry)
    now = utc_now()
    if not contacts.supersede(record.version, now):
        raise Changed()
    operations.note_change(record.operation.id)
    root_id = record.operation.root_id or record.operation.id
    persons = [
        _same_person(root_id, person, record.meetings[n] if n < len(record.meetings) else None)
        for n, person in enumerate(entry.persons)
    ]
    said = _said(version.place, version.contact_uid, entry)
    _add_version(actor, version, entry, said, persons, now, former=[meeting for meeting, _ in record.meetings])
    _record(actor, Tag.CONTACT_CHANGED, record.operation.id, record.contact.service_id, record.contact.uid)


def take_up(actor: Actor, record: contacts.ContactRecord, new: ReadyContact) -> None:
    """Make what was prepared the next version of a contact that has stood for it until now, inside a write.

    For one told by radio whose record arrives. Its persons stay the same persons: the codes have been compared. Raises
    ``NotAllowed``; ``Changed`` when somebody else has changed the contact meanwhile.
    """
    place, entry = new.place, new.entry
    if new.action is not None and not may(actor, new.action, place.target):
        raise NotAllowed()
    _count_change(actor, new)
    now = utc_now()
    if not contacts.supersede(record.version, now):
        raise Changed()
    persons = [_known_person(place.root_id, *pair) for pair in zip(entry.persons, record.meetings, strict=True)]
    version = Version(record.contact.id, record.contact.uid, place, record.version.version + 1, reason="")
    said = _said(place, version.contact_uid, entry)
    _add_version(actor, version, entry, said, persons, now, former=[meeting for meeting, _ in record.meetings])


def _known_person(root_id: int, person: PersonEntry, former: tuple[Meeting, Person]) -> tuple[int, int]:
    """The same person in the next version, also when she brought her code: the card had said so before."""
    brings_her_code_now = person.claimed and former[1].code_sealed is None
    return _same_person(root_id, person if brings_her_code_now else replace(person, claimed=False), former)


def _same_person(root_id: int, person: PersonEntry, former: tuple[Meeting, Person] | None) -> tuple[int, int]:
    """The person of this place in the contact; another one when a code was brought; nameless when consent is gone."""
    if former is None or (person.claimed and person.recorded):
        return _new_person(root_id, person)
    row = former[1]
    if person.recorded and row.code_sealed is None:
        return _new_person(root_id, person)
    if not person.recorded and row.code_sealed is not None:
        contacts.forget_code(row.id)
    return row.id, former[0].person_key


def withdraw_contact(actor: Actor, record: contacts.ContactRecord, *, expected: int, reason: str = "") -> None:
    """Withdraw a contact: its persons count only through others; a referral stands until itself withdrawn.

    Raises as ``change_contact``; withdrawing twice changes nothing.
    """
    if not may(actor, "contact.change", record.target):
        raise NotAllowed()
    if record.version.withdrawn:
        return
    _admit_change(actor, record, expected, reason)
    now = utc_now()
    if not contacts.supersede(record.version, now):
        raise Changed()
    operations.note_change(record.operation.id)
    persons = [(person.id, meeting.person_key) for meeting, person in record.meetings]
    version = _next_version(record, reason, withdrawn=True)
    entry = entry_of(record)
    said = _said(version.place, version.contact_uid, entry)
    _add_version(actor, version, entry, said, persons, now, former=[meeting for meeting, _ in record.meetings])
    _record(actor, Tag.CONTACT_WITHDRAWN, record.operation.id, record.contact.service_id, record.contact.uid)


def _admit_change(actor: Actor, record: contacts.ContactRecord, expected: int, reason: str) -> None:
    if not may(actor, "contact.change", record.target):
        raise NotAllowed()
    if not record.target.open_for_entry and not reason.strip():
        raise Invalid.at("reason", N_("Entries are closed: say why this is changed."))
    if record.version.version != expected:
        raise Changed()


def _next_version(record: contacts.ContactRecord, reason: str, *, withdrawn: bool = False) -> Version:
    contact = record.contact
    place = rows.place_of_service(record.operation, contact.service_id, contact.team_id)
    return Version(contact.id, contact.uid, place, record.version.version + 1, reason.strip()[:500], withdrawn)


def entry_of(record: contacts.ContactRecord) -> ContactEntry:
    """What the current version says, as an entry: the start of a change."""
    version, contact = record.version, record.contact
    note = ""
    if version.note_sealed is not None:
        place = rows.note_place(contact.uid, contact.service_id, contact.operation_id)
        note = site_keys().open(version.note_sealed, place)
    return ContactEntry(
        uid=contact.uid,
        met_at=version.met_at,
        result=version.result,
        approach=version.approach,
        place_kind=version.place_kind,
        municipality=version.municipality,
        kits=version.kits,
        note=note,
        persons=tuple(_person_of(meeting, person) for meeting, person in record.meetings),
    )


def _person_of(meeting: Meeting, person: Person) -> PersonEntry:
    return PersonEntry(
        code=code_of(person),
        claimed=False,
        age=meeting.age_believed,
        age_said=meeting.age_said,
        gender=meeting.gender_believed,
        answer=meeting.answer,
        no_referral_reason=meeting.no_referral_reason,
        made_safe=meeting.made_safe,
        indicators=tuple(meeting.indicators),
        agreed=tuple(a for a in rules.AGREEMENTS if getattr(meeting, f"agreed_{a}_at") is not None),
    )


def code_of(person: Person) -> str:
    """The person's code in clear, '' when none is kept."""
    if person.code_sealed is None:
        return ""
    return site_keys().open(person.code_sealed, rows.code_place(person.uid, person.root_id))


# --- the sample -------------------------------------------------------------------------------------------------------


def log_sample_contact(operation: Operation, service: Any, agency: Any, met_at: dt.datetime, answer: str) -> None:
    """One contact of the sample: one person met, age not known, logged by the command line without a team."""
    place = rows.place_of_service(operation, service.id)
    person = PersonEntry(
        code=rules.make_code(),
        gender="woman_girl",
        answer=answer,
        agreed=("talk", "record", "refer"),
        reach_by="they_call",
        agency_id=agency.id,
    )
    entry = ContactEntry(new_uid(), met_at, ContactResult.MET.value, "online_advertisement", "hotel", persons=(person,))
    log_contact(SYSTEM, place, entry)
