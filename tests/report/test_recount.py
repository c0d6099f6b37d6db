"""What the pages say of a random history is what counting by hand through the tables gives, on both databases.

The count shares nothing with the package: ``raw_recount`` reads tables row by row, ``rollup.naive`` counts in loops.
"""

from __future__ import annotations

from typing import Any

import pytest
import time_machine

from outreach.returns.figures import figures_of, rows_of
from outreach.storage.types import utc_now
from tests.report import raw_recount
from tests.returns import histories
from tests.rollup import naive

CODES = [code for code in (*naive.CONTACTS, *naive.ENFORCEMENT) if not code.endswith("_7")]
UNTOLD = ("overlap", "count_by")
"""What the naive count knows nothing of: declared overlaps and other counting rules."""

MORE = ("log", "totals", "adjust", "merge", "adjust", "charge", "withdraw", "adjust", "log", "totals", "adjust")
"""What happens in any case, so that there is something of everything to count."""


@pytest.mark.any_database
def test_figures_and_the_rows_behind_them_are_those_of_a_count_by_hand(app: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(histories, "DEEDS", [deed for deed in histories.DEEDS if deed not in UNTOLD])
    with time_machine.travel(histories.BEGINS, tick=False) as clock:
        history = histories.History(11, clock)
        history.run(4)
        for deed in MORE:
            history.do(deed)
        assert {"adjust", "withdraw", "merge", "totals", "charge"} <= set(history.done), history.refused
        for operation in history.operations:
            _compare(operation, raw_recount.world(operation, utc_now()))


def _compare(operation: int, world: naive.World) -> None:
    whole, services, days = (figures_of(operation, None, by) for by in ((), ("service",), ("day",)))
    everybody = naive.services(world)
    for code in CODES:
        figure, counted = whole.one(code), naive.in_total(world, code)
        assert (figure.value, figure.coverage.reported) == (counted[0], counted[2]), (operation, code)
        by_service = naive.by_service(world, code)
        for one in services.of(code):
            assert one.value == by_service[int(one.key["service"])][0], (operation, code, one.key)
        by_day = naive.by_day(world, code, [one.key["day"] for one in days.of(code)])
        for one in days.of(code):
            assert one.value == by_day[one.key["day"]][0], (operation, code, one.key)
        behind = sum(number for _, _, number in naive.units(world, code, everybody))
        assert int(rows_of(operation, code)["counted"].sum()) == behind, (operation, code)
