"""Writes of teams, members and officers' accounts: refused, done, audited, with every version kept."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import func, select

from outreach.auth.actors import SYSTEM
from outreach.errors import Changed, Invalid, NotAllowed
from outreach.plan import team_commands as commands
from outreach.plan.team_rules import Invitee, TeamDraft
from outreach.storage import db, writing
from outreach.storage.queries import access, accounts, operations, teams
from outreach.storage.tables import AccountLink, AuditEntry, Operation, Staff, TeamMember, TeamVersion, User
from outreach.vocab import OperationStatus, Role
from tests.factories import a_participation, a_service, a_team, a_user, an_operation

pytestmark = pytest.mark.any_database


def _actor(user: Any) -> Any:
    return access.actor_of(db.session.get(User, user.id))


def _count(table: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def _tags() -> list[str]:
    return [
        tag for tag in db.session.scalars(select(AuditEntry.tag).order_by(AuditEntry.id)) if tag.startswith("plan.")
    ]


def test_a_coordinator_of_the_service_adds_and_changes_a_team(app: Any) -> None:
    operation, service = an_operation(), a_service()
    taking_part = a_participation(operation, service)
    actor = _actor(a_user(Role.SERVICE_COORDINATOR, service))
    before = operations.by_id(operation.id).changes
    with writing():
        team = commands.add_team(actor, operation, taking_part, TeamDraft("Team 1", "Downtown"))
    with writing():
        assert commands.change_team(actor, operation, team, TeamDraft("Team 1", "Riverside"), version=1)
        assert not commands.change_team(actor, operation, team, TeamDraft("Team 1", "Riverside"))
    versions = list(db.session.scalars(select(TeamVersion).order_by(TeamVersion.version)))
    assert [(v.version, v.area) for v in versions] == [(1, "Downtown"), (2, "Riverside")]
    assert versions[0].superseded_at == versions[1].recorded_at and versions[1].superseded_at is None
    assert _tags() == ["plan.team.add", "plan.team.change"]
    db.session.expire_all()
    assert db.session.get(Operation, operation.id).changes == before + 2


def test_who_read_an_older_version_is_told(app: Any) -> None:
    operation = an_operation()
    team = a_team(a_participation(operation))
    with writing():
        commands.change_team(SYSTEM, operation, team, TeamDraft("Team A"), version=1)
    with pytest.raises(Changed), writing():
        commands.change_team(SYSTEM, operation, team, TeamDraft("Team B"), version=1)
    assert teams.current(team.id).name == "Team A"


def test_teams_of_another_service_are_refused(app: Any) -> None:
    operation, own = an_operation(), a_service()
    a_participation(operation, own)
    theirs = a_participation(operation)
    team = a_team(theirs)
    actor = _actor(a_user(Role.SERVICE_COORDINATOR, own))
    for act in (
        lambda: commands.add_team(actor, operation, theirs, TeamDraft("Team 9")),
        lambda: commands.change_team(actor, operation, team, TeamDraft("Team 9")),
        lambda: commands.cancel_team(actor, operation, team),
        lambda: commands.add_member(
            actor, operation, team, service_id=team.service_id, name="Ana Roy", category="police"
        ),
        lambda: commands.invite(actor, operation, theirs, [Invitee(1, "Ana", "ana@example.org", "police")]),
    ):
        with pytest.raises(NotAllowed), writing():
            act()
    assert _tags() == [] and _count(Staff) == 0


def test_an_archived_operation_takes_no_team(app: Any) -> None:
    operation = an_operation(status=OperationStatus.ARCHIVED)
    with pytest.raises(NotAllowed), writing():
        commands.add_team(SYSTEM, operation, a_participation(operation), TeamDraft("Team 1"))


def test_members_come_and_go_and_their_time_in_the_team_is_kept(app: Any) -> None:
    operation, partner = an_operation(), a_service()
    taking_part = a_participation(operation)
    a_participation(operation, partner)
    team = a_team(taking_part, partners=(partner.id,))
    with writing():
        lead = commands.add_member(
            SYSTEM, operation, team, service_id=team.service_id, name="Ana Roy", category="police", lead=True
        )
        commands.add_member(SYSTEM, operation, team, service_id=partner.id, name="Ben Côté", category="ngo", lead=True)
    with pytest.raises(Invalid), writing():
        commands.add_member(SYSTEM, operation, team, service_id=team.service_id, name="ANA ROY", category="police")
    present = teams.members_of(operation.id, team.id)
    assert [(staff.name, member.is_lead) for member, staff in present] == [("Ben Côté", True), ("Ana Roy", False)]
    with writing():
        commands.remove_member(SYSTEM, operation, team, present[1][0])
    assert [staff.name for _, staff in teams.members_of(operation.id, team.id)] == ["Ben Côté"]
    assert _count(TeamMember) == 3 and db.session.get(TeamMember, lead.id).superseded_at is not None
    assert _tags() == ["plan.member.add", "plan.member.add", "plan.member.remove"]


def test_a_member_must_be_of_a_service_of_the_team(app: Any) -> None:
    operation, stranger = an_operation(), a_service()
    team = a_team(a_participation(operation))
    with pytest.raises(Invalid), writing():
        commands.add_member(SYSTEM, operation, team, service_id=stranger.id, name="Ana Roy", category="police")
    assert _count(Staff) == 0


def test_a_cancelled_team_can_be_set_up_again_unless_its_name_is_taken(app: Any) -> None:
    operation = an_operation()
    taking_part = a_participation(operation)
    team = a_team(taking_part, name="Team 1")
    with writing():
        assert commands.cancel_team(SYSTEM, operation, team)
        other = commands.add_team(SYSTEM, operation, taking_part, TeamDraft("Team 1"))
    with pytest.raises(Invalid), writing():
        commands.cancel_team(SYSTEM, operation, team, cancelled=False)
    with writing():
        commands.cancel_team(SYSTEM, operation, other)
        assert commands.cancel_team(SYSTEM, operation, team, cancelled=False)


def test_an_invited_officer_gets_account_role_team_and_a_link_of_three_days(app: Any) -> None:
    operation, service = an_operation(), a_service()
    taking_part = a_participation(operation, service)
    team = a_team(taking_part)
    actor = _actor(a_user(Role.SERVICE_COORDINATOR, service))
    (done,) = commands.invite(
        actor, operation, taking_part, [Invitee(1, "Ana Roy", "ana@example.org", "police", team_id=team.id)]
    )
    user = accounts.by_email("ana@example.org")
    assert [(g.role, g.service_id, g.operation_id) for g in user.roles] == [("field_officer", service.id, operation.id)]
    link, _ = accounts.working_link(done.token)
    assert link.user_id == user.id and link.purpose == "welcome" and user.password is None
    assert dt.timedelta(hours=71) < link.ends_at - link.created_at <= dt.timedelta(hours=73)
    assert done.token not in link.token_hash
    assert [staff.user_id for _, staff in teams.members_of(operation.id, team.id)] == [user.id]
    tags = set(db.session.scalars(select(AuditEntry.tag)))
    assert {"admin.user.add", "admin.grant.add", "account.link.make", "plan.member.add"} <= tags
    details = [str(entry.details) for entry in db.session.scalars(select(AuditEntry))]
    assert not any("Ana" in text or "ana@" in text for text in details)


def test_inviting_twice_makes_nobody_twice_and_the_newer_link_counts(app: Any) -> None:
    operation, service = an_operation(), a_service()
    taking_part = a_participation(operation, service)
    row = [Invitee(1, "Ana Roy", "ana@example.org", "police")]
    first = commands.invite(SYSTEM, operation, taking_part, row)[0]
    second = commands.invite(SYSTEM, operation, taking_part, row)[0]
    assert _count(Staff) == 1 and _count(User) == 1 and _count(AccountLink) == 2
    assert accounts.working_link(first.token) is None and accounts.working_link(second.token) is not None


def test_an_officer_of_the_service_who_joins_a_team_by_name_may_enter_its_operation(app: Any) -> None:
    earlier, operation, service = an_operation(), an_operation(), a_service()
    taking_part = a_participation(operation, service)
    team = a_team(taking_part)
    commands.invite(
        SYSTEM, earlier, a_participation(earlier, service), [Invitee(1, "Ana Roy", "a@example.org", "police")]
    )
    user = accounts.by_email("a@example.org")
    assert [grant.operation_id for grant in user.roles] == [earlier.id]
    actor = _actor(a_user(Role.SERVICE_COORDINATOR, service))
    with writing():
        commands.add_member(actor, operation, team, service_id=service.id, name="Ana Roy", category="police")
    assert {(g.role, g.service_id, g.operation_id) for g in user.roles} == {
        ("field_officer", service.id, earlier.id), ("field_officer", service.id, operation.id),
    }  # fmt: skip
    assert list(db.session.scalars(select(AuditEntry.tag))).count("admin.grant.add") == 2


def test_joining_by_name_lets_in_nobody_who_is_no_officer_nor_by_who_may_not_invite(app: Any) -> None:
    earlier, operation, service, partner = an_operation(), an_operation(), a_service(), a_service()
    team = a_team(a_participation(operation, service), partners=(partner.id,))
    a_participation(operation, partner)
    invited = [Invitee(1, "Ben Cox", "b@example.org", "police")]
    commands.invite(SYSTEM, earlier, a_participation(earlier, partner), invited)
    liaison = a_user(Role.LIAISON, service)
    with writing():
        commands.staff_named(service.id, "Lee Low", "victim_services").user_id = liaison.id
    actor = _actor(a_user(Role.SERVICE_COORDINATOR, service))
    with writing():
        commands.add_member(actor, operation, team, service_id=partner.id, name="Ben Cox", category="police")
        commands.add_member(actor, operation, team, service_id=service.id, name="Lee Low", category="")
    assert [grant.operation_id for grant in accounts.by_email("b@example.org").roles] == [earlier.id]
    assert [grant.role for grant in db.session.get(User, liaison.id).roles] == [Role.LIAISON]


def test_somebody_who_is_known_does_in_a_team_what_the_service_says_unless_said(app: Any) -> None:
    operation, service = an_operation(), a_service()
    team = a_team(a_participation(operation, service))
    with writing():
        commands.staff_named(service.id, "Wen Lo", "victim_services")
        commands.add_member(SYSTEM, operation, team, service_id=service.id, name="wen lo", category="")
    assert [member.category for member, _ in teams.members_of(operation.id, team.id)] == ["victim_services"]
    with pytest.raises(Invalid), writing():
        commands.add_member(SYSTEM, operation, team, service_id=service.id, name="New Person", category="")


def test_no_link_leads_into_an_account_that_works_or_may_do_more(app: Any) -> None:
    operation, service = an_operation(), a_service()
    taking_part = a_participation(operation, service)
    officer = a_user(Role.FIELD_OFFICER, service)
    coordinator = a_user(Role.SERVICE_COORDINATOR, service)
    with writing():
        db.session.get(User, coordinator.id).password = None
    rows = [Invitee(1, "Ana", officer.email, "police"), Invitee(2, "Ben", coordinator.email, "police")]
    assert [one.token for one in commands.invite(SYSTEM, operation, taking_part, rows)] == ["", ""]
    assert _count(AccountLink) == 0


def test_an_account_of_another_service_cannot_be_drawn_in_and_nothing_of_the_list_stays(app: Any) -> None:
    operation, service = an_operation(), a_service()
    taking_part = a_participation(operation, service)
    foreign = a_user(Role.OPERATION_COORDINATOR)
    rows = [Invitee(1, "Ana", "ana@example.org", "police"), Invitee(2, "Ben", foreign.email, "police")]
    with pytest.raises(Invalid):
        commands.invite(SYSTEM, operation, taking_part, rows)
    assert accounts.by_email("ana@example.org") is None and _count(Staff) == 0 and _count(AuditEntry) == 0
