"""The calendar feed, read by a second parser: right times, stable entries, nothing said; dead links and guesses."""

import datetime as dt
import re

import icalendar
import pytest
import time_machine
import vobject

from outreach.field import calendar, roster_commands
from outreach.plan import shift_commands
from outreach.plan.shift_rules import ShiftDraft
from outreach.storage import db, writing
from outreach.storage.queries import shifts
from outreach.storage.tables import SignInFailure, TeamMember, User
from outreach.storage.types import utc_now
from outreach.vocab import Role
from outreach.web import throttle
from tests.factories import a_shift, a_user
from tests.field.factories import a_night, actor_of
from tests.field.sealed import end_account

NOON = dt.datetime(2017, 10, 12, 16, 0, tzinfo=dt.UTC)
SIX = NOON + dt.timedelta(hours=6)  # 18:00 in Toronto


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def night(app, clock):
    found = a_night()
    found.planner = a_user(Role.OPERATION_COORDINATOR, operation=found.operation)
    return found


@pytest.fixture
def link(night):
    with writing():
        return f"/calendar/{roster_commands.make_calendar_link(actor_of(night.officer))}.ics"


def events(answer):
    """The entries as the second parser reads them; the first must agree."""
    assert answer.status_code == 200
    read = vobject.readOne(answer.get_data(as_text=True))
    first = icalendar.Calendar.from_ical(answer.data)
    found = list(read.contents.get("vevent", []))
    assert [str(e["UID"]) for e in first.walk("VEVENT")] == [e.uid.value for e in found]
    assert [e["DTSTART"].dt for e in first.walk("VEVENT")] == [e.dtstart.value for e in found]
    return found


def change(night, uid, **changed):
    row = shifts.shift(uid)
    draft = {name: getattr(row, name) for name in ("starts_at", "ends_at", "place", "channel", "places", "crew")}
    with writing():
        shift_commands.change_shift(
            actor_of(night.planner), night.operation, row, ShiftDraft(**draft | changed), row.version
        )
        shift_commands.publish(actor_of(night.planner), night.operation, [night.service.id])


def test_a_shift_is_an_entry_with_its_times_and_nothing_else(night, link, client):
    shift = a_shift(night.team, SIX, published=True, place="Riverside", channel="Tac 4")
    answer = client.get(link)
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store" and "Set-Cookie" not in answer.headers
    (event,) = events(answer)
    assert event.uid.value == shift.uid and event.summary.value == "Shift"
    assert (event.dtstart.value, event.dtend.value) == (SIX, SIX + dt.timedelta(hours=8))
    assert event.contents["class"][0].value == "PRIVATE" and event.status.value == "CONFIRMED"
    assert set(event.contents) == {
        "uid", "summary", "dtstart", "dtend", "dtstamp", "last-modified", "sequence", "status", "class", "transp",
    }  # fmt: skip
    names = (night.operation.name, night.operation.code, night.service.name, "Team 1", "Riverside", "Tac 4")
    for secret in (*names, night.officer.name, night.officer.email):
        assert secret not in answer.text


def test_the_word_is_in_the_language_of_its_owner(night, link, client):
    a_shift(night.team, SIX, published=True)
    with writing():
        db.session.get(User, night.officer.id).language = "fr"
    (event,) = events(client.get(link))
    assert event.summary.value == "Quart"


def test_lines_end_as_the_standard_says_and_are_folded(night, link, client):
    for day in range(3):
        a_shift(night.team, SIX + dt.timedelta(days=day), published=True)
    data = client.get(link).data
    assert data.endswith(b"\r\n") and b"\n" not in data.replace(b"\r\n", b"")
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    long = calendar.calendar_of([calendar.Entry("u" * 120, SIX, SIX, 0, SIX)], "Quart " * 20)
    assert b"\r\n " in long and all(len(line) <= 75 for line in long.split(b"\r\n"))


def test_the_night_on_which_clocks_change_is_nine_hours_long(night, link, client):
    starts = dt.datetime(2017, 11, 4, 22, 0, tzinfo=dt.UTC)  # 18:00 before, 02:00 after the clocks went back
    a_shift(night.team, starts, 9, published=True)
    (event,) = events(client.get(link))
    assert event.dtend.value - event.dtstart.value == dt.timedelta(hours=9)
    assert event.dtstart.value.utcoffset() == dt.timedelta() and event.dtstart.value == starts


def test_a_changed_shift_is_the_same_entry_with_a_higher_number(night, link, client, clock):
    shift = a_shift(night.team, SIX, published=True)
    (before,) = events(client.get(link))
    clock.shift(60)
    change(night, shift.uid, starts_at=SIX + dt.timedelta(hours=2))
    (after,) = events(client.get(link))
    assert after.uid.value == before.uid.value and after.dtstart.value == SIX + dt.timedelta(hours=2)
    assert int(after.sequence.value) > int(before.sequence.value)
    assert after.contents["last-modified"][0].value - before.contents["last-modified"][0].value == dt.timedelta(
        minutes=1
    )


