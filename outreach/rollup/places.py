"""Where each service x measure is counted, how the service reports it, who owes it and on which days.

Here belongs everything that participations, operations and chosen places decide before a single fact is looked at.
Plain dictionaries: there are hundreds of services, not millions.

Decided here: a place that was not chosen is the only operation of the tree that the service takes part in, else the
deepest (of several equally deep, the one entered first); confirmed participations come before others. Enforcement
measures are owed by police only. A service whose place lies outside the tree owes nothing here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from outreach.rollup.measures import Family, Measure
from outreach.vocab import EntryMode, ParticipationStatus, ServiceKind

if TYPE_CHECKING:
    from outreach.rollup.facts import Facts


@dataclass(frozen=True)
class Operation:
    """One operation of the tree; days and deadline -1 when not known; depth 0 is the operation asked for."""

    operation: int
    parent: int
    code: str
    services_known: bool
    overlap_nil: bool
    first_day: int
    last_day: int
    deadline: int
    depth: int


@dataclass(frozen=True)
class Part:
    """One service in one operation."""

    operation: int
    service: int
    kind: str
    status: str
    entry_mode: str
    first_day: int
    last_day: int

    @property
    def confirmed(self) -> bool:
        return self.status == ParticipationStatus.CONFIRMED

    @property
    def owes(self) -> bool:
        return self.confirmed and self.entry_mode != EntryMode.NONE

    @property
    def police(self) -> bool:
        return ServiceKind(self.kind).is_police


def default_place(parts: list[tuple[int, bool, int]]) -> int:
    """The operation that counts where none was chosen. ``parts``: (operation, confirmed, depth) of one service."""
    candidates = [part for part in parts if part[1]] or parts
    return min(candidates, key=lambda part: (-part[2], part[0]))[0]


class Places:
    """The tree under the operation asked for and what was agreed with each service in it."""

    def __init__(self, facts: Facts) -> None:
        self.root = facts.root
        self.operations = _tree(facts)
        self.parts: dict[tuple[int, int], Part] = {}
        self.of_service: dict[int, list[Part]] = {}
        for part in _parts(facts):
            if part.operation in self.operations:
                self.parts[part.service, part.operation] = part
        for part in self.parts.values():
            self.of_service.setdefault(part.service, []).append(part)
        chosen = facts.places
        self.chosen: dict[tuple[int, str], int] = {
            (service, code): operation for service, code, operation in zip(
                chosen["service"].tolist(), chosen["measure"].tolist(), chosen["operation"].tolist(), strict=True)}
        self._default = {service: self._by_default(parts) for service, parts in self.of_service.items()}

    @property
    def services(self) -> list[int]:
        """Every service with a participation in the tree, in order of its id."""
        return sorted(self.of_service)

    @property
    def all_known(self) -> bool:
        """Whether every operation of the tree knows which services take part."""
        return all(operation.services_known for operation in self.operations.values())

    def _by_default(self, parts: list[Part]) -> int:
        depths = self.operations
        return default_place([(part.operation, part.confirmed, depths[part.operation].depth) for part in parts])

    def place(self, service: int, measure: Measure) -> int | None:
        """The operation that counts ``measure`` for ``service`` (it may lie outside the tree); None: wherever it is."""
        chosen = self.chosen.get((service, measure.place_code))
        return self._default.get(service) if chosen is None else chosen

    def counts_here(self, service: int, measure: Measure) -> bool:
        """Whether the place lies in the tree."""
        place = self.place(service, measure)
        return place is None or place in self.operations

    def part(self, service: int, measure: Measure) -> Part | None:
        """The participation at the reporting place; any other of the service when it has none there."""
        at_place = self.parts.get((service, self._place(service, measure)))
        if at_place is not None or service not in self.of_service:
            return at_place
        return self.parts[service, self._default[service]]

    def mode(self, service: int, measure: Measure) -> str:
        """How the service reports the measure; a service without participation is taken to log contacts."""
        part = self.part(service, measure)
        return EntryMode.CONTACTS.value if part is None else part.entry_mode

    def undecided(self, measure: Measure) -> list[int]:
        """Services that take part in several operations of the tree and have chosen no place for the measure."""
        return [service for service in self.services
                if sum(part.confirmed for part in self.of_service[service]) > 1
                and (service, measure.place_code) not in self.chosen]

    def owing(self, measure: Measure) -> set[int]:
        """Services that owe the measure in this tree."""
        if not measure.family.owed:
            return set()
        police_only = measure.family is Family.ENFORCEMENT
        return {
            service for service, parts in self.of_service.items()
            if any(part.owes for part in parts) and self.counts_here(service, measure)
            and (not police_only or any(part.police for part in parts))}

    def window(self) -> tuple[int, int]:
        """First and last day of the operation asked for; (-1, -1) when not known."""
        root = self.operations[self.root]
        return (root.first_day, root.last_day) if min(root.first_day, root.last_day) >= 0 else (-1, -1)

    def days(self, service: int, measure: Measure) -> range:
        """The service's own days at its reporting place, else the operation's there, else the root's; may be empty."""
        part = self.part(service, measure)
        candidates = [] if part is None else [(part.first_day, part.last_day), self._window(part.operation)]
        for first, last in [*candidates, self.window()]:
            if first >= 0 and last >= 0:
                return range(first, last + 1)
        return range(0)

    def deadline(self, service: int, measure: Measure) -> int:
        """UTC second after which nothing may be entered at the place, -1 when there is none."""
        place = self.operations.get(self._place(service, measure), self.operations[self.root])
        return place.deadline if place.deadline >= 0 else self.operations[self.root].deadline

    def _place(self, service: int, measure: Measure) -> int:
        place = self.place(service, measure)
        return -1 if place is None else place

    def _window(self, operation: int) -> tuple[int, int]:
        row = self.operations[operation]
        return row.first_day, row.last_day


def _tree(facts: Facts) -> dict[int, Operation]:
    frame = facts.operations
    rows: dict[int, tuple[Any, ...]] = {row[0]: row for row in zip(*(frame[name].tolist() for name in (
        "operation", "parent", "code", "services_known", "overlap_nil", "first_day", "last_day", "deadline")),
        strict=True)}
    children: dict[int, list[int]] = {}
    for row in rows.values():
        children.setdefault(row[1], []).append(row[0])
    tree: dict[int, Operation] = {}
    waiting = [(facts.root, 0)]
    while waiting:
        operation, depth = waiting.pop()
        if operation not in tree:
            number, parent, code, known, nil, first, last, deadline = rows[operation]
            tree[operation] = Operation(number, parent, code, known, nil, first, last, deadline, depth)
            waiting += [(child, depth + 1) for child in children.get(operation, ())]
    return tree


def _parts(facts: Facts) -> list[Part]:
    frame = facts.participations
    return [Part(*row) for row in zip(*(frame[name].tolist() for name in (
        "operation", "service", "kind", "status", "entry_mode", "first_day", "last_day")), strict=True)]
