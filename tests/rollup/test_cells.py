"""Silence, lateness and zero, at the minute they change."""

from __future__ import annotations

import pytest

from outreach.rollup.cells import Adding, Cell, adding_up, cells
from outreach.rollup.measures import measure
from outreach.rollup.totals import Figure, total
from outreach.vocab import CellState
from tests.rollup.small import DAY, FIRST, LAST, Small

HOUR = 3600


def _state(small: Small, day: int, code: str = "persons_met") -> str:
    return next(cell.state.value for cell in cells(small.facts(), measure(code)) if cell.day == day)


@pytest.mark.parametrize(("now", "state"), [
    (FIRST * DAY - 1, "later"), (FIRST * DAY, "later"), (FIRST * DAY + 12 * HOUR - 1, "later"),
    (FIRST * DAY + 12 * HOUR, "silent"), ((FIRST + 1) * DAY + 12 * HOUR - 1, "silent"),
    ((FIRST + 1) * DAY + 12 * HOUR, "overdue")])
def test_a_day_without_news_is_later_then_silent_then_overdue(now: int, state: str) -> None:
    assert _state(Small(now=now), FIRST) == state


def test_nothing_is_due_later_than_the_entry_deadline() -> None:
    now = (FIRST + 1) * DAY
    assert _state(Small(now=now), FIRST) == "silent"
    assert _state(Small(now=now, deadline=now), FIRST) == "overdue"
    assert _state(Small(now=now, deadline=now), LAST) == "later"


def test_the_operational_day_may_begin_at_six() -> None:
    from dataclasses import replace

    facts = Small(now=(FIRST + 1) * DAY + 13 * HOUR).facts()
    later = replace(facts, today_began=(FIRST + 1) * DAY + 6 * HOUR, remembered={})
    states = [next(cell.state.value for cell in cells(given, measure("contacts")) if cell.day == FIRST)
              for given in (facts, later)]
    assert states == ["overdue", "silent"]


def test_a_whole_window_number_is_due_at_the_deadline_else_after_the_window() -> None:
    ends = (LAST + 1) * DAY
    for now, deadline, state in ((ends - 1, -1, "later"), (ends, -1, "silent"), (ends + 12 * HOUR, -1, "overdue"),
                                 (ends + 12 * HOUR, ends + 5 * DAY, "silent"), (ends + 5 * DAY, ends, "overdue")):
        assert _state(Small(now=now, deadline=deadline), -1, "personnel") == state


def test_a_contact_that_met_nobody_is_a_zero_not_silence() -> None:
    assert _state(Small().contact(FIRST), FIRST) == "zero"
    assert _state(Small().contact(FIRST), FIRST, "attempts") == "number"


def test_days_outside_the_services_own_window_are_not_its_days() -> None:
    small = Small()
    small.rows["participations"][0] |= {"first_day": FIRST, "last_day": FIRST}
    small.contact(FIRST, {})
    assert [_state(small, day) for day in (FIRST, LAST)] == ["number", "not_a_day"]
    assert total(small.facts(), measure("persons_met")).bound == "exact"


def test_a_day_that_is_missing_makes_the_total_a_lower_bound() -> None:
    small = Small().contact(FIRST, {}).contact(FIRST + 1, {})
    assert total(small.facts(), measure("persons_met")).bound == "at_least"
    small.add("tallies", measure="contacts", day=LAST, state="zero")
    assert total(small.facts(), measure("persons_met")).bound == "exact"


def test_a_cell_outside_the_window_shows_what_was_logged_there() -> None:
    assert _state(Small().contact(LAST + 3, {}), LAST + 3) == "number"


def test_daily_totals_of_one_number_for_the_window_leave_its_days_elsewhere() -> None:
    small = Small().add("tallies", measure="persons_met", value=9)
    small.rows["participations"][0] |= {"entry_mode": "daily_totals"}
    assert _state(small, FIRST) == "elsewhere"
    assert (total(small.facts(), measure("persons_met")).value, total(small.facts(), measure("persons_met")).bound) == (
        9, "exact")


def test_cells_of_the_days_and_what_lies_outside_them_are_held_against_the_figure_above() -> None:
    found = [Cell(1, 5, CellState.NUMBER, 3), Cell(2, 5, CellState.NUMBER, 4), Cell(1, 9, CellState.NUMBER, 50)]
    outside = [Figure("persons_met", {"day": "before"}, 2)]
    assert adding_up(found, {5}, outside, Figure("persons_met", {}, 8)) == Adding(9, 1), "met by two services"
    assert adding_up(found, {5}, outside, Figure("persons_met", {}, 12)) == Adding(9, 3), "told without a day"
    assert adding_up(found, {5}, outside, Figure("persons_met")) is None
