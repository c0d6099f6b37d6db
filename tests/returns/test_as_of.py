"""Every kept moment of random histories, asked for later, shows what the site showed then, byte for byte."""

from __future__ import annotations

import pytest
import time_machine

from tests.returns.histories import BEGINS, History


@pytest.mark.parametrize("seed", range(6))
def test_a_past_moment_shows_what_the_site_showed_then(app, seed):
    with time_machine.travel(BEGINS, tick=False) as clock:
        history = History(seed, clock)
        history.run(25)
        assert history.differences() == []
        assert len(history.shown) == 26 * 7 and sum(history.done.values()) >= 8, (history.done, history.refused)
