"""An attacker who knows all that is printed, and the rule: which withheld numbers she can tell too closely.

Here belongs the solving, by whole-number programs (SciPy's HiGHS): for each withheld number, which values it has in
some world that prints exactly the same. A number is safe only when such worlds were found; what was not finished is
not safe. What is known of figures, and what has to stay possible, is in ``relations``.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from outreach.rollup.protection import Leak, Told, Verdict
from outreach.rollup.relations import Need, World, world_of

SECONDS = 60.0
"""How long an attack takes at most; a release that it cannot finish is not published."""
_TIRED = 2
"""Rounds without a new value after which each number is attacked by itself."""

Terms = tuple[tuple[int, int], ...]


def attack(releases: Sequence[Told], seconds: float = SECONDS) -> Verdict:
    """Try to tell every withheld number of all these releases, joined."""
    world = world_of(releases)
    found = solve(world, seconds)
    return Verdict(tuple(found.leak(need) for need in found.failed), len(world.needs), found.finished)


@dataclass
class Found:
    """What an attack came to. ``worlds``: those found that print the same, as the numbers of all variables."""

    world: World
    failed: list[Need] = field(default_factory=list)
    finished: bool = True
    worlds: list[list[int]] = field(default_factory=list)
    spans: dict[Terms, tuple[int, int]] = field(default_factory=dict)

    def leak(self, need: Need) -> Leak:
        low, high = self.spans[need.terms]
        return Leak(need.release, need.key, low, high, need.why, need.beside)


def solve(world: World, seconds: float = SECONDS, most: int | None = None) -> Found:
    """Attack every need of ``world``; stop after ``most`` that fail, or when time is up."""
    ends = time.monotonic() + seconds
    found = Found(world)
    for needs, variables in _parts(world):
        part = _Part(world, variables, ends)
        part.attack(needs, found, most)
        if not found.finished or (most is not None and len(found.failed) >= most):
            break
    return found


def _parts(world: World) -> list[tuple[list[Need], list[int]]]:
    """Needs with the unknown numbers that have anything to do with them, apart from those that have not."""
    leader = list(range(len(world.cells)))

    def find(one: int) -> int:
        while leader[one] != one:
            leader[one] = leader[leader[one]]
            one = leader[one]
        return one

    def join(terms: Terms) -> None:
        unknown = [variable for variable, _ in terms if not world.known[variable]]
        for variable in unknown[1:]:
            leader[find(variable)] = find(unknown[0])

    for tie in world.ties:
        join(tie.terms)
    for need in world.needs:
        join(need.terms)
    variables: dict[int, list[int]] = defaultdict(list)
    for variable, known in enumerate(world.known):
        if not known:
            variables[find(variable)].append(variable)
    needs: dict[int, list[Need]] = defaultdict(list)
    for need in world.needs:
        unknown = [variable for variable, _ in need.terms if not world.known[variable]]
        needs[find(unknown[0]) if unknown else -1].append(need)
    return [(found, variables[at] if at >= 0 else []) for at, found in needs.items()]


class _Part:
    """One puzzle that cannot be taken apart: its unknown numbers, and the worlds found so far."""

    def __init__(self, world: World, variables: Sequence[int], ends: float) -> None:
        self.world, self.ends = world, ends
        self.random = Random(len(variables))  # noqa: S311 - only where to look first; nothing secret is drawn
        self.variables = list(variables)
        self.at = {variable: place for place, variable in enumerate(variables)}
        self.seen: dict[Terms, set[int]] = defaultdict(set)
        self.solver: _Solver | None = None

    def attack(self, needs: Sequence[Need], found: Found, most: int | None) -> None:
        truth = [self.world.value(variable) for variable in self.variables]
        terms = list(dict.fromkeys(need.terms for need in needs))
        self._look(truth, terms)
        pending = [need for need in needs if self._lacks(need)]
        if pending and self.variables:
            self.solver = _Solver(self.world, self.variables)
            pending = self._together(pending, terms, found)
        for need in pending:
            if not self._lacks(need):
                continue
            if time.monotonic() > self.ends:
                found.finished = False
                return
            if not self._alone(need, terms, found):
                found.failed.append(need)
                found.spans[need.terms] = self._span(need, found)
                if most is not None and len(found.failed) >= most:
                    return

    def _look(self, numbers: Sequence[int], terms: Iterable[Terms]) -> bool:
        """Note the values that one world gives; whether any is new."""
        new = False
        for one in terms:
            value = self._value(one, numbers)
            if value not in self.seen[one]:
                self.seen[one].add(value)
                new = True
        return new

    def _value(self, terms: Terms, numbers: Sequence[int]) -> int:
        return sum(
            factor * (numbers[self.at[variable]] if variable in self.at else self.world.value(variable))
            for variable, factor in terms)

    def _lacks(self, need: Need) -> list[tuple[int, ...]]:
        """Values of which one each has not been found; ``[()]`` where only more values are lacking."""
        seen = self.seen[need.terms]
        if need.apart and len(seen) < need.apart:
            return [()]
        return [group for group in need.wanted if not seen.intersection(group)]

    def _together(self, pending: list[Need], terms: list[Terms], found: Found) -> list[Need]:
        """Worlds in which many numbers are elsewhere at once."""
        tired = 0
        while pending and tired < _TIRED and time.monotonic() < self.ends:
            numbers = self._solve(self._pull(pending), found)
            if numbers is None:
                break
            before = len(pending)
            new = self._look(numbers, terms)
            pending = [need for need in pending if self._lacks(need)]
            tired = 0 if new and len(pending) < before else tired + 1
        return pending

    def _pull(self, pending: Sequence[Need]) -> dict[int, float]:
        """Weights that pull each pending number towards a value not yet seen."""
        weights: dict[int, float] = defaultdict(float)
        for need in pending:
            lacking = self._lacks(need)
            aim = self.random.choice([value for group in lacking for value in group] or [0])
            up = aim > min(self.seen[need.terms]) if aim else self.random.random() < 0.5
            for variable, factor in need.terms:
                if variable in self.at:
                    weights[self.at[variable]] += (-1 if up else 1) * factor * (0.5 + self.random.random())
        return weights

    def _alone(self, need: Need, terms: list[Terms], found: Found) -> bool:
        """Whether everything that is lacking of one number is possible."""
        if need.apart:
            low, high = self._span(need, found)
            values: list[tuple[int, ...]] = [(value,) for value in range(low, min(high, low + 20 * need.apart) + 1)]
        else:
            values = list(need.wanted)
        for group in values:
            if need.apart and not self._lacks(need):
                return True
            for value in group:
                if self.seen[need.terms].intersection(group):
                    break
                numbers = self._solve({}, found, (need.terms, value))
                if numbers is not None:
                    self._look(numbers, terms)
                elif not found.finished:
                    return True
            if not need.apart and not self.seen[need.terms].intersection(group):
                return False
        return not self._lacks(need)

    def _span(self, need: Need, found: Found) -> tuple[int, int]:
        out = []
        for sign in (1, -1):
            weights = {self.at[v]: float(sign * factor) for v, factor in need.terms if v in self.at}
            numbers = self._solve(weights, found) if weights else None
            if numbers is not None:
                self._look(numbers, [need.terms])
                out.append(self._value(need.terms, numbers))
            else:
                out.append((min if sign == 1 else max)(self.seen[need.terms]))
        return out[0], out[1]

    def _solve(
        self, weights: dict[int, float], found: Found, fixed: tuple[Terms, int] | None = None
    ) -> list[int] | None:
        """One world that prints the same; None when there is none, or no time (``found.finished`` is false then)."""
        left = self.ends - time.monotonic()
        if left <= 0 or self.solver is None:
            found.finished = found.finished and self.solver is None
            return None
        row = None
        if fixed is not None:
            rest = fixed[1] - sum(f * self.world.value(v) for v, f in fixed[0] if v not in self.at)
            row = ({self.at[v]: f for v, f in fixed[0] if v in self.at}, rest)
        numbers, sure = self.solver.solve(weights, row, left)
        found.finished = found.finished and sure
        return numbers


class _Solver:
    """The whole-number program of one puzzle."""

    def __init__(self, world: World, variables: Sequence[int]) -> None:
        import numpy as np

        at = {variable: place for place, variable in enumerate(variables)}
        self.count = len(variables)
        self.rows: list[dict[int, int]] = []
        self.low: list[float] = []
        self.high: list[float] = []
        for tie in world.ties:
            unknown = {at[variable]: factor for variable, factor in tie.terms if variable in at}
            if unknown:
                rest = sum(factor * world.value(variable) for variable, factor in tie.terms if variable not in at)
                self.rows.append(unknown)
                self.low.append(tie.low - rest)
                self.high.append(tie.high - rest)
        self.bounds = (
            np.array([world.low[variable] for variable in variables], float),
            np.array([world.high[variable] for variable in variables], float))

    def solve(
        self, weights: dict[int, float], fixed: tuple[dict[int, int], int] | None, seconds: float
    ) -> tuple[list[int] | None, bool]:
        """A world in which the weighted sum is least, and whether the answer is sure."""
        import numpy as np
        from scipy.optimize import Bounds, LinearConstraint, milp

        cost = np.zeros(self.count)
        for place, weight in weights.items():
            cost[place] = weight
        rows, low, high = self.rows, self.low, self.high
        if fixed is not None:
            rows, low, high = [*rows, fixed[0]], [*low, fixed[1]], [*high, fixed[1]]
        ties = [LinearConstraint(_matrix(rows, self.count), low, high)] if rows else []
        found = milp(
            cost, constraints=ties, integrality=np.ones(self.count), bounds=Bounds(*self.bounds),
            options={"time_limit": max(seconds, 0.01)})
        if found.x is not None:
            return [round(number) for number in found.x], found.status == 0
        return None, found.status == 2


def _matrix(rows: Sequence[dict[int, int]], width: int) -> Any:
    from scipy.sparse import csr_array

    down = [number for number, row in enumerate(rows) for _ in row]
    across = [place for row in rows for place in row]
    return csr_array(([factor for row in rows for factor in row.values()], (down, across)), shape=(len(rows), width))
