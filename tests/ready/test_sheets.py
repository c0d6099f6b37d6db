"""Printed sheets as PDF: one page each, greys, real text, both languages, and nothing that people typed is markup."""

from __future__ import annotations

import datetime as dt
import io
import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from flask_babel import force_locale
from pypdf import PdfReader

from outreach.field import forms
from outreach.ready import paper_questions, sheet_contents, sheets
from outreach.storage import db, writing
from outreach.storage.queries import shifts
from outreach.storage.tables import Operation, Service, Staff, TeamVersion
from tests.factories import a_participation, a_service, a_shift, a_team, an_operation
from tests.ready.briefing_factories import a_briefing
from tests.ready.pixels import is_grey
from tests.ready.sheet_factories import EVENING, a_plan, members

SCREENS = Path(__file__).resolve().parents[2] / "build" / "screens"
NOW = dt.datetime(2017, 10, 11, 18, 0, tzinfo=dt.UTC)
HOSTILE = '#import "x": * $x^2$ *b* _i_ `r` \\ \\u{41} @l <l> = h // c /* #{1+1} [x] "\''


def plan_of(operation: Operation) -> sheet_contents.Plan:
    return sheet_contents.plan_of(operation, {row.service_id for row in shifts.shifts_of(operation.id)}, NOW)


def made(kind: str, operation: Operation, language: str = "en") -> tuple[list[dict[str, Any]], dict[str, str]]:
    with force_locale(language):
        plan = plan_of(operation)
        return list(sheet_contents.sheets_of(kind, plan, plan.shifts, language)), sheet_contents.words()


def pdf_of(kind: str, operation: Operation, language: str = "en") -> PdfReader:
    contents, words = made(kind, operation, language)
    return PdfReader(io.BytesIO(sheets.pdf(kind, contents, words, title="Sheets", language=language)))


def text_of(page: Any) -> str:
    return " ".join(page.extract_text().split())


@pytest.fixture
def here(app: Any) -> Any:
    with app.test_request_context("/"):
        yield app


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("kind", list(sheet_contents.KINDS))
def test_each_sheet_is_one_letter_page_of_greys_and_its_picture_is_kept(here, kind, language):
    operation = a_plan(people=12)
    contents, words = made(kind, operation, language)
    assert len(contents) == 1
    reader = pdf_of(kind, operation, language)
    assert len(reader.pages) == 1
    assert sorted(float(side) for side in reader.pages[0].mediabox[2:]) == [612, 792]
    given = {"title": "Sheets", "language": language}
    (small,) = sheets.pictures(kind, contents, words, **given, dots=30)
    assert is_grey(small)
    (picture,) = sheets.pictures(kind, contents, words, **given)
    SCREENS.mkdir(parents=True, exist_ok=True)
    (SCREENS / f"sheet-{kind}-{language}.png").write_bytes(picture)


def test_a_sheet_is_an_accessible_pdf_with_its_language_and_title(here):
    reader = pdf_of("assignment", a_plan(), "fr")
    root = reader.trailer["/Root"]
    assert root["/Lang"].startswith("fr") and root["/MarkInfo"]["/Marked"] and "/StructTreeRoot" in root
    assert reader.metadata.title == "Sheets"
    assert b"pdfuaid" in root["/Metadata"].get_data()


def test_an_assignment_list_says_all_that_a_team_must_know(here):
    operation = a_plan(people=3)
    said = text_of(pdf_of("assignment", operation).pages[0])
    for words in (
        "Invented operation · OP-1",
        "As of 2017-10-11 14:00",
        "Assignment list: Team 1",
        "2017-10-12 18:00 – 2017-10-13 02:00",
        "Station 2, back lot",
        "Member 1 Tremblay",
        "3 members",
        "Code word LANTERN",
        "Channel 4, call sign Heron",
        "Command post 519-555-0142",
        "Destroy after the operation",
    ):
        assert words in said, words
    assert "Draft" not in said
    assert "Liste d’affectation" in text_of(pdf_of("assignment", operation, "fr").pages[0])


