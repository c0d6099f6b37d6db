"""What may follow what, and what police may know."""

import datetime as dt

import pytest

from outreach.referrals import rules
from outreach.vocab import ReferralState

NOON = dt.datetime(2017, 10, 11, 12, 0, tzinfo=dt.UTC)


def test_every_state_has_its_moves_and_every_end_has_none():
    assert set(rules.MOVES) == set(ReferralState)
    assert {state for state, following in rules.MOVES.items() if not following} == rules.ENDS


def test_every_state_can_be_arrived_at_from_made():
    reached, ahead = set(), [ReferralState.MADE]
    while ahead:
        state = ahead.pop()
        if state not in reached:
            reached.add(state)
            ahead += rules.next_states(state)
    assert reached == set(ReferralState)


@pytest.mark.parametrize("state", list(ReferralState))
def test_police_learn_one_of_three_words_and_endings_look_alike(state):
    expected = "Waiting" if state == "made" else "Closed" if rules.ends(state) else "Picked up"
    assert rules.police_word(state) == expected


def test_waiting_is_told_in_days_hours_and_minutes_and_is_too_long_sooner_when_urgent():
    assert rules.waited(NOON - dt.timedelta(days=2, hours=4, minutes=10), NOON) == (2, 4, 10)
    assert rules.waited(NOON + dt.timedelta(minutes=1), NOON) == (0, 0, 0)
    five_hours_ago = NOON - dt.timedelta(hours=5)
    assert rules.waits_too_long(five_hours_ago, NOON, urgent=True)
    assert not rules.waits_too_long(five_hours_ago, NOON, urgent=False)
