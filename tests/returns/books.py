"""Return workbooks as a service sends them back: made by the site, edited with openpyxl, saved."""

from __future__ import annotations

import datetime as dt
import io
import secrets
from typing import Any

from openpyxl import load_workbook

from outreach.auth.actors import SYSTEM
from outreach.returns import return_commands, take_rules, template_commands
from outreach.returns import return_rules as book
from outreach.storage import db, writing
from outreach.storage.keys import site_keys
from outreach.storage.queries import return_files as rows
from outreach.storage.tables import Operation, Participation, ReturnFile
from outreach.storage.types import utc_now


def fresh(operation: Operation, participation: Participation, language: str = "en") -> bytes:
    """The workbook that the site makes now."""
    return template_commands.issue(SYSTEM, operation, participation, language)


class Book:
    """One workbook being filled in."""

    def __init__(self, content: bytes) -> None:
        self.file = load_workbook(io.BytesIO(content))
        self.sheets = {sheet: self.file[title] for sheet, title in book.TITLES.items() if title in self.file.sheetnames}

    def columns(self, sheet: str) -> dict[str, int]:
        head = self.sheets[sheet][book.CODES_ROW]
        return {str(cell.value): cell.column for cell in head if cell.value is not None}

    def write(self, sheet: str, line: int, **values: Any) -> None:
        """Fill in columns of the ``line``-th row (1 is the first that can be filled in)."""
        columns = self.columns(sheet)
        for code, value in values.items():
            self.sheets[sheet].cell(book.FIRST_ROW + line - 1, columns[code]).value = value

    def contact(self, line: int, day: dt.date | None = dt.date(2017, 10, 10), **values: Any) -> None:
        self.write(book.CONTACTS, line, day=day, result=values.pop("result", "Met"), **values)

    def empty(self, sheet: str, line: int) -> None:
        """Clear every cell of a row that can be filled in."""
        for code, column in self.columns(sheet).items():
            if code not in (book.ROW_ID, book.ROW_CHECK):
                self.sheets[sheet].cell(book.FIRST_ROW + line - 1, column).value = None

    def delete(self, sheet: str, line: int) -> None:
        self.sheets[sheet].delete_rows(book.FIRST_ROW + line - 1)

    def total(self, measure: str, day: dt.date, value: Any) -> None:
        """Fill in the cell of a daily measure."""
        self._line(measure, f"day-{day.isoformat()}", measure, value)

    def once(self, measure: str, value: Any, part: str = "") -> None:
        sheet = self.sheets[book.TOTALS]
        first = next(cell.column for cell in sheet[book.CODES_ROW] if cell.value in _VALUES)
        row = self._row(book.TOTALS, "-".join(("once", measure, *([part] if part else []))))
        sheet.cell(row, first).value = value

    def _line(self, measure: str, row_id: str, column: str, value: Any) -> None:
        sheet = book.REFERRALS if measure in book.REFERRAL_MEASURES else book.TOTALS
        self.sheets[sheet].cell(self._row(sheet, row_id), self.columns(sheet)[column]).value = value

    def _row(self, sheet: str, row_id: str) -> int:
        return next(row[0].row for row in self.sheets[sheet].iter_rows(max_col=1) if row[0].value == row_id)

    def sign(self, name: str) -> None:
        sheet = self.sheets[book.START]
        for row in sheet.iter_rows(max_col=1):
            if row[0].value == book.SIGN_NAME:
                sheet.cell(row[0].row, book.ANSWER_COLUMN).value = name
            if row[0].value == book.SIGN_YES:
                sheet.cell(row[0].row, book.ANSWER_COLUMN).value = "Yes"

    def saved(self) -> bytes:
        target = io.BytesIO()
        self.file.save(target)
        return target.getvalue()


_VALUES = frozenset({"contacts", "persons_met", "charges"})


def send(
    actor: Any, operation: Operation, content: bytes, participation: Participation | None = None, **more: Any
) -> ReturnFile:
    """Receive a file and have it read."""
    how = "page" if participation is not None else "drop"
    file = return_commands.receive(
        actor, operation, content, "return.xlsx", how=how, participation=participation, **more
    )
    return_commands.read(actor, file)
    db.session.rollback()
    return return_commands.file_of(file.uid)


class Said:
    """What a workbook of the newest issue says, as the reader gives it: changed here and taken, without a file."""

    def __init__(self, operation: Operation, participation: Participation) -> None:
        db.session.rollback()
        self.operation, self.participation = operation, participation
        every = template_commands.issues(SYSTEM, operation, "en")
        self.asked = next(one for one in every if one.meta.service == participation.service_id)
        meta = self.asked.meta
        self.numbers = {
            sheet: book.row_numbers(sheet, meta.operation, meta.service, 400, site_keys().mark) for sheet in book.ROWS
        }
        self.rows: dict[str, dict[int, dict[str, Any]]] = {book.CONTACTS: {}, book.CHARGES: {}}
        for sheet, stand in ((book.CONTACTS, self.asked.contacts), (book.CHARGES, self.asked.charges)):
            for row in stand:
                self.rows[sheet][self.numbers[sheet].index(row.row_id) + 1] = dict(row.values)
        lines = (*self.asked.totals, *self.asked.referrals)
        self.typed = {name: said for line in lines for name, said in line.typed.items()}
        self.cells = {name for line in lines for name in line.cells.values() if name}
        self.faults: list[book.Fault] = []
        self.signer = ""

    def contact(self, line: int, **values: Any) -> Said:
        self.rows[book.CONTACTS][line] = {"day": dt.date(2017, 10, 10), "result": "met", **values}
        return self

    def charge(self, line: int, accused: str = "A-01", **values: Any) -> Said:
        self.rows[book.CHARGES][line] = {"accused": accused, **values}
        return self

    def without(self, line: int, sheet: str = book.CONTACTS) -> Said:
        self.rows[sheet].pop(line, None)
        return self

    def total(self, name: str, said: str) -> Said:
        self.typed[name] = said
        return self

    def number(self, line: int, sheet: str = book.CONTACTS) -> str:
        return self.numbers[sheet][line - 1]

    def bad(self, line: int, sheet: str = book.CONTACTS, column: str = "day") -> Said:
        """A cell of the row that could not be read."""
        self.faults.append(book.Fault(sheet, f"C{line + 2}", "x", "Nobody can read this.", "Fix it.",
                                      row_id=self.number(line, sheet), column=column))  # fmt: skip
        return self

    def returned(self) -> book.Returned:
        rows = {
            sheet: tuple(book.Row(self.number(line, sheet), line + 2, said[line]) for line in sorted(said))
            for sheet, said in self.rows.items()
        }
        seen = self.cells | {number for numbers in self.numbers.values() for number in numbers}
        typed = {name: said for name, said in self.typed.items() if said}
        return book.Returned(
            self.asked.meta, typed, rows[book.CONTACTS], rows[book.CHARGES], frozenset(seen), self.signer,
            tuple(self.faults),
        )  # fmt: skip

    def file(self, **more: Any) -> ReturnFile:
        """It came and was read."""
        returned = self.returned()
        with writing():
            file = ReturnFile(
                operation_id=self.operation.id,
                participation_id=self.participation.id,
                name="return.xlsx",
                how="page",
                received_at=utc_now(),
                size=1,
                hash=secrets.token_hex(32),
                state="faulty" if returned.must else "ready",
                issue=returned.meta.issue,
                counts=take_rules.counts(returned),
                **more,
            )
            rows.add(file)
            place = rows.read_place(file, self.participation.service_id)
            file.read = site_keys().seal_json(take_rules.kept(returned), place)
        return file
