"""Daily totals and the moves past active: refused, done with their history, in the journal."""

import datetime as dt
import threading

import pytest

from outreach.errors import Blocked, Changed, Invalid, NotAllowed
from outreach.returns import commands
from outreach.storage import db, writing
from outreach.storage.queries import access, operations
from outreach.storage.tables import AuditEntry, Operation, OperationStep, Participation, ParticipationVersion, Tally
from outreach.storage.types import utc_now
from outreach.vocab import CellState, EntryMode, OperationStatus, Role, ServiceKind
from tests.factories import a_participation, a_service, a_user, an_operation
from tests.returns.factories import a_locked_version

MET, OFFERED = "cell-persons_met-2017-10-10", "cell-support_offered-2017-10-10"


@pytest.fixture
def world(app):
    operation, service = an_operation("OP-X"), a_service("Port Linden Police")
    participation = a_participation(operation, service, entry_mode=EntryMode.DAILY_TOTALS)
    return operation, participation, access.actor_of(a_user(Role.SERVICE_COORDINATOR, service))


def save(world, typed, seen=None, **more):
    operation, participation, actor = world
    with writing():
        seen = commands.sheet_of(operation, participation).mark if seen is None else seen
        return commands.save_totals(actor, operation, participation, typed, seen=seen, **more)


def slot(world, name):
    db.session.expire_all()
    return next(s for s in commands.sheet_of(world[0], world[1]).slots() if s.name == name)


@pytest.mark.any_database
def test_totals_are_saved_corrected_and_cleared_and_every_version_is_kept(world):
    before = operations.by_code("OP-X").changes
    assert save(world, {MET: "4", OFFERED: "0", "cell-personnel-window-police": "12"}) == 3
    assert save(world, {MET: "5", OFFERED: "0"}) == 1
    assert save(world, {MET: "5"}) == 0
    assert save(world, {MET: ""}, clear=True) == 1
    assert save(world, {MET: "6"}) == 1
    met = db.session.query(Tally).filter_by(measure="persons_met").order_by(Tally.version).all()
    assert [(t.version, t.value, t.superseded_at is None) for t in met] == [(1, 4, False), (2, 5, False), (3, 6, True)]
    (offered,) = db.session.query(Tally).filter_by(measure="support_offered").all()
    assert (offered.state, offered.value, offered.day) == ("zero", 0, dt.date(2017, 10, 10))
    (people,) = db.session.query(Tally).filter_by(measure="personnel").all()
    assert (people.day, people.part, people.value) == (None, "police", 12)
    assert operations.by_code("OP-X").changes == before + 4
    entries = db.session.query(AuditEntry).filter_by(tag="returns.totals.change").all()
    assert [e.details for e in entries] == [{"cells": n, "cleared": c} for n, c in ((3, 0), (1, 0), (1, 1), (1, 0))]


@pytest.mark.parametrize(
    ("typed", "where"),
    [
        ({MET: "-1"}, MET),
        ({MET: "many"}, MET),
        ({MET: "1", OFFERED: "2"}, OFFERED),
        ({"cell-charges-2017-10-11": "2"}, "cell-charges-2017-10-11"),
    ],
)
def test_what_cannot_be_is_refused_at_the_cell_and_nothing_is_saved(world, typed, where):
    with pytest.raises(Invalid) as refused:
        save(world, {**typed, "cell-contacts-2017-10-10": "1"})
    assert [f.where for f in refused.value.findings] == [where]
    assert db.session.query(Tally).count() == 0
    assert db.session.query(AuditEntry).count() == 0


def test_a_sheet_that_changed_meanwhile_is_refused(world):
    seen = commands.sheet_of(world[0], world[1]).mark
    save(world, {MET: "4"})
    with pytest.raises(Changed):
        save(world, {MET: "7"}, seen=seen)
    assert slot(world, MET).sign == "4"


def test_silence_has_its_state_until_something_is_said(world):
    assert slot(world, MET).state is CellState.OVERDUE
    save(world, {MET: "0", OFFERED: "d"})
    assert slot(world, MET).state is CellState.ZERO and slot(world, OFFERED).state is CellState.DECLINED


