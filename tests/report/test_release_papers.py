"""The files of a release: the same in every format, safe to open, and a withheld number is in none of them."""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import html5lib
import pytest
from docx import Document
from docx.oxml.ns import qn
from pypdf import PdfReader

from outreach.report.release_content import Changed, File, Table
from outreach.report.release_papers import files_of
from tests.report.release_contents import EMOJI, FORMULA, HEBREW, RULE, WORDS, a_content, both


def ends(files: list[File], end: str, language: str = "en") -> bytes:
    (found,) = [file.content for file in files if file.name.endswith(end) and file.language == language]
    return found


def flat(text: str) -> str:
    return " ".join(text.split())


def pdf_words(content: bytes) -> str:
    return flat(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages))


def docx_words(content: bytes) -> str:
    paper = Document(io.BytesIO(content))
    cells = [cell.text for table in paper.tables for row in table.rows for cell in row.cells]
    return flat(" ".join([*(each.text for each in paper.paragraphs), *cells]))


def page_words(content: bytes) -> str:
    tree = html5lib.parse(content, namespaceHTMLElements=False, transport_encoding="utf-8")
    return flat(" ".join(tree.itertext()))


def csv_rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


@pytest.fixture(scope="module")
def files() -> list[File]:
    return files_of(both())


def test_there_is_a_page_a_pdf_a_document_and_a_table_in_each_language_and_one_style_sheet(files):
    assert [(file.name, file.language) for file in files] == [
        *((name.replace("_en", f"_{language}").replace("en.html", f"{language}.html"), language)
          for language in ("en", "fr")
          for name in ("en.html", "ONS-2017-ON_release-2_en.pdf", "ONS-2017-ON_release-2_en.docx",
                       "ONS-2017-ON_release-2_en.csv")),
        ("release.css", ""),
    ]  # fmt: skip


def test_equal_contents_give_equal_bytes(files):
    assert files_of(both()) == files


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_paper_says_the_figures_the_status_the_coverage_and_the_rule(files, language):
    content = a_content(language)
    papers = [
        page_words(ends(files, ".html", language)),
        pdf_words(ends(files, ".pdf", language)),
        docx_words(ends(files, ".docx", language)),
    ]
    for words in papers:
        for said in (content.title, content.status, content.coverage, "1,198", RULE[language], content.as_of,
                     "7f3a7f3a7f3a", "persons_met, version 3", "Each person counts once.", "<b>typed</b>",
                     "#import *second*", "media@example.org", FORMULA):  # fmt: skip
            assert said in words, (said, words)
    assert "retenu" in papers[0] if language == "fr" else "withheld" in papers[0]
    assert all(EMOJI in words and set(HEBREW) <= set(words) and "□" not in words for words in papers)
    assert HEBREW in papers[0] and HEBREW in papers[2]


def test_the_page_is_valid_static_and_asks_for_nothing_but_its_own_files(files):
    names = {file.name for file in files}
    for language, other in (("en", "fr"), ("fr", "en")):
        page = ends(files, ".html", language)
        html5lib.HTMLParser(strict=True).parse(page, transport_encoding="utf-8")
        text = page.decode()
        wanted = set(re.findall(r'(?:href|src)="([^"]*)"', text))
        assert wanted <= names and f"{other}.html" in wanted and "release.css" in wanted
        assert {name.rpartition(".")[2] for name in wanted} == {"html", "css", "pdf", "docx", "csv"}
        assert "<script" not in text and "style=" not in text and "<b>typed" not in text
        assert text.startswith("<!doctype html>") and f'<html lang="{language}">' in text
        assert text.count(f'<abbr title="{WORDS[language][4]}">x</abbr>') == 4
        assert text.count('scope="col"') == 6 and "<caption" not in text
    style = ends(files, ".css", "").decode()
    assert "url(" not in style and "@import" not in style


def test_the_pdf_is_tagged_letter_sized_and_does_not_say_when_it_was_made(files):
    reader = PdfReader(io.BytesIO(ends(files, ".pdf", "fr")))
    root = reader.trailer["/Root"]
    assert root["/Lang"].startswith("fr") and root["/MarkInfo"]["/Marked"] and "/StructTreeRoot" in root
    assert b"pdfuaid" in root["/Metadata"].get_data() and b"CreateDate" not in root["/Metadata"].get_data()
    assert reader.metadata.creation_date is None and reader.metadata.author is None
    assert {tuple(map(float, page.mediabox[2:])) for page in reader.pages} == {(612.0, 792.0)}


