"""Logging once, joining by code, changing and withdrawing: refused, done, audited."""

import dataclasses
import datetime as dt
import threading

import pytest

from outreach.errors import Changed, Invalid, NotAllowed
from outreach.field import commands, draft_commands, rules
from outreach.storage import db, writing
from outreach.storage.queries import contacts
from outreach.storage.queries import field as rows
from outreach.storage.tables import (
    AuditEntry,
    Contact,
    ContactDraft,
    ContactVersion,
    Meeting,
    Operation,
    Person,
    Referral,
    ReferralVersion,
    SafeContact,
    SignOff,
)
from outreach.storage.types import new_uid, utc_now
from outreach.vocab import OperationStatus, Role
from tests.factories import a_participation, a_service, a_team, a_user, an_operation
from tests.field.factories import EVENING, a_night, a_person, actor_of, an_entry

any_database = pytest.mark.any_database


def log(night, entry, user=None):
    with writing():
        return commands.log_contact(actor_of(user or night.officer), night.place, entry)


def tags():
    return [tag for (tag,) in db.session.query(AuditEntry.tag).order_by(AuditEntry.id)]


def all_of(table):
    db.session.expire_all()
    return db.session.query(table).order_by(table.id).all()


def record_of(uid):
    db.session.expire_all()
    return contacts.contact_record(uid)


@any_database
def test_a_contact_is_stored_with_its_person_its_referral_and_its_entry_in_the_journal(app):
    night = a_night()
    person = a_person(age="16_17", urgent=True, safe_way="519-555-0100", reach_by="safe_phone")
    receipt = log(night, an_entry(person, place_kind="hotel", kits=1, note="red door"))
    (contact,), (version,), (meeting,), (row,) = (all_of(t) for t in (Contact, ContactVersion, Meeting, Person))
    assert (contact.uid, contact.created_by_id, contact.team_id) == (receipt.uid, night.officer.id, night.team.id)
    assert (version.day, version.timing, version.kits) == (dt.date(2017, 10, 16), "inside", 1)
    assert (meeting.age_believed, meeting.answer, meeting.standing) == ("16_17", "accepted", True)
    assert meeting.person_key == row.id == row.join_key
    assert meeting.agreed_record_at == version.recorded_at and meeting.agreed_talk_at is None
    assert b"red door" not in version.note_sealed and person.code.encode() not in row.code_sealed
    assert commands.code_of(row) == person.code
    assert commands.entry_of(record_of(contact.uid)).note == "red door"
    (referral,) = all_of(Referral)
    (state,) = all_of(ReferralVersion)
    assert (referral.person_id, state.agency_id, state.urgent) == (row.id, night.agency.id, True)
    assert db.session.query(SafeContact).one().way_sealed
    assert tags() == ["referrals.referral.make", "field.contact.log"]
    assert db.session.get(Operation, night.operation.id).changes == 1


@any_database
def test_the_same_submission_twice_is_stored_once_with_the_same_receipt(app):
    night = a_night()
    entry = an_entry(a_person())
    first, second = log(night, entry), log(night, entry)
    assert first == second
    assert len(all_of(Contact)) == len(all_of(Meeting)) == len(all_of(Referral)) == 1
    assert tags()[-1] == "field.contact.repeat"
    assert db.session.get(Operation, night.operation.id).changes == 1


@any_database
def test_the_same_uuid_with_other_content_keeps_both_and_flags_the_later(app):
    night = a_night()
    entry = an_entry(a_person())
    other = dataclasses.replace(entry, municipality="Elsewhere")
    first, second, third = log(night, entry), log(night, other), log(night, other)
    assert second.conflict and second == third and not first.conflict
    kept = all_of(Contact)
    assert [c.conflict_of for c in kept] == [None, entry.uid]
    assert "field.contact.conflict" in tags()
    one, two = all_of(Person)
    assert two.join_key == one.id and not two.code_conflict  # the same card in the same hand


@any_database
def test_parallel_duplicates_are_stored_once(app):
    night = a_night()
    entry = an_entry(a_person())
    actor, place = actor_of(night.officer), night.place
    db.session.rollback()
    receipts, wrong = [], []

    def send():
        try:
            with app.app_context(), writing():
                receipts.append(commands.log_contact(actor, place, entry))
        except Exception as error:  # noqa: BLE001 - the test shows whatever a thread met
            wrong.append(error)
        finally:
            with app.app_context():
                db.session.remove()

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(set(receipts)) == 1 and len(receipts) == 6
    assert len(all_of(Contact)) == 1


