"""What a rehearsal measured, worked out from its trials. Plain functions; nothing here is a figure of an operation."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

Trial = tuple[dt.datetime, int, int, int]
"""``(at, taps, seconds, milliseconds of the server)``."""

MOST_TAPS = 8
"""SOURCE: the bar of the field form, one person who accepts, from *Log a contact* to *Save*."""


@dataclass(frozen=True)
class Measured:
    """Taps and seconds of one contact in the middle, at the slow end (19 of 20 are quicker), and the server's room.

    ``busiest``: contacts in the busiest minute; ``capacity``: contacts a minute that one after the other would fill
    the server with, at what one took here.
    """

    contacts: int
    taps: float
    taps_slow: int
    seconds: float
    seconds_slow: int
    server_ms: float
    server_ms_slow: int
    busiest: int
    capacity: int


def measured(trials: Sequence[Trial]) -> Measured | None:
    """What the trials say; ``None`` without any."""
    if not trials:
        return None
    minutes = Counter(at.replace(second=0, microsecond=0) for at, _, _, _ in trials)
    server = median(ms for _, _, _, ms in trials)
    return Measured(
        contacts=len(trials),
        taps=median(taps for _, taps, _, _ in trials),
        taps_slow=_slow([taps for _, taps, _, _ in trials]),
        seconds=median(seconds for _, _, seconds, _ in trials),
        seconds_slow=_slow([seconds for _, _, seconds, _ in trials]),
        server_ms=server,
        server_ms_slow=_slow([ms for _, _, _, ms in trials]),
        busiest=max(minutes.values()),
        capacity=int(60_000 // max(server, 1)),
    )


def _slow(values: list[int]) -> int:
    """The smallest value that 19 of 20 do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, -(-19 * len(ordered) // 20) - 1)]


def code_of(code: str, number: int) -> str:
    """Code of the n-th rehearsal of an operation, at most 40 characters."""
    mark = f"-R{number}"
    return code[: 40 - len(mark)] + mark
