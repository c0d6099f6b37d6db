"""Corrections and withdrawals made without signal: once, on the version that was seen, by the moment of saving."""

from __future__ import annotations

import datetime as dt
from itertools import product

import pytest

from outreach.field import commands
from outreach.storage import db, writing
from outreach.storage.queries import contacts
from outreach.storage.tables import ContactVersion, Operation, SignOff
from outreach.storage.types import new_uid, utc_now
from outreach.vocab import OperationStatus
from tests.field.factories import a_night, a_person, actor_of, an_entry, form_of
from tests.field.sealed import records, rows_of, sealed_contact, send, tags


@pytest.fixture
def contact(night, officer, phone):
    """The UUID of a contact that the phone has sent."""
    envelope = sealed_contact(night, phone, a_person(), entry=None)
    assert send(officer, envelope)[1]["state"] == "stored"
    return envelope.uid


def correction(night, phone, contact, *, base=1, municipality="Windsor", uid="", reason="", **more):
    fields = form_of(night, an_entry(a_person(code=""), municipality=municipality))
    content = phone.content(
        fields | {"uid": contact}, contact=contact, base=base, by_clock=False, reason=reason, **more
    )
    return phone.seal(content, uid=uid or new_uid(), kind="correction")


def withdrawal(phone, contact, *, base=1, **more):
    content = phone.content({}, contact=contact, base=base, reason="by mistake", **more)
    return phone.seal(content, uid=new_uid(), kind="withdrawal")


def change_it(night, contact, municipality="Elsewhere"):
    with writing():
        record = contacts.contact_record(contact)
        entry = commands.entry_of(record)
        changed = type(entry)(**{**vars(entry), "municipality": municipality})
        commands.change_contact(actor_of(night.officer), record, changed, expected=record.version.version)


def sign(night, at, reopened_at=None):
    with writing():
        signed = {"version": 1, "figures": {}, "figures_hash": "", "signed_by_id": night.coordinator.id}
        part = night.participation.id
        db.session.add(SignOff(participation_id=part, signed_at=at, reopened_at=reopened_at, **signed))


def latest():
    return rows_of(ContactVersion)[-1]


@pytest.mark.any_database
def test_a_correction_becomes_the_next_version_of_its_contact(app, night, officer, phone, contact):
    envelope = correction(night, phone, contact)
    status, receipt = send(officer, envelope)
    assert (status, receipt["state"]) == (200, "stored") and phone.knows(receipt, envelope)
    assert (latest().version, latest().municipality, latest().recorded_by_id) == (2, "Windsor", night.officer.id)
    assert records()[-1].contact_uid == contact and tags()[-2:] == ["field.contact.change", "field.sealed.receive"]
    assert send(officer, envelope) == (status, receipt) and len(rows_of(ContactVersion)) == 2


def test_the_same_correction_in_other_bytes_changes_once(night, officer, phone, contact):
    for _ in range(2):
        assert send(officer, correction(night, phone, contact))[1]["state"] == "stored"
    assert len(rows_of(ContactVersion)) == 2


def test_a_correction_of_what_somebody_changed_meanwhile_goes_to_a_person(night, officer, phone, contact):
    change_it(night, contact)
    envelope = correction(night, phone, contact)
    status, receipt = send(officer, envelope)
    assert (status, receipt["state"], receipt["reason"]) == (200, "held", "changed") and phone.knows(receipt, envelope)
    assert latest().municipality == "Elsewhere" and records()[-1].content
    assert send(officer, envelope) == (status, receipt)


def test_a_correction_that_somebody_else_made_too_changes_nothing(night, officer, phone, contact):
    send(officer, correction(night, phone, contact))
    assert send(officer, correction(night, phone, contact, base=1))[1]["state"] == "stored"
    assert len(rows_of(ContactVersion)) == 2


@pytest.mark.any_database
def test_a_withdrawal_counts_once(app, night, officer, phone, contact):
    for _ in range(2):
        assert send(officer, withdrawal(phone, contact))[1]["state"] == "stored"
    assert (latest().version, latest().withdrawn) == (2, True)


def test_a_withdrawal_of_what_changed_meanwhile_goes_to_a_person(night, officer, phone, contact):
    change_it(night, contact)
    assert send(officer, withdrawal(phone, contact))[1]["reason"] == "changed"
    assert not latest().withdrawn


def test_a_correction_before_its_contact_waits_on_the_phone(night, officer, phone):
    first = sealed_contact(night, phone, a_person(code=""))
    change = correction(night, phone, first.uid)
    status, answer = send(officer, change)
    assert (status, answer["state"], answer["code"]) == (409, "not_yet", "not_yet") and answer["message"]
    assert not phone.knows(answer, change) and records() == []
    assert send(officer, first)[1]["state"] == send(officer, change)[1]["state"] == "stored"
    assert latest().version == 2


def test_a_correction_whose_contact_never_comes_goes_to_a_person_in_the_end(night, officer, phone):
    before = phone.at(utc_now() - dt.timedelta(days=2))
    change = phone.proven(correction(night, before, new_uid()))
    assert send(officer, change)[1]["reason"] == "invalid"
    assert records()[-1].findings[0][0] == "contact"


