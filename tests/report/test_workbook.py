"""The summary workbook: the same numbers as the figures, safe to open, nobody in it for those who may see nobody."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from click.testing import CliRunner
from flask_babel import force_locale, gettext
from openpyxl.utils import range_boundaries

from outreach.auth.actors import SYSTEM, Actor
from outreach.cli import cli
from outreach.report.workbook import export
from outreach.report.workbook.book import Column, Sheet
from outreach.report.workbook.paper import clean
from outreach.report.workbook.words import ORDER
from outreach.returns.figures import figures_of
from outreach.rollup.measures import ACCEPTANCE, STANDARD
from outreach.rollup.measures import measure as measure_of
from outreach.storage import db, writing
from outreach.storage.queries import access
from outreach.storage.tables import AuditEntry, Operation, Participation, SignOff
from outreach.storage.types import EPOCH_DAY, utc_now
from outreach.vocab import EntryMode, OperationStatus, Role
from tests import factories as site
from tests.conftest import same_page
from tests.report import factories as facts
from tests.report.workbook_file import Opened

TABLES = ["tblSummary", "tblByService", "tblByDay", "tblServiceDay", "tblContacts", "tblReferrals", "tblOutcomes",
          "tblOffence", "tblCharges", "tblSignoff", "tblDefinitions", "tblChecks"]  # fmt: skip
FORMULA = "=1+1"
_CELL, _REACH = r"'?[^'!,()]+'?!\$[A-Z]+\$\d+", r"'?[^'!,()]+'?!\$[A-Z]+\$\d+:\$[A-Z]+\$\d+"
FORMULAS = (
    rf"=(SUM\({_REACH}(,{_REACH})*\)|SUMIF\({_REACH},{_CELL},{_REACH}\)|{_CELL}|[a-z0-9_]+|[A-Z]+\d+-[A-Z]+\d+"
    r"|SUMPRODUCT\(ABS\([A-Z]+\d+:[A-Z]+\d+\)\))"
)
"""All that a formula may be: sums of other sheets' columns, a cell, a name, a difference."""
NAMES = (FORMULA, "+cmd|' /C calc'!A0 Police", "@SUM(A1) Police", "＝1+1 Police", "-2+3 Police")


@pytest.fixture
def operation(app) -> Operation:
    """Two services log contacts, one sends totals, one has said nothing; names that would be formulas."""
    operation = site.an_operation("ONS-1", status=OperationStatus.REPORTING)
    first, second = (site.a_participation(operation, site.a_service(name)) for name in NAMES[:2])
    fox = site.a_participation(operation, site.a_service(NAMES[2]), entry_mode=EntryMode.DAILY_TOTALS)
    site.a_participation(operation, site.a_service(NAMES[3]))
    with writing():
        again = facts.a_person(operation)
    facts.a_contact(
        first,
        {"answer": "accepted", "person": again, "age_said": "25_34", "gender_said": "non_binary"},
        {"answer": "declined", "age_said": "16_17"},
        kits=2,
    )
    facts.a_contact(first, day=1, result="no_answer")
    facts.a_contact(second, {"answer": "undecided", "person": again, "age_said": "25_34"}, day=1, hour=23)
    facts.a_contact(second, {"answer": "accepted", "made_safe": True}, day=9)
    for day, number in enumerate((4, 0, None, 3)):
        facts.a_tally(fox, "persons_met", number, day)
        facts.a_tally(fox, "contacts", number, day)
    facts.a_tally(fox, "personnel", 5, piece="police")
    facts.a_tally(fox, "personnel", 2, piece="victim_services")
    facts.a_tally(fox, "charges", 3)
    facts.an_accused(first, counts=(2, 1))
    facts.an_accused(second, counts=(1,), status="withdrawn")
    db.session.expire_all()
    return operation


@pytest.fixture
def language() -> str:
    """French finds what English would not: words that were not translated, and numbers written by another rule."""
    return "fr"


