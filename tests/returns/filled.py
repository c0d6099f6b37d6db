"""Return workbooks filled in for tests, as a spreadsheet program would leave them."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import openpyxl

from outreach.returns import return_rules as book
from outreach.returns import template_commands
from outreach.storage.queries import operations
from outreach.vocab import Role
from tests.factories import a_user
from tests.field.factories import actor_of

SHEETS = list(book.TITLES)


def made(operation: Any, service: Any, language: str = "en") -> bytes:
    """The workbook of the service as it is handed out now."""
    part = operations.participation(operation.id, service.id)
    return template_commands.issue(actor_of(a_user(Role.SERVICE_COORDINATOR, service)), operation, part, language)


def filled(content: bytes, days: Mapping[str, Mapping[str, Any]] | None = None, *contacts: Mapping[str, Any]) -> bytes:
    """With daily totals (day → measure → what is typed) and rows of contacts (column → what is typed)."""
    read = openpyxl.load_workbook(io.BytesIO(content))
    sheet = read.worksheets[SHEETS.index(book.TOTALS)]
    columns = _columns(sheet)
    rows = {sheet.cell(row, 1).value: row for row in range(book.FIRST_ROW, sheet.max_row + 1)}
    for day, said in (days or {}).items():
        for measure, typed in said.items():
            sheet.cell(rows[f"day-{day}"], columns[measure]).value = typed
    sheet = read.worksheets[SHEETS.index(book.CONTACTS)]
    columns = _columns(sheet)
    for number, said in enumerate(contacts):
        for column, typed in said.items():
            sheet.cell(book.FIRST_ROW + number, columns[column]).value = typed
    target = io.BytesIO()
    read.save(target)
    return target.getvalue()


def _columns(sheet: Any) -> dict[str, int]:
    return {sheet.cell(book.CODES_ROW, n).value: n for n in range(1, sheet.max_column + 1)}


def met(day: str = "2017-10-11", **more: Any) -> dict[str, Any]:
    """A row of *Contacts*: one person met."""
    return {"day": day, "time": "21:10", "result": "Met", "agreed": "Yes", "answer": "Accepted", **more}
