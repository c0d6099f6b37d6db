"""Ten thousand random mixes of line records, daily totals, joint teams and operations within, against brute force."""

from __future__ import annotations

from typing import Any

from tests.rollup.test_ranges import MIXES, check_mix

SEEDS = 10_000


def rows() -> list[dict[str, Any]]:
    """How many mixes held (every figure the union, or a range with the union in it), and how wide ranges were."""
    held, exact, widths = 0, 0, []
    for seed in range(MIXES, MIXES + SEEDS):
        is_exact, width = check_mix(seed)  # fails loudly, with the seed
        held += 1
        exact += is_exact
        widths += [] if is_exact else [width]
    return [
        {"name": "rollup.mixes_held", "value": held, "unit": "mixes", "goal": SEEDS, "met": held == SEEDS},
        {"name": "rollup.mixes_exact", "value": exact, "unit": "mixes", "goal": None, "met": None},
        {"name": "rollup.range_width", "value": sum(widths) / max(len(widths), 1), "unit": "persons", "goal": None,
         "met": None},
    ]
