"""Agreements: withdrawn, they stop what nobody has in hand and are told to the agency of what somebody has."""

import datetime as dt
import threading

import pytest

from outreach.errors import Changed, Invalid, NotAllowed
from outreach.referrals import commands, consent_commands
from outreach.storage import db, writing
from outreach.storage.case_keys import WAY, case_keys
from outreach.storage.queries import access, consents, referrals
from outreach.storage.tables import AuditEntry, Referral, ReferralConsent, User
from outreach.storage.types import utc_now
from outreach.vocab import Consent, ReferralState, Role, ServiceKind
from tests.factories import a_service, a_user
from tests.referrals.factories import a_referral, a_world

ALL = ("code", "age_band", "gender", "needs", "safe_way")


def one(referral, kind):
    (found,) = [given.consent for given in consents.consents_of(referral.id) if given.consent.kind == kind]
    return found


def withdraw(user, referral, kind, at=None):
    with writing():
        consent_commands.withdraw(access.actor_of(user), referral, one(referral, kind), at or utc_now())


def pick_up(user, referral):
    with writing():
        commands.pick_up(access.actor_of(user), referral)


def state(referral):
    db.session.expire_all()
    return referrals.current(referral.id).state


@pytest.fixture
def world(app):
    return a_world()


def test_a_referral_that_nobody_picked_up_ends_when_the_agreement_to_it_is_withdrawn(world):
    referral, coordinator = a_referral(world), a_user(Role.SERVICE_COORDINATOR, world.police)
    assert case_keys().holds(referral.uid, WAY)
    withdraw(coordinator, referral, Consent.REFER)
    assert state(referral) == "withdrawn"
    assert referrals.safe_contact(referral.id).way_sealed is None and not case_keys().holds(referral.uid, WAY)
    assert one(referral, Consent.REFER).withdrawn_by_id == coordinator.id
    tags = [tag for (tag,) in db.session.query(AuditEntry.tag).order_by(AuditEntry.id)]
    assert tags == [
        "referrals.consent.withdraw",
        "referrals.referral.move",
        "referrals.safe_contact.destroy",
    ]
    withdraw(coordinator, referral, Consent.REFER)  # twice changes nothing
    assert state(referral) == "withdrawn"
    with pytest.raises(Changed, match="no longer agrees"):  # whose list was older is not told that it is in hand
        commands.pick_up(access.actor_of(world.liaison), referral)


def test_withdrawn_after_pick_up_the_agency_is_told_until_it_has_seen_it(world):
    referral, coordinator = a_referral(world), a_user(Role.SERVICE_COORDINATOR, world.police)
    pick_up(world.liaison, referral)
    withdraw(coordinator, referral, Consent.REFER)
    assert state(referral) == "received"
    (news,) = consents.news_for([world.agency.id])
    assert (news.referral_uid, news.kind) == (referral.uid, "refer")
    assert consents.news_for([world.police.id]) == []
    with writing(), pytest.raises(NotAllowed):
        consent_commands.told(access.actor_of(coordinator), referral)
    with writing():
        consent_commands.told(access.actor_of(world.liaison), referral)
    assert consents.news_for([world.agency.id]) == []


def test_what_the_person_tells_the_agency_itself_is_no_news_to_it_and_not_the_polices(world):
    referral = a_referral(world)
    pick_up(world.liaison, referral)
    withdraw(world.liaison, referral, Consent.REFER)
    assert consents.news_for([world.agency.id]) == []
    (given, _) = [g for g in consents.consents_of(referral.id) if g.consent.kind in ("refer", "agency")]
    assert given.withdrawn_by_agency
    withdraw(a_user(Role.SERVICE_COORDINATOR, world.police), referral, Consent.REFER)
    assert not consents.consents_of(referral.id)[0].withdrawn_by_agency


def test_without_the_agreement_with_its_agency_a_waiting_referral_leaves_it_and_its_way_is_destroyed(world):
    referral = a_referral(world)
    withdraw(a_user(Role.SERVICE_COORDINATOR, world.police), referral, Consent.AGENCY)
    version = referrals.current(referral.id)
    assert (version.state, version.agency_id, version.version) == ("made", None, 2)
    assert version.owed_at == version.recorded_at
    assert not case_keys().holds(referral.uid, WAY)


def test_what_nobody_owns_has_waited_no_less_when_no_other_agency_may_have_it(world):
    referral = a_referral(world)
    with writing():
        consents.add_consent(referral.id, Consent.AGENCY, (), None, utc_now(), utc_now(), None)
        version = referrals.current(referral.id)
        commands.follow(
            access.actor_of(world.liaison), referral, version, ReferralState.MADE, utc_now(), agency_id=None
        )
    owed = referrals.current(referral.id).owed_at
    named, anybody = [g.consent for g in consents.consents_of(referral.id) if g.consent.kind == "agency"]
    police = access.actor_of(a_user(Role.SERVICE_COORDINATOR, world.police))
    with writing():
        consent_commands.withdraw(police, referral, named, utc_now())
    assert case_keys().holds(referral.uid, WAY)
    with writing():
        consent_commands.withdraw(police, referral, anybody, utc_now())
    assert not case_keys().holds(referral.uid, WAY)
    assert (referrals.current(referral.id).owed_at, referrals.current(referral.id).version) == (owed, 2)


