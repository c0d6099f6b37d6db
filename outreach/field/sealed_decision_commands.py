"""What a person decides on a sealed record that waits: it is taken, or left out."""

from __future__ import annotations

from dataclasses import replace

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import N_, Changed, Invalid, NotAllowed, Unreadable
from outreach.storage.phone_keys import Tampered
from outreach.storage.queries import access, contacts, operations, sealed
from outreach.storage.queries import field as rows
from outreach.storage.tables import Operation, SealedRecord
from outreach.storage.types import utc_now
from outreach.vocab import SealedKind, SealedState

from . import commands, sealed_open_commands, sealed_rules
from .rules import ContactEntry
from .sealed_rules import Opened

# What was left out is still there, sealed, and can be taken after all.
_UNDECIDED = (SealedState.HELD.value, SealedState.LEFT_OUT.value)


def opened_of(record: SealedRecord) -> Opened:
    """What a record that waits says. Raises ``KeyMissing``; ``Unreadable`` where it does not open."""
    try:
        return sealed_open_commands.open_envelope(sealed_rules.read_envelope(record.content or b""))
    except (Tampered, ValueError) as error:
        fix = N_("Leave it out, and ask the officer to log it again.")
        raise Unreadable(sealed_open_commands.DOES_NOT_OPEN, fix) from error


def take(actor: Actor, record: SealedRecord, entry: ContactEntry | None = None, reason: str = "") -> str:
    """Store a record that waits as the contact of its officer, or as a version of the contact that it changes.

    ``entry``: what the decider made of it; without it what the phone said. Gives the UUID of the contact. Raises
    ``NotAllowed``; ``Changed`` when somebody else decided first; ``Invalid`` where it does not fit or where entries are
    closed and no ``reason`` is given; ``KeyMissing``; ``Unreadable``.
    """
    operation = _admit(actor, record)
    opened = opened_of(record)
    if not access.service_target(operation, record.service_id).open_for_entry and not reason.strip():
        raise Invalid.at("reason", N_("Entries are closed: say why this is changed."))
    _decide(actor, record, SealedState.TAKEN, reason)
    if record.kind == SealedKind.CONTACT:
        contact_uid = _take_contact(actor, record, operation, opened, entry)
    else:
        contact_uid = _take_change(actor, record, operation, opened, entry, reason)
    sealed.settle(record.id, (SealedState.TAKEN.value,), {"contact_uid": contact_uid, "content": None})
    _note(actor, Tag.HELD_TAKEN, record)
    return contact_uid


def leave_out(actor: Actor, record: SealedRecord, reason: str) -> None:
    """Decide that a record counts nothing. It stays sealed. Raises as ``take``; ``Invalid`` without a reason."""
    _admit(actor, record)
    if not reason.strip():
        raise Invalid.at("reason", N_("Say why this record is left out."))
    _decide(actor, record, SealedState.LEFT_OUT, reason)
    _note(actor, Tag.HELD_LEFT_OUT, record)


def _admit(actor: Actor, record: SealedRecord) -> Operation:
    operation = operations.by_id(record.operation_id)
    if operation is None or not may(actor, "held.decide", access.service_target(operation, record.service_id)):
        raise NotAllowed()
    return operation


def _decide(actor: Actor, record: SealedRecord, state: SealedState, reason: str) -> None:
    decided = {
        "state": state.value,
        "decided_at": utc_now(),
        "decided_by_id": actor.user,
        "decided_because": reason.strip()[:500],
    }
    before = _UNDECIDED if state is SealedState.TAKEN else (SealedState.HELD.value,)
    if not sealed.settle(record.id, before, decided):
        raise Changed()


def _take_contact(
    actor: Actor, record: SealedRecord, operation: Operation, opened: Opened, entry: ContactEntry | None
) -> str:
    """What the phone said, as its officer's own; what the decider made of it, in the decider's name."""
    officer, known = sealed.officer(record.user_id), sealed_open_commands.listed()
    # By the record's own team: what one says that was never opened when it came is only what a phone says.
    place = rows.logging_place(rows.team_uid(record.team_id))
    place = place or rows.place_of_service(operation, record.service_id, record.team_id)
    if entry is None:
        sent = sealed_open_commands.as_sent(opened, record.uid, place.time_zone, known)
        meant = sealed_rules.corrected_entry(sent, opened, record.offset_ms)
        return sealed_open_commands.store(officer, sealed_open_commands.prepare(officer, place, sent, meant, None))
    typed = replace(entry, uid=record.uid)
    uid = sealed_open_commands.store(actor, sealed_open_commands.prepare(actor, place, typed, typed, None))
    contacts.give_to(uid, record.user_id)
    return uid


def _take_change(
    actor: Actor, record: SealedRecord, operation: Operation, opened: Opened, entry: ContactEntry | None, reason: str
) -> str:
    """The phone's text as a new version of what stands now, in the decider's name and with her reason."""
    found = contacts.contact_record(sealed_open_commands.contact_meant(opened, record.user_id))
    if found is None or found.operation.id != operation.id or found.contact.service_id != record.service_id:
        raise Invalid.at("contact", N_("The contact that this changes is not here. Decide on the contact first."))
    version, uid = found.version.version, found.contact.uid
    if record.kind == SealedKind.WITHDRAWAL:
        commands.withdraw_contact(actor, found, expected=version, reason=reason)
        return uid
    known = sealed_open_commands.listed()
    said = entry or sealed_open_commands.entry_of(opened, uid, operation.time_zone, record.offset_ms, known)
    commands.change_contact(actor, found, said, expected=version, reason=reason)
    return uid


def _note(actor: Actor, tag: Tag, record: SealedRecord) -> None:
    audit.record(
        actor,
        tag,
        kind="sealed",
        object_id=record.uid,
        operation=record.operation_id,
        service=record.service_id,
        reason=record.reason,
    )
