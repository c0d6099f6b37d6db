"""How many distinct things several services counted together, when nobody knows how many they counted twice.

Here belong the two ends of a range and nothing about what is counted: parts of known sizes, and for each two of them
the least and the most that they can share. What a figure's parts are is decided in ``together``.

The upper end is Hunter's and Worsley's: all sizes less the greatest tree of overlaps known. The lower end takes the
parts in some order and lets each add what those before it cannot hold (Bonferroni, block by block); of the orders tried
the best one counts. Both always hold. With two parts, with none of the overlaps known and with all of them nil they are
the tightest there are; with four or more parts and overlaps known in pairs the truth may lie in a narrower range.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import permutations

FEW = 5
"""Up to this many parts every order is tried."""

Shared = Callable[[int, int], tuple[int, int]]
"""The least and the most that two parts, by their places, have in common."""


@dataclass(frozen=True)
class Span:
    """A number that lies between ``least`` and ``most``; ``open``: places of the parts whose overlap is not known."""

    least: int
    most: int
    open: tuple[int, ...] = ()

    @property
    def exact(self) -> bool:
        return self.least == self.most


def span(sizes: Sequence[int], shared: Shared | None, earlier: Sequence[int] | None = None) -> Span:
    """The distinct things in parts of these ``sizes`` (those below 1 hold nothing). ``shared`` None: nothing is known.

    ``earlier``: how many things each part held before; what another part held before does not count again here (figures
    by day: the day of the first meeting). The overlap of two parts is then that of all they ever held.
    """
    held = [max(size, 0) for size in sizes]
    before = [0] * len(held) if earlier is None else [max(size, 0) for size in earlier]
    places = [place for place, size in enumerate(held) if size]
    if not places or sum(size > 0 for size in map(sum, zip(held, before, strict=True))) < 2:
        return Span(sum(held), sum(held))
    if shared is None:
        least = max(held[one] - sum(before) + before[one] for one in places)
        return Span(max(least, 0), sum(held), tuple(places))
    known = {(one, other): _fitted(shared(one, other), held[one], held[other] + before[other])
             for one in places for other in range(len(held)) if one != other and held[other] + before[other]}
    most = sum(held) - _tree(places, {pair: low for pair, (low, _) in known.items()})
    least = min(_least(held, before, places, {pair: high for pair, (_, high) in known.items()}), most)
    unknown = {one for pair, (low, high) in known.items() if low < high for one in pair}
    return Span(least, most, tuple(sorted(unknown)) if least < most else ())


def _fitted(shared: tuple[int, int], size: int, other: int) -> tuple[int, int]:
    """An overlap that is no larger than either part."""
    high = min(shared[1], size, other)
    return min(shared[0], high), high


def _tree(places: list[int], known: dict[tuple[int, int], int]) -> int:
    """The weight of the greatest tree that joins parts by overlaps that are certain (Prim)."""
    if not any(known.values()):
        return 0
    best = dict.fromkeys(places[1:], 0)
    joined, weight = places[0], 0
    while best:
        for place in best:
            best[place] = max(best[place], known.get((joined, place), 0))
        joined = max(best, key=lambda place: (best[place], -place))
        weight += best.pop(joined)
    return weight


def _least(held: list[int], before: list[int], places: list[int], most: dict[tuple[int, int], int]) -> int:
    """The best of the orders: each part adds what the others before it, and their earlier things, cannot hold."""
    once = {one: sum(min(most[one, other], before[other]) for other in range(len(held)) if (one, other) in most)
            for one in places}

    def added(order: Sequence[int]) -> int:
        total = 0
        for number, one in enumerate(order):
            there = sum(min(most[one, other], before[other] + held[other]) - min(most[one, other], before[other])
                        for other in order[:number] if (one, other) in most)
            total += max(held[one] - once[one] - there, 0)
        return total

    if len(places) <= FEW:
        return max(map(added, permutations(places)), default=0)
    return max(added(order) for order in _orders(held, once, places, most))


def _orders(held: list[int], once: dict[int, int], places: list[int],
            most: dict[tuple[int, int], int]) -> list[list[int]]:
    """Orders worth trying where there are too many: the largest first, and always the part that adds most next."""
    largest = sorted(places, key=lambda place: (-held[place], place))
    left = {place: held[place] - once[place] for place in places}
    greedy: list[int] = []
    while left:
        taken = max(left, key=lambda place: (left[place], -place))
        greedy.append(taken)
        del left[taken]
        for place in left:
            left[place] -= most.get((place, taken), 0)
    return [largest, greedy]
