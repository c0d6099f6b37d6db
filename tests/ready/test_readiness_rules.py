"""The readiness board from plain counts: states, order, what is not asked."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from outreach.ready.readiness_rules import (
    CHECKS,
    MISSING,
    NOT_ASKED,
    PARTLY,
    READY,
    Facts,
    Part,
    board,
    gaps,
)


def states(facts: Facts) -> dict[str, str]:
    return {cell.code: cell.state for cell in board([facts])[0].cells}


FULL = {
    "staffed": Part(2, 2),
    "trained": Part(6, 6),
    "briefed": Part(6, 6),
    "kits": Part(40, 40),
    "phones": Part(4, 4),
    "card": Part(6, 6),
}


def test_a_service_with_everything_is_ready():
    [row] = board([Facts(1, "Windsor", True, **FULL)])
    assert row.ready and {cell.state for cell in row.cells} == {READY} and gaps([row]) == []


def test_each_check_is_missing_partly_or_ready_by_its_own_number():
    facts = Facts(1, "Windsor", False, **{**FULL, "trained": Part(4, 6), "briefed": Part(0, 6)})
    assert states(facts) == dict.fromkeys((c.code for c in CHECKS), READY) | {
        "confirmed": MISSING,
        "trained": PARTLY,
        "briefed": MISSING,
    }


def test_what_an_operation_does_not_use_is_not_asked_and_blocks_nothing():
    [row] = board([Facts(1, "Windsor", True, staffed=Part(1, 1), phones=Part(1, 1))])
    assert row.ready and [c.state for c in row.cells].count(NOT_ASKED) == 4


def test_a_service_that_logs_and_has_nobody_is_missing_and_one_that_does_not_log_is_not_asked():
    nobody = {"trained": Part(0, 0), "briefed": Part(0, 0)}
    logging, agency = states(Facts(1, "A", True, **nobody)), states(Facts(1, "A", True, logs=False, **nobody))
    assert (logging["staffed"], logging["trained"]) == (MISSING, MISSING)
    assert (agency["staffed"], agency["trained"], agency["phones"]) == (NOT_ASKED,) * 3


def test_rows_come_worst_first_and_gaps_by_how_many_services_miss_them():
    rows = board(
        [
            Facts(1, "Zorra", True, **FULL),
            Facts(2, "Alder", True, **{**FULL, "kits": Part(1, 40)}),
            Facts(3, "Birch", True, **{**FULL, "kits": Part(0, 40)}),
            Facts(4, "Cedar", False, **{**FULL, "kits": Part(0, 40)}),
        ]
    )
    assert [row.name for row in rows] == ["Cedar", "Birch", "Alder", "Zorra"]
    assert [(gap.check.code, [name for _, name, _ in gap.services]) for gap in gaps(rows)] == [
        ("kits", ["Birch", "Cedar", "Alder"]),
        ("confirmed", ["Cedar"]),
    ]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5), st.integers(0, 5)), max_size=20))
def test_no_row_is_ready_while_one_of_its_cells_wants_something(counts):
    rows = board(
        Facts(i, f"S{i}", yes, staffed=Part(min(a, b), b), trained=Part(min(a, b), b))
        for i, (yes, a, b) in enumerate(counts)
    )
    assert len(rows) == len(counts)
    assert {n for gap in gaps(rows) for n, *_ in gap.services} == {r.service_id for r in rows if not r.ready}
    assert [r.missing for r in rows] == sorted((r.missing for r in rows), reverse=True)
