"""Taking a return: refused, done, audited; sent again it changes nothing, and nothing newer is overwritten unseen."""

import datetime as dt
import threading

import pytest

from outreach.auth.actors import by_return_link
from outreach.errors import Blocked, Invalid, NotAllowed, NotFound, Unreadable
from outreach.field import commands as contacts
from outreach.field.rules import make_code
from outreach.returns import commands, figures, take_commands, take_rules
from outreach.returns.take_rules import Kind, NotWhole
from outreach.rollup.measures import FOLLOWED
from outreach.storage import db, writing
from outreach.storage.queries import access, operations
from outreach.storage.queries import field as field_rows
from outreach.storage.queries.contacts import contact_record
from outreach.storage.tables import (
    AuditEntry,
    Contact,
    ContactVersion,
    Meeting,
    Operation,
    Participation,
    Person,
    ReturnFile,
    ReturnRow,
    SignOff,
    Tally,
)
from outreach.vocab import EntryMode, OperationStatus, Role, ServiceKind
from tests.factories import a_participation, a_service, a_user, an_operation
from tests.field.factories import an_entry
from tests.returns.books import Said

MET = "cell-persons_met-2017-10-10"
ZERO = "cell-contacts-2017-10-10"
PERSON = {"agreed": "yes", "age": "18", "answer": "accepted"}


class World:
    def __init__(self, mode=EntryMode.CONTACTS, **more):
        self.operation = an_operation("OP-R", **more)
        self.service = a_service("Port Linden Police")
        self.participation = a_participation(self.operation, self.service, entry_mode=mode)
        self.actor = access.actor_of(a_user(Role.SERVICE_COORDINATOR, self.service))

    def said(self):
        return Said(self.operation, self.participation)

    def take(self, said, actor=None, **wish):
        return take_commands.take(actor or self.actor, said.file(), **wish)

    def preview(self, said, **wish):
        return take_commands.preview(self.actor, said.file(), **wish)

    def figure(self, code):
        db.session.rollback()
        found = figures.figures_of(self.operation.id, by=("service",)).one(code, service=self.service.id)
        return found.value

    def changes(self):
        db.session.rollback()
        return db.session.get_one(Operation, self.operation.id).changes

    def contact(self, line, said):
        """The contact that a row of the workbook stands for, as it stands."""
        db.session.rollback()
        row = db.session.query(ReturnRow).filter_by(row_id=said.number(line)).one_or_none()
        return contact_record(row.target_uid) if row else None

    def change(self, line, said, **values):
        """Somebody changes the contact on the site."""
        record = self.contact(line, said)
        with writing():
            record = contact_record(record.contact.uid)
            entry = contacts.entry_of(record)
            contacts.change_contact(
                self.actor, record, type(entry)(**{**vars(entry), **values}), expected=record.version.version
            )


def kinds(done, sheet=""):
    return {kind.value: done.count(kind, sheet) for kind in Kind if done.count(kind, sheet)}


@pytest.fixture
def world(app):
    return World()


# --- done, shown before, audited --------------------------------------------------------------------------------------


@pytest.mark.any_database
def test_a_file_becomes_contacts_and_totals_just_as_it_was_shown_before(world):
    said = world.said()
    said.contact(1, no="1", **PERSON, made_safe="yes").contact(2, no="1")
    said.contact(3, time=dt.time(1, 30), kits=2).contact(4, result="no_answer")
    said.total("cell-contacts-2017-10-11", "0").total("cell-personnel-window-police", "12")
    shown = world.preview(said)
    assert db.session.query(Contact).count() == db.session.query(Tally).count() == 0
    taken = world.take(said)
    assert taken.whole and taken.done.steps == shown.done.steps and kinds(taken.done) == {"new": 6}
    after = {change.measure: change.after for change in shown.figures if change.day is None}
    codes = ("contacts", "persons_met", "support_accepted", "persons_made_safe", "attempts", "personnel")
    assert [after[code] for code in codes] == [world.figure(code) for code in codes] == [2, 3, 1, 1, 1, 12]
    by_day = {
        change.after for change in shown.figures if (change.measure, change.day) == ("persons_met", said.asked.days[0])
    }
    assert by_day == {3}
    night = world.contact(3, said).version
    assert (night.day, night.met_at) == (dt.date(2017, 10, 10), dt.datetime(2017, 10, 11, 5, 30, tzinfo=dt.UTC))
    assert (night.team_id, night.kits, night.timing) == (None, 2, "inside")
    assert world.contact(1, said).version.met_at == dt.datetime(2017, 10, 10, 22, tzinfo=dt.UTC)
    (entry,) = db.session.query(AuditEntry).filter_by(tag="returns.file.take").all()
    assert entry.details == {"issue": 1, "cells": 2, "rows": 4, "left_out": 0}
    file = db.session.query(ReturnFile).filter_by(state="taken").one()
    assert file.read is file.content is None and file.decided_by_id == world.actor.user
    assert db.session.query(Meeting).filter(Meeting.agreed_record_at.is_not(None)).count() == 1


