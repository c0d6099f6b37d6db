"""Log for a team by radio: one plain page with everything; whoever writes it down never reads it again."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext

from outreach.auth.actors import Target
from outreach.errors import Invalid, NotFound
from outreach.plan import agency_words
from outreach.storage.queries import field as rows
from outreach.storage.queries import lists, operations
from outreach.storage.types import new_uid, utc_now
from outreach.web import clock
from outreach.web.forms import whole
from outreach.web.guard import guard
from outreach.web.page import language

from . import commands, forms, rules
from .views import bp


def team_on_board(code: str, uid: str) -> tuple[Target, dict[str, Any]]:
    """``/operations/<code>/live/teams/<uid>``: a team of that operation or of one under it."""
    operation, place = operations.by_code(code), rows.logging_place(uid)
    if operation is None or place is None or operation.id not in place.operations:
        raise NotFound()
    return place.target, {"operation": operation, "place": place}


@bp.get("/operations/<code>/live/teams/<uid>/log")
@guard("contact.log_by_radio", load=team_on_board)
def radio_form(operation: Any, place: rows.LoggingPlace) -> Any:
    """An empty page; ``?persons=2`` asks for two. The codes are made now: they are read out before it is saved."""
    asked = request.args.get("persons", "1")
    count = min(whole(asked, 1), rules.MOST_PERSONS)
    values = {
        "uid": [new_uid()],
        "result": ["met" if count else "no_answer"],
        "met_at": [clock.local_text(utc_now(), place.time_zone)],
        "persons": [str(count)],
    }
    for n in range(1, count + 1):
        values |= {
            f"code-{n}": [rules.make_code()],
            f"agreed-{n}": ["record", "refer"],
            f"age-{n}": ["not_known"],
            f"gender-{n}": ["not_known"],
            f"answer-{n}": ["not_known"],
        }
    return _page(operation, place, values)


@bp.post("/operations/<code>/live/teams/<uid>/log")
@guard("contact.log_by_radio", load=team_on_board, person_level=True)
def log_by_radio(operation: Any, place: rows.LoggingPlace) -> Any:
    values = request.form.to_dict(flat=False)
    try:
        entry = rules.read_entry(values, place.time_zone, forms.known)
        receipt = commands.log_by_radio(g.actor, place, entry)
    except Invalid as problem:
        return _page(operation, place, values, problem), 422
    time = clock.spoken_time(receipt.received_at, place.time_zone)
    team = f"{rows.service_name(place.service_id)}, {place.name}"
    flash(gettext("Received at %(time)s for %(team)s. It counts; only their service opens it.", time=time, team=team))
    return redirect(url_for("field.board", code=operation.code, _anchor=f"team-{place.team_uid}"), code=303)


def _page(
    operation: Any, place: rows.LoggingPlace, values: dict[str, list[str]], problem: Invalid | None = None
) -> Any:
    g.operation = operation
    typed = (values.get("persons") or ["1"])[0]
    count = min(whole(typed, 1), rules.MOST_PERSONS)
    agencies = agency_words.offered(place.operation_id, place.root_id, place.time_zone) if count else []
    form = forms.change_form(values, count, agencies)
    if problem is not None:
        form.take(problem)
    codes = [rules.read_code((values.get(f"code-{n}") or [""])[0]) or "" for n in range(1, count + 1)]
    return render_template(
        "field/radio.html",
        operation=operation,
        place=place,
        service=rows.service_name(place.service_id),
        form=form,
        errors=form if problem is not None else None,
        uid=(values.get("uid") or [""])[0],
        count=count,
        codes=[(code, rules.shown_code(code) if code else "") for code in codes],
        agencies=agencies,
        duty=lists.duty_to_report(rows.region_of(place.service_id), language()),
        most=rules.MOST_PERSONS,
    )
