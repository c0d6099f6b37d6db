"""Figures by two dimensions: every cell and every total is a figure of its own."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outreach.rollup.filters import Filter, kept
from outreach.rollup.ledger import ledger
from outreach.rollup.measures import measure
from outreach.rollup.pivot import DIMENSIONS, Axis, adds_up, dimensions, guarded, pivot
from outreach.rollup.totals import total
from outreach.vocab import AgeBand, Gender
from tests.rollup import worlds
from tests.rollup.small import FIRST, LAST, Small

few = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _axis(dimension: str, services: list[int]) -> Axis:
    column = {"service": "services", "day": "days", "team": "teams", "place": "place_kinds", "age": "ages",
              "gender": "genders", "region": "services", "kind": "services"}[dimension]
    values: list[Any] = {
        "service": services, "day": [*range(99, 105), "before", "after"], "team": [-1, 1, 2],
        "place": ["hotel", "street"], "age": list(AgeBand.values()), "gender": list(Gender.values()),
        "region": ["all", "first"], "kind": ["first"]}[dimension]
    chosen = {"all": services, "first": services[:1]}
    return Axis(dimension, tuple(
        (one, Filter(**{column: frozenset(chosen.get(one, []) if dimension in ("region", "kind") else [one])}))
        for one in values))


@few
@given(worlds.worlds(), st.integers(0, 2**32))
def test_every_cell_is_the_figure_of_its_row_and_column(world: dict[str, Any], seed: int) -> None:
    random = Random(seed)
    facts = worlds.facts(world)
    services = ledger(facts).services()
    one = measure(random.choice(["persons_met", "support_accepted", "contacts", "acceptance", "referrals_made"]))
    able = [name for name in dimensions(one) if name not in ("month", "place")]
    rows, columns = (_axis(name, services) for name in random.sample(able, 2))
    made = pivot(facts, one, rows, columns)
    assert made.cells[None, None] == total(facts, one)
    for row, of_row in rows.values:
        for column, of_column in columns.values:
            cell, same = made.cells[row, column], total(kept(facts, of_row.both(of_column)), one)
            assert cell.value == same.value or not same.value, (rows.dimension, row, columns.dimension, column)
        assert made.cells[row, None].value == total(kept(facts, of_row), one).value or one.parts
    for column, of_column in columns.values:
        assert made.cells[None, column].value == total(kept(facts, of_column), one).value or one.parts


def test_a_total_counts_each_person_once_whatever_the_cells_add_up_to() -> None:
    small = Small().add("participations", service=11)
    small.contact(FIRST, {"age": "16_17"}, team=1).contact(LAST, {"age": "16_17"}, service=11, team=2)
    facts = small.facts()
    made = pivot(facts, measure("persons_met"), _axis("service", [10, 11]), _axis("team", []))
    assert [made.cells[key].value for key in ((10, 1), (11, 2), (10, None), (None, 2), (None, None))] == [1] * 5
    assert not made.adds_down and not made.adds_across
    by_age = pivot(facts, measure("persons_met"), _axis("age", []))
    assert by_age.adds_down and by_age.columns == () and by_age.cells["16_17", None].value == 1


@pytest.mark.parametrize(("code", "able"), [
    ("persons_met", DIMENSIONS), ("charges", DIMENSIONS[:5]), ("personnel", DIMENSIONS[:3]),
    ("contacts", (*DIMENSIONS[:5], "team", "place")), ("referrals_made", (*DIMENSIONS[:5], "age", "gender")),
    ("acceptance", DIMENSIONS), ("services", DIMENSIONS[:3])])
def test_a_measure_has_the_dimensions_that_its_rows_have(code: str, able: tuple[str, ...]) -> None:
    assert dimensions(measure(code)) == able


def test_what_adds_up_is_said_for_each_dimension() -> None:
    assert [adds_up(measure("contacts"), name) for name in ("service", "day", "team", "place")] == [True] * 4
    assert [adds_up(measure("persons_met"), name) for name in ("service", "day", "team", "place", "age")] == [
        False, True, False, False, True]
    assert not any(adds_up(measure("acceptance"), name) for name in DIMENSIONS)


@pytest.mark.parametrize(("women", "men", "shown"), [(30, 8, {"woman_girl", None}), (30, 3, {None}), (0, 0, set())])
def test_the_table_for_everybody_withholds_small_numbers_and_what_would_tell_them(
        women: int, men: int, shown: set[str | None]) -> None:
    small = Small()
    for day in range(FIRST, LAST + 1):
        small.contact(day)
    for person in range(women + men):
        small.contact(FIRST, {"person": person, "gender": "woman_girl" if person < women else "man_boy"})
    made = guarded(small.facts())
    assert made is not None
    assert (made.numbers[None], made.numbers["woman_girl"], made.numbers["man_boy"]) == (women + men, women, men)
    assert {*Gender.values(), None} - made.hidden == shown


def test_nothing_is_shown_to_everybody_of_what_was_told() -> None:
    told = Small().contact(FIRST, {}).add("participations", service=11, entry_mode="daily_totals")
    told.add("tallies", service=11, measure="persons_met", day=FIRST, value=5)
    assert guarded(told.facts()) is None
