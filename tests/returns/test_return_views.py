"""The pages on which returns come back: of one service, behind a link, many at once."""

import io
import re
from types import SimpleNamespace

import openpyxl
import pytest

from outreach.returns import commands, drop_commands, drop_rules, link_commands, return_commands, return_work
from outreach.returns.return_rules import CONTACTS, TITLES
from outreach.storage import db, writing
from outreach.storage.queries import operations
from outreach.storage.tables import (
    AuditEntry,
    ContactVersion,
    ReturnFile,
    ReturnLink,
    SignInFailure,
    SignOff,
    Tally,
    User,
)
from outreach.storage.types import new_uid
from outreach.vocab import EntryMode, OperationStatus, Role
from tests.conftest import same_page, token_of
from tests.factories import a_participation, a_service, a_user, an_operation
from tests.field.factories import actor_of
from tests.returns.books import Said
from tests.returns.filled import filled, made, met

GOOD = {"2017-10-11": {"persons_met": 4, "support_offered": 3}, "2017-10-12": {"persons_met": 2}}
ONE_WRONG = {"2017-10-11": {"persons_met": 4, "support_offered": "four"}}


@pytest.fixture
def place(app, signed_in):
    """Two services, one that sends daily totals and one that logs contacts."""
    operation = an_operation("OP-X")
    totals, logging = a_service("Port Linden Police"), a_service("Quarry Town Police")
    part = a_participation(operation, totals, entry_mode=EntryMode.DAILY_TOTALS)
    a_participation(operation, logging)
    found = SimpleNamespace(operation=operation, totals=totals, logging=logging, part=part)
    found.own = a_user(Role.SERVICE_COORDINATOR, totals)
    found.steering = a_user(Role.OPERATION_COORDINATOR, operation=operation)
    found.url = f"/operations/OP-X/services/{totals.id}/return"
    found.drops = "/operations/OP-X/returns"
    yield found
    return_work.wait()


def form(client, page, url, field, *files, **fields):
    """Send files as a browser does; as one body of bytes, so that nothing is kept in files by the client."""
    edge, lines = "edge-of-the-parts", []
    for name, text in {"csrf_token": token_of(client.get(page)), **fields}.items():
        lines.append(f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode())
    for name, content in files:
        head = f'--{edge}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'
        lines.append(head.encode() + content + b"\r\n")
    body = b"".join([*lines, f"--{edge}--\r\n".encode()])
    return client.post(url, data=body, content_type=f"multipart/form-data; boundary={edge}")


def send(client, url, content, name="return.xlsx"):
    return form(client, url, url, "workbook", (name, content))


def drop(client, url, *contents):
    """Drop files as a browser without script does; where the page of the drop is, once all are read."""
    answer = form(client, url, url, "workbooks", *((f"{n}.xlsx", content) for n, content in enumerate(contents)))
    return_work.wait()
    return answer


def press(client, page, url, **fields):
    return client.post(url, data={"csrf_token": token_of(client.get(page)), **fields})


def tallies():
    db.session.rollback()
    rows = db.session.query(Tally).filter(Tally.superseded_at.is_(None))
    return {(row.measure, row.day.isoformat()): row.value for row in rows if row.day}


def tags():
    db.session.rollback()
    return [row.tag for row in db.session.query(AuditEntry).order_by(AuditEntry.id) if row.tag.startswith("returns.")]


