"""What each source says of one figure of one service, which of them counts, and where they differ.

Here belong records, daily totals, adjustments, what was signed, joint teams and entries at other operations, side by
side; nothing is mended and nothing is chosen: the figure that counts is the one of ``totals``. Why two sources differ
is explained elsewhere, by people.

Grain: one ``Line`` per service and measure for the window, and one per day on which anything was said. Two sources
differ where one of them, other than an adjustment, does not say what counts; of totals beside records only the days
that were told are compared. What a service entered where it is not counted differs from nothing, and counts nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from outreach.rollup.cells import Cell, grid
from outreach.rollup.facts import Facts
from outreach.rollup.ledger import Ledger, ledger
from outreach.rollup.measures import CATALOGUE, FOLLOWED, Measure
from outreach.rollup.totals import Figure, totals
from outreach.rollup.units import UNDATED
from outreach.vocab import Basis, Bound, CellState, EntryMode

RECONCILED: tuple[Measure, ...] = tuple(
    measure for measure in CATALOGUE
    if measure.family.owed and measure.code not in FOLLOWED and not measure.code.startswith("persons_re"))
"""Figures that services owe and say themselves; what became of referrals is told by agencies."""


class Source(StrEnum):
    """Who or what says a number."""

    RECORDS = "records"
    TOTALS = "totals"
    ADJUSTMENTS = "adjustments"
    SIGNED = "signed"
    JOINT = "joint"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True)
class Said:
    """What one source says. ``counts``: it is part of the figure. ``operation``: where it was entered, or where the
    figure is counted instead; ``lead``: the service whose joint team counts it. ``value`` None: declined, or there."""

    source: Source
    value: int | None
    counts: bool = False
    operation: int | None = None
    lead: int | None = None

    @property
    def name(self) -> str:
        return self.source.value if self.operation is None else f"{self.source}-{self.operation}"


@dataclass(frozen=True)
class Line:
    """One figure of one service: ``day`` -1 is the window. ``value`` None: nothing is known. ``state`` of a day."""

    service: int
    measure: str
    day: int
    value: int | None
    bound: Bound
    basis: Basis | None
    said: tuple[Said, ...] = ()
    differs: bool = False
    state: CellState | None = None
    days: tuple[Line, ...] = ()

    @property
    def open(self) -> bool:
        """Whether the window or any of its days differs."""
        return self.differs or any(line.differs for line in self.days)

    @property
    def mark(self) -> dict[str, Any]:
        """What every source says, for whoever explains it: the explanation holds while this stays the same."""
        whole: dict[str, Any] = {"counts": self.value, **{one.name: one.value for one in self.said}}
        days = {str(line.day): line.mark for line in self.days if line.differs}
        return whole | ({"days": days} if days else {})

    @property
    def logged(self) -> bool:
        """Whether its records count."""
        records = self.of(Source.RECORDS)
        return records is not None and records.counts

    @property
    def added(self) -> bool:
        """Whether adjustments add to it."""
        adjustments = self.of(Source.ADJUSTMENTS)
        return adjustments is not None and adjustments.counts and (adjustments.value or 0) > 0

    def of(self, source: Source) -> Said | None:
        return next((one for one in self.said if one.source is source), None)


@dataclass(frozen=True)
class Signed:
    """What a service signed: by measure for the window, and by measure and day."""

    whole: Mapping[str, int | None] = field(default_factory=dict)
    days: Mapping[str, Mapping[int, int | None]] = field(default_factory=dict)


def reconcile(facts: Facts, signed: Mapping[int, Signed] | None = None,
              measures: Iterable[Measure] | None = None) -> list[Line]:
    """One line a service and measure of which anything was said or is owed, by service, each with its days."""
    book = ledger(facts)
    wanted = list(RECONCILED if measures is None else measures)
    beside = _Beside(book)
    out = [line for measure in wanted for line in _of_measure(book, beside, measure, signed or {})]
    order = {measure.code: place for place, measure in enumerate(wanted)}
    return sorted(out, key=lambda line: (line.service, order[line.measure]))


def _of_measure(book: Ledger, beside: _Beside, measure: Measure, signed: Mapping[int, Signed]) -> list[Line]:
    whole = {figure.key["service"]: figure for figure in totals(book.facts, ("service",), [measure])}
    counts: dict[int, dict[int, int]] = {}
    for (service, day), counted in book.units(measure, ("service",)).by("service", "day").items():
        counts.setdefault(service, {})[day] = counted
    cells: dict[int, dict[int, Cell]] = {}
    for (service, day), cell in grid(book, measure).items():
        cells.setdefault(service, {})[day] = cell
    owing = book.owing(measure)
    out = []
    for service in book.services():
        row = _Row(book, beside, measure, service, counts.get(service, {}), cells.get(service, {}),
                   signed.get(service, Signed()))
        line = row.whole(whole[service])
        if line.said or line.value is not None or service in owing:
            out.append(replace(line, days=tuple(row.days())) if measure.by_day else line)
    return out


class _Row:
    """Everything said of one measure by one service."""

    def __init__(self, book: Ledger, beside: _Beside, measure: Measure, service: int, counts: dict[int, int],
                 cells: dict[int, Cell], signed: Signed) -> None:
        self.book, self.measure, self.service, self.cells, self.signed = book, measure, service, cells, signed
        self.source = book.source(service, measure)
        self.told = book.told(service, measure)
        self.adjusted = book.given(service, measure)
        self.counting = book.adjusted(service, measure)
        self.logs = self.source is Basis.RECORDS
        self.counts = counts if self.logs else beside.records(service, measure)
        self.elsewhere = beside.elsewhere(service, measure)

    def whole(self, figure: Figure) -> Line:
        value = None if figure.value is None else int(figure.value)
        said = []
        if self.logs or self.counts:
            said.append(Said(Source.RECORDS, sum(self.counts.values()), self.logs))
        if self.told:
            heard = [tally.value for tally in self.told.values() if tally.heard]
            said.append(Said(Source.TOTALS, sum(heard) if heard else None, self.source is Basis.TALLIES))
        if self.adjusted:
            said.append(Said(Source.ADJUSTMENTS, sum(self.adjusted.values()), bool(self.counting)))
        if self.measure.code in self.signed.whole:
            said.append(Said(Source.SIGNED, self.signed.whole[self.measure.code]))
        said += [Said(Source.ELSEWHERE, number, operation=operation)
                 for operation, number in sorted(self.elsewhere.items())]
        if not said or value is None:
            said += self._counted_by_others()
        line = Line(self.service, self.measure.code, UNDATED, value, figure.bound, figure.basis, tuple(said))
        compared = {Source.TOTALS: self._on_told_days(), Source.RECORDS: value, Source.SIGNED: value}
        return replace(line, differs=_differs(line, compared))

    def days(self) -> Iterable[Line]:
        named = {*self.counts, *self.told, *self.adjusted, *self.signed.days.get(self.measure.code, {})} - {UNDATED}
        for day in sorted(named | {day for day, cell in self.cells.items() if cell.known}):
            cell = self.cells.get(day)
            known = cell is not None and cell.known
            value = cell.value if cell is not None and known else None
            said = []
            if self.counts.get(day) or (self.logs and known):
                said.append(Said(Source.RECORDS, self.counts.get(day, 0), self.logs))
            if day in self.told:
                tally = self.told[day]
                said.append(Said(Source.TOTALS, tally.value if tally.heard else None, self.source is Basis.TALLIES))
            if day in self.adjusted:
                said.append(Said(Source.ADJUSTMENTS, self.adjusted[day], day in self.counting))
            if day in self.signed.days.get(self.measure.code, {}):
                said.append(Said(Source.SIGNED, self.signed.days[self.measure.code][day]))
            line = Line(self.service, self.measure.code, day, value, Bound.EXACT if known else Bound.UNKNOWN,
                        self.source if known else None, tuple(said), state=None if cell is None else cell.state)
            yield replace(line, differs=_differs(line, dict.fromkeys(Source, value)))

    def _on_told_days(self) -> int | None:
        """What counts on the days of which totals stand beside: all of it where they are of the window."""
        if self.source is None:
            return None
        days = {day for day, tally in self.told.items() if tally.heard}
        if UNDATED in days or not self.logs:
            days |= {*self.counts, *self.counting, *self.told}
        held = self.counts if self.logs else {
            day: tally.value for day, tally in self.told.items() if tally.heard}
        return sum(held.get(day, 0) + self.counting.get(day, 0) for day in days)

    def _counted_by_others(self) -> list[Said]:
        if self.service in self.book.leads and self.source is None:
            leads = {cell.lead for cell in self.cells.values() if cell.lead is not None}
            return [Said(Source.JOINT, None, lead=lead) for lead in sorted(leads)]
        if not self.book.places.counts_here(self.service, self.measure):
            return [Said(Source.ELSEWHERE, None, operation=self.book.places.place(self.service, self.measure))]
        return []


def _differs(line: Line, compared: Mapping[Source, int | None]) -> bool:
    for one in line.said:
        if one.source is Source.ELSEWHERE and one.value:
            return True
        if one.source in (Source.RECORDS, Source.TOTALS) and one.counts:
            continue
        if one.source in compared and one.source is not Source.ADJUSTMENTS and one.value is not None \
                and one.value != compared[one.source]:
            return True
    return False


class _Beside:
    """Records that stand beside what counts: of services that send daily totals, and entered at other operations.

    Worked out only where there are any, on facts in which they would count.
    """

    def __init__(self, book: Ledger) -> None:
        self.book = book
        self._books: dict[Any, Ledger] = {}

    def records(self, service: int, measure: Measure) -> dict[int, int]:
        """Day -> what the records of a service that sends daily totals would say."""
        place = self.book.places.place(service, measure)
        if self.book.places.mode(service, measure) != EntryMode.DAILY_TOTALS or place is None \
                or (service, place) not in self.book.pairs(measure.frame).pairs:
            return {}
        if "logging" not in self._books:
            self._books["logging"] = ledger(self._logging())
        return self._of(self._books["logging"], service, measure)

    def _logging(self) -> Facts:
        """The facts as if every service logged its contacts."""
        import pandas as pd

        parts = self.book.facts.participations
        mode = pd.Categorical([EntryMode.CONTACTS.value] * len(parts), categories=EntryMode.values())
        return replace(self.book.facts, participations=parts.assign(entry_mode=mode), remembered={})

    def elsewhere(self, service: int, measure: Measure) -> dict[int, int]:
        """Operation of the tree -> what the service entered there, where it is not counted; zeros are left out."""
        place = self.book.places.place(service, measure)
        if place is None or len(self.book.places.operations) == 1:
            return {}
        found: dict[int, int] = {}
        for operation in sorted(set(self.book.places.operations) - {place}):
            told = self.book.tallies.get((service, operation, measure.base), {})
            number = sum(tally.value for parts in told.values() for tally in parts.values() if tally.heard)
            if (service, operation) in self.book.pairs(measure.frame).pairs:
                number += sum(self._of(self._placed(service, operation), service, measure).values())
            if number:
                found[operation] = number
        return found

    def _placed(self, service: int, operation: int) -> Ledger:
        import pandas as pd

        key = (service, operation)
        if key not in self._books:
            codes = sorted({measure.place_code for measure in RECONCILED})
            places = pd.DataFrame({"service": [service] * len(codes), "measure": pd.Categorical(codes),
                                   "operation": [operation] * len(codes)})
            self._books[key] = ledger(replace(self._logging(), places=places))
        return self._books[key]

    def _of(self, book: Ledger, service: int, measure: Measure) -> dict[int, int]:
        units = book.units(measure, ("service",), [service]).by("service", "day")
        return {day: counted for (_, day), counted in units.items()}


def apart(total: int | None, added: Mapping[tuple[str, int], int], code: str, day: int | None = None) -> tuple[
        int | None, int]:
    """What a figure is without its adjustments, and what they add: of one ``day`` (-1: the window), or of all of them.

    ``added``: (measure code, day) -> adjustments that count. Both parts make ``total``; None while that is not known.
    """
    amount = sum(number for (of, at), number in added.items() if of == code and day in (None, at))
    return None if total is None else total - amount, amount
