"""Figures of an operation, worked out once and remembered until something under them changes.

Here belong the remembering and the choice of what is asked of ``rollup``; nothing is added up here. What is remembered
is small (figures, cells, checks) and bounded; it is good while the change counters that the database holds are the
same, so that it is correct whichever server process made the change, and until the next moment at which time alone
changes a state (a day begins, something falls due). No Flask: the command line asks here too.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from outreach.errors import N_, Blocked
from outreach.rollup.cells import Cell, cells
from outreach.rollup.checks import Check, Severity, checks
from outreach.rollup.completeness import Completeness, Timeliness, completeness, timeliness
from outreach.rollup.counting import RULED, RULES
from outreach.rollup.days import Day, day_rows
from outreach.rollup.facts import COLUMNS, Facts
from outreach.rollup.filters import Filter, kept
from outreach.rollup.hours import Hours, by_hour
from outreach.rollup.ledger import ledger
from outreach.rollup.measures import CATALOGUE, DERIVED, FOLLOWED, Measure, counted_by
from outreach.rollup.measures import measure as measure_of
from outreach.rollup.members import members
from outreach.rollup.months import Month, by_month, days_of, month_of
from outreach.rollup.reconcile import Line, Signed, reconcile
from outreach.rollup.settled import next_moment, settled_until
from outreach.rollup.splits import Offence, Outcomes, by_offence, by_team, outcomes_by_agency
from outreach.rollup.totals import Coverage, Figure, coverage, totals
from outreach.rollup.waits import Waits, next_wait, waits
from outreach.storage.days import day_begins, day_number, operational_day
from outreach.storage.frames import facts_of
from outreach.storage.queries import frozen
from outreach.storage.queries import report as rows
from outreach.storage.queries import sign_offs as heard_rows
from outreach.storage.tables import Operation
from outreach.storage.types import EPOCH_DAY, utc_now
from outreach.vocab import Basis, Bound, CellState

from . import freeze_rules

if TYPE_CHECKING:
    from pandas import DataFrame

FIGURES_KEPT = 60_000
"""Figures, cells and checks that one process remembers at most (about 30 MB)."""
CHARACTERS_KEPT = 8_000_000
"""Characters of ready parts of pages that one process keeps at most."""
ROWS_KEPT = 250_000
"""Rows of facts that one process keeps at most, for the next question about the same figures."""
LONGEST = 600
"""Seconds after which figures are worked out again in any case."""

GRID_MEASURE = "persons_met"
LIVE = ("contacts", "persons_met", "support_accepted")
HEADLINE = ("personnel", "persons_met", "persons_charged", "charges")
T = TypeVar("T")
Services = Mapping[int, rows.Named]


@dataclass(frozen=True)
class Figures:
    """Figures of one operation split by ``by``; they hold as of ``as_of``."""

    operation: int
    as_of: dt.datetime
    coverage: Coverage
    figures: tuple[Figure, ...]

    def one(self, code: str, **key: Any) -> Figure:
        """The figure of a measure with this key; an unknown one when there is none."""
        found = (figure for figure in self.figures if figure.measure == code and dict(figure.key) == key)
        return next(found, Figure(code, key))

    def of(self, code: str) -> list[Figure]:
        """Every figure of one measure."""
        return [figure for figure in self.figures if figure.measure == code]


@dataclass(frozen=True)
class Board:
    """What the operation page shows beside the figures: the grid's cells, what was met outside the window, checks.

    ``elsewhere``: measure → operations that count it for services of this one.
    """

    today: int
    days: tuple[Day, ...]
    cells: tuple[Cell, ...]
    outside: tuple[Figure, ...]
    today_figures: tuple[Figure, ...]
    elsewhere: dict[str, tuple[int, ...]]
    checks: tuple[Check, ...]


def need_figures(operation: Operation) -> None:
    """Raise ``Blocked`` for a rehearsal: its records reach no figure, not even one of its own."""
    if operation.is_rehearsal:
        raise Blocked(
            N_("This is a rehearsal: what is logged in it reaches no figure."),
            N_("See what it measured on its own page."),
        )


def figures_of(
    operation_id: int, as_of: dt.datetime | None = None, by: Sequence[str] = (), only: Filter | None = None
) -> Figures:
    """Figures of the whole catalogue; ``by`` as in ``rollup.totals``. ``only``: of some of the facts (``filters``)."""
    split = tuple(by)
    at = as_of or utc_now()

    def make(facts: Facts) -> Figures:
        return Figures(operation_id, at, coverage(facts), tuple(totals(facts, split)))

    found = _remembered(operation_id, as_of, ("figures", split), make, lambda made: len(made.figures) + 1, only)
    return replace(found, as_of=at)  # what was remembered has just been found to be good still


def by_rule(operation_id: int, as_of: dt.datetime | None = None) -> dict[str, Figure]:
    """Every measure that may be counted by several rules, by each of them, from the same records: code → figure."""

    def make(facts: Facts) -> dict[str, Figure]:
        return {figure.measure: figure for figure in totals(facts, (), [measure_of(rule.code) for rule in RULES])}

    return _remembered(operation_id, as_of, ("rules",), make, len)


def counted(figure: Figure) -> Measure:
    """The measure as the figure counted it: with the rule, its version and its words, under the code asked for."""
    return counted_by(figure.measure, {figure.measure: figure.rule})


def measure_in(operation_id: int, code: str, as_of: dt.datetime | None = None) -> Measure:
    """The measure as the operation counts it, or counted it at that moment. Raises what ``measures.measure`` raises."""
    measure = measure_of(code)
    if measure.fixed or measure.base not in RULED:
        return measure
    choice = _remembered(operation_id, as_of, ("choice",), lambda facts: dict(facts.counting), lambda made: 1)
    return counted_by(code, choice)


def measures_in(operation_id: int, as_of: dt.datetime | None = None) -> list[Measure]:
    """Every measure and what derives from them, as the operation counts or counted them."""
    return [measure_in(operation_id, measure.code, as_of) for measure in (*CATALOGUE, *DERIVED)]


def figures_by(
    operation_id: int,
    codes: Sequence[str],
    as_of: dt.datetime | None = None,
    by: Sequence[str] = (),
    only: Filter | None = None,
) -> Figures:
    """Figures of ``codes`` alone, which may name counting rules; otherwise as ``figures_of``."""
    split = tuple(by)
    at = as_of or utc_now()

    def make(facts: Facts) -> Figures:
        found = totals(facts, split, [measure_of(code) for code in codes])
        return Figures(operation_id, at, coverage(facts), tuple(found))

    found = _remembered(operation_id, as_of, ("codes", split, *codes), make, lambda made: len(made.figures) + 1, only)
    return replace(found, as_of=at)


def figures_for(
    operation_id: int,
    code: str,
    as_of: dt.datetime | None = None,
    by: Sequence[str] = (),
    only: Filter | None = None,
) -> Figures:
    """Figures among which are those of ``code``, also of one that no page lists (a rule by name, another age)."""
    listed = any(measure.code == code for measure in (*CATALOGUE, *DERIVED))
    return figures_of(operation_id, as_of, by, only) if listed else figures_by(operation_id, [code], as_of, by, only)


def board_of(operation_id: int, as_of: dt.datetime | None = None, only: Filter | None = None) -> Board:
    """Cells of persons met, what was met outside the window, today's figures, and what does not fit together (of the
    whole operation alone: a part of it does not have to fit)."""

    def make(facts: Facts) -> Board:
        met = measure_of(GRID_MEASURE)
        outside = (figure for figure in totals(facts, ("service", "day"), [met]) if isinstance(figure.key["day"], str))
        daily = totals(facts, ("day",), [met, measure_of("persons_charged")])
        return Board(
            today=facts.today,
            days=tuple(day_rows(facts)),
            cells=tuple(cells(facts, met)),
            outside=tuple(figure for figure in outside if figure.value),
            today_figures=tuple(figure for figure in daily if figure.key["day"] == facts.today),
            elsewhere={code: _elsewhere(facts, code) for code in HEADLINE},
            checks=() if only else tuple(checks(facts)),
        )

    return _remembered(
        operation_id, as_of, ("board",), make, lambda made: len(made.cells) + len(made.checks) + 1, only
    )


FROZEN: Mapping[str, type] = {
    kind.__name__: kind
    for kind in (
        Figures, Figure, Coverage, Board, Cell, Check, Completeness, Outcomes, Offence, Hours, Waits, Month,
        Basis, Bound, CellState, Severity,
    )
}  # fmt: skip
"""What may stand in rows that are kept of a closed operation: figures and what is made of them."""


@dataclass(frozen=True)
class Tonight:
    """What the live board shows: figures of the operational day of now and in all, and each team's contacts today."""

    today: tuple[Figure, ...]
    in_all: tuple[Figure, ...]
    teams: dict[int, int]


