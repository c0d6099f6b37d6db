"""Lines of the table of measurements about logging without signal."""

from __future__ import annotations

from typing import Any


def row(name: str, value: float, unit: str, goal: float | None = None, met: bool | None = None) -> dict[str, Any]:
    return {"name": f"offline.{name}", "value": value, "unit": unit, "goal": goal, "met": met}


def exactly(name: str, value: float, goal: float, unit: str) -> dict[str, Any]:
    """A count that is right or wrong."""
    return row(name, value, unit, goal, value == goal)
