"""Picking up and moving on: refused, done, in the journal; the safe way is gone once nobody needs it."""

import threading

import pytest

from outreach.errors import Changed, Invalid, NotAllowed
from outreach.referrals import commands
from outreach.storage import db, writing
from outreach.storage.queries import access, operations, referrals
from outreach.storage.tables import AuditEntry, Referral, SafeContact
from outreach.vocab import Role, ServiceKind
from tests.factories import a_service, a_user
from tests.referrals.factories import a_referral, a_world


def pick_up(user, referral):
    with writing():
        commands.pick_up(access.actor_of(user), referral)


def move(user, referral, to, seen, **more):
    with writing():
        commands.move(access.actor_of(user), referral, seen, to, **more)


def states(referral):
    return [version.state for version, _ in referrals.history(referral.id)]


def tags():
    return [tag for (tag,) in db.session.query(AuditEntry.tag).order_by(AuditEntry.id)]


@pytest.mark.any_database
def test_a_referral_is_picked_up_reached_engaged_and_closed_and_the_safe_way_destroyed(app):
    world = a_world()
    referral = a_referral(world)
    before = operations.by_id(world.operation.id).changes
    pick_up(world.liaison, referral)
    move(world.liaison, referral, "reached", 2)
    move(world.liaison, referral, "engaged", 3)
    with pytest.raises(Invalid) as refused:
        move(world.liaison, referral, "closed", 4)
    assert [f.where for f in refused.value.findings] == ["destroys"]
    assert db.session.get(SafeContact, referral.id).way_sealed is not None
    move(world.liaison, referral, "closed", 4, destroys=True)
    db.session.expire_all()
    contact = db.session.get(SafeContact, referral.id)
    assert contact.way_sealed is None and contact.destroyed_at is not None
    assert states(referral) == ["made", "received", "reached", "engaged", "closed"]
    assert referrals.current(referral.id).liaison_id == world.liaison.id
    assert operations.by_id(world.operation.id).changes == before + 4
    assert tags() == ["referrals.referral.move"] * 4 + ["referrals.safe_contact.destroy"]


def test_picking_up_twice_is_once_and_the_second_liaison_is_told_when(app):
    world = a_world()
    referral = a_referral(world)
    pick_up(world.liaison, referral)
    pick_up(world.liaison, referral)
    with pytest.raises(Changed) as told:
        pick_up(a_user(Role.LIAISON, world.agency), referral)
    assert "Picked up by another liaison at " in str(told.value)
    assert states(referral) == ["made", "received"]


@pytest.mark.any_database
def test_of_two_liaisons_at_the_same_moment_one_gets_it(app):
    world = a_world()
    referral = a_referral(world)
    liaisons = [world.liaison.id, a_user(Role.LIAISON, world.agency).id]
    together, outcomes = threading.Barrier(2), []

    def take(user_id):
        with app.app_context():
            from outreach.storage.tables import User

            together.wait()
            try:
                with writing():
                    actor = access.actor_of(db.session.get(User, user_id))
                    commands.pick_up(actor, db.session.get(Referral, referral_id))
                outcomes.append("taken")
            except Changed:
                outcomes.append("told")
            finally:
                db.session.remove()

    referral_id = referral.id
    db.session.rollback()
    threads = [threading.Thread(target=take, args=(user_id,)) for user_id in liaisons]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["taken", "told"]
    assert states(db.session.get(Referral, referral_id)) == ["made", "received"]


@pytest.mark.parametrize("to", ["engaged", "made", "acquitted", ""])
def test_steps_that_do_not_follow_are_refused(app, to):
    world = a_world()
    referral = a_referral(world)
    pick_up(world.liaison, referral)
    with pytest.raises(Invalid) as refused:
        move(world.liaison, referral, to, 2)
    assert [f.where for f in refused.value.findings] == ["state"]
    assert states(referral) == ["made", "received"]


def test_a_step_made_from_an_old_page_is_refused(app):
    world = a_world()
    referral = a_referral(world)
    pick_up(world.liaison, referral)
    with pytest.raises(Changed):
        move(world.liaison, referral, "reached", 1)


@pytest.mark.parametrize("role", [Role.SERVICE_COORDINATOR, Role.FIELD_OFFICER, Role.OPERATION_COORDINATOR])
def test_police_and_coordinators_may_not_touch_it_nor_a_liaison_of_another_agency(app, role):
    world = a_world()
    referral = a_referral(world)
    other_agency = a_service(kind=ServiceKind.VICTIM_SERVICES)
    for user in (a_user(role, world.police), a_user(Role.LIAISON, other_agency)):
        with pytest.raises(NotAllowed):
            pick_up(user, referral)
        with pytest.raises(NotAllowed):
            move(user, referral, "received", 1)
    assert states(referral) == ["made"]
