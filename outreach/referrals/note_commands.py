"""Notes of a liaison's phone: what it is given to work without signal, what becomes of what it sends back, decisions.

As the field has it for contacts (``field.phone_commands``, ``field.sealed_commands``): everything is proven and opened
before the write; a note that may not be stored waits, sealed, for a liaison of the agency.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor, Target
from outreach.auth.permissions import may
from outreach.errors import N_, Blocked, Changed, Invalid, KeyMissing, NotAllowed, NotFound
from outreach.field import phone_commands, sealed_open_commands, sealed_rules
from outreach.field.sealed_commands import SIGN_IN, Outcome
from outreach.field.sealed_rules import Envelope, Opened, Refused
from outreach.plan.operation_rules import DEFAULT_ZONE
from outreach.storage.keys import site_keys
from outreach.storage.phone_keys import Tampered, phone_keys
from outreach.storage.queries import notes, referrals, sealed
from outreach.storage.queries.accounts import SignedIn
from outreach.storage.tables import Referral, SealedNote
from outreach.storage.types import utc_now
from outreach.vocab import NoteHeld, NoteKind, NoteLeft, SealedState

from . import case_commands, case_rules, note_rules, rules

FORMAT = 1
PART = "cases"
_UNDECIDED = (SealedState.HELD.value, SealedState.LEFT_OUT.value)


# --- what a phone is given --------------------------------------------------------------------------------------------


def place_of(agency_id: int) -> str:
    """The name under which a phone knows an agency, as it knows a team."""
    return f"agency-{agency_id}"


@dataclass(frozen=True)
class Ticket:
    """The site's word that this person was a liaison of this agency on this phone when it was given."""

    user_id: int
    device: str
    agency_id: int


def _tickets() -> URLSafeSerializer:
    secret = site_keys().site_secret("phone tickets")
    return URLSafeSerializer(secret, salt="agency", signer_kwargs={"digest_method": hashlib.sha256})


def read_ticket(text: str) -> Ticket | None:
    """The ticket as it was given; ``None`` for one that the site did not sign."""
    try:
        return Ticket(*_tickets().loads(text))
    except BadSignature:
        return None


def is_prepared(agency_ids: Sequence[int]) -> bool:
    return all(notes.standing_key(agency) is not None for agency in agency_ids)


def prepare(actor: Actor, agency_ids: Sequence[int]) -> None:
    """Make the key pairs that are missing. Inside a write. Raises ``NotAllowed``."""
    for agency in agency_ids:
        if not may(actor, "case.change", Target(agency=agency)):
            raise NotAllowed()
        if notes.standing_key(agency) is None:
            notes.make_key(agency)
            audit.record(actor, Tag.AGENCY_KEY_MADE, kind="service", object_id=str(agency), service=agency)


def pack_of(
    actor: Actor, device: str, agency_ids: Sequence[int], cases: Sequence[Any], session: SignedIn | None
) -> dict[str, Any]:
    """What the phone needs without signal, as JSON: as ``phone_commands.pack_of``, with agencies in the place of teams.

    ``cases``: what ``note_views`` says of each referral. The safe way to reach anybody is never in it.
    """
    user = actor.user
    if user is None:
        raise NotAllowed()
    mark = session and phone_commands.SessionMark(user, device, session.session_id, int(session.ends_at.timestamp()))
    return {
        "format": FORMAT,
        "part": PART,
        "owner": phone_commands.owner_mark(user),
        "device": device,
        "phone_key": base64.b64encode(phone_commands.phone_key(user, device)).decode(),
        "session": mark and phone_commands.mark_of(mark),
        "server_at": utc_now().isoformat(),
        "session_ends_at": phone_commands.iso(session.ends_at if session else None),
        "teams": [_agency(user, device, row) for row in notes.agencies(agency_ids)],
        "cases": list(cases),
    }


def _agency(user_id: int, device: str, row: tuple[int, str, str]) -> dict[str, Any]:
    agency, name, zone = row
    key = notes.standing_key(agency)
    if key is None:
        raise KeyMissing()
    return {
        "uid": place_of(agency),
        "name": name,
        "zone": zone or DEFAULT_ZONE,
        "ticket": str(_tickets().dumps([user_id, device, agency])),
        "key": {"id": key.uid, "spki": key.spki},
    }


