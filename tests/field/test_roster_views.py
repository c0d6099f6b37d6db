"""My shift with a published roster, what changed since one looked, checking in, and the calendar's link."""

import datetime as dt
import re

import pytest
import time_machine

from outreach.errors import Invalid, NotAllowed
from outreach.field import check_in_commands, roster_commands, roster_rules
from outreach.plan import shift_commands
from outreach.plan.shift_rules import ShiftDraft
from outreach.storage import db, writing
from outreach.storage.queries import roster as rows
from outreach.storage.queries import shifts
from outreach.storage.tables import AuditEntry, CalendarLink, CheckIn, RosterSeen, ShiftVersion, Staff, TeamMember
from outreach.storage.types import utc_now
from outreach.vocab import Role
from tests.conftest import token_of
from tests.factories import a_participation, a_service, a_shift, a_team, a_user
from tests.field.factories import a_night, actor_of

NOON = dt.datetime(2017, 10, 12, 16, 0, tzinfo=dt.UTC)  # in Toronto
SIX = NOON + dt.timedelta(hours=6)


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
def phone(night, signed_in):
    return signed_in(night.officer)


def planned(night, starts_at=SIX, hours=8, **more):
    return a_shift(night.team, starts_at, hours, published=True, **more)


def replan(night, shift, **changed):
    """Change a shift and publish it, as a coordinator does."""
    shift = shifts.shift(shift.uid)
    draft = {name: getattr(shift, name) for name in ("starts_at", "ends_at", "place", "channel", "places", "crew")}
    planner = actor_of(night.planner)
    with writing():
        shift_commands.change_shift(planner, night.operation, shift, ShiftDraft(**draft | changed), shift.version)
    publish(night)


def publish(night):
    with writing():
        shift_commands.publish(actor_of(night.planner), night.operation, [night.service.id])


def press(client, url, page="/field", **fields):
    return client.post(url, data={**fields, "csrf_token": token_of(client.get(page))})


def seen(client):
    page = client.get("/field")
    until = re.search(r'name="until" value="([^"]*)"', page.text)[1]
    return press(client, "/field/roster/seen", until=until)


def notice(client, path="/field"):
    page = client.get(path).text
    found = re.search(r'<div class="notice notice--over" role="status">(.*?)</form>', page, re.S)
    return found and re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", found[1])).strip()


def all_of(table):
    db.session.expire_all()
    return db.session.query(table).order_by(table.id).all()


# --- the roster -------------------------------------------------------------------------------------------------------


@pytest.mark.any_database
def test_my_shift_says_when_where_on_which_channel_and_with_whom(night, phone):
    partner = a_user(Role.FIELD_OFFICER, night.service)
    staff = Staff(service_id=night.service.id, name=partner.name, name_key="p", category="police", user_id=partner.id)
    with writing():
        db.session.add(staff)
        db.session.flush()
        member = TeamMember(team_id=night.team.id, staff_id=staff.id, category="police", recorded_at=NOON, is_lead=True)
        db.session.add(member)
    planned(night, place="Riverside", channel="Tac 4")
    for path in ("/field", "/field/roster"):
        page = phone.get(path).text
        for words in ("18:00–02:00", "Thu 12 Oct", "America/Toronto", "Riverside", "Tac 4", f"{partner.name} (leads)"):
            assert words in page, f"{path} does not say {words}"
        assert f">{night.officer.name}," not in page
    assert "Next shift" in phone.get("/field").text


def test_the_shift_that_is_on_says_so(night, phone, clock):
    planned(night)
    clock.move_to(SIX + dt.timedelta(minutes=20))
    assert "On now" in phone.get("/field").text


def test_a_draft_is_on_nobodys_roster_and_another_teams_shift_neither(night, phone):
    a_shift(night.team, SIX, place="Draft Street")
    other = a_team(night.participation, name="Team 2")
    a_shift(other, SIX, published=True, place="Elsewhere Street")
    page = phone.get("/field/roster").text
    assert "Draft Street" not in page and "Elsewhere Street" not in page
    assert "No shift of yours is published" in page