def tonight_of(operation_id: int) -> Tonight:
    """Today's figures of ``LIVE`` (in its order, unknown ones too), the same in all, and contacts by team."""

    def make(facts: Facts) -> Tonight:
        measures = [measure_of(code) for code in LIVE]
        daily = {f.measure: f for f in totals(facts, ("day",), measures) if f.key["day"] == facts.today}
        return Tonight(
            today=tuple(daily.get(code, Figure(code)) for code in LIVE),
            in_all=tuple(totals(facts, (), measures)),
            teams=by_team(facts, facts.today),
        )

    return _remembered(operation_id, None, ("tonight",), make, lambda made: len(made.teams) + 2 * len(LIVE) + 1)


def _elsewhere(facts: Facts, code: str) -> tuple[int, ...]:
    found = {cell.operation for cell in cells(facts, measure_of(code)) if cell.state == CellState.ELSEWHERE}
    return tuple(sorted(operation for operation in found if operation is not None and operation != facts.root))


def cells_of(
    operation_id: int, code: str, as_of: dt.datetime | None = None, only: Filter | None = None
) -> tuple[Cell, ...]:
    """State of each service and day of one measure."""

    def make(facts: Facts) -> tuple[Cell, ...]:
        return tuple(cells(facts, measure_of(code)))

    return _remembered(operation_id, as_of, ("cells", code), make, lambda made: len(made) + 1, only)