@any_database
def test_a_code_brought_again_joins_the_person_across_the_tree(app):
    root = an_operation("ROOT")
    here, there = a_night(parent=root), a_night(parent=root)
    person = a_person()
    log(here, an_entry(person))
    log(there, an_entry(a_person(code=person.code, claimed=True)))
    first, second = all_of(Person)
    assert second.join_key == first.id and second.claimed and not second.code_conflict
    assert {m.person_key for m in all_of(Meeting)} == {first.id}


@any_database
def test_a_code_issued_twice_is_two_persons_and_a_question(app):
    night = a_night()
    person = a_person()
    log(night, an_entry(person))
    log(night, an_entry(person))
    first, second = all_of(Person)
    assert (first.join_key, second.join_key) == (first.id, second.id)
    assert (first.code_conflict, second.code_conflict) == (False, True)


def test_a_code_that_is_brought_before_its_issue_arrives_joins_it(app):
    night = a_night()
    person = a_person()
    log(night, an_entry(a_person(code=person.code, claimed=True)))
    log(night, an_entry(person))
    first, second = all_of(Person)
    assert second.join_key == first.id and not second.code_conflict


def test_an_unknown_code_is_taken_as_any_other(app):
    night = a_night()
    log(night, an_entry(a_person(code=rules.make_code(), claimed=True)))
    (person,) = all_of(Person)
    assert person.join_key == person.id and person.claimed


def test_codes_of_another_tree_do_not_join(app):
    here, there = a_night(), a_night()
    person = a_person()
    log(here, an_entry(person))
    log(there, an_entry(a_person(code=person.code, claimed=True)))
    first, second = all_of(Person)
    assert second.join_key == second.id and first.code_mark != second.code_mark


@any_database
def test_who_does_not_agree_to_be_recorded_leaves_only_the_meeting(app):
    night = a_night()
    log(night, an_entry(a_person(agreed=(), safe_way="519-555-0100", reach_by="safe_phone"), note="blue coat"))
    (meeting,), (person,), (version,) = all_of(Meeting), all_of(Person), all_of(ContactVersion)
    assert (meeting.age_believed, meeting.gender_believed, meeting.answer) == ("not_known",) * 3
    assert person.code_sealed is None and person.code_mark is None and version.note_sealed is None
    assert all_of(Referral) == []


def test_several_persons_are_one_contact(app):
    night = a_night()
    log(night, an_entry(a_person(), a_person(answer="declined"), a_person(answer="not_offered")))
    assert [m.position for m in all_of(Meeting)] == [1, 2, 3]
    assert len(all_of(Contact)) == 1 and len(all_of(Referral)) == 1


@any_database
def test_times_outside_the_window_are_accepted_and_flagged(app):
    night = a_night()
    for hours in (-24 * 30, 0, 24 * 400, 24 * 365 * 3):
        log(night, an_entry(met_at=EVENING + dt.timedelta(hours=hours)))
    assert [v.timing for v in all_of(ContactVersion)] == ["early", "inside", "late", "late"]


def test_the_participations_own_window_goes_before_the_operations(app):
    operation = an_operation()
    service = a_service()
    part = a_participation(operation, service, starts_at=EVENING + dt.timedelta(hours=1))
    officer = a_user(Role.FIELD_OFFICER, service)
    team = a_team(part, officer)
    with writing():
        commands.log_contact(actor_of(officer), rows.logging_place(team.uid), an_entry())
    assert all_of(ContactVersion)[0].timing == "early"


def close(night):
    with writing():
        db.session.get(Operation, night.operation.id).status = OperationStatus.CLOSED.value


@any_database
def test_a_repeat_has_its_receipt_after_closing_but_nothing_new_is_stored(app):
    night = a_night()
    entry = an_entry(a_person())
    other = dataclasses.replace(entry, municipality="Elsewhere")
    first, beside = log(night, entry), log(night, other)
    close(night)
    assert (log(night, entry), log(night, other)) == (first, beside)
    assert tags()[-1] == "field.contact.repeat"
    for refused in (an_entry(a_person()), dataclasses.replace(entry, kits=7)):
        with pytest.raises(NotAllowed):
            log(night, refused)
    with pytest.raises(NotAllowed):
        log(night, entry, night.coordinator)
    assert len(all_of(Contact)) == 2


