"""The pages of who waits: the liaison's list, its lead's, the coordinators', and what each of them never shows."""

import datetime as dt

import pytest

from outreach.admin import commands as admin
from outreach.auth.actors import SYSTEM
from outreach.field.rules import make_code, shown_code
from outreach.storage import db, writing
from outreach.storage.keys import site_keys
from outreach.storage.queries import consents, referrals
from outreach.storage.queries import field as field_rows
from outreach.storage.tables import AuditEntry, Person, Referral
from outreach.storage.types import utc_now
from outreach.vocab import Consent, EntryMode, Role, ServiceKind
from tests.conftest import same_page
from tests.factories import a_participation, a_service, a_user
from tests.referrals.factories import a_referral, a_world

NUMBER = "519 555 0123"


@pytest.fixture
def world(app):
    return a_world()


def coded(world, referral):
    """The person of the referral gets a card; gives her code as it is written on it."""
    code = make_code()
    uid = referral.uid
    with writing():
        root = world.operation.id
        sealed = site_keys().seal(code, field_rows.code_place(uid, root))
        person = Person(uid=uid, root_id=root, code_mark=site_keys().mark(code, f"tree/{root}"), code_sealed=sealed)
        db.session.add(person)
        db.session.flush()
        person.join_key = person.id
        db.session.get(Referral, referral.id).person_id = person.id
    return shown_code(code)


def words(answer):
    return " ".join(answer.text.split())


def disable(user):
    with writing():
        admin.disable(SYSTEM, db.session.merge(user))


def test_from_waiting_a_referral_is_in_hand_with_one_tap_and_stands_under_mine(world, signed_in, post):
    referral = a_referral(world, hours_ago=30)
    code = coded(world, referral)
    liaison = signed_in(world.liaison)
    text = words(liaison.get("/referrals"))
    assert code in text and "1 referral waits longer than agreed." in text and "A safe telephone number" in text
    assert post(liaison, f"/referrals/{referral.uid}/pick-up", page="/referrals").status_code == 303
    assert "Nobody is waiting." in liaison.get("/referrals").text
    mine = liaison.get("/referrals?list=mine").text
    assert code in mine and f"/referrals/{referral.uid}/give-back" in mine and NUMBER not in mine


def test_the_list_comes_in_pages_with_totals(world, signed_in):
    for _ in range(51):
        a_referral(world, safe_way="")
    liaison = signed_in(world.liaison)
    first, second = liaison.get("/referrals").text, liaison.get("/referrals?page=2").text
    assert first.count("/pick-up") == 50 and second.count("/pick-up") == 1
    assert "51 people are waiting" in first and "51 people are waiting" in second
    assert liaison.get("/referrals?page=99&list=nothing").text.count("/pick-up") == 1


def test_the_lead_sees_code_wait_and_liaison_and_no_way_and_gives_it_to_a_liaison(world, signed_in, post):
    waits, taken = a_referral(world, urgent=True, hours_ago=7), a_referral(world)
    code = coded(world, waits)
    post(signed_in(world.liaison), f"/referrals/{taken.uid}/pick-up", page="/referrals")
    lead = signed_in(a_user(Role.SERVICE_COORDINATOR, world.agency))
    text = words(lead.get("/referrals"))
    assert code in text and "Urgent" in text and "Waits too long" in text and "The lead of the agency sees it" in text
    for secret in (NUMBER, "A safe telephone number", "Health", "/pick-up", f'href="/referrals/{waits.uid}"'):
        assert secret not in text
    assert world.liaison.name in lead.get("/referrals?list=others").text
    assert lead.get(f"/referrals/{waits.uid}").status_code == 404
    url = f"/referrals/hand-over?referral={waits.uid}"
    assert code in lead.get(url).text
    answer = post(lead, "/referrals/hand-over", {"referral": f"{waits.uid}.1", "liaison": "", "why": ""}, page=url)
    assert answer.status_code == 422 and "Choose why you hand it over." in answer.text
    sent = {"referral": f"{waits.uid}.1", "liaison": str(world.liaison.id), "why": "workload"}
    assert post(lead, "/referrals/hand-over", sent, page=url).status_code == 303
    assert "Handed over: Too many at once" in signed_in(world.liaison).get("/referrals?list=mine").text