def test_cells_counted_elsewhere_say_where_and_accept_nothing(world):
    operation, participation, _ = world
    child = an_operation("OP-CHILD", parent=operation)
    a_participation(child, db.session.get_one(commands.rows.Service, participation.service_id))
    with writing():
        db.session.query(ParticipationVersion).filter_by(participation_id=participation.id).update(
            {"counted_in": {"persons_met": child.id, "contacts": operation.id}}
        )
    found = slot(world, MET)
    assert (found.accepts, found.why) == ("nothing", "elsewhere")
    rows = {row.measure.code: row.place for row in commands.sheet_of(operation, participation).daily}
    assert rows["persons_met"] == child.id and rows["contacts"] is None
    assert save(world, {MET: "4"}) == 0


@pytest.mark.any_database
def test_a_service_that_logs_contacts_confirms_a_day_without_any(app):
    operation, service = an_operation(), a_service()
    participation = a_participation(operation, service)
    world = (operation, participation, access.actor_of(a_user(Role.SERVICE_COORDINATOR, service)))
    asked = {s.measure for s in commands.sheet_of(operation, participation).slots() if s.day}
    assert asked == {"contacts", "charges"}
    with pytest.raises(Invalid):
        save(world, {"cell-contacts-2017-10-11": "3"})
    assert save(world, {"cell-contacts-2017-10-11": "0"}) == 1
    (tally,) = db.session.query(Tally).all()
    assert (tally.measure, tally.state) == ("contacts", "zero")
    assert slot(world, "cell-contacts-2017-10-11").state is CellState.ZERO


def test_an_agency_is_not_asked_for_charges(app):
    operation, agency = an_operation(), a_service(kind=ServiceKind.ADVOCACY)
    participation = a_participation(operation, agency, entry_mode=EntryMode.DAILY_TOTALS)
    assert not {"charges", "persons_charged", "persons_arrested"} & {
        s.measure for s in commands.sheet_of(operation, participation).slots()
    }


def test_after_the_deadline_a_change_needs_a_reason_which_is_kept(world):
    with writing():
        operations.by_code("OP-X").entry_deadline_at = utc_now() - dt.timedelta(days=1)
    with pytest.raises(Invalid) as refused:
        save(world, {MET: "4"})
    assert [f.where for f in refused.value.findings] == ["reason"]
    assert save(world, {MET: "4"}, reason="Counted again") == 1
    assert db.session.query(Tally.reason).scalar() == "Counted again"


def test_officers_strangers_and_an_operation_that_has_not_begun_are_refused(world):
    operation, participation, actor = world
    service = db.session.get_one(commands.rows.Service, participation.service_id)
    for user in (
        a_user(Role.FIELD_OFFICER, service),
        a_user(Role.SERVICE_COORDINATOR, a_service()),
        a_user(Role.COMMANDER),
    ):
        with pytest.raises(NotAllowed):
            save((operation, participation, access.actor_of(user)), {MET: "4"})
    with writing():
        operations.by_code("OP-X").status = OperationStatus.PLANNED.value
    with pytest.raises(Blocked):
        save((operation, participation, actor), {MET: "4"})
    assert db.session.query(Tally).count() == 0


# --- the life of an operation -----------------------------------------------------------------------------------------


def move(user, operation, to, reason=""):
    with writing():
        commands.move(access.actor_of(user), operations.by_code(operation.code), to, reason)


def test_an_operation_goes_on_to_reporting_closed_and_archived_and_back_with_a_reason(app):
    operation, coordinator = an_operation("OP-L"), a_user(Role.OPERATION_COORDINATOR)
    for to in ("reporting", "closed", "archived"):
        move(coordinator, operation, to)
    with pytest.raises(Invalid):
        move(coordinator, operation, "closed")
    move(coordinator, operation, "closed", "One figure was wrong")
    steps = db.session.query(OperationStep).order_by(OperationStep.id).all()
    assert [s.to_status for s in steps] == ["reporting", "closed", "archived", "closed"]
    assert db.session.query(AuditEntry).filter_by(tag="plan.operation.move").count() == 4


