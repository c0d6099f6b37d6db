"""Which numbers of a release are withheld so that no small one can be worked out, from it and all that came before.

Here belongs the choice alone; ``attack`` tells whether it is enough. First what is small by the policy, and the zeros
that a small total is made of: shown, they would tell how many of the others there are. Then, as long as something can
be told too closely, further numbers: those whose loss costs least and that mend most. What narrowing finds is mended
first, then what the solver finds. None of them is shown again, even where it was not needed in the end: who runs the
choice backwards would learn from what is shown which small numbers would have needed it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from outreach.rollup.attack import Found, Seen, solve
from outreach.rollup.budget import Budget
from outreach.rollup.narrowing import Narrow, narrow
from outreach.rollup.offences import offence_of
from outreach.rollup.protection import Key, Policy, Told, Why, is_protected
from outreach.rollup.relations import Need, Tie, World, is_small, world_of

_LONELY = 1.5
"""A number that is the only one withheld of a sum is told by it, and costs another one."""


def protect(
    true: Mapping[Key, int], policy: Policy, earlier: Sequence[Told] = (), opened: frozenset[Key] = frozenset(),
    version: int = 0, budget: Budget | None = None,
) -> Told:
    """What may be told of ``true`` after ``earlier`` releases. ``opened`` is never withheld.

    Whether it is safe is for ``attack`` to say: with enough opened, or told before, it may not be. Where the time was
    not enough it is not ``complete``: an accident of that moment, and nothing that may leave.
    """
    told = Told(version, dict(true), _first(true, policy, earlier, opened), opened, policy)
    choice = _Choice(_with_zeros(told), tuple(earlier), budget or Budget.of())
    choice.mend()
    return replace(choice.told, complete=choice.complete)


def cost(key: Key) -> float:
    """What is lost with a number: a headline more than a row, a row more than a cell."""
    code, service, day = key
    if offence_of(code) is not None:
        return 3.0
    return 1.0 if service is not None and day is not None else 12.0 if service is None and day is None else 3.0


def _first(true: Mapping[Key, int], policy: Policy, earlier: Sequence[Told], opened: frozenset[Key]) -> dict[Key, Why]:
    """What is small, and what is withheld already and has not changed."""
    out: dict[Key, Why] = {}
    before: dict[tuple[Key, int], Why] = {}
    for told in earlier:
        for key, why in told.hidden.items():
            before.setdefault((key, told.true[key]), why)
    for key, number in true.items():
        if key in opened or not is_protected(key[0]):
            continue
        if (key, number) in before:
            out[key] = before[key, number]
        elif is_small(number, policy):
            out[key] = Why.SMALL
    return out


def _with_zeros(told: Told) -> Told:
    """With the zeros that a small total is made of, and totals of zero that would give such a zero away."""
    if told.policy.zeros:
        return told
    world = world_of([told])
    hidden = dict(told.hidden)
    sums = [tie for tie in world.ties if tie.total >= 0]
    while True:
        more: list[int] = []
        for tie in sums:
            if hidden.get(world.cells[tie.total][0]) is Why.SMALL:
                more += tie.parts
            elif not world.value(tie.total) and any(world.cells[part][0] in hidden for part in tie.parts):
                more.append(tie.total)
        keys = {world.cells[one][0] for one in more if not world.value(one)} - set(hidden) - told.opened
        if not keys:
            return replace(told, hidden=hidden)
        hidden.update(dict.fromkeys(sorted(keys, key=str), Why.SMALL))


@dataclass
class _Choice:
    """One release while it is decided what it withholds."""

    told: Told
    earlier: tuple[Told, ...]
    budget: Budget
    complete: bool = True
    seen: Seen = field(default_factory=dict)
    hopeless: set[tuple[tuple[int, int], ...]] | None = None

    def world(self, told: Told | None = None) -> World:
        return world_of([*self.earlier, told or self.told])

    def solve(self, world: World, seen: Seen | None = None) -> Found:
        """What the solver finds. Where it did not finish the choice is not complete."""
        found = solve(world, self.budget, seen, spans=False)
        self.complete = self.complete and found.finished
        return found

    def mend(self) -> None:
        """Withhold more until nothing can be told too closely, or nothing helps."""
        while True:
            world = self.world()
            close = narrow(world)
            more = self._more(world, close, [need for need in world.needs if close.fails(need)])
            if not more:
                found = self.solve(world, self.seen)
                more = self._more(world, close, found.failed)
            if not more:
                return
            if self.budget.over:
                self.complete = False
                return
            self.told = _with_zeros(replace(self.told, hidden={**self.told.hidden, **more}))

    def _can(self, world: World) -> set[int]:
        """What can still be withheld: printed here alone, neither small nor opened."""
        before = {(key, told.true[key]) for told in self.earlier for key in told.true if key not in told.hidden}
        return {
            world.at[key, number] for key, number in self.told.true.items()
            if number >= self.told.policy.least and key not in self.told.hidden and key not in self.told.opened
            and is_protected(key[0]) and (key, number) not in before}

    def _more(self, world: World, close: Narrow, failing: Sequence[Need]) -> dict[Key, Why]:
        """Numbers to withhold next: each failing need has one of them near it. Where none is, zeros near it."""
        if not failing:
            return {}
        can = self._can(world)
        of: dict[int, list[Tie]] = defaultdict(list)
        for tie in world.ties:
            for variable, _ in tie.terms:
                of[variable].append(tie)
        near: dict[int, set[int]] = {}
        zeros: dict[Key, Why] = {}
        for number, need in enumerate(failing):
            near[number] = _near(world, close, need, can)
            if not near[number] and not zeros:
                zeros = self._zeros(world, close, need, of)
        chosen = self._cheapest(world, failing, {number: found for number, found in near.items() if found}, of)
        if not chosen and not zeros:
            far = {number: self._far(need, can, of) for number, need in enumerate(failing)}
            chosen = self._cheapest(world, failing, {number: found for number, found in far.items() if found}, of)
        return {**zeros, **{world.cells[one][0]: Why.BESIDE for one in chosen}}

    def _cheapest(
        self, world: World, failing: Sequence[Need], near: dict[int, set[int]], of: Mapping[int, list[Tie]]
    ) -> list[int]:
        """Of the numbers near each need one, so that little is lost and much is mended. Never by how great they are:
        that would tell that the one shown is greater.
        """
        chosen: list[int] = []
        while near:
            hits: dict[int, list[int]] = defaultdict(list)
            for number, found in near.items():
                for variable in found:
                    hits[variable].append(number)
            best = min(hits, key=lambda one: (
                self._cost(world, one, chosen, of) / len(hits[one]), str(world.cells[one][0])))
            chosen.append(best)
            # Whoever has the new one in a relation is looked at again before more is withheld for it.
            touched = {variable for tie in of[best] for variable, _ in tie.terms}
            near = {number: found for number, found in near.items()
                    if best not in found and not touched & {variable for variable, _ in failing[number].terms}}
        return chosen

    def _cost(self, world: World, variable: int, chosen: Sequence[int], of: Mapping[int, list[Tie]]) -> float:
        lonely = sum(
            all(world.known[other] and other not in chosen for other, _ in tie.terms if other != variable)
            for tie in of[variable] if tie.total >= 0)
        return cost(world.cells[variable][0]) + _LONELY * lonely

    def _zeros(
        self, world: World, close: Narrow, need: Need, of: Mapping[int, list[Tie]]
    ) -> dict[Key, Why]:
        """The zeros of one sum without which a number that binds this one could be zero as well."""
        reached = {variable for variable, _ in need.terms}
        for _ in range(3):
            reached |= _causes(world, close, reached)
        if self._is_hopeless(need):
            return {}
        found: list[list[Key]] = []
        for variable in sorted(reached):
            if variable in world.small and world.low[variable] == 1 and close.low[variable] == 1:
                for tie in of[variable]:
                    keys = [world.cells[part][0] for part in tie.parts if part != variable
                            and not world.value(part) and world.cells[part][0] in self.told.true
                            and world.cells[part][0] not in self.told.hidden
                            and world.cells[part][0] not in self.told.opened]
                    if variable in tie.parts and keys:
                        found.append(keys)
        found.sort(key=lambda keys: (len(keys), str(keys)))
        return dict.fromkeys(found[0], Why.SMALL) if found else {}

    def _far(self, need: Need, can: set[int], of: Mapping[int, list[Tie]]) -> set[int]:
        """What can be withheld nearest to it, over however many relations."""
        if self._is_hopeless(need):
            return set()
        edge, found = {variable for variable, _ in need.terms}, set[int]()
        seen = set(edge)
        while edge and not found:
            reached = {variable for one in edge for tie in of[one] for variable, _ in tie.terms} - seen
            found, seen, edge = reached & can, seen | reached, reached
        return found

    def _is_hopeless(self, need: Need) -> bool:
        """Whether it could be told though everything were withheld: then nothing more is given up for it."""
        if self.hopeless is None:
            world = self.world()
            more = dict.fromkeys((world.cells[variable][0] for variable in self._can(world)), Why.BESIDE)
            more |= {key: Why.SMALL for key, number in self.told.true.items()
                     if not number and is_protected(key[0]) and key not in self.told.opened}
            world = self.world(replace(self.told, hidden={**more, **self.told.hidden}))
            self.hopeless = {need.terms for need in self.solve(world).failed}
        return need.terms in self.hopeless


def _near(world: World, close: Narrow, need: Need, can: set[int]) -> set[int]:
    """What could help at once: the number itself where it is printed, else what binds it."""
    own = {variable for variable, _ in need.terms}
    return own & can or _causes(world, close, own) & can


def _causes(world: World, close: Narrow, variables: Iterable[int]) -> set[int]:
    """The numbers in the relations that bind these."""
    out: set[int] = set()
    for variable in variables:
        for number in (close.by_low[variable], close.by_high[variable]):
            if number >= 0:
                out |= {other for other, _ in world.ties[number].terms}
    return out
