"""The pages of daily totals and of an operation's status."""

import pytest

from outreach.storage import db
from outreach.storage.tables import Operation, Tally
from outreach.vocab import EntryMode, OperationStatus, Role
from tests.conftest import same_page
from tests.factories import a_participation, a_service, a_user, an_operation

MET, OFFERED = "cell-persons_met-2017-10-10", "cell-support_offered-2017-10-10"


@pytest.fixture
def place(app):
    operation, service = an_operation("OP-X"), a_service("Port Linden Police")
    a_participation(operation, service, entry_mode=EntryMode.DAILY_TOTALS)
    return operation, service, f"/operations/OP-X/services/{service.id}/totals"


@pytest.fixture
def coordinator(place, signed_in):
    return signed_in(a_user(Role.SERVICE_COORDINATOR, place[1]))


@pytest.fixture
def send(post):
    """Send the cells as a browser does: with the mark that the page carried."""

    def send(client, url, data, seen=None):
        import re

        seen = seen or re.search(r'name="seen" value="(\w+)"', client.get(url).text)[1]
        return post(client, url, {"seen": seen, **data}, page=url)

    return send


def test_totals_are_typed_saved_and_shown_again(place, coordinator, send):
    url = place[2]
    page = coordinator.get(url).text
    assert "Overdue" in page and "enter only persons not counted on an earlier day" in page
    answer = send(coordinator, url, {MET: "4", OFFERED: "d"})
    assert answer.status_code == 303 and answer.location == url
    page = coordinator.get(url).text
    assert "Saved 2 cells." in page
    assert f'name="{MET}" id="{MET}" value="4"' in page and f'name="{OFFERED}" id="{OFFERED}" value="d"' in page


@pytest.mark.parametrize(
    ("data", "where", "message"),
    [
        ({MET: "-1"}, MET, "whole number from 0"),
        ({MET: "four"}, MET, "whole number from 0"),
        ({MET: "1", OFFERED: "2"}, OFFERED, "more than the 1 of “Persons met”"),
        ({"cell-charges-2017-10-12": "1"}, "cell-charges-2017-10-12", "Charges need a person charged"),
    ],
)
def test_a_wrong_cell_is_told_at_the_cell_and_everything_typed_is_kept(place, coordinator, send, data, where, message):
    answer = send(coordinator, place[2], {**data, "cell-contacts-2017-10-16": "9"})
    assert answer.status_code == 422 and message in answer.text and f'href="#{where}"' in answer.text
    assert f"{where[-10:]}: " in answer.text
    for name, typed in {**data, "cell-contacts-2017-10-16": "9"}.items():
        assert f'id="{name}" value="{typed}"' in answer.text
    assert db.session.query(Tally).count() == 0


def test_a_blanked_cell_asks_before_it_is_cleared(place, coordinator, send):
    send(coordinator, place[2], {MET: "4"})
    answer = send(coordinator, place[2], {MET: ""})
    assert answer.status_code == 422 and "This cell held 4" in answer.text and 'name="clear"' in answer.text
    assert send(coordinator, place[2], {MET: "", "clear": "y"}).status_code == 303
    db.session.rollback()
    assert db.session.query(Tally).filter(Tally.superseded_at.is_(None)).count() == 0


def test_an_old_page_is_told_what_stands_and_saves_when_sent_again(place, coordinator, send):
    send(coordinator, place[2], {MET: "4"})
    answer = send(coordinator, place[2], {MET: "7"}, seen="0" * 16)
    assert answer.status_code == 409 and "stands now: 4" in answer.text and 'value="7"' in answer.text
    assert send(coordinator, place[2], {MET: "7"}).status_code == 303


def test_a_service_that_logs_contacts_is_asked_to_confirm_zero(app, signed_in, send):
    operation, service = an_operation("OP-C"), a_service()
    a_participation(operation, service)
    url = f"/operations/OP-C/services/{service.id}/totals"
    client = signed_in(a_user(Role.SERVICE_COORDINATOR, service))
    assert "No contacts: zero" in client.get(url).text and "cell-persons_met" not in client.get(url).text
    assert send(client, url, {"cell-contacts-2017-10-10": "0"}).status_code == 303
    assert '<option value="0" selected>' in client.get(url).text


