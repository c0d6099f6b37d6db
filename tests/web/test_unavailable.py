"""A database that is locked or a disk that is full, as a person meets it: a clear page, and nothing lost on the way."""

import html
import re
from contextlib import contextmanager

import time_machine
from sqlalchemy import event, text

from outreach.storage import db
from outreach.storage.engine import sqlite_module
from outreach.storage.tables import AuditEntry, Contact, ContactVersion, Meeting, Referral
from tests.conftest import token_of
from tests.field.factories import EVENING, a_night, a_person, an_entry, form_of


def everything_written():
    return [db.session.query(table).count() for table in (Contact, ContactVersion, Meeting, Referral, AuditEntry)]


@contextmanager
def held_by_another_program(app):
    with db.engine.connect() as connection:
        connection.execute(text("PRAGMA busy_timeout=50"))
    other = sqlite_module().connect(str(app.config["OUTREACH"].sqlite_file), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@contextmanager
def full_disk(app):
    """No connection may make the database larger, and no page in it is free."""
    other = sqlite_module().connect(str(app.config["OUTREACH"].sqlite_file), isolation_level=None)
    other.execute("VACUUM")
    (pages,) = other.execute("PRAGMA page_count").fetchone()
    other.close()

    def limit(connection, *_more):
        connection.execute(f"PRAGMA max_page_count={pages}")

    event.listen(db.engine, "checkout", limit)
    try:
        yield
    finally:
        event.remove(db.engine, "checkout", limit)
        db.session.remove()
        db.engine.dispose()


def sent_again(page):
    """Address and fields of the form on the page, as its button would send them."""
    form = re.search(r'<form method="post" action="([^"]*)">(.*?)</form>', page.text.partition("<main")[2], re.S)
    assert form, page.text
    fields = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form[2]):
        fields.setdefault(name, []).append(html.unescape(value))
    return html.unescape(form[1]), fields


def test_a_contact_that_meets_a_locked_database_is_told_kept_and_sent_again(app, signed_in, post):
    night = a_night()
    with time_machine.travel(EVENING, tick=False):
        client = signed_in(night.officer)
        before = everything_written()
        entry = an_entry(a_person(), note="“Two” <lines>\nof it")
        token = token_of(client.get("/account"))
        with held_by_another_program(app):
            page = client.post("/field/contacts", data=form_of(night, entry) | {"csrf_token": token})
        assert page.status_code == 503
        assert "Nothing was saved" in page.text and page.headers["Cache-Control"] == "no-store"
        assert everything_written() == before
        address, fields = sent_again(page)
        assert fields["note"] == ["“Two” <lines>\nof it"] and "csrf_token" in fields
        assert client.post(address, data=fields).status_code == 303
    assert everything_written()[:3] == [1, 1, 1]


def test_a_contact_that_meets_a_full_disk_leaves_nothing_half_written(app, signed_in):
    night = a_night()
    with time_machine.travel(EVENING, tick=False):
        client = signed_in(night.officer)
        before = everything_written()
        token = token_of(client.get("/account"))
        form = form_of(night, an_entry(a_person(), note="x" * 4000)) | {"csrf_token": token}
        with full_disk(app):
            page = client.post("/field/contacts", data=form)
        assert page.status_code == 503 and "Nothing was saved" in page.text
        assert everything_written() == before
        assert client.post("/field/contacts", data=sent_again(page)[1]).status_code == 303


def test_a_password_is_never_on_the_page_that_offers_to_send_again(app, signed_in):
    night = a_night()
    client = signed_in(night.officer)
    token = token_of(client.get("/account"))
    secret = "a secret of the officer"
    typed = {"csrf_token": token, "name": "Jo", "password": secret}
    with held_by_another_program(app):
        page = client.post("/account", data=typed)
    assert page.status_code == 503
    assert secret not in page.text and "Send it again" not in page.text
