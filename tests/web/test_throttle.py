"""Guessing is slow, however many guess at once, and tells nothing."""

import datetime as dt
import re
import threading

import time_machine

from outreach.storage import db
from outreach.storage.tables import AuditEntry, SignInFailure
from outreach.vocab import Role
from outreach.web import throttle
from tests.conftest import token_of
from tests.factories import PASSWORD, a_user

NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


def attempt(client, email, password):
    token = token_of(client.get("/sign-in"))
    return client.post("/sign-in", data={"email": email, "password": password, "csrf_token": token})


def bare(page, email):
    """The page without what differs by itself: the address that was typed and the token."""
    return re.sub(r'value="[^"]{40,}"', "", page.text.replace(email, "X"))


def test_four_failures_wait_for_nothing_and_five_for_a_quarter_of_an_hour():
    failures = [NOON + i * MINUTE for i in range(5)]
    assert throttle.wait_after(failures[:4], NOON + 5 * MINUTE) is None
    assert throttle.wait_after(failures, NOON + 5 * MINUTE) == 14 * MINUTE
    assert throttle.wait_after(failures, NOON + 19 * MINUTE) is None


def test_every_further_five_failures_double_the_wait_up_to_two_hours():
    waits = []
    failures = []
    now = NOON
    for _ in range(6):
        for _ in range(5):
            failures.append(now)
        wait = throttle.wait_after(failures, now)
        waits.append(wait // MINUTE)
        now += wait
    assert waits == [15, 30, 60, 120, 120, 120]


def test_never_more_than_five_in_fifteen_minutes():
    failures, now = [], NOON
    while now < NOON + dt.timedelta(hours=12):
        if throttle.wait_after(failures, now) is None:
            failures.append(now)
        now += MINUTE / 2
    for start in failures:
        assert sum(start <= at < start + 15 * MINUTE for at in failures) <= 5


def test_a_closed_account_opens_again_and_the_right_password_forgets_the_failures(app, client):
    user = a_user(Role.ADMINISTRATOR)
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(5):
            attempt(client, user.email, "x" * 20)
        assert "Wait 15 minutes" in attempt(client, user.email, PASSWORD).text
        clock.shift(15 * MINUTE)
        assert attempt(client, user.email, PASSWORD).status_code in (302, 303)
    failures = db.session.query(SignInFailure.key_hash).all()
    assert len(failures) == 5, "those of the address stay"
    assert len(set(failures)) == 1


def test_known_and_unknown_addresses_get_the_same_bytes_before_and_after_too_many(app):
    user = a_user(Role.ADMINISTRATOR)
    with time_machine.travel(NOON, tick=False):
        for _ in range(7):
            known = attempt(app.test_client(), user.email, "x" * 20)
            unknown = attempt(app.test_client(), "nobody@example.org", "x" * 20)
            assert known.status_code == unknown.status_code
            assert bare(known, user.email) == bare(unknown, "nobody@example.org")


def test_a_disabled_account_answers_as_a_wrong_password_does(app):
    user = a_user(Role.ADMINISTRATOR)
    user.active = False
    db.session.commit()
    disabled = attempt(app.test_client(), user.email, PASSWORD)
    unknown = attempt(app.test_client(), "nobody@example.org", PASSWORD)
    assert disabled.status_code == unknown.status_code == 200
    assert bare(disabled, user.email) == bare(unknown, "nobody@example.org")


def test_the_answers_are_french_for_who_reads_french(app, client):
    page = client.get("/sign-in", headers={"Accept-Language": "fr"})
    answer = client.post(
        "/sign-in",
        data={"email": "nobody@example.org", "password": "x" * 20, "csrf_token": token_of(page)},
        headers={"Accept-Language": "fr"},
    )
    assert "L’adresse courriel ou le mot de passe n’est pas le bon." in answer.text


def test_guesses_at_once_are_counted_before_the_password_is_looked_at(app):
    user = a_user(Role.ADMINISTRATOR)
    answers = []

    def guess():
        with app.app_context():
            answers.append(attempt(app.test_client(), user.email, "x" * 20).text)

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.rollback()
    assert sum("Too many attempts" in text for text in answers) == 7
    assert db.session.query(AuditEntry).filter_by(tag="account.session.refuse").count() == 5