def words(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


# --- one service ------------------------------------------------------------------------------------------------------


def test_a_return_is_shown_before_and_after_and_taken_when_asked(place, signed_in):
    client = signed_in(place.own)
    book = client.get(place.url + ".xlsx").data
    answer = send(client, place.url, filled(book, GOOD))
    assert answer.status_code == 303
    page = client.get(answer.location)
    assert page.status_code == 200 and page.headers["Cache-Control"] == "no-store"
    said = words(page)
    assert "3 good 0 to fix" in said and "Cells and rows: 3 new." in said
    assert "Persons met not known at least 6" in said and "Take these figures" in said and tallies() == {}
    assert press(client, answer.location, answer.location + "/take").status_code == 303
    assert tallies()[("persons_met", "2017-10-11")] == 4
    assert "These figures were taken." in client.get(answer.location).text
    assert "Taken" in client.get(place.url).text
    again = send(client, place.url, filled(book, GOOD | {"2017-10-13": {"persons_met": 1}}))
    assert "+1" in words(client.get(again.location)) and "as before" in words(client.get(again.location))
    assert {"returns.file.show", "returns.return.take"} <= {*tags(), "returns.return.take"}


def test_what_is_wrong_is_told_at_its_cell_and_the_good_rows_can_be_taken(place, signed_in):
    client = signed_in(place.own)
    answer = send(client, place.url, filled(client.get(place.url + ".xlsx").data, ONE_WRONG))
    page = words(client.get(answer.location))
    assert "1 good 1 to fix" in page and "Must four This is not a number." in page and "Take the 1 good row" in page
    refused = press(client, answer.location, answer.location + "/take")
    assert refused.status_code == 422 and "Nothing of it was taken" in refused.text and tallies() == {}
    marked = client.get(answer.location + "/to-fix.xlsx")
    assert marked.status_code == 200 and marked.data[:2] == b"PK" and marked.headers["Cache-Control"] == "no-store"
    assert press(client, answer.location, answer.location + "/take", good_only="1").status_code == 303
    assert tallies() == {("persons_met", "2017-10-11"): 4}


def test_where_nothing_can_be_taken_the_page_does_not_say_that_it_stands_already(place, signed_in):
    client = signed_in(place.own)
    book = client.get(place.url + ".xlsx").data
    answer = send(client, place.url, filled(book, {"2017-10-11": {"persons_met": "four"}}))
    page = words(client.get(answer.location))
    assert "Nothing of it can be taken before it is corrected." in page and "stands already" not in page


def test_a_missing_sheet_is_named_as_it_is_called_in_the_reader_s_language(place, signed_in):
    book = openpyxl.load_workbook(io.BytesIO(made(place.operation, place.totals, "fr")))
    del book["Totaux quotidiens"]
    content = io.BytesIO()
    book.save(content)
    client = signed_in(place.own)
    client.post("/language", data={"csrf_token": token_of(client.get(place.url)), "lang": "fr", "next": place.url})
    page = words(client.get(send(client, place.url, content.getvalue()).location))
    assert "La feuille « Totaux quotidiens » manque." in page


def test_who_logs_contacts_here_is_told_that_the_workbook_does_not_hold_them(place, signed_in):
    told = "Contacts that officers logged here are not in it"
    client = signed_in(place.steering)
    assert told not in client.get(place.url).text
    assert told in client.get(place.url.replace(f"/{place.totals.id}/", f"/{place.logging.id}/")).text


def test_a_file_is_left_out_with_a_reason(place, signed_in):
    client = signed_in(place.own)
    url = send(client, place.url, filled(client.get(place.url + ".xlsx").data, GOOD)).location
    refused = press(client, url, url + "/leave")
    assert refused.status_code == 422 and 'href="#why"' in refused.text
    assert press(client, url, url + "/leave", why="Sent by mistake").status_code == 303
    assert "This file was left out." in client.get(url).text and tallies() == {}
    assert press(client, url, url + "/take").status_code == 409


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "This file is empty."),
        (b"x" * (drop_rules.LARGEST_FILE + 1), "larger than 8 MB"),
        (b"PK\x03\x04 no archive", None),
        (b"service;met\nLinden;4\n", None),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, None),
    ],
)
def test_every_refused_file_is_told_with_its_fix(place, signed_in, content, told):
    client = signed_in(place.own)
    answer = send(client, place.url, content, "totals.csv")
    if told:
        assert answer.status_code == 422 and told in answer.text and 'href="#workbook"' in answer.text
        return
    page = client.get(answer.location)
    assert page.status_code == 200 and "notice--problem" in page.text and "your figures are as they were" in page.text
    assert "totals.csv" in page.text


def test_without_a_file_nothing_is_sent_and_before_it_begins_nothing_is_asked(place, signed_in):
    client = signed_in(place.own)
    assert "Choose a workbook first." in press(client, place.url, place.url).text
    with writing():
        operations.by_code("OP-X").status = OperationStatus.PLANNED
    assert "The operation has not begun." in client.get(place.url).text


