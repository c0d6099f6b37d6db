"""The liaison's page of one referral, what she writes there, and what is due; nobody else gets any of it."""

import datetime as dt
import re

import pytest
import time_machine

from outreach.storage import db, writing
from outreach.storage.queries import cases, consents, referrals
from outreach.storage.tables import AuditEntry
from outreach.storage.types import utc_now
from outreach.vocab import Consent, Role
from tests.conftest import same_page
from tests.factories import a_user
from tests.referrals.factories import a_referral, a_world

NUMBER = "519 555 0123"
SAID = {
    "way": "call",
    "result": "spoke",
    "safe": "yes",
    "note": "Plantednote",
    "next_in": "3",
    "next_on": "",
    "reached": "y",
}
GOAL = {"area": "safety", "goal": "Plantedgoal", "step": "Plantedstep", "due_on": "", "state": "open", "base": "0"}


@pytest.fixture
def world(app):
    return a_world()


@pytest.fixture
def case(world, signed_in, post):
    """A referral in hand, its liaison's client and its address."""
    referral = a_referral(world)
    liaison, url = signed_in(world.liaison), f"/referrals/{referral.uid}"
    post(liaison, f"{url}/pick-up", page="/account")
    return referral, liaison, url


def hidden(page, name):
    return re.search(rf'name="{name}"[^>]*value="([^"]*)"', page.text).group(1)


def write(post, client, url, data, *fields):
    """Fill the form of a page as a browser does, its hidden fields with it."""
    page = client.get(url)
    return post(client, url, {**{name: hidden(page, name) for name in fields}, **data}, page=url)


def tags(user):
    return [tag for (tag,) in db.session.query(AuditEntry.tag).filter_by(actor_id=user.id).order_by(AuditEntry.id)]


def test_recording_contact_confirms_the_way_and_reaches_and_is_stored_once(case, world, post):
    referral, liaison, url = case
    page = liaison.get(f"{url}/record")
    assert NUMBER in page.text and 'href="tel:5195550123"' in page.text
    answer = post(liaison, f"{url}/record", {"uid": hidden(page, "uid"), **SAID, "safe": ""}, page=url)
    assert answer.status_code == 422 and "Plantednote" in answer.text and "still safe, and say" in answer.text
    for _ in range(2):
        sent = {"uid": hidden(page, "uid"), **SAID}
        assert post(liaison, f"{url}/record", sent, page=url).location == url
    text = liaison.get(url).text
    assert text.count("Plantednote") == 1 and "Start with safety" in text and "way confirmed" in text
    assert referrals.current(referral.id).state == "reached"
    assert tags(world.liaison)[-3:] == ["referrals.referral.read", "referrals.case.read", "referrals.safe_contact.read"]
    wrong = post(liaison, f"{url}/record", {**sent, "uid": "x", "next_on": "31 May", "days": "²"}, page=url)
    assert wrong.status_code == 422 and "31 May" in wrong.text


def test_an_unsafe_way_asks_before_dialling(case, post):
    _, liaison, url = case
    write(post, liaison, f"{url}/record", {**SAID, "result": "unsafe", "safe": "no"}, "uid")
    for page in (url, f"{url}/record"):
        text = liaison.get(page).text
        assert NUMBER not in text and "tel:" not in text and "call anyway?" in text
    assert 'href="tel:5195550123"' in liaison.get(f"{url}/call").text
    sentence = {"way": "At the bakery, after six", "text": "no", "voicemail": "", "say": "Anna"}
    assert post(liaison, f"{url}/safe-way", {**sentence, "way": ""}, page=url).status_code == 422
    post(liaison, f"{url}/safe-way", sentence, page=url)
    text = liaison.get(url).text
    assert "At the bakery, after six" in text and "tel:" not in text and "Anna" in text
    assert liaison.get(f"{url}/call").status_code == 302


def test_a_goal_is_added_and_of_two_texts_both_stand_until_one_is_chosen(case, world, signed_in, post):
    referral, liaison, url = case
    second = signed_in(a_user(Role.LIAISON, world.agency))
    wrong = write(post, liaison, f"{url}/plan/new", {**GOAL, "goal": "", "due_on": "soon"}, "uid")
    assert wrong.status_code == 422 and "Plantedstep" in wrong.text and 'value="soon"' in wrong.text
    write(post, liaison, f"{url}/plan/new?area=safety", GOAL, "uid")
    (row,) = cases.plan(referral.id, world.agency.id)
    goal = f"{url}/plan/{row.item.uid}"
    for client, words in ((liaison, "Hers"), (second, "His")):
        answer = post(client, goal, {**GOAL, "uid": row.item.uid, "goal": words, "base": "1"}, page=url)
        assert answer.status_code == 303
    text = second.get(url).text
    assert "two texts, choose one" in text and "Hers" in text and "His" in text and world.liaison.name in text
    seen = hidden(second.get(url), "seen")
    post(second, f"{goal}/keep", {"seen": "1,2", "keep": "3"}, page=url)
    assert "The texts changed meanwhile" in second.get(url).text
    post(second, f"{goal}/keep", {"seen": seen, "keep": "3"}, page=url)
    text = second.get(url).text
    assert "His" in text and "Hers" not in text
    text = second.get(goal).text
    assert "Hers" in text and "Plantedgoal" in text


