"""What a refused form may show and must leave behind: the journal's entry of reading, and nothing else."""

import datetime as dt

import pytest
import time_machine

from outreach.errors import Unavailable
from outreach.field.commands import log_contact
from outreach.storage import db, lasting, undo, writing
from outreach.storage.queries.journal import entry_insert
from outreach.storage.tables import AuditEntry, Referral, ReferralVersion
from outreach.vocab import Role
from tests.factories import a_user
from tests.field.factories import EVENING, a_night, a_person, actor_of, an_entry

AN_ENTRY = {
    "actor_id": None,
    "actor_name": "x",
    "tag": "field.contact.read",
    "outcome": "done",
    "kind": "",
    "object_id": "",
    "operation_id": None,
    "service_id": None,
    "details": {},
}


def _write_and_fail():
    with writing():
        lasting(entry_insert(), AN_ENTRY)
        raise Unavailable()


def entries(tag):
    return db.session.query(AuditEntry).filter_by(tag=tag).count()


@pytest.mark.any_database
def test_what_shall_last_outlives_undo_but_not_an_error(app):
    with writing():
        lasting(entry_insert(), AN_ENTRY)
        undo()
    assert entries("field.contact.read") == 1
    with pytest.raises(Unavailable):
        _write_and_fail()
    assert entries("field.contact.read") == 1
    with writing():
        undo()  # nothing of an earlier write comes back
    assert entries("field.contact.read") == 1


def test_a_safe_number_shown_beside_a_refused_move_is_entered_in_the_journal(app, signed_in, post):
    night = a_night()
    with time_machine.travel(EVENING, tick=False):
        with writing():
            person = a_person(reach_by="safe_phone", safe_way="519 555 0123")
            log_contact(actor_of(night.officer), night.place, an_entry(person))
        uid = db.session.query(Referral.uid).scalar()
        liaison = signed_in(a_user(Role.LIAISON, night.agency))
        post(liaison, f"/referrals/{uid}/pick-up")
        before, versions = entries("referrals.safe_contact.read"), db.session.query(ReferralVersion).count()
        page = post(liaison, f"/referrals/{uid}", {"seen": "2", "state": "no such state"})
        assert page.status_code == 422 and "519 555 0123" in page.text
        assert entries("referrals.safe_contact.read") == before + 1
        assert db.session.query(ReferralVersion).count() == versions


def test_a_note_shown_beside_a_refused_withdrawal_is_entered_in_the_journal(app, signed_in, post):
    night = a_night()
    with time_machine.travel(EVENING, tick=False), writing():
        entry = an_entry(a_person(), note="asked for a nurse")
        log_contact(actor_of(night.officer), night.place, entry)
    night.operation.entry_deadline_at = EVENING + dt.timedelta(hours=1)
    db.session.commit()
    with time_machine.travel(EVENING + dt.timedelta(hours=2), tick=False):
        coordinator = signed_in(night.coordinator)
        before = entries("field.contact.read")
        page = post(coordinator, f"/field/contacts/{entry.uid}/withdraw", {"version": "1", "reason": ""})
        assert page.status_code == 422 and "asked for a nurse" in page.text
        assert entries("field.contact.read") == before + 1