# --- judging what it sends: before the write --------------------------------------------------------------------------


@dataclass(frozen=True)
class Ready:
    """A note that is proven, with what it says (none while its key is missing), ready for ``keep``."""

    envelope: Envelope
    ticket: Ticket
    phone_key: bytes
    writer: Actor
    ended: bool
    received_at: dt.datetime
    body: bytes
    opened: Opened | None = None

    def outcome(self, state: str, reason: str = "", received_at: dt.datetime | None = None) -> Outcome:
        at = received_at or self.received_at
        return Outcome(self.envelope.uid, self.envelope.hashed, state, at, reason, self.phone_key)

    @property
    def offset_ms(self) -> int | None:
        return sealed_rules.clock_of(self.opened, self.envelope.sent_at, self.received_at)[0]


def judge(actor: Actor, body: bytes) -> Outcome | Ready:
    """Read, prove and open one note. An ``Outcome`` needs no write: a repeat, or one that must sign in first.

    Raises ``Refused`` for a note that the phone must keep.
    """
    envelope = sealed_rules.read_envelope(body, note_rules.KINDS)
    ready = _proven(actor, envelope, body)
    if isinstance(ready, Outcome):
        return ready
    agency = notes.agency_of_key(envelope.key)
    if agency is None and phone_keys().holds(envelope.key):
        agency = ready.ticket.agency_id  # a database older than the pair was brought back; the ticket is signed
    if agency != ready.ticket.agency_id:
        raise _refused("unknown_key", envelope)
    if (first := notes.arrived(envelope.uid, envelope.hashed)) is not None:
        return ready.outcome(first.state, first.reason, first.received_at)
    if ready.ended and notes.waiting_of(ready.ticket.user_id) >= sealed_rules.MOST_OF_AN_ENDED_ACCOUNT:
        raise _refused("too_many", envelope)
    return _opened(ready)


def _proven(actor: Actor, envelope: Envelope, body: bytes) -> Ready | Outcome:
    """Whose note it is. The proof is cheap and comes before everything else."""
    ticket = read_ticket(envelope.ticket)
    if ticket is None or ticket.device != envelope.device:
        raise _refused("unknown_ticket", envelope)
    key = phone_commands.phone_key(ticket.user_id, ticket.device)
    if not sealed_rules.sent_by(key, envelope):
        raise _refused("tampered", envelope)
    if envelope.owner != phone_commands.owner_mark(ticket.user_id):
        raise _refused("wrong_person", envelope)
    ready = Ready(envelope, ticket, key, actor, False, utc_now(), body)
    if actor.user == ticket.user_id:
        return ready
    account = sealed.account(ticket.user_id)
    if account is None or not account.active:
        name = "" if account is None else account.name
        return replace(ready, writer=Actor(None if account is None else ticket.user_id, name), ended=True)
    if actor.user is not None:
        raise _refused("wrong_person", envelope)
    return ready.outcome(SIGN_IN, SIGN_IN)


def _opened(ready: Ready) -> Ready:
    try:
        opened = sealed_open_commands.open_envelope(ready.envelope)
    except KeyMissing:
        return ready
    except Tampered:
        raise _refused("tampered", ready.envelope) from None
    except ValueError:
        raise _refused("malformed", ready.envelope) from None
    if opened.team != place_of(ready.ticket.agency_id):
        raise _refused("unknown_key", ready.envelope)
    return replace(ready, opened=opened)


def _refused(code: str, envelope: Envelope) -> Refused:
    return Refused(code, envelope.uid, envelope.hashed)


def refusal(refused: Refused, body: bytes) -> Outcome:
    """What the phone is told of a note that it must keep; proven where the site knows the phone."""
    ticket = _ticket_in(body)
    key = None if ticket is None else phone_commands.phone_key(ticket.user_id, ticket.device)
    return Outcome(refused.uid, refused.hashed, sealed_rules.REJECTED, utc_now(), refused.code, key)


