"""Plan workbooks for tests: filled ones, and files that nobody should have to read. All names are invented."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

from openpyxl import Workbook, load_workbook

from outreach.plan import workbook

OPERATION = {
    "code": "ONS-2026-WEC",
    "name": "Windsor-Essex and Chatham-Kent",
    "time_zone": "America/Toronto",
    "starts_at": "2026-10-10 06:00",
    "ends_at": "2026-10-14 06:00",
    "lead_service": "Alder Bay Police Service",
}
SERVICES = [
    {"name": "Alder Bay Police Service", "kind": "Municipal or regional police", "status": "Confirmed"},
    {"name": "Rivière-aux-Aulnes", "kind": "Municipal or regional police", "planned_police": 4},
    {"name": "Lantern House", "kind": "Victim services"},
]
TEAMS = [
    {
        "service": "Alder Bay Police Service",
        "name": "Team 1",
        "area": "Downtown",
        "starts_at": "2026-10-10 18:00",
        "ends_at": "2026-10-11 02:00",
        "partners": "Riviere aux Aulnes; Lantern House",
    },
    {"service": "Rivière-aux-Aulnes", "name": "Team 1"},
]
PEOPLE = [
    {"service": "Alder Bay Police Service", "name": "Ana Roy", "category": "Officer", "team": "Team 1", "lead": "Yes"},
    {"service": "Lantern House", "name": "Ben Côté", "category": "Victim-services worker", "team": "team 1"},
    {"service": "Rivière-aux-Aulnes", "name": "Cleo Day", "category": "police", "team": "Team 1"},
    {"service": "Rivière-aux-Aulnes", "name": "Dan Lee", "category": "interpreter"},
]


def filled(change: Callable[[Any], None] | None = None, *, language: str = "en", **more: Any) -> bytes:
    """The template filled with an operation, as somebody would in Excel; ``change`` works on the open workbook."""
    empty = io.BytesIO()
    workbook.write_template(empty, language)
    book = load_workbook(empty)
    sheets = dict(zip(workbook.SHEETS, book.worksheets, strict=False))
    codes = [column.code for column in workbook.SHEETS["Operation"][1]]
    for code, value in {**OPERATION, **more.get("operation", {})}.items():
        sheets["Operation"].cell(codes.index(code) + 2, 2, value)
    for name, rows in (("Services", SERVICES), ("Teams", TEAMS), ("People", PEOPLE)):
        codes = [column.code for column in workbook.SHEETS[name][1]]
        for number, row in enumerate(more.get(name.lower(), rows), start=2):
            for code, value in row.items():
                sheets[name].cell(number, codes.index(code) + 1, value)
    if change:
        change(book)
    return saved(book)


def saved(book: Any) -> bytes:
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def with_part(name: str, content: bytes | str, source: bytes | None = None) -> bytes:
    """A workbook in whose archive one part is replaced or added."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(source or filled())) as old,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.infolist():
            if entry.filename != name:
                new.writestr(entry.filename, old.read(entry))
        new.writestr(name, content)
    return target.getvalue()


SHEET = "xl/worksheets/sheet2.xml"
_HEAD = '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
_FOOT = "</sheetData></worksheet>"


def sheet_of(rows: str, before: str = "") -> bytes:
    return with_part(SHEET, _HEAD.replace("<worksheet", before + "<worksheet") + rows + _FOOT)


def false_sizes() -> bytes:
    """A sheet of 60 MB whose archive entry says that it has 100 bytes."""
    content = bytearray(sheet_of("<row/>" * 10_000_000))
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        real = archive.getinfo(SHEET).file_size
    for at in (i for i in range(len(content) - 4) if content[i : i + 4] == real.to_bytes(4, "little")):
        content[at : at + 4] = (100).to_bytes(4, "little")
    return bytes(content)


