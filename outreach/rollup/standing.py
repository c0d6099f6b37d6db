"""In which state each service stands, all its days taken together: what a wall may show of services.

Here belongs the worst of a service's cells; the cells themselves are made in ``cells``.
"""

from __future__ import annotations

from collections.abc import Iterable

from outreach.rollup.cells import Cell
from outreach.vocab import CellState

WORST = (
    CellState.OVERDUE, CellState.SILENT, CellState.DECLINED, CellState.NUMBER, CellState.ZERO, CellState.ELSEWHERE,
    CellState.LATER, CellState.NOT_A_DAY)
"""The first of these that a service has anywhere is its state; whatever is known counts as *heard*."""

HEARD = frozenset({CellState.NUMBER, CellState.ZERO, CellState.ELSEWHERE})


def standing(cells: Iterable[Cell]) -> dict[str, int]:
    """State -> services in it: overdue, silent, declined, heard, later; those without any number are left out.

    A service is *heard* when nothing of it is missing and something is known; *later* when nothing is due yet.
    """
    found: dict[int, set[CellState]] = {}
    for cell in cells:
        found.setdefault(cell.service, set()).add(cell.state)
    out = dict.fromkeys(("overdue", "silent", "declined", "heard", "later"), 0)
    for states in found.values():
        worst = next(state for state in WORST if state in states)
        name = "heard" if worst in HEARD else "later" if worst is CellState.NOT_A_DAY else str(worst)
        out[name] += 1
    return {name: number for name, number in out.items() if number}
