"""Workbooks as other programs read them: openpyxl for every cell, LibreOffice for what formulas come to."""

from __future__ import annotations

import datetime as dt
import io
import shutil
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils import range_boundaries

from outreach.storage import db, writing
from outreach.storage.queries.operations import note_change
from outreach.storage.tables import Operation, Participation, ParticipationVersion, Service, Tally
from outreach.storage.types import utc_now
from outreach.vocab import OperationStatus, ServiceKind
from tests import factories as site
from tests.report import factories as facts


class Opened:
    """A workbook as openpyxl reads it: tables by name as rows of cells."""

    def __init__(self, data: bytes, values: bool = False) -> None:
        self.data = data
        self.book = openpyxl.load_workbook(io.BytesIO(data), data_only=values)
        self.sheets = {next(iter(ws.tables)): ws for ws in self.book.worksheets}

    def cells(self, table: str) -> list[tuple[Any, ...]]:
        """Rows of cells below the header."""
        ws = self.sheets[table]
        left, top, right, bottom = range_boundaries(ws.tables[table].ref)
        return list(ws.iter_rows(min_row=top + 1, max_row=bottom, min_col=left, max_col=right))

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Rows as heading → value."""
        titles = [column.name for column in self.sheets[table].tables[table].tableColumns]
        return [dict(zip(titles, (cell.value for cell in row), strict=True)) for row in self.cells(table)]

    def named(self, name: str) -> Any:
        sheet, place = next(iter(self.book.defined_names[name].destinations))
        return self.book[sheet][place.replace("$", "")].value

    def parts(self) -> Iterator[tuple[str, str]]:
        with zipfile.ZipFile(io.BytesIO(self.data)) as archive:
            for name in archive.namelist():
                yield name, archive.read(name).decode()


def parts_of(made: bytes) -> dict[str, bytes]:
    """Every part of a file but the moment at which it was made."""
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name != "docProps/core.xml"}


def through_libreoffice(made: Mapping[str, bytes], folder: Path, to: str = "xlsx") -> dict[str, bytes]:
    """Workbooks by name as LibreOffice writes them after opening and calculating them, all by one start of it."""
    program = shutil.which("soffice") or shutil.which("libreoffice")
    assert program, "LibreOffice is missing: apt-get install libreoffice-calc-nogui"
    for name, content in made.items():
        (folder / f"{name}.xlsx").write_bytes(content)
    (folder / "out").mkdir()
    subprocess.run(
        [program, f"-env:UserInstallation=file://{folder / 'profile'}", "--headless", "--convert-to", to,
         "--outdir", str(folder / "out"), *(str(folder / f"{name}.xlsx") for name in made)],
        check=True, capture_output=True, timeout=300)  # fmt: skip
    return {name: (folder / "out" / f"{name}.{to}").read_bytes() for name in made}


def of_many(code: str, services: int) -> Operation:
    """So many services, each with a number or two, written at once."""
    operation = site.an_operation(code, status=OperationStatus.REPORTING)
    with writing():
        names = [Service(name=f"Force {number}", name_key=f"force {number}", short_name="F", region="West",
                         kind=ServiceKind.POLICE_MUNICIPAL.value) for number in range(services)]  # fmt: skip
        db.session.add_all(names)
        db.session.flush()
        parts = [Participation(operation_id=operation.id, service_id=service.id) for service in names]
        db.session.add_all(parts)
        db.session.flush()
        db.session.add_all(
            ParticipationVersion(participation_id=part.id, status="confirmed", entry_mode="daily_totals",
                                 recorded_at=utc_now()) for part in parts)  # fmt: skip
        db.session.add_all(
            Tally(operation_id=operation.id, participation_id=part.id, service_id=part.service_id, measure=measure,
                  day=facts.FIRST + dt.timedelta(days=number % 7), part="", state="number", value=1 + number % 5,
                  recorded_at=utc_now())
            for number, part in enumerate(parts) for measure in ("persons_met", "contacts"))  # fmt: skip
        note_change(operation.id)
    return operation
