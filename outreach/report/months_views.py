"""Figures of an operation by month and year, as a page and as a file: guard, load, ask, render.

Made for a standing unit; any operation may be read that way.
"""

from __future__ import annotations

from typing import Any

from flask import Response, render_template, request, url_for
from flask_babel import gettext
from markupsafe import Markup

from outreach.errors import NotFound
from outreach.returns.figures import Figures, figures_of, measure_in, months_of
from outreach.rollup.days import WITHOUT_DAY
from outreach.rollup.months import Month, as_figure
from outreach.storage.tables import Operation
from outreach.web import load
from outreach.web.guard import guard

from . import rules, words
from .rules import MONTHLY
from .views import _moment, _shared, bp


@bp.get("/operations/<code>/months")
@guard("figures.see", load=load.operation)
def months(operation: Operation) -> Any:
    at = _moment(operation)
    measures = [measure_in(operation.id, code, at.as_of) for code in MONTHLY]
    whole = figures_of(operation.id, at.as_of)
    found = months_of(operation.id, MONTHLY, at.as_of)
    year = _year(found)
    shown = [month for month in found if month.is_year or month.name[:4] in (year, WITHOUT_DAY[:4])]
    rows = [_row(operation, month, whole, at.link) for month in shown]
    made = render_template(
        "report/months.html",
        columns=[{"key": "name", "label": gettext("Month"), "head": True}]
        + [{"key": measure.code, "label": words.label(measure), "numeric": True} for measure in measures],
        rows=rows,
        foot={code: words.short(whole.one(code)) for code in MONTHLY},
        **_shared(operation, at),
    )
    return made, at.status


def _year(found: tuple[Month, ...]) -> str:
    """The year whose months the page shows: the one asked for, else the latest in which anything was counted."""
    years = [month for month in found if month.is_year]
    asked = request.args.get("year", "")
    if asked and asked not in {year.name for year in years}:
        raise NotFound()
    return asked or next((year.name for year in years if any(year.values.values())), "")


def _row(operation: Operation, month: Month, whole: Figures, link: dict[str, str]) -> dict[str, Any]:
    name: Any = words.day_words(month.name)
    if month.is_year:
        url = url_for("report.months", code=operation.code, year=month.name, **link)
        name = Markup('<a href="{}">{}</a>').format(url, month.name)
    row: dict[str, Any] = {"name": name, "needs": month.is_year}
    for code, value in month.values.items():
        row[code] = words.short(as_figure(month.name, value, whole.one(code)))
        if value and not month.is_year:
            url = url_for("report.measure", code=operation.code, measure=code, day=month.name, **link)
            row[code] = Markup('<a href="{}">{}</a>').format(url, row[code])
    return row


@bp.get("/operations/<code>/months.csv")
@guard("figures.see", load=load.operation)
def months_file(operation: Operation) -> Response:
    """The same as a file for a spreadsheet: codes of the measures, one line a month or year."""
    at = _moment(operation)
    text = rules.months_csv(MONTHLY, months_of(operation.id, MONTHLY, at.as_of))
    made = Response(text, mimetype="text/csv")
    made.headers["Content-Disposition"] = f"attachment; filename={operation.code}_{at.now:%Y-%m-%d}_months.csv"
    return made
