"""How a contact came from a phone, in words: when it was saved and received, how far the phone's clock was off.

Plain functions on plain values; the words are put together by ``contact_views``.
"""

from __future__ import annotations

import datetime as dt

from .sealed_rules import CLOCK_TOLERANCE, corrected

_UNITS = ((1440, "days", 48 * 60), (60, "hours", 120), (1, "minutes", 0))


def saved_at(at: dt.datetime | None, offset_ms: int | None, received_at: dt.datetime) -> dt.datetime | None:
    """When the phone said "Saved", by the server's clock; never after it was received."""
    return None if at is None else min(corrected(at, offset_ms), received_at)


def waited(saved: dt.datetime | None, received_at: dt.datetime) -> bool:
    """Whether it lay on the phone so long that a reader should know."""
    return saved is not None and received_at - saved >= CLOCK_TOLERANCE


def how_far(offset_ms: int | None) -> tuple[str, str, int]:
    """``("fast" | "slow" | "set", unit, number)``; ``set``: right in the end, but moved while the record waited."""
    if offset_ms is None or abs(offset_ms) <= CLOCK_TOLERANCE.total_seconds() * 1000:
        return "set", "", 0
    minutes = round(abs(offset_ms) / 60_000)
    size, unit, _ = next(one for one in _UNITS if minutes >= one[2])
    return ("slow" if offset_ms > 0 else "fast"), unit, round(minutes / size)
