"""Return workbooks filled in for tests, as a spreadsheet program would leave them."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import openpyxl

from outreach.auth.actors import SYSTEM
from outreach.returns import return_rules as book
from outreach.returns import take_rules, template_commands
from outreach.storage import writing
from outreach.storage.keys import site_keys
from outreach.storage.queries import operations
from outreach.storage.queries import return_files as files
from outreach.storage.tables import ReturnFile
from outreach.storage.types import new_uid, utc_now
from outreach.vocab import ReturnState, Role
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


def a_read_return(operation: Any, participation: Any, link: Any = None) -> ReturnFile:
    """A return with one good cell and one to fix, as it stands once it has been read; nothing is written to a file."""
    service = participation.service_id
    every = template_commands.issues(SYSTEM, operation, "en")
    meta = next(one.meta for one in every if one.meta.service == service)
    good, bad = "cell-referrals_received-2017-10-10", "cell-referrals_received-2017-10-11"
    fault = book.Fault(book.REFERRALS, "E4", "four", "This is not a number.", "Type a whole number.", name=bad)
    returned = book.Returned(meta, {good: "1"}, seen=frozenset({good, bad}), faults=(fault,))
    file = ReturnFile(
        drop_uid=new_uid(),
        operation_id=operation.id,
        participation_id=participation.id,
        name="return.xlsx",
        how="link" if link else "drop",
        link_id=link.id if link else None,
        received_at=utc_now(),
        size=1,
        hash="-",
        issue=meta.issue,
        state=ReturnState.FAULTY.value,
        counts=take_rules.counts(returned),
    )
    with writing():
        files.add(file)
        file.read = site_keys().seal_json(take_rules.kept(returned), files.read_place(file, service))
    return file


def _columns(sheet: Any) -> dict[str, int]:
    return {sheet.cell(book.CODES_ROW, n).value: n for n in range(1, sheet.max_column + 1)}


def met(day: str = "2017-10-11", **more: Any) -> dict[str, Any]:
    """A row of *Contacts*: one person met."""
    return {"day": day, "time": "21:10", "result": "Met", "agreed": "Yes", "answer": "Accepted", **more}
