"""Reading the cells of a plan workbook: what a cell may say, what the rows mean, what is wrong where.

Headers and words are accepted in English, in French or as codes; days and times as real dates or as ISO text. Every
problem is a ``Finding`` at its cell (``Services!B7``). No file is opened here and nothing is looked up.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from outreach.errors import N_, Finding, Invalid, Unreadable

from . import operation_rules
from .rules import name_key
from .team_rules import person_key
from .workbook_rules import (
    OPERATION,
    PARTS,
    PLANNED,
    SHEETS,
    Cell,
    Cells,
    Column,
    Line,
    OperationPlan,
    PersonPlan,
    Plan,
    ServicePlan,
    SheetRead,
    TeamPlan,
    french,
    letter,
)


class Reader:
    """Collects findings while cells become values."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.cells = Cells()

    def problem(self, where: str, message: str, **params: Any) -> None:
        self.findings.append(Finding(where, message, params))

    def value(self, column: Column, cell: Cell, where: str) -> Any:
        """The value of a cell; '' or ``None`` where it is empty or wrong (then a finding was added)."""
        empty = cell is None or (isinstance(cell, str) and not cell.strip())
        if empty:
            if column.required:
                self.problem(where, N_("%(column)s is missing. Fill this cell."), column=column.label)
            return _EMPTY.get(column.kind, "")
        try:
            return _READ[column.kind](column, cell)
        except Invalid as invalid:
            for finding in invalid.findings:
                self.problem(where, finding.message, **finding.params)
        except _Wrong as wrong:
            self.problem(where, wrong.message, **wrong.params)
        return _EMPTY.get(column.kind, "")


class _Wrong(Exception):
    def __init__(self, message: str, **params: Any) -> None:
        super().__init__(message)
        self.message = message
        self.params = params


_UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_EMPTY: dict[str, Any] = {"moment": None, "time": None, "number": None, "names": (), "text": "", "choice": ""}


def _text(column: Column, cell: Cell) -> str:
    if isinstance(cell, dict):
        text = str(next(iter(cell.values())))
    elif isinstance(cell, bool):
        text = "yes" if cell else "no"
    elif isinstance(cell, float) and cell.is_integer():
        text = str(int(cell))
    else:
        text = str(cell)
    breaks = "\n" if column.code == "purpose" else ""
    text = text.replace("\r\n", "\n")
    text = "".join(c if c in breaks or unicodedata.category(c) not in ("Cc", "Cs") else " " for c in text)
    text = text.strip()
    if len(text) > column.most:
        raise _Wrong(
            N_("This is %(length)d characters long. Use at most %(most)d."), length=len(text), most=column.most
        )
    return text


def _choice(column: Column, cell: Cell) -> str:
    text = _text(column, cell)
    wanted = person_key(text)
    for code, label in column.choices:
        if wanted in {person_key(code), person_key(label), person_key(french(label))}:
            return code
    raise _Wrong(N_("“%(text)s” is not in the list. Choose one from the list of this cell."), text=text[:40])