@any_database
def test_an_operation_that_closes_between_the_reading_and_the_storing_refuses_the_contact(app):
    night = a_night()
    actor, place = actor_of(night.officer), night.place
    new = commands.prepare_contact(actor, place, an_entry(a_person()), "contact.log")
    close(night)
    with pytest.raises(NotAllowed), writing():
        commands.store_contact(actor, new)
    assert all_of(Contact) == [] and all_of(Person) == []
    assert db.session.get(Operation, night.operation.id).changes == 0


def test_logging_is_refused_to_other_teams_services_and_states(app):
    night, other = a_night(), a_night()
    stranger = a_user(Role.FIELD_OFFICER, night.service)  # of the service, not of the team
    for user in (stranger, other.officer, other.coordinator, a_user(Role.OPERATION_COORDINATOR)):
        with pytest.raises(NotAllowed):
            log(night, an_entry(), user)
    for status in (OperationStatus.PLANNED, OperationStatus.CLOSED):
        quiet = a_night(status=status)
        with pytest.raises(NotAllowed):
            log(quiet, an_entry())
    assert all_of(Contact) == []


def test_a_coordinator_logs_for_a_team_by_radio_and_a_partners_officer_for_the_joint_team(app):
    night = a_night()
    log(night, an_entry(), night.coordinator)
    partner = a_service()
    a_participation(night.operation, partner)
    guest = a_user(Role.FIELD_OFFICER, partner)
    joint = a_team(night.participation, guest, name="Joint", partners=(partner.id,))
    with writing():
        commands.log_contact(actor_of(guest), rows.logging_place(joint.uid), an_entry())
    assert [c.service_id for c in all_of(Contact)] == [night.service.id] * 2


def test_an_agency_that_takes_no_part_is_refused_and_nothing_is_stored(app):
    night = a_night()
    foreign = a_night().agency
    with pytest.raises(Invalid) as caught:
        log(night, an_entry(a_person(answer="declined"), a_person(agency_id=foreign.id)))
    assert caught.value.findings[0].where == "agency-2"
    assert all_of(Contact) == [] and all_of(Person) == [] and tags() == []


