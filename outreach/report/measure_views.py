"""The page of one figure: what it means, how it came about, and the rows behind it.

Guard, load, ask ``figures``, render. No writes but the journal's entry of reading rows, no arithmetic. How a figure is
said is in ``words``, what the lists of rows show in ``lists``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import g, render_template, request, url_for
from flask_babel import gettext

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.permissions import may
from outreach.errors import NotFound
from outreach.returns.figures import by_rule, figures_for, measure_in, months_of, rows_of
from outreach.rollup.counting import rules_of
from outreach.rollup.measures import Measure
from outreach.rollup.months import Month
from outreach.rollup.totals import Figure
from outreach.storage.queries import access, figure_sets
from outreach.storage.queries import report as rows
from outreach.storage.tables import Operation
from outreach.web import load
from outreach.web.guard import guard

from . import followed, lists, rules, words
from .views import Moment, _address, _links, _measure, _narrowed, _page, _page_url, _shared, bp

PAGE = 50
AGENCY_ONLY = followed.HIDDEN
"""Of single referrals police learn that one was picked up, never what became of it; totals go through ``followed``."""


@bp.get("/operations/<code>/figures/<measure>")
@guard("figures.see", load=load.operation)
def measure(operation: Operation, measure: str) -> Any:
    """What a figure means, how it came about, and for those entitled the rows that it counted."""
    at, found = _narrowed(operation), _measure(measure)
    service, day = _filters(operation, at)
    if found.code in followed.HIDDEN and not may(g.actor, "figures.followed", g.target):
        return _total_alone(operation, found, at, service, day)
    services = rows.service_names()
    found = measure_in(operation.id, found.code, at.as_of)
    by_service = figures_for(operation.id, found.code, at.as_of, ("service",), at.only).of(found.code)
    if service is not None and service not in {figure.key["service"] for figure in by_service}:
        raise NotFound()
    own = _own_services()
    shown_service = service if service is not None or own is None else next(iter(own), None)
    entitled = (own is None or shown_service in own) and found.code not in AGENCY_ONLY
    page = render_template(
        "report/measure.html",
        measure=found,
        figure=figures_for(operation.id, found.code, at.as_of, (), at.only).one(found.code),
        ruled=[] if at.only else _ruled(operation, found, at),
        rules_url=url_for("returns.counting", code=operation.code) if may(g.actor, "counting.see", g.target) else "",
        picked=lists.picked(operation.id, found, at.as_of, shown_service if entitled else service, day, at.only),
        service=services.get(shown_service if entitled else service or 0),
        day=day,
        by_service=lists.sources(by_service, services, _links(operation, at), found),
        by_day=_by_day(operation, found, at),
        months=_months(operation, found, at, shown_service if entitled else service),
        day_code=rules.day_text,
        names=services,
        reconciles=_address("returns.ledger", operation) if may(g.actor, "totals.see", g.target) else "",
        adjusted=[] if at.as_of or at.only else lists.adjusted(operation, found, services, _sees_sources(operation)),
        own=[services[one] for one in sorted(own)] if own else [],
        list=_rows(operation, found, at, shown_service, day, services, own) if entitled and not found.parts else None,
        locked=figure_sets.last_version(operation.id) if may(g.actor, "versions.see", g.target) else 0,
        **_shared(operation, at),
    )
    return page, at.status


def _by_day(operation: Operation, found: Measure, at: Moment) -> list[Figure]:
    if operation.standing:
        return []
    return figures_for(operation.id, found.code, at.as_of, ("day",), at.only).of(found.code)


def _sees_sources(operation: Operation) -> Callable[[int], bool]:
    """Whether the reader may see what a service did to its figures, and why."""
    return lambda service: may(g.actor, "totals.see", access.service_target(operation, service))


def _ruled(operation: Operation, found: Measure, at: Moment) -> list[dict[str, Any]]:
    """The same records counted by each rule of the measure; none where there is only one."""
    made = by_rule(operation.id, at.as_of) if rules_of(found.base) else {}
    return [
        {
            "name": gettext(rule.label),
            "said": words.said(made[rule.code]),
            "counts": rule.name == found.variant,
            "url": url_for("report.measure", code=operation.code, measure=rule.code, **at.link),
        }
        for rule in rules_of(found.base)
    ]


def _months(operation: Operation, found: Measure, at: Moment, service: int | None) -> tuple[Month, ...]:
    """The figure of a standing unit by month, instead of its days."""
    if not (operation.standing and found.by_day and found.adds_across_days and not found.middle):
        return ()
    return months_of(operation.id, (found.code,), at.as_of, service, at.only)


def _total_alone(operation: Operation, found: Measure, at: Moment, service: int | None, day: int | str | None) -> Any:
    """What became of referrals, for readers outside the agencies: the operation's total, or that it is withheld."""
    if service is not None or day is not None or at.only:
        raise NotFound()
    figure = followed.seen(g.actor, g.target, operation, at.as_of, at.now).one(found.code)
    page = render_template(
        "report/measure.html",
        measure=found,
        figure=figure,
        alone=True,
        list=None,
        service=None,
        day=None,
        **_shared(operation, at),
    )
    return page, at.status


def _rows(
    operation: Operation,
    found: Measure,
    at: Moment,
    service: int | None,
    day: int | str | None,
    services: words.Services,
    own: set[int] | None,
) -> dict[str, Any]:
    """One page of the rows that the figure counted; who read them is entered in the journal first."""
    members = rows_of(operation.id, found.code, at.as_of, service=service, day=day, only=at.only)
    number, pages = _page(len(members), PAGE)
    shown = members.iloc[(number - 1) * PAGE : number * PAGE]
    if found.frame != "participations":
        g.person_level = True
        audit.read(
            g.actor,
            Tag.ROWS_READ,
            kind="measure",
            object_id=found.code,
            operation=operation.id,
            service=service,
            day=None if day is None else rules.day_text(day),
            rows=len(shown),
            page=number,
        )
    offences = rows.offence_titles(str(words.get_locale().language)) if found.frame == "charges" else {}
    table = lists.rows_table(found, shown, (number - 1) * PAGE, services, offences, operation.time_zone)
    return {
        **table,
        "total": len(members),
        "counted": int(members["counted"].sum()),
        "number": number,
        "pages": pages,
        "page_url": _page_url,
    }


def _filters(operation: Operation, at: Moment) -> tuple[int | None, int | str | None]:
    """Service and day of the address; raises ``NotFound`` for what is neither."""
    text, day = (
        request.args.get(name, "") if len(request.args.getlist(name)) == 1 else "" for name in ("service", "day")
    )
    if text and not (text.isascii() and text.isdigit() and len(text) < 10):
        raise NotFound()
    asked = rules.day_asked(day) if day else None
    if day and asked is None:
        raise NotFound()
    return int(text) if text else None, asked


def _own_services() -> set[int] | None:
    """Services whose rows the actor may read; None: those of every service."""
    if may(g.actor, "figures.rows", g.target):
        return None
    return {one for one in g.target.services if may(g.actor, "figures.rows", replace(g.target, service=one))}
