"""The live board, logging by radio and checking in, as pages."""

import datetime as dt
import re

import pytest
import time_machine

from outreach.errors import NotAllowed
from outreach.field.commands import log_by_radio, log_contact
from outreach.storage import db, writing
from outreach.storage.tables import AuditEntry, CheckIn, Contact, Meeting
from outreach.vocab import OperationStatus, Role
from tests.conftest import token_of
from tests.factories import a_participation, a_service, a_shift, a_team, a_user, an_operation
from tests.field.factories import a_night, a_person, actor_of, an_entry

SIX = dt.datetime(2017, 10, 12, 22, 0, tzinfo=dt.UTC)  # 18:00 in Toronto
NINE = SIX + dt.timedelta(hours=3)


@pytest.fixture
def clock():
    with time_machine.travel(SIX - dt.timedelta(hours=1), tick=False) as traveller:
        yield traveller


@pytest.fixture
def night(app, clock):
    found = a_night()
    a_shift(found.team, SIX, published=True)
    clock.move_to(NINE)
    return found


@pytest.fixture
def desk(night, signed_in):
    return signed_in(a_user(Role.OPERATION_COORDINATOR, operation=night.operation))


def address(night, more=""):
    return f"/operations/{night.operation.code}/live{more}"


def of_team(night, what):
    return address(night, f"/teams/{night.team.uid}/{what}")


def press(client, url, page, **fields):
    return client.post(url, data={**fields, "csrf_token": token_of(client.get(page))})


def states(page):
    rows = re.findall(r'<tr role="row" id="team-.*?</tr>', page.text, re.S)
    return [
        (
            re.search(r"rowheader\">(.*?) <span", row)[1],
            re.search(r'tag--\w+">(?:<svg.*?</svg>)?([^<]+)<', row, re.S)[1],
        )
        for row in rows
    ]


def face(answer):
    """Status and page, without the one-time part of its tokens."""
    return answer.status_code, re.sub(r'name="csrf_token" value="[^"]*"', "", answer.text)


def all_of(table):
    db.session.expire_all()
    return db.session.query(table).order_by(table.id).all()


@pytest.mark.any_database
def test_a_team_of_which_nothing_is_heard_is_at_the_top_and_nobody_is_named(night, desk):
    second = a_team(night.participation, name="Team 2")
    a_shift(second, SIX, published=True)
    press(desk, address(night, f"/teams/{second.uid}/check-in"), address(night), kind="start")
    page = desk.get(address(night))
    assert page.status_code == 200
    assert states(page) == [("Team 1", "Nothing heard"), ("Team 2", "On shift")]
    assert night.officer.name not in page.text
    assert "1 h 00 min" in page.text, "silent since 20:00"


def test_who_is_heard_is_on_the_board_with_the_time_and_tonights_contacts(night, desk, signed_in):
    with writing():
        log_contact(actor_of(night.officer), night.place, an_entry(a_person(), met_at=NINE))
    page = desk.get(address(night))
    assert states(page) == [("Team 1", "On shift")]
    assert "21:00" in page.text
    row = re.search(r'<tr role="row" id="team-.*?</tr>', page.text, re.S)[0]
    assert re.search(r'Contacts tonight"[^>]*>1<', row)
    assert re.search(r'class="tile__number"[^>]*>1</', page.text) or ">1<" in page.text


def test_a_draft_shift_is_on_no_board(app, clock, signed_in):
    night = a_night()
    a_shift(night.team, SIX)
    clock.move_to(NINE)
    desk = signed_in(a_user(Role.OPERATION_COORDINATOR, operation=night.operation))
    assert states(desk.get(address(night))) == []


def test_an_empty_board_says_when_the_next_team_starts(app, clock, signed_in):
    night = a_night()
    a_shift(night.team, SIX, published=True)
    clock.move_to(SIX - dt.timedelta(hours=14))
    desk = signed_in(a_user(Role.OPERATION_COORDINATOR, operation=night.operation))
    assert "Next team starts 18:00" in desk.get(address(night)).text


def test_a_service_is_not_told_when_the_teams_of_another_one_start(app, clock, signed_in):
    night = a_night()
    a_shift(night.team, SIX, published=True)
    other = a_service("Elm Falls Police Service")
    a_participation(night.operation, other)
    clock.move_to(SIX - dt.timedelta(hours=14))
    page = signed_in(a_user(Role.SERVICE_COORDINATOR, other)).get(address(night))
    assert page.status_code == 200
    assert "Next team starts" not in page.text
    own = signed_in(a_user(Role.SERVICE_COORDINATOR, night.service)).get(address(night))
    assert "Next team starts 18:00" in own.text
    clock.move_to(SIX + dt.timedelta(days=2))
    desk = signed_in(a_user(Role.OPERATION_COORDINATOR, operation=night.operation))
    assert "no shift is published that begins later" in desk.get(address(night)).text