def test_ticked_ones_go_to_another_liaison_together_and_an_old_page_is_told(world, signed_in, post):
    second = a_user(Role.LIAISON, world.agency)
    both = [a_referral(world), a_referral(world)]
    liaison = signed_in(world.liaison)
    for one in both:
        post(liaison, f"/referrals/{one.uid}/pick-up", page="/referrals")
    sent = {"referral": [f"{one.uid}.2" for one in both], "liaison": str(second.id), "why": "away"}
    assert post(liaison, "/referrals/hand-over", sent).status_code == 303
    assert post(liaison, "/referrals/hand-over", sent).status_code == 409
    assert "Tick the referrals first." in post(liaison, "/referrals/hand-over", {}).text
    stranger = signed_in(a_user(Role.LIAISON, a_service("Elsewhere", ServiceKind.HEALTH)))
    nothing = stranger.get("/referrals/hand-over?referral=00000000-0000-4000-8000-000000000000")
    theirs = stranger.get(f"/referrals/hand-over?referral={both[0].uid}")
    assert theirs.status_code == nothing.status_code == 404 and same_page(theirs) == same_page(nothing)


def test_what_was_given_back_is_the_coordinators_who_see_code_age_agency_and_reason_only(world, signed_in, post):
    referral = a_referral(world, urgent=True, hours_ago=2)
    code = coded(world, referral)
    other = a_service("Other House", ServiceKind.HOUSING)
    a_participation(world.operation, other, entry_mode=EntryMode.NONE)
    a_user(Role.LIAISON, other)
    coordinator = signed_in(a_user(Role.OPERATION_COORDINATOR, operation=world.operation))
    url = f"/operations/{world.operation.code}/referrals"
    assert code in coordinator.get(url).text  # it waits for its agency
    back = f"/referrals/{referral.uid}/give-back"
    liaison = signed_in(world.liaison)
    assert "destroyed now, for good" in liaison.get(back).text
    assert post(liaison, back, {"seen": "1", "why": ""}, page=back).status_code == 422
    assert post(liaison, back, {"seen": "1", "why": "outside_area"}, page=back).status_code == 303
    text = words(coordinator.get(url))
    assert code in text and "Given back" in text and "Outside our area" in text and "2 h 0 min" in text
    for secret in (NUMBER, "Urgent ", "Health", "safe telephone", world.police.name):
        assert secret not in text
    assert "1 needs you now." in words(coordinator.get("/")) and code not in coordinator.get("/").text
    assert "1 needs you now." in words(coordinator.get(f"/operations/{world.operation.code}/live"))
    give = f"/referrals/{referral.uid}/assign"
    shown = coordinator.get(give).text
    assert "nobody agreed that this agency has it" in shown and "Other House" in shown
    assert "It gave the referral back: Outside our area." in shown
    assert post(coordinator, give, {"seen": "2", "agency": ""}, page=give).status_code == 422
    assert post(coordinator, give, {"seen": "2", "agency": str(other.id)}, page=give).location == url
    assert referrals.current(referral.id).agency_id == other.id
    theirs = signed_in(a_user(Role.LIAISON, other))
    post(theirs, f"/referrals/{referral.uid}/pick-up", page="/referrals")
    steps = words(theirs.get(f"/referrals/{referral.uid}")).partition("History")[2]
    assert [steps.index(step) for step in ("Received", "Given to an agency", "Given back")] == sorted(
        steps.index(step) for step in ("Received", "Given to an agency", "Given back")
    )
    read = [tag for (tag,) in db.session.query(AuditEntry.tag).filter(AuditEntry.tag == "referrals.unowned.list")]
    assert len(read) >= 3
    taken = a_referral(world)
    post(liaison, f"/referrals/{taken.uid}/pick-up", page="/referrals")
    assert coordinator.get(f"/referrals/{taken.uid}/assign").status_code == 404  # somebody owns it
    for wrong in (a_user(Role.SERVICE_COORDINATOR, world.police), a_user(Role.COMMANDER, operation=world.operation)):
        assert signed_in(wrong).get(url).status_code == signed_in(wrong).get(give).status_code == 404


def test_limits_are_kept_as_typed_when_they_are_wrong_and_count_at_once(world, signed_in, post):
    a_referral(world, hours_ago=3)
    coordinator = signed_in(a_user(Role.OPERATION_COORDINATOR, operation=world.operation))
    url = f"/operations/{world.operation.code}/referrals"
    wrong = post(coordinator, url + "/limits", {"urgent_hours": "9", "hours": "1.5", "why": "rule"}, page=url)
    assert wrong.status_code == 422 and 'value="1.5"' in wrong.text and "Enter whole hours, 1 to 168." in wrong.text
    assert "waits longer than agreed" not in words(signed_in(world.liaison).get("/referrals"))
    right = {"urgent_hours": "1", "hours": "2", "why": "rule"}
    assert post(coordinator, url + "/limits", right, page=url).status_code == 303
    assert "1 referral waits longer than agreed." in words(signed_in(world.liaison).get("/referrals"))


