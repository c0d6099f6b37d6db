"""Figures across services against persons who are simulated: nothing of the arithmetic is used to know the truth.

Services log, tell totals, or work in the teams of others, in the operation or in one under it; some overlaps are
declared. A figure that is exact must be the brute-force union, a range must hold it, and for what is small enough to
try everything both of its ends must occur. ``outreach`` soak runs ten thousand of these (``tests/bench``).
"""

from __future__ import annotations

from itertools import product
from random import Random
from typing import Any

import pytest

from outreach.rollup.measures import measure
from outreach.rollup.spans import span
from outreach.rollup.totals import Figure, total, totals
from outreach.vocab import Bound
from tests.rollup.small import FIRST, LAST, Small

MET = measure("persons_met")
DAYS = range(FIRST, LAST + 1)
MIXES = 150


class Mix:
    """A random operation whose persons are known: who was met by whom, on which days."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        r = self.random
        self.world = Small(overlap_nil=False)
        self.world.rows["participations"].clear()
        self.children = r.choice([0, 0, 1, 2])
        for number in range(self.children):
            self.world.add("operations", parent=1, code=f"CHILD-{number}")
        self.services = list(range(10, 10 + r.randint(1, 5)))
        self.mode = {service: r.choice(["contacts", "contacts", "daily_totals"]) for service in self.services}
        self.at = {service: r.randint(1, 1 + self.children) for service in self.services}
        self.nil = r.random() < 0.2
        self.met = self._people()
        for service in self.services:
            self.world.add("participations", service=service, operation=self.at[service],
                           entry_mode=self.mode[service])
            self._write(service)
        self.declared = self._declare()
        self._partner()
        self.silent = r.random() < 0.2
        if self.silent:
            self.world.add("participations", service=90, entry_mode=r.choice(["contacts", "daily_totals"]))
        self.world.rows["operations"][0]["overlap_nil"] = self.nil

    def _people(self) -> dict[int, dict[int, int]]:
        """Service -> person -> day of the first meeting with that service."""
        r, found = self.random, {}
        for place, service in enumerate(self.services):
            everybody = range(100 * place, 100 * place + 6) if self.nil else range(1, 10)
            met = r.sample(everybody, r.randint(0, 5))
            found[service] = {person: r.choice(DAYS) for person in met}
        return found

    def _write(self, service: int) -> None:
        r, where = self.random, {"service": service, "operation": self.at[service]}
        if self.mode[service] == "daily_totals":
            for day in DAYS:
                met = sum(first == day for first in self.met[service].values())
                self.world.add("tallies", measure="persons_met", day=day, value=met, **where)
            return
        hidden = 0
        for person, day in self.met[service].items():
            if hidden == 0 and len(self.met[service]) > 1 and r.random() < 0.1:
                hidden = 1  # nobody wrote her down: the service adds one by an adjustment
                self.world.contact(day, **where)
                self.world.add("adjustments", measure="persons_met", day=r.choice([day, -1]), amount=1, **where)
            else:
                self.world.contact(day, {"person": person}, **where)
                if r.random() < 0.3:
                    self.world.contact(r.randint(day, LAST), {"person": person}, **where)
        for day in DAYS:
            self.world.contact(day, second=1, **where)

    def _declare(self) -> set[tuple[int, int]]:
        """Overlaps that somebody knows: of two services of which one at least tells totals."""
        found = set()
        for one, other in product(self.services, repeat=2):
            if one < other and "daily_totals" in (self.mode[one], self.mode[other]) and self.random.random() < 0.4:
                both = len(set(self.met[one]) & set(self.met[other]))
                self.world.add("overlaps", service=one, other=other, persons=both)
                found.add((one, other))
        return found

    def _partner(self) -> None:
        """A service that works only in the team of another owes nothing of its own and counts nothing."""
        if self.random.random() < 0.3:
            self.world.add("participations", service=80, operation=self.at[self.services[0]])
            self.world.add("joint", service=80, lead=self.services[0], operation=self.at[self.services[0]])

    def truth(self, root: int = 1) -> set[int]:
        return set().union(*(self.met[service] for service in self.services if root in (1, self.at[service])))

    def first_days(self) -> dict[int, int]:
        """Person -> day of the first meeting with anybody."""
        found: dict[int, int] = {}
        for met in self.met.values():
            for person, day in met.items():
                found[person] = min(day, found.get(person, day))
        return found


def held(figure: Figure, truth: int) -> bool:
    """Whether the figure says nothing that is not so."""
    if figure.least is None:
        return figure.bound in (Bound.EXACT, Bound.PARTIAL) and figure.value == truth
    return figure.bound in (Bound.AT_MOST, Bound.PARTIAL) and figure.least <= truth <= int(figure.value or 0)


def check_mix(seed: int) -> tuple[bool, int]:
    """One random mix, asserted. Whether its figure was exact, and by how much a range was wide."""
    mix = Mix(seed)
    facts = mix.world.facts()
    figure = total(facts, MET)
    owing = len(mix.services) + mix.silent
    assert (figure.coverage.reported, figure.coverage.expected) == (len(mix.services), owing), seed
    assert held(figure, len(mix.truth())), (seed, figure, len(mix.truth()))
    assert (figure.bound == Bound.PARTIAL) == mix.silent, seed
    logging = [service for service in mix.services if mix.mode[service] == "contacts"]
    if (len(logging) == len(mix.services) and not mix.world.rows["adjustments"]) or mix.nil:
        assert figure.least is None, seed
    for child in range(2, 2 + mix.children):
        assert held(total(mix.world.facts(child), MET), len(mix.truth(child))) or not mix.truth(child), (seed, child)
    for one in totals(facts, ("service",), [MET]):
        if one.key["service"] in mix.met:
            assert (one.value, one.least) == (len(mix.met[int(one.key["service"])]), None), seed
    if all(row["day"] != -1 for row in mix.world.rows["adjustments"]):
        first = list(mix.first_days().values())
        for one in totals(facts, ("day",), [MET]):
            if isinstance(one.key["day"], int):
                assert held(one, first.count(one.key["day"])), (seed, one)
    return figure.least is None, int(figure.value or 0) - (figure.least or int(figure.value or 0))


@pytest.mark.parametrize("begin", range(0, MIXES, 50))
def test_a_figure_of_any_mix_is_the_union_or_a_range_that_holds_it(begin: int) -> None:
    found = [check_mix(seed) for seed in range(begin, begin + 50)]
    assert any(exact for exact, _ in found)
    assert any(not exact for exact, _ in found)


# Both ends occur ------------------------------------------------------------------------------------------------------


def unions(sizes: tuple[int, ...], known: dict[tuple[int, int], int]) -> set[int]:
    """Every number of distinct things that parts of these sizes with these overlaps may hold, by trying everything:
    how many things lie in exactly which parts."""
    atoms = range(1, 2 ** len(sizes))
    found: set[int] = set()

    def fill(rest: tuple[int, ...], left: list[int], amount: dict[int, int]) -> None:
        if not left:
            if not any(rest) and all(
                    sum(n for atom, n in amount.items() if atom >> one & 1 and atom >> other & 1) == shared
                    for (one, other), shared in known.items()):
                found.add(sum(amount.values()))
            return
        atom, inside = left[0], [place for place in range(len(sizes)) if left[0] >> place & 1]
        for number in range(min(rest[place] for place in inside) + 1):
            less = tuple(size - number if place in inside else size for place, size in enumerate(rest))
            fill(less, left[1:], {**amount, atom: number})

    fill(sizes, list(atoms), {})
    return found


def _span(sizes: tuple[int, ...], known: dict[tuple[int, int], int]) -> tuple[int, int]:
    def shared(one: int, other: int) -> tuple[int, int]:
        found = known.get((min(one, other), max(one, other)))
        return (0, 99) if found is None else (found, found)

    made = span(sizes, shared)
    return made.least, made.most


@pytest.mark.parametrize("sizes", [*product(range(4), repeat=2), *product(range(4), repeat=3)])
def test_with_nothing_or_nil_or_one_pair_known_both_ends_occur(sizes: tuple[int, ...]) -> None:
    pairs = [(one, other) for one in range(len(sizes)) for other in range(one + 1, len(sizes))]
    assert span(sizes, None).least == min(unions(sizes, {})), sizes
    assert span(sizes, None).most == max(unions(sizes, {})), sizes
    for pair in pairs:
        for shared in range(min(sizes[pair[0]], sizes[pair[1]]) + 1):
            possible = unions(sizes, {pair: shared})
            assert _span(sizes, {pair: shared}) == (min(possible), max(possible)), (sizes, pair, shared)
    assert _span(sizes, dict.fromkeys(pairs, 0)) == (sum(sizes), sum(sizes))


def test_with_every_overlap_of_three_known_both_ends_occur() -> None:
    for sizes in product(range(1, 4), repeat=3):
        for first, second, third in product(range(4), repeat=3):
            known = {(0, 1): first, (0, 2): second, (1, 2): third}
            possible = unions(sizes, known)
            if possible:
                assert _span(sizes, known) == (min(possible), max(possible)), (sizes, known)


def test_the_ends_hold_for_four_parts_whatever_pairs_are_known() -> None:
    random: Any = Random(6)
    for _ in range(60):
        sizes = tuple(random.randint(0, 2) for _ in range(4))
        known = {(one, other): random.randint(0, 2) for one in range(4) for other in range(one + 1, 4)
                 if random.random() < 0.5}
        possible = unions(sizes, known)
        if possible:
            least, most = _span(sizes, known)
            assert least <= min(possible)
            assert max(possible) <= most
