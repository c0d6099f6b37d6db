"""What the arithmetic accepts as facts, and that nothing is a zero when nothing is known."""

from __future__ import annotations

from typing import Any

import pytest

from outreach.rollup.cells import cells
from outreach.rollup.checks import checks
from outreach.rollup.facts import COLUMNS, Facts, UnfitFacts, empty, fit
from outreach.rollup.measures import CATALOGUE, DERIVED, measure
from outreach.rollup.members import members
from outreach.rollup.totals import coverage, totals
from tests.rollup.small import Small

OPERATION: dict[str, list[Any]] = {
    "operation": [1], "parent": [-1], "code": ["NEW"], "services_known": [True], "overlap_nil": [False],
    "first_day": [100], "last_day": [101], "deadline": [-1]}


def new_operation(**changes: list[Any]) -> Facts:
    return Facts.of(root=1, now=100 * 86_400, today=100, operations=OPERATION | changes)


@pytest.mark.parametrize("name", COLUMNS)
def test_an_empty_frame_has_every_column_in_its_type(name: str) -> None:
    frame = empty(name)
    assert len(frame) == 0
    assert list(frame.columns) == list(COLUMNS[name])
    assert fit(name, frame).dtypes.equals(frame.dtypes)


def test_a_missing_column_a_wrong_type_or_an_unknown_value_is_refused() -> None:
    with pytest.raises(UnfitFacts, match="kits"):
        fit("contacts", empty("contacts").drop(columns="kits"))
    with pytest.raises(UnfitFacts, match="day"):
        fit("tallies", {column: [1] for column in COLUMNS["tallies"]} | {"day": ["Monday"]})
    row = {column: [1] for column in COLUMNS["contacts"]} | {"result": ["maybe"]}
    with pytest.raises(UnfitFacts, match="result=maybe"):
        Facts.of(root=1, now=0, today=0, operations=OPERATION, contacts=row)
    with pytest.raises(UnfitFacts):
        Facts.of(root=2, now=0, today=0, operations=OPERATION)
    with pytest.raises(UnfitFacts):
        Facts.of(root=1, now=0, today=0, operations=OPERATION, meeting={})


def test_an_operation_without_facts_has_no_figures_but_its_services() -> None:
    found = {figure.measure: figure for figure in totals(new_operation())}
    assert list(found) == [*(measure.code for measure in CATALOGUE), *(derived.code for derived in DERIVED)]
    for code, figure in found.items():
        if code in ("services", "support_agencies"):
            assert (figure.value, figure.bound) == (0, "exact")
        else:
            assert (figure.value, figure.bound, figure.basis) == (None, "unknown", None)
    assert (coverage(new_operation()).reported, coverage(new_operation()).expected) == (0, 0)


@pytest.mark.parametrize("by", [("service",), ("day",), ("service", "day"), ("category",), ("service", "category")])
def test_an_operation_without_facts_can_be_split_any_way(by: tuple[str, ...]) -> None:
    assert all(figure.value is None for figure in totals(new_operation(), by))


def test_figures_cannot_be_split_by_anything_else() -> None:
    with pytest.raises(ValueError, match="person"):
        totals(new_operation(), ("person",))


@pytest.mark.parametrize("code", [measure.code for measure in (*CATALOGUE, *DERIVED)])
def test_an_operation_without_facts_has_empty_lists_cells_and_checks(code: str) -> None:
    facts = new_operation()
    rows = members(facts, measure(code))
    assert len(rows) == 0
    assert {"counted", "counted_day"} <= set(rows.columns)
    assert cells(facts, measure(code)) == []
    assert checks(facts) == []


def test_an_operation_that_does_not_know_its_services_has_no_totals() -> None:
    for figure in totals(new_operation(services_known=[False])):
        assert (figure.value, figure.bound, figure.coverage.expected) == (None, "unknown", None)


def test_the_day_rows_are_the_window_then_before_and_after() -> None:
    assert [figure.key["day"] for figure in totals(new_operation(), ("day",), [measure("contacts")])] == [
        100, 101, "before", "after"]
    unknown = new_operation(first_day=[-1], last_day=[-1])
    assert [figure.key["day"] for figure in totals(unknown, ("day",), [measure("contacts")])] == ["before", "after"]


def test_without_a_window_the_day_of_an_arrest_has_a_row() -> None:
    facts = Small(first_day=-1, last_day=-1).add("accused", arrested_day=104).facts()
    assert [(figure.key["day"], figure.value) for figure in totals(facts, ("day",), [measure("persons_arrested")])] == [
        (100, None), (104, 1), ("before", 0), ("after", 0)]