def test_sent_again_it_changes_nothing(world):
    said = (
        world.said().contact(1, no="1", **PERSON).contact(2, no="1").contact(3).total("cell-contacts-2017-10-11", "0")
    )
    world.take(said)
    stands = world.changes(), db.session.query(ContactVersion).count(), db.session.query(Tally).count()
    taken = world.take(said)
    assert kinds(taken.done) == {"same": 4}
    world.take(world.said())  # what the next workbook says is what stands
    assert (world.changes(), db.session.query(ContactVersion).count(), db.session.query(Tally).count()) == stands


def test_a_changed_row_is_the_same_contact_and_the_same_person(world):
    said = world.said().contact(1, no="1", **PERSON).contact(2, no="1", **PERSON)
    world.take(said)
    first = world.contact(1, said)
    taken = world.take(said.contact(2, no="1", **{**PERSON, "answer": "declined"}))
    assert kinds(taken.done) == {"changed": 1, "same": 1}
    then = world.contact(1, said)
    assert then.contact.id == first.contact.id and then.version.version == 2 and then.version.reason == "Return issue 1"
    assert [p.id for _, p in then.meetings] == [p.id for _, p in first.meetings]
    assert [m.answer for m, _ in then.meetings] == ["accepted", "declined"]
    assert db.session.query(Person).count() == 2 and world.figure("persons_met") == 2


def test_a_row_that_moves_to_another_contact_takes_its_person_along(world):
    said = world.said().contact(1, no="1", **PERSON).contact(2, no="1", **PERSON).contact(3, no="2")
    world.take(said)
    persons = {row.row_id: row.person_id for row in db.session.query(ReturnRow)}
    world.take(said.contact(1, no="2", **PERSON).contact(3, no="3"))
    assert {row.row_id: row.person_id for row in db.session.query(ReturnRow)} == persons
    assert [len(world.contact(line, said).meetings) for line in (1, 2, 3)] == [1, 1, 1]
    assert world.figure("contacts") == 3 and world.figure("persons_met") == 3
    world.take(said.contact(1, no="1", **PERSON).contact(2, no="1", **PERSON).contact(3, no="1"))
    assert world.figure("contacts") == 1 and world.figure("persons_met") == 3
    assert db.session.query(ContactVersion).filter_by(withdrawn=True, superseded_at=None).count() == 2


def test_an_emptied_or_deleted_row_is_taken_back_and_shown_as_such(world):
    said = world.said().contact(1, no="1").contact(2, no="1").contact(3)
    world.take(said)
    shown = world.preview(said.without(1).without(3))
    assert kinds(shown.done) == {"taken_back": 2, "same": 1} and world.figure("persons_met") == 3
    persons = [change for change in shown.figures if (change.measure, change.day) == ("persons_met", None)]
    assert [(one.before, one.after) for one in persons] == [(3, 1)]
    world.take(said)
    assert world.figure("contacts") == world.figure("persons_met") == 1
    assert db.session.query(ReturnRow).count() == 1
    world.take(said.contact(1, no="1").contact(3))
    assert world.figure("persons_met") == 3


