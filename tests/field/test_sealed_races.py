"""One record posted many times at once, from threads and from two server processes, is stored once."""

from __future__ import annotations

import json
import threading
from contextlib import closing
from http.client import HTTPConnection

import pytest

from outreach.storage import db
from outreach.storage.tables import Contact, ContactVersion, SealedRecord
from outreach.storage.types import new_uid
from tests.bench.load import site_server
from tests.field.factories import a_person, an_entry, form_of
from tests.field.phone import body_of
from tests.field.sealed import a_phone, rows_of, sealed_contact, send
from tests.web.test_races import servers

__all__ = ["servers"]
JSON = {"Accept": "application/json", "Content-Type": "application/json"}


def at_once(posts):
    """Run every post in a thread of its own, all let go together; gives the receipts."""
    db.session.rollback()
    gate, receipts, wrong = threading.Barrier(len(posts)), [], []

    def run(post):
        gate.wait()
        try:
            receipts.append(post())
        except Exception as error:  # noqa: BLE001 - the test shows whatever a thread met
            wrong.append(error)

    threads = [threading.Thread(target=run, args=(post,)) for post in posts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert {receipt["state"] for receipt in receipts} == {"stored"}, receipts
    return receipts


def poster(app, client, envelope):
    """A post to one of the servers by a browser of its own, which has the session's cookie."""
    cookie, body = client.get_cookie("outreach").value, body_of(envelope)

    def post():
        with app.app_context():
            browser = app.test_client()
            browser.set_cookie("outreach", cookie)
            answer = browser.post("/field/sealed", data=body, headers=JSON)
            db.session.remove()
            return answer.get_json()

    return post


@pytest.mark.any_database
def test_one_record_from_many_threads_is_stored_once_with_one_receipt(servers, night, signed_in):
    officer = signed_in(night.officer)
    envelope = sealed_contact(night, a_phone(officer), a_person())
    receipts = at_once([poster(app, officer, envelope) for app in servers for _ in range(3)])
    assert len({receipt["proof"] for receipt in receipts}) == 1
    assert len(rows_of(Contact)) == len(rows_of(ContactVersion)) == len(rows_of(SealedRecord)) == 1


@pytest.mark.any_database
def test_one_uuid_from_two_tabs_in_other_bytes_is_one_contact(servers, night, signed_in):
    officer = signed_in(night.officer)
    phone, entry = a_phone(officer), an_entry(a_person())
    sealed = [sealed_contact(night, phone, entry=entry) for _ in range(3)]
    at_once([poster(app, officer, one) for app in servers for one in sealed])
    assert len(rows_of(Contact)) == 1 and len(rows_of(SealedRecord)) == 3


@pytest.mark.any_database
def test_one_correction_from_many_threads_changes_once(servers, night, signed_in):
    officer = signed_in(night.officer)
    phone = a_phone(officer)
    first = sealed_contact(night, phone, a_person(code=""))
    assert send(officer, first)[1]["state"] == "stored"
    fields = form_of(night, an_entry(a_person(code=""), municipality="Windsor"))
    change = phone.seal(
        phone.content(fields, contact=first.uid, base=1, by_clock=False), uid=new_uid(), kind="correction"
    )
    receipts = at_once([poster(app, officer, change) for app in servers for _ in range(3)])
    assert len({receipt["proof"] for receipt in receipts}) == 1
    assert len(rows_of(ContactVersion)) == 2


def test_two_real_server_processes_store_one(app, night, signed_in, instance):
    officer = signed_in(night.officer)
    phone = a_phone(officer)
    sealed = [sealed_contact(night, phone, a_person()) for _ in range(4)]
    cookie = {"Cookie": f"outreach={officer.get_cookie('outreach').value}"}
    db.session.remove()

    def to(port, envelope):
        def post():
            with closing(HTTPConnection("127.0.0.1", port)) as connection:
                connection.request("POST", "/field/sealed", body_of(envelope), {**JSON, **cookie})
                return json.loads(connection.getresponse().read())

        return post

    with site_server(instance) as port:
        receipts = at_once([to(port, envelope) for envelope in sealed for _ in range(4)])
    assert len({receipt["proof"] for receipt in receipts}) == 4
    assert len(rows_of(Contact)) == len(rows_of(SealedRecord)) == 4
