"""Making a referral: later from a contact, again to another agency, or for a person who came by herself."""

import datetime as dt
import re
from dataclasses import replace

import pytest

from outreach.errors import Changed, Invalid, NotAllowed
from outreach.field import commands as field_commands
from outreach.field.rules import make_code, shown_code
from outreach.referrals import commands, consent_commands, direct_commands, refer_commands
from outreach.referrals.refer_rules import Asked
from outreach.storage import db, writing
from outreach.storage.queries import access, consents, contacts, referrals
from outreach.storage.tables import AuditEntry, FollowUp, Meeting, Person, Referral, SafeContact
from outreach.storage.types import new_uid, utc_now
from outreach.vocab import EntryMode, Role, ServiceKind
from tests.conftest import token_of
from tests.factories import a_participation, a_service, a_user, an_operation
from tests.field.factories import EVENING, a_night, a_person, actor_of, an_entry

AGREED_ONLY_TO_BE_RECORDED = ("record",)
NOW = dt.datetime(2017, 10, 17, 14, tzinfo=dt.UTC)


def asked(**more):
    values = {
        "uid": new_uid(),
        "needs": ("health",),
        "urgent": True,
        "reach_by": "other_way",
        "safe_way": "through her sister",
        "refers": True,
        "facts": ("needs", "gender"),
        "agreed_at": utc_now() - dt.timedelta(minutes=5),
    }
    return Asked(**(values | more))


def met(night, **more):
    entry = an_entry(a_person(**({"agreed": AGREED_ONLY_TO_BE_RECORDED} | more)))
    with writing():
        field_commands.log_contact(actor_of(night.officer), night.place, entry)
    return contacts.contact_record(entry.uid)


def refer(user, record, wish):
    with writing():
        return refer_commands.refer(access.actor_of(user), record, 1, wish)


def direct(user, wish, brought="", operation_id=None):
    with writing():
        return direct_commands.make_direct(access.actor_of(user), wish, brought, operation_id)


def wrong(of, *given, **more):
    with pytest.raises(Invalid) as refused:
        of(*given, **more)
    return {finding.where for finding in refused.value.findings}


# --- from the contact flow --------------------------------------------------------------------------------------------


def test_what_is_agreed_on_the_check_card_becomes_dated_agreements(app):
    night = a_night()
    met(night, agreed=("record", "refer"))
    met(night, agreed=("record", "refer", "share"), any_agency=True)
    first, second = db.session.query(Referral).order_by(Referral.id)
    told = [(g.consent.kind, g.agency) for g in consents.consents_of(first.id)]
    assert told == [("refer", ""), ("agency", night.agency.name)]
    assert consents.shared_facts(first.id) == {"code", "safe_way"}
    given = {g.consent.kind: g.consent for g in consents.consents_of(second.id)}
    assert given["agency"].agency_id is None and consents.covers_any(second.id)
    assert {g.given_at for g in given.values()} == {EVENING}
    assert consents.facts_of(second).age_band == "25_34" and consents.facts_of(second).gender == "woman_girl"
    assert consents.facts_of(first).age_band == ""


# --- later ------------------------------------------------------------------------------------------------------------


def test_a_yes_that_comes_later_is_a_referral_with_its_own_agreements_and_in_the_journal(app):
    night = a_night()
    record = met(night)
    wish = asked(agency_id=night.agency.id)
    referral = refer(night.officer, record, wish)
    assert refer(night.officer, record, wish).id == referral.id  # pressed twice
    version = referrals.current(referral.id)
    assert (version.state, version.agency_id, version.needs, version.urgent) == (
        "made",
        night.agency.id,
        ["health"],
        True,
    )
    assert referrals.open_safe_way(referral, referrals.safe_contact(referral.id)) == "through her sister"
    assert consents.shared_facts(referral.id) == {"code", "safe_way", "needs", "gender"}
    assert all(g.consent.given_at == wish.agreed_at for g in consents.consents_of(referral.id))
    entries = db.session.query(AuditEntry).filter_by(tag="referrals.referral.make").all()
    assert [entry.object_id for entry in entries] == [referral.uid]


def test_the_same_person_goes_to_two_agencies_and_the_second_warns_of_the_day_alone(app, signed_in):
    night = a_night()
    other = a_service("Other House", ServiceKind.HEALTH)
    a_participation(night.operation, other, entry_mode=EntryMode.NONE)
    record = met(night)
    client = signed_in(night.officer)
    url = f"/referrals/of/{record.contact.uid}/1"
    assert "Already referred" not in client.get(url).text
    first = refer(night.officer, record, asked(agency_id=night.agency.id))
    page = client.get(url).text
    assert f"Already referred on {first.day}." in page and night.agency.name in page
    own = client.get(f"/field/contacts/{record.contact.uid}").text
    assert f"Referred on {first.day} to {night.agency.name}." in own
    second = refer(night.coordinator, record, asked(agency_id=other.id, any_agency=True, reach_by="they_call"))
    assert {referrals.current(r.id).agency_id for r in (first, second)} == {night.agency.id, other.id}
    assert consents.covers_any(second.id) and not consents.covers_any(first.id)