def note_refusal(actor: Actor, refused: Refused, body: bytes) -> None:
    """Enter in the journal that a note was sent back to a phone of ours; of anything else nothing is written."""
    ticket = _ticket_in(body)
    if ticket is not None:
        details = {"outcome": "refused", "reason": refused.code}
        audit.record(actor, Tag.NOTE_REJECTED, kind="note", object_id=refused.uid, service=ticket.agency_id, **details)


def _ticket_in(body: bytes) -> Ticket | None:
    try:
        envelope = sealed_rules.read_envelope(body, note_rules.KINDS)
    except Refused:
        return None
    ticket = read_ticket(envelope.ticket)
    return ticket if ticket is not None and ticket.device == envelope.device else None


# --- keeping: inside the write ----------------------------------------------------------------------------------------


def keep(ready: Ready) -> Outcome:
    """Store or hold a judged note, once: a parallel writer of the same bytes has the first receipt.

    Raises ``Invalid``, ``Blocked``, ``NotAllowed``, ``NotFound`` where the case does not take it: the write must be
    given up then, and the note held (``hold``).
    """
    opened, writer = ready.opened, ready.writer
    if opened is None:
        return hold(ready, NoteHeld.KEY_MISSING)
    referral = _about(ready)
    if (why := _barred(ready, referral)) or referral is None:
        return hold(ready, why or NoteHeld.INVALID, referral)
    uid = _store(writer, referral, ready.envelope.kind, ready.envelope.uid, opened, _at(ready, opened, referral))
    values = _row(ready, SealedState.STORED.value, referral) | {"entry_uid": uid}
    if not notes.add(values):
        return _first(ready)
    _journal(writer, Tag.NOTE_RECEIVED, ready.envelope.uid, ready.ticket.agency_id)
    return ready.outcome(SealedState.STORED.value)


def _about(ready: Ready) -> Referral | None:
    """The referral that a note names; one that was never with its agency is answered as one that does not exist."""
    referral = referrals.by_uid(note_rules.referral_of(ready.opened)) if ready.opened is not None else None
    if referral is None:
        return None
    known = {version.agency_id for version, _ in referrals.history(referral.id)}
    return referral if ready.ticket.agency_id in known else None


def _barred(ready: Ready, referral: Referral | None) -> NoteHeld | None:
    """Why it may not be stored as hers; None when it may."""
    if ready.ended:
        return NoteHeld.ACCOUNT_ENDED
    agency = ready.ticket.agency_id
    if not may(ready.writer, "case.change", Target(agency=agency)):
        return NoteHeld.NOT_LIAISON
    if referral is None:
        return NoteHeld.INVALID
    version = referrals.current(referral.id)
    if version.agency_id != agency:
        return NoteHeld.ELSEWHERE
    if not may(ready.writer, "case.change", referrals.target_of(referral, version)):
        return NoteHeld.NOT_LIAISON
    return NoteHeld.ENDED if rules.ends(version.state) else None


def _store(actor: Actor, referral: Referral, kind: str, uid: str, opened: Opened, at: dt.datetime) -> str:
    """The note as an entry of the case, or as a version of a goal; the uid under which it stands."""
    zone = case_commands.zone_of(referrals.current(referral.id).agency_id, referral.operation_id)
    try:
        if kind == NoteKind.ENTRY:
            said = note_rules.entry_said(opened, case_rules.local_day(at, zone))
            return case_commands.record_entry(actor, referral, uid, said, at=at, from_phone=True).uid
        item = note_rules.goal_uid(opened)
        case_commands.change_item(actor, referral, item, opened.base, note_rules.goal_said(opened), from_phone=True)
        return item
    except ValueError as error:
        raise Invalid.at("next_on", N_("Type the day as 2017-10-18.")) from error


def _at(ready: Ready, opened: Opened, referral: Referral) -> dt.datetime:
    return note_rules.when(opened, ready.offset_ms, ready.received_at, referral.made_at)


def hold(ready: Ready, reason: NoteHeld, referral: Referral | None = None) -> Outcome:
    """Keep a note sealed for a liaison to decide on."""
    if not notes.add(_row(ready, SealedState.HELD.value, referral) | {"reason": reason.value, "content": ready.body}):
        return _first(ready)
    _journal(ready.writer, Tag.NOTE_HELD, ready.envelope.uid, ready.ticket.agency_id, reason=reason.value)
    return ready.outcome(SealedState.HELD.value, reason.value)


