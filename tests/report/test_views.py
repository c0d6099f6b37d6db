"""Pages of figures: what they show, to whom, and what they keep to themselves."""

from __future__ import annotations

import re

import pytest
import time_machine

from outreach.storage import db, writing
from outreach.storage.tables import AuditEntry
from outreach.storage.types import utc_now
from outreach.vocab import EntryMode, OperationStatus, Role
from tests import factories as site
from tests.conftest import same_page
from tests.report import factories as facts


@pytest.fixture
def operation(app):
    """Windsor logs contacts, Fox River sends daily totals: 3 met by the one, 4 by the other; one met by both."""
    operation = site.an_operation("ONS-1")
    windsor = site.a_participation(operation, site.a_service("Windsor Police"))
    kent = site.a_participation(operation, site.a_service("Kent Police"))
    fox = site.a_participation(operation, site.a_service("Fox River Police"), entry_mode=EntryMode.DAILY_TOTALS)
    with writing():
        again = facts.a_person(operation)
    facts.a_contact(windsor, {"answer": "accepted", "person": again, "age_said": "25_34"}, {"answer": "declined"})
    facts.a_contact(kent, {"answer": "undecided", "person": again, "age_said": "25_34"}, day=1)
    facts.a_tally(fox, "persons_met", 4, 0)
    facts.a_tally(fox, "persons_met", 0, 1)
    facts.a_tally(fox, "persons_met", None, 2)
    operation.windsor, operation.fox = windsor.service_id, fox.service_id
    operation.service = site.db.session.get(site.Service, windsor.service_id)
    return operation