def test_what_is_missing_or_wrong_is_told_at_its_field_and_what_was_typed_is_kept(app, signed_in):
    night = a_night()
    record = met(night, age="16_17")
    refusal = wrong(refer, night.officer, record, asked(refers=False, agreed_at=None, safe_way="", under_18=True))
    assert refusal == {"refers", "agreed_at", "safe_way", "duty"}
    ahead = asked(agency_id=night.agency.id, agreed_at=utc_now() + dt.timedelta(hours=3))
    assert wrong(refer, night.officer, record, ahead) == {"agreed_at"}
    assert wrong(refer, night.officer, record, asked(agency_id=a_service().id)) == {"agency"}
    client = signed_in(night.officer)
    url = f"/referrals/of/{record.contact.uid}/1"
    assert "Under 18: your duty to report" in client.get(f"/field/contacts/{record.contact.uid}/edit").text
    page = client.get(url)
    assert "Under 18: your duty to report" in page.text
    form = {"agency": night.agency.id, "reach_by": "safe_phone", "safe_way": "12", "csrf_token": token_of(page)}
    answer = client.post(url, data={**form, "uid": new_uid(), "agreed_at": "yesterday", "refers": "y"})
    assert answer.status_code == 422 and "<title>Error:" in answer.text and "12</textarea>" in answer.text
    assert "The person is under 18" in answer.text and 'value="yesterday"' in answer.text
    good = {**form, "safe_way": "519 555 0142", "agreed_at": "2017-10-17 09:00", "uid": new_uid(), "refers": "y"}
    done = client.post(url, data={**good, "duty": "y", "facts": ["needs"]})
    assert done.status_code == 303
    shown = client.get(done.location).text
    assert "What was agreed" in shown and "Refer to another agency" in shown and "519 555 0142" not in shown


@pytest.mark.parametrize("more", [{"agreed": ()}, {"answer": "declined"}, "withdrawn"])
def test_who_was_not_recorded_or_did_not_accept_is_not_referred_from_there(app, more):
    night = a_night()
    record = met(night, **({} if more == "withdrawn" else more))
    if more == "withdrawn":
        with writing():
            field_commands.withdraw_contact(actor_of(night.officer), record, expected=1)
        record = contacts.contact_record(record.contact.uid)
    assert wrong(refer, night.officer, record, asked(agency_id=night.agency.id)) == {"refers"}
    assert db.session.query(Referral).count() == 0


def test_nobody_but_who_may_change_the_contact_refers_from_it(app):
    night = a_night()
    record = met(night)
    for stranger in (a_user(Role.FIELD_OFFICER, night.service), a_user(Role.LIAISON, night.agency), a_user()):
        with pytest.raises(NotAllowed):
            refer(stranger, record, asked(agency_id=night.agency.id))


# --- directly ---------------------------------------------------------------------------------------------------------


def test_who_comes_by_herself_has_a_code_of_the_agency_and_a_liaison_at_once(app, signed_in):
    agency = a_service("Own House", ServiceKind.HEALTH)
    liaison = a_user(Role.LIAISON, agency)
    wish = asked(agency_id=agency.id)
    referral = direct(liaison, wish)
    assert direct(liaison, wish).id == referral.id
    assert (referral.origin, referral.operation_id, referral.contact_id, referral.person_id) == (
        "direct",
        None,
        None,
        None,
    )
    version = referrals.current(referral.id)
    assert (version.state, version.liaison_id, version.agency_id) == ("received", liaison.id, agency.id)
    assert re.fullmatch(r"[2-9A-Y]{8}", consents.code_of(referral))
    assert consents.code_of(referral).encode() not in referral.code_sealed
    assert {f.days for f in db.session.query(FollowUp)} == {7, 30, 90}
    assert consents.facts_of(referral).needs == ("health",)
    bare = direct(liaison, asked(agency_id=agency.id, facts=()))
    assert referrals.current(bare.id).needs == []
    client, code = signed_in(liaison), shown_code(consents.code_of(referral))
    for url in ("/referrals?show=mine", f"/referrals/{referral.uid}", f"/referrals/{referral.uid}/consents"):
        page = client.get(url)
        assert page.status_code == 200 and (code in page.text or url.startswith("/referrals?")), url
    assert "through her sister" in client.get(f"/referrals/{referral.uid}").text
    police = signed_in(a_user(Role.SERVICE_COORDINATOR, a_service()))
    assert code not in police.get("/referrals").text and police.get(f"/referrals/{referral.uid}").status_code == 404