def test_a_service_coordinator_sees_her_teams_and_joint_ones_and_no_other(night, signed_in):
    other = a_participation(night.operation)
    own, joint = a_team(other, name="Theirs"), a_team(other, name="Joint", partners=(night.service.id,))
    for team in (own, joint):
        a_shift(team, SIX, published=True)
    page = signed_in(night.coordinator).get(address(night))
    assert sorted(name for name, _ in states(page)) == ["Joint", "Team 1"]
    assert "Theirs" not in page.text
    assert page.text.count("Log for this team") == 1, "only for a team that her service leads"


def test_a_commander_sees_how_many_and_no_team(night, signed_in):
    page = signed_in(a_user(Role.COMMANDER, operation=night.operation)).get(address(night))
    assert page.status_code == 200
    assert "Team 1" not in page.text and night.service.name not in page.text
    assert "nothing heard" in page.text and "check-in-minutes" not in page.text


@pytest.mark.parametrize("role", [Role.FIELD_OFFICER, Role.LIAISON, Role.ANALYST])
def test_others_see_no_board(night, signed_in, role):
    service = night.service if role == Role.FIELD_OFFICER else night.agency if role == Role.LIAISON else None
    assert signed_in(a_user(role, service)).get(address(night)).status_code == 403


def test_teams_of_operations_within_stand_on_the_board_above(app, clock, signed_in):
    above = an_operation("ABOVE")
    night = a_night(operation=an_operation("WITHIN", parent=above))
    a_shift(night.team, SIX, published=True)
    clock.move_to(NINE)
    page = signed_in(a_user(Role.OPERATION_COORDINATOR, operation=above)).get("/operations/ABOVE/live")
    assert states(page) == [("Team 1", "Nothing heard")] and "WITHIN" in page.text


# --- asking again -----------------------------------------------------------------------------------------------------


def test_asking_again_while_nothing_happened_costs_a_few_hundred_bytes(night, desk, clock):
    page = desk.get(address(night))
    mark = re.search(r'data-mark="(\w+)"', page.text)[1]
    rows = address(night, "/rows")
    clock.shift(dt.timedelta(minutes=5))
    answer = desk.get(rows, headers={"If-None-Match": f'W/"{mark}"'})
    assert answer.status_code == 304 and answer.data == b""
    assert sum(len(name) + len(value) + 4 for name, value in answer.headers) < 2000
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["X-Board-Time"] == "21%3A05"


@pytest.mark.any_database
def test_a_check_in_a_contact_and_the_passing_of_a_limit_change_the_mark(night, desk, clock):
    rows = address(night, "/rows")
    press(desk, address(night, "/check-in-minutes"), address(night), check_in_minutes="20")
    marks = [desk.get(rows).headers["ETag"]]
    press(desk, of_team(night, "check-in"), address(night), kind="start")
    marks.append(desk.get(rows).headers["ETag"])
    clock.shift(dt.timedelta(minutes=3))
    with writing():
        log_contact(actor_of(night.officer), night.place, an_entry(a_person(), met_at=NINE))
    marks.append(desk.get(rows).headers["ETag"])
    clock.shift(dt.timedelta(minutes=19))
    assert desk.get(rows, headers={"If-None-Match": marks[-1]}).status_code == 304
    clock.shift(dt.timedelta(minutes=1))
    late = desk.get(rows, headers={"If-None-Match": marks[-1]})
    marks.append(late.headers["ETag"])
    assert late.status_code == 200 and states(late) == [("Team 1", "Late check-in")]
    assert len(set(marks)) == 4


