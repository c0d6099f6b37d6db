"""A sealed record on the wire: what a phone sends, what is authenticated with it, what the receipt says.

``static/field/seal.js`` writes the same format; a test in a browser holds them together. Plain functions on plain
values: opening is ``storage.phone_keys``, what becomes of a record is ``sealed_commands``.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from outreach.errors import N_
from outreach.vocab import HeldReason, SealedKind, SealedState

from .rules import ContactEntry, read_uid

FORMAT = 1
LARGEST = 64 * 1024
"""Bytes of one record as it is sent: twenty persons with long notes stay under a third of it."""
WRAPPED_BYTES = 384
NONCE_BYTES = 12
CLOCK_TOLERANCE = dt.timedelta(minutes=5)
# The phone deletes its copy on these, and on nothing else.
ARRIVED = frozenset(
    {SealedState.STORED.value, SealedState.HELD.value, SealedState.TAKEN.value, SealedState.LEFT_OUT.value}
)
REJECTED = "rejected"
_KINDS = frozenset(SealedKind.values())

# Why a record was not taken: it stays on the phone, under "Needs you", with these words.
REFUSALS: dict[str, tuple[str, str]] = {
    "malformed": (
        N_("The site could not read this record."),
        N_("Keep the phone; read the coded card out to your coordinator."),
    ),
    "tampered": (
        N_("This record was altered on its way or on the phone."),
        N_("It stays on the phone. Send it again on another network; if that fails, read the coded card out."),
    ),
    "unknown_key": (
        N_("This record was sealed to a key that the site does not have."),
        N_("It stays on the phone. Tell your coordinator: the key store may have to be restored."),
    ),
    "too_large": (N_("This record is too large to be taken."), N_("Read the coded card out to your coordinator.")),
    "wrong_operation": (
        N_("This record names a team of another operation than the one it was sealed for."),
        N_("It stays on the phone. Read the coded card out to your coordinator."),
    ),
    "wrong_person": (
        N_("This record was saved by another person on this phone."),
        N_("It stays on the phone until that person signs in here."),
    ),
    "unknown_ticket": (
        N_("The site does not know this phone."),
        N_("Sign in again on this phone; what waits is sent then."),
    ),
    "too_many": (
        N_("Very many records of this account wait for a decision already."),
        N_("It stays on the phone. Your service coordinator decides on those first."),
    ),
}
MOST_OF_AN_ENDED_ACCOUNT = 500
"""Records that may wait for one account that has ended: more than a phone holds, and no way to fill a disk."""

# Why a record waits for a person, as the officer reads it. It has left the phone; nothing is lost.
HELD: dict[str, str] = {
    HeldReason.ACCOUNT_ENDED: N_("It has arrived. Your account has ended, so your service coordinator decides on it."),
    HeldReason.NOT_IN_TEAM: N_("It has arrived. You are not in this team now, so your service coordinator decides."),
    HeldReason.CLOSED: N_("It has arrived. The operation takes no entries now, so your service coordinator decides."),
    HeldReason.INVALID: N_("It has arrived. Something in it does not fit, so your service coordinator decides."),
    HeldReason.CHANGED: N_("It has arrived. The contact was changed meanwhile, so your service coordinator decides."),
    HeldReason.KEY_MISSING: N_("It has arrived and stays sealed until the site has its key again."),
}
NOT_YET = (
    N_("The contact that this changes has not arrived yet."),
    N_("It stays on the phone and is sent again after the contact itself."),
)
SIGN_IN = (N_("Sign in to send what waits on this phone."), N_("Nothing is lost: it stays sealed on the phone."))


def words_of(code: str) -> tuple[str, str]:
    """What happened and what to do, for a record that stays on the phone."""
    return {**REFUSALS, "not_yet": NOT_YET, "sign_in_needed": SIGN_IN}[code]


class Refused(ValueError):
    """A record that the phone must keep. ``code`` is one of ``REFUSALS``."""

    def __init__(self, code: str, uid: str = "", hashed: str = "") -> None:
        super().__init__(code)
        self.code, self.uid, self.hashed = code, uid, hashed


@dataclass(frozen=True)
class Envelope:
    """One sealed record as it arrived. ``sent_at``: the phone's clock when it was sent, as the phone wrote it."""

    kind: str
    uid: str
    key: str
    device: str
    owner: str
    ticket: str
    wrapped: bytes
    nonce: bytes
    sealed: bytes
    sent_at: str
    proof: bytes

    @property
    def about(self) -> bytes:
        """What is authenticated with the text: nothing of it can be put on another record."""
        return "\n".join((f"outreach-sealed-{FORMAT}", self.kind, self.uid, self.key, self.device, self.owner)).encode()

    @property
    def hashed(self) -> str:
        """SHA-256 (hex) of everything that was sealed: the name of these very bytes in a receipt."""
        return hashlib.sha256(b"\n".join((self.about, self.wrapped + self.nonce + self.sealed))).hexdigest()


