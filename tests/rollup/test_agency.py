"""An agency's own figures: in all, by month and year."""

from __future__ import annotations

import datetime as dt

from outreach.rollup.agency import Came, by_kind, lines

OCTOBER, NOVEMBER, NEXT_YEAR = ((dt.date(*day) - dt.date(1970, 1, 1)).days for day in (
    (2017, 10, 12), (2017, 11, 2), (2018, 1, 1)))


def test_months_and_years_add_up_to_the_whole_and_direct_ones_stand_apart() -> None:
    steps = frozenset({"made", "received", "due_7", "engaged_7"})
    came = [Came(OCTOBER, False, steps, 120), Came(OCTOBER, False, steps, 240),
            Came(NOVEMBER, False, frozenset({"made"})),
            Came(NOVEMBER, True, frozenset({"made", "received", "due_7"}), 5),
            Came(NEXT_YEAR, False, frozenset({"made", "received"}), 600, given_back=True)]  # fmt: skip
    found = lines(came, [NOVEMBER, NEXT_YEAR, NEXT_YEAR])
    assert [line.name for line in found] == ["", "2018-01", "2018", "2017-11", "2017-10", "2017"]
    whole, year = found[0], found[-1]
    assert (whole.counts["made"], whole.counts["received"], whole.counts["direct"], whole.hours) == (4, 3, 1, 4.0)
    assert (year.counts["made"], year.counts["due_7"], year.counts["engaged_7"], year.hours) == (3, 3, 2, 3.0)
    assert (whole.counts["given_back"], found[3].hours) == (1, None), "a direct one waits for nobody"
    months = [line for line in found if "-" in line.name]
    for code, total in whole.counts.items():
        assert sum(line.counts[code] for line in months) == total, code
        assert sum(line.counts[code] for line in found if line.is_year) == total, code


def test_an_agency_without_referrals_has_one_line_of_zeros_and_no_hours() -> None:
    (only,) = lines([], [])
    assert not any(only.counts.values()) and only.hours is None


def test_outcomes_are_counted_by_kind_and_one_without_a_day_stands_last() -> None:
    assert by_kind([("work", 1), ("school", 2), ("work", 3)]) == {"work": 2, "school": 1}
    assert [line.name for line in lines([], [-1, OCTOBER])] == ["", "2017-10", "2017", "undated"]
