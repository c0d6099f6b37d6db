"""The readiness board and opening: who sees what, what opens with one press and what only with a reason."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from outreach.auth.actors import SYSTEM
from outreach.errors import Invalid, NotAllowed
from outreach.plan import commands as plan_commands
from outreach.plan import rules as plan_rules
from outreach.plan import shift_commands
from outreach.ready import readiness_commands as commands
from outreach.storage import db, writing
from outreach.storage.queries import access, briefing, kits
from outreach.storage.queries import plan as plan_rows
from outreach.storage.tables import AuditEntry, Certificate, PhoneState, Session, Staff, User
from outreach.storage.types import new_uid, utc_now
from outreach.vocab import EntryMode, OperationStatus, ParticipationStatus, Role
from tests.factories import a_participation, a_service, a_shift, a_team, a_user, an_operation

BOARD, OPEN = "/operations/OP/ready", "/operations/OP/ready/open"


@pytest.fixture
def plan(app: Any) -> Any:
    """A planned operation: Windsor has a team whose phone is ready, Essex has answered and has nobody."""

    class Plan:
        operation = an_operation("OP", status=OperationStatus.PLANNED)
        windsor, essex = a_service("Windsor Police"), a_service("Essex Police")
        taking_part = a_participation(operation, windsor)
        officer = a_user(Role.FIELD_OFFICER, windsor)
        team = a_team(taking_part, officer)

    with writing():
        db.session.add(a_phone(Plan, ready_at=utc_now()))
    return Plan


def a_phone(plan: Any, **more: Any) -> PhoneState:
    place = {"operation_id": plan.operation.id, "service_id": plan.windsor.id, "team_id": plan.team.id}
    return PhoneState(device=new_uid(), user_id=plan.officer.id, heard_at=utc_now(), **place, **more)


def states(plan: Any, name: str) -> dict[str, str]:
    [row] = [row for row in commands.board_of(plan.operation) if row.name == name]
    return {cell.code: cell.state for cell in row.cells}


def a_training(operation: Any, certificate: str = "") -> Session:
    session = Session(
        operation_id=operation.id,
        kind="training",
        title="Outreach course",
        starts_at=dt.datetime(2017, 9, 20, 13, tzinfo=dt.UTC),
        certificate=certificate,
    )
    with writing():
        db.session.add(session)
    return session


def a_certificate(staff: Staff, name: str, expires: dt.date | None) -> None:
    with writing():
        db.session.add(
            Certificate(
                staff_id=staff.id,
                name=name,
                issued_on=dt.date(2016, 1, 1),
                expires_on=expires,
                recorded_at=utc_now(),
            )
        )


def test_a_service_whose_phones_passed_their_ready_check_lately_is_ready(plan):
    assert set(states(plan, "Windsor Police").values()) == {"ready", "not_asked"}
    with writing():
        db.session.query(PhoneState).update({"ready_at": utc_now() - dt.timedelta(days=3, minutes=1)})
    assert states(plan, "Windsor Police")["phones"] == "missing"
    with writing():
        db.session.add(a_phone(plan))
    assert states(plan, "Windsor Police")["phones"] == "missing", "signed in, with a phone that was not checked"
    with writing():
        db.session.add(a_phone(plan, ready_at=utc_now() - dt.timedelta(days=2)))
    assert states(plan, "Windsor Police")["phones"] == "ready", "one phone of an officer is enough"


def test_the_phone_of_an_account_that_has_ended_is_not_ready(plan):
    with writing():
        db.session.query(User).filter_by(id=plan.officer.id).update({"active": False})
    assert states(plan, "Windsor Police")["phones"] == "missing"


def test_a_ready_check_for_another_operation_counts_nothing_here(plan):
    other = a_participation(an_operation("OP-OTHER"), a_service("Third Police"))
    with writing():
        db.session.query(PhoneState).update({"operation_id": other.operation_id})
    assert states(plan, "Windsor Police")["phones"] == "missing"


def test_a_service_that_has_not_answered_or_has_no_team_is_missing_it(plan):
    a_participation(plan.operation, plan.essex, status=ParticipationStatus.INVITED)
    found = states(plan, "Essex Police")
    assert (found["confirmed"], found["staffed"]) == ("missing", "missing")
    assert commands.board_of(plan.operation)[0].name == "Essex Police"


def test_services_that_declined_have_no_row_and_those_that_send_totals_owe_no_team(plan):
    a_participation(plan.operation, plan.essex, status=ParticipationStatus.DECLINED)
    totals = a_service("Totals Police")
    a_participation(plan.operation, totals, entry_mode=EntryMode.DAILY_TOTALS)
    assert [row.name for row in commands.board_of(plan.operation)] == ["Totals Police", "Windsor Police"]
    assert states(plan, "Totals Police")["staffed"] == "not_asked"


def test_training_is_asked_once_there_is_a_session_and_met_by_the_certificate_that_it_gives(plan):
    assert states(plan, "Windsor Police")["trained"] == "not_asked"
    a_training(plan.operation, "Outreach")
    staff = db.session.query(Staff).one()
    assert states(plan, "Windsor Police")["trained"] == "missing"
    a_certificate(staff, "First aid", None)
    a_certificate(staff, "Outreach", dt.date(2017, 10, 16))  # the window ends on the 17th
    assert states(plan, "Windsor Police")["trained"] == "missing"
    a_certificate(staff, "OUTREACH", dt.date(2017, 10, 17))
    assert states(plan, "Windsor Police")["trained"] == "ready"


def test_the_service_coordinator_sees_her_row_only(plan, signed_in):
    a_participation(plan.operation, plan.essex)
    every = signed_in(a_user(Role.OPERATION_COORDINATOR)).get(BOARD).text
    own = signed_in(a_user(Role.SERVICE_COORDINATOR, plan.essex)).get(BOARD).text
    assert "Windsor Police" in every and "Essex Police" in every and "1 of 2 services ready" in every
    assert "Windsor Police" not in own and "Essex Police" in own and "Open the operation" not in own
    assert signed_in(plan.officer).get(BOARD).status_code == 403
    stranger = signed_in(a_user(Role.SERVICE_COORDINATOR, a_service()))
    assert stranger.get(BOARD).status_code == 404 and stranger.get(OPEN).status_code == 404


def test_a_ready_operation_opens_with_one_press(plan, signed_in, post):
    client = signed_in(a_user(Role.OPERATION_COORDINATOR))
    page = client.get(OPEN).text
    assert "Everything that this operation asks for is ready." in page and 'name="reason"' not in page
    assert post(client, OPEN).status_code == 303
    assert [(s.to_status, s.reason) for s, _ in plan_rows.steps_of(plan.operation.id)] == [("active", "")]
    assert db.session.query(AuditEntry).filter_by(tag="ready.operation.open").count() == 0
    assert post(client, OPEN).status_code == 409, "it is open already"


def test_one_that_is_not_ready_opens_only_with_a_reason_which_is_kept_and_audited(plan, signed_in, post):
    a_participation(plan.operation, plan.essex)
    client = signed_in(a_user(Role.OPERATION_COORDINATOR))
    page = client.get(OPEN).text
    assert "Essex Police" in page and "service coordinator" in page and 'name="reason"' in page
    for reason in ("", "  ", "x", "\u200b" * 9, "y" * 501):
        refused = post(client, OPEN, {"reason": reason})
        assert refused.status_code == 422 and "<title>Error:" in refused.text
    assert post(client, OPEN, {"reason": "Essex joins on day two"}).status_code == 303
    [(step, _)] = plan_rows.steps_of(plan.operation.id)
    assert step.reason == "Essex joins on day two"
    raw = db.session.connection().exec_driver_sql("select reason from operation_step").scalar()
    assert b"Essex" not in bytes(raw), "sealed in the database"
    entry = db.session.query(AuditEntry).filter_by(tag="ready.operation.open").one()
    assert entry.details["counts"]["staffed"] == 1 and "Essex" not in str(entry.details)


@pytest.mark.any_database
def test_opening_asks_the_permission_table_and_leaves_nothing_when_refused(app):
    operation = an_operation("OP", status=OperationStatus.PLANNED)
    service = a_service()
    a_team(a_participation(operation, service), a_user(Role.FIELD_OFFICER, service))
    with pytest.raises(NotAllowed), writing():
        commands.open_operation(access.actor_of(a_user(Role.SERVICE_COORDINATOR, service)), operation, "why not")
    with pytest.raises(Invalid), writing():
        commands.open_operation(SYSTEM, operation)
    assert operation.status == "planned" and plan_rows.steps_of(operation.id) == []
    with writing():
        commands.open_operation(SYSTEM, operation, "Officers sign in tonight")
    assert operation.status == "active"


def test_the_old_address_of_opening_leads_to_the_new_one(plan, signed_in, post):
    client = signed_in(a_user(Role.OPERATION_COORDINATOR))
    assert client.get("/operations/OP/plan/move/active").location.endswith(OPEN)
    assert post(client, "/operations/OP/plan/move/active", {"reason": "x y z"}).status_code == 409
    assert OPEN in client.get("/operations/OP/plan").text


def test_a_parent_operation_shows_the_boards_under_it(app, signed_in):
    parent = an_operation("OP", status=OperationStatus.PLANNED)
    an_operation("CHILD", status=OperationStatus.PLANNED, parent=parent)
    page = signed_in(a_user(Role.OPERATION_COORDINATOR)).get(BOARD)
    assert page.status_code == 200 and "/operations/CHILD/ready" in page.text


def test_briefing_and_legal_card_are_asked_once_there_is_a_briefing(plan):
    assert states(plan, "Windsor Police")["briefed"] == "not_asked"
    with writing():
        standing = briefing.add_version(plan.operation.id, None, {"purpose": "Meet people"}, by=None, now=utc_now())
        assert standing is not None
    assert (states(plan, "Windsor Police")["briefed"], states(plan, "Windsor Police")["card"]) == ("missing",) * 2
    with writing():
        briefing.add_read(plan.operation.id, plan.officer.id, briefing.BRIEFING, 1, utc_now())
    assert (states(plan, "Windsor Police")["briefed"], states(plan, "Windsor Police")["card"]) == ("ready", "missing")


def test_kits_are_asked_once_there_is_an_item_and_ready_when_nothing_is_on_its_way(plan):
    with writing():
        item = kits.add_item(plan.operation.id, "Hotline card", "", by_contacts=False)
    assert states(plan, "Windsor Police")["kits"] == "missing"

    def moved(kind: str, count: int) -> str:
        with writing():
            kits.add_move(item, plan.windsor.id, kind, count, "", uid=new_uid(), by=None, now=utc_now())
        return states(plan, "Windsor Police")["kits"]

    assert [moved("sent", 40), moved("received", 30), moved("lost_on_way", 10)] == ["missing", "partly", "ready"]


# --- the task list


def tasks_of(plan: Any) -> dict[str, tuple[str, Any]]:
    found = plan_rules.tasks(plan_commands.count_of(plan.operation))
    return {t.place: (t.state, t.note.params if t.note else None) for _, tasks in found.sections for t in tasks}


def test_the_task_list_grows_with_what_the_operation_uses_and_with_nothing_else(plan):
    assert len(tasks_of(plan)) == 9 and not {"shifts", "briefing", "kits", "training"} & tasks_of(plan).keys()
    a_training(plan.operation)
    shift = a_shift(plan.team, dt.datetime(2017, 10, 11, 22, tzinfo=dt.UTC))
    with writing():
        briefing.add_version(plan.operation.id, None, {"purpose": "Meet people"}, by=None, now=utc_now())
        item = kits.add_item(plan.operation.id, "Hotline card", "", by_contacts=False)
    left = {"missing": 1}
    found = tasks_of(plan)
    assert found["shifts"] == ("next", left) and found["active"][0] == "todo"
    assert [found[place] for place in ("briefing", "kits", "training")] == [("todo", left)] * 3
    with writing():
        kits.add_move(item, plan.windsor.id, "sent", 4, "", uid=new_uid(), by=None, now=utc_now())
        briefing.add_read(plan.operation.id, plan.officer.id, briefing.BRIEFING, 1, utc_now())
    a_certificate(db.session.query(Staff).one(), "Anything", None)
    found = tasks_of(plan)
    assert [found[p][0] for p in ("shifts", "briefing", "kits", "training")] == ["next", "done", "todo", "done"]
    with writing():
        kits.add_move(item, plan.windsor.id, "received", 4, "", uid=new_uid(), by=None, now=utc_now())
        shift_commands.publish(SYSTEM, plan.operation, [plan.windsor.id])
    assert shift.uid and {tasks_of(plan)[p][0] for p in ("shifts", "briefing", "kits", "training")} == {"done"}
    assert states(plan, "Windsor Police")["staffed"] == "ready"


def test_while_it_runs_preparation_is_not_the_next_task_and_when_it_reports_it_is_over(plan):
    a_training(plan.operation)
    count = plan_commands.count_of(plan.operation)
    running = plan_rules.tasks(replace(count, status="active"))
    assert running.next.place == "hear" and running.total == 10
    assert plan_rules.tasks(replace(count, status="reporting")).total == 9


def test_unanswered_invitations_lead_to_the_page_that_asks_again(plan, signed_in):
    a_participation(plan.operation, plan.essex, status=ParticipationStatus.INVITED)
    assert tasks_of(plan)["invitations"] == ("next", {"invited": 1})
    page = signed_in(a_user(Role.OPERATION_COORDINATOR)).get("/operations/OP/plan").text
    own = signed_in(a_user(Role.SERVICE_COORDINATOR, plan.essex)).get("/operations/OP/plan").text
    assert "/operations/OP/plan/invitations" in page and "/operations/OP/plan/invitations" not in own