def _moment(column: Column, cell: Cell) -> dt.datetime:
    if isinstance(cell, dict) and ("moment" in cell or "day" in cell):
        at = dt.datetime.fromisoformat(cell.get("moment") or cell["day"]).replace(second=0, microsecond=0)
        operation_rules.read_day(f"{at:%Y-%m-%d}", "")  # a number under a date format is some day about 1900
        return at
    if isinstance(cell, dict) or not isinstance(cell, str):
        raise _Wrong(N_("This is not a day with a time. Write it as 2017-10-18 21:42."))
    found = re.fullmatch(r"\s*(\d{4}-\d{1,2}-\d{1,2})(?:[T ,]+(\d{1,2}\s*[:hH]\s*\d{2})(?::00)?)?\s*", cell)
    if not found:
        raise _Wrong(N_("“%(text)s” is not a day with a time. Write it as 2017-10-18 21:42."), text=cell.strip()[:30])
    day = operation_rules.read_day(found[1], "")
    minutes = operation_rules.read_minutes(found[2] or "00:00", "")
    return dt.datetime.combine(day, dt.time(minutes // 60, minutes % 60))


def _time(column: Column, cell: Cell) -> int:
    if isinstance(cell, dict):
        text = str(cell.get("time") or cell.get("moment", "")[11:])
    elif isinstance(cell, float) and 0 <= cell < 1:
        text = f"{round(cell * 1440) // 60:02}:{round(cell * 1440) % 60:02}"
    else:
        text = str(cell)
    return operation_rules.read_minutes(text[:5] if re.fullmatch(r"\d\d:\d\d:\d\d", text) else text, "")


def _number(column: Column, cell: Cell) -> int:
    text = _text(column, cell)
    if not re.fullmatch(r"\d{1,5}", text):
        raise _Wrong(N_("“%(text)s” is not a whole number."), text=text[:20])
    return int(text)


def _names(column: Column, cell: Cell) -> tuple[str, ...]:
    return tuple(name.strip() for name in re.split(r"[;\n]", _text(column, cell)) if name.strip())


_READ: Mapping[str, Callable[[Column, Cell], Any]] = {
    "text": _text,
    "choice": _choice,
    "moment": _moment,
    "time": _time,
    "number": _number,
    "names": _names,
}


def plan_of(book: list[SheetRead]) -> tuple[Plan | None, list[Finding]]:
    """The plan that a workbook holds, or what is wrong with it, cell by cell."""
    reader = Reader()
    sheets: dict[str, SheetRead] = {}
    for code, (label, _columns) in SHEETS.items():
        wanted = {person_key(code), person_key(label), person_key(french(label))}
        found = next((sheet for sheet in book if person_key(sheet.name) in wanted), None)
        if found is None and code in PARTS:
            continue
        if found is None:
            reader.problem(
                code, N_("There is no sheet “%(sheet)s”. Keep the sheets and names of the template."), sheet=code
            )
        else:
            sheets[code] = found
            reader.cells.names[code] = found.name
    if any(code not in sheets for code in SHEETS if code not in PARTS):
        return None, reader.findings
    operation = _operation(reader, sheets["Operation"])
    services = tuple(_services(reader, sheets["Services"]))
    teams = tuple(_teams(reader, sheets["Teams"]))
    people = tuple(_people(reader, sheets["People"]))
    more = {code: tuple(_lines(reader, sheets[code], code)) for code in PARTS if code in sheets}
    plan = Plan(operation, services, teams, people, more, reader.cells) if operation else None
    if plan is not None:
        _across(reader, plan)
    return (None if reader.findings else plan), reader.findings


def _operation(reader: Reader, sheet: SheetRead) -> OperationPlan | None:
    before = len(reader.findings)
    _refuse_merged(reader, sheet, len(sheet.rows))
    said: dict[str, Any] = {}
    for number, row in enumerate(sheet.rows, start=1):
        label = row[0] if row else None
        if not isinstance(label, str) or not label.strip() or number == 1:
            continue
        column = next((one for one in OPERATION if one.is_called(label)), None)
        if column is None:
            reader.problem(
                f"{sheet.name}!A{number}",
                N_("“%(text)s” is no row of this sheet. Use the template’s words."),
                text=label[:40],
            )
        elif column.code in said:
            reader.problem(f"{sheet.name}!A{number}", N_("“%(text)s” stands here twice. Remove one."), text=label[:40])
        else:
            reader.cells.at["Operation", column.code] = number
            said[column.code] = reader.value(column, row[1] if len(row) > 1 else None, f"{sheet.name}!B{number}")
    for column in OPERATION:
        if column.code not in said:
            reader.problem(
                f"{sheet.name}!A1", N_("The row “%(column)s” is missing. Use the template."), column=column.label
            )
    if len(reader.findings) > before:
        return None
    said["level"] = said.get("level") or "local"
    for code, usual in (("window_assumed", "no"), ("services_known", "yes"), ("overlap_nil", "no")):
        said[code] = (said.get(code) or usual) == "yes"
    said["day_starts"] = 360 if said.get("day_starts") is None else said["day_starts"]
    said["code"] = said["code"].upper()
    return OperationPlan(**said)


def _table(reader: Reader, sheet: SheetRead, code: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Row number and values by column code of every row that is not empty; nothing when the header is wrong."""
    columns = SHEETS[code][1]
    header = sheet.rows[0] if sheet.rows else []
    at: dict[str, int] = {}
    good = True
    for index, cell in enumerate(header):
        if cell is None or not str(cell).strip():
            continue
        found = next((one for one in columns if one.is_called(str(cell))), None)
        where = f"{sheet.name}!{letter(index + 1)}1"
        if found is None:
            reader.problem(
                where, N_("“%(text)s” is no column of this sheet. Use the template’s headers."), text=str(cell)[:40]
            )
            good = False
        elif found.code in at:
            reader.problem(where, N_("The column “%(text)s” stands here twice. Remove one."), text=str(cell)[:40])
            good = False
        else:
            at[found.code] = index
            reader.cells.at[code, found.code] = index + 1
    for column in columns:
        if not column.hidden and column.code not in at:
            reader.problem(
                f"{sheet.name}!A1",
                N_("The column “%(column)s” is missing in row 1. Use the template."),
                column=column.label,
            )
            good = False
    _refuse_merged(reader, sheet, len(sheet.rows))
    if not good:
        return
    for number, row in enumerate(sheet.rows[1:], start=2):
        for index in range(len(header), len(row)):
            if row[index] not in (None, ""):
                reader.problem(
                    f"{sheet.name}!{letter(index + 1)}{number}",
                    N_("This cell stands under no header. Move or clear it."),
                )
        if all(cell in (None, "") for cell in row[: len(header)]):
            continue
        values = {}
        for column in columns:
            index = at.get(column.code, -1)
            cell = row[index] if 0 <= index < len(row) else None
            values[column.code] = reader.value(column, cell, f"{sheet.name}!{letter(max(index, 0) + 1)}{number}")
        yield number, values


def _refuse_merged(reader: Reader, sheet: SheetRead, rows: int) -> None:
    for first, left, last, right in sheet.merged[:20]:
        if first <= rows:
            where = f"{sheet.name}!{letter(left)}{first}:{letter(right)}{last}"
            reader.problem(where, N_("These cells are merged. Unmerge them and fill each cell."))


def _services(reader: Reader, sheet: SheetRead) -> Iterator[ServicePlan]:
    for number, said in _table(reader, sheet, "Services"):
        planned = tuple((c.code[8:], said.pop(c.code)) for c in PLANNED)
        yield ServicePlan(**said, planned=tuple((c, n) for c, n in planned if n), row=number)


def _teams(reader: Reader, sheet: SheetRead) -> Iterator[TeamPlan]:
    for number, said in _table(reader, sheet, "Teams"):
        said["cancelled"] = said["cancelled"] == "yes"
        said["uid"] = said["uid"].lower()
        if said["uid"] and not _UID.fullmatch(said["uid"]):
            reader.problem(
                reader.cells.place("Teams", "uid", number),
                N_("This is no ID of Outreach. Clear the cell for a new team."),
            )
        yield TeamPlan(**said, row=number)


def _people(reader: Reader, sheet: SheetRead) -> Iterator[PersonPlan]:
    for number, said in _table(reader, sheet, "People"):
        said["lead"] = said["lead"] == "yes"
        yield PersonPlan(**said, row=number)


def _lines(reader: Reader, sheet: SheetRead, code: str) -> Iterator[Line]:
    for number, said in _table(reader, sheet, code):
        if "uid" in said:
            said["uid"] = said["uid"].lower()
            if said["uid"] and not _UID.fullmatch(said["uid"]):
                words = N_("This is no ID of Outreach. Clear the cell to add the row as a new one.")
                reader.problem(reader.cells.place(code, "uid", number), words)
        yield Line(said, number)


def _across(reader: Reader, plan: Plan) -> None:
    """What only several rows together can have wrong: the same thing twice."""
    _twins(reader, "Services", "name", [(name_key(s.name), s.row) for s in plan.services])
    _twins(reader, "Teams", "uid", [(t.uid, t.row) for t in plan.teams if t.uid])
    _twins(
        reader,
        "Teams",
        "name",
        [(f"{name_key(t.service)}/{person_key(t.name)}", t.row) for t in plan.teams if not t.cancelled],
    )
    rows = [(f"{name_key(p.service)}/{person_key(p.name)}/{person_key(p.team)}", p.row) for p in plan.people]
    _twins(reader, "People", "name", rows)
    leads = [(f"{name_key(p.service)}/{person_key(p.team)}", p.row) for p in plan.people if p.lead and p.team]
    _twins(reader, "People", "lead", leads)
    for code, lines in plan.more.items():
        if PARTS[code].twins:
            keys = [("/".join(_twin_key(line.said[name]) for name in PARTS[code].twins), line.row) for line in lines]
            _twins(reader, code, PARTS[code].twins[0], keys)
        _twins(reader, code, "uid", [(line.said["uid"], line.row) for line in lines if line.said.get("uid")])


def _twin_key(value: Any) -> str:
    return person_key(value) if isinstance(value, str) else str(value)


def _twins(reader: Reader, sheet: str, column: str, keys: list[tuple[str, int]]) -> None:
    seen: dict[str, int] = {}
    for key, row in keys:
        if key in seen:
            reader.problem(reader.cells.place(sheet, column, row), N_("The same stands in row %(row)d."), row=seen[key])
        seen.setdefault(key, row)


# --- carrying a book that was read ----------------------------------------------------------------------------------


def book_as_text(book: list[SheetRead]) -> str:
    """The cells as JSON, so that a form can carry from the preview to the confirmation what was read once."""
    return json.dumps([{"name": s.name, "rows": s.rows, "merged": s.merged} for s in book], ensure_ascii=False)


def book_of_text(text: str) -> list[SheetRead]:
    """The book again. Raises ``Unreadable`` for anything else: a form can be forged."""
    try:
        return [
            SheetRead(
                str(sheet["name"]),
                [[_carried(cell) for cell in row] for row in sheet["rows"]],
                tuple((int(a), int(b), int(c), int(d)) for a, b, c, d in sheet["merged"]),
            )
            for sheet in json.loads(text)
        ]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise Unreadable() from error


def _carried(cell: Any) -> Cell:
    if isinstance(cell, dict):
        kind, value = next(iter(cell.items()))
        _ISO[kind](value)
        return {kind: value}
    if cell is None or isinstance(cell, (str, int, float)):
        return cell
    raise ValueError


_ISO: Mapping[str, Callable[[str], Any]] = {
    "day": dt.date.fromisoformat,
    "moment": dt.datetime.fromisoformat,
    "time": str,
    "formula": str,
}
