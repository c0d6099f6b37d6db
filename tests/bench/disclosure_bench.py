"""Withholding and attacking a table of 46 services, all its measures and seven days, and a hundred tables of 5 × 6."""

from __future__ import annotations

import time
from random import Random
from typing import Any

from outreach.rollup.attack import attack
from outreach.rollup.protection import Policy
from outreach.rollup.suppression import protect

from .disclosure_soak import Figures, counted, entry, sequences, tables, totals

TABLES, SEQUENCES = 100, 20
SERVICES, DAYS = 46, 7


def a_large_operation(by_day: bool) -> Figures:
    """Six measures of 46 services on seven days, or over the window alone."""
    random = Random(7)
    cells: Figures = {}
    for service in range(1, SERVICES + 1):
        size = random.choice([0, 1, 1, 2, 4])
        for on in range(DAYS):
            entry(random, cells, service, on, random.randint(0, 2 * size))
    return {key: number for key, number in totals(cells).items() if by_day or key[2] is None}


def rows() -> list[dict[str, Any]]:
    out = []
    for name, by_day in (("window", False), ("days", True)):
        true = a_large_operation(by_day)
        began = time.perf_counter()
        told = protect(true, Policy())
        chosen = time.perf_counter()
        verdict = attack([told])
        done = time.perf_counter()
        safe = {"goal": 60, "met": verdict.safe}
        out += [
            {"name": f"report.disclosure_choose_{name}", "value": chosen - began, "unit": "s", **safe},
            {"name": f"report.disclosure_attack_{name}", "value": done - chosen, "unit": "s", **safe},
            {"name": f"report.disclosure_withheld_{name}", "value": len(told.hidden) / len(true), "unit": "of numbers",
             "goal": None, "met": None}]
    return [*out, *counted("tables", tables(TABLES)), *counted("sequences", sequences(SEQUENCES))]