def test_a_failure_half_way_leaves_nothing(app, monkeypatch):
    night = a_night()
    monkeypatch.setattr(rows, "add_meetings", lambda rows: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        log(night, an_entry(a_person()))
    assert [all_of(t) for t in (Contact, ContactVersion, Person)] == [[], [], []]


def change(night, uid, user=None, expected=1, reason="", **more):
    record = record_of(uid)
    entry = dataclasses.replace(commands.entry_of(record), **more)
    with writing():
        commands.change_contact(
            actor_of(user or night.officer), record_of(uid), entry, expected=expected, reason=reason
        )


@any_database
def test_a_change_keeps_the_former_version_and_its_meetings(app):
    night = a_night()
    uid = log(night, an_entry(a_person(age="18"), note="first")).uid
    record = record_of(uid)
    person = dataclasses.replace(commands.entry_of(record).persons[0], age="19_24")
    change(night, uid, persons=(person,), note="second")
    first, second = all_of(ContactVersion)
    assert first.superseded_at == second.recorded_at and second.version == 2
    before, after = all_of(Meeting)
    assert (before.age_believed, after.age_believed) == ("18", "19_24")
    assert before.superseded_at == after.recorded_at and before.person_id == after.person_id
    assert after.agreed_record_at == before.agreed_record_at  # given once, and still the same agreement
    assert len(all_of(Referral)) == 1
    assert tags()[-1] == "field.contact.change"
    assert db.session.get(Operation, night.operation.id).changes == 2


def test_accepting_later_makes_the_referral_then(app):
    night = a_night()
    uid = log(night, an_entry(a_person(answer="undecided"))).uid
    person = dataclasses.replace(commands.entry_of(record_of(uid)).persons[0], answer="accepted", reach_by="here")
    change(night, uid, persons=(person,))
    assert len(all_of(Referral)) == 1


def test_an_agreement_taken_back_destroys_the_code_and_the_answers(app):
    night = a_night()
    uid = log(night, an_entry(a_person())).uid
    person = dataclasses.replace(commands.entry_of(record_of(uid)).persons[0], agreed=())
    change(night, uid, persons=(person,))
    (row,) = all_of(Person)
    assert row.code_sealed is None and row.code_mark is None
    assert all_of(Meeting)[-1].age_believed == "not_known"


@any_database
def test_a_change_of_what_somebody_else_changed_is_refused(app):
    night = a_night()
    uid = log(night, an_entry()).uid
    change(night, uid, kits=1)
    with pytest.raises(Changed):
        change(night, uid, kits=2)
    assert all_of(ContactVersion)[-1].kits == 1


@any_database
def test_a_withdrawn_contacts_persons_stand_no_longer_and_its_referral_does(app):
    night = a_night()
    uid = log(night, an_entry(a_person())).uid
    for _ in range(2):
        with writing():
            record = record_of(uid)
            commands.withdraw_contact(actor_of(night.officer), record, expected=record.version.version)
    versions = all_of(ContactVersion)
    assert [v.withdrawn for v in versions] == [False, True]
    assert [m.standing for m in all_of(Meeting)] == [True, False]
    assert len(all_of(Referral)) == 1
    assert tags().count("field.contact.withdraw") == 1


def closed_by_deadline(night):
    with writing():
        operation = db.session.get(Operation, night.operation.id)
        operation.entry_deadline_at = utc_now() - dt.timedelta(minutes=1)


def closed_by_signature(night):
    with writing():
        signed = SignOff(
            participation_id=night.participation.id, version=1, signed_at=utc_now(), figures={}, figures_hash=""
        )
        db.session.add(signed)


@pytest.mark.parametrize("close", [closed_by_deadline, closed_by_signature])
def test_after_signature_or_deadline_only_the_coordinator_changes_and_only_with_a_reason(app, close):
    night = a_night()
    uid = log(night, an_entry()).uid
    close(night)
    with pytest.raises(NotAllowed):
        change(night, uid, kits=1)
    with pytest.raises(NotAllowed), writing():
        commands.withdraw_contact(actor_of(night.officer), record_of(uid), expected=1, reason="x")
    with pytest.raises(Invalid) as caught:
        change(night, uid, night.coordinator, kits=1, reason="  ")
    assert caught.value.findings[0].where == "reason"
    change(night, uid, night.coordinator, kits=1, reason="Kits recounted")
    assert all_of(ContactVersion)[-1].reason == "Kits recounted"


def test_nobody_changes_what_others_of_the_service_or_of_other_services_logged(app):
    night, other = a_night(), a_night()
    colleague = a_user(Role.FIELD_OFFICER, night.service)
    uid = log(night, an_entry()).uid
    for user in (colleague, other.officer, other.coordinator, a_user(Role.OPERATION_COORDINATOR)):
        with pytest.raises(NotAllowed):
            change(night, uid, user, kits=1)


@any_database
def test_a_draft_is_sealed_to_its_officer_and_gone_when_the_contact_is_saved(app):
    night = a_night()
    actor = actor_of(night.officer)
    with writing():
        uid = draft_commands.start_draft(actor, night.place)
    with writing():
        draft = rows.draft(uid)
        answers = draft_commands.answers_of(draft) | {"what": "met", "age-1": "18"}
        draft_commands.keep_answers(actor, draft, answers)
    draft = db.session.query(ContactDraft).one()
    assert b"age" not in draft.answers_sealed
    kept = draft_commands.answers_of(draft)
    assert kept["age-1"] == "18" and rules.read_code(kept["code-1"])
    with pytest.raises(NotAllowed), writing():
        draft_commands.keep_answers(actor_of(night.coordinator), rows.draft(uid), {})
    log(night, an_entry(a_person(), uid=uid))
    assert db.session.query(ContactDraft).count() == 0


def test_a_draft_needs_a_team_that_may_log(app):
    night = a_night()
    with pytest.raises(NotAllowed), writing():
        draft_commands.start_draft(actor_of(a_user(Role.FIELD_OFFICER, night.service)), night.place)


def test_the_place_of_a_team_is_read_in_one_statement_with_all_operations_above(app):
    top = an_operation("TOP")
    night = a_night(parent=an_operation("MID", parent=top))
    place = night.place
    assert len(place.operations) == 3 and place.root_id == top.id
    assert rows.logging_place(new_uid()) is None


def test_the_sample_logs_without_a_team(app):
    night = a_night()
    with writing():
        commands.log_sample_contact(night.operation, night.service, night.agency, EVENING, "accepted")
    assert all_of(Contact)[0].team_id is None and len(all_of(Referral)) == 1