def test_a_crew_that_leaves_her_out_is_not_her_shift(night, phone):
    planned(night, crew=[999_999], place="Not hers")
    assert "Not hers" not in phone.get("/field/roster").text


def test_the_team_whose_published_shift_is_on_is_the_one_to_log_for(night, signed_in, clock):
    second = a_team(night.participation, name="Night team")
    staff = db.session.query(Staff).filter_by(user_id=night.officer.id).one()
    with writing():
        db.session.add(TeamMember(team_id=second.id, staff_id=staff.id, category="police", recorded_at=NOON))
    planned(night)
    a_shift(second, SIX + dt.timedelta(hours=8), 4, published=True)
    for hours, name in ((1, "Team 1"), (9, "Night team")):
        clock.move_to(SIX + dt.timedelta(hours=hours))
        page = signed_in(night.officer).get("/field").text
        assert re.search(rf'<h1 id="question">{name}</h1>', page), name
    assert f'name="team" value="{second.uid}"' in page


def test_the_night_on_which_clocks_change_is_said_in_local_time(night, signed_in, clock):
    starts = dt.datetime(2017, 11, 4, 22, 0, tzinfo=dt.UTC)  # 18:00, and nine hours until 02:00
    planned(night, starts, 9)
    clock.move_to(starts - dt.timedelta(hours=1))
    assert "18:00–02:00" in signed_in(night.officer).get("/field/roster").text


# --- what changed -----------------------------------------------------------------------------------------------------


def test_a_roster_never_seen_is_told_once_she_says_she_saw_it_no_more(night, phone, clock):
    planned(night)
    assert "Your roster is published: 1 shift." in notice(phone)
    clock.shift(60)
    assert seen(phone).location.endswith("/field/roster")
    assert notice(phone) is None and notice(phone, "/field/roster") is None


def test_looking_at_the_roster_alone_marks_nothing(night, phone):
    planned(night)
    phone.get("/field/roster")
    assert all_of(RosterSeen) == [] and notice(phone) is not None


@pytest.mark.any_database
def test_what_changed_since_she_looked_is_said_as_it_is_and_was(night, phone, clock):
    moved = planned(night)
    dropped = planned(night, SIX + dt.timedelta(days=1))
    placed = planned(night, SIX + dt.timedelta(days=2), place="Harbour", channel="Tac 1")
    clock.shift(60)
    seen(phone)
    clock.shift(60)
    replan(night, moved, starts_at=SIX + dt.timedelta(hours=2))
    with writing():
        shift_commands.cancel_shift(actor_of(night.planner), night.operation, shifts.shift(dropped.uid))
    replan(night, placed, place="Riverside", channel="Tac 4")
    a_shift(night.team, SIX + dt.timedelta(days=3), published=True)
    clock.shift(60)
    said = notice(phone)
    assert "Your roster has changed: 4 shifts." in said
    assert "Thu 12 Oct: now 20:00–02:00 (was 18:00–02:00)" in said
    assert "Fri 13 Oct: cancelled (was 18:00–02:00)" in said
    assert "Sat 14 Oct: 18:00–02:00, place now Riverside, channel now Tac 4" in said
    assert "Sun 15 Oct: new, 18:00–02:00" in said
    seen(phone)
    assert notice(phone) is None


def test_a_draft_changes_no_notice(night, phone, clock):
    shift = planned(night)
    clock.shift(60)
    seen(phone)
    clock.shift(60)
    row = shifts.shift(shift.uid)
    draft = ShiftDraft(SIX + dt.timedelta(hours=1), row.ends_at, "", "", None, None)
    with writing():
        shift_commands.change_shift(actor_of(night.planner), night.operation, row, draft, row.version)
    assert notice(phone) is None and "18:00–02:00" in phone.get("/field").text


