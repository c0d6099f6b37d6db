"""An attacker who knows all that is printed, and the rule: which withheld numbers she can tell too closely.

Here belongs the solving, by whole-number programs (SciPy's HiGHS): for each withheld number, which values it has in
some world that prints exactly the same. A number is safe only when such worlds were found; what was not finished is
not safe. What is known of figures, and what has to stay possible, is in ``relations``.

A world shows a value of every number at once. So worlds are looked for in which as many numbers as possible are at
values not yet seen; what is left then is tried one by one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from outreach.rollup.budget import Budget
from outreach.rollup.narrowing import Narrow, narrow
from outreach.rollup.protection import Leak, Told, Verdict
from outreach.rollup.relations import Need, Tie, World, world_of

_TIRED = 2
"""Rounds that bring little after which each number is tried by itself."""
_LARGE, _ROUNDS = 400, 40
"""A puzzle of more unknown numbers is tried as a whole so often only, then in pieces."""
_SMALL = 150
"""A puzzle of fewer unknown numbers is solved in whole numbers at once."""
_WIDE = 60
"""A relation of so many numbers is not opened to mend one of them."""
_GAP = 0.3
_CUT, _IMPOSSIBLE = 1, 2
"""What the solver says when it was broken off, and when there is no such world."""
_NEAR = 20
"""A number that stands beside a small one is tried so far around what is known of it."""

Terms = tuple[tuple[int, int], ...]
Seen = dict[Terms, set[int]]
"""Values that were found possible. More withheld, they stay possible."""


def attack(releases: Sequence[Told], budget: Budget | None = None) -> Verdict:
    """Try to tell every withheld number of all these releases, joined. What was not chosen to the end is not safe."""
    world = world_of(releases)
    found = solve(world, budget or Budget.of())
    whole = found.finished and all(told.complete for told in releases)
    return Verdict(tuple(found.leak(need) for need in found.failed), len(world.needs), whole)


@dataclass
class Found:
    """What an attack came to: what can be told too closely, and from where to where it lies."""

    failed: list[Need] = field(default_factory=list)
    finished: bool = True
    spans: dict[Terms, tuple[int, int]] = field(default_factory=dict)

    def leak(self, need: Need) -> Leak:
        low, high = self.spans[need.terms]
        return Leak(need.release, need.key, low, high, need.why, need.beside)


def solve(world: World, budget: Budget, seen: Seen | None = None, *, spans: bool = True) -> Found:
    """Attack every need of ``world`` until time is up. ``seen`` is added to. ``spans``: say also where leaks lie."""
    found = Found()
    known: Seen = defaultdict(set) if seen is None else seen
    close = narrow(world)
    for needs, variables in parts(world):
        _Part(world, variables, close, known, budget).attack(needs, found, spans=spans)
        if not found.finished:
            break
    return found


def parts(world: World) -> list[tuple[list[Need], list[int]]]:
    """Needs with the unknown numbers that have anything to do with them, apart from those that have not."""
    leader = list(range(len(world.cells)))

    def find(one: int) -> int:
        while leader[one] != one:
            leader[one] = leader[leader[one]]
            one = leader[one]
        return one

    for terms in chain((tie.terms for tie in world.ties), (need.terms for need in world.needs)):
        unknown = [variable for variable, _ in terms if not world.known[variable]]
        for variable in unknown[1:]:
            leader[find(variable)] = find(unknown[0])
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
    """One puzzle that cannot be taken apart: its unknown numbers, and the values found possible.

    Of a large puzzle also pieces are tried, with all else as it is in truth: a world of a piece is a world.
    """

    def __init__(self, world: World, variables: Sequence[int], close: Narrow, seen: Seen, budget: Budget) -> None:
        self.world, self.close, self.seen, self.budget, self.turn = world, close, seen, budget, 0
        self.ties: dict[int, list[Tie]] = defaultdict(list)
        self.variables = list(variables)
        self.at = {variable: place for place, variable in enumerate(variables)}
        for tie in world.ties:
            for variable, _ in tie.terms:
                if variable in self.at:
                    self.ties[variable].append(tie)
        self.solver = self._solver(self.variables)

    def _solver(self, variables: Sequence[int]) -> _Solver:
        ties = dict.fromkeys(tie for variable in variables for tie in self.ties[variable])
        return _Solver(self.world, variables, list(ties), self.close)

    def attack(self, needs: Sequence[Need], found: Found, *, spans: bool) -> None:
        terms = list(dict.fromkeys(need.terms for need in needs))
        self._look([self.world.value(variable) for variable in self.variables], terms)
        failed = [need for need in needs if self.close.fails(need)]
        pending = self._lacking(set(needs) - set(failed), needs)
        pending = self._together(pending, terms, found, _ROUNDS if len(self.variables) > _LARGE else None)
        if len(self.variables) > _LARGE:
            pending = self._in_pieces(pending, found)
        for need in pending:
            if self._lacks(need) and not self._alone(need, terms, found):
                failed.append(need)
            if not found.finished:
                return
        found.failed += failed
        if spans:
            found.spans.update({need.terms: self._span(need, found) for need in failed})

    def _lacking(self, among: set[Need], needs: Sequence[Need]) -> list[Need]:
        return [need for need in needs if need in among and self._lacks(need)]

    def _in_pieces(self, pending: list[Need], found: Found) -> list[Need]:
        """What is left when the surroundings of each number were tried by themselves."""
        left = []
        for need in pending:
            if not self._lacks(need):
                continue
            piece = self._piece(need)
            inside = [other for other in pending if {v for v, _ in other.terms if v in self.at} <= set(piece)]
            whole = self.solver, self.at, self.variables
            self.solver, self.variables = self._solver(piece), piece
            self.at = {variable: place for place, variable in enumerate(piece)}
            terms = list(dict.fromkeys(other.terms for other in inside))
            self._together(self._lacking(set(inside), inside), terms, found)
            if found.finished and self._lacks(need) and not need.apart:
                self._alone(need, terms, found)
            self.solver, self.at, self.variables = whole
            if self._lacks(need):
                left.append(need)
        return left

    def _piece(self, need: Need) -> list[int]:
        """The unknown numbers nearest to one."""
        piece = dict.fromkeys(variable for variable, _ in need.terms if variable in self.at)
        for variable in (waiting := list(piece)):
            for tie in self.ties[variable]:
                for other, _ in tie.terms:
                    if other in self.at and other not in piece:
                        piece[other] = None
                        waiting.append(other)
            if len(piece) > _LARGE // 2:
                break
        return list(piece)

    def _look(self, numbers: Sequence[int], terms: Iterable[Terms]) -> None:
        """Note the values that one world gives."""
        for one in terms:
            self.seen.setdefault(one, set()).add(self._value(one, numbers))

    def _value(self, terms: Terms, numbers: Sequence[int]) -> int:
        return sum(
            factor * (numbers[self.at[variable]] if variable in self.at else self.world.value(variable))
            for variable, factor in terms)

    def _lacks(self, need: Need) -> list[int]:
        """Values that have not been found; of what needs only many values, any that lie near."""
        seen = self.seen[need.terms]
        if need.apart:
            return [] if len(seen) >= need.apart else _around(seen, need.apart)
        return [value for value in need.wanted if value not in seen]

    def _together(
        self, pending: list[Need], terms: list[Terms], found: Found, rounds: int | None = None
    ) -> list[Need]:
        """Worlds in which many numbers are elsewhere at once. What is left when that brings no more."""
        tired = 0
        while pending and self.variables and tired < _TIRED and found.finished and rounds != 0:
            rounds = None if rounds is None else rounds - 1
            aims: dict[int, tuple[int, float]] = {}
            for number, need in enumerate(pending):
                self._aim(need, number, aims)
            numbers = self._solve(found, aims=aims)
            if numbers is None:
                break
            before = sum(len(self._lacks(need)) for need in pending)
            self._look(numbers, terms)
            pending = [need for need in pending if self._lacks(need)]
            gained = before - sum(len(self._lacks(need)) for need in pending)
            tired = 0 if gained > 1 + len(pending) // 50 else tired + 1
            self.turn += 1
        return pending

    def _aim(self, need: Need, number: int, aims: dict[int, tuple[int, float]]) -> None:
        """Where one number should be in the next world: at a value not yet seen, another one each turn."""
        lacking = self._lacks(need)
        variable, factor = next((one for one in need.terms if one[0] in self.at), (-1, 0))
        if variable < 0 or variable in aims:
            return
        value = lacking[(number * 7 + self.turn) % len(lacking)]
        others = sum(f * self.world.value(v) for v, f in need.terms if v != variable)
        aims[variable] = ((value - others) * factor, 1 + ((number * 13 + self.turn * 5) % 17) / 17)

    def _alone(self, need: Need, terms: list[Terms], found: Found) -> bool:
        """Whether everything that is lacking of one number is possible."""
        values: Iterable[int] = need.wanted
        if need.apart:
            low, high = self._span(need, found)
            values = range(low, min(high, low + _NEAR * need.apart) + 1)
        for value in values:
            if not self._lacks(need):
                return True
            if value not in self.seen[need.terms]:
                numbers = self._solve(found, fixed=(need.terms, value))
                if numbers is not None:
                    self._look(numbers, terms)
                elif not need.apart or not found.finished:
                    return False
        return not self._lacks(need)

    def _span(self, need: Need, found: Found) -> tuple[int, int]:
        """The least and the greatest value."""
        out = []
        for sign, worst in ((1, min), (-1, max)):
            cost = {variable: sign * factor for variable, factor in need.terms if variable in self.at}
            numbers = self._solve(found, cost=cost) if cost else None
            if numbers is not None:
                self._look(numbers, [need.terms])
            out.append(worst(self.seen[need.terms]) if numbers is None else self._value(need.terms, numbers))
        return out[0], out[1]

    def _solve(
        self, found: Found, *, cost: Mapping[int, float] | None = None,
        aims: Mapping[int, tuple[int, float]] | None = None, fixed: tuple[Terms, int] | None = None
    ) -> list[int] | None:
        """One world that prints the same; None when there is none, or no time (``found.finished`` is false then)."""
        if self.budget.over:
            found.finished = False
            return None
        row: dict[int, int] | None = None
        rest = 0
        if fixed is not None:
            row = {self.at[v]: f for v, f in fixed[0] if v in self.at}
            rest = fixed[1] - sum(f * self.world.value(v) for v, f in fixed[0] if v not in self.at)
            if not row:
                return None
        numbers, sure = self.solver.solve(
            {self.at[variable]: weight for variable, weight in (cost or {}).items()},
            {self.at[variable]: aim for variable, aim in (aims or {}).items()}, row, rest, self.budget)
        found.finished = found.finished and sure
        return numbers


def _around(seen: set[int], apart: int) -> list[int]:
    """Values near those that were seen."""
    return [value for value in range(min(seen) - apart, max(seen) + apart + 1) if value not in seen]


class _Solver:
    """The whole-number program of one puzzle; narrowed first it is smaller, and nothing that is possible is lost."""

    def __init__(self, world: World, variables: Sequence[int], ties: Sequence[Tie], close: Narrow) -> None:
        at = {variable: place for place, variable in enumerate(variables)}
        self.count = len(variables)
        self.rows: list[dict[int, int]] = []
        self.low: list[float] = []
        self.high: list[float] = []
        for tie in ties:
            unknown = {at[variable]: factor for variable, factor in tie.terms if variable in at}
            if unknown:
                rest = sum(factor * world.value(variable) for variable, factor in tie.terms if variable not in at)
                self.rows.append(unknown)
                self.low.append(tie.low - rest)
                self.high.append(tie.high - rest)
        self.least = [close.low[variable] for variable in variables]
        self.greatest = [close.high[variable] for variable in variables]

    def solve(
        self, cost: Mapping[int, float], aims: Mapping[int, tuple[int, float]], row: dict[int, int] | None, rest: int,
        budget: Budget,
    ) -> tuple[list[int] | None, bool]:
        """A world in which the weighted sum and the distances from the aims are least; whether the answer is sure.

        Any world will do where only aims are given: there a solution in fractions is looked for first, and mended.
        """
        import numpy as np

        width = self.count + len(aims)
        rows, low, high = list(self.rows), list(self.low), list(self.high)
        if row is not None:
            rows, low, high = [*rows, row], [*low, rest], [*high, rest]
        weights = np.zeros(width)
        for place, weight in cost.items():
            weights[place] = weight
        for extra, (place, (aim, weight)) in enumerate(aims.items(), self.count):
            weights[extra] = weight
            rows += [{place: 1, extra: -1}, {place: 1, extra: 1}]
            low += [-np.inf, aim]
            high += [aim, np.inf]
        least = np.array([*self.least, *[0.0] * len(aims)])
        greatest = np.array([*self.greatest, *[np.inf] * len(aims)])
        program = _Program(weights, _matrix(rows, width), low, high, self.count, 0.0 if cost else _GAP)
        if self.count > _SMALL and not cost:
            status, found = program.run(least, greatest, budget, whole=False)
            if found is None:
                return None, status == _IMPOSSIBLE
            numbers = self._mended(program, found, rows, least, greatest, budget)
            if numbers is not None and self._holds(numbers, row, rest):
                return numbers, True
        status, found = program.run(least, greatest, budget)
        if found is None:
            return None, status == _IMPOSSIBLE
        numbers = [round(number) for number in found[:self.count]]
        holds = self._holds(numbers, row, rest)
        return (numbers if holds else None), holds and (status == 0 or not cost)

    def _mended(
        self, program: _Program, found: Any, rows: Sequence[Mapping[int, int]], least: Any, greatest: Any,
        budget: Budget
    ) -> list[int] | None:
        """A world near a solution in fractions: only what is broken, and what is in relation with it, may move."""
        import numpy as np

        number = np.round(found[:self.count])
        broken = set(np.flatnonzero(np.abs(found[:self.count] - number) > 1e-6).tolist())
        if broken:
            free = {place for row in rows if len(row) < _WIDE and not broken.isdisjoint(row) for place in row} | broken
            fixed = np.array([place for place in range(self.count) if place not in free], int)
            low, high = least.copy(), greatest.copy()
            low[fixed] = high[fixed] = number[fixed]
            _, mended = program.run(low, high, budget)
            if mended is None:
                return None
            number = np.round(mended[:self.count])
        return [int(one) for one in number]

    def _holds(self, numbers: Sequence[int], row: dict[int, int] | None, rest: int) -> bool:
        """Whether it is a world indeed: the solver works with fractions."""
        return all(
            low <= sum(factor * numbers[place] for place, factor in ties.items()) <= high
            for ties, low, high in zip(self.rows, self.low, self.high, strict=True)
        ) and (row is None or sum(factor * numbers[place] for place, factor in row.items()) == rest) and all(
            map(_within, self.least, numbers, self.greatest))


@dataclass(frozen=True)
class _Program:
    """Least weighted sum within the rows; the first ``count`` places are whole numbers."""

    weights: Any
    rows: Any
    low: Sequence[float]
    high: Sequence[float]
    count: int
    gap: float

    def run(self, least: Any, greatest: Any, budget: Budget, whole: bool = True) -> tuple[int, Any]:
        """The solver's status, and its solution or None. Broken off by the clock while there is work left, as when the
        process was paused, it begins again, with more patience each time."""
        import numpy as np
        from scipy.optimize import Bounds, LinearConstraint, milp

        kinds = np.zeros(len(self.weights))
        kinds[:self.count] = whole
        ties = [LinearConstraint(self.rows, self.low, self.high)] if self.rows.shape[0] else []
        patience = 1
        while True:
            found = milp(
                self.weights, constraints=ties, integrality=kinds, bounds=Bounds(least, greatest),
                options={"time_limit": max(patience * budget.left(), 0.01), "mip_rel_gap": self.gap})
            if found.status != _CUT or budget.over:
                return found.status, found.x
            patience *= 2


def _within(least: float, number: int, greatest: float) -> bool:
    return least <= number <= greatest


def _matrix(rows: Sequence[Mapping[int, int]], width: int) -> Any:
    from scipy.sparse import csr_array

    down = [number for number, row in enumerate(rows) for _ in row]
    across = [place for row in rows for place in row]
    return csr_array(([factor for row in rows for factor in row.values()], (down, across)), shape=(len(rows), width))
