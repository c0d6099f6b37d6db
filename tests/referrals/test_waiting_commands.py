"""Who owns a referral: handing over, taking over, giving back, another agency, limits. Refused, done, audited."""

import threading

import pytest

from outreach.admin import commands as admin
from outreach.auth.actors import SYSTEM
from outreach.errors import Changed, Invalid, NotAllowed
from outreach.referrals import commands, waiting_commands
from outreach.storage import db, writing
from outreach.storage.case_keys import WAY, case_keys
from outreach.storage.queries import access, cases, consents, operations, referrals
from outreach.storage.queries.consents import Agreed
from outreach.storage.tables import AuditEntry, Operation, Referral, User
from outreach.storage.types import utc_now
from outreach.vocab import Consent, EntryMode, Origin, Role, ServiceKind
from tests.factories import a_participation, a_service, a_user
from tests.referrals.factories import a_referral, a_world

NUMBER = "519 555 0123"


@pytest.fixture
def world(app):
    return a_world()


def do(user, command, *args):
    with writing():
        found = command(access.actor_of(db.session.get(User, user.id)), *args)
    db.session.expire_all()
    return found


def now(referral):
    version = referrals.current(referral.id)
    return version.state, version.agency_id, version.liaison_id, version.version


def tags():
    return [tag for (tag,) in db.session.query(AuditEntry.tag).order_by(AuditEntry.id)]


def close_account(user):
    with writing():
        admin.disable(SYSTEM, db.session.get(User, user.id))


def another_agency(world, name="Other House"):
    agency = a_service(name, ServiceKind.HOUSING)
    a_participation(world.operation, agency, entry_mode=EntryMode.NONE)
    return agency


def any_agency(referral):
    with writing():
        consents.add_consent(referral.id, Consent.AGENCY, (), None, utc_now(), utc_now(), None)


def way_of(referral):
    contact = referrals.safe_contact(referral.id)
    return referrals.open_safe_way(referral, contact)


# --- between liaisons -------------------------------------------------------------------------------------------------


def test_a_liaison_hands_over_hers_and_the_lead_anything_to_whom_has_an_account(world):
    second, lead = a_user(Role.LIAISON, world.agency), a_user(Role.SERVICE_COORDINATOR, world.agency)
    first, waits = a_referral(world), a_referral(world)
    do(world.liaison, commands.pick_up, first)
    assert do(world.liaison, waiting_commands.hand_over, [(first, 2)], second.id, "away") == 1
    assert now(first) == ("received", world.agency.id, second.id, 3)
    assert referrals.current(first.id).details == {"handed_over_by": world.liaison.id, "why": "away"}
    for wrong in ([(first, 3)], [(waits, 1)]):  # a colleague's, and what waits for anybody
        with pytest.raises(NotAllowed):
            do(world.liaison, waiting_commands.hand_over, wrong, world.liaison.id, "away")
    assert do(lead, waiting_commands.hand_over, [(first, 3), (waits, 1)], world.liaison.id, "workload") == 2
    assert now(waits) == ("received", world.agency.id, world.liaison.id, 2)
    assert [row.days for row in cases.follow_ups(waits.id)] == [7, 30, 90]
    assert tags().count("referrals.referral.hand_over") == 3
    assert way_of(first) == NUMBER


def test_handing_over_is_all_or_nothing_and_only_inside_the_agency(world):
    second = a_user(Role.LIAISON, world.agency)
    stranger = a_user(Role.LIAISON, a_service("Elsewhere", ServiceKind.HEALTH))
    one, two = a_referral(world), a_referral(world)
    for referral in (one, two):
        do(world.liaison, commands.pick_up, referral)
    with pytest.raises(Changed):
        do(world.liaison, waiting_commands.hand_over, [(one, 2), (two, 1)], second.id, "away")
    for liaison, why, where in ((stranger.id, "away", "liaison"), (None, "away", "liaison"), (second.id, "?", "why")):
        with pytest.raises(Invalid) as refused:
            do(world.liaison, waiting_commands.hand_over, [(one, 2)], liaison, why)
        assert [f.where for f in refused.value.findings] == [where]
    close_account(second)
    with pytest.raises(Invalid):
        do(world.liaison, waiting_commands.hand_over, [(one, 2)], second.id, "away")
    with pytest.raises(NotAllowed):
        do(stranger, waiting_commands.hand_over, [(one, 2)], stranger.id, "away")
    assert now(one)[2] == now(two)[2] == world.liaison.id


