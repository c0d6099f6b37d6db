"""What becomes of a sealed record that arrives: judged, opened, stored once, or held for a person.

Everything that can be is done before the write: ``judge`` opens and prepares, ``keep`` stores. Changes of contacts that
exist, what a person decides, and what waited for its key have their files beside this one; the format on the wire is
``sealed_rules``.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import Finding, Invalid, KeyMissing, NotFound
from outreach.storage.phone_keys import Tampered, phone_keys
from outreach.storage.queries import field as rows
from outreach.storage.queries import sealed
from outreach.storage.types import utc_now
from outreach.vocab import HeldReason, SealedKind, SealedState

from . import (
    commands,
    draft_commands,
    phone_commands,
    rules,
    sealed_change_commands,
    sealed_open_commands,
    sealed_rules,
)
from .sealed_change_commands import Asked
from .sealed_decision_commands import leave_out, opened_of, take
from .sealed_rules import Envelope, Opened, Refused

# Arriving and deciding are one subject to whoever calls them.
__all__ = ["Outcome", "Ready", "hold", "judge", "keep", "leave_out", "measured", "note_refusal", "opened_of", "take"]

_CHANGES = (SealedKind.CORRECTION, SealedKind.WITHDRAWAL)
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
    waiting: int | None = None
    """Id of its row, where it has waited for its key until now."""

    def outcome(self, state: str, reason: str = "", received_at: dt.datetime | None = None) -> Outcome:
        at = received_at or self.received_at
        return Outcome(self.envelope.uid, self.envelope.hashed, state, at, reason, self.phone_key)


@dataclass(frozen=True)
class Ready:
    """A record judged, ready for ``keep``: a contact (``new``), one to be held (``reason``), a change or a practice."""

    sent: Sent
    team: sealed.TeamOf
    opened: Opened | None = None
    reason: str = ""
    findings: tuple[Finding, ...] = ()
    new: commands.ReadyContact | None = None

    @property
    def clock(self) -> tuple[int | None, bool]:
        """See ``sealed_rules.clock_of``."""
        return sealed_rules.clock_of(self.opened, self.sent.envelope.sent_at, self.sent.received_at)


# --- judging: before the write ----------------------------------------------------------------------------------------


def judge(actor: Actor, body: bytes, known: rules.Known) -> Outcome | Ready:
    """Read, prove, open and check one record. An ``Outcome`` needs no write: a repeat, or one that must sign in first.

    Raises ``Refused`` for a record that the phone must keep; one whose phone is known carries its ``sent``.
    """
    envelope = sealed_rules.read_envelope(body)
    sent = _sent(actor, envelope, body)
    if isinstance(sent, Outcome):
        return sent
    found = sealed.known(envelope.key, envelope.uid, envelope.hashed) or _forgotten(sent)
    if found is None:
        raise _refused("unknown_key", envelope)
    if found.operation_id != sent.ticket.operation_id:
        raise _refused("wrong_operation", envelope)
    if found.first is not None:
        return sent.outcome(found.first.state, found.first.reason, found.first.received_at)
    if sent.ended and sealed.waiting_of(sent.ticket.user_id) >= sealed_rules.MOST_OF_AN_ENDED_ACCOUNT:
        raise _refused("too_many", envelope)
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


def _forgotten(sent: Sent) -> sealed.Known | None:
    """A pair that the key store has and the database has not: a backup older than the pair was brought back.

    The phone cannot open the record, so it must be taken. Its operation is the ticket's, which the site signed.
    """
    envelope = sent.envelope
    if not phone_keys().holds(envelope.key):
        return None
    return sealed.Known(sent.ticket.operation_id, sealed.arrived(envelope.uid, envelope.hashed))


def _refused(code: str, envelope: Envelope) -> Refused:
    return Refused(code, envelope.uid, envelope.hashed)


def open_and_check(sent: Sent, known: rules.Known) -> Ready:
    """The record opened, whole and prepared, or the reason for which it waits. Raises ``Refused``."""
    envelope, team_uid = sent.envelope, sent.ticket.team_uid
    place = rows.logging_place(team_uid)
    team = _team_of(place) or sealed.team_of(team_uid)
    if team is None or team.operation_id != sent.ticket.operation_id:
        raise _refused("unknown_ticket", envelope)
    try:
        opened = sealed_open_commands.open_envelope(envelope)
    except KeyMissing:
        return Ready(sent, team, reason=HeldReason.KEY_MISSING.value)
    except Tampered:
        raise _refused("tampered", envelope) from None
    except ValueError:
        raise _refused("malformed", envelope) from None
    if opened.team != team_uid:
        raise _refused("wrong_operation", envelope)
    ready = Ready(sent, team, opened, _barred(sent, place))
    if envelope.kind == SealedKind.PRACTICE:
        return ready
    return _contact(ready, opened, place, known) if envelope.kind == SealedKind.CONTACT else _change(ready, opened)


def _team_of(place: rows.LoggingPlace | None) -> sealed.TeamOf | None:
    if place is None or place.team_id is None:
        return None
    return sealed.TeamOf(place.team_id, place.service_id, place.operation_id)


def _barred(sent: Sent, place: rows.LoggingPlace | None) -> str:
    """Why the officer may not log for the team now; '' when she may.

    A practice needs no operation that is open; a change is judged by its contact, when that is at hand.
    """
    kind = sent.envelope.kind
    if sent.ended:
        return HeldReason.ACCOUNT_ENDED.value
    if kind in _CHANGES:
        return ""
    if place is None or not may(sent.officer, "contact.send", place.target):
        return HeldReason.NOT_IN_TEAM.value
    if kind == SealedKind.PRACTICE or may(sent.officer, "contact.log", place.target):
        return ""
    return HeldReason.CLOSED.value


def _contact(ready: Ready, opened: Opened, place: rows.LoggingPlace | None, known: rules.Known) -> Ready:
    """The contact of the record prepared; what does not fit waits with its findings."""
    uid = ready.sent.envelope.uid
    if [rules.read_uid(said) for said in opened.fields.get("uid", ())] != [uid]:
        raise _refused("malformed", ready.sent.envelope)
    if ready.reason or place is None:
        return ready
    try:
        entry = sealed_open_commands.as_sent(opened, uid, place.time_zone, known)
        meant = sealed_rules.corrected_entry(entry, opened, ready.clock[0])
        new = sealed_open_commands.prepare(ready.sent.officer, place, entry, meant, "contact.log")
    except Invalid as problem:
        return replace(ready, reason=HeldReason.INVALID.value, findings=tuple(problem.findings))
    return replace(ready, new=new)


def _change(ready: Ready, opened: Opened) -> Ready:
    if not opened.contact or not opened.base:
        raise _refused("malformed", ready.sent.envelope)
    return ready


# --- keeping: inside the write ----------------------------------------------------------------------------------------


def keep(ready: Ready, known: rules.Known) -> Outcome:
    """Store or hold a judged record, once: a parallel writer of the same bytes has the first receipt.

    Raises ``NotAllowed`` when the operation was closed since it was judged: the write must be given up then.
    """
    kind = ready.sent.envelope.kind
    if kind == SealedKind.PRACTICE:
        return _tried(ready)
    if ready.reason:
        return hold(ready, ready.reason)
    if ready.new is not None:
        return _stored(ready, sealed_open_commands.store(ready.sent.officer, ready.new))
    return _changed(ready, known)


def _changed(ready: Ready, known: rules.Known) -> Outcome:
    sent = ready.sent
    if ready.opened is None:
        return hold(ready, HeldReason.KEY_MISSING.value)
    asked = Asked(sent.envelope.kind, ready.opened, ready.team.operation_id, ready.clock[0], sent.received_at)
    became = sealed_change_commands.change(sent.officer, asked, known)
    if became.state is None:
        return sent.outcome(NOT_YET, NOT_YET)
    there = replace(ready, team=became.team or ready.team, findings=became.findings)
    if became.contact_uid is None:
        return hold(there, became.reason)
    return _stored(there, became.contact_uid)


def _stored(ready: Ready, contact_uid: str) -> Outcome:
    if not _put(ready, _row(ready, SealedState.STORED.value, contact_uid=contact_uid)):
        return _first(ready)
    _record(ready.sent.officer, Tag.SEALED_RECEIVED, ready.team, ready.sent.envelope)
    return ready.sent.outcome(SealedState.STORED.value)


def hold(ready: Ready, reason: str) -> Outcome:
    """Keep a record sealed for a person to decide on; it counts nothing."""
    findings = [[f.where, f.message, f.params] for f in ready.findings]
    if not _put(ready, _row(ready, SealedState.HELD.value, reason, findings=findings, content=ready.sent.body)):
        return _first(ready)
    _record(ready.sent.officer, Tag.SEALED_HELD, ready.team, ready.sent.envelope, reason=reason)
    return ready.sent.outcome(SealedState.HELD.value, reason)


def _put(ready: Ready, row: dict[str, Any]) -> bool:
    """A new row, or what became of the one that waited; ``False`` when somebody else was first."""
    waiting = ready.sent.waiting
    return sealed.add(row) if waiting is None else sealed.settle(waiting, (SealedState.HELD.value,), row)


def _tried(ready: Ready) -> Outcome:
    """The receipt of a practice contact, of which nothing else is kept; one that would have waited says why."""
    state = SealedState.LEFT_OUT if ready.reason else SealedState.STORED
    if not sealed.add(_row(ready, state.value, ready.reason)):
        return _first(ready)
    return ready.sent.outcome(state.value, ready.reason)


def _first(ready: Ready) -> Outcome:
    """The receipt of a record that another request has stored meanwhile."""
    envelope = ready.sent.envelope
    first = sealed.arrived(envelope.uid, envelope.hashed)
    if first is None:
        raise NotFound()  # removed with its operation since
    return ready.sent.outcome(first.state, first.reason, first.received_at)


def _row(ready: Ready, state: str, reason: str = "", **more: Any) -> dict[str, Any]:
    sent, envelope = ready.sent, ready.sent.envelope
    offset, off = ready.clock
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


# --- what a rehearsal measures ----------------------------------------------------------------------------------------


def measured(ready: Ready) -> draft_commands.Begun | None:
    """What the phone counted of a contact of a rehearsal; ``None`` anywhere else."""
    if ready.new is None or not ready.new.place.rehearsal or ready.opened is None or not ready.opened.taps:
        return None
    began = utc_now() - dt.timedelta(seconds=ready.opened.seconds)
    return draft_commands.Begun(began, ready.opened.taps - draft_commands.PRESSES_AROUND)
