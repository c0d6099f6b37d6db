"""Pages of kits, as the coordinator of the operation, of the service, and of another service uses them."""

from __future__ import annotations

import re

import pytest

from outreach.storage import db, writing
from outreach.storage.queries import kits as rows
from outreach.storage.tables import KitItem, KitMove
from outreach.vocab import ParticipationStatus, Role
from tests.factories import a_participation, a_service, a_user, an_operation
from tests.ready.kit_factories import a_kit, kits_moved, moves_of

KITS = "/operations/OP-1/kits"


def words(answer):
    """What a reader sees of the page, in one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text.replace("&#39;", "'")).split())


def row_of(answer, name):
    """The cells of the row that names it."""
    for row in re.findall(r"<tr.*?</tr>", answer.text, flags=re.DOTALL):
        if name in row:
            return [
                " ".join(re.sub(r"<[^>]+>", " ", c).split()) for c in re.findall(r"<t[dh].*?</t[dh]>", row, re.DOTALL)
            ]
    raise AssertionError(f"{name} has no row")


@pytest.fixture
def plan(app):
    class Plan:
        operation = an_operation("OP-1")
        windsor = a_service("Windsor Police Service")
        lasalle = a_service("LaSalle Police Service")
        kit = a_kit(operation)
        coordinator = a_user(Role.OPERATION_COORDINATOR)
        windsors = a_user(Role.SERVICE_COORDINATOR, windsor)

    for service in (Plan.windsor, Plan.lasalle):
        a_participation(Plan.operation, service)
    Plan.own = f"/operations/OP-1/services/{Plan.windsor.id}/kits"
    return Plan


def test_an_operation_without_kits_says_so_and_takes_the_first(app, signed_in, post):
    operation = an_operation("OP-1")
    a_participation(operation)
    client = signed_in(a_user(Role.OPERATION_COORDINATOR))
    assert "No kit is listed yet. Name the first one" in words(client.get(KITS))
    answer = post(client, KITS + "/items", {"name_en": "Prevention kit", "name_fr": "Trousse"}, page=KITS)
    assert answer.status_code == 303
    assert "contacts count this one" in words(client.get(answer.location))


def test_a_service_coordinator_is_told_who_names_kits(app, signed_in):
    operation, service = an_operation("OP-1"), a_service()
    a_participation(operation, service)
    page = signed_in(a_user(Role.SERVICE_COORDINATOR, service)).get(KITS, follow_redirects=True)
    assert "The coordinator of the operation names them." in words(page) and "Add the kit" not in page.text


def test_who_has_none_stands_first_and_every_number_stands_in_its_row(plan, signed_in):
    kits_moved(plan.kit, plan.lasalle.id, ("sent", 1200), ("received", 1100), ("handed_out", 30), ("lost", 1))
    page = signed_in(plan.coordinator).get(KITS)
    assert page.text.index("Windsor Police") < page.text.index("LaSalle Police")
    assert "1 service has none yet" in words(page)
    assert row_of(page, "Windsor Police Service")[0] == "Windsor Police Service Nothing sent"
    assert row_of(page, "LaSalle Police Service")[1:9] == ["1,200", "100", "0", "1,100", "30", "1,069", "0", "1"]
    assert row_of(page, "All services")[1:3] == ["1,200", "100"]


def test_what_cannot_be_stands_at_the_top_with_its_service(plan, signed_in):
    kits_moved(plan.kit, plan.windsor.id, ("sent", 5))
    kits_moved(plan.kit, plan.windsor.id, ("received", 17), more_came=True)
    page = signed_in(plan.coordinator).get(KITS)
    assert "Windsor Police Service received 12 more than were sent (Prevention kit)" in words(page)
    assert row_of(page, f'{plan.own}">Windsor')[0] == "Windsor Police Service Problem"
    assert "-12" in row_of(page, f'{plan.own}">Windsor')[2]


@pytest.mark.parametrize(
    ("show", "there", "away"),
    [("none", "Windsor", "LaSalle"), ("way", "LaSalle", "Windsor"), ("nonsense", "Windsor", "")],
)
def test_the_filter_shows_only_those(plan, signed_in, show, there, away):
    kits_moved(plan.kit, plan.lasalle.id, ("sent", 50), ("received", 40))
    table = re.search(r'id="kits".*?<tfoot', signed_in(plan.coordinator).get(f"{KITS}?show={show}").text, re.DOTALL)[0]
    assert there in table and (not away or away not in table)


def test_each_kit_has_its_table(plan, signed_in):
    cards = a_kit(plan.operation, "Hotline cards", "")
    kits_moved(cards, plan.windsor.id, ("sent", 77))
    client = signed_in(plan.coordinator)
    assert "77" not in row_of(client.get(KITS), "Windsor Police Service")
    assert row_of(client.get(f"{KITS}?item={cards.uid}"), "Windsor Police Service")[1] == "77"
    assert client.get(f"{KITS}?item=no-such-kit").status_code == 200


def test_a_kit_without_a_french_name_keeps_its_english_one_in_french(plan, signed_in, post):
    a_kit(plan.operation, "Hotline cards", "")
    client = signed_in(plan.coordinator)
    post(client, "/language", {"lang": "fr", "next": "/"})
    page = client.get(KITS)
    assert (
        "Trousse de prévention" in page.text and "Hotline cards" in page.text and "Trousses d’information" in page.text
    )


def test_who_has_withdrawn_is_there_while_it_has_kits(plan, signed_in):
    gone = a_participation(plan.operation, a_service("Gone Police"))
    left = a_participation(plan.operation, a_service("Empty Police"), status=ParticipationStatus.DECLINED)
    kits_moved(plan.kit, gone.service_id, ("sent", 5), ("received", 5))
    with writing():
        from outreach.storage.queries.operations import current_participation

        current_participation(gone.id).status = ParticipationStatus.WITHDRAWN.value
    client = signed_in(plan.coordinator)
    page = client.get(KITS)
    assert "Gone Police" in page.text and "Empty Police" not in page.text and left.id
    assert "Gone Police" not in client.get(KITS + "/send").text


# --- names -----------------------------------------------------------------------------------------------------------


def test_a_kit_is_renamed_retired_and_taken_up_again(plan, signed_in, post):
    client, url = signed_in(plan.coordinator), f"{KITS}/items/{plan.kit.uid}"
    seen = {"seen_en": "Prevention kit", "seen_fr": "Trousse de prévention"}
    assert post(client, url, {"name_en": "Kit", "name_fr": "Trousse", **seen}, page=url).status_code == 303
    assert post(client, url, {"retire": "1"}, page=url).status_code == 303
    assert "Retired" in words(client.get(KITS)) and "There is no kit to send yet" in words(client.get(KITS + "/send"))
    assert post(client, url, {"again": "1"}, page=url).status_code == 303
    item = db.session.query(KitItem).one()
    assert (item.name_en, item.name_fr, item.retired_at) == ("Kit", "Trousse", None)


def test_two_who_rename_at_once_see_both_texts(plan, signed_in, post):
    client, url = signed_in(plan.coordinator), f"{KITS}/items/{plan.kit.uid}"
    seen = {"seen_en": "What it was", "seen_fr": ""}
    late = post(client, url, {"name_en": "Mine", "name_fr": "", **seen}, page=url)
    assert late.status_code == 409 and "Somebody else changed this" in words(late)
    assert "What stands now" in words(late) and 'value="Mine"' in late.text and "Trousse de prévention" in late.text
    assert 'name="seen_en" type="hidden" value="Prevention kit"' in late.text
    assert db.session.query(KitItem).one().name_en == "Prevention kit"


@pytest.mark.parametrize("name", ["", "   ", "prevention KIT", "x" * 121])
def test_a_wrong_name_is_refused_at_its_field_and_kept(plan, signed_in, post, name):
    answer = post(signed_in(plan.coordinator), KITS + "/items", {"name_en": name, "name_fr": "Gardé"}, page=KITS)
    assert answer.status_code == 422 and "<title>Error:" in answer.text and "Gardé" in answer.text
    assert 'href="#name_en"' in answer.text and db.session.query(KitItem).count() == 1


# --- sending ---------------------------------------------------------------------------------------------------------


def test_kits_go_to_ticked_services_and_to_those_with_a_number(plan, signed_in, post):
    client, send = signed_in(plan.coordinator), KITS + "/send"
    fields = {"item": plan.kit.uid, "each": "50", "service": [plan.windsor.id], f"own-{plan.lasalle.id}": "20"}
    answer = post(client, send, {**fields, "note": "Slip 4", "token": "t1"}, page=send)
    assert answer.status_code == 303 and "Sent to 2 services." in words(client.get(answer.location))
    assert rows.kits_by_service(plan.operation.id) == {plan.windsor.id: (50, 0), plan.lasalle.id: (20, 0)}


def test_one_press_sends_to_all_and_a_second_arrival_of_it_to_nobody(plan, signed_in, post):
    client, send = signed_in(plan.coordinator), KITS + "/send"
    fields = {"item": plan.kit.uid, "each": "50", "all": "1", "token": "t1"}
    for said in ("Sent to 2 services.", "This was recorded already"):
        assert said in words(client.get(post(client, send, fields, page=send).location))
    assert moves_of(plan.operation) == [("sent", 50, False)] * 2


@pytest.mark.parametrize(
    ("fields", "said", "at"),
    [
        ({"each": "50"}, "Tick a service, or write a number beside one.", "#select-all"),
        ({"each": "-4", "all": "1"}, "Enter a whole number from 1 to 100,000.", "#each"),
        ({"each": "a lot", "all": "1"}, "Enter a whole number from 1 to 100,000.", "#each"),
        ({"each": "100001", "all": "1"}, "Enter a whole number from 1 to 100,000.", "#each"),
        ({"each": "5", "service": "999999"}, "Choose among the services of this operation.", "#select-all"),
        ({"each": "5", "service": "x'; DROP TABLE kit_move"}, "Choose among the services", "#select-all"),
        ({"own-999999": "5"}, "Choose among the services of this operation.", "#select-all"),
        ({"each": "5", "all": "1", "item": "no such kit"}, "Choose one of the kits in the list.", "#item"),
        ({"each": "5", "all": "1", "note": "n" * 201}, "Write 200 characters or fewer.", "#note"),
    ],
)
def test_a_wrong_shipment_is_refused_where_it_is_wrong_and_kept(plan, signed_in, post, fields, said, at):
    send = KITS + "/send"
    data = {"item": plan.kit.uid, "note": "Kept note", "token": "t", **fields}
    answer = post(signed_in(plan.coordinator), send, data, page=send)
    assert answer.status_code == 422 and said in words(answer) and f'href="{at}"' in answer.text
    assert "<title>Error:" in answer.text and (fields.get("note") or "Kept note") in answer.text
    assert moves_of(plan.operation) == []


def test_a_wrong_number_beside_a_service_stands_in_its_row(plan, signed_in, post):
    send, beside = KITS + "/send", f"own-{plan.windsor.id}"
    answer = post(signed_in(plan.coordinator), send, {"item": plan.kit.uid, beside: "1.5"}, page=send)
    assert answer.status_code == 422 and f'href="#{beside}"' in answer.text and f'id="{beside}-error"' in answer.text
    assert 'value="1.5"' in answer.text
    assert "Windsor Police Service: Enter a whole number from 1 to 100,000." in words(answer)


def test_a_link_from_a_row_ticks_its_service(plan, signed_in):
    page = signed_in(plan.coordinator).get(f"{KITS}/send?service={plan.windsor.id}&service=x").text
    assert re.findall(r'value="(\d+)"[^>]*checked', page) == [str(plan.windsor.id)]


# --- one service -----------------------------------------------------------------------------------------------------


def test_the_coordinator_of_one_service_comes_to_its_page_and_sees_no_other(plan, signed_in):
    kits_moved(plan.kit, plan.lasalle.id, ("sent", 4321))
    client = signed_in(plan.windsors)
    page = client.get(KITS, follow_redirects=True)
    assert page.request.path == plan.own and "LaSalle" not in page.text and "4,321" not in page.text
    foreign = client.get(f"/operations/OP-1/services/{plan.lasalle.id}/kits")
    assert foreign.status_code == 404 == client.get("/operations/OP-1/services/99999/kits").status_code


def test_the_coordinator_of_two_services_sees_both_rows_and_may_send_nothing(plan, signed_in):
    both = a_user(Role.SERVICE_COORDINATOR, plan.windsor)
    from outreach.storage.tables import Grant

    with writing():
        db.session.add(Grant(user_id=both.id, role="service_coordinator", service_id=plan.lasalle.id))
    a_participation(plan.operation, a_service("Third Police"))
    page = signed_in(both).get(KITS)
    assert "Windsor" in page.text and "LaSalle" in page.text and "Third" not in page.text
    assert "Send kits" not in page.text and "Add the kit" not in page.text


def test_a_receipt_is_confirmed_with_the_number_that_stands_there(plan, signed_in, post):
    kits_moved(plan.kit, plan.windsor.id, ("sent", 50))
    client = signed_in(plan.windsors)
    page = client.get(plan.own)
    assert re.search(r'name="count"[^>]*value="50"', page.text)
    token = re.search(r'name="token"[^>]*value="([^"]+)"', page.text)[1]
    fields = {"receipt": "1", "item": plan.kit.uid, "count": "50", "token": token}
    assert post(client, plan.own, fields).status_code == 303
    again = post(client, plan.own, fields)
    assert again.status_code == 303 and "This was recorded already" in words(client.get(again.location))
    assert moves_of(plan.operation) == [("sent", 50, False), ("received", 50, False)]
    assert "Confirm receipt" not in client.get(plan.own).text


def test_more_than_was_sent_is_asked_about_and_then_taken_down(plan, signed_in, post):
    kits_moved(plan.kit, plan.windsor.id, ("sent", 50))
    client, fields = signed_in(plan.windsors), {"item": plan.kit.uid, "count": "62", "receipt": "1", "token": "t"}
    assert 'name="more_came"' not in client.get(plan.own).text
    asked = post(client, plan.own, fields)
    assert asked.status_code == 422 and 'name="more_came"' in asked.text and 'value="62"' in asked.text
    assert "50 are on the way. Count again, or tick that more came than was sent." in words(asked)
    assert re.search(r'value="received"[^>]*checked|checked[^>]*value="received"', asked.text)
    assert post(client, plan.own, {**fields, "kind": "received", "more_came": "y"}).status_code == 303
    assert "received 12 more than were sent" in words(client.get(plan.own))


@pytest.mark.parametrize(
    ("fields", "said", "at"),
    [
        ({"kind": "returned", "count": "41"}, "40 remain.", "#count"),
        ({"kind": "lost", "count": "0"}, "Enter a whole number from 1 to 100,000.", "#count"),
        ({"kind": "lost_on_way", "count": "11"}, "10 are on the way: no more can be lost there.", "#count"),
        ({"kind": "handed_out", "count": ""}, "Enter a whole number from 1 to 100,000.", "#count"),
        ({"kind": "", "count": "3"}, "Choose what happened.", "#kind-0"),
        ({"kind": "sent", "count": "3"}, "Choose what happened.", "#kind-0"),
        ({"kind": "lost", "count": "3", "item": "x"}, "Choose one of the kits in the list.", "#item"),
        ({"kind": "lost", "count": "3", "note": "n" * 201}, "Write 200 characters or fewer.", "#note"),
    ],
)
def test_a_wrong_line_is_refused_at_its_field_and_kept(plan, signed_in, post, fields, said, at):
    kits_moved(plan.kit, plan.windsor.id, ("sent", 50), ("received", 40))
    data = {"item": plan.kit.uid, "note": "Kept note", "token": "t", **fields}
    answer = post(signed_in(plan.windsors), plan.own, data)
    assert answer.status_code == 422 and said in words(answer) and f'href="{at}"' in answer.text
    assert "<title>Error:" in answer.text and (fields.get("note") or "Kept note") in answer.text
    assert len(moves_of(plan.operation)) == 2


def test_a_line_is_taken_back_and_stays_to_be_read(plan, signed_in, post):
    kits_moved(plan.kit, plan.windsor.id, ("sent", 50), ("received", 40))
    line = db.session.query(KitMove).filter_by(kind="received").one()
    client = signed_in(plan.windsors)
    page = client.get(plan.own)
    assert page.text.count("/take-back") == 1  # what the coordinator sent is not the service's to take back
    url = f"{plan.own}/{line.uid}/take-back"
    assert "Taken back: it counts no more." in words(client.get(post(client, url).location))
    assert "This was taken back already." in words(client.get(post(client, url).location))
    after = words(client.get(plan.own))
    assert plan.windsors.name in after and "Received by the service Taken back" in after
    assert moves_of(plan.operation) == [("sent", 50, False), ("received", 40, True)]


def test_what_was_sent_is_not_the_services_to_take_back(plan, signed_in, post):
    kits_moved(plan.kit, plan.windsor.id, ("sent", 50))
    url = f"{plan.own}/{db.session.query(KitMove).one().uid}/take-back"
    assert post(signed_in(plan.windsors), url).status_code == 403
    assert post(signed_in(plan.coordinator), url).status_code == 303


def test_a_line_of_another_service_is_not_there(plan, signed_in, post):
    kits_moved(plan.kit, plan.lasalle.id, ("sent", 50), ("received", 50))
    line = db.session.query(KitMove).filter_by(kind="received").one().uid
    client = signed_in(plan.windsors)
    for url in (f"{plan.own}/{line}/take-back", f"{plan.own}/no-such/take-back"):
        assert post(client, url).status_code == 404
    assert moves_of(plan.operation)[-1] == ("received", 50, False)


def test_a_kit_of_another_operation_is_no_choice(plan, signed_in, post):
    elsewhere = a_kit(an_operation("OP-2"), "Other kit")
    data = {"item": elsewhere.uid, "kind": "received", "count": "3", "more_came": "y"}
    assert post(signed_in(plan.windsors), plan.own, data).status_code == 422
    client = signed_in(plan.coordinator)
    assert client.get(f"{KITS}/items/{elsewhere.uid}").status_code == 404
    assert post(client, KITS + "/send", {"item": elsewhere.uid, "each": "3", "all": "1"}).status_code == 422
