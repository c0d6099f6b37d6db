"""Views of figures: the operation page, its figures by service and day. One figure alone is in ``measure_views``.

Guard, load, ask ``figures``, render. No writes, no arithmetic. How a figure is said is in ``words``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from flask import Blueprint, current_app, g, render_template, request, url_for
from flask_babel import gettext
from markupsafe import Markup

from outreach.auth.permissions import may
from outreach.errors import Invalid, NotFound, Problem
from outreach.field.board_rules import HEADLINE, Headline, HeadlineTile
from outreach.plan.tasks import HEARD, tasks_of
from outreach.plan.views import visible_operations
from outreach.referrals.feedback_views import answer_words, said_of
from outreach.returns.figures import (
    board_of,
    cells_of,
    counted,
    figures_of,
    measure_in,
    need_figures,
    tonight_of,
)
from outreach.rollup.cells import Cell
from outreach.rollup.filters import Filter
from outreach.rollup.measures import CATALOGUE, STANDARD, Measure
from outreach.rollup.measures import measure as measure_of
from outreach.storage.queries import operations
from outreach.storage.queries import report as rows
from outreach.storage.tables import Operation
from outreach.storage.types import utc_now
from outreach.vocab import CellState
from outreach.web import clock, load
from outreach.web.guard import guard

from . import followed, lists, rules, words
from .asked import asked_of
from .filter_rules import Asked
from .forms import AsOfForm

bp = Blueprint("report", __name__)


def _heard(operation_id: int) -> tuple[int | None, int | None]:
    """Services that reported anything and that owe anything, for the task list of the plan."""
    found = figures_of(operation_id).coverage
    return found.reported, found.expected


bp.record_once(lambda setup: setup.app.extensions.update({HEARD: _heard}))


def _headline(operation_id: int) -> Headline:
    """Tonight's figures and those in all, and the contacts of each team, for the live board of the field.

    A rehearsal has no figures; its teams are practised with, so each shows what it logged.
    """
    operation = operations.by_id(operation_id)
    found = tonight_of(operation_id)
    if operation is None or operation.is_rehearsal:
        return Headline((), found.teams)
    tiles = (
        HeadlineTile(
            today.measure,
            measure_of(today.measure).label,
            None if today.contradicts else today.value,
            today.bound.value,
            None if whole.contradicts else whole.value,
            whole.bound.value,
        )
        for today, whole in zip(found.today, found.in_all, strict=True)
    )
    return Headline(tuple(tiles), found.teams)


bp.record_once(lambda setup: setup.app.extensions.update({HEADLINE: _headline}))

LIST_PAGE = 100
ACROSS = (
    "personnel",
    "contacts",
    "persons_met",
    "support_offered",
    "support_accepted",
    "persons_made_safe",
    "referrals_made",
    "persons_charged",
    "charges",
)
"""Columns of the tables by service and by day; every measure has its own page."""


@dataclass(frozen=True)
class Moment:
    """The moment asked for (None: now), the form that asks, what addresses carry on, which filter is asked for."""

    as_of: dt.datetime | None
    now: dt.datetime
    form: AsOfForm
    link: dict[str, Any]
    asked: Asked = field(default_factory=Asked)

    @property
    def only(self) -> Filter | None:
        return self.asked.only

    @property
    def status(self) -> int:
        return 422 if self.form.errors else 200


def _moment(operation: Operation) -> Moment:
    """What ``?as_of=`` asks; a moment that cannot be read is shown at its field, with the figures of now.

    Raises ``Blocked`` of a rehearsal, which has no figures.
    """
    g.operation = operation
    need_figures(operation)
    form, now = AsOfForm.asked(), utc_now()
    text = form.as_of.data or ""
    try:
        as_of = rules.moment(text, operation.time_zone, now)
    except Invalid as problem:
        form.take(problem)
        return Moment(None, now, form, {})
    return Moment(as_of, as_of or now, form, {"as_of": text} if as_of else {})


def _narrowed(operation: Operation) -> Moment:
    """As ``_moment``, with the filters of the address; one service or day is asked for in the page's own way."""
    at = _moment(operation)
    asked = asked_of(operation, but=("service", "day"))
    return replace(at, asked=asked, link={**at.link, **asked.link})


def _shared(operation: Operation, at: Moment) -> dict[str, Any]:
    """What every page of an operation's figures shows."""
    return {
        "operation": operation,
        "at": at,
        "errors": at.form,
        "words": words,
        "window": words.window(operation, at.now),
        "as_of": clock.local_text(at.now, operation.time_zone),
        "link": at.link,
        "moment": words.moment(operation, at.now),
    }


