"""Rehearsals: opened beside the plan, counted nowhere, measured, and gone without a trace but the journal."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from outreach.errors import Blocked, Invalid, NotAllowed, NotFound
from outreach.field.commands import log_contact, prepare_contact, store_contact
from outreach.field.draft_commands import Begun, note_trial
from outreach.plan import commands as plan_commands
from outreach.plan.operation_rules import Draft
from outreach.ready import readiness_commands
from outreach.ready import rehearsal_commands as commands
from outreach.ready.rehearsal_rules import code_of, measured
from outreach.report.commands import figures_text
from outreach.rollup.measures import measure
from outreach.rollup.totals import total
from outreach.storage import db, writing
from outreach.storage.frames import facts_of
from outreach.storage.queries import access, operations
from outreach.storage.queries import field as field_rows
from outreach.storage.queries import rehearsals as rows
from outreach.storage.tables import AuditEntry, Contact, Grant, Operation, Person, Team, TeamMember, Trial
from outreach.vocab import OperationStatus, Role
from tests.factories import a_participation, a_service, a_user, an_operation
from tests.field.factories import a_night, a_person, actor_of, an_entry
from tests.field.test_views import Thumb

AT = dt.datetime(2026, 10, 12, 21, 0, tzinfo=dt.UTC)


def test_what_it_measured_is_the_middle_and_the_slow_end():
    trials = [(AT + dt.timedelta(seconds=20 * n), 6 + n % 3, 20 + n, 10 + n) for n in range(20)]
    found = measured(trials)
    assert (found.contacts, found.taps, found.taps_slow) == (20, 7, 8)
    assert (found.seconds, found.seconds_slow) == (29.5, 38)
    assert (found.server_ms, found.server_ms_slow, found.capacity) == (19.5, 28, 3076)
    assert found.busiest == 3
    assert measured([]) is None


@given(st.lists(st.integers(0, 500), min_size=1, max_size=60))
def test_nineteen_of_twenty_are_no_slower_than_the_slow_end(seconds):
    slow = measured([(AT, 8, one, 5) for one in seconds]).seconds_slow
    assert sum(one <= slow for one in seconds) * 20 >= 19 * len(seconds)
    assert slow in seconds


def test_the_code_of_a_rehearsal_fits_its_column():
    assert code_of("ONS-2026-ON", 2) == "ONS-2026-ON-R2"
    assert len(code_of("A" * 40, 12)) == 40


@pytest.fixture
def planned(app):
    """A planned operation under a parent, with a team of one officer."""
    parent = an_operation("TREE", status=OperationStatus.PLANNED)
    night = a_night(an_operation("OP", status=OperationStatus.PLANNED, parent=parent))
    night.parent = parent
    night.boss = a_user(Role.OPERATION_COORDINATOR, operation=night.operation)
    return night


def started(planned):
    with writing():
        return commands.start(actor_of(planned.boss), operations.by_id(planned.operation.id))


def logged_in(rehearsal, officer, *persons):
    """A contact of the rehearsal's first team; gives its UUID."""
    uid = db.session.scalar(select(Team.uid).where(Team.operation_id == rehearsal.id).order_by(Team.id))
    entry = an_entry(*persons, met_at=rehearsal.starts_at)
    with writing():
        log_contact(actor_of(officer), field_rows.logging_place(uid), entry)
    return entry.uid


@pytest.mark.any_database
def test_a_rehearsal_has_the_services_teams_people_and_roles_of_its_operation(planned):
    rehearsal = started(planned)
    assert (rehearsal.status, rehearsal.parent_id, rehearsal.rehearses_id) == ("active", None, planned.operation.id)
    assert rehearsal.code == "OP-R1"
    members = select(func.count()).select_from(TeamMember).join(Team, Team.id == TeamMember.team_id)
    assert db.session.scalar(members.where(Team.operation_id == rehearsal.id)) == 1
    assert [part.service_id for part, _, _ in operations.participations_of(rehearsal.id)] != []
    bound = db.session.scalars(select(Grant).where(Grant.operation_id == rehearsal.id)).all()
    assert [(g.user_id, g.role) for g in bound] == [(planned.boss.id, "operation_coordinator")]
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.tag == "ready.rehearsal.start")).one()
    assert (entry.operation_id, entry.details) == (planned.operation.id, {"services": 2, "teams": 1})


