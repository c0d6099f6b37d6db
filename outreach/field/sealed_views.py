"""Where phones send what they sealed: one record a request, a receipt each. What becomes of it: ``sealed_commands``."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from flask import g, jsonify, request
from flask_babel import gettext

from outreach.errors import NotAllowed
from outreach.vocab import HeldReason, SealedState
from outreach.web import transaction
from outreach.web.guard import guard

from . import draft_commands, forms, sealed_commands, sealed_rules
from .sealed_commands import Outcome, Ready
from .views import bp

_STATUS = {sealed_commands.REJECTED: 422, sealed_commands.NOT_YET: 409, sealed_commands.SIGN_IN: 401}


@bp.post("/field/sealed")
@guard("sealed.send", proven=True, writes=False)
def receive() -> Any:
    """Opened before the write lock is taken: only the storing itself queues."""
    clock, body = perf_counter(), _body()
    try:
        judged = sealed_commands.judge(g.actor, body, forms.known)
    except sealed_rules.Refused as refused:
        return _refused(refused, body)
    if isinstance(judged, Outcome):
        return _answer(judged)
    outcome = _keep(judged)
    _note_trial(judged, outcome, clock)
    return _answer(outcome)


def _body() -> bytes:
    """What was sent; of a body that says itself that it is too large nothing is read."""
    if (request.content_length or 0) > sealed_rules.LARGEST:
        return bytes(sealed_rules.LARGEST + 1)
    return request.get_data()


def _refused(refused: sealed_rules.Refused, body: bytes) -> Any:
    ticket = sealed_commands.ticket_in(body)
    if ticket is not None and g.actor.user is not None:  # whoever found a phone cannot fill the journal with its ticket
        with transaction.writing():
            sealed_commands.note_refusal(g.actor, refused, ticket)
    return _answer(sealed_commands.refusal(refused, ticket))


def _keep(ready: Ready) -> Outcome:
    try:
        with transaction.writing():
            return sealed_commands.keep(ready, forms.known)
    except NotAllowed:  # the operation was closed since the record was judged
        with transaction.writing():
            return sealed_commands.hold(ready, HeldReason.CLOSED.value)


def _note_trial(ready: Ready, outcome: Outcome, clock: float) -> None:
    measured = sealed_commands.measured(ready)
    if measured is not None and ready.new is not None and outcome.received_at == ready.sent.received_at:
        with transaction.writing():
            draft_commands.note_trial(ready.new.place, measured, round((perf_counter() - clock) * 1000))


def _answer(outcome: Outcome) -> Any:
    """The receipt as JSON, with words for whoever holds the phone; the proof covers neither words nor reason."""
    said = (outcome.uid, outcome.hashed, outcome.state, outcome.received_at.isoformat())
    if outcome.phone_key is None:
        answer = jsonify(dict(zip(("uid", "hash", "state", "received_at"), said, strict=True)) | _words(outcome))
    else:
        answer = jsonify(sealed_rules.receipt_of(outcome.phone_key, *said, **_words(outcome)))
    answer.status_code = 413 if outcome.reason == "too_large" else _STATUS.get(outcome.state, 200)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _words(outcome: Outcome) -> dict[str, str]:
    if outcome.state in _STATUS:
        message, fix = sealed_rules.words_of(outcome.reason)
        return {"code": outcome.reason, "message": gettext(message), "fix": gettext(fix)}
    if not outcome.reason:
        return {}
    held = outcome.state == SealedState.HELD
    message = sealed_rules.HELD[outcome.reason] if held else HeldReason(outcome.reason).label
    return {"reason": outcome.reason, "message": gettext(message)}