@bp.get("/report")
@guard("site.own")
def front() -> Any:
    """Every operation that the actor may see the figures of, with its headline figures."""
    seen = visible_operations("figures.see")
    number, pages = _page(len(seen), LIST_PAGE // 4)
    shown = seen[(number - 1) * (LIST_PAGE // 4) : number * (LIST_PAGE // 4)]
    table = [
        {"operation": operation, "depth": depth, "figures": figures_of(operation.id)} for operation, _, depth in shown
    ]
    return render_template(
        "report/front.html", table=table, words=words, number=number, pages=pages, page_url=_page_url
    )


@bp.get("/operations/<code>")
@guard("figures.see", load=load.operation)
def operation(operation: Operation) -> Any:
    at = _moment(operation)
    figures, board = figures_of(operation.id, at.as_of), board_of(operation.id, at.as_of)
    month = month_asked(operation, board.days, board.today)
    if month is not None:
        board = replace(
            board,
            days=tuple(day for day in board.days if rules.within(month, day)),
            cells=tuple(cell for cell in board.cells if rules.within(month, cell.day)),
            outside=(),
        )
    categories = figures_of(operation.id, at.as_of, ("category",))
    services, codes = rows.service_names(), rows.operation_names()
    after = followed.seen(g.actor, g.target, operation, at.as_of, at.now)
    names = {service: named.label for service, named in services.items()}
    order = (rules.by_name if request.args.get("order") == "name" else rules.worst_first)(names, board.cells)
    met = figures.one("persons_met")
    grid = words.grid_rows(operation, board, order, services, codes, at.link)
    plans = may(g.actor, "operation.plan.see", g.target)
    covers = figures.coverage
    page = render_template(
        "report/operation.html",
        figures=figures,
        tiles=words.tiles(operation, figures, categories.of("personnel"), board, codes, at.link),
        coverage=covers,
        coverage_words=words.covered(covers),
        days=[{"label": words.short_day(day), "today": day == board.today} for day in words.columns(board)],
        grid=grid,
        states=[
            state for state in lists.STATES if any(cell["state"] == state for row in grid for cell in row["cells"])
        ],
        joint=words.elsewhere(board, services, codes),
        adding_up="" if month else words.not_adding_up(board, met),
        month=month,
        checks=[
            words.check_words(check, services, codes)
            for check in board.checks
            if not (after.outside and check.where.get("measure") in followed.HIDDEN)
        ],
        funnel=followed.funnel(after),
        tasks=tasks_of(operation, heard=covers.reported, owing=covers.expected) if plans and not at.as_of else None,
        plans=plans,
        above=[_relative(found, at) for found in _ancestors(operation)],
        below=[_relative(found, at) for found in operations.children_of(operation.id) if _seen(found)],
        exports=_address("report.export", operation) if may(g.actor, "workbook.export", g.target) else "",
        versions=_address("returns.versions", operation) if may(g.actor, "versions.see", g.target) else "",
        **_shared(operation, at),
    )
    return page, at.status


@bp.get("/operations/<code>/figures")
@guard("figures.see", load=load.operation)
def figures(operation: Operation) -> Any:
    """All figures, or those by service, by day, or service by day of one measure (``?by=``, ``?measure=``)."""
    at = _narrowed(operation)
    by = request.args.get("by", "")
    if by not in ("", "service", "day", "service,day"):
        raise NotFound()
    services = rows.service_names()
    made: dict[str, Any] = {}
    if by == "service,day":
        made = _service_day_list(operation, at, services)
    elif by:
        split = figures_of(operation.id, at.as_of, (by,), at.only)
        if by == "day" and operation.standing:
            today = words.today_of(operation, at.now)
            month = month_asked(operation, {figure.key["day"] for figure in split.figures}, today)
            kept = (figure for figure in split.figures if rules.within(str(month), figure.key["day"]))
            split, made = replace(split, figures=tuple(kept)), {"month": month}
        made |= lists.across(
            figures_of(operation.id, at.as_of, (), at.only),
            split,
            by,
            [measure_in(operation.id, code, at.as_of) for code in ACROSS],
            services,
            _links(operation, at),
        )
    else:
        found = figures_of(operation.id, at.as_of, (), at.only)
        after = followed.seen(g.actor, g.target, operation, at.as_of, at.now)
        shown = [found.one(code) for code in (*STANDARD, "acceptance")]
        more = [code for code in followed.LIST if code not in STANDARD]
        if not at.only:
            shown += [after.one(code) for code in more]
        elif not after.outside:
            shown += [found.one(code) for code in more]
        made = {
            "all": [{"figure": one, "measure": counted(one)} for one in shown],
            "outside": after.outside,
            "said": None if at.as_of else said_of(operation, g.target),
            "answer_words": answer_words,
        }
    page = render_template("report/figures.html", by=by, **made, **_shared(operation, at))
    return page, at.status


def _service_day_list(operation: Operation, at: Moment, services: words.Services) -> dict[str, Any]:
    """The grid as a list: one line a service and day, for any measure that has days."""
    measure = measure_in(operation.id, _measure(request.args.get("measure", "persons_met")).code, at.as_of)
    outside = not may(g.actor, "figures.followed", g.target)
    if measure.parts or measure.middle or (outside and measure.code in followed.HIDDEN):
        raise NotFound()
    codes = rows.operation_names()
    found: Iterable[Cell] = cells_of(operation.id, measure.code, at.as_of, at.only)
    month = month_asked(operation, {cell.day for cell in found}, words.today_of(operation, at.now))
    if month is not None:
        found = [cell for cell in found if cell.day < 0 or rules.within(month, cell.day)]
    names = {service: named.name for service, named in services.items()}
    order = {service: place for place, service in enumerate(rules.worst_first(names, found))}
    ordered = sorted(found, key=lambda cell: (order[cell.service], cell.day))
    number, pages = _page(len(ordered), LIST_PAGE)
    shown = ordered[(number - 1) * LIST_PAGE : number * LIST_PAGE]
    return {
        "measure": measure,
        "month": month,
        "number": number,
        "pages": pages,
        "page_url": _page_url,
        "cells": [
            {
                "service": names.get(cell.service, ""),
                "day": words.day_words(cell.day) if cell.day >= 0 else "",
                **words.cell(cell, services, codes),
                "url": url_for(
                    "report.measure",
                    code=operation.code,
                    measure=measure.code,
                    service=cell.service,
                    day=rules.day_text(cell.day) if cell.day >= 0 else None,
                    **at.link,
                ),
            }
            for cell in shown
        ],
        "measures": [found for found in CATALOGUE if found.by_day and not (outside and found.code in followed.HIDDEN)],
        "states_words": {state.value: gettext(state.label) for state in CellState},
    }


def month_asked(operation: Operation, days: Iterable[int | str], today: int) -> str | None:
    """The month whose days a page of a standing unit shows (``?month=``); None for any other operation.

    Raises ``NotFound`` for what is no month.
    """
    if not operation.standing:
        return None
    known = [day for day in days if isinstance(day, int) and day >= 0]
    found = rules.month_shown(request.args.get("month", ""), known, today)
    if found is None:
        raise NotFound()
    return found


# Small things ---------------------------------------------------------------------------------------------------------


def _measure(code: str) -> Measure:
    """The measure of an address; any other address does not exist.

    An age that no page lists is for those who may see splits by age: two of them side by side tell an age band.
    """
    try:
        found = measure_of(code)
    except Problem:
        raise NotFound() from None
    if found.threshold is not None and found not in CATALOGUE and not may(g.actor, "figures.small", g.target):
        raise NotFound()
    return found


def _seen(operation: Operation) -> bool:
    return may(g.actor, "figures.see", rows.operation_target(operation))


def _ancestors(operation: Operation) -> list[Operation]:
    """Operations above this one that the actor may see, the nearest first."""
    found: list[Operation] = []
    above = operations.by_id(operation.parent_id) if operation.parent_id else None
    while above is not None and above not in found:
        found.append(above)
        above = operations.by_id(above.parent_id) if above.parent_id else None
    return [one for one in found if _seen(one)]


def _relative(operation: Operation, at: Moment) -> dict[str, Any]:
    """An operation above or below, with its status, coverage and persons met."""
    found = figures_of(operation.id, at.as_of)
    url = url_for("report.operation", code=operation.code, **at.link)
    return {
        "name": Markup('<a href="{}">{}</a>').format(url, operation.name),
        "crumb": (operation.name, url),
        "status": words.status_line(operation),
        "coverage": words.covered(found.coverage),
        "met": words.said(found.one("persons_met")),
    }


def _links(operation: Operation, at: Moment) -> lists.Links:
    def link(code: str, **more: Any) -> str:
        return url_for("report.measure", code=operation.code, measure=code, **more, **at.link)

    return link


def _address(endpoint: str, operation: Operation) -> str:
    """Address of a page that another part of the room may or may not have."""
    return url_for(endpoint, code=operation.code) if endpoint in current_app.view_functions else ""


def _page(total: int, size: int) -> tuple[int, int]:
    """Number of the page asked for, within what there is, and the number of pages."""
    pages = max(1, -(-total // size))
    asked = request.args.get("page", "1")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 8 else 1
    return min(max(number, 1), pages), pages


def _page_url(number: int) -> str:
    kept = {name: value for name, value in request.args.items() if name not in ("page",)}
    return url_for(str(request.endpoint), **{**(request.view_args or {}), **kept, "page": number})


# Pages in files of their own, which add themselves to the blueprint.
from . import (  # noqa: E402
    dashboard_views,  # noqa: F401
    data_views,  # noqa: F401
    disclosure_views,  # noqa: F401
    edition_views,  # noqa: F401
    erratum_views,  # noqa: F401
    freezing,  # noqa: F401
    history_views,  # noqa: F401
    measure_views,  # noqa: F401
    opening_views,  # noqa: F401
    page_views,  # noqa: F401
    pivot_views,  # noqa: F401
    public_views,  # noqa: F401
    release_views,  # noqa: F401
    wall_views,  # noqa: F401
)
