"""Log a contact: guard, load, validate, call one command, redirect. Contacts that exist: contact_views."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from flask import Blueprint, g, jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import gettext

from outreach.auth.actors import Target
from outreach.errors import Invalid, NotFound
from outreach.storage.queries import contacts, lists, operations
from outreach.storage.queries import field as rows
from outreach.storage.types import utc_now
from outreach.web import transaction
from outreach.web.forms import whole
from outreach.web.guard import guard
from outreach.web.page import language

from . import card_views, commands, draft_commands, forms, rules
from .card_views import place_of, today_begins

bp = Blueprint("field", __name__)


# --- loaders ----------------------------------------------------------------------------------------------------------


def chosen_team(**_url: Any) -> tuple[Target, dict[str, Any]]:
    """The team that the form names; one that is not there, or not one's own, is not found."""
    place = rows.logging_place(request.form.get("team", ""))
    if place is None:
        raise NotFound()
    return place.target, {"place": place}


def own_draft(uid: str, **rest: Any) -> tuple[Target, dict[str, Any]]:
    """A contact that is being typed; once saved, its address leads to the contact."""
    draft = rows.draft(uid)
    if draft is not None:
        g.operation = operations.by_id(draft.operation_id)
        return Target(operation=draft.operation_id, owner=draft.user_id), {"draft": draft, **rest}
    record = contacts.contact_record(uid)
    if record is None:
        raise NotFound()
    return Target(owner=record.contact.created_by_id), {"draft": None, "saved": uid, **rest}


# --- the questions ----------------------------------------------------------------------------------------------------


@bp.post("/field/log")
@guard("contact.log", load=chosen_team, person_level=True)
def start(place: rows.LoggingPlace) -> Any:
    uid = draft_commands.start_draft(g.actor, place)
    return redirect(url_for("field.question", uid=uid, step="what"), code=303)


@bp.get("/field/log/<uid>/<step>")
@guard("draft.own", load=own_draft, person_level=True)
def question(draft: Any, step: str, saved: str = "") -> Any:
    if draft is None:
        return redirect(url_for("field.contact", uid=saved), code=303)
    answers = draft_commands.answers_of(draft)
    if step not in rules.steps(answers) or (step == "check" and rules.next_step(answers) != "check"):
        return _go(draft, rules.next_step(answers))
    if step == "check":
        return card_views.show(draft, answers)
    return _ask(draft, step, answers)


@bp.post("/field/log/<uid>/<step>")
@guard("draft.own", load=own_draft, person_level=True)
def answer(draft: Any, step: str, saved: str = "") -> Any:
    if draft is None:
        return redirect(url_for("field.contact", uid=saved), code=303)
    answers = draft_commands.answers_of(draft)
    if step == "check":
        answers["more"] = card_views.typed(request.form.to_dict(flat=False))
        draft_commands.keep_answers(g.actor, draft, answers)
        return card_views.change(draft, answers, request.form.get("change", ""))
    if step not in rules.steps(answers):
        return _go(draft, rules.next_step(answers))
    given = request.form.get("answer", "").strip()
    wrong = _wrong_answer(step, given)
    if wrong:
        return _ask(draft, step, answers | {step: given}, wrong), 422
    draft_commands.keep_answers(g.actor, draft, answers | {step: given})
    return _go(draft, rules.next_step(answers | {step: given}))


@bp.post("/field/log/<uid>/discard")
@guard("draft.own", load=own_draft, person_level=True)
def discard(draft: Any, saved: str = "") -> Any:
    if draft is not None:
        draft_commands.discard_draft(g.actor, draft)
    return redirect(url_for("field.my_shift"), code=303)


_SCREENS = {
    "count": "field/count.html",
    "duty": "field/duty.html",
    "phone": "field/safe_phone.html",
    "way": "field/safe_way.html",
}


def _go(draft: Any, step: str) -> Any:
    return redirect(url_for("field.question", uid=draft.uid, step=step), code=303)