@pytest.mark.any_database
def test_what_is_logged_in_it_reaches_no_total_of_the_tree(planned):
    rehearsal = started(planned)
    logged_in(rehearsal, planned.officer, a_person(), a_person())
    for operation in (planned.operation, planned.parent):
        for code in ("contacts", "persons_met", "support_accepted", "referrals_made", "kits_handed_out"):
            assert not total(facts_of(operation.id), measure(code)).value, code
    with pytest.raises(Blocked):
        figures_text("OP-R1")


def test_the_same_card_in_a_rehearsal_and_in_the_operation_is_not_one_person(planned):
    rehearsal = started(planned)
    person = a_person()
    logged_in(rehearsal, planned.officer, person)
    with writing():
        db.session.get(Operation, planned.operation.id).status = OperationStatus.ACTIVE.value
    with writing():
        log_contact(actor_of(planned.officer), planned.place, an_entry(person))
    keys = db.session.execute(select(Person.root_id, Person.join_key).order_by(Person.id)).all()
    assert len({row.root_id for row in keys}) == 2
    assert len({row.join_key for row in keys}) == 2
    assert total(facts_of(planned.operation.id), measure("persons_met")).value == 1


@pytest.mark.any_database
def test_it_is_removed_with_everything_in_it_and_the_operation_stays(planned):
    rehearsal = started(planned)
    kept, code = rehearsal.id, rehearsal.code
    logged_in(rehearsal, planned.officer, a_person())
    with writing():
        commands.remove(actor_of(planned.boss), planned.operation, rehearsal)
    assert operations.by_code(code) is None
    for table in (Contact, Team, Trial, Grant):
        assert db.session.scalar(select(func.count()).where(table.operation_id == kept)) == 0
    assert db.session.scalar(select(func.count()).where(Person.root_id == kept)) == 0
    assert operations.by_code("OP") is not None
    [entry] = db.session.scalars(select(AuditEntry).where(AuditEntry.tag == "ready.rehearsal.remove"))
    assert entry.details == {"contacts": 1}
    assert started(planned).code == "OP-R1"


def test_only_its_coordinator_rehearses_once_and_before_it_is_open(planned):
    other = a_user(Role.OPERATION_COORDINATOR, operation=an_operation("ELSEWHERE"))
    for user in (planned.coordinator, planned.officer, other):
        with pytest.raises(NotAllowed), writing():
            commands.start(actor_of(user), planned.operation)
    rehearsal = started(planned)
    for source in (planned.operation, rehearsal):
        with pytest.raises(Blocked), writing():
            commands.start(actor_of(planned.boss), source)
    with pytest.raises(Blocked), writing():
        commands.remove(actor_of(planned.boss), planned.operation, planned.operation)
    with writing():
        commands.remove(actor_of(planned.boss), planned.operation, rehearsal)
        db.session.get(Operation, planned.operation.id).status = OperationStatus.ACTIVE.value
    with pytest.raises(Blocked):
        started(planned)


def test_opening_the_operation_ends_its_rehearsal_so_that_nobody_logs_a_real_contact_there(planned):
    rehearsal = started(planned)
    with writing():
        readiness_commands.open_operation(actor_of(planned.boss), operations.by_id(planned.operation.id), "tonight")
    assert operations.by_id(planned.operation.id).status == OperationStatus.ACTIVE
    assert operations.by_id(rehearsal.id).status == OperationStatus.CLOSED
    with pytest.raises(NotAllowed):
        logged_in(rehearsal, planned.officer, a_person())
    assert db.session.scalars(select(AuditEntry).where(AuditEntry.tag == "ready.rehearsal.end")).one()


@pytest.mark.any_database
def test_a_contact_that_arrives_while_its_rehearsal_is_removed_is_not_found_and_leaves_nothing(planned):
    rehearsal = started(planned)
    uid = db.session.scalar(select(Team.uid).where(Team.operation_id == rehearsal.id))
    officer, place = actor_of(planned.officer), field_rows.logging_place(uid)
    ready = prepare_contact(officer, place, an_entry(a_person(), met_at=rehearsal.starts_at), "contact.log")
    with writing():
        commands.remove(actor_of(planned.boss), planned.operation, rehearsal)
    with pytest.raises(NotFound), writing():
        store_contact(officer, ready)
    with writing():
        note_trial(place, Begun(AT, 6), 10)
    for table in (Contact, Person, Trial):
        assert db.session.scalar(select(func.count()).select_from(table)) == 0


