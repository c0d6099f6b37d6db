"""Reads one untrusted workbook in a process of its own: bytes on standard input, JSON on standard output.

Run by ``plan.workbook.read_sheets`` as a script, isolated and without the site's environment, so it imports nothing
of the house. Before it looks at a byte it takes away from itself memory, processor time, new files and sockets. The
archive is inflated here, counted as it comes (sizes that it declares are not believed), every XML part is walked
without document types, and only the parts that passed are handed on to the cell reader in a clean archive.

Answers ``{"sheets": [{"name", "rows", "merged"}]}`` or ``{"refused": code, ...params}``. Rows start at row 1, column
A; a cell is null, text, number, true/false, ``{"day"}``, ``{"moment"}`` or ``{"time"}`` (ISO 8601). Nothing is judged.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import posixpath
import sys
import zipfile
import zlib
from typing import Any

MEMORY = 256 * 1024 * 1024  # SOURCE: safety.md 38
CPU_SECONDS = 10
INFLATED = 40 * 1024 * 1024
PARTS = 1000
ROWS = 5000
COLUMNS = 100
CELL_CHARACTERS = 4000
ANSWER = 16 * 1024 * 1024

WORKBOOK = "xl/workbook.xml"
KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
# Written anew into the clean archive, so that the cell reader opens the workbook that was checked and no other.
ROOT_RELATIONS = (
    f'<Relationships xmlns="{RELATIONS}">'
    f'<Relationship Id="r" Type="{KIND}/officeDocument" Target="{WORKBOOK}"/></Relationships>'
)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


class Refused(Exception):
    """The file is not read; ``code`` says why, the house has the words."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


