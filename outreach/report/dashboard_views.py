"""The dashboard of an operation: figures and charts, filtered by the address; what its script asks every minute.

Guard, ask, render. What is shown is made in ``dashboard_pages``; the wall is in ``wall_views``.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from flask import Response, g, make_response, render_template, request, url_for
from markupsafe import Markup

from outreach.auth.permissions import may
from outreach.returns import figures as made
from outreach.storage.queries import operations
from outreach.storage.queries import report as rows
from outreach.storage.tables import Operation
from outreach.storage.types import utc_now
from outreach.web import again, clock, load
from outreach.web.guard import guard
from outreach.web.page import language

from . import dashboard_charts as drawn
from . import dashboard_pages as pages
from . import filter_rules, followed, lists, rules, words
from .asked import asked_of, choices_of, fine
from .dashboard_forms import fields
from .dashboard_pages import Reading
from .filter_rules import Asked
from .views import Moment, _moment, _page, _seen, _shared, bp, month_asked
from .wall_views import wall_page

KNOWN = (*filter_rules.NAMES, "as_of", "order", "month", "page")
"""Names that an address of the dashboard may hold."""
GRID_PAGE = 92
"""Services of one page of the grid: two columns of forty-six."""


@bp.get("/operations/<code>/dashboard")
@guard("figures.see", load=load.operation)
def dashboard(operation: Operation) -> Any:
    if request.args.get("wall") == "1":
        return wall_page(operation)
    at = _moment(operation)
    asked = asked_of(operation)
    figures = _part(operation, at, asked)
    page = render_template(
        "report/dashboard.html",
        figures=Markup(figures),  # noqa: S704 - made by our own template just above
        mark=_mark(figures),
        filters=Markup(_filters(operation, at, asked)),  # noqa: S704 - likewise
        changes=url_for("report.dashboard_figures", code=operation.code, **_kept()),
        wall=url_for("report.dashboard", code=operation.code, wall=1),
        **_shared(operation, at),
    )
    again.keep()
    return page, at.status


@bp.get("/operations/<code>/dashboard/figures")
@guard("figures.see", load=load.operation)
def dashboard_figures(operation: Operation) -> Any:
    """What the script asks for every minute: nothing but a status when the figures it shows still hold."""
    at = _moment(operation)
    figures = _part(operation, at, asked_of(operation))
    mark = _mark(figures)
    same = request.if_none_match.contains_weak(mark)
    answer = Response(status=304) if same else make_response(figures)
    answer.set_etag(mark, weak=True)
    answer.headers["X-Board-Time"] = quote(clock.spoken_time(at.now, operation.time_zone))
    again.keep()
    return answer


def _kept(*but: str) -> dict[str, list[str]]:
    """What the address asks for, without anything that the page does not know."""
    return {name: request.args.getlist(name) for name in KNOWN if name in request.args and name not in but}


def _filters(operation: Operation, at: Moment, asked: Asked) -> str:
    """The form of the filters."""

    def make() -> str:
        found, services, teams = choices_of(operation)
        board = made.board_of(operation.id, at.as_of)
        days = [] if operation.standing else [day for day in board.days if isinstance(day, int)]
        return render_template(
            "report/dashboard_filters.html",
            at=at,
            filters=fields(asked, found, services, teams, days, fine()),
            asked=asked,
            by_name=request.args.get("order") == "name",
            without=url_for("report.dashboard", code=operation.code, **at.link),
        )

    if asked.values or asked.findings:
        return make()
    name = ("filters", language(), fine(), repr(_kept("month", "page")))
    return made.part_of_page(operation.id, at.as_of, name, make)


def _mark(figures: str) -> str:
    """What tells one state of the figures from another."""
    return hashlib.sha256(f"{g.actor.user} {language()} {figures}".encode()).hexdigest()[:32]


def _part(operation: Operation, at: Moment, asked: Asked) -> str:
    """Tiles, grid and charts, made anew only where a figure in them is."""
    before, titles = None if asked.only else _before(operation), rows.offence_titles(language())
    reading = Reading(
        operation,
        at.as_of,
        at.now,
        only=asked.only,
        link={**at.link, **asked.link},
        outside=not may(g.actor, "figures.followed", g.target),
        hours=may(g.actor, "figures.hours", g.target),
    )
    seen = (fine(), reading.outside, reading.hours, before is not None)
    name = ("dashboard", language(), seen, repr(_kept()), hash(tuple(titles.items())))
    also = [before.id] if before is not None else []
    return made.part_of_page(operation.id, at.as_of, name, lambda: _figures(reading, before, titles), also)


def _figures(reading: Reading, before: Operation | None, titles: dict[str, str]) -> str:
    """Tiles, grid and charts as one piece of the page."""
    operation = reading.operation
    whole, codes = reading.figures(), rows.operation_names()
    board = made.board_of(operation.id, reading.as_of, **reading.narrowed)
    opening = pages.opening(operation, reading.now, whole)
    return render_template(
        "report/dashboard_figures.html",
        operation=operation,
        opening=opening,
        past=_past(before) if before is not None and opening else None,
        coverage=whole.coverage,
        tiles=pages.tiles(reading, whole, board, codes),
        charts=_charts(reading, whole, board, before, titles),
        words=words,
        link=reading.link,
        **_grid(reading, board, codes),
    )


def _grid(reading: Reading, board: Any, codes: Any) -> dict[str, Any]:
    operation, services = reading.operation, rows.service_names()
    month = month_asked(operation, board.days, board.today)
    if month is not None:
        board = replace(
            board,
            days=tuple(day for day in board.days if rules.within(month, day)),
            cells=tuple(cell for cell in board.cells if rules.within(month, cell.day)),
            outside=(),
        )
    names = {service: named.label for service, named in services.items()}
    order = pages.worst_first(board, names, request.args.get("order") == "name")
    number, pages_in_all = _page(len(order), GRID_PAGE)
    shown = order[(number - 1) * GRID_PAGE : number * GRID_PAGE]
    link = {name: value for name, value in reading.link.items() if name not in ("service", "day")}
    grid = words.grid_rows(operation, board, shown, services, codes, link)
    return {
        "grid": grid,
        "grid_title": pages.grid_title(board),
        "services": len(order),
        "days": [{"label": words.short_day(day), "today": day == board.today} for day in words.columns(board)],
        "states": lists.states_in(grid),
        "month": month,
        "number": number,
        "pages": pages_in_all,
        "page_url": lambda number: url_for("report.dashboard", code=operation.code, **_kept("page"), page=number),
    }


def _charts(
    reading: Reading, whole: made.Figures, board: Any, before: Operation | None, titles: dict[str, str]
) -> list[Any]:
    operation, as_of = reading.operation, reading.as_of
    found = [drawn.pace(reading, board, before), drawn.funnel(reading, whole)]
    if reading.hours:
        found.append(drawn.hours(reading, made.hours_of(operation, as_of, **reading.narrowed)))
    if waits := _waits(reading):
        found.append(waits)
    if fine() or not reading.only:  # of one service and day they are finer than by service and day
        offences = made.offences_of(operation.id, as_of, **reading.narrowed, labels=fine())
        more = made.charges_added(operation.id, as_of, **reading.narrowed)
        found.append(drawn.offences(reading, offences, titles, whole.one("charges"), more))
    return found


def _waits(reading: Reading) -> Any:
    """For readers outside the agencies the operation as a whole, as it stood when the day began; no part of it."""
    operation, edges = reading.operation, drawn.edges(reading.operation)
    if reading.outside and reading.only:
        return None
    if not reading.outside:
        found = made.waits_of(operation.id, edges, reading.as_of, **reading.narrowed)
        return drawn.waiting(reading, found, reading.figures().one("hours_to_receipt"))
    seen = followed.seen(g.actor, g.target, operation, reading.as_of, reading.now)
    found = made.waits_of(operation.id, edges, seen.as_of).outside()
    return drawn.waiting(reading, found, seen.one("hours_to_receipt"))


def _before(operation: Operation) -> Operation | None:
    """The edition that this one was copied from, when the reader may see its figures."""
    if operation.copied_from_id is None:
        return None
    found = operations.by_id(operation.copied_from_id)
    return found if found is not None and not found.is_rehearsal and _seen(found) else None


def _past(before: Operation) -> dict[str, Any]:
    """The last edition's tiles, shown in grey until this one has figures of its own."""
    reading = Reading(before, None, utc_now())
    whole, board = made.figures_of(before.id), made.board_of(before.id)
    return {
        "name": before.name,
        "edition": before.edition,
        "url": url_for("report.dashboard", code=before.code),
        "tiles": pages.tiles(reading, whole, board, rows.operation_names()),
    }
