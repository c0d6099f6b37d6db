"""How far running the choice backwards leads: of all 2 × 2 tables with small cells, which worlds give the same picture.

``python -m tests.bench.disclosure_backwards`` chooses for every table with cells up to ``--worlds`` and says of the
small numbers of those with cells up to ``--most`` for how many some small value, or every value but one, leads to
another picture. The reader knows the program and sees what is printed, not which mark stands for a small number. The
solver is replaced by trying every table, which takes a hundredth of its time and says the same.
"""

from __future__ import annotations

import argparse
import itertools
from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import numpy as np

from outreach.rollup import suppression
from outreach.rollup.attack import Found
from outreach.rollup.budget import Budget
from outreach.rollup.protection import Key, Policy, is_protected
from outreach.rollup.relations import World, is_small

MOST, WORLDS = 7, 11
DAYS = ("2026-10-13", "2026-10-14")
KEYS: tuple[Key, ...] = tuple(("contacts", service, day) for service in (1, 2, None) for day in (*DAYS, None))


def numbers_of(a: Any, b: Any, c: Any, d: Any) -> tuple[Any, ...]:
    """All nine numbers of a table, in the order of ``KEYS``."""
    return a, b, a + b, c, d, c + d, a + c, b + d, a + b + c + d


class Every:
    """Every table with cells up to ``most``, instead of a solver."""

    def __init__(self, most: int) -> None:
        cells = np.indices((most + 1,) * 4).reshape(4, -1).astype(np.int16)
        self.rows = dict(zip(KEYS, numbers_of(*cells), strict=True))

    def solve(self, world: World, budget: Budget, seen: Any = None, *, spans: bool = True) -> Found:
        left = np.arange(len(self.rows[KEYS[0]]))
        for variable in sorted(range(len(world.cells)), key=lambda one: not world.known[one]):
            row, value = self.rows[world.cells[variable][0]][left], world.value(variable)
            low, high = (value, value) if world.known[variable] else (world.low[variable], world.high[variable])
            left = left[(row >= low) & (row <= high)]
        found = Found()
        for need in world.needs:
            ((variable, _),) = need.terms
            values = set(self.rows[world.cells[variable][0]][left].tolist())
            if len(values) < need.apart or not values.issuperset(need.wanted):
                found.failed.append(need)
        return found


@dataclass(frozen=True)
class Backwards:
    """What it came to: small numbers, those of which a value is excluded, those with one value; and the withheld."""

    small: int
    excluded: int
    unique: int
    withheld: int

    def line(self) -> str:
        each = max(self.small, 1)
        return (f"{self.small} small numbers: of {self.excluded / each:.2%} some small value is excluded, "
                f"{self.unique / each:.2%} have one value; {self.withheld / each:.2f} withheld for each")


def run(most: int = MOST, worlds: int = WORLDS, policy: Policy = Policy()) -> Backwards:  # noqa: B008 - frozen
    pictures: dict[tuple[int | None, ...], list[tuple[int, ...]]] = defaultdict(list)
    with patch.object(suppression, "solve", Every(worlds + 2 * policy.least).solve):
        for cells in itertools.product(range(worlds + 1), repeat=4):
            table = dict(zip(KEYS, numbers_of(*cells), strict=True))
            hidden = suppression.protect(table, policy).hidden
            picture = tuple(None if key in hidden else number for key, number in table.items())
            pictures[picture].append(tuple(table.values()))
    small = excluded = unique = withheld = 0
    wanted = set(range(1, policy.least))
    for picture, found in pictures.items():
        places = [place for place, number in enumerate(picture) if number is None]
        values = {place: {table[place] for table in found} for place in places}
        for table in found:
            if max(table[0], table[1], table[3], table[4]) <= most:
                withheld += len(places)
                for place in places:
                    if table[place] and is_small(table[place], policy) and is_protected(KEYS[place][0]):
                        small += 1
                        excluded += not values[place] >= wanted
                        unique += len(values[place]) == 1
    return Backwards(small, excluded, unique, withheld)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=MOST)
    parser.add_argument("--worlds", type=int, default=WORLDS)
    asked = parser.parse_args()
    print(run(asked.most, asked.worlds).line())


if __name__ == "__main__":
    main()
