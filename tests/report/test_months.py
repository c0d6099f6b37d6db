"""A standing unit: years of days, told by month and year; totals are the number of their members."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from random import Random
from typing import Any

import pytest

from outreach.auth.actors import SYSTEM
from outreach.field.commands import log_contact
from outreach.referrals.commands import pick_up
from outreach.report.months_views import MONTHLY
from outreach.report.workbook import export
from outreach.returns.figures import figures_of, months_of, rows_of
from outreach.storage import db, writing
from outreach.storage.days import operational_day
from outreach.storage.tables import Charge, ChargeVersion, ContactVersion, Referral
from outreach.storage.types import utc_now
from outreach.vocab import OperationStatus, Role
from tests import factories as site
from tests.field.factories import a_night, a_person, actor_of, an_entry
from tests.report import factories as facts
from tests.report.test_views import members_listed, text_of
from tests.report.test_workbook import Opened

BEGAN = dt.date(2016, 1, 4)


@pytest.fixture
def sudbury(app) -> Any:
    """Sudbury's standing unit, from 2016: in 2017 it met 60 persons and charged 7 people (as published of 2017)."""
    began = dt.datetime(2016, 1, 4, 14, tzinfo=dt.UTC)
    operation = site.an_operation("SUD-UNIT", starts_at=began, standing=True, status=OperationStatus.ACTIVE)
    with writing():
        operation.ends_at = None
    part = site.a_participation(operation, site.a_service("Greater Sudbury Police"))
    random = Random(2017)
    met = [(BEGAN + dt.timedelta(days=random.randrange(0, 361)), 5) for _ in range(8)]
    met += [(dt.date(2017, 1, 2) + dt.timedelta(days=24 * place), 4) for place in range(15)]
    people: list[Any] = []
    for day, persons in met:
        with writing():
            people += [facts.a_person(operation) for _ in range(persons)]
        told = ({"person": person, "answer": "accepted"} for person in people[-persons:])
        facts.a_contact(part, *told, day=(day - facts.FIRST).days)
    again = (dt.date(2017, 11, 20) - facts.FIRST).days  # one person, two contacts
    for some in (people[:15], people[15:30]):
        facts.a_contact(part, *({"person": person, "answer": "accepted"} for person in some), day=again)
    for place in range(7):
        accused = facts.an_accused(part)
        with writing():
            line = db.session.query(ChargeVersion).join(Charge).filter(Charge.accused_id == accused.id).one()
            line.laid_on = dt.date(2017, 2 + place, 3)
    operation.part = part
    return operation


def test_months_and_years_add_up_to_the_figure_and_each_to_its_members(sudbury):
    found = {month.name: month.values for month in months_of(sudbury.id, MONTHLY)}
    assert (found["2017"]["persons_met"], found["2017"]["persons_charged"]) == (60, 7)
    assert (found["2017"]["contacts"], found["2016"]["persons_met"]) == (17, 40)
    whole = figures_of(sudbury.id)
    months = [name for name in found if len(name) == 7]
    for code in MONTHLY:
        figure = whole.one(code).value
        assert sum(found[name][code] for name in months) == figure, code
        assert sum(values[code] for name, values in found.items() if len(name) == 4) == figure, code
        for name in ("2016-03", "2017-02", "2017-11", "2018-01"):
            assert int(rows_of(sudbury.id, code, day=name)["counted"].sum()) == found[name][code], (code, name)
        assert int(rows_of(sudbury.id, code)["counted"].sum()) == figure, code
    today = operational_day(utc_now(), facts.ZONE, sudbury.day_starts_minutes)  # on the first of a month not as in UTC
    assert months == sorted(months, reverse=True) and months[0] == f"{today:%Y-%m}"
    service = {month.name: month.values for month in months_of(sudbury.id, MONTHLY, None, sudbury.part.service_id)}
    assert service == found


def test_the_page_and_the_file_hold_the_same_and_lead_to_the_rows(sudbury, signed_in):
    client = signed_in(site.a_user(Role.ANALYST))
    page = client.get("/operations/SUD-UNIT/months")
    assert page.status_code == 200 and "November 2017" in page.text
    file = io.StringIO(client.get("/operations/SUD-UNIT/months.csv").text)
    lines = {row["month"]: row for row in csv.DictReader(file)}
    assert (lines["2017"]["persons_met"], lines["2017"]["persons_charged"]) == ("60", "7")
    link = re.search(r'href="([^"]*persons_met[^"]*day=2017-11[^"]*)"', page.text)
    assert link
    one = client.get(link[1].replace("&amp;", "&"))
    assert members_listed(one) == int(lines["2017-11"]["persons_met"])
    assert "March 2016" in client.get("/operations/SUD-UNIT/months?year=2016").text and "March 2016" not in page.text
    assert client.get("/operations/SUD-UNIT/months?year=1999").status_code == 404
    assert "Nothing is recorded yet." in client.get("/operations/SUD-UNIT/months?as_of=2017-01-01").text


