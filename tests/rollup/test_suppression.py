"""What is withheld is enough: nothing small can be worked out, from one release or from several."""

from __future__ import annotations

import pytest

from outreach.rollup.attack import attack
from outreach.rollup.budget import Budget
from outreach.rollup.protection import Key, Policy, Told, Why
from outreach.rollup.suppression import protect
from tests.bench import disclosure_backwards
from tests.bench.disclosure_soak import STARTS, sequences, tables

from .test_attack import DAY, NEXT, Time, headline, table_of


def test_tables_and_sequences_of_releases_give_nothing_away() -> None:
    """Primary suppression alone would give away something of nearly all of them."""
    for found in (tables(12, services=4, days=4), sequences(5, STARTS, services=3, days=2)):
        assert (found.broken, found.unfinished) == ([], 0)
        assert found.leaking > 0.6 * found.runs and found.withheld < 2.2 * found.primary


def test_what_is_small_is_withheld_and_little_else() -> None:
    true = table_of([[3, 20, 11], [30, 40, 17], [8, 9, 25]])
    told = protect(true, Policy())
    assert attack([told]).safe and told.hidden["contacts", 1, DAY] is Why.SMALL
    assert len(told.hidden) == 4 and all(true[key] >= 6 for key, why in told.hidden.items() if why is Why.BESIDE)
    assert headline("contacts") not in told.hidden
    assert protect(true, Policy()).hidden == told.hidden, "the same again"


def test_the_choice_run_backwards_hardly_excludes_a_small_value() -> None:
    """Which tables lead to the same picture: a choice that looks at what it hides would give it away."""
    found = disclosure_backwards.run(3, 4, Policy(3))
    assert found.small > 800 and found.unique == 0 and found.excluded < 0.01 * found.small


def test_what_stands_beside_is_known_not_to_be_small() -> None:
    """9 in all of a small number and one beside it: known to be 6 at least, it leaves 1 to 3."""
    true: dict[Key, int] = {("contacts", 1, None): 3, ("contacts", 2, None): 6, headline("contacts"): 9}
    hidden = {("contacts", 1, None): Why.SMALL, ("contacts", 2, None): Why.BESIDE}
    leaks = attack([Told(1, true, hidden)]).leaks
    assert {(leak.key[1], leak.low, leak.high) for leak in leaks} == {(1, 1, 3), (2, 6, 8)}
    assert attack([Told(1, true, {**hidden, headline("contacts"): Why.BESIDE})]).safe


def test_a_table_without_small_numbers_is_shown_whole_and_one_of_zeros_too() -> None:
    assert protect(table_of([[6, 10], [8, 9]]), Policy()).hidden == {}
    assert protect(table_of([[0, 0], [0, 0]]), Policy()).hidden == {}
    assert set(protect(table_of([[0, 0]]), Policy(zeros=True)).hidden) == set(table_of([[0, 0]]))
    assert protect({}, Policy()).hidden == {}


def test_of_what_was_accepted_of_what_was_offered_one_is_withheld_unless_somebody_opens_it() -> None:
    true = {headline("persons_met"): 30, headline("support_offered"): 13, headline("support_accepted"): 11}
    told = protect(true, Policy())
    assert set(told.hidden.values()) == {Why.BESIDE} and len(told.hidden) == 1 and attack([told]).safe
    opened = frozenset({headline("support_accepted")})
    told = protect(true, Policy(), opened=opened)
    assert not told.hidden and attack([told]).safe


def test_what_an_opened_number_gives_away_blocks_the_release() -> None:
    true = {headline("support_offered"): 13, headline("support_accepted"): 11, headline("support_declined"): 2,
            headline("support_undecided"): 0}
    opened = frozenset({headline("support_accepted"), headline("support_offered")})
    verdict = attack([protect(true, Policy(), opened=opened)])
    assert {leak.key for leak in verdict.leaks} == {headline("support_declined")}


def test_a_release_after_another_withholds_what_would_tell_the_difference() -> None:
    before = protect({headline("persons_met"): 40}, Policy(), version=1)
    after = protect({headline("persons_met"): 42}, Policy(), (before,), version=2)
    assert after.hidden == {headline("persons_met"): Why.BESIDE} and attack([before, after]).safe
    assert not protect({headline("persons_met"): 47}, Policy(), (before,), version=2).hidden


def test_a_threshold_lowered_later_does_not_break_the_promise_of_a_release_before() -> None:
    true: dict[Key, int] = {("charges", 1, None): 5, ("charges", 2, None): 20, headline("charges"): 25}
    before = protect(true, Policy(), version=1)
    after = protect(true, Policy(4), (before,), version=1)
    assert set(after.hidden) == set(before.hidden) and attack([before, after]).safe
    plain = Told(1, true, policy=Policy(4))
    assert attack([plain]).safe and attack([before, plain]).tried == 0, "printed on purpose, it is public"
    assert ("charges", 1, None) not in protect(true, Policy(4)).hidden


def test_another_breakdown_later_is_held_against_the_one_before() -> None:
    cells = table_of([[3, 20], [30, 40]])
    services = {key: number for key, number in cells.items() if key[2] is None}
    days = {key: number for key, number in cells.items() if key[1] is None}
    before = protect({**services, **days}, Policy(), version=1)
    after = protect(cells, Policy(), (before,), version=1)
    assert before.hidden == {} and attack([before, after]).safe
    assert {("contacts", service, day) for service in (1, 2) for day in (DAY, NEXT)} <= set(after.hidden)


@pytest.mark.parametrize("services", [1, 400])
def test_one_service_and_four_hundred_are_withheld_in_time(services: int) -> None:
    true: dict[Key, int] = {("charges", number, None): number % 9 for number in range(services)}
    true[headline("charges")] = sum(true.values())
    told = protect(true, Policy())
    assert attack([told]).safe and len(told.hidden) < 0.7 * len(true) + 2


def test_a_choice_that_ran_out_of_time_says_so_and_one_that_was_paused_is_the_same_as_ever() -> None:
    true = table_of([[3, 20, 11], [30, 40, 17], [8, 9, 25]])
    told = protect(true, Policy())
    assert told.complete
    paused = Time(pause=100)
    assert protect(true, Policy(), budget=paused.budget(6000)) == told and paused.passed > 1000
    late = protect(true, Policy(), budget=Time(each=20).budget())
    assert not late.complete and not attack([late]).safe
    assert not protect(true, Policy(), budget=Budget.of(0)).complete
    assert protect(table_of([[9, 9]]), Policy()).complete
