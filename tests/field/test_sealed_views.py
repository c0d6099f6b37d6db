"""Sealed records come in: stored once, held for a person, or sent back with a receipt that says why."""

from __future__ import annotations

import pytest

from outreach.storage import db, writing
from outreach.storage.tables import Contact, ContactVersion, SealedRecord
from outreach.storage.types import new_uid
from tests.field.factories import a_night, a_person, an_entry, form_of
from tests.field.phone import Phone, body_of

DEVICE = new_uid()


@pytest.fixture
def night(app):
    with writing():
        return a_night()


@pytest.fixture
def officer(night, signed_in):
    return signed_in(night.officer)


@pytest.fixture
def phone(officer):
    return Phone.of(officer.get(f"/field/app/pack?device={DEVICE}").get_json())


def send(client, envelope):
    """What the phone's sender does: JSON, no token; gives status and receipt."""
    body = envelope if isinstance(envelope, bytes) else body_of(envelope)
    answer = client.post(
        "/field/sealed", data=body, content_type="application/json", headers={"Accept": "application/json"}
    )
    return answer.status_code, answer.get_json()


def test_a_sealed_contact_is_stored_once_and_answered_with_a_proven_receipt(night, officer, phone):
    envelope = phone.seal(phone.content(form_of(night, an_entry(a_person(), note="by the lift"))))
    status, receipt = send(officer, envelope)
    assert (status, receipt["state"]) == (200, "stored"), receipt
    assert phone.knows(receipt, envelope)
    again, same = send(officer, envelope)
    assert (again, same) == (200, receipt)
    contact = db.session.query(Contact).one()
    assert contact.uid == envelope.uid and contact.created_by_id == night.officer.id
    record = db.session.query(SealedRecord).one()
    assert (record.state, record.contact_uid, record.content) == ("stored", envelope.uid, None)
    assert db.session.query(ContactVersion).one().note_sealed is not None