@pytest.fixture
def opened(operation, language) -> Opened:
    return Opened(export(SYSTEM, operation, language))


def said(code: str, language: str) -> str:
    """A measure's heading in the language of the file."""
    measure = measure_of(code)
    with force_locale(language):
        return gettext(measure.label, **measure.params)


def in_words(text: str, language: str) -> str:
    with force_locale(language):
        return gettext(text)


# Numbers --------------------------------------------------------------------------------------------------------------


def test_every_named_figure_equals_outreach_figures(operation, opened):
    found = figures_of(operation.id)
    for code in STANDARD:
        value = found.one(code).value
        owed = found.one(code).coverage.expected != 0
        assert opened.named(code) == (value if value is not None else ".." if owed else "..."), code
    assert opened.named("persons_met") == 10 and opened.named("referrals_made") == 0
    assert opened.named("coverage").startswith("3 ")


def test_what_nobody_knows_is_a_symbol_and_never_zero(app):
    operation = site.an_operation("ONS-2", services_known=False)
    site.a_participation(operation)
    opened = Opened(export(SYSTEM, operation, "en"))
    assert {opened.named(code) for code in STANDARD} == {".."}
    assert opened.named("coverage") == "Services not known"
    assert all(row["Persons met"] is None for row in opened.rows("tblByDay"))
    assert not any(ws._charts for ws in opened.book.worksheets)


def test_a_share_of_few_is_not_a_percentage_and_of_many_stands_beside_its_denominator(operation, language):
    part = db.session.query(Participation).first()
    few = Opened(export(SYSTEM, operation, language))
    assert few.named("acceptance") == "..."
    facts.a_contact(part, *({"answer": "accepted" if n % 2 else "declined"} for n in range(20)), day=2)
    many = Opened(export(SYSTEM, operation, language))
    figure = figures_of(operation.id).one(ACCEPTANCE.code)
    assert many.named("acceptance") == figure.value
    row = next(r for r in many.cells("tblSummary") if r[0].value == said("acceptance", language))
    assert row[1].number_format == "0%" and str(figure.denominator) in row[6].value


def test_figures_by_service_equal_outreach_figures(operation, opened, language):
    found = figures_of(operation.id, by=("service",))
    names = {service.id: service.name for service in db.session.query(site.Service)}
    rows = {row[in_words("Service", language)]: row for row in opened.rows("tblByService")}
    assert set(rows) == {clean(names[figure.key["service"]]) for figure in found.figures}
    for code in STANDARD:
        if code in ("services", "support_agencies"):
            continue
        for figure in found.of(code):
            cell = rows[clean(names[figure.key["service"]])][said(code, language)]
            assert cell == (figure.value if figure.value is not None else cell), code
            assert figure.value is not None or cell in ("..", "..."), code
    met = [row[said("persons_met", language)] for row in rows.values()]
    assert [n for n in met if n != ".."] == sorted((n for n in met if n != ".."), reverse=True)


def test_figures_by_day_equal_outreach_figures_and_run_up_to_the_total(operation, opened, language):
    found = figures_of(operation.id, by=("day",))
    rows = opened.rows("tblByDay")
    outside = {in_words("Before the window", language): "before", in_words("After the window", language): "after",
               in_words("Without a day", language): "undated"}  # fmt: skip
    seen = set()
    for row in rows:
        day = row[in_words("Day", language)]
        key = (day.date() - EPOCH_DAY).days if isinstance(day, dt.datetime) else outside[day]
        seen.add(key)
        for code in STANDARD:
            if measure_of(code).by_day:
                assert row[said(code, language)] == found.one(code, day=key).value, (code, day)
    assert seen == {figure.key["day"] for figure in found.figures if figure.measure in STANDARD}
    assert sum(row[said("persons_met", language)] or 0 for row in rows) == opened.named("persons_met")


