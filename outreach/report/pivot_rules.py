"""The question of the pivot page, as its address asks it, and the answer as a table for other programs.

Here belong which splits there are, how many cells a page may have, and what a reader may see of it. What is counted is
in ``rollup.pivot``, what things are called is said in ``pivot_pages``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from outreach.errors import N_, Finding, NotAllowed
from outreach.rollup.filters import Filter
from outreach.rollup.measures import Measure
from outreach.rollup.months import days_of, month_of
from outreach.rollup.pivot import COLUMN, Axis, dimensions
from outreach.vocab import AgeBand, Gender, PlaceKind

from .rules import formula_safe

if TYPE_CHECKING:
    from outreach.storage.queries.filters import ServiceChoice, TeamChoice

FINE = tuple(COLUMN)
"""Dimensions finer than service and day."""
FIRST = "persons_met"
MOST_ROWS, MOST_COLUMNS, MOST_CELLS = 1_000, 62, 6_000
"""A page that is larger is of no use to a reader, and takes long to work out."""

NO_SUCH_SPLIT = N_("This figure cannot be split as the address asks: another split is shown.")
NO_SUCH_FIGURE = N_("The address asks for a figure that there is not: persons met are shown.")
TOO_LARGE = N_("That would be %(rows)s rows and %(columns)s columns: choose less, or the wider split as rows.")


class TooFine(NotAllowed):
    """The reader may not see small numbers, and this table cannot be shown without them."""

    code = "pivot_too_fine"
    message = N_("This table would show small numbers, and nobody can say what each withheld one gives away.")
    fix = N_("Split by service, region, kind or day; or ask an analyst of the operation for it.")


@dataclass(frozen=True)
class Question:
    """What is asked: one measure by rows and columns ('' for none)."""

    measure: str = FIRST
    rows: str = "service"
    columns: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def fine(self) -> bool:
        return bool({self.rows, self.columns} & set(FINE))

    @property
    def link(self) -> dict[str, str]:
        return {"measure": self.measure, "rows": self.rows, "cols": self.columns}


def able(measure: Measure, *, standing: bool) -> tuple[str, ...]:
    """Splits of the measure: a standing unit has months, any other operation days."""
    return tuple(name for name in dimensions(measure) if name != ("day" if standing else "month"))


def ask(asked: Mapping[str, str], measures: Mapping[str, Measure], *, standing: bool) -> Question:
    """The question of an address; what cannot be asked becomes what can, and is found. ``measures``: to choose."""
    findings = []
    code = asked.get("measure") or FIRST
    if code not in measures:
        findings.append(Finding("measure", NO_SUCH_FIGURE))
        code = FIRST
    splits = able(measures[code], standing=standing)
    rows, columns = asked.get("rows") or "service", asked.get("cols", _second(splits))
    if rows not in splits or columns not in ("", *splits) or rows == columns:
        findings.append(Finding("rows", NO_SUCH_SPLIT))
        rows, columns = "service", _second(splits)
    return Question(code, rows, columns, tuple(findings))


def nearest(question: Question) -> Question:
    """The table most like it without a split finer than service and day: what of it everybody may see."""
    kept = [name for name in (question.rows, question.columns) if name and name not in FINE]
    rows, columns = (*kept, "", "")[:2]
    return Question(question.measure, rows or "service", columns)


def _second(splits: Sequence[str]) -> str:
    return next((name for name in ("day", "month") if name in splits), "")


def axis(
    dimension: str, services: Iterable[ServiceChoice], teams: Iterable[TeamChoice], days: Iterable[int | str]
) -> Axis:
    """The values of a dimension in their order, and what each lets through. ``days``: the day rows of the operation."""
    known = list(services)
    if dimension == "service":
        return Axis(dimension, tuple((one.id, Filter(services=frozenset({one.id}))) for one in known))
    if dimension in ("region", "kind"):
        of: dict[str, set[int]] = {}
        for one in known:
            of.setdefault(one.region.strip() if dimension == "region" else one.kind, set()).add(one.id)
        return Axis(dimension, tuple((name, Filter(services=frozenset(of[name]))) for name in sorted(of)))
    if dimension == "day":
        return Axis(dimension, tuple((day, Filter(days=frozenset({day}))) for day in days))
    if dimension == "month":
        found = sorted({month_of(day) for day in days if isinstance(day, int)}, reverse=True)
        return Axis(dimension, tuple((name, Filter(days=frozenset(days_of(name)))) for name in found))
    return Axis(dimension, tuple(_fine(dimension, teams)))


def _fine(dimension: str, teams: Iterable[TeamChoice]) -> Iterable[tuple[Any, Filter]]:
    if dimension == "team":
        for number in (*(team.id for team in teams), -1):
            yield number, Filter(teams=frozenset({number}))
    elif dimension == "place":
        for kind in PlaceKind.values():
            yield kind, Filter(place_kinds=frozenset({kind}))
    elif dimension == "age":
        for band in AgeBand.values():
            yield band, Filter(ages=frozenset({band}))
    else:
        for gender in Gender.values():
            yield gender, Filter(genders=frozenset({gender}))


def too_large(rows: int, columns: int) -> bool:
    return rows > MOST_ROWS or columns > MOST_COLUMNS or rows * max(columns, 1) > MOST_CELLS


def all_told(question: Question, only: Filter | None) -> bool:
    """Whether it is the one fine table that everybody may see: persons met by gender, of the whole operation."""
    return (question.measure, question.rows, question.columns, only) == (FIRST, "gender", "", None)


def as_csv(head: Sequence[str], rows: Iterable[Sequence[str | int | float]]) -> str:
    """The table as it is seen: numbers as numbers, as text where they have a bound; safe in any program."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([formula_safe(text) for text in head])
    for row in rows:
        writer.writerow([formula_safe(cell) if isinstance(cell, str) else cell for cell in row])
    return "\ufeff" + out.getvalue()