def test_twelve_people_with_the_longest_names_and_the_longest_briefing_stay_on_one_page(here):
    operation = an_operation("OP-LONG")
    a_briefing(operation, **dict.fromkeys(("contacts", "radio", "safety"), "Long line of safety. " * 180))
    service = a_service("S" * 60 + " " + "T" * 60, municipality="M")
    team = a_team(a_participation(operation, service), name="N" * 80)
    members(team, 12, named="{n} " + "Weißenborn-Tremblay " * 5)
    a_shift(team, EVENING, place="Behind the old station " * 30, channel="C" * 300, published=True)
    for language in ("en", "fr"):
        assert len(pdf_of("assignment", operation, language).pages) == 1


def test_a_longer_roster_runs_on_with_its_head_repeated(here):
    operation = a_plan(people=60)
    pages = pdf_of("check_in", operation).pages
    assert len(pages) > 1
    assert all("Signature" in text_of(page) and "Destroy after the operation" in text_of(page) for page in pages)
    assert len(pdf_of("assignment", operation).pages) > 1


def test_a_draft_says_so_and_a_team_without_people_or_lead_is_printed(here):
    operation = a_plan(people=0, published=False, places=4)
    said = text_of(pdf_of("assignment", operation).pages[0])
    assert "Draft: not published" in said and "Nobody is named as lead." in said and "4 places are not filled." in said
    assert "Nobody yet" in text_of(pdf_of("roster", operation).pages[0])


def test_somebody_on_the_roster_who_left_the_team_is_not_printed_but_said(here):
    operation = a_plan(people=2)
    staff = [one.id for one in db.session.query(Staff).order_by(Staff.id)]
    plan = plan_of(operation)
    team = plan.teams[plan.shifts[0].team_id][0]
    a_shift(team, EVENING + dt.timedelta(days=1), crew=[staff[0], 999_999], published=True)
    said = text_of(pdf_of("assignment", operation).pages[1])
    assert "1 member" in said and "Member 2 Tremblay" not in said
    assert "1 person on this shift is no longer in the team." in said


def test_the_night_on_which_the_clocks_change_names_both_zones(here):
    operation = a_plan()
    plan = plan_of(operation)
    team = plan.teams[plan.shifts[0].team_id][0]
    a_shift(team, dt.datetime(2017, 11, 4, 22, tzinfo=dt.UTC), hours=9, published=True)
    assert "2017-11-04 18:00 EDT – 2017-11-05 02:00 EST" in text_of(pdf_of("assignment", operation).pages[1])


@pytest.mark.parametrize(
    "typed",
    [HOSTILE, "😀 漢 \u202e ᓇ\x07", "x" * 10_000, "\\" * 200, "]" * 100 + "#" * 100, "{" * 50 + "$" * 51],
    ids=["markup", "signs", "long", "backslashes", "brackets", "braces"],
)
def test_what_people_typed_is_only_text(here, typed):
    operation = a_plan(people=2)
    with writing():
        for table, names in {Operation: ("name",), Service: ("name", "contact_desk"), Staff: ("name",)}.items():
            for row in db.session.query(table):
                for name in names:
                    setattr(row, name, typed[: table.__table__.c[name].type.length])
        for row in db.session.query(TeamVersion):
            row.name, row.area = typed[:80], typed[:120]
    a_briefing(operation, safety=typed[:4000], radio=typed[:4000])
    plan = plan_of(operation)
    a_shift(plan.teams[plan.shifts[0].team_id][0], EVENING, place=typed, channel=typed, published=True)
    for kind in sheet_contents.KINDS:
        reader = pdf_of(kind, operation)
        assert all(page.extract_text() for page in reader.pages)
        assert "/StructTreeRoot" in reader.trailer["/Root"], "it stayed an accessible PDF"
    if typed == HOSTILE:
        said = text_of(pdf_of("assignment", operation).pages[0])
        assert '#import "x": * $x^2$ *b* _i_ `r` \\ \\u{41} @l <l> = h // c /* #{1+1} [x]' in said


NAMES = {
    "NotoSansHebrew": "=שלום",
    "NotoSansArabic": "خدمات الشرطة ١٧",
    "NotoSansCanadianAboriginal": "ᐃᓄᒃᑎᑐᑦ ᓀᐦᐃᔭᐍᐏᐣ",
    "NotoEmoji": "👮 👍🏽",
    "LibertinusSerif": "xʷməθkʷəy̓əm Ωμέγα Київ",
}


