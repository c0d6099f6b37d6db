"""Opening a sealed record and working out what it says: of a new contact, or of one that exists. Judges nothing."""

from __future__ import annotations

from dataclasses import replace

from outreach.auth.actors import Actor
from outreach.errors import N_, Invalid
from outreach.storage.phone_keys import phone_keys
from outreach.storage.queries import field as rows
from outreach.storage.queries import lists, sealed

from . import commands, radio_card_commands, rules, sealed_rules
from .rules import ContactEntry
from .sealed_rules import Envelope, Opened

DOES_NOT_OPEN = N_("This record does not open: it was altered before it arrived.")


def open_envelope(envelope: Envelope) -> Opened:
    """What a phone sealed. Raises ``KeyMissing``, ``Tampered``, ``ValueError``."""
    parts = (envelope.wrapped, envelope.nonce, envelope.sealed)
    return sealed_rules.read_opened(phone_keys().open(envelope.key, *parts, envelope.about))


def entry_of(opened: Opened, uid: str, zone: str, offset_ms: int | None, known: rules.Known) -> ContactEntry:
    """The contact that a record says, with its moment by the server's clock. Raises ``Invalid``."""
    return sealed_rules.corrected_entry(as_sent(opened, uid, zone, known), opened, offset_ms)


def as_sent(opened: Opened, uid: str, zone: str, known: rules.Known) -> ContactEntry:
    """The contact that a record says, as the phone wrote it. Raises ``Invalid``."""
    return rules.read_entry({**opened.fields, "uid": [uid]}, zone, known)


def prepare(
    officer: Actor, place: rows.LoggingPlace, sent: ContactEntry, meant: ContactEntry, action: str | None
) -> commands.ReadyContact:
    """The contact ready to be stored; ``meant`` is what was ``sent`` with its moment corrected. Raises ``Invalid``."""
    try:
        return commands.prepare_contact(officer, place, meant, action, as_sent=sent)
    except OverflowError as error:  # a moment at the very end of the calendar, which has no day here
        raise Invalid.at("met_at", N_("Enter when it was as 2017-10-18 21:42.")) from error


def store(officer: Actor, new: commands.ReadyContact) -> str:
    """Store the contact, once; gives the UUID under which it stands. Inside a write. Raises ``NotAllowed``.

    One that was read out by radio before becomes a version of the contact that its card made.
    """
    return radio_card_commands.merge(officer, new) or commands.store_contact(officer, new).stored_uid


def contact_meant(opened: Opened, user_id: int | None) -> str:
    """The UUID of the contact that a phone means: other content of a taken UUID stands under one of its own."""
    own = sealed.record_of_contact(opened.contact, user_id)
    return opened.contact if own is None or own.contact_uid is None else own.contact_uid


def same_text(one: ContactEntry, other: ContactEntry) -> bool:
    """Whether two entries say the same of a contact that exists: a referral has its own record, a code its own rule."""

    def said(entry: ContactEntry) -> ContactEntry:
        kept = entry.kept()
        unsaid = {"code": "", "reach_by": "", "safe_way": "", "urgent": False, "agency_id": None, "needs": ()}
        unsaid["any_agency"] = False
        return replace(kept, uid="", persons=tuple(replace(person, **unsaid) for person in kept.persons))

    return said(one) == said(other)


def listed() -> rules.Known:
    """Whether a code is a choice of a list; each list is read once."""
    seen: dict[str, dict[str, str]] = {}

    def known(list_name: str, code: str) -> bool:
        if list_name not in seen:
            seen[list_name] = lists.labels(list_name, "en")
        return code in seen[list_name]

    return known
