"""What waits on phones: on the live board, and in the list of phones."""

import datetime as dt
import re

import pytest
import time_machine

from outreach.storage import db, writing
from outreach.storage.tables import PhoneState
from outreach.storage.types import new_uid
from outreach.vocab import Role
from tests.factories import a_participation, a_service, a_shift, a_team, a_user, an_operation
from tests.field.factories import a_night

SIX = dt.datetime(2017, 10, 12, 22, 0, tzinfo=dt.UTC)  # 18:00 in Toronto
NINE = SIX + dt.timedelta(hours=3)


@pytest.fixture
def clock():
    with time_machine.travel(NINE, tick=False) as traveller:
        yield traveller


@pytest.fixture
def night(app, clock):
    found = a_night()
    a_shift(found.team, SIX, published=True)
    return found


@pytest.fixture
def desk(night, signed_in):
    return signed_in(a_user(Role.OPERATION_COORDINATOR, operation=night.operation))


def a_phone(night, *, team=None, user=None, unsent=0, oldest=None, heard=1, offset_ms=0, **more):
    """A phone of the night; ``oldest`` and ``heard`` in minutes before nine."""
    team = team or night.team
    with writing():
        state = PhoneState(
            device=new_uid(),
            user_id=(user or night.officer).id,
            operation_id=team.operation_id,
            service_id=team.service_id,
            team_id=team.id,
            unsent=unsent,
            oldest_at=None if oldest is None else NINE - dt.timedelta(minutes=oldest),
            heard_at=NINE - dt.timedelta(minutes=heard),
            offset_ms=offset_ms,
            **more,
        )
        db.session.add(state)
    return state.id


def beats(key, **values):
    with writing():
        db.session.query(PhoneState).filter_by(id=key).update(values)


def address(night, more=""):
    return f"/operations/{night.operation.code}/live{more}"


