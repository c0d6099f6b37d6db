"""Tokens and ends of return links; what a drop lets in and how far it is."""

import datetime as dt
import hashlib

import pytest

from outreach.plan import invitation_rules
from outreach.returns import drop_rules, link_rules
from outreach.vocab import ReturnState

NOW = dt.datetime(2017, 10, 18, 12, tzinfo=dt.UTC)
UID = "0e1c1c2e-6f5a-4b7a-9a37-6a5d9f0c1b2d"


def mark(text, scope):
    return hashlib.sha256(f"{scope}/{text}".encode()).hexdigest()


def test_a_token_leads_to_its_link_and_no_other_text_does():
    token = link_rules.token_of(UID, mark)
    assert link_rules.uid_of(token, mark) == UID
    for place in range(len(token)):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert link_rules.uid_of(changed, mark) is None
    for wrong in ("", token[:-1], token + "A", token.upper(), "é" * 44, "=" * 44):
        assert link_rules.uid_of(wrong, mark) is None


def test_a_token_of_an_invitation_is_none_of_a_return():
    assert link_rules.uid_of(invitation_rules.token_of(UID, mark), mark) is None
    assert invitation_rules.uid_of(link_rules.token_of(UID, mark), mark) is None


@pytest.mark.parametrize(
    ("window", "deadline", "days"),
    [(None, None, 60), (NOW, None, 30), (NOW, NOW + dt.timedelta(days=3), 17), (NOW - dt.timedelta(days=90), NOW, 14),
     (NOW - dt.timedelta(days=90), None, 7), (NOW, NOW - dt.timedelta(days=60), 7)],
)  # fmt: skip
def test_a_link_ends_two_weeks_after_the_deadline_and_works_for_a_week_at_least(window, deadline, days):
    assert link_rules.link_end(NOW, window, deadline) == NOW + dt.timedelta(days=days)


@pytest.mark.parametrize(
    ("changed", "works"),
    [({}, True), ({"revoked": True}, False), ({"ends_at": NOW}, False), ({"status": "withdrawn"}, False),
     ({"status": "declined"}, False), ({"entry_mode": "none"}, False), ({"operation": "closed"}, False),
     ({"operation": "archived"}, False), ({"operation": "reporting"}, True), ({"entry_mode": "contacts"}, True)],
)  # fmt: skip
def test_a_link_works_until_its_end_its_revocation_or_the_end_of_what_it_is_for(changed, works):
    facts = {
        "ends_at": NOW + dt.timedelta(seconds=1),
        "revoked": False,
        "status": "confirmed",
        "entry_mode": "daily_totals",
        "operation": "active",
    }
    assert link_rules.link_works(NOW, **(facts | changed)) is works


def test_a_letter_names_no_day_no_place_and_no_figure():
    words = " ".join(link_rules.letter_lines())
    assert {"service", "operation", "link", "until", "coordinator"} == {
        part.split(")")[0] for part in words.split("%(")[1:]
    }


@pytest.mark.parametrize(
    ("size", "files", "total", "twice", "code"),
    [
        (1, 0, 0, False, None),
        (drop_rules.LARGEST_FILE, 0, 0, False, None),
        (0, 0, 0, False, "drop_empty"),
        (drop_rules.LARGEST_FILE + 1, 0, 0, False, "drop_large"),
        (5, 1, 5, True, "drop_twice"),
        (5, drop_rules.MOST_FILES, 5, False, "drop_many"),
        (5, drop_rules.MOST_FILES - 1, drop_rules.MOST_BYTES - 5, False, None),
        (6, 3, drop_rules.MOST_BYTES - 5, False, "drop_much"),
    ],
)
def test_what_a_drop_leaves_out_is_told_with_its_reason(size, files, total, twice, code):
    fault = drop_rules.fault(size, files, total, twice)
    assert fault.get("code") == code
    if code:
        message, _fix = drop_rules.LEFT_OUT[code]
        assert message % fault


def test_progress_counts_what_waits_what_is_asked_for_and_what_is_done():
    states = [
        ("waiting", False),
        ("ready", True),
        ("ready", False),
        ("faulty", False),
        ("taken", False),
        ("left", False),
    ]
    found = drop_rules.progress(states)
    assert (found.files, found.read, found.to_take, found.asked, found.takes, found.busy) == (6, 5, 1, 1, 2, True)
    assert not drop_rules.progress([("taken", False), ("refused", False)]).busy
    assert drop_rules.progress([]).files == 0


def test_what_needs_somebody_stands_first_and_every_state_has_its_face():
    assert set(drop_rules.KINDS) == set(ReturnState.values())
    rows = [("taken", False, "a"), ("ready", False, "b"), ("ready", True, "c"), ("faulty", False, "d")]
    assert [row[2] for row in sorted(rows, key=lambda row: drop_rules.order(*row))] == ["c", "d", "b", "a"]


@pytest.mark.parametrize("text", ["", "x", "' OR 1=1", "0" * 500])
def test_a_drop_without_a_number_of_the_kind_gets_a_new_one(text):
    assert len(drop_rules.number_of(text)) == 36 and drop_rules.number_of(UID.upper()) == UID
