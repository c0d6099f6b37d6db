"""Published figures: reading a workbook of them, taking it, putting one right, and what contradicts what."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from outreach.auth.actors import SYSTEM
from outreach.errors import Changed, Invalid, NotAllowed
from outreach.plan.workbook_reading_rules import book_as_text, book_of_text
from outreach.plan.workbook_rules import SheetRead
from outreach.report import history_commands as commands
from outreach.report import history_workbook
from outreach.report.history_reading_rules import entries_of, entry_of, lines_of
from outreach.report.history_rules import COLUMNS, Entry, mark_of, places_of, row_key
from outreach.returns.figures import figures_of
from outreach.storage import db, writing
from outreach.storage.queries import history as rows
from outreach.storage.queries.operations import note_change
from outreach.storage.tables import AuditEntry, Operation, PublishedFigure
from outreach.vocab import Role
from tests import factories as site
from tests.conftest import token_of
from tests.field.factories import actor_of
from tests.plan.books import false_sizes
from tests.report.published import GIVEN, an_entry
from tests.returns.hostile_books import bomb

RELEASES = json.loads((Path(__file__).parents[2] / "outreach" / "published_history.json").read_text())


def wrong(**more: Any) -> list[str]:
    entry, findings = entry_of({**GIVEN, **more})
    assert entry is None
    return [one.where for one in findings]


def a_book(*entries: Entry, language: str = "en") -> bytes:
    target = io.BytesIO()
    history_workbook.write(entries, target, language)
    return target.getvalue()


# Reading --------------------------------------------------------------------------------------------------------------


def test_words_codes_and_labels_of_both_languages_read_the_same():
    plain = an_entry(qualifier="more_than", level="provincial")
    english = an_entry(qualifier="More than", measure="Persons met", level="Provincial", language="English")
    french = an_entry(qualifier="plus de", measure="Personnes rencontrées", level="Provincial", language="Anglais")
    assert plain == english == french
    assert an_entry(measure="Persons under 18").threshold_age == 18
    assert an_entry(measure="persons_under_16").threshold_age == 16


@pytest.mark.parametrize(
    ("said", "where"),
    [
        ({"value": "more than 10"}, ["value"]),
        ({"value": "1,234"}, ["value"]),
        ({"value": -3}, ["value"]),
        ({"value": 2.5}, ["value"]),
        ({"value": True}, ["value"]),
        ({"value": "9" * 12}, ["value"]),
        ({"value": None, "qualifier": "about"}, ["value"]),
        ({"value": 0, "qualifier": "fewer_than"}, ["value"]),
        ({"measure": "persons_saved"}, ["measure"]),
        ({"measure": "persons_under_17"}, ["measure"]),
        ({"measure": "", "word": ""}, ["word"]),
        ({"measure": "persons_under_18", "threshold_age": 16}, ["threshold_age"]),
        ({"as_of_on": "03/04/2017"}, ["as_of_on"]),
        ({"as_of_on": 43000}, ["as_of_on"]),
        ({"starts_on": "2017-10-15", "ends_on": "2017-10-11"}, ["ends_on"]),
        ({"starts_on": "2017-10-11", "ends_on": "2017-10-15", "days": 7}, ["days"]),
        ({"source": "", "publisher": " "}, ["publisher", "source"]),
        ({"series": "x" * 161}, ["series"]),
        ({"language": "de"}, ["language"]),
    ],
)
def test_what_cannot_be_read_is_named_at_its_column(said, where):
    assert wrong(**said) == where


def test_a_blank_is_not_published_and_never_nought():
    assert an_entry(value=None).value is None and an_entry(value="").value is None and an_entry(value=0).value == 0
    assert an_entry(value="12 345").value == 12_345 and an_entry(value="1 234").value == 1_234


def test_the_same_figure_of_the_same_source_has_one_key_however_it_is_spelled():
    one = an_entry(series="Opération  Spotlight", source="https://a.example/x")
    assert row_key(one) == row_key(an_entry(series="opération spotlight", source="https://a.example/x", value=3))
    for other in ({"language": "fr"}, {"source": "https://a.example/y"}, {"as_of_on": "2017-10-18"}, {"part": "Peel"}):
        assert row_key(one) != row_key(
            an_entry(series="opération spotlight", **{"source": "https://a.example/x"} | other)
        )


def test_a_place_names_the_larger_place_after_a_comma():
    assert places_of("Windsor-Essex, Ontario") == ("windsor essex ontario", "ontario")
    assert places_of("Canada") == ("canada",) and places_of("") == ("",)


HOSTILE = ("=1+1", "+SUM(A1)", "@cmd", "-5 of them", "🕯 Spotlight", "عملية الضوء", "Łódź  Police")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_workbook_reads_back_as_the_same_figures_whatever_was_printed(language):
    entries = entries_of(RELEASES)
    entries += [an_entry(word=text, source=text + " source", as_of_on="2017-10-18") for text in HOSTILE]
    book = a_book(*entries, language=language)
    lines = lines_of(history_workbook.read_book(book))
    assert lines.findings == [] and [entry for _, entry in lines.entries] == [
        Entry(**{**vars(entry), "word": " ".join(entry.word.split())}) for entry in entries
    ]
    sheet = openpyxl.load_workbook(io.BytesIO(book)).worksheets[1]
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    assert len(sheet.data_validations.dataValidation) == sum(1 for column in COLUMNS if column.choices)


def a_sheet(*lines: list[Any], header: list[Any] | None = None, name: str = "Published figures") -> list[SheetRead]:
    head = header or [column.label for column in COLUMNS]
    return [SheetRead("Start here", [["x"]]), SheetRead(name, [head, *lines])]


def a_line(**said: Any) -> list[Any]:
    values = {**GIVEN, **said}
    return [values.get(column.code) for column in COLUMNS]


@pytest.mark.parametrize(("held", "kind"), [("=198", "f"), ("=SUM(A1:B1)", "f"), ("#REF!", "e")])
def test_what_a_formula_left_is_not_read_as_not_published(held, kind):
    """openpyxl keeps no value with a formula, as many programs do: the cell looks empty."""
    book = openpyxl.load_workbook(io.BytesIO(a_book(an_entry(), an_entry(edition="2016"))))
    cell = book.worksheets[1].cell(2, 1 + [one.code for one in COLUMNS].index("value"))
    cell.value, cell.data_type = held, kind
    target = io.BytesIO()
    book.save(target)
    read = history_workbook.read_book(target.getvalue())
    lines = lines_of(read)
    assert [entry.value for _, entry in lines.entries] == [198] and lines.faulty == {2}
    assert "formula or an error" in lines.findings[0].message
    carried = lines_of(book_of_text(book_as_text(read)))
    assert (carried.entries, carried.faulty) == (lines.entries, lines.faulty), "what is taken is what was shown"


def test_a_row_with_a_problem_is_named_with_its_cell_and_the_others_stay_good():
    found = lines_of(a_sheet(a_line(), a_line(value="more than 10", part="Peel"), [], a_line(), a_line(part="York")))
    assert [number for number, _ in found.entries] == [2, 6] and found.faulty == {3, 5}
    assert [one.where for one in found.findings] == ["Published figures!G3", "Published figures!G5"]
    assert found.findings[1].params == {"row": 2}


@pytest.mark.parametrize(
    ("book", "where"),
    [
        ([SheetRead("Figures", [["a"]])], "Published figures"),
        (a_sheet(header=["Series", "Colour"]), "Published figures!B1"),
        (a_sheet(header=["Series", "Series"]), "Published figures!B1"),
        (a_sheet(header=["Series"]), "Published figures!A1"),
        ([SheetRead("Published figures", [])], "Published figures!A1"),
    ],
)
def test_a_sheet_that_cannot_be_read_says_where(book, where):
    found = lines_of(book)
    assert found.entries == [] and where in {one.where for one in found.findings}


def test_a_cell_under_no_header_and_merged_cells_are_refused():
    assert lines_of(a_sheet([*a_line(), "beside"])).faulty == {2}
    merged = [SheetRead("Published figures", a_sheet(a_line())[1].rows, ((2, 1, 3, 1),))]
    assert [one.where for one in lines_of(merged).findings] == ["Published figures!A2:A3"]


# Taking ---------------------------------------------------------------------------------------------------------------


def standing() -> list[PublishedFigure]:
    return rows.standing()


def test_taking_a_file_again_changes_nothing_and_a_correction_keeps_what_stood(app):
    coordinator = actor_of(site.a_user(Role.OPERATION_COORDINATOR))
    lines = list(enumerate([an_entry(), an_entry(source="another release", value=199)], start=2))
    with writing():
        assert commands.take(coordinator, lines, mark_of(commands.against(lines))) == (2, 0)
    again = commands.against(lines)
    assert [row.state for row in again] == ["same", "same"] and mark_of(again) == mark_of([])
    mended = [(2, an_entry(value=201, series="SPOTLIGHT"))]
    found = commands.against(mended)
    assert [(row.state, row.fields) for row in found] == [("changed", ("value",))]
    with writing():
        assert commands.take(coordinator, mended, mark_of(found)) == (0, 1)
    assert sorted(one.value for one in standing()) == [199, 201]
    gone = db.session.query(PublishedFigure).filter(PublishedFigure.removed_at.is_not(None)).one()
    assert (gone.value, gone.removed_by_id) == (198, coordinator.user)
    entries = db.session.query(AuditEntry).filter_by(tag="report.history.take").all()
    assert [one.details for one in entries] == [{"added": 2, "changed": 0}, {"added": 0, "changed": 1}]


def test_what_is_taken_is_what_was_shown(app):
    lines = [(2, an_entry())]
    mark = mark_of(commands.against(lines))
    with writing():
        commands.add(SYSTEM, an_entry(value=7))
    with writing(), pytest.raises(Changed):
        commands.take(SYSTEM, lines, mark)


@pytest.mark.parametrize("role", [Role.COMMANDER, Role.SERVICE_COORDINATOR, Role.LIAISON, Role.ADMINISTRATOR])
def test_others_may_not_change_what_was_published(app, role):
    actor = actor_of(site.a_user(role))
    with writing():
        figure = commands.add(SYSTEM, an_entry())
    for act in (
        lambda: commands.take(actor, [(2, an_entry(value=1))], ""),
        lambda: commands.add(actor, an_entry(part="Peel")),
        lambda: commands.remove(actor, figure),
    ):
        with writing(), pytest.raises(NotAllowed):
            act()
    assert [one.value for one in standing()] == [198]


def test_one_figure_is_added_corrected_and_taken_out_and_the_journal_says_so(app):
    analyst = actor_of(site.a_user(Role.ANALYST))
    with writing():
        first = commands.add(analyst, an_entry())
        with pytest.raises(Invalid):
            commands.add(analyst, an_entry(value=199))
        second = commands.add(analyst, an_entry(value=200), first)
        commands.remove(analyst, second)
    with writing(), pytest.raises(Changed):
        commands.remove(analyst, second)
    assert standing() == [] and db.session.query(PublishedFigure).count() == 2
    tags = [tag for (tag,) in db.session.query(AuditEntry.tag).filter(AuditEntry.tag.like("report.history.%"))]
    assert tags == ["report.history.add", "report.history.correct", "report.history.remove"]


def test_an_operation_that_is_not_here_is_named_and_one_that_is_takes_its_figures_along(app):
    lines = [(2, an_entry(operation="NOWHERE")), (3, an_entry(part="x"))]
    assert [number for number, _ in commands.unknown_operations(SYSTEM, lines)] == [2]
    operation = site.an_operation("HERE")
    before = figures_of(operation.id).figures
    with writing():
        made = commands.add(SYSTEM, an_entry(operation="here"))
    assert made.operation_id == operation.id
    assert figures_of(operation.id).figures == before  # never part of a total
    lines = [(2, an_entry(word="engaged"))]  # a file that names no operation leaves it
    with writing():
        commands.take(SYSTEM, lines, mark_of(commands.against(lines)))
    assert [(one.word, one.operation_id) for one in standing()] == [("engaged", operation.id)]


# Pages ----------------------------------------------------------------------------------------------------------------


def text_of(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def test_from_the_template_to_the_list_by_upload_preview_and_taking(app, signed_in):
    client = signed_in(site.a_user(Role.OPERATION_COORDINATOR))
    page = client.get("/report/history")
    assert "No published figure is recorded yet." in page.text
    template = client.get("/report/history/workbook/template.xlsx")
    assert template.mimetype == history_workbook.MIME
    token = token_of(client.get("/report/history/workbook"))
    nothing = client.post("/report/history/workbook/check", data={"csrf_token": token})
    assert nothing.status_code == 422 and "Choose a workbook first." in nothing.text
    hostile = ((bomb("xl/media/zeros.bin", 60), "far too large inside"), (false_sizes(), "workbook"))
    for content, words in ((b"series,edition", "text file"), (template.data, "holds no figure"), *hostile):
        upload = {"csrf_token": token, "workbook": (io.BytesIO(content), "a.xlsx")}
        refused = client.post("/report/history/workbook/check", data=upload)
        assert refused.status_code == 422 and words in refused.text
    entries = [*entries_of(RELEASES)[:3], an_entry(word="<b>=1+1</b>", operation="NOWHERE")]
    upload = {"csrf_token": token, "workbook": (io.BytesIO(a_book(*entries)), "a.xlsx")}
    shown = client.post("/report/history/workbook/check", data=upload)
    assert "3 new · 0 changed · 0 same · 1 with a problem" in text_of(shown), text_of(shown)
    assert shown.text.count('class="tag tag--new"') == 3  # each row says what becomes of it
    assert "Published figures!R5" in shown.text and "no operation “NOWHERE”" in text_of(shown) and standing() == []
    book = re.search(r'<textarea name="book"[^>]*>\n(.*?)</textarea>', shown.text, re.DOTALL)
    mark = re.search(r'name="mark" value="(\w+)"', shown.text)
    assert book and mark
    from html import unescape

    carried = {"csrf_token": token, "book": unescape(book[1]), "mark": mark[1]}
    assert client.post("/report/history/workbook", data=carried | {"book": "{"}).status_code == 422
    assert client.post("/report/history/workbook", data=carried | {"mark": "0"}).status_code == 409
    for forged in ("[]", '[{"name": "Published figures", "rows": [[1, null]], "merged": []}]', '[{"name": 1}]', "[[]]"):
        assert client.post("/report/history/workbook", data=carried | {"book": forged}).status_code == 422
    assert client.post("/report/history/workbook", data=carried).status_code == 303
    page = client.get("/report/history")
    assert "3 figures" in page.text and "3 figures are new, 0 were changed." in page.text
    assert client.post("/report/history/workbook", data=carried).status_code == 409  # nothing doubles
    assert len(standing()) == 3
    back = client.get("/report/history/workbook.xlsx?edition=2014,+phase+2")
    read = lines_of(history_workbook.read_book(back.data))
    assert [row.state for row in commands.against(read.entries)] == ["same"] * 3


def test_one_figure_by_its_form_keeps_what_was_typed_and_stands_in_its_page(app, signed_in):
    client = signed_in(site.a_user(Role.ANALYST))
    token = token_of(client.get("/report/history/new"))
    typed = {"csrf_token": token, **{name: str(value) for name, value in GIVEN.items()}}
    wrong = client.post("/report/history/new", data=typed | {"value": "more than 10", "word": "engaged"})
    assert wrong.status_code == 422 and "Put the digits here" in wrong.text and 'value="engaged"' in wrong.text
    made = client.post("/report/history/new", data=typed | {"value": "10", "qualifier": "more_than"})
    page = client.get(made.location)
    assert "Persons met: more than 10" in text_of(page) and "more than 10 (11 or more)" in text_of(page)
    figure = standing()[0]
    corrected = client.get(f"/report/history/new?from={figure.id}&correct=1")
    assert f'name="before" value="{figure.id}"' in corrected.text and 'value="10"' in corrected.text
    done = client.post("/report/history/new", data=typed | {"value": "12", "before": str(figure.id)})
    assert "Persons met: 12" in text_of(client.get(done.location))
    assert "was taken out" in client.get(made.location).text
    assert client.post(done.location + "/remove", data={"csrf_token": token}).status_code == 303
    assert client.post(done.location + "/remove", data={"csrf_token": token}).status_code == 409
    assert client.get("/report/history/99999999999").status_code == 404


def test_a_commander_reads_and_may_not_change_and_a_service_sees_nothing(app, signed_in):
    with writing():
        figure = commands.add(SYSTEM, an_entry()).id
    commander = signed_in(site.a_user(Role.COMMANDER))
    page = commander.get("/report/history")
    assert page.status_code == 200 and "/report/history/new" not in page.text and "workbook.xlsx" in page.text
    assert "Take it out" not in commander.get(f"/report/history/{figure}").text
    assert commander.get("/report/history/workbook").status_code == 403
    assert signed_in(site.a_user(Role.LIAISON)).get("/report/history").status_code in (403, 404)


def test_the_check_page_names_what_contradicts_what_in_real_releases(app, signed_in):
    for code in ("ONS-2017-ON", "ONS-2017-CA", "ONS-2017-WEC"):
        site.an_operation(code, services_known=False)
    with writing():
        commands.put_sample(SYSTEM, entries_of(RELEASES))
        assert commands.put_sample(SYSTEM, entries_of(RELEASES)) == 0
    client = signed_in(site.a_user(Role.ANALYST))
    said = text_of(client.get("/report/history/check"))
    assert "5 contradictions · 1 to ask about" in said
    for words in (
        "Police services: the parts add up to 55, more than the whole.",
        "Persons charged: a place has more than the larger place that it lies in.",
        "Persons charged: only one language of the release gives a number.",
        "Persons made safe: two sources say what cannot both be true.",
    ):
        assert words in said, said
    assert "No two of these figures contradict" in client.get("/report/history/check?edition=2018").text
    with writing():
        ontario = db.session.query(Operation).filter_by(code="ONS-2017-ON").one()
        ontario.services_known = True
        note_change(ontario.id)
    own = text_of(client.get("/report/history/check?edition=2017"))
    assert "Police services: what was counted here is not what was published." in own and "counted here" in own
    bound = signed_in(site.a_user(Role.COMMANDER, operation=site.an_operation("ELSEWHERE")))
    other = text_of(bound.get("/report/history/check?edition=2017"))
    assert "counted here" not in other and "ONS-2017-ON" not in other
    assert "counted here" not in text_of(bound.get("/report/history"))


def test_a_long_file_of_problems_is_listed_in_part_and_a_long_check_by_page(app, signed_in):
    entries = [an_entry(scope=f"Place {place}, Ontario", level="local", value=place + 2) for place in range(230)]
    with writing():
        commands.put_sample(SYSTEM, [*entries, an_entry(scope="Ontario", level="provincial", value=1)])
    client = signed_in(site.a_user(Role.ANALYST))
    check = client.get("/report/history/check?page=3")
    assert "230 contradictions" in check.text and check.text.count("Cannot be") == 30
    token = token_of(client.get("/report/history/workbook"))
    book = openpyxl.load_workbook(io.BytesIO(a_book(*entries)))
    for row in range(2, 232):
        book.worksheets[1].cell(row, 7).value = "many"
    target = io.BytesIO()
    book.save(target)
    target.seek(0)
    upload = {"csrf_token": token, "workbook": (target, "a.xlsx")}
    shown = client.post("/report/history/workbook/check", data=upload)
    assert "230 problems" in shown.text and "Only the first 200 are listed." in shown.text


def test_days_are_days(app):
    assert an_entry(as_of_on={"day": "2017-10-18"}).as_of_on == dt.date(2017, 10, 18)
    assert an_entry(as_of_on={"moment": "2017-10-18T00:00"}).as_of_on == dt.date(2017, 10, 18)
