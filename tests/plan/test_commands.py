"""Writes of a plan: refused, done, audited; on every database."""

import datetime as dt

import pytest

from outreach.auth.actors import Actor
from outreach.errors import Blocked, Changed, Invalid, NotAllowed
from outreach.plan import commands, service_commands
from outreach.plan.operation_rules import Draft
from outreach.plan.paste_rules import preview
from outreach.storage import db, writing
from outreach.storage.queries import access, operations
from outreach.storage.queries import plan as rows
from outreach.storage.tables import AuditEntry, Operation, Participation, Service
from outreach.vocab import OperationStatus, ParticipationStatus, Role
from tests.factories import a_participation, a_service, a_team, a_user, an_operation
from tests.plan.rows import forty_six, text_of

WINDOW = {
    "starts_at": dt.datetime(2026, 10, 13, 22, tzinfo=dt.UTC),
    "ends_at": dt.datetime(2026, 10, 20, 4, tzinfo=dt.UTC),
}


def coordinator(operation=None) -> Actor:
    return access.actor_of(a_user(Role.OPERATION_COORDINATOR, operation=operation))


def officer(service) -> Actor:
    return access.actor_of(a_user(Role.SERVICE_COORDINATOR, service))


def tags() -> list[str]:
    return [row[0] for row in db.session.query(AuditEntry.tag).order_by(AuditEntry.id)]


@pytest.mark.any_database
def test_an_operation_is_created_audited_and_its_code_is_taken_from_then_on(app):
    actor = coordinator()
    with writing():
        operation = commands.create_operation(actor, Draft(name="Ontario", code="ONS-2026-ON", **WINDOW))
    assert operation.root_id == operation.id and tags() == ["plan.operation.create"]
    with pytest.raises(Invalid) as taken, writing():
        commands.create_operation(actor, Draft(name="Ontario", code="ONS-2026-ON"))
    assert taken.value.findings[0].where == "code"
    with writing():
        assert rows.add_operation({"code": "ONS-2026-ON", "name": "x", "time_zone": "UTC"}) is None
    assert db.session.query(Operation).count() == 1


def test_nobody_but_an_unbound_coordinator_creates_operations(app):
    service, operation = a_service(), an_operation()
    for actor in (officer(service), coordinator(operation)):
        with pytest.raises(NotAllowed), writing():
            commands.create_operation(actor, Draft(name="Ontario", code="ONS-2026-ON"))


@pytest.mark.any_database
def test_a_new_parent_moves_the_whole_tree_under_its_root_and_counts_as_a_change(app):
    actor = coordinator()
    top, middle = an_operation("TOP"), an_operation("MIDDLE")
    leaf = an_operation("LEAF", parent=middle)
    draft = Draft(name="Middle", parent_id=top.id, **WINDOW)
    with writing():
        assert commands.change_operation(actor, middle, draft, 1)
    for one in (top, middle, leaf):
        db.session.refresh(one)
    assert middle.root_id == leaf.root_id == top.id
    assert top.changes > 0
    with pytest.raises(Invalid) as cycle, writing():
        commands.change_operation(actor, top, Draft(name="Top", parent_id=leaf.id, **WINDOW), top.version)
    assert cycle.value.findings[0].where == "parent"


@pytest.mark.any_database
def test_who_saves_second_changes_nothing(app):
    actor, operation = coordinator(), an_operation("OP")
    with writing():
        commands.change_operation(actor, operation, Draft(name="First", **WINDOW), 1)
    with pytest.raises(Changed), writing():
        commands.change_operation(actor, operation, Draft(name="Second", **WINDOW), 1)
    assert operations.by_code("OP").name == "First"
    with writing():
        assert not rows.claim_operation(operation, 1, {"name": "Third"})


def test_a_change_that_changes_nothing_leaves_no_version_and_no_entry(app):
    actor = coordinator()
    draft = Draft(name="Ontario", code="ONS-2026-ON", **WINDOW)
    with writing():
        operation = commands.create_operation(actor, draft)
        assert not commands.change_operation(actor, operation, draft, 1)
    assert operation.version == 1 and tags() == ["plan.operation.create"]


