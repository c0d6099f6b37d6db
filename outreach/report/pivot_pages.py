"""The table of the pivot page in words: heads, cells with how far to trust them, where each leads, and the same as a
sheet. What is counted is in ``rollup.pivot``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import url_for
from flask_babel import gettext, pgettext
from markupsafe import Markup

from outreach.rollup.measures import Measure
from outreach.rollup.measures import measure as measure_of
from outreach.rollup.pivot import Guarded, Pivot
from outreach.rollup.totals import Figure
from outreach.vocab import AgeBand, Bound, Gender, PlaceKind, ServiceKind

from . import rules, words
from .filter_rules import NO_TEAM
from .pivot_rules import FINE
from .workbook.book import Book, Cell, Column, Share, Sheet

_ASKED = {"service": "service", "region": "region", "day": "day", "month": "day", "team": "team", "place": "place",
          "age": "age"}  # fmt: skip
"""Splits whose values an address of one figure can name."""
_LISTS = {"age": AgeBand, "gender": Gender, "place": PlaceKind, "kind": ServiceKind}


@dataclass(frozen=True)
class Names:
    """What services and teams are called."""

    services: Mapping[int, str] = field(default_factory=dict)
    teams: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Shown:
    """The table as it is seen. ``cells``: a figure for each row and column, totals last; None where it is withheld."""

    head: str
    rows: tuple[Any, ...]
    columns: tuple[Any, ...]
    row_labels: tuple[str, ...]
    column_labels: tuple[str, ...]
    cells: tuple[tuple[Figure, ...], ...]
    notes: tuple[str, ...]


def dimension_labels() -> dict[str, str]:
    return {
        "service": gettext("Service"),
        "region": gettext("Region"),
        "kind": gettext("Kind of service"),
        "day": gettext("Day"),
        "month": gettext("Month"),
        "team": gettext("Team"),
        "place": gettext("Kind of place"),
        "age": gettext("Age"),
        "gender": gettext("Gender"),
    }


def value_label(dimension: str, value: Any, names: Names) -> str:
    """What one value of a dimension is called."""
    if dimension == "service":
        return names.services.get(value, str(value))
    if dimension == "team":
        return names.teams.get(value, str(value)) if value >= 0 else gettext("Without a team")
    if dimension in ("day", "month"):
        return words.day_words(value)
    if dimension == "region":
        return value or gettext("Region not said")
    return gettext(_LISTS[dimension](value).label)


def shown(found: Pivot, rows: str, columns: str, measure: Measure, names: Names, *, told: bool) -> Shown:
    """``told``: services of the operation send numbers, which stand in totals and nowhere else in a fine split."""
    labels = dimension_labels()
    down = _filled(found, found.rows, rows, True)
    across = _filled(found, found.columns, columns, False)
    total = gettext("All, each person once") if _persons(measure) else gettext("In all")
    return Shown(
        labels[rows],
        (*down, None),
        (*across, None),
        (*(value_label(rows, one, names) for one in down), total),
        (*(value_label(columns, one, names) for one in across), total),
        tuple(tuple(found.cells[row, column] for column in (*across, None)) for row in (*down, None)),
        tuple(_notes(found, rows, columns, measure, told)),
    )


def guarded(found: Guarded, measure: Measure) -> Shown:
    """The table for readers who may not see small numbers."""
    names = tuple(found.numbers)
    total = gettext("All, each person once")
    cells = (
        Figure(measure.code, withheld=True)
        if name in found.hidden
        else Figure(measure.code, {}, found.numbers[name], Bound.EXACT)
        for name in names
    )
    return Shown(
        dimension_labels()["gender"],
        names,
        (None,),
        tuple(total if name is None else value_label("gender", name, Names()) for name in names),
        (words.label(measure),),
        tuple((cell,) for cell in cells),
        (gettext("x: withheld, because it is a small number, or would give one away."),),
    )


def _persons(measure: Measure) -> bool:
    return measure.of_persons or measure.distinct == "person"


def _filled(found: Pivot, values: tuple[Any, ...], dimension: str, down: bool) -> tuple[Any, ...]:
    """The values, without day rows outside the window on which nothing counts."""

    def empty(value: Any) -> bool:
        cell = found.cells[(value, None) if down else (None, value)]
        return dimension == "day" and isinstance(value, str) and not cell.value

    return tuple(value for value in values if not empty(value))


def _notes(found: Pivot, rows: str, columns: str, measure: Measure, told: bool) -> list[str]:
    out = []
    adds = [found.adds_down, *([found.adds_across] if columns else [])]
    if not all(adds) and (measure.parts or measure.middle):
        out.append(gettext("Shares and medians are worked out anew for each cell: they are never added."))
    elif not all(adds):
        out.append(
            gettext("Each person is counted once in each cell and once in each total, so cells need not add up.")
        )
    if told and {rows, columns} & set(FINE):
        out.append(
            gettext(
                "Some services send daily totals, which cannot be split this way: they are in no cell of it, and a "
                "number such as 11 (5/46) says how many services are in."
            )
        )
    if measure.of_referrals and {rows, columns} & {"age", "gender"}:
        out.append(gettext("Referrals of persons whom nobody here met stand under “not known”."))
    return out


# On the page and in files ---------------------------------------------------------------------------------------------


def table(made: Shown, link: Any) -> dict[str, Any]:
    """Columns, rows and foot for the table macro. ``link(row, column)``: where a number leads, '' for nowhere."""
    columns = [{"key": "name", "label": made.head, "head": True}]
    columns += [{"key": f"c{place}", "label": label, "numeric": True} for place, label in enumerate(made.column_labels)]
    rows = []
    for row, label, cells in zip(made.rows, made.row_labels, made.cells, strict=True):
        one: dict[str, Any] = {"name": label}
        for place, (column, cell) in enumerate(zip(made.columns, cells, strict=True)):
            one[f"c{place}"] = _said(cell, link(row, column))
        rows.append(one)
    return {"columns": columns, "rows": rows[:-1], "foot": rows[-1]}


def _said(cell: Figure, url: str) -> Any:
    if cell.withheld:
        return words.withheld_cell()
    if cell.value is None:
        text = "…" if not cell.coverage.expected else words.said(cell)
        return Markup('<span class="quiet">{}</span>').format(text)
    return Markup('<a href="{}">{}</a>').format(url, words.short(cell)) if url else words.short(cell)


def linked(
    code: str,
    measure: Measure,
    rows: str,
    columns: str,
    filters: Mapping[str, Sequence[str]],
    moment: Mapping[str, Any],
) -> Any:
    """Where the number of a row and a column leads: to the rows behind it, where an address can say which."""

    def link(row: Any, column: Any) -> str:
        where: dict[str, Any] = {name: list(values) for name, values in filters.items()}
        for name, value in ((rows, row), (columns, column)):
            if name and value is not None:
                if name not in _ASKED or value == "":
                    return ""
                where[_ASKED[name]] = [_text(name, value)]
        if measure.parts or measure.middle or any(len(where.get(name, ())) > 1 for name in ("service", "day")):
            return ""
        return url_for("report.measure", code=code, measure=measure.code, **where, **moment)

    return link


def _text(name: str, value: Any) -> str:
    """A value as an address names it."""
    if name == "day":
        return rules.day_text(value)
    return NO_TEAM if name == "team" and value < 0 else str(value)


def plain(made: Shown) -> list[list[str | int | float]]:
    """Label and cells of each row as a file holds them: an exact number as one, all else as it is read."""
    return [
        [label, *(_plain(cell) for cell in cells)] for label, cells in zip(made.row_labels, made.cells, strict=True)
    ]


def _plain(cell: Figure) -> str | int | float:
    if cell.withheld:
        return "x"
    if cell.value is None:
        return "..." if not cell.coverage.expected else ".."
    if cell.bound == Bound.EXACT:
        return cell.value if isinstance(cell.value, int) else round(cell.value, 4)
    return words.short(cell)


def _cell(figure: Figure) -> Cell:
    found = _plain(figure)
    return Share(found) if isinstance(found, float) and measure_of(figure.measure).parts else found


def book(made: Shown, title: str, about: str, as_of: dt.datetime, language: str) -> Book:
    """The table as a workbook of one sheet."""
    heads = _apart([made.head, *made.column_labels])
    columns = (Column(heads[0], 34, wraps=True), *(Column(head, max(12, min(len(head) + 3, 24))) for head in heads[1:]))
    symbols = gettext(".. not known; ... not owed by any service here; x withheld.")
    heading = ((title,), (about,), (" ".join((*made.notes, symbols)),), ())
    cells: list[list[Cell]] = [
        [label, *(_cell(cell) for cell in row)] for label, row in zip(made.row_labels, made.cells, strict=True)
    ]
    sheet = Sheet("pivot", gettext("Table"), "tblPivot", columns, cells, heading)
    return Book(
        title=title,
        language=language,
        subject=about,
        footer=title,
        page=gettext("Page %(page)s of %(pages)s", page="%(page)s", pages="%(pages)s"),
        made_at=as_of,
        sheets=[sheet],
    )


def _apart(heads: list[str]) -> list[str]:
    """Heads of a table, which must differ: the second of a name gets a number."""
    seen: dict[str, int] = {}
    out = []
    for head in heads:
        seen[head.casefold()] = seen.get(head.casefold(), 0) + 1
        out.append(head if seen[head.casefold()] == 1 else f"{head} ({seen[head.casefold()]})")
    return out


def title(measure: Measure, rows: str, columns: str) -> str:
    """``Persons met by service and day``."""
    labels = {name: label.lower() for name, label in dimension_labels().items()}
    if not columns:
        return pgettext("pivot", "%(measure)s by %(rows)s", measure=words.label(measure), rows=labels[rows])
    return pgettext(
        "pivot",
        "%(measure)s by %(rows)s and %(columns)s",
        measure=words.label(measure),
        rows=labels[rows],
        columns=labels[columns],
    )
