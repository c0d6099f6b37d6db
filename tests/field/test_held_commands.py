"""Deciding on what waits: who may, what is stored, and nothing where it was refused."""

import datetime as dt

import pytest
import time_machine

from outreach.errors import Changed, Invalid, NotAllowed
from outreach.field import forms, held_commands
from outreach.storage import db, writing
from outreach.storage.queries import contacts, held, waiting
from outreach.storage.tables import AuditEntry, Contact, ContactVersion, SafeContact, SealedRecord
from outreach.storage.types import new_uid
from outreach.vocab import Role
from tests.factories import a_participation, a_service, a_user
from tests.field.factories import a_night, a_person, actor_of, an_entry, form_of
from tests.field.held import sent
from tests.field.phone import Phone

NINE = dt.datetime(2017, 10, 13, 1, 0, tzinfo=dt.UTC)  # 21:00 in Toronto


@pytest.fixture
def night(app):
    with time_machine.travel(NINE, tick=False):
        yield a_night()


@pytest.fixture
def phone(officer):
    return Phone.of(officer.get(f"/field/app/pack?device={new_uid()}").get_json(), now=NINE)


def take(user, record, typed=None, **more):
    with writing():
        found = db.session.get(SealedRecord, record.id)
        return held_commands.take(actor_of(user), found, typed, known=forms.known, **more)


def invalid(night, officer, phone, **wrong):
    entry = an_entry(a_person(reach_by="safe_phone", safe_way="519 555 0123"), met_at=NINE)
    record = sent(officer, phone, phone.content(form_of(night, entry) | wrong))
    assert record.reason == "invalid"
    return entry, record


@pytest.mark.any_database
def test_what_was_put_right_is_stored_with_what_only_the_phone_knew(night, officer, phone):
    entry, record = invalid(night, officer, phone, kits="many")
    typed = {name: v if isinstance(v, list) else [v] for name, v in form_of(night, entry).items()}
    for hidden in ("code-1", "safe_way-1", "uid"):
        del typed[hidden]
    assert take(night.coordinator, record, typed | {"kits": ["2"]}, reason="She told me") == entry.uid
    assert db.session.query(SafeContact).one().way_sealed is not None
    db.session.expire_all()
    (kept,) = db.session.query(SealedRecord).all()
    assert (kept.state, kept.contact_uid, kept.content, kept.decided_because) == (
        "taken",
        entry.uid,
        None,
        "She told me",
    )
    assert waiting.left_behind(night.operation.id) == [] and held.undecided() == []


def test_what_still_does_not_fit_is_refused_and_nothing_is_stored(night, officer, phone):
    entry, record = invalid(night, officer, phone, kits="many")
    typed = {name: v if isinstance(v, list) else [v] for name, v in form_of(night, entry).items()}
    with pytest.raises(Invalid) as refused:
        take(night.coordinator, record, typed | {"kits": ["9999"]})
    assert [finding.where for finding in refused.value.findings] == ["kits"]
    with pytest.raises(Invalid):
        take(night.coordinator, record)
    assert db.session.query(Contact).count() == 0
    assert db.session.query(AuditEntry).filter_by(tag="field.held.take").count() == 0
    assert [(one.number, one.service_id) for one in held.undecided([night.operation.id])] == [(1, night.service.id)]


def test_only_the_service_coordinator_takes(night, officer, phone):
    _, record = invalid(night, officer, phone, kits="many")
    other = a_service()
    a_participation(night.operation, other)
    for user in (
        night.officer,
        a_user(Role.OPERATION_COORDINATOR, operation=night.operation),
        a_user(Role.SERVICE_COORDINATOR, other),
        a_user(Role.ADMINISTRATOR),
    ):
        with pytest.raises(NotAllowed):
            take(user, record)


def test_a_correction_is_taken_over_the_version_that_was_seen_and_over_no_other(night, officer, phone):
    entry = an_entry(a_person(), met_at=NINE)
    sent(officer, phone, phone.content(form_of(night, entry)))
    content = phone.content(form_of(night, entry) | {"kits": "7"}, contact=entry.uid, base=9, reason="Counted again")
    record = sent(officer, phone, content, uid=new_uid(), kind="correction")
    assert record.reason == "changed"
    for seen in (0, 2):
        with pytest.raises(Changed):
            take(night.coordinator, record, seen=seen)
    assert take(night.coordinator, record, seen=1) == entry.uid
    assert [v.kits for v in db.session.query(ContactVersion).order_by(ContactVersion.version)] == [0, 7]
    assert contacts.contact_record(entry.uid).version.recorded_by_id == night.coordinator.id