def test_pages_by_day_show_one_month_and_never_years_of_days(sudbury, signed_in):
    client = signed_in(site.a_user(Role.OPERATION_COORDINATOR))
    page = client.get("/operations/SUD-UNIT?month=2017-03")
    assert page.status_code == 200 and "Persons met, March 2017" in text_of(page)
    assert "Since 4 January 2016 · No end: a standing unit" in text_of(page) and "Overdue" not in text_of(page)
    assert len(re.findall(r'<th role="columnheader" scope="col"', page.text)) < 40
    days = client.get("/operations/SUD-UNIT/figures?by=day&month=2017-03").text
    assert "2017-03-" in days and "2017-04-" not in days and "2016-" not in days
    listed = client.get("/operations/SUD-UNIT/figures?by=service,day&month=2017-03").text
    assert "2017-03-" in listed and "2017-04-" not in listed
    assert "2017-11" in client.get("/operations/SUD-UNIT/figures/persons_met").text
    for nonsense in ("2017-13", "March", "2017", "9999-12-31"):
        assert client.get(f"/operations/SUD-UNIT?month={nonsense}").status_code == 404
    assert client.get("/operations/SUD-UNIT").status_code == 200


def test_every_page_of_a_standing_unit_opens(sudbury, signed_in, app):
    officer = site.a_user(Role.FIELD_OFFICER, db.session.get(site.Service, sudbury.part.service_id))
    site.a_team(sudbury.part, officer)
    actors = [site.a_user(Role.OPERATION_COORDINATOR), officer,
              site.a_user(Role.SERVICE_COORDINATOR, db.session.get(site.Service, sudbury.part.service_id))]
    rules = [
        rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and rule.arguments == {"code"}
    ]
    assert len(rules) > 20
    broken = []
    for actor in actors:
        client = signed_in(actor)
        for rule in sorted(rules):
            if rule.endswith("/workbook"):
                continue
            answer = client.get(rule.replace("<code>", "SUD-UNIT"))
            if answer.status_code >= 500 or len(answer.data) > 400_000:
                broken.append((rule, answer.status_code, len(answer.data)))
    assert broken == []


def test_the_workbook_has_a_row_a_month_that_adds_up(sudbury):
    opened = Opened(export(SYSTEM, sudbury, "fr"))
    assert "tblByMonth" in opened.sheets
    rows = [[cell.value for cell in row] for row in opened.cells("tblByMonth")]
    heads = [column.name for column in opened.sheets["tblByMonth"].tables["tblByMonth"].tableColumns]
    met = heads.index("Personnes rencontrées")
    assert sum(row[met] for row in rows if row[0].startswith("2017")) == 60
    assert sum(row[met] for row in rows) == opened.named("persons_met") == 100


def test_a_standing_unit_is_created_without_an_end_planned_and_opened(app, signed_in, post):
    client = signed_in(site.a_user(Role.OPERATION_COORDINATOR))
    typed = {"code": "SUD-1", "name": "Unit", "level": "local", "time_zone": "America/Toronto", "day_starts": "06:00",
             "starts_on": "2016-01-04", "services_known": "y", "standing": "y"}
    refused = post(client, "/operations/new", typed | {"ends_on": "2017-01-01", "deadline_on": "2018-01-01"})
    assert refused.status_code == 422
    assert "A standing unit has no end." in refused.text and "without a deadline" in refused.text
    assert post(client, "/operations/new", typed).status_code == 303
    operation = db.session.query(site.Operation).filter_by(code="SUD-1").one()
    assert operation.standing and operation.ends_at is None and operation.starts_at is not None
    part = site.a_participation(operation)
    site.a_team(part, site.a_user(Role.FIELD_OFFICER, db.session.get(site.Service, part.service_id)))
    for address in ("plan/move/planned", "ready/open"):
        moved = post(client, f"/operations/SUD-1/{address}", {"reason": "Open for good"})
        assert moved.status_code == 303, address
    assert db.session.query(site.Operation.status).filter_by(code="SUD-1").scalar() == "active"
    assert re.search(r'<input[^>]*(name="standing"[^>]*checked|checked[^>]*name="standing")',
                     client.get("/operations/SUD-1/plan/edit").text)
    assert "Nothing is recorded in this month." in client.get("/operations/SUD-1").text
    for address in ("/", "/operations/SUD-1/plan", "/operations/SUD-1"):
        assert "Since 4 January 2016" in client.get(address).text, address


def test_a_contact_logged_and_referred_in_a_standing_unit_is_picked_up_and_counted_in_its_month(app):
    operation = site.an_operation("SUD-UNIT", starts_at=dt.datetime(2016, 1, 4, 14, tzinfo=dt.UTC), standing=True)
    with writing():
        operation.ends_at = None
    night = a_night(operation)
    met_at = utc_now() - dt.timedelta(minutes=5)
    entry = an_entry(a_person(reach_by="safe_phone", safe_way="519 555 0123"), met_at=met_at)
    with writing():
        log_contact(actor_of(night.officer), night.place, entry)
    version = db.session.query(ContactVersion).one()
    assert version.timing == "inside", "years after it began, and it has no end"
    with writing():
        pick_up(actor_of(site.a_user(Role.LIAISON, night.agency)), db.session.query(Referral).one())
    now = months_of(operation.id, ["persons_met", "referrals_made", "referrals_received"])[0]
    assert list(now.values.values()) == [1, 1, 1]
