"""How complete the figures of each service are, and whether they came in time; by service, and by service and day.

Here belongs what is worked out of the states of cells; the states themselves are in ``cells``.

Complete: of the figures that are due, how many are known. A figure is due once it is known or declined, or once its
time has passed; *later* and *silent* are not due yet, *elsewhere* and *not one of its days* never. Declined is an
answer, and no number.

In time: when something of a day was first heard (a contact, a total, a confirmed zero, a refusal), against the second
from which the day is overdue. What is asked once for the window has a line of its own, day -1: heard when anything of
it was, missing while any of it is overdue.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from outreach.rollup.cells import Cell, day_due, grid, window_due
from outreach.rollup.facts import Facts
from outreach.rollup.ledger import Ledger, ledger
from outreach.rollup.measures import CATALOGUE, Measure
from outreach.rollup.measures import measure as measure_of
from outreach.rollup.units import UNDATED
from outreach.vocab import CellState

ASKED_BY_DAY = (
    "contacts",
    "persons_met",
    "persons_under_18",
    "support_offered",
    "support_accepted",
    "support_declined",
    "support_undecided",
    "persons_made_safe",
    "kits_handed_out",
    "charges",
)
"""Measures of which each day is asked (of referrals the agencies tell too, so they say nothing of the service)."""
ASKED_ONCE = ("personnel", "persons_arrested", "persons_charged")
HEARD_BY = "persons_met"
"""The measure whose cells say on which days a service owes anything."""

Heard = Mapping[tuple[int, int], int]
"""Service and day (``UNDATED``: the window) → UTC second at which something of it was first recorded."""


class Came(StrEnum):
    """When what is owed for a day came."""

    ON_TIME = "on_time"
    LATE = "late"
    MISSING = "missing"
    WAITING = "waiting"


@dataclass(frozen=True)
class Completeness:
    """``due`` figures of which ``known`` are known, ``zero`` of these as zero; the rest is ``overdue`` or ``declined``.

    ``waiting``: not due yet and not here. ``day`` None: of all days and the window.
    """

    service: int
    day: int | None = None
    known: int = 0
    zero: int = 0
    overdue: int = 0
    declined: int = 0
    waiting: int = 0

    @property
    def due(self) -> int:
        return self.known + self.overdue + self.declined

    @property
    def complete(self) -> bool:
        """Everything that is due is known."""
        return self.due > 0 and self.known == self.due


@dataclass(frozen=True)
class Timeliness:
    """One day (or ``UNDATED``) of one service: when it was due and first heard. ``late``: by how many seconds."""

    service: int
    day: int
    came: Came
    due_at: int | None = None
    heard_at: int | None = None

    @property
    def late(self) -> int:
        return (self.heard_at or 0) - (self.due_at or 0) if self.came is Came.LATE else 0


def completeness(facts: Facts, *, by_day: bool = False) -> list[Completeness]:
    """One a service (or a service and day) that owes anything here, in order of their ids (and days)."""
    counts: dict[tuple[int, int | None], dict[str, int]] = {}
    for cell in _owed(ledger(facts)):
        place = counts.setdefault((cell.service, cell.day if by_day else None), {})
        for name in _counted(cell.state):
            place[name] = place.get(name, 0) + 1
    order = sorted(counts, key=lambda key: (key[0], -1 if key[1] is None else key[1]))
    return [Completeness(service, day, **counts[service, day]) for service, day in order]


def timeliness(facts: Facts, heard: Heard) -> list[Timeliness]:
    """Each day, and the window, of each service that owes something there; by service and day, the window last."""
    book = ledger(facts)
    found = [*_days(book, heard), *_windows(book, heard)]
    return sorted(found, key=lambda one: (one.service, one.day == UNDATED, one.day))


def days_late(times: Iterable[Timeliness]) -> dict[int, int]:
    """Service → days (not the window) that came late, of the services that owe any."""
    out: dict[int, int] = {}
    for one in times:
        if one.day != UNDATED:
            out[one.service] = out.get(one.service, 0) + (one.came is Came.LATE)
    return out


def _counted(state: CellState) -> tuple[str, ...]:
    return {
        CellState.NUMBER: ("known",),
        CellState.ZERO: ("known", "zero"),
        CellState.OVERDUE: ("overdue",),
        CellState.DECLINED: ("declined",),
        CellState.LATER: ("waiting",),
        CellState.SILENT: ("waiting",),
    }.get(state, ())


def _owed(book: Ledger) -> Iterable[Cell]:
    """Cells that are owed and have a state of their own."""
    for measure in CATALOGUE:
        if measure.code in ASKED_BY_DAY or measure.code in ASKED_ONCE:
            owing = book.owing(measure)
            cells = [cell for cell in grid(book, measure).values() if cell.service in owing and _counted(cell.state)]
            yield from _once(cells) if measure.code in ASKED_ONCE else cells


def _once(cells: Iterable[Cell]) -> Iterable[Cell]:
    """What is asked once is one figure, however many days its cells have: the worst state of these speaks."""
    worst = (CellState.OVERDUE, CellState.DECLINED, CellState.SILENT, CellState.LATER, CellState.NUMBER, CellState.ZERO)
    found: dict[int, Cell] = {}
    for cell in cells:
        before = found.get(cell.service)
        if before is None or worst.index(cell.state) < worst.index(before.state):
            found[cell.service] = Cell(cell.service, UNDATED, cell.state, cell.value, due_at=cell.due_at)
    return found.values()


def _days(book: Ledger, heard: Heard) -> Iterable[Timeliness]:
    measure = measure_of(HEARD_BY)
    owing = book.owing(measure)
    for (service, day), cell in grid(book, measure).items():
        if service in owing and day != UNDATED and _counted(cell.state):
            yield _came(cell, day_due(book, service, measure, day), heard.get((service, day)))


def _windows(book: Ledger, heard: Heard) -> Iterable[Timeliness]:
    measures: dict[int, list[tuple[Measure, Cell]]] = {}
    for measure in map(measure_of, ASKED_ONCE):
        owing = book.owing(measure)
        for cell in _once(
            cell for cell in grid(book, measure).values() if cell.service in owing and _counted(cell.state)
        ):
            measures.setdefault(cell.service, []).append((measure, cell))
    for service, asked in measures.items():
        due = [at for measure, _ in asked if (at := window_due(book, service, measure)) is not None]
        worst = next((cell for _, cell in asked if cell.state is CellState.OVERDUE), None)
        pending = next((cell for _, cell in asked if cell.state in (CellState.SILENT, CellState.LATER)), None)
        yield _came(worst or pending or asked[0][1], min(due, default=None), heard.get((service, UNDATED)))


def _came(cell: Cell, due: int | None, heard: int | None) -> Timeliness:
    if cell.state is CellState.OVERDUE:
        return Timeliness(cell.service, cell.day, Came.MISSING, due)
    if cell.state in (CellState.SILENT, CellState.LATER):
        return Timeliness(cell.service, cell.day, Came.WAITING, due)
    late = heard is not None and due is not None and heard > due
    return Timeliness(cell.service, cell.day, Came.LATE if late else Came.ON_TIME, due, heard)
