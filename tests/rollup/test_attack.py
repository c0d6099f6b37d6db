"""What an attacker tells of withheld numbers, held against trying every world there is."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from scipy import optimize

from outreach.rollup.attack import attack
from outreach.rollup.budget import Budget
from outreach.rollup.protection import APART, Key, Policy, Told, Why

DAY, NEXT = "2026-10-13", "2026-10-14"
TINY = Policy(3, zeros=True)
"""0, 1 and 2 are small: few enough that every world can be tried."""
ANSWERS = ("support_accepted", "support_declined", "support_undecided")


def table_of(rows: list[list[int]], measure: str = "contacts") -> dict[Key, int]:
    """Services by days with all totals."""
    days = [f"2026-10-{13 + number}" for number in range(len(rows[0]))]
    out: dict[Key, int] = {}
    for service, row in enumerate(rows, 1):
        out.update({(measure, service, day): number for day, number in zip(days, row, strict=True)})
        out[measure, service, None] = sum(row)
    for number, day in enumerate(days):
        out[measure, None, day] = sum(row[number] for row in rows)
    out[measure, None, None] = sum(map(sum, rows))
    return out


def headline(code: str) -> Key:
    return code, None, None


# An oracle that knows nothing of the solver ---------------------------------------------------------------------------

def worlds(told: Told, free: list[Key], most: int, complete: Callable[[dict[Key, int]], dict[Key, int] | None]
           ) -> list[dict[Key, int]]:
    """Every world that prints the same. ``complete`` makes the other numbers of the free ones, or says it cannot be."""
    shown = {key: number for key, number in told.true.items() if key not in told.hidden}
    choices = [[shown[key]] if key in shown else range(most + 1) for key in free]
    out = []
    for values in itertools.product(*choices):
        world = complete(dict(zip(free, values, strict=True)))
        if world is None or any(world[key] != number for key, number in shown.items()):
            continue
        if all((world[key] < told.policy.least) == (why is Why.SMALL) for key, why in told.hidden.items()):
            out.append(world)
    return out


def too_close(told: Told, found: list[dict[Key, int]]) -> set[Key]:
    """Withheld numbers of which a small value can be excluded, or that have fewer than five."""
    out = set()
    for key, why in told.hidden.items():
        values = {world[key] for world in found}
        if not values >= set(range(told.policy.least)) if why is Why.SMALL else len(values) < APART:
            out.add(key)
    return out


def with_totals(cells: dict[Key, int]) -> dict[Key, int]:
    out: dict[Key, int] = defaultdict(int, cells)
    for (measure, service, day), number in cells.items():
        for key in ((measure, service, None), (measure, None, day), (measure, None, None)):
            out[key] += number
    return out


def hide(random: Random, true: dict[Key, int], keys: Iterable[Key]) -> dict[Key, Why]:
    """Everything small, and some more."""
    return {key: Why.SMALL if true[key] < TINY.least else Why.BESIDE for key in keys
            if true[key] < TINY.least or random.random() < 0.4}


@pytest.mark.parametrize("seed", range(20))
def test_a_table_is_told_exactly_as_far_as_trying_every_table_tells(seed: int) -> None:
    random = Random(seed)
    true = table_of([[random.choice([0, 1, 2, 3, 4, 6]) for _ in range(2)] for _ in range(2)])
    told = Told(1, true, hide(random, true, true), policy=TINY)
    free = [key for key in true if key[1] is not None and key[2] is not None]
    expected = too_close(told, worlds(told, free, 11, with_totals))
    assert {leak.key for leak in attack([told]).leaks} == expected


def answers(world: dict[Key, int]) -> dict[Key, int] | None:
    """What was said to the offer, and how many it was made to."""
    out = dict(world)
    out[headline("support_offered")] = sum(world[headline(code)] for code in ANSWERS)
    return out if out[headline("support_offered")] <= out[headline("persons_met")] else None


@pytest.mark.parametrize("seed", range(20))
def test_measures_that_lie_within_each_other_are_told_as_far_as_trying_everything_tells(seed: int) -> None:
    random = Random(seed)
    true = {headline(code): random.choice([0, 1, 2, 3, 5]) for code in ANSWERS}
    true[headline("support_offered")] = sum(true.values())
    true[headline("persons_met")] = true[headline("support_offered")] + random.choice([0, 1, 4])
    told = Told(1, true, hide(random, true, true), policy=TINY)
    found = worlds(told, [headline(code) for code in (*ANSWERS, "persons_met")], 19, answers)
    leaks = attack([told]).leaks
    assert {leak.key for leak in leaks if leak.beside is None} == too_close(told, found)
    for leak in (leak for leak in leaks if leak.beside is not None):
        left = {world[leak.beside] - world[leak.key] for world in found}
        assert not left >= {0, 1, 2} and (leak.low, leak.high) == (min(left), max(left))


@pytest.mark.parametrize("seed", range(20))
def test_two_versions_are_told_as_far_as_trying_both_at_once_tells(seed: int) -> None:
    """Two services and their total; what did not change is known to be the same."""
    random = Random(seed)
    keys: list[Key] = [("charges", 1, None), ("charges", 2, None)]
    first = {key: random.choice([1, 2, 3, 4, 7]) for key in keys}
    second = {**first, keys[0]: first[keys[0]] + random.choice([0, 1, 5])}
    told = []
    for version, cells in enumerate((first, second), 1):
        true = {**cells, headline("charges"): sum(cells.values())}
        told.append(Told(version, true, hide(random, true, true), policy=TINY))
    same = {key for key in told[0].true if told[0].true[key] == told[1].true[key]}
    total = headline("charges")
    found = [
        (one, other)
        for one in worlds(told[0], keys, 14, lambda world: {**world, total: sum(world.values())})
        for other in worlds(told[1], keys, 14, lambda world: {**world, total: sum(world.values())})
        if all(one[key] == other[key] for key in same)]
    expected = set()
    for number, release in enumerate(told):
        for key in too_close(release, [pair[number] for pair in found]):
            printed = any(key not in other.hidden for other in told if other.true[key] == release.true[key])
            if not printed and not (number and key in same and key in told[0].hidden):
                expected.add((number, key))
    leaks = attack(told).leaks
    assert {(leak.release, leak.key) for leak in leaks if leak.beside is None} == expected
    for leak in (leak for leak in leaks if leak.beside is not None):
        way = 1 if told[1].true[leak.key] > told[0].true[leak.key] else -1
        changes = {way * (other[leak.key] - one[leak.key]) for one, other in found}
        assert not changes >= {1, 2} and leak.low <= min(changes) and max(changes) == leak.high


# Single things --------------------------------------------------------------------------------------------------------

def test_one_small_number_alone_is_told_by_its_totals() -> None:
    true = table_of([[3, 20], [30, 40]])
    verdict = attack([Told(1, true, {("contacts", 1, DAY): Why.SMALL})])
    assert not verdict.safe and verdict.finished and verdict.tried == 1
    (leak,) = verdict.leaks
    assert (leak.key, leak.low, leak.high, leak.why) == (("contacts", 1, DAY), 3, 3, Why.SMALL)


def test_a_square_of_withheld_numbers_keeps_the_small_one() -> None:
    true = table_of([[3, 20], [30, 40]])
    hidden = {("contacts", 1, DAY): Why.SMALL, ("contacts", 1, NEXT): Why.BESIDE, ("contacts", 2, DAY): Why.BESIDE,
              ("contacts", 2, NEXT): Why.BESIDE}
    assert attack([Told(1, true, hidden)]).safe


def test_zeros_that_are_shown_tell_of_what_is_withheld_beside_them() -> None:
    """Of two numbers that are small and not zero, the total is two at least: then 1 could be excluded."""
    true = table_of([[1, 2, 0]])
    hidden = {key: Why.SMALL for key, number in true.items() if number}
    assert {leak.key for leak in attack([Told(1, true, hidden)]).leaks} == set()
    true = {("contacts", 1, None): 3, ("contacts", 1, DAY): 1, ("contacts", 1, NEXT): 2, ("persons_met", 1, DAY): 1,
            ("persons_met", 1, NEXT): 6}
    hidden = {key: Why.SMALL for key, number in true.items() if number < 6}
    assert ("contacts", 1, None) in {leak.key for leak in attack([Told(1, true, hidden)]).leaks}


def test_what_is_left_out_of_a_printed_number_is_a_number_too() -> None:
    true = {headline("support_offered"): 13, headline("support_accepted"): 11}
    (leak,) = attack([Told(1, true)]).leaks
    assert (leak.key[0], leak.low, leak.high) == ("support_accepted", 2, 2)
    assert leak.beside == headline("support_offered")
    assert attack([Told(1, true, opened=frozenset({headline("support_accepted")}))]).safe


def test_a_small_change_between_two_releases_is_a_number_too() -> None:
    key = headline("persons_met")
    (leak,) = attack([Told(1, {key: 40}), Told(2, {key: 42})]).leaks
    assert (leak.release, leak.low, leak.high) == (1, 2, 2) and leak.beside == leak.key
    assert attack([Told(1, {key: 40}), Told(2, {key: 42}, {key: Why.BESIDE})]).safe
    assert attack([Told(1, {key: 40}), Told(2, {key: 46})]).safe


def test_numbers_of_services_and_kits_say_nothing_of_persons() -> None:
    true = {headline("services"): 2, headline("kits_handed_out"): 3, headline("no_such_measure"): 9}
    assert attack([Told(1, true)]).tried == 0


class Time:
    """Work and clock, moved by hand: each look at the work takes ``each``, each look at the clock ``pause``."""

    def __init__(self, each: float = 0, pause: float = 0) -> None:
        self.worked = self.passed = 0.0
        self.each, self.pause = each, pause

    def work(self) -> float:
        self.worked += self.each
        return self.worked

    def clock(self) -> float:
        self.passed += self.pause
        return self.passed

    def budget(self, seconds: float = 60) -> Budget:
        return Budget.of(seconds, self.work, self.clock)


def a_square() -> Told:
    """Safe where there is time to see it."""
    true = table_of([[3, 20], [30, 40]])
    return Told(1, true, {("contacts", service, day): Why.SMALL if service == 1 and day == DAY else Why.BESIDE
                          for service in (1, 2) for day in (DAY, NEXT)})


def test_an_attack_without_time_is_not_safe() -> None:
    true = table_of([[3, 20], [30, 40]])
    verdict = attack([Told(1, true, {("contacts", 1, DAY): Why.SMALL})], Budget.of(0))
    late = attack([a_square()], Budget.of(0))
    assert not verdict.safe and not late.finished and not late.safe


def test_time_is_what_the_attack_worked_not_what_passed_by_the_clock() -> None:
    paused = Time(pause=240)
    assert attack([a_square()], paused.budget(6000)).safe and paused.passed > 300
    assert not attack([a_square()], Time(each=31).budget()).finished, "it worked longer than it may"
    assert not attack([a_square()], Time(pause=2000).budget()).finished, "twenty times as long, nobody waits"


def test_what_the_clock_broke_off_while_there_was_work_left_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def milp(*given: Any, options: dict[str, Any], **named: Any) -> Any:
        tried.append(options["time_limit"])
        if len(tried) % 3:
            return SimpleNamespace(status=1, x=None)
        return optimize_milp(*given, options=options, **named)

    optimize_milp = optimize.milp
    monkeypatch.setattr(optimize, "milp", milp)
    assert attack([a_square()], Time().budget()).safe
    assert tried[:3] == [60, 120, 240]
    tried.clear()
    assert not attack([a_square()], Time(each=10).budget()).finished and tried


def test_what_was_not_chosen_to_the_end_is_not_safe() -> None:
    assert attack([a_square()]).finished
    verdict = attack([replace(a_square(), complete=False)])
    assert not verdict.leaks and not verdict.finished and not verdict.safe


def test_what_others_printed_is_known_and_nobody_answers_for_it() -> None:
    offered, accepted = headline("support_offered"), headline("support_accepted")
    known = Told(1, {offered: 13, headline("persons_met"): 40}, elsewhere=True)
    (leak,) = attack([known, Told(1, {accepted: 11})]).leaks
    assert (leak.release, leak.low, leak.high, leak.beside) == (1, 2, 2, offered)
    assert attack([Told(1, {accepted: 11})]).safe
    both = Told(1, {offered: 13, accepted: 11}, elsewhere=True)
    assert attack([both, Told(1, {accepted: 11})]).safe, "what they gave away they gave away"
    assert attack([replace(known, true={offered: 42}), Told(2, {offered: 40})]).safe