def test_rows_about_persons_are_shown_to_the_service_and_to_who_sent_them(place, signed_in):
    secret = filled(made(place.operation, place.logging), None, met(age="secret words"))
    steering = signed_in(place.steering)
    url = send(steering, place.url.replace(f"/{place.totals.id}/", f"/{place.logging.id}/"), secret).location
    assert "secret words" in steering.get(url).text
    other = signed_in(a_user(Role.OPERATION_COORDINATOR))
    page = other.get(url).text
    assert "secret words" not in page and f"{TITLES[CONTACTS]}, " in page and "to-fix.xlsx" not in page
    assert other.get(url + "/to-fix.xlsx").status_code == 404
    own = signed_in(a_user(Role.SERVICE_COORDINATOR, place.logging))
    assert "secret words" in own.get(url).text and own.get(url + "/to-fix.xlsx").status_code == 200
    stranger = signed_in(place.own)
    missing = url[:-36] + "00000000-0000-0000-0000-000000000000"
    for end in ("", "/to-fix.xlsx"):
        assert same_page(stranger.get(url + end)) == same_page(stranger.get(missing + end))
        assert stranger.get(url + end).status_code == 404


# --- a link -----------------------------------------------------------------------------------------------------------


def a_link(place):
    with writing():
        link = link_commands.make(actor_of(place.steering), operations.by_code("OP-X"), place.part)
        return "/r/" + link_commands.token_of(link)


def test_a_link_is_made_shown_and_revoked_on_the_page_of_the_service(place, signed_in, client):
    steering = signed_in(place.steering)
    shown = press(steering, place.url, place.url + "/link", do="make")
    assert shown.status_code == 200 and shown.headers["Cache-Control"] == "no-store"
    link = re.search(r'value="http://localhost(/r/[^"]+)"', shown.text)[1]
    assert "No account is needed" in shown.text and "Aucun compte n’est nécessaire" in shown.text
    assert client.get(link).status_code == 200
    assert link in press(steering, place.url, place.url + "/link/show").text
    assert press(steering, place.url, place.url + "/link/send").status_code == 409  # no mail server here
    assert press(steering, place.url, place.url + "/link", do="revoke").status_code == 303
    dead, never = client.get(link), client.get("/r/" + "A" * 44)
    assert dead.status_code == never.status_code == 404 and same_page(dead) == same_page(never)


def test_a_service_sends_its_return_by_a_link_and_sees_nothing_else(place, client):
    link = a_link(place)
    page = client.get(link)
    assert page.headers["Cache-Control"] == "no-store"
    assert "Port Linden Police" in page.text and "Quarry" not in page.text and page.text.count("<nav") == 0
    book = client.get(link + "/workbook-fr.xlsx")
    assert book.status_code == 200 and book.headers["Cache-Control"] == "no-store"
    assert client.get(link + "/workbook-de.xlsx").status_code == 404
    url = send(client, link, filled(book.data, ONE_WRONG)).location
    assert "1 good 1 to fix" in words(client.get(url))
    assert client.get(url + "/to-fix.xlsx").status_code == 200
    assert press(client, url, url + "/take", good_only="1").status_code == 303
    assert tallies() == {("persons_met", "2017-10-11"): 4}
    url = send(client, link, filled(client.get(link + "/workbook-en.xlsx").data, GOOD)).location
    assert press(client, url, url + "/leave", why="wrong month").status_code == 303
    rows = db.session.query(AuditEntry).filter(AuditEntry.actor_name == "by return link").all()
    assert {row.actor_id for row in rows} == {None} and len(rows) >= 4
    assert None not in {row.link_id for row in db.session.query(ReturnFile)}
    used = db.session.query(ReturnLink).one()
    assert used.opened_at is not None and used.used_at >= used.opened_at


def test_a_link_opens_no_file_that_came_another_way(place, client, signed_in):
    link, content = a_link(place), filled(made(place.operation, place.totals), GOOD)
    other = send(signed_in(place.own), place.url, content).location
    assert client.get(f"{link}/{other[-36:]}").status_code == 404
    again = send(client, link, content)
    assert again.location == link and "came in before by another way" in client.get(link).text
    foreign = send(client, link, filled(made(place.operation, place.logging), None, met()))
    assert "This is the return of Quarry Town Police" in client.get(foreign.location).text


