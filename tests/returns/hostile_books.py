"""Files that nobody should have to read, made from a return workbook: what each is, and what may be said of it.

What is no workbook at all is shared with the plan's (``tests.plan.books``). ``READ`` stands for a file that is odd but
can be read safely.
"""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
from collections.abc import Callable

from tests.plan.books import HOSTILE as OF_PLANS
from tests.plan.books import with_part as part_in

from .sent_back import template

READ = "read"
CONTACTS = "xl/worksheets/sheet3.xml"
STRINGS, STYLES, BOOK = "xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml"
RELATED = "xl/_rels/workbook.xml.rels"
SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
HEAD = f'<?xml version="1.0"?><worksheet xmlns="{SPACE}"><sheetData>'
FOOT = "</sheetData></worksheet>"
LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'
LARGE, DAMAGED, TYPE, ODD = "too_large_inside", "damaged", "document_type", "odd_encoding"

Hostile = tuple[Callable[[], bytes], tuple[str, ...]]


def part(name: str, content: bytes | str) -> bytes:
    return part_in(name, content, template())


def bomb(name: str, megabytes: int) -> bytes:
    """Zeros beside the sheets."""
    target = io.BytesIO(template())
    with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED) as archive, archive.open(name, "w") as out:
        for _ in range(megabytes):
            out.write(bytes(1_000_000))
    return target.getvalue()


def words(content: str) -> bytes:
    """With a part of shared words, as other programs save them."""
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    related = f'<Relationship Type="{kind}" Target="sharedStrings.xml" Id="words"/></Relationships>'
    return part_in(STRINGS, content, changed(RELATED, "</Relationships>", related))


def sheet(rows: str, before: str = "", after: str = "") -> bytes:
    return part(CONTACTS, HEAD.replace("<worksheet", before + "<worksheet") + rows + FOOT.replace("</w", after + "</w"))


def changed(name: str, old: str, new: str) -> bytes:
    """A part with one text replaced."""
    with zipfile.ZipFile(io.BytesIO(template())) as archive:
        text = archive.read(name).decode()
    assert old in text, (name, old)
    return part(name, text.replace(old, new, 1))


def patched(change: Callable[[bytearray], None], content: bytes | None = None) -> bytes:
    made = bytearray(content or template())
    change(made)
    return bytes(made)


def rows(count: int, cell: str) -> str:
    return "".join(f'<row r="{n}">{cell.format(n=n)}</row>' for n in range(1, count + 1))