def test_a_correction_of_a_contact_that_waits_for_a_person_waits_beside_it(night, officer, phone):
    fields = form_of(night, an_entry()) | {"met_at": "some day"}
    first = phone.seal(phone.content(fields))
    assert send(officer, first)[1]["reason"] == "invalid"
    assert send(officer, correction(night, phone, first.uid))[1]["reason"] == "invalid"
    assert rows_of(ContactVersion) == []


def test_a_correction_finds_its_contact_where_other_content_had_taken_its_uuid(night, officer, phone):
    entry = an_entry(a_person())
    with writing():
        commands.log_contact(actor_of(night.coordinator), night.place, entry)
    assert (
        send(officer, sealed_contact(night, phone, a_person(), entry=an_entry(uid=entry.uid)))[1]["state"] == "stored"
    )
    assert send(officer, correction(night, phone, entry.uid))[1]["state"] == "stored"
    assert latest().recorded_by_id == night.officer.id and latest().contact_id != rows_of(ContactVersion)[0].contact_id


def test_somebody_elses_contact_is_as_one_that_is_not_there(night, officer, phone, signed_in):
    with writing():
        other = a_night()
        entry = an_entry(a_person())
        commands.log_contact(actor_of(other.officer), other.place, entry)
    answers = []
    for uid in (entry.uid, new_uid()):
        status, answer = send(officer, correction(night, phone, uid))
        answers.append((status, {k: v for k, v in answer.items() if k not in ("uid", "hash", "proof", "received_at")}))
    assert answers[0] == answers[1] and answers[0][0] == 409
    assert len(rows_of(ContactVersion)) == 1


def test_a_correction_that_does_not_fit_is_held_with_its_findings(night, officer, phone, contact):
    content = phone.content({"result": "met", "persons": "1"}, contact=contact, base=1)
    status, receipt = send(officer, phone.seal(content, uid=new_uid(), kind="correction"))
    assert (status, receipt["reason"]) == (200, "invalid")
    assert {found[0] for found in records()[-1].findings} == {"met_at"}


def test_a_change_of_nothing_in_particular_is_sent_back(night, officer, phone):
    nothing = ({}, {"contact": "x", "base": 1}, {"contact": new_uid()}, {"contact": new_uid(), "base": -1})
    for kind, said in product(("correction", "withdrawal"), nothing):
        assert send(officer, phone.seal(phone.content({}, **said), uid=new_uid(), kind=kind))[1]["code"] == "malformed"


# --- by the moment of saving ------------------------------------------------------------------------------------------


def deadline(night, at):
    with writing():
        db.session.get(Operation, night.operation.id).entry_deadline_at = at


@pytest.mark.parametrize(("minutes", "state"), [(-10, "stored"), (10, "held")])
def test_the_deadline_is_the_one_at_which_it_was_saved(night, officer, phone, contact, minutes, state):
    passed = utc_now() - dt.timedelta(hours=1)
    deadline(night, passed)
    saved = phone.at(passed + dt.timedelta(minutes=minutes))
    receipt = send(officer, phone.proven(correction(night, saved, contact)))[1]
    assert (receipt["state"], receipt.get("reason", "")) == (state, "closed" if state == "held" else "")


def test_the_deadline_is_judged_on_corrected_time(night, officer, phone, contact):
    passed = utc_now() - dt.timedelta(hours=1)
    deadline(night, passed)
    slow = phone.at(passed - dt.timedelta(minutes=10))
    late = correction(night, slow, contact, offset_ms=20 * 60_000)
    assert send(officer, late)[1]["reason"] == "closed"


@pytest.mark.parametrize(("hours", "state"), [(-3, "stored"), (-1, "held")])
def test_what_was_saved_before_the_service_signed_still_counts(night, officer, phone, contact, hours, state):
    sign(night, utc_now() - dt.timedelta(hours=2))
    saved = phone.at(utc_now() + dt.timedelta(hours=hours))
    assert send(officer, phone.proven(correction(night, saved, contact)))[1]["state"] == state


def test_a_signature_that_was_taken_back_closes_nothing_afterwards(night, officer, phone, contact):
    sign(night, utc_now() - dt.timedelta(hours=3), reopened_at=utc_now() - dt.timedelta(hours=2))
    assert send(officer, correction(night, phone, contact))[1]["state"] == "stored"


@pytest.mark.parametrize("status", [OperationStatus.CLOSED, OperationStatus.ARCHIVED])
def test_a_closed_operation_holds_a_correction(night, officer, phone, contact, status):
    with writing():
        db.session.get(Operation, night.operation.id).status = status.value
    assert send(officer, correction(night, phone, contact))[1]["reason"] == "closed"
    assert len(rows_of(ContactVersion)) == 1


def test_a_reason_in_signs_that_no_database_holds_is_kept_without_them(night, officer, phone, contact):
    envelope = correction(night, phone, contact, reason="a\x00b\ud800c")
    assert send(officer, envelope)[1]["state"] == "stored"
    assert latest().reason == "abc"