def test_the_days_of_an_open_operation_stand_and_those_of_an_archived_one_too(app):
    actor, operation = coordinator(), an_operation("OP")
    draft = Draft(name="x", time_zone="America/Winnipeg", day_starts_minutes=300, **WINDOW)
    with pytest.raises(Invalid) as refused, writing():
        commands.change_operation(actor, operation, draft, 1)
    assert {f.where for f in refused.value.findings} == {"time_zone", "day_starts"}
    archived = an_operation("OLD", status=OperationStatus.ARCHIVED)
    with pytest.raises(NotAllowed), writing():
        commands.change_operation(actor, archived, Draft(name="x", **WINDOW), 1)


@pytest.mark.any_database
def test_an_operation_moves_step_by_step_with_its_history(app):
    actor, operation = coordinator(), an_operation("OP", status=OperationStatus.DRAFT)
    with pytest.raises(Blocked), writing():
        commands.move(actor, operation, "planned")
    a_team(a_participation(operation), a_user(Role.FIELD_OFFICER))
    with writing():
        commands.move(actor, operation, "planned")
        with pytest.raises(Blocked):
            commands.move(actor, operation, "active")
        commands.move(actor, operation, "active", room="ready")
    for to in ("archived", "draft", "nowhere", "reporting"):
        with pytest.raises(Blocked), writing():
            commands.move(actor, operation, to, "because")
    with pytest.raises(Invalid), writing():
        commands.move(actor, operation, "planned", " ")
    with writing():
        commands.move(actor, operation, "planned", "A day early")
    steps = [(s.from_status, s.to_status, s.reason) for s, _ in rows.steps_of(operation.id)]
    assert steps == [("active", "planned", "A day early"), ("planned", "active", ""), ("draft", "planned", "")]
    assert tags() == ["plan.operation.move"] * 3
    with pytest.raises(NotAllowed), writing():
        commands.move(officer(a_service()), operation, "active", room="ready")


@pytest.mark.any_database
def test_46_pasted_services_are_saved_in_one_write_and_twice_is_once(app):
    actor, operation = coordinator(), an_operation("OP", status=OperationStatus.DRAFT)
    a_service("Windsor Police Service")
    found = preview(text_of(forty_six()), service_commands.saved_services(operation), answers={"same-22": "no"})
    assert found.ready and found.adding == 46
    with writing():
        done = service_commands.add_pasted(actor, operation, found, status="invited", entry_mode="contacts")
    assert done == {"added": 45, "joined": 46, "changed": 1}
    again = preview(text_of(forty_six()), service_commands.saved_services(operation), answers={"same-22": "no"})
    with writing():
        done = service_commands.add_pasted(actor, operation, again, status="invited", entry_mode="contacts")
    assert done == {"added": 0, "joined": 0, "changed": 0}
    assert db.session.query(Participation).count() == 46
    assert tags().count("plan.services.paste") == 2 and tags().count("plan.service.add") == 45
    db.session.refresh(operation)
    assert operation.changes == 2


def test_support_agencies_report_nothing_unless_the_paste_says_so(app):
    actor, operation = coordinator(), an_operation("OP")
    text = "Service\tKind\tHow it reports\nWEFiGHT\tAdvocacy\t\nHelp Line\tONG\tTotaux quotidiens\nOPP Essex\topp\t"
    with writing():
        found = preview(text, service_commands.saved_services(operation))
        service_commands.add_pasted(actor, operation, found, status="confirmed", entry_mode="contacts")
    modes = {s.name: v.entry_mode for _, v, s in operations.participations_of(operation.id)}
    assert modes == {"WEFiGHT": "none", "Help Line": "daily_totals", "OPP Essex": "contacts"}


def test_a_paste_is_refused_to_others_and_a_bound_coordinator_leaves_saved_services_as_they_are(app):
    operation, service = an_operation("OP"), a_service("Alder Bay")
    found = preview("Alder Bay\tOPP\tdesk@new.example\n", service_commands.saved_services(operation))
    with pytest.raises(NotAllowed), writing():
        service_commands.add_pasted(officer(service), operation, found, status="invited", entry_mode="contacts")
    with writing():
        service_commands.add_pasted(coordinator(operation), operation, found, status="invited", entry_mode="contacts")
    db.session.refresh(service)
    assert service.contact_desk == ""
    with pytest.raises(Invalid), writing():
        service_commands.add_pasted(coordinator(), operation, found, status="declined", entry_mode="contacts")


