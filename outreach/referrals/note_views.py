"""The liaison's phone without signal: its page, what it is given, what it sends back, and what waits for a decision."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Response, flash, g, jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import gettext

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Target
from outreach.errors import N_, Blocked, Changed, Invalid, NotAllowed, NotFound
from outreach.field import sealed_rules
from outreach.field.rules import read_uid, shown_code
from outreach.field.sealed_commands import REJECTED, SIGN_IN, Outcome
from outreach.storage.queries import cases, consents, notes
from outreach.storage.tables import SealedNote
from outreach.storage.types import utc_now
from outreach.vocab import CaseResult, CaseWay, NoteHeld, NoteKind, NoteLeft, PlanArea, PlanState, SealedState
from outreach.web import clock, sessions, transaction
from outreach.web.guard import guard

from . import case_commands, case_rules, due_rules, due_views, note_commands, note_rules
from .case_forms import ItemForm, RecordForm
from .case_views import Case, case_of, item_words
from .due_rules import Due
from .forms import state_words
from .note_commands import Ready
from .views import bp

MOST = 100
"""Referrals that a phone is given."""
_STATUS = {REJECTED: 422, SIGN_IN: 401}


# --- the page and its pack --------------------------------------------------------------------------------------------


@bp.get("/referrals/app")
@guard("due.see")
def app() -> Response:
    """One page with every screen; nothing of anybody is in it, so that a phone may keep it."""
    record, goal = RecordForm(formdata=None, next_in="", way="call"), ItemForm(formdata=None)
    record.offer()
    goal.offer()
    answer = make_response(render_template("referrals/app.html", record=record, goal=goal, limits=case_rules))
    answer.add_etag()
    return answer


@bp.get("/referrals/app/pack")
@guard("due.see", person_level=True)
def app_pack() -> Any:
    """The day's list of the reader's own referrals. Each fetch is in the journal, for it may be read without signal."""
    device = read_uid(request.args.get("device", ""))
    if device is None:
        raise Invalid.at("device", N_("This phone has no number of its own. Open this page again."))
    agencies = sorted(due_views.agencies())
    if not note_commands.is_prepared(agencies):
        with transaction.writing():
            note_commands.prepare(g.actor, agencies)
    found = _cases()
    audit.read(g.actor, Tag.CASES_CARRIED, kind="referral", rows=len(found), device=device)
    answer = jsonify(note_commands.pack_of(g.actor, device, agencies, found, sessions.mine()))
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _cases() -> list[dict[str, Any]]:
    """The reader's own, what is due first before the others; nobody prepares for more than ``MOST`` in a day."""
    reach = due_views.reached(utc_now())
    shown = [row[0] for row in cases.followed(reach, g.actor.user)]
    of: dict[int, list[Due]] = {one: [] for one in shown}
    for due in due_rules.with_undated((Due(*line) for line in cases.dates_due(reach, g.actor.user)), shown):
        of[due.referral_id].append(due)
    first = sorted(shown, key=lambda one: min(due.on or dt.date.max for due in of[one]))[:MOST]
    rows = cases.in_hand(first)
    return [_case(rows[one], of[one]) for one in first]


def _case(row: cases.InHand, dues: list[Due]) -> dict[str, Any]:
    """What is needed to prepare: whose, what is due, the goals. Never how to reach the person, and no notes."""
    case, code = case_of(row.referral), consents.code_of(row.referral)
    plan = cases.plan(row.referral.id, row.version.agency_id)
    if plan:
        audit.read(g.actor, Tag.CASE_READ, **case.about)
    return {
        "uid": row.referral.uid,
        "place": note_commands.place_of(row.version.agency_id),
        "code": shown_code(code) if code else gettext("no code"),
        "urgent": row.version.urgent,
        "state": state_words(row.version.state),
        "zone": case.zone,
        "due": [{"what": due_views.due_words(due), "on": due.on and due.on.isoformat()} for due in dues],
        "plan": [_goal(case, one) for one in plan],
    }


def _goal(case: Case, row: cases.ItemRow) -> dict[str, Any]:
    said = item_words(case, row)
    words = {name: said[name] for name in ("uid", "area", "area_words", "version", "goal", "step", "state")}
    return words | {
        "state_words": said["state_words"],
        "due_on": said["due_on"].isoformat() if said["due_on"] else "",
        "rivals": bool(said["rivals"]),
        "unreadable": said["unreadable"],
    }


# --- what it sends back -----------------------------------------------------------------------------------------------


@bp.post("/referrals/sealed")
@guard("sealed.send", proven=True, writes=False)
def receive_note() -> Any:
    """One note a request, a receipt each; opened before the write lock is taken."""
    large = (request.content_length or 0) > sealed_rules.LARGEST
    body = bytes(sealed_rules.LARGEST + 1) if large else request.get_data()
    try:
        judged = note_commands.judge(g.actor, body)
    except sealed_rules.Refused as refused:
        if g.actor.user is not None:  # whoever found a phone cannot fill the journal with its ticket
            with transaction.writing():
                note_commands.note_refusal(g.actor, refused, body)
        return _answer(note_commands.refusal(refused, body))
    return _answer(judged if isinstance(judged, Outcome) else _keep(judged))


