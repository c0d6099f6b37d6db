"""The directory of support agencies: who may see and change it, its form, pasting and copying out."""

from __future__ import annotations

import datetime as dt
import html
import io
import re

import pytest
import time_machine

from outreach.plan import agency_commands
from outreach.storage import db, writing
from outreach.storage.queries import lists
from outreach.storage.tables import AgencyProfile, AuditEntry, Referral, ReferralVersion, Service
from outreach.vocab import Role, ServiceKind
from tests.conftest import same_page
from tests.factories import a_participation, a_service, a_user, an_operation

NOON = dt.datetime(2017, 10, 11, 16, 0, tzinfo=dt.UTC)  # a Wednesday, 12:00 in Toronto
TYPED = {
    "taking": "y",
    "telephone": "519 555 0142 ext. 3",
    "contact_desk": "desk@harbour.example",
    "needs": ["counselling", "safety_plan"],
    "languages": "English, French",
    "areas": "Windsor\r\nLaSalle",
    "age_from": "16",
    "age_to": "",
    "day_0": "9:00-17:00",
    "day_2": "9 h-12 h, 13 h-17 h",
    "day_4": "22:00-06:00",
    "time_zone": "america/toronto",
    "closed_on": "2017-12-25",
    "capacity": "2",
    "call_order": "5",
    "intake": "Women with children first.",
    "version": "0",
    "service_version": "1",
}


@pytest.fixture
def agency(app):
    return a_service("Bright Harbour", ServiceKind.VICTIM_SERVICES)


@pytest.fixture
def coordinator(app, signed_in):
    return signed_in(a_user(Role.OPERATION_COORDINATOR))


def address(agency, end=""):
    return f"/agencies/{agency.id}{end}"


def profile():
    return db.session.query(AgencyProfile).one()


def journal(tag):
    return db.session.query(AuditEntry).filter_by(tag=tag).all()


def test_an_agency_is_described_shown_and_journalled(agency, signed_in, post):
    with time_machine.travel(NOON - dt.timedelta(minutes=1), tick=False):
        client = signed_in(a_user(Role.OPERATION_COORDINATOR))
        assert "Nothing is known yet" in client.get(address(agency)).text
        answer = post(client, address(agency, "/edit"), TYPED)
        assert answer.status_code == 303, answer.text
        page = client.get(address(agency)).text
        assert "Open now, until 12:00 (time in Toronto)" in page and 'href="tel:5195550142"' in page
        assert "Mon 09:00-17:00; Wed 09:00-12:00, 13:00-17:00; Fri 22:00-06:00" in page and "2 of 2 left" in page
    found = profile()
    assert found.hours == [[0, "09:00", "17:00"], [2, "09:00", "12:00"], [2, "13:00", "17:00"], [4, "22:00", "06:00"]]
    assert (found.areas, found.needs) == (["Windsor", "LaSalle"], ["counselling", "safety_plan"])
    assert (found.time_zone, found.age_from, found.age_to, found.capacity) == ("America/Toronto", 16, None, 2)
    assert db.session.get(Service, agency.id).languages == "English, French"
    (entry,) = journal("plan.agency.change")
    assert entry.service_id == agency.id and "telephone" in entry.details["fields"]
    with time_machine.travel(NOON, tick=False):
        assert "Closed now, opens 13:00" in client.get("/agencies").text
        assert "Bright Harbour" in client.get("/agencies?q=lasalle&need=counselling").text
        assert "No agency fits." in client.get("/agencies?open=1").text
        assert "No agency fits." in client.get("/agencies?need=legal").text
        assert 'value="09:00-12:00, 13:00-17:00"' in client.get(address(agency, "/edit")).text
        assert "Nothing was different" in post_again(client, post, agency, version="1", service_version="2")


def post_again(client, post, agency, **more):
    answer = post(client, address(agency, "/edit"), TYPED | more)
    assert answer.status_code == 303, answer.text
    return client.get(answer.location).text