def test_a_code_in_two_rows_is_one_person_also_in_another_contact(world):
    code = make_code()
    said = world.said().contact(1, code=code, **PERSON).contact(2, day=dt.date(2017, 10, 12), code=code, **PERSON)
    world.take(said)
    assert world.figure("contacts") == 2 and world.figure("persons_met") == 1
    assert db.session.query(Person).filter_by(code_conflict=True).count() == 0
    world.take(said.contact(2, day=dt.date(2017, 10, 12), code=make_code(), **PERSON))
    assert world.figure("persons_met") == 2


def test_without_her_agreement_nothing_is_kept_of_a_person_who_agreed_before(world):
    said = world.said().contact(1, code=make_code(), **PERSON)
    world.take(said)
    world.take(said.contact(1))
    ((meeting, person),) = world.contact(1, said).meetings
    assert (meeting.age_believed, meeting.agreed_record_at, person.code_sealed) == ("not_known", None, None)


# --- cells of totals --------------------------------------------------------------------------------------------------


@pytest.fixture
def telling(app):
    return World(EntryMode.DAILY_TOTALS)


def test_a_blank_says_nothing_and_an_emptied_cell_clears_only_when_asked(telling):
    said = telling.said().total(MET, "4").total("cell-contacts-2017-10-10", "5")
    telling.take(said)
    assert telling.take(said.total(MET, "")).done.emptied == (MET,)
    assert telling.figure("persons_met") == 4
    taken = telling.take(said, clear=True)
    assert kinds(taken.done) == {"taken_back": 1, "same": 1} and telling.figure("persons_met") is None
    telling.take(said.total(MET, "6"))
    assert telling.figure("persons_met") == 6


def test_what_contradicts_itself_is_refused_at_its_cell_and_the_rest_can_be_taken(telling):
    said = (
        telling.said()
        .total(MET, "4")
        .total("cell-support_offered-2017-10-10", "5")
        .total("cell-kits_handed_out-2017-10-10", "3")
    )
    with pytest.raises(NotWhole) as refused:
        telling.take(said)
    (fault,) = refused.value.done.faults
    assert (fault.sheet, fault.name, fault.wrote, fault.must) == (
        "totals",
        "cell-support_offered-2017-10-10",
        "5",
        True,
    )
    assert fault.cell and db.session.query(Tally).count() == 0
    taken = telling.take(said, good_only=True)
    assert not taken.whole and telling.figure("persons_met") == 4 and telling.figure("support_offered") is None
    file = db.session.query(ReturnFile).filter_by(state="taken").one()
    assert file.counts["bad"] == 1 and take_commands.returned_of(file).must == (fault,)
    assert take_commands.answer_of(telling.actor, file, "fr")[:2] == b"PK"


def test_a_cell_that_the_sender_left_keeps_what_the_site_says_and_one_that_both_changed_is_decided(telling):
    said = telling.said().total(MET, "4")
    telling.take(said)
    save(telling, {MET: "6", "cell-contacts-2017-10-10": "9"})
    taken = telling.take(said)
    assert [(one.saw, one.site, one.file, one.conflict) for one in taken.done.newer] == [
        ("", "9", "", False),
        ("4", "6", "4", False),
    ]
    assert telling.figure("persons_met") == 6
    said.total(MET, "5")
    with pytest.raises(NotWhole) as refused:
        telling.take(said)
    assert [one.name for one in refused.value.done.conflicts] == [MET]
    assert telling.take(said, overwrite=()).done.changes == 0 and telling.figure("persons_met") == 6
    telling.take(said.total(MET, "7"), overwrite=(MET,))
    assert telling.figure("persons_met") == 7
    save(telling, {MET: "8"})
    telling.take(said.total(MET, "9"), overwrite=True)
    assert telling.figure("persons_met") == 9


def save(world, typed):
    with writing():
        operation = operations.by_code("OP-R")
        participation = db.session.get_one(Participation, world.participation.id)
        seen = commands.sheet_of(operation, participation).mark
        commands.save_totals(world.actor, operation, participation, typed, seen=seen)


