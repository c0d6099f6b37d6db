"""Reads one return workbook in processes of its own: bytes on standard input, JSON on standard output.

Run by ``workbook_file`` as a script, isolated, as ``plan.workbook_reader``, of which it takes the words and the small
parts (a module of the house that imports nothing of the house). What differs is size: a return may have 100,000 rows,
so no part is kept inflated, and the work is done by two processes at once, each with the same limits. This one hands
the cells over; ``workbook_looker`` inflates each part piece by piece, counted as it comes, and looks through it for
document types, for the last row and column, and for what the cell reader does not tell: formulas, error values,
percentages, merged cells. Nothing counts until both have answered; what a file could do before that is bounded by the
limits of memory and processor time alone, as it is in any case. The cell reader gets the packed bytes in an archive
with a directory of our own, so that it reads what was looked at.

Answers ``{"sheets": [{"name", "columns"}]}`` or ``{"refused": code, ...params}``. A column is its kind and one text,
the cells from row 1 with ``SPLIT`` between them: ``text`` where every cell is one, ``mixed`` with the sign of its kind
before each that is not empty (see ``_said``). The looker answers ``{"marks": {sheet: {"merged", "formulas", "errors",
"percent"}}}``: row numbers by letters of their column. Nothing is judged.
"""

from __future__ import annotations

import datetime as dt
import gc
import io
import json
import re
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from outreach.plan import workbook_reader as shared
from outreach.plan.workbook_reader import Refused

MEMORY = shared.MEMORY
CPU_SECONDS = 10
INFLATED = 512 * 1024 * 1024
KEPT = 4 * 1024 * 1024
"""The largest part that is kept whole: the list of sheets, the styles."""
PARTS = 400
SHEETS = 20
ROWS = 100_002
COLUMNS = 100
CELL_CHARACTERS = 4000
ANSWER = 48 * 1024 * 1024
MARKS = 2000
"""Formulas, error values and percentages of one column, and merged ranges of a sheet, that are told one by one."""
FEW = 8
"""Looks that show a percentage, each of which is searched for by itself."""
LOOKED_AT = 8 * 1024 * 1024
"""Up to here every row of a sheet is looked at for how far it goes."""
PIECE = 1024 * 1024
BATCH = 500
LONG_BATCH = 100_000
"""Signs in a column of a batch, beyond which it is asked whether one cell is that long."""
SPLIT = "\x7f"
"""What stands between two cells of a column."""
TEXT, MIXED = "text", "mixed"

CHECKED_COLUMN = "check"
"""The column of our own formulas; they are not told."""
STYLES = "xl/styles.xml"
_FORBIDDEN = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_ELEMENT = re.compile(rb"<\w")
_REFERENCE = re.compile(rb"<(?:\w+:)?c\b[^>]*?\sr\s*=\s*[\"']([A-Za-z]{1,3})(\d{1,7})[\"']")
_ROW = re.compile(rb"<(?:\w+:)?row\b[^>]*?\sr\s*=\s*[\"'](\d{1,9})[\"']")
_LOOK = re.compile(rb"\bs=\"\d+\"")
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\b[^>]*?\sref\s*=\s*[\"']([A-Z]{1,3})(\d+)(?::([A-Z]{1,3})(\d+))?[\"']")