def test_any_code_that_can_be_one_is_taken_and_joined_and_nobody_learns_whether_it_is_known(app, signed_in):
    night = a_night()
    known = make_code()
    record = met(night, code=known)
    liaison = a_user(Role.LIAISON, night.agency)
    client, answers = signed_in(liaison), []
    for code in (known, make_code()):
        page = client.get("/referrals/new")
        assert night.operation.code in page.text
        form = {"agency": night.agency.id, "code": shown_code(code).lower(), "operation": night.operation.id}
        form |= {"uid": new_uid(), "agreed_at": "2017-10-17 09:00", "refers": "y", "csrf_token": token_of(page)}
        answers.append(client.post("/referrals/new", data=form))
        assert f"Call the person by the code {shown_code(code)}." in client.get(answers[-1].location).text
    assert [a.status_code for a in answers] == [303, 303]
    one, other = db.session.query(Referral).order_by(Referral.id)
    people = {p.id: p for p in db.session.query(Person)}
    met_person = db.session.query(Meeting.person_id).scalar()
    assert people[one.person_id].join_key == people[met_person].join_key != people[other.person_id].join_key
    assert not any(p.code_conflict for p in people.values())
    assert one.operation_id == night.operation.id and record.contact.id not in (one.contact_id, other.contact_id)


def test_a_code_typed_wrongly_another_operation_and_another_agency_are_refused(app):
    night, elsewhere = a_night(), an_operation("ELSEWHERE")
    liaison = a_user(Role.LIAISON, night.agency)
    wish = asked(agency_id=night.agency.id)
    code = make_code()
    slip = code[:-1] + ("2" if code[-1] != "2" else "3")
    assert wrong(direct, liaison, wish, slip, night.operation.id) == {"code"}
    assert wrong(direct, liaison, wish, code, elsewhere.id) == {"operation"}
    assert wrong(direct, liaison, replace(wish, refers=False)) == {"refers"}
    for stranger in (a_user(Role.LIAISON, a_service(kind=ServiceKind.HEALTH)), night.officer, night.coordinator):
        with pytest.raises(NotAllowed):
            direct(stranger, wish)
    assert db.session.query(Referral).count() == 0 and db.session.query(SafeContact).count() == 0


# --- what was agreed, on its page -------------------------------------------------------------------------------------


def test_the_maker_sees_what_was_recorded_with_it_and_nothing_of_what_the_agency_heard(app, signed_in):
    night = a_night()
    record = met(night, agreed=("record", "refer", "share"), reach_by="safe_phone", safe_way="519 555 0142")
    referral = db.session.query(Referral).one()
    liaison = a_user(Role.LIAISON, night.agency)
    url, clients = f"/referrals/{referral.uid}/consents", {}
    for who, user in (("officer", night.officer), ("coordinator", night.coordinator), ("liaison", liaison)):
        clients[who] = signed_in(user)
        page = clients[who].get(url)
        assert page.status_code == 200 and "To be referred" in page.text and "519 555" not in page.text
        assert ("Your agency may read now" in page.text) is (who == "liaison")
    assert signed_in(a_user(Role.FIELD_OFFICER, night.service)).get(url).status_code == 404
    kinds = {g.consent.kind: g.consent.uid for g in consents.consents_of(referral.id)}
    assert post(clients["liaison"], url, "", kind="any", given_at="2017-10-17 09:00").status_code == 303
    facts = f"{url}/{kinds['facts']}/withdraw"
    assert post(clients["liaison"], url, facts, at="2017-10-17 09:30").status_code == 303
    assert liaison.name in clients["liaison"].get(url).text
    page = clients["officer"].get(url).text
    assert liaison.name not in page and "any agency" not in page and ">Withdrawn<" not in page
    late = post(clients["officer"], url, f"{url}/{kinds['refer']}/withdraw", at="2999-01-01 09:00")
    assert late.status_code == 422 and "not in the future" in late.text and 'value="2999-01-01 09:00"' in late.text
    assert post(clients["officer"], url, f"{url}/{kinds['refer']}/withdraw", at="2017-10-17 10:00").status_code == 303
    assert referrals.current(referral.id).state == "withdrawn"
    assert "do not get in touch" in clients["liaison"].get(url).text
    assert post(clients["liaison"], url, url + "/seen").status_code == 303
    assert "do not get in touch" not in clients["liaison"].get(url).text
    assert post(clients["officer"], url, url + "/seen").status_code in (403, 404)
    assert record.contact.uid


def post(client, page, url, **fields):
    return client.post(url or page, data={**fields, "csrf_token": token_of(client.get(page))})


def test_picking_up_what_was_withdrawn_is_refused_and_nothing_moves(app):
    night = a_night()
    met(night, agreed=("record", "refer"))
    referral = db.session.query(Referral).one()
    with writing():
        consent = consents.consents_of(referral.id)[0].consent
        consent_commands.withdraw(actor_of(night.officer), referral, consent, utc_now())
    with pytest.raises(Changed), writing():
        commands.pick_up(access.actor_of(a_user(Role.LIAISON, night.agency)), referral)
    assert referrals.current(referral.id).state == "withdrawn"
