"""Clocks, heads and texts of sealed records, as plain values."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from outreach.field import sealed_rules
from outreach.field.sealed_rules import Opened
from outreach.vocab import HeldReason
from tests.field.factories import EVENING, an_entry

NOW = dt.datetime(2017, 10, 17, 2, 0, tzinfo=dt.UTC)
MINUTE = 60_000


def opened(**more):
    return Opened(team="t", saved_at=NOW, **more)


def test_the_offset_that_the_phone_knew_when_it_saved_counts():
    assert sealed_rules.clock_of(opened(offset_ms=2 * MINUTE), NOW.isoformat(), NOW) == (2 * MINUTE, False)


def test_a_phone_that_never_heard_from_the_site_is_judged_by_its_sending():
    sent = NOW - dt.timedelta(minutes=7)
    assert sealed_rules.clock_of(opened(), sent.isoformat(), NOW) == (7 * MINUTE, True)
    assert sealed_rules.clock_of(None, sent.isoformat(), NOW) == (7 * MINUTE, True)


@pytest.mark.parametrize(("at_save", "minutes", "off"), [(0, 6, True), (0, 5, False), (3, -3, True), (-2, 2, False)])
def test_a_clock_that_was_set_in_between_is_off(at_save, minutes, off):
    sent = NOW - dt.timedelta(minutes=minutes)
    assert sealed_rules.clock_of(opened(offset_ms=at_save * MINUTE), sent.isoformat(), NOW) == (at_save * MINUTE, off)


@pytest.mark.parametrize("sent_at", ["", "x", "2017-10-17T02:00:00", "+012017-10-17T02:00:00Z"])
def test_a_moment_that_says_nothing_tells_nothing_about_the_clock(sent_at):
    assert sealed_rules.clock_of(opened(), sent_at, NOW) == (None, False)
    assert sealed_rules.clock_of(opened(offset_ms=9 * MINUTE), sent_at, NOW) == (9 * MINUTE, True)


@pytest.mark.parametrize("offset", [-20_000, 20_000, 0, None])
def test_what_was_written_to_the_minute_stays_written_to_the_minute(offset):
    assert sealed_rules.corrected_entry(an_entry(), opened(), offset).met_at == EVENING


@pytest.mark.parametrize(
    ("offset", "minutes"), [(50_000, 1), (-50_000, -1), (3_600_000, 60), (315_360_000_000, 5_256_000)]
)
def test_a_moment_by_the_phones_clock_is_corrected(offset, minutes):
    entry = sealed_rules.corrected_entry(an_entry(), opened(), offset)
    assert entry.met_at == EVENING + dt.timedelta(minutes=minutes)


def test_a_moment_with_seconds_is_corrected_exactly():
    entry = an_entry(met_at=EVENING + dt.timedelta(seconds=7))
    assert sealed_rules.corrected_entry(entry, opened(), 1500).met_at == EVENING + dt.timedelta(seconds=8.5)


def test_a_moment_that_a_person_typed_is_not_corrected():
    assert sealed_rules.corrected_entry(an_entry(), opened(by_clock=False), 3_600_000).met_at == EVENING


def test_every_reason_has_words_for_the_officer():
    assert set(sealed_rules.HELD) == set(HeldReason)
    for code in (*sealed_rules.REFUSALS, "not_yet", "sign_in_needed"):
        assert all(sealed_rules.words_of(code))


@pytest.mark.parametrize(
    "said",
    [
        {"offset_ms": "7"},
        {"offset_ms": 10**14},
        {"offset_ms": 0.5},
        {"base": -1},
        {"base": "1"},
        {"taps": 10**9},
        {"contact": "x"},
        {"fields": {"note": "text", "kits": None}},
        {"by_clock": "yes"},
    ],
)
def test_what_no_phone_of_ours_writes_is_left_out(said):
    text = json.dumps({"team": "t", "saved_at": NOW.isoformat()} | said)
    assert sealed_rules.read_opened(text.encode()) == opened(by_clock=False)
