"""Rules of inviting on plain values: tokens, ends of links, where each service stands, answers, letters, sheets."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import uuid

import pytest

from outreach.plan import invitation_rules as rules
from outreach.plan.invitation_rules import Answer, LinkFacts, Posted

NOW = dt.datetime(2017, 10, 1, 12, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def mark(text: str, scope: str) -> str:
    return hmac.new(b"secret", f"{scope}/{text}".encode(), hashlib.sha256).hexdigest()


def other_mark(text: str, scope: str) -> str:
    return hmac.new(b"another site", f"{scope}/{text}".encode(), hashlib.sha256).hexdigest()


# --- tokens


def test_a_token_gives_back_its_uid_and_fits_into_an_address():
    for _ in range(50):
        uid = str(uuid.uuid4())
        token = rules.token_of(uid, mark)
        assert len(token) == 44 and token.replace("-", "").replace("_", "").isalnum()
        assert rules.uid_of(token, mark) == uid


def test_a_token_of_another_site_is_none_of_ours():
    assert rules.uid_of(rules.token_of(str(uuid.uuid4()), other_mark), mark) is None


def test_every_altered_character_breaks_a_token():
    token = rules.token_of(str(uuid.uuid4()), mark)
    for place in range(len(token)):
        for other in "A0_-":
            altered = token[:place] + other + token[place + 1 :]
            assert altered == token or rules.uid_of(altered, mark) is None


@pytest.mark.parametrize("text", ["", "x", "no-such-link", "=" * 44, "A" * 44, "é" * 44, "A" * 43 + "=", "A" * 5000])
def test_what_is_no_token_is_refused(text):
    assert rules.uid_of(text, mark) is None


def test_another_spelling_of_the_same_bytes_is_refused():
    token = next(t for t in (rules.token_of(str(uuid.uuid4()), mark) for _ in range(500)) if "-" in t)
    assert rules.uid_of(token.replace("-", "+"), mark) is None


# --- ends


def test_a_link_works_thirty_days_or_until_the_window_starts_and_three_days_at_least():
    assert rules.link_end(NOW, None) == NOW + 30 * DAY
    assert rules.link_end(NOW, NOW + 10 * DAY) == NOW + 10 * DAY
    assert rules.link_end(NOW, NOW + 90 * DAY) == NOW + 30 * DAY
    assert rules.link_end(NOW, NOW - DAY) == NOW + 3 * DAY


@pytest.mark.parametrize(
    ("ends", "revoked", "status", "operation", "works"),
    [
        (NOW + DAY, False, "invited", "draft", True),
        (NOW + DAY, False, "declined", "active", True),
        (NOW, False, "invited", "planned", False),
        (NOW + DAY, True, "invited", "planned", False),
        (NOW + DAY, False, "withdrawn", "planned", False),
        (NOW + DAY, False, "confirmed", "closed", False),
        (NOW + DAY, False, "confirmed", "archived", False),
    ],
)
def test_when_a_link_works(ends, revoked, status, operation, works):
    assert rules.link_works(NOW, ends, revoked, status, operation) is works


def test_an_answer_is_taken_until_the_operation_is_active_and_a_first_one_while_it_is():
    assert rules.may_answer("confirmed", "planned") and rules.may_answer("declined", "draft")
    assert rules.may_answer("invited", "active")
    assert not rules.may_answer("confirmed", "active") and not rules.may_answer("invited", "reporting")


# --- answers


def places(answer):
    return [finding.where for finding in rules.check_answer(answer)]


def test_an_answer_says_whether_the_service_takes_part():
    assert places(Answer()) == ["takes_part"] and places(Answer("perhaps")) == ["takes_part"]


def test_a_refusal_needs_no_reason_and_takes_a_short_one():
    assert places(Answer("no")) == [] and places(Answer("no", reason="No staff.")) == []
    assert places(Answer("no", reason="x" * 501)) == ["reason"]


@pytest.mark.parametrize("desk", ["desk@example.org", "519-555-0100", "Desk: desk@example.org, 519 555 0100"])
def test_a_desk_is_an_address_or_a_telephone(desk):
    assert places(Answer("yes", desk=desk)) == []


@pytest.mark.parametrize("desk", ["", "the front desk", "12345", "desk@", "x" * 255])
def test_a_desk_that_cannot_be_reached_is_refused(desk):
    assert places(Answer("yes", desk=desk)) == ["desk"]


def test_a_refusal_leaves_what_was_agreed_as_it_stands():
    assert set(rules.values_of(Answer("no", reason="Later."), 7)) == {"status", "reason", "link_id"}


# --- where a service stands


def at(days: float) -> dt.datetime:
    return NOW - days * DAY


def stand(status="invited", since=9, links=(), letters=()):
    return rules.standing(status, at(since), links, letters, NOW)


def test_the_states_of_a_participation():
    works = LinkFacts(NOW + DAY)
    assert stand().state == "not_invited" and stand().days is None
    assert stand(links=[works]).state == "not_invited"
    sent = stand(links=[works], letters=[Posted(at(5), "sent"), Posted(at(2), "sent")])
    assert (sent.state, sent.since, sent.days, sent.letters) == ("sent", at(2), 5, 2)
    opened = stand(links=[LinkFacts(NOW + DAY, opened_at=at(1))], letters=[Posted(at(5), "sent")])
    assert (opened.state, opened.since, opened.days) == ("opened", at(1), 5)
    failed = stand(links=[works], letters=[Posted(at(1), "failed", trouble="refused")])
    assert (failed.state, failed.trouble, failed.days) == ("failed", "refused", None)
    assert stand(links=[works], letters=[Posted(NOW, "queued")]).state == "sending"
    assert stand(links=[works], letters=[Posted(at(1), "queued")]).trouble == "interrupted"
    for status, state in (("confirmed", "answered"), ("declined", "declined"), ("withdrawn", "withdrawn")):
        settled = stand(status, since=3, letters=[Posted(at(5), "sent")])
        assert (settled.state, settled.since, settled.days) == (state, at(3), None)


def test_the_state_of_the_last_link_shows():
    assert stand().link == "none"
    assert stand(links=[LinkFacts(NOW + DAY)]).link == "works"
    assert stand(links=[LinkFacts(NOW - DAY)]).link == "ended"
    assert stand(links=[LinkFacts(NOW + DAY, revoked=True)]).link == "revoked"
    assert stand(links=[LinkFacts(NOW + DAY, revoked=True), LinkFacts(NOW + 2 * DAY)]).link == "works"


def test_worst_first_and_among_the_silent_who_waits_longest():
    rows = {
        "confirmed": stand("confirmed"),
        "new": stand(),
        "short": stand(letters=[Posted(at(2), "sent")]),
        "long": stand(letters=[Posted(at(8), "sent")]),
        "bounced": stand(letters=[Posted(at(1), "failed", trouble="refused")]),
        "no": stand("declined"),
    }
    ordered = sorted(rows, key=lambda name: rules.order(rows[name], name))
    assert ordered == ["bounced", "long", "short", "new", "no", "confirmed"]


def test_a_batch_counts_what_left_and_names_what_did_not():
    letters = [(1, Posted(NOW, "sent")), (2, Posted(NOW, "queued")), (3, Posted(NOW, "failed", trouble="refused"))]
    batch = rules.batch_of(letters, NOW)
    assert (batch.total, batch.sent, batch.waiting, batch.failed) == (3, 1, 1, frozenset({3}))


# --- letters and sheets


def test_a_second_letter_to_a_silent_service_is_a_reminder():
    assert rules.kind_of("invited", 0) == "invitation" and rules.kind_of("invited", 1) == "reminder"
    assert rules.kind_of("declined", 3) == "invitation"


def test_a_letter_names_no_days_no_place_and_no_purpose():
    for kind in (rules.INVITATION, rules.REMINDER):
        text = "\n".join(rules.letter_lines(kind))
        params = dict.fromkeys(("service", "operation", "link", "until", "coordinator"), "X")
        assert text % params


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "＝1", "＠x", " =1", "\n=1"])
def test_nothing_in_a_sheet_is_taken_for_a_formula(text):
    assert rules.formula_safe(text).startswith("'")


@pytest.mark.parametrize("text", ["", "Windsor", "desk@example.org", "a=b", "3-4"])
def test_plain_text_stays_as_it_is(text):
    assert rules.formula_safe(text) == text
