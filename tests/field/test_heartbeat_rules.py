"""Reading a heartbeat, and what the phones of a team say together."""

import base64
import datetime as dt
import json

import pytest

from outreach.field import heartbeat_rules as rules
from outreach.field.heartbeat_rules import PhoneSaid, TeamBeat
from outreach.storage.types import new_uid

NOW = dt.datetime(2017, 10, 12, 22, 0, tzinfo=dt.UTC)
DEVICE = new_uid()


def body(said=None, *, proof="AAAA", **more):
    team = {"ticket": "t", "unsent": 2, "needs_you": 1, "oldest_at": NOW.isoformat(), "ready": True}
    inner = {"device": DEVICE, "sent_at": NOW.isoformat(), "teams": [team | more]}
    return json.dumps({"said": json.dumps(inner) if said is None else said, "proof": proof}).encode()


def ago(minutes):
    return NOW - dt.timedelta(minutes=minutes)


def test_a_heartbeat_is_read_as_the_phone_writes_it():
    beat = rules.read_beat(body())
    assert (beat.device, beat.sent_at, beat.proof) == (DEVICE, NOW, base64.b64decode("AAAA"))
    assert beat.teams == (TeamBeat("t", 2, 1, NOW, True),)


@pytest.mark.parametrize(("sent", "kept"), [(-5, 0), (0, 0), (7, 7), (10**9, rules.MOST)])
def test_numbers_are_brought_within_bounds(sent, kept):
    assert rules.read_beat(body(unsent=sent)).teams[0].unsent == kept


def test_a_phone_whose_clock_is_ten_years_off_is_read():
    beat = rules.read_beat(body(oldest_at="2007-10-12T22:00:00.000Z")).teams[0]
    ten_years = round(dt.timedelta(days=3653).total_seconds() * 1000)
    assert rules.oldest_of(beat, ten_years, NOW) == NOW


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"[]",
        b"null",
        b"{" * 9000,
        b'{"said": 1, "proof": "AAAA"}',
        body("[]"),
        body("{}"),
        body("[" * 9000),
        body('"\\ud800"'),
        body(proof="not base64 at all!"),
        body(unsent="2"),
        body(unsent=True),
        body(unsent=None),
        body(unsent=1.5),
        body(needs_you=[]),
        body(ticket=3),
        body(ticket="t" * 601),
        body(ticket="é"),
        body(oldest_at="yesterday"),
        body(oldest_at="2017-10-12T22:00:00"),
        body(oldest_at="0001-01-01T00:00:00+23:00"),
        body(json.dumps({"device": "x", "sent_at": NOW.isoformat(), "teams": [{}]})),
        body(json.dumps({"device": DEVICE, "sent_at": NOW.isoformat(), "teams": []})),
        body(json.dumps({"device": DEVICE, "sent_at": NOW.isoformat(), "teams": "abc"})),
        body(json.dumps({"device": DEVICE, "sent_at": 1, "teams": []})),
    ],
)
def test_what_no_phone_of_ours_sends_is_malformed(wrong):
    with pytest.raises(rules.Malformed):
        rules.read_beat(wrong)


def test_a_heartbeat_for_too_many_teams_is_malformed():
    inner = json.loads(json.loads(body())["said"])
    inner["teams"] *= rules.MOST_TEAMS + 1
    with pytest.raises(rules.Malformed):
        rules.read_beat(body(json.dumps(inner)))


def test_the_oldest_record_is_told_by_the_clock_of_the_site_and_never_from_the_future():
    beat = TeamBeat("t", 1, 0, ago(30), False)
    assert rules.oldest_of(beat, 10 * 60_000, NOW) == ago(20)
    assert rules.oldest_of(beat, 90 * 60_000, NOW) == NOW
    assert rules.oldest_of(TeamBeat("t", 0, 0, ago(30), False), 0, NOW) is None
    assert rules.oldest_of(TeamBeat("t", 1, 0, None, False), 0, NOW) is None


def test_the_oldest_record_does_not_move_with_the_journey_of_each_message():
    before = ago(30)
    assert rules.oldest_of(TeamBeat("t", 1, 0, ago(30), False), 900, NOW, before) == before
    assert rules.oldest_of(TeamBeat("t", 1, 0, ago(10), False), 900, NOW, before) > before


# --- a team ---------------------------------------------------------------------------------------------------------


def test_no_phone_has_reported_is_not_zero():
    assert rules.waiting([], NOW) is None
    assert rules.waiting([PhoneSaid(0, None, NOW, reported=False)], NOW) is None


def test_all_phones_said_that_nothing_waits_is_zero():
    found = rules.waiting([PhoneSaid(0, None, ago(1)), PhoneSaid(0, None, ago(40))], NOW)
    assert (found.unsent, found.oldest_at, found.told, found.phones, found.silent_since) == (0, None, 2, 2, None)


def test_what_waits_is_added_up_with_the_oldest_and_says_of_how_many_phones_it_is_known():
    said = [
        PhoneSaid(1, ago(20), ago(1)),
        PhoneSaid(2, ago(90), ago(2)),
        PhoneSaid(0, None, ago(3)),
        PhoneSaid(0, None, ago(4), reported=False),
    ]
    found = rules.waiting(said, NOW)
    assert (found.unsent, found.oldest_at, found.told, found.phones) == (3, ago(90), 3, 4)


def test_a_phone_that_holds_records_and_is_silent_too_long_is_named_by_when_it_was_heard():
    heard = NOW - rules.PHONE_SILENT
    assert rules.waiting([PhoneSaid(1, ago(90), heard)], NOW).silent_since == heard
    assert rules.waiting([PhoneSaid(1, ago(90), heard + dt.timedelta(seconds=1))], NOW).silent_since is None
    assert rules.waiting([PhoneSaid(0, None, heard)], NOW).silent_since is None, "it holds nothing"


def test_an_empty_phone_of_yesterday_says_nothing_of_tonight_and_a_full_one_does():
    yesterday = NOW - rules.TONIGHT
    assert rules.waiting([PhoneSaid(0, None, yesterday)], NOW) is None
    assert rules.waiting([PhoneSaid(2, yesterday, yesterday)], NOW).unsent == 2
