"""Sealed records come in: stored once, held for a person, or sent back with a receipt that says why."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from itertools import product

import pytest

from outreach.field import sealed_rules
from outreach.storage import db, writing
from outreach.storage.phone_keys import phone_keys
from outreach.storage.queries import removal
from outreach.storage.tables import (
    AuditEntry,
    Contact,
    ContactVersion,
    OperationKey,
    SealedRecord,
    TeamMember,
    Trial,
    User,
)
from outreach.storage.types import new_uid, utc_now
from outreach.vocab import OperationStatus, Role
from tests.factories import a_team, an_operation
from tests.field.factories import EVENING, a_night, a_person, an_entry, form_of
from tests.field.phone import body_of
from tests.field.sealed import a_phone, end_account, rows_of, sealed_contact, send, set_status, tags, the_record


def leave_the_team(night):
    with writing():
        db.session.query(TeamMember).filter_by(team_id=night.team.id).one().superseded_at = utc_now()


# --- stored -----------------------------------------------------------------------------------------------------------


@pytest.mark.any_database
def test_a_sealed_contact_is_stored_as_its_officers_with_a_receipt_that_the_phone_believes(app, night, officer, phone):
    envelope = sealed_contact(night, phone, a_person(), entry=None, taps=8)
    status, receipt = send(officer, envelope)
    assert (status, receipt["state"]) == (200, "stored"), receipt
    assert phone.knows(receipt, envelope)
    (contact,) = rows_of(Contact)
    assert (contact.uid, contact.created_by_id, contact.team_id) == (envelope.uid, night.officer.id, night.team.id)
    record = the_record()
    assert (record.state, record.contact_uid, record.content) == ("stored", envelope.uid, None)
    assert record.received_at.isoformat() == receipt["received_at"] and record.saved_at == phone.now
    assert tags()[-2:] == ["field.contact.log", "field.sealed.receive"]


def test_an_identical_resubmission_has_the_same_receipt_and_opens_nothing(night, officer, phone, monkeypatch):
    envelope = sealed_contact(night, phone, a_person())
    first = send(officer, envelope)
    monkeypatch.setattr(type(phone_keys()), "open", lambda *_: pytest.fail("a repeat was opened"))
    later = phone.at(phone.now + dt.timedelta(minutes=2)).proven(envelope)
    assert send(officer, envelope) == send(officer, later) == first
    assert len(rows_of(Contact)) == 1 and tags().count("field.contact.log") == 1


def test_the_same_content_sealed_again_is_the_same_contact(night, officer, phone):
    entry = an_entry(a_person())
    one = sealed_contact(night, phone, entry=entry, offset_ms=None)
    two = sealed_contact(night, phone.at(phone.now + dt.timedelta(minutes=1)), entry=entry, offset_ms=400)
    assert one.hashed != two.hashed
    for envelope in (one, two):
        status, receipt = send(officer, envelope)
        assert (status, receipt["state"]) == (200, "stored") and phone.knows(receipt, envelope)
    assert len(rows_of(Contact)) == 1


def test_the_same_uuid_with_other_content_is_kept_beside_and_flagged(night, officer, phone):
    entry = an_entry(a_person())
    other = replace(entry, municipality="Elsewhere")
    for said in (entry, other):
        assert send(officer, sealed_contact(night, phone, entry=said))[1]["state"] == "stored"
    one, two = rows_of(Contact)
    assert (one.conflict_of, two.conflict_of) == (None, entry.uid)


def test_a_practice_contact_goes_the_whole_way_and_is_stored_nowhere(night, officer, phone):
    before = tags("")
    envelope = phone.seal(phone.content({}), kind="practice")
    status, receipt = send(officer, envelope)
    assert (status, receipt["state"]) == (200, "stored") and phone.knows(receipt, envelope)
    assert send(officer, envelope) == (status, receipt)
    assert rows_of(Contact) == [] and tags("") == before
    record = the_record()
    assert (record.kind, record.content, record.contact_uid) == ("practice", None, None)


def test_a_practice_of_somebody_who_is_in_the_team_no_longer_says_so_and_waits_for_nobody(night, officer, phone):
    leave_the_team(night)
    envelope = phone.seal(phone.content({}), kind="practice")
    status, receipt = send(officer, envelope)
    assert (status, receipt["state"], receipt["reason"]) == (200, "left_out", "not_in_team")
    assert receipt["message"] and the_record().content is None


def test_a_practice_works_the_evening_before_the_operation_opens(night, officer, phone):
    set_status(night, OperationStatus.PLANNED)
    assert send(officer, phone.seal(phone.content({}), kind="practice"))[1]["state"] == "stored"


def test_a_rehearsal_measures_what_the_phone_counted(app, signed_in):
    with writing():
        night = a_night(an_operation(is_rehearsal=True))
    client = signed_in(night.officer)
    phone = a_phone(client)
    envelope = sealed_contact(night, phone, a_person(), taps=8, seconds=21)
    assert send(client, envelope)[0] == send(client, envelope)[0] == 200
    (trial,) = rows_of(Trial)
    assert (trial.taps, trial.seconds, trial.team_id) == (8, 21, night.team.id)


# --- whose it is ------------------------------------------------------------------------------------------------------


def test_without_a_session_a_record_stays_on_the_phone_until_its_officer_signs_in(app, night, phone, client):
    status, answer = send(client, sealed_contact(night, phone, a_person()))
    assert (status, answer["code"]) == (401, "sign_in_needed") and answer["fix"]
    assert not phone.knows(answer, sealed_contact(night, phone))
    assert rows_of(Contact) == [] and tags() == ["field.phone.prepare"]


def test_signing_in_again_sends_the_queue(night, phone, signed_in, client):
    envelope = sealed_contact(night, phone, a_person())
    assert send(client, envelope)[0] == 401
    assert send(signed_in(night.officer), envelope)[1]["state"] == "stored"


def test_another_person_on_the_same_phone_cannot_send_it(night, phone, signed_in):
    envelope = sealed_contact(night, phone, a_person())
    other = signed_in(night.coordinator)
    status, answer = send(other, envelope)
    assert (status, answer["state"], answer["code"]) == (422, "rejected", "wrong_person")
    own = a_phone(other, device=phone.device)
    stolen = own.proven(replace(envelope, ticket=own.ticket))  # her own ticket and key around somebody else's record
    assert send(other, stolen)[1]["code"] == "wrong_person"
    assert rows_of(Contact) == [] and tags()[-1] == "field.sealed.reject"


@pytest.mark.parametrize("who", ["nobody", "another"])
def test_records_of_an_ended_account_arrive_in_quarantine(app, night, phone, client, signed_in, who):
    sender = client if who == "nobody" else signed_in(night.coordinator)
    end_account(night.officer)
    envelope = sealed_contact(night, phone, a_person())
    status, receipt = send(sender, envelope)
    assert (status, receipt["state"], receipt["reason"]) == (200, "held", "account_ended")
    assert phone.knows(receipt, envelope) and receipt["message"]
    record = the_record()
    assert (record.user_id, record.contact_uid, record.state) == (night.officer.id, None, "held")
    assert sealed_rules.read_envelope(record.content) == envelope
    assert rows_of(Contact) == []
    entry = db.session.query(AuditEntry).filter_by(tag="field.sealed.hold").one()
    assert (entry.actor_id, entry.details) == (night.officer.id, {"reason": "account_ended"})


def test_an_ended_account_cannot_fill_the_disk_and_a_repeat_has_its_receipt(night, phone, client, monkeypatch):
    monkeypatch.setattr(sealed_rules, "MOST_OF_AN_ENDED_ACCOUNT", 1)
    end_account(night.officer)
    first, second = sealed_contact(night, phone, a_person()), sealed_contact(night, phone, a_person())
    assert send(client, first)[1]["state"] == "held"
    status, answer = send(client, second)
    assert (status, answer["state"], answer["code"]) == (422, "rejected", "too_many")
    assert send(client, first)[1]["state"] == "held" and len(rows_of(SealedRecord)) == 1


def test_an_ended_accounts_record_that_does_not_open_stays_on_the_phone(night, phone, client):
    end_account(night.officer)
    envelope = sealed_contact(night, phone, a_person())
    other = phone.proven(replace(envelope, sealed=envelope.sealed[:-1] + bytes([envelope.sealed[-1] ^ 1])))
    assert send(client, other)[1]["code"] == "tampered"


# --- held -------------------------------------------------------------------------------------------------------------


def test_who_left_the_team_has_her_record_held(night, officer, phone):
    leave_the_team(night)
    status, receipt = send(officer, sealed_contact(night, phone, a_person()))
    assert (status, receipt["state"], receipt["reason"]) == (200, "held", "not_in_team")
    assert rows_of(Contact) == [] and the_record().content


@pytest.mark.parametrize("status", [OperationStatus.CLOSED, OperationStatus.ARCHIVED, OperationStatus.PLANNED])
def test_an_operation_that_takes_no_entries_holds_the_record_and_explains(night, officer, phone, status):
    set_status(night, status)
    envelope = sealed_contact(night, phone, a_person())
    answered, receipt = send(officer, envelope)
    assert (answered, receipt["state"], receipt["reason"]) == (200, "held", "closed") and receipt["message"]
    assert phone.knows(receipt, envelope) and rows_of(Contact) == []
    assert send(officer, envelope) == (answered, receipt)


def test_an_operation_that_is_closed_while_a_record_is_opened_holds_it(night, officer, phone, monkeypatch):
    known = type(phone_keys()).open

    def closing(*args):
        set_status(night, OperationStatus.CLOSED)
        return known(*args)

    monkeypatch.setattr(type(phone_keys()), "open", closing)
    assert send(officer, sealed_contact(night, phone, a_person()))[1]["reason"] == "closed"
    assert rows_of(Contact) == [] and rows_of(ContactVersion) == []


@pytest.mark.parametrize("barred", [False, True])
def test_a_rehearsal_that_is_removed_while_a_phone_sends_is_no_error(app, signed_in, monkeypatch, barred):
    with writing():
        night = a_night(an_operation(is_rehearsal=True))
    client = signed_in(night.officer)
    phone = a_phone(client)
    if barred:
        leave_the_team(night)
    known, gone = type(phone_keys()).open, []

    def removing(*args):
        found = known(*args)
        with writing():
            removal.remove_operations([night.operation.id])
        gone.append(True)
        return found

    monkeypatch.setattr(type(phone_keys()), "open", removing)
    envelope = sealed_contact(night, phone, a_person())
    assert send(client, envelope)[0] == 404 and gone
    status, answer = send(client, envelope)
    assert (status, answer["code"]) == (422, "unknown_key")


def test_a_record_with_something_that_does_not_fit_is_held_with_its_findings(night, officer, phone):
    fields = form_of(night, an_entry(a_person())) | {"age-1": "old", "met_at": "yesterday"}
    status, receipt = send(officer, phone.seal(phone.content(fields)))
    assert (status, receipt["state"], receipt["reason"]) == (200, "held", "invalid")
    assert {found[0] for found in the_record().findings} == {"age-1", "met_at"}


def test_a_moment_at_the_end_of_the_calendar_is_no_error(night, officer, phone):
    for met_at, offset in product(("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"), (0, 10**12, -(10**12))):
        fields = form_of(night, an_entry()) | {"met_at": met_at}
        status, receipt = send(officer, phone.seal(phone.content(fields, offset_ms=offset)))
        assert status == 200 and receipt["state"] in ("held", "stored")


def test_a_record_whose_private_key_is_missing_is_held_sealed(night, officer, phone):
    phone_keys().destroy(phone.key)
    envelope = sealed_contact(night, phone, a_person())
    status, receipt = send(officer, envelope)
    assert (status, receipt["state"], receipt["reason"]) == (200, "held", "key_missing")
    assert sealed_rules.read_envelope(the_record().content) == envelope and the_record().saved_at is None


# --- sent back --------------------------------------------------------------------------------------------------------


def test_a_record_sealed_to_a_key_that_was_never_made_here_stays_on_the_phone(night, officer, phone):
    envelope = phone.seal(phone.content(form_of(night, an_entry())), key=new_uid())
    status, answer = send(officer, envelope)
    assert (status, answer["state"], answer["code"]) == (422, "rejected", "unknown_key")
    assert (answer["uid"], answer["hash"]) == (envelope.uid, envelope.hashed) and answer["fix"]
    assert not phone.knows(answer, envelope)


@pytest.mark.any_database
def test_a_record_sealed_to_a_key_that_only_the_key_store_remembers_is_stored_once(app, night, officer, phone):
    first, envelope = sealed_contact(night, phone, a_person()), sealed_contact(night, phone, a_person())
    assert send(officer, first)[1]["state"] == "stored"
    with writing():  # a backup from before the pair was made has been brought back
        db.session.query(OperationKey).delete()
    answer = send(officer, envelope)
    assert answer[1]["state"] == "stored" and phone.knows(answer[1], envelope) and send(officer, envelope) == answer
    assert send(officer, first)[1]["state"] == "stored" and len(rows_of(Contact)) == 2
    assert a_phone(officer, phone.device).key != phone.key


@pytest.fixture
def elsewhere(app, night, officer):
    """The same officer in a team of another operation, and what her phone has for it."""
    with writing():
        other = a_night()
        a_team(other.participation, night.officer, name="Team 2")
        db.session.get(User, night.officer.id).roles.append(
            type(night.officer.roles[0])(role=Role.FIELD_OFFICER.value, service_id=other.service.id)
        )
    return other


def test_a_record_for_another_operation_than_its_key_or_ticket_is_sent_back(night, elsewhere, officer):
    device = new_uid()
    here, there = a_phone(officer, device, 0), a_phone(officer, device, 1)
    assert here.key != there.key
    entry = an_entry()
    wrong = [
        here.seal(here.content(form_of(night, entry), team=there.team)),
        here.seal(here.content(form_of(night, entry)), ticket=there.ticket),
        replace(here, public_key=there.public_key).seal(here.content(form_of(night, entry)), key=there.key),
    ]
    for envelope in wrong:
        status, answer = send(officer, envelope)
        assert (status, answer["code"]) == (422, "wrong_operation")
    assert rows_of(Contact) == [] and tags().count("field.sealed.reject") == 3


def test_a_ticket_of_another_phone_or_none_is_unknown(night, officer, phone):
    other = a_phone(officer)
    envelope = sealed_contact(night, phone)
    for ticket in (other.ticket, "", "x.y.z", phone.ticket[:-2]):
        assert send(officer, replace(envelope, ticket=ticket))[1]["code"] == "unknown_ticket"
    assert "field.sealed.reject" not in tags()  # nobody of ours sent it


def test_whoever_is_not_signed_in_writes_nothing_into_the_journal(night, officer, phone, client):
    forged = replace(sealed_contact(night, phone), proof=b"x" * 32)
    for sender, noted in ((client, 0), (officer, 1)):
        assert send(sender, forged)[1]["code"] == "tampered"
        assert tags().count("field.sealed.reject") == noted


def test_an_oversized_record_is_refused_before_it_is_read(night, officer, phone):
    envelope = sealed_contact(night, phone)
    body = json.loads(body_of(envelope)) | {"more": "x" * sealed_rules.LARGEST}
    status, answer = send(officer, json.dumps(body).encode())
    assert (status, answer["state"], answer["code"]) == (413, "rejected", "too_large")
    assert send(officer, b"x" * (13 * 1024 * 1024))[0] == 413


NO_RECORD = [
    b"",
    b"{}",
    b"[]",
    b"null",
    b"\xff\xfe",
    b"[" * 60_000,
    b'{"format": 1}',
    b'{"format": 2}',
    b"uid=1&kind=x",
]
NO_HEAD = ["\ud800", "\x00", "é" * 20, 7, None, [], "x" * 700]
NO_TEXT = [
    b"",
    b"[]",
    b"{}",
    b"7",
    b"{" * 9000,
    b"\xff",
    b'{"saved_at": "now"}',
    b'{"saved_at": "2026-01-01T00:00:00"}',
    b'{"saved_at": "2026-01-01T00:00:00Z", "fields": []}',
]


def test_what_is_no_record_at_all_is_sent_back_and_leaves_no_trace(app, client):
    for body in NO_RECORD:
        status, answer = send(client, body)
        assert (status, answer["code"], answer["uid"]) == (422, "malformed", ""), body[:20]
    assert tags("") == []


def test_a_head_that_no_phone_of_ours_writes_is_sent_back(night, officer, phone):
    whole = json.loads(body_of(sealed_contact(night, phone)))
    for name, value in product(("key", "device", "owner", "uid", "ticket", "sent_at", "kind"), NO_HEAD):
        status, answer = send(officer, json.dumps(whole | {name: value}).encode())
        assert (status, answer["state"]) == (422, "rejected"), (name, value)
    assert rows_of(Contact) == []


def test_a_text_that_no_phone_of_ours_seals_is_sent_back(night, officer, phone):
    for text in NO_TEXT:
        status, answer = send(officer, phone.seal(text, uid=new_uid()))
        assert status == 422 and answer["code"] in ("malformed", "wrong_operation"), text[:20]
    assert rows_of(Contact) == []


def test_the_uuid_outside_is_the_uuid_inside(night, officer, phone):
    envelope = phone.seal(phone.content(form_of(night, an_entry())), uid=new_uid())
    assert send(officer, envelope)[1]["code"] == "malformed"
    assert rows_of(Contact) == []


# --- receipts ---------------------------------------------------------------------------------------------------------


def test_the_receipt_of_one_record_fits_no_other(night, officer, phone):
    one, two = sealed_contact(night, phone), sealed_contact(night, phone)
    receipt = send(officer, one)[1]
    assert phone.knows(receipt, one) and not phone.knows(receipt, two)
    moved = receipt | {"uid": two.uid, "hash": two.hashed}
    assert not phone.knows(moved, two)
    again = sealed_contact(night, phone, entry=an_entry(uid=one.uid))  # the same UUID, other bytes
    assert not phone.knows(receipt, again) and not phone.knows(receipt | {"hash": again.hashed}, again)
    assert not phone.knows(receipt | {"state": "held"}, one) and not phone.knows(receipt | {"received_at": "x"}, one)


def test_the_receipt_of_one_phone_is_believed_by_no_other(night, officer, phone):
    other, envelope = a_phone(officer), sealed_contact(night, phone)
    assert not other.knows(send(officer, envelope)[1], envelope)


def test_a_rejection_is_proven_and_never_removes_a_record(night, officer, phone):
    envelope = phone.seal(phone.content({}), uid=new_uid())
    answer = send(officer, envelope)[1]
    assert answer["state"] == "rejected" and answer["proof"] and not phone.knows(answer, envelope)


def test_receipts_are_never_kept_by_a_browser_and_speak_french(night, officer, phone):
    envelope = phone.seal(phone.content({}), uid=new_uid())
    answer = officer.post("/field/sealed", data=body_of(envelope), headers={"Accept-Language": "fr", "Accept": "*/*"})
    assert answer.headers["Cache-Control"] == "no-store" and answer.is_json


def test_another_site_cannot_make_a_browser_send(night, officer, phone):
    answer = officer.post(
        "/field/sealed",
        data=body_of(sealed_contact(night, phone)),
        headers={"Origin": "https://elsewhere.example", "Accept": "application/json"},
    )
    assert answer.status_code == 400 and rows_of(Contact) == []


# --- clocks -----------------------------------------------------------------------------------------------------------


@pytest.mark.any_database
@pytest.mark.parametrize("years", [10, -10])
def test_a_clock_ten_years_off_is_corrected_kept_and_flagged(app, night, officer, phone, years):
    off = dt.timedelta(days=365 * years)
    wrong = phone.at(utc_now() + off)
    fields = form_of(night, an_entry()) | {"met_at": (EVENING + off).isoformat()}
    for offset in (None, round(-off.total_seconds() * 1000)):
        envelope = wrong.seal(wrong.content(fields | {"uid": new_uid()}, offset_ms=offset))
        assert send(officer, envelope)[1]["state"] == "stored"
    for version in rows_of(ContactVersion):
        assert abs(version.met_at - EVENING) < dt.timedelta(minutes=1)
        assert version.timing == "inside"
    records = rows_of(SealedRecord)
    assert all(r.clock_off and abs(r.offset_ms + off.total_seconds() * 1000) < 60_000 for r in records)
    assert {r.saved_at for r in records} == {wrong.now}


def test_what_a_person_typed_is_never_corrected(night, officer, phone):
    fields = form_of(night, an_entry()) | {"met_at": "2017-10-16 21:38"}
    envelope = phone.seal(phone.content(fields, by_clock=False, offset_ms=3_600_000))
    assert send(officer, envelope)[1]["state"] == "stored"
    assert rows_of(ContactVersion)[0].met_at == EVENING and the_record().clock_off


def test_a_clock_that_was_set_between_saving_and_sending_is_flagged(night, officer, phone):
    content = phone.content(form_of(night, an_entry()), offset_ms=0)
    envelope = phone.at(utc_now() - dt.timedelta(minutes=6)).proven(phone.seal(content))
    assert send(officer, envelope)[1]["state"] == "stored"
    assert (the_record().clock_off, the_record().offset_ms) == (True, 0)


def test_a_clock_that_is_a_little_off_is_nobodys_business(night, officer, phone):
    content = phone.content(form_of(night, an_entry()), offset_ms=4 * 60_000)
    envelope = phone.at(utc_now() - dt.timedelta(minutes=4)).proven(phone.seal(content))
    assert send(officer, envelope)[1]["state"] == "stored"
    assert not the_record().clock_off
    assert rows_of(ContactVersion)[0].met_at == EVENING + dt.timedelta(minutes=4)


def test_the_window_is_judged_on_corrected_time(night, officer, phone):
    ends = night.operation.ends_at
    fields = form_of(night, an_entry()) | {"met_at": (ends + dt.timedelta(minutes=30)).isoformat()}
    envelope = phone.seal(phone.content(fields, offset_ms=-3_600_000))
    assert send(officer, envelope)[1]["state"] == "stored"
    assert rows_of(ContactVersion)[0].timing == "inside"
