"""The state of each service x day x measure: a number, a zero, or which kind of silence it is.

Here belongs the difference between *nothing happened*, *nothing was heard* and *nothing is due*. How a state looks is
not decided here.

When a day's cell is due: ``due_hours`` after the day has ended, and not later than the entry deadline. From the
beginning of the day it is *later* for ``due_hours``, then *silent*, then *overdue*. A figure asked once for the window
is *later* until the window has ended, then *silent*, and *overdue* at the deadline (without one: ``due_hours`` after
the window).

A service that logs contacts has said *zero* for a day and measure when it logged any contact that day that adds
nothing to the measure, or when it confirmed that there were no contacts. A day covered by one number for the whole
window reads *elsewhere*, at the operation that counts it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outreach.rollup.days import Day, counts_on
from outreach.rollup.facts import SECONDS_PER_DAY, Facts
from outreach.rollup.filters import applies
from outreach.rollup.ledger import Ledger, ledger
from outreach.rollup.measures import Family, Measure
from outreach.rollup.units import UNDATED
from outreach.vocab import Basis, CellState, EntryMode

if TYPE_CHECKING:
    from outreach.rollup.totals import Figure


@dataclass(frozen=True)
class Cell:
    """One service x day x measure. ``day`` -1 is the whole window; ``value`` is None unless it is known.

    ``operation`` is the operation that counts an *elsewhere* cell (its id may lie outside the tree) and
    ``lead`` the service whose joint team's contacts count it. ``due_at`` is UTC seconds, None where nothing is due.
    """

    service: int
    day: int
    state: CellState
    value: int | None = None
    operation: int | None = None
    lead: int | None = None
    due_at: int | None = None

    @property
    def known(self) -> bool:
        return self.state in (CellState.NUMBER, CellState.ZERO)

    @property
    def missing(self) -> bool:
        """Due and not here, so that the service's figure is only a lower bound."""
        return self.state in (CellState.OVERDUE, CellState.DECLINED)


@dataclass(frozen=True)
class Adding:
    """What the cells of a table add up to; ``apart``: how far that is from the figure above them, never below 0."""

    cells: int
    apart: int


def adding_up(found: Iterable[Cell], days: Collection[Day], outside: Iterable[Figure], whole: Figure) -> Adding | None:
    """What the cells of ``days`` and the figures ``outside`` of them add up to; None where the whole is not known."""
    if whole.value is None:
        return None
    inside = sum(cell.value or 0 for cell in found if cell.day in days)
    together = inside + sum(int(figure.value or 0) for figure in outside)
    return Adding(together, abs(together - int(whole.value)))


def cells(facts: Facts, measure: Measure) -> list[Cell]:
    """Cells of every service that owes the measure or has something of it, by service and day.

    Measures that have no days (personnel) give one cell per service with day -1. What was told cannot be told apart by
    team, place or age: under such a filter whoever tells numbers has no cells, and a measure to which a filter does not
    apply has none.
    """
    book = ledger(facts)
    if not applies(measure, facts):
        return []
    return [cell for cell in grid(book, measure).values() if cell.day == UNDATED or counts_on(book, cell.day)]


def grid(book: Ledger, measure: Measure) -> dict[tuple[int, int], Cell]:
    """Cells by (service, day); worked out once per ledger."""
    kept = book.facts.remembered
    key = ("grid", measure.code)
    if key not in kept:
        kept[key] = _grid(book, measure)
    found: dict[tuple[int, int], Cell] = kept[key]
    return found


def _grid(book: Ledger, measure: Measure) -> dict[tuple[int, int], Cell]:
    if measure.family is Family.PARTICIPATION:
        return {}
    counts: dict[int, dict[int, int]] = {}
    for (service, day), counted in book.units(measure, ("service",)).by("service", "day").items():
        counts.setdefault(service, {})[day] = counted
    owing = book.owing(measure)
    out: dict[tuple[int, int], Cell] = {}
    for service in book.services():
        row = _Row(book, measure, service, counts.get(service, {}), service in owing)
        for cell in row.cells():
            out[service, cell.day] = cell
    return out


def day_due(book: Ledger, service: int, measure: Measure, day: int) -> int:
    """UTC second from which a day's cell is overdue."""
    return _due_by(book, book.places.deadline(service, measure), day)


def _due_by(book: Ledger, deadline: int, day: int) -> int:
    due = book.facts.day_begins(day) + SECONDS_PER_DAY + book.facts.due_hours * 3600
    return min(due, deadline) if deadline >= 0 else due


def window_due(book: Ledger, service: int, measure: Measure) -> int | None:
    """UTC second from which a figure asked once is overdue; None when neither a deadline nor the window is known."""
    deadline, own = book.places.deadline(service, measure), book.places.days(service, measure)
    if deadline >= 0:
        return deadline
    return book.facts.day_begins(own[-1] + 1) + book.facts.due_hours * 3600 if own else None


