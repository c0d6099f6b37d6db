"""What a role that is bound to one operation or one service must not reach sideways, by lists, forms and choices."""

import datetime as dt

import pytest
import time_machine

from outreach.errors import Invalid
from outreach.field.commands import log_contact
from outreach.plan import commands, service_commands
from outreach.plan.forms import OperationForm
from outreach.plan.rules import measures_placed_as
from outreach.referrals import commands as referral_commands
from outreach.storage import db, writing
from outreach.storage.queries import operations
from outreach.storage.tables import Operation, Referral, Staff
from outreach.vocab import Role
from tests.factories import a_participation, a_service, a_team, a_user, an_operation
from tests.field.factories import EVENING, a_night, a_person, actor_of, an_entry

LATER = EVENING + dt.timedelta(hours=1)


@pytest.fixture
def night(app):
    found = a_night()
    with time_machine.travel(EVENING, tick=False), writing():
        log_contact(actor_of(found.officer), found.place, an_entry(a_person()))
    return found


def test_a_coordinator_of_another_operation_sees_no_referral_and_no_team_of_this_one(night, signed_in):
    bound = a_user(Role.SERVICE_COORDINATOR, night.service, an_operation("ELSEWHERE"))
    own = a_user(Role.SERVICE_COORDINATOR, night.service, night.operation)
    with time_machine.travel(LATER, tick=False):
        assert night.agency.name in signed_in(own).get("/referrals").text
        assert night.team.uid in signed_in(own).get("/field").text
        stranger = signed_in(bound)
        assert night.agency.name not in stranger.get("/referrals").text
        assert night.team.uid not in stranger.get("/field").text
        assert night.operation.code not in stranger.get("/field").text


def test_an_officer_whose_role_ended_sees_nothing_of_what_she_once_entered(night, signed_in):
    with time_machine.travel(LATER, tick=False):
        officer = signed_in(night.officer)
        assert night.agency.name in officer.get("/referrals").text
        with writing():
            night.officer.roles[0].operation_id = an_operation("ELSEWHERE").id
        assert night.agency.name not in officer.get("/referrals").text
        assert night.team.uid not in officer.get("/field").text


def test_naming_a_partner_does_not_show_the_roster_of_its_people(night, signed_in):
    partner = a_service("Partner Police")
    a_participation(night.operation, partner)
    with writing():
        db.session.add(Staff(service_id=partner.id, name="Under Cover", name_key="under cover", category="police"))
    joint = a_team(night.participation, name="Joint", partners=(partner.id,))
    url = f"/operations/{night.operation.code}/plan/teams/{joint.id}"
    assert "Partner Police" in signed_in(night.coordinator).get(url).text
    assert "Under Cover" not in signed_in(night.coordinator).get(url).text
    assert "Under Cover" in signed_in(a_user(Role.OPERATION_COORDINATOR, operation=night.operation)).get(url).text


@pytest.mark.any_database
def test_a_coordinator_of_the_child_alone_cannot_take_it_out_of_its_parent(app):
    parent = an_operation("ABOVE")
    child = an_operation("BELOW", parent=parent)
    bound, unbound = a_user(Role.OPERATION_COORDINATOR, operation=child), a_user(Role.OPERATION_COORDINATOR)
    values = {name: value for name, value in OperationForm.values_of(child).items() if value is not False}
    with app.test_request_context("/", method="POST", data={**values, "parent": ""}):
        draft = OperationForm(services=[], parents=[(str(parent.id), "ABOVE")]).draft()
    assert draft.parent_id is None
    with pytest.raises(Invalid) as refused, writing():
        commands.change_operation(actor_of(bound), child, draft, child.version)
    assert [finding.where for finding in refused.value.findings] == ["parent"]
    assert db.session.get(Operation, child.id).parent_id == parent.id
    with writing():
        assert commands.change_operation(actor_of(unbound), child, draft, child.version)


@pytest.mark.any_database
def test_a_coordinator_of_the_child_alone_leaves_the_parents_reporting_place(app):
    parent = an_operation("ABOVE")
    child, service = an_operation("BELOW", parent=parent), a_service()
    here = dict.fromkeys(measures_placed_as("contacts"), parent.id)
    above = a_participation(parent, service, counted_in=here)
    below = a_participation(child, service)
    bound = actor_of(a_user(Role.OPERATION_COORDINATOR, operation=child))
    asked = {"status": "confirmed", "entry_mode": "contacts", "planned_staff": {"police": 3}}
    with pytest.raises(Invalid) as refused, writing():
        service_commands.change_participation(bound, child, below, 1, **asked, places={"contacts": child.id})
    assert [finding.where for finding in refused.value.findings] == ["place_contacts"]
    for number, places in enumerate(({"contacts": parent.id}, {}), start=1):
        more = asked | {"planned_staff": {"police": 3 + number}}
        with writing():
            assert service_commands.change_participation(bound, child, below, number, **more, places=places)
        assert operations.current_participation(above.id).counted_in == here
        assert operations.current_participation(below.id).counted_in == {}
    everywhere = actor_of(a_user(Role.OPERATION_COORDINATOR))
    with writing():
        service_commands.change_participation(everywhere, child, below, 3, **asked, places={"contacts": child.id})
    assert operations.current_participation(above.id).counted_in == {}


def test_police_do_not_learn_from_the_rows_of_a_figure_what_became_of_a_referral(night, signed_in):
    referral = db.session.query(Referral).one()
    liaison = actor_of(a_user(Role.LIAISON, night.agency))
    with time_machine.travel(LATER, tick=False):
        with writing():
            referral_commands.pick_up(liaison, referral)
            referral_commands.move(liaison, referral, 2, "reached")
            referral_commands.move(liaison, referral, 3, "engaged")
        figures = f"/operations/{night.operation.code}/figures"
        police = signed_in(night.coordinator)
        page = police.get(f"{figures}/referrals_received").text
        assert "made, received" in page and "engaged" not in page
        assert "made, received" not in police.get(f"{figures}/referrals_engaged").text
        analyst = signed_in(a_user(Role.ANALYST, operation=night.operation))
        told = analyst.get(f"{figures}/referrals_engaged").text
        assert "Referrals engaged: 1" in told or "Referrals engaged: at least 1" in told
        assert 'id="members"' not in told and "reached" not in told