def wide(columns: int) -> str:
    letters = [chr(65 + n // 26 - 1) * (n >= 26) + chr(65 + n % 26) for n in range(columns)]
    return "".join(f'<c r="{one}{{n}}"><v>1</v></c>' for one in letters)


def _sizes(to: int) -> Callable[[bytearray], None]:
    """The directory says another size of the sheet than it has."""

    def change(made: bytearray) -> None:
        with zipfile.ZipFile(io.BytesIO(bytes(made))) as archive:
            real = archive.getinfo(CONTACTS).file_size.to_bytes(4, "little")
        at = made.find(real)
        while at >= 0:
            made[at : at + 4] = to.to_bytes(4, "little")
            at = made.find(real, at + 4)

    return change


def _directory(offset: int, value: bytes, name: bytes = CONTACTS.encode()) -> Callable[[bytearray], None]:
    """A field of an entry of the central directory, counted from its beginning."""

    def change(made: bytearray) -> None:
        at = made.rindex(b"PK\x01\x02", 0, made.rindex(name))
        made[at + offset : at + offset + len(value)] = value

    return change


def _flags(made: bytearray) -> None:
    made[6] |= 1
    made[made.rindex(b"PK\x01\x02") + 8] |= 1


def _garbage(made: bytearray) -> None:
    at = len(made) // 3
    made[at : at + 60] = b"\xff" * 60


def twice(name: str) -> bytes:
    target = io.BytesIO(template())
    with zipfile.ZipFile(target, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that is the point
        archive.writestr(name, "<a/>")
    return target.getvalue()


def packed_as(method: int) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(template())) as old, zipfile.ZipFile(target, "w", method) as new:
        for entry in old.infolist():
            new.writestr(entry.filename, old.read(entry))
    return target.getvalue()


def many_sheets(count: int) -> bytes:
    listed = "".join(f'<sheet name="S{n}" sheetId="{n}" r:id="rId1"/>' for n in range(1, count))
    return changed(BOOK, "<sheets>", "<sheets>" + listed)


def encoded(how: str) -> bytes:
    return part(CONTACTS, (HEAD + FOOT).encode(how))


BASE = {
    "empty": ("empty",), "csv renamed": ("text",), "utf-16 text renamed": ("text",), "html renamed": ("text",),
    "picture renamed": ("not_a_workbook",), "old xls": ("old_excel",), "password": ("password",),
    "ods": ("opendocument",), "xlsb": ("binary",), "docx": ("not_a_workbook",), "some archive": ("not_a_workbook",),
    "too many parts": (LARGE,),
}  # fmt: skip

HOSTILE: dict[str, Hostile] = {
    **{name: (OF_PLANS[name][0], codes) for name, codes in BASE.items()},
    "pdf renamed": (lambda: b"%PDF-1.7\n\x00\x01\x02\xff", ("not_a_workbook",)),
    "gzip renamed": (lambda: b"\x1f\x8b\x08\x00" + bytes(40), ("not_a_workbook",)),
    "only the sign of an archive": (lambda: b"PK\x03\x04", (DAMAGED,)),
    "only the directory": (lambda: template()[template().index(b"PK\x01\x02") :], (DAMAGED,)),
    "cut off": (lambda: template()[:-400], (DAMAGED,)),
    "half": (lambda: template()[: len(template()) // 2], (DAMAGED,)),
    "garbage in the middle": (lambda: patched(_garbage), (DAMAGED,)),
    "encrypted archive": (lambda: patched(_flags), ("password",)),
    "larger than allowed": (lambda: b"PK" + bytes(17 * 1024 * 1024), ("too_large_file",)),
    "macros": (lambda: part("xl/vbaProject.bin", b"\xd0\xcf"), ("macros",)),
    "macro sheet": (lambda: part("xl/macrosheets/sheet1.xml", "<a/>"), ("macros",)),
    "xlsm renamed": (
        lambda: changed("[Content_Types].xml", "openxmlformats-officedocument.spreadsheetml.sheet.main",
                        "ms-excel.sheet.macroEnabled.main"), ("macros",)),
    "external links": (lambda: part("xl/externalLinks/externalLink1.xml", "<a/>"), ("external_links",)),
    "bomb beside the sheets": (lambda: bomb("xl/media/zeros.bin", 700), (LARGE,)),
    "bomb of spaces in a sheet": (lambda: part(CONTACTS, b" " * 300_000_000), (LARGE, DAMAGED)),
    "bomb of spaces between rows": (lambda: sheet(" " * 300_000_000), (LARGE, "long_cell")),
    "bomb in the words": (
        lambda: words(f'<sst xmlns="{SPACE}"><si><t>' + "x" * 280_000_000), (LARGE, DAMAGED)),
    "two hundred megabytes of words": (
        lambda: words(f'<sst xmlns="{SPACE}">' + f"<si><t>{'x' * 3000}</t></si>" * 65_000 + "</sst>"),
        (LARGE, DAMAGED, READ)),
    "five million words": (
        lambda: words(f'<sst xmlns="{SPACE}">' + "<si><t>a</t></si>" * 5_000_000 + "</sst>"),
        (LARGE, DAMAGED, READ)),
    "bomb in the list of sheets": (lambda: changed(BOOK, "<sheets>", " " * 50_000_000 + "<sheets>"), (LARGE,)),
    "size said too small": (lambda: patched(_sizes(100)), (DAMAGED,)),
    "size said too large": (lambda: patched(_sizes(90_000_000)), (DAMAGED,)),
    "entry beyond the end": (lambda: patched(_directory(42, struct.pack("<I", 2**31))), (DAMAGED,)),
    "entry that is another entry": (lambda: patched(_directory(42, bytes(4))), (DAMAGED,)),
    "packed size beyond the end": (lambda: patched(_directory(20, struct.pack("<I", 2**31))), (DAMAGED,)),
    "wrong check sum": (lambda: patched(_directory(16, b"\x00\x01\x02\x03")), (DAMAGED,)),
    "packed in an odd way": (lambda: packed_as(zipfile.ZIP_LZMA), (DAMAGED,)),
    "not packed at all": (lambda: packed_as(zipfile.ZIP_STORED), (READ,)),
    "a name twice": (lambda: twice("docProps/app.xml"), (DAMAGED,)),
    "two names but for the case": (lambda: twice("XL/Workbook.xml"), (DAMAGED,)),
    "a path out of the archive": (lambda: part("../../../etc/cron.d/x", "x"), (READ,)),
    "a file from the machine": (lambda: sheet('<row r="1"><c r="A1"><v>&a;</v></c></row>',
                                              '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'), (TYPE,)),
    "a billion laughs": (lambda: sheet('<row r="1"><c r="A1"><v>&c;</v></c></row>', LAUGHS), (TYPE,)),
    "an outside document type": (lambda: sheet("", '<!DOCTYPE x SYSTEM "http://portal.invalid/x.dtd">'), (TYPE,)),
    "document type after a long comment": (lambda: sheet("", f"<!--{'x' * 200_000}-->{LAUGHS}"), (TYPE,)),
    "document type without a root": (lambda: part(CONTACTS, f"<!--{'x' * 3_000_000}-->"), (DAMAGED,)),
    "laughs in the list of sheets": (lambda: part(BOOK, f"{LAUGHS}<workbook>&c;</workbook>"), (TYPE,)),
    "laughs in the words": (lambda: part(STRINGS, f"{LAUGHS}<sst><si><t>&c;</t></si></sst>"), (TYPE,)),
    "laughs in the styles": (lambda: part(STYLES, f"{LAUGHS}<styleSheet>&c;</styleSheet>"), (TYPE,)),
    "laughs in the relations": (lambda: part(RELATED, f"{LAUGHS}<a>&c;</a>"), (TYPE,)),
    "laughs in the types": (lambda: part("[Content_Types].xml", f"{LAUGHS}<a>&c;</a>"), (TYPE,)),
    "an entity in the middle": (lambda: sheet('<row r="1"><c r="A1" t="str"><v>&nope;</v></c></row>'),
                                (DAMAGED, "lost_codes")),
    "utf-16 xml": (lambda: encoded("utf-16"), (ODD,)),
    "utf-16 xml without a mark": (lambda: encoded("utf-16-le"), (ODD,)),
    "utf-32 xml": (lambda: encoded("utf-32"), (ODD,)),
    "utf-7 declared": (lambda: part(CONTACTS, HEAD.replace('"1.0"', '"1.0" encoding="utf-7"') + FOOT), (ODD,)),
    "not utf-8": (lambda: part(CONTACTS, HEAD.encode() + b'<row r="1"><c r="A1" t="str"><v>\xff\xfe\xfa</v></c></row>'
                               + FOOT.encode()), (DAMAGED, "lost_codes")),
    "zeros in the xml": (lambda: sheet("\0" * 10), (ODD,)),
    "no xml": (lambda: part(CONTACTS, "Day;Contacts"), (DAMAGED, "lost_codes", "missing_sheet")),
    "xml that ends": (lambda: part(CONTACTS, "<worksheet><sheetData><row"), (DAMAGED, "lost_codes", "missing_sheet")),
    "a million levels": (lambda: sheet("<a>" * 1_000_000), (DAMAGED, LARGE, "lost_codes")),
    "a million attributes": (lambda: sheet("<row " + " ".join(f'a{n}="1"' for n in range(1_000_000)) + "/>"),
                             (DAMAGED, LARGE, "long_cell", "lost_codes")),
    "a word that does not exist": (lambda: sheet('<row r="1"><c r="A1" t="s"><v>99999999</v></c></row>'), (DAMAGED,)),
    "the last cell of all": (lambda: sheet('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
                             ("too_many_rows",)),
    "far to the right": (lambda: sheet('<row r="1"><c r="A1"><v>1</v></c><c r="XFD1"><v>1</v></c></row>'),
                         ("too_many_columns",)),
    "corners of a sheet": (
        lambda: sheet('<row r="1"><c r="XFD1"><v>1</v></c></row><row r="100000"><c r="A100000"><v>1</v></c></row>'),
        ("too_many_columns",)),
    "corners within the limits": (
        lambda: sheet('<row r="1"><c r="A1"><v>1</v></c></row><row r="100000"><c r="CV100000"><v>1</v></c></row>'),
        (LARGE,)),
    "corners hidden behind a large sheet": (
        lambda: sheet(rows(60_000, wide(12)) + '<row r="60001"><c r="A60001"><v>1</v></c><c r="XFD60001"><v>1</v></c>'
                      '</row>' + "".join(f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in range(60_002, 99_000))
        ),
        (LARGE, "too_many_columns")),
    "too many rows": (lambda: sheet(rows(100_003, '<c r="A{n}"><v>1</v></c>')), ("too_many_rows",)),
    "rows without numbers": (lambda: sheet("<row><c><v>1</v></c></row>" * 150_000), ("too_many_rows", LARGE)),
    "rows that go back": (
        lambda: sheet('<row r="90000"><c r="A90000"><v>1</v></c></row><row r="2"><c r="B2"><v>1</v></c></row>'),
        ("lost_codes", DAMAGED)),
    "a row number that is none": (lambda: sheet('<row r="99999999999"><c r="A99999999999"><v>1</v></c></row>'),
                                  (DAMAGED, "too_many_rows", LARGE, "lost_codes")),
    "a cell that is none": (lambda: sheet('<row r="1"><c r="ZZZZ0"><v>1</v></c></row>'),
                            (DAMAGED, LARGE, "lost_codes")),
    "every cell of a large sheet": (lambda: sheet(rows(60_000, wide(90))), (LARGE,)),
    "a million rows with looks": (
        lambda: sheet(rows(1_048_576, '<c r="A{n}" s="1"/><c r="B{n}" s="1"/>')),
        ("lost_codes", LARGE)),
    "a million empty rows": (lambda: sheet("".join(f'<row r="{n}"/>' for n in range(1, 1_048_577))), ("lost_codes",)),
    "a huge cell": (lambda: sheet(f'<row r="1"><c r="A1" t="str"><v>{"x" * 30_000_000}</v></c></row>'), ("long_cell",)),
    "a million merged ranges": (
        lambda: sheet("", after="<mergeCells>" + "".join(f'<mergeCell ref="A{n}:B{n}"/>' for n in range(1, 1_000_000))
                      + "</mergeCells>"), (LARGE, "lost_codes")),
    "a hundred thousand formulas": (
        lambda: sheet(rows(90_000, '<c r="A{n}"><f>1+1</f><v>2</v></c>')), ("many_formulas",)),
    "a hundred thousand error values": (
        lambda: sheet(rows(90_000, '<c r="A{n}" t="e"><v>#REF!</v></c>')), ("many_errors",)),
    "numbers that are none": (
        lambda: sheet('<row r="1"><c r="A1"><v>1e999</v></c><c r="B1"><v>NaN</v></c><c r="C1"><v>-1e308</v></c></row>'),
        ("lost_codes", DAMAGED)),
    "a million looks": (
        lambda: part(STYLES, f'<styleSheet xmlns="{SPACE}"><cellXfs>' + '<xf numFmtId="9"/>' * 150_000
                     + "</cellXfs></styleSheet>"), (LARGE, DAMAGED, READ)),
    "three hundred sheets": (lambda: many_sheets(300), (LARGE, DAMAGED)),
    "a sheet twice": (lambda: changed(BOOK, "<sheets>", '<sheets><sheet name="Contacts" sheetId="90" r:id="rId1"/>'),
                      (DAMAGED,)),
    "a sheet that is not there": (lambda: changed(BOOK, "<sheets>", '<sheets><sheet name="X" sheetId="90" r:id="no"/>'),
                                  (DAMAGED,)),
    "a sheet out of the archive": (
        lambda: changed(RELATED, "/xl/worksheets/sheet3.xml", "../../../../etc/passwd"), (DAMAGED,)),
    "a sheet from the network": (
        lambda: changed(RELATED, "/xl/worksheets/sheet3.xml", "http://portal.invalid/x"), (DAMAGED,)),
    "no relations": (lambda: part(RELATED, "<a/>"), (DAMAGED,)),
    "no sheets": (lambda: part(BOOK, f'<workbook xmlns="{SPACE}"><sheets/></workbook>'), (DAMAGED,)),
}  # fmt: skip

A_DOZEN = (
    "old xls", "encrypted archive", "bomb in the list of sheets", "size said too small", "a billion laughs",
    "utf-16 xml without a mark", "corners of a sheet", "corners within the limits", "a row number that is none",
    "wrong check sum", "a sheet twice", "packed in an odd way",
)  # fmt: skip