@pytest.mark.any_database
def test_every_version_of_a_participation_is_kept_and_counts_as_a_change(app):
    actor, operation = coordinator(), an_operation("OP")
    part = a_participation(operation, status=ParticipationStatus.INVITED)
    values = {"status": "confirmed", "entry_mode": "daily_totals", "planned_staff": {"police": 3, "ngo": 0}}
    with writing():
        assert service_commands.change_participation(actor, operation, part, 1, **values)
        assert not service_commands.change_participation(actor, operation, part, 2, **values)
    history = [v for v, _ in rows.history_of(part.id)]
    assert [(v.version, v.status, v.superseded_at is None) for v in history] == [
        (2, "confirmed", True), (1, "invited", False),
    ]  # fmt: skip
    assert history[1].superseded_at == history[0].recorded_at
    assert history[0].planned_staff == {"police": 3}
    assert tags() == ["plan.participation.change"]
    with pytest.raises(Changed), writing():
        service_commands.change_participation(actor, operation, part, 1, **{**values, "status": "invited"})
    db.session.refresh(operation)
    assert operation.changes == 1


@pytest.mark.any_database
def test_a_reporting_place_chosen_anew_gives_way_everywhere_else_in_the_tree(app):
    actor, service = coordinator(), a_service()
    parent = an_operation("PARENT")
    child = an_operation("CHILD", parent=parent)
    above, below = a_participation(parent, service), a_participation(child, service)
    values = {"status": "confirmed", "entry_mode": "contacts"}
    with writing():
        service_commands.change_participation(actor, parent, above, 1, **values, places={"contacts": parent.id})
        service_commands.change_participation(actor, child, below, 1, **values, places={"contacts": child.id})
    assert operations.current_participation(above.id).counted_in == {}
    assert operations.current_participation(below.id).counted_in["persons_met"] == child.id
    elsewhere = an_operation("ELSEWHERE")
    with pytest.raises(Invalid) as refused, writing():
        service_commands.change_participation(actor, child, below, 2, **values, places={"personnel": elsewhere.id})
    assert refused.value.findings[0].where == "place_personnel"


def test_a_window_of_a_service_that_ends_before_it_starts_is_refused(app):
    actor, operation = coordinator(), an_operation("OP")
    part = a_participation(operation)
    with pytest.raises(Invalid) as refused, writing():
        service_commands.change_participation(
            actor, operation, part, 1, status="confirmed", entry_mode="contacts",
            starts_at=WINDOW["ends_at"], ends_at=WINDOW["starts_at"], planned_staff={"police": -1},
        )  # fmt: skip
    assert {f.where for f in refused.value.findings} == {"ends_on", "staff_police"}


@pytest.mark.any_database
def test_a_service_under_another_spelling_is_refused_even_when_two_add_it_at_once(app):
    actor = coordinator()
    fields = {"name": "Rivière-aux-Aulnes", "kind": "police_municipal"}
    with writing():
        service_commands.add_service(actor, fields)
        assert rows.add_service({**fields, "name_key": "riviereauxaulnes"}) is None
    with pytest.raises(Invalid), writing():
        service_commands.add_service(actor, {**fields, "name": "riviere aux AULNES"})
    assert db.session.query(Service).count() == 1 and tags() == ["plan.service.add"]
    for refused in (coordinator(an_operation()), officer(a_service("Other"))):
        with pytest.raises(NotAllowed), writing():
            service_commands.add_service(refused, {"name": "New one", "kind": "police_municipal"})


def test_a_window_of_a_service_that_lasts_for_years_is_refused(app):
    actor, operation = coordinator(), an_operation("OP")
    part = a_participation(operation)
    window = {"starts_at": dt.datetime(1990, 1, 1, tzinfo=dt.UTC), "ends_at": dt.datetime(2100, 1, 1, tzinfo=dt.UTC)}
    values = {"status": "confirmed", "entry_mode": "contacts", **window}
    with pytest.raises(Invalid) as refused, writing():
        service_commands.change_participation(actor, operation, part, 1, **values)
    assert refused.value.findings[0].where == "ends_on"
