"""What becomes of a sealed record that arrives: judged, opened, stored once, or held for a person.

Everything that can be is done before the write: ``judge`` opens and prepares, ``keep`` stores. What waits for a person
is decided by ``take`` and ``leave_out``. The format on the wire is ``sealed_rules``.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import N_, Changed, Finding, Invalid, KeyMissing, NotAllowed, NotFound, Unreadable
from outreach.storage.phone_keys import Tampered, phone_keys
from outreach.storage.queries import access, contacts, lists, operations, sealed
from outreach.storage.queries import field as rows
from outreach.storage.tables import Operation, SealedRecord
from outreach.storage.types import utc_now
from outreach.vocab import HeldReason, SealedKind, SealedState

from . import commands, draft_commands, phone_commands, rules, sealed_rules
from .rules import ContactEntry
from .sealed_rules import Envelope, Opened, Refused

DOES_NOT_OPEN = N_("This record does not open: it was altered before it arrived.")
REJECTED, NOT_YET, SIGN_IN = sealed_rules.REJECTED, "not_yet", "sign_in_needed"


class Outcome(NamedTuple):
    """What the phone is told. ``state``: of ``vocab.SealedState``, or ``REJECTED``, ``NOT_YET``, ``SIGN_IN``.

    ``reason``: of ``vocab.HeldReason`` for what is held, of ``sealed_rules.REFUSALS`` for what is rejected.
    """

    uid: str
    hashed: str
    state: str
    received_at: dt.datetime
    reason: str = ""
    phone_key: bytes | None = None


@dataclass(frozen=True)
class Sent:
    """A record that a phone of ours sent: its proof fits, its key pair is one of ours. ``body``: as it came."""

    envelope: Envelope
    ticket: phone_commands.Ticket
    phone_key: bytes
    officer: Actor
    ended: bool
    received_at: dt.datetime
    body: bytes

    def outcome(self, state: str, reason: str = "", received_at: dt.datetime | None = None) -> Outcome:
        at = received_at or self.received_at
        return Outcome(self.envelope.uid, self.envelope.hashed, state, at, reason, self.phone_key)


@dataclass(frozen=True)
class Ready:
    """A record judged and ready for ``keep``: to be stored (``new``), to be held (``reason``), or a practice."""

    sent: Sent
    team: sealed.TeamOf
    opened: Opened | None = None
    reason: str = ""
    findings: tuple[Finding, ...] = ()
    new: commands.ReadyContact | None = None


# --- judging: before the write ----------------------------------------------------------------------------------------


def judge(actor: Actor, body: bytes, known: rules.Known) -> Outcome | Ready:
    """Read, prove, open and check one record. An ``Outcome`` needs no write: a repeat, or one that must sign in first.

    Raises ``Refused`` for a record that the phone must keep; one whose phone is known carries its ``sent``.
    """
    envelope = sealed_rules.read_envelope(body)
    sent = _sent(actor, envelope, body)
    if isinstance(sent, Outcome):
        return sent
    found = sealed.known(envelope.key, envelope.uid, envelope.hashed)
    if found is None:
        raise _refused("unknown_key", envelope)
    if found.operation_id != sent.ticket.operation_id:
        raise _refused("wrong_operation", envelope)
    if found.first is not None:
        return sent.outcome(found.first.state, found.first.reason, found.first.received_at)
    return open_and_check(sent, known)


def _sent(actor: Actor, envelope: Envelope, body: bytes) -> Sent | Outcome:
    """Whose record it is. Raises ``Refused``; the proof is cheap and comes before everything else."""
    ticket = phone_commands.read_ticket(envelope.ticket)
    if ticket is None or ticket.device != envelope.device:
        raise _refused("unknown_ticket", envelope)
    key = phone_commands.phone_key(ticket.user_id, ticket.device)
    if not sealed_rules.sent_by(key, envelope):
        raise _refused("tampered", envelope)
    if envelope.owner != phone_commands.owner_mark(ticket.user_id):
        raise _refused("wrong_person", envelope)
    sent = Sent(envelope, ticket, key, actor, False, utc_now(), body)
    if actor.user == ticket.user_id:
        return sent
    account = sealed.account(ticket.user_id)
    if account is None or not account.active:
        name = "" if account is None else account.name
        return replace(sent, officer=Actor(None if account is None else ticket.user_id, name), ended=True)
    if actor.user is not None:
        raise _refused("wrong_person", envelope)
    return sent.outcome(SIGN_IN, SIGN_IN)


def _refused(code: str, envelope: Envelope) -> Refused:
    return Refused(code, envelope.uid, envelope.hashed)


def open_and_check(sent: Sent, known: rules.Known) -> Ready:
    """The record opened, whole and prepared, or the reason for which it waits. Raises ``Refused``."""
    envelope = sent.envelope
    team = sealed.team_of(sent.ticket.team_uid)
    if team is None or team.operation_id != sent.ticket.operation_id:
        raise _refused("unknown_ticket", envelope)
    try:
        opened = open_envelope(envelope)
    except KeyMissing:
        return Ready(sent, team, reason=HeldReason.KEY_MISSING.value)
    except Tampered:
        raise _refused("tampered", envelope) from None
    except ValueError:
        raise _refused("malformed", envelope) from None
    if opened.team != sent.ticket.team_uid:
        raise _refused("wrong_operation", envelope)
    ready = Ready(sent, team, opened)
    place = rows.logging_place(opened.team)
    reason = _barred(sent, place)
    if reason or place is None:
        return replace(ready, reason=reason)
    if envelope.kind == SealedKind.PRACTICE:
        return ready
    return _prepared(ready, opened, place, known)


def open_envelope(envelope: Envelope) -> Opened:
    """What a phone sealed. Raises ``KeyMissing``, ``Tampered``, ``ValueError``."""
    parts = (envelope.wrapped, envelope.nonce, envelope.sealed)
    return sealed_rules.read_opened(phone_keys().open(envelope.key, *parts, envelope.about))


def _barred(sent: Sent, place: rows.LoggingPlace | None) -> str:
    """Why the officer may not log for the team now; '' when she may. A practice needs no operation that is open."""
    if sent.ended:
        return HeldReason.ACCOUNT_ENDED.value
    if place is None or not may(sent.officer, "contact.send", place.target):
        return HeldReason.NOT_IN_TEAM.value
    if sent.envelope.kind == SealedKind.PRACTICE or may(sent.officer, "contact.log", place.target):
        return ""
    return HeldReason.CLOSED.value


def _prepared(ready: Ready, opened: Opened, place: rows.LoggingPlace, known: rules.Known) -> Ready:
    """The contact of the record with its moment by the server's clock; what does not fit waits with its findings."""
    envelope = ready.sent.envelope
    try:
        entry = rules.read_entry(opened.fields, place.time_zone, known)
        if entry.uid != envelope.uid:
            raise _refused("malformed", envelope)
        offset, _ = sealed_rules.clock_of(opened, envelope.sent_at, ready.sent.received_at)
        meant = sealed_rules.corrected_entry(entry, opened, offset)
        new = commands.prepare_contact(ready.sent.officer, place, meant, "contact.log", as_sent=entry)
    except Invalid as problem:
        return replace(ready, reason=HeldReason.INVALID.value, findings=tuple(problem.findings))
    except OverflowError:
        finding = Finding("met_at", N_("Enter when it was as 2017-10-18 21:42."))
        return replace(ready, reason=HeldReason.INVALID.value, findings=(finding,))
    return replace(ready, new=new)


