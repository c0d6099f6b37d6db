"""What charts are made of: running totals by day number, contacts by hour, waiting times, the state of each service."""

from __future__ import annotations

from outreach.rollup.cells import Cell
from outreach.rollup.facts import Facts
from outreach.rollup.hours import Hours, by_hour
from outreach.rollup.pace import Beside, Step, beside, last_known, steps
from outreach.rollup.standing import standing
from outreach.rollup.totals import Figure
from outreach.rollup.waits import Waits, waits
from outreach.vocab import Bound, CellState
from tests.rollup.small import DAY, FIRST, Small

EDGES = (240, 1440, 4320)


def _met(*by_day: tuple[int | str, int | None], bound: Bound = Bound.EXACT) -> list[Figure]:
    return [Figure("persons_met", {"day": day}, value, bound) for day, value in by_day]


def test_a_day_that_has_not_come_has_no_running_total_and_the_day_before_the_window_counts_into_the_first() -> None:
    found = steps(_met((100, 2), (101, 0), (102, 0), ("before", 1), ("after", 0)), [100, 101, 102, "after"], 101)
    assert found == (Step(1, 100, 3), Step(2, 101, 3), Step(3, 102, None))
    assert last_known(found) == Step(2, 101, 3)
    assert steps([], [], 101) == () and last_known(()) is None


def test_a_running_total_of_upper_ends_says_so() -> None:
    assert steps(_met((100, 2), bound=Bound.AT_MOST), [100], 100) == (Step(1, 100, 2, most=True),)
    some = [Figure("persons_met", {"day": 100}, 5, Bound.PARTIAL, least=3)]
    assert steps(some, [100], 100) == (Step(1, 100, 5, most=True, open=True),)


def test_editions_stand_beside_each_other_at_the_last_day_number_that_both_know() -> None:
    now = steps(_met((100, 5), (101, 5), (102, 0)), [100, 101, 102], 101)
    before = steps(_met((7, 4), (8, 9), (9, 1)), [7, 8, 9], 100)
    assert beside(now, before) == Beside(2, 10, 13, -3)
    assert beside(now, ()) is None


def test_contacts_stand_at_the_hour_of_the_clock_and_on_their_evening_also_after_midnight_and_in_summer_time() -> None:
    # Day 100 is 11 April 1970: Toronto is five hours behind until 26 April, and four from then on (day 115).
    small = Small()
    for day, second in ((100, 26 * 3600), (100, 26 * 3600 + 1800), (100, 29 * 3600), (116, 26 * 3600)):
        small.contact(day, {"person": len(small.rows["contacts"]) + 1}, second=second)
    small.contact(100, second=27 * 3600)  # nobody was met
    found = by_hour(small.facts(), "America/Toronto", 360)
    assert found.counts == {(100, 21): 2, (100, 0): 1, ("after", 22): 1}
    assert found.hours == (21, 22, 23, 0) and found.by_hour == {21: 2, 0: 1, 22: 1}
    assert found.days == (100, "after") and found.by_day == {100: 3, "after": 1}
    assert (found.logged, found.of, found.busiest) == (4, 4, 21)


def test_without_contacts_there_is_no_busiest_hour_and_what_was_told_has_none() -> None:
    small = Small()
    assert by_hour(small.facts(), "America/Toronto", 360) == Hours(of=None, whole=False)
    small.add("participations", service=11, entry_mode="daily_totals")
    small.add("tallies", service=11, measure="contacts", day=FIRST, value=7)
    found = by_hour(small.facts(), "America/Toronto", 360)
    assert (found.busiest, found.logged, found.of) == (None, 0, 7)


def _waiting() -> Facts:
    small = Small(now=200 * DAY)
    small.contact(FIRST, {"person": 1})
    for waited in (0, 239, 240, 1440, 9999):
        small.add("referrals", received=True, waited=waited)
    ages = (1, 30, 100)
    for _ in ages:
        small.add("referrals", waited=-1)
    facts = small.facts()
    made_at = [0] * 5 + [200 * DAY - hours * 3600 for hours in ages]
    return Facts(**{**vars(facts), "remembered": {}, "referrals": facts.referrals.assign(made_at=made_at)})


def test_referrals_are_sorted_by_how_long_they_waited_or_have_been_waiting() -> None:
    found = waits(_waiting(), EDGES)
    assert found == Waits(EDGES, (2, 1, 1, 1), (1, 0, 1, 1))
    assert (found.made, found.picked, found.still, found.over) == (8, 5, 3, 2)


def test_outsiders_learn_how_waits_spread_only_where_no_number_of_it_is_small() -> None:
    assert waits(_waiting(), EDGES).outside() == Waits(EDGES, (), (), withheld=True)
    large = Waits((240,), (6, 7), (8, 60))
    assert large.outside() == large
    nothing = Waits(EDGES, (0,) * 4, (0,) * 4)
    assert not nothing.outside().withheld


def test_a_service_stands_where_its_worst_day_stands() -> None:
    rows = {
        1: (CellState.NUMBER, CellState.OVERDUE),
        2: (CellState.ZERO, CellState.SILENT),
        3: (CellState.NUMBER, CellState.LATER),
        4: (CellState.LATER, CellState.NOT_A_DAY),
        5: (CellState.DECLINED, CellState.NUMBER),
        6: (CellState.NOT_A_DAY,),
        7: (CellState.ELSEWHERE, CellState.LATER),
    }
    cells = [Cell(service, day, state) for service, states in rows.items() for day, state in enumerate(states)]
    assert standing(cells) == {"overdue": 1, "silent": 1, "declined": 1, "heard": 2, "later": 2}
    assert standing([]) == {}
