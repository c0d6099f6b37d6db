"""Invented records of the returns room."""

from __future__ import annotations

from typing import Any

from outreach.storage import writing
from outreach.storage.queries import figure_sets
from outreach.storage.tables import FigureSet, Operation
from outreach.storage.types import utc_now


def a_locked_version(operation: Operation, version: int = 1, **more: Any) -> FigureSet:
    """Figures of the operation as somebody locked them; empty unless said."""
    now = utc_now()
    values = {
        "kind": "provisional",
        "as_of": now,
        "taken_at": now,
        "reason": "For the test",
        "reported": 0,
        "expected": 0,
        "hash": "0" * 64,
        **more,
    }
    with writing():
        return figure_sets.add_set(operation_id=operation.id, version=version, **values)