@dataclass(frozen=True)
class ServiceBook:
    """All of one service in one operation: figures of the window and by day, cells by measure, what does not fit.

    ``first``: the operation’s first day, -1 when not known.
    ``here``: codes of measures that this very operation counts for it. ``added``: (measure, day) → adjustments that
    count. ``said``: of a measure, whether records or daily totals say it.
    """

    service: int
    as_of: dt.datetime
    today: int
    first: int
    here: frozenset[str]
    whole: dict[str, Figure]
    days: dict[tuple[str, Day], Figure]
    cells: dict[str, tuple[Cell, ...]]
    added: dict[tuple[str, int], int]
    said: dict[str, Basis | None]
    checks: tuple[Check, ...]
    complete: Completeness | None
    times: tuple[Timeliness, ...]


def book_of(operation_id: int, service: int, as_of: dt.datetime | None = None) -> ServiceBook:
    """What the service looks at before it signs, and signs."""
    heard = heard_rows.first_heard(operation_id, as_of)
    at = as_of or utc_now()

    def make(facts: Facts) -> ServiceBook:
        book = ledger(facts)
        owed = [measure for measure in CATALOGUE if measure.family.owed]
        here = {m.code for m in owed if book.places.place(service, m) in (None, operation_id)}
        whole = [f for f in totals(facts, ("service",), owed) if f.key["service"] == service]
        days = [f for f in totals(facts, ("service", "day"), owed) if f.key["service"] == service]
        added = {(m.code, day): amount for m in owed for day, amount in book.adjusted(service, m).items()}
        return ServiceBook(
            service=service,
            as_of=at,
            today=facts.today,
            first=book.places.window()[0],
            here=frozenset(here),
            whole={f.measure: f for f in whole},
            days={(f.measure, f.key["day"]): f for f in days},
            cells={m.code: tuple(c for c in cells(facts, m) if c.service == service) for m in owed},
            added=added,
            said={m.code: book.source(service, m) for m in owed},
            checks=tuple(check for check in checks(facts) if check.where.get("service") == service),
            complete=next((one for one in completeness(facts) if one.service == service), None),
            times=tuple(one for one in timeliness(facts, heard) if one.service == service),
        )

    found = _remembered(operation_id, as_of, ("service", service), make, lambda made: len(made.days) + 400)
    return replace(found, as_of=at)


def told_by(operation_id: int, service: int) -> tuple[Figure, ...]:
    """Figures of what one service owes, in all and by day, from one reading of the facts.

    What became of referrals is not in it: before and after of one row would tell of one person what police never learn.
    """

    def make(facts: Facts) -> tuple[Figure, ...]:
        owed = [measure for measure in CATALOGUE if measure.family.owed and measure.code not in FOLLOWED]
        every = (figure for by in (("service",), ("service", "day")) for figure in totals(facts, by, owed))
        return tuple(figure for figure in every if figure.key["service"] == service)

    return _remembered(operation_id, None, ("told by", service), make, lambda made: len(made) + 1)


def completeness_of(operation_id: int, as_of: dt.datetime | None = None) -> dict[int, Completeness]:
    """Service id → how complete its figures are."""

    def make(facts: Facts) -> dict[int, Completeness]:
        return {one.service: one for one in completeness(facts)}

    return _remembered(operation_id, as_of, ("completeness",), make, lambda made: len(made) + 1)


