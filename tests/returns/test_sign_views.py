"""The pages of a service's own figures: what is shown, zero by one press, signing by a typed name."""

import re

import pytest

from outreach.storage import db
from outreach.storage.queries import sign_offs
from outreach.storage.tables import Tally
from outreach.vocab import OperationStatus, Role
from tests.factories import a_participation, a_user, an_operation
from tests.field.factories import a_night
from tests.field.held import a_held_record
from tests.report import factories as facts


@pytest.fixture
def night(app):
    night = a_night(days=3)
    facts.a_contact(night.participation, {"answer": "accepted"}, {"answer": "declined"}, day=0)
    facts.a_contact(night.participation, {"answer": "accepted"}, day=1)
    return night


@pytest.fixture
def coordinator(night, signed_in):
    return signed_in(night.coordinator)


def urls(night):
    here = f"/operations/{night.operation.code}/services/{night.service.id}"
    return f"{here}/figures", f"{here}/sign"


def sign(client, post, night, **fields):
    url = urls(night)[1]
    seen = re.search(r'name="seen" value="(\w+)"', client.get(url).text)[1]
    return post(client, url, {"seen": seen, "name": "Ada Quarry", **fields}, page=url)


def test_the_figures_are_shown_by_day_and_lead_to_signing(night, coordinator):
    page = coordinator.get(urls(night)[0]).text
    assert "figures not told" in page and "Nothing was heard of 1 day" in page
    assert "Persons met by day" in page and "Overdue" in page and f'href="{urls(night)[1]}"' in page
    assert "Support accepted by day" in coordinator.get(urls(night)[0] + "?measure=support_accepted").text
    assert "Persons met by day" in coordinator.get(urls(night)[0] + "?measure=%3Cb%3E").text


def test_zero_is_confirmed_with_one_press_and_differs_from_silence(night, coordinator, post):
    url = urls(night)[0]
    answer = post(coordinator, url, {"day": "2017-10-12"}, page=url)
    assert answer.status_code == 303 and "Zero is confirmed for 1 day." in coordinator.get(url).text
    assert "Nothing was heard" not in coordinator.get(url).text
    assert db.session.query(Tally).filter_by(measure="contacts").one().state == "zero"
    for wrong in ("2017-10-12", "2017-10-10", "tomorrow", "", "0001-01-01"):
        again = post(coordinator, url, {"day": wrong}, page=url)
        assert again.status_code == 409 and "Nothing has to be confirmed" in again.text


def test_the_figures_are_signed_by_a_typed_name_in_two_pages(night, coordinator, post):
    url = urls(night)[1]
    page = coordinator.get(url).text
    assert "Sign figures for" in page and "Not everything was told." in page
    refused = sign(coordinator, post, night, name=" ")
    assert refused.status_code == 422 and "Type your name" in refused.text and 'href="#name"' in refused.text
    answer = sign(coordinator, post, night)
    assert answer.status_code == 303 and answer.location == url
    page = coordinator.get(url).text
    assert "Version 1 is signed." in page and "Ada Quarry" in page and "Sign figures for" not in page
    signed = sign_offs.last(night.participation.id)
    assert signed.figures_hash in page and "Signed" in coordinator.get(urls(night)[0]).text


def test_what_changed_while_the_page_was_open_is_not_signed_unseen(night, coordinator, post):
    url = urls(night)[1]
    answer = post(coordinator, url, {"seen": "0" * 16, "name": "Ada Quarry"}, page=url)
    assert answer.status_code == 409 and 'value="Ada Quarry"' in answer.text
    assert sign_offs.last(night.participation.id) is None


def test_a_record_that_waits_is_named_and_lets_only_a_provisional_signature_through(night, coordinator, post):
    a_held_record(night.team, night.officer)
    page = coordinator.get(urls(night)[0]).text
    assert "1 problem" in page and "wait for a decision: 1" in page and "/held" in page
    refused = sign(coordinator, post, night)
    assert refused.status_code == 422 and "sign as provisional" in refused.text
    refused = sign(coordinator, post, night, provisional="y")
    assert refused.status_code == 422 and "why the figures are provisional" in refused.text
    assert sign(coordinator, post, night, provisional="y", reason="One waits").status_code == 303
    page = coordinator.get(urls(night)[1]).text
    assert "Signed as provisional" in page and "One waits" in page


def test_a_later_contact_reopens_and_the_page_says_why_and_what_moved(night, coordinator, post):
    sign(coordinator, post, night)
    facts.a_contact(night.participation, {"answer": "accepted"}, day=2)
    page = coordinator.get(urls(night)[1]).text
    assert "Contacts were added, changed or withdrawn." in page and "Persons met: 3 → 4" in page
    assert "3 in the version signed last" in page and "Sign figures for" in page
    assert "Reopened" in coordinator.get(urls(night)[0]).text
    assert sign(coordinator, post, night).status_code == 303
    assert "Persons met: 3 → 4" in coordinator.get(urls(night)[1]).text


def test_the_coordinator_of_the_operation_sees_and_reopens_and_does_not_sign(night, coordinator, signed_in, post):
    sign(coordinator, post, night)
    chief, url = signed_in(a_user(Role.OPERATION_COORDINATOR, operation=night.operation)), urls(night)[1]
    page = chief.get(url).text
    assert "Ada Quarry" in page and "Sign figures for" not in page and "/contacts" not in page.split("<main")[1]
    assert post(chief, url, {"name": "Eve", "seen": ""}, page=url).status_code == 403
    refused = post(chief, f"{url}/reopen", {"why": ""}, page=url)
    assert refused.status_code == 422 and "why the figures are reopened" in refused.text
    assert post(chief, f"{url}/reopen", {"why": "A card was missed"}, page=url).status_code == 303
    assert "A card was missed" in coordinator.get(url).text
    assert post(chief, f"{url}/reopen", {"why": "again"}, page=url).status_code == 409


def test_strangers_learn_nothing(night, signed_in):
    other = a_night()
    for user in (other.coordinator, night.officer, a_user(Role.COMMANDER, operation=night.operation)):
        client = signed_in(user)
        assert [client.get(url).status_code for url in urls(night)] == [404, 404]


def test_the_last_edition_stands_beside_by_day_number_for_who_may_see_it(night, signed_in):
    later = an_operation("NEXT", copied_from_id=night.operation.id, starts_at=facts.evening(365, 6), days=3)
    part = a_participation(later, night.service)
    client = signed_in(a_user(Role.SERVICE_COORDINATOR, night.service))
    page = client.get(f"/operations/NEXT/services/{night.service.id}/figures").text
    assert "No figures of this service" in page and part.id
    facts.a_contact(part, {"answer": "accepted"}, day=365)
    page = client.get(f"/operations/NEXT/services/{night.service.id}/figures").text
    assert "Same day, last edition" in page
    bound = signed_in(a_user(Role.SERVICE_COORDINATOR, night.service, later))
    assert "last edition" not in bound.get(f"/operations/NEXT/services/{night.service.id}/figures").text


def test_nothing_is_offered_before_the_operation_has_begun_or_in_a_rehearsal(app, signed_in):
    early = a_night(status=OperationStatus.PLANNED)
    page = signed_in(early.coordinator).get(urls(early)[0]).text
    assert "Check and sign" not in page and "Nothing was heard" not in page
    rehearsal = a_night(is_rehearsal=True)
    assert signed_in(rehearsal.coordinator).get(urls(rehearsal)[0]).status_code == 409