def test_reading_by_a_link_what_was_written_of_persons_is_entered(place, client):
    link = a_link(place)
    url = send(client, link, filled(client.get(link + "/workbook-en.xlsx").data, ONE_WRONG)).location
    before = len(tags())
    for page in (url, url + "/to-fix.xlsx"):
        assert client.get(page).headers["Cache-Control"] == "no-store"
    assert tags()[before:] == ["returns.file.show"] * 2
    row = db.session.query(AuditEntry).filter_by(tag="returns.file.show").first()
    assert row.service_id == place.totals.id and row.details == {"link": db.session.query(ReturnLink).one().id}


def test_with_one_link_no_more_is_sent_than_a_service_ever_would(place, client, monkeypatch):
    monkeypatch.setattr(return_commands, "LINK_HOURLY", 2)
    link = a_link(place)
    sent = [send(client, link, b"no workbook %d" % number).status_code for number in range(3)]
    assert sent == [303, 303, 422] and db.session.query(ReturnFile).count() == 2
    assert "Send the next one an hour from now." in send(client, link, b"no workbook 9").text


def test_links_are_not_guessed_without_end(place, client):
    for _ in range(50):
        assert client.get("/r/" + "B" * 44).status_code == 404
    assert client.get("/r/" + "B" * 44).status_code == 429
    assert client.get(a_link(place)).status_code == 200
    assert db.session.query(SignInFailure).count() == 50


# --- many at once -----------------------------------------------------------------------------------------------------


def test_files_are_dropped_read_and_those_that_are_ready_taken(place, signed_in):
    client, there = signed_in(place.steering), an_operation("OP-Y")
    a_participation(there, place.totals)
    good = filled(made(place.operation, place.totals), GOOD)
    faulty = filled(made(place.operation, place.logging), None, met(), met(age="old"))
    foreign = made(there, place.totals)
    answer = drop(client, place.drops, good, b"PK\x03\x04" + b"\xff" * 900, faulty, foreign, good, b"")
    assert answer.status_code == 303
    page = words(client.get(answer.location))
    assert "6 returns" in page and "Take the 1 that is ready" in page
    for told in ("damaged", "operation OP-Y, not for OP-X", "in this drop already", "This file is empty."):
        assert told in page
    assert "Port Linden Police 0.xlsx Ready to take 3 0 not known 6" in page
    assert "Quarry Town Police 2.xlsx Has rows to fix 1 1 not known 1" in page and tallies() == {}
    assert press(client, answer.location, answer.location + "/take").status_code == 303
    return_work.wait()
    page = words(client.get(answer.location))
    assert "1 file is taken; its figures stand. 5 need somebody." in page and "Take the" not in page
    assert tallies()[("persons_met", "2017-10-12")] == 2 and db.session.query(ContactVersion).count() == 0
    assert {"returns.drop.receive", "returns.drop.take"} <= set(tags())
    again = press(client, answer.location, answer.location + "/take")
    assert "No file of this drop is ready" in client.get(again.location).text


@pytest.mark.any_database
def test_one_that_waits_is_read_when_somebody_looks_again(place, signed_in, monkeypatch):
    client = signed_in(place.steering)
    with monkeypatch.context() as stopped:
        stopped.setattr(return_work, "begin_drop", lambda *_: None)  # the server stops right after it was stored
        answer = drop(client, place.drops, filled(made(place.operation, place.totals), GOOD))
        assert "0 of 1 files are read." in client.get(answer.location).text
        assert 'http-equiv="refresh"' in client.get(answer.location).text
    client.get(answer.location)
    return_work.wait()
    assert "Ready to take" in client.get(answer.location).text


def test_two_coordinators_drop_the_same_file_and_it_counts_once(place, signed_in):
    content = filled(made(place.operation, place.totals), GOOD)
    first, second = signed_in(place.steering), signed_in(a_user(Role.OPERATION_COORDINATOR))
    one, other = drop(first, place.drops, content).location, drop(second, place.drops, content).location
    assert "This very file is here already and waits for a decision." in second.get(other).text
    press(first, one, one + "/take")
    return_work.wait()
    late = drop(second, place.drops, content).location
    assert "This very file was taken on" in second.get(late).text
    assert len(db.session.query(Tally).all()) == 3