def test_rows_about_contacts_of_a_service_that_sends_totals_are_refused(telling):
    with pytest.raises(NotWhole) as refused:
        telling.take(telling.said().contact(1, no="1").total(MET, "4"))
    (fault,) = refused.value.done.faults
    assert (fault.sheet, fault.cell) == ("contacts", "C3") and "totals" in fault.message
    telling.take(telling.said().contact(1, no="1").total(MET, "4"), good_only=True)
    assert telling.figure("persons_met") == 4 and db.session.query(Contact).count() == 0


def test_a_day_said_to_be_without_contacts_cannot_have_a_row_of_one(world):
    with pytest.raises(NotWhole) as refused:
        world.take(world.said().contact(1).total(ZERO, "0"))
    assert [fault.name for fault in refused.value.done.faults] == [ZERO]
    world.take(world.said().total(ZERO, "0"))
    with pytest.raises(NotWhole) as refused:
        world.take(world.said().contact(1))
    assert [fault.name for fault in refused.value.done.faults] == [ZERO]
    world.take(world.said().contact(1).total(ZERO, ""), clear=True)
    assert world.figure("contacts") == 1


# --- good rows only ---------------------------------------------------------------------------------------------------


def test_the_good_rows_are_taken_and_a_bad_row_stays_as_it_was(world):
    said = world.said().contact(1, no="1").contact(2, no="1").contact(3)
    world.take(said)
    said.contact(1, no="1", **PERSON).contact(3, kits=3).contact(4, kits=1).bad(1).bad(5)
    with pytest.raises(NotWhole):
        world.take(said)
    assert world.figure("kits_handed_out") == 0
    taken = world.take(said, good_only=True)
    assert kinds(taken.done, "contacts") == {"new": 1, "changed": 1}
    assert [fault.row_id for fault in taken.done.faults] == [said.number(1), said.number(5), said.number(2)]
    assert world.figure("persons_met") == 4 and world.figure("kits_handed_out") == 4
    assert world.contact(1, said).version.version == 1
    with pytest.raises(NotWhole):
        world.take(world.said().without(1).without(2).without(3).without(4).bad(9), good_only=True)


def test_nothing_is_taken_back_because_a_sheet_could_not_be_read(world):
    said = world.said().contact(1).contact(2)
    world.take(said)
    said.without(1).without(2).total("cell-contacts-2017-10-11", "0")
    said.faults.append(take_rules.Fault("contacts", "", "", "This sheet is missing.", "Send it."))
    world.take(said, good_only=True)
    assert world.figure("persons_met") == 2


# --- changed on the site meanwhile ------------------------------------------------------------------------------------


def test_a_contact_changed_on_the_site_keeps_that_where_the_row_is_as_it_was(world):
    said = world.said().contact(1, kits=1).contact(2)
    world.take(said)
    world.change(1, said, kits=5)
    taken = world.take(said.contact(2, kits=1))
    assert [(one.name, one.conflict) for one in taken.done.newer] == [(said.number(1), False)]
    assert world.figure("kits_handed_out") == 6
    world.take(world.said())
    assert world.figure("kits_handed_out") == 6


def test_a_row_that_both_changed_waits_for_a_decision(world):
    said = world.said().contact(1, **PERSON, kits=1).contact(2)
    world.take(said)
    world.change(1, said, kits=5, note="A word that only the site knows")
    said.contact(1, **PERSON, kits=2)
    with pytest.raises(NotWhole) as refused:
        world.take(said)
    assert [(one.name, one.cell) for one in refused.value.done.conflicts] == [(said.number(1), "C3")]
    assert world.preview(said).takes is False and world.figure("kits_handed_out") == 5
    world.take(said, overwrite=())
    assert kinds(world.take(said).done) == {"same": 2} and world.figure("kits_handed_out") == 5
    world.change(1, said, kits=6)
    world.take(said.contact(1, **PERSON, kits=3), overwrite=(said.number(1),))
    assert world.figure("kits_handed_out") == 3
    assert contacts.entry_of(world.contact(1, said)).note.startswith("A word")
    world.change(1, said, kits=7)
    with pytest.raises(NotWhole):
        world.take(said.without(1))
    world.take(said, overwrite=())
    assert world.take(said).done.changes == 0 and world.figure("contacts") == 2
    world.change(1, said, kits=8)
    world.take(said.contact(1, **PERSON), overwrite=True)
    world.take(said.without(1))
    assert world.figure("contacts") == 1


