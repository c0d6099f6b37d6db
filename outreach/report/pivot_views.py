"""One measure by any two splits: the page for analysts, and what is seen on it as a file.

Guard, ask, render. Splits finer than service and day are for those who may see small numbers; others see the one table
that can be protected, or a sentence.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from flask import Response, g, render_template, request, send_file, url_for
from flask_babel import gettext

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.permissions import may
from outreach.errors import Invalid, NotFound
from outreach.returns.figures import board_of, measure_in, worked_out
from outreach.rollup.measures import CATALOGUE, DERIVED, Measure
from outreach.rollup.pivot import Axis, Pivot, guarded, pivot
from outreach.storage.queries import filters as choices
from outreach.storage.queries import operations
from outreach.storage.tables import Operation
from outreach.vocab import Basis
from outreach.web import load
from outreach.web.guard import guard
from outreach.web.page import language

from . import filter_rules, followed, pivot_pages, pivot_rules, words
from .dashboard_forms import fields
from .filter_rules import Asked
from .pivot_pages import Shown
from .pivot_rules import Question, TooFine
from .views import Moment, _moment, _shared, bp

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Asking:
    """The question of one address, and everything it may choose from."""

    operation: Operation
    at: Moment
    asked: Asked
    question: Question
    measures: dict[str, Measure]
    services: list[Any]
    teams: list[Any]
    days: list[int | str]
    fine: bool

    @property
    def measure(self) -> Measure:
        return self.measures[self.question.measure]

    @property
    def found(self) -> filter_rules.Choices:
        return filter_rules.choices(self.services, self.teams)


@bp.get("/operations/<code>/pivot")
@guard("figures.see", load=load.operation)
def pivot_page(operation: Operation) -> Any:
    """``?rows=``, ``?cols=``, ``?measure=``, and the filters of the dashboard."""
    asking = _asking(operation)
    question = asking.question
    made, problem, status = None, None, asking.at.status
    try:
        made = _shown(asking)
    except TooFine as refused:
        problem, status = (gettext(refused.message), gettext(refused.fix)), refused.status
    except Invalid as refused:
        finding = refused.findings[0]
        problem, status = (gettext(finding.message, **finding.params), ""), refused.status
    page = render_template(
        "report/pivot.html",
        asking=asking,
        asked=asking.asked,
        question=question,
        title=_title(asking),
        made=made,
        table=pivot_pages.table(made, _links(asking)) if made else None,
        problem=problem,
        instead=_instead(asking) if question.fine and not made else None,
        splits=_splits(asking),
        filters=fields(asking.asked, asking.found, asking.services, asking.teams, _numbers(asking.days), asking.fine),
        without=url_for("report.pivot_page", code=operation.code, **question.link, **asking.at.link),
        files={form: _address(asking, "report.pivot_file", form=form) for form in ("xlsx", "csv")} if made else {},
        turned=_turned(asking),
        **_shared(operation, asking.at),
    )
    return page, status


@bp.get("/operations/<code>/pivot/file")
@guard("figures.see", load=load.operation)
def pivot_file(operation: Operation) -> Any:
    """Exactly what the page shows, as ``?form=`` csv (without it) or xlsx; entered in the journal."""
    form, asking = request.args.get("form", "csv"), _asking(operation)
    if form not in ("csv", "xlsx"):
        raise NotFound()
    made, question = _shown(asking), asking.question
    audit.read(
        g.actor,
        Tag.PIVOT_EXPORTED,
        kind="operation",
        object_id=operation.id,
        operation=operation.id,
        measure=question.measure,
        part=f"{question.rows}, {question.columns}".strip(", "),
        how=form,
    )
    name = f"{operation.code}_{question.measure}_{question.rows}_{question.columns or 'all'}".replace(":", "-")
    if form == "csv":
        text = pivot_rules.as_csv((made.head, *made.column_labels), pivot_pages.plain(made))
        answer = Response(text, mimetype="text/csv; charset=utf-8")
        answer.headers.set("Content-Disposition", "attachment", filename=f"{name}.csv")
        return answer
    from .workbook import LANGUAGES, paper

    about = " · ".join((operation.name, words.moment(operation, asking.at.now), *_filter_words(asking)))
    about += " · " + gettext("Not to be passed on.")
    book = pivot_pages.book(made, _title(asking), about, asking.at.now, LANGUAGES[language()])
    return send_file(io.BytesIO(paper.write(book)), mimetype=XLSX, as_attachment=True, download_name=f"{name}.xlsx")


# What is asked --------------------------------------------------------------------------------------------------------


def _asking(operation: Operation) -> Asking:
    at = _moment(operation)
    fine, followed_too = (may(g.actor, action, g.target) for action in ("figures.small", "figures.followed"))
    measures = {
        one.code: measure_in(operation.id, one.code, at.as_of)
        for one in (*CATALOGUE, *DERIVED)
        if followed_too or one.code not in followed.HIDDEN
    }
    services = choices.services_in(operation.id)
    teams = choices.teams_in(operation.id) if fine else []
    asked = filter_rules.read(request.args.to_dict(flat=False), filter_rules.choices(services, teams), fine=fine)
    question = pivot_rules.ask(request.args, measures, standing=operation.standing)
    days = list(board_of(operation.id, at.as_of).days)
    return Asking(operation, at, asked, question, measures, services, teams, days, fine)


def _shown(asking: Asking) -> Shown:
    """The table; raises ``TooFine`` for what the reader may not see, ``Invalid`` for what is too large for a page."""
    question, operation, at = asking.question, asking.operation, asking.at
    if question.fine and not asking.fine:
        return _for_everybody(asking)
    rows = _axis(asking, question.rows)
    columns = _axis(asking, question.columns) if question.columns else None
    wide = len(columns.values) if columns else 0
    if pivot_rules.too_large(len(rows.values), wide):
        raise Invalid.at("rows", pivot_rules.TOO_LARGE, rows=len(rows.values), columns=wide)
    found: Pivot = worked_out(
        operation.id,
        ("pivot", question.measure, rows, columns),
        lambda facts: pivot(facts, asking.measure, rows, columns),
        lambda made: len(made.cells) + 1,
        at.as_of,
        asking.asked.only,
    )
    told = found.cells[None, None].basis in (Basis.TALLIES, Basis.MIXED, Basis.ADJUSTED)
    return pivot_pages.shown(found, question.rows, question.columns, asking.measure, _names(asking), told=told)


def _for_everybody(asking: Asking) -> Shown:
    """Persons met by gender, as it stood when the day began, of an operation that is no part of another."""
    operation, at = asking.operation, asking.at
    alone = operation.parent_id is None and not operations.children_of(operation.id)
    if not alone or not pivot_rules.all_told(asking.question, asking.asked.only):
        raise TooFine()
    moment = followed.day_step(operation, at.now)
    found = worked_out(operation.id, ("guarded",), guarded, lambda made: 8, moment)
    if found is None:
        raise TooFine()
    return pivot_pages.guarded(found, asking.measure)


def _axis(asking: Asking, dimension: str) -> Axis:
    only = asking.asked.only
    services, teams, days = asking.services, asking.teams, asking.days
    if only is not None and only.services is not None:
        services = [one for one in services if one.id in only.services]
        teams = [one for one in teams if one.service in only.services]
    if only is not None and only.days is not None:
        days = [day for day in days if day in only.days]
    return pivot_rules.axis(dimension, services, teams, days)


def _names(asking: Asking) -> pivot_pages.Names:
    services = {one.id: one.label for one in asking.services}
    return pivot_pages.Names(
        services, {team.id: f"{team.name} ({services.get(team.service, '')})" for team in asking.teams}
    )


# Words and addresses --------------------------------------------------------------------------------------------------


def _title(asking: Asking) -> str:
    return pivot_pages.title(asking.measure, asking.question.rows, asking.question.columns)


def _filter_words(asking: Asking) -> list[str]:
    """The filters in force, in words, for a file that is read away from its address."""
    labels = pivot_pages.dimension_labels()
    names = _names(asking)
    shown = {"service": names.services, "team": names.teams}
    out = []
    for name, values in asking.asked.values.items():
        said = [shown[name].get(int(one), one) if name in shown and one.isdigit() else one for one in values]
        out.append(gettext("%(what)s: %(figures)s", what=labels[name], figures=", ".join(said)))
    return out


def _splits(asking: Asking) -> list[tuple[str, str]]:
    labels = pivot_pages.dimension_labels()
    return [(name, labels[name]) for name in pivot_rules.able(asking.measure, standing=asking.operation.standing)]


def _numbers(days: list[int | str]) -> list[int]:
    return [day for day in days if isinstance(day, int)]


def _links(asking: Asking) -> Any:
    question, link = asking.question, asking.at.link
    if question.fine and not asking.fine:
        return lambda row, column: ""
    return pivot_pages.linked(
        asking.operation.code, asking.measure, question.rows, question.columns, asking.asked.link, link
    )


def _instead(asking: Asking) -> dict[str, str]:
    """The table to be offered where one is refused: what it is called, and its address."""
    near = pivot_rules.nearest(asking.question)
    title = pivot_pages.title(asking.measure, near.rows, near.columns)
    return {"title": title, "url": _address(asking, "report.pivot_page", **near.link)}


def _turned(asking: Asking) -> str:
    """The same table with rows and columns changed over; '' where there are no columns."""
    question = asking.question
    return _address(asking, "report.pivot_page", rows=question.columns, cols=question.rows) if question.columns else ""


def _address(asking: Asking, endpoint: str, **more: str) -> str:
    carried = {**asking.question.link, **asking.asked.link, **asking.at.link, **more}
    return url_for(endpoint, code=asking.operation.code, **carried)
