"""What Excel asks of a workbook before it offers to repair it: ``faults`` of a file, each in a sentence.

No Excel runs here. These are the causes of its message that are known: parts that lead nowhere, the order of elements
in a sheet, tables whose heads are not those of the cells, names that read as cells, and texts that are too long.
"""

from __future__ import annotations

import io
import math
import posixpath
import re
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
FRAME = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}"
SPACE = "{http://www.w3.org/XML/1998/namespace}space"
ORDER = (
    "sheetPr", "dimension", "sheetViews", "sheetFormatPr", "cols", "sheetData", "sheetCalcPr", "sheetProtection",
    "protectedRanges", "scenarios", "autoFilter", "sortState", "dataConsolidate", "customSheetViews", "mergeCells",
    "phoneticPr", "conditionalFormatting", "dataValidations", "hyperlinks", "printOptions", "pageMargins", "pageSetup",
    "headerFooter", "rowBreaks", "colBreaks", "customProperties", "cellWatches", "ignoredErrors", "smartTags",
    "drawing", "legacyDrawing", "legacyDrawingHF", "picture", "oleObjects", "controls", "webPublishItems", "tableParts",
    "extLst",
)  # fmt: skip
ROWS, COLUMNS, STYLES = 1_048_576, 16_384, 64_000
CELL = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]+)")
NAME = re.compile(r"[A-Za-z_\\][A-Za-z0-9_.\\]{0,254}")
REACH = re.compile(r"('(?:[^']|'')+'|[A-Za-z_][A-Za-z0-9_.]*)!\$?[A-Z]{1,3}\$?[0-9]+")


def faults(data: bytes) -> list[str]:
    return list(_Book(data).faults())


