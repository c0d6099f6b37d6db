"""What is remembered of figures: by this process, and in rows of a closed operation; and when it is worthless.

What is remembered is small (figures, cells, checks, parts of pages) and bounded; it is good while the change counters
that the database holds are the same, so that it is correct whichever server process made the change, and until the next
moment at which time alone changes a state (a day begins, something falls due). What is asked is in ``figures``.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from outreach.rollup.facts import COLUMNS, Facts
from outreach.rollup.filters import Filter, kept
from outreach.rollup.months import days_of, month_of
from outreach.rollup.settled import next_moment, settled_until
from outreach.rollup.waits import next_wait
from outreach.storage.days import day_begins, day_number, operational_day
from outreach.storage.frames import facts_of
from outreach.storage.queries import frozen
from outreach.storage.queries import report as rows
from outreach.storage.types import EPOCH_DAY, utc_now

from . import freeze_rules
from .figure_kinds import FROZEN, Board

FIGURES_KEPT = 60_000
"""Figures, cells and checks that one process remembers at most (about 30 MB)."""
CHARACTERS_KEPT = 8_000_000
"""Characters of ready parts of pages that one process keeps at most."""
ROWS_KEPT = 250_000
"""Rows of facts that one process keeps at most, for the next question about the same figures."""
LONGEST = 600
"""Seconds after which figures are worked out again in any case."""

T = TypeVar("T")


def part_of_page(
    operation_id: int,
    as_of: dt.datetime | None,
    name: tuple[Any, ...],
    make: Callable[[], str],
    also: Sequence[int] = (),
) -> str:
    """A part of a page that ``make`` makes of figures of the operation (and of those in ``also``), kept while every
    figure that it asked for is good. ``name``: what it depends on beside them: language, who reads, what is asked.
    """
    if rows.undecided():
        return make()
    store, key = _store(), (operation_id, as_of, name)
    marks = tuple(rows.change_marks(one) for one in (operation_id, *also))
    with store.lock:
        entry = store.parts.get(key, marks, utc_now().timestamp())
    if entry is None:
        with _together() as untils:
            value = make()
        entry = _Entry(value, marks, min(untils, default=0.0), len(value))
        with store.lock:
            store.parts.put(key, entry)
    found: str = entry.value
    return found


@dataclass(frozen=True)
class _Entry:
    """Something worked out, the counters it was worked out at, and until when (UTC seconds) it is good."""

    value: Any
    marks: Any
    until: float
    cost: int


class _Shelf:
    """Entries up to a total cost; the one unused longest goes first."""

    def __init__(self, room: int) -> None:
        self.room, self.taken = room, 0
        self.entries: OrderedDict[Any, _Entry] = OrderedDict()

    def get(self, key: Any, marks: Any, now: float) -> _Entry | None:
        entry = self.entries.get(key)
        if entry is None or entry.marks != marks or now >= entry.until:
            return None
        self.entries.move_to_end(key)
        return entry

    def put(self, key: Any, entry: _Entry) -> None:
        old = self.entries.pop(key, None)
        self.taken -= old.cost if old else 0
        if entry.cost <= self.room:
            self.entries[key] = entry
            self.taken += entry.cost
        while self.taken > self.room:
            _, gone = self.entries.popitem(last=False)
            self.taken -= gone.cost


class _Store:
    """What one process remembers of one database."""

    def __init__(self) -> None:
        self.made, self.facts, self.parts = _Shelf(FIGURES_KEPT), _Shelf(ROWS_KEPT), _Shelf(CHARACTERS_KEPT)
        self.lock = threading.RLock()
        self.work = threading.RLock()  # one at a time: working out the same figures twice would help nobody


_stores: WeakKeyDictionary[Any, _Store] = WeakKeyDictionary()


def _store() -> _Store:
    return _stores.setdefault(rows.database(), _Store())


class _Asking(threading.local):
    """What this thread asks for together: facts too many to be kept, and until when each answer is good."""

    facts: dict[Any, _Entry] | None = None
    untils: list[float] | None = None
    noted: tuple[int, list[tuple[tuple[Any, ...], Any, float]]] | None = None


_asking = _Asking()


@contextmanager
def _together() -> Iterator[list[float]]:
    """Facts are read once for all questions asked within, however many rows they have."""
    outer = _asking.facts, _asking.untils
    _asking.facts, _asking.untils = {}, []
    try:
        yield _asking.untils
    finally:
        _asking.facts, _asking.untils = outer


@contextmanager
def noted(operation_id: int) -> Iterator[list[tuple[tuple[Any, ...], Any, float]]]:
    """What is asked of the operation as it stands within: name, answer, until when the answer itself holds."""
    outer, answers = _asking.noted, []
    _asking.noted = operation_id, answers
    try:
        with _together():
            yield answers
    finally:
        _asking.noted = outer


def good_until(operation_id: int) -> float:
    """Until when (UTC seconds) the figures stand, if nobody changes anything."""
    facts = facts_for(operation_id, None)
    day = EPOCH_DAY + dt.timedelta(days=facts.today)
    follow_up = frozen.next_follow_up(operation_id, day)
    found = settled_until(facts)
    return found if follow_up is None else min(found, float(facts.day_begins(day_number(follow_up))))


def _thawed(
    operation_id: int, as_of: dt.datetime | None, name: tuple[Any, ...], marks: Any, cost: Callable[[Any], int]
) -> _Entry | None:
    """What was kept of a closed operation; of a past moment too, when nothing has changed since before it."""
    written = freeze_rules.written(name)
    row = None if written is None else frozen.row(operation_id, written)
    if row is None or row.marks != freeze_rules.mark(marks):
        return None
    at, found = as_of or utc_now(), freeze_rules.opened(row.content, row.hash, FROZEN)
    if found is None or not row.made_at <= at or at.timestamp() >= found.until:
        return None
    value, until = found.value, found.until if as_of is None else float("inf")
    if isinstance(value, Board):
        zone, starts = frozen.day_of(operation_id)
        today = operational_day(at, zone, starts)
        value = replace(value, today=day_number(today))
        until = min(until, day_begins(today + dt.timedelta(days=1), zone, starts).timestamp())
    return _Entry(value, marks, until, cost(value))


def remembered(
    operation_id: int,
    as_of: dt.datetime | None,
    name: tuple[Any, ...],
    make: Callable[[Facts], T],
    cost: Callable[[T], int],
    only: Filter | None = None,
) -> T:
    if rows.undecided():
        return make(kept(facts_of(operation_id, as_of), only))
    store, key = _store(), (operation_id, as_of, only or None, *name)
    marks = rows.change_marks(operation_id)

    def look() -> _Entry | None:
        with store.lock:
            return store.made.get(key, marks, utc_now().timestamp())

    entry = look()
    if entry is None:
        with store.work:
            entry = look()
            if entry is None:
                entry = None if only else _thawed(operation_id, as_of, name, marks, cost)
                if entry is None:
                    facts, until = _read(store, operation_id, as_of, marks, only)
                    value = make(facts)
                    entry = _Entry(value, marks, until, cost(value))
                with store.lock:
                    store.made.put(key, entry)
    if _asking.noted is not None and _asking.noted[0] == operation_id and as_of is None and not only:
        _asking.noted[1].append((name, entry.value, _own_end(operation_id, name)))
    if _asking.untils is not None:
        _asking.untils.append(entry.until)
    found: T = entry.value
    return found


def facts_for(operation_id: int, as_of: dt.datetime | None, only: Filter | None = None) -> Facts:
    if rows.undecided():
        return kept(facts_of(operation_id, as_of), only)
    store = _store()
    with store.work:
        return _read(store, operation_id, as_of, rows.change_marks(operation_id), only)[0]


def _read(
    store: _Store, operation_id: int, as_of: dt.datetime | None, marks: Any, only: Filter | None = None
) -> tuple[Facts, float]:
    """The facts, and those that the filter lets through: each kept for the next question, the latest used longest."""
    key = (operation_id, as_of, only or None)
    with store.lock:
        found = store.facts.get(key, marks, utc_now().timestamp())
    if found is None and _asking.facts is not None:
        found = _asking.facts.get((key, marks))
    if found is not None:
        return found.value, found.until
    if only:
        whole, until = _read(store, operation_id, as_of, marks)
        facts = kept(whole, only)
    else:
        facts = facts_of(operation_id, as_of)
        until = float("inf") if as_of is not None else _good_until(facts)
    with store.lock:
        cost = sum(len(getattr(facts, name)) for name in COLUMNS)
        store.facts.put(key, _Entry(facts, marks, until, cost))
    if _asking.facts is not None and cost > ROWS_KEPT:
        _asking.facts[key, marks] = _Entry(facts, marks, until, cost)
    return facts, until


def _good_until(facts: Facts) -> float:
    """The next moment at which time alone changes a cell, and not long in any case."""
    return min(facts.now + LONGEST, next_moment(facts))


def _own_end(operation_id: int, name: tuple[Any, ...]) -> float:
    """When an answer ends beside what ends all: months show the one of today, waits grow."""
    facts = facts_for(operation_id, None)
    if name[0] == "months":
        return float(facts.day_begins(days_of(month_of(facts.today)).stop))
    return next_wait(facts, name[1:]) if name[0] == "waits" else float("inf")