def _keep(ready: Ready) -> Outcome:
    try:
        with transaction.writing():
            return note_commands.keep(ready)
    except (Invalid, Blocked, NotAllowed, NotFound):
        with transaction.writing():
            return note_commands.hold_as_it_is(ready)


def _answer(outcome: Outcome) -> Any:
    said = (outcome.uid, outcome.hashed, outcome.state, outcome.received_at.isoformat())
    if outcome.phone_key is None:
        answer = jsonify(dict(zip(("uid", "hash", "state", "received_at"), said, strict=True)) | _words(outcome))
    else:
        answer = jsonify(sealed_rules.receipt_of(outcome.phone_key, *said, **_words(outcome)))
    answer.status_code = 413 if outcome.reason == "too_large" else _STATUS.get(outcome.state, 200)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _words(outcome: Outcome) -> dict[str, str]:
    """Words for whoever holds the phone; the proof covers neither them nor the reason."""
    if outcome.state in _STATUS:
        message, fix = note_rules.REFUSALS[outcome.reason]
        return {"code": outcome.reason, "message": gettext(message), "fix": gettext(fix)}
    if not outcome.reason:
        return {}
    held = outcome.state == SealedState.HELD
    message = note_rules.HELD[outcome.reason] if held else NoteHeld(outcome.reason).label
    return {"reason": outcome.reason, "message": gettext(message)}


# --- notes that wait --------------------------------------------------------------------------------------------------


def one_note(uid: str) -> tuple[Target, dict[str, Any]]:
    """A note of one's own agency that waits, or was left out; another agency's does not exist."""
    known = read_uid(uid)
    row = notes.note(known, due_views.agencies()) if known else None
    if row is None:
        raise NotFound()
    return Target(agency=row.agency_id), {"note": row}


@bp.get("/referrals/notes")
@guard("due.see", person_level=True)
def waiting_notes() -> Any:
    found = notes.undecided(due_views.agencies())
    audit.read(g.actor, Tag.NOTES_READ, kind="note", rows=len(found))
    return render_template(
        "referrals/notes.html",
        listed=[_shown(row, writer) for row, writer, _referral in found],
        reasons=[(one.value, gettext(one.label)) for one in NoteLeft],
    )


@bp.post("/referrals/notes/<uid>")
@guard("case.change", load=one_note, person_level=True)
def decide_note(note: Any) -> Any:
    try:
        if request.form.get("do") == "take":
            note_commands.take(g.actor, note)
            flash(gettext("Taken: it stands in the case now."))
        else:
            note_commands.leave_out(g.actor, note, request.form.get("because", ""))
            flash(gettext("Left out. It stays sealed, and can still be taken."))
    except (Changed, Blocked) as problem:
        flash(f"{gettext(problem.message)} {gettext(problem.fix)}", "warning")
    except Invalid as problem:
        flash(" ".join(gettext(one.message) % one.params for one in problem.findings), "error")
    return redirect(url_for(".waiting_notes"), code=303)


def _shown(row: SealedNote, writer: str) -> dict[str, Any]:
    """One note in words. What it says is shown only while its referral is with the agency."""
    opened = note_commands.opened_of(row)
    referral = note_commands.takes(g.actor, row, opened)
    said: list[dict[str, str]] = []
    code = ""
    if opened is not None and referral is not None:
        case, code = case_of(referral), consents.code_of(referral)
        audit.read(g.actor, Tag.CASE_READ, **case.about)
        said = _says(row, opened)
    return {
        "uid": row.uid,
        "code": shown_code(code) if code else gettext("no code"),
        "url": url_for(".referral", uid=referral.uid) if referral else "",
        "kind": gettext(NoteKind(row.kind).label),
        "writer": writer or gettext("not known"),
        "at": clock.local_text(row.received_at, case_commands.zone_of(row.agency_id, None)),
        "why": gettext(NoteHeld(row.reason).label) if row.reason else "",
        "left": gettext(NoteLeft(row.decided_because).label) if row.decided_because else "",
        "held": row.state == SealedState.HELD,
        "takes": referral is not None,
        "says": said,
    }


def _says(row: SealedNote, opened: sealed_rules.Opened) -> list[dict[str, str]]:
    """The answers that were given, as rows."""
    one = {name: (many or [""])[0] for name, many in opened.fields.items()}
    words = (
        (gettext("How"), _label(CaseWay, one.get("way"))),
        (gettext("What came of it"), _label(CaseResult, one.get("result"))),
        (gettext("Note"), one.get("note", "")),
        (gettext("What it is about"), _label(PlanArea, one.get("area"))),
        (gettext("Goal, in the person’s words"), one.get("goal", "")),
        (gettext("Next step"), one.get("step", "")),
        (gettext("By when"), one.get("due_on", "")),
        (gettext("State"), _label(PlanState, one.get("state"))),
    )
    return [{"key": key, "value": value} for key, value in words if value]


def _label(kind: Any, value: str | None) -> str:
    return gettext(kind(value).label) if value in kind.values() else value or ""