# --- keeping: inside the write ----------------------------------------------------------------------------------------


def keep(ready: Ready) -> Outcome:
    """Store or hold a judged record, once: a parallel writer of the same bytes has the first receipt.

    Raises ``NotAllowed`` when the operation was closed since it was judged: the write must be given up then.
    """
    if ready.sent.envelope.kind == SealedKind.PRACTICE:
        return _tried(ready)
    if ready.reason or ready.new is None:
        return hold(ready, ready.reason)
    return _stored(ready, ready.new)


def _stored(ready: Ready, new: commands.ReadyContact) -> Outcome:
    officer, envelope = ready.sent.officer, ready.sent.envelope
    contact_uid = _read_out_before(officer, new) or commands.store_contact(officer, new).stored_uid
    if not sealed.add(_row(ready, SealedState.STORED.value, contact_uid=contact_uid)):
        return _first(ready)
    _record(officer, Tag.SEALED_RECEIVED, ready.team, envelope)
    return ready.sent.outcome(SealedState.STORED.value)


def _read_out_before(officer: Actor, new: commands.ReadyContact) -> str | None:
    """The contact that a coordinator entered from the coded card of this record, of which it is a new version now.

    A hook for ``radio_card_commands.merge``.
    """
    return None


def hold(ready: Ready, reason: str) -> Outcome:
    """Keep a record sealed for a person to decide on; it counts nothing."""
    findings = [[f.where, f.message, f.params] for f in ready.findings]
    if not sealed.add(_row(ready, SealedState.HELD.value, reason, findings=findings, content=ready.sent.body)):
        return _first(ready)
    _record(ready.sent.officer, Tag.SEALED_HELD, ready.team, ready.sent.envelope, reason=reason)
    return ready.sent.outcome(SealedState.HELD.value, reason)