def text_of(page) -> str:
    """The page as read: no tags, single spaces."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


def members_listed(page) -> int:
    table = re.search(r'<table[^>]*id="members".*?</table>', page.text, re.S)
    assert table
    return len(re.findall(r'<tr role="row"><th scope="row"', table[0]))


def test_the_operation_page_shows_headline_figures_and_every_state(operation, signed_in):
    with time_machine.travel(facts.evening(4, 20), tick=True):
        client = signed_in(site.a_user(Role.OPERATION_COORDINATOR))
        page = client.get("/operations/ONS-1")
    assert page.status_code == 200
    words = text_of(page)
    assert "10 to 16 October 2017 · Day 5 of 7 · Active until 2017-10-17 06:00 · America/Toronto" in words
    assert 'tile__number">3</span>' in page.text and 'to </span>6</span>' in page.text
    for state in ("Overdue", "Silent", "Later", "Declined"):
        assert state in words
    assert "Fox, Tue 10: 4" in page.text and "Fox, Wed 11: 0, zero, reported" in page.text
    assert "Cells add up to 7: 1 person, met by several services, counts once in the 6." in words
    assert "Tasks" in words and "As a list" in words
    assert "2 offered, 1 accepted (partial, 2 of 3 services)" in words


def test_what_was_met_outside_the_window_has_a_column_of_its_own(app, signed_in):
    part = site.a_participation(site.an_operation("ONS-5"))
    facts.a_contact(part, {}, {}, day=-1)
    facts.a_contact(part, {}, day=9)
    page = signed_in(site.a_user(Role.ANALYST)).get("/operations/ONS-5")
    heads = re.findall(r'<th role="columnheader" scope="col"[^>]*>(?:<span[^>]*>)?([^<]+)', page.text)
    assert heads[:2] == ["Service", "Before"] and heads[8:10] == ["Mon 16", "After"]
    assert "Before: 2" in page.text and "After: 1" in page.text and "Cells add up" not in page.text


def test_what_nobody_knows_is_a_word_and_never_zero(app, signed_in):
    operation = site.an_operation("ONS-9", starts_at=None, services_known=False, status=OperationStatus.DRAFT)
    page = signed_in(site.a_user(Role.COMMANDER)).get("/operations/ONS-9")
    words = text_of(page)
    assert words.count("Not known") == 5 and "Window not known" in words
    assert "Nobody has said yet which services take part here" in words
    assert 'tile__number">0' not in page.text
    assert operation.code in signed_in(site.a_user(Role.ANALYST)).get("/report").text


def test_the_plan_page_and_the_operation_page_show_the_same_tasks(operation, signed_in):
    client = signed_in(site.a_user(Role.OPERATION_COORDINATOR))
    pages = [text_of(client.get(address)) for address in ("/operations/ONS-1", "/operations/ONS-1/plan")]
    found = [re.search(r"Tasks \d of 9 done.*?Close the operation", words) for words in pages]
    assert found[0] and found[1]
    assert found[0][0] == found[1][0]
    assert "Hear from every service Completed 3 of 3 services in" in found[0][0]
    assert 'href="/operations/ONS-1/plan/teams"' in client.get("/operations/ONS-1/plan").text


def test_an_assumed_window_says_so(app, signed_in):
    site.an_operation("ONS-8", window_assumed=True)
    assert "Window assumed" in text_of(signed_in(site.a_user(Role.ANALYST)).get("/operations/ONS-8"))


def test_a_joint_partner_reads_as_counted_by_the_lead(app, signed_in):
    operation = site.an_operation("ONS-7")
    lead = site.a_participation(operation, site.a_service("Windsor Police"))
    partner = site.a_participation(operation, site.a_service("LaSalle Police"))
    site.a_team(lead, partners=(partner.service_id,))
    page = signed_in(site.a_user(Role.ANALYST)).get("/operations/ONS-7")
    assert "LaSalle: counted by Windsor (joint team)" in text_of(page)


def test_parent_and_child_name_each_other_with_status_and_coverage(operation, signed_in):
    child = site.an_operation("ONS-1-W", parent=operation)
    facts.a_contact(site.a_participation(child), {})
    client = signed_in(site.a_user(Role.OPERATION_COORDINATOR))
    above, within = text_of(client.get("/operations/ONS-1")), text_of(client.get("/operations/ONS-1-W"))
    assert "Within" in above and "1 of 1 service in" in above
    assert "Above" in within and "4 of 4 services in" in within


def test_a_problem_in_the_figures_is_listed(operation, signed_in):
    facts.a_tally(
        site.Participation(id=1, operation_id=operation.id, service_id=operation.fox), "support_offered", 9, 0
    )
    page = signed_in(site.a_user(Role.COMMANDER)).get("/operations/ONS-1")
    assert "What does not fit together" in text_of(page) and "Fox River Police" in text_of(page)


@pytest.mark.parametrize(
    "path", ["/operations/ONS-1", "/operations/ONS-1/figures", "/operations/ONS-1/figures/persons_met"]
)
def test_a_foreign_operation_is_the_same_as_none(operation, signed_in, path):
    officer = signed_in(site.a_user(Role.SERVICE_COORDINATOR, site.a_service()))
    foreign, none = officer.get(path), officer.get(path.replace("ONS-1", "ONS-404"))
    assert foreign.status_code == none.status_code == 404 and same_page(foreign) == same_page(none)


@pytest.mark.parametrize(
    "path",
    [
        "figures/nonsense",
        "figures/persons_under_17",
        "figures/persons_met?service=99999",
        "figures/persons_met?service=x",
        "figures/persons_met?day=yesterday",
        "figures?by=week",
        "figures?by=service,day&measure=nonsense",
    ],
)
def test_an_address_that_means_nothing_is_not_found(operation, signed_in, path):
    assert signed_in(site.a_user(Role.ANALYST)).get(f"/operations/ONS-1/{path}").status_code == 404


@pytest.mark.parametrize("query", ["", "?by=service", "?by=day", "?by=service,day", "?by=service,day&measure=charges"])
def test_figures_are_tables_by_service_and_day(operation, signed_in, query):
    page = signed_in(site.a_user(Role.COMMANDER)).get(f"/operations/ONS-1/figures{query}")
    assert page.status_code == 200
    if query == "?by=service":
        assert "Operation, each person counted once" in text_of(page) and "Fox River Police" in text_of(page)


def test_an_analyst_sees_as_many_rows_as_the_figure_counts(operation, signed_in):
    client = signed_in(site.a_user(Role.ANALYST))
    page = client.get("/operations/ONS-1/figures/persons_met")
    assert members_listed(page) == 2
    assert "All services: 4 to 6 (partial) . 2 rows. 4 more were reported as totals, without rows." in text_of(page)
    assert page.headers["Cache-Control"] == "no-store"
    narrowed = client.get(f"/operations/ONS-1/figures/persons_met?service={operation.windsor}&day=2017-10-10")
    assert members_listed(narrowed) == 2 and "Windsor Police, 2017-10-10: 2" in text_of(narrowed)
    assert members_listed(client.get("/operations/ONS-1/figures/support_accepted")) == 1


def test_reading_rows_is_entered_in_the_journal(operation, signed_in):
    client = signed_in(site.a_user(Role.ANALYST))
    client.get(f"/operations/ONS-1/figures/persons_met?service={operation.windsor}&day=2017-10-10")
    entry = db.session.query(AuditEntry).filter_by(tag="report.rows.read").one()
    assert (entry.object_id, entry.operation_id, entry.service_id) == ("persons_met", operation.id, operation.windsor)
    assert entry.details == {"day": "2017-10-10", "rows": 2, "page": 1}


def test_a_service_coordinator_sees_the_rows_of_her_own_service_only(operation, signed_in):
    client = signed_in(site.a_user(Role.SERVICE_COORDINATOR, operation.service))
    page = client.get("/operations/ONS-1/figures/contacts")
    assert members_listed(page) == 1 and "Kent Police" not in re.search(r'id="members".*?</table>', page.text, re.S)[0]
    other = client.get(f"/operations/ONS-1/figures/contacts?service={operation.fox}")
    assert other.status_code == 200 and 'id="members"' not in other.text
    assert "Single rows are open to the service itself" in text_of(other)


@pytest.mark.parametrize("role", [Role.COMMANDER, Role.OPERATION_COORDINATOR])
def test_others_see_the_figure_without_rows(operation, signed_in, role):
    page = signed_in(site.a_user(role)).get("/operations/ONS-1/figures/persons_met")
    assert page.status_code == 200 and 'id="members"' not in page.text
    assert "Counting rule" in text_of(page) and "Where it comes from" in text_of(page)
    assert db.session.query(AuditEntry).filter_by(tag="report.rows.read").count() == 0


def test_every_screen_that_shows_small_numbers_says_that_they_do_not_go_outside(operation, signed_in, post):
    client = signed_in(site.a_user(Role.COMMANDER))
    figures = ("/figures", "/figures?by=service,day", "/figures/charges", "/months", "/pivot", "/editions")
    for language, said in (("en", "Not for outside: small"), ("fr", "À ne pas diffuser : les petits")):
        post(client, "/language", {"lang": language, "next": "/"})
        for path in ("", "/dashboard", *figures):
            assert said in text_of(client.get(f"/operations/ONS-1{path}")).replace("\N{NO-BREAK SPACE}", " "), path
        assert said not in text_of(client.get("/operations/ONS-1/support"))  # what she sees there is withheld


def test_every_measure_has_its_page(operation, signed_in):
    from outreach.rollup.measures import ACCEPTANCE, CATALOGUE

    facts.an_accused(db.session.query(site.Participation).filter_by(service_id=operation.windsor).one(), counts=(2,))
    client = signed_in(site.a_user(Role.ANALYST))
    for measure in (*CATALOGUE, ACCEPTANCE):
        page = client.get(f"/operations/ONS-1/figures/{measure.code}")
        assert page.status_code == 200, measure.code


def test_long_lists_have_pages_and_the_address_keeps_the_filter(app, signed_in):
    part = site.a_participation(site.an_operation("ONS-6"))
    facts.a_contact(part, *({} for _ in range(60)))
    client = signed_in(site.a_user(Role.ANALYST))
    url = f"/operations/ONS-6/figures/persons_met?service={part.service_id}"
    first, second = client.get(url), client.get(f"{url}&page=2")
    assert members_listed(first) == 50 and members_listed(second) == 10
    assert f"service={part.service_id}&amp;page=2" in first.text
    assert members_listed(client.get(f"{url}&page=99")) == 10


def test_a_past_moment_shows_what_stood_then_on_both_pages(operation, signed_in):
    then = utc_now().isoformat()
    facts.a_contact(db.session.query(site.Participation).filter_by(service_id=operation.windsor).one(), {}, {}, day=3)
    client = signed_in(site.a_user(Role.ANALYST))
    assert 'to </span>8</span>' in client.get("/operations/ONS-1").text  # 4–8: the one service tells only numbers
    page = client.get("/operations/ONS-1", query_string={"as_of": then})
    assert 'to </span>6</span>' in page.text and "As recorded at" in text_of(page)
    assert members_listed(client.get("/operations/ONS-1/figures/persons_met", query_string={"as_of": then})) == 2
    assert members_listed(client.get("/operations/ONS-1/figures/persons_met")) == 4


@pytest.mark.parametrize("text", ["yesterday", "2999-01-01T00:00", "0001-01-01T00:00", "2017-13-45"])
def test_a_moment_that_is_none_is_refused_at_its_field(operation, signed_in, text):
    page = signed_in(site.a_user(Role.ANALYST)).get("/operations/ONS-1", query_string={"as_of": text})
    assert page.status_code == 422
    assert "<title>Error:" in page.text and 'href="#as_of"' in page.text and f'value="{text}"' in page.text


def test_the_first_page_of_46_services_is_light(app, signed_in):
    import gzip

    operation = site.an_operation("ONS-46")
    for _ in range(46):
        part = site.a_participation(operation, entry_mode=EntryMode.DAILY_TOTALS)
        facts.a_tally(part, "persons_met", 2, 0)
    page = signed_in(site.a_user(Role.OPERATION_COORDINATOR)).get("/operations/ONS-46")
    assert len(gzip.compress(page.data)) < 16_000


def test_pages_speak_french_throughout(operation, signed_in, post):
    client = signed_in(site.a_user(Role.ANALYST))
    post(client, "/language", {"lang": "fr", "next": "/"})
    for path in ("", "/figures", "/figures?by=service", "/figures/persons_met"):
        page = client.get(f"/operations/ONS-1{path}")
        assert page.status_code == 200
        assert not re.search(r"\b(Persons|By service|not known|Counting rule|As of)\b", text_of(page)), path
