"""Enter the coded card that an officer reads out: typed, read back in words before anything is saved, then stored."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext

from outreach.errors import N_, Invalid
from outreach.plan import agency_words
from outreach.storage.queries import field as rows
from outreach.storage.types import utc_now
from outreach.web import clock
from outreach.web.guard import guard

from . import radio_card_commands as commands
from . import radio_card_forms as forms
from . import radio_card_rules as rules
from .radio_card_rules import Card
from .radio_views import team_on_board
from .rules import read_moment
from .views import bp

_CARD = "/operations/<code>/live/teams/<uid>/card"


@bp.get(_CARD)
@guard("contact.log_by_radio", load=team_on_board)
def radio_card(operation: Any, place: rows.LoggingPlace) -> Any:
    return _typed(operation, place)


@bp.post(_CARD + "/preview")
@guard("contact.log_by_radio", load=team_on_board, person_level=True, writes=False)
def preview_card(operation: Any, place: rows.LoggingPlace) -> Any:
    """What the card says, for reading back. Nothing is saved, and it shows nothing but what was just typed."""
    if "change" in request.form:
        return _typed(operation, place)
    try:
        card = rules.read_card(request.form.get("lines", ""), utc_now())
    except rules.WrongSigns as problem:
        return _typed(operation, place, problem), 422
    return _read(operation, place, card)


@bp.post(_CARD)
@guard("contact.log_by_radio", load=team_on_board, person_level=True)
def enter_card(operation: Any, place: rows.LoggingPlace) -> Any:
    """Save it; the receipt is all that is given back."""
    try:
        card = rules.read_card(request.form.get("lines", ""), utc_now())
    except rules.WrongSigns as problem:
        return _typed(operation, place, problem), 422
    try:
        entered = commands.enter_card(g.actor, place, card, _met_at(place, card), _agencies(card))
    except Invalid as problem:
        return _read(operation, place, card, problem), 422
    flash(_receipt(entered, place))
    return redirect(url_for("field.board", code=operation.code, _anchor=f"team-{place.team_uid}"), code=303)


def _met_at(place: rows.LoggingPlace, card: Card) -> dt.datetime | None:
    """The time that was typed; ``None`` where the card's own was left. Raises ``Invalid``."""
    text = request.form.get("met_at", "").strip()
    if not text or text == clock.local_text(card.met_at, place.time_zone):
        return None
    typed = read_moment(text, place.time_zone)
    if typed is None:
        raise Invalid.at("met_at", N_("Enter when it was as 2017-10-18 21:42."))
    return typed


def _agencies(card: Card) -> dict[int, int]:
    """Person's number → the agency that was chosen for her."""
    numbers = range(1, len(card.persons) + 1)
    chosen = {n: request.form.get(f"agency-{n}", "") for n in numbers}
    return {n: int(text) for n, text in chosen.items() if text.isascii() and text.isdigit() and len(text) < 10}


def _typed(operation: Any, place: rows.LoggingPlace, problem: rules.WrongSigns | None = None) -> Any:
    """The box for the lines; after an error with every line as it was read, and what to ask for again."""
    g.operation = operation
    form = forms.card_form({"lines": request.form.get("lines", "")}, [], [])
    if problem is not None:
        form.take(problem)
    return render_template(
        "field/radio_card.html",
        operation=operation,
        place=place,
        service=rows.service_name(place.service_id),
        form=form,
        errors=form if problem is not None else None,
        lines=problem.lines if problem is not None else (),
        spoken=rules.SPOKEN,
    )


def _read(operation: Any, place: rows.LoggingPlace, card: Card, problem: Invalid | None = None) -> Any:
    """What the card says, in words, with the time to correct and the agency to choose."""
    g.operation = operation
    agencies = agency_words.offered(place.operation_id, place.root_id, place.time_zone)
    referred = [n for n, person in enumerate(card.persons, start=1) if person.referred] if len(agencies) > 1 else []
    values = {"met_at": clock.local_text(card.met_at, place.time_zone)} | request.form.to_dict()
    form = forms.card_form(values | {"lines": card.text}, agencies, referred)
    if problem is not None:
        form.take(problem)
    return render_template(
        "field/radio_card_read.html",
        operation=operation,
        place=place,
        service=rows.service_name(place.service_id),
        form=form,
        errors=form if problem is not None else None,
        card=card,
        met=forms.met(card),
        persons=forms.said(card),
        referred=referred,
    )


def _receipt(entered: commands.Entered, place: rows.LoggingPlace) -> str:
    """What became of the card, in words; nothing of what it says."""
    now = clock.spoken_time(entered.at, place.time_zone)
    then = clock.spoken_moment(entered.at, place.time_zone)
    team = f"{rows.service_name(place.service_id)}, {place.name}"
    words = {
        commands.STORED: gettext(
            "Received at %(time)s for %(team)s. It counts; only their service opens it.", time=now, team=team
        ),
        commands.BESIDE: gettext(
            "Received at %(time)s. Another record of the same meeting says something else: both are kept, "
            "and their service decides.",
            time=now,
        ),
        commands.AGAIN: gettext("This card was entered already: %(moment)s. It is kept once.", moment=then),
        commands.ARRIVED: gettext(
            "The phone’s own record arrived already: %(moment)s. It is kept once; the officer may go on.", moment=then
        ),
        commands.WAITS: gettext(
            "The phone’s own record arrived already: %(moment)s. It waits for a decision of its service.", moment=then
        ),
        commands.LEFT_OUT: gettext(
            "The phone’s own record arrived already: %(moment)s. Its service left it out, so nothing is stored.",
            moment=then,
        ),
    }
    return words[entered.state]
