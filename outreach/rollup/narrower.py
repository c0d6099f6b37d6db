"""What to leave out of a release so that it can leave: the least that was found, where the attack blocks the whole.

Here belongs the trying alone. What was printed before cannot be taken back, so that a new split of it can be told for
good; then the release has to be narrower, and whoever drafts it should not have to guess which part it is about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from outreach.rollup.attack import attack
from outreach.rollup.budget import Budget
from outreach.rollup.protection import Key, Policy, Told, Verdict
from outreach.rollup.suppression import protect

Part = tuple[str, str]
"""A part of a release that can be left out by itself, as the caller names it: which split, of which measure."""
SECONDS = 20.0
SINGLY = 6
"""So many parts are left out one at a time before several together."""


@dataclass(frozen=True)
class Wanted:
    """What a release should hold. ``parts``: each with its numbers, first those that are missed least."""

    true: Mapping[Key, int]
    parts: Mapping[Part, frozenset[Key]]
    policy: Policy
    earlier: tuple[Told, ...] = ()
    opened: frozenset[Key] = frozenset()
    version: int = 0

    def without(self, gone: Sequence[Part]) -> dict[Key, int]:
        lost = frozenset[Key]().union(*(self.parts[part] for part in gone))
        return {key: number for key, number in self.true.items() if key not in lost}


def leave_out(wanted: Wanted, found: Verdict, budget: Budget | None = None) -> tuple[Part, ...]:
    """The parts without which the release is safe; none where nothing was found in time, or nothing would be left.

    ``found``: why it is not safe with all of them.
    """
    time = budget or Budget.of(SECONDS)
    for part in _nearest(wanted, found, ())[:SINGLY]:
        if _weigh(wanted, [part], time).safe:
            return (part,)
    gone: list[Part] = []
    while not found.safe:
        near = _nearest(wanted, found, gone)
        if not near or time.over:
            return ()
        gone.append(near[0])
        found = _weigh(wanted, gone, time)
    for part in reversed(list(gone)):
        fewer = [other for other in gone if other != part]
        if _weigh(wanted, fewer, time).safe:
            gone = fewer
    return tuple(part for part in wanted.parts if part in gone)


def _weigh(wanted: Wanted, gone: Sequence[Part], time: Budget) -> Verdict:
    true = wanted.without(gone)
    if not true:
        return Verdict((), 0, finished=False)
    told = protect(true, wanted.policy, wanted.earlier, wanted.opened & true.keys(), wanted.version, time)
    return attack([*wanted.earlier, told], time)


def _nearest(wanted: Wanted, found: Verdict, gone: Sequence[Part]) -> list[Part]:
    """What may be left out next: what holds a number that was told, then what is of its measure, then all else."""
    told = {key for leak in found.leaks for key in (leak.key, leak.beside) if key is not None}
    codes = {code for code, _, _ in told}
    left = wanted.without(gone)

    def distance(part: Part) -> int:
        keys = wanted.parts[part]
        return 0 if keys & told else 1 if any(code in codes for code, _, _ in keys) else 2

    parts = [part for part, keys in wanted.parts.items() if part not in gone and not keys.isdisjoint(left)]
    return sorted(parts, key=distance)
