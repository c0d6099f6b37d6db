"""The four questions behind a feedback card, for anybody; printing cards; what was said, for pages of figures.

Whoever answers is nobody: her session is not read, no cookie is set, nothing goes into an address. Which question
comes is known from the form alone, and the code is looked at only after the last answer: a wrong code, one that was
used and one that was not get the same bytes at every step, so that a card tells nobody whether it was used.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import current_app, g, make_response, render_template, request, send_file, url_for
from flask_babel import gettext

from outreach.auth.actors import Target
from outreach.auth.permissions import may
from outreach.errors import Blocked, Invalid
from outreach.storage import writing
from outreach.storage.queries import access, feedback
from outreach.web import load
from outreach.web.guard import guard
from outreach.web.page import language
from outreach.web.throttle import Unstored

from . import feedback_cards, feedback_commands
from . import feedback_rules as rules
from .feedback_forms import CardsForm, CodeForm
from .views import bp

# Whoever must leave in a hurry lands on the weather.
ELSEWHERE = {"en": "https://weather.gc.ca/", "fr": "https://meteo.gc.ca/"}
_asked = Unstored()

# --- the four questions -----------------------------------------------------------------------------------------------


@bp.get("/say")
@guard("site.open", nameless=True)
def say() -> Any:
    return _page("en", CodeForm(formdata=None))


@bp.get("/dire")
@guard("site.open", nameless=True)
def dire() -> Any:
    return _page("fr", CodeForm(formdata=None))


@bp.get("/qr")
@guard("site.open", nameless=True)
def say_from_picture() -> Any:
    """In the language of the telephone that read the picture on the card."""
    return _page(language(), CodeForm(formdata=None))


@bp.post("/say")
@guard("site.open", proven=True, nameless=True, writes=False)
def say_answer() -> Any:
    return _go_on("en")


@bp.post("/dire")
@guard("site.open", proven=True, nameless=True, writes=False)
def dire_answer() -> Any:
    return _go_on("fr")


def _go_on(lang: str) -> Any:
    """The next question after what was sent; after the last one the answers are counted."""
    g.language = lang
    form, answers = CodeForm(), rules.answers_in(request.form)
    code = rules.read_code(form.code.data or "")
    if "turn" in request.form and "begun" not in request.form:
        return _page(lang, form)
    if code is None:
        return _wrong(lang, form)
    if "back" in request.form and answers:
        answers.popitem()
    question = rules.next_question(answers)
    if question is not None:
        return _page(lang, form, code=code, answers=answers, question=question)
    if _asked.too_often():
        return _page(lang, form, code=code, answers=answers, busy=True), 429
    with writing():
        feedback_commands.answer(code, answers)
    return _page(lang, form, thanks=True)


def _wrong(lang: str, form: CodeForm) -> Any:
    form.take(Invalid.at("code", rules.WRONG_CODE))
    return _page(lang, form), 422


def _page(lang: str, form: CodeForm, **more: Any) -> Any:
    g.language, g.theme = lang, request.form.get("turn") or request.form.get("theme", "")
    shown: dict[str, Any] = {"answers": {}, "code": "", "question": None, "thanks": False, "busy": False}
    page = render_template(
        "referrals/say.html",
        form=form,
        errors=form,
        here=url_for(".dire_answer" if lang == "fr" else ".say_answer"),
        there=url_for(".say_answer" if lang == "fr" else ".dire_answer"),
        elsewhere=ELSEWHERE[lang],
        help_number=rules.HELP_NUMBER,
        of=len(rules.QUESTIONS),
        **shown | more,
    )
    answer = make_response(page)
    answer.headers["Cache-Control"] = "no-store"
    return answer


# --- printing cards ---------------------------------------------------------------------------------------------------


@bp.get("/operations/<code>/services/<int:service_id>/cards")
@guard("cards.print", load=load.own_service)
def cards(operation: Any, participation: Any) -> Any:
    return _choose(operation, participation, CardsForm(formdata=None))


@bp.post("/operations/<code>/services/<int:service_id>/cards")
@guard("cards.print", load=load.own_service, writes=False)
def print_cards(operation: Any, participation: Any) -> Any:
    """The codes are stored first and set afterwards, so that the typesetter does not keep others from saving."""
    form = CardsForm()
    if not form.validate():
        return _choose(operation, participation, form), 422
    try:
        with writing():
            codes = feedback_commands.make_cards(g.actor, operation, participation.service_id, form.sheets.data)
    except Invalid as problem:
        form.take(problem)
        return _choose(operation, participation, form), problem.status
    site = current_app.config["OUTREACH"].public_url or request.host_url
    answer = send_file(
        io.BytesIO(feedback_cards.pdf(codes, site.rstrip("/"))),
        mimetype="application/pdf",
        download_name=f"{operation.code}-cards.pdf",
        etag=False,
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _choose(operation: Any, participation: Any, form: CardsForm) -> str:
    g.operation = operation
    if operation.is_rehearsal:
        raise Blocked(*feedback_commands.NO_CARDS)
    return render_template(
        "referrals/cards.html",
        operation=operation,
        service=feedback.service_name(participation.service_id),
        service_id=participation.service_id,
        form=form,
        errors=form,
    )


# --- what was said ----------------------------------------------------------------------------------------------------


def said_of(operation: Any, target: Target) -> dict[str, Any] | None:
    """What persons said, for the page of figures: ``services`` whose cards the actor may see results of, and for who
    sees all of them ``whole``. None for everybody else, and when no cards were printed."""
    rows = feedback.shown_of(access.descendants_of(operation.id))
    found = rules.said_by_service(rows)
    seen = {one: said for one, said in found.items() if may(g.actor, "feedback.see", replace(target, service=one))}
    if not seen:
        return None
    everything = may(g.actor, "feedback.see", target)
    return {
        "questions": rules.QUESTIONS,
        "whole": rules.in_all(seen.values()) if everything and len(seen) > 1 else None,
        "services": [said for said in seen.values() if said.persons],
        "waiting": [said.service for said in seen.values() if not said.persons],
    }


def answer_words(question: rules.Question) -> Mapping[str, str]:
    """The answers of a question in the language of the page."""
    return {code: gettext(words) for code, words in question.answers} | {rules.SKIP: gettext("No answer given")}
