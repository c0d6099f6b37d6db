"""Editions beside each other: what may be compared, rates a service-day, services of both, small bases."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from random import Random

import pytest

from outreach.rollup.cells import Cell
from outreach.rollup.compare import (
    LEAST_BASE,
    Counted,
    Edition,
    Pair,
    Rate,
    Span,
    Why,
    by_day_number,
    change,
    common,
    of_both,
    per_service_day,
    percent,
    rate_change,
    service_days,
    why_not,
)
from outreach.rollup.measures import CATALOGUE, measure
from outreach.rollup.totals import Coverage, Figure
from outreach.vocab import Bound, CellState

DAYS = 4


def a_figure(code: str, value: int | None, **more: object) -> Figure:
    """An exact figure, all services in, unless said."""
    known = {"bound": Bound.EXACT, "coverage": Coverage(1, 1)} if value is not None else {}
    return Figure(code, value=value, **{**known, **more})


def counted(
    code: str, by_service: dict[int, int], *, whole: int | None = None, days: int = DAYS, **more: object
) -> Counted:
    """A figure of services that each told a number on the first day and nothing on the others."""
    cells = [
        Cell(service, day, CellState.NUMBER if day == 0 and value else CellState.ZERO, value if day == 0 else 0)
        for service, value in by_service.items()
        for day in range(days)
    ]
    figures = {service: a_figure(code, value) for service, value in by_service.items()}
    total = sum(by_service.values()) if whole is None else whole
    return Counted(measure(code), a_figure(code, total, **more), cells, figures)


def an_edition(key: str, *told: Counted, **more: object) -> Edition:
    services = frozenset(service for one in told for service in one.by_service)
    values = {
        "level": "provincial",
        "days": DAYS,
        "services": services,
        "figures": {one.measure.code: one for one in told},
    }
    return Edition(key, **{**values, **more})


MET, CHARGES = "persons_met", "charges"
THIS = an_edition("2017", counted(MET, {1: 20, 2: 10}), counted(CHARGES, {1: 3, 2: 4}))
BEFORE = an_edition("2016", counted(MET, {2: 30, 3: 2}, days=2), counted(CHARGES, {2: 5, 3: 1}, days=2))


def test_editions_with_the_same_definitions_and_scope_are_comparable_whatever_their_days():
    assert why_not(THIS, BEFORE, MET) == ()
    pair = per_service_day(THIS, BEFORE, MET)
    assert (pair.first, pair.second) == (Rate(30, 8), Rate(32, 4))
    assert isinstance(pair.first, Rate) and pair.first.value == Fraction(15, 4)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"level": "local"}, Why.LEVEL),
        ({"above": ("national/1",)}, Why.PLACE),
        ({"services_known": False}, Why.SERVICES),
        ({"printed": True}, Why.PRINTED),
        ({"figures": {}}, Why.MISSING),
    ],
)
def test_another_scope_is_not_comparable(more, why):
    assert why_not(THIS, replace(BEFORE, **more), MET) == (why,)
    for make in (per_service_day, common):
        pair = make(THIS, replace(BEFORE, **more), MET)
        assert (pair.first, pair.second, pair.why) == (None, None, (why,))


def with_measure(edition: Edition, **more: object) -> Edition:
    found = edition.figures[MET]
    return replace(edition, figures={MET: replace(found, measure=replace(found.measure, **more))})


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"variant": "strict"}, Why.RULE),
        ({"rule": "another"}, Why.RULE),
        ({"version": 2}, Why.VERSION),
        ({"threshold": 16}, Why.AGE),
    ],
)
def test_another_definition_is_not_comparable(more, why):
    assert why_not(THIS, with_measure(BEFORE, **more), MET) == (why,)


def test_every_reason_is_named():
    other = with_measure(replace(BEFORE, level="local", services_known=False), version=2, threshold=16)
    assert why_not(THIS, other, MET) == (Why.LEVEL, Why.SERVICES, Why.VERSION, Why.AGE)


def test_only_one_number_makes_a_rate():
    def made(**more: object) -> Pair:
        found = THIS.figures[MET]
        return per_service_day(
            replace(THIS, figures={MET: replace(found, figure=replace(found.figure, **more))}), BEFORE, MET
        )

    assert made(bound=Bound.AT_LEAST).why == (Why.BOUND,)
    assert made(bound=Bound.AT_MOST, least=3).why == (Why.BOUND,)
    assert made(bound=Bound.PARTIAL, coverage=Coverage(2, 2)).why == (Why.BOUND,)
    assert made(bound=Bound.PARTIAL, coverage=Coverage(2, 5)).first == Rate(30, 8)  # missing services: no days either
    assert made(value=None, bound=Bound.UNKNOWN).why == made(value=-4).why == (Why.MISSING,)
    undated = replace(THIS, figures={MET: replace(THIS.figures[MET], undated=True)})
    assert per_service_day(undated, BEFORE, MET).why == (Why.UNDATED,)


def test_silence_is_no_service_day_and_nought_is_one():
    cells = [Cell(1, day, state, None) for day, state in enumerate(CellState)]
    assert service_days(cells) == 2
    nothing = an_edition("2016", replace(counted(MET, {2: 0}), cells=()))
    assert per_service_day(THIS, nothing, MET).why == (Why.DAYS,)
    assert per_service_day(THIS, an_edition("2016", counted(MET, {2: 0})), MET).second == Rate(0, 4)


def test_a_measure_without_days_has_no_rate_and_an_edition_with_other_measures_none_either():
    staff = an_edition("2016", counted("personnel", {1: 5}))
    assert per_service_day(staff, staff, "personnel").why == (Why.NO_DAYS,)
    assert per_service_day(THIS, staff, MET).why == (Why.MISSING,)
    assert common(staff, staff, "personnel").first == Span(5, 5, 1)


def test_services_of_both_editions_are_added_or_a_range():
    assert of_both(THIS, BEFORE) == {2}
    pair = common(THIS, BEFORE, CHARGES)
    assert (pair.first, pair.second) == (Span(4, 4, 1), Span(5, 5, 1))
    twice = an_edition("2017", counted(MET, {1: 20, 2: 10, 3: 5}, whole=30))  # five were met by two services
    pair = common(twice, replace(BEFORE, services=frozenset({1, 2, 3})), MET)
    assert pair.first == Span(10, 15, 2) and not pair.first.exact and pair.second == Span(32, 32, 2)
    apart = an_edition("2016", counted(MET, {9: 1}))
    assert common(THIS, apart, MET).why == (Why.NO_SERVICES,)
    assert common(replace(THIS, over=False), BEFORE, CHARGES).why == (Why.OPEN,), "four days beside seven say nothing"
    assert per_service_day(replace(THIS, over=False), BEFORE, CHARGES) == per_service_day(THIS, BEFORE, CHARGES)


@pytest.mark.parametrize("seed", range(30))
def test_services_of_both_hold_the_truth_whoever_met_whom(seed):
    """Persons drawn, met by several services: the range holds their number, and is tight when none is shared."""
    random = Random(seed)
    shared = random.random() < 0.5
    met: dict[int, set[int]] = {service: set() for service in range(1, 6)}
    for person in range(random.randrange(40)):
        for service in random.sample(sorted(met), random.randrange(1, 4) if shared else 1):
            met[service].add(person)
    whole = len(set().union(*met.values()))
    edition = an_edition("2017", counted(MET, {service: len(them) for service, them in met.items()}, whole=whole))
    both = frozenset(random.sample(sorted(met), 3))
    other = an_edition("2016", counted(MET, dict.fromkeys(both, 1)))
    span = common(edition, other, MET).first
    truth = len(set().union(*(met[service] for service in both)))
    assert isinstance(span, Span) and span.least <= truth <= span.most
    assert shared or span == Span(truth, truth, 3)


@pytest.mark.parametrize("seed", range(20))
def test_a_comparison_turned_round_says_the_same(seed):
    random = Random(seed)

    def some(key: str) -> Edition:
        told = {service: random.randrange(30) for service in random.sample(range(1, 7), 3)}
        return an_edition(
            key, counted(MET, told, days=random.randrange(1, 5)), level=random.choice(["local", "provincial"])
        )

    one, other = some("a"), some("b")
    for make in (per_service_day, common):
        there, back = make(one, other, MET), make(other, one, MET)
        assert (there.first, there.second, set(there.why)) == (back.second, back.first, set(back.why))
        assert bool(there.why) == (there.first is None)
    rates = per_service_day(one, one, MET)
    assert rate_change(rates) in (None, 0)


def test_no_percentage_on_a_base_under_twenty():
    assert LEAST_BASE == 20
    assert percent(30, 19) is None and percent(30, 20) == Fraction(1, 2) and percent(0, 0) is None
    assert rate_change(Pair(Rate(30, 40), Rate(19, 40))) is None
    assert rate_change(Pair(Rate(30, 19), Rate(30, 40))) is None
    assert rate_change(Pair(Rate(30, 40), Rate(20, 40))) == Fraction(1, 2)
    assert rate_change(Pair(None, None, (Why.RULE,))) is None


def test_a_difference_needs_two_exact_numbers():
    one = a_figure(MET, 30)
    assert change(one, a_figure(MET, 12)) == 18
    assert change(one, a_figure(MET, 12, bound=Bound.PARTIAL)) is None
    assert change(one, a_figure(MET, 12, least=3)) is None and change(one, a_figure(MET, None)) is None


def test_days_of_other_dates_lie_beside_each_other_by_their_number():
    figures = [a_figure(MET, value, key={"day": day}) for day, value in ((100, 5), (102, 0), ("before", 9))]
    assert by_day_number(figures, 100, 4) == [5, None, 0, None]
    assert by_day_number([], 100, 0) == []


def test_four_hundred_services_and_an_empty_edition():
    many = an_edition("2017", counted(CHARGES, dict.fromkeys(range(400), 1)))
    assert common(many, many, CHARGES).first == Span(400, 400, 400)
    empty = Edition("2016", "provincial")
    assert all(why_not(many, empty, one.code) == (Why.MISSING,) for one in CATALOGUE)
    assert of_both(many, empty) == frozenset()