def read_envelope(body: bytes, kinds: frozenset[str] = _KINDS) -> Envelope:
    """The record in a request's body, of one of ``kinds``. Raises ``Refused`` (malformed, too_large)."""
    if len(body) > LARGEST:
        raise Refused("too_large")
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused("malformed") from None
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise Refused("malformed")
    uid = read_uid(_text(said, "uid")) or ""
    envelope = Envelope(
        kind=_text(said, "kind"),
        uid=uid,
        key=_text(said, "key"),
        device=read_uid(_text(said, "device")) or "",
        owner=_text(said, "owner"),
        ticket=_text(said, "ticket", 600),
        wrapped=_bytes(said, "wrapped"),
        nonce=_bytes(said, "nonce"),
        sealed=_bytes(said, "sealed"),
        sent_at=_text(said, "sent_at"),
        proof=_bytes(said, "proof"),
    )
    whole = envelope.uid and envelope.device and envelope.kind in kinds
    sizes = len(envelope.wrapped) == WRAPPED_BYTES and len(envelope.nonce) == NONCE_BYTES and len(envelope.sealed) > 16
    if not (whole and sizes):
        raise Refused("malformed", uid)
    return envelope


def _text(said: Mapping[str, Any], name: str, most: int = 80) -> str:
    value = said.get(name)
    ours = isinstance(value, str) and len(value) <= most and value.isascii() and value.isprintable()
    return str(value) if ours else ""


def _bytes(said: Mapping[str, Any], name: str) -> bytes:
    value = said.get(name)
    try:
        return base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except (binascii.Error, ValueError):
        return b""


# --- what both ends prove to each other -------------------------------------------------------------------------------


def send_proof(phone_key: bytes, hashed: str, sent_at: str) -> bytes:
    """HMAC-SHA-256 under the key that phone and site share: these bytes left that phone."""
    return _mac(phone_key, "send", hashed, sent_at)


def sent_by(phone_key: bytes, envelope: Envelope) -> bool:
    return hmac.compare_digest(envelope.proof, send_proof(phone_key, envelope.hashed, envelope.sent_at))


def beat_proof(phone_key: bytes, said: str) -> bytes:
    """The same for a heartbeat, whose text is JSON."""
    return _mac(phone_key, "beat", said)


def receipt_of(phone_key: bytes, uid: str, hashed: str, state: str, received_at: str, **more: Any) -> dict[str, Any]:
    """The receipt as JSON. The phone deletes its copy only on a proof that fits uid, hash and an ``ARRIVED`` state."""
    proof = _mac(phone_key, "receipt", uid, hashed, state, received_at)
    said = {"uid": uid, "hash": hashed, "state": state, "received_at": received_at}
    return said | more | {"proof": base64.b64encode(proof).decode()}


def session_proof(phone_key: bytes, beat_proof_: str, state: str) -> str:
    """The site's word on the session of the phone that sent this very heartbeat (its proof in Base64); in Base64."""
    return base64.b64encode(_mac(phone_key, "session", state, beat_proof_)).decode()


def _mac(key: bytes, what: str, *parts: str) -> bytes:
    return hmac.new(key, "\n".join((f"outreach-{what}-{FORMAT}", *parts)).encode(), hashlib.sha256).digest()


