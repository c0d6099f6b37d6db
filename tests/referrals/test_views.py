"""The liaison's pages, and the little that police see."""

import pytest
import time_machine

from outreach.storage import db, writing
from outreach.storage.queries import consents
from outreach.storage.tables import AuditEntry
from outreach.storage.types import utc_now
from outreach.vocab import Consent, Role, ServiceKind
from tests.conftest import same_page
from tests.factories import a_service, a_user
from tests.referrals.factories import a_referral, a_world

NUMBER = "519 555 0123"


@pytest.fixture
def world(app):
    return a_world()


def tags(user):
    return [tag for (tag,) in db.session.query(AuditEntry.tag).filter_by(actor_id=user.id).order_by(AuditEntry.id)]


def test_urgent_stands_first_then_who_waits_longest(world, signed_in):
    late, urgent, early = (
        a_referral(world, hours_ago=2),
        a_referral(world, urgent=True),
        a_referral(world, hours_ago=30),
    )
    text = signed_in(world.liaison).get("/referrals").text
    assert text.index(urgent.uid) < text.index(early.uid) < text.index(late.uid)
    assert "3 people are waiting, the longest for 1 d 6 h" in " ".join(text.split())
    assert "Waits too long" in text and NUMBER not in text


def test_picking_up_opens_the_page_with_the_safe_way_and_every_reading_is_entered(world, signed_in, post):
    referral = a_referral(world)
    liaison = signed_in(world.liaison)
    url = f"/referrals/{referral.uid}"
    assert NUMBER not in liaison.get(url).text
    answer = post(liaison, f"{url}/pick-up", page="/referrals")
    assert answer.status_code == 303 and answer.location == url
    page = liaison.get(url)
    assert NUMBER in page.text and "no-store" in page.headers["Cache-Control"]
    assert tags(world.liaison)[-2:] == ["referrals.referral.read", "referrals.safe_contact.read"]
    assert tags(world.liaison).count("referrals.safe_contact.read") == 1


def test_ending_it_asks_first_then_destroys_the_safe_way(world, signed_in, post):
    referral = a_referral(world)
    liaison, url = signed_in(world.liaison), f"/referrals/{referral.uid}"
    post(liaison, f"{url}/pick-up", page="/referrals")
    end = {"seen": "2", "state": "not_reached"}
    answer = post(liaison, url, end, page=url)
    assert answer.status_code == 422 and "tick the box" in answer.text
    assert post(liaison, url, {**end, "destroys": "y"}, page=url).status_code == 303
    text = liaison.get(url).text
    assert NUMBER not in text and "Destroyed" in text


def test_the_second_liaison_is_told_and_sees_who_waits_still(world, signed_in, post):
    referral, other = a_referral(world), a_referral(world)
    post(signed_in(world.liaison), f"/referrals/{referral.uid}/pick-up", page="/referrals")
    second = signed_in(a_user(Role.LIAISON, world.agency))
    answer = post(second, f"/referrals/{referral.uid}/pick-up", page="/referrals")
    assert answer.status_code == 409 and "Picked up by another liaison at" in answer.text
    assert f"/referrals/{other.uid}/pick-up" in answer.text


def test_an_old_page_is_told_and_nothing_moves(world, signed_in, post):
    referral = a_referral(world)
    liaison, url = signed_in(world.liaison), f"/referrals/{referral.uid}"
    post(liaison, f"{url}/pick-up", page="/referrals")
    answer = post(liaison, url, {"seen": "1", "state": "reached"}, page=url)
    assert answer.status_code == 409 and "Somebody else changed this" in answer.text
    assert post(liaison, url, {"seen": "2", "state": ""}, page=url).status_code == 422


def test_nobody_waiting_is_said(world, signed_in):
    assert "Nobody is waiting" in signed_in(world.liaison).get("/referrals").text


def test_police_see_picked_up_and_closed_and_never_more(world, signed_in, post):
    officer_user = a_user(Role.FIELD_OFFICER, world.police)
    referral = a_referral(world, urgent=True, by=officer_user.id)
    a_referral(world)
    coordinator = signed_in(a_user(Role.SERVICE_COORDINATOR, world.police))
    officer = signed_in(officer_user)
    liaison, url = signed_in(world.liaison), f"/referrals/{referral.uid}"
    assert "Waiting" in coordinator.get("/referrals").text
    post(liaison, f"{url}/pick-up", page="/referrals")
    assert "Picked up" in officer.get("/referrals").text
    post(liaison, url, {"seen": "2", "state": "declined", "destroys": "y"}, page=url)
    for client, rows in ((coordinator, 2), (officer, 1)):
        text = client.get("/referrals").text
        assert text.count("WEFiGHT") == rows and "Closed" in text
        for secret in (referral.uid, NUMBER, "Health", "Urgent", "Declined", "person is waiting"):
            assert secret not in text
        with time_machine.travel(utc_now(), tick=False):  # the token of a page tells the second it was made in
            nothing = client.get("/referrals/00000000-0000-4000-8000-000000000000")
            assert client.get(url).status_code == 404 == nothing.status_code
            assert same_page(client.get(url)) == same_page(nothing)


def test_another_agency_and_another_service_see_none_of_it(world, signed_in, post):
    referral = a_referral(world)
    url = f"/referrals/{referral.uid}"
    other = signed_in(a_user(Role.LIAISON, a_service("Other agency", ServiceKind.HEALTH)))
    assert referral.uid not in other.get("/referrals").text
    assert other.get(url).status_code == 404
    assert post(other, f"{url}/pick-up").status_code == 404
    assert "WEFiGHT" not in signed_in(a_user(Role.SERVICE_COORDINATOR, a_service())).get("/referrals").text
    assert signed_in(a_user(Role.COMMANDER)).get("/referrals").status_code == 403


def test_the_pages_speak_french(world, signed_in, post):
    referral = a_referral(world, urgent=True)
    liaison = signed_in(world.liaison)
    post(liaison, "/language", {"lang": "fr", "next": "/"})
    assert "1 personne attend" in liaison.get("/referrals").text
    assert "Non communiqué" in liaison.get(f"/referrals/{referral.uid}").text  # what she asks for was not agreed to
    with writing():
        consents.add_consent(referral.id, Consent.FACTS, ["needs"], None, utc_now(), utc_now(), None)
    assert "Hébergement ou logement" in liaison.get(f"/referrals/{referral.uid}").text
