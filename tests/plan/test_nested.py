"""Operations under one another: rules, proposing and answering, and a service in several operations."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from outreach.plan import nested_commands as commands
from outreach.plan import nested_rules as rules
from outreach.plan.nested_rules import Part
from outreach.plan.rules import measures_placed_as
from outreach.storage import db, writing
from outreach.storage.queries import operations
from outreach.storage.tables import AuditEntry, Grant, Operation, ParticipationVersion
from outreach.vocab import OperationStatus, ParticipationStatus, Role
from tests.factories import a_participation, a_service, a_team, a_user, an_operation

URL = "/operations/TOP/plan/nested"
GOOD = {
    "code": "top-wec",
    "name": "Windsor and Chatham",
    "purpose": "Four evenings.",
    "starts_on": "2017-10-10",
    "starts_at": "18:00",
    "ends_on": "2017-10-13",
    "ends_at": "24:00",
}


@pytest.fixture
def tree(app: Any) -> Any:
    """A parent with two children; Windsor takes part in all three, LaSalle in one."""
    top = an_operation("TOP", status=OperationStatus.PLANNED)
    west = an_operation("WEST", parent=top, status=OperationStatus.DRAFT)
    east = an_operation("EAST", parent=top, status=OperationStatus.DRAFT)
    windsor, lasalle = a_service("Windsor Police Service"), a_service("LaSalle Police Service")
    parts = {o.code: a_participation(o, windsor) for o in (top, west, east)}
    a_participation(west, lasalle, status=ParticipationStatus.INVITED)
    return SimpleNamespace(
        top=top,
        west=west,
        east=east,
        windsor=windsor,
        lasalle=lasalle,
        parts=parts,
        boss=a_user(Role.OPERATION_COORDINATOR, operation=top),
        ana=a_user(Role.SERVICE_COORDINATOR, windsor),
    )


def page_of(answer: Any) -> str:
    return re.sub(r'value="[^"]{20,}"', "", answer.text)


def counted_in(part: Any) -> dict[str, Any]:
    db.session.rollback()
    return dict(operations.current_participation(part.id).counted_in)


# --- rules


def test_without_a_choice_the_deepest_confirmed_operation_counts():
    parts = [Part(1, True, 0, {}), Part(2, True, 1, {}), Part(3, False, 2, {})]
    assert {(p.operation, p.chosen) for p in rules.places_of(parts)} == {(2, False)}


def test_of_two_choices_the_later_one_counts():
    code = measures_placed_as("contacts")[0]
    parts = [Part(1, True, 0, {code: 1}, recorded=5), Part(2, True, 1, {code: 2}, recorded=3)]
    found = {p.family: p for p in rules.places_of(parts)}
    assert (found["contacts"].operation, found["contacts"].chosen) == (1, True)
    assert (found["personnel"].operation, found["personnel"].chosen) == (2, False)


@pytest.mark.parametrize(("reason", "right"), [("", False), ("no", False), ("Too late.", True), ("x" * 501, False)])
def test_a_refusal_needs_a_short_reason(reason, right):
    assert (rules.check_reason(reason) == []) is right


# --- the page


def test_the_coordinator_sees_children_with_what_is_not_ready(tree: Any, signed_in: Any) -> None:
    deep = an_operation("WEST-1", parent=tree.west, status=OperationStatus.DRAFT, starts_at=None)
    a_team(tree.parts["EAST"])
    page = signed_in(tree.boss).get(URL).text
    order = [page.index(f">{code}<") for code in ("EAST", "WEST", deep.code)]
    assert order == sorted(order) and "3 operations under it" in page
    assert "1 invited, not confirmed yet" in page and "Window not known" in page
    assert "/operations/WEST/plan/invitations" in page
    assert 'href="/operations/TOP/plan/nested"' in signed_in(tree.boss).get("/operations/TOP/plan").text


def test_a_service_coordinator_sees_only_what_her_service_is_in(tree: Any, signed_in: Any) -> None:
    a_participation(tree.east, a_service("Chatham Police Service"))
    lena = signed_in(a_user(Role.SERVICE_COORDINATOR, tree.lasalle))
    page = lena.get(URL).text
    assert "WEST" in page and "EAST" not in page and "Windsor" not in page
    assert "Decide" not in page and "/attach" not in page


def test_a_foreign_operation_answers_like_one_that_does_not_exist(tree: Any, signed_in: Any, post: Any) -> None:
    a_participation(an_operation("OTHER"), a_service())
    client = signed_in(tree.ana)
    for path in ("plan/nested", "plan/propose"):
        foreign, missing = client.get(f"/operations/OTHER/{path}"), client.get(f"/operations/NO-SUCH/{path}")
        assert foreign.status_code == missing.status_code == 404 and page_of(foreign) == page_of(missing)
    foreign = post(client, "/operations/OTHER/plan/propose", GOOD)
    missing = post(client, "/operations/NO-SUCH/plan/propose", GOOD)
    assert foreign.status_code == 404 and page_of(foreign) == page_of(missing)
    assert operations.by_code("TOP-WEC") is None


# --- proposing


def proposed(tree: Any, signed_in: Any, post: Any, **more: Any) -> Any:
    fields = {**GOOD, "service": str(tree.windsor.id), **more}
    return post(signed_in(tree.ana), "/operations/TOP/plan/propose", fields, page="/operations/TOP/plan/propose")


@pytest.mark.any_database
def test_a_service_proposes_and_the_coordinator_attaches(tree: Any, signed_in: Any, post: Any) -> None:
    assert proposed(tree, signed_in, post).status_code == 303
    child = operations.by_code("TOP-WEC")
    assert (child.parent_id, child.proposed_parent_id, child.lead_service_id) == (None, tree.top.id, tree.windsor.id)
    ana = signed_in(tree.ana)
    assert ana.get("/operations/TOP-WEC/plan").status_code == 200
    assert ana.get("/operations/TOP-WEC/plan/edit").status_code == 403  # she plans it once it is attached
    assert "has not answered yet" in ana.get("/operations/TOP-WEC/plan/nested").text
    boss = signed_in(tree.boss)
    page = boss.get(URL).text
    assert "Windsor and Chatham" in page and "Windsor Police Service" in page and "Attach" in page
    changes = operations.by_code("TOP").changes
    assert post(boss, f"{URL}/TOP-WEC/attach", {"version": "1"}).status_code == 303
    db.session.rollback()
    child = operations.by_code("TOP-WEC")
    assert (child.parent_id, child.root_id, child.proposed_parent_id) == (tree.top.id, tree.top.id, None)
    assert operations.by_code("TOP").changes > changes
    assert ana.get("/operations/TOP-WEC/plan/edit").status_code == 200
    grant = db.session.query(Grant).filter_by(user_id=tree.ana.id, role="operation_coordinator").one()
    assert grant.operation_id == child.id
    tags = [e.tag for e in db.session.query(AuditEntry)]
    assert {"plan.operation.propose", "plan.operation.attach", "admin.grant.add"} <= set(tags)
    assert post(boss, f"{URL}/TOP-WEC/attach", {"version": "2"}).status_code == 404  # answered already


def test_a_refused_proposal_keeps_its_reason_where_the_service_reads_it(tree: Any, signed_in: Any, post: Any) -> None:
    proposed(tree, signed_in, post)
    boss = signed_in(tree.boss)
    empty = post(boss, f"{URL}/TOP-WEC/refuse", {"reason": ""})
    assert empty.status_code == 422 and "Say why, in a few words" in empty.text
    assert post(boss, f"{URL}/TOP-WEC/refuse", {"reason": "Part of WEST already."}).status_code == 303
    db.session.rollback()
    child = operations.by_code("TOP-WEC")
    assert child.proposed_parent_id is None and child.parent_id is None and child.status == "draft"
    page = signed_in(tree.ana).get("/operations/TOP-WEC/plan").text
    assert "Part of WEST already." in page and "Proposal refused" in page
    raw = db.session.connection().exec_driver_sql("select reason from operation_step").scalar()
    assert b"WEST already" not in raw
    assert db.session.query(Grant).filter_by(user_id=tree.ana.id, role="operation_coordinator").count() == 0
    assert post(boss, f"{URL}/TOP-WEC/refuse", {"reason": "Once more."}).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": ""}, "Enter the name of the operation."),
        ({"code": "x"}, "Use 3 to 40 letters, digits and hyphens"),
        ({"code": "WEST"}, "Another operation has this code."),
        ({"ends_on": "2017-10-09"}, "The window ends before it starts."),
        ({"starts_on": "2017-03-12", "starts_at": "02:30"}, "the clocks skip 02:30"),
        ({"service": "999999"}, "Choose a service that you coordinate."),
        ({"service": "x"}, "Choose a service that you coordinate."),
    ],
)
def test_a_wrong_proposal_is_refused_at_its_field_and_kept(
    tree: Any, signed_in: Any, post: Any, wrong: dict[str, str], words: str
) -> None:
    before = db.session.query(Operation).count()
    answer = proposed(tree, signed_in, post, **wrong)
    text = answer.text.replace("&#39;", "'")
    assert answer.status_code == 422 and words in text and "Four evenings." in text and "<title>Error:" in text
    db.session.rollback()
    assert db.session.query(Operation).count() == before


def test_a_proposal_that_changed_meanwhile_is_looked_at_again(tree: Any, signed_in: Any, post: Any) -> None:
    proposed(tree, signed_in, post)
    with writing():
        operations.by_code("TOP-WEC").version = 7
    answer = post(signed_in(tree.boss), f"{URL}/TOP-WEC/attach", {"version": "1"})
    assert answer.status_code == 409 and "Somebody else changed this" in answer.text
    assert operations.by_code("TOP-WEC").parent_id is None


def test_what_stands_above_cannot_lie_under(tree: Any, signed_in: Any, post: Any) -> None:
    with writing():
        tree_top = operations.by_code("TOP")
        tree_top.proposed_parent_id = operations.by_code("WEST").id
    answer = post(signed_in(tree.boss), "/operations/WEST/plan/nested/TOP/attach", {"version": "1"})
    assert answer.status_code == 409 and operations.by_code("TOP").parent_id is None


def test_only_the_coordinator_above_answers(tree: Any, signed_in: Any, post: Any) -> None:
    proposed(tree, signed_in, post)
    for user, status in (
        (tree.ana, 403),
        (a_user(Role.COMMANDER, operation=tree.top), 403),
        (a_user(Role.OPERATION_COORDINATOR, operation=tree.west), 404),
        (a_user(Role.SERVICE_COORDINATOR, a_service()), 404),
    ):
        client = signed_in(user)
        assert post(client, f"{URL}/TOP-WEC/attach", {"version": "1"}).status_code == status
        assert post(client, f"{URL}/TOP-WEC/refuse", {"reason": "No."}).status_code == status
    boss = signed_in(tree.boss)
    assert page_of(boss.get(f"{URL}/WEST/refuse")) == page_of(boss.get(f"{URL}/NO-SUCH/refuse"))
    assert post(boss, f"{URL}/WEST/attach", {"version": "1"}).status_code == 404


def test_a_field_officer_proposes_nothing(tree: Any, signed_in: Any, post: Any) -> None:
    client = signed_in(a_user(Role.FIELD_OFFICER, tree.windsor))
    assert client.get("/operations/TOP/plan/propose").status_code == 403
    assert post(client, "/operations/TOP/plan/propose", GOOD).status_code == 403


# --- a service in several operations


@pytest.mark.any_database
def test_a_service_in_two_children_is_shown_and_resolved(tree: Any, signed_in: Any, post: Any) -> None:
    boss = signed_in(tree.boss)
    page = boss.get(URL).text
    assert "Services in several operations" in page and "Not decided" in page and "by the rule" in page
    url = f"{URL}/services/{tree.windsor.id}"
    form = boss.get(url).text
    assert (
        "EAST, TOP, WEST" in form and "EAST · " in form and "By the rule, which is now WEST" in form
    )  # entered first of the two deepest
    fields = {"place_contacts": str(tree.east.id), "place_enforcement": str(tree.top.id), "version": "1"}
    assert post(boss, url, fields, page=url).status_code == 303
    placed = counted_in(tree.parts["TOP"])
    assert {placed[code] for code in measures_placed_as("contacts")} == {tree.east.id}
    assert {placed[code] for code in measures_placed_as("enforcement")} == {tree.top.id}
    [double] = commands.doubles_of(operations.by_code("TOP"))
    assert {p.family: (double.codes[p.operation], p.chosen) for p in double.places} == {
        "contacts": ("EAST", True),
        "personnel": ("WEST", False),
        "enforcement": ("TOP", True),
    }
    assert not double.settled
    stale = post(boss, url, {**fields, "place_personnel": str(tree.east.id)}, page=url)
    assert stale.status_code == 409 and "Stands now" in stale.text
    assert (
        post(boss, url, {**fields, "place_personnel": str(tree.east.id), "version": "2"}, page=url).status_code == 303
    )
    [double] = commands.doubles_of(operations.by_code("TOP"))
    assert double.settled
    standing = operations.current_participation(tree.parts["TOP"].id)
    assert (standing.status, standing.entry_mode) == ("confirmed", "contacts")


@pytest.mark.parametrize("place", ["999999", "x", "-1"])
def test_a_place_that_the_service_is_not_in_is_refused(tree: Any, signed_in: Any, post: Any, place: str) -> None:
    boss, url = signed_in(tree.boss), f"{URL}/services/{tree.windsor.id}"
    answer = post(boss, url, {"place_contacts": place, "version": "1"}, page=url)
    assert answer.status_code == 422 and "<title>Error:" in answer.text
    assert counted_in(tree.parts["TOP"]) == {}


def test_a_service_in_one_operation_has_nothing_to_resolve(tree: Any, signed_in: Any) -> None:
    boss = signed_in(tree.boss)
    assert boss.get(f"{URL}/services/{tree.lasalle.id}").status_code == 404
    assert boss.get(f"{URL}/services/999999").status_code == 404
    assert signed_in(tree.ana).get(f"{URL}/services/{tree.windsor.id}").status_code == 403


def test_a_service_that_declined_one_child_is_in_no_two(tree: Any) -> None:
    with writing():
        for code in ("EAST", "TOP"):
            row = db.session.query(ParticipationVersion).filter_by(participation_id=tree.parts[code].id)
            row.update({"status": "declined"})
    assert commands.doubles_of(operations.by_code("TOP")) == []