def test_what_an_ended_account_held_is_shown_to_the_agency_and_taken_over_with_one_tap(world, signed_in, post):
    referral = a_referral(world)
    post(signed_in(world.liaison), f"/referrals/{referral.uid}/pick-up", page="/referrals")
    second = signed_in(a_user(Role.LIAISON, world.agency))
    lead = signed_in(a_user(Role.SERVICE_COORDINATOR, world.agency))
    assert "/take-over" not in second.get("/referrals?list=others").text
    administrator = signed_in(a_user(Role.ADMINISTRATOR))
    page = f"/people/{world.liaison.id}"
    assert "1 open referral is in the hands of this account" in words(administrator.get(page))
    post(administrator, page + "/disable", page=page)
    assert "1 referral in its hands needs another liaison" in words(administrator.get(page))
    for client in (second, lead):
        assert "1 referral has lost its liaison" in words(client.get("/referrals"))
    assert "1 needs you now." in words(lead.get("/")) and "needs you now" not in words(second.get("/"))
    left = second.get("/referrals?list=left").text
    assert f"/referrals/{referral.uid}/take-over" in left
    assert post(second, f"/referrals/{referral.uid}/take-over", {"seen": "2"}, page="/referrals").status_code == 303
    assert post(second, f"/referrals/{referral.uid}/take-over", {"seen": "2"}, page="/referrals").status_code == 303
    assert "lost its liaison" not in second.get("/referrals").text


def test_an_agency_without_a_liaison_is_the_coordinators_and_without_them_the_administrators(world, signed_in):
    a_referral(world, hours_ago=0)
    coordinator = a_user(Role.OPERATION_COORDINATOR, operation=world.operation)
    client, administrator = signed_in(coordinator), signed_in(a_user(Role.ADMINISTRATOR))
    assert "need you now" not in words(client.get("/")) and "no coordinator" not in administrator.get("/").text
    disable(world.liaison)
    assert "1 needs you now." in words(client.get("/"))
    assert "Nobody at the agency can take it" in client.get(f"/operations/{world.operation.code}/referrals").text
    disable(coordinator)
    assert "no coordinator’s account works" in administrator.get("/").text


def test_a_code_is_found_however_it_is_typed_and_a_wrong_sign_is_said(world, signed_in, post):
    referral, other = a_referral(world), a_referral(world)
    code, not_this = coded(world, referral), coded(world, other)
    liaison, url = signed_in(world.liaison), "/referrals/ended"
    assert "No referral has ended yet." in liaison.get(url).text
    for typed in (code, code.lower().replace("-", " ")):
        found = post(liaison, url, {"code": typed}, page=url).text
        assert referral.uid in found and other.uid not in found
    wrong = post(liaison, url, {"code": code[:-1] + ("A" if code[-1] != "A" else "C")}, page=url)
    assert wrong.status_code == 422 and "one of its signs is wrong" in wrong.text
    assert post(liaison, url, {"code": ""}, page=url).status_code == 422
    assert "No referral of your agency has this code." in post(liaison, url, {"code": shown_code(make_code())}).text
    stranger = signed_in(a_user(Role.LIAISON, a_service("Elsewhere", ServiceKind.HEALTH)))
    assert referral.uid not in post(stranger, url, {"code": not_this}, page=url).text
    post(liaison, f"/referrals/{referral.uid}/pick-up", page="/referrals")
    with writing():
        version = referrals.current(referral.id)
        version.state = "not_reached"
    assert code in liaison.get(url).text


def test_a_withdrawn_agreement_is_told_on_the_list_until_somebody_has_seen_it(world, signed_in, post):
    referral = a_referral(world)
    code = coded(world, referral)
    liaison = signed_in(world.liaison)
    post(liaison, f"/referrals/{referral.uid}/pick-up", page="/referrals")
    with writing():
        (facts,) = (one for one in consents.consents_of(referral.id) if one.consent.kind == Consent.REFER)
        consents.withdraw(facts.consent.id, utc_now(), utc_now(), None, told=False)
    told = words(liaison.get("/referrals"))
    assert "1 person has withdrawn an agreement." in told and code in told
    with writing():
        consents.note_told(referral.id, utc_now())
    assert "withdrawn an agreement" not in liaison.get("/referrals").text


def test_direct_referrals_are_watched_by_who_coordinates_everything(world, signed_in):
    at = dt.datetime(2017, 10, 11, tzinfo=dt.UTC)
    with writing():
        referrals.add_referral(
            None, world.agency.id, None, None, at.date(), at, None, [], False, "they_call", "", None, at
        )  # fmt: skip
    everything = signed_in(a_user(Role.OPERATION_COORDINATOR))
    bound = signed_in(a_user(Role.OPERATION_COORDINATOR, operation=world.operation))
    assert "Without an operation" in everything.get("/referrals").text
    assert "No agency" in everything.get("/referrals/unowned").text
    assert bound.get("/referrals/unowned").status_code == 403
    assert "No referral waits for anybody." in bound.get("/referrals").text