def hold_as_it_is(ready: Ready) -> Outcome:
    """Hold a note that its case did not take when it was to be stored."""
    referral = _about(ready)
    return hold(ready, _barred(ready, referral) or NoteHeld.INVALID, referral)


def _first(ready: Ready) -> Outcome:
    first = notes.arrived(ready.envelope.uid, ready.envelope.hashed)
    if first is None:
        raise NotFound()  # removed with its operation since
    return ready.outcome(first.state, first.reason, first.received_at)


def _row(ready: Ready, state: str, referral: Referral | None) -> dict[str, Any]:
    envelope = ready.envelope
    return {
        "uid": envelope.uid,
        "hash": envelope.hashed,
        "kind": envelope.kind,
        "device": envelope.device,
        "key_uid": envelope.key,
        "agency_id": ready.ticket.agency_id,
        "user_id": ready.writer.user,
        "state": state,
        "reason": "",
        "received_at": ready.received_at,
        "saved_at": None if ready.opened is None else ready.opened.saved_at,
        "offset_ms": ready.offset_ms,
        "content": None,
        "referral_id": None if referral is None else referral.id,
        "decided_because": "",
    }


# --- what a liaison decides -------------------------------------------------------------------------------------------


def opened_of(row: SealedNote) -> Opened | None:
    """What a note that waits says; None where it does not open (yet)."""
    try:
        envelope = sealed_rules.read_envelope(row.content or b"", note_rules.KINDS)
        return sealed_open_commands.open_envelope(envelope)
    except (KeyMissing, Tampered, ValueError):
        return None


def takes(actor: Actor, row: SealedNote, opened: Opened | None) -> Referral | None:
    """The referral whose case would take the note now by the actor's hand; None where none does."""
    referral = None if opened is None else referrals.by_uid(note_rules.referral_of(opened))
    if referral is None:
        return None
    version = referrals.current(referral.id)
    ours = version.agency_id == row.agency_id and may(actor, "case.change", referrals.target_of(referral, version))
    return referral if ours else None


def take(actor: Actor, row: SealedNote) -> None:
    """Store a note that waits, by the hand of who takes it, as of when it was written; also when the case has ended.

    Raises ``NotAllowed``, ``Changed`` when somebody decided first, ``Blocked`` where no case takes it, ``Invalid``.
    """
    if not may(actor, "case.change", Target(agency=row.agency_id)):
        raise NotAllowed()
    opened = opened_of(row)
    referral = takes(actor, row, opened)
    if opened is None or referral is None:
        raise Blocked(N_("This note cannot be taken."), N_("Leave it out, and write it again if it still matters."))
    at = note_rules.when(opened, row.offset_ms, row.received_at, referral.made_at)
    uid = _store(actor, referral, row.kind, row.uid, opened, at)
    _decide(actor, row, SealedState.TAKEN, {"entry_uid": uid, "content": None, "referral_id": referral.id})
    _journal(actor, Tag.NOTE_TAKEN, row.uid, row.agency_id)


def leave_out(actor: Actor, row: SealedNote, because: str) -> None:
    """Decide that a note becomes nothing; it stays sealed, and can still be taken. Raises as ``take``."""
    if not may(actor, "case.change", Target(agency=row.agency_id)):
        raise NotAllowed()
    if because not in NoteLeft.values():
        raise Invalid.at("because", N_("Choose why it is left out."))
    _decide(actor, row, SealedState.LEFT_OUT, {"decided_because": because})
    _journal(actor, Tag.NOTE_LEFT_OUT, row.uid, row.agency_id, reason=because)


def _decide(actor: Actor, row: SealedNote, state: SealedState, values: dict[str, Any]) -> None:
    before = _UNDECIDED if state is SealedState.TAKEN else (SealedState.HELD.value,)
    decided = {"state": state.value, "decided_at": utc_now(), "decided_by_id": actor.user, **values}
    if not notes.settle(row.id, before, decided):
        raise Changed()


def _journal(actor: Actor, tag: Tag, uid: str, agency_id: int, **details: Any) -> None:
    audit.record(actor, tag, kind="note", object_id=uid, service=agency_id, **details)