def _tried(ready: Ready) -> Outcome:
    """The receipt of a practice contact, of which nothing else is kept; one that would have waited says why."""
    state = SealedState.LEFT_OUT if ready.reason else SealedState.STORED
    if not sealed.add(_row(ready, state.value, ready.reason)):
        return _first(ready)
    return ready.sent.outcome(state.value, ready.reason)


def _first(ready: Ready) -> Outcome:
    """The receipt of a record that another request has stored meanwhile."""
    envelope = ready.sent.envelope
    found = sealed.known(envelope.key, envelope.uid, envelope.hashed)
    if found is None or found.first is None:
        raise NotFound()  # removed with its operation since
    return ready.sent.outcome(found.first.state, found.first.reason, found.first.received_at)


def _row(ready: Ready, state: str, reason: str = "", **more: Any) -> dict[str, Any]:
    sent, envelope = ready.sent, ready.sent.envelope
    offset, off = sealed_rules.clock_of(ready.opened, envelope.sent_at, sent.received_at)
    row = {
        "uid": envelope.uid,
        "hash": envelope.hashed,
        "kind": envelope.kind,
        "device": envelope.device,
        "key_uid": envelope.key,
        "operation_id": ready.team.operation_id,
        "service_id": ready.team.service_id,
        "team_id": ready.team.team_id,
        "user_id": sent.officer.user,
        "state": state,
        "reason": reason,
        "findings": [],
        "contact_uid": None,
        "received_at": sent.received_at,
        "saved_at": None if ready.opened is None else ready.opened.saved_at,
        "offset_ms": offset,
        "clock_off": off,
        "content": None,
    }
    return row | more


def _record(actor: Actor, tag: Tag, team: sealed.TeamOf, envelope: Envelope, **details: Any) -> None:
    audit.record(
        actor,
        tag,
        kind="sealed",
        object_id=envelope.uid,
        operation=team.operation_id,
        service=team.service_id,
        **details,
    )


def note_refusal(actor: Actor, refused: Refused, ticket: phone_commands.Ticket) -> None:
    """Enter in the journal that a record was sent back to a phone of ours; of anything else nothing is written."""
    audit.record(
        actor,
        Tag.SEALED_REJECTED,
        kind="sealed",
        object_id=refused.uid,
        operation=ticket.operation_id,
        outcome="refused",
        reason=refused.code,
    )


def refusal(refused: Refused, ticket: phone_commands.Ticket | None) -> Outcome:
    """What the phone is told of a record that it must keep; proven where the site knows the phone."""
    key = None if ticket is None else phone_commands.phone_key(ticket.user_id, ticket.device)
    return Outcome(refused.uid, refused.hashed, REJECTED, utc_now(), refused.code, key)


def ticket_in(body: bytes) -> phone_commands.Ticket | None:
    """The ticket of a record that was refused, if it is one of ours for the phone that the record names."""
    try:
        envelope = sealed_rules.read_envelope(body)
    except Refused:
        return None
    ticket = phone_commands.read_ticket(envelope.ticket)
    return ticket if ticket is not None and ticket.device == envelope.device else None


# --- what a person decides --------------------------------------------------------------------------------------------

# What was left out is still there, sealed, and can be taken after all.
_UNDECIDED = (SealedState.HELD.value, SealedState.LEFT_OUT.value)


def opened_of(record: SealedRecord) -> Opened:
    """What a record that waits says. Raises ``KeyMissing``; ``Unreadable`` where it does not open."""
    try:
        return open_envelope(sealed_rules.read_envelope(record.content or b""))
    except (Tampered, ValueError) as error:
        raise Unreadable(DOES_NOT_OPEN, N_("Leave it out, and ask the officer to log it again.")) from error