def confine() -> None:
    """Cap memory, processor time and written bytes."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (ANSWER, ANSWER))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def read(content: bytes) -> dict[str, Any]:
    """Everything of the workbook, by one process; raises ``Refused``."""
    return {**look(content), **read_cells(content)}


def look(content: bytes) -> dict[str, Any]:
    """What is to be known of the workbook beside its cells; raises ``Refused`` for what is not to be read."""
    with _damaged():
        marks = look_through(content, directory(content))
    return {"marks": {name: one.told() for name, one in marks.items()}}


def read_cells(content: bytes) -> dict[str, Any]:
    """The cells of every sheet; raises ``Refused``."""
    with _damaged():
        archive = packed(content, [Part(content, entry) for entry in directory(content)])
    return {"sheets": list(cells(archive))}


@contextmanager
def _damaged() -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, NotImplementedError) as error:
        raise Refused("damaged") from error


# --- the archive ----------------------------------------------------------------------------------------------------


def directory(content: bytes) -> list[zipfile.ZipInfo]:
    """The entries of a plausible .xlsx; refuses everything else by what it is."""
    if not content.startswith(b"PK"):
        raise Refused(shared.what_else(content))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
    names = {entry.filename for entry in entries}
    lower = {name.lower() for name in names}
    if any(entry.flag_bits & 1 for entry in entries):
        raise Refused("password")
    if "mimetype" in names or "content.xml" in names:
        raise Refused("opendocument")
    if len(names) != len(lower) or len(names) != len(entries):
        raise Refused("damaged")
    if len(entries) > PARTS:
        raise Refused("too_large_inside")
    if "[Content_Types].xml" not in names or shared.WORKBOOK not in names:
        raise Refused("binary" if "xl/workbook.bin" in names else "not_a_workbook")
    if any(name.startswith("xl/externallinks/") for name in lower):
        raise Refused("external_links")
    if any("vbaproject" in name or "/macrosheets/" in name for name in lower):
        raise Refused("macros")
    if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in entries):
        raise Refused("damaged")
    return entries


class Part:
    """One entry: where its packed bytes lie, and how large they turned out to be."""

    def __init__(self, content: bytes, entry: zipfile.ZipInfo) -> None:
        self.entry = entry
        head = struct.unpack_from("<4s5H3I2H", content, entry.header_offset)
        if head[0] != b"PK\x03\x04":
            raise Refused("damaged")
        self.begins = entry.header_offset + 30 + head[9] + head[10]
        self.ends = self.begins + entry.compress_size
        if self.ends > len(content):
            raise Refused("damaged")
        self.size = 0

    def pieces(self, content: bytes, left: int) -> Iterator[bytes]:
        """Inflated, piece by piece; never more than ``left`` bytes, and exactly what the directory says."""
        stored = self.entry.compress_type == zipfile.ZIP_STORED
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        step = PIECE if stored else PIECE // 16
        for at in range(self.begins, self.ends, step):
            piece = content[at : min(at + step, self.ends)]
            while piece:
                out = piece if stored else inflate.decompress(piece, PIECE)
                piece = b"" if stored else inflate.unconsumed_tail
                self.size += len(out)
                if self.size > left:
                    raise Refused("too_large_inside")
                yield out
        if self.size != self.entry.file_size or not (stored or (inflate.eof and not inflate.unused_data)):
            raise Refused("damaged")


def look_through(content: bytes, entries: list[zipfile.ZipInfo]) -> dict[str, Marks]:
    """Every part inflated once and let go; what is found in the sheets, by sheet name."""
    found = {entry.filename: Part(content, entry) for entry in entries}
    left = INFLATED
    kept: dict[str, bytes] = {}
    small = ("[Content_Types].xml", shared.WORKBOOK, "xl/_rels/workbook.xml.rels", STYLES)
    for name in small:
        if name in found:
            kept[name] = b"".join(_plain(found[name].pieces(content, min(left, KEPT))))
            left -= found[name].size
    if b"macroEnabled" in kept["[Content_Types].xml"]:
        raise Refused("macros")
    sheets = {part: name for name, part in shared.sheet_parts({**dict.fromkeys(found, b""), **kept}).items()}
    if len(sheets) > SHEETS:
        raise Refused("too_large_inside")
    percents = percent_styles(kept.get(STYLES, b""))
    marks: dict[str, Marks] = {}
    for name, part in found.items():
        if name in small:
            continue
        pieces = part.pieces(content, left)
        if name in sheets:
            marks[sheets[name]] = Marks(sheets[name], percents).over(_plain(pieces))
        else:
            for _piece in _plain(pieces) if name.endswith((".xml", ".rels")) else pieces:
                pass
        left -= part.size
    return marks


def _plain(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces of an XML part, as long as it is UTF-8 without a document type (which stands before its root)."""
    head, begun = b"", False
    for piece in pieces:
        if b"\x00" in piece or (not head and not begun and piece.startswith((b"\xff\xfe", b"\xfe\xff"))):
            raise Refused("odd_encoding")
        if not begun:
            head += piece
            if shared._odd_encoding(head[:200]):
                raise Refused("odd_encoding")
            first = _ELEMENT.search(head)
            if _FORBIDDEN.search(head, 0, first.end() if first else len(head)):
                raise Refused("document_type")
            begun = first is not None
            if not begun and len(head) > PIECE:
                raise Refused("damaged")
        yield piece