def test_what_the_newer_workbook_showed_may_be_changed_in_it(world):
    said = world.said().contact(1, kits=1)
    world.take(said)
    world.change(1, said, kits=5)
    newer = world.said()
    assert newer.asked.meta.issue == 2 and newer.rows["contacts"][1]["kits"] == 5
    newer.rows["contacts"][1]["kits"] = 6
    world.take(newer)
    assert world.figure("kits_handed_out") == 6 and db.session.query(Contact).count() == 1


def test_a_person_added_on_the_site_stays_when_the_row_changes(world):
    said = world.said().contact(1, no="1", **PERSON)
    world.take(said)
    entry = contacts.entry_of(world.contact(1, said))
    world.change(1, said, persons=(*entry.persons, type(entry.persons[0])()))
    world.take(said.contact(1, no="1", **{**PERSON, "age": "19_24"}), overwrite=True)
    assert [m.age_believed for m, _ in world.contact(1, said).meetings] == ["19_24", "not_known"]


def test_no_referral_is_made_from_a_return_and_none_is_lost_by_one(world):
    a_participation(world.operation, a_service("Harbour House", kind=ServiceKind.ADVOCACY))
    said = world.said().contact(1, **PERSON)
    world.take(said)
    assert world.figure("referrals_made") == 0
    (person,) = contacts.entry_of(world.contact(1, said)).persons
    referred = type(person)(**{**vars(person), "agreed": ("talk", "record", "refer"), "reach_by": "they_call"})
    world.change(1, said, persons=(referred,))
    assert world.figure("referrals_made") == 1
    world.take(said.contact(1, **{**PERSON, "age": "19_24"}), overwrite=True)
    ((meeting, _),) = world.contact(1, said).meetings
    assert meeting.agreed_refer_at is not None and world.figure("referrals_made") == 1


# --- whether it may be taken at all -----------------------------------------------------------------------------------


def test_a_file_is_decided_about_once_and_by_those_who_may(world):
    said = world.said().contact(1)
    file = said.file()
    for user in (
        a_user(Role.FIELD_OFFICER, world.service),
        a_user(Role.SERVICE_COORDINATOR, a_service()),
        a_user(Role.COMMANDER),
    ):
        for act in (take_commands.take, take_commands.preview):
            with pytest.raises(NotAllowed):
                act(access.actor_of(user), file)
    steering = access.actor_of(a_user(Role.OPERATION_COORDINATOR))
    take_commands.take(steering, file)
    record = world.contact(1, said)
    assert record.contact.created_by_id is None and record.version.recorded_by_id == steering.user
    for act in (take_commands.take, take_commands.preview):
        with pytest.raises(NotFound):
            act(world.actor, db.session.get_one(ReturnFile, file.id))


def test_a_file_older_than_the_newest_taken_is_refused_also_when_it_waits_already(world):
    old = world.said().contact(1)
    waits = old.file()
    world.take(world.said().contact(2))
    newer = world.said().contact(3)
    assert newer.asked.meta.issue == 2
    world.take(newer)
    with pytest.raises(Unreadable) as refused:
        take_commands.take(world.actor, waits)
    assert refused.value.code == "older_issue" and refused.value.params["newest"] == 2


def test_before_it_begins_and_once_archived_nothing_is_taken_and_a_closed_operation_keeps_the_reason(world):
    said = world.said().contact(1).total("cell-contacts-2017-10-11", "0")
    for status, problem in ((OperationStatus.PLANNED, Blocked), (OperationStatus.ARCHIVED, NotAllowed)):
        with writing():
            operations.by_code("OP-R").status = status.value
        with pytest.raises(problem):
            world.take(said)
    with writing():
        operations.by_code("OP-R").status = OperationStatus.CLOSED.value
    for reason in ("", " ", "x" * 481):
        with pytest.raises(Invalid) as refused:
            world.take(said, reason=reason)
        assert refused.value.findings[0].where == "because" and not db.session.query(Tally).count()
    world.take(said, reason="came by mail")
    reasons = {world.contact(1, said).version.reason, db.session.query(Tally).one().reason}
    assert reasons == {"Return issue 1: came by mail"}
    assert not world.take(said).done.changes  # what changes nothing needs no reason


