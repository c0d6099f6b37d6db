"""How a team stands on the board, from times alone."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.field import board_rules as rules
from outreach.field.board_rules import Heard, Span, standing, with_phones
from outreach.field.heartbeat_rules import PHONE_SILENT, Waiting

SIX = dt.datetime(2017, 10, 12, 22, 0, tzinfo=dt.UTC)  # 18:00 in Toronto
EVENING = Span(SIX, SIX + dt.timedelta(hours=8))
LIMIT = dt.timedelta(minutes=120)


def at(hours, minutes=0):
    return SIX + dt.timedelta(hours=hours, minutes=minutes)


def state(now, heard=Heard(), spans=(EVENING,)):  # noqa: B008 - frozen value
    found = standing(now, spans, heard, LIMIT)
    return found and found.state


def said(*check_ins, contacts=None):
    return Heard(tuple(check_ins), contacts)


def test_a_team_before_its_shift_starts_later():
    found = standing(at(-3), [EVENING], Heard(), LIMIT)
    assert (found.state, found.since) == ("later", SIX)


def test_a_shift_further_off_than_tonight_is_not_on_the_board():
    assert state(at(-13)) is None


def test_a_team_of_which_nothing_is_heard_is_first_not_started_then_silent():
    assert state(at(0, 1)) == "not_started"
    assert state(at(1, 59)) == "not_started"
    found = standing(at(2), [EVENING], Heard(), LIMIT)
    assert (found.state, found.since) == ("silent", at(2))


@pytest.mark.parametrize("heard", [said(("start", at(0, 5))), Heard(contacts=(at(0, 5), at(0, 5)))])
def test_a_check_in_or_a_contact_puts_a_team_on_until_the_next_is_due(heard):
    assert state(at(2, 4), heard) == "on"
    found = standing(at(2, 5), [EVENING], heard, LIMIT)
    assert (found.state, found.since, found.due_at) == ("late", at(2, 5), at(2, 5))


def test_a_contact_breaks_the_silence_of_a_team_that_checked_in():
    heard = said(("start", at(0)), contacts=(at(1), at(3)))
    found = standing(at(4), [EVENING], heard, LIMIT)
    assert (found.state, found.since, found.heard_at) == ("on", at(0), at(3))


def test_checking_in_early_counts_for_the_shift():
    assert state(at(-1), said(("start", at(-1)))) == "on"


def test_a_team_that_ended_is_ended_although_its_shift_goes_on():
    heard = said(("start", at(0)), ("end", at(6)))
    found = standing(at(7), [EVENING], heard, LIMIT)
    assert (found.state, found.since) == ("ended", at(6))


def test_a_team_that_began_again_after_ending_is_on():
    assert state(at(6, 5), said(("start", at(0)), ("end", at(6)), ("start", at(6, 4)))) == "on"


def test_a_team_that_never_said_it_was_home_stays_late_for_hours_after_its_shift():
    heard = said(("start", at(0)), ("well", at(7)))
    assert state(at(8, 59), heard) == "on"
    assert state(at(9), heard) == "late"
    assert state(at(13, 59), heard) == "late"
    assert state(at(14), heard) is None


def test_going_home_late_from_one_shift_does_not_end_the_next():
    night = Span(at(8), at(16))
    heard = said(("start", at(0)), ("well", at(7)), ("end", at(8, 40)))
    assert state(at(8, 45), heard, [EVENING, night]) == "not_started"
    assert state(at(8, 45), said(("start", at(0)), ("end", at(7, 59))), [EVENING, night]) == "not_started"


def test_between_two_shifts_a_team_that_is_missing_goes_before_the_shift_to_come():
    next_one = Span(at(10), at(16))
    assert state(at(9, 30), said(("start", at(0)), ("well", at(7))), [EVENING, next_one]) == "late"
    assert state(at(9, 30), said(("start", at(0)), ("end", at(8))), [EVENING, next_one]) == "later"


def test_a_team_without_a_shift_is_there_while_something_is_heard_of_it():
    assert state(at(0), Heard(), []) is None
    assert state(at(1), Heard(contacts=(at(0), at(0))), []) == "on"
    assert state(at(3), Heard(contacts=(at(0), at(0))), []) == "ended", "it never said that it began: nobody waits"
    assert state(at(3), said(("start", at(0))), []) == "late"
    assert state(at(7), Heard(contacts=(at(0), at(0))), []) is None


def test_the_night_on_which_clocks_go_back_is_an_hour_longer():
    toronto = ZoneInfo("America/Toronto")
    starts = dt.datetime(2017, 11, 4, 18, 0, tzinfo=toronto)
    ends = dt.datetime(2017, 11, 5, 2, 0, tzinfo=toronto)  # 9 hours later, not 8
    heard = said(("start", dt.datetime(2017, 11, 5, 0, 30, tzinfo=toronto)))
    twice = dt.datetime(2017, 11, 5, 1, 15, tzinfo=toronto)  # shown twice: 45 minutes, then 105 minutes on
    for fold, minutes in ((0, 45), (1, 105)):
        found = standing(twice.replace(fold=fold), [Span(starts, ends)], heard, LIMIT)
        assert (found.state, rules.minutes(found.since, twice.replace(fold=fold))) == ("on", minutes)
    late = dt.datetime(2017, 11, 5, 1, 30, fold=1, tzinfo=toronto)
    assert standing(late, [Span(starts, ends)], heard, LIMIT).state == "late"


_MOMENTS = st.integers(-20 * 60, 20 * 60).map(lambda minutes: SIX + dt.timedelta(minutes=minutes))
_CHECK_INS = st.lists(st.tuples(st.sampled_from(["start", "well", "end"]), _MOMENTS), max_size=5)
_SPANS = st.lists(
    st.tuples(_MOMENTS, st.integers(1, 14)).map(lambda pair: Span(pair[0], pair[0] + dt.timedelta(hours=pair[1]))),
    max_size=3,
)
_CONTACTS = st.none() | st.tuples(_MOMENTS, _MOMENTS).map(lambda pair: tuple(sorted(pair)))


@given(
    _MOMENTS, _SPANS, _CHECK_INS, _CONTACTS, st.integers(15, 720), st.sampled_from(["America/Toronto", "Asia/Bangkok"])
)
def test_whatever_was_heard_a_standing_makes_sense_and_knows_no_zone(now, spans, check_ins, contacts, minutes, zone):
    contacts = contacts if contacts is None or contacts[1] <= now else None
    limit = dt.timedelta(minutes=minutes)
    found = standing(now, spans, Heard(tuple(check_ins), contacts), limit)
    there = ZoneInfo(zone)
    moved = standing(
        now.astimezone(there),
        [Span(s.starts_at.astimezone(there), s.ends_at.astimezone(there)) for s in spans],
        Heard(
            tuple((kind, moment.astimezone(there)) for kind, moment in check_ins),
            contacts and tuple(moment.astimezone(there) for moment in contacts),
        ),
        limit,
    )
    assert moved == found
    if found is None:
        return
    assert found.state in rules.STATES
    assert (found.since > now) == (found.state == "later")
    assert found.heard_at is None or found.heard_at <= now
    if found.state == "late":
        assert now - found.heard_at >= limit
    if found.state == "on":
        assert now - found.heard_at < limit
    if found.state in ("silent", "not_started", "later"):
        assert found.heard_at is None


@given(st.integers(0, 16 * 60 - 1), st.integers(0, 16 * 60 - 1))
def test_with_nothing_new_heard_a_team_only_gets_worse_until_its_shift_is_long_over(first, later):
    order = ["later", "not_started", "on", "silent", "late"]
    first, later = sorted((first, later))
    for heard in (Heard(), said(("start", at(-1)))):
        states = [state(at(-2, minutes), heard) for minutes in (first, later)]
        assert None not in states
        if at(-2, first) >= at(-1):
            assert order.index(states[0]) <= order.index(states[1])


def test_minutes_are_said_alike_in_both_languages():
    assert [rules.said_minutes(n) for n in (0, 59, 60, 125)] == ["0 min", "59 min", "1 h 00 min", "2 h 05 min"]


@pytest.mark.parametrize("typed", ["", "14", "721", "-30", "1e2", "٣٠", "60.5", "999999999999", "sixty"])
def test_minutes_of_silence_are_whole_and_within_bounds(typed):
    assert rules.check_in_minutes(typed) is None


def test_minutes_of_silence_may_have_space_around_them():
    assert rules.check_in_minutes(" 45 ") == 45


# --- phones -----------------------------------------------------------------------------------------------------------


def waits(unsent=2, *, oldest=None, silent=None):
    return Waiting(unsent, oldest, told=1, phones=1, silent_since=silent)


def test_a_silent_phone_that_holds_records_needs_somebody_whatever_the_team_does():
    on = standing(at(1), [EVENING], said(("start", at(0))), LIMIT)
    found = with_phones(on, waits(silent=at(0, 20)))
    assert (found.state, found.since, found.needs_somebody) == ("phone", at(0, 20) + PHONE_SILENT, True)
    assert (found.of_team, found.heard_at) == ("on", at(0))
    home = standing(at(7), [EVENING], said(("end", at(6))), LIMIT)
    assert with_phones(home, waits(silent=at(5))).state == "phone"


def test_a_phone_that_speaks_or_holds_nothing_changes_no_state():
    on = standing(at(1), [EVENING], said(("start", at(0))), LIMIT)
    for waiting in (None, waits(0), waits(oldest=at(0, 30))):
        assert with_phones(on, waiting) == on


def test_a_team_that_is_late_stays_late_above_its_silent_phone():
    late = standing(at(5), [EVENING], said(("start", at(0))), LIMIT)
    assert with_phones(late, waits(silent=at(0))) == late
    later = standing(at(-3), [EVENING], Heard(), LIMIT)
    assert with_phones(later, waits(silent=at(-20))) == later


def test_a_team_without_a_shift_about_now_is_on_the_board_while_its_phone_holds_records():
    assert with_phones(None, None) is None and with_phones(None, waits(0)) is None
    assert with_phones(None, waits(silent=at(-30))).state == "phone"
    assert with_phones(None, waits(oldest=at(-1))).state == "ended"
    assert rules.STATES.index("silent") < rules.STATES.index("phone") < rules.STATES.index("not_started")