def take(actor: Actor, record: SealedRecord, entry: ContactEntry | None = None, reason: str = "") -> str:
    """Store a record that waits as the contact of its officer, or as a version of the contact that it changes.

    ``entry``: what the decider made of it; without it what the phone said. Gives the UUID of the contact. Raises
    ``NotAllowed``; ``Changed`` when somebody else decided first; ``Invalid`` where it does not fit or where entries are
    closed and no ``reason`` is given; ``KeyMissing``; ``Unreadable``.
    """
    operation = _admit_decision(actor, record)
    opened = opened_of(record)
    _decide(actor, record, SealedState.TAKEN, reason)
    if record.kind == SealedKind.CONTACT:
        contact_uid = _take_contact(record, operation, opened, entry)
    else:
        contact_uid = _take_change(actor, record, operation, opened, entry, reason)
    sealed.settle(record.id, (SealedState.TAKEN.value,), {"contact_uid": contact_uid, "content": None})
    _note_decision(actor, Tag.HELD_TAKEN, record)
    return contact_uid


def leave_out(actor: Actor, record: SealedRecord, reason: str) -> None:
    """Decide that a record counts nothing. It stays sealed. Raises as ``take``."""
    _admit_decision(actor, record)
    if not reason.strip():
        raise Invalid.at("reason", N_("Say why this record is left out."))
    _decide(actor, record, SealedState.LEFT_OUT, reason)
    _note_decision(actor, Tag.HELD_LEFT_OUT, record)


def _admit_decision(actor: Actor, record: SealedRecord) -> Operation:
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


def _take_contact(record: SealedRecord, operation: Operation, opened: Opened, entry: ContactEntry | None) -> str:
    officer = sealed.officer(record.user_id)
    place = rows.logging_place(opened.team) or rows.place_of_service(operation, record.service_id, record.team_id)
    said = entry or sealed_rules.corrected_entry(
        rules.read_entry(opened.fields, place.time_zone, listed()), opened, record.offset_ms
    )
    new = commands.prepare_contact(officer, place, replace(said, uid=record.uid), None)
    return commands.store_contact(officer, new).stored_uid


def _take_change(
    actor: Actor, record: SealedRecord, operation: Operation, opened: Opened, entry: ContactEntry | None, reason: str
) -> str:
    """The phone's text as a new version of what stands now, in the decider's name and with her reason."""
    found = contacts.contact_record(_contact_of(opened, record.user_id))
    if found is None or found.operation.id != operation.id:
        raise Invalid.at("contact", N_("The contact that this changes is not here. Decide on the contact first."))
    why = {"expected": found.version.version, "reason": reason}
    if record.kind == SealedKind.WITHDRAWAL:
        commands.withdraw_contact(actor, found, **why)
    else:
        said = entry or _changed_entry(opened, found, record.offset_ms, listed())
        commands.change_contact(actor, found, said, **why)
    return found.contact.uid


def _changed_entry(
    opened: Opened, found: contacts.ContactRecord, offset_ms: int | None, known: rules.Known
) -> ContactEntry:
    """What a correction says of the contact. Raises ``Invalid``."""
    fields = {**opened.fields, "uid": [found.contact.uid]}
    entry = rules.read_entry(fields, found.operation.time_zone, known)
    return sealed_rules.corrected_entry(entry, opened, offset_ms)


def _contact_of(opened: Opened, user_id: int | None) -> str:
    """The UUID of the contact that a phone means: other content of a taken UUID stands under one of its own."""
    own = sealed.record_of_contact(opened.contact, user_id)
    return opened.contact if own is None or own.contact_uid is None else own.contact_uid


def _note_decision(actor: Actor, tag: Tag, record: SealedRecord) -> None:
    audit.record(
        actor,
        tag,
        kind="sealed",
        object_id=record.uid,
        operation=record.operation_id,
        service=record.service_id,
        reason=record.reason,
    )


def listed() -> rules.Known:
    """Whether a code is a choice of a list; each list is read once."""
    seen: dict[str, dict[str, str]] = {}

    def known(list_name: str, code: str) -> bool:
        if list_name not in seen:
            seen[list_name] = lists.labels(list_name, "en")
        return code in seen[list_name]

    return known


# --- what a rehearsal measures ----------------------------------------------------------------------------------------


def measured(ready: Ready) -> draft_commands.Begun | None:
    """What the phone counted of a contact of a rehearsal; ``None`` anywhere else."""
    if ready.new is None or not ready.new.place.rehearsal or ready.opened is None or not ready.opened.taps:
        return None
    began = utc_now() - dt.timedelta(seconds=ready.opened.seconds)
    return draft_commands.Begun(began, ready.opened.taps - draft_commands.PRESSES_AROUND)
