"""Every figure of random worlds against the naive count."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from outreach.rollup.cells import cells
from outreach.rollup.measures import measure
from outreach.rollup.members import members
from outreach.rollup.totals import Figure, totals
from tests.rollup import naive
from tests.rollup.worlds import MEASURES, facts, worlds

few = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
some = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _answer(figure: Figure) -> naive.Answer:
    value = None if figure.value is None else int(figure.value)
    return value, figure.bound.value, figure.coverage.reported, figure.coverage.expected


@few
@given(worlds())
def test_totals_are_those_of_the_naive_count(world: naive.World) -> None:
    found = {figure.measure: _answer(figure) for figure in totals(facts(world), (), map(measure, MEASURES))}
    assert found == {code: naive.in_total(world, code) for code in MEASURES}


@few
@given(worlds())
def test_figures_by_service_are_those_of_the_naive_count(world: naive.World) -> None:
    found: dict[str, dict[int, naive.Answer]] = {code: {} for code in MEASURES}
    for figure in totals(facts(world), ("service",), map(measure, MEASURES)):
        found[figure.measure][int(figure.key["service"])] = _answer(figure)
    assert found == {code: naive.by_service(world, code) for code in MEASURES}


@some
@given(worlds())
def test_figures_by_day_are_those_of_the_naive_count_and_add_up(world: naive.World) -> None:
    given_facts = facts(world)
    whole = {figure.measure: figure.value for figure in totals(given_facts)}
    found: dict[str, dict[int | str, naive.Answer]] = {}
    for figure in totals(given_facts, ("day",), map(measure, MEASURES)):
        found.setdefault(figure.measure, {})[figure.key["day"]] = _answer(figure)
    assert set(found) == set(MEASURES) - {"personnel"}
    for code, days in found.items():
        assert days == naive.by_day(world, code, list(days)), code
        assert sum(value or 0 for value, *_ in days.values()) == (whole[code] or 0)


@some
@given(worlds())
def test_figures_by_service_and_day_add_up_to_the_service(world: naive.World) -> None:
    given_facts = facts(world)
    for code in set(MEASURES) - {"personnel"}:
        figures = totals(given_facts, ("service", "day"), [measure(code)])
        found = {(figure.key["service"], figure.key["day"]): figure.value for figure in figures if figure.value}
        assert found == naive.by_service_and_day(world, code), code
        assert all(figure.value is None for figure in figures if figure.bound == "unknown")


@some
@given(worlds())
def test_the_list_behind_a_figure_is_the_figure_without_tallies(world: naive.World) -> None:
    given_facts = facts(world)
    for code in MEASURES:
        rows = members(given_facts, measure(code))
        expected = naive.units(world, code, naive.services(world))
        assert int(rows["counted"].sum()) == sum(number for _, _, number in expected)
        assert rows.index.isin(getattr(given_facts, measure(code).frame).index).all()
        if measure(code).distinct:
            assert rows[measure(code).distinct].is_unique


@some
@given(worlds())
def test_a_cell_is_in_the_state_that_the_naive_count_gives_it(world: naive.World) -> None:
    words = {"overdue": "missing", "later": "waiting", "silent": "waiting"}
    for code in ("persons_met", "kits_handed_out", "persons_charged"):
        for cell in cells(facts(world), measure(code)):
            if not naive.here(world, cell.service, code):
                assert (cell.state, cell.operation) == ("elsewhere", naive.place(world, cell.service, code))
            else:
                found = naive.state(world, cell.service, code, cell.day)
                if changed := [n for _, day, n in naive.adjusted(world, cell.service, code) if day == cell.day]:
                    counted = naive.units(world, code, [cell.service]) + naive.told_values(world, cell.service, code)
                    value = sum(changed) + sum(number for _, day, number in counted if day == cell.day)
                    found = "number" if value else "zero"
                assert words.get(cell.state.value, cell.state.value) == found, (code, cell)


@some
@given(worlds())
def test_what_is_offered_was_accepted_declined_or_left_open(world: naive.World) -> None:
    world["tallies"], world["places"], world["adjustments"] = [], [], []
    found = {figure.measure: figure.value or 0 for figure in totals(facts(world))}
    assert found["support_offered"] == sum(found[f"support_{part}"] for part in ("accepted", "declined", "undecided"))
    assert found["support_offered"] <= found["persons_met"]


@some
@given(worlds())
def test_no_frame_is_changed_by_counting(world: naive.World) -> None:
    before, after = facts(world), facts(world)
    totals(after)
    totals(after, ("service", "day"))
    for name in ("meetings", "contacts", "tallies", "charges"):
        assert getattr(before, name).equals(getattr(after, name))