def set_in(name: str) -> tuple[str, set[str], bytes]:
    """The text of a sheet that says ``name`` plain and in bold, its fonts, and what it says of itself."""
    sheet = {"title": "Sheet", "operation": name, "as_of": name, "destroy": "", "draft": "", "boxes": [], "crew": ""}
    words = {"page": "Page", "time": "", "happened": "", "prepared_by": "", "signature": "", "who": ""}
    made_of = sheets.pdf("activity", [{**sheet, "blank": 1}], words, title=name, language="en")
    reader = PdfReader(io.BytesIO(made_of))
    fonts = {str(font.get_object()["/BaseFont"]) for font in reader.pages[0]["/Resources"]["/Font"].values()}
    return text_of(reader.pages[0]), fonts, reader.trailer["/Root"]["/Metadata"].get_data()


def test_names_in_other_scripts_and_drawings_are_set_in_fonts_that_have_them():
    said, fonts, meta = set_in(
        " ".join(f"\N{LEFT-TO-RIGHT ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}" for name in NAMES.values())
    )
    assert all(any(family in font for font in fonts) for family in NAMES), fonts
    assert sheets.UNKNOWN not in said and b"pdfuaid" in meta, "an accessible PDF has no sign that its font lacks"
    assert all(set(name) - set("\u0313") <= set(unicodedata.normalize("NFC", said)) | {" "} for name in NAMES.values())


def test_a_sheet_without_such_names_carries_none_of_their_fonts():
    _, fonts, _ = set_in("Windsor Police Service, Sûreté, œuvre")
    assert fonts and all("AtkinsonHyperlegible" in font for font in fonts)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("e\u0301", "é"), ("漢", "□"), ("a\u202eb\u2067c\u200fd", "abcd"), ("\u2764\ufe0f", "\u2764"),
        ("\u2066ש\u2069\n", "\u2066ש\u2069\n"), ("👩\u200d👧", "👩\u200d👧"), ("\ud800\x00", "□"),
    ],
    ids=["accent apart", "no font", "turning", "look", "isolated", "joined", "broken"],
)  # fmt: skip
def test_a_sign_is_printed_as_it_is_or_left_out_or_a_square(typed, shown):
    assert sheets._shown([{"name": typed}]) == [{"name": shown}]


def test_the_paper_form_asks_what_the_phone_asks_in_both_languages(here):
    for language in ("en", "fr"):
        with force_locale(language):
            paper = paper_questions.questions(language)
            for code, (title, _hint, choices) in forms.QUESTIONS.items():
                assert paper[code][0] == str(title)
                # Where a narrow button may break a word is no part of the word.
                labels = {answer: str(label).replace("\u00ad", "") for answer, label in choices.items()}
                assert paper[code][2] == labels
            assert list(paper)[: len(forms.QUESTIONS)] == list(forms.QUESTIONS)
            assert list(paper["agreed"][2].items()) == forms.agreements()


def test_the_paper_form_has_no_place_for_who_somebody_is(here):
    said = text_of(pdf_of("contact", a_plan()).pages[0])
    assert "Write no name, telephone number, plate, address or room on this sheet." in said
    assert "One sign proves nothing." in said and "Person code" in said
    assert not re.search(r"\b(Surname|Date of birth|Immigration|Room number)\b", said)


def test_portions_are_joined_in_order_and_keep_language_and_title(here):
    operation = a_plan(teams=3)
    contents, words = made("activity", operation)
    given = {"title": "Logs", "language": "en"}
    portions = [sheets.pdf("activity", [one], words, **given) for one in contents]
    whole = PdfReader(io.BytesIO(sheets.joined(portions, **given)))
    assert [f"Team {n}" in page.extract_text() for n, page in enumerate(whole.pages, 1)] == [True] * 3
    assert whole.metadata.title == "Logs" and whole.trailer["/Root"]["/Lang"] == "en-CA"


def test_an_excerpt_ends_with_where_the_rest_is():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sheet_contents, "gettext", lambda text, **more: text)
        assert sheet_contents.excerpt("One\n\n Two ", "safety") == "One\nTwo"
        long = sheet_contents.excerpt("\n".join(f"Line {n}" for n in range(20)), "safety")
        assert long.endswith("Line 6\nMore in the briefing.")
        assert len(sheet_contents.excerpt("x" * 5000, "safety")) < 650
