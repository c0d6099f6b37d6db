"""What anybody knows of figures that are not printed: what adds up to what, what lies within what, what a mark tells.

Here belongs the reader's knowledge as plain linear relations between numbers, over all releases at once, and what has
to stay possible of each number that is withheld. Nothing is solved here: ``attack`` does it.

Assumed of the reader, so that nobody can know more than she does:

- One number has one variable. What did not change between two versions is the same variable: she knows what changed.
- Days add up to the window and services to the whole wherever they do in truth, even if rows could be missing.
- Across services distinct persons are no fewer than of any service, and no more than of all together.
- The rule of withholding, and for each number that is withheld whether it is *small* or stands *beside* one: then it is
  neither small nor zero.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from outreach.errors import Problem
from outreach.rollup.measures import Measure, measure
from outreach.rollup.offences import CHARGES, PERSONS, base_of, code_of, offence_of, offences_in
from outreach.rollup.protection import APART, Key, Policy, Told, Why, is_protected
from outreach.vocab import FOLLOW_UP_DAYS

Cell = tuple[Key, int]
"""A number of one version: two versions share it where the number is the same."""

# Which figure holds which: everybody of the second is in the first. Those of the second list only in the window: on a
# day the first may have been counted on an earlier one.
_WITHIN = (
    ("persons_met", "support_offered"), ("persons_met", "persons_made_safe"),
    ("support_offered", "support_accepted"), ("support_offered", "support_declined"),
    ("support_offered", "support_undecided"),
    ("referrals_made", "referrals_received"), ("referrals_received", "referrals_reached"),
    ("referrals_received", "referrals_engaged"),
    *((f"referrals_due_{days}", f"referrals_engaged_{days}") for days in FOLLOW_UP_DAYS),
    *(("referrals_received", f"referrals_due_{days}") for days in FOLLOW_UP_DAYS))
_WITHIN_WINDOW = (
    ("persons_met", "persons_referred"), ("persons_referred", "persons_received"),
    ("persons_received", "persons_reached"), ("persons_received", "persons_engaged"))
_PARTS = (("support_offered", ("support_accepted", "support_declined", "support_undecided")),)
# Where there is one of the first there is one of the second, in the window also the other way round.
_AT_LEAST_ONE = (("persons_met", "contacts"), ("persons_charged", "charges"))
# No more of the second than of the first, and what remains says nothing of persons.
_NO_MORE = (("charges", "persons_charged"),)


@dataclass(frozen=True)
class Tie:
    """``low`` <= the sum of coefficient times number <= ``high``. ``total`` and ``parts``: where it is an addition."""

    terms: tuple[tuple[int, int], ...]
    low: float
    high: float
    total: int = -1
    parts: tuple[int, ...] = ()


@dataclass(frozen=True)
class Need:
    """What must stay possible of a number, of what one leaves out of another, or of how much one has changed.

    ``wanted``: each of these values, as of every small number. ``apart``: so many different values, as of what stands
    beside one.
    """

    release: int
    key: Key
    why: Why
    terms: tuple[tuple[int, int], ...]
    wanted: tuple[int, ...] = ()
    apart: int = 0
    beside: Key | None = None


@dataclass
class World:
    """All releases as one puzzle. ``known``: numbers printed anywhere; ``low`` and ``high``: what marks tell."""

    cells: list[Cell] = field(default_factory=list)
    at: dict[Cell, int] = field(default_factory=dict)
    known: list[bool] = field(default_factory=list)
    small: dict[int, int] = field(default_factory=dict)
    low: list[int] = field(default_factory=list)
    high: list[int] = field(default_factory=list)
    ties: list[Tie] = field(default_factory=list)
    needs: list[Need] = field(default_factory=list)

    def add(self, cell: Cell) -> int:
        """The variable of a number."""
        if cell not in self.at:
            self.at[cell] = len(self.cells)
            self.cells.append(cell)
            self.known.append(False)
        return self.at[cell]

    def value(self, variable: int) -> int:
        return self.cells[variable][1]


@cache
def _known_measure(code: str) -> Measure | None:
    try:
        return measure(code)
    except Problem:
        return None


def world_of(releases: Sequence[Told]) -> World:
    """The puzzle that these releases are together, and what has to stay unsolved of it."""
    world = World()
    for told in releases:
        for key, number in told.true.items():
            variable = world.add((key, number))
            if key not in told.hidden:
                world.known[variable] = True
    groups = _groups(releases)
    ties: dict[Tie, None] = {}
    for cells in groups:
        ties.update(dict.fromkeys(_ties(world, cells)))
    world.ties = list(ties)
    first = _first_withheld(world, releases)
    _bounds(world, releases, first)
    world.needs = [*_withheld(world, releases, first), *_left_out(world, releases), *_changed(world, releases)]
    return world


def _first_withheld(world: World, releases: Sequence[Told]) -> dict[int, int]:
    """The release that first withholds a number. Later ones withhold it because it did: their mark tells nothing more,
    and what was promised is promised by the policy of then."""
    first: dict[int, int] = {}
    for number, told in enumerate(releases):
        for key in told.hidden:
            first.setdefault(world.at[key, told.true[key]], number)
    return first


def _groups(releases: Sequence[Told]) -> list[dict[Key, int]]:
    """What is true at the same time: all releases of one version together, unless they say different things."""
    groups: list[tuple[int, dict[Key, int]]] = []
    for told in releases:
        for version, cells in groups:
            if version == told.version and all(cells.get(key, number) == number for key, number in told.true.items()):
                cells.update(told.true)
                break
        else:
            groups.append((told.version, dict(told.true)))
    return [cells for _, cells in groups]


# Relations ------------------------------------------------------------------------------------------------------------

def _ties(world: World, cells: Mapping[Key, int]) -> Iterator[Tie]:
    tables: dict[str, dict[tuple[int | None, str | None], int]] = defaultdict(dict)
    for (code, service, day), number in cells.items():
        if is_protected(code):
            tables[code][service, day] = world.at[(code, service, day), number]
    for code, table in tables.items():
        if (found := _known_measure(code)) is not None:
            yield from _additions(world, found, table)
    yield from _between(world, tables)
    yield from _by_offence(world, {code: table[None, None] for code, table in tables.items() if (None, None) in table})


def _additions(world: World, of: Measure, table: Mapping[tuple[int | None, str | None], int]) -> Iterator[Tie]:
    """Days into the window, services into the whole."""
    by_service: dict[int | None, list[int]] = defaultdict(list)
    by_day: dict[str | None, list[int]] = defaultdict(list)
    for (service, day), variable in table.items():
        if day is not None:
            by_service[service].append(variable)
        if service is not None:
            by_day[day].append(variable)
    if of.adds_across_days:
        for service, parts in by_service.items():
            if (service, None) in table:
                yield from _sum(world, table[service, None], parts)
    for day, parts in by_day.items():
        if (None, day) in table:
            whole = table[None, day]
            yield from _sum(world, whole, parts) if of.adds_across_services else _distinct(world, whole, parts)


def _by_offence(world: World, whole: Mapping[str, int]) -> Iterator[Tie]:
    """Charges of all offences make the charges; a person stands with every offence that she is charged with."""
    parts = {base: [variable for code, variable in whole.items() if offence_of(code) is not None
                    and base_of(code) == base] for base in (CHARGES, PERSONS)}
    if CHARGES in whole and parts[CHARGES]:
        yield from _sum(world, whole[CHARGES], parts[CHARGES])
    if PERSONS in whole and parts[PERSONS]:
        yield from _distinct(world, whole[PERSONS], parts[PERSONS])
    top = 2 * max(map(world.value, range(len(world.cells))), default=0) + 1000
    for offence in offences_in(whole):
        counts, persons = (whole.get(code_of(base, offence)) for base in (CHARGES, PERSONS))
        if counts is not None and persons is not None:
            yield from _no_more(world, counts, persons)
            if world.value(persons) or not world.value(counts):
                yield Tie(((persons, top), (counts, -1)), 0, float("inf"))


def _sum(world: World, whole: int, parts: Sequence[int], exact: bool = True) -> Iterator[Tie]:
    """The parts make the whole, or no more than it where something is not in sight."""
    left = world.value(whole) - sum(map(world.value, parts))
    if left >= 0:
        high = 0.0 if exact and left == 0 else float("inf")
        yield Tie(((whole, 1), *((part, -1) for part in parts)), 0, high, whole, tuple(parts))


def _distinct(world: World, whole: int, parts: Sequence[int]) -> Iterator[Tie]:
    """Who is counted at a service is counted in all; nobody is counted in all who is counted nowhere."""
    for part in parts:
        if world.value(part) <= world.value(whole):
            yield Tie(((whole, 1), (part, -1)), 0, float("inf"))
    if world.value(whole) <= sum(map(world.value, parts)):
        yield Tie(((whole, -1), *((part, 1) for part in parts)), 0, float("inf"))


def _between(world: World, tables: Mapping[str, Mapping[tuple[int | None, str | None], int]]) -> Iterator[Tie]:
    """Relations of one measure with another, in each place where both stand."""
    for outer, inner, by_day in _pairs(tuple(sorted(tables))):
        for place in _places(tables[outer], tables[inner], by_day):
            yield from _no_more(world, tables[outer][place], tables[inner][place])
    for outer, inner in _NO_MORE:
        for place in _places(tables.get(outer, {}), tables.get(inner, {}), True):
            yield from _no_more(world, tables[outer][place], tables[inner][place])
    for outer, codes in _PARTS:
        for place, whole in tables.get(outer, {}).items():
            parts = [tables[code][place] for code in codes if place in tables.get(code, {})]
            if len(parts) > 1:
                yield from _sum(world, whole, parts, exact=len(parts) == len(codes))
    top = 2 * max(map(world.value, range(len(world.cells))), default=0) + 1000
    for one, other in _AT_LEAST_ONE:
        for place in _places(tables.get(one, {}), tables.get(other, {}), True):
            first, second = tables[one][place], tables[other][place]
            if world.value(second) or not world.value(first):
                yield Tie(((second, top), (first, -1)), 0, float("inf"))
            if place[1] is None and (world.value(first) or not world.value(second)):
                yield Tie(((first, top), (second, -1)), 0, float("inf"))


def _no_more(world: World, outer: int, inner: int) -> Iterator[Tie]:
    if world.value(inner) <= world.value(outer):
        yield Tie(((outer, 1), (inner, -1)), 0, float("inf"))


def _places(
    one: Mapping[tuple[int | None, str | None], int], other: Mapping[tuple[int | None, str | None], int], by_day: bool
) -> list[tuple[int | None, str | None]]:
    return [place for place in one if place in other and (by_day or place[1] is None)]


@cache
def _pairs(codes: tuple[str, ...]) -> tuple[tuple[str, str, bool], ...]:
    """Which of these measures lie within which, also over others between them, and whether on each day too."""
    found = {(PERSONS, code): True for code in codes if offence_of(code) is not None and base_of(code) == PERSONS
             and PERSONS in codes}
    under = {code: known.threshold for code in codes if (known := _known_measure(code)) and known.threshold}
    for outer in codes:
        for inner, by_day in _below(outer.partition(":")[0], True):
            for code in codes:
                if code.partition(":")[0] == inner:
                    found[outer, code] = found.get((outer, code), False) or by_day
        if outer == "persons_met":
            found.update({(outer, code): True for code in under})
        found.update({(outer, code): True for code in under if outer in under and under[code] < under[outer]})
    return tuple((outer, inner, by_day) for (outer, inner), by_day in found.items())


def _below(outer: str, by_day: bool) -> Iterator[tuple[str, bool]]:
    for pairs, daily in ((_WITHIN, True), (_WITHIN_WINDOW, False)):
        for one, inner in pairs:
            if one == outer:
                yield inner, by_day and daily
                yield from _below(inner, by_day and daily)


# What marks tell ------------------------------------------------------------------------------------------------------

def _bounds(world: World, releases: Sequence[Told], first: Mapping[int, int]) -> None:
    """The least and the greatest number that a mark allows."""
    top = 2 * max(map(world.value, range(len(world.cells))), default=0) + 1000
    may_be_zero: set[int] = set()
    beside: dict[int, int] = {}
    for variable, number in first.items():
        told = releases[number]
        if told.hidden[world.cells[variable][0]] is Why.BESIDE:
            beside[variable] = min(told.policy.least, world.value(variable))
        else:
            world.small[variable] = told.policy.least
            if told.policy.zeros or not world.value(variable):
                may_be_zero.add(variable)
    may_be_zero |= _zeros_among(world)
    for variable in range(len(world.cells)):
        is_small = variable in world.small
        world.low.append(int(variable not in may_be_zero) if is_small else beside.get(variable, 0))
        world.high.append(max(world.small[variable] - 1, world.value(variable)) if is_small else top)


def _zeros_among(world: World) -> set[int]:
    """Small numbers that may be zero: what a small total is made of, where a zero is withheld too, and then on."""
    sums = [tie for tie in world.ties if tie.total >= 0]
    found: set[int] = set()
    while True:
        more: set[int] = set()
        for tie in sums:
            parts = [part for part in tie.parts if part in world.small]
            if tie.total in world.small or any(not world.value(part) for part in parts):
                more.update(parts)
            if tie.total in world.small and not found.isdisjoint(parts):
                more.add(tie.total)
        if more <= found:
            return found
        found |= more


# What has to stay possible --------------------------------------------------------------------------------------------

def _values(policy: Policy, number: int) -> tuple[int, ...]:
    """Every small value; of a zero that is withheld for the sake of others nothing is promised."""
    return tuple(range(0 if policy.zeros else 1, policy.least)) if number or policy.zeros else ()


def _opened(world: World, releases: Sequence[Told]) -> set[int]:
    return {world.at[key, told.true[key]] for told in releases for key in told.opened if key in told.true}


def _withheld(world: World, releases: Sequence[Told], first: Mapping[int, int]) -> Iterator[Need]:
    """Numbers that are withheld, and printed nowhere."""
    for variable, number in first.items():
        if world.known[variable]:
            continue
        key, told = world.cells[variable][0], releases[number]
        if told.hidden[key] is Why.BESIDE:
            yield Need(number, key, Why.BESIDE, ((variable, 1),), apart=APART)
        elif wanted := _values(told.policy, world.value(variable)):
            yield Need(number, key, Why.SMALL, ((variable, 1),), wanted)


def _told_before(world: World, releases: Sequence[Told]) -> Iterator[tuple[int, Told, set[int]]]:
    """Each release, and the numbers that were printed before it: what they give away cannot be mended any more."""
    before: set[int] = set()
    for number, told in enumerate(releases):
        yield number, told, set(before)
        before |= {world.at[key, told.true[key]] for key in told.true if key not in told.hidden}


def _left_out(world: World, releases: Sequence[Told]) -> Iterator[Need]:
    """What an inner figure leaves out of an outer one, where that is small: 13 met and 11 accepted reveal 2."""
    opened = _opened(world, releases)
    elsewhere = [told for told in releases if told.elsewhere]
    for number, told, before in _told_before(world, releases):
        if told.elsewhere:
            continue
        public = {key: value for one in elsewhere if one.version == told.version for key, value in one.true.items()}
        tables: dict[str, dict[tuple[int | None, str | None], int]] = defaultdict(dict)
        for (code, service, day), value in {**public, **told.true}.items():
            tables[code][service, day] = value
        for outer, inner, by_day in _pairs(tuple(sorted(code for code in tables if is_protected(code)))):
            for place in _places(tables[outer], tables[inner], by_day):
                whole, part = tables[outer][place], tables[inner][place]
                one, other = world.at[(outer, *place), whole], world.at[(inner, *place), part]
                if {one, other} <= before or {one, other} & opened or one in world.small or other in world.small:
                    continue
                if whole and is_small(whole - part, told.policy):
                    yield Need(number, (inner, *place), Why.SMALL, ((one, 1), (other, -1)),
                               _values(told.policy, whole - part), beside=(outer, *place))


def _changed(world: World, releases: Sequence[Told]) -> Iterator[Need]:
    """How much a figure has changed between two releases, where that is little."""
    opened = _opened(world, releases)
    seen: dict[Key, dict[int, None]] = defaultdict(dict)
    for number, told, printed in _told_before(world, releases):
        for key, value in told.true.items():
            if not is_protected(key[0]) or told.elsewhere:
                continue
            for before in seen[key]:
                one, other = world.at[key, before], world.at[key, value]
                if {one, other} <= printed or {one, other} & opened or one in world.small or other in world.small:
                    continue
                if before != value and is_small(abs(value - before), told.policy):
                    way = 1 if value > before else -1
                    yield Need(number, key, Why.SMALL, ((other, way), (one, -way)), tuple(range(1, told.policy.least)),
                               beside=key)
            seen[key][value] = None


def is_small(number: int, policy: Policy) -> bool:
    """Whether the policy withholds it."""
    return (0 if policy.zeros else 1) <= number < policy.least