def test_an_operation_without_anybody_in_a_team_is_not_rehearsed(app):
    empty = an_operation("EMPTY", status=OperationStatus.DRAFT)
    a_participation(empty, a_service())
    with pytest.raises(Blocked), writing():
        commands.start(actor_of(a_user(Role.OPERATION_COORDINATOR)), empty)


def test_a_rehearsal_never_gets_a_place_in_a_tree(planned):
    rehearsal = started(planned)
    boss = actor_of(a_user(Role.OPERATION_COORDINATOR))
    draft = Draft(
        code=rehearsal.code,
        name=rehearsal.name,
        time_zone=rehearsal.time_zone,
        starts_at=rehearsal.starts_at,
        ends_at=rehearsal.ends_at,
        parent_id=planned.parent.id,
    )
    with pytest.raises(Invalid) as caught, writing():
        plan_commands.change_operation(boss, rehearsal, draft, rehearsal.version)
    assert "parent" in {finding.where for finding in caught.value.findings}
    assert db.session.get(Operation, rehearsal.id).parent_id is None


# --- pages ------------------------------------------------------------------------------------------------------------


def test_taps_and_seconds_are_measured_while_an_officer_answers(planned, signed_in, post):
    rehearsal = started(planned)
    phone = Thumb(signed_in(planned.officer))
    for label in ("Log a contact", "Met one person", "25–34", "Woman or girl", "No, declined"):
        phone.tap(label)
        assert "Rehearsal: nothing here counts." in phone.page.text
    phone.tap("Save")
    assert phone.title() == "Contact saved"
    [(_, taps, seconds, _)] = rows.trials_of(rehearsal.id)
    assert (taps, 0 <= seconds < 120) == (6, True)

    boss = signed_in(planned.boss)
    page = boss.get("/operations/OP/rehearsal")
    assert "contacts logged" in page.text and planned.service.name in page.text
    assert "Every service that logs contacts has tried." in page.text
    refused = boss.get(f"/operations/{rehearsal.code}")
    assert (refused.status_code, "reaches no figure" in refused.text) == (409, True)


def test_the_page_starts_ends_and_removes_in_one_press_each(planned, signed_in, post):
    boss = signed_in(planned.boss)
    assert "Start the rehearsal" in boss.get("/operations/OP/rehearsal").text
    assert post(boss, "/operations/OP/rehearsal", {}).status_code == 303
    again = post(boss, "/operations/OP/rehearsal", {})
    assert (again.status_code, "A rehearsal is there already." in again.text) == (409, True)
    page = boss.get("/operations/OP-R1/rehearsal")
    assert "1 service has not tried" in page.text and planned.service.name in page.text
    assert post(boss, "/operations/OP/rehearsal/end", {}).status_code == 303
    assert operations.by_code("OP-R1").status == OperationStatus.CLOSED
    assert post(boss, "/operations/OP-R1/rehearsal/remove", {}).status_code == 303
    assert operations.by_code("OP-R1") is None
    assert "Start the rehearsal" in boss.get("/operations/OP/rehearsal").text


def test_its_live_board_shows_teams_and_no_figure(planned, signed_in):
    rehearsal = started(planned)
    logged_in(rehearsal, planned.officer, a_person())
    boss = signed_in(planned.boss)
    page = boss.get(f"/operations/{rehearsal.code}/live")
    assert page.status_code == 200 and "Rehearsal: nothing here counts." in page.text
    assert "tile__number" not in page.text and "tile__unknown" not in page.text


def test_it_can_be_removed_after_its_operation_is_archived(planned):
    rehearsal = started(planned)
    with writing():
        db.session.get(Operation, planned.operation.id).status = OperationStatus.ARCHIVED.value
    with writing():
        commands.remove(actor_of(planned.boss), operations.by_code("OP"), operations.by_code(rehearsal.code))
    assert operations.by_code("OP-R1") is None


def test_an_end_and_a_removal_are_for_its_coordinator_alone(planned, signed_in, post):
    started(planned)
    coordinator = signed_in(planned.coordinator)
    for what in ("", "/end", "/remove"):
        assert post(coordinator, f"/operations/OP/rehearsal{what}", {}).status_code == 403
    assert access.operation_target(operations.by_code("OP-R1")).status == "active"