def test_figures_by_service_and_day_equal_outreach_figures(operation, opened, language):
    found = figures_of(operation.id, by=("service", "day"))
    names = {service.id: clean(service.name) for service in db.session.query(site.Service)}
    rows = {}
    outside = {in_words("Before the window", language): "before", in_words("After the window", language): "after",
               in_words("Without a day", language): "undated"}  # fmt: skip
    for row in opened.rows("tblServiceDay"):
        day, part = row[in_words("Day", language)], row[in_words("Part of the window", language)]
        rows[row[in_words("Service", language)], (day.date() - EPOCH_DAY).days if day else outside[part]] = row
    for code in STANDARD:
        for figure in found.of(code):
            row = rows.get((names[figure.key["service"]], figure.key["day"]))
            if row is None:
                assert not figure.value, figure
            else:
                assert row[said(code, language)] == figure.value, figure
                assert figure.value is not None or row[in_words("Flag", language)], figure


def test_charges_by_offence_add_up_to_the_figure(operation, opened, language):
    rows = opened.rows("tblOffence")
    assert sum(row[said("charges", language)] for row in rows) == opened.named("charges") == 6
    assert [row[said("charges", language)] for row in rows] == [3, 3]
    assert rows[-1][said("persons_charged", language)] == ".."  # told as a number: nobody knows how many persons


def test_a_past_moment_gives_the_numbers_of_then(operation):
    then = utc_now()
    part = db.session.query(Participation).first()
    facts.a_contact(part, {"answer": "accepted"}, day=3)
    assert Opened(export(SYSTEM, operation, "en", then)).named("persons_met") == 10
    assert Opened(export(SYSTEM, operation, "en")).named("persons_met") == 11


def test_the_previous_edition_stands_beside_this_one_when_it_may_be_seen(operation, app):
    later = site.an_operation("ONS-2", copied_from_id=operation.id)
    part = site.a_participation(later, db.session.query(site.Service).first())
    facts.a_contact(part, {"answer": "accepted"})
    row = Opened(export(SYSTEM, later, "en")).rows("tblSummary")[4]
    assert (row["This edition"], row["Previous edition"], row["Difference"]) == (1, 10, "Not comparable")
    bound = access.actor_of(site.a_user(Role.ANALYST, operation=later))
    assert Opened(export(bound, later, "en")).rows("tblSummary")[4]["Previous edition"] == "..."


# Signing --------------------------------------------------------------------------------------------------------------


def test_it_is_provisional_until_closed_and_signed_by_every_service(app):
    operation = site.an_operation("ONS-3", status=OperationStatus.CLOSED, days=1)
    part = site.a_participation(operation)
    facts.a_contact(part, {"answer": "accepted"})
    facts.an_accused(part)
    assert Opened(export(SYSTEM, operation, "en")).named("status") == "Provisional"
    with writing():
        db.session.add(SignOff(
            participation_id=part.id, version=2, signed_at=utc_now(), typed_name="=Ada", figures={"persons_met": 1},
            figures_hash="abcdef0123456789"))  # fmt: skip
    opened = Opened(export(SYSTEM, operation, "en"))
    row = opened.rows("tblSignoff")[0]
    assert (row["State"], row["Version"], row["Signed by"], row["Difference"]) == ("Signed", 2, "=Ada", 0)
    assert opened.named("coverage") == "1 of 1 service in" and opened.named("status") == "Final"
    with writing():
        db.session.query(SignOff).one().reopened_at = utc_now()
    reopened = Opened(export(SYSTEM, operation, "en"))
    assert reopened.named("status") == "Provisional" and reopened.rows("tblSignoff")[0]["State"] == "Reopened"


# Text is never a formula ----------------------------------------------------------------------------------------------


