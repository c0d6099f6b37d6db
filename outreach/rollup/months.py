"""Figures by month and year, for a standing unit whose days would fill pages.

Here belongs the adding up of days that may be added; a person counts in the month of the first meeting, an accused in
that of the first charge. What was told without a day stands in a row of its own, so that the rows add up to the figure.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass

from outreach.rollup.days import WITHOUT_DAY, counts_on
from outreach.rollup.facts import Facts
from outreach.rollup.ledger import ledger
from outreach.rollup.measures import Measure
from outreach.rollup.totals import Figure, totals
from outreach.rollup.units import UNDATED
from outreach.vocab import Bound

EPOCH = dt.date(1970, 1, 1)
MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Month:
    """One row: ``name`` is ``2017-10``, a year ``2017``, or *undated*. ``values``: measure → number, None not known."""

    name: str
    values: dict[str, int | None]

    @property
    def is_year(self) -> bool:
        return len(self.name) == 4


def month_of(day: int) -> str:
    """``2017-10``; *undated* for no day."""
    return WITHOUT_DAY if day == UNDATED else f"{EPOCH + dt.timedelta(days=day):%Y-%m}"


def days_of(month: str) -> range:
    """The days of ``2017-10``. Raises ``ValueError`` for what is no month."""
    found = MONTH.fullmatch(month)
    if found is None:
        raise ValueError(month)
    first = dt.date(int(found[1]), int(found[2]), 1)
    after = (first + dt.timedelta(days=31)).replace(day=1)
    return range((first - EPOCH).days, (after - EPOCH).days)


def by_month(facts: Facts, measures: Iterable[Measure], service: int | None = None) -> list[Month]:
    """The months from the first fact to the last or today, each year followed by its sum, the latest first.

    A month without anything is 0 where the figure is known at all. With ``service`` its own figures.
    """
    wanted = [measure for measure in measures if measure.adds_across_days]
    counts = {measure.code: _counts(facts, measure, service) for measure in wanted}
    by = () if service is None else ("service",)
    known = {figure.measure for figure in totals(facts, by, wanted)
             if figure.value is not None and (service is None or figure.key["service"] == service)}
    named = sorted({name for found in counts.values() for name in found if name != WITHOUT_DAY})
    out: list[Month] = []
    year: list[str] = []
    for name in _between(named, facts.today):
        year.append(name)
        out.append(_row(name, (name,), counts, known))
        if name.endswith("-01") or name == named[0]:
            out.append(_row(name[:4], year, counts, known))
            year = []
    if any(found.get(WITHOUT_DAY) for found in counts.values()):
        out.append(_row(WITHOUT_DAY, (WITHOUT_DAY,), counts, known))
    return out


def as_figure(month: str, value: int | None, whole: Figure) -> Figure:
    """A number of a month with how far to trust it: of a month it is not known which services are missing, so that it
    is no surer than the whole."""
    bound = Bound.UNKNOWN if value is None else Bound.EXACT if whole.bound == Bound.EXACT else Bound.PARTIAL
    return Figure(whole.measure, {"day": month}, value, bound, whole.basis, whole.coverage)


def _row(name: str, months: Iterable[str], counts: dict[str, dict[str, int]], known: set[str]) -> Month:
    of = list(months)
    return Month(name, {code: sum(found.get(month, 0) for month in of) if code in known else None
                        for code, found in counts.items()})


def _counts(facts: Facts, measure: Measure, service: int | None) -> dict[str, int]:
    """Month → what records, daily totals and adjustments hold."""
    book = ledger(facts)
    out: dict[str, int] = {}
    units = book.units(measure, () if service is None else ("service",))
    told = {(one, day): tally.value for one in book.services()
            for day, tally in book.counted_tallies(one, measure).items()}
    added = {(one, day): amount for one in book.services() for day, amount in book.adjusted(one, measure).items()}
    for found in (units.by("service", "day"), told, added):
        for (one, day), counted in found.items():
            if (service is None or one == service) and counts_on(book, day):
                name = month_of(day)
                out[name] = out.get(name, 0) + counted
    return out


def _between(named: list[str], today: int) -> list[str]:
    """Every month from the first of ``named`` to the last, or to that of today when it lies later; the latest first."""
    if not named:
        return []
    last = max(named[-1], month_of(today))
    out = [named[0]]
    while out[-1] < last:
        out.append(month_of(days_of(out[-1]).stop))
    return out[::-1]
