"""The one page's rules: the busiest days, plain fractions, who is to come, when figures are final."""

from __future__ import annotations

import pytest

from outreach.report import page_rules as rules
from outreach.rollup.totals import Coverage, Figure


@pytest.mark.parametrize(
    ("values", "busiest", "known"),
    [
        ([31, 34, 29, 26, 33, 22, 23], (1, 4), 7),
        ([1, 5, 1], (1,), 3),
        ([0, 0, None], (), 2),
        ([None, 3, None], (1,), 1),
        ([2, 2, 2], (0, 1, 2), 3),
        ([-3, -1], (), 2),
    ],
)
def test_days_near_the_busiest_are_as_busy_and_days_of_nothing_are_not(values, busiest, known):
    found = rules.peak(list(enumerate(values)))
    assert found is not None and (found.days, found.known) == (busiest, known)


def test_where_no_day_is_known_there_is_no_busiest():
    assert rules.peak([(1, None)]) is None and rules.peak([]) is None


@pytest.mark.parametrize(
    ("share", "whole", "said"),
    [
        (118 / 176, 176, (2, 3)), (0.5, 10, (1, 2)), (1.0, 40, (1, 1)), (0.0, 40, (0, 1)), (0.999, 4000, None),
        (0.55, 100, None), (0.9, 100, (9, 10)), (11 / 13, 13, None), (0.5, 8, None), (None, 8, None),
        (0.5, None, None), (0.615, 50, (3, 5)), (0.001, 9999, None),
    ],
)  # fmt: skip
def test_a_share_is_called_by_a_plain_fraction_only_where_one_is_near(share, whole, said):
    assert rules.fraction(share, whole) == said


def figure(service: int, measure: str, reported: int, expected: int) -> Figure:
    return Figure(measure, {"service": service}, coverage=Coverage(reported, expected))


def test_to_come_are_those_that_owe_figures_and_told_none():
    figures = [
        figure(1, "services", 0, 1), figure(1, "persons_met", 1, 1), figure(1, "charges", 0, 1),
        figure(2, "services", 1, 1), figure(2, "persons_met", 0, 1), figure(3, "persons_met", 0, 0),
        figure(4, "charges", 0, 1),
    ]  # fmt: skip
    assert rules.to_come(figures, {1: "One", 2: "two", 4: "Alder"}) == ["Alder", "two"]


def test_figures_are_final_when_it_is_closed_everybody_is_in_and_everybody_signed():
    assert rules.final("closed", 2, 2, [True, True]) and rules.final("archived", 1, 1, [True])
    assert not rules.final("reporting", 2, 2, [True, True])
    assert not rules.final("closed", 1, 2, [True, True])
    assert not rules.final("closed", 2, 2, [True, False])
    assert not rules.final("closed", 0, 0, []) and not rules.final("closed", 0, None, [])
