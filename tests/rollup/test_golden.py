"""The arithmetic against the operation that was counted by hand."""

from __future__ import annotations

import pytest

from outreach.rollup.cells import cells
from outreach.rollup.measures import measure
from outreach.rollup.members import members
from outreach.rollup.totals import Figure, coverage, total, totals
from tests.golden import expected
from tests.golden.operation import ASPEN, BIRCH, CEDAR, DOGWOOD, ELM, LOCAL, golden


def _told(figure: Figure) -> tuple[object, ...]:
    return figure.value, figure.bound.value, figure.coverage.reported, figure.coverage.expected


@pytest.mark.parametrize("code", expected.PROVINCE_TOTALS)
def test_a_total_of_the_province_is_the_number_counted_by_hand(code: str) -> None:
    assert _told(total(golden(), measure(code))) == expected.PROVINCE_TOTALS[code]


@pytest.mark.parametrize("code", expected.LOCAL_TOTALS)
def test_a_total_of_the_local_operation_is_the_number_counted_by_hand(code: str) -> None:
    assert _told(total(golden(LOCAL), measure(code))) == expected.LOCAL_TOTALS[code]


def test_persons_met_by_day_are_those_counted_by_hand_and_add_up() -> None:
    found = totals(golden(), ("day",), [measure("persons_met")])
    assert [(figure.key["day"], *_told(figure)) for figure in found] == expected.PERSONS_MET_BY_DAY
    assert sum(figure.value or 0 for figure in found) == 11


def test_persons_met_by_service_are_distinct_within_each_service() -> None:
    found = totals(golden(), ("service",), [measure("persons_met")])
    assert {figure.key["service"]: (figure.value, figure.bound.value) for figure in found} \
        == expected.PERSONS_MET_BY_SERVICE


def test_a_service_counts_only_what_it_was_told_itself() -> None:
    found = {(figure.measure, figure.key["service"]): figure for figure in totals(
        golden(), ("service",), [measure("support_accepted"), measure("persons_under_18")])}
    assert (found["support_accepted", ASPEN].value, found["support_accepted", BIRCH].value) == (1, 1)
    assert _told(found["persons_under_18", ASPEN])[:2] == (1, "at_least")
    assert _told(found["persons_under_18", BIRCH])[:2] == (1, "at_least")


def test_days_of_the_local_operation_end_with_what_came_after_its_window() -> None:
    found = totals(golden(LOCAL), ("day",), [measure("persons_met")])
    assert [(figure.key["day"], figure.value) for figure in found] == [
        (101, 2), (102, 1), (103, 1), ("before", 0), ("after", 1)]


def test_charges_told_for_the_window_stand_in_a_row_of_their_own() -> None:
    found = totals(golden(), ("day",), [measure("charges")])
    assert [(figure.key["day"], figure.value) for figure in found] == [
        (100, None), (101, 0), (102, 2), (103, 0), (104, 1), ("before", 0), ("after", 0), ("undated", 3)]


def test_acceptance_uses_only_places_that_know_both_parts() -> None:
    found = total(golden(), measure("acceptance"))
    assert (found.numerator, found.denominator, found.value) == (2, 6, 2 / 6)
    assert _told(found)[1:] == ("partial", 3, 4)


def test_personnel_adds_up_within_a_category() -> None:
    found = totals(golden(), ("category",), [measure("personnel")])
    assert {figure.key["category"]: figure.value for figure in found} == {
        "police": 2 + 1 + 5, "support": 1, "victim_services": 1 + 2, "ngo": 0, "interpreter": 0}


def test_the_cells_tell_a_zero_from_silence() -> None:
    states = {(cell.service, cell.day): cell.state.value for cell in cells(golden(), measure("persons_met"))}
    assert [states[ASPEN, day] for day in range(100, 105)] == ["not_a_day", "number", "overdue", "number", "number"]
    assert [states[BIRCH, day] for day in range(100, 105)] == ["not_a_day", "zero", "number", "number", "not_a_day"]
    assert [states[DOGWOOD, day] for day in range(100, 105)] == ["number", "zero", "number", "zero", "declined"]
    assert [states[ELM, day] for day in range(100, 105)] == ["number", "overdue", "not_a_day", "not_a_day", "not_a_day"]
    assert not any(service == CEDAR for service, _ in states)


def test_a_figure_counted_in_another_operation_says_where() -> None:
    found = {cell.service: cell for cell in cells(golden(LOCAL), measure("personnel"))}
    assert (found[ASPEN].state.value, found[ASPEN].operation) == ("elsewhere", 1)
    assert (found[BIRCH].state.value, found[BIRCH].value) == ("number", 2)


def test_the_list_behind_a_figure_is_as_long_as_the_figure_without_tallies() -> None:
    rows = members(golden(), measure("persons_met"))
    assert sorted(rows["person"]) == [1001, 1002, 1003, 1004, 1005]
    assert rows.set_index("person")["age"].loc[1001] == "16_17"
    assert bool(rows.set_index("person")["conflict"].loc[1001])
    assert list(members(golden(), measure("support_accepted"), service=BIRCH)["person"]) == [1004]
    assert list(members(golden(), measure("persons_met"), day=103)["person"]) == [1004]


def test_the_outer_coverage_counts_services_that_reported_anything() -> None:
    assert (coverage(golden()).reported, coverage(golden()).expected) == (4, 4)
