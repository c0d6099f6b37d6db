"""Records that waited for their key are opened once it is back, as if they had just arrived."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from click.testing import CliRunner

from outreach.auth.actors import SYSTEM
from outreach.cli import cli
from outreach.field import sealed_backlog_commands
from outreach.storage import db, writing
from outreach.storage.phone_keys import phone_keys
from outreach.storage.tables import AuditEntry, Contact, ContactVersion, Operation, SealedRecord
from outreach.storage.types import new_uid, utc_now
from outreach.vocab import OperationStatus
from tests.field.factories import EVENING, a_person, an_entry, form_of
from tests.field.sealed import end_account, records, rows_of, sealed_contact, send


@pytest.fixture
def lost(phone):
    """The private half of the phone's pair, taken out of the key store; calling it puts it back."""
    place = phone_keys().folder / f"{phone.key}.key"
    kept = place.read_bytes()
    phone_keys().destroy(phone.key)
    return lambda: place.write_bytes(kept)


def backlog(night, officer, phone, count):
    sent = [sealed_contact(night, phone, a_person()) for _ in range(count)]
    for envelope in sent:
        assert send(officer, envelope)[1]["reason"] == "key_missing"
    return sent


def open_backlog(shown=None):
    seen = [] if shown is None else shown
    db.session.rollback()
    return sealed_backlog_commands.open_backlog(SYSTEM, lambda done, total: seen.append((done, total)))


@pytest.mark.any_database
def test_the_backlog_is_stored_in_batches_with_progress_and_the_first_receipt(
    app, night, officer, phone, lost, monkeypatch
):
    monkeypatch.setattr(sealed_backlog_commands, "BATCH", 3)
    sent = backlog(night, officer, phone, 7)
    arrived = {record.uid: record.received_at for record in records()}
    assert open_backlog() == sealed_backlog_commands.Opened(0, 0, 7)
    lost()
    shown = []
    assert open_backlog(shown) == sealed_backlog_commands.Opened(7, 0, 0)
    assert shown == [(3, 7), (6, 7), (7, 7)]
    assert {c.uid for c in rows_of(Contact)} == {e.uid for e in sent}
    assert {c.created_by_id for c in rows_of(Contact)} == {night.officer.id}
    for record in records():
        assert (record.state, record.reason, record.content) == ("stored", "", None)
        assert record.received_at == arrived[record.uid] and record.saved_at is not None
    for envelope in sent:
        status, receipt = send(officer, envelope)
        assert (status, receipt["state"]) == (200, "stored") and phone.knows(receipt, envelope)
    opened = db.session.query(AuditEntry).filter_by(tag="field.sealed.open").all()
    assert [entry.details["rows"] for entry in opened] == [3, 3, 1]


def test_the_clock_is_the_one_of_then(night, officer, phone, lost):
    slow = phone.at(utc_now() - dt.timedelta(hours=2))
    fields = form_of(night, an_entry()) | {"met_at": (EVENING - dt.timedelta(hours=2)).isoformat()}
    send(officer, slow.seal(slow.content(fields, offset_ms=None)))
    lost()
    open_backlog()
    assert rows_of(ContactVersion)[0].met_at == EVENING and records()[0].clock_off


def test_what_may_not_be_stored_now_waits_for_a_person(night, officer, phone, lost):
    backlog(night, officer, phone, 1)
    with writing():
        db.session.get(Operation, night.operation.id).status = OperationStatus.CLOSED.value
    lost()
    assert open_backlog() == sealed_backlog_commands.Opened(0, 1, 0)
    assert (records()[0].reason, bool(records()[0].content)) == ("closed", True)
    assert open_backlog() == sealed_backlog_commands.Opened(0, 0, 0)


def test_records_of_an_ended_account_wait_for_a_person(night, officer, phone, lost):
    backlog(night, officer, phone, 2)
    end_account(night.officer)
    lost()
    assert open_backlog().held == 2 and {r.reason for r in records()} == {"account_ended"}


def test_what_does_not_open_waits_for_a_person_and_stops_nobody(night, officer, phone, lost):
    bad = phone.seal(b"no record at all", uid=new_uid())
    assert send(officer, bad)[1]["reason"] == "key_missing"
    backlog(night, officer, phone, 1)
    lost()
    assert open_backlog() == sealed_backlog_commands.Opened(1, 1, 0)
    assert records()[0].reason == "invalid" and records()[0].findings


def test_a_correction_in_the_backlog_follows_its_contact(night, officer, phone, lost):
    first = sealed_contact(night, phone, a_person(code=""))
    fields = form_of(night, an_entry(a_person(code=""), municipality="Windsor"))
    said = phone.content(fields, contact=first.uid, base=1, by_clock=False)
    for envelope in (first, phone.seal(said, uid=new_uid(), kind="correction")):
        assert send(officer, envelope)[1]["reason"] == "key_missing"
    lost()
    assert open_backlog().stored == 2
    assert [v.municipality for v in rows_of(ContactVersion)] == ["", "Windsor"]


def test_an_operation_that_is_closed_in_the_middle_of_it_loses_nothing(night, officer, phone, lost, monkeypatch):
    backlog(night, officer, phone, 3)
    lost()
    known = type(phone_keys()).open

    def closing(*args):
        found = known(*args)
        with writing():
            db.session.get(Operation, night.operation.id).status = OperationStatus.CLOSED.value
        return found

    monkeypatch.setattr(type(phone_keys()), "open", closing)
    opened = open_backlog()
    assert opened.stored + opened.held == 3 and opened.waiting == 0
    assert opened.stored == len(rows_of(Contact))


@pytest.mark.any_database
def test_run_twice_at_once_each_record_is_settled_once(app, night, officer, phone, lost, monkeypatch):
    monkeypatch.setattr(sealed_backlog_commands, "BATCH", 2)
    backlog(night, officer, phone, 8)
    lost()
    db.session.rollback()
    opened, wrong = [], []

    def run():
        try:
            with app.app_context():
                opened.append(sealed_backlog_commands.open_backlog(SYSTEM, lambda *_: None))
        except Exception as error:  # noqa: BLE001 - the test shows whatever a thread met
            wrong.append(error)
        finally:
            with app.app_context():
                db.session.remove()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == [] and sum(one.stored for one in opened) == 8
    assert len(rows_of(Contact)) == len(rows_of(SealedRecord)) == 8


def test_the_command_line_says_how_it_goes(app, night, officer, phone, lost):
    backlog(night, officer, phone, 2)
    lost()
    db.session.rollback()
    done = CliRunner().invoke(cli, ["unseal", "--progress"], obj=lambda: app)
    assert (done.exit_code, done.stderr) == (0, "Opened 2 of 2\n")
    assert done.stdout == "Stored 2. 0 wait for a decision, 0 for their key.\n"
    assert len(rows_of(Contact)) == 2
