"""Whom to call first in the contact flow: the server's pages, the pack, and a record that names no agency."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import time_machine

from outreach.auth.actors import SYSTEM
from outreach.field.commands import log_contact
from outreach.plan import agency_commands
from outreach.plan.agency_text_rules import AgencyDraft, read_hours
from outreach.storage import db, writing
from outreach.storage.queries import agencies
from outreach.storage.tables import ReferralVersion
from outreach.storage.types import new_uid
from outreach.vocab import EntryMode, ServiceKind
from tests.factories import a_participation, a_service
from tests.field.factories import EVENING, a_night, a_person, actor_of, an_entry

DEVICE = new_uid()


def knows(service, hours, **more):
    """Give the agency a page."""
    always, spans = read_hours(hours)
    draft = AgencyDraft(always_open=always, hours=spans, **more)
    with writing():
        agency_commands.write_agency(SYSTEM, service, None, draft)


@pytest.fixture
def night(app):
    """21:38 in Toronto; of two agencies the first by name is closed, the second open for adults."""
    with time_machine.travel(EVENING, tick=False):
        night = a_night()
        night.house = a_service("Zeta House", ServiceKind.HOUSING)
        a_participation(night.operation, night.house, entry_mode=EntryMode.NONE)
        knows(night.agency, "Mon-Fri 09:00-17:00", telephone="519 555 0142", areas=("Windsor",))
        knows(night.house, "24/7", telephone="519 555 0177", age_from=18, needs=("shelter",), capacity=0)
        yield night


def answered(client, night, post, *answers):
    """Log a contact up to the question after ``answers``; gives its address."""
    page = post(client, "/field/log", {"team": night.team.uid})
    for answer in answers:
        page = post(client, page.location, {"answer": answer})
    return page.location


def agency_of_the_referral():
    return db.session.query(ReferralVersion).one().agency_id


def test_the_question_names_whom_to_call_first_and_its_telephone(night, signed_in, post):
    client = signed_in(night.officer)
    adult = client.get(answered(client, night, post, "met", "25_34", "woman_girl", "accepted")).text
    assert "Call first: Zeta House" in adult and "Open now, day and night · Full now" in adult
    assert 'href="tel:5195550177"' in adult and "555 0142" not in adult and "5550142" not in adult
    minor = client.get(answered(client, night, post, "met", "16_17", "read", "woman_girl", "accepted")).text
    assert f"First to open: {night.agency.name}" in minor and "Closed now, opens Tue 17 Oct, 09:00" in minor


def test_the_card_offers_the_agencies_in_order_and_one_that_is_closed_can_be_chosen(night, signed_in, post):
    client = signed_in(night.officer)
    address = answered(client, night, post, "met", "25_34", "woman_girl", "accepted", "they_call", "no")
    card = client.get(address).text
    options = re.findall(r'<option value="(\d+)">([^<]*)', card.split('id="agency-1"')[1].split("</select>")[0])
    assert options == [
        (str(night.house.id), "Zeta House · Open now, day and night"),
        (str(night.agency.id), f"{night.agency.name} · Closed now, opens Tue 17 Oct, 09:00"),
    ]
    offered = {"offered-1": str(night.house.id), "team": night.team.uid}
    moved = post(client, address, {**offered, "agency-1": str(night.house.id), "needs-1": "legal", "change": "more"})
    again = client.get(moved.location).text
    assert f"First to open: {night.agency.name}" in again, "one that was only offered gives way"
    moved = post(client, address, {**offered, "agency-1": str(night.agency.id), "change": "agency-1"})
    assert moved.location.endswith("#agency-1")
    chosen = client.get(moved.location).text
    assert f"The referral goes to {night.agency.name}" in chosen
    assert f'<option selected value="{night.agency.id}">' in chosen


def test_a_record_that_names_no_agency_goes_to_the_one_to_call_first(night):
    with writing():
        log_contact(actor_of(night.officer), night.place, an_entry(a_person(age="16_17")))
    assert agency_of_the_referral() == night.agency.id, "closed, but it serves that age: it is taken all the same"


def test_the_need_and_the_place_count_too_where_none_is_named(night):
    with writing():
        log_contact(actor_of(night.officer), night.place, an_entry(a_person(needs=("legal",)), municipality="WINDSOR"))
    assert agency_of_the_referral() == night.agency.id


def test_the_pack_carries_what_the_rules_need_and_of_the_load_only_whether_there_is_room(night, signed_in):
    pack = signed_in(night.officer).get(f"/field/app/pack?device={DEVICE}").get_json()
    (team,) = pack["teams"]
    assert sorted(team["agencies"]) == sorted([[one.id, one.name] for one in (night.agency, night.house)])
    assert pack["agencies"] == {
        str(night.agency.id): {
            "zone": "America/Toronto",
            "hours": [[day, 540, 1020] for day in range(5)],
            "areas": ["Windsor"],
            "order": 100,
            "telephone": "519 555 0142",
            "dial": "5195550142",
        },
        str(night.house.id): {
            "zone": "America/Toronto",
            "always": True,
            "needs": ["shelter"],
            "from": 18,
            "room": False,
            "order": 100,
            "telephone": "519 555 0177",
            "dial": "5195550177",
        },
    }


def test_an_hour_in_another_zone_is_said_with_its_zone(night, signed_in, post):
    known = agencies.agency(night.agency.id)
    draft = AgencyDraft(time_zone="America/Vancouver", hours=read_hours("Mon-Fri 09:00-17:00")[1])
    with writing():
        agency_commands.write_agency(SYSTEM, *known, draft)
    client = signed_in(night.officer)
    with time_machine.travel(EVENING + dt.timedelta(minutes=1), tick=False):
        page = client.get(answered(client, night, post, "met", "16_17", "read", "woman_girl", "accepted")).text
    assert "Closed now, opens Tue 17 Oct, 09:00 (time in Vancouver)" in page
