"""Writes about a contact that is not saved yet: its answers, sealed to the officer who is typing."""

from __future__ import annotations

import datetime as dt
import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import KeyMissing, NotAllowed
from outreach.storage.case_keys import DRAFT, case_keys
from outreach.storage.keys import site_keys
from outreach.storage.queries import field as rows
from outreach.storage.queries.rehearsals import add_trial
from outreach.storage.tables import ContactDraft
from outreach.storage.types import new_uid, utc_now

from . import rules
from .rules import WAYS

SEALED_WAYS = "ways"
DRAFTS_KEPT = dt.timedelta(days=2)
PRESSES_AROUND = 2  # the first press and Save are taps too


def start_draft(actor: Actor, place: rows.LoggingPlace) -> str:
    """Begin a contact: its UUID is made here, the codes when they are needed. Raises ``NotAllowed``."""
    if actor.user is None or not may(actor, "contact.log", place.target):
        raise NotAllowed()
    now = utc_now()
    rows.drop_old_drafts(actor.user, now - DRAFTS_KEPT)
    uid = new_uid()
    answers = {"team": place.team_uid}
    sealed = site_keys().seal_json(answers, rows.draft_place(uid, actor.user, place.operation_id))
    rows.add_draft(
        ContactDraft(
            uid=uid,
            user_id=actor.user,
            operation_id=place.operation_id,
            started_at=now,
            changed_at=now,
            answers_sealed=sealed,
        )
    )
    return uid


def answers_of(draft: ContactDraft) -> dict[str, Any]:
    """The answers so far, opened."""
    found: dict[str, Any] = site_keys().open_json(draft.answers_sealed, _draft_place(draft))
    ways = found.pop(SEALED_WAYS, None)
    if ways is not None:
        with suppress(KeyMissing):  # then it is asked again
            found |= json.loads(case_keys().open(bytes.fromhex(ways), draft.uid, DRAFT, _draft_place(draft)))
    return found


def keep_answers(actor: Actor, draft: ContactDraft, answers: dict[str, Any]) -> None:
    """Seal the answers into the draft. Each person gets her code as soon as it is known that there is one."""
    if actor.user != draft.user_id:
        raise NotAllowed()
    for number in range(1, rules.count_of(answers) + 1):
        answers.setdefault(f"code-{number}", rules.make_code())
    draft.answers_sealed = site_keys().seal_json(_with_ways_apart(draft, answers), _draft_place(draft))
    draft.changed_at = utc_now()
    draft.taps += 1


def _with_ways_apart(draft: ContactDraft, answers: dict[str, Any]) -> dict[str, Any]:
    """The answers with every safe way under a key of its own, destroyed with the draft: no backup keeps it readable."""
    ways = {step: way for step, way in answers.items() if step.partition("-")[0] in WAYS.values()}
    if not ways:
        return answers
    sealed = case_keys().seal(json.dumps(ways), draft.uid, DRAFT, _draft_place(draft))
    return {step: way for step, way in answers.items() if step not in ways} | {SEALED_WAYS: sealed.hex()}


@dataclass(frozen=True)
class Begun:
    """When a contact of a rehearsal was begun, and how many answers it took so far."""

    started_at: dt.datetime
    taps: int


def begun(place: rows.LoggingPlace, uid: str) -> Begun | None:
    """What a rehearsal measures, read before the draft is gone; ``None`` anywhere else, and without a draft."""
    draft = rows.draft(uid) if place.rehearsal else None
    return None if draft is None else Begun(draft.started_at, draft.taps)


def note_trial(place: rows.LoggingPlace, measured: Begun, server_ms: int) -> None:
    """Keep what one contact of a rehearsal took.

    Nothing is kept when the rehearsal was removed since the contact was stored.
    """
    if rows.logging_place(place.team_uid) is None:
        return
    now = utc_now()
    add_trial(
        {
            "operation_id": place.operation_id,
            "service_id": place.service_id,
            "team_id": place.team_id,
            "at": now,
            "taps": measured.taps + PRESSES_AROUND,
            "seconds": round((now - measured.started_at).total_seconds()),
            "server_ms": server_ms,
        }
    )


def discard_draft(actor: Actor, draft: ContactDraft) -> None:
    if actor.user != draft.user_id:
        raise NotAllowed()
    rows.drop_draft(draft.uid, draft.user_id)


def _draft_place(draft: ContactDraft) -> Any:
    return rows.draft_place(draft.uid, draft.user_id, draft.operation_id)