def test_text_from_data_is_never_a_formula_or_a_link(opened):
    formulas = [(ws.title, cell.coordinate, cell.value) for ws in opened.book.worksheets for row in ws.iter_rows()
                for cell in row if cell.data_type == "f"]  # fmt: skip
    checks = opened.sheets["tblChecks"].title
    assert formulas and all(sheet == checks for sheet, _, _ in formulas)
    assert all(re.fullmatch(FORMULAS, text)
               for _, _, text in formulas)  # fmt: skip
    service = next(row[0] for row in opened.cells("tblByService") if row[0].value == FORMULA)
    assert service.data_type == "s" and service.quotePrefix
    for name, text in opened.parts():
        assert 'TargetMode="External"' not in text and "externalLink" not in name, name
        assert "vbaProject" not in name
    assert all(not cell.hyperlink.target for ws in opened.book.worksheets for row in ws.iter_rows() for cell in row
               if cell.hyperlink)  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("a\x00\x0b\x1fb", "a b"), ("one\r\ntwo\tthree", "one two three"), ("\u202eevil\u2069", "evil"),
     ("\ud800x\uffff", "x"), ("x" * 40_000, "x" * 32_767), ("#N/A", "#N/A"), ("Lac-Élan œ 🜂", "Lac-Élan œ 🜂")],
)  # fmt: skip
def test_control_characters_are_removed(typed, kept):
    assert clean(typed) == kept


def test_names_with_control_characters_and_errors_survive_the_way(app):
    operation = site.an_operation("ONS-4")
    with writing():
        db.session.get_one(Operation, operation.id).name = "#REF!"
    site.a_participation(operation, site.a_service("Fort\x07 Vale\tPolice"))
    opened = Opened(export(SYSTEM, operation, "en"))
    assert opened.named("op_name") == "#REF!"
    assert opened.rows("tblByService")[0]["Service"] == "Fort Vale Police"


# Single persons -------------------------------------------------------------------------------------------------------


def test_contacts_has_a_row_for_each_person_met_or_outcome_and_no_place_code_or_note(operation, opened, language):
    rows = opened.rows("tblContacts")
    assert len(rows) == 4 and [row[in_words("Row", language)] for row in rows] == [1, 2, 3, 4]
    met = [row for row in rows if row[in_words("Result", language)] == in_words("Met", language)]
    from_tallies = 7
    assert len(met) + from_tallies == opened.named("persons_met")
    assert len(rows[0]) == 9 and met[0][in_words("Hours", language)] == "21:00–23:59"
    assert {row[in_words("Gender", language)] for row in met} == {
        in_words("Non-binary", language), in_words("Not known", language)}  # fmt: skip
    assert in_words("No answer", language) in {row[in_words("Result", language)] for row in rows}


def test_whoever_may_not_see_persons_gets_no_contacts_and_nothing_of_them_in_the_file(operation):
    actor = access.actor_of(site.a_user(Role.COMMANDER))
    opened = Opened(export(actor, operation, "en"))
    assert list(opened.sheets) == [name for name in TABLES if name not in ("tblContacts", "tblReferrals", "tblCharges")]
    for name, text in opened.parts():
        for word in ("Non-binary", "16 to 17", "25 to 34", "21:00–", "Hotel", "tblContacts"):
            assert word not in text, (name, word)


def test_a_service_coordinator_gets_the_persons_of_her_own_service_only(operation):
    service = db.session.query(site.Service).filter_by(name=NAMES[1]).one()
    opened = Opened(export(access.actor_of(site.a_user(Role.SERVICE_COORDINATOR, service)), operation, "en"))
    rows = opened.rows("tblContacts")
    assert {row["Service"] for row in rows} == {NAMES[1]} and len(rows) == 2
    assert all("Non-binary" not in text for _, text in opened.parts())


def test_the_sheet_of_contacts_cannot_be_made_for_nobody(operation):
    from outreach.errors import NotAllowed
    from outreach.report.workbook.person_sheets import contacts
    from outreach.report.workbook.source import gather

    with force_locale("en"), pytest.raises(NotAllowed):
        contacts(gather(Actor(user=None), operation, "en"))