def confine() -> None:
    """Cap memory, processor time and written bytes."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (ANSWER, ANSWER))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def close_doors() -> None:
    """From here on no file and no socket can be opened: there is no number left for one."""
    import resource

    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def read(content: bytes) -> dict[str, Any]:
    """The sheets of the workbook; raises ``Refused``."""
    parts = inflate(content)
    if any(name.lower().startswith("xl/externallinks/") for name in parts):
        raise Refused("external_links")
    macros = any("vbaproject" in name.lower() or "/macrosheets/" in name.lower() for name in parts)
    if macros or b"macroEnabled" in parts["[Content_Types].xml"]:
        raise Refused("macros")
    names = {part: name for name, part in sheet_parts(parts).items()}
    worked_out: dict[str, list[list[int]]] = {}
    for part, content in parts.items():
        if part.endswith((".xml", ".rels")):
            walk = Walk.over(content)
            check_extent(names.get(part, part), walk)
            worked_out[names.get(part, part)] = walk.worked_out
    parts["_rels/.rels"] = ROOT_RELATIONS.encode()
    return {"sheets": [{**sheet, "worked_out": worked_out.get(sheet["name"], [])} for sheet in cells(parts)]}


# --- the archive ----------------------------------------------------------------------------------------------------


def inflate(content: bytes) -> dict[str, bytes]:
    """Part name → bytes of a plausible .xlsx; refuses everything else by what it is."""
    if not content.startswith(b"PK"):
        raise Refused(what_else(content))
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _inflate(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        raise Refused("damaged") from error


def _inflate(archive: zipfile.ZipFile) -> dict[str, bytes]:
    entries = archive.infolist()
    names = {entry.filename for entry in entries}
    if any(entry.flag_bits & 1 for entry in entries):
        raise Refused("password")
    if "mimetype" in names or "content.xml" in names:
        raise Refused("opendocument")
    if len(names) != len({name.lower() for name in names}) or len(names) != len(entries):
        raise Refused("damaged")
    if len(entries) > PARTS:
        raise Refused("too_large_inside")
    if "[Content_Types].xml" not in names or WORKBOOK not in names:
        raise Refused("binary" if "xl/workbook.bin" in names else "not_a_workbook")
    left = INFLATED
    parts: dict[str, bytes] = {}
    for entry in entries:
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Refused("damaged")
        needed = entry.filename.endswith((".xml", ".rels"))
        kept: list[bytes] = []
        with archive.open(entry) as stream:
            while piece := stream.read(65536):
                left -= len(piece)
                if left < 0:
                    raise Refused("too_large_inside")
                if needed:
                    kept.append(piece)
        parts[entry.filename] = b"".join(kept)
    return parts


def what_else(content: bytes) -> str:
    """Which refusal fits a file that is no archive."""
    if not content:
        return "empty"
    if content.startswith(OLE):
        return "password" if ENCRYPTED in content else "old_excel"
    start = content[:4096]
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or not any(byte < 9 or 13 < byte < 27 for byte in start):
        return "text"
    return "not_a_workbook"


# --- the XML --------------------------------------------------------------------------------------------------------


class Walk:
    """What a worksheet holds: the last row and column with content, seen without building a tree.

    ``worked_out``: places of cells whose value no person wrote, but a formula or an error.
    """

    def __init__(self) -> None:
        self.row = self.column = 0
        self.last_row = self.last_column = 0
        self.worked_out: list[list[int]] = []

    @classmethod
    def over(cls, xml: bytes) -> Walk:
        """Walk one part; refuses document types, entities and anything that is not well-formed UTF-8 XML."""
        from xml.sax import SAXException
        from xml.sax.handler import ContentHandler

        from defusedxml import DefusedXmlException
        from defusedxml.sax import parseString

        walk = cls()

        class Handler(ContentHandler):
            def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802 - the name that SAX calls
                walk.start(name, attrs)

        if xml.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00")) or _odd_encoding(xml[:200]):
            raise Refused("odd_encoding")
        try:
            parseString(xml, Handler(), forbid_dtd=True)
        except DefusedXmlException as error:
            raise Refused("document_type") from error
        except (SAXException, ValueError, LookupError) as error:
            raise Refused("damaged") from error
        return walk

    def start(self, name: str, attrs: Any) -> None:
        name = name.rpartition(":")[2]
        if name == "row":
            self.row = _whole(attrs.get("r")) or self.row + 1
            self.column = 0
        elif name == "c":
            row, column = _place(attrs.get("r", ""))
            self.row, self.column = row or self.row, column or self.column + 1
            if attrs.get("t") == "e":
                self.worked_out.append([self.row, self.column])
        elif name in ("v", "t", "f") and self.column:
            if name == "f":
                self.worked_out.append([self.row, self.column])
            self.last_row = max(self.last_row, self.row)
            self.last_column = max(self.last_column, self.column)


def _odd_encoding(start: bytes) -> bool:
    if not start.lstrip(b"\xef\xbb\xbf").startswith(b"<?xml"):
        return False
    declaration = start.split(b"?>")[0].lower()
    return b"encoding" in declaration and b"utf-8" not in declaration and b"us-ascii" not in declaration


def _whole(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0


def _place(reference: str) -> tuple[int, int]:
    """``B7`` → (7, 2); (0, 0) where there is none."""
    letters = reference.rstrip("0123456789")
    column = 0
    for letter in letters[:4].upper():
        column = column * 26 + ord(letter) - 64
    return _whole(reference[len(letters) :]), column


def check_extent(sheet: str, walk: Walk) -> None:
    if walk.last_row > ROWS:
        raise Refused("too_many_rows", sheet=sheet, row=walk.last_row, most=ROWS)
    if walk.last_column > COLUMNS:
        raise Refused("too_many_columns", sheet=sheet, column=walk.last_column, most=COLUMNS)


def sheet_parts(parts: dict[str, bytes]) -> dict[str, str]:
    """Sheet name → its part, by the workbook's own relations."""
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    found: dict[str, str] = {}
    try:
        relations = fromstring(parts.get("xl/_rels/workbook.xml.rels", b""), forbid_dtd=True)
        targets = {one.get("Id"): one.get("Target", "") for one in relations}
        for node in fromstring(parts[WORKBOOK], forbid_dtd=True).iter():
            if node.tag.rpartition("}")[2] == "sheet":
                key = next((v for k, v in node.attrib.items() if k.endswith("}id")), None)
                part = posixpath.normpath(posixpath.join("/xl", targets.get(key) or "")).lstrip("/")
                if part not in parts or node.get("name", "") in found:
                    raise Refused("damaged")
                found[node.get("name", "")] = part
    except DefusedXmlException as error:
        raise Refused("document_type") from error
    except (ParseError, ValueError, LookupError) as error:
        raise Refused("damaged") from error
    if not found:
        raise Refused("damaged")
    return found


