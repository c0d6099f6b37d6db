"""What is due stands in the right group, and a referral without any day stays listed."""

import datetime as dt

import pytest

from outreach.referrals import case_rules
from outreach.referrals.due_rules import FOLLOW_UP, GOAL, LOOK_AGAIN, NO_DAY, Due, grouped, with_undated

TODAY = dt.date(2026, 11, 22)


def on(days):
    return TODAY + dt.timedelta(days=days)


def test_overdue_today_this_week_later_and_without_a_day():
    dues = [
        Due(1, FOLLOW_UP, on(30), "30"),
        Due(1, LOOK_AGAIN, on(0)),
        Due(2, GOAL, on(-1), "work"),
        Due(2, GOAL, None, "school"),
        Due(3, FOLLOW_UP, on(-5), "7"),
        Due(3, GOAL, on(7), "legal"),
        Due(3, GOAL, on(8), "income"),
    ]
    found = grouped(with_undated(dues, [1, 2, 3, 4]), TODAY)
    assert [due.on for due in found.overdue] == [on(-5), on(-1)]
    assert [due.what for due in found.today] == [LOOK_AGAIN] and [due.detail for due in found.week] == ["legal"]
    assert {(due.referral_id, due.what) for due in found.undated} == {(2, GOAL), (4, NO_DAY)}
    assert (found.now, found.later, found.next_on) == (3, 2, on(7))


def test_each_agency_has_its_own_today():
    dues = [Due(1, GOAL, TODAY), Due(2, GOAL, TODAY)]
    found = grouped(dues, {1: TODAY, 2: on(-1)})
    assert [due.referral_id for due in found.today] == [1] and [due.referral_id for due in found.week] == [2]
    assert grouped([], TODAY).next_on is None


@pytest.mark.parametrize(
    ("way", "dialled"),
    [
        ("519 555 0123", "5195550123"),
        ("+1 (519) 555-0123", "+15195550123"),
        ("Ask Ann at 519 555 0123 after six", ""),
        ("0123", ""),
        ("١٢٣٤٥٦٧", ""),
        ("tel:5195550123", ""),
    ],
)
def test_a_number_is_dialled_and_a_sentence_is_read(way, dialled):
    assert case_rules.dialled(way) == dialled


def test_a_follow_up_may_be_recorded_a_seventh_of_its_time_early():
    assert [case_rules.may_follow_up(days, on(days // 7), TODAY) for days in (7, 30, 90)] == [True] * 3
    assert not case_rules.may_follow_up(7, on(2), TODAY)
