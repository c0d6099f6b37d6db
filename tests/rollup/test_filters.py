"""Figures of some of the facts: of services, teams, kinds of place, ages and days."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outreach.rollup.cells import cells
from outreach.rollup.days import day_row
from outreach.rollup.facts import Facts
from outreach.rollup.filters import Filter, applies, kept
from outreach.rollup.ledger import ledger
from outreach.rollup.measures import CATALOGUE, measure
from outreach.rollup.members import members
from outreach.rollup.splits import by_offence
from outreach.rollup.totals import total, totals
from outreach.vocab import AgeBand, Gender, PlaceKind
from tests.rollup import worlds
from tests.rollup.small import FIRST, LAST, Small

some = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
RECORDS = ("meetings", "contacts", "referrals", "accused", "charges")


def _ages(*bands: str) -> Filter:
    return Filter(ages=frozenset(bands))


def _days(*days: int | str) -> Filter:
    return Filter(days=frozenset(days))


def _value(facts: Facts, only: Filter | None, code: str = "persons_met") -> tuple[Any, str]:
    figure = total(kept(facts, only), measure(code))
    return figure.value, figure.bound.value


# Whom an age is of ----------------------------------------------------------------------------------------------------


def _conflicting() -> Small:
    """One person: 25 to 34 with the first service, 16 to 17 with the second; and another whose age nobody knows."""
    small = Small().add("participations", service=11)
    small.contact(FIRST, {"age": "25_34", "age_rank": 1})
    small.contact(LAST, {"age": "16_17", "age_rank": 1}, service=11)
    return small.contact(LAST, {"person": 2}, service=11)


def test_age_is_the_one_value_of_the_person_and_not_of_a_meeting() -> None:
    facts = _conflicting().facts()
    assert [_value(facts, _ages(band))[0] for band in ("16_17", "25_34", "not_known")] == [1, 0, 1]
    row = members(kept(facts, _ages("16_17")), measure("persons_met")).iloc[0]
    assert (row["age"], row["conflict"], row["meetings"], row["counted_day"]) == ("16_17", True, 2, FIRST)


def test_age_is_that_of_all_her_meetings_where_a_team_or_a_place_is_chosen() -> None:
    small = Small().contact(FIRST, {"age": "25_34", "age_rank": 1}, team=1)
    small.contact(LAST, {"age": "16_17", "age_rank": 1}, team=2)
    of_team = Filter(teams=frozenset({1}))
    assert _value(small.facts(), of_team.both(_ages("16_17")))[0] == 1
    assert _value(small.facts(), of_team, "persons_under_18")[0] == 1
    assert _value(small.facts(), of_team.both(_ages("25_34")))[0] == 0


def test_age_is_the_same_for_every_service_that_met_her() -> None:
    facts = _conflicting().facts()
    for service in (10, 11):
        of_service = Filter(services=frozenset({service}))
        assert [_value(facts, of_service.both(_ages(band)))[0] for band in ("25_34", "16_17")] == [0, 1]
    own = totals(kept(facts, _ages("16_17")), ("service",), [measure("persons_met")])
    assert {one.key["service"]: one.value for one in own} == {10: 1, 11: 1}


def test_gender_is_the_latest_known() -> None:
    small = Small().contact(FIRST, {"gender": "woman_girl"}).contact(FIRST + 1, {"gender": "non_binary"})
    small.contact(LAST, {"gender": "not_known"})
    assert _value(small.facts(), Filter(genders=frozenset({"non_binary"}))) == (1, "exact")
    assert _value(small.facts(), Filter(genders=frozenset({"woman_girl", "not_known"}))) == (0, "exact")


# What is told -------------------------------------------------------------------------------------------------------


def _with_totals() -> Small:
    small = Small().contact(FIRST, {"age": "19_24"}, {"person": 2, "age": "16_17"})
    small.add("participations", service=11, entry_mode="daily_totals")
    return small.add("tallies", service=11, measure="persons_met", day=FIRST, value=5)


def test_numbers_that_were_told_have_no_age_and_the_figure_says_so() -> None:
    facts = kept(_with_totals().facts(), _ages("16_17"))
    figure = total(facts, measure("persons_met"))
    assert (figure.value, figure.bound, figure.coverage.reported, figure.coverage.expected) == (1, "partial", 1, 2)
    own = {one.key["service"]: one.value for one in totals(facts, ("service",), [measure("persons_met")])}
    assert own == {10: 1, 11: None}
    assert {cell.service for cell in cells(facts, measure("persons_met"))} == {10}


def test_only_told_is_not_known_under_an_age() -> None:
    facts = kept(_with_totals().facts(), Filter(services=frozenset({11})).both(_ages("16_17")))
    assert (total(facts, measure("persons_met")).value, total(facts, measure("persons_met")).bound) == (None, "unknown")


def test_numbers_that_were_told_have_a_service_and_a_day() -> None:
    facts = _with_totals().facts()
    assert _value(facts, Filter(services=frozenset({11}), days=frozenset({FIRST}))) == (5, "exact")
    assert _value(facts, Filter(services=frozenset({11}), days=frozenset({LAST}))) == (None, "unknown")


@pytest.mark.parametrize(("amounts", "bound"), [((2,), "at_least"), ((-1,), "at_most"), ((2, -1), "partial")])
def test_nobody_knows_whose_age_an_adjustment_has(amounts: tuple[int, ...], bound: str) -> None:
    small = Small().contact(FIRST, {"age": "16_17"}).contact(LAST, {"person": 2, "age": "19_24"})
    for day in range(FIRST, LAST + 1):
        small.contact(day)
    for amount, day in zip(amounts, (FIRST, LAST), strict=False):
        small.add("adjustments", measure="persons_met", amount=amount, day=day)
    only = _ages("16_17")
    assert _value(small.facts(), only) == (1, bound)
    by_service = totals(kept(small.facts(), only), ("service",), [measure("persons_met")])
    assert [(one.value, one.bound) for one in by_service] == [(1, bound)]


def test_nobody_of_an_age_is_a_zero_where_the_service_was_heard() -> None:
    small = Small()
    for day in range(FIRST, LAST + 1):
        small.contact(day, {"age": "19_24"})
    found = cells(kept(small.facts(), _ages("under_12")), measure("persons_met"))
    assert _value(small.facts(), _ages("under_12")) == (0, "exact")
    assert {cell.state.value for cell in found} == {"zero"}


# What cannot be told apart --------------------------------------------------------------------------------------------


def test_what_a_filter_does_not_apply_to_has_no_figure_under_it() -> None:
    small = Small().contact(FIRST, {"age": "16_17"}).add("accused").add("charges", accused=1).add("referrals", person=1)
    facts = small.facts()
    by_age, by_place = kept(facts, _ages("16_17")), kept(facts, Filter(place_kinds=frozenset({"hotel"})))
    for found, codes in ((by_age, {"charges", "contacts", "personnel", "services"}),
                         (by_place, {"charges", "referrals_made", "outcomes", "contacts"})):
        for code in codes:
            assert not applies(measure(code), found)
            assert (total(found, measure(code)).value, total(found, measure(code)).bound) == (None, "unknown"), code
            assert totals(found, ("service",), [measure(code)]) == [] and members(found, measure(code)).empty
            assert cells(found, measure(code)) == []
        assert by_offence(found) == []
    assert total(by_age, measure("referrals_made")).value == 1
    assert _value(facts, _ages("not_known"), "referrals_made")[0] == 0
    assert total(kept(facts, _days(FIRST)), measure("personnel")).bound == "unknown"


def test_contacts_are_told_apart_by_place_where_their_place_is_known() -> None:
    facts = Small().contact(FIRST, {}).contact(FIRST, {"person": 2}).facts()
    facts = worlds.with_places(facts, ["hotel", "street"])
    assert total(kept(facts, Filter(place_kinds=frozenset({"street"}))), measure("contacts")).value == 1


def test_an_empty_choice_is_no_figure() -> None:
    facts = _with_totals().facts()
    found = kept(facts, Filter(services=frozenset()))
    assert (total(found, measure("persons_met")).value, total(found, measure("persons_met")).bound) == (None, "unknown")
    assert totals(found, ("service",), [measure("persons_met")]) == []
    assert _value(facts, Filter()) == _value(facts, None)


def test_charges_by_offence_are_those_of_the_days_asked_for() -> None:
    small = Small().add("accused").add("charges", accused=1, day=FIRST).add("charges", accused=1, day=LAST, count=4)
    small.add("participations", service=11, entry_mode="daily_totals")
    small.add("tallies", service=11, measure="charges", day=FIRST, value=2)
    found = by_offence(kept(small.facts(), _days(FIRST)))
    assert [(one.code, one.charges) for one in found] == [("266", 1), ("", 2)]


# Any facts, any filter ------------------------------------------------------------------------------------------------


def _random_filter(random: Random, facts: Facts) -> Filter:
    def choice(values: list[Any], chance: float = 0.4) -> frozenset[Any] | None:
        return frozenset(random.sample(values, random.randint(1, len(values)))) if random.random() < chance else None

    return Filter(
        services=choice(ledger(facts).services() or [10]), days=choice([*range(99, 105), "before", "after"]),
        teams=choice([-1, 1, 2]), place_kinds=choice(["hotel", "street"]), ages=choice(list(AgeBand.values())),
        genders=choice(list(Gender.values()), 0.2))


def _varied(world: dict[str, Any], random: Random) -> Facts:
    """The world with genders, places and dates of which it has only one."""
    for row in world["meetings"]:
        row |= {"gender": random.choice(Gender.values()), "place_kind": random.choice(["hotel", "street"])}
    facts = worlds.facts(world)
    return worlds.with_places(facts, [random.choice(PlaceKind.values()) for _ in range(len(facts.contacts))])


@some
@given(worlds.worlds(), st.integers(0, 2**32))
def test_the_list_is_as_long_as_the_figure_under_any_filter(world: dict[str, Any], seed: int) -> None:
    random = Random(seed)
    world["tallies"], world["adjustments"] = [], []
    facts = _varied(world, random)
    for _ in range(3):
        found = kept(facts, _random_filter(random, facts))
        for figure in totals(found, (), [one for one in CATALOGUE if one.family.owed]):
            counted = int(members(found, measure(figure.measure))["counted"].sum())
            assert counted == (figure.value or 0) or figure.coverage.expected is None or (
                figure.bound == "unknown" and measure(figure.measure).threshold), figure
        own = totals(found, ("service",), [measure("persons_met"), measure("contacts"), measure("charges")])
        for figure in own:
            rows = members(found, measure(figure.measure), service=int(figure.key["service"]))
            assert int(rows["counted"].sum()) == (figure.value or 0)


@some
@given(worlds.worlds(), st.integers(0, 2**32))
def test_the_ages_together_are_everybody_where_nothing_was_told(world: dict[str, Any], seed: int) -> None:
    world["tallies"], world["adjustments"] = [], []
    facts = _varied(world, Random(seed))
    codes = [one for one in CATALOGUE if one.frame in ("meetings", "referrals") and one.threshold is None]
    for by in ((), ("service",), ("service", "day")):
        whole = {(one.measure, *one.key.values()): one.value or 0 for one in totals(facts, by, codes)}
        parts = dict.fromkeys(whole, 0)
        for band in AgeBand.values():
            for one in totals(kept(facts, _ages(band)), by, codes):
                parts[one.measure, *one.key.values()] += one.value or 0
        assert parts == whole


@some
@given(worlds.worlds())
def test_one_day_is_the_row_of_that_day_and_one_service_its_own_figure(world: dict[str, Any]) -> None:
    facts = worlds.facts(world)
    codes = [one for one in CATALOGUE if one.family.owed and one.by_day]
    days = {(one.measure, one.key["day"]): one for one in totals(facts, ("day",), codes)}
    both = {(one.measure, one.key["service"], one.key["day"]): one for one in totals(facts, ("service", "day"), codes)}
    for day in {day for _, day in days} - {"undated"}:
        on_day = kept(facts, _days(day))
        for figure in totals(on_day, (), codes):
            same = days[figure.measure, day]
            assert (figure.value, figure.least, figure.bound, figure.coverage, figure.basis) == (
                same.value, same.least, same.bound, same.coverage, same.basis), (figure, day)
        for figure in totals(on_day, ("service",), codes):
            same = both[figure.measure, figure.key["service"], day]
            assert (figure.value, figure.bound, figure.coverage) == (same.value, same.bound, same.coverage)
        assert totals(on_day, ("day",), codes) == [days[code.code, day] for code in codes]
        assert all(day_row(ledger(facts), cell.day) == day for cell in cells(on_day, measure("contacts")))
    own = {(one.measure, one.key["service"]): one for one in totals(facts, ("service",), codes)}
    for service in ledger(facts).services():
        for figure in totals(kept(facts, Filter(services=frozenset({service}))), (), codes):
            same = own[figure.measure, service]
            assert figure.value == same.value, figure
            assert (figure.bound == "unknown") == (same.bound == "unknown")


@some
@given(worlds.worlds(), st.integers(0, 2**32))
def test_told_numbers_never_become_a_silent_zero(world: dict[str, Any], seed: int) -> None:
    random = Random(seed)
    facts = _varied(world, random)
    book = ledger(facts)
    found = kept(facts, Filter(ages=frozenset({random.choice(AgeBand.values())})))
    for one in (measure("persons_met"), measure("support_accepted")):
        telling = {service for service in book.services() if book.counted_tallies(service, one)}
        for figure in totals(found, ("service",), [one]):
            if figure.key["service"] in telling:
                assert (figure.value, figure.bound) == (None, "unknown")
        whole = total(found, one)
        if telling & book.owing(one):
            assert whole.bound in ("partial", "unknown")
