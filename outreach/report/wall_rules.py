"""Rules of the wall screen's link: its token, until when it works, the states of services in their order.

Plain functions on plain values, as ``returns.link_rules``; a token of another kind of link is none of a wall.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from outreach.errors import N_
from outreach.plan import invitation_rules as invitations
from outreach.vocab import OperationStatus

Marker = Callable[[str, str], str]

SCOPE = "wall-link"
LIVES = {"12h": dt.timedelta(hours=12), "24h": dt.timedelta(hours=24)}
WINDOW = "window"
AFTER_WINDOW = dt.timedelta(days=1)
LONGEST = dt.timedelta(days=60)
"""No link works longer, however far the window reaches."""
MOST = 12
"""Links of one operation that work at a time."""

STATES = ("overdue", "silent", "declined", "heard", "later")
"""States of services in the order of the wall, worst first."""
NO_WINDOW_END = N_("The window has no end that is still to come. Choose hours instead.")
NO_CHOICE = N_("Choose until when the link works.")


def token_of(uid: str, mark: Marker) -> str:
    """The token of a link: its uid and a keyed mark. Made anew whenever it is needed, stored nowhere."""
    return invitations.token_of(uid, lambda text, _scope: mark(text, SCOPE))


def uid_of(token: str, mark: Marker) -> str | None:
    """The uid in a token that carries the right mark, else ``None``; compared in constant time."""
    return invitations.uid_of(token, lambda text, _scope: mark(text, SCOPE))


def link_end(life: str, now: dt.datetime, window_ends: dt.datetime | None) -> dt.datetime | None:
    """Until when a link works; None where ``life`` asks for the end of a window that has none, or is over."""
    if life in LIVES:
        return now + LIVES[life]
    if life != WINDOW or window_ends is None or window_ends + AFTER_WINDOW <= now:
        return None
    return min(window_ends + AFTER_WINDOW, now + LONGEST)


def link_works(now: dt.datetime, ends_at: dt.datetime, revoked: bool, status: str) -> bool:
    """Whether the wall behind a link shows. ``status``: of its operation."""
    return not revoked and now < ends_at and status != OperationStatus.ARCHIVED


def in_order(states: Mapping[str, int]) -> list[tuple[str, int]]:
    """The states that occur, worst first, each with how many services stand in it."""
    return [(state, states[state]) for state in STATES if states.get(state)]
