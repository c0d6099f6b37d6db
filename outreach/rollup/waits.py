"""How long referrals waited until a liaison picked them up, and how long the others have been waiting.

Here belongs the sorting into spans of time. Who sees small numbers of it is decided elsewhere; ``outside`` is what is
left for readers outside the agencies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from outreach.rollup.disclosure import K
from outreach.rollup.facts import Facts
from outreach.rollup.measures import measure
from outreach.rollup.members import members


@dataclass(frozen=True)
class Waits:
    """Spans end at each of ``edges`` (minutes); one more follows without an end.

    ``picked_up`` and ``waiting``: referrals in each span, by how long they waited, or have waited up to now.
    ``withheld``: how they spread is kept from this reader, and the spans are empty.
    """

    edges: tuple[int, ...]
    picked_up: tuple[int, ...]
    waiting: tuple[int, ...]
    withheld: bool = False

    @property
    def made(self) -> int:
        return self.picked + self.still

    @property
    def picked(self) -> int:
        """Referrals that somebody picked up."""
        return sum(self.picked_up)

    @property
    def still(self) -> int:
        """Referrals that still wait."""
        return sum(self.waiting)

    @property
    def over(self) -> int:
        """Referrals that have waited longer than the second edge, the ordinary limit."""
        return sum(self.waiting[2:])

    def outside(self, k: int = K) -> Waits:
        """For readers outside the agencies: everything, or nothing where any number in a span is small, zeros too."""
        if all(number >= k for number in (*self.picked_up, *self.waiting)):
            return self
        return Waits(self.edges, (), (), withheld=bool(self.made))


def next_wait(facts: Facts, edges: Sequence[int]) -> float:
    """The next moment (UTC seconds) at which a referral that still waits comes into another span, if nobody helps."""
    rows = members(facts, measure("referrals_made"))
    if "made_at" not in rows:
        return float("inf")
    since = rows["made_at"].to_numpy()[rows["waited"].to_numpy() < 0].tolist()
    moments = (made + edge * 60 for made in since for edge in edges)
    return float(min((moment for moment in moments if moment > facts.now), default=float("inf")))


def waits(facts: Facts, edges: Sequence[int]) -> Waits:
    """Referrals made by police, by how long they waited. ``made_at`` (UTC seconds) is a further column of the frame;

    without it nobody knows how long the others have been waiting, and they stand in the first span.
    """
    import numpy as np

    rows = members(facts, measure("referrals_made"))
    waited = rows["waited"].to_numpy().astype(np.int64)
    since = rows["made_at"].to_numpy() if "made_at" in rows else np.full(len(rows), facts.now)
    age = np.maximum(facts.now - since, 0) // 60
    picked = waited >= 0
    limits = np.array(edges, dtype=np.int64)

    def spread(minutes: Any) -> tuple[int, ...]:
        place = np.searchsorted(limits, minutes, side="right")
        return tuple(np.bincount(place, minlength=len(edges) + 1).tolist())

    return Waits(tuple(edges), spread(waited[picked]), spread(age[~picked]))