def packed(content: bytes, parts: list[Part]) -> io.BytesIO:
    """An archive of the packed bytes of the XML parts, with a directory of our own and our way to the workbook."""
    body = io.BytesIO()
    index: list[bytes] = []
    root = shared.ROOT_RELATIONS.encode()

    def add(name: str, kind: int, crc: int, small: int, size: int, data: bytes) -> None:
        at, label = body.tell(), name.encode()
        common = struct.pack("<5H3I2H", 20, 0x800, kind, 0, 33, crc, small, size, len(label), 0)
        body.write(b"PK\x03\x04" + common + label + data)
        index.append(b"PK\x01\x02" + struct.pack("<H", 20) + common + struct.pack("<3H2I", 0, 0, 0, 0, at) + label)

    add("_rels/.rels", zipfile.ZIP_STORED, zlib.crc32(root), len(root), len(root), root)
    for part in parts:
        entry = part.entry
        if entry.filename.endswith((".xml", ".rels")) and entry.filename != "_rels/.rels" and entry.file_size:
            data = content[part.begins : part.ends]
            add(entry.filename, entry.compress_type, entry.CRC, len(data), entry.file_size, data)
    at, lines = body.tell(), b"".join(index)
    body.write(lines + struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, len(index), len(index), len(lines), at, 0))
    body.seek(0)
    return body


# --- the XML --------------------------------------------------------------------------------------------------------


def percent_styles(styles: bytes) -> tuple[bytes, ...]:
    """Numbers of the cell formats that show a percentage."""
    formats = {9, 10}
    for found in re.finditer(rb"<(?:\w+:)?numFmt\b[^>]*>", styles):
        number = re.search(rb"numFmtId\s*=\s*[\"'](\d{1,9})[\"']", found[0])
        code = re.search(rb"formatCode\s*=\s*[\"']([^\"']*)", found[0])
        if number and code and b"%" in code[1]:
            formats.add(int(number[1]))
    inside = re.search(rb"<(?:\w+:)?cellXfs\b.*?</(?:\w+:)?cellXfs>", styles, re.DOTALL)
    used = re.findall(rb"<(?:\w+:)?xf\b[^>]*>", inside[0]) if inside else []
    shows = [re.search(rb"numFmtId\s*=\s*[\"'](\d{1,9})[\"']", one) for one in used]
    return tuple(str(n).encode() for n, one in enumerate(shows) if one and int(one[1]) in formats)


class Found:
    """Places of one kind in a sheet, by column; of a column that is full of them, only that it is."""

    def __init__(self) -> None:
        self.rows: dict[str, list[int]] = {}
        self.full = b""

    def add(self, row: int, letters: bytes) -> None:
        rows = self.rows.setdefault(letters.decode(), [])
        rows.append(row)
        if len(rows) > MARKS:
            self.full = letters


