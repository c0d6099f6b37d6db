"""What a figure across services is put together from, and how much of it may have been counted twice.

Here belong the parts of a figure whose overlap the records do not tell, and what was declared of them; the arithmetic
of the range is in ``spans``. Parts are: all records together (a person has one key), the totals of each service, and
what a service that logs contacts added by an adjustment. Accused codes are per service: there each service is a part.

Decided here:

- What somebody declared of two services holds for the window. By day it is only known that no more overlap.
- Declared of persons met it limits every other figure of persons from above: who is in neither is in no smaller one.
- A declaration and *no person is met by two services* count where both services report in that operation or under it;
  of several the topmost counts.
- ASSUMPTION: what a service takes off by an adjustment nobody else has counted. What a service that logs contacts adds
  is not among its own records, and may be among those of others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from outreach.rollup.ledger import Ledger
from outreach.rollup.measures import Measure
from outreach.rollup.spans import span
from outreach.vocab import Basis

RECORDS = 0
"""Stands in ``Whole.between`` for the services that log contacts here, where they are several."""
_ANY = 2**62
_Key = tuple[str, int]


@dataclass(frozen=True)
class Held:
    """What was counted by service: records (each person at the first service), totals, adjustments."""

    records: Mapping[int, int] = field(default_factory=dict)
    totals: Mapping[int, int] = field(default_factory=dict)
    adjusted: Mapping[int, int] = field(default_factory=dict)

    @property
    def sum(self) -> int:
        return sum(self.records.values()) + sum(self.totals.values()) + sum(self.adjusted.values())


@dataclass(frozen=True)
class Whole:
    """A figure across services: the upper end, the lower end, and the services whose overlap is not known."""

    value: int
    least: int
    between: tuple[int, ...] = ()

    @property
    def exact(self) -> bool:
        return self.least == self.value


def together(book: Ledger, measure: Measure, held: Held, earlier: Held | None = None) -> Whole:
    """The figure of ``measure`` across services. ``earlier``: by day, what was counted on the days before."""
    whole = held.sum
    nil = book.places.operations[book.places.root].overlap_nil
    if nil or not (measure.of_accused or measure.of_persons):
        return Whole(whole, whole)
    if measure.of_persons and not any(held.totals.values()) and not any(held.adjusted.values()) and earlier is None:
        return Whole(whole, whole)  # records alone: one key a person
    parts = _parts(book, measure, held)
    before = None if earlier is None else _parts(book, measure, earlier)
    keys = sorted({*parts, *(before or ())})
    pairs = _pairs(book, measure, by_day=earlier is not None)
    known = pairs.declared or any(kind == "added" for kind, _ in keys)
    found = span([parts.get(key, 0) for key in keys],
                 (lambda one, other: pairs.shared(keys[one], keys[other])) if known else None,
                 None if before is None else [before.get(key, 0) for key in keys])
    left = whole - sum(max(size, 0) for size in parts.values())
    most = found.most + left
    # What is taken off somebody else's number can only be less than nothing where the whole is.
    return Whole(most, max(found.least + left, min(most, 0)), _between(held, [keys[place] for place in found.open]))


def days_add_up(book: Ledger, measure: Measure) -> bool:
    """Whether the figures by day of ``measure`` add up to the one of the window, whatever they are.

    They do not where an overlap was declared: what two services have in common holds for the window and for no day.
    """
    if not (measure.by_day and measure.adds_across_days):
        return False
    if not (measure.of_accused or measure.of_persons) or book.places.operations[book.places.root].overlap_nil:
        return True
    return not _pairs(book, measure, by_day=False).declared


def _parts(book: Ledger, measure: Measure, held: Held) -> dict[_Key, int]:
    parts: dict[_Key, int] = {}
    logged = 0
    for service in sorted({*held.records, *held.totals, *held.adjusted}):
        records, added = held.records.get(service, 0), held.adjusted.get(service, 0)
        own = held.totals.get(service, 0)
        if measure.of_accused:
            parts["told", service] = records + own + added
        elif book.source(service, measure) is Basis.TALLIES:
            parts["told", service] = own + added
        else:
            logged += records + min(added, 0)
            if added > 0:
                parts["added", service] = added
    return {key: size for key, size in {("records", RECORDS): logged, **parts}.items() if size}


def _between(held: Held, keys: list[_Key]) -> tuple[int, ...]:
    logging = sorted(service for service, number in held.records.items() if number)
    return tuple(sorted({
        service if kind != "records" else logging[0] if len(logging) == 1 else RECORDS for kind, service in keys}))


def _pairs(book: Ledger, measure: Measure, *, by_day: bool) -> _Pairs:
    """Read once a measure, not once a day."""
    kept, key = book.facts.remembered, ("overlaps", measure.code, by_day)
    if key not in kept:
        kept[key] = _Pairs(book, measure, by_day=by_day)
    found: _Pairs = kept[key]
    return found


class _Pairs:
    """What is known of the overlap of each two parts of one measure."""

    def __init__(self, book: Ledger, measure: Measure, *, by_day: bool) -> None:
        self.book, self.measure, self.by_day = book, measure, by_day
        frame = book.facts.overlaps
        self.rows: dict[tuple[int, int], list[tuple[int, str, int]]] = {}
        for operation, service, other, code, persons in zip(*(frame[name].tolist() for name in (
                "operation", "service", "other", "measure", "persons")), strict=True):
            if operation in book.places.operations:
                self.rows.setdefault((min(service, other), max(service, other)), []).append((operation, code, persons))
        self.nil = [one for one, row in book.places.operations.items() if row.overlap_nil]
        self.declared = bool(self.rows or self.nil)

    def shared(self, one: _Key, other: _Key) -> tuple[int, int]:
        """Least and most that two parts have in common."""
        low, high = self._shared(*sorted((one, other), key=lambda key: key[0] != "records"))
        return (0, high) if self.by_day else (low, high)

    def _shared(self, one: _Key, other: _Key) -> tuple[int, int]:
        if one[0] != "records":
            low, high = self.of(one[1], other[1])
            return (low, high) if one[0] == other[0] == "told" else (0, high)
        units = self.book.units(self.measure)
        logging = [service for (service,), number in units.by("service").items() if number]
        if other[0] == "added":
            own = self.book.units(self.measure, ("service",)).by("service").get((other[1],), 0)
            others = _ANY if self.measure.where else sum(units.by("service").values()) - own
            return 0, min(sum(self.of(one, other[1])[1] for one in logging if one != other[1]), others)
        found = [self.of(service, other[1]) for service in logging]
        if len(found) == 1:
            return found[0] if not self._adds(logging[0]) else (0, found[0][1])
        return self._least(other[1]), min(sum(high for _, high in found), _ANY)

    def _least(self, service: int) -> int:
        """How many the records share with a service that tells totals for certain, from what single services said."""
        if self.measure.where:
            return 0
        within = {one: number for (one,), number in self.book.units(self.measure, ("service",)).by("service").items()}
        low = {one: min(self.of(one, service)[0], number) for one, number in within.items() if not self._adds(one)}
        twice = sum(within.values()) - sum(self.book.units(self.measure).by("service").values())
        return max([0, *low.values(), sum(low.values()) - twice])

    def _adds(self, service: int) -> bool:
        return sum(self.book.adjusted(service, self.measure).values()) > 0

    def of(self, service: int, other: int) -> tuple[int, int]:
        """What was declared of two services: as many, at most as many, or anything."""
        places = {self.book.places.place(one, self.measure) for one in (service, other)}
        if any(self._under(places, operation) for operation in self.nil):
            return 0, 0
        rows = sorted(self.rows.get((min(service, other), max(service, other)), ()),
                      key=lambda row: (self.book.places.operations[row[0]].depth, row[0]))
        for code in (self.measure.code, *(("persons_met",) if self.measure.of_persons else ())):
            for operation, about, persons in rows:
                if about == code and self._under(places, operation):
                    return (persons if code == self.measure.code else 0), persons
        return 0, _ANY

    def _under(self, places: set[int | None], operation: int) -> bool:
        """Whether all the places lie in the operation or under it."""
        tree = self.book.places.operations
        for place in places:
            while place is not None and place in tree and place != operation:
                place = tree[place].parent
            if place != operation:
                return False
        return True
