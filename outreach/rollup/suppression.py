"""Which numbers of a release are withheld so that no small one can be worked out, from it and all that came before.

Here belongs the choice alone; ``attack`` tells whether it is enough. First what is small by the policy, and the zeros
that a small total is made of: shown, they would tell how many of the others there are. Then, as long as the attacker
tells anything too closely, one more number near it: the one whose loss costs least.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from outreach.rollup.attack import solve
from outreach.rollup.protection import Key, Policy, Told, Why, is_protected
from outreach.rollup.relations import Need, World, is_small, world_of

SECONDS = 60.0
"""How long the choice takes at most. What it comes to is attacked again before it leaves."""
_AT_ONCE = 200


def protect(
    true: Mapping[Key, int], policy: Policy, earlier: Sequence[Told] = (), opened: frozenset[Key] = frozenset(),
    version: int = 0,
) -> Told:
    """What may be told of ``true`` after ``earlier`` releases. ``opened`` is never withheld.

    Whether it is safe is for ``attack`` to say: with enough opened, or told before, it may not be.
    """
    told = Told(version, dict(true), _first(true, policy, earlier, opened), opened, policy)
    while True:
        told = _with_zeros(told, earlier)
        world = world_of([*earlier, told])
        found = solve(world, SECONDS, _AT_ONCE)
        more: dict[Key, Why] = {}
        for need in found.failed:
            if not more or not _touches(world, need, told, more):
                key = _next(world, need, told, more)
                if key is not None:
                    more[key] = Why.BESIDE
        if not more:
            return told
        told = replace(told, hidden={**told.hidden, **more})


def _first(true: Mapping[Key, int], policy: Policy, earlier: Sequence[Told], opened: frozenset[Key]) -> dict[Key, Why]:
    """What is small, and what is withheld already and has not changed."""
    out: dict[Key, Why] = {}
    before = {(key, told.true[key]): why for told in earlier for key, why in told.hidden.items()}
    for key, number in true.items():
        if key in opened or not is_protected(key[0]):
            continue
        if is_small(number, policy):
            out[key] = Why.SMALL
        elif (key, number) in before:
            out[key] = before[key, number]
    return out


def _with_zeros(told: Told, earlier: Sequence[Told]) -> Told:
    """With the zeros that a small total is made of, and totals of zero that would give such a zero away."""
    if told.policy.zeros:
        return told
    world = world_of([told])
    hidden = dict(told.hidden)
    sums = [tie for tie in world.ties if tie.total >= 0]
    while True:
        more: list[int] = []
        for tie in sums:
            total = world.cells[tie.total][0]
            if hidden.get(total) is Why.SMALL:
                more += tie.parts
            elif not world.value(tie.total) and any(world.cells[part][0] in hidden for part in tie.parts):
                more.append(tie.total)
        keys = {world.cells[one][0] for one in more if not world.value(one)} - set(hidden) - told.opened
        if not keys:
            return replace(told, hidden=hidden)
        hidden.update(dict.fromkeys(sorted(keys, key=str), Why.SMALL))


def _touches(world: World, need: Need, told: Told, more: Mapping[Key, Why]) -> bool:
    """Whether something withheld in this round stands in a relation with it: it is attacked again first."""
    near = {variable for variable, _ in need.terms}
    return any(
        near & {variable for variable, _ in tie.terms}
        and any(world.cells[variable][0] in more for variable, _ in tie.terms)
        for tie in world.ties)


def _next(world: World, need: Need, told: Told, more: Mapping[Key, Why]) -> Key | None:
    """The number to withhold next: of those in relation with the one that leaks, nearest first, the cheapest."""
    can = {
        world.at[key, number] for key, number in told.true.items()
        if number >= told.policy.least and key not in told.hidden and key not in more and key not in told.opened
        and is_protected(key[0])}
    of = defaultdict(list)
    for tie in world.ties:
        for variable, _ in tie.terms:
            of[variable].append(tie)
    seen = {variable for variable, _ in need.terms}
    edge = set(seen)
    chosen = edge & can
    while edge and not chosen:
        reached = {variable for one in edge for tie in of[one] for variable, _ in tie.terms} - seen
        chosen, seen, edge = reached & can, seen | reached, reached
    if not chosen:
        return None
    return world.cells[min(chosen, key=lambda one: (cost(*world.cells[one]), str(world.cells[one][0])))][0]


def cost(key: Key, number: int) -> tuple[int, int]:
    """What is lost with a number: a headline more than a row, a greater number more than a smaller one."""
    _, service, day = key
    return (service is None) + (day is None), number
