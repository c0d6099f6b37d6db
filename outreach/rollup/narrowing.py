"""What can be told of withheld numbers one relation at a time: quick, certain where it finds something, never a proof.

Here belongs narrowing alone: each relation bounds each of its numbers by what the others may be, until nothing moves.
Whoever solves all relations together can tell more; ``attack`` does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from outreach.rollup.relations import Need, World

_ROUNDS = 60
"""How often a relation is looked at: two relations can narrow each other by one for very long."""


@dataclass
class Narrow:
    """The least and the greatest that each number may be, and by which relation (-1: its mark)."""

    low: list[float]
    high: list[float]
    by_low: list[int]
    by_high: list[int]

    def span(self, need: Need) -> tuple[float, float]:
        """From where to where what the need is about may lie."""
        low = sum(factor * (self.low if factor > 0 else self.high)[variable] for variable, factor in need.terms)
        high = sum(factor * (self.high if factor > 0 else self.low)[variable] for variable, factor in need.terms)
        return low, high

    def fails(self, need: Need) -> bool:
        low, high = self.span(need)
        if need.apart and high - low + 1 < need.apart:
            return True
        return any(not low <= value <= high for value in need.wanted)


def narrow(world: World) -> Narrow:
    """Narrow everything that is withheld as far as single relations tell."""
    values = [value for _, value in world.cells]
    low = [float(v) if known else float(least) for v, known, least in zip(values, world.known, world.low, strict=True)]
    high = [float(v) if known else float(most) for v, known, most in zip(values, world.known, world.high, strict=True)]
    out = Narrow(low, high, [-1] * len(values), [-1] * len(values))
    of: list[list[int]] = [[] for _ in values]
    for number, tie in enumerate(world.ties):
        for variable, _ in tie.terms:
            if not world.known[variable]:
                of[variable].append(number)
    waiting = deque(range(len(world.ties)))
    queued = [True] * len(world.ties)
    looked = [0] * len(world.ties)
    while waiting:
        number = waiting.popleft()
        queued[number] = False
        looked[number] += 1
        if looked[number] > _ROUNDS:
            continue
        for moved in _look(world, out, number):
            for other in of[moved]:
                if not queued[other]:
                    queued[other] = True
                    waiting.append(other)
    return out


def _look(world: World, out: Narrow, number: int) -> Iterator[int]:
    """The numbers that one relation narrows."""
    tie = world.ties[number]
    low, high = out.low, out.high
    least = most = 0.0
    for variable, factor in tie.terms:
        if factor > 0:
            least += factor * low[variable]
            most += factor * high[variable]
        else:
            least += factor * high[variable]
            most += factor * low[variable]
    if least >= tie.low and most <= tie.high:
        return
    for variable, factor in tie.terms:
        if world.known[variable]:
            continue
        if factor > 0:
            up, down = tie.high - (least - factor * low[variable]), tie.low - (most - factor * high[variable])
        else:
            up, down = tie.low - (most - factor * low[variable]), tie.high - (least - factor * high[variable])
        up, down = up / factor, down / factor
        moved = False
        if up < high[variable] - 1e-9:
            high[variable], out.by_high[variable], moved = float(int(up // 1)), number, True
        if down > low[variable] + 1e-9:
            low[variable], out.by_low[variable], moved = float(-int(-down // 1)), number, True
        if moved:
            yield variable
