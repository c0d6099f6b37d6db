"""An answer given again: only to the same request, only while nothing was written, never for long."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from sqlalchemy import URL, create_engine, text

from outreach.report import dashboard_views
from outreach.storage import db, writing
from outreach.storage.engine import sqlite_module
from outreach.storage.queries.operations import note_change
from outreach.storage.tables import SessionRecord
from outreach.storage.types import utc_now
from outreach.storage.watch import Watch
from outreach.vocab import Role
from outreach.web import again
from tests import factories as site
from tests.report import factories as facts

PAGE = "/operations/ONS-1/dashboard"
NOON = dt.datetime(2026, 3, 4, 12, 0, 10, tzinfo=dt.UTC)


@pytest.fixture
def kept(app):
    layer = again.register(app)
    yield layer
    layer.watch.close()


@pytest.fixture
def made(kept, monkeypatch):
    """How often the view was run."""
    runs = []
    real = dashboard_views.asked_of
    monkeypatch.setattr(dashboard_views, "asked_of", lambda operation: runs.append(operation.code) or real(operation))
    return runs


@pytest.fixture
def operation(app):
    part = site.a_participation(site.an_operation("ONS-1"))
    facts.a_contact(part, {})
    return part.operation_id


@pytest.fixture
def at_noon():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def test_the_same_answer_is_given_until_something_is_written(operation, made, at_noon, signed_in):
    client = signed_in(site.a_user(Role.ANALYST))
    client.get(PAGE)  # the first one sets the cookie with the token of forms
    first = client.get(PAGE)
    runs = len(made)
    again_ = client.get(PAGE)
    assert (again_.data, again_.headers.to_wsgi_list(), len(made)) == (first.data, first.headers.to_wsgi_list(), runs)
    with writing():
        note_change(operation)
    assert client.get(PAGE).status_code == 200 and len(made) > runs


def test_another_request_is_another_answer(operation, made, at_noon, signed_in):
    one, other = signed_in(site.a_user(Role.ANALYST)), signed_in(site.a_user(Role.COMMANDER))
    for _ in range(2):
        one.get(PAGE)
    runs = len(made)
    for client, path, more in (
        (other, PAGE, {}),
        (one, PAGE + "?order=name", {}),
        (one, PAGE, {"Accept-Language": "fr"}),
    ):
        client.get(path, headers=more)
        assert len(made) > runs, path
        runs = len(made)
    assert "Contacts by hour" not in other.get(PAGE).text


def test_a_session_that_is_ended_gets_nothing_more(operation, made, at_noon, signed_in):
    client = signed_in(site.a_user(Role.ANALYST))
    assert [client.get(PAGE).status_code for _ in range(3)] == [200] * 3
    with writing():
        row = db.session.query(SessionRecord).filter_by(revoked_at=None).one()
        row.revoked_at = utc_now()
    assert client.get(PAGE).status_code != 200


def test_it_ends_with_the_minute_and_with_the_session(operation, kept, made, at_noon, signed_in):
    client = signed_in(site.a_user(Role.ANALYST))
    client.get(PAGE)
    client.get(PAGE)
    assert {answer.until for answer in kept.answers.values()} == {NOON.replace(minute=1, second=0)}
    runs = len(made)
    at_noon.move_to(NOON + dt.timedelta(seconds=51))
    client.get(PAGE)
    assert len(made) > runs
    at_noon.move_to(NOON - dt.timedelta(hours=1))  # a clock that was set back: her cookie is of the future
    assert client.get(PAGE).status_code != 200


def test_what_writes_or_names_persons_or_sets_a_cookie_is_never_kept(operation, kept, at_noon, signed_in, client):
    analyst = signed_in(site.a_user(Role.ANALYST))
    for path in ("/operations/ONS-1/figures/persons_met", "/operations/ONS-1", "/account"):
        assert analyst.get(path).status_code == 200
    client.get(PAGE)
    client.post(PAGE)
    analyst.head(PAGE)
    assert not kept.answers
    assert again._plain(["200 OK", [("Content-Type", "text/html")]])
    for said in (["200 OK", [("Set-Cookie", "a=b")]], ["302 FOUND", []], ["404 NOT FOUND", []], []):
        assert not again._plain(said)


def test_room_is_bounded_and_the_oldest_goes_first(kept):
    for number in range(20):
        body = b"x" * (1_000_000 - again.BESIDE - 2)
        kept._put((f"{number:02}",), again.Answer("200 OK", [], body, 1, NOON, NOON))
    assert list(kept.answers) == [(f"{number}",) for number in range(12, 20)] and kept.taken == again.ROOM
    kept._put(("large",), again.Answer("200 OK", [], b"x" * again.ROOM, 1, NOON, NOON))
    assert ("large",) not in kept.answers


def test_long_requests_with_empty_answers_take_room_too(operation, kept, at_noon, signed_in, monkeypatch):
    monkeypatch.setattr(again, "ROOM", 50_000)
    client = signed_in(site.a_user(Role.ANALYST))
    client.get(PAGE)
    for number in range(40):
        first = client.get(f"{PAGE}/figures?junk={number}" + "x" * 3_000)
        same = {"If-None-Match": first.headers["ETag"]}
        assert client.get(f"{PAGE}/figures?junk={number}" + "x" * 3_000, headers=same).status_code == 304
    assert 0 < len(kept.answers) <= 50_000 // (again.BESIDE + 3_000)
    assert kept.taken == sum(again._cost(key, answer) for key, answer in kept.answers.items()) <= 50_000
    for key, answer in list(kept.answers.items()):
        kept._put(key, answer)
    assert kept.taken == sum(again._cost(key, answer) for key, answer in kept.answers.items())


def test_an_answer_that_was_begun_in_one_minute_is_not_given_through_the_next(operation, made, signed_in, monkeypatch):
    with time_machine.travel(NOON, tick=False) as clock:
        client = signed_in(site.a_user(Role.ANALYST))
        client.get(PAGE)
        clock.move_to(NOON.replace(second=59))
        real = dashboard_views._part
        monkeypatch.setattr(
            dashboard_views, "_part", lambda *all_: clock.move_to(NOON.replace(minute=1, second=1)) or real(*all_)
        )
        client.get(PAGE)
        monkeypatch.setattr(dashboard_views, "_part", real)
        runs = len(made)
        client.get(PAGE)
        assert len(made) > runs


def test_a_database_that_tells_nothing_keeps_nothing(operation, kept, made, at_noon, signed_in, monkeypatch):
    monkeypatch.setattr(kept.watch, "state", lambda: None)
    client = signed_in(site.a_user(Role.ANALYST))
    client.get(PAGE)
    client.get(PAGE)
    assert not kept.answers and len(made) >= 2


def _the_same_twice(watch):
    """A mark that was said twice running: PostgreSQL ends a transaction of its own now and then."""
    for _ in range(100):
        if (mark := watch.state()) == watch.state():
            return mark
    raise AssertionError("the mark moved although nobody wrote")


@pytest.mark.any_database
def test_the_mark_moves_with_each_commit_of_any_connection_and_not_while_nobody_writes(app, operation):
    watch, seen = Watch(db.engine), []
    for change in (None, *_changes(operation)):
        if change is not None:
            change()
        seen.append(_the_same_twice(watch))
    watch.close()
    assert None not in seen and len(set(seen)) == len(seen)


def _changes(operation):
    def by_the_session():
        with writing():
            note_change(operation)

    def by_another_connection():
        with db.engine.connect() as other:
            other.execute(text("UPDATE operation SET changes = changes + 1"))
            other.commit()

    return by_the_session, by_another_connection, by_the_session


@pytest.mark.any_database
def test_an_answer_that_was_made_before_a_commit_is_never_given_under_the_mark_after_it(app, operation):
    watch, before = Watch(db.engine), _changes_of(operation)
    with db.engine.connect() as writer:
        writer.execute(text("UPDATE operation SET changes = changes + 1"))
        mark = _the_same_twice(watch)
        assert _changes_of(operation) == before  # under this mark the number is the old one
        writer.commit()
    after = watch.state()
    assert after != mark and _changes_of(operation) == before + 1
    watch.close()


@pytest.mark.any_database
def test_what_is_rolled_back_changes_no_number_under_a_mark_that_stays(app, operation):
    watch, before = Watch(db.engine), _changes_of(operation)
    with db.engine.connect() as writer:
        writer.execute(text("UPDATE operation SET changes = changes + 1"))
        mark = _the_same_twice(watch)
        writer.rollback()
    assert _changes_of(operation) == before
    if db.engine.dialect.name == "postgresql":
        assert watch.state() != mark  # it is over, and what was kept meanwhile is asked for once more
    watch.close()


def _changes_of(operation):
    """As a new request reads it."""
    with db.engine.connect() as reader:
        return reader.execute(text("SELECT changes FROM operation WHERE id = :id"), {"id": operation}).scalar_one()


@pytest.mark.any_database
def test_a_connection_that_is_lost_tells_nothing_and_the_next_one_says_another_mark(app, operation):
    watch = Watch(db.engine)
    mark = _the_same_twice(watch)
    if db.engine.dialect.name == "postgresql":
        watch._asks.dbapi_connection.close()
        assert watch.state() is None
        assert watch.state() not in (None, mark)
    watch.close()


@pytest.mark.parametrize("app", ["postgresql"], indirect=True)
def test_postgresql_keeps_answers_until_something_is_written(operation, made, at_noon, signed_in):
    client = signed_in(site.a_user(Role.ANALYST))
    runs = [len(made) for _ in range(20) if client.get(PAGE).status_code == 200]
    assert len(set(runs)) < len(runs)  # it was given again at least once
    with writing():
        note_change(operation)
    ran = len(made)
    assert client.get(PAGE).status_code == 200 and len(made) > ran


def test_the_database_that_is_looked_at_is_the_one_of_its_path_whatever_signs_are_in_it(tmp_path):
    states = {}
    for name in ("A", "%41", "a?b#c d"):
        folder = tmp_path / name
        folder.mkdir()
        writer = sqlite_module().connect(str(folder / "outreach.sqlite3"), isolation_level=None)
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("CREATE TABLE one (number INTEGER)")
        watch = Watch(create_engine(URL.create("sqlite", database=str(folder / "outreach.sqlite3"))))
        before = watch.state()
        for step in ("INSERT INTO one VALUES (1)", "PRAGMA wal_checkpoint(TRUNCATE)", "INSERT INTO one VALUES (2)"):
            found = writer.execute(step).fetchall()
            assert not found or found[0][0] == 0  # looking keeps no checkpoint from ending
            states.setdefault(name, []).append(watch.state())
        writer.close()
        watch.close()
        assert before is not None and before != states[name][0] and states[name][0] != states[name][2]
