"""The pages of accused and charges, as a service coordinator, an officer and a stranger meet them."""

import datetime as dt
import re

import pytest

from outreach.storage import db
from outreach.storage.queries import operations
from outreach.storage.tables import Accused, AuditEntry, Charge
from outreach.vocab import EntryMode, Role
from tests.conftest import same_page
from tests.factories import a_participation, a_service, a_team, a_user, an_operation

DAY = "2017-10-11"
LAY = {"offence": "cc-286.3(1)", "counts": "2", "laid_on": DAY}


@pytest.fixture
def place(app):
    operation, service = an_operation("OP-X"), a_service("Windsor Police")
    a_participation(operation, service)
    return operation, service, f"/operations/OP-X/services/{service.id}/charges"


@pytest.fixture
def coordinator(place, signed_in):
    return signed_in(a_user(Role.SERVICE_COORDINATOR, place[1]))


@pytest.fixture
def accused_url(place, coordinator, post):
    answer = post(coordinator, place[2], {"code": "A-01", "arrested": "yes", "arrested_on": DAY}, page=place[2])
    assert answer.status_code == 303
    return answer.location


def journal(tag):
    return db.session.query(AuditEntry).filter_by(tag=tag).all()


def test_a_person_is_added_charged_and_the_charge_withdrawn_through_the_pages(place, coordinator, accused_url, post):
    assert post(coordinator, accused_url, LAY, page=accused_url).status_code == 303
    page = coordinator.get(place[2])
    assert "A-01" in page.text and "286.3(1) Procuring" in page.text
    charge_url = re.search(rf'href="({place[2]}/[0-9a-f-]{{36}})"', page.text)[1]
    amend = {"seen": "1", "status": "withdrawn", "kept_counts": "2", "reason": "Crown"}
    assert post(coordinator, charge_url, amend, page=charge_url).status_code == 303
    assert "Withdrawn" in coordinator.get(accused_url).text
    assert "Crown" in coordinator.get(charge_url).text
    assert "no-store" in coordinator.get(charge_url).headers["Cache-Control"]


def test_every_reading_is_in_the_journal_without_a_word_of_content(place, coordinator, accused_url):
    coordinator.get(place[2])
    coordinator.get(accused_url)
    entries = journal("field.charges.read")
    assert [e.object_id for e in entries[-2:]] == ["", accused_url.rsplit("/", 1)[1]]
    assert not any("A-01" in str(e.details) for e in db.session.query(AuditEntry))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"code": "Smith", "arrested": "no"}, "never a name"),
        ({"code": "A-02"}, "Say whether"),
        ({"code": "A-02", "arrested": "yes", "arrested_on": "11/10/2017"}, "Type the day as 2017-10-18"),
        ({"code": "A-01", "arrested": "no"}, "A-01 is taken"),
    ],
)
def test_a_wrong_person_is_refused_at_the_field_and_what_was_typed_is_kept(
    place, coordinator, accused_url, post, data, message
):
    answer = post(coordinator, place[2], data, page=place[2])
    assert answer.status_code == 422 and message in answer.text and "Error:" in answer.text
    assert f'value="{data["code"]}"' in answer.text
    assert data.get("arrested_on", "") in answer.text
    assert db.session.query(Accused).count() == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"offence": "cc-212"}, "Section 212 was not in force on 2017-10-11"),
        ({"counts": "0"}, "number of counts"),
        ({"counts": "two"}, "whole number"),
        ({"laid_on": "2999-01-01"}, "cannot be laid after today"),
        ({"laid_on": "yesterday"}, "Type the day as"),
        ({"offence": ""}, "Choose an offence"),
    ],
)
def test_a_wrong_charge_is_refused_at_the_field_and_what_was_typed_is_kept(
    coordinator, accused_url, post, change, message
):
    answer = post(coordinator, accused_url, {**LAY, **change}, page=accused_url)
    assert answer.status_code == 422 and message in answer.text
    kept = {**LAY, **change}
    assert f'value="{kept["laid_on"]}"' in answer.text and f'value="{kept["counts"]}"' in answer.text
    assert db.session.query(Charge).count() == 0


def test_a_charge_without_an_accused_has_no_address(place, coordinator, post):
    nobody = f"{place[2]}/accused/00000000-0000-4000-8000-000000000000"
    assert post(coordinator, nobody, LAY, page=place[2]).status_code == 404


def test_an_old_form_is_told_what_stands_and_keeps_what_was_typed(coordinator, accused_url, post):
    change = {"seen": "1", "arrested": "no", "reason": "Wrong box"}
    assert post(coordinator, f"{accused_url}/change", change, page=accused_url).status_code == 303
    again = post(coordinator, f"{accused_url}/change", {**change, "reason": "Second thoughts"}, page=accused_url)
    assert again.status_code == 409 and "Somebody else changed this" in again.text and "Second thoughts" in again.text


def test_the_list_answers_as_of_a_moment(place, coordinator, accused_url):
    long_ago = coordinator.get(f"{place[2]}?as_of=2017-10-11T12:00:00Z")
    assert "As the site showed it" in long_ago.text and "A-01" not in long_ago.text
    assert "A-01" in coordinator.get(f"{place[2]}?as_of={dt.datetime.now(dt.UTC).isoformat()}").text


def test_strangers_find_nothing_and_an_officer_of_the_service_may_add(place, accused_url, signed_in, post):
    stranger = signed_in(a_user(Role.SERVICE_COORDINATOR, a_service()))
    nothing = stranger.get("/operations/NONE/services/1/charges")
    for url in (place[2], accused_url):
        answer = stranger.get(url)
        assert (answer.status_code, same_page(answer)) == (404, same_page(nothing))
        assert post(stranger, url, LAY).status_code == 404
    officer = signed_in(a_user(Role.FIELD_OFFICER, place[1]))
    assert post(officer, accused_url, LAY, page=accused_url).status_code == 303
    assert signed_in(a_user(Role.COMMANDER)).get(place[2]).status_code == 404


def test_an_officer_finds_the_charges_of_her_service_from_her_shift(place, signed_in):
    officer = a_user(Role.FIELD_OFFICER, place[1])
    a_team(operations.participation(place[0].id, place[1].id), officer)
    assert f'href="{place[2]}"' in signed_in(officer).get("/field").text


def test_charges_counted_elsewhere_are_sent_there(place, coordinator):
    child = an_operation("OP-CHILD", parent=place[0])
    a_participation(child, place[1])
    text = coordinator.get(place[2]).text
    assert "Charges of this service are counted in OP-CHILD" in text
    assert f'href="/operations/OP-CHILD/services/{place[1].id}/charges"' in text


def test_who_sends_daily_totals_is_told_that_charges_count_from_them(place, coordinator, signed_in):
    assert "sends daily totals" not in coordinator.get(place[2]).text
    fox = a_service("Fox River Police")
    a_participation(place[0], fox, entry_mode=EntryMode.DAILY_TOTALS)
    text = signed_in(a_user(Role.SERVICE_COORDINATOR, fox)).get(f"/operations/OP-X/services/{fox.id}/charges").text
    assert "This service sends daily totals" in text and "counted nowhere" in text
    assert f'href="/operations/OP-X/services/{fox.id}/totals"' in text


def test_the_pages_speak_french(coordinator, accused_url, place, post):
    post(coordinator, "/language", {"lang": "fr", "next": "/"})
    text = coordinator.get(place[2]).text
    assert "Accusations" in text and "Ajouter une personne" in text
    assert "Proxénétisme" in coordinator.get(accused_url).text