class Marks:
    """What the cell reader does not tell of a sheet. Refused where it goes too far down or too far to the right."""

    def __init__(self, name: str, percents: tuple[bytes, ...]) -> None:
        self.name = name
        self.formulas, self.errors, self.percent = Found(), Found(), Found()
        self.merged: list[list[int]] = []
        self._styles = {b's="' + number + b'"' for number in percents}
        self._prefix = b""
        self._row = self._seen = 0

    def told(self) -> dict[str, Any]:
        found = {"formulas": self.formulas.rows, "errors": self.errors.rows, "percent": self.percent.rows}
        return {"merged": self.merged, **found}

    def over(self, pieces: Iterator[bytes]) -> Marks:
        """Walk a sheet by whole rows; what comes after the rows is kept for the merged cells."""
        rest, after, begun = b"", b"", False
        for piece in pieces:
            if after:
                after += piece
                if len(after) > 4 * KEPT:
                    raise Refused("too_large_inside")
                continue
            rest += piece
            if not begun:
                root = re.search(rb"<(\w+:)?worksheet\b", rest)
                self._prefix = (root[1] or b"") if root else b""
                begun = root is not None or len(rest) > PIECE
            end = rest.find(b"</" + self._prefix + b"sheetData")
            cut = end if end >= 0 else rest.rfind(b"<" + self._prefix + b"row")
            if cut > 0:
                self._rows(rest[:cut])
                rest = rest[cut:]
            if end >= 0:
                after = rest or b" "
            elif len(rest) > 4 * KEPT:
                raise Refused("long_cell", sheet=self.name, most=CELL_CHARACTERS)
        self._rows(rest if not after else b"")
        for found in _MERGED.finditer(after):
            top, left = int(found[2]), _column(found[1])
            bottom, right = int(found[4] or top), _column(found[3] or found[1])
            self.merged.append([top, left, bottom, right])
            if len(self.merged) >= MARKS:
                break
        return self

    def _rows(self, xml: bytes) -> None:
        self._extent(xml)
        self._find(xml, b"<" + self._prefix + b"f", self.formulas, after=b" >/\n\r\t")
        self._find(xml, b't="e"', self.errors)
        if b"'" in xml:
            self._find(xml, b"t='e'", self.errors)
        if len(self._styles) > FEW:
            used = (found[0] for found in _LOOK.finditer(xml) if found[0] in self._styles)
            for style in dict.fromkeys(used):
                self._find(xml, style, self.percent)
        else:
            for style in self._styles:
                self._find(xml, style, self.percent)

    def _find(self, xml: bytes, needle: bytes, into: Found, after: bytes = b"") -> None:
        """Where cells have ``needle`` in or just under them. Once a column is full, its places are passed over."""
        size, cell = len(needle), b"<" + self._prefix + b"c "
        full = cell + b'r="' + into.full
        at = xml.find(needle)
        while at >= 0:
            if not after or xml[at + size] in after:
                start = xml.rfind(cell, 0, at)
                passed = into.full and xml.startswith(full, start) and xml[start + len(full)] < 58  # a digit follows
                if not passed:
                    found = _REFERENCE.match(xml, start, start + 400) if start >= 0 else None
                    into.add(int(found[2]) if found else 0, found[1] if found else b"")
                    full = cell + b'r="' + into.full
            at = xml.find(needle, at + size)

    def _extent(self, xml: bytes) -> None:
        """Whether the cells with something in them stay within what is read.

        Of a large sheet only the first megabytes are looked at row by row, then one row a megabyte: what is missed so
        makes the cell reader run into the limit of memory, which is refused too, in fewer words.
        """
        row, cell = b"<" + self._prefix + b"row", b"<" + self._prefix + b"c "
        at = xml.find(row)
        self._seen += len(xml)
        if self._seen > LOOKED_AT:
            at = xml.rfind(row)
        while at >= 0:
            following = xml.find(row, at + 4)
            ends = following if following >= 0 else len(xml)
            found = _ROW.match(xml, at, at + 400)
            self._row = int(found[1]) if found else self._row + 1
            if self._row > ROWS:
                self._too_far(xml[at:ends])
            last = xml.rfind(cell, at, ends)
            if last >= 0:
                place = _REFERENCE.match(xml, last, last + 400)
                if place and len(place[1]) > 1 and _column(place[1]) > COLUMNS:
                    self._too_wide(xml[at:ends])
            at = following

    def _too_far(self, xml: bytes) -> None:
        if self._filled(xml):
            raise Refused("too_many_rows", sheet=self.name, row=self._row, most=ROWS)

    def _too_wide(self, xml: bytes) -> None:
        cells = xml.split(b"<" + self._prefix + b"c ")[1:]
        for cell in cells:
            place = _REFERENCE.match(b"<c " + cell)
            if place and _column(place[1]) > COLUMNS and self._filled(cell):
                raise Refused("too_many_columns", sheet=self.name, column=_column(place[1]), most=COLUMNS)

    def _filled(self, xml: bytes) -> bool:
        return any(b"<" + self._prefix + sign in xml for sign in (b"v>", b"v ", b"t>", b"t "))


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


# --- the cells ------------------------------------------------------------------------------------------------------


def cells(archive: io.BytesIO) -> Iterator[dict[str, Any]]:
    """Every worksheet by columns."""
    import python_calamine as calamine

    try:
        book = calamine.CalamineWorkbook.from_filelike(archive)
        sheets = [one.name for one in book.sheets_metadata if one.typ == calamine.SheetTypeEnum.WorkSheet]
        if len(sheets) > SHEETS:
            raise Refused("too_large_inside")
        for name in sheets:
            yield _sheet(book.get_sheet_by_name(name), name)
    except calamine.CalamineError as error:
        raise Refused("damaged") from error


