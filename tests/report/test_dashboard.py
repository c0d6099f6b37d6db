"""The dashboard: what its tiles and charts say, to whom, under which filter, and where each number leads."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import time_machine

from outreach.storage import db, writing
from outreach.storage.queries.operations import note_change
from outreach.storage.tables import Adjustment
from outreach.storage.types import utc_now
from outreach.vocab import EntryMode, OperationStatus, Role, ServiceKind
from tests import factories as site
from tests.report import factories as facts
from tests.report.followed import a_referral
from tests.report.test_views import members_listed, text_of
from tests.report.workbook_file import Opened

PAGE = "/operations/ONS-1/dashboard"


@pytest.fixture
def operation(app) -> Any:
    with time_machine.travel(facts.evening(-3)):
        return _operation()


def _operation() -> Any:
    """Two services: Windsor logs contacts in two teams, Fox River sends totals; a last edition, three met in it."""
    before = site.an_operation("ONS-0", edition="2016", starts_at=dt.datetime(2016, 10, 11, 10, tzinfo=dt.UTC))
    part = site.a_participation(before, site.a_service("Old Mill Police"), entry_mode=EntryMode.DAILY_TOTALS)
    facts.a_tally(part, "persons_met", None)
    operation = site.an_operation("ONS-1", edition="2017", overlap_nil=True, copied_from_id=before.id)
    windsor = site.a_participation(operation, site.a_service("Windsor Police"))
    fox = site.a_participation(operation, site.a_service("Fox River Police"), entry_mode=EntryMode.DAILY_TOTALS)
    team = site.a_team(windsor, name="Alpha")
    facts.a_contact(windsor, {"answer": "accepted", "age_said": "25_34"}, {"answer": "declined"}, team_id=team.id)
    facts.a_contact(windsor, {"answer": "undecided", "age_said": "16_17"}, day=1, hour=23)
    facts.a_tally(fox, "persons_met", 4, 0)
    facts.an_accused(windsor, counts=(2, 1))
    operation.windsor, operation.fox, operation.team, operation.before = (
        windsor.service_id,
        fox.service_id,
        team.id,
        part,
    )
    return operation


@pytest.fixture
def evening():
    with time_machine.travel(facts.evening(1, 23), tick=True):
        yield


def test_tiles_and_charts_say_what_is_known_and_lead_to_it(operation, signed_in, evening):
    client = signed_in(site.a_user(Role.OPERATION_COORDINATOR))
    page = client.get(PAGE)
    words = text_of(page)
    assert page.status_code == 200
    assert "7 persons met" in words and "1 accepted support" in words and "of 3 (1/2) offered" in words
    assert "Day 2 of 7: 7 persons met" in words
    assert "1 of 3 persons offered support accepted it" in words
    assert "Most contacts from 21:00 to 22:00: 1 of 2" in words
    assert "Most often: Luring, 3 of 3 charges" in words
    assert "No referral was made yet." in words
    assert "%" not in words  # no share of a base under twenty
    assert f'href="{PAGE}' in client.get("/operations/ONS-1").text


def test_each_figure_under_a_filter_leads_to_a_list_of_its_length(operation, signed_in, evening):
    analyst = signed_in(site.a_user(Role.ANALYST))
    for asked, met in (
        (f"service={operation.windsor}", 3),
        (f"team={operation.team}", 2),
        ("age=16_17", 1),
        ("day=2017-10-10", 2),
        (f"place=hotel&day=2017-10-11&service={operation.windsor}", 1),
        ("age=16_17&age=25_34", 2),
    ):
        page = analyst.get(f"{PAGE}?{asked}")
        tile = re.search(r'<a class="tile__number" href="([^"]+/figures/persons_met[^"]*)">(.*?)</a>', page.text)
        assert page.status_code == 200 and tile, asked
        listed = analyst.get(tile[1].replace("&amp;", "&"))
        assert members_listed(listed) == met, asked
        if "day" not in asked:  # the totals of Fox River stand on their day without rows
            assert tile[2] == str(met), asked


def test_filters_stand_in_the_address_and_what_does_not_exist_is_left_out_and_said(operation, signed_in, evening):
    analyst = signed_in(site.a_user(Role.ANALYST))
    page = analyst.get(f"{PAGE}?service={operation.windsor}&place=hotel&service=999&day=tomorrow&code=x&_external=1")
    words = text_of(page)
    assert page.status_code == 200
    assert f'<option value="{operation.windsor}" selected>' in page.text and "Show everything" in words
    assert "There is nothing called “tomorrow” here to filter by" in words
    assert "not told apart by this filter" in words  # charges have no kind of place
    commander = signed_in(site.a_user(Role.COMMANDER))
    stopped = commander.get(f"{PAGE}?age=16_17")
    assert "You may see figures by service and by day: this filter was left out." in text_of(stopped)
    assert 'id="filter-age"' not in stopped.text and 'id="filter-service"' in stopped.text
    assert "7 persons met" in text_of(stopped)
    kept = commander.get("/operations/ONS-1/figures/persons_met?age=16_17")
    assert "Persons met: 7" in kept.text  # the same where a tile leads


def test_an_edition_before_this_one_stands_beside_it_by_day_number_for_who_may_see_it(operation, signed_in, evening):
    for place, met in enumerate((2, 1, 9)):
        with time_machine.travel(facts.evening(0)):
            tally = facts.a_tally(operation.before, "persons_met", met, place)
        with writing():
            db.session.get(type(tally), tally.id).day = dt.date(2016, 10, 11) + dt.timedelta(days=place)
    with writing():
        note_change(operation.before.operation_id)
    coordinator = signed_in(site.a_user(Role.OPERATION_COORDINATOR))
    page = coordinator.get(PAGE)
    assert "Day 2: 7 met, 4 more than in 2016" in page.text
    assert "2016 had 12 at the end of day" in page.text and page.text.count('<g class="line') == 2
    bound = signed_in(site.a_user(Role.COMMANDER, operation=operation))
    assert "Day 2 of 7: 7 persons met" in bound.get(PAGE).text
    french = coordinator.get(PAGE, headers={"Accept-Language": "fr"})
    assert french.status_code == 200


def test_hours_are_for_coordinators_and_small_numbers_of_waits_for_nobody_outside_the_agencies(
    operation, signed_in, evening
):
    agency = site.a_service("WEFiGHT", ServiceKind.ADVOCACY)
    windsor = db.session.get(site.Service, operation.windsor)
    for steps, hours in ((1, 2), (2, 1), (2, 30)):
        a_referral(operation, windsor, agency, steps, days_ago=2, hours=hours)
    seen = {role: text_of(signed_in(site.a_user(role)).get(PAGE)) for role in (
        Role.OPERATION_COORDINATOR, Role.ANALYST, Role.COMMANDER)}  # fmt: skip
    assert "Most contacts from" in seen[Role.OPERATION_COORDINATOR]
    assert "Most contacts from" not in seen[Role.ANALYST] and "Most contacts from" not in seen[Role.COMMANDER]
    assert "1 referral has waited longer than 24 h" in seen[Role.ANALYST]
    assert "Withheld: some of the numbers are small." in seen[Role.COMMANDER]
    assert "referral has waited" not in seen[Role.COMMANDER]
    narrow = text_of(signed_in(site.a_user(Role.COMMANDER)).get(f"{PAGE}?service={operation.windsor}"))
    assert "Withheld" not in narrow and "How long referrals wait" not in narrow


def test_nothing_is_sent_anew_while_nothing_changed_and_everything_that_did(operation, signed_in, evening):
    client = signed_in(site.a_user(Role.COMMANDER))
    page = client.get(PAGE)
    mark = re.search(r'data-mark="(\w+)"', page.text)[1]
    asked = {"If-None-Match": f'W/"{mark}"', "X-Unattended": "1"}
    same = client.get(f"{PAGE}/figures", headers=asked)
    assert same.status_code == 304 and not same.data and same.headers["X-Board-Time"]
    fox = db.session.query(site.Participation).filter_by(service_id=operation.fox).one()
    facts.a_tally(fox, "persons_met", 5, 1)
    fresh = client.get(f"{PAGE}/figures", headers=asked)
    assert fresh.status_code == 200 and "12" in text_of(fresh) and "<html" not in fresh.text
    with time_machine.travel(facts.evening(3, 20)):
        later = signed_in(site.a_user(Role.COMMANDER)).get(PAGE)
        assert "services are overdue" in later.text or "service is overdue" in later.text


def test_a_rehearsal_has_no_dashboard_and_a_stranger_finds_none(operation, signed_in):
    rehearsal = site.an_operation("REH", is_rehearsal=True)
    coordinator = signed_in(site.a_user(Role.OPERATION_COORDINATOR))
    assert coordinator.get(f"/operations/{rehearsal.code}/dashboard").status_code == 409
    assert coordinator.get(f"/operations/{rehearsal.code}/dashboard?wall=1").status_code == 409
    other = site.an_operation("ONS-2")
    for path in (PAGE, f"{PAGE}/figures", f"{PAGE}?wall=1"):
        assert signed_in(site.a_user(Role.COMMANDER, operation=other)).get(path).status_code == 404


def test_before_the_window_the_edition_before_stands_in_grey_beside_the_opening_time(app, signed_in):
    before = site.an_operation("ONS-0", edition="2016", overlap_nil=True)
    facts.a_contact(site.a_participation(before), {}, {})
    site.an_operation(
        "ONS-1", status=OperationStatus.DRAFT, starts_at=dt.datetime(2030, 10, 10, 10, tzinfo=dt.UTC),
        copied_from_id=before.id)  # fmt: skip
    page = signed_in(site.a_user(Role.OPERATION_COORDINATOR)).get(PAGE)
    words = text_of(page)
    assert "The window opens on 10 October 2030 at 06:00." in words
    assert (
        'class="past"' in page.text and "These figures are not of this edition." in words and "2 persons met" in words
    )


@pytest.mark.parametrize("kind", ["nothing", "no window", "zero", "standing", "unknown services", "negative"])
def test_operations_without_much_to_say_say_so(app, signed_in, kind):
    more = {
        "no window": {"starts_at": None},
        "standing": {"standing": True, "starts_at": dt.datetime(2017, 9, 1, 10, tzinfo=dt.UTC), "days": 60},
        "unknown services": {"services_known": False},
    }.get(kind, {})
    operation = site.an_operation("ONS-1", **more)
    if kind != "nothing":
        part = site.a_participation(operation, site.a_service("=🚓 خدمة <b>"))
        for day in range(7) if kind == "zero" else ():
            facts.a_tally(part, "contacts", 0, day)
        if kind in ("standing", "no window", "negative"):
            facts.a_contact(part, {"answer": "accepted"})
        if kind == "negative":
            with writing():
                db.session.add(
                    Adjustment(
                        operation_id=operation.id, participation_id=part.id, service_id=part.service_id,
                        measure="persons_met", amount=-5, reason="typed wrong", recorded_at=utc_now())
                )  # fmt: skip
                note_change(operation.id)
    with time_machine.travel(facts.evening(9, 20)):
        client = signed_in(site.a_user(Role.OPERATION_COORDINATOR))
        page = client.get(PAGE)
        words = text_of(page)
        paper = text_of(client.get("/operations/ONS-1/page"))
    assert page.status_code == 200 and "خدمة <b>" not in page.text
    expected = {
        "nothing": "No service takes part yet.",
        "no window": "1 person met",
        "zero": "Day 7 of 7: 0 persons met",
        "standing": "Most persons met in October 2017: 1",
        "unknown services": "Nobody knows yet how many persons were met.",
        "negative": "does not add up: −4 persons met adjustments take away more than is counted",
    }[kind]
    assert "-4" not in words + paper
    assert expected in words, words
    # What is not known is not said of nobody, nor told as a number of contacts.
    assert kind != "unknown services" or ("Nobody was met" not in words and "of not known" not in words)
    missing = "Reported without a day, so not in this chart: -5."
    assert [missing in said for said in (words, paper)] == [kind == "negative"] * 2


def test_four_hundred_services_stand_on_pages_of_the_grid(app, signed_in):
    operation = site.an_operation("ONS-1", overlap_nil=True)
    with writing():
        for number in range(400):
            service = site.Service(
                name=f"Service {number:03d}",
                name_key=f"service {number:03d}",
                short_name="",
                kind="police_municipal",
                region="",
            )
            db.session.add(service)
            db.session.flush()
            part = site.Participation(operation_id=operation.id, service_id=service.id)
            db.session.add(part)
            db.session.flush()
            shared = {"participation_id": part.id, "status": "confirmed", "recorded_at": utc_now()}
            db.session.add(site.ParticipationVersion(entry_mode="daily_totals", **shared))
    client = signed_in(site.a_user(Role.COMMANDER))
    page = client.get(PAGE)
    assert page.text.count('<th role="rowheader"') == 92
    assert "400 services are overdue" in text_of(page) and "page=2" in page.text
    assert client.get(f"{PAGE}?page=5").text.count('<th role="rowheader"') == 32


def test_what_an_officer_wrote_by_hand_as_an_offence_is_read_only_by_who_may_see_small_numbers(operation, signed_in):
    service = db.session.get(site.Service, operation.fox)
    for role, reads in ((Role.OPERATION_COORDINATOR, True), (Role.COMMANDER, False), (Role.SERVICE_COORDINATOR, False)):
        client = signed_in(site.a_user(role, service if role is Role.SERVICE_COORDINATOR else None))
        for path in (PAGE, PAGE + "/figures"):
            page = client.get(path).text
            assert ("Luring" in page) == reads and ("Other offences, written by hand" in page) != reads, (role, path)
        made = Opened(client.get("/operations/ONS-1/workbook?lang=en").data)
        wrote = "Luring" if reads else "Other offences, written by hand"
        assert [row["Offence"] for row in made.rows("tblOffence")] == [wrote], role


def test_who_may_not_see_small_numbers_gets_no_age_by_its_address_and_no_offence_of_one_service(
    operation, signed_in, evening
):
    narrow = f"{PAGE}?service={operation.windsor}&day=2017-10-10"
    ages = ("figures/persons_under_25", "figures?by=service,day&measure=persons_under_25")
    for role, sees in ((Role.ANALYST, True), (Role.COMMANDER, False)):
        client = signed_in(site.a_user(role))
        for page in (PAGE, narrow, PAGE + "/figures" + narrow.removeprefix(PAGE)):
            told = "Charges laid, by offence" in client.get(page).text
            assert told == (sees or page == PAGE), (role, page)
        for path in ages:
            assert client.get(f"/operations/ONS-1/{path}").status_code == (200 if sees else 404), (role, path)
        assert client.get("/operations/ONS-1/figures/persons_under_18").status_code == 200
