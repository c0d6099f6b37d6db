"""Taking returns of 200 rows: shown before, taken, sent again, and the last of 46 services as quickly as the first.

What was read is given as the reader gives it; reading, and the whole way of 46 files, are measured with the drop.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from outreach.app import create_app
from outreach.auth.actors import SYSTEM
from outreach.field.rules import make_code
from outreach.returns import take_commands
from outreach.storage import db
from outreach.storage.schema import bring_up_to_date
from tests.conftest import settings
from tests.factories import a_participation, a_service, an_operation
from tests.returns.books import Said

SERVICES, ROWS = 46, 200
SECONDS = 1.5


def rows() -> list[dict[str, Any]]:
    """Rows of the bench table."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(settings(Path(folder)))
        with app.app_context():
            bring_up_to_date()
            operation = an_operation("TAKE-46")
            parts = [a_participation(operation, a_service(f"Town {n:02} Police")) for n in range(SERVICES)]
            said = [_filled(Said(operation, part)) for part in parts]
            shown, first = _taken(said[0])
            again = _timed(lambda: take_commands.take(SYSTEM, said[0].file()))
            changed = _filled(said[0], kits=1)
            edited = _timed(lambda: take_commands.take(SYSTEM, changed.file()))
            begun = time.perf_counter()
            last = [_taken(one) for one in said[1:]][-1]
            rest = time.perf_counter() - begun
            db.session.remove()
            db.engine.dispose()
    return [
        _row("returns.show_200_rows", shown, SECONDS),
        _row("returns.take_200_rows", first, SECONDS),
        _row("returns.take_200_rows_sent_again", again, SECONDS),
        _row("returns.take_200_rows_all_changed", edited, SECONDS),
        _row("returns.show_200_rows_of_the_46th", last[0], SECONDS),
        _row("returns.take_200_rows_of_the_46th", last[1], SECONDS),
        _row("returns.show_and_take_45_files", rest, 120),
    ]


def _filled(said: Said, kits: int = 0) -> Said:
    for number in range(ROWS):
        said.contact(
            number + 1,
            no=str(number // 2),
            **({"code": said.rows["contacts"][number + 1]["code"]} if kits else {"code": make_code()}),
            agreed="yes",
            age="19_24",
            answer=("accepted", "declined", "undecided")[number % 3],
            kits=kits,
        )
    return said


def _taken(said: Said) -> tuple[float, float]:
    """Seconds for showing what a file would do, and for taking it."""
    file = said.file()
    shown = _timed(lambda: take_commands.preview(SYSTEM, file))
    return shown, _timed(lambda: take_commands.take(SYSTEM, file))


def _timed(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def _row(name: str, value: float, goal: float) -> dict[str, Any]:
    return {"name": name, "value": round(value, 2), "unit": "s", "goal": goal, "met": value <= goal}