def _sheet(sheet: Any, name: str) -> dict[str, Any]:
    if sheet.start and sheet.end[0] >= ROWS:
        raise Refused("too_many_rows", sheet=name, row=sheet.end[0] + 1, most=ROWS)
    if sheet.start and sheet.end[1] >= COLUMNS:
        raise Refused("too_many_columns", sheet=name, column=sheet.end[1] + 1, most=COLUMNS)
    before = sheet.start[1] if sheet.start else 0
    columns = [[TEXT, ""] for _ in range(before)] + _columns(sheet, name)
    for number, column in enumerate(columns):
        if column[1].partition(SPLIT)[0].removeprefix("s" if column[0] == MIXED else "") == CHECKED_COLUMN:
            columns[number] = [TEXT, CHECKED_COLUMN]
    return {"name": name, "columns": columns}


def _columns(sheet: Any, name: str) -> list[list[str]]:
    """The cells by columns, each one text; a batch of rows at a time, so that they never all stand in memory singly."""
    rows = sheet.iter_rows() if sheet.start else iter(())
    written: list[list[tuple[bool, str]]] = []
    while batch := list(islice(rows, BATCH)):
        turned = list(zip(*batch, strict=True))
        written = written or [[] for _ in turned]
        for column, some in zip(written, turned, strict=True):
            column.append(_joined(some, name))
    return [_whole(batches) for batches in written]


def _joined(some: tuple[Any, ...], sheet: str) -> tuple[bool, str]:
    """Cells of one column as one text, and whether all of them are text."""
    kinds = set(map(type, some))
    plain = kinds == {str}
    if plain:
        texts = some
    elif len(kinds) == 1 and kinds <= _ALIKE.keys():
        sign, said = _ALIKE[kinds.pop()]
        return False, sign + (SPLIT + sign).join(map(said, some))
    else:
        known = {} if bool in kinds else {cell: _said(cell) for cell in set(some)}  # True is 1 there
        texts = tuple(map(known.__getitem__ if known else _said, some))
    joined = SPLIT.join(texts)
    if len(joined) > LONG_BATCH and max(map(len, texts)) > CELL_CHARACTERS:
        raise Refused("long_cell", sheet=sheet, most=CELL_CHARACTERS)
    if joined.count(SPLIT) != len(texts) - 1:  # it stays a control sign, which the house refuses at its cell
        joined = SPLIT.join(text.replace(SPLIT, "\x01") for text in texts)
    return plain, joined


_ALIKE = {dt.date: ("d", dt.date.isoformat), dt.time: ("t", dt.time.isoformat)}


def _whole(batches: list[tuple[bool, str]]) -> list[str]:
    if all(plain for plain, _ in batches):
        return [TEXT, SPLIT.join(text for _, text in batches)]
    marked = (_marked(text) if plain else text for plain, text in batches)
    return [MIXED, SPLIT.join(marked)]


def _marked(joined: str) -> str:
    """Cells that are all text, as they stand in a mixed column."""
    return SPLIT.join(f"s{text}" if text else "" for text in joined.split(SPLIT))


def _said(value: Any) -> str:
    """A cell of a mixed column: the sign of its kind and the value; '' for an empty one."""
    if isinstance(value, str):
        return f"s{value}" if value else ""
    if isinstance(value, bool):
        return f"b{value:d}"
    if isinstance(value, float):
        return f"n{int(value)}" if value.is_integer() and abs(value) < 1e15 else f"n{value!r}"
    if isinstance(value, int):
        return f"n{value}"
    if isinstance(value, dt.datetime):
        return f"m{value.isoformat()}"
    if isinstance(value, dt.date):
        return f"d{value.isoformat()}"
    if isinstance(value, dt.time):
        return f"t{value.isoformat()}"
    return f"e{value}"


def run(work: Callable[[bytes], dict[str, Any]]) -> int:
    """Answer for the file on standard input, whatever it does."""
    gc.disable()  # hundreds of thousands of rows in lists, and no circles
    confine()
    read(shared.rehearsal())
    shared.close_doors()
    content = sys.stdin.buffer.read()
    try:
        answer = json.dumps(work(content), ensure_ascii=False).encode("utf-8", "surrogatepass")
        if len(answer) > ANSWER - 1024:
            raise Refused("too_large_inside")
    except Refused as refused:
        answer = json.dumps({"refused": refused.code, **refused.params}).encode()
    except MemoryError:
        answer = json.dumps({"refused": "too_large_inside"}).encode()
    except Exception as error:  # noqa: BLE001 - whatever a hostile file provokes is a damaged file to the house
        sys.stderr.write(type(error).__name__)
        answer = json.dumps({"refused": "damaged"}).encode()
    sys.stdout.buffer.write(answer)
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(run(read_cells))
