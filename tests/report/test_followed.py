"""What became of referrals: the numbers for coordinators and analysts, withheld small ones for everybody else."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from typing import Any

import pytest
import time_machine

from outreach.auth.actors import SYSTEM
from outreach.report import followed
from outreach.report.workbook import export
from outreach.rollup.disclosure import table
from outreach.rollup.splits import Outcomes
from outreach.rollup.totals import Figure
from outreach.storage.queries import access
from outreach.storage.tables import Service
from outreach.storage.types import utc_now
from outreach.vocab import Bound, EntryMode, Role, ServiceKind
from tests import factories as site
from tests.report import factories as facts
from tests.report.followed import a_referral
from tests.report.test_views import text_of
from tests.report.test_workbook import Opened

OUTSIDERS = (Role.COMMANDER, Role.SERVICE_COORDINATOR, Role.FIELD_OFFICER, Role.LIAISON)


@pytest.fixture
def world(app) -> Any:
    """Fourteen persons referred to Dove House, twelve picked up, eight reached, seven engaged, six in school."""
    with time_machine.travel(utc_now() - dt.timedelta(days=2), tick=True):
        return _a_world()


def _a_world() -> Any:
    operation = site.an_operation("ONS-1")
    police = site.a_participation(operation, site.a_service("Windsor Police"))
    agency = site.a_service("Dove House", ServiceKind.VICTIM_SERVICES)
    site.a_participation(operation, agency, entry_mode=EntryMode.NONE)
    operation.agency = agency
    operation.police = site.db.session.get(Service, police.service_id)
    for place in range(14):
        steps = 1 if place < 2 else 2 if place < 6 else 3 if place < 7 else 4
        outcomes = ("school",) * (place >= 8) + ("work",) * (place >= 12)
        found = None if place < 4 else "with_agency" if place >= 7 else "not_with"
        a_referral(operation, operation.police, agency, steps, outcomes=outcomes, found=found, hours=1 + place)
    facts.a_contact(police, *({"answer": "accepted"} for _ in range(20)))
    return operation


def a_reader(world: Any, role: Role) -> Any:
    bound = {Role.LIAISON: world.agency, Role.SERVICE_COORDINATOR: world.police, Role.FIELD_OFFICER: world.police}
    return site.a_user(role, bound.get(role))


def cells(page: Any, table: str) -> list[list[str]]:
    """Rows of a table as read."""
    found = re.search(rf'<table[^>]*id="{table}".*?</table>', page.text, re.S)
    assert found, table
    return [
        [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)]
        for row in re.findall(r"<tr[^>]*>(.*?)</tr>", found[0], re.S)[1:]
    ]


def test_the_coordinator_sees_every_step_with_both_parts(world, signed_in):
    page = signed_in(site.a_user(Role.OPERATION_COORDINATOR)).get("/operations/ONS-1/support")
    assert page.status_code == 200
    told = {row[0]: row[1:3] for row in cells(page, "referrals")}
    assert told["Referrals made"][0] == "14" and told["Referrals received"][0] == "12"
    assert told["Median hours to receipt"] == ["8.5 h", "of 14 made, 2 still wait"]
    assert told["Referrals reached"][0] == "8" and told["Referrals engaged"][0] == "7"
    assert told["Engaged at 7 days, of those due"] == ["70%", "7 of 10 due"]
    assert told["Outcomes"][0] == "8" and told["Direct referrals"][0] == "not known"
    assert cells(page, "outcomes") == [["Dove House", "6", "2", "8"], ["All agencies", "6", "2", "8"]]
    words = text_of(page)
    assert "Of 14 persons referred, 7 work with an agency" in words
    assert "Persons referred: 14" in page.text and "Persons engaged: 7" in page.text
    assert "withheld" not in words


@pytest.mark.parametrize("role", OUTSIDERS)
def test_small_numbers_are_withheld_from_everybody_outside_the_agencies(world, signed_in, role):
    client = signed_in(a_reader(world, role))
    page = client.get("/operations/ONS-1/support")
    told = {row[0]: row[1:3] for row in cells(page, "referrals")}
    assert told["Referrals received"][0] == "12", "police see that it was picked up"
    for name in ("Referrals reached", "Referrals engaged", "Engaged at 7 days, of those due"):
        assert told[name] == ["x, withheld", ""], (name, "12 less 8 is 4, and 12 less 7 is 5")
    assert told["Outcomes"][0] == "8"
    assert cells(page, "outcomes") == [["Dove House", "8"], ["All agencies", "8"]], "8 less 6 is 2; neither is named"
    assert "Persons reached: withheld" in page.text and "Persons reached: 8" not in page.text
    for code in ("referrals_reached", "engaged_at_7"):
        one = client.get(f"/operations/ONS-1/figures/{code}")
        assert one.status_code == 200 and "x (withheld)" in text_of(one), code
        assert 'id="members"' not in one.text and 'id="sources"' not in one.text and 'id="days"' not in one.text
        for part in ("?day=2017-10-10", f"?service={world.police.id}"):
            assert client.get(f"/operations/ONS-1/figures/{code}{part}").status_code == 404
    assert client.get("/operations/ONS-1/figures?by=service,day&measure=referrals_engaged").status_code == 404
    every = client.get("/operations/ONS-1/figures").text
    assert "x<span" in every and "referrals_engaged" in every


def test_outsiders_see_what_stood_when_the_day_began(world, signed_in):
    tomorrow = (utc_now() + dt.timedelta(days=1)).replace(hour=18, minute=0)  # not where a day begins
    with time_machine.travel(tomorrow, tick=False):
        client = signed_in(a_reader(world, Role.COMMANDER))
        for _ in range(30):
            a_referral(world, world.police, world.agency, 4, outcomes=("school",), days_ago=0.01, hours=-1)
        commander = {row[0]: row[1] for row in cells(client.get("/operations/ONS-1/support"), "referrals")}
        assert commander["Referrals made"] == "44", "police know what police do"
        assert commander["Outcomes"] == "8", "of this morning, not of now"
        client = signed_in(site.a_user(Role.ANALYST))
        analyst = {row[0]: row[1] for row in cells(client.get("/operations/ONS-1/support"), "referrals")}
        assert analyst["Referrals made"] == "44"


def test_in_the_next_editions_workbook_too_outsiders_see_what_stood_when_the_day_began(world):
    later = site.an_operation("ONS-2", copied_from_id=world.id)
    site.a_participation(later, world.police)
    with time_machine.travel((utc_now() + dt.timedelta(days=1)).replace(hour=18, minute=0), tick=False):
        for _ in range(30):
            a_referral(world, world.police, world.agency, 4, outcomes=("school",), days_ago=0.01, hours=-1)
        for role, outcomes in ((Role.COMMANDER, 8), (Role.ANALYST, 38)):
            made = Opened(export(access.actor_of(a_reader(world, role)), later, "en"))
            before = {row["Figure"]: row["Previous edition"] for row in made.rows("tblSummary")}
            assert (before["Referrals made"], before["Outcomes"]) == (44, outcomes), role


def test_the_operation_page_shows_the_funnel_and_no_analyst_what_became_of_one_referral(world, signed_in):
    client = signed_in(site.a_user(Role.ANALYST))
    page = client.get("/operations/ONS-1")
    assert 'id="funnel-title"' in page.text and "/operations/ONS-1/support" in page.text
    for code in ("referrals_engaged_7", "referrals_reached", "persons_engaged", "outcomes"):
        assert 'id="members"' not in client.get(f"/operations/ONS-1/figures/{code}").text, code
    rows = client.get("/operations/ONS-1/figures/referrals_made")
    assert text_of(rows).count("made, received") == 12 and "received, reached" not in text_of(rows)


def test_the_number_of_outcomes_goes_where_their_table_hides_it():
    figure = Figure("outcomes", {}, 7, Bound.EXACT)
    made = Outcomes((1,), ("work",), [[7, 7], [7, 7]], frozenset({(1, 1)}))
    assert followed.masked([figure], made)[0].withheld
    assert not followed.masked([figure], replace(made, hidden=frozenset()))[0].withheld


def test_outsiders_do_not_learn_of_an_agency_or_outcome_that_there_is_something_to_withhold():
    seen = outcomes_of_table([[19, 18, 1], [17, 29, 0], [2, 1, 0]]).outside()
    assert seen.agencies == (1, 2) and seen.codes == ("0",) and seen.full[0] == [19, 38]
    assert all(value >= 6 or (i, j) in seen.hidden for i, row in enumerate(seen.full) for j, value in enumerate(row))
    few = outcomes_of_table([[2]]).outside()
    assert few.agencies == () and few.codes == () and few.total_hidden


def outcomes_of_table(rows):
    full, hidden = table(rows)
    codes = tuple(str(number) for number, _ in enumerate(rows[0]))
    return Outcomes(tuple(range(1, len(rows) + 1)), codes, full, frozenset(hidden))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_workbook_holds_the_numbers_or_the_symbol_and_nothing_of_what_is_withheld(world, language):
    whole = Opened(export(SYSTEM, world, language))
    named = ("referrals_reached", "hours_to_receipt", "persons_engaged")
    assert [whole.named(code) for code in named] == [8, 8.5, 7]
    rows = [[cell.value for cell in row] for row in whole.cells("tblReferrals")]
    assert len(rows) == whole.named("referrals_made") == 14
    assert [row[0] for row in rows] == [f"R{n:05d}" for n in range(1, 15)], "made up for this file"
    assert {row[1] for row in rows} == {"Dove House"}
    assert sum(row[4] is not None for row in rows) == 2, "still waiting"
    words = {"en": {"Waiting", "Picked up"}, "fr": {"En attente", "Prise en charge"}}[language]
    assert {row[2] for row in rows} == words, "reached and engaged are in no row"
    assert [[cell.value for cell in row] for row in whole.cells("tblOutcomes")] == [["Dove House", 6, 2, 8]]
    commander = Opened(export(access.actor_of(a_reader(world, Role.COMMANDER)), world, language))
    assert "tblReferrals" not in commander.sheets
    assert [[cell.value for cell in row] for row in commander.cells("tblOutcomes")] == [["Dove House", 8]]
    assert (commander.named("referrals_reached"), commander.named("engaged_at_7")) == ("x", "x")
    words = {"en": "Persons engaged: 7", "fr": "Personnes accompagnées\N{NO-BREAK SPACE}: 7"}[language]
    charts = ["".join(text for name, text in one.parts() if "drawing" in name) for one in (whole, commander)]
    assert words in charts[0] and words not in charts[1]


def test_an_operation_without_referrals_has_words_and_a_stranger_no_page(app, signed_in):
    operation = site.an_operation("ONS-2")
    page = signed_in(site.a_user(Role.OPERATION_COORDINATOR)).get("/operations/ONS-2/support")
    assert "No outcome is recorded yet." in page.text and "not known" in page.text
    assert 'id="funnel-title"' not in signed_in(site.a_user(Role.ANALYST)).get("/operations/ONS-2").text
    assert signed_in(site.a_user(Role.ADMINISTRATOR)).get(f"/operations/{operation.code}/support").status_code == 404
