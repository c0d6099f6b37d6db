"""Figures: what each measure amounts to, in total and by service, day or staff category, with how far to trust it.

Here belong the value, bound, basis and coverage of a figure. A figure is the number of its members (``members``) plus
the reported tallies and the adjustments, less what services are known to have counted together; an empty figure is
None, never 0. Where it is not known how many several services counted together, a figure is a range: ``least`` to
``value``.

Decided here:

- By day a person counts on the day of the first meeting in the tree; by service and day, of the first meeting with
  that service, so that a service's days add up to its own figure and it learns nothing of the other services.
- Day rows are the window's days in order, then ``before`` and ``after`` it, then ``undated`` where something cannot be
  placed on a day (a number for the whole window). When the window is not known the days are those of the facts.
- A day's coverage counts the services for which it is one of their days. Measures without days have no day rows.
- When the operation does not know its services, totals are None and unknown with no expected number; the figures by
  service stay what each service reported. When only an operation within it does not, its figure is at best partial.
- A threshold measure is unknown where persons were met and the age of none of them is known: "at least 0" says nothing
  and would be printed as 0. Its coverage stays the services in.
- A figure that an adjustment is part of says so in its basis, whatever else it is made of.
- A number told under another counting rule counts nowhere; what is known of its service is then at least.
- A ratio whose parts are not both exact is partial.
- Under a filter by day (``filters``) a figure is what its day rows hold together: who is in said something of one of
  them at least. What a filter does not apply to is one unknown figure in all, and none in a split.
- A median is made of records alone: services that only tell numbers leave it partial. It carries how many referrals it
  is made of, and how many there are with those that nobody picked up yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from outreach.rollup.cells import Cell, grid
from outreach.rollup.days import AFTER, BEFORE, WITHOUT_DAY, Day, Key, counts_on, day_row, day_rows_of
from outreach.rollup.facts import Facts
from outreach.rollup.filters import applies
from outreach.rollup.ledger import Ledger, ledger
from outreach.rollup.measures import CATALOGUE, DERIVED, Family, Measure
from outreach.rollup.measures import measure as measure_of
from outreach.rollup.together import Held, Whole, together
from outreach.rollup.units import Units
from outreach.vocab import Basis, Bound, ParticipationStatus, StaffCategory


@dataclass(frozen=True)
class Coverage:
    """Services in, of those that owe the figure; ``expected`` is None when nobody knows who takes part."""

    reported: int
    expected: int | None


@dataclass(frozen=True)
class Figure:
    """One number. ``value`` is None when nothing is known. ``key`` names what it is by, in the order asked for:
    ``service`` an id, ``day`` a day number or ``before``/``after``/``undated``, ``category`` a staff category.
    A ratio carries its two parts, a median (hours) how many it is made of and out of how many.
    ``least``: the lower end of a range whose upper end is ``value``; ``between``: the services whose overlap is not
    known (0 stands for those that log contacts).
    ``withheld``: known here, and kept from this reader (``disclosure``). ``rule``: the counting rule by which it was
    counted, '' for a measure that has but one."""

    measure: str
    key: Mapping[str, Day] = field(default_factory=dict)
    value: int | float | None = None
    bound: Bound = Bound.UNKNOWN
    basis: Basis | None = None
    coverage: Coverage = Coverage(0, 0)
    numerator: int | None = None
    denominator: int | None = None
    withheld: bool = False
    least: int | None = None
    between: tuple[int, ...] = ()
    rule: str = ""

    @property
    def contradicts(self) -> bool:
        """Whether it is less than nothing: more was taken away by adjustments than is counted by now."""
        return self.value is not None and self.value < 0


def totals(facts: Facts, by: Sequence[str] = (), measures: Iterable[Measure] | None = None) -> list[Figure]:
    """Figures of ``measures`` (default: the catalogue and what derives from it) in that order, then in that of keys.

    ``by`` is ``()``, ``("service",)``, ``("day",)``, ``("service", "day")``, or for personnel ``("category",)`` and
    ``("service", "category")``. A measure that cannot be split that way gives no figures. Raises ``ValueError`` for
    any other ``by``.
    """
    by = tuple(by)
    splits: dict[tuple[str, ...], Callable[[Ledger, Measure], list[Figure]]] = {
        (): _in_all, ("service",): _by_service, ("day",): _by_day, ("service", "day"): _by_service_and_day}
    if by not in splits and by not in (("category",), ("service", "category")):
        raise ValueError(f"figures cannot be split by {', '.join(by)}")
    out: list[Figure] = []
    for measure in (*CATALOGUE, *DERIVED) if measures is None else measures:
        if not applies(measure, facts):
            out += [] if by else [Figure(measure.code, coverage=_owed(ledger(facts), measure))]
        elif "category" in by:
            out += _by_category(ledger(facts), measure, by) if measure.family is Family.PERSONNEL else []
        elif "day" not in by or measure.by_day:
            derive = _ratios if measure.parts else _middle if measure.middle else None
            found = derive(facts, measure, by) if derive else splits[by](ledger(facts), measure)
            rule = ledger(facts).ruled(measure).variant
            out += [replace(figure, rule=rule) for figure in found] if rule else found
    return out


def total(facts: Facts, measure: Measure) -> Figure:
    """The one figure of ``measure`` for the whole operation."""
    return totals(facts, (), [measure])[0]


def coverage(facts: Facts) -> Coverage:
    """Services that have reported anything, of those that owe anything."""
    book = ledger(facts)
    owing = {service for measure in CATALOGUE for service in book.owing(measure)}
    heard = {service for measure in CATALOGUE for service in book.owing(measure)
             if book.source(service, measure) is not None}
    return Coverage(len(heard), len(owing) if _known(book) else None)


# How a figure is trusted ----------------------------------------------------------------------------------------------

def _known(book: Ledger) -> bool:
    return book.places.operations[book.places.root].services_known


def _bound(book: Ledger, *, anything: bool, reported: int, expected: int, low: bool, high: bool) -> Bound:
    """Worst first: unknown, partial, at least, at most, exact; both a lower and an upper bound are no bound."""
    if not anything:
        return Bound.UNKNOWN
    if reported < expected or (low and high) or not book.places.all_known:
        return Bound.PARTIAL
    return Bound.AT_LEAST if low else Bound.AT_MOST if high else Bound.EXACT


def _basis(sources: Iterable[Basis | None]) -> Basis | None:
    found = {source for source in sources if source is not None}
    return None if not found else found.pop() if len(found) == 1 else Basis.MIXED


def _owed(book: Ledger, measure: Measure) -> Coverage:
    """The coverage of a figure that there is not."""
    return Coverage(0, len(book.owing(measure)) if _known(book) else None)


def _open(
        book: Ledger, measure: Measure, services: Iterable[int],
        days: Iterable[Day] | None = None) -> tuple[bool, bool]:
    """Whether adjustments may add to the figure of these services, or take from it, and nobody knows how much."""
    rows = None if days is None else set(days)
    found = [amount for service in services for day, amount in book.unsplit(service, measure).items()
             if rows is None or day_row(book, day) in rows]
    return any(amount > 0 for amount in found), any(amount < 0 for amount in found)


def _least(whole: Whole) -> int | None:
    return None if whole.exact else whole.least


# Splits ---------------------------------------------------------------------------------------------------------------

def _in_all(book: Ledger, measure: Measure) -> list[Figure]:
    if measure.family is Family.PARTICIPATION:
        return [_participants(book, measure)]
    if book.facts.days is not None:
        dated = _Dated(book, measure)
        return [dated.figure({}, [row for row in dated.rows if row in book.facts.days])]
    owing = book.owing(measure)
    sources = {service: book.source(service, measure) for service in book.services()}
    heard = {service for service, source in sources.items() if source is not None}
    if not _known(book):
        return [Figure(measure.code, coverage=Coverage(len(owing & heard), None))]
    units = book.units(measure)
    told = {service: sum(tally.value for tally in book.counted_tallies(service, measure).values())
            for service in book.services()}
    adjusted = {service: sum(days.values()) for service in book.services()
                if (days := book.adjusted(service, measure))}
    low = bool(units.unaged is not None and len(units.unaged.position)) or any(
        cell.missing for cell in grid(book, measure).values() if cell.service in heard) or any(
        book.told_otherwise(service, measure) for service in heard)
    by_service = {service: counted for (service,), counted in units.by("service").items()}
    whole = together(book, measure, Held(by_service, told, adjusted))
    more, less = _open(book, measure, heard)
    anything = bool(heard) and (not units.blind() or any(told.values()) or bool(adjusted))
    bound = _bound(
        book, anything=anything, reported=len(owing & heard), expected=len(owing), low=low or more,
        high=less or not whole.exact)
    covers = Coverage(len(owing & heard), len(owing))
    basis = Basis.ADJUSTED if adjusted else _basis(sources.values())
    if not anything:
        return [Figure(measure.code, {}, None, bound, basis, covers)]
    return [Figure(measure.code, {}, whole.value, bound, basis, covers, least=_least(whole), between=whole.between)]


def _participants(book: Ledger, measure: Measure) -> Figure:
    confirmed = len(book.units(measure).position)
    if not _known(book):
        return Figure(measure.code, coverage=Coverage(confirmed, None))
    kinds = measure.where[1][1]
    asked = {part.service for parts in book.places.of_service.values() for part in parts
             if part.status in (ParticipationStatus.INVITED, ParticipationStatus.CONFIRMED) and part.kind in kinds}
    bound = Bound.EXACT if book.places.all_known else Bound.PARTIAL
    return Figure(measure.code, {}, confirmed, bound, Basis.RECORDS, Coverage(confirmed, len(asked)))


def _by_service(book: Ledger, measure: Measure) -> list[Figure]:
    if book.facts.days is not None:
        return _by_service_some_days(book, measure)
    units = book.units(measure, ("service",))
    counts = units.by("service")
    if measure.family is Family.PARTICIPATION:
        return [Figure(measure.code, {"service": service}, counts.get((service,), 0), Bound.EXACT, Basis.RECORDS,
                       Coverage(1, 1)) for service in book.services()]
    unaged = units.unaged.by("service") if units.unaged is not None else {}
    blind = units.blind("service")
    owing = book.owing(measure)
    missing = {cell.service for cell in grid(book, measure).values() if cell.missing}
    missing |= {service for service in book.services() if book.told_otherwise(service, measure)}
    out = []
    for service in book.services():
        source = book.source(service, measure)
        told = sum(tally.value for tally in book.counted_tallies(service, measure).values())
        adjusted = book.adjusted(service, measure)
        nothing = source is None or (service,) in blind
        low = service in missing or bool(unaged.get((service,)))
        bound = _own_bound(not nothing, low, _open(book, measure, [service]))
        out.append(Figure(
            measure.code, {"service": service},
            None if nothing else counts.get((service,), 0) + told + sum(adjusted.values()),
            bound, Basis.ADJUSTED if adjusted else source,
            Coverage(int(source is not None and service in owing), int(service in owing))))
    return out


def _own_bound(known: bool, low: bool, adjusts: tuple[bool, bool]) -> Bound:
    """Bound of a figure of one service."""
    more, less = adjusts
    if not known:
        return Bound.UNKNOWN
    if (low or more) and less:
        return Bound.PARTIAL
    return Bound.AT_LEAST if low or more else Bound.AT_MOST if less else Bound.EXACT


def _by_service_some_days(book: Ledger, measure: Measure) -> list[Figure]:
    """What the days asked for hold together, service by service."""
    states = grid(book, measure)
    missing = {(service, day) for (service, day), cell in states.items() if cell.missing}
    found: dict[int, list[Figure]] = {}
    for figure in _by_service_and_day(book, measure):
        found.setdefault(int(figure.key["service"]), []).append(figure)
    out = []
    for service in book.services():
        parts = found.get(service, [])
        known = [part for part in parts if part.value is not None]
        days = [part.key["day"] for part in parts]
        bounds = {part.bound for part in known}
        low = bool(bounds & {Bound.AT_LEAST, Bound.PARTIAL}) or any((service, day) in missing for day in days)
        bound = _own_bound(bool(known), low, (False, bool(bounds & {Bound.AT_MOST, Bound.PARTIAL})))
        basis = [part.basis for part in known]
        out.append(Figure(
            measure.code, {"service": service}, sum(int(part.value or 0) for part in known) if known else None, bound,
            Basis.ADJUSTED if Basis.ADJUSTED in basis else _basis(basis),
            Coverage(*(int(any(getattr(part.coverage, name) for part in parts)) for name in ("reported", "expected")))))
    return out


def _spread(book: Ledger, counts: Mapping[tuple[int, ...], int]) -> dict[Key, int]:
    """Counts by (..., day) with each day put into its day row."""
    out: dict[Key, int] = {}
    for key, counted in counts.items():
        row = (*key[:-1], day_row(book, key[-1]))
        out[row] = out.get(row, 0) + counted
    return out


def _told(book: Ledger, measure: Measure) -> dict[Key, int]:
    """Tallied values by (service, day row)."""
    return _spread(book, {
        (service, day): tally.value for service in book.services()
        for day, tally in book.counted_tallies(service, measure).items()})


def _adjusted(book: Ledger, measure: Measure) -> dict[Key, int]:
    """Adjustments by (service, day row)."""
    return _spread(book, {
        (service, day): amount for service in book.services()
        for day, amount in book.adjusted(service, measure).items()})


def _rows_with(book: Ledger, *counts: Mapping[Key, int]) -> list[Day]:
    undated = any(counted for found in counts for key, counted in found.items() if key[-1] == WITHOUT_DAY)
    return [*day_rows_of(book), *([WITHOUT_DAY] if undated else [])]


class _Dated:
    """What is needed to say what one or several day rows of a measure hold."""

    def __init__(self, book: Ledger, measure: Measure) -> None:
        units = book.units(measure)
        records, told, added = (
            _spread(book, units.by("service", "day")), _told(book, measure), _adjusted(book, measure))
        self.book, self.measure = book, measure
        self.unaged, self.aged = (_of_row(_spread(book, found.by("service", "day"))) if found is not None else {}
                                  for found in (units.unaged, units.aged))
        self.cells: dict[Day, list[Cell]] = {}
        for cell in grid(book, measure).values():
            self.cells.setdefault(cell.day, []).append(cell)
        self.owing = book.owing(measure)
        self.heard = {service for service in book.services() if book.source(service, measure) is not None}
        split = [_of_row(found) for found in (records, told, added)]
        self.rows = _rows_with(book, records, told, added)
        self.sums = {day: Held(*(found.get(day, {}) for found in split)) for day in self.rows}
        # else each is counted once anyway
        self.mixed = measure.of_accused or (measure.of_persons and bool(told or added))
        self.earlier = _earlier(self.sums) if self.mixed else {}

    def figure(self, key: Mapping[str, Day], days: Sequence[Day]) -> Figure:
        """What the rows hold together, as the figure of this key."""
        held = _merged(self.sums[day] for day in days)
        known, expected, missing = self._services(days)
        unaged, aged = (any(found.get(day) for day in days) for found in (self.unaged, self.aged))
        blind = unaged and not aged and not held.totals and not held.adjusted
        before = self._before(days) if self.mixed else None
        whole = together(self.book, self.measure, held, before)
        known = known | set(held.records) | set(held.totals) | set(held.adjusted)
        return _day_figure(self.book, self.measure, key, held, whole, known, expected,
                           low=unaged or bool(missing & known), blind=blind, days=days)

    def _before(self, days: Sequence[Day]) -> Held | None:
        """What was counted on rows earlier than one of these: a person met then does not count again. None where there
        are no other rows."""
        rest = self.sums.keys() - set(days)
        if not rest or len(days) == 1:
            return self.earlier[days[0]] if rest else None
        last = max((_place(day) for day in days), default=float("-inf"))
        return _merged(self.sums[row] for row in self.sums if days and row in rest and (
            WITHOUT_DAY in (row, *days) or _place(row) < last))

    def _services(self, days: Sequence[Day]) -> tuple[set[int], set[int], set[int]]:
        """Services that said something of one of the rows, that owe one of them, and that are missing on one."""
        known: set[int] = set()
        expected: set[int] = set()
        missing: set[int] = set()
        for day in days:
            if isinstance(day, str):
                known, expected = known | self.heard, expected | self.owing
            else:
                cells = self.cells.get(day, ())
                known |= {cell.service for cell in cells if cell.known}
                expected |= {cell.service for cell in cells if cell.state != "not_a_day"} & self.owing
                missing |= {cell.service for cell in cells if cell.missing}
        return known, expected, missing


def _by_day(book: Ledger, measure: Measure) -> list[Figure]:
    dated = _Dated(book, measure)
    return [dated.figure({"day": day}, [day]) for day in dated.rows if _asked(book, day)]


def _asked(book: Ledger, row: Day) -> bool:
    return book.facts.days is None or row in book.facts.days


def _merged(parts: Iterable[Held]) -> Held:
    """What several rows hold, by service."""
    added: tuple[dict[int, int], ...] = ({}, {}, {})
    for held in parts:
        for into, found in zip(added, (held.records, held.totals, held.adjusted), strict=True):
            for service, number in found.items():
                into[service] = into.get(service, 0) + number
    return Held(*added)


def _place(row: Day) -> float:
    return row if isinstance(row, int) else {BEFORE: float("-inf"), AFTER: float("inf")}.get(row, 0)


def _earlier(sums: Mapping[Day, Held]) -> dict[Day, Held]:
    """What was counted before each row. Nobody knows when what has no day was counted, so that it may be earlier than
    any row, and any row earlier than it.

    In one pass: a standing unit has thousands of days, and each of them all those before it.
    """
    dated = sorted((row for row in sums if row != WITHOUT_DAY), key=_place)
    out: dict[Day, Held] = {}
    so_far = sums.get(WITHOUT_DAY, Held())
    for row in dated:
        out[row] = so_far
        held = sums[row]
        so_far = _merged((so_far, held)) if held.records or held.totals or held.adjusted else so_far
    if WITHOUT_DAY in sums:
        out[WITHOUT_DAY] = _merged(sums[row] for row in dated)
    return out


def _of_row(counts: Mapping[Key, int]) -> dict[Day, dict[int, int]]:
    out: dict[Day, dict[int, int]] = {}
    for (service, day), counted in counts.items():
        if counted and isinstance(service, int):
            out.setdefault(day, {})[service] = counted
    return out


def _day_figure(book: Ledger, measure: Measure, key: Mapping[str, Day], held: Held, whole: Whole, known: set[int],
                expected: set[int], *, low: bool, blind: bool, days: Sequence[Day]) -> Figure:
    if not _known(book):
        return Figure(measure.code, key, coverage=Coverage(len(known & expected), None))
    more, less = _open(book, measure, known, days)
    anything = bool(known) and not blind
    bound = _bound(book, anything=anything, reported=len(known & expected), expected=len(expected), low=low or more,
                   high=less or not whole.exact)
    basis = Basis.ADJUSTED if held.adjusted else _basis(book.source(s, measure) for s in known)
    covers = Coverage(len(known & expected), len(expected))
    if not anything:
        return Figure(measure.code, key, None, bound, basis, covers)
    return Figure(measure.code, key, whole.value, bound, basis, covers, least=_least(whole), between=whole.between)


def _by_service_and_day(book: Ledger, measure: Measure) -> list[Figure]:
    units = book.units(measure, ("service",))
    records, told, added = _spread(book, units.by("service", "day")), _told(book, measure), _adjusted(book, measure)
    unaged, aged = (_spread(book, found.by("service", "day")) if found is not None else {}
                    for found in (units.unaged, units.aged))
    states, owing = grid(book, measure), book.owing(measure)
    rows = _rows_with(book, records, told, added)
    out = []
    for service in book.services():
        source = book.source(service, measure)
        for day in (row for row in rows if _asked(book, row)):
            counted = sum(found.get((service, day), 0) for found in (records, told, added))
            cell = states.get((service, day)) if isinstance(day, int) else None
            blind = not counted and bool(unaged.get((service, day))) and not aged.get((service, day))
            told_of = source is not None if isinstance(day, str) else cell is not None and cell.known
            changed = (service, day) in added
            known = bool(counted) or changed or (told_of and not blind)
            owes = service in owing and (isinstance(day, str) or (cell is not None and cell.state != "not_a_day"))
            bound = _own_bound(known, bool(unaged.get((service, day))), _open(book, measure, [service], [day]))
            out.append(Figure(
                measure.code, {"service": service, "day": day}, counted if known else None, bound,
                None if not known else Basis.ADJUSTED if changed else source, Coverage(int(known and owes), int(owes))))
    return out


def _by_category(book: Ledger, measure: Measure, by: tuple[str, ...]) -> list[Figure]:
    """Personnel by what they do; the category '' holds numbers that were told without one."""
    units = book.units(measure, by)
    category = book.facts.deployed["category"].astype(object).to_numpy()[units.position].tolist()
    split = "service" in by
    counts: dict[Key, int] = {}
    for service, part, counted in zip(units.service.tolist(), category, units.counted.tolist(), strict=True):
        key = (service, part) if split else (part,)
        counts[key] = counts.get(key, 0) + counted
    for service in book.services():
        if book.counted_tallies(service, measure):
            for part, counted in book.told_parts(service, measure).items():
                key = (service, part) if split else (part,)
                counts[key] = counts.get(key, 0) + counted
        if adjusted := book.adjusted(service, measure):
            key = (service, "") if split else ("",)
            counts[key] = counts.get(key, 0) + sum(adjusted.values())
    whole = {figure.key.get("service"): figure for figure in (_by_service if split else _in_all)(book, measure)}
    parts = [*StaffCategory.values(), *([""] if any(key[-1] == "" for key in counts) else [])]
    out = []
    for service, figure in whole.items():
        for part in parts:
            key = (service, part) if split and service is not None else (part,)
            out.append(Figure(
                measure.code, dict(zip(by, key, strict=True)), None if figure.value is None else counts.get(key, 0),
                figure.bound, figure.basis, figure.coverage))
    return out


# Ratio ----------------------------------------------------------------------------------------------------------------

def _ratios(facts: Facts, measure: Measure, by: tuple[str, ...]) -> list[Figure]:
    book = ledger(facts)
    over, under = (measure_of(code) for code in measure.parts or ())
    both = {service for service in book.services()
            if book.source(service, over) is not None and book.source(service, under) is not None}
    above, below = (totals(facts, by, [part]) for part in (over, under))
    if not by and facts.days is None:
        covers = Coverage(len(both & book.owing(under)), below[0].coverage.expected)
        return [_ratio(measure, above[0], below[0], _sum(book, over, both), _sum(book, under, both), covers)]
    tops = {tuple(figure.key.items()): figure for figure in above}
    out = []
    for bottom in below:
        top = tops.get(tuple(bottom.key.items()), Figure(over.code, bottom.key))
        least = min(top.coverage.reported, bottom.coverage.reported)
        out.append(_ratio(measure, top, bottom, _whole(top), _whole(bottom),
                          Coverage(least, bottom.coverage.expected)))
    return out


def _whole(figure: Figure) -> int | None:
    return None if figure.value is None else int(figure.value)


def _sum(book: Ledger, measure: Measure, services: set[int]) -> int | None:
    if not services or not _known(book):
        return None
    units: Units = book.units(measure, (), services)
    return int(units.counted.sum()) + sum(
        tally.value for service in services for tally in book.counted_tallies(service, measure).values()) + sum(
        sum(book.adjusted(service, measure).values()) for service in services)


def _ratio(measure: Measure, top: Figure, bottom: Figure, over: int | None, under: int | None,
           covers: Coverage) -> Figure:
    if over is None or under is None or not under:
        return Figure(measure.code, bottom.key, None, Bound.UNKNOWN, None, covers, over, under)
    exact = top.bound == bottom.bound == Bound.EXACT and covers.reported == covers.expected
    return Figure(measure.code, bottom.key, over / under, Bound.EXACT if exact else Bound.PARTIAL,
                  _basis((top.basis, bottom.basis)), covers, over, under)


# Median ---------------------------------------------------------------------------------------------------------------

def _middle(facts: Facts, measure: Measure, by: tuple[str, ...]) -> list[Figure]:
    """The median of a column in hours, with the keys, coverage and sureness of the referrals received."""
    import numpy as np

    book = ledger(facts)
    over, under = measure_of("referrals_received"), measure_of("referrals_made")
    within = ("service",) if "service" in by else ()
    units = book.units(over, within)
    minutes = getattr(facts, measure.frame)[measure.middle].to_numpy()[units.position]
    found: dict[Key, list[int]] = {}
    for service, day, waited in zip(units.service.tolist(), units.day.tolist(), minutes.tolist(), strict=True):
        if waited >= 0 and counts_on(book, day):
            found.setdefault(_key(book, by, service, day), []).append(waited)
    made: dict[Key, int] = {}
    every = book.units(under, within)
    for service, day in zip(every.service.tolist(), every.day.tolist(), strict=True):
        if not counts_on(book, day):
            continue
        key = _key(book, by, service, day)
        made[key] = made.get(key, 0) + 1
    out = []
    for figure in totals(facts, by, [over]):
        key = tuple(figure.key[name] for name in by)
        waits = found.get(key, [])
        known = bool(waits) and figure.value is not None
        sure = figure.bound == Bound.EXACT and figure.basis in (None, Basis.RECORDS)
        out.append(Figure(
            measure.code, figure.key, round(float(np.median(waits)) / 60, 1) if known else None,
            Bound.UNKNOWN if not known else Bound.EXACT if sure else Bound.PARTIAL, Basis.RECORDS if known else None,
            figure.coverage, len(waits), made.get(key, 0)))
    return out


def _key(book: Ledger, by: tuple[str, ...], service: int, day: int) -> Key:
    return tuple(service if name == "service" else day_row(book, day) for name in by)