def _zip(*parts: tuple[str, str]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return target.getvalue()


def _encrypted_flag() -> bytes:
    content = bytearray(filled())
    content[6] |= 1
    at = content.rindex(b"PK\x01\x02")
    content[at + 8] |= 1
    return bytes(content)


_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_XXE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
_LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'
_CELL = '<row r="1"><c r="A1" t="inlineStr"><is><t>{}</t></is></c></row>'
_TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'

# What it is → how it is made, and words of the answer.
HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "This file is empty"),
    "csv renamed": (lambda: b"Service,Kind\r\nAlder Bay,police\r\n", "text file"),
    "utf-16 text renamed": (lambda: "Service\tKind".encode("utf-16"), "text file"),
    "html renamed": (lambda: b"<html><table><tr><td>1</td></tr></table></html>", "text file"),
    "picture renamed": (lambda: b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "no Excel workbook"),
    "old xls": (lambda: _OLE + b"\0" * 600 + "Workbook".encode("utf-16-le"), "old Excel file"),
    "password": (lambda: _OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "password"),
    "encrypted archive": (_encrypted_flag, "password"),
    "ods": (lambda: _zip(("mimetype", "application/vnd.oasis.opendocument.spreadsheet")), "OpenDocument"),
    "xlsb": (lambda: _zip(("[Content_Types].xml", _TYPES), ("xl/workbook.bin", "x")), "binary Excel"),
    "docx": (lambda: _zip(("[Content_Types].xml", _TYPES), ("word/document.xml", "<a/>")), "no Excel workbook"),
    "some archive": (lambda: _zip(("notes.txt", "hello")), "no Excel workbook"),
    "truncated": (lambda: filled()[:-400], "damaged or cut off"),
    "half": (lambda: filled()[: len(filled()) // 2], "damaged or cut off"),
    "flipped bytes": (lambda: filled()[:900] + b"\xff" * 40 + filled()[940:], "damaged or cut off"),
    "macros": (lambda: with_part("xl/vbaProject.bin", b"\xd0\xcf"), "macros"),
    "macro sheet": (lambda: with_part("xl/macrosheets/sheet1.xml", "<a/>"), "macros"),
    "external links": (lambda: with_part("xl/externalLinks/externalLink1.xml", "<a/>"), "from other files"),
    "bomb": (lambda: with_part("xl/media/zeros.bin", b"\0" * 300_000_000), "far too large inside"),
    "bomb in a sheet": (lambda: with_part(SHEET, b" " * 100_000_000), "far too large inside"),
    "false declared size": (false_sizes, "damaged or cut off"),
    "entity from a file": (lambda: sheet_of(_CELL.format("&a;"), _XXE), "no spreadsheet program writes"),
    "a billion laughs": (lambda: sheet_of(_CELL.format("&c;"), _LAUGHS), "no spreadsheet program writes"),
    "entity in the workbook part": (
        lambda: with_part("xl/workbook.xml", f'<?xml version="1.0"?>{_XXE}<workbook>&a;</workbook>'),
        "no spreadsheet program writes",
    ),
    "utf-16 xml": (
        lambda: with_part(SHEET, (_HEAD + _FOOT).encode("utf-16")),
        "encoding that Outreach does not read",
    ),
    "odd encoding": (
        lambda: with_part(SHEET, (_HEAD.replace('"1.0"', '"1.0" encoding="utf-7"') + _FOOT).encode()),
        "encoding that Outreach does not read",
    ),
    "not xml": (lambda: with_part(SHEET, "<worksheet><sheetData><row"), "damaged or cut off"),
    "no such text": (
        lambda: sheet_of('<row r="1"><c r="A1" t="s"><v>99999999</v></c></row>'),
        "damaged or cut off",
    ),
    "last cell of the sheet": (
        lambda: sheet_of('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
        "goes down to row 1048576",
    ),
    "far to the right": (lambda: sheet_of('<row r="1"><c r="XFD1"><v>1</v></c></row>'), "goes out to column 16384"),
    "too many rows": (
        lambda: sheet_of("".join(f'<row r="{i}"><c r="A{i}"><v>1</v></c></row>' for i in range(1, 6002))),
        "goes down to row 6001",
    ),
    "rows without numbers": (lambda: sheet_of("<row><c><v>1</v></c></row>" * 6001), "goes down to row 6001"),
    "a huge cell": (lambda: sheet_of(_CELL.format("x" * 20_000_000)), "more than 4000 characters"),
    "a million formatted rows": (
        lambda: sheet_of(
            "".join(f'<row r="{i}"><c r="A{i}" s="1"/><c r="B{i}" s="1"/></row>' for i in range(1, 1048577))
        ),
        "a million empty rows",
    ),
    "no relations": (lambda: with_part("xl/_rels/workbook.xml.rels", "<a/>"), "damaged or cut off"),
    "sheet twice": (
        lambda: with_part(
            "xl/workbook.xml",
            '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
            'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
            '<sheet name="Teams" sheetId="1" r:id="rId1"/><sheet name="Teams" sheetId="2" r:id="rId2"/>'
            "</sheets></workbook>",
        ),
        "damaged or cut off",
    ),
    "too many parts": (
        lambda: _zip(*((f"xl/{i}.xml", "<a/>") for i in range(2000))),
        "far too large inside",
    ),
    "larger than allowed": (lambda: b"PK" + b"\0" * (9 * 1024 * 1024), "larger than 8 MB"),
}


def other_workbook() -> bytes:
    """A good workbook that is no plan."""
    book = Workbook()
    book.active.title = "Budget"
    book.active["A1"] = "Month"
    return saved(book)