# --- what was sealed --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Opened:
    """The text of a record. ``fields``: as ``rules.read_entry`` reads them. Clocks are the phone's, not corrected.

    ``offset_ms``: server minus phone, as the phone knew it when it saved; ``None`` when it had not heard from the site.
    ``by_clock``: whether ``met_at`` came from the phone's clock rather than from a person who typed it. ``contact`` and
    ``base``: of a correction or withdrawal, the contact and the version that the officer had in front of her.
    """

    team: str
    saved_at: dt.datetime
    offset_ms: int | None = None
    by_clock: bool = True
    fields: Mapping[str, list[str]] = field(default_factory=dict)
    contact: str = ""
    base: int = 0
    reason: str = ""
    taps: int = 0
    seconds: int = 0


def read_opened(text: bytes) -> Opened:
    """What a phone sealed. Raises ``ValueError`` for anything that no phone of ours writes."""
    try:
        said = json.loads(text)
    except RecursionError as error:
        raise ValueError("not a record") from error
    if not isinstance(said, dict) or not isinstance(said.get("fields", {}), dict):
        raise ValueError("not a record")
    fields = {
        str(name): [str(v) for v in many] for name, many in said.get("fields", {}).items() if isinstance(many, list)
    }
    offset = said.get("offset_ms")
    return Opened(
        team=str(said.get("team", "")),
        saved_at=phone_moment(said.get("saved_at", "")),
        offset_ms=offset if isinstance(offset, int) and abs(offset) < 10**13 else None,
        by_clock=said.get("by_clock") is True,
        fields=fields,
        contact=read_uid(str(said.get("contact", ""))) or "",
        base=_count(said, "base"),
        reason="".join(sign for sign in str(said.get("reason", ""))[:500] if sign.isprintable()),
        taps=_count(said, "taps"),
        seconds=_count(said, "seconds"),
    )


def _count(said: Mapping[str, Any], name: str) -> int:
    value = said.get(name)
    return value if isinstance(value, int) and 0 <= value < 10**6 else 0


# --- clocks -----------------------------------------------------------------------------------------------------------


def phone_moment(text: object) -> dt.datetime:
    """A phone's clock (ISO 8601 in UTC) as an instant; any year that exists. Raises ``ValueError``."""
    at = dt.datetime.fromisoformat(str(text))
    if at.tzinfo is None:
        raise ValueError("a phone's clock is written in UTC")
    try:
        return at.astimezone(dt.UTC)
    except OverflowError as error:
        raise ValueError("a year that does not exist") from error


def offset_between(sent_at: dt.datetime, received_at: dt.datetime) -> int:
    """Server clock minus phone clock in milliseconds, as far as one message tells: its journey is in it."""
    return round((received_at - sent_at).total_seconds() * 1000)


def corrected(at: dt.datetime, offset_ms: int | None) -> dt.datetime:
    """A phone's moment by the server's clock; as it is where that year would not exist."""
    try:
        return at + dt.timedelta(milliseconds=offset_ms or 0)
    except OverflowError:
        return at


def corrected_entry(entry: ContactEntry, opened: Opened, offset_ms: int | None) -> ContactEntry:
    """The entry with its moment by the server's clock, where a phone's clock said it and not a person.

    What was written to the minute stays written to the minute: a second's difference changes nothing.
    """
    if not opened.by_clock or not offset_ms:
        return entry
    at = corrected(entry.met_at, offset_ms)
    if entry.met_at.second == entry.met_at.microsecond == 0:
        at = corrected(at, 30_000).replace(second=0, microsecond=0)
    return replace(entry, met_at=at)


def clock_of(opened: Opened | None, sent_at: str, received_at: dt.datetime) -> tuple[int | None, bool]:
    """Server minus phone in milliseconds when the record was saved, and whether a person should look at it.

    A phone that had heard from the site knew its offset when it saved; of any other the sending tells it. An offset
    that differs between the two says that the phone's clock was set in between.
    """
    try:
        at_send: int | None = offset_between(phone_moment(sent_at), received_at)
    except ValueError:
        at_send = None
    known = None if opened is None else opened.offset_ms
    at_save = at_send if known is None else known
    moved = known is not None and at_send is not None and is_off(at_send - known)
    return at_save, is_off(at_save) or moved


def is_off(offset_ms: int | None) -> bool:
    """Whether a phone's clock is so wrong that a person should know: more than five minutes."""
    return offset_ms is not None and abs(offset_ms) > CLOCK_TOLERANCE.total_seconds() * 1000
