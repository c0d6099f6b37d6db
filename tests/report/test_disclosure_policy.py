"""Which small numbers of an operation are withheld: asked, approved by another person, refused, audited, shown."""

from __future__ import annotations

import pytest

from outreach.errors import Blocked, Changed, Invalid, NotAllowed
from outreach.report import disclosure_commands as commands
from outreach.report import disclosure_rules as rules
from outreach.rollup.protection import DEFAULT, PRESETS, Policy, is_weaker, preset_of
from outreach.storage import db, writing
from outreach.storage.tables import AuditEntry, DisclosureSetting, Operation
from outreach.vocab import OperationStatus, Role
from tests import factories as site
from tests.conftest import token_of
from tests.field.factories import actor_of

ADDRESS = "/operations/OP-1/disclosure"


@pytest.fixture
def operation(app):
    return site.an_operation("OP-1", status=OperationStatus.REPORTING)


@pytest.fixture
def coordinator(operation):
    return site.a_user(Role.OPERATION_COORDINATOR)


def ask(user, operation, preset="own", least="6", zeros="show", reason="The council asked for it", version=0):
    with writing():
        row = db.session.get_one(Operation, operation.id)
        return commands.ask(
            actor_of(user), row, preset=preset, least=least, zeros=zeros, reason=reason, version=version
        )


def decide(user, operation, version, approve=True):
    with writing():
        return commands.decide(actor_of(user), db.session.get_one(Operation, operation.id), version, approve)


def tags():
    return [one.tag for one in db.session.query(AuditEntry).order_by(AuditEntry.id) if "disclosure" in one.tag]


def test_published_rules_name_their_source_and_none_is_weaker_than_the_default():
    assert len({one.code for one in PRESETS}) == len(PRESETS) and PRESETS[0] is DEFAULT
    assert all(one.source and one.policy.least >= 6 for one in PRESETS)
    assert preset_of("cms").policy == Policy(11, False, "cms") and preset_of("x") is None
    assert is_weaker(Policy(5)) and not is_weaker(Policy(6)) and is_weaker(Policy(6), Policy(6, zeros=True))


@pytest.mark.parametrize(
    ("typed", "where"),
    [(("x", "6", "show", "because"), "preset"), (("own", "2", "show", "because"), "least"),
     (("own", "-6", "show", "because"), "least"), (("own", "٦", "show", "because"), "least"),
     (("own", "51", "show", "because"), "least"), (("own", "", "show", "because"), "least"),
     (("own", "6", "maybe", "because"), "zeros"), (("cms", "", "show", "  "), "reason"),
     (("cms", "", "show", "x" * 501), "reason")],
)  # fmt: skip
def test_what_cannot_be_asked_for_is_said_at_its_field(typed, where):
    assert [finding.where for finding in rules.asked(*(part.strip() for part in typed)).findings] == [where]


def test_a_published_rule_brings_its_threshold_and_zeros_may_be_withheld_with_any():
    assert rules.asked("cms", "3", "show", "because").policy == Policy(11, False, "cms")
    assert rules.asked("zeros", "", "show", "because").policy == Policy(6, True, "zeros")
    assert rules.asked("wa", "", "withhold", "because").policy == Policy(10, True, "wa")
    assert rules.asked("own", "8", "show", "because").policy == Policy(8)


def test_a_stronger_rule_holds_at_once_and_is_entered(operation, coordinator):
    assert commands.policy_of(operation.id) == Policy()
    assert ask(coordinator, operation, "cms").state == "standing"
    assert commands.policy_of(operation.id) == Policy(11, False, "cms")
    assert ask(coordinator, operation, "cms", version=1) is None
    child = site.an_operation("OP-1-A", parent=operation)
    assert commands.policy_of(child.id) == Policy(11, False, "cms")
    assert tags() == ["report.disclosure.change"]


def test_a_weaker_rule_waits_for_another_person(operation, coordinator):
    assert ask(coordinator, operation, least="4").state == "asked"
    assert commands.policy_of(operation.id) == Policy()
    with pytest.raises(Blocked):
        decide(coordinator, operation, 1)
    with pytest.raises(NotAllowed):
        decide(site.a_user(Role.ANALYST), operation, 1)
    commander = site.a_user(Role.COMMANDER)
    assert decide(commander, operation, 1).decided_by_id == commander.id
    assert commands.policy_of(operation.id) == Policy(4)
    with pytest.raises(Changed):
        decide(commander, operation, 1)
    assert tags() == ["report.disclosure.ask", "report.disclosure.approve"]
    entry = db.session.query(AuditEntry).filter_by(tag="report.disclosure.approve").one()
    assert (entry.details["before"], entry.details["after"]) == (6, 4) and "council" not in str(entry.details)


