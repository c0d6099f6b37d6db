"""What is kept of a publication copy when the first one leaves, and that read again.

Here belongs the shape of it. Nothing is chosen here, and nothing is worked out again: another program would choose
otherwise, and two copies of the same numbers that withhold different ones tell, side by side, what both withhold.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from outreach.errors import N_, Blocked
from outreach.report import release_rules
from outreach.rollup.protection import Told, Why
from outreach.storage.tables import FigureSet, PublicationCopy

_PARTS = ("uid", "policy", "cells", "opened", "beside")


def values_of(uid: str, found: FigureSet, told: Told, beside: Mapping[str, Any]) -> dict[str, Any]:
    """The row of a copy that tells this; ``beside``: what it prints that the locked version does not hold."""
    values: dict[str, Any] = {
        "uid": uid,
        "policy": release_rules.policy_json(told.policy),
        "cells": [_cell(told, key) for key in told.true],
        "opened": sorted(([*key] for key in told.opened), key=str),
        "beside": dict(beside),
    }
    return {**values, "hash": _hash(values, found)}


def _cell(told: Told, key: Any) -> list[Any]:
    why = told.hidden.get(key)
    return [*key, None, why.value] if why is not None else [*key, told.true[key], ""]


def _hash(values: Mapping[str, Any], found: FigureSet) -> str:
    parts = {part: values[part] for part in _PARTS}
    return release_rules.hash_of({"format": "outreach-copy-1", "figures": found.hash, **parts})


def told_again(row: PublicationCopy, found: FigureSet) -> Told:
    """What the copy told, as it was chosen. Raises ``Blocked`` where the row is not what was kept."""
    if _hash({part: getattr(row, part) for part in _PARTS}, found) != row.hash:
        raise Blocked(
            N_("These figures are not what was locked."),
            N_("They were changed past the program. Do not use them; tell who looks after the site."),
        )
    figures = {(line[0], line[1], line[2]): line[3] for line in found.figures}
    cells = {(code, service, day): (number, why) for code, service, day, number, why in row.cells}
    return Told(
        found.version,
        {key: figures[key] if why else number for key, (number, why) in cells.items()},
        {key: Why(why) for key, (_number, why) in cells.items() if why},
        frozenset((code, service, day) for code, service, day in row.opened),
        release_rules.policy_of(row.policy),
    )
