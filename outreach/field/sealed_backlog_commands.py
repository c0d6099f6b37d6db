"""Records that arrived while their private key was not in the key store: opened when it is back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.errors import Changed, Finding, NotAllowed
from outreach.storage import writing
from outreach.storage.phone_keys import phone_keys
from outreach.storage.queries import sealed
from outreach.vocab import HeldReason, SealedState

from . import rules, sealed_commands, sealed_open_commands, sealed_rules
from .phone_commands import Ticket
from .sealed_commands import Ready, Sent

BATCH = 50
"""Records of one write: a short one, so that phones which send meanwhile do not wait."""


@dataclass(frozen=True)
class Opened:
    """What became of the records whose key was back, and how many still wait for theirs."""

    stored: int
    held: int
    waiting: int


def open_backlog(actor: Actor, show: Callable[[int, int], None]) -> Opened:
    """Open every record whose key is back and treat it as if it had just arrived, with the clock of then.

    In batches, each a write of its own: broken off, it goes on where it was; run twice at once, each record is still
    settled once. ``show``: called with how many are done, of how many.
    """
    waiting = sealed.waiting_keys()
    back = [key for key in waiting if phone_keys().holds(key)]
    total, done, after = sum(waiting[key] for key in back), 0, 0
    known, became = sealed_open_commands.listed(), Counter[str]()
    while batch := sealed.waiting_for(back, after, BATCH):
        officers: dict[int | None, tuple[Actor, bool]] = {}
        became += _settle(actor, [_judged(one, officers, known) for one in batch], known)
        done, after = done + len(batch), batch[-1].id
        show(min(done, total), total)
    left = sum(sealed.waiting_keys().values())
    return Opened(became[SealedState.STORED.value], became[SealedState.HELD.value], left)


def _judged(one: sealed.Waiting, officers: dict[int | None, tuple[Actor, bool]], known: rules.Known) -> Ready:
    """The record opened and checked; one that cannot be sent back to its phone any more waits for a person instead."""
    envelope = sealed_rules.read_envelope(one.content)
    if one.user_id not in officers:
        officers[one.user_id] = sealed.officer(one.user_id), sealed.has_ended(one.user_id)
    officer, ended = officers[one.user_id]
    ticket = Ticket(one.user_id or 0, envelope.device, one.team_uid, one.team.operation_id)
    sent = Sent(envelope, ticket, b"", officer, ended, one.received_at, one.content, waiting=one.id)
    try:
        return sealed_commands.open_and_check(sent, known)
    except sealed_rules.Refused:
        finding = Finding("uid", sealed_open_commands.DOES_NOT_OPEN)
        return Ready(sent, one.team, reason=HeldReason.INVALID.value, findings=(finding,))


def _settle(actor: Actor, batch: list[Ready], known: rules.Known) -> Counter[str]:
    """One write for all; where one of them must be given up, one write each."""
    try:
        with writing():
            return _keep(actor, batch, known)
    except (NotAllowed, Changed):
        became = Counter[str]()
        for ready in batch:
            became += _settle_one(actor, ready, known)
        return became


def _settle_one(actor: Actor, ready: Ready, known: rules.Known) -> Counter[str]:
    try:
        with writing():
            return _keep(actor, [ready], known)
    except (NotAllowed, Changed) as problem:
        reason = HeldReason.CLOSED if isinstance(problem, NotAllowed) else HeldReason.CHANGED
        with writing():
            return _keep(actor, [replace(ready, reason=reason.value)], known)


def _keep(actor: Actor, batch: list[Ready], known: rules.Known) -> Counter[str]:
    became = Counter[str]()
    for ready in batch:
        if ready.reason == HeldReason.KEY_MISSING or not sealed.still_waits(ready.sent.waiting or 0):
            continue
        outcome = sealed_commands.keep(ready, known)
        if outcome.state == sealed_commands.NOT_YET:  # its phone has forgotten it: a person decides
            outcome = sealed_commands.hold(ready, HeldReason.CHANGED.value)
        became[outcome.state] += 1
    if became:
        audit.record(actor, Tag.SEALED_OPENED, kind="sealed", rows=became.total())
    return became
