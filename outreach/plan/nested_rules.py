"""Rules of operations under one another: where a service in several of them is counted. Plain functions on values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from outreach.errors import N_, Finding
from outreach.rollup.places import default_place

from . import rules
from .paste_rules import visible

SHORTEST_REASON, LONGEST_REASON = 3, 500


@dataclass(frozen=True)
class Part:
    """One service in one operation of a tree. ``counted_in``: as stored, later choices after earlier ones."""

    operation: int
    confirmed: bool
    depth: int
    counted_in: Mapping[str, Any]
    recorded: int = 0


@dataclass(frozen=True)
class Place:
    """Where one family of figures counts; ``chosen``: somebody said so, else it follows the rule."""

    family: str
    operation: int
    chosen: bool


def usual_place(parts: list[Part]) -> int:
    """The operation that counts what nobody chose a place for."""
    return default_place([(one.operation, one.confirmed, one.depth) for one in parts])


def places_of(parts: list[Part]) -> tuple[Place, ...]:
    """Where each family of figures of a service counts. Of two choices the later one counts (as ``storage.tree``)."""
    chosen: dict[str, int] = {}
    for part in sorted(parts, key=lambda one: one.recorded):
        chosen |= rules.places_chosen(dict(part.counted_in))
    usual = usual_place(parts)
    return tuple(Place(family, chosen.get(family, usual), family in chosen) for family in rules.PLACED)


def check_reason(reason: str) -> list[Finding]:
    """Findings about why a proposal is refused."""
    if len(visible(reason)) < SHORTEST_REASON:
        return [Finding("reason", N_("Say why, in a few words; whoever proposed it reads it."))]
    if len(reason) > LONGEST_REASON:
        return [Finding("reason", N_("Write %(most)d characters or fewer."), {"most": LONGEST_REASON})]
    return []
