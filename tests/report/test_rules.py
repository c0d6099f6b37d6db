"""Moments, order and formula-safe text, on plain values."""

from __future__ import annotations

import datetime as dt

import pytest

from outreach.errors import Invalid
from outreach.report import rules
from outreach.rollup.cells import Cell
from outreach.vocab import CellState

NOW = dt.datetime(2026, 11, 22, 0, 30, tzinfo=dt.UTC)
TORONTO = "America/Toronto"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-21T21:42Z", "2026-11-21T21:42:00+00:00"),
        ("2026-11-21 14:42", "2026-11-21T19:42:00+00:00"),
        ("2026-11-21T14:42-05:00", "2026-11-21T19:42:00+00:00"),
        ("2026-11-21T14:42 02:00", "2026-11-21T12:42:00+00:00"),  # a plus sign that an address turned into a space
        ("2026-11-20", "2026-11-21T04:59:59.999999+00:00"),
        ("2026-11-21", "2026-11-22T00:30:00+00:00"),  # a day that is not over
    ],
)
def test_a_moment_is_read_in_the_zone_of_the_operation_unless_it_names_one(text, expected):
    found = rules.moment(text, TORONTO, NOW)
    assert found is not None and found.isoformat() == expected


@pytest.mark.parametrize("text", ["soon", "2026-13-01", "2026-11-22T00:31Z", "1969-01-01T00:00", "9999-12-31", "21:42"])
def test_what_is_no_moment_or_has_not_come_is_refused_at_its_field(text):
    with pytest.raises(Invalid) as problem:
        rules.moment(text, TORONTO, NOW)
    assert problem.value.findings[0].where == "as_of"


def test_no_moment_means_now():
    assert rules.moment("  ", TORONTO, NOW) is None


def test_the_worst_service_stands_first_and_equals_stand_by_name():
    states = {1: CellState.ZERO, 2: CellState.OVERDUE, 3: CellState.SILENT, 4: CellState.ZERO, 5: CellState.DECLINED}
    cells = [Cell(service, 17449, state) for service, state in states.items()]
    names = {1: "windsor", 2: "Kent", 3: "Oakmere", 4: "Alder Bay", 5: "Marlow"}
    assert rules.worst_first(names, cells) == [2, 3, 5, 4, 1]
    assert rules.by_name(names, cells) == [4, 2, 5, 3, 1]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "＝1+1", "＠x"])
def test_text_that_a_spreadsheet_would_run_is_marked_as_text(text):
    assert rules.formula_safe(text) == "'" + text


def test_ordinary_text_stays_as_it_is():
    assert rules.formula_safe("Kent-Chatham = one") == "Kent-Chatham = one"


def test_days_go_into_addresses_and_back():
    for day in (17449, "before", "after", "undated"):
        assert rules.day_asked(rules.day_text(day)) == day
    assert rules.day_asked("tomorrow") is None
