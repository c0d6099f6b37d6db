"""Pages of teams and people, as a coordinator of the operation, of the service, and of another service sees them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import func, select

from outreach.storage import db
from outreach.storage.queries import accounts, teams
from outreach.storage.tables import Staff, Team, User
from outreach.vocab import Role
from tests.factories import a_participation, a_service, a_team, a_user, an_operation

LIST = (
    "Name\tE-mail\tCategory\tTeam\nAna Roy\tana@example.org\tOfficer\tTeam 1\nBen Côté\tben@example.org\tInterpreter\t"
)


def _page(answer: Any) -> str:
    """The page without its token, which differs from one second to the next."""
    return re.sub(r'(name="csrf_token" value=")[^"]+', r"\1", answer.text)


def _count(table: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture
def plan(app: Any) -> Any:
    """An operation of two services; the first has a team."""

    class Plan:
        operation = an_operation("OP-1")
        service = a_service("Windsor Police Service")
        other = a_service("LaSalle Police Service")
        taking_part = a_participation(operation, service)
        theirs = a_participation(operation, other)
        team = a_team(taking_part, name="Team 1")
        foreign = a_team(theirs, name="Team 7")
        coordinator = a_user(Role.SERVICE_COORDINATOR, service)
        teams_url = "/operations/OP-1/plan/teams"
        team_url = f"/operations/OP-1/plan/teams/{team.id}"
        people_url = f"/operations/OP-1/services/{service.id}/people"
        new_url = f"/operations/OP-1/services/{service.id}/teams/new"

    return Plan


def test_the_operation_coordinator_sees_the_teams_of_all_and_the_service_coordinator_her_own(
    plan: Any, signed_in: Any
) -> None:
    every = signed_in(a_user(Role.OPERATION_COORDINATOR)).get(plan.teams_url).text
    own = signed_in(plan.coordinator).get(plan.teams_url).text
    assert "Team 1" in every and "Team 7" in every
    assert "Team 1" in own and "Team 7" not in own and "LaSalle" not in own


def test_a_team_of_another_service_answers_like_one_that_does_not_exist(plan: Any, signed_in: Any, post: Any) -> None:
    client = signed_in(plan.coordinator)
    missing = client.get("/operations/OP-1/plan/teams/9999")
    foreign = client.get(f"/operations/OP-1/plan/teams/{plan.foreign.id}")
    assert missing.status_code == foreign.status_code == 404 and _page(missing) == _page(foreign)
    elsewhere = an_operation("OP-2")
    a_participation(elsewhere, plan.service)
    assert _page(client.get(f"/operations/OP-2/plan/teams/{plan.team.id}")) == _page(missing)
    for url in ("", "/cancel", "/members", "/members/1"):
        assert post(client, f"/operations/OP-1/plan/teams/{plan.foreign.id}{url}").status_code == 404
    for url in (
        f"/operations/OP-1/services/{plan.other.id}/people",
        f"/operations/OP-1/services/{plan.other.id}/teams/new",
    ):
        assert _page(client.get(url)) == _page(missing)
    assert teams.current(plan.foreign.id).version == 1


def test_a_team_is_added_with_local_times(plan: Any, signed_in: Any, post: Any) -> None:
    client = signed_in(plan.coordinator)
    fields = {"name": "Team 2", "area": "Downtown", "starts_on": "2017-10-10", "starts_at": "18:00"}
    fields |= {"ends_on": "2017-10-11", "ends_at": "02:00", "partners": str(plan.other.id)}
    answer = post(client, plan.new_url, fields)
    assert answer.status_code == 303
    page = client.get(answer.location).text
    assert "Team 2" in page and "2017-10-11" in page and "02:00" in page and "Joint team with LaSalle" in page


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": ""}, "Enter the name of the team."),
        ({"name": "team 1"}, "This service has a team of that name already."),
        ({"starts_on": "10/10/2017", "starts_at": "18:00"}, "is not a day. Write it as 2017-10-18."),
        ({"starts_on": "2017-03-12", "starts_at": "02:30"}, "the clocks skip 02:30"),
        ({"starts_on": "2017-10-10", "starts_at": "18:00"}, "Enter when the team ends."),
        ({"starts_on": "2017-10-10", "starts_at": "18:00", "ends_on": "2017-10-10", "ends_at": "17:00"}, "ends before"),
        ({"partners": "99999"}, "Choose partners among the other services"),
    ],
)
def test_a_wrong_team_is_refused_at_its_field_and_what_was_typed_stays(
    plan: Any, signed_in: Any, post: Any, wrong: dict[str, str], words: str
) -> None:
    client = signed_in(plan.coordinator)
    answer = post(client, plan.new_url, {"name": "Team 2", "area": "Kept area", **wrong})
    assert answer.status_code == 422
    assert words in answer.text.replace("&#39;", "'") and "Kept area" in answer.text and "<title>Error:" in answer.text
    assert _count(Team) == 2


def test_two_people_do_not_overwrite_each_other(plan: Any, signed_in: Any, post: Any) -> None:
    client = signed_in(plan.coordinator)
    assert post(client, plan.team_url, {"name": "Team A", "version": "1"}).status_code == 303
    late = post(client, plan.team_url, {"name": "Team B", "version": "1"})
    assert late.status_code == 409 and "Somebody else changed this" in late.text and "Team B" in late.text
    assert teams.current(plan.team.id).name == "Team A"


def test_members_are_added_led_and_removed(plan: Any, signed_in: Any, post: Any) -> None:
    client = signed_in(plan.coordinator)
    fields = {"name": "Ana Roy", "service": str(plan.service.id), "category": "police"}
    assert post(client, f"{plan.team_url}/members", fields).status_code == 303
    assert post(client, f"{plan.team_url}/members", fields).status_code == 422
    assert post(client, f"{plan.team_url}/members", {**fields, "name": ""}).status_code == 422
    assert post(client, f"{plan.team_url}/members", {**fields, "name": "B", "category": "x"}).status_code == 422
    (member, staff) = teams.members_of(plan.operation.id, plan.team.id)[0]
    assert staff.name == "Ana Roy"
    post(client, f"{plan.team_url}/members/{member.id}", {"lead": "1"})
    assert "Team lead" in client.get(plan.team_url).text
    (member, _) = teams.members_of(plan.operation.id, plan.team.id)[0]
    post(client, f"{plan.team_url}/members/{member.id}", {"remove": "1"})
    assert teams.members_of(plan.operation.id, plan.team.id) == []


def test_a_team_is_cancelled_and_set_up_again(plan: Any, signed_in: Any, post: Any) -> None:
    client = signed_in(plan.coordinator)
    post(client, f"{plan.team_url}/cancel", {"cancel": "1"})
    assert teams.current(plan.team.id).cancelled
    post(client, f"{plan.team_url}/cancel", {"again": "1"})
    assert not teams.current(plan.team.id).cancelled


def test_checking_a_list_saves_nothing(plan: Any, signed_in: Any, post: Any) -> None:
    client = signed_in(plan.coordinator)
    answer = post(client, f"{plan.people_url}/check", {"rows": LIST})
    assert answer.status_code == 200 and "Nothing is saved yet." in answer.text and "Add 2 people" in answer.text
    assert _count(Staff) == 0 and accounts.by_email("ana@example.org") is None


def test_confirming_a_list_shows_each_link_once(plan: Any, signed_in: Any, post: Any) -> None:
    client = signed_in(plan.coordinator)
    answer = post(client, plan.people_url, {"rows": LIST})
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    tokens = set(re.findall(r"/welcome/([\w-]+)", answer.text.partition("<textarea")[2]))
    assert len(tokens) == 2 and all(accounts.working_link(token) for token in tokens)
    page = client.get(plan.people_url).text
    assert "ana@example.org" in page and "has not signed in yet" in page and "/welcome/" not in page


def test_a_list_with_a_problem_is_saved_only_without_it_and_only_when_asked(
    plan: Any, signed_in: Any, post: Any
) -> None:
    client = signed_in(plan.coordinator)
    rows = LIST + "\nDan\tno address"
    refused = post(client, plan.people_url, {"rows": rows})
    assert (
        refused.status_code == 422 and "1 row needs an answer first." in refused.text and "no address" in refused.text
    )
    assert _count(Staff) == 0
    done = post(client, plan.people_url, {"rows": rows, "step": "good"})
    assert done.status_code == 200 and "1 row with a problem was left out." in done.text
    assert _count(Staff) == 2


def test_bad_lists_are_refused_and_kept(plan: Any, signed_in: Any, post: Any) -> None:
    client = signed_in(plan.coordinator)
    for rows, words in (("", "Paste at least one row"), ("a\tb\n" * 5000, "at most 1000 are read at a time")):
        answer = post(client, f"{plan.people_url}/check", {"rows": rows})
        assert answer.status_code == 422 and words in answer.text
    assert post(client, f"{plan.people_url}/check", {"rows": "\x00\x01,\x02"}).status_code in (200, 422)


def test_somebody_elses_account_stays_somebody_elses(plan: Any, signed_in: Any, post: Any) -> None:
    boss = a_user(Role.OPERATION_COORDINATOR)
    client = signed_in(plan.coordinator)
    answer = post(client, plan.people_url, {"rows": f"Boss\t{boss.email}"})
    assert answer.status_code == 422 and "has an account elsewhere" in answer.text
    assert len(db.session.get(User, boss.id).roles) == 1


def test_officers_do_not_plan(plan: Any, signed_in: Any, post: Any) -> None:
    client = signed_in(a_user(Role.FIELD_OFFICER, plan.service))
    assert client.get(plan.teams_url).status_code == 403
    for url in (plan.team_url, plan.people_url):
        assert client.get(url).status_code == 404
    assert post(client, plan.people_url, {"rows": LIST}).status_code == 404
