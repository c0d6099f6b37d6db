"""The one page, on the screen and as a PDF: what it says, to whom, and that it stays one page whatever it says."""

from __future__ import annotations

import datetime as dt
import io
import re
from dataclasses import replace
from typing import Any

import pytest
import time_machine
from flask_babel import force_locale
from pypdf import PdfReader

from outreach.ready import sheets
from outreach.report import charts
from outreach.report.page_contents import Contents
from outreach.report.page_views import as_sheet, sheet_words
from outreach.storage import writing
from outreach.storage.queries import operations
from outreach.vocab import EntryMode, OperationStatus, Role
from tests import factories as site
from tests.report import factories as facts
from tests.report.followed import a_referral

LATER = facts.evening(8, 12, 10)


def words_of(page: Any) -> str:
    main = page.text[page.text.index("<main") : page.text.index("An earlier moment")]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main)).replace(" .", ".")


def pdf_of(content: bytes) -> tuple[int, str]:
    pages = PdfReader(io.BytesIO(content)).pages
    return len(pages), " ".join(" ".join(page.extract_text() for page in pages).split())


@pytest.fixture
def operation(app):
    """Windsor logs contacts, Fox River sends totals, Kent is silent: five met on two days, three offered support."""
    operation = site.an_operation("ONS-1", status=OperationStatus.REPORTING)
    windsor = site.a_participation(operation, site.a_service("Windsor Police"))
    fox = site.a_participation(operation, site.a_service("Fox River Police"), entry_mode=EntryMode.DAILY_TOTALS)
    site.a_participation(operation, site.a_service("Kent Police"))
    facts.a_contact(windsor, {"answer": "accepted"}, {"answer": "declined"}, kits=4)
    facts.a_contact(windsor, {"answer": "accepted"}, day=3)
    facts.an_accused(windsor, counts=(2, 1))
    facts.a_tally(fox, "persons_met", 2, 0)
    facts.a_tally(fox, "persons_met", 0, 1)
    return operation


def test_the_page_says_status_sentence_seven_figures_coverage_charts_and_notes(operation, signed_in):
    with time_machine.travel(LATER, tick=True):
        coordinator = signed_in(site.a_user(Role.OPERATION_COORDINATOR))
        page = coordinator.get("/operations/ONS-1/page")
        above = coordinator.get("/operations/ONS-1")
    said = words_of(page)
    for words in (
        "Provisional · as of 18 October 2017, 12:10",
        "From 10 to 16 October 2017, 3 services took part and met between 3 and 5 persons.",
        "In 1 of 3 services, 3 were offered support; 2 accepted it.",
        "one person was charged; 3 charges were laid",
        "Figures of one service are still to come.",
        "2 of 3 services in",
        "1 to come; figures may rise: Kent",
        "Busiest on 10 October",
        "2 of 3 took up the offer",
        "Information kits handed out",
        "A person met twice counts once.",
        "Not released. Figures become final when all 3 services have signed (so far 0).",
    ):
        assert words in said, (words, said)
    assert len(re.findall(r'<li class="tile', page.text)) == 7
    assert "one-page--full" not in page.text
    assert page.text.count('<figure class="chart"') == 2 and 'data-mark="Provisional, 2 of 3 services in"' in page.text
    assert 'href="/operations/ONS-1/page.pdf?language=en"' in page.text
    assert 'href="/operations/ONS-1/page"' in above.text


def test_services_to_come_are_named_to_the_coordinators_of_the_operation_alone(operation, signed_in):
    for role, named in ((Role.OPERATION_COORDINATOR, True), (Role.COMMANDER, False), (Role.ANALYST, False)):
        client = signed_in(site.a_user(role))
        page = client.get("/operations/ONS-1/page")
        assert ("Kent" in page.text) is named and "1 to come; figures may rise" in page.text
        _, printed = pdf_of(client.get("/operations/ONS-1/page.pdf").data)
        assert ("Kent" in printed) is named and "1 to come" in printed


def test_who_may_not_see_the_figures_finds_no_page(operation, signed_in):
    officer = signed_in(site.a_user(Role.FIELD_OFFICER, site.a_service("Elsewhere Police")))
    for address in ("/operations/ONS-1/page", "/operations/ONS-1/page.pdf"):
        assert officer.get(address).status_code == 404
    assert signed_in(site.a_user(Role.COMMANDER)).get("/operations/NONE/page").status_code == 404


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_pdf_is_one_accessible_letter_page_with_the_same_figures(operation, signed_in, language):
    with time_machine.travel(LATER, tick=True):
        answer = signed_in(site.a_user(Role.COMMANDER)).get(f"/operations/ONS-1/page.pdf?language={language}")
    assert answer.mimetype == "application/pdf"
    assert f"ONS-1_2017-10-18_{language}.pdf" in answer.headers["Content-Disposition"]
    reader = PdfReader(io.BytesIO(answer.data))
    root = reader.trailer["/Root"]
    assert len(reader.pages) == 1 and tuple(map(float, reader.pages[0].mediabox[2:])) == (612.0, 792.0)
    assert root["/Lang"].startswith(language) and "/StructTreeRoot" in root
    assert b"pdfuaid" in root["/Metadata"].get_data()
    _, said = pdf_of(answer.data)
    wanted = {
        "en": ("Provisional · as of 18 October 2017, 12:10", "2 of 3 services in", "person charged", "Busiest on",
               "Before you quote", "Page 1 of 1", "10 Oct", "Declined"),
        "fr": ("Provisoire · au 18 octobre 2017, 12 h 10", "2 services sur 3 ont répondu", "personne accusée",
               "Sommet le", "Avant de citer", "10 oct.", "Refusé", "Du 10 au 16 octobre 2017"),
    }[language]  # fmt: skip
    for words in wanted:
        assert words in said, (words, said)


