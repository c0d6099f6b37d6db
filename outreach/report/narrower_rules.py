"""Plain rules of what may be left out of a release by itself, so that the rest can leave."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from outreach.rollup.narrower import Part
from outreach.rollup.offences import base_of, offence_of
from outreach.rollup.protection import Key

from .release_rules import SCOPE, Scope

_HOLDS: Mapping[str, Callable[[Key], bool]] = {
    "by_day": lambda key: key[2] is not None,
    "by_service": lambda key: key[1] is not None,
    "by_offence": lambda key: offence_of(key[0]) is not None,
    "measures": lambda key: True,
}
"""Which numbers of a measure go with each part of a scope: first what is missed least."""


def parts_of(scope: Scope, true: Iterable[Key]) -> dict[Part, frozenset[Key]]:
    """Each split, then each measure with all its splits, and the numbers that go with it."""
    keys = list(true)
    return {
        (part, code): frozenset(key for key in keys if base_of(key[0]) == code and holds(key))
        for part, holds in _HOLDS.items()
        for code in getattr(scope, part)
    }


def without(kept: Mapping[str, Any], gone: Iterable[Sequence[str]]) -> dict[str, set[str]]:
    """What is ticked of a scope when these parts are left out: a measure goes with its splits."""
    left = {tuple(part) for part in gone}
    return {
        part: {code for code in kept.get(part, ()) if not {(part, code), ("measures", code)} & left} for part in SCOPE
    }
