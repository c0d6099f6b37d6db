"""A contact entered from the coded card that an officer read out, and what becomes of it when her record arrives."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import NotAllowed
from outreach.storage.keys import site_keys
from outreach.storage.queries import consents, contacts, radio_cards, referrals
from outreach.storage.queries import field as rows
from outreach.storage.tables import ReferralVersion
from outreach.storage.types import utc_now
from outreach.vocab import HeldReason, ReferralState, SealedState

from . import commands
from . import radio_card_rules as rules
from .commands import ReadyContact
from .radio_card_rules import Card
from .rules import ContactEntry, PersonEntry

STORED, AGAIN, BESIDE, ARRIVED, WAITS, LEFT_OUT = "stored", "again", "beside", "arrived", "waits", "left_out"
# Held, but nobody can read it on the site as it is: the card is what tells of the contact until that changes.
_UNREADABLE = (HeldReason.KEY_MISSING, HeldReason.INVALID)
_IN_HAND = (ReferralState.MADE, ReferralState.RECEIVED, ReferralState.REACHED, ReferralState.ENGAGED)


class Entered(NamedTuple):
    """What became of a card: one of the words above, and since when the site has what it tells.

    ``STORED``: a new contact. ``BESIDE``: one beside another that says something else of the same meeting, flagged. The
    others store nothing: the card came before (``AGAIN``), or the phone's record did, as a contact (``ARRIVED``), as
    something on which the service has to decide (``WAITS``) or has decided (``LEFT_OUT``).
    """

    state: str
    at: dt.datetime


def enter_card(
    actor: Actor,
    place: rows.LoggingPlace,
    card: Card,
    met_at: dt.datetime | None = None,
    agencies: Mapping[int, int] = MappingProxyType({}),
) -> Entered:
    """Store what the card says for the team, once; nothing of it is given back.

    What a card cannot carry and somebody may know: ``met_at``, the time of the meeting where the phone's clock is
    wrong; ``agencies``, person's number → the agency chosen for her. Raises ``NotAllowed``; ``Invalid`` at an agency.
    """
    if place.team_id is None or not may(actor, "contact.log_by_radio", place.target):
        raise NotAllowed()
    radio_cards.hold_team(place.team_id)
    uid = _uid_of(place.team_uid, card)
    cards = radio_cards.cards_with(place.operation_id, place.team_id, card.mark)
    same = next((one for one in cards if one.contact_uid == uid), None)
    if same is not None:
        _record(actor, Tag.RADIO_CARD_REPEATED, place, uid)
        return Entered(AGAIN, same.entered_at)
    entry = _with(card.entry(uid, met_at), agencies)
    ending = rules.mark_ending(card.mark)
    arrived = radio_cards.arrived_with(place.team_id, ending)
    for one in arrived:
        if rules.agree(entry, _first_said(one)):
            _record(actor, Tag.RADIO_CARD_REPEATED, place, one.contact.uid)
            return Entered(ARRIVED, one.contact.created_at)
    if not arrived:
        waits = [w for w in radio_cards.sealed_with(place.team_id, ending) if w.reason not in _UNREADABLE]
        if waits:
            return Entered(WAITS if waits[0].state == SealedState.HELD else LEFT_OUT, waits[0].received_at)
    other = [one.contact.uid for one in arrived] or [one.contact_uid for one in cards]
    new = commands.prepare_contact(actor, place, entry, "contact.log_by_radio")
    receipt = commands.store_contact(actor, new, beside=other[0] if other else None)
    radio_cards.add_card(
        {
            "operation_id": place.operation_id,
            "service_id": place.service_id,
            "team_id": place.team_id,
            "mark": card.mark,
            "contact_uid": uid,
            "entered_at": receipt.received_at,
            "entered_by_id": actor.user,
        }
    )
    _record(actor, Tag.RADIO_CARD_ENTERED, place, uid)
    return Entered(BESIDE if other else STORED, receipt.received_at)


def _with(entry: ContactEntry, agencies: Mapping[int, int]) -> ContactEntry:
    persons = [replace(person, agency_id=agencies.get(n)) for n, person in enumerate(entry.persons, start=1)]
    return replace(entry, persons=tuple(persons))


def _uid_of(team_uid: str, card: Card) -> str:
    """The UUID of the card's contact: the same for the same signs, and nothing can be read from it without the key."""
    return str(uuid.UUID(hex=site_keys().mark(card.text, f"radio card/{team_uid}")[:32], version=4))


def _first_said(arrived: radio_cards.Arrived) -> ContactEntry:
    """What a phone's record said when it arrived, as far as a card can tell: it may have been changed since."""
    version = arrived.first
    persons = [
        PersonEntry(
            code=commands.code_of(person),
            agreed=("record",) if meeting.agreed_record_at is not None else (),
        )
        for meeting, person in contacts.meetings_of(version.id)
    ]
    return ContactEntry(arrived.contact.uid, version.met_at, version.result, persons=tuple(persons))


# --- when the record arrives ------------------------------------------------------------------------------------------