def test_what_cannot_be_is_refused_at_its_field_and_stays_typed(agency, coordinator, post):
    wrong = {
        "day_0": "25:00-26:00",
        "day_1": "whenever",
        "day_3": "09:00-09:00",
        "day_5": "9-5",
        "time_zone": "Mars/Olympus",
        "age_from": "30",
        "age_to": "20",
        "capacity": "-1",
        "closed_on": "25/12",
        "telephone": "call Jo",
    }
    answer = post(coordinator, address(agency, "/edit"), TYPED | wrong)
    assert answer.status_code == 422
    for field, words in {
        "day_0": "is no time of day",
        "day_1": "cannot be read as hours",
        "day_3": "opens and closes at the same time",
        "day_5": "can mean morning or evening",
        "time_zone": "is no known time zone",
        "age_to": "above the oldest",
        "capacity": "whole number from 0",
        "closed_on": "is no day",
        "telephone": "Enter a telephone number",
    }.items():
        said = re.search(rf'id="{field}-error">(.*?)</p>', answer.text, re.DOTALL)
        assert said and words in html.unescape(said[1]), field
    assert 'value="25:00-26:00"' in answer.text and "Women with children first." in answer.text
    assert db.session.query(AgencyProfile).count() == 0


def test_changed_meanwhile_keeps_what_was_typed(agency, coordinator, post):
    post(coordinator, address(agency, "/edit"), TYPED)
    answer = post(coordinator, address(agency, "/edit"), TYPED | {"capacity": "9", "service_version": "2"})
    assert answer.status_code == 409
    assert "Somebody else changed this" in answer.text and 'value="9"' in answer.text
    again = dict(re.findall(r'name="((?:service_)?version)"[^>]*value="(\d+)"', answer.text))
    assert again == {"version": "1", "service_version": "2"}
    assert "Saved." in post_again(coordinator, post, agency, capacity="9", **again)
    assert profile().capacity == 9


@pytest.mark.parametrize(
    ("role", "own", "sees", "changes"),
    [
        (Role.SERVICE_COORDINATOR, True, True, True),
        (Role.SERVICE_COORDINATOR, False, True, False),
        (Role.LIAISON, True, True, False),
        (Role.FIELD_OFFICER, False, True, False),
        (Role.ADMINISTRATOR, None, True, False),
        (Role.COMMANDER, None, False, False),
        (Role.ANALYST, None, False, False),
    ],
)
def test_its_own_lead_changes_an_agency_and_those_who_refer_see_it(agency, signed_in, post, role, own, sees, changes):
    service = None if own is None else agency if own else a_service("Fox River Police")
    client = signed_in(a_user(role, service))
    assert client.get("/agencies").status_code == (200 if sees else 403)
    assert client.get(address(agency)).status_code == (200 if sees else 404)
    refused = 403 if sees else 404
    assert client.get(address(agency, "/edit")).status_code == (200 if changes else refused)
    assert post(client, address(agency, "/edit"), TYPED).status_code == (303 if changes else refused)
    assert db.session.query(AgencyProfile).count() == len(journal("plan.agency.change")) == changes
    assert client.get("/agencies/paste").status_code == 403


def test_a_coordinator_of_one_operation_does_not_change_an_agency_of_all(agency, signed_in):
    client = signed_in(a_user(Role.OPERATION_COORDINATOR, operation=an_operation()))
    assert client.get(address(agency)).status_code == 200
    assert client.get(address(agency, "/edit")).status_code == 403


def test_a_police_service_has_no_page_as_an_agency(app, coordinator):
    police = a_service("Quarry Town Police")
    answer, nothing = coordinator.get(f"/agencies/{police.id}"), coordinator.get("/agencies/99999")
    assert answer.status_code == nothing.status_code == 404 and same_page(answer) == same_page(nothing)
    assert "No support agency is here yet." in coordinator.get("/agencies").text


def test_police_read_whether_there_is_room_and_not_how_many_it_carries(agency, signed_in, coordinator, post):
    operation, police = an_operation(), a_service("Fox River Police")
    a_participation(operation, agency)
    post(coordinator, address(agency, "/edit"), TYPED | {"capacity": "1"})
    with writing():
        referral = Referral(service_id=police.id, operation_id=operation.id, day=NOON.date(), made_at=NOON)
        db.session.add(referral)
        db.session.flush()
        db.session.add(ReferralVersion(referral_id=referral.id, agency_id=agency.id, recorded_at=NOON))
    assert "0 of 1 left" in coordinator.get(address(agency)).text
    seen = signed_in(a_user(Role.FIELD_OFFICER, police)).get(address(agency)).text
    assert "Full now" in seen and "of 1 left" not in seen and operation.name in seen
    (facts,) = agency_commands.agencies_of([agency.id])
    assert facts.room is False