def test_what_is_published_while_she_reads_is_told_after_she_says_she_saw(night, phone, clock):
    shift = planned(night)
    clock.shift(60)
    page = phone.get("/field").text
    until = re.search(r'name="until" value="([^"]*)"', page)[1]
    clock.shift(60)
    replan(night, shift, starts_at=SIX + dt.timedelta(hours=2))
    clock.shift(60)
    press(phone, "/field/roster/seen", until=until)
    assert "now 20:00–02:00 (was 18:00–02:00)" in notice(phone)


@pytest.mark.parametrize("until", ["", "2099-01-01T00:00:00+00:00", "nonsense", "9" * 400, "0001-01-01T00:00:00+23:59"])
def test_whatever_is_sent_as_the_moment_it_is_never_later_than_now(night, phone, until):
    planned(night)
    assert press(phone, "/field/roster/seen", until=until).status_code == 303
    assert all(row.seen_at <= utc_now() for row in all_of(RosterSeen))


def test_leaving_a_team_takes_its_shifts_from_her_roster_and_says_so(night, phone, clock):
    planned(night)
    clock.shift(60)
    seen(phone)
    clock.shift(60)
    with writing():
        db.session.query(TeamMember).filter_by(team_id=night.team.id).one().superseded_at = utc_now()
    assert "cancelled (was 18:00–02:00)" in notice(phone)
    assert "No shift of yours is published" in phone.get("/field/roster").text


def test_what_is_over_is_no_change_any_more(night, phone, clock, signed_in):
    shift = planned(night)
    clock.shift(60)
    seen(phone)
    clock.shift(60)
    replan(night, shift, starts_at=SIX + dt.timedelta(hours=2))
    clock.move_to(SIX + dt.timedelta(hours=9))
    assert notice(signed_in(night.officer)) is None


def test_the_roster_is_said_in_french(night, phone, clock):
    shift = planned(night)
    clock.shift(60)
    seen(phone)
    clock.shift(60)
    replan(night, shift, starts_at=SIX + dt.timedelta(hours=2))
    press(phone, "/language", "/account", lang="fr", next="/")
    assert "jeu. 12 oct. : maintenant 20 h 00–02 h 00 (c’était 18 h 00–02 h 00)" in notice(phone)


# --- checking in ------------------------------------------------------------------------------------------------------


@pytest.mark.any_database
def test_a_tap_checks_the_team_in_and_a_second_tap_is_the_same(night, phone, clock):
    planned(night)
    clock.move_to(SIX)
    for _ in range(2):
        assert press(phone, "/field/check-in", team=night.team.uid, kind="start").status_code == 303
        clock.shift(20)
    (row,) = all_of(CheckIn)
    assert (row.kind, row.at, row.by_id, row.by_radio) == ("start", SIX, night.officer.id, False)
    page = phone.get("/field").text
    assert "Checked in at 18:00: Shift started." in page and "The next one is due by 20:00." in page
    (entry,) = [e for e in all_of(AuditEntry) if e.tag == "field.check_in.record"]
    assert (entry.object_id, entry.details) == (night.team.uid, {"state": "start", "by_radio": False})


def test_another_kind_or_another_minute_is_another_check_in(night, clock):
    officer = actor_of(night.officer)
    for kind, seconds in (("start", 10), ("well", 10), ("start", 61), ("start", 0)):
        with writing():
            check_in_commands.check_in(officer, night.place, kind)
        clock.shift(seconds)
    assert [row.kind for row in all_of(CheckIn)] == ["start", "well", "start", "start"]


def test_a_late_team_reads_since_when(night, signed_in, clock):
    planned(night)
    clock.move_to(SIX)
    press(signed_in(night.officer), "/field/check-in", team=night.team.uid, kind="start")
    clock.move_to(SIX + dt.timedelta(hours=2, minutes=10))
    page = signed_in(night.officer).get("/field").text
    assert "A check-in was due at 20:00." in page and "All well" in page


