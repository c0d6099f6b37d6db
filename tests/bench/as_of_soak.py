"""Long: random histories of the real commands, every kept moment asked again as of then, byte for byte."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import time_machine

from outreach.app import create_app
from outreach.storage import db
from outreach.storage.schema import bring_up_to_date
from tests.conftest import settings
from tests.returns.histories import BEGINS, History

HISTORIES, MOMENTS = 400, 25


def rows() -> list[dict[str, Any]]:
    found, shown, done = [], 0, Counter()
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "empty"
        empty.mkdir()
        _with_site(empty, bring_up_to_date)
        for seed in range(HISTORIES):
            place = Path(folder) / "site"
            shutil.copytree(empty, place)
            history = _with_site(place, lambda seed=seed: _history(seed))
            found += history.wrong
            shown += len(history.shown)
            done += history.done
            shutil.rmtree(place)
    for one in found[:3]:
        print(one[:4000])
    return [
        _row("histories", HISTORIES, "histories"),
        _row("deeds", done.total(), "writes"),
        _row("moments", shown, "parts of pages"),
        _row("differences", len(found), "parts of pages", 0, not found),
    ]


def _with_site(place: Path, work: Any) -> Any:
    app = create_app(settings(place))
    with app.app_context():
        try:
            return work()
        finally:
            db.session.remove()
            db.engine.dispose()


def _history(seed: int) -> History:
    with time_machine.travel(BEGINS, tick=False) as clock:
        history = History(seed, clock)
        history.run(MOMENTS)
        history.wrong = history.differences()
    return history


def _row(name: str, value: float, unit: str, goal: float | None = None, met: bool | None = None) -> dict[str, Any]:
    return {"name": f"returns.as_of_{name}", "value": value, "unit": unit, "goal": goal, "met": met}
