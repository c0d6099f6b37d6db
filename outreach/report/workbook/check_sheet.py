"""Checks: formulas that add up again, from the other sheets, every figure that adds up, and show the difference.

Here belongs what is added to what. Only numbers that stand in the file are looked at, so that a figure which is not
known, or not shown, is in no sum and in no formula. The formulas have no kept result: until a program works them out
there is nothing to see, rather than a zero that nobody has worked out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from flask_babel import gettext as _

from outreach.rollup.measures import Measure

from .book import AllDifferences, At, Cell, Column, Difference, Named, Sheet, SumOf, SumWhere
from .source import label
from .words import BY_CODE, ORDER, Head, heading

Adds = Callable[[Measure], bool]
_STAFF = "personnel/"


def checks(head: Head, sheets: Iterable[Sheet], adds_by_day: Adds) -> Sheet:
    """The whole operation first, which is what is printed; then each day, then each service."""
    of = {sheet.code: sheet for sheet in sheets}
    columns = (
        Column(_("Figure"), 34, wraps=True),
        Column(_("Of"), 34, wraps=True),
        Column(_("Added up again from"), 26, wraps=True),
        Column(_("On its sheet"), 14),
        Column(_("Added up again"), 14),
        Column(_("Difference"), 14),
    )
    whole = [row for code in ORDER for row in _whole(of, BY_CODE[code], adds_by_day)]
    rows = [*whole, *_days(of), *_services(of)]
    if rows:
        words = [_("Every line below"), None, None, None, None]
        rows = [[*words, AllDifferences("checks")], *rows]
    note = _("Excel and LibreOffice work these out; each difference is 0. Figures that do not add up are not here.")
    return Sheet(
        "checks",
        _("Checks"),
        "tblChecks",
        columns,
        rows or [[_("No figure that adds up is known"), None, None, None, None, None]],
        heading(head, _("Checks"), note),
        landscape=False,
        printed_rows=1 + len(whole),
    )


def _whole(of: Mapping[str, Sheet], measure: Measure, adds_by_day: Adds) -> list[list[Cell]]:
    """The figure of the operation, from every sheet whose column adds up to it."""
    summary = of["summary"]
    if measure.code not in summary.keys or not _number(summary, summary.keys.index(measure.code), 1):
        return []
    found = []
    for code, fits in (
        ("service_days", measure.additive),
        ("days", measure.by_day and measure.adds_across_days and adds_by_day(measure)),
        ("services", measure.adds_across_services),
        ("outcomes", True),
        ("offences", True),
        ("charges", True),
    ):
        column = of[code].column(measure.code) if code in of else None
        if fits and column is not None and _complete(of[code], column):
            found.append((of[code].title, SumOf(code, (column,))))
    staff = _staff(of)
    if measure.code == "personnel" and staff and all(_complete(of["services"], column) for column in staff):
        found.append((_("%(sheet)s, by category", sheet=of["services"].title), SumOf("services", staff)))
    return [[label(measure), _("Whole operation"), where, Named(measure.code), sum_, Difference()]
            for where, sum_ in found]  # fmt: skip


def _days(of: Mapping[str, Sheet]) -> Iterable[list[Cell]]:
    """Each day of what adds up across services, from Service × day: a date, or the words of a row that is none."""
    if "days" not in of or "service_days" not in of:
        return
    days, finest = of["days"], of["service_days"]
    for place, about in enumerate(days.columns):
        column = finest.column(about.code) if about.code else None
        if column is not None and BY_CODE[about.code].additive:
            for row, day in enumerate(days.keys):
                if _number(days, row, place):
                    where = 1 if isinstance(day, int) else 2
                    again = SumWhere("service_days", column, where, At("days", row, 0))
                    yield [about.title, days.rows[row][0], finest.title, At("days", row, place), again, Difference()]


def _services(of: Mapping[str, Sheet]) -> Iterable[list[Cell]]:
    """Each service's own figures, from its rows of Service × day, which stand together; its staff from their parts."""
    if "services" not in of:
        return
    services, staff = of["services"], _staff(of)
    finest = of.get("service_days")
    reach: dict[int, tuple[int, int]] = {}
    for row, (service, _day) in enumerate(finest.keys if finest else ()):
        reach[service] = (reach.get(service, (row, row))[0], row)
    for row, service in enumerate(services.keys):
        for place, about in enumerate(services.columns):
            if not about.code or not _number(services, row, place):
                continue
            column = finest.column(about.code) if finest else None
            again: Cell = None
            if about.code == "personnel" and staff and all(_number(services, row, one) for one in staff):
                again, where = SumOf("services", staff, row, row), services.title
            elif finest and column is not None and service in reach and BY_CODE[about.code].adds_across_days:
                again, where = SumOf("service_days", (column,), *reach[service]), finest.title
            if again is not None:
                at = At("services", row, place)
                yield [about.title, services.rows[row][0], where, at, again, Difference()]


def _staff(of: Mapping[str, Sheet]) -> tuple[int, ...]:
    """The columns of By service that split the personnel."""
    columns = of["services"].columns if "services" in of else ()
    return tuple(place for place, about in enumerate(columns) if about.code.startswith(_STAFF))


def _number(sheet: Sheet, row: int, column: int) -> bool:
    return row < len(sheet.rows) and isinstance(sheet.rows[row][column], int)


def _complete(sheet: Sheet, column: int) -> bool:
    """Whether nothing of the column is withheld, or elsewhere because there is too much of it."""
    return all(row[column] != "x" for row in sheet.rows) and any(row[column] is not None for row in sheet.rows)