@pytest.mark.parametrize(
    ("now", "wanted", "waits"),
    [(("11", "show"), ("6", "show"), True), (("11", "show"), ("10", "withhold"), True),
     (("6", "withhold"), ("6", "show"), True), (("6", "withhold"), ("11", "show"), True),
     (("8", "show"), ("11", "withhold"), False)],
)  # fmt: skip
def test_what_is_weaker_than_the_rule_that_holds_waits_too_even_where_it_is_the_default(
    operation, coordinator, now, wanted, waits
):
    assert ask(coordinator, operation, least=now[0], zeros=now[1]).state == "standing"
    before = commands.policy_of(operation.id)
    made = ask(coordinator, operation, least=wanted[0], zeros=wanted[1], version=1)
    assert (made.state == "asked") == waits and (commands.policy_of(operation.id) == before) == waits
    assert tags() == ["report.disclosure.change", "report.disclosure.ask" if waits else "report.disclosure.change"]
    if waits:
        with pytest.raises(Blocked):
            decide(coordinator, operation, 2)
        decide(site.a_user(Role.COMMANDER), operation, 2)
    assert commands.policy_of(operation.id) == Policy(int(wanted[0]), wanted[1] == "withhold")


def test_a_rule_of_the_operation_above_is_not_weakened_below_by_one_person(operation, coordinator):
    ask(coordinator, operation, "cms")
    child = site.an_operation("OP-1-A", parent=operation)
    assert ask(coordinator, child).state == "asked" and commands.policy_of(child.id).least == 11


def test_what_waits_may_be_refused_given_up_or_replaced(operation, coordinator):
    ask(coordinator, operation, least="4")
    decide(site.a_user(Role.OPERATION_COORDINATOR), operation, 1, approve=False)
    ask(coordinator, operation, least="5", version=1)
    decide(coordinator, operation, 2, approve=False)
    ask(coordinator, operation, least="3", version=2)
    with pytest.raises(Changed):
        ask(coordinator, operation, "cms", version=2)
    ask(coordinator, operation, "cms", version=3)
    states = [row.state for row in db.session.query(DisclosureSetting).order_by(DisclosureSetting.version)]
    assert states == ["refused", "refused", "refused", "standing"]
    with pytest.raises(Changed):
        decide(site.a_user(Role.COMMANDER), operation, 3)


def test_who_may_not_change_it_is_refused(operation, coordinator):
    for role in (Role.COMMANDER, Role.ANALYST):
        with pytest.raises(NotAllowed):
            ask(site.a_user(role), operation)
    with pytest.raises(Invalid):
        ask(coordinator, operation, reason="")
    with pytest.raises(Blocked):
        ask(coordinator, site.an_operation("REHEARSAL", is_rehearsal=True))
    assert tags() == [] and db.session.query(DisclosureSetting).count() == 0


def send(desk, path="", **fields):
    return desk.post(ADDRESS + path, data={"csrf_token": token_of(desk.get(ADDRESS)), **fields})


def test_the_page_takes_a_rule_shows_what_waits_and_what_was_published_under_a_stronger_one(
    operation, coordinator, signed_in
):
    desk = signed_in(coordinator)
    page = desk.get(ADDRESS).text
    assert "Numbers from 1 to 5 are withheld; zeros are shown." in page and "CMS" not in page
    wrong = send(desk, version="0", preset="own", least="<b>", zeros="show", reason="because")
    assert wrong.status_code == 422 and 'value="&lt;b&gt;"' in wrong.text and "from 3 to 50" in wrong.text
    asked = {"preset": "own", "least": "4", "zeros": "show", "reason": "=1+1 the council's wish"}
    assert send(desk, version="0", **asked).status_code == 303
    mine = desk.get(ADDRESS).text
    assert "Awaits a second person" in mine and 'value="approve"' not in mine
    assert send(desk, "/decision", version="1", answer="approve").status_code == 409
    other = signed_in(site.a_user(Role.COMMANDER))
    assert 'value="approve"' in other.get(ADDRESS).text
    assert send(other, "/decision", version="1", answer="approve").status_code == 303
    assert "This is weaker than the default." in other.get(ADDRESS).text
    assert signed_in(site.a_user(Role.ANALYST)).get(ADDRESS).status_code == 200
    assert signed_in(site.a_user(Role.LIAISON)).get(ADDRESS).status_code == 404


def test_releases_made_under_a_stronger_rule_are_named():
    releases = [(1, {"least": 6, "zeros": False}), (2, {"least": 4}), (3, {"least": 4, "zeros": True}), (4, {})]
    assert rules.made_under_stronger(releases, Policy(4)) == [(1, 6), (3, 4), (4, 6)]
    assert rules.made_under_stronger(releases, Policy()) == [(3, 4)]