def test_a_rehearsal_takes_returns_and_shows_no_figures(app):
    world = World(is_rehearsal=True)
    said = world.said().contact(1)
    assert world.preview(said).figures == () and world.take(said).whole
    assert db.session.query(Contact).count() == 1


def test_a_return_can_sign_and_a_later_one_reopens_what_is_signed(world):
    said = world.said().contact(1).total("cell-personnel-window-police", "2")
    said.signer = "Ada Invented"
    taken = world.take(said)
    assert (taken.signed, taken.unsigned) == (True, None)
    signature = db.session.query(SignOff).one()
    assert (signature.typed_name, signature.reopened_at) == ("Ada Invented", None)
    said.signer = ""
    assert world.preview(said.contact(2)).reopens
    world.take(said)
    db.session.rollback()
    assert db.session.query(SignOff).one().reopened_at is not None


def test_before_and_after_tell_nothing_of_what_became_of_referrals(world):
    """One row left out of a file and put back would tell of one person what an agency made of her referral."""
    shown = {change.measure for change in world.preview(world.said().contact(1, **PERSON)).figures}
    assert {"persons_met", "referrals_made"} <= shown and not shown & set(FOLLOWED)


def test_a_name_in_a_file_does_not_sign_what_was_logged_beside_it(world):
    said = world.said().contact(1)
    said.signer = "Ada Invented"
    steering = access.actor_of(a_user(Role.OPERATION_COORDINATOR))
    assert take_commands.preview(steering, said.file()).signer == "Ada Invented"
    place = field_rows.place_of_service(world.operation, world.service.id)
    with writing():
        contacts.log_contact(world.actor, place, an_entry(met_at=dt.datetime(2017, 10, 12, 1, tzinfo=dt.UTC)))
    for taker in (steering, by_return_link(world.service.id, world.operation.id)):
        assert take_commands.preview(taker, said.file()).signer == ""
    file = said.file()
    taken = take_commands.take(steering, file)
    assert not taken.signed and taken.unsigned is not None and db.session.query(SignOff).count() == 0
    assert world.take(said.contact(2)).signed  # its coordinator, signed in, has the whole of it before her


@pytest.mark.parametrize("later", ["changed", "emptied", ""])
def test_a_name_in_a_file_that_another_takes_signs_only_what_it_says(app, later):
    world = World(EntryMode.DAILY_TOTALS)
    world.take(world.said().total(MET, "4"))
    said = world.said()
    said.signer = "Ada Invented"
    if later == "changed":
        sheet = commands.sheet_of(world.operation, world.participation)
        with writing():
            commands.save_totals(
                world.actor, world.operation, world.participation, {MET: "9"}, seen=sheet.mark, reason="Counted again"
            )
    elif later == "emptied":
        said.total(MET, "")
    steering = access.actor_of(a_user(Role.OPERATION_COORDINATOR))
    file = said.file()
    assert take_commands.preview(steering, file).signer == ("" if later else "Ada Invented")
    taken = take_commands.take(steering, file)
    db.session.rollback()
    assert (taken.signed, db.session.query(SignOff).count()) == ((False, 0) if later else (True, 1))
    assert (taken.unsigned is not None) == bool(later)
    if later:  # the service itself saw on the page what stands otherwise
        assert world.take(said).signed and db.session.query(SignOff).one().typed_name == "Ada Invented"


@pytest.mark.any_database
def test_of_two_who_take_the_same_file_one_is_told(app, world):
    file = world.said().contact(1).file()
    number, together, outcomes = file.id, threading.Barrier(2), []
    db.session.rollback()

    def take():
        with app.app_context():
            mine = db.session.get_one(ReturnFile, number)
            together.wait()
            try:
                take_commands.take(world.actor, mine)
                outcomes.append("taken")
            except (Blocked, NotFound):
                outcomes.append("told")
            finally:
                db.session.remove()

    threads = [threading.Thread(target=take) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["taken", "told"]
    assert db.session.query(Contact).count() == 1