def test_before_the_window_the_page_says_when_it_opens_and_shows_no_figure(app, signed_in):
    site.a_participation(site.an_operation("ONS-2", status=OperationStatus.PLANNED))
    with time_machine.travel(facts.evening(-3), tick=True):
        client = signed_in(site.a_user(Role.COMMANDER))
        page = client.get("/operations/ONS-2/page")
        count, printed = pdf_of(client.get("/operations/ONS-2/page.pdf").data)
    assert "Window opens 10 October 2017" in page.text and "tile__number" not in page.text
    assert count == 1 and "Window opens 10 October 2017" in printed and "Persons, by last answer" not in printed


def test_a_past_moment_shows_what_stood_then_and_one_that_cannot_be_read_says_so(operation, signed_in):
    client = signed_in(site.a_user(Role.ANALYST))
    before = (dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%MZ")
    page = client.get(f"/operations/ONS-1/page?as_of={before}")
    assert "2 of 3 services in" in client.get("/operations/ONS-1/page").text
    assert "As recorded at" in page.text and "2 of 3 services in" not in page.text
    assert f"page.pdf?language=en&amp;as_of={before}" in page.text
    assert "2 of 3 services in" not in pdf_of(client.get(f"/operations/ONS-1/page.pdf?as_of={before}").data)[1]
    wrong = client.get("/operations/ONS-1/page?as_of=soon")
    assert wrong.status_code == 422 and "is not a moment" in wrong.text


def test_what_became_of_referrals_is_said_as_its_own_page_says_it_to_this_reader(operation, signed_in):
    service, agency = site.a_service("Sudbury Police"), site.a_service("An Agency")
    for _ in range(2):
        a_referral(operation, service, agency, 4)
    inside = words_of(signed_in(site.a_user(Role.ANALYST)).get("/operations/ONS-1/page"))
    outside = words_of(signed_in(site.a_user(Role.COMMANDER)).get("/operations/ONS-1/page"))
    assert re.search(r"Work with an agency \D*2", inside)
    assert not re.search(r"Work with an agency \D*[0-9]", outside)


@pytest.mark.parametrize(
    ("status", "services_known", "starts"),
    [
        (OperationStatus.DRAFT, False, None),
        (OperationStatus.ACTIVE, True, dt.datetime(2017, 10, 10, 10, tzinfo=dt.UTC)),
        (OperationStatus.CLOSED, True, dt.datetime(2017, 10, 10, 10, tzinfo=dt.UTC)),
    ],
)
def test_an_operation_without_data_has_a_page_without_numbers_that_nobody_gave(
    app, signed_in, status, services_known, starts
):
    site.an_operation("ONS-3", status=status, services_known=services_known, starts_at=starts)
    client = signed_in(site.a_user(Role.COMMANDER))
    page = client.get("/operations/ONS-3/page")
    assert page.status_code == 200 and "Not known" in page.text
    assert not re.search(r'<p class="lead">[^<]*\bmet\b', page.text)
    assert pdf_of(client.get("/operations/ONS-3/page.pdf").data)[0] == 1


def test_all_zero_and_a_rule_of_its_own_are_said(app, signed_in):
    operation = site.an_operation("ONS-4", status=OperationStatus.REPORTING)
    part = site.a_participation(operation, entry_mode=EntryMode.DAILY_TOTALS)
    for day in range(7):
        for code in ("persons_met", "support_offered", "support_accepted", "persons_made_safe", "charges"):
            facts.a_tally(part, code, 0, day)
    facts.a_tally(part, "persons_charged", 0)
    with writing():
        found = operations.by_code("ONS-4")
        found.counting = {"persons_made_safe": "strict"}
    said = words_of(signed_in(site.a_user(Role.COMMANDER)).get("/operations/ONS-4/page"))
    assert "one service took part and met nobody. Nobody was offered support." in said
    assert (
        "Nobody was charged" in said and "Nobody met on these days" in said and "Nobody was offered support yet" in said
    )


def test_a_standing_unit_and_a_long_window_are_drawn_by_month(app, signed_in):
    long = site.an_operation("ONS-5", days=70)
    facts.a_contact(site.a_participation(long), {}, {}, day=1)
    page = signed_in(site.a_user(Role.COMMANDER)).get("/operations/ONS-5/page")
    assert "Most in October 2017" in page.text and "Persons met, by month first met" in page.text


def test_a_rehearsal_has_no_page(app, signed_in):
    site.an_operation("ONS-6", is_rehearsal=True)
    answer = signed_in(site.a_user(Role.OPERATION_COORDINATOR)).get("/operations/ONS-6/page")
    assert answer.status_code in (404, 409) or "This is a rehearsal" in answer.text


# One page, whatever it says -------------------------------------------------------------------------------------------

NAMES = "Service de police de la Municipalité régionale de Saint-Jean-des-Rapides-et-de-la-Rivière-aux-Aulnes"


def crowded(language: str) -> Contents:
    """The fullest page that can be: long names, ranges, 31 days, everything known differently, right-to-left signs."""
    hostile = '=Opération 🦊 שירות המשטרה #import "x" *b* ' + "Très longue opération provinciale " * 3
    rows = [charts.Row(f"{day} oct." if day in (1, 31) else str(day), 12_345 + day) for day in range(1, 32)]
    tile = {"code": "personnel", "value": 1, "least": 1, "bound": "at_most", "label": "membres du personnel",
            "context": "12 345 police · 12 345 soutien · 12 345 aide aux victimes · partiel, 311 services sur 400",
            "said": "1\u202f234\u202f567–1\u202f334\u202f567", "bound_words": "au moins", "known": True}  # fmt: skip
    sentence = "Dans 311 services sur 400, du soutien a été offert à 1\u202f234\u202f567 d’entre elles. "
    return Contents(
        name=hostile, status="Provisoire", as_of="au 18 octobre 2017, 12 h 10", provisional=True, opens="",
        sentences=(sentence * 6,), tiles=(tile,) * 7, reported=311, expected=400,
        coverage="311 services sur 400 ont répondu",
        to_come="89 à venir; les chiffres peuvent augmenter : " + "; ".join([NAMES] * 8) + "; 81 autres",
        by_day=charts.Chart("d", "columns", "Sommets les 30 septembre et 31 octobre", NAMES, rows=tuple(rows)),
        answers=charts.Chart("a", "bars", "À qui du soutien a été offert", NAMES, rows=tuple(
            charts.Row("Soutien offert", 1234, "1\u202f234\u202f567–1\u202f334\u202f567 (311/400)", soft=bool(i % 2))
            for i in range(5))),
        also=(("Prises en charge par un organisme", "1\u202f234\u202f567 (311/400)"),) * 4,
        counted=("Plusieurs services ont pu compter la même personne. ",) * 6, quote=(sentence,) * 4,
        rules="ONS-2017-TRES-LONG · règles de calcul, version 3", sample="Opération d’exemple : totaux publiés",
    )  # fmt: skip


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_fullest_page_is_still_one_page_and_one_of_400_services_with_a_comb_of_none(app, language):
    made = crowded(language)
    assert made.full and not replace(made, sentences=("Short.",), to_come="").full
    with app.test_request_context("/"), force_locale(language):
        few = replace(made, reported=120, expected=120, to_come="")
        content = sheets.pdf("page", [as_sheet(made), as_sheet(few)], sheet_words(), title="T", language=language)
    count, said = pdf_of(content)
    assert count == 2
    assert "311 services sur 400 ont répondu" in said and 'import "x" *b*' in said and "81 autres" in said
    assert "🦊" in said and sheets.UNKNOWN not in said


def test_negative_and_unknown_columns_are_drawn_as_nothing(app):
    made = crowded("en")
    rows = (charts.Row("10", -2), charts.Row("11", None), charts.Row("12", 0))
    made = replace(made, by_day=replace(made.by_day, rows=rows), answers=replace(made.answers, rows=rows))
    with app.test_request_context("/"):
        content = sheets.pdf("page", [as_sheet(made)], sheet_words(), title="T", language="en")
    assert pdf_of(content)[0] == 1


def test_large_numbers_are_grouped_in_titles_too_and_a_bound_stands_at_every_number(app, signed_in):
    operation = site.an_operation("ONS-9", days=2)
    service = site.a_participation(operation, site.a_service("Fox River Police"), entry_mode=EntryMode.DAILY_TOTALS)
    for measure, number in (("persons_met", 2395), ("support_offered", 1800), ("support_accepted", 1200)):
        facts.a_tally(service, measure, number, 0)
    client = signed_in(site.a_user(Role.OPERATION_COORDINATOR))
    said = words_of(client.get("/operations/ONS-9/page"))
    assert "2,395 persons met on 10 October" in said and "of at least 1,800 offered" in said and "2395" not in said
    shown = client.get("/operations/ONS-9/dashboard").text
    assert "2,395 persons met" in shown and ">2395" not in shown
