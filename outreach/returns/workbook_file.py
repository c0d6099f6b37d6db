"""A return workbook as a file that arrived: what it is, whose it is, and what stands in it.

An untrusted file is looked at by ``workbook_reader`` in a process of its own; here its answer becomes cells, its stamp
is checked, and what is no return of ours is refused in words. What the cells mean is in ``return_reading_rules``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from outreach.errors import N_, Unreadable
from outreach.plan import capped
from outreach.plan.workbook import REFUSALS as OF_PLANS

from . import return_cell_rules as cells
from . import return_reading_rules as reading
from . import workbook_looker, workbook_reader
from .return_rules import META_TITLE, PROGRAM, TEMPLATE, Asked, Marker, Meta, Returned, is_ours
from .return_sheet_rules import REFUSALS as OF_SHEETS
from .return_sheet_rules import SheetRead

WALL_SECONDS = 9
LARGEST_FILE = 16 * 1024 * 1024

_ANEW = N_("Download a new workbook for your service, copy what you filled in as values, and send that.")
_PASTE_VALUES = N_("Copy the column, paste it in its place as values (Paste special, Values), and send it again.")
REFUSALS: dict[str, tuple[str, str]] = (
    OF_PLANS
    | OF_SHEETS
    | {
        "many_formulas": (
            N_("Column %(column)s of the sheet “%(sheet)s” holds more than %(most)d formulas."),
            _PASTE_VALUES,
        ),
        "many_errors": (
            N_("Column %(column)s of the sheet “%(sheet)s” holds more than %(most)d error values such as #REF!."),
            N_("Replace them by what is meant, or empty them, and send it again."),
        ),
        "many_percent": (
            N_("Column %(column)s of the sheet “%(sheet)s” holds more than %(most)d percentages."),
            N_("Write whole numbers in cells of the format General, and send it again."),
        ),
        "no_stamp": (
            N_("This workbook carries no stamp of Outreach: it is no return, or its hidden sheet “_meta” was removed."),
            _ANEW,
        ),
        "forged_stamp": (
            N_("The stamp of this workbook was changed, or another site made it: nobody can tell whose it is."),
            _ANEW,
        ),
        "old_version": (
            N_("This workbook is of layout %(version)s; this site reads layout %(ours)s, which is newer."),
            _ANEW,
        ),
        "new_version": (
            N_("This workbook is of layout %(version)s; this site reads layout %(ours)s, which is older."),
            N_("Send it to the site that it was downloaded from, or download a workbook here and fill that."),
        ),
        "wrong_operation": (
            N_("This is a return for the operation %(theirs)s, not for %(ours)s."),
            N_("Send it on the page of that operation, or choose the workbook of this one."),
        ),
        "wrong_service": (
            N_("This is the return of %(theirs)s, not of %(ours)s."),
            N_("Choose the workbook that was made for %(ours)s, or send this one for %(theirs)s."),
        ),
    }
)


def read_return(
    content: bytes, mark: Marker, asked: Asked | Callable[[Meta], Asked], *, today: dt.date | None = None
) -> Returned:
    """What an untrusted workbook says, every problem at its cell. Raises ``Unreadable`` for what is no such return.

    ``asked``: what the service is asked, of the operation and service that the file has to be for; or what looks that
    up for the stamp of a file whose sender is known by nothing else. ``today``: in the operation's zone.
    """
    return returned(read_book(content), mark, asked, today=today)


def returned(
    book: list[SheetRead], mark: Marker, asked: Asked | Callable[[Meta], Asked], *, today: dt.date | None = None
) -> Returned:
    """The same of a workbook whose cells are read already."""
    meta = stamp_of(book, mark)
    if callable(asked):
        asked = asked(meta)
    check_whose(meta, asked.meta)
    return reading.returned(book, asked, meta, mark, today=today)


def read_book(content: bytes) -> list[SheetRead]:
    """Every sheet of an untrusted .xlsx. Raises ``Unreadable`` saying what the file is instead."""
    if len(content) > LARGEST_FILE:
        raise unreadable("too_large_file", most=LARGEST_FILE // (1024 * 1024))
    with ThreadPoolExecutor(1) as beside:
        looked = beside.submit(_ask, workbook_looker.__file__, content)
        read = _ask(workbook_reader.__file__, content)
        marks = looked.result()
    return book_of(marks if "refused" in marks else read | marks)


def _ask(script: str, content: bytes) -> dict[str, Any]:
    return capped.ask(script, content, seconds=WALL_SECONDS, most=workbook_reader.ANSWER, burst="too_large_inside")


def book_of(answer: dict[str, Any]) -> list[SheetRead]:
    """The sheets in what the readers answered."""
    if "refused" in answer:
        code = answer.pop("refused")
        raise unreadable(code if code in REFUSALS else "damaged", **answer)
    if not {one["name"] for one in answer["sheets"]} <= answer["marks"].keys():
        raise unreadable("damaged")  # the two do not mean the same sheets
    return [_sheet(one["name"], one["columns"], answer["marks"][one["name"]]) for one in answer["sheets"]]


def _sheet(name: str, columns: list[list[str]], marks: dict[str, Any]) -> SheetRead:
    read = [_cells(kind, text) for kind, text in columns]
    ours = {number for number, column in enumerate(read, 1) if column[0] == workbook_reader.CHECKED_COLUMN}
    places = []
    for what in ("formulas", "errors", "percent"):
        found = {cells.number_of(letters): rows for letters, rows in marks.get(what, {}).items()}
        for number, rows in found.items():
            if len(rows) > workbook_reader.MARKS and number not in ours:
                column = cells.letter_of(number)
                raise unreadable(f"many_{what}", sheet=name, column=column, most=workbook_reader.MARKS)
        places.append(found)
    return SheetRead(name, read, [tuple(place) for place in marks.get("merged", ())], *places)


def _cells(kind: str, text: str) -> list[cells.Cell]:
    said = text.split(workbook_reader.SPLIT)
    if kind == workbook_reader.TEXT:
        return said
    known = {one: _cell(one) for one in set(said)}
    return [known[one] for one in said]


def _cell(said: str) -> cells.Cell:
    kind, text = said[:1], said[1:]
    if kind == "n":
        return float(text) if set(text) - set("-0123456789") else int(text)
    return _READ[kind](text)


_READ: dict[str, Callable[[str], cells.Cell]] = {
    "": str,
    "s": str,
    "b": lambda text: text == "1",
    "d": dt.date.fromisoformat,
    "m": dt.datetime.fromisoformat,
    "t": dt.time.fromisoformat,
    "e": cells.Span,
}


# --- whose it is ------------------------------------------------------------------------------------------------------


def stamp_of(book: list[SheetRead], mark: Marker) -> Meta:
    """The stamp, if this site wrote it and reads its layout."""
    said = next((found for sheet in book if (found := _stamp_in(sheet))), None)
    if said is None:
        raise unreadable("no_stamp")
    try:
        version = int(said["template"])
        meta = Meta(
            int(said["operation"]),
            said["operation_code"],
            int(said["service"]),
            said["service_name"],
            version,
            int(said["issue"]),
            said["language"],
            said["made_at"],
            said["signature"],
        )
    except (KeyError, ValueError) as error:
        raise unreadable("forged_stamp") from error
    if version != TEMPLATE and 0 < version < 1000:
        raise unreadable("old_version" if version < TEMPLATE else "new_version", version=version, ours=TEMPLATE)
    if not meta.signature.isascii() or not is_ours(meta, mark):
        raise unreadable("forged_stamp")
    return meta


def _stamp_in(sheet: SheetRead) -> dict[str, str] | None:
    """The lines of a sheet that begins as the stamp does, whatever its name."""
    first = sheet.columns[0] if sheet.columns else []
    if sheet.name != META_TITLE and not (first and sheet.cell(1, 1) == "program" and sheet.cell(1, 2) == PROGRAM):
        return None
    lines: dict[str, str] = {}
    for row in range(1, min(len(first), 40) + 1):
        name = cells.shown(sheet.cell(row, 1))
        if name in lines:
            raise unreadable("forged_stamp")
        lines[name] = cells.shown(sheet.cell(row, 2))
    return lines if lines.get("program") == PROGRAM else None


def check_whose(meta: Meta, ours: Meta) -> None:
    """Raises ``Unreadable`` when the file is for another operation or service."""
    if meta.operation != ours.operation:
        raise unreadable("wrong_operation", theirs=meta.operation_code, ours=ours.operation_code)
    if meta.service != ours.service:
        raise unreadable("wrong_service", theirs=meta.service_name, ours=ours.service_name)


def unreadable(code: str, **params: Any) -> Unreadable:
    message, fix = REFUSALS[code]
    problem = Unreadable(message, fix, **params)
    problem.code = code
    return problem
