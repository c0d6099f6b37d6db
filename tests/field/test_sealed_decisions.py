"""What a service coordinator decides on a record that waits: taken once, or left out with a reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from outreach.errors import Changed, Invalid, KeyMissing, NotAllowed, Unreadable
from outreach.field import commands, sealed_commands
from outreach.storage import db, writing
from outreach.storage.phone_keys import phone_keys
from outreach.storage.queries import contacts
from outreach.storage.tables import AuditEntry, Contact, ContactVersion, SealedRecord, TeamVersion
from outreach.storage.types import new_uid
from outreach.vocab import OperationStatus
from tests.field.factories import a_night, a_person, actor_of, an_entry, form_of
from tests.field.sealed import end_account, rows_of, sealed_contact, send, set_status, tags, the_record


@pytest.fixture
def held(night, officer, phone):
    """A contact that arrived after its operation was closed."""
    set_status(night, OperationStatus.CLOSED)
    envelope = sealed_contact(night, phone, a_person(), entry=an_entry(a_person(), note="by the lift"))
    assert send(officer, envelope)[1]["reason"] == "closed"
    return envelope


def decide(night, what, *args, who=None, **more):
    with writing():
        return what(actor_of(who or night.coordinator), the_record(), *args, **more)


@pytest.mark.any_database
def test_taking_stores_the_officers_contact_and_says_who_took_it(app, night, officer, phone, held):
    with pytest.raises(Invalid) as wrong:
        decide(night, sealed_commands.take, reason=" ")
    assert wrong.value.findings[0].where == "reason" and the_record().state == "held", "its figures may be signed"
    uid = decide(night, sealed_commands.take, reason="it was on my phone")
    assert uid == held.uid
    (contact,) = rows_of(Contact)
    assert (contact.uid, contact.created_by_id, contact.team_id) == (held.uid, night.officer.id, night.team.id)
    record = the_record()
    assert (record.state, record.contact_uid, record.content) == ("taken", held.uid, None)
    assert record.decided_by_id == night.coordinator.id and record.decided_at
    entry = db.session.query(AuditEntry).filter_by(tag="field.held.take").one()
    assert (entry.actor_id, entry.details) == (night.coordinator.id, {"reason": "closed"})
    status, receipt = send(officer, held)
    assert (status, receipt["state"]) == (200, "taken") and phone.knows(receipt, held)
    assert len(rows_of(Contact)) == 1


def test_taking_may_put_right_what_did_not_fit(night, officer, phone):
    fields = form_of(night, an_entry()) | {"met_at": "some day"}
    envelope = phone.seal(phone.content(fields))
    send(officer, envelope)
    with pytest.raises(Invalid):
        decide(night, sealed_commands.take)
    assert the_record().state == "held"
    right = an_entry(municipality="Windsor")
    assert decide(night, sealed_commands.take, right, "asked her") == envelope.uid
    assert rows_of(ContactVersion)[0].municipality == "Windsor" and the_record().decided_because == "asked her"


def test_what_a_phone_saved_before_its_account_ended_can_be_taken(night, phone, client):
    envelope = sealed_contact(night, phone, a_person())
    end_account(night.officer)
    assert send(client, envelope)[1]["reason"] == "account_ended"
    decide(night, sealed_commands.take)
    assert rows_of(Contact)[0].created_by_id == night.officer.id


def test_leaving_out_needs_a_reason_keeps_the_bytes_and_can_be_taken_back(night, officer, phone, held):
    with pytest.raises(Invalid):
        decide(night, sealed_commands.leave_out, "  ")
    decide(night, sealed_commands.leave_out, "logged twice")
    record = the_record()
    assert (record.state, record.decided_because, bool(record.content)) == ("left_out", "logged twice", True)
    assert tags()[-1] == "field.held.leave_out" and rows_of(Contact) == []
    status, receipt = send(officer, held)
    assert (status, receipt["state"]) == (200, "left_out") and phone.knows(receipt, held)
    with pytest.raises(Changed):
        decide(night, sealed_commands.leave_out, "again")
    assert decide(night, sealed_commands.take, reason="it was another one") == held.uid


def test_it_is_decided_once(night, held):
    decide(night, sealed_commands.take, reason="I was there")
    with pytest.raises(Unreadable):
        decide(night, sealed_commands.take, reason="I was there")
    with pytest.raises(Changed):
        decide(night, sealed_commands.leave_out, "too late")
    assert len(rows_of(Contact)) == 1


def test_nobody_else_decides(night, held):
    with writing():
        other = a_night()
    for who in (night.officer, other.coordinator):
        with pytest.raises(NotAllowed):
            decide(night, sealed_commands.take, who=who)
        with pytest.raises(NotAllowed):
            decide(night, sealed_commands.leave_out, "no", who=who)
    set_status(night, OperationStatus.ARCHIVED)
    with pytest.raises(NotAllowed):
        decide(night, sealed_commands.take)


def test_a_conflict_is_decided_by_a_person_and_becomes_a_version_in_her_name(night, officer, phone):
    first = sealed_contact(night, phone, a_person())
    send(officer, first)
    with writing():
        record = contacts.contact_record(first.uid)
        entry = replace(commands.entry_of(record), municipality="Elsewhere")
        commands.change_contact(actor_of(night.officer), record, entry, expected=1)
    fields = form_of(night, an_entry(a_person(code=""), municipality="Windsor"))
    content = phone.content(fields, contact=first.uid, base=1)
    change = phone.seal(content, uid=new_uid(), kind="correction")
    assert send(officer, change)[1]["reason"] == "changed"
    with writing():
        waits = db.session.query(SealedRecord).filter_by(uid=change.uid).one()
        uid = sealed_commands.take(actor_of(night.coordinator), waits, reason="she was there")
    assert uid == first.uid
    last = rows_of(ContactVersion)[-1]
    assert (last.version, last.municipality, last.reason) == (3, "Windsor", "she was there")
    assert last.recorded_by_id == night.coordinator.id


def test_a_record_without_its_key_cannot_be_read_by_anybody(night, officer, phone):
    phone_keys().destroy(phone.key)
    send(officer, sealed_contact(night, phone, a_person()))
    with pytest.raises(KeyMissing):
        sealed_commands.opened_of(the_record())
    decide(night, sealed_commands.leave_out, "the key is gone for good")
    assert the_record().state == "left_out"


def test_what_was_never_opened_when_it_came_goes_to_the_team_it_was_sent_for(night, officer, phone):
    with writing():
        other = a_night()
    place = phone_keys().folder / f"{phone.key}.key"
    kept = place.read_bytes()
    phone_keys().destroy(phone.key)
    fields = form_of(night, an_entry())
    send(officer, phone.seal(phone.content(fields, team=other.team.uid)))
    place.write_bytes(kept)
    decide(night, sealed_commands.take)
    assert rows_of(Contact)[0].team_id == night.team.id


def test_a_team_that_was_cancelled_since_keeps_its_contacts(night, officer, phone):
    with writing():
        db.session.query(TeamVersion).filter_by(team_id=night.team.id).one().cancelled = True
    assert send(officer, sealed_contact(night, phone, a_person()))[1]["reason"] == "not_in_team"
    decide(night, sealed_commands.take)
    assert (rows_of(Contact)[0].team_id, rows_of(Contact)[0].created_by_id) == (night.team.id, night.officer.id)