def merge(officer: Actor, new: ReadyContact) -> str | None:
    """Where a record was stored that was read out before it arrived: the UUID of its contact, for the receipt.

    ``None`` when no card stands for it: then it is stored like any other. Where the card's contact is as it was entered
    and says the same, it gets the record as its next version and is the officer's own from now on; else the record is
    kept beside it, flagged, and a person decides. A repeat finds what the first one did. Inside a write; raises
    ``NotAllowed`` as ``commands.store_contact`` does, and ``Changed``.
    """
    place, uid = new.place, new.entry.uid
    if place.team_id is None:
        return None
    radio_cards.hold_team(place.team_id)
    cards = radio_cards.cards_with(place.operation_id, place.team_id, rules.mark_of(uid))
    if not cards or rows.stored(uid) is not None:
        return None
    merged = next((card for card in cards if card.merged_uid == uid), None)
    if merged is not None:
        return _again(officer, new, merged.contact_uid)
    waiting = [card for card in cards if card.merged_uid is None]
    for card in reversed(waiting):
        record = contacts.contact_record(card.contact_uid)
        if record is not None and _stands_as_entered(record) and rules.agree(commands.entry_of(record), new.entry):
            _take_up(officer, record, new, card)
            return card.contact_uid
    if not waiting:
        return None
    return commands.store_contact(officer, new, beside=waiting[-1].contact_uid).stored_uid


def _again(officer: Actor, new: ReadyContact, contact_uid: str) -> str:
    """A record whose first arrival was merged: the same content is there already, other content is kept beside it."""
    stored = rows.stored(contact_uid)
    if stored is None or stored.content_hash != new.mark:
        return commands.store_contact(officer, new, beside=contact_uid).stored_uid
    _record(officer, Tag.CONTACT_REPEATED, new.place, contact_uid)
    return contact_uid


def _stands_as_entered(record: contacts.ContactRecord) -> bool:
    """Whether nobody has changed or withdrawn it since the card was entered."""
    return record.version.version == 1 and not record.version.withdrawn


def _take_up(officer: Actor, record: contacts.ContactRecord, new: ReadyContact, card: radio_cards.Card) -> None:
    # Asked before the new version is written, which makes a referral for whoever has none.
    begun = [contacts.referral_of(record.contact.id, person.id) for _meeting, person in record.meetings]
    commands.take_up(officer, record, new)
    now = utc_now()
    for person, referral_id in zip(new.entry.persons, begun, strict=True):
        if referral_id is not None and person.referred:
            _complete_referral(officer, new, person, referral_id, now)
    radio_cards.adopt(record.contact.id, officer.user, new.mark)
    radio_cards.merged(card.id, new.entry.uid, now)
    _record(officer, Tag.RADIO_CARD_MERGED, new.place, record.contact.uid)


def _complete_referral(
    officer: Actor, new: ReadyContact, person: PersonEntry, referral_id: int, now: dt.datetime
) -> None:
    """Give a referral what the card could not carry: the agency that was chosen, the needs, the number.

    One that an agency has in hand stays as that agency left it, and gets the number. Where the person had chosen
    another agency, or nobody could reach her without the number, a referral of its own is made beside it.
    """
    referral, version = referrals.by_id(referral_id), referrals.current(referral_id)
    said = {"agency_id": person.agency_id, "needs": list(person.needs), "urgent": person.urgent}
    said["reach_by"] = person.reach_by
    agreed = commands.agreed_by(person, min(new.entry.met_at, now))
    tag = Tag.REFERRAL_COMPLETED
    if version.state == ReferralState.MADE:
        if referrals.supersede(version, now):
            number = version.version + 1
            stamp = {"recorded_at": now, "recorded_by_id": officer.user, "owed_at": version.owed_at}
            row = ReferralVersion(referral_id=referral_id, state=version.state, version=number, **said, **stamp)
            referrals.add_version(row)
            consents.complete(referral_id, agreed, person.agency_id, now, officer.user)
    elif version.agency_id != person.agency_id or version.state == ReferralState.NOT_REACHED:
        about = {name: getattr(referral, name) for name in ("operation_id", "service_id", "contact_id", "person_id")}
        way = {"safe_way": person.safe_way, "by": officer.user, "now": now, "agreed": agreed}
        referral = referrals.add_referral(**about, day=new.said.day, made_at=now, **said, **way)
        tag = Tag.REFERRAL_MADE
    standing = referrals.current(referral.id)
    has_place = standing.agency_id is not None and standing.state in _IN_HAND
    if person.safe_way and has_place and referrals.safe_contact(referral.id) is None:
        referrals.give_safe_way(referral, standing.agency_id, person.safe_way, now)
    place = new.place
    audit.record(
        officer,
        tag,
        kind="referral",
        object_id=referral.uid,
        operation=place.operation_id,
        service=place.service_id,
    )


def _record(actor: Actor, tag: Tag, place: rows.LoggingPlace, uid: str) -> None:
    audit.record(
        actor, tag, kind="contact", object_id=uid, operation=place.operation_id, service=place.service_id, by_radio=True
    )
