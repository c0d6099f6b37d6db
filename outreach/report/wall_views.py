"""The wall screen: for who is signed in, and behind a link of its own that shows nothing else; and the page of those

links. Guard, ask, render. The wall holds totals of the operation and how many services stand in each state.
"""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Response, current_app, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext

from outreach.errors import Blocked, Invalid, TooMany
from outreach.returns import figures as made
from outreach.rollup.standing import standing
from outreach.storage.queries import report as rows
from outreach.storage.tables import Operation
from outreach.storage.types import utc_now
from outreach.web import clock, load, throttle
from outreach.web.guard import guard
from outreach.web.page import LANGUAGES, THEMES, language, theme

from . import dashboard_pages as pages
from . import wall_commands as commands
from . import wall_rules as rules
from . import words
from .dashboard_pages import Reading
from .views import bp
from .wall_forms import WallLinkForm

DOOR = "wall"
LINKS = "/operations/<code>/wall-links"


# --- the wall ---------------------------------------------------------------------------------------------------------


def wall_page(operation: Operation, *, linked: bool = False) -> Response:
    """The wall as it stands; a bare status where what the screen shows still holds. ``linked``: without an account."""
    made.need_figures(operation)
    now = utc_now()
    figures = _figures(operation)
    mark = hashlib.sha256(f"{language()} {theme()} {figures}".encode()).hexdigest()[:32]
    if request.if_none_match.contains_weak(mark):
        answer = Response(status=304)
    else:
        answer = make_response(
            render_template(
                "report/wall.html",
                operation=operation,
                figures=figures,
                mark=mark,
                now=clock.local(now, operation.time_zone),
                window=words.window(operation, now)[:2],
                linked=linked,
            )
        )
    answer.set_etag(mark, weak=True)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _figures(operation: Operation) -> Any:
    """Totals and states, without anything that passes by itself."""
    reading = Reading(operation, None, utc_now())
    whole, board = reading.figures(), made.board_of(operation.id)
    return current_app.jinja_env.get_template("report/wall_figures.html").module.wall_figures(
        pages.tiles(reading, whole, board, rows.operation_names()),
        rules.in_order(standing(board.cells)),
        whole.coverage,
        words.covered(whole.coverage),
        pages.opening(operation, reading.now, whole),
    )


@bp.get("/w/<token>")
@guard("site.open", nameless=True)
def wall_link(token: str) -> Any:
    """The wall behind its link. A wrong mark is counted before anything is looked up; the right one is no guess."""
    if request.args.get("lang") in LANGUAGES:
        g.language = request.args["lang"]
    g.theme = request.args.get("theme") if request.args.get("theme") in THEMES else "day"
    if not commands.genuine(token):
        if throttle.guesses_too_often(DOOR):
            raise TooMany()
        throttle.missed(DOOR)
    link, operation = commands.behind(token)
    if request.method == "GET":  # programs that look at messages for viruses ask for the head
        commands.note_opened(link)
    return wall_page(operation, linked=True)


# --- its links --------------------------------------------------------------------------------------------------------


@bp.get(LINKS)
@guard("wall.share", load=load.operation)
def wall_links(operation: Operation) -> Any:
    return _links(operation, WallLinkForm(life="12h"))


@bp.post(LINKS)
@guard("wall.share", load=load.operation)
def make_wall_link(operation: Operation) -> Any:
    form = WallLinkForm()
    try:
        link = commands.make(g.actor, operation, form.life.data or "", form.label.data or "")
    except Invalid as problem:
        form.take(problem)
        return _links(operation, form, status=problem.status)
    except Blocked as problem:
        form.form_errors.append(f"{gettext(problem.message)} {gettext(problem.fix)}")
        return _links(operation, form, status=problem.status)
    return _links(operation, WallLinkForm(formdata=None, life="12h"), address=_address(link))


@bp.post(LINKS + "/<uid>/end")
@guard("wall.share", load=load.operation)
def end_wall_link(operation: Operation, uid: str) -> Any:
    ended = commands.end(g.actor, operation, uid)
    flash(
        gettext("The link no longer works. Its screen goes blank within a minute.")
        if ended
        else gettext("Nothing was changed.")
    )
    return redirect(url_for(".wall_links", code=operation.code), code=303)


def _links(operation: Operation, form: WallLinkForm, *, address: str = "", status: int = 200) -> Response:
    g.operation = operation
    page = render_template(
        "report/wall_links.html",
        operation=operation,
        form=form,
        errors=form,
        links=commands.listed(g.actor, operation),
        address=address,
    )
    answer = make_response(page, status)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _address(link: Any) -> str:
    """The whole address, in the language and theme of who makes it."""
    base = (current_app.config["OUTREACH"].public_url or request.host_url).rstrip("/")
    return base + url_for(".wall_link", token=commands.token_of(link), lang=language(), theme=theme())