def words(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def not_sent(page):
    return words(re.search(r'data-label="Not sent"[^>]*>(.*?)</td>', page.text, re.S)[1])


def rows_of(page):
    return [words(row) for row in re.findall(r"<tr role=\"row\".*?</tr>", page.text, re.S)[1:]]


# --- on the board -----------------------------------------------------------------------------------------------------


def test_where_no_phone_has_reported_stands_a_dash_and_no_zero(night, desk):
    assert not_sent(desk.get(address(night))) == "–"
    a_phone(night, offset_ms=None)
    assert not_sent(desk.get(address(night))) == "–", "it was given its pack and said nothing"


def test_phones_that_said_that_nothing_waits_are_a_zero(night, desk):
    a_phone(night)
    a_phone(night, heard=5)
    assert not_sent(desk.get(address(night))) == "0"


def test_a_coordinators_desk_that_holds_nothing_says_nothing_of_the_teams_phones(night, desk):
    a_phone(night, user=night.coordinator)
    assert not_sent(desk.get(address(night))) == "–"
    assert "No phone is known yet." in desk.get(address(night, "/phones")).text
    a_phone(night, user=night.coordinator, unsent=2, oldest=5)
    assert not_sent(desk.get(address(night))) == "2 · since 20:55"
    assert len(rows_of(desk.get(address(night, "/phones")))) == 1


def test_a_zero_of_some_phones_says_of_how_many(night, desk):
    a_phone(night)
    a_phone(night, offset_ms=None)
    assert not_sent(desk.get(address(night))) == "0 1 of 2 phones"


@pytest.mark.any_database
def test_what_waits_is_the_sum_with_the_oldest(night, desk):
    a_phone(night, unsent=1, oldest=20)
    a_phone(night, unsent=2, oldest=80)
    page = desk.get(address(night))
    assert not_sent(page) == "3 · since 19:40"
    assert "until phones report" not in page.text


def test_a_silent_phone_that_holds_contacts_needs_somebody_by_word_and_shape(night, desk, post):
    post(desk, address(night, f"/teams/{night.team.uid}/check-in"), {"kind": "start"}, page=address(night))
    a_phone(night, unsent=2, oldest=80, heard=45)
    page = desk.get(address(night))
    row = re.search(r'<tr role="row" id="team-.*?</tr>', page.text, re.S)[0]
    assert 'class="needs"' in row and "icon--phone" in row
    assert "Phone silent On shift" in words(row)
    assert not_sent(page) == "2 · since 19:40 phone heard 20:15"
    assert "All well" in words(row), "she checks in as a team on shift does"
    assert "1 team with a silent phone" in page.text
    assert night.officer.name not in page.text


def test_a_commander_sees_how_many_phones_are_silent_and_no_list_of_them(night, desk, signed_in, post):
    post(desk, address(night, f"/teams/{night.team.uid}/check-in"), {"kind": "start"}, page=address(night))
    a_phone(night, unsent=2, oldest=80, heard=45)
    client = signed_in(a_user(Role.COMMANDER, operation=night.operation))
    page = client.get(address(night))
    assert "phone silent" in page.text and "/live/phones" not in page.text
    assert client.get(address(night, "/phones")).status_code == 403


def test_heartbeats_that_say_the_same_leave_the_board_as_it_is(night, desk, clock):
    key, rows = a_phone(night, unsent=1, oldest=20), address(night, "/rows")
    mark = desk.get(rows).headers["ETag"]
    for minute in range(1, 4):
        clock.shift(dt.timedelta(minutes=1))
        beats(key, heard_at=NINE + dt.timedelta(minutes=minute), offset_ms=40 * minute)
        answer = desk.get(rows, headers={"If-None-Match": mark})
        assert answer.status_code == 304 and answer.data == b""
        assert sum(len(name) + len(value) + 4 for name, value in answer.headers) < 2000


def test_a_record_that_is_sent_and_a_phone_that_falls_silent_change_the_part_that_is_asked_again(night, desk, clock):
    key, rows = a_phone(night, unsent=1, oldest=20), address(night, "/rows")
    mark = desk.get(rows).headers["ETag"]
    clock.shift(dt.timedelta(minutes=30))
    silent = desk.get(rows, headers={"If-None-Match": mark})
    assert silent.status_code == 200 and "phone heard" in silent.text and "csrf" not in silent.text
    beats(key, heard_at=NINE + dt.timedelta(minutes=30), unsent=0, oldest_at=None)
    sent = desk.get(rows, headers={"If-None-Match": silent.headers["ETag"]})
    assert sent.status_code == 200 and not_sent(sent) == "0"


def test_a_team_of_yesterday_stays_on_the_board_while_its_phone_holds_contacts(night, signed_in, clock):
    a_phone(night, unsent=1, oldest=20)
    clock.shift(dt.timedelta(days=2))
    page = signed_in(a_user(Role.OPERATION_COORDINATOR, operation=night.operation)).get(address(night))
    assert "Phone silent" in page.text
    assert not_sent(page) == "1 · since Thu 12 Oct, 20:40 phone heard Thu 12 Oct, 20:59"


# --- the list of phones -----------------------------------------------------------------------------------------------


def test_the_list_says_of_each_phone_what_it_holds_since_when_and_how_it_is(night, desk):
    ready = NINE - dt.timedelta(hours=4)
    a_phone(night, unsent=3, needs_you=1, oldest=80, heard=45, offset_ms=-12 * 60_000, ready_at=ready)
    a_phone(night, heard=2)
    a_phone(night, offset_ms=None)
    page = desk.get(address(night, "/phones"))
    assert page.status_code == 200
    full, empty, unknown = rows_of(page)
    where = f"Team 1 {night.service.name} · phone"
    assert full.startswith(f"{where} 1 3 2017-10-12 19:40 2017-10-12 20:15 Phone silent 1 12 minutes fast Passed")
    assert empty == f"{where} 2 0 – 2017-10-12 20:58 – Right not yet"
    assert unknown == f"{where} 3 – – nothing yet – – not yet"
    assert "3 contacts not sent, on 1 phone" in words(page.text)
    assert address(night, "/phones") in desk.get(address(night)).text


def test_a_ready_check_of_last_week_is_shown_with_its_day_and_not_as_passed(night, desk):
    a_phone(night, ready_at=NINE - dt.timedelta(days=7))
    assert rows_of(desk.get(address(night, "/phones")))[0].endswith("Right 2017-10-05 21:00")


def test_a_clock_ten_years_off_is_said_in_days(night, desk):
    a_phone(night, offset_ms=3653 * 24 * 3600 * 1000)
    assert "3653 days slow" in desk.get(address(night, "/phones")).text


def test_an_officer_is_named_to_the_coordinator_of_her_own_service_alone(night, desk, signed_in):
    partner = a_service("Elm Falls Police Service")
    theirs = a_user(Role.FIELD_OFFICER, partner)
    a_participation(night.operation, partner)
    joint = a_team(night.participation, theirs, name="Joint", partners=(partner.id,))
    a_phone(night)
    a_phone(night, team=joint, user=theirs)
    names = (night.officer.name, theirs.name)
    seen = {
        "operation": desk,
        "own": signed_in(night.coordinator),
        "partner": signed_in(a_user(Role.SERVICE_COORDINATOR, partner)),
    }
    pages = {who: client.get(address(night, "/phones")).text for who, client in seen.items()}
    assert [name in pages["operation"] for name in names] == [False, False]
    assert [name in pages["own"] for name in names] == [True, False]
    assert [name in pages["partner"] for name in names] == [False, True]


def test_a_service_coordinator_sees_phones_of_her_teams_and_of_no_other(night, signed_in):
    other = a_participation(night.operation)
    officer = a_user(Role.FIELD_OFFICER, a_service())
    a_phone(night)
    a_phone(night, team=a_team(other, officer, name="Theirs"), user=officer)
    page = signed_in(night.coordinator).get(address(night, "/phones"))
    assert "Team 1" in page.text and "Theirs" not in page.text


def test_phones_of_operations_under_it_stand_in_the_list_above(app, clock, signed_in):
    above = an_operation("ABOVE")
    below = a_night(operation=an_operation("WITHIN", parent=above))
    a_phone(below, unsent=1, oldest=5)
    page = signed_in(a_user(Role.OPERATION_COORDINATOR, operation=above)).get("/operations/ABOVE/live/phones")
    assert "WITHIN" in page.text and "1 contact not sent" in page.text


def test_without_phones_the_list_says_what_brings_one(night, desk):
    assert "No phone is known yet." in desk.get(address(night, "/phones")).text


@pytest.mark.parametrize("role", [Role.FIELD_OFFICER, Role.LIAISON, Role.ANALYST])
def test_others_see_no_list(night, signed_in, role):
    service = night.service if role == Role.FIELD_OFFICER else night.agency if role == Role.LIAISON else None
    assert signed_in(a_user(role, service)).get(address(night, "/phones")).status_code == 403


def test_a_foreign_operation_answers_as_one_that_does_not_exist(night, signed_in):
    client = signed_in(a_user(Role.OPERATION_COORDINATOR, operation=an_operation("ELSEWHERE")))
    answers = [client.get(url) for url in (address(night, "/phones"), "/operations/NO-SUCH/live/phones")]
    faces = [re.sub(r'name="csrf_token" value="[^"]*"', "", answer.text) for answer in answers]
    assert [answer.status_code for answer in answers] == [404, 404] and faces[0] == faces[1]
