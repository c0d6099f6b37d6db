"""The same thing sent at once to two servers: the database alone decides, without the lock inside one process."""

import threading
from contextlib import nullcontext

import pytest
import time_machine

from outreach.app import create_app
from outreach.field.commands import log_contact
from outreach.storage import db, engine, writing
from outreach.storage.tables import Accused, Contact, ContactVersion, Meeting, Referral
from tests.conftest import Browser, settings, token_of
from tests.field.factories import EVENING, a_night, a_person, actor_of, an_entry, form_of

EACH = 3


@pytest.fixture
def servers(app, monkeypatch):
    """Two applications on one database, whose writes are queued by nothing but the database."""
    monkeypatch.setattr(engine._queue, "turn", nullcontext)
    monkeypatch.setattr(engine._queue, "join", lambda: None)
    monkeypatch.setattr(engine._queue, "leave", lambda: None)
    made = app.config["OUTREACH"]
    other = create_app(settings(made.instance_dir, made.database_url))
    other.test_client_class = Browser
    yield app, other
    with other.app_context():
        db.session.remove()
        db.engine.dispose()


def at_once(servers, client, url, bodies):
    """Send each of ``bodies`` to both servers at the same moment; the statuses, sorted."""
    token = token_of(client.get("/account"))
    cookie = client.get_cookie("outreach").value
    db.session.rollback()
    gate, statuses = threading.Barrier(len(bodies) * len(servers)), []

    def send(app, body):
        with app.app_context():
            browser = app.test_client()
            browser.set_cookie("outreach", cookie)
            gate.wait()
            statuses.append(browser.post(url, data=body | {"csrf_token": token}).status_code)
            db.session.remove()

    threads = [threading.Thread(target=send, args=(app, body)) for app in servers for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.rollback()
    db.session.expire_all()
    return sorted(statuses)


@pytest.mark.any_database
def test_a_contact_sent_to_two_servers_at_once_is_stored_once_and_other_content_beside_it(servers, signed_in):
    night = a_night()
    with time_machine.travel(EVENING, tick=False):
        entry = an_entry(a_person())
        one, two = form_of(night, entry), form_of(night, entry) | {"kits": "3"}
        client = signed_in(night.officer)
        assert at_once(servers, client, "/field/contacts", [one, one, two]) == [303] * 6
        stored = db.session.query(Contact).order_by(Contact.id).all()
        assert [contact.conflict_of for contact in stored] == [None, entry.uid]
        assert db.session.query(Meeting).count() == db.session.query(Referral).count() == 2


@pytest.mark.any_database
def test_of_many_changes_of_one_version_one_is_saved_and_the_others_are_told(servers, signed_in):
    night = a_night()
    with time_machine.travel(EVENING, tick=False):
        entry = an_entry(a_person())
        with writing():
            log_contact(actor_of(night.officer), night.place, entry)
        bodies = [form_of(night, entry) | {"kits": str(kits), "version": "1"} for kits in range(1, 1 + EACH)]
        statuses = at_once(servers, signed_in(night.officer), f"/field/contacts/{entry.uid}/edit", bodies)
        assert statuses == [303] + [409] * 5
        versions = db.session.query(ContactVersion).order_by(ContactVersion.version).all()
        assert [version.version for version in versions] == [1, 2]
        assert versions[0].superseded_at == versions[1].recorded_at and versions[1].superseded_at is None


@pytest.mark.any_database
def test_a_code_of_an_accused_is_given_once(servers, signed_in):
    night = a_night()
    with time_machine.travel(EVENING, tick=False):
        url = f"/operations/{night.operation.code}/services/{night.service.id}/charges"
        body = {"code": "A-01", "arrested": "no"}
        assert at_once(servers, signed_in(night.coordinator), url, [body] * EACH) == [303] + [422] * 5
        assert db.session.query(Accused).count() == 1
