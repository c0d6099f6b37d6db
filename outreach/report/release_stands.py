"""What came after the version that a release is of: plain values, compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Stands:
    """What came after the version that a release is of: the last version, and services that are not signed any more."""

    version: int
    last: int
    reopened: tuple[str, ...] = field(default_factory=tuple)

    @property
    def good(self) -> bool:
        return self.last == self.version and not self.reopened

    def as_json(self) -> dict[str, Any]:
        return {"last": self.last, "reopened": list(self.reopened)}


def stands(version: int, last: int, then: Mapping[str, Any], now: Mapping[str, Any]) -> Stands:
    """``then`` and ``now``: participation → signature (``set_rules.signed_of``)."""
    gone = [
        str(one["name"])
        for part, one in then.items()
        if one["state"] == "signed" and (part not in now or now[part]["state"] != "signed" or _other(one, now[part]))
    ]
    return Stands(version, last, tuple(sorted(gone)))


def _other(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return bool(one["version"] != other["version"] or one["hash"] != other["hash"])