# The page and the command line ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.OPERATION_COORDINATOR, 200), (Role.COMMANDER, 200), (Role.ANALYST, 200), (Role.SERVICE_COORDINATOR, 200),
     (Role.FIELD_OFFICER, 403), (Role.LIAISON, 404), (Role.ADMINISTRATOR, 404)],
)  # fmt: skip
def test_the_file_is_for_those_whom_the_table_names(operation, signed_in, role, status):
    bound = role in (Role.SERVICE_COORDINATOR, Role.FIELD_OFFICER)
    service = db.session.query(site.Service).filter_by(name=NAMES[0]).one() if bound else None
    answer = signed_in(site.a_user(role, service)).get("/operations/ONS-1/workbook?lang=fr")
    assert answer.status_code == status
    entries = db.session.query(AuditEntry).filter_by(tag="report.workbook.export").all()
    assert len(entries) == (1 if status == 200 else 0)
    if status == 200:
        assert answer.headers["Cache-Control"] == "no-store" and ".xlsx" in answer.headers["Content-Disposition"]
        assert entries[0].operation_id == operation.id
        small = role in (Role.OPERATION_COORDINATOR, Role.ANALYST)
        persons = role in (Role.ANALYST, Role.SERVICE_COORDINATOR)
        copy = "analyst" if small else "own"
        assert entries[0].details == {"language": "fr", "copy": copy, "persons": persons}
        assert Opened(answer.data).book.properties.language == "fr-CA"


def test_a_foreign_operation_answers_like_none(operation, signed_in):
    client = signed_in(site.a_user(Role.ANALYST, operation=site.an_operation("ONS-9")))
    foreign, none = (client.get(f"/operations/{code}/workbook") for code in ("ONS-1", "NOPE"))
    assert foreign.status_code == none.status_code == 404 and same_page(foreign) == same_page(none)


def test_a_moment_that_is_none_is_refused(operation, signed_in):
    answer = signed_in(site.a_user(Role.ANALYST)).get("/operations/ONS-1/workbook?as_of=yesterday")
    assert answer.status_code == 422


def test_the_operation_page_offers_it(operation, signed_in):
    assert "/operations/ONS-1/workbook" in signed_in(site.a_user(Role.ANALYST)).get("/operations/ONS-1").text


def test_the_command_writes_the_file_and_enters_it_in_the_journal(app, operation, tmp_path):
    def run(*words: str) -> Any:
        return CliRunner().invoke(cli, ["export", *words], obj=lambda: app)

    file = tmp_path / "out.xlsx"
    done = run("ONS-1", str(file), "--lang", "fr")
    assert done.exit_code == 0, done.output
    assert list(Opened(file.read_bytes()).sheets) == TABLES
    entry = db.session.query(AuditEntry).filter_by(tag="report.workbook.export").one()
    assert (entry.actor_name, entry.details["persons"]) == ("command line", True)
    assert run("NOPE", str(file)).exit_code == 1
    assert run("ONS-1", str(tmp_path / "no" / "where.xlsx")).exit_code == 1
    assert run("ONS-1", str(file), "--as-of", "soon").exit_code == 2
    assert run("ONS-1", str(file), "--lang", "de").exit_code == 2
    assert run("ONS-1", str(file), "--copy", "publication").exit_code == 1  # nothing is locked yet


# The file itself ------------------------------------------------------------------------------------------------------