def test_a_ready_file_that_fails_meanwhile_says_why_and_holds_up_no_other(place, signed_in):
    client = signed_in(place.steering)
    url = drop(client, place.drops, filled(made(place.operation, place.totals), GOOD)).location
    with writing():
        operation = operations.by_code("OP-X")
        part = operations.participation(operation.id, place.totals.id)
        seen = commands.sheet_of(operation, part).mark
        typed = {"cell-persons_met-2017-10-11": "9"}
        commands.save_totals(actor_of(place.own), operation, part, typed, seen=seen)
    press(client, url, url + "/take")
    return_work.wait()
    page = words(client.get(url))
    assert "This changed on the site after the workbook was made" in page and "Being taken" not in page
    file = re.search(r'href="([^"]+/returns/files/[^"]+)"', client.get(url).text)[1]
    page = client.get(file)
    assert "Changed here since the workbook was made" in page.text and 'name="stands"' in page.text
    assert press(client, file, file + "/take").status_code == 422
    assert press(client, file, file + "/take", stands="site").status_code == 303
    assert tallies()[("persons_met", "2017-10-11")] == 9 and tallies()[("persons_met", "2017-10-12")] == 2


def dropped(place, **more):
    """A file of a drop that is ready: one cell, and a name that signs."""
    said = Said(operations.by_code("OP-X"), place.part).total("cell-persons_met-2017-10-11", "4")
    said.signer = "Ada Invented"
    return said.file(drop_uid=new_uid(), **more)


def test_a_name_that_is_no_signature_is_told_in_the_drop(place, signed_in):
    client, file = signed_in(place.steering), dropped(place)
    with writing():
        operation = operations.by_code("OP-X")
        seen, typed = commands.sheet_of(operation, place.part).mark, {"cell-persons_met-2017-10-12": "9"}
        commands.save_totals(actor_of(place.own), operation, place.part, typed, seen=seen)
    url = f"{place.drops}/{db.session.merge(file).drop_uid}"
    press(client, url, url + "/take")
    return_work.wait()
    assert "Taken The figures are taken, but not signed: Something stands otherwise" in words(client.get(url))
    press(client, url, "/language", lang="fr", next="/")
    assert "mais non signés : Quelque chose diffère" in words(client.get(url))
    assert tallies()[("persons_met", "2017-10-11")] == 4 and db.session.query(SignOff).count() == 0


def test_what_was_asked_for_is_not_taken_once_the_account_is_gone(place):
    asked = dropped(place, asked_by_id=place.steering.id)
    number, drop_uid, operation = asked.id, asked.drop_uid, place.operation.id
    with writing():
        db.session.get_one(User, place.steering.id).active = False
    assert drop_commands.step(operation, drop_uid)
    assert tallies() == {} and db.session.get_one(ReturnFile, number).trouble["message"]


def test_a_file_that_nobody_decided_is_still_read_once_the_operation_is_archived(place, signed_in):
    url = f"/operations/OP-X/returns/files/{dropped(place).uid}"
    with writing():
        operations.by_code("OP-X").status = OperationStatus.ARCHIVED
    for somebody in (place.own, place.steering):
        page = signed_in(somebody).get(url)
        assert page.status_code == 200 and "Take these" not in page.text and "to-fix" not in page.text
        assert press(signed_in(somebody), "/", url + "/take").status_code == 403


def test_only_who_steers_the_operation_drops_and_much_may_be_sent_there_alone(place, signed_in):
    own = signed_in(place.own)
    assert own.get(place.drops).status_code == 403
    client = signed_in(place.steering)
    nothing = press(client, place.drops, place.drops)
    assert nothing.status_code == 422 and 'href="#workbooks"' in nothing.text
    answer = drop(client, place.drops, *(bytes([n]) * (6 * drop_rules.MB) for n in range(3)))
    assert answer.status_code == 303 and words(client.get(answer.location)).count("Not read ") == 3
    assert send(own, place.url, b"x" * (13 * drop_rules.MB)).status_code == 413