def test_nobody_checks_in_for_a_team_of_others(night, clock):
    other = a_user(Role.FIELD_OFFICER, night.service)
    foreign = a_user(Role.SERVICE_COORDINATOR, a_service())
    a_participation(night.operation, db.session.get(type(night.service), foreign.roles[0].service_id))
    for user in (other, foreign, a_user(Role.COMMANDER, operation=night.operation), a_user(Role.ADMINISTRATOR)):
        with writing(), pytest.raises(NotAllowed):
            check_in_commands.check_in(actor_of(user), night.place, "well")
    assert all_of(CheckIn) == []


def test_a_check_in_is_of_a_known_kind(night, phone):
    with writing(), pytest.raises(Invalid):
        check_in_commands.check_in(actor_of(night.officer), night.place, "lost")
    assert press(phone, "/field/check-in", team=night.team.uid, kind="lost").status_code == 303
    assert all_of(CheckIn) == []


def test_only_the_operation_coordinator_says_how_long_silence_may_last(night):
    for user in (night.coordinator, night.officer):
        with writing(), pytest.raises(NotAllowed):
            check_in_commands.set_check_in_minutes(actor_of(user), night.operation, "30")
    with writing():
        assert check_in_commands.set_check_in_minutes(actor_of(night.planner), night.operation, "30")
    with writing():
        assert not check_in_commands.set_check_in_minutes(actor_of(night.planner), night.operation, "30")
    entries = [e for e in all_of(AuditEntry) if e.tag == "plan.operation.change"]
    assert [e.details for e in entries] == [{"fields": ["check_in_minutes"]}]


# --- the link of the calendar -----------------------------------------------------------------------------------------


def test_the_link_is_shown_once_and_only_its_hash_is_kept(app, night, phone):
    answer = press(phone, "/field/roster/calendar", "/field/roster")
    link = re.search(r'value="(http://[^"]*\.ics)"', answer.text)[1]
    token = link.rsplit("/", 1)[1].removesuffix(".ics")
    assert answer.headers["Cache-Control"] == "no-store" and len(token) >= 43
    assert token not in phone.get("/field/roster").text
    (row,) = all_of(CalendarLink)
    assert row.token_hash != token and row.user_id == night.officer.id
    assert token.encode() not in app.config["OUTREACH"].sqlite_file.read_bytes()


@pytest.mark.any_database
def test_a_new_link_stops_the_old_one_and_stopping_stops_it(night, phone):
    officer = actor_of(night.officer)
    with writing():
        old = roster_commands.make_calendar_link(officer)
    with writing():
        new = roster_commands.make_calendar_link(officer)
    assert phone.get(f"/calendar/{old}.ics").status_code == 404
    assert phone.get(f"/calendar/{new}.ics").status_code == 200
    assert press(phone, "/field/roster/calendar/stop", "/field/roster").status_code == 303
    assert phone.get(f"/calendar/{new}.ics").status_code == 404
    tags = [e.tag for e in all_of(AuditEntry) if e.tag.startswith("field.calendar")]
    assert tags == ["field.calendar.make", "field.calendar.make", "field.calendar.revoke"]


def test_who_has_no_shifts_here_makes_no_link(night):
    for user in (night.planner, a_user(Role.ADMINISTRATOR)):
        with writing(), pytest.raises(NotAllowed):
            roster_commands.make_calendar_link(actor_of(user))
    assert all_of(CalendarLink) == []


def test_published_versions_are_read_as_they_stand(night):
    planned(night, place="Riverside")
    (version,) = rows.published_near(night.officer.id, NOON)
    assert (version.place, version.cancelled, version.crew) == ("Riverside", False, None)
    mine = roster_rules.Mine(rows.memberships(night.officer.id))
    assert roster_rules.shifts_now([version], mine, utc_now()) == [version]
    assert len(all_of(ShiftVersion)) == 1