def test_facts_are_shared_as_long_as_it_is_agreed_and_the_code_always(world):
    referral = a_referral(world)
    assert consents.shared_facts(referral.id) == {"code", "safe_way"}
    liaison = access.actor_of(world.liaison)
    with writing():
        consent_commands.give(liaison, referral, "facts", ("needs",), any_agency=False, at=utc_now())
    assert consents.shared_facts(referral.id) == {"code", "safe_way", "needs"}
    assert consents.facts_of(referral).needs == ("health", "shelter") and consents.facts_of(referral).age_band == ""
    withdraw(world.liaison, referral, Consent.FACTS)
    assert consents.shared_facts(referral.id) == {"code", "safe_way"} and consents.facts_of(referral).needs == ()


@pytest.mark.parametrize("wrong", ["before", "future"])
def test_a_time_at_which_it_cannot_have_ended_is_refused(world, wrong):
    referral = a_referral(world)
    at = utc_now() + dt.timedelta(days=-2 if wrong == "before" else 2)
    with pytest.raises(Invalid) as refused:
        withdraw(world.liaison, referral, Consent.REFER, at)
    assert [f.where for f in refused.value.findings] == ["at"] and state(referral) == "made"


def test_nobody_else_withdraws_or_gives(world):
    referral = a_referral(world)
    agency = a_service(kind=ServiceKind.HEALTH)
    strangers = [a_user(Role.LIAISON, agency), a_user(Role.SERVICE_COORDINATOR, a_service()), a_user()]
    strangers += [a_user(Role.OPERATION_COORDINATOR), a_user(Role.FIELD_OFFICER, world.police)]
    for stranger in strangers:
        with pytest.raises(NotAllowed):
            withdraw(stranger, referral, Consent.REFER)
    police = access.actor_of(a_user(Role.SERVICE_COORDINATOR, world.police))
    with writing(), pytest.raises(NotAllowed):
        consent_commands.give(police, referral, "facts", ("needs",), any_agency=False, at=utc_now())


def test_the_way_goes_to_another_agency_only_if_the_person_agreed(world):
    other = a_service("Other House", ServiceKind.HEALTH)
    kept, gone = a_referral(world), a_referral(world)
    with writing():
        consents.add_consent(kept.id, Consent.AGENCY, (), None, utc_now(), utc_now(), None)
        assert not referrals.hand_on_safe_way(kept, other.id, utc_now())
        assert referrals.hand_on_safe_way(gone, other.id, utc_now())
    assert referrals.open_safe_way(kept, referrals.safe_contact(kept.id)) == "519 555 0123"
    assert not case_keys().holds(gone.uid, WAY)


@pytest.mark.any_database
def test_picked_up_and_withdrawn_in_the_same_moment_ends_in_one_truth(app):
    """Either it ended before anybody had it, or it is in hand and the agency is told. Never in hand and silent."""
    world = a_world()
    coordinator = a_user(Role.SERVICE_COORDINATOR, world.police)
    people = {"pick": world.liaison.id, "withdraw": coordinator.id}
    made = [a_referral(world).id for _ in range(4)]
    agency = world.agency.id
    db.session.rollback()
    for referral_id in made:
        together, problems = threading.Barrier(2), []

        def act(what, referral_id=referral_id, together=together, problems=problems):
            with app.app_context():
                actor = access.actor_of(db.session.get(User, people[what]))
                referral = db.session.get(Referral, referral_id)
                consent = one(referral, Consent.REFER)
                together.wait()
                try:
                    with writing():
                        if what == "pick":
                            commands.pick_up(actor, referral)
                        else:
                            consent_commands.withdraw(actor, referral, consent, utc_now())
                except (Changed, NotAllowed):
                    problems.append(what)
                finally:
                    db.session.remove()

        threads = [threading.Thread(target=act, args=(what,)) for what in people]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        referral = db.session.get(Referral, referral_id)
        told = [news.referral_id for news in consents.news_for([agency])]
        assert db.session.query(ReferralConsent).filter_by(referral_id=referral_id, withdrawn_at=None).count() == 1
        if state(referral) == "withdrawn":
            assert problems == ["pick"] and not case_keys().holds(referral.uid, WAY)
        else:
            assert state(referral) == "received" and problems == [] and referral_id in told
        db.session.rollback()