def test_what_an_ended_account_held_is_taken_over_and_nothing_else_is(world):
    second, third = a_user(Role.LIAISON, world.agency), a_user(Role.LIAISON, world.agency)
    referral = a_referral(world)
    do(world.liaison, commands.pick_up, referral)
    with pytest.raises(Changed):
        do(second, waiting_commands.take_over, referral, 2)
    close_account(world.liaison)
    do(second, waiting_commands.take_over, referral, 2)
    do(second, waiting_commands.take_over, referral, 2)  # the same tap again
    assert now(referral) == ("received", world.agency.id, second.id, 3)
    with pytest.raises(Changed):
        do(third, waiting_commands.take_over, referral, 2)


@pytest.mark.any_database
def test_of_many_liaisons_at_one_moment_one_has_it_and_all_others_are_told(app):
    """Pick up, take over and give back against each other, again and again, in real threads."""
    world = a_world()
    people = [world.liaison, *(a_user(Role.LIAISON, world.agency) for _ in range(5))]
    ids = [one.id for one in people]
    for round_ in range(3):
        referral_id, outcomes, together = a_referral(world).id, [], threading.Barrier(len(ids))
        db.session.rollback()

        def act(user_id, number, referral_id=referral_id, outcomes=outcomes, together=together, round_=round_):
            with app.app_context():
                together.wait()
                try:
                    with writing():
                        actor = access.actor_of(db.session.get(User, user_id))
                        referral = db.session.get(Referral, referral_id)
                        if round_ == 2 and number == 0:
                            waiting_commands.give_back(actor, referral, 1, "full")
                        else:
                            commands.pick_up(actor, referral)
                    outcomes.append("done")
                except (Changed, NotAllowed):
                    outcomes.append("told")
                finally:
                    db.session.remove()

        threads = [threading.Thread(target=act, args=(one, number)) for number, one in enumerate(ids)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["done"] + ["told"] * (len(ids) - 1)
        db.session.expire_all()
        versions = [version.state for version, _ in referrals.history(referral_id)]
        assert len(versions) == 2 and versions[0] == "made"


# --- back, and another agency -----------------------------------------------------------------------------------------


def test_given_back_it_waits_for_another_agency_and_a_way_meant_for_this_one_is_destroyed(world):
    referral = a_referral(world)
    do(world.liaison, commands.pick_up, referral)
    with pytest.raises(Invalid):
        do(world.liaison, waiting_commands.give_back, referral, 2, "because")
    with pytest.raises(Changed):
        do(world.liaison, waiting_commands.give_back, referral, 1, "full")
    do(world.liaison, waiting_commands.give_back, referral, 2, "full")
    version = referrals.current(referral.id)
    assert now(referral) == ("made", None, None, 3)
    assert version.details == {"given_back_by": world.agency.id, "why": "full"}
    assert version.owed_at == version.recorded_at and version.urgent is False
    assert referrals.safe_contact(referral.id).way_sealed is None and not case_keys().holds(referral.uid, WAY)
    assert tags()[-2:] == ["referrals.referral.give_back", "referrals.safe_contact.destroy"]
    with pytest.raises(NotAllowed):  # it is nobody's of that agency any more
        do(world.liaison, waiting_commands.give_back, referral, 3, "full")


def test_a_coordinator_gives_it_to_an_agency_and_consent_decides_about_the_way(world):
    other = another_agency(world)
    liaison = a_user(Role.LIAISON, other)
    coordinator = a_user(Role.OPERATION_COORDINATOR, operation=world.operation)
    agreed, not_agreed = a_referral(world), a_referral(world)
    any_agency(agreed)
    do(world.liaison, waiting_commands.give_back, agreed, 1, "outside_area")
    assert referrals.safe_contact(agreed.id).way_sealed is not None
    for one, version in ((agreed, 2), (not_agreed, 1)):
        with pytest.raises(NotAllowed):
            do(world.liaison, waiting_commands.assign, one, version, other.id)
        do(coordinator, waiting_commands.assign, one, version, other.id)
        assert now(one)[:3] == ("made", other.id, None)
    assert way_of(agreed) == NUMBER and referrals.safe_contact(agreed.id).agency_id == other.id
    assert not case_keys().holds(not_agreed.uid, WAY)
    do(liaison, commands.pick_up, agreed)
    with pytest.raises(Changed):  # somebody owns it now
        do(coordinator, waiting_commands.assign, agreed, 4, world.agency.id)
    with pytest.raises(Invalid) as refused:
        do(coordinator, waiting_commands.assign, not_agreed, 2, world.police.id)
    assert [f.where for f in refused.value.findings] == ["agency"]
    assert tags().count("referrals.referral.assign") == 2


def test_who_withdrew_is_sent_nowhere(world):
    other = another_agency(world)
    coordinator = a_user(Role.OPERATION_COORDINATOR, operation=world.operation)
    taken, given = a_referral(world), a_referral(world)
    do(world.liaison, commands.pick_up, taken)
    do(world.liaison, waiting_commands.give_back, given, 1, "full")
    with writing():
        for referral in (taken, given):
            for one in consents.consents_of(referral.id):
                if one.consent.kind == Consent.REFER:
                    consents.withdraw(one.consent.id, utc_now(), utc_now(), None, told=False)
    do(world.liaison, waiting_commands.give_back, taken, 2, "full")
    assert now(taken)[0] == "withdrawn" and not case_keys().holds(taken.uid, WAY)
    with pytest.raises(Invalid) as refused:
        do(coordinator, waiting_commands.assign, given, 2, other.id)
    assert "no longer agrees" in str(refused.value)


@pytest.mark.parametrize("role", [Role.SERVICE_COORDINATOR, Role.FIELD_OFFICER, Role.OPERATION_COORDINATOR])
def test_police_and_coordinators_touch_nothing_that_is_the_agencys(world, role):
    referral = a_referral(world)
    user = a_user(role, world.police, world.operation)
    for command, args in (
        (waiting_commands.give_back, (1, "full")),
        (waiting_commands.take_over, (1,)),
    ):
        with pytest.raises(NotAllowed):
            do(user, command, referral, *args)
    with pytest.raises(NotAllowed):
        do(user, waiting_commands.hand_over, [(referral, 1)], world.liaison.id, "away")
    if role is not Role.OPERATION_COORDINATOR:
        with pytest.raises(NotAllowed):
            do(user, waiting_commands.assign, referral, 1, world.agency.id)
    assert now(referral)[3] == 1


def test_a_direct_referral_is_picked_up_given_back_and_given_on_without_an_operation(world):
    with writing():
        at = utc_now()
        referral = referrals.add_referral(
            None, world.agency.id, None, None, at.date(), at, world.agency.id, [], False, "they_call", "", None, at,
            agreed=Agreed(any_agency=True), origin=Origin.DIRECT,
        )  # fmt: skip
    other = another_agency(world)
    do(world.liaison, commands.pick_up, referral)
    with pytest.raises(Changed):
        do(a_user(Role.LIAISON, world.agency), commands.pick_up, referral)
    do(world.liaison, waiting_commands.give_back, referral, 2, "full")
    bound = a_user(Role.OPERATION_COORDINATOR, operation=world.operation)
    with pytest.raises(NotAllowed):
        do(bound, waiting_commands.assign, referral, 3, other.id)
    do(a_user(Role.OPERATION_COORDINATOR), waiting_commands.assign, referral, 3, other.id)
    assert now(referral)[:2] == ("made", other.id)


# --- limits -----------------------------------------------------------------------------------------------------------


def test_limits_change_with_a_reason_and_stand_in_the_journal(world):
    coordinator = a_user(Role.OPERATION_COORDINATOR, operation=world.operation)
    operation = operations.by_id(world.operation.id)
    with pytest.raises(NotAllowed):
        do(world.liaison, waiting_commands.set_limits, operation, "2", "12", "rule")
    assert do(coordinator, waiting_commands.set_limits, operation, "4", "24", "rule") is False
    assert do(coordinator, waiting_commands.set_limits, operation, "2", "12", "rule") is True
    found = db.session.get(Operation, operation.id)
    assert (found.urgent_limit_minutes, found.limit_minutes) == (120, 720)
    entry = db.session.query(AuditEntry).filter_by(tag="plan.operation.change").one()
    assert entry.details["before"] == [240, 1440] and entry.details["reason"] == "rule"