class _Row:
    """One service's cells of one measure."""

    def __init__(self, book: Ledger, measure: Measure, service: int, counts: dict[int, int], owes: bool) -> None:
        self.book, self.measure, self.service, self.counts, self.owes = book, measure, service, counts, owes
        self.place = book.places.place(service, measure)
        self.source = book.source(service, measure)
        self.own = book.places.days(service, measure)
        self.adjusted = book.adjusted(service, measure)
        self.deadline = book.places.deadline(service, measure)

    def cells(self) -> list[Cell]:
        if not self.measure.by_day:
            return self._window()
        if not self.book.places.counts_here(self.service, self.measure):
            return [self._cell(day, CellState.ELSEWHERE, operation=self.place) for day in self._days(set())]
        if self._only_partner():
            lead = self.book.leads[self.service]
            return [self._cell(day, CellState.ELSEWHERE, lead=lead) for day in self._days(set())]
        if not self.owes and self.source is None:
            return []
        if self.book.whole is not None and self.book.whole.source(self.service, self.measure) is Basis.TALLIES:
            return []
        if self.source is Basis.TALLIES or self._sends_totals():
            return self._from_tallies()
        if self.measure.family is Family.ENFORCEMENT:
            return self._from_enforcement()
        return self._from_contacts()

    def _cell(self, day: int, state: CellState, value: int | None = None, **more: int | None) -> Cell:
        return Cell(self.service, day, state, value, **more)

    def _only_partner(self) -> bool:
        return (self.measure.family is Family.CONTACTS and self.service in self.book.leads and self.source is None)

    def _sends_totals(self) -> bool:
        return self.book.places.mode(self.service, self.measure) == EntryMode.DAILY_TOTALS

    def _days(self, further: set[int]) -> list[int]:
        first, last = self.book.places.window()
        window = range(first, last + 1) if first >= 0 else range(0)
        return sorted({*window, *self.own, *further} - {UNDATED})

    def _number(self, day: int, value: int) -> Cell:
        value += self.adjusted.get(day, 0)
        return self._cell(day, CellState.NUMBER if value else CellState.ZERO, value)

    def _from_tallies(self) -> list[Cell]:
        told = self.book.told(self.service, self.measure)
        once = told.get(UNDATED)
        out = []
        for day in self._days(set(told)):
            if day in told:
                tally = told[day]
                out.append(self._number(day, tally.value) if tally.heard else self._cell(day, CellState.DECLINED))
            elif day not in self.own:
                out.append(self._cell(day, CellState.NOT_A_DAY))
            elif once is not None and once.heard:
                out.append(self._cell(day, CellState.ELSEWHERE, operation=self.place))
            elif once is not None:
                out.append(self._cell(day, CellState.DECLINED))
            else:
                out.append(self._pending_window(day) if self.measure.family.whole_window else self._pending(day))
        return out

    def _from_contacts(self) -> list[Cell]:
        zero = self.book.zero_days(self.service, self.measure)
        declined = self.book.declined_days(self.service, self.measure)
        active = self.book.active_days(self.service, self.measure)
        out = []
        for day in self._days({*self.counts, *zero, *active}):
            if self.counts.get(day):
                out.append(self._number(day, self.counts[day]))
            elif day in active or day in zero or (UNDATED in zero and day in self.own):
                out.append(self._number(day, 0))
            elif day not in self.own:
                out.append(self._cell(day, CellState.NOT_A_DAY))
            elif day in declined:
                out.append(self._cell(day, CellState.DECLINED))
            else:
                out.append(self._pending(day))
        return out

    def _from_enforcement(self) -> list[Cell]:
        told = self.book.told(self.service, self.measure)
        out = []
        for day in self._days(set(self.counts)):
            if self.counts.get(day):
                out.append(self._number(day, self.counts[day]))
            elif day not in self.own:
                out.append(self._cell(day, CellState.NOT_A_DAY))
            elif self.source is None:
                out.append(self._cell(day, CellState.DECLINED) if told else self._pending_window(day))
            else:
                out.append(self._number(day, 0) if day <= self.book.facts.today else self._pending(day))
        return out

    def _window(self) -> list[Cell]:
        if not self.book.places.counts_here(self.service, self.measure):
            return [self._cell(UNDATED, CellState.ELSEWHERE, operation=self.place)]
        if self.source is Basis.RECORDS:
            return [self._number(UNDATED, sum(self.counts.values()))]
        if self.source is Basis.TALLIES:
            told = self.book.counted_tallies(self.service, self.measure)
            return [self._number(UNDATED, sum(tally.value for tally in told.values()))]
        if not self.owes:
            return []
        if self.book.told(self.service, self.measure):
            return [self._cell(UNDATED, CellState.DECLINED)]
        return [self._pending_window(UNDATED)]

    def _not_open(self) -> bool:
        """Whether the operation that counts it is still being planned: nobody can have entered anything."""
        place = self.book.facts.root if self.place is None else self.place
        return place in self.book.facts.not_open

    def _pending(self, day: int) -> Cell:
        facts = self.book.facts
        begins, limit = facts.day_begins(day), facts.due_hours * 3600
        due = _due_by(self.book, self.deadline, day)
        if day > facts.today or facts.now < begins or self._not_open():
            state = CellState.LATER
        elif facts.now >= due:
            state = CellState.OVERDUE
        else:
            state = CellState.LATER if facts.now < begins + limit else CellState.SILENT
        return self._cell(day, state, due_at=due)

    def _pending_window(self, day: int) -> Cell:
        facts = self.book.facts
        ends = facts.day_begins(self.own[-1] + 1) if self.own else None
        due = window_due(self.book, self.service, self.measure)
        if self._not_open():
            state = CellState.LATER
        elif due is not None and facts.now >= due:
            state = CellState.OVERDUE
        else:
            state = CellState.LATER if ends is None or facts.now < ends else CellState.SILENT
        return self._cell(day, state, due_at=due)