class _Book:
    def __init__(self, data: bytes) -> None:
        self.archive = zipfile.ZipFile(io.BytesIO(data))
        self.names = self.archive.namelist()
        self.trees = {
            name: ElementTree.fromstring(self.archive.read(name))
            for name in self.names
            if name.endswith((".xml", ".rels"))
        }
        self.book = self.trees["xl/workbook.xml"]
        led = self._leads("xl/workbook.xml")
        self.sheets = {one.get("name", ""): led[one.get(f"{LINK}id", "")] for one in self.book.iter(f"{MAIN}sheet")}
        self.styles = self.trees["xl/styles.xml"]
        strings = self.trees.get("xl/sharedStrings.xml")
        self.strings = ["".join(one.itertext()) for one in strings] if strings is not None else []

    def _leads(self, part: str) -> dict[str, str]:
        """Id → the part that a relationship leads to; those that leave the file are left out."""
        folder, name = posixpath.split(part)
        found = self.trees.get(f"{folder}/_rels/{name}.rels" if folder else f"_rels/{name}.rels", ())
        return {
            one.get("Id", ""): posixpath.normpath(posixpath.join("/", folder, one.get("Target", ""))).lstrip("/")
            for one in found
            if one.get("TargetMode") != "External"
        }

    def faults(self) -> Iterator[str]:
        yield from self._package()
        yield from self._names()
        yield from self._formats()
        tables: list[tuple[str, str]] = []
        for title, part in self.sheets.items():
            for fault in self._sheet(part, tables):
                yield f"{title}: {fault}"
        yield from self._tables(tables)
        for part, tree in self.trees.items():
            if "/charts/" in part:
                for formula in tree.iter(f"{CHART}f"):
                    yield from self._reaches(part, formula.text or "")
            for about in tree.iter(f"{FRAME}cNvPr") if "/drawings/" in part else ():
                if not about.get("descr"):
                    yield f"{part}: a drawing without alternative text"

    def _package(self) -> Iterator[str]:
        if len(set(map(str.casefold, self.names))) != len(self.names):
            yield "two parts of one name"
        types = self.trees["[Content_Types].xml"]
        ends = {one.get("Extension") for one in types if one.tag.endswith("Default")}
        parts = [one.get("PartName", "").lstrip("/") for one in types if one.tag.endswith("Override")]
        for name in self.names:
            named = name in (*parts, "[Content_Types].xml")
            if not named and (name.endswith(".xml") or name.rsplit(".", 1)[-1] not in ends):
                yield f"{name} has no content type"
        yield from (f"the content type of {part} is of no part" for part in parts if part not in self.names)
        for name in self.names:
            if not name.endswith(".rels"):
                for target in self._leads(name).values():
                    if target not in self.names:
                        yield f"{name} leads to {target}, which is not there"

    def _names(self) -> Iterator[str]:
        for title in self.sheets:
            if not 0 < len(title) <= 31 or set(title) & set("[]:*?/\\") or title.startswith("'") or title.endswith("'"):
                yield f"no sheet may be called {title}"
        if len({title.casefold() for title in self.sheets}) != len(self.sheets):
            yield "two sheets of one name"
        seen = set()
        for one in self.book.iter(f"{MAIN}definedName"):
            name, scope = one.get("name", ""), one.get("localSheetId")
            if (name.casefold(), scope) in seen:
                yield f"the name {name} twice"
            seen.add((name.casefold(), scope))
            if scope is not None and int(scope) >= len(self.sheets):
                yield f"the name {name} is of no sheet"
            if not name.startswith("_xlnm.") and not _a_name(name):
                yield f"no name may be {name}"
            if not (one.text or "").strip():
                yield f"the name {name} of nothing"
            yield from self._reaches(f"the name {name}", one.text or "")

    def _formats(self) -> Iterator[str]:
        formats = self.styles.find(f"{MAIN}cellXfs")
        assert formats is not None
        if len(formats) > STYLES:
            yield "too many styles"
        for kind in ("fonts", "fills", "borders"):
            held = self.styles.find(f"{MAIN}{kind}")
            last = max(int(one.get(f"{kind[:-1]}Id", 0)) for one in formats)
            if held is None or last >= len(held):
                yield f"a style of {kind} that are not there"

    def _sheet(self, part: str, tables: list[tuple[str, str]]) -> Iterator[str]:
        tree = self.trees[part]
        order = [ORDER.index(one.tag.removeprefix(MAIN)) for one in tree]
        if order != sorted(order):
            yield "its elements are not in order"
        cells: dict[str, str | None] = {}
        yield from self._cells(tree, cells)
        yield from self._columns(tree)
        for scale in tree.iter(f"{MAIN}colorScale"):
            kinds = [one.tag.removeprefix(MAIN) for one in scale]
            if kinds not in (["cfvo"] * (half := len(kinds) // 2) + ["color"] * half,) or half not in (2, 3):
                yield "a scale of colours out of order"
        for one in tree.iter(f"{MAIN}dataValidation"):
            yield from _validation(one)
        for one in tree.iter(f"{MAIN}hyperlink"):
            yield from self._reaches("a link", one.get("location", "").replace("#", ""))
            if len(one.get("location", "")) > 2_079 or len(one.get("tooltip", "")) > 255:
                yield "a link is too long"
        for one in tree.findall(f"{MAIN}headerFooter/*"):
            if len(one.text or "") > 255:
                yield "a header or footer is too long"
        drawn, led = tree.find(f"{MAIN}drawing"), self._leads(part)
        if drawn is not None and drawn.get(f"{LINK}id") not in led:
            yield "a drawing that is not there"
        reaches = [one.get("ref", "") for one in tree.findall(f"{MAIN}autoFilter")]
        reaches += [one.get("ref", "") for one in tree.iter(f"{MAIN}mergeCell")]
        for one in tree.iter(f"{MAIN}tablePart"):
            table = self.trees[led[one.get(f"{LINK}id", "")]]
            reaches.append(table.get("ref", ""))
            tables.append((table.get("id", ""), table.get("displayName", "")))
            yield from _table(table, cells)
        boxes = [_box(reach) for reach in reaches]
        for number, box in enumerate(boxes):
            if any(_meet(box, other) for other in boxes[:number]):
                yield "tables, filters or merged cells over one another"

    def _cells(self, tree: ElementTree.Element, cells: dict[str, str | None]) -> Iterator[str]:
        formats, above = len(self.styles.findall(f"{MAIN}cellXfs/{MAIN}xf")), 0
        for row in tree.iter(f"{MAIN}row"):
            number, before = int(row.get("r", above + 1)), 0
            if not above < number <= ROWS or float(row.get("ht", 0)) > 409:
                yield f"row {number} is out of order, too far or too high"
            above = number
            for cell in row:
                place = CELL.fullmatch(cell.get("r", ""))
                if place is None or int(place[2]) != number or not before < _column(place[1]) <= COLUMNS:
                    yield f"{cell.get('r')} is out of order"
                    continue
                before = _column(place[1])
                if int(cell.get("s", 0)) >= formats:
                    yield f"{cell.get('r')} has a style that is not there"
                yield from self._cell(cell, cells)

    def _cell(self, cell: ElementTree.Element, cells: dict[str, str | None]) -> Iterator[str]:
        place, kind, value = cell.get("r", ""), cell.get("t", "n"), cell.findtext(f"{MAIN}v")
        formula = cell.findtext(f"{MAIN}f")
        texts = list(cell.iter(f"{MAIN}t"))
        text = "".join(one.text or "" for one in texts) if kind == "inlineStr" else None
        if kind == "s":
            text = self.strings[int(value or 0)]
        cells[place] = text
        if text is not None and len(text) > 32_767:
            yield f"{place} is too long"
        for one in texts:
            if (one.text or "") != (one.text or "").strip() and one.get(SPACE) != "preserve":
                yield f"{place} loses its spaces"
        if formula is not None:
            if len(formula) > 8_192 or formula.startswith("="):
                yield f"{place} has no formula that Excel reads"
            yield from self._reaches(place, formula)
        elif kind == "n" and value is not None and not math.isfinite(float(value)):
            yield f"{place} is no number"
        elif kind == "n" and value is not None and float(value) < 0 and self._dated(cell):
            yield f"{place} is before 1900"

    def _dated(self, cell: ElementTree.Element) -> bool:
        number = self.styles.findall(f"{MAIN}cellXfs/{MAIN}xf")[int(cell.get("s", 0))].get("numFmtId")
        codes = {one.get("numFmtId"): one.get("formatCode", "") for one in self.styles.iter(f"{MAIN}numFmt")}
        return "yy" in codes.get(number, "") or number in ("14", "22")

    def _columns(self, tree: ElementTree.Element) -> Iterator[str]:
        last = 0
        for one in tree.iter(f"{MAIN}col"):
            low, high = int(one.get("min", 0)), int(one.get("max", 0))
            if not last < low <= high <= COLUMNS or not 0 <= float(one.get("width", 0)) <= 255:
                yield "widths of columns out of order or too wide"
            last = high

    def _tables(self, tables: list[tuple[str, str]]) -> Iterator[str]:
        numbers, names = [one for one, _ in tables], [name.casefold() for _, name in tables]
        known = {one.get("name", "").casefold() for one in self.book.iter(f"{MAIN}definedName")}
        if len(set(numbers)) != len(numbers) or len(set(names)) != len(names) or known & set(names):
            yield "two tables, or a table and a name, are called or numbered alike"
        yield from (f"no table may be called {name}" for _, name in tables if not _a_name(name))

    def _reaches(self, what: str, formula: str) -> Iterator[str]:
        if "#REF!" in formula:
            yield f"{what} leads nowhere"
        for found in REACH.finditer(formula):
            title = found[1][1:-1].replace("''", "'") if found[1].startswith("'") else found[1]
            if title not in self.sheets:
                yield f"{what} leads to the sheet {title}, which is not there"


def _a_name(name: str) -> bool:
    cell = CELL.fullmatch(name.upper())
    far = cell is not None and (_column(cell[1]) > COLUMNS or not 0 < int(cell[2]) <= ROWS)
    row_column = re.fullmatch(r"R[0-9]*(C[0-9]*)?|C[0-9]*", name.upper())
    return bool(NAME.fullmatch(name)) and (cell is None or far) and row_column is None


def _table(table: ElementTree.Element, cells: dict[str, str | None]) -> Iterator[str]:
    left, top, right, bottom = _box(table.get("ref", ""))
    heads = [one.get("name", "") for one in table.iter(f"{MAIN}tableColumn")]
    name = table.get("displayName")
    if bottom <= top or right - left + 1 != len(heads):
        yield f"the table {name} has no row, or other columns than its cells"
    if len({one.casefold() for one in heads}) != len(heads) or any(not 0 < len(one) <= 255 for one in heads):
        yield f"the table {name} has two heads alike, or none"
    for place, head in enumerate(heads):
        if cells.get(f"{_letters(left + place)}{top}") != head:
            yield f"the head {head} of the table {name} is not that of its cell"
    sorted_by = table.find(f"{MAIN}autoFilter")
    if sorted_by is not None and _box(sorted_by.get("ref", ""))[:3] != (left, top, right):
        yield f"the filter of the table {name} is not over it"


def _validation(one: ElementTree.Element) -> Iterator[str]:
    for part in ("formula1", "formula2"):
        if len(one.findtext(f"{MAIN}{part}") or "") > 255:
            yield "what may be chosen in a cell is too long"
    for part, most in (("prompt", 255), ("error", 225), ("promptTitle", 32), ("errorTitle", 32)):
        if len(one.get(part, "")) > most:
            yield f"the {part} of a cell is too long"


def _box(reach: str) -> tuple[int, int, int, int]:
    ends = [CELL.fullmatch(end) for end in reach.split(":")]
    first, last = ends[0], ends[-1]
    assert first is not None and last is not None, reach
    return _column(first[1]), int(first[2]), _column(last[1]), int(last[2])


def _meet(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _letters(number: int) -> str:
    out = ""
    while number:
        number, rest = divmod(number - 1, 26)
        out = chr(65 + rest) + out
    return out
