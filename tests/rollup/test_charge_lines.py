"""Charges one line at a time: they add up to the figure, and persons are numbered within their service."""

from __future__ import annotations

from dataclasses import replace

from outreach.rollup.charge_lines import added, charge_lines
from outreach.rollup.completeness import Came, Timeliness, days_late
from outreach.rollup.facts import empty
from outreach.rollup.measures import CATALOGUE, measure
from outreach.rollup.totals import total, totals
from outreach.vocab import Basis
from tests.golden.operation import golden


def test_the_lines_of_the_golden_operation_add_up_to_its_charges_in_all_and_by_service():
    facts = golden()
    lines = charge_lines(facts)
    assert sum(line.charges for line in lines) == total(facts, measure("charges")).value
    for figure in totals(facts, ("service",), [measure("charges")]):
        own = [line for line in lines if line.service == figure.key["service"]]
        assert sum(line.charges for line in own) == (figure.value or 0)
        persons = sorted({line.person for line in own if line.person is not None})
        assert persons == list(range(1, len(persons) + 1))
    assert all((line.person is None) == (line.basis is not Basis.RECORDS) for line in lines)
    assert added(facts) == 0


def test_nothing_to_list_is_an_empty_list():
    facts = replace(golden(), charges=empty("charges"), tallies=empty("tallies"))
    assert charge_lines(facts) == [] and added(facts) == 0


def test_days_that_came_late_are_counted_by_service_and_the_window_is_none():
    times = [Timeliness(1, 100, Came.LATE, 5, 9), Timeliness(1, 101, Came.ON_TIME), Timeliness(1, -1, Came.LATE, 5, 9),
             Timeliness(2, 100, Came.MISSING)]  # fmt: skip
    assert days_late(times) == {1: 1, 2: 0}


def test_days_of_the_golden_operation_add_up_where_they_are_said_to():
    from outreach.rollup.ledger import ledger
    from outreach.rollup.together import days_add_up

    facts = golden()
    for one in CATALOGUE:
        if days_add_up(ledger(facts), one):
            days = [figure.value or 0 for figure in totals(facts, ("day",), [one])]
            assert sum(days) == (total(facts, one).value or 0), one.code
