"""What it costs to ask for a past moment instead of now, and what each further counting rule adds."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from outreach.app import create_app
from outreach.rollup.counting import RULES
from outreach.rollup.measures import STANDARD, measure
from outreach.rollup.totals import totals
from outreach.storage import db, writing
from outreach.storage.frames import facts_of
from outreach.storage.schema import bring_up_to_date
from outreach.storage.tables import Operation
from outreach.storage.types import utc_now
from tests import factories as site
from tests.bench.report_bench import SERVICES, best_of, grow
from tests.conftest import settings

CONTACTS, CHANGES = 100_000, 200


def rows() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(settings(Path(folder)))
        with app.app_context():
            bring_up_to_date()
            operation = site.an_operation("BENCH")
            for _ in range(SERVICES):
                site.a_participation(operation)
            grow(operation.id, 1, CONTACTS)
            for number in range(CHANGES):  # a plan that was changed often
                with writing():
                    db.session.get_one(Operation, operation.id).overlap_nil = bool(number % 2)
            found = _measured(operation.id)
            db.session.remove()
            db.engine.dispose()
    return found


def _measured(operation: int) -> list[dict[str, Any]]:
    standard = [measure(code) for code in STANDARD]
    by_rule = [measure(rule.code) for rule in RULES if not rule.standard]
    moment = utc_now()
    now = best_of(5, lambda: totals(facts_of(operation), ("service", "day"), standard))
    then = best_of(5, lambda: totals(facts_of(operation, moment), ("service", "day"), standard))
    ruled = best_of(5, lambda: totals(facts_of(operation), ("service", "day"), [*standard, *by_rule]))
    return [
        _row("now", now, "s"),
        _row("past", then, "s"),
        _row("past_to_now", then / now, "×", 1.5, then / now <= 1.5),
        _row("rules_to_standard", ruled / now, "×", 1.5, ruled / now <= 1.5),
    ]


def _row(name: str, value: float, unit: str, goal: float | None = None, met: bool | None = None) -> dict[str, Any]:
    return {"name": f"returns.as_of_{name}", "value": value, "unit": unit, "goal": goal, "met": met}