def test_reporting_before_the_window_has_ended_needs_a_reason(app):
    operation = an_operation("OP-L", starts_at=utc_now() - dt.timedelta(days=1))
    coordinator = a_user(Role.OPERATION_COORDINATOR)
    with pytest.raises(Invalid) as refused:
        move(coordinator, operation, "reporting")
    assert refused.value.findings[0].where == "reason"
    move(coordinator, operation, "reporting", "Stopped early")


def test_closing_over_silence_needs_a_reason_that_names_who_was_silent(app):
    operation, coordinator = an_operation("OP-L", status=OperationStatus.REPORTING), a_user(Role.OPERATION_COORDINATOR)
    a_participation(operation, a_service("Quarry Town Police"), entry_mode=EntryMode.DAILY_TOTALS)
    with pytest.raises(Invalid) as refused:
        move(coordinator, operation, "closed")
    assert "Quarry Town Police" in str(refused.value)
    move(coordinator, operation, "closed", "They will send it by mail")


@pytest.mark.parametrize("locks", [False, True])
def test_closing_without_locked_figures_needs_a_reason_and_is_in_the_journal(app, locks):
    operation, coordinator = an_operation("OP-L", status=OperationStatus.REPORTING), a_user(Role.OPERATION_COORDINATOR)
    service = a_service("Quarry Town Police")
    participation = a_participation(operation, service, entry_mode=EntryMode.DAILY_TOTALS)
    save((operation, participation, access.actor_of(coordinator)), {MET: "4"})
    if locks:
        a_locked_version(operation)
    else:
        with pytest.raises(Invalid) as refused:
            move(coordinator, operation, "closed")
        assert "No figures are locked" in str(refused.value)
    move(coordinator, operation, "closed", "" if locks else "The release was made by hand")
    assert db.session.query(AuditEntry).filter_by(tag="returns.operation.close_unlocked").count() == (not locks)


def test_an_operation_does_not_close_before_those_under_it(app):
    operation, coordinator = an_operation("OP-L", status=OperationStatus.REPORTING), a_user(Role.OPERATION_COORDINATOR)
    child = an_operation("OP-LC", status=OperationStatus.REPORTING, parent=operation)
    with pytest.raises(Blocked) as refused:
        move(coordinator, operation, "closed", "Now")
    assert "OP-LC" in str(refused.value)
    move(coordinator, child, "closed")
    move(coordinator, operation, "closed")


def test_who_does_not_steer_the_operation_may_not_move_it_and_no_state_is_skipped(app):
    operation = an_operation("OP-L")
    with pytest.raises(NotAllowed):
        move(a_user(Role.COMMANDER), operation, "reporting")
    coordinator = a_user(Role.OPERATION_COORDINATOR)
    for to in ("archived", "planned", "nowhere"):
        with pytest.raises(Blocked):
            move(coordinator, operation, to, "Why not")
    assert db.session.query(OperationStep).count() == 0


@pytest.mark.any_database
def test_of_two_who_fill_the_same_blank_sheet_one_is_told(app, world):
    operation, participation, actor = world
    seen = commands.sheet_of(operation, participation).mark
    ids, together, outcomes = (operation.id, participation.id), threading.Barrier(2), []
    db.session.rollback()

    def fill(value):
        with app.app_context():
            mine = db.session.get_one(Operation, ids[0]), db.session.get_one(Participation, ids[1])
            together.wait()
            try:
                with writing():
                    commands.save_totals(actor, *mine, {MET: value}, seen=seen)
                outcomes.append("saved")
            except Changed:
                outcomes.append("told")
            finally:
                db.session.remove()

    threads = [threading.Thread(target=fill, args=(value,)) for value in ("3", "4")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["saved", "told"]
    assert db.session.query(Tally).filter(Tally.superseded_at.is_(None)).count() == 1
