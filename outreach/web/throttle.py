"""Attempts at a password, counted in the database before the password is looked at, so that parallel guesses count too.

SOURCE: ``safety.md`` 9: five failures in fifteen minutes per account, growing; and a limit per address. Counters are
kept for accounts that do not exist as well: the answer tells nothing.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import math
import os
import threading
import time
from collections import deque
from dataclasses import dataclass

from flask import request

from outreach.storage import writing
from outreach.storage.queries import accounts
from outreach.storage.types import utc_now

FAILURES = 5
ADDRESS_FAILURES = 50
WITHIN = dt.timedelta(minutes=15)
# Every further five failures double the wait, up to two hours; a day without any starts anew.
LONGEST_WAIT = dt.timedelta(hours=2)
REMEMBERED = dt.timedelta(hours=24)


@dataclass(frozen=True)
class Attempt:
    """One attempt: its counters and the rows that count it; ``wait`` is set when it is refused unseen."""

    account: str
    address: str
    rows: tuple[int, ...] = ()
    wait: dt.timedelta | None = None

    @property
    def minutes(self) -> int:
        return max(1, math.ceil((self.wait or dt.timedelta()).total_seconds() / 60))


def wait_after(failures: list[dt.datetime], now: dt.datetime, limit: int = FAILURES) -> dt.timedelta | None:
    """How long to wait after these failures of the last day (oldest first); ``None``: not at all.

    Never more than ``limit`` in fifteen minutes; with every further ``limit`` the wait after the last one doubles.
    """
    if len(failures) < limit:
        return None
    rounds = len(failures) // limit
    grown = min(WITHIN * 2 ** (rounds - 1), LONGEST_WAIT)
    # After a whole round the last failure starts the wait; within a round the fifteen minutes slide.
    until = failures[-limit] + WITHIN
    if len(failures) % limit == 0:
        until = max(until, failures[-1] + grown)
    return until - now if until > now else None


def begin(account: str) -> Attempt:
    """Count an attempt at ``account`` (an address or ``user/7``) and say whether it may go on."""
    keys = (_key(f"account/{account.strip().lower()}"), _key(f"address/{request.remote_addr or ''}"))
    with writing():
        accounts.one_at_a_time(keys[0])
        now = utc_now()
        waits = (
            wait_after(accounts.failures_since(keys[0], now - REMEMBERED), now),
            # Many officers may share one address: it never waits longer for what it did earlier in the day.
            wait_after(accounts.failures_since(keys[1], now - WITHIN), now, ADDRESS_FAILURES),
        )
        longest = max((wait for wait in waits if wait is not None), default=None)
        if longest is not None:
            return Attempt(*keys, wait=longest)
        return Attempt(*keys, rows=tuple(accounts.add_failure(key, now) for key in keys))


def succeeded(attempt: Attempt) -> None:
    """The password was right: the account's failures are forgotten, and the address is not blamed for this one."""
    with writing():
        accounts.forget_failures(attempt.account)
        accounts.forget_attempts(attempt.rows)


def forget(account: str) -> None:
    """The account has a new password: earlier failures say nothing about it."""
    accounts.forget_failures(_key(f"account/{account.strip().lower()}"))


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def guesses_too_often(door: str) -> bool:
    """Whether this address has tried too many secrets at ``door`` lately that open nothing. Only looks."""
    now = utc_now()
    return wait_after(accounts.failures_since(_door(door), now - WITHIN), now, ADDRESS_FAILURES) is not None


def missed(door: str) -> None:
    """Count a secret that opened nothing. Kept apart from sign-in: an old link in a calendar locks nobody out."""
    with writing():
        accounts.add_failure(_door(door), utc_now())


def _door(door: str) -> str:
    return _key(f"{door}/{request.remote_addr or ''}")


class Unstored:
    """How often an address asked in the last fifteen minutes, for doors where its visit must leave no trace.

    In the memory of this process alone, as a mark whose key ends with the process, and forgotten after that time. Every
    asking counts, right or wrong, so that being refused tells nothing about what was asked.
    """

    MOST = 60
    ADDRESSES = 5_000  # further ones take the place of those that asked first

    def __init__(self) -> None:
        self._key = os.urandom(32)
        self._lock = threading.Lock()
        self._asked: dict[bytes, deque[float]] = {}

    def too_often(self) -> bool:
        """Count this request, and say whether its address asks too often."""
        mark = hmac.digest(self._key, (request.remote_addr or "").encode(), "sha256")
        now = time.monotonic()
        with self._lock:
            self._forget(now)
            times = self._asked.setdefault(mark, deque(maxlen=self.MOST + 1))
            times.append(now)
            return len(times) > self.MOST

    def _forget(self, now: float) -> None:
        for mark in [mark for mark, times in self._asked.items() if now - times[-1] > WITHIN.total_seconds()]:
            del self._asked[mark]
        for times in self._asked.values():
            while now - times[0] > WITHIN.total_seconds():
                times.popleft()
        while len(self._asked) >= self.ADDRESSES:
            del self._asked[next(iter(self._asked))]
