"""Every kept moment of random histories, asked for later, shows what the site showed then, byte for byte.

A few short ones; ``make soak`` runs hundreds.
"""

from __future__ import annotations

from typing import Any

import pytest
import time_machine

from tests.returns.histories import BEGINS, History

MOMENTS = 16


@pytest.mark.parametrize("seed", range(4))
def test_a_past_moment_shows_what_the_site_showed_then(app: Any, seed: int) -> None:
    with time_machine.travel(BEGINS, tick=False) as clock:
        history = History(seed, clock)
        history.run(MOMENTS)
        assert history.differences() == []
        assert len(history.shown) == 3 * MOMENTS
        assert history.done.total() > MOMENTS, history.refused
