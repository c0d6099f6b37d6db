"""Ratios, categories and the keys of figures."""

from __future__ import annotations

from outreach.rollup.measures import measure
from outreach.rollup.together import Held
from outreach.rollup.totals import _earlier, total, totals
from tests.rollup.small import FIRST, LAST, Small


def _everyday(**service: int) -> Small:
    small = Small()
    for day in range(FIRST, LAST + 1):
        small.contact(day, {"person": day, "answer": "accepted" if day == FIRST else "declined"}, **service)
    return small


def test_acceptance_is_shown_with_both_parts() -> None:
    figure = total(_everyday().facts(), measure("acceptance"))
    assert (figure.numerator, figure.denominator, figure.value, figure.bound) == (1, 3, 1 / 3, "exact")


def test_acceptance_of_lower_bounds_is_partial() -> None:
    small = Small().contact(FIRST, {"answer": "accepted"}).contact(FIRST, {"person": 2, "answer": "declined"})
    figure = total(small.facts(), measure("acceptance"))
    assert (figure.value, figure.bound) == (1 / 2, "partial")


def test_acceptance_leaves_out_a_service_that_knows_only_one_part_here() -> None:
    small = _everyday().add("participations", service=11)
    small.contact(FIRST, {"person": 9, "answer": "accepted"}, service=11)
    small.add("places", service=11, measure="support_offered", operation=77)
    facts = small.facts()
    figure = total(facts, measure("acceptance"))
    assert total(facts, measure("support_accepted")).value == 2
    assert (figure.numerator, figure.denominator, figure.coverage.reported) == (1, 3, 1)


def test_acceptance_is_unknown_when_nothing_was_offered() -> None:
    figure = total(Small().contact(FIRST, {"answer": "not_offered"}).facts(), measure("acceptance"))
    assert (figure.value, figure.bound, figure.denominator) == (None, "unknown", 0)


def test_acceptance_by_service_has_the_parts_of_each_service() -> None:
    small = _everyday().add("participations", service=11)
    small.contact(FIRST, {"person": 9, "answer": "accepted"}, service=11)
    found = totals(small.facts(), ("service",), [measure("acceptance")])
    assert [(figure.key["service"], figure.numerator, figure.denominator) for figure in found] == [
        (10, 1, 3), (11, 1, 1)]


def test_staff_told_by_category_keeps_its_categories_beside_the_whole() -> None:
    small = Small().add("tallies", measure="personnel", value=5)
    small.add("tallies", measure="personnel", part="police", value=3)
    small.add("tallies", measure="personnel", part="support", value=2)
    found = {figure.key["category"]: figure.value for figure in totals(
        small.facts(), ("category",), [measure("personnel")])}
    assert (found["police"], found["support"]) == (3, 2)
    assert "" not in found


def test_staff_told_without_categories_stands_under_none() -> None:
    small = Small().add("tallies", measure="personnel", value=5)
    found = totals(small.facts(), ("service", "category"), [measure("personnel")])
    assert [(figure.key["service"], figure.key["category"], figure.value) for figure in found][-1] == (10, "", 5)


def test_a_person_of_staff_on_several_teams_counts_once() -> None:
    small = Small().add("deployed").add("deployed", staff=1, category="support").add("deployed", staff=3)
    assert total(small.facts(), measure("personnel")).value == 2


def test_figures_come_in_the_order_of_the_measures_then_of_the_keys() -> None:
    found = totals(_everyday().facts(), ("service", "day"), [measure("contacts"), measure("persons_met")])
    assert [(figure.measure, tuple(figure.key.values())) for figure in found] == [
        (code, (10, day)) for code in ("contacts", "persons_met") for day in (100, 101, 102, "before", "after")]


def test_measures_without_days_give_no_day_rows() -> None:
    assert totals(_everyday().facts(), ("day",), [measure("personnel"), measure("services")]) == []


def test_what_was_counted_before_each_row_is_that_of_every_earlier_row_and_of_what_has_no_day() -> None:
    sums = {day: Held({10: day, 11: 1}, {12: 2 * day}, {}) for day in (1, 2, 3)}
    sums |= {"before": Held({10: 100}), "after": Held(), "undated": Held({}, {12: 1000})}
    found = {day: (held.records, held.totals) for day, held in _earlier(sums).items()}
    assert found["before"] == ({}, {12: 1000})
    assert found[1] == ({10: 100}, {12: 1000})
    assert found[3] == ({10: 103, 11: 2}, {12: 1006})
    assert found["after"] == ({10: 106, 11: 3}, {12: 1012})
    assert found["undated"] == ({10: 106, 11: 3}, {12: 12})