def _wrong_answer(step: str, given: str) -> str:
    """What is wrong with an answer, '' when nothing is."""
    kind = step.partition("-")[0]
    if kind == "count":
        ok = len(given) < 4 and 2 <= whole(given) <= rules.MOST_PERSONS
        return "" if ok else gettext("Enter how many persons, 2 to %(most)d.", most=rules.MOST_PERSONS)
    if kind in ("phone", "way"):
        wrong = rules.wrong_way("safe_phone" if kind == "phone" else "other_way", given)
        return gettext(wrong) if wrong else ""
    if kind == "duty":
        return "" if given == "read" else gettext("Read the card, then go on.")
    return "" if given in forms.QUESTIONS[kind][2] else gettext("Choose one of the answers.")


def _ask(draft: Any, step: str, answers: dict[str, Any], wrong: str = "") -> str:
    kind, _, number = step.partition("-")
    place = place_of(answers)
    before = rules.step_before(answers, step)
    page = {
        "draft": draft,
        "step": step,
        "place": place,
        "person": int(number or 0),
        "count": rules.count_of(answers),
        "back": url_for("field.question", uid=draft.uid, step=before) if before else url_for("field.my_shift"),
        "so_far": card_views.so_far(answers, step),
        "given": answers.get(step),
        "refusal": wrong,
        "errors": [("answer", wrong)] if wrong else None,
        "call": card_views.call_first(place, answers, number) if kind == "reach" else None,
        "sent": contacts.sent_since(draft.user_id, today_begins(place)),
        "now": utc_now(),
    }
    if kind in forms.QUESTIONS:
        return render_template("field/question.html", question=forms.QUESTIONS[kind], forms=forms, **page)
    if kind == "duty":
        page["text"] = lists.duty_to_report(rows.region_of(place.service_id), language())
    return render_template(_SCREENS[kind], **page)


# --- saving -----------------------------------------------------------------------------------------------------------


@bp.post("/field/contacts")
@guard("contact.send", load=chosen_team, person_level=True, writes=False, short=True)
def save(place: rows.LoggingPlace) -> Any:
    """The final submission, with everything in it, so that it can be sent again: by a thumb, a queue, a script.

    Everything that can be is worked out before the write lock is taken: only the storing itself queues. The command
    asks whether the operation still takes contacts, because a repeat gets its receipt also afterwards.
    """
    clock = perf_counter()
    fields = request.form.to_dict(flat=False)
    try:
        entry = rules.read_entry(fields, place.time_zone, forms.known)
        begun = draft_commands.begun(place, entry.uid) if place.rehearsal else None
        new = commands.prepare_contact(g.actor, place, entry, "contact.log")
        with transaction.writing():
            receipt = commands.store_contact(g.actor, new)
    except Invalid as problem:
        if _wants_json():
            raise
        return card_views.refused(place, fields, problem), 422
    if begun is not None:  # beside the contact, so that it times the whole of it
        with transaction.writing():
            draft_commands.note_trial(place, begun, round((perf_counter() - clock) * 1000))
    if _wants_json():
        return make_response(jsonify(receipt_of(receipt)), 200)
    return redirect(url_for("field.saved", uid=receipt.stored_uid), code=303)


def _wants_json() -> bool:
    return request.accept_mimetypes.best == "application/json"


def receipt_of(receipt: commands.Receipt) -> dict[str, str]:
    """The receipt as the phone keeps it: it deletes its copy only on this UUID and this hash."""
    return {
        "uid": receipt.uid,
        "stored_as": receipt.stored_uid,
        "content_hash": receipt.content_hash,
        "received_at": receipt.received_at.isoformat(),
    }


from . import (  # noqa: E402 - their pages hang on the blueprint made here
    app_views,  # noqa: F401 - likewise
    board_views,  # noqa: F401 - likewise
    calendar_views,  # noqa: F401 - likewise
    contact_views,  # noqa: F401 - likewise
    heartbeat_views,  # noqa: F401 - likewise
    held_views,  # noqa: F401 - likewise
    phone_views,  # noqa: F401 - likewise
    radio_card_views,  # noqa: F401 - likewise
    radio_views,  # noqa: F401 - likewise
    roster_views,  # noqa: F401 - likewise
    sealed_views,  # noqa: F401 - likewise
    worker_views,  # noqa: F401 - likewise
)
