"""Going on while phones hold contacts or records wait: named by service, explained, kept and audited."""

import datetime as dt

import pytest

from outreach.errors import Invalid
from outreach.returns import commands, rules
from outreach.storage import db, writing
from outreach.storage.queries import access, operations, waiting
from outreach.storage.tables import AuditEntry, OperationStep, PhoneState, Service
from outreach.storage.types import new_uid, utc_now
from outreach.vocab import OperationStatus, Role
from tests.factories import a_user, an_operation
from tests.field.factories import a_night
from tests.field.held import a_held_record


@pytest.fixture
def night(app):
    found = a_night(operation=an_operation("OP-L"))
    with writing():
        db.session.get(Service, found.service.id).name = "Quarry Town Police"
    return found


def a_phone(night, unsent, *, minutes=10):
    at = utc_now() - dt.timedelta(minutes=minutes)
    with writing():
        state = PhoneState(
            device=new_uid(),
            user_id=night.officer.id,
            operation_id=night.operation.id,
            service_id=night.service.id,
            team_id=night.team.id,
            unsent=unsent,
            oldest_at=at if unsent else None,
            heard_at=at,
            offset_ms=0,
        )
        db.session.add(state)
    return at


def move(user, to, reason=""):
    with writing():
        commands.move(access.actor_of(user), operations.by_code("OP-L"), to, reason)


def refused(user, to, reason=""):
    with pytest.raises(Invalid) as problem:
        move(user, to, reason)
    assert {finding.where for finding in problem.value.findings} == {"reason"}
    return str(problem.value)


@pytest.mark.parametrize(
    ("status", "to", "on"),
    [
        ("active", "reporting", True),
        ("reporting", "closed", True),
        ("closed", "archived", True),
        ("reporting", "active", False),
        ("closed", "reporting", False),
        ("active", "planned", False),
    ],
)
def test_a_step_on_past_active_is_what_leaves_things_behind(status, to, on):
    assert rules.goes_on(status, to) is on


@pytest.mark.any_database
def test_what_would_be_left_behind_is_told_by_service_with_numbers_and_times(night):
    first, second = a_phone(night, 2, minutes=40), a_phone(night, 1, minutes=10)
    a_phone(night, 0, minutes=90)
    held = a_held_record(night.team, night.officer)
    (left,) = waiting.left_behind(night.operation.id)
    assert (left.service, left.unsent, left.phones, left.held) == ("Quarry Town Police", 3, 2, 1)
    assert (left.oldest_at, left.heard_at, left.held_since) == (first, first, held.received_at)
    assert second > first
    assert waiting.left_behind(an_operation("OP-OTHER").id) == []


@pytest.mark.parametrize(("status", "to"), [("active", "reporting"), ("reporting", "closed"), ("closed", "archived")])
def test_going_on_over_unsent_phones_needs_a_reason_that_is_kept_and_audited(night, status, to):
    a_phone(night, 2)
    with writing():
        operations.by_code("OP-L").status = status
    coordinator = a_user(Role.OPERATION_COORDINATOR)
    for too_little in ("", "  ", "ok"):
        assert "Quarry Town Police" in refused(coordinator, to, too_little)
    assert db.session.query(AuditEntry).filter_by(tag="returns.operation.leave").count() == 0
    move(coordinator, to, "The phone fell into the river")
    db.session.expire_all()
    assert operations.by_code("OP-L").status == to
    step = db.session.query(OperationStep).order_by(OperationStep.id.desc()).first()
    assert step.reason == "The phone fell into the river"
    (entry,) = db.session.query(AuditEntry).filter_by(tag="returns.operation.leave").all()
    assert entry.details == {"services": 1, "unsent": 2, "held": 0}


def test_records_that_wait_for_a_decision_need_a_reason_too(night):
    a_held_record(night.team, night.officer)
    coordinator = a_user(Role.OPERATION_COORDINATOR)
    assert "wait for a decision" in refused(coordinator, "reporting")
    move(coordinator, "reporting", "Their coordinator decides tomorrow")


def test_phones_that_hold_nothing_ask_no_reason(night):
    a_phone(night, 0)
    move(a_user(Role.OPERATION_COORDINATOR), "reporting")
    assert db.session.query(AuditEntry).filter_by(tag="returns.operation.leave").count() == 0


def test_the_page_warns_by_name_of_service_and_shows_the_refusal_at_the_field(night, signed_in, post):
    a_phone(night, 2)
    a_held_record(night.team, night.officer)
    client = signed_in(a_user(Role.OPERATION_COORDINATOR))
    page = client.get("/operations/OP-L/move")
    assert "Quarry Town Police" in page.text and "2 contacts not sent" in page.text
    assert "1 record waits for a decision" in page.text and night.officer.name not in page.text
    answer = post(client, "/operations/OP-L/move", {"to": "reporting", "reason": " "})
    assert answer.status_code == 422 and "Phones of Quarry Town Police still hold contacts" in answer.text
    assert operations.by_code("OP-L").status == OperationStatus.ACTIVE
    done = post(client, "/operations/OP-L/move", {"to": "reporting", "reason": "Lost at sea"})
    assert done.status_code == 303
    assert "Lost at sea" in client.get("/operations/OP-L/move").text