def times_of(operation_id: int, as_of: dt.datetime | None = None) -> tuple[Timeliness, ...]:
    """Each service and day, and the window: when it was due and when it was first heard."""
    heard = heard_rows.first_heard(operation_id, as_of)

    def make(facts: Facts) -> tuple[Timeliness, ...]:
        return tuple(timeliness(facts, heard))

    return _remembered(operation_id, as_of, ("times",), make, lambda made: len(made) + 1)


def months_of(
    operation_id: int,
    codes: Sequence[str],
    as_of: dt.datetime | None = None,
    service: int | None = None,
    only: Filter | None = None,
) -> tuple[Month, ...]:
    """Figures by month and year, the latest first."""

    def make(facts: Facts) -> tuple[Month, ...]:
        return tuple(by_month(facts, [measure_of(code) for code in codes], service))

    name = ("months", tuple(codes), service)
    return _remembered(operation_id, as_of, name, make, lambda made: len(made) * len(codes) + 1, only)


def reconciliation_of(operation_id: int, signed: Mapping[int, Signed], mark: Any) -> tuple[Line, ...]:
    """What each source says of every figure. ``signed``: what services signed; ``mark`` differs when that does."""

    def make(facts: Facts) -> tuple[Line, ...]:
        return tuple(reconcile(facts, signed))

    return _remembered(
        operation_id, None, ("reconcile", mark), make, lambda made: sum(1 + len(line.days) for line in made) + 1
    )


def outcomes_of(operation_id: int, as_of: dt.datetime | None = None) -> Outcomes:
    """Outcomes by agency, of referrals made by police."""
    return _remembered(operation_id, as_of, ("outcomes",), outcomes_by_agency, lambda made: len(made.full) * 8)


def offences_of(
    operation_id: int, as_of: dt.datetime | None = None, only: Filter | None = None
) -> tuple[Offence, ...]:
    """Charges by offence, most charges first."""

    def make(facts: Facts) -> tuple[Offence, ...]:
        return tuple(by_offence(facts))

    return _remembered(operation_id, as_of, ("offences",), make, lambda made: len(made) + 1, only)


def hours_of(operation: Operation, as_of: dt.datetime | None = None, only: Filter | None = None) -> Hours:
    """Contacts by hour of the operation’s clock and by evening; for its coordinators alone."""
    zone, starts = operation.time_zone, operation.day_starts_minutes

    def make(facts: Facts) -> Hours:
        return by_hour(facts, zone, starts)

    return _remembered(operation.id, as_of, ("hours", zone, starts), make, lambda made: len(made.counts) + 1, only)


def waits_of(
    operation_id: int, edges: Sequence[int], as_of: dt.datetime | None = None, only: Filter | None = None
) -> Waits:
    """Referrals by how long they waited, or wait, in spans that end at ``edges`` (minutes)."""

    def make(facts: Facts) -> Waits:
        return waits(facts, edges)

    return _remembered(operation_id, as_of, ("waits", *edges), make, lambda made: len(edges) + 1, only)


def rows_of(
    operation_id: int,
    code: str,
    as_of: dt.datetime | None = None,
    *,
    service: int | None = None,
    day: Day | None = None,
    only: Filter | None = None,
) -> DataFrame:
    """The rows that a figure counted (``rollup.members``), by day and then as they were recorded."""
    measure = measure_of(code)
    found = members(_facts(operation_id, as_of, only), measure, service=service, day=day)
    key = "contact" if measure.frame == "meetings" else found.columns[0]
    return found.sort_values(["counted_day", key], kind="stable")


def worked_out(
    operation_id: int,
    name: tuple[Any, ...],
    make: Callable[[Facts], T],
    cost: Callable[[T], int],
    as_of: dt.datetime | None = None,
    only: Filter | None = None,
) -> T:
    """What ``make`` makes of the facts, remembered under ``name`` like every figure here; ``cost``: how many numbers.

    For charts and tables of a later room that ``rollup`` works out and no function above gives.
    """
    return _remembered(operation_id, as_of, name, make, cost, only)


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


# Remembering ----------------------------------------------------------------------------------------------------------


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
    facts = _facts(operation_id, None)
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


def _remembered(
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


def _facts(operation_id: int, as_of: dt.datetime | None, only: Filter | None = None) -> Facts:
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
    facts = _facts(operation_id, None)
    if name[0] == "months":
        return float(facts.day_begins(days_of(month_of(facts.today)).stop))
    return next_wait(facts, name[1:]) if name[0] == "waits" else float("inf")