# --- the cells ------------------------------------------------------------------------------------------------------


def cells(parts: dict[str, bytes]) -> list[dict[str, Any]]:
    """Every worksheet's rows and merged ranges, read from a clean archive of the checked parts."""
    import python_calamine as calamine

    clean = io.BytesIO()
    with zipfile.ZipFile(clean, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            if content:
                archive.writestr(name, content)
    parts.clear()
    clean.seek(0)
    try:
        book = calamine.CalamineWorkbook.from_filelike(clean)
        return [
            _sheet(book.get_sheet_by_name(one.name))
            for one in book.sheets_metadata
            if one.typ == calamine.SheetTypeEnum.WorkSheet
        ]
    except calamine.CalamineError as error:
        raise Refused("damaged") from error


def _sheet(sheet: Any) -> dict[str, Any]:
    rows = [[_cell(value, sheet.name) for value in row] for row in sheet.to_python(skip_empty_area=False)]
    for row in rows:
        while row and row[-1] is None:
            row.pop()
    while rows and not rows[-1]:
        rows.pop()
    merged = [[a[0] + 1, a[1] + 1, b[0] + 1, b[1] + 1] for a, b in (sheet.merged_cell_ranges or [])[:ROWS]]
    return {"name": sheet.name, "rows": rows, "merged": merged}


def _cell(value: Any, sheet: str) -> Any:
    if isinstance(value, str):
        if len(value) > CELL_CHARACTERS:
            raise Refused("long_cell", sheet=sheet, most=CELL_CHARACTERS)
        return value or None
    if isinstance(value, dt.datetime):
        nearest = value + dt.timedelta(seconds=30)  # serial numbers of days are a little off
        return {"moment": nearest.isoformat(timespec="minutes")}
    if isinstance(value, dt.date):
        return {"day": value.isoformat()}
    if isinstance(value, dt.time):
        return {"time": value.isoformat(timespec="minutes")}
    if isinstance(value, dt.timedelta):
        return {"time": str(value)}
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value


def rehearsal() -> bytes:
    """A workbook of one empty sheet. Reading it loads every module and codec, which no open door allows later."""
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": ROOT_RELATIONS,
        WORKBOOK: f'<workbook xmlns="{space}" xmlns:r="{KIND}"><sheets><sheet name="A" r:id="r"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": (
            f'<Relationships xmlns="{RELATIONS}">'
            f'<Relationship Id="r" Type="{KIND}/worksheet" Target="worksheets/a.xml"/></Relationships>'
        ),
        "xl/worksheets/a.xml": f'<worksheet xmlns="{space}"><sheetData/></worksheet>',
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return packed.getvalue()


def main() -> int:
    confine()
    read(rehearsal())
    close_doors()
    content = sys.stdin.buffer.read()
    try:
        answer = json.dumps(read(content), ensure_ascii=True)
        if len(answer) > ANSWER - 1024:
            raise Refused("too_large_inside")
    except Refused as refused:
        answer = json.dumps({"refused": refused.code, **refused.params})
    except MemoryError:
        answer = json.dumps({"refused": "too_large_inside"})
    except Exception as error:  # noqa: BLE001 - whatever a hostile file provokes is a damaged file to the house
        sys.stderr.write(type(error).__name__)
        answer = json.dumps({"refused": "damaged"})
    sys.stdout.write(answer)
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
