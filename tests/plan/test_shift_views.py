"""Pages of shifts: the grid, one shift, all days of a team, copying, publishing, taking back; who sees what of them."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from sqlalchemy import select

from outreach.storage import db
from outreach.storage.queries import shift_history, shifts
from outreach.storage.tables import AuditEntry
from outreach.storage.types import micros
from outreach.vocab import OperationStatus, Role
from tests.factories import a_participation, a_service, a_shift, a_team, a_user, an_operation

EVENING = dt.datetime(2017, 10, 10, 22, tzinfo=dt.UTC)  # 18:00 in Toronto


def _page(answer: Any) -> str:
    return re.sub(r'(name="csrf_token" value=")[^"]+', r"\1", answer.text)


def _standing(plan: Any) -> list[str]:
    """Team and local hours of every shift that is not cancelled, in order."""
    rows = [row for row in shifts.shifts_of(plan.operation.id) if not row.cancelled]
    return [f"{row.team_name} {row.starts_at:%m-%d %H:%M}-{row.ends_at:%H:%M}" for row in rows]


@pytest.fixture
def plan(app: Any) -> Any:
    """An operation of two services with a team each; the first team has a shift on its first evening."""

    class Plan:
        operation = an_operation("OP-1", status=OperationStatus.PLANNED)
        service = a_service("Windsor Police Service")
        other = a_service("LaSalle Police Service")
        taking_part = a_participation(operation, service)
        theirs = a_participation(operation, other)
        member = a_user(Role.FIELD_OFFICER, service)
        team = a_team(taking_part, member, name="Team 1")
        second = a_team(taking_part, name="Team 2")
        foreign = a_team(theirs, name="Team 7")
        shift = a_shift(team, EVENING, places=2, place="Corner of King and Queen")
        far = a_shift(foreign, EVENING)
        coordinator = a_user(Role.SERVICE_COORDINATOR, service)
        planner = a_user(Role.OPERATION_COORDINATOR)
        url = "/operations/OP-1/plan/shifts"
        one = f"/operations/OP-1/plan/shifts/{shift.uid}"
        new = f"/operations/OP-1/plan/teams/{team.id}/shifts/new"
        days = f"/operations/OP-1/plan/teams/{team.id}/shifts"

    return Plan


FIELDS = {"starts_on": "2017-10-11", "starts_at": "18:00", "ends_at": "02:00", "places": "3", "who": "everyone"}


# --- the grid ---------------------------------------------------------------------------------------------------------


def test_the_grid_shows_hours_and_staff_and_what_is_unfilled(plan: Any, signed_in: Any) -> None:
    page = signed_in(plan.planner).get(plan.url).text
    assert "1 place unfilled" in page
    assert re.search(r'class="d s">18:00–02:00 <b>1/2</b><i>draft, places unfilled</i>', page)
    assert page.count('role="columnheader"') == 8 and page.count('role="rowheader"') == 3
    assert "Corner of King" not in page, "the grid says no place"


def test_a_service_coordinator_sees_the_rows_of_her_own_service_alone(plan: Any, signed_in: Any) -> None:
    own = signed_in(plan.coordinator).get(plan.url).text
    assert "Team 1" in own and "Team 7" not in own and "LaSalle" not in own
    assert "LaSalle" not in signed_in(plan.coordinator).get(f"{plan.url}?service={plan.other.id}").text
    for page in ("/publish", "/changes", "/copy-day", "/evening", "?problems=all"):
        assert "LaSalle" not in signed_in(plan.coordinator).get(plan.url + page).text


def test_the_grid_is_filtered_by_service_and_words_in_its_address(plan: Any, signed_in: Any) -> None:
    client = signed_in(plan.planner)
    assert "Team 7" not in client.get(f"{plan.url}?service={plan.service.id}").text.split("<tbody")[1]
    assert "Team 1<" not in client.get(f"{plan.url}?q=lasalle").text.split("<tbody")[1]
    assert "No team has these words." in client.get(f"{plan.url}?q=nothing+of+the+kind").text
    for odd in ("?first=nonsense", "?page=999", "?service=x&page=-1", "?first=2017-10-30", "?page=99999999999999"):
        assert client.get(plan.url + odd).status_code == 200, odd


def test_a_long_window_is_shown_fourteen_days_at_a_time(plan: Any, signed_in: Any) -> None:
    long = an_operation("LONG", days=30)
    a_team(a_participation(long, plan.service), name="Team L")
    client = signed_in(plan.planner)
    first = client.get("/operations/LONG/plan/shifts").text
    assert first.count('role="columnheader"') == 15 and "Later days" in first and "Earlier days" not in first
    later = client.get("/operations/LONG/plan/shifts?first=2017-10-24").text
    assert "Earlier days" in later and 'data-day="2017-10-24"' in later


def test_an_officer_finds_no_plan(plan: Any, signed_in: Any) -> None:
    client = signed_in(plan.member)
    missing = _page(client.get("/operations/NONE/plan/shifts"))
    for url in (plan.one, plan.new, plan.days):
        answer = client.get(url)
        assert answer.status_code == 404 and _page(answer) == missing


def test_shifts_of_another_service_answer_like_none(plan: Any, signed_in: Any, post: Any) -> None:
    client = signed_in(plan.coordinator)
    missing = client.get(f"{plan.url}/no-such-shift")
    assert missing.status_code == 404
    for uid in (plan.far.uid, plan.far.shift_id, 999999, "²"):
        answer = client.get(f"{plan.url}/{uid}")
        assert answer.status_code == 404 and _page(answer) == _page(missing)
        assert post(client, f"{plan.url}/{uid}/cancel").status_code == 404
    foreign = f"/operations/OP-1/plan/teams/{plan.foreign.id}/shifts"
    assert client.get(foreign).status_code == post(client, foreign + "/new", FIELDS).status_code == 404
    copied = post(client, plan.days + "/copy", {"shift": plan.far.shift_id, "day": "2017-10-12"})
    assert copied.status_code == 303 and "No shift is copied" in client.get(plan.url).text
    assert post(client, plan.url + "/publish", {"services": plan.other.id}).status_code == 403
    assert len(_standing(plan)) == 2


# --- one shift --------------------------------------------------------------------------------------------------------


def test_a_shift_is_added_over_midnight_in_local_time(plan: Any, signed_in: Any, post: Any) -> None:
    client = signed_in(plan.coordinator)
    assert 'value="2017-10-11"' in client.get(plan.new + "?day=2017-10-11").text
    answer = post(client, plan.new, FIELDS)
    assert answer.status_code == 303 and answer.location.endswith(f"#t{plan.team.id}")
    assert "Team 1 10-11 22:00-06:00" in _standing(plan)
    page = client.get(plan.url).text
    assert "The shift is added." in page and "/shifts/undo" in page
    assert client.get(plan.new + "?day=the+day+after").status_code == 200


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"starts_on": ""}, "Enter the day on which the shift starts."),
        ({"starts_on": "11/10/2017"}, "is not a day. Write it as 2017-10-18."),
        ({"starts_at": ""}, "Enter when the shift starts."),
        ({"ends_at": ""}, "Enter when the shift ends."),
        ({"ends_at": "26:00"}, "is not a time"),
        ({"ends_at": "17:00"}, "lasts longer than 16 hours"),
        ({"starts_on": "2017-10-10", "starts_at": "20:00"}, "has a shift from 18:00 to 02:00 already"),
        ({"starts_on": "2018-03-11", "starts_at": "02:30", "ends_at": "08:00"}, "the clocks skip 02:30"),
        ({"starts_on": "2018-03-10", "starts_at": "20:00", "ends_at": "02:15"}, "the clocks skip 02:15"),
        ({"starts_on": "2071-10-11"}, "Check the year."),
        ({"places": "0"}, "Enter a whole number from 1 to 99"),
        ({"places": "-3"}, "Enter a whole number from 1 to 99"),
        ({"places": "many"}, "Enter a whole number from 1 to 99"),
        ({"who": "chosen"}, "Tick at least one member"),
        ({"who": "chosen", "crew": "99999"}, "Choose people who are in the team now."),
        ({"place": "x" * 300}, "Write 120 characters or fewer."),
    ],
)
def test_a_wrong_shift_is_refused_at_its_field_and_what_was_typed_stays(
    plan: Any, signed_in: Any, post: Any, wrong: dict[str, str], words: str
) -> None:
    client = signed_in(plan.coordinator)
    answer = post(client, plan.new, {**FIELDS, "channel": "Kept channel", **wrong})
    assert answer.status_code == 422 and "<title>Error:" in answer.text
    assert words in answer.text.replace("&#39;", "'") and "Kept channel" in answer.text
    assert len(_standing(plan)) == 2


def test_an_hour_that_the_clocks_show_twice_is_the_earlier_and_said(plan: Any, signed_in: Any, post: Any) -> None:
    client = signed_in(plan.coordinator)
    fields = {**FIELDS, "starts_on": "2017-11-04", "ends_at": "01:30"}
    assert post(client, plan.new, fields).status_code == 303
    assert "Team 1 11-04 22:00-05:30" in _standing(plan)
    page = client.get(plan.url).text
    assert "On 2017-11-05 the clocks show 01:30 twice. The earlier one is taken." in page


def test_a_shift_is_changed_and_two_people_do_not_overwrite_each_other(plan: Any, signed_in: Any, post: Any) -> None:
    client = signed_in(plan.coordinator)
    fields = {**FIELDS, "starts_on": "2017-10-10", "version": "1"}
    assert post(client, plan.one, {**fields, "places": "4"}).status_code == 303
    late = post(client, plan.one, {**fields, "places": "5"})
    assert late.status_code == 409 and "Somebody else changed this" in late.text
    assert re.search(r"People needed</th><td>4</td><td>5</td>", late.text)
    assert shifts.shift(plan.shift.uid).places == 4
    version = re.search(r'name="version"[^>]*value="(\d+)"', late.text).group(1)
    assert post(client, plan.one, {**fields, "places": "5", "version": version}).status_code == 303


def test_a_shift_is_found_by_its_number_and_by_its_uid(plan: Any, signed_in: Any) -> None:
    client = signed_in(plan.coordinator)
    assert "Corner of King" in client.get(plan.one).text
    assert "Corner of King" in client.get(f"{plan.url}/{plan.shift.shift_id}").text


def test_a_shift_is_cancelled_and_set_up_again(plan: Any, signed_in: Any, post: Any) -> None:
    client = signed_in(plan.coordinator)
    assert post(client, plan.one + "/cancel").status_code == 303
    assert shifts.shift(plan.shift.uid).cancelled
    assert "This shift is cancelled." in client.get(plan.one).text
    assert post(client, plan.one, {**FIELDS, "version": "2"}).status_code == 409
    post(client, plan.one + "/cancel", {"again": "1"})
    assert not shifts.shift(plan.shift.uid).cancelled


def test_an_archived_plan_is_read_and_not_changed(plan: Any, signed_in: Any, post: Any) -> None:
    old = an_operation("OLD", status=OperationStatus.ARCHIVED)
    kept = a_shift(a_team(a_participation(old, plan.service), name="Team old"), EVENING)
    client = signed_in(plan.coordinator)
    assert client.get("/operations/OLD/plan/shifts").status_code == 200
    page = client.get(f"/operations/OLD/plan/shifts/{kept.uid}").text
    assert "18:00" in page and "Save the shift" not in page
    assert post(client, f"/operations/OLD/plan/shifts/{kept.uid}/cancel").status_code == 403


# --- all days of a team -----------------------------------------------------------------------------------------------


def _rows(plan: Any, **more: str) -> dict[str, str]:
    key = f"s{plan.shift.shift_id}-"
    stands = {"version": "1", "starts_at": "18:00", "ends_at": "02:00", "places": "2"}
    return {key + name: value for name, value in {**stands, "place": plan.shift.place}.items()} | more


def test_every_day_of_a_team_is_saved_at_once_and_taken_back_at_once(plan: Any, signed_in: Any, post: Any) -> None:
    client = signed_in(plan.coordinator)
    assert client.get(plan.days).text.count('role="rowheader"') == 7
    fields = _rows(plan)
    for day in (11, 12, 13):
        fields |= {f"201710{day}-starts_at": "20:00", f"201710{day}-ends_at": "04:00", f"201710{day}-places": "2"}
    fields[f"s{plan.shift.shift_id}-starts_at"] = "19:00"
    assert post(client, plan.days, fields).status_code == 303
    assert _standing(plan)[0] == "Team 1 10-10 23:00-06:00" or "Team 1 10-10 23:00-06:00" in _standing(plan)
    assert len(_standing(plan)) == 5 and "4 shifts are saved." in client.get(plan.url).text
    at = shift_history.latest(plan.operation.id, [plan.service.id])
    assert post(client, plan.url + "/undo", {"at": micros(at)}).status_code == 303
    assert "Team 1 10-10 22:00-06:00" in _standing(plan) and len(_standing(plan)) == 2


def test_a_start_before_the_day_begins_is_in_the_night_after_it(plan: Any, signed_in: Any, post: Any) -> None:
    client = signed_in(plan.coordinator)
    fields = _rows(plan) | {"20171012-starts_at": "01:00", "20171012-ends_at": "05:00"}
    assert post(client, plan.days, fields).status_code == 303
    assert "Team 1 10-13 05:00-09:00" in _standing(plan)


def test_errors_stand_at_their_row_and_nothing_is_saved(plan: Any, signed_in: Any, post: Any) -> None:
    client = signed_in(plan.coordinator)
    fields = _rows(plan) | {"20171011-starts_at": "18:00", "20171011-ends_at": "02:00"}
    fields |= {"20171012-starts_at": "half past", "20171013-place": "Kept place", "20171014-places": "lots"}
    answer = post(client, plan.days, fields)
    assert answer.status_code == 422 and "<title>Error:" in answer.text
    for where in ("20171012-starts_at", "20171012-ends_at", "20171013-starts_at", "20171014-places"):
        assert f'id="{where}-error"' in answer.text and f'href="#{where}"' in answer.text
    assert "half past" in answer.text and "Kept place" in answer.text
    assert len(_standing(plan)) == 2


def test_overlapping_rows_are_refused_and_two_shifts_may_change_places(plan: Any, signed_in: Any, post: Any) -> None:
    early = a_shift(plan.team, dt.datetime(2017, 10, 10, 14, tzinfo=dt.UTC), 4)
    client = signed_in(plan.coordinator)
    both = {
        f"s{early.shift_id}-version": "1",
        f"s{early.shift_id}-starts_at": "10:00",
        f"s{early.shift_id}-ends_at": "19:00",
    }
    answer = post(client, plan.days, _rows(plan) | both)
    assert answer.status_code == 422 and "has a shift from" in answer.text
    swapped = both | {f"s{early.shift_id}-starts_at": "18:00", f"s{early.shift_id}-ends_at": "02:00"}
    other = {f"s{plan.shift.shift_id}-starts_at": "10:00", f"s{plan.shift.shift_id}-ends_at": "14:00"}
    assert post(client, plan.days, _rows(plan) | swapped | other).status_code == 303


def test_empty_times_cancel_and_a_stale_row_shows_both_texts(plan: Any, signed_in: Any, post: Any) -> None:
    client = signed_in(plan.coordinator)
    key = f"s{plan.shift.shift_id}-"
    assert post(client, plan.days, _rows(plan) | {key + "places": "5"}).status_code == 303
    late = post(client, plan.days, _rows(plan) | {key + "places": "6"})
    assert late.status_code == 409 and re.search(r"People needed</th><td>5</td><td>6</td>", late.text)
    blank = {key + "starts_at": "", key + "ends_at": "", key + "version": "2"}
    assert post(client, plan.days, _rows(plan) | blank).status_code == 303
    assert shifts.shift(plan.shift.uid).cancelled
    gone = post(client, plan.days, _rows(plan) | {key + "starts_at": "21:00"})
    assert gone.status_code == 409 and "21:00–02:00" in gone.text


def test_a_shift_that_came_meanwhile_is_left_alone(plan: Any, signed_in: Any, post: Any) -> None:
    client = signed_in(plan.coordinator)
    came = a_shift(plan.team, EVENING + dt.timedelta(days=1))
    fields = _rows(plan) | {"20171012-starts_at": "20:00", "20171012-ends_at": "04:00"}
    assert post(client, plan.days, fields).status_code == 303
    assert not shifts.shift(came.uid).cancelled and len(_standing(plan)) == 4
    again = _rows(plan) | {"20171011-starts_at": "20:00", "20171011-ends_at": "04:00"}
    assert post(client, plan.days, again).status_code == 422, "it would overlap the one that came"


# --- copying, evening teams, publishing, taking back ------------------------------------------------------------------


def test_a_day_is_copied_to_every_other_day_and_taken_back(plan: Any, signed_in: Any, post: Any) -> None:
    client = signed_in(plan.planner)
    answer = post(client, plan.url + "/copy-day", {"day": "2017-10-10", "every": "1"})
    assert answer.status_code == 303 and len(_standing(plan)) == 14
    page = client.get(plan.url).text
    at = re.search(r'name="at" value="(\d+)"', page).group(1)
    assert "12 shifts are added." in page
    assert post(client, plan.url + "/undo", {"at": at}).status_code == 303 and len(_standing(plan)) == 2
    page = client.get(plan.url).text
    redo = re.search(r'name="at" value="(\d+)"', page).group(1)
    assert post(client, plan.url + "/undo", {"at": redo}).status_code == 303 and len(_standing(plan)) == 14


def test_copying_says_what_it_needs(plan: Any, signed_in: Any, post: Any) -> None:
    client = signed_in(plan.coordinator)
    for fields, words in (
        ({"day": "2017-10-10"}, "Tick the days to copy it to."),
        ({"day": "2017-10-10", "to": "2017-10-10"}, "Choose at least one other day."),
        ({"day": "nonsense", "to": "2017-10-11"}, "is not a day"),
        ({"day": "2017-10-10", "to": "tomorrow"}, "is not a day"),
    ):
        answer = post(client, plan.url + "/copy-day", fields)
        assert answer.status_code == 422 and words in answer.text
    assert post(client, plan.url + "/copy-day", {"day": "2017-10-10", "to": "2017-10-12"}).status_code == 303
    assert sorted(_standing(plan))[-1].startswith("Team 7") and len(_standing(plan)) == 3, "her own service alone"


def test_last_editions_pattern_comes_over(plan: Any, signed_in: Any, post: Any) -> None:
    later = an_operation(
        "OP-2", starts_at=dt.datetime(2018, 10, 9, 10, tzinfo=dt.UTC), copied_from_id=plan.operation.id
    )
    a_team(a_participation(later, plan.service), name="Team 1")
    client = signed_in(plan.planner)
    assert "OP-1 · " in client.get("/operations/OP-2/plan/shifts/copy-pattern").text
    refused = post(client, "/operations/OP-2/plan/shifts/copy-pattern", {"source": "NONE"})
    assert refused.status_code == 422 and "Choose one of the operations in the list." in refused.text
    assert post(client, "/operations/OP-2/plan/shifts/copy-pattern", {"source": "OP-1"}).status_code == 303
    assert [f"{row.starts_at:%Y-%m-%d %H}" for row in shifts.shifts_of(later.id)] == ["2018-10-09 22"]


def test_two_evening_teams_for_every_service_in_one_go(app: Any, signed_in: Any, post: Any) -> None:
    operation = an_operation("OP-E", status=OperationStatus.DRAFT)
    for _ in range(3):
        a_participation(operation)
    client = signed_in(a_user(Role.OPERATION_COORDINATOR))
    assert "Use one evening team per service" in client.get("/operations/OP-E/plan/shifts").text
    fields = {"teams": "2", "starts_at": "18:00", "ends_at": "02:00", "places": "4"}
    wrong = post(client, "/operations/OP-E/plan/shifts/evening", {**fields, "ends_at": "late"})
    assert wrong.status_code == 422 and "is not a time" in wrong.text and "late" in wrong.text
    assert post(client, "/operations/OP-E/plan/shifts/evening", {**fields, "teams": "40"}).status_code == 422
    assert post(client, "/operations/OP-E/plan/shifts/evening", fields).status_code == 303
    rows = shifts.shifts_of(operation.id)
    assert len(rows) == 42 and {row.places for row in rows} == {4} and len({row.team_id for row in rows}) == 6


def test_publishing_takes_the_ticked_services_and_says_what_blocks(plan: Any, signed_in: Any, post: Any) -> None:
    client = signed_in(plan.planner)
    assert post(client, plan.url + "/publish").status_code == 422
    assert post(client, plan.url + "/publish", {"services": [plan.service.id, "x", "999"]}).status_code in (403, 422)
    assert post(client, plan.url + "/publish", {"services": plan.service.id}).status_code == 303
    assert shifts.shift(plan.shift.uid).published and not shifts.shift(plan.far.uid).published
    a_shift(plan.second, EVENING, crew=[a_staff_of(plan)])
    blocked = client.get(plan.url + "/publish").text
    assert "What blocks publishing" in blocked and "problem blocks" in blocked
    refused = post(client, plan.url + "/publish", {"services": plan.service.id})
    assert refused.status_code == 422 and "<title>Error:" in refused.text


def a_staff_of(plan: Any) -> int:
    """A member of the first team who is rostered in the second too, in which she is not."""
    return next(staff_id for team_id, _, staff_id, *_ in shifts.crews_of(plan.operation.id) if team_id == plan.team.id)


def test_a_shift_is_copied_from_cell_to_cell(plan: Any, signed_in: Any, post: Any) -> None:
    client = signed_in(plan.coordinator)
    to = f"/operations/OP-1/plan/teams/{plan.second.id}/shifts/copy"
    there = {"shift": plan.shift.shift_id, "day": "2017-10-12", "next": plan.url + "?q=team"}
    answer = post(client, to, there)
    assert answer.status_code == 303 and answer.location.endswith("?q=team")
    assert "Team 2 10-12 22:00-06:00" in _standing(plan)
    again = post(client, to, {**there, "next": "https://elsewhere.example/"})
    assert again.status_code == 303 and again.location.startswith(plan.url)
    assert "has a shift from 18:00 to 02:00 already" in client.get(plan.url).text
    assert post(client, to, {**there, "day": "no day"}).status_code == 303
    assert post(client, to, {**there, "shift": "-1"}).status_code == 303
    assert len(_standing(plan)) == 3


def test_recent_changes_are_listed_and_a_change_made_since_stays(plan: Any, signed_in: Any, post: Any) -> None:
    client = signed_in(plan.coordinator)
    post(client, plan.one + "/cancel")
    page = client.get(plan.url + "/changes").text
    at = re.search(r'name="at" value="(\d+)"', page).group(1)
    assert "Cancelled: Team 1, 2017-10-10 18:00–02:00" in page and "LaSalle" not in page
    assert post(client, plan.url + "/undo", {"at": at}).status_code == 303
    assert not shifts.shift(plan.shift.uid).cancelled
    assert post(client, plan.url + "/undo", {"at": at}).status_code == 303
    assert "Somebody else changed this" in client.get(plan.url).text
    for odd in ("", "x", "9" * 40, "12"):
        assert post(client, plan.url + "/undo", {"at": odd}).status_code == 303
        assert "There is no change of yours to undo." in client.get(plan.url).text
    tags = list(db.session.scalars(select(AuditEntry.tag).where(AuditEntry.tag.like("plan.shift.%"))))
    assert tags == ["plan.shift.cancel", "plan.shift.undo"]


def test_undo_touches_her_own_service_alone(plan: Any, signed_in: Any, post: Any) -> None:
    planner, own = signed_in(plan.planner), signed_in(plan.coordinator)
    post(planner, plan.url + "/copy-day", {"day": "2017-10-10", "to": "2017-10-11"})
    at = micros(shift_history.latest(plan.operation.id, [plan.other.id]))
    assert post(own, plan.url + "/undo", {"at": at}).status_code == 303
    assert [line[:6] for line in _standing(plan)] == ["Team 1", "Team 7", "Team 7"]
