"""The workbook: 46 services and seven days, and 400 services, with every check that LibreOffice works out.

Time is that of the whole export: facts, figures, sheets, bytes. The first publication copy of a version chooses what it
withholds; those after it do not.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from outreach.app import create_app
from outreach.auth.actors import SYSTEM
from outreach.report.workbook import export
from outreach.returns.set_commands import lock
from outreach.storage import db
from outreach.storage.queries import operations
from outreach.storage.schema import bring_up_to_date
from outreach.vocab import OperationStatus
from tests import factories as site
from tests.bench.report_bench import best_of, grow
from tests.conftest import settings
from tests.report.workbook_file import Opened, of_many, through_libreoffice

SECONDS, BYTES = 2.0, 2_000_000
SIZES = ((46, 198), (46, 1_980), (400, 0))
"""Services, and persons that they logged; with none each service tells a number or two."""


def rows() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for services, persons in SIZES:
        found += _with_operation(services, persons, _measured)
    return found


def _with_operation(
    services: int, persons: int, measured: Callable[[str], list[dict[str, Any]]]
) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(settings(Path(folder)))
        with app.app_context():
            bring_up_to_date()
            if persons:
                operation = site.an_operation("BENCH", status=OperationStatus.REPORTING)
                for _ in range(services):
                    site.a_participation(operation)
                grow(operation.id, 1, persons)
            else:
                of_many("BENCH", services)
            db.session.expire_all()
            found = measured(f"{services}x{persons}")
            db.session.remove()
            db.engine.dispose()
    return found


def _measured(name: str) -> list[dict[str, Any]]:
    operation = operations.by_code("BENCH")
    assert operation is not None
    made = export(SYSTEM, operation, "en")
    seconds = best_of(3, lambda: export(SYSTEM, operation, "fr"))
    small = name.startswith("46x")
    with tempfile.TemporaryDirectory() as folder:
        again = Opened(through_libreoffice({"all": made}, Path(folder))["all"], values=True)
    checks = [row[-1].value for row in again.cells("tblChecks")]
    wrong = len([value for value in checks if value != 0])
    lock(SYSTEM, operation, provisional=True, reason="measured")
    db.session.rollback()
    begun = time.perf_counter()
    leaves = export(SYSTEM, operation, "en", None, "publication")
    first = time.perf_counter() - begun
    db.session.rollback()
    return [
        _row(f"report.workbook_{name}", seconds, "s", SECONDS if small else None),
        _row(f"report.workbook_{name}_size", len(made), "bytes", BYTES),
        _row(f"report.workbook_{name}_checks", len(checks), "formulas", None),
        _row(f"report.workbook_{name}_differences", wrong, "checks", 0),
        _row(f"report.publication_{name}_first", first, "s", None),
        _row(f"report.publication_{name}_size", len(leaves), "bytes", BYTES),
    ]


def _row(name: str, value: float, unit: str, goal: float | None) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, "goal": goal, "met": None if goal is None else value <= goal}