def test_cells_counted_elsewhere_name_the_place(place, coordinator):
    child = an_operation("OP-CHILD", parent=place[0])
    a_participation(child, place[1], entry_mode=EntryMode.DAILY_TOTALS)
    text = coordinator.get(place[2]).text
    assert "Counted in OP-CHILD" in text and MET not in text


def test_strangers_find_nothing_and_the_operation_coordinator_may_enter(place, signed_in, send, post):
    url = place[2]
    for user in (
        a_user(Role.SERVICE_COORDINATOR, a_service()),
        a_user(Role.FIELD_OFFICER, place[1]),
        a_user(Role.ANALYST),
    ):
        client = signed_in(user)
        nothing = client.get("/operations/NONE/services/1/totals")
        assert client.get(url).status_code == 404 and same_page(client.get(url)) == same_page(nothing)
        assert post(client, url, {MET: "1"}).status_code == 404
    assert send(signed_in(a_user(Role.OPERATION_COORDINATOR)), url, {MET: "1"}).status_code == 303


def test_the_front_page_lists_own_services_and_what_one_steers(place, coordinator, signed_in):
    text = coordinator.get("/returns").text
    assert place[2] in text and "Operations you coordinate" not in text
    steering = signed_in(a_user(Role.OPERATION_COORDINATOR))
    assert "/operations/OP-X/move" in steering.get("/returns").text
    assert place[2] in steering.get("/operations/OP-X/totals").text
    assert coordinator.get("/operations/OP-X/totals").status_code == 404
    other = signed_in(a_user(Role.SERVICE_COORDINATOR, a_service()))
    assert "No operation asks" in other.get("/returns").text


def test_an_operation_that_has_not_begun_takes_nothing(app, signed_in, send):
    operation, service = an_operation("OP-P", status=OperationStatus.PLANNED), a_service()
    a_participation(operation, service, entry_mode=EntryMode.DAILY_TOTALS)
    url = f"/operations/OP-P/services/{service.id}/totals"
    client = signed_in(a_user(Role.SERVICE_COORDINATOR, service))
    assert "has not begun" in client.get(url).text and "Save totals" not in client.get(url).text
    assert send(client, url, {MET: "1"}).status_code == 409


def test_a_window_that_is_not_known_still_asks_for_the_whole(app, signed_in, send):
    operation, service = an_operation("OP-U", starts_at=None), a_service()
    a_participation(operation, service, entry_mode=EntryMode.DAILY_TOTALS)
    url = f"/operations/OP-U/services/{service.id}/totals"
    client = signed_in(a_user(Role.SERVICE_COORDINATOR, service))
    assert "The window is not known" in client.get(url).text
    assert send(client, url, {"cell-persons_charged-window": "0"}).status_code == 303


def test_the_operation_is_moved_with_its_reason_kept_and_refusals_at_the_field(place, signed_in, post):
    client, url = signed_in(a_user(Role.OPERATION_COORDINATOR)), "/operations/OP-X/move"
    assert post(client, url, {"to": "reporting"}, page=url).status_code == 303
    answer = post(client, url, {"to": "closed"}, page=url)
    assert answer.status_code == 422 and "Nothing was heard from Port Linden Police" in answer.text
    assert post(client, url, {"to": "archived"}, page=url).status_code == 409
    assert post(client, url, {"to": "closed", "reason": "By mail"}, page=url).status_code == 303
    text = client.get(url).text
    assert "By mail" in text and "Closed" in text
    db.session.rollback()
    assert db.session.query(Operation.status).filter_by(code="OP-X").scalar() == "closed"


def test_only_who_steers_it_moves_it(place, coordinator, signed_in, post):
    assert coordinator.get("/operations/OP-X/move").status_code == 403
    assert post(coordinator, "/operations/OP-X/move", {"to": "reporting"}).status_code == 403
    stranger = signed_in(a_user(Role.SERVICE_COORDINATOR, a_service()))
    assert stranger.get("/operations/OP-X/move").status_code == 404


def test_the_pages_speak_french(place, coordinator, send, post):
    post(coordinator, "/language", {"lang": "fr", "next": "/"})
    assert "Totaux quotidiens" in coordinator.get(place[2]).text
    answer = send(coordinator, place[2], {MET: "1", OFFERED: "2"})
    assert "plus que les 1 de «\N{NO-BREAK SPACE}Personnes rencontrées\N{NO-BREAK SPACE}»" in answer.text
