"""A short write has its process to itself while it runs, and passes the turn on whatever becomes of it."""

import threading

import pytest
import time_machine

from outreach.errors import Unavailable
from outreach.storage import db, engine
from outreach.storage.tables import Contact
from tests.conftest import token_of
from tests.field.factories import EVENING, a_night, a_person, an_entry, form_of


def somebody_else_is_next():
    """Whether another thread could begin to write now."""
    free = []

    def look():
        free.append(engine._queue._threads.acquire(timeout=1))
        if free[0]:
            engine._queue._threads.release()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    return free[0]


def test_a_long_write_of_another_thread_is_told_as_unavailable_and_not_waited_for_without_end(app, client, monkeypatch):
    monkeypatch.setattr(engine, "BUSY_MS", 100)
    begun, over = threading.Event(), threading.Event()

    def long_import():
        with app.app_context(), engine.writers_wait():
            begun.set()
            over.wait(10)

    thread = threading.Thread(target=long_import)
    thread.start()
    assert begun.wait(5)
    with pytest.raises(Unavailable):
        engine.join_the_queue()
    with pytest.raises(Unavailable), engine.writing():
        pass
    answer = client.post("/field/contacts", data={"team": "any"}, headers={"Accept": "text/html"})
    assert (answer.status_code, answer.mimetype) == (503, "text/html")
    over.set()
    thread.join()
    assert somebody_else_is_next()


def test_the_turn_is_passed_on_after_a_contact_and_after_each_kind_of_refusal(app, signed_in):
    night = a_night()
    with time_machine.travel(EVENING, tick=False):
        client = signed_in(night.officer)
        form = form_of(night, an_entry(a_person())) | {"csrf_token": token_of(client.get("/account"))}
        sent = {
            "saved": (client, form, 303),
            "forged": (client, form | {"csrf_token": "x"}, 400),
            "wrong": (client, form | {"result": "unheard of"}, 422),
            "no such team": (client, form | {"team": "none"}, 404),
            "too large": (client, form | {"note": "x" * 13_000_000}, 413),
        }
        for what, (browser, body, status) in sent.items():
            assert browser.post("/field/contacts", data=body).status_code == status, what
            assert somebody_else_is_next(), what
    assert db.session.query(Contact).count() == 1


def test_while_another_thread_writes_a_contact_waits_before_it_asks_the_database_anything(app, signed_in):
    night = a_night()
    with time_machine.travel(EVENING, tick=False):
        client = signed_in(night.officer)
        form = form_of(night, an_entry(a_person())) | {"csrf_token": token_of(client.get("/account"))}
        statuses = []
        cookie = client.get_cookie("outreach").value

        def send():
            with app.app_context():
                browser = app.test_client()
                browser.set_cookie("outreach", cookie)
                statuses.append(browser.post("/field/contacts", data=form).status_code)
                db.session.remove()

        db.session.rollback()
        thread = threading.Thread(target=send)
        engine.join_the_queue()
        thread.start()
        thread.join(timeout=0.3)
        assert thread.is_alive() and statuses == []
        engine.leave_the_queue()
        thread.join()
    assert statuses == [303]
