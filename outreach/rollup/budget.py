"""How much work a choice or an attack may take: counted in the thread's own processor time, not by the clock.

Here belongs the counting alone. A process that is paused for minutes, or that shares its machine with others, loses
nothing by it: only what it worked itself is counted. The solver works in the calling thread, so that its work counts,
but can be limited by the clock alone; what it breaks off early is tried again (``attack``).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

SECONDS = 60.0
"""Of processor time, for a choice as for an attack."""
PATIENCE = 20
"""Only after so many times as long by the clock is it given up for that alone."""


@dataclass(frozen=True)
class Budget:
    """Ends when ``work`` says so, or far later ``clock``."""

    ends: float
    gives_up: float
    work: Callable[[], float]
    clock: Callable[[], float]

    @classmethod
    def of(
        cls, seconds: float = SECONDS, work: Callable[[], float] = time.thread_time,
        clock: Callable[[], float] = time.monotonic
    ) -> Budget:
        """So many seconds from now on."""
        return cls(work() + seconds, clock() + PATIENCE * seconds, work, clock)

    def left(self) -> float:
        """Seconds of work that are left; nothing once it is given up."""
        return max(self.ends - self.work(), 0.0) if self.clock() < self.gives_up else 0.0

    @property
    def over(self) -> bool:
        return self.left() <= 0.0
