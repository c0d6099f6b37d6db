"""The files of a release: a page, a PDF, a text document and a table for every language, from its contents alone.

Plain values in, bytes out: no database and no request. Equal contents give equal bytes, so that what two persons
approved is what is published. A withheld number is not in the contents, hence in no file.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from functools import lru_cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from outreach import assets
from outreach.ready import sheets
from outreach.vocab import ReleaseKind

from . import release_words
from .release_content import Content, File, Line, page_name, stem_of
from .release_document import document
from .rules import formula_safe

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
STYLE = "release.css"
TEMPLATE = "report/paper.html"


def files_of(contents: Mapping[str, Content]) -> list[File]:
    """Every file, for each language page, PDF, document and table, and the one style sheet of the pages.

    ``contents``: language → what it says there. Raises ``ValueError`` when a withheld figure still carries its number.
    """
    clean: dict[str, Content] = {language: _clean(content) for language, content in contents.items()}
    for content in clean.values():
        _keeps_back(content)
    files: list[File] = []
    for language, content in clean.items():
        stem = stem_of(content)
        papers = [
            File(f"{stem}.pdf", language, "application/pdf", _pdf(content)),
            File(f"{stem}.docx", language, DOCX, document(content, release_words.words(content))),
            File(f"{stem}.csv", language, "text/csv; charset=utf-8", _table(content)),
        ]
        page = _page(content, [other for other in clean if other != language], papers)
        files += [File(page_name(language), language, "text/html; charset=utf-8", page), *papers]
    style = (assets.static() / "report" / STYLE).read_bytes()
    return [*files, File(STYLE, "", "text/css; charset=utf-8", style)]


def _keeps_back(content: Content) -> None:
    for line in content.lines:
        if line.withheld and line.number is not None:
            raise ValueError(f"{line.code} is withheld and still carries its number")


def _clean(value: Any) -> Any:
    """The same without signs that no paper may carry: controls, and halves of characters."""
    if isinstance(value, str):
        return "".join(c for c in value if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
    if isinstance(value, tuple):
        return tuple(_clean(each) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: _clean(getattr(value, field.name)) for field in fields(value)})
    return value


# The page -------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(assets.templates()),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _page(content: Content, others: Sequence[str], papers: Sequence[File]) -> bytes:
    """A static page: no script, nothing from elsewhere but the style sheet beside it."""
    kilobytes = [
        {"name": paper.name, "kind": paper.name.rpartition(".")[2].upper(), "size": -(-len(paper.content) // 1000)}
        for paper in papers
    ]
    text = (
        _templates()
        .get_template(TEMPLATE)
        .render(
            content=content,
            words=release_words.words(content),
            shown=lambda cell: release_words.shown(cell, content.language),
            withheld=release_words.WITHHELD,
            sure=any(line.note for line in content.lines),
            style=STYLE,
            erratum=content.kind == ReleaseKind.ERRATUM,
            others=[(code, release_words.LANGUAGES[code], page_name(code)) for code in others],
            papers=kilobytes,
        )
    )
    return (text.strip() + "\n").encode()


# The PDF --------------------------------------------------------------------------------------------------------------


def _pdf(content: Content) -> bytes:
    """Tagged and of Letter size, without the hour of its making."""
    words, language = release_words.words(content), content.language
    sheet = {
        "operation": content.name,
        "title": content.title,
        "status": content.status,
        "window": content.window,
        "coverage": content.coverage,
        "text": list(content.text),
        "lines": [[line.label, release_words.said(line), line.note] for line in content.lines],
        "sure": any(line.note for line in content.lines),
        "changed": [[one.label, one.was, one.now, one.why] for one in content.changed],
        "tables": [
            {
                "title": table.title,
                "head": list(table.head),
                "rows": [[release_words.shown(cell, language) for cell in row] for row in table.rows],
                "foot": [release_words.shown(cell, language) for cell in table.foot],
                "note": table.note,
            }
            for table in content.tables
        ],
        "services": list(content.services),
        "definitions": [[line.label, line.definition, line.source] for line in content.lines],
        "notes": list(content.notes),
    }
    return sheets.pdf("release", [sheet], words, title=f"{content.title} – {content.name}", language=language)


# The table ------------------------------------------------------------------------------------------------------------


def _table(content: Content) -> bytes:
    """One line a number, for spreadsheets: with its byte order mark, and no cell that is taken for a formula."""
    words, out = release_words.words(content), io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(release_words.csv_head(content.language))
    which = f"{words['draft_words']} {words['which']}".strip()
    about = [which, content.as_of, content.status, content.coverage]
    for row in (*_figures(content, words), *_changes(content, words), *_cells(content)):
        writer.writerow([formula_safe(cell) if isinstance(cell, str) else cell for cell in (*about, *row)])
    return out.getvalue().encode("utf-8-sig")


def _figures(content: Content, words: Mapping[str, str]) -> list[list[Any]]:
    def one(line: Line) -> list[Any]:
        symbol = release_words.WITHHELD if line.withheld else ""
        return [words["figures"], line.label, line.code, "", line.number, line.said, symbol, "", line.note,
                line.definition, line.source]  # fmt: skip

    return [one(line) for line in content.lines]


def _changes(content: Content, words: Mapping[str, str]) -> list[list[Any]]:
    return [
        [words["changed"], one.label, "", "", None, one.now, "", one.was, one.why, "", ""] for one in content.changed
    ]


def _cells(content: Content) -> list[list[Any]]:
    out: list[list[Any]] = []
    for table in content.tables:
        for row in (*table.rows, *([table.foot] if table.foot else [])):
            for column, cell in zip(table.head[1:], row[1:], strict=True):
                number = cell if isinstance(cell, int) else None
                symbol = release_words.WITHHELD if cell == release_words.WITHHELD else ""
                said = cell if isinstance(cell, str) and not symbol else ""
                out.append([table.title, row[0] or "", "", column, number, said, symbol, "", table.note, "", ""])
    return out