def test_the_document_has_headings_heads_of_tables_its_language_and_no_author(files):
    content = ends(files, ".docx", "fr")
    paper = Document(io.BytesIO(content))
    core = paper.core_properties
    assert (core.author, core.last_modified_by, core.comments, core.language) == ("", "", "", "fr-CA")
    styles = [each.style.name for each in paper.paragraphs]
    assert styles.count("Title") == 1 and styles.count("Heading 1") == 5 and styles.count("List Bullet") == 3
    assert [len(table.rows) for table in paper.tables] == [3, 5]
    assert all(table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None for table in paper.tables)
    assert [cell.text for cell in paper.tables[1].rows[1].cells] == [FORMULA, "1\u202f190", "x"]
    with zipfile.ZipFile(io.BytesIO(content)) as box:
        every = b"".join(box.read(name) for name in box.namelist())
        assert {info.date_time for info in box.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert not [name for name in box.namelist() if "thumbnail" in name]
        assert b'w:val="en-US"' not in box.read("word/styles.xml")
    assert b"python-docx" not in every and b"Macintosh" not in every


def test_the_table_opens_in_a_spreadsheet_with_numbers_as_numbers_and_no_formula(files, tmp_path):
    content = ends(files, ".csv")
    assert content.startswith(b"\xef\xbb\xbf")
    rows = csv_rows(content)
    assert [(row["Row"], row["Number"], row["Symbol"]) for row in rows[:2]] == [
        ("Persons met", "1198", ""), ("Made safe", "", "x")]  # fmt: skip
    assert [(row["Row"], row["Column"], row["Number"], row["Symbol"]) for row in rows[2:4]] == [
        ("'" + FORMULA, "Met", "1190", ""), ("'" + FORMULA, "Safe", "", "x")]  # fmt: skip
    assert not re.search(rb'(?m)(?:^|,)"?[=+\-@]', content)
    program = shutil.which("soffice") or shutil.which("libreoffice")
    assert program, "LibreOffice is missing: apt-get install libreoffice-calc-nogui"
    (tmp_path / "in.csv").write_bytes(content)
    subprocess.run(
        [program, f"-env:UserInstallation=file://{tmp_path / 'profile'}", "--headless", "--convert-to", "fods",
         "--infilter=CSV:44,34,76,1", "--outdir", str(tmp_path), str(tmp_path / "in.csv")],
        check=True, capture_output=True, timeout=300)  # fmt: skip
    opened = (tmp_path / "in.fods").read_text(encoding="utf-8")
    assert "table:formula" not in opened and HEBREW in opened and 'office:value="1198"' in opened


def test_a_draft_says_so_on_every_paper_and_a_published_one_nowhere(files):
    drafts = files_of({"fr": a_content("fr", published_on="", tables=(_long(),))})
    assert "Ébauche non approuvée" in page_words(ends(drafts, ".html", "fr"))
    assert b'data-draft="' in ends(drafts, ".html", "fr")
    pages = PdfReader(io.BytesIO(ends(drafts, ".pdf", "fr"))).pages
    assert len(pages) > 5 and all("ÉBAUCHE NON APPROUVÉE" in page.extract_text() for page in pages)
    with zipfile.ZipFile(io.BytesIO(ends(drafts, ".docx", "fr"))) as box:
        header = box.read("word/header1.xml").decode()
    assert 'string="ÉBAUCHE NON APPROUVÉE"' in header and "Ébauche non approuvée" in flat(header)
    for end in (".html", ".pdf", ".docx"):
        read = {".html": page_words, ".pdf": pdf_words, ".docx": docx_words}[end]
        assert "bauche" not in read(ends(files, end, "fr")).lower()


def _long() -> Table:
    names = [f"Service {number} de la Rivière-aux-Aulnes-et-des-Environs" for number in range(400)]
    return Table("Par service", ("Service", *(f"Jour {day}" for day in range(8))),
                 tuple((name, *range(8)) for name in names))  # fmt: skip


def test_a_table_of_four_hundred_services_has_its_head_on_every_page_of_the_pdf():
    (pdf,) = [file.content for file in files_of({"en": a_content("en", tables=(_long(),), services=())})
              if file.name.endswith(".pdf")]  # fmt: skip
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]
    assert all("Jour 7" in page for page in pages if "Service 2" in page) and "Service 399" in " ".join(pages)


def test_an_erratum_has_one_line_for_each_changed_figure():
    changed = (Changed("Persons met", "198", "199", "One service sent it late."), Changed(HEBREW, "=2", "x"))
    contents = {
        "en": a_content(kind="erratum", number=3, replaces=2, changed=changed, lines=(), tables=(), services=())
    }
    files = files_of(contents)
    assert [file.name for file in files][1] == "ONS-2017-ON_erratum-3_en.pdf"
    for words in (page_words(files[0].content), pdf_words(files[1].content), docx_words(files[2].content)):
        for said in ("Erratum 3, ONS-2017-ON", "Restates release 2.", "198", "199", "One service sent it late.", "=2"):
            # What takes text out of a PDF sets a space of its own where the direction of writing turns.
            assert said.replace(" ", "") in words.replace(" ", "")
    rows = csv_rows(files[3].content)
    assert [(row["Row"], row["As published"], row["In words"], row["Note"]) for row in rows] == [
        ("Persons met", "198", "199", "One service sent it late."), (HEBREW, "'=2", "x", "")]  # fmt: skip
    sure = files_of({"en": a_content(lines=a_content().lines[1:])})
    assert "How sure" not in pdf_words(sure[1].content) + docx_words(sure[2].content) + page_words(sure[0].content)
    nothing = files_of({"en": replace(contents["en"], changed=())})
    assert "No figure changed." in page_words(nothing[0].content) and "No figure changed." in pdf_words(
        nothing[1].content
    )


def test_a_figure_that_is_withheld_and_still_carries_its_number_is_refused():
    content = a_content()
    wrong = replace(content, lines=(content.lines[0], replace(content.lines[1], number=4)))
    with pytest.raises(ValueError, match="persons_made_safe"):
        files_of({"en": wrong})


def test_a_release_of_nothing_and_signs_that_no_paper_may_carry_still_give_papers():
    empty = a_content(
        name="Nul\x00 \x1b[1m\ud800 name", code="", text=(), lines=(), tables=(), services=(), notes=(), contact="",
        withheld="", sample=False, coverage="",
    )  # fmt: skip
    files = files_of({"en": empty})
    assert files[1].name == "operation_release-2_en.pdf"
    assert all("Nul [1m name" in words for words in (page_words(files[0].content), docx_words(files[2].content)))
    assert PdfReader(io.BytesIO(files[1].content)).pages and csv_rows(files[3].content) == []


def test_the_style_sheet_of_the_pages_is_the_one_that_is_shipped(files):
    shipped = Path(__file__).resolve().parents[2] / "static" / "report" / "release.css"
    assert files[-1].content == shipped.read_bytes()
