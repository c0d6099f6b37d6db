"""Inviting services and answering by a link: pages, letters through a real mail server, links that lead nowhere."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import re
import socket
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest
import time_machine

from outreach.plan import invitation_commands as commands
from outreach.storage import db, writing
from outreach.storage.queries import invitations, operations
from outreach.storage.tables import AuditEntry, Operation, ParticipationLink, ParticipationVersion, SignInFailure
from outreach.vocab import OperationStatus, ParticipationStatus, Role
from outreach.web import mail
from tests.conftest import token_of
from tests.factories import a_participation, a_service, a_user, an_operation
from tests.field.factories import actor_of
from tests.web.mail_server import Postbox, mail_server, text_of

NOW = dt.datetime(2017, 9, 20, 14, 0, tzinfo=dt.UTC)
URL = "/operations/OP-1/plan/invitations"
INVITED = ParticipationStatus.INVITED
YES = {
    "takes_part": "yes",
    "desk": "desk@windsor.example.org",
    "entry_mode": "daily_totals",
    "starts_on": "2017-10-10",
    "starts_at": "18:00",
    "ends_on": "2017-10-13",
    "ends_at": "02:00",
    "staff_police": "6",
    "staff_victim_services": "2",
    "version": "1",
}


@pytest.fixture
def plan(app: Any) -> Any:
    """A planned operation with three invited services, one of them without an e-mail address."""
    with time_machine.travel(NOW, tick=False):
        found = SimpleNamespace(
            operation=an_operation("OP-1", status=OperationStatus.PLANNED, purpose="Meet people and offer help."),
            windsor=a_service("Windsor Police Service", contact_desk="desk@windsor.example.org"),
            lasalle=a_service("LaSalle Police Service", contact_desk="desk@lasalle.example.org"),
            essex=a_service("Essex House", contact_desk="519-555-0100"),
        )
        services = (found.windsor, found.lasalle, found.essex)
        found.parts = {s.id: a_participation(found.operation, s, status=INVITED) for s in services}
        found.coordinator = a_user(Role.OPERATION_COORDINATOR, operation=found.operation)
        yield found


def link(plan: Any, service: Any) -> str:
    """A fresh link of the service, as a letter carries it."""
    with writing():
        commands.make_links(actor_of(plan.coordinator), operations.by_code("OP-1"), [service.id])
    part = plan.parts[service.id]
    row = db.session.query(ParticipationLink).filter_by(participation_id=part.id).order_by(ParticipationLink.id).all()
    return "/answer/" + commands.token_of(row[-1])


def version(plan: Any, service: Any) -> ParticipationVersion:
    db.session.rollback()
    return operations.current_participation(plan.parts[service.id].id)


def send(client: Any, url: str, **fields: Any) -> Any:
    return client.post(url, data={**fields, "csrf_token": token_of(client.get(url))})


def page_of(answer: Any) -> str:
    return re.sub(r'value="[^"]{20,}"', "", answer.text)


# --- the page behind a link ------------------------------------------------------------------------------------------


@pytest.mark.any_database
def test_a_service_confirms_without_an_account(plan: Any, client: Any) -> None:
    url = link(plan, plan.windsor)
    page = client.get(url)
    assert page.status_code == 200 and page.headers["Cache-Control"] == "no-store"
    assert "Windsor Police Service" in page.text and "Meet people and offer help." in page.text
    assert "10 to 16 October 2017" in page.text and "LaSalle" not in page.text
    assert "desk@windsor.example.org" in page.text  # proposed from the directory
    done = send(client, url, **YES)
    assert done.status_code == 303 and done.location == url
    shown = client.get(url).text
    assert "Your answer is saved." in shown and "Officers 6" in shown and "Change the answer" in shown
    now = version(plan, plan.windsor)
    assert (now.status, now.entry_mode, now.desk) == ("confirmed", "daily_totals", "desk@windsor.example.org")
    assert now.planned_staff == {"police": 6, "victim_services": 2} and now.recorded_by_id is None
    assert now.starts_at == dt.datetime(2017, 10, 10, 22, 0, tzinfo=dt.UTC)
    assert now.link_id == db.session.query(ParticipationLink).one().id and now.version == 2
    entry = db.session.query(AuditEntry).filter_by(tag="plan.participation.change").one()
    assert entry.actor_name == "by invitation link" and entry.actor_id is None
    assert db.session.query(AuditEntry).filter_by(tag="plan.invitation.answer").count() == 1


def test_a_refusal_needs_no_reason_and_can_be_taken_back(plan: Any, client: Any) -> None:
    url = link(plan, plan.windsor)
    assert send(client, url, takes_part="no", version="1").status_code == 303
    assert version(plan, plan.windsor).status == "declined"
    assert "Change the answer" in client.get(url).text
    change = url + "?change=1"
    assert 'name="takes_part"' in client.get(change).text
    assert send(client, change, **{**YES, "version": "2"}).status_code == 303
    now = version(plan, plan.windsor)
    assert (now.status, now.version, now.reason) == ("confirmed", 3, "")


def test_a_reason_is_sealed_and_only_coordinators_read_it(plan: Any, client: Any, signed_in: Any) -> None:
    url = link(plan, plan.windsor)
    assert send(client, url, takes_part="no", reason="No staff that week <b>", version="1").status_code == 303
    assert version(plan, plan.windsor).reason == "No staff that week <b>"
    raw = db.session.connection().exec_driver_sql("select reason from participation_version where reason is not null")
    assert b"No staff" not in raw.scalar()
    page = signed_in(plan.coordinator).get(URL).text
    assert "No staff that week &lt;b&gt;" in page and "Declined" in page


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"takes_part": ""}, "Say whether the service takes part."),
        ({"desk": ""}, "Enter a shared address such as desk@example.org"),
        ({"entry_mode": "by pigeon"}, "Choose how the service reports."),
        ({"ends_on": "2017-10-09"}, "The window ends before it starts."),
        ({"ends_on": "", "ends_at": ""}, "Enter both ends of its window"),
        ({"starts_on": "18/10/2017"}, "is not a day."),
        ({"starts_on": "2017-03-12", "starts_at": "02:30"}, "the clocks skip 02:30"),
        ({"ends_on": "2018-10-13"}, "The window is longer than three months."),
        ({"staff_police": "99999"}, "Enter a whole number from 0 to 9999."),
        ({"staff_police": "-1"}, "Enter a whole number from 0 to 9999."),
        ({"staff_police": "²"}, "Enter a whole number from 0 to 9999."),
    ],
)
def test_a_wrong_answer_is_refused_at_its_field_and_what_was_typed_stays(
    plan: Any, client: Any, wrong: dict[str, str], words: str
) -> None:
    url = link(plan, plan.windsor)
    answer = send(client, url, **{**YES, "staff_support": "3", **wrong})
    text = answer.text.replace("&#39;", "'")
    assert answer.status_code == 422 and words in text and "<title>Error:" in text
    assert ('value="3"' in text) and version(plan, plan.windsor).version == 1


def test_a_time_that_the_clocks_show_twice_is_asked_with_the_earlier_one_chosen(plan: Any, client: Any) -> None:
    url = link(plan, plan.windsor)
    twice = {**YES, "ends_on": "2017-11-05", "ends_at": "01:30"}
    asked = send(client, url, **twice)
    assert asked.status_code == 422 and "The earlier one is chosen" in asked.text
    assert send(client, url, **twice, ends_which="earlier").status_code == 303
    assert version(plan, plan.windsor).ends_at == dt.datetime(2017, 11, 5, 5, 30, tzinfo=dt.UTC)


def test_the_same_answer_twice_changes_nothing(plan: Any, client: Any) -> None:
    url = link(plan, plan.windsor)
    send(client, url, **YES)
    assert send(client, url + "?change=1", **{**YES, "version": "2"}).status_code == 303
    assert version(plan, plan.windsor).version == 2


def test_two_people_at_one_desk_do_not_overwrite_each_other(plan: Any, client: Any) -> None:
    url = link(plan, plan.windsor)
    send(client, url, **YES)
    late = send(client, url + "?change=1", **{**YES, "staff_police": "9", "version": "1"})
    assert late.status_code == 409 and "Stands now" in late.text and 'value="9"' in late.text
    assert version(plan, plan.windsor).planned_staff["police"] == 6
    assert send(client, url + "?change=1", **{**YES, "staff_police": "9", "version": "2"}).status_code == 303


def test_an_open_operation_keeps_its_answers_and_still_takes_a_first_one(plan: Any, client: Any) -> None:
    confirmed, late = link(plan, plan.windsor), link(plan, plan.lasalle)
    send(client, confirmed, **YES)
    with writing():
        db.session.query(Operation).update({"status": "active"})
    page = client.get(confirmed + "?change=1").text
    assert "The operation is open; the answer stands." in page and "<form" not in page.split("<main")[1]
    refused = client.post(confirmed, data={**YES, "takes_part": "no", "csrf_token": token_of(client.get(late))})
    assert refused.status_code == 303 and "can no longer be changed here" in client.get(confirmed).text
    assert version(plan, plan.windsor).status == "confirmed"
    assert send(client, late, **YES).status_code == 303
    with writing():
        db.session.query(Operation).update({"status": "reporting"})
        rows = db.session.query(ParticipationVersion).filter_by(status="invited", superseded_at=None)
        assert rows.count() == 1
    assert "no longer takes answers here" in client.get(link(plan, plan.essex)).text


def test_the_language_switch_comes_back_to_the_link(plan: Any, client: Any) -> None:
    url = link(plan, plan.windsor)
    answer = client.post("/language", data={"lang": "fr", "next": url, "csrf_token": token_of(client.get(url))})
    assert answer.location == url
    page = client.get(url).text
    assert 'lang="fr"' in page and "Votre service participe-t-il?" in page


# --- links that lead nowhere -----------------------------------------------------------------------------------------


def test_every_link_that_leads_nowhere_answers_the_same(plan: Any, client: Any) -> None:
    good = link(plan, plan.windsor)
    guessed = client.get("/answer/no-such-link")
    assert guessed.status_code == 404 and "This link does not work." in guessed.text
    assert guessed.headers["Cache-Control"] == "no-store"
    altered = good[:-1] + ("A" if good[-1] != "A" else "B")
    foreign = "/answer/" + commands.rules.token_of("00000000-0000-4000-8000-000000000000", lambda t, s: "ab" * 32)
    unknown = "/answer/" + commands.rules.token_of("00000000-0000-4000-8000-000000000000", commands.site_keys().mark)
    for url in (altered, foreign, unknown, "/answer/" + "x" * 3000):
        answer = client.get(url)
        assert answer.status_code == 404 and page_of(answer) == page_of(guessed), url
    with writing():
        commands.revoke_links(actor_of(plan.coordinator), operations.by_code("OP-1"), [plan.windsor.id])
    assert page_of(client.get(good)) == page_of(guessed)
    old = link(plan, plan.lasalle)
    with time_machine.travel(NOW + dt.timedelta(days=31), tick=False):
        assert page_of(client.get(old)) == page_of(guessed)
    withdrawn = link(plan, plan.essex)
    with writing():
        db.session.query(ParticipationVersion).filter_by(participation_id=plan.parts[plan.essex.id].id).update(
            {"status": "withdrawn"}
        )
    assert page_of(client.get(withdrawn)) == page_of(guessed)
    for url in (good, withdrawn):
        posted = client.post(url, data={**YES, "csrf_token": token_of(client.get("/sign-in"))})
        assert posted.status_code == 404 and page_of(posted) == page_of(guessed)
    assert version(plan, plan.windsor).version == 1


def test_a_renewed_link_replaces_the_old_one(plan: Any, client: Any) -> None:
    old = link(plan, plan.windsor)
    with writing():
        commands.make_links(actor_of(plan.coordinator), operations.by_code("OP-1"), [plan.windsor.id], renew=True)
    new = "/answer/" + commands.token_of(db.session.query(ParticipationLink).order_by(ParticipationLink.id).all()[-1])
    assert client.get(old).status_code == 404 and client.get(new).status_code == 200


def test_guesses_are_counted_and_refused_after_fifty_while_a_right_link_works(plan: Any, client: Any) -> None:
    good = link(plan, plan.windsor)
    codes = [client.get(f"/answer/guess-{number}").status_code for number in range(52)]
    assert codes == [404] * 50 + [429] * 2
    assert db.session.query(SignInFailure).count() == 50
    assert client.get(good).status_code == 200
    with time_machine.travel(NOW + dt.timedelta(minutes=16), tick=False):
        assert client.get("/answer/guess-again").status_code == 404


def test_a_posted_guess_counts_too(plan: Any, client: Any) -> None:
    form = {**YES, "csrf_token": token_of(client.get("/sign-in"))}
    before = db.session.query(SignInFailure).count()
    assert client.post("/answer/guessed", data=form).status_code == 404
    assert db.session.query(SignInFailure).count() > before


def test_the_secret_of_a_link_is_stored_nowhere(plan: Any, client: Any, app: Any) -> None:
    token = link(plan, plan.windsor).removeprefix("/answer/")
    client.get(f"/answer/{token}")
    db.session.rollback()
    stored = app.config["OUTREACH"].sqlite_file.read_bytes()
    wal = app.config["OUTREACH"].sqlite_file.with_name("outreach.sqlite3-wal")
    stored += wal.read_bytes() if wal.exists() else b""
    assert token.encode() not in stored and token[22:].encode() not in stored


# --- the coordinator's page ------------------------------------------------------------------------------------------


def test_the_silent_ones_come_first_with_their_days_of_waiting(plan: Any, client: Any, signed_in: Any) -> None:
    boss = signed_in(plan.coordinator)
    windsor = link(plan, plan.windsor)
    link(plan, plan.lasalle)
    send(boss, URL)  # the page itself takes no form
    mark = {"service": [str(plan.windsor.id), str(plan.lasalle.id)], "do": "sent"}
    assert boss.post(f"{URL}/links", data={**mark, "csrf_token": token_of(boss.get(URL))}).status_code == 303
    send(client, windsor, **YES)
    with time_machine.travel(NOW + dt.timedelta(minutes=20), tick=False):
        page = boss.get(URL).text
        names = re.findall(r'role="rowheader">([^<]+)<', page)
        assert names == ["LaSalle Police Service", "Essex House", "Windsor Police Service"]
        assert "Invited, silent" in page and "2 services have not answered" in page
    counted = commands.standings(operations.by_code("OP-1"))
    assert {row[2].name: one.state for row, one in counted}["LaSalle Police Service"] == "sent"


def test_only_coordinators_invite(plan: Any, signed_in: Any, post: Any) -> None:
    for user, status in (
        (a_user(Role.SERVICE_COORDINATOR, plan.windsor), 403),
        (a_user(Role.COMMANDER, operation=plan.operation), 403),
        (a_user(Role.OPERATION_COORDINATOR, operation=an_operation("OP-2")), 404),
        (a_user(Role.SERVICE_COORDINATOR, a_service()), 404),
    ):
        client = signed_in(user)
        assert client.get(URL).status_code == status
        for action in ("send", "letters", "sheet", "links"):
            assert post(client, f"{URL}/{action}", {"service": str(plan.windsor.id)}).status_code == status
    assert db.session.query(ParticipationLink).count() == 0
    foreign = signed_in(a_user(Role.OPERATION_COORDINATOR, operation=operations.by_code("OP-2")))
    assert page_of(foreign.get(URL)) == page_of(foreign.get("/operations/NO-SUCH/plan/invitations"))


def test_links_are_made_renewed_and_revoked_for_the_ticked_ones(plan: Any, signed_in: Any, post: Any) -> None:
    boss = signed_in(plan.coordinator)
    one = {"service": str(plan.windsor.id)}
    assert post(boss, f"{URL}/links", {**one, "do": "make"}).status_code == 303
    assert post(boss, f"{URL}/links", {**one, "do": "make"}).status_code == 303
    assert db.session.query(ParticipationLink).count() == 1
    post(boss, f"{URL}/links", {**one, "do": "renew"})
    assert db.session.query(ParticipationLink).count() == 2
    post(boss, f"{URL}/links", {**one, "do": "revoke"})
    assert db.session.query(ParticipationLink).filter_by(revoked_at=None).count() == 0
    tags = [e.tag for e in db.session.query(AuditEntry).filter(AuditEntry.tag.like("plan.invitation.%"))]
    assert sorted(tags) == ["plan.invitation.link"] * 2 + ["plan.invitation.revoke"] * 2
    for do in ("make", "revoke", "sent", "nonsense"):
        refused = post(boss, f"{URL}/links", {"do": do})
        assert refused.status_code == 422 and "Tick the services first." in refused.text


def test_letters_in_both_languages_with_their_links_to_copy(plan: Any, signed_in: Any, post: Any) -> None:
    boss = signed_in(plan.coordinator)
    answer = post(boss, f"{URL}/letters", {"all": "1"})
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    assert "3 letters to copy" in answer.text and "est invité à participer" in answer.text
    tokens = set(re.findall(r"http://localhost/answer/([\w-]{44})", answer.text))
    assert len(tokens) == 3 and all(commands.genuine(token) for token in tokens)
    assert plan.coordinator.name in answer.text and "Meet people" not in answer.text and "2017-10-1" not in answer.text
    again = set(re.findall(r"/answer/([\w-]{44})", post(boss, f"{URL}/letters", {"all": "1"}).text))
    assert again == tokens  # remade, not stored: the same link stays the same


def test_the_merge_sheet_is_text_in_both_kinds(plan: Any, signed_in: Any, post: Any) -> None:
    with writing():
        db.session.get(type(plan.windsor), plan.windsor.id).name = "=HYPERLINK(1)"
    boss = signed_in(plan.coordinator)
    book = post(boss, f"{URL}/sheet", {"all": "1", "format": "xlsx"})
    assert (
        book.headers["Cache-Control"] == "no-store" and "OP-1-invitations.xlsx" in book.headers["Content-Disposition"]
    )
    sheet = openpyxl.load_workbook(io.BytesIO(book.data)).active
    rows = list(sheet.iter_rows())
    assert len(rows) == 4 and all(cell.data_type == "s" for row in rows for cell in row if cell.value)
    assert any(cell.value == "=HYPERLINK(1)" and cell.data_type == "s" for row in rows for cell in row)
    text = post(boss, f"{URL}/sheet", {"all": "1", "format": "csv"})
    assert text.data.startswith(b"\xef\xbb\xbf") and "'=HYPERLINK(1)" in text.data.decode("utf-8-sig")
    assert text.data.decode("utf-8-sig").count("/answer/") >= 9  # link, letter in English, letter in French


# --- e-mail ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def box() -> Postbox:
    return Postbox()


@pytest.fixture
def mailing(app: Any, box: Postbox) -> Any:
    """The site sends through a mail server on this machine."""
    server = mail_server(box)
    server.start()
    app.config["OUTREACH"] = dataclasses.replace(
        app.config["OUTREACH"],
        smtp_url=f"smtp://127.0.0.1:{server.port}",
        mail_from="Outreach <outreach@example.org>",
        public_url="http://outreach.example.org/",
    )
    yield server
    server.stop()


@pytest.mark.any_database
def test_a_letter_arrives_in_both_languages_with_the_right_link(
    plan: Any, signed_in: Any, post: Any, client: Any, mailing: Any, box: Postbox
) -> None:
    boss = signed_in(plan.coordinator)
    sent = post(boss, f"{URL}/send", {"service": [str(plan.windsor.id), str(plan.lasalle.id)]})
    assert sent.status_code == 303 and "batch=" in sent.location
    mail.wait()
    assert "2 letters were sent." in boss.get(sent.location).text
    assert box.connections == 1 and {address for address, _ in box.letters} == {
        "desk@windsor.example.org",
        "desk@lasalle.example.org",
    }
    [letter] = box.to("desk@windsor.example.org")
    text = text_of(letter)
    assert letter["Subject"] == "Invented operation: Invitation"
    assert "Windsor Police Service is invited to take part" in text and "est invité à participer" in text
    assert plan.coordinator.name in text and "LaSalle" not in text
    [address] = set(re.findall(r"http://outreach\.example\.org(/answer/[\w-]{44})", text))
    assert "Windsor Police Service" in client.get(address).text
    states = {row[2].name: one.state for row, one in commands.standings(operations.by_code("OP-1"))}
    assert states == {
        "Windsor Police Service": "opened",
        "LaSalle Police Service": "sent",
        "Essex House": "not_invited",
    }


def test_a_reminder_goes_only_to_the_ticked_ones(
    plan: Any, signed_in: Any, post: Any, mailing: Any, box: Postbox
) -> None:
    boss = signed_in(plan.coordinator)
    both = [str(plan.windsor.id), str(plan.lasalle.id)]
    post(boss, f"{URL}/send", {"service": both})
    mail.wait()
    post(boss, f"{URL}/send", {"service": both[:1]})
    mail.wait()
    assert len(box.to("desk@windsor.example.org")) == 2 and len(box.to("desk@lasalle.example.org")) == 1
    first, second = box.to("desk@windsor.example.org")
    assert second["Subject"] == "Invented operation: Reminder / Rappel"
    links = [set(re.findall(r"/answer/([\w-]{44})", text_of(letter))) for letter in (first, second)]
    assert links[0] == links[1] and "We have not heard yet" in text_of(second)


def test_one_refused_address_stays_ticked_with_its_reason(
    plan: Any, signed_in: Any, post: Any, mailing: Any, box: Postbox
) -> None:
    box.refuse = {"desk@windsor.example.org"}
    boss = signed_in(plan.coordinator)
    sent = post(boss, f"{URL}/send", {"all": "1"})
    mail.wait()
    page = boss.get(sent.location).text
    assert "1 letter was sent." in page and "2 were not; they stay ticked below" in page
    assert "the mail server refused this address" in page and "the service has no e-mail address" in page
    ticked = set(re.findall(r'value="(\d+)" aria-label="[^"]+" checked', page))
    assert ticked == {str(plan.windsor.id), str(plan.essex.id)}


def test_a_mail_server_that_is_down_loses_nothing(plan: Any, signed_in: Any, post: Any, mailing: Any, app: Any) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = f"smtp://127.0.0.1:{probe.getsockname()[1]}"
    app.config["OUTREACH"] = dataclasses.replace(app.config["OUTREACH"], smtp_url=nobody)
    boss = signed_in(plan.coordinator)
    sent = post(boss, f"{URL}/send", {"service": str(plan.windsor.id)})
    mail.wait()
    page = boss.get(sent.location).text
    assert "the mail server could not be reached" in page and "0 letters were sent." in page
    assert len(invitations.links_of(plan.operation.id)) == 1


def test_while_letters_leave_the_page_says_how_many_have(plan: Any, signed_in: Any, mailing: Any) -> None:
    first, ready = commands.queue_letters(
        actor_of(plan.coordinator), operations.by_code("OP-1"), [plan.windsor.id, plan.lasalle.id]
    )
    commands.note_posted(ready[0].letter, "")
    page = signed_in(plan.coordinator).get(f"{URL}?batch={first}").text
    assert "1 of 2 letters have left." in page and 'data-waiting="1"' in page and "Being sent" in page


def test_a_button_pressed_twice_sends_one_letter(
    plan: Any, signed_in: Any, post: Any, mailing: Any, box: Postbox
) -> None:
    first, _ = commands.queue_letters(actor_of(plan.coordinator), operations.by_code("OP-1"), [plan.windsor.id])
    boss = signed_in(plan.coordinator)
    again = post(boss, f"{URL}/send", {"service": str(plan.windsor.id)})
    assert again.status_code == 422 and "These letters are leaving already." in again.text and first
    with time_machine.travel(NOW + dt.timedelta(minutes=11), tick=False):
        assert "sending was interrupted" in boss.get(f"{URL}?batch={first}").text
        assert post(boss, f"{URL}/send", {"service": str(plan.windsor.id)}).status_code == 303
        mail.wait()
    assert len(box.letters) == 1


def test_a_rehearsal_invites_nobody(plan: Any, signed_in: Any, post: Any) -> None:
    with writing():
        db.session.query(Operation).update({"is_rehearsal": True})
    boss = signed_in(plan.coordinator)
    for action in ("send", "letters", "sheet", "links"):
        refused = post(boss, f"{URL}/{action}", {"all": "1", "do": "make"})
        assert refused.status_code == 422
    assert "A rehearsal invites nobody" in post(boss, f"{URL}/letters", {"all": "1"}).text
    assert db.session.query(ParticipationLink).count() == 0


def test_without_a_mail_server_the_page_says_so(plan: Any, signed_in: Any, post: Any) -> None:
    boss = signed_in(plan.coordinator)
    assert "No mail server is set up" in boss.get(URL).text
    refused = post(boss, f"{URL}/send", {"service": str(plan.windsor.id)})
    assert refused.status_code == 422 and "Copy the letters instead." in refused.text


def test_a_withdrawn_service_is_not_invited(plan: Any, signed_in: Any, post: Any) -> None:
    with writing():
        db.session.query(ParticipationVersion).filter_by(participation_id=plan.parts[plan.essex.id].id).update(
            {"status": "withdrawn"}
        )
    boss = signed_in(plan.coordinator)
    assert post(boss, f"{URL}/links", {"do": "make", "service": str(plan.essex.id)}).status_code == 422
    assert f'name="service" value="{plan.essex.id}"' not in boss.get(URL).text