def test_a_cancelled_shift_stays_as_cancelled(night, link, client, clock):
    shift = a_shift(night.team, SIX, published=True)
    (before,) = events(client.get(link))
    clock.shift(60)
    with writing():
        shift_commands.cancel_shift(actor_of(night.planner), night.operation, shifts.shift(shift.uid))
        shift_commands.publish(actor_of(night.planner), night.operation, [night.service.id])
    (after,) = events(client.get(link))
    assert (after.uid.value, after.status.value, after.dtstart.value) == (shift.uid, "CANCELLED", SIX)
    assert int(after.sequence.value) > int(before.sequence.value)


@pytest.mark.any_database
def test_a_shift_of_a_team_that_she_left_is_cancelled_for_her_and_back_when_she_is(night, link, client, clock):
    a_shift(night.team, SIX, published=True)
    numbers = [int(events(client.get(link))[0].sequence.value)]
    clock.shift(60)
    with writing():
        member = db.session.query(TeamMember).filter_by(team_id=night.team.id).one()
        member.superseded_at = utc_now()
        staff = member.staff_id
    clock.shift(60)
    (gone,) = events(client.get(link))
    assert gone.status.value == "CANCELLED"
    numbers.append(int(gone.sequence.value))
    with writing():
        db.session.add(TeamMember(team_id=night.team.id, staff_id=staff, category="police", recorded_at=utc_now()))
    clock.shift(60)
    (back,) = events(client.get(link))
    assert back.status.value == "CONFIRMED"
    assert [*numbers, int(back.sequence.value)] == sorted({*numbers, int(back.sequence.value)})


def test_what_was_never_hers_is_not_in_it(night, link, client, clock):
    a_shift(night.team, SIX)
    a_shift(night.team, SIX, published=True, crew=[999_999])
    a_shift(night.team, SIX, published=True, cancelled=True)
    a_shift(night.team, SIX - dt.timedelta(days=90), published=True)
    assert events(client.get(link)) == []


# --- dead links -------------------------------------------------------------------------------------------------------


def dead(client, address):
    """Whether the address answers as one that does not exist; its status and page without one-time tokens."""
    answers = [client.get(address), client.get("/no/such/page")]
    pages = [(a.status_code, re.sub(r'name="csrf_token" value="[^"]*"', "", a.text)) for a in answers]
    return pages[0][0] == 404 and pages[0] == pages[1]


def test_a_link_is_dead_at_the_next_request_after_it_was_stopped(night, link, client):
    assert client.get(link).status_code == 200
    with writing():
        roster_commands.revoke_calendar_link(actor_of(night.officer))
    assert dead(client, link)


def test_a_link_of_a_disabled_account_or_one_without_a_role_is_dead_at_once(night, link, client):
    end_account(night.officer)
    assert dead(client, link)
    with writing():
        db.session.get(User, night.officer.id).active = True
    assert client.get(link).status_code == 200
    with writing():
        db.session.get(User, night.officer.id).roles.clear()
    assert dead(client, link)


@pytest.mark.parametrize("token", ["x", "A" * 43, "é", "%00", "." * 20, "a" * 4000, "..%2F..%2Fpeople"])
def test_a_guessed_link_is_a_page_that_does_not_exist(night, client, token):
    assert client.get(f"/calendar/{token}.ics").status_code == 404


def test_guesses_are_counted_and_then_told_to_wait_and_shut_nobody_else_out(night, link, client, signed_in):
    for number in range(throttle.ADDRESS_FAILURES):
        assert client.get(f"/calendar/guess-{number}.ics").status_code == 404
    assert client.get("/calendar/one-more.ics").status_code == 429
    assert db.session.query(SignInFailure).count() == throttle.ADDRESS_FAILURES
    assert client.get(link).status_code == 200, "many people's calendars are fetched from one address"
    signed_in(night.officer)


def test_the_right_link_writes_nothing_and_may_be_read_as_often_as_a_calendar_likes(night, link, client):
    for _ in range(throttle.ADDRESS_FAILURES + 5):
        assert client.get(link).status_code == 200
    assert db.session.query(SignInFailure).count() == 0


def test_the_wait_after_guessing_ends(night, client, clock):
    for number in range(throttle.ADDRESS_FAILURES):
        client.get(f"/calendar/guess-{number}.ics")
    clock.shift(throttle.WITHIN + dt.timedelta(minutes=1))
    assert client.get("/calendar/one-more.ics").status_code == 404