def test_tables_and_names_are_the_same_in_both_languages(operation):
    english, french = (Opened(export(SYSTEM, operation, language)) for language in ("en", "fr"))
    assert list(english.sheets) == list(french.sheets) == TABLES
    assert set(english.book.defined_names) == set(french.book.defined_names)
    assert set(english.book.defined_names) == {"op_name", "as_of", "status", "coverage", *ORDER}
    titles = [[ws.title for ws in one.book.worksheets] for one in (english, french)]
    assert titles[0][:4] == ["Summary", "By service", "By day", "Service × day"]
    assert titles[1][:4] == ["Sommaire", "Par service", "Par jour", "Service × jour"]
    for table in TABLES:
        columns = [[c.name for c in one.sheets[table].tables[table].tableColumns] for one in (english, french)]
        assert len(columns[0]) == len(columns[1])
        assert all(len({name.casefold() for name in names}) == len(names) for names in columns), table


def test_sheets_are_one_table_each_without_merges_blank_rows_or_hidden_data(opened):
    for ws in opened.book.worksheets:
        assert len(ws.tables) == 1 and not ws.merged_cells.ranges and ws.sheet_state == "visible"
        left, top, _right, bottom = range_boundaries(next(iter(ws.tables.values())).ref)
        assert left == 1 and top in (1, 5) and ws.max_row == bottom
        assert all(any(cell.value is not None for cell in row) for row in ws.iter_rows(max_row=bottom)), ws.title
        assert not any(size.hidden for size in ws.column_dimensions.values())
        assert all((cell.font.sz or 0) >= 11 for row in ws.iter_rows() for cell in row)
    assert isinstance(opened.named("as_of"), dt.datetime)
    assert {cell.number_format for row in opened.cells("tblByDay") for cell in row[:1] if cell.is_date} == {
        "yyyy-mm-dd"
    }
    assert {row[1].number_format for row in opened.cells("tblSummary") if isinstance(row[1].value, int)} == {"#,##0"}


def test_every_sheet_prints_on_letter_one_page_wide_with_status_and_page(opened, language):
    for ws in opened.book.worksheets:
        assert ws.page_setup.paperSize == 1 and ws.page_setup.fitToWidth == 1
        assert ws.sheet_properties.pageSetUpPr.fitToPage and ws.print_title_rows and ws.print_area
        assert in_words("Provisional", language) in ws.oddFooter.left.text and "&P" in ws.oddFooter.right.text
        assert in_words("Not to be passed on.", language) in ws.oddFooter.left.text
    assert opened.sheets["tblSummary"].page_setup.fitToHeight == 1
    assert opened.sheets["tblSummary"].page_setup.orientation == "portrait"
    about = opened.book.properties
    assert about.title and about.language == f"{language}-CA"


def test_every_chart_has_a_title_and_words_for_who_cannot_see_it(opened, language):
    drawings = [text for name, text in opened.parts() if name.startswith("xl/drawings/drawing")]
    frames = [frame for text in drawings for frame in re.findall(r"<(?:xdr:)?cNvPr [^>]*>", text)]
    assert len(frames) == 4
    for frame in frames:
        words = re.search(r'descr="([^"]+)"', frame)
        assert words and re.search(r"\d", words[1]), frame
    colon = "\N{NO-BREAK SPACE}: " if language == "fr" else ": "
    assert any(f"2017-10-10{colon}6" in frame and f"2017-10-11{colon}0" in frame for frame in frames)
    charts = [text for name, text in opened.parts() if name.startswith("xl/charts/chart")]
    assert all("<title>" in text and "<numCache>" not in text for text in charts)


def test_a_sample_says_so_on_every_page(app, language):
    operation = site.an_operation("ONS-5", is_sample=True)
    site.a_participation(operation)
    opened = Opened(export(SYSTEM, operation, language))
    words = in_words("Sample operation", language)
    assert opened.named("status").startswith(words)
    assert all(words in ws.oddFooter.left.text for ws in opened.book.worksheets)


def test_a_sheet_knows_its_rows():
    sheet = Sheet("x", "X", "tblX", (Column("A"),), [[1], [2]], heading=(("t",),) * 4)
    assert (sheet.header_row, sheet.first_row, sheet.last_row) == (5, 6, 7)
