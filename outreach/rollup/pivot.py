"""Figures of one measure by two dimensions: each cell, each total is a figure of its own.

Here belong the splitting and the totals. Nothing is summed up from cells: a row's total counts each person once, so
that cells need not add up to it. What the values of a dimension are, and are called, is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from outreach.rollup.days import Day
from outreach.rollup.disclosure import table
from outreach.rollup.facts import Facts
from outreach.rollup.filters import APART, Filter, kept
from outreach.rollup.measures import Family, Measure
from outreach.rollup.measures import measure as measure_of
from outreach.rollup.totals import Figure, totals
from outreach.vocab import Basis, Bound, Gender

BY = ("service", "day")
"""Dimensions by which figures are split anyway; any other is a filter for each of its values."""
COLUMN = {"team": "team", "place": "place_kind", "age": "age", "gender": "gender"}
"""Dimension -> the column of the frames that it stands for."""
SERVICES = ("service", "region", "kind")
"""Dimensions that say which services."""
DAYS = ("day", "month")
DIMENSIONS = (*SERVICES, *DAYS, *COLUMN)
PARTS = ("age", "gender")
"""Dimensions that each person has one value of: the numbers of their values add up to the whole."""


@dataclass(frozen=True)
class Axis:
    """One dimension and its values in their order: (what it is called here, what it lets through)."""

    dimension: str
    values: tuple[tuple[Any, Filter], ...]


@dataclass(frozen=True)
class Pivot:
    """Cells by (row, column), totals under None. ``adds_down`` and ``adds_across``: whether the cells of a column, or
    of a row, add up to its total."""

    measure: str
    rows: tuple[Any, ...]
    columns: tuple[Any, ...]
    cells: Mapping[tuple[Any, Any], Figure]
    adds_down: bool
    adds_across: bool


def dimensions(measure: Measure) -> tuple[str, ...]:
    """The dimensions by which the measure can be told apart."""
    able = APART.get(measure.frame, ())
    days = DAYS if measure.by_day else ()
    return tuple(name for name in DIMENSIONS
                 if name in SERVICES or name in days or COLUMN.get(name) in able)


def adds_up(measure: Measure, dimension: str) -> bool:
    """Whether the figures of the values of a dimension add up to the figure of all of them."""
    if measure.parts or measure.middle:
        return False
    if dimension in SERVICES:
        return measure.adds_across_services or measure.family is Family.PARTICIPATION
    if dimension in DAYS:
        return measure.adds_across_days
    return dimension in PARTS or not measure.distinct


def pivot(facts: Facts, measure: Measure, rows: Axis, columns: Axis | None = None) -> Pivot:
    """The measure by rows and columns (without columns: by rows alone), with the totals of each and of all."""
    cells: dict[tuple[Any, Any], Figure] = {}
    names = tuple(name for name, _ in columns.values) if columns else ()
    if columns is not None and rows.dimension in BY and columns.dimension not in BY:
        turned = pivot(facts, measure, columns, rows)
        cells = {(row, column): figure for (column, row), figure in turned.cells.items()}
    else:
        _fill(cells, facts, measure, rows, columns)
    return Pivot(measure.code, tuple(name for name, _ in rows.values), names, cells, adds_up(measure, rows.dimension),
                 columns is not None and adds_up(measure, columns.dimension))


def _fill(
        cells: dict[tuple[Any, Any], Figure], facts: Facts, measure: Measure, rows: Axis, columns: Axis | None) -> None:
    for name, figure in _line(facts, measure, columns).items():
        cells[None, name] = figure
    if rows.dimension in BY and (columns is None or columns.dimension in BY):
        for name, figure in _split(facts, measure, rows).items():
            cells[name, None] = figure
        if columns is not None:
            by = (rows.dimension, columns.dimension)
            ordered = tuple(name for name in BY if name in by)
            found = {tuple(one.key[name] for name in by): one for one in totals(facts, ordered, [measure])}
            for row, _ in rows.values:
                for column, _ in columns.values:
                    cells[row, column] = found.get((row, column), Figure(measure.code))
        return
    for row, only in rows.values:
        for name, figure in _line(kept(facts, only), measure, columns).items():
            cells[row, name] = figure


def _line(facts: Facts, measure: Measure, columns: Axis | None) -> dict[Any, Figure]:
    """One row: its total under None, and its cells."""
    whole = totals(facts, (), [measure])[0]
    if columns is None:
        return {None: whole}
    if columns.dimension in BY:
        return {None: whole, **_split(facts, measure, columns)}
    return {None: whole, **{name: totals(kept(facts, only), (), [measure])[0] for name, only in columns.values}}


def _split(facts: Facts, measure: Measure, axis: Axis) -> dict[Any, Figure]:
    found: dict[Day, Figure] = {one.key[axis.dimension]: one for one in totals(facts, (axis.dimension,), [measure])}
    return {name: found.get(name, Figure(measure.code)) for name, _ in axis.values}


# For readers who may not see small numbers ---------------------------------------------------------------------------

@dataclass(frozen=True)
class Guarded:
    """Persons met by gender, with the total under None, and which of the numbers are withheld."""

    numbers: Mapping[str | None, int]
    hidden: frozenset[str | None]


def guarded(facts: Facts) -> Guarded | None:
    """The one table finer than service and day that can be shown to everybody: of a whole operation, nothing beside it.

    By age it could not: persons under 18 are shown as they are, and are the sum of some of its cells. By team or place
    cells do not add up, so that nobody can say what they give away. None where the figure is not exactly made of
    records: nobody knows what told numbers would add to a cell. The caller sees to it that no operation above or within
    has such a table, whose difference to this one would be a third.
    """
    met = measure_of("persons_met")
    whole = totals(facts, (), [met])[0]
    if whole.bound != Bound.EXACT or whole.basis != Basis.RECORDS:
        return None
    found = pivot(facts, met, Axis("gender", tuple((one, Filter(genders=frozenset({one}))) for one in Gender.values())))
    full, hidden = table([[int(found.cells[name, None].value or 0) for name in found.rows]])
    names = (*found.rows, None)
    return Guarded(dict(zip(names, full[-1], strict=True)), frozenset(names[column] for _, column in hidden))