HEADS = ("Agence", "Genre", "Besoins", "Secteurs", "Horaire", "Âges", "Téléphone", "Capacité")
LINES = (
    (
        "Maison des Aulnes",
        "hébergement",
        "Shelter or housing; FRENCH",
        "Alder Bay",
        "lun-ven 9 h-17 h",
        "16-24",
        "",
        "12",
    ),
    ("Bright Harbour", "", "counselling", "", "24/7", "18+", "", ""),
    ("Windsor Police", "police", "", "", "", "", "", ""),
    ("Far House", "Housing", "Everything", "", "25:00-26:00", "24-16", "", "-1"),
)


def test_pasted_rows_are_read_compared_and_saved_when_they_are_good(agency, coordinator, post):
    text = "\n".join("\t".join(row) for row in (HEADS, *LINES))
    text = text.replace("FRENCH", dict(lists.choices("needs", "fr"))["counselling"])
    seen = post(coordinator, "/agencies/paste", {"rows": text})
    assert seen.status_code == 200 and "Check 4 agencies before saving" in seen.text
    page = html.unescape(seen.text)
    for words in (
        "Mon-Fri 09:00-17:00",
        "Hours is added",
        "“Everything” is not in the list of needs.",
        "“25:00-26:00” is no time of day.",
        "youngest age is above the oldest",
        "Persons are not referred to services of this kind.",
        'name="fix-4-hours"',
    ):
        assert words in page, words
    assert db.session.query(AgencyProfile).count() == 0
    early = post(coordinator, "/agencies/paste/add", {"rows": text, "time_zone": "America/Winnipeg"})
    assert early.status_code == 422 and db.session.query(AgencyProfile).count() == 0
    good = post(coordinator, "/agencies/paste/add", {"rows": text, "time_zone": "America/Winnipeg", "do": "add_good"})
    assert good.status_code == 200 and "Far House" in good.text and "Maison" not in good.text.split("<table")[1]
    assert db.session.query(AgencyProfile).count() == 2
    house = db.session.query(AgencyProfile).join(Service).filter(Service.name == "Maison des Aulnes").one()
    assert (house.time_zone, house.age_from, house.age_to, house.capacity) == ("America/Winnipeg", 16, 24, 12)
    assert house.needs == ["shelter", "counselling"] and house.hours[0] == [0, "09:00", "17:00"]
    assert len(journal("plan.agencies.paste")) == 1 and len(journal("plan.agency.change")) == 2
    fixed = {
        "rows": text,
        "do": "add",
        "skip-3": "1",
        "fix-4-needs": "",
        "fix-4-hours": "24/7",
        "fix-4-ages": "16-24",
        "fix-4-capacity": "3",
        "time_zone": "America/Toronto",
    }
    assert post(coordinator, "/agencies/paste/add", fixed).status_code == 303
    assert db.session.query(AgencyProfile).count() == 3


@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_is_copied_out_pastes_back_and_changes_nothing(agency, coordinator, post, language):
    post(coordinator, address(agency, "/edit"), TYPED | {"intake": "First line\r\nsecond line"})
    post(coordinator, "/language", {"lang": language, "next": "/"})
    page = coordinator.get("/agencies/rows").text
    text = html.unescape(re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.DOTALL)[1])
    assert len(text.splitlines()) == 2
    seen = post(coordinator, "/agencies/paste", {"rows": text})
    assert ("Same as saved" if language == "en" else "Comme enregistré") in html.unescape(seen.text), seen.text[-3000:]
    assert post(coordinator, "/agencies/paste/add", {"rows": text, "time_zone": "America/Toronto"}).status_code == 303
    assert profile().version == 1 and profile().intake == "First line\nsecond line"
    book = coordinator.get("/agencies/agencies.xlsx")
    assert book.status_code == 200 and book.data[:2] == b"PK"
    with_file = {"rows": "", "file": (io.BytesIO(book.data), "agencies.xlsx")}
    again = post(coordinator, "/agencies/paste", with_file)
    assert ("Same as saved" if language == "en" else "Comme enregistré") in html.unescape(again.text)