def test_the_end_keeps_what_was_reached_and_leaves_only_reading(case, post):
    _, liaison, url = case
    write(post, liaison, f"{url}/record", SAID, "uid")
    post(liaison, f"{url}/outcomes", {"outcomes": ["work", "school"]}, page=url)
    end = {"state": "closed", "outcomes": ["work", "safe_housing"], "why": "Plantedwhy"}
    wrong = write(post, liaison, f"{url}/close", end, "seen")
    assert wrong.status_code == 422 and "tick the box" in wrong.text and "Plantedwhy" in wrong.text
    assert write(post, liaison, f"{url}/close", {**end, "destroys": "y"}, "seen").status_code == 303
    text = liaison.get(url).text
    for words in ("This referral has ended", "Found work", "Safe housing", "Plantedwhy", "Plantednote"):
        assert words in text
    assert NUMBER not in text and "Record contact" not in text and "Back in school" not in text
    assert post(liaison, f"{url}/record", {**SAID, "uid": "0" * 32}, page=url).status_code == 409
    for page in ("record", "safe-way", "close", "plan/new", "call"):
        assert liaison.get(f"{url}/{page}").location == url


def test_due_lists_codes_and_days_and_a_follow_up_is_recorded_from_it(case, world, post, signed_in):
    referral, liaison, url = case
    assert (
        "Nothing is due this week" in liaison.get("/referrals/due").text
        or "Follow-up" in liaison.get("/referrals/due").text
    )
    write(post, liaison, f"{url}/plan/new", GOAL, "uid")
    with time_machine.travel(utc_now() + dt.timedelta(days=8), tick=True):
        liaison = signed_in(world.liaison)
        text = liaison.get("/referrals/due").text
        assert "1 thing is due now" in text and "Follow-up after 7 days" in text and "Without a day" in text
        assert "Plantedgoal" not in text and NUMBER not in text
        first = f"{url}/record?back=due&follow_up=7"
        assert first.replace("&", "&amp;") in text
        said = {**SAID, "follow_up": "with_agency"}
        assert write(post, liaison, first, said, "uid", "days", "back").location == "/referrals/due"
        assert "0 things are due now" in liaison.get("/referrals/due").text
        assert "Still with the agency" in liaison.get(url).text
        states = [version.state for version, _ in referrals.history(referral.id)]
        assert states == ["made", "received", "reached", "engaged"], "who is with the agency was reached"
        again = post(liaison, f"{url}/record", {**said, "uid": "", "days": "7", "follow_up": "not_with"}, page=url)
        assert again.status_code == 422
        other = signed_in(a_user(Role.LIAISON, world.agency))
        assert referral.uid not in other.get("/referrals/due").text
        assert referral.uid in other.get("/referrals/due?whose=all").text


def test_only_what_was_agreed_is_shown_and_a_withdrawal_is_told(case, post):
    referral, liaison, url = case
    with writing():
        now = utc_now()
        for row in consents.consents_of(referral.id):
            consents.withdraw(row.consent.id, now, now, None, told=False)
    text = liaison.get(url).text
    assert "Health care" not in text and "Consent was withdrawn." in text
    post(liaison, f"{url}/consents/seen", {}, page=url)
    assert "Do not contact the person. End the referral." in liaison.get(url).text, "said as long as it is so"
    with writing():
        for kind, facts in ((Consent.REFER, ()), (Consent.FACTS, ("needs",))):
            consents.add_consent(referral.id, kind, facts, None, now, now, None)
    assert "Health care" in liaison.get(url).text


def test_the_agencys_lead_police_and_others_get_nothing(case, world, signed_in, post):
    _, liaison, url = case
    write(post, liaison, f"{url}/plan/new", GOAL, "uid")
    goal = re.search(rf"{url}/plan/[0-9a-f-]{{36}}", liaison.get(url).text).group()
    nothing = url.replace(url[-12:], "0" * 12)
    strangers = [
        a_user(Role.SERVICE_COORDINATOR, world.agency),
        a_user(Role.SERVICE_COORDINATOR, world.police),
        a_user(Role.OPERATION_COORDINATOR),
    ]
    for user in strangers:
        client = signed_in(user)
        with time_machine.travel(utc_now(), tick=False):
            for page in ("", "/record", "/close", "/safe-way", "/call", "/plan/new", goal[len(url) :]):
                answer, none = client.get(url + page), client.get(nothing + page)
                assert answer.status_code == 404 and same_page(answer) == same_page(none)
        assert post(client, f"{url}/record", SAID).status_code == 404
        assert post(client, f"{goal}/keep", {"keep": "1", "seen": "1"}).status_code == 404
        assert client.get("/referrals/due").status_code == 403


def test_the_pages_speak_french(case, post):
    _, liaison, url = case
    post(liaison, "/language", {"lang": "fr", "next": "/"})
    assert "Commencer par la sécurité" in liaison.get(url).text
    assert "Consigner un échange" in liaison.get(f"{url}/record").text
    assert "Échéances" in liaison.get("/referrals/due").text


def test_a_person_who_came_directly_has_the_same_page_without_an_operation(world, signed_in, post):
    referral = a_referral(world)
    with writing():
        referral.operation_id, referral.origin, referral.service_id = None, "direct", world.agency.id
        db.session.merge(referral)
    liaison, url = signed_in(world.liaison), f"/referrals/{referral.uid}"
    assert "The person came directly" in liaison.get(url).text
    post(liaison, f"{url}/pick-up", page="/account")
    post(liaison, f"{url}/safe-way", {"way": "Ask at the library", "text": "", "voicemail": "", "say": ""}, page=url)
    write(post, liaison, f"{url}/record", {**SAID, "result": "no_answer", "safe": ""}, "uid")
    text = liaison.get(url).text
    assert "Ask at the library" in text and "Plantednote" in text
    assert referral.uid in liaison.get("/referrals/due").text