def test_the_mark_of_a_compressed_answer_still_fits(night, desk):
    rows = address(night, "/rows")
    answer = desk.get(rows, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    again = desk.get(rows, headers={"Accept-Encoding": "gzip", "If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_asking_by_itself_keeps_nobody_signed_in(night, desk, clock):
    rows = address(night, "/rows")
    for _ in range(7):
        clock.shift(dt.timedelta(minutes=5))
        answer = desk.get(rows, headers={"X-Unattended": "1"})
    assert answer.status_code == 303 and "/sign-in" in answer.location


def test_looking_oneself_keeps_a_session(night, desk, clock):
    for _ in range(7):
        clock.shift(dt.timedelta(minutes=5))
        assert desk.get(address(night)).status_code == 200


def test_what_one_account_was_shown_is_no_mark_for_another(night, desk, signed_in):
    mark = desk.get(address(night, "/rows")).headers["ETag"]
    other = signed_in(night.coordinator).get(address(night, "/rows"), headers={"If-None-Match": mark})
    assert other.status_code == 200


def test_the_part_that_is_asked_again_holds_no_token(night, desk):
    assert "csrf" not in desk.get(address(night, "/rows")).text


# --- checking in by radio ---------------------------------------------------------------------------------------------


def test_checking_in_for_a_team_is_kept_as_told_by_radio(night, desk):
    answer = press(desk, of_team(night, "check-in"), address(night), kind="well")
    assert answer.status_code == 303 and answer.location.endswith(f"/live#team-{night.team.uid}")
    (row,) = all_of(CheckIn)
    assert (row.kind, row.by_radio, row.team_id) == ("well", True, night.team.id)
    assert "Team 1 at 21:00: All well." in desk.get(address(night)).text


def test_a_check_in_of_no_kind_changes_nothing(night, desk):
    assert press(desk, of_team(night, "check-in"), address(night), kind="' OR 1=1").status_code == 303
    assert all_of(CheckIn) == []
    assert "Choose one of the answers" in desk.get(address(night)).text


def test_the_minutes_of_silence_are_set_on_the_board(night, desk):
    url = address(night, "/check-in-minutes")
    wrong = press(desk, url, address(night), check_in_minutes="5")
    assert wrong.status_code == 422 and "Enter whole minutes, 15 to 720." in wrong.text
    assert "<title>Error:" in wrong.text and 'value="5"' in wrong.text
    assert press(desk, url, address(night), check_in_minutes="30").status_code == 303
    db.session.expire_all()
    assert night.operation.check_in_minutes == 30


# --- logging by radio -------------------------------------------------------------------------------------------------


def form_in(page):
    return {
        **dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text)),
        "met_at": "2017-10-12 20:40",
        "result": "met",
    }


def test_the_operation_coordinator_writes_for_a_team_and_never_reads_it(night, desk):
    page = desk.get(of_team(night, "log"))
    fields = form_in(page) | {"age-1": "19_24", "answer-1": "declined", "agreed-1": "record", "note": "planted words"}
    assert re.search(r'class="ticket__code"', page.text), "the code is read out before it is saved"
    answer = desk.post(of_team(night, "log"), data=fields)
    assert answer.status_code == 303
    board = desk.get(address(night))
    assert "Received at 21:00" in board.text and "planted words" not in board.text
    (contact,) = all_of(Contact)
    (meeting,) = all_of(Meeting)
    assert (contact.team_id, contact.service_id) == (night.team.id, night.service.id)
    assert (meeting.age_believed, meeting.answer) == ("19_24", "declined")
    tags = [entry.tag for entry in all_of(AuditEntry) if entry.object_id == contact.uid]
    assert tags == ["field.contact.log", "field.contact.radio"]
    for end in ("", "/saved", "/edit"):
        mine, nothing = desk.get(f"/field/contacts/{contact.uid}{end}"), desk.get("/field/contacts/nothing" + end)
        assert mine.status_code == 404 and face(mine) == face(nothing)


def test_a_form_by_radio_sent_twice_is_one_contact(night, desk):
    fields = form_in(desk.get(of_team(night, "log")))
    for _ in range(2):
        assert desk.post(of_team(night, "log"), data=fields).status_code == 303
    assert len(all_of(Contact)) == 1


def test_a_faulty_form_by_radio_keeps_what_was_typed_and_its_code(night, desk):
    page = desk.get(of_team(night, "log") + "?persons=2")
    fields = form_in(page) | {"met_at": "yesterday", "municipality": "Foxton"}
    answer = desk.post(of_team(night, "log"), data=fields)
    assert answer.status_code == 422 and "<title>Error:" in answer.text
    assert "Foxton" in answer.text and fields["code-2"] in answer.text
    assert all_of(Contact) == []


@pytest.mark.parametrize("persons", ["0", "20", "21", "-1", "abc", "9" * 30])
def test_however_many_persons_are_asked_for_there_is_a_page(night, desk, persons):
    assert desk.get(of_team(night, "log"), query_string={"persons": persons}).status_code == 200


def test_a_service_coordinator_logs_for_her_team_and_for_no_other(night, signed_in):
    client = signed_in(night.coordinator)
    fields = form_in(client.get(of_team(night, "log")))
    assert client.post(of_team(night, "log"), data=fields).status_code == 303
    client.get(address(night))  # says once what was received
    theirs = a_team(a_participation(night.operation, a_service()), name="Theirs")
    foreign = client.get(address(night, f"/teams/{theirs.uid}/log"))
    nothing = client.get(address(night, "/teams/00000000-0000-0000-0000-000000000007/log"))
    assert foreign.status_code == 404 and face(foreign) == face(nothing)


def test_nothing_is_logged_by_radio_before_the_operation_is_open(app, signed_in):
    night = a_night(status=OperationStatus.PLANNED)
    desk = signed_in(a_user(Role.OPERATION_COORDINATOR, operation=night.operation))
    assert desk.get(of_team(night, "log")).status_code == 403
    assert "Log for this team" not in desk.get(address(night)).text


def test_the_board_is_said_in_french(night, desk):
    press(desk, "/language", "/account", lang="fr", next="/")
    page = desk.get(address(night))
    assert "Tableau en direct" in page.text and "Aucune nouvelle" in page.text


def test_who_is_not_on_the_board_logs_nothing_by_radio(night):
    foreign = a_user(Role.SERVICE_COORDINATOR, a_service())
    for user in (night.officer, foreign, a_user(Role.COMMANDER, operation=night.operation)):
        with pytest.raises(NotAllowed), writing():
            log_by_radio(actor_of(user), night.place, an_entry(a_person(), met_at=NINE))
    assert all_of(Contact) == []
