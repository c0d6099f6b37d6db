"""Returns bent as people bend them: each is read exactly, or refused at the right cell; never silently misread."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from outreach.returns import return_rules as book
from outreach.returns import workbook

from .mutations import (
    MUTATIONS,
    bad_cell,
    bad_total,
    error_value,
    formula,
    formula_in_totals,
    judge,
    mutated,
    percentage,
)
from .sent_back import mark, read

COUNT = 2 * len(MUTATIONS) - 20


@pytest.mark.parametrize("part", range(2))
def test_no_bent_return_is_silently_misread(part: int) -> None:
    """Sixty here; `make soak` tries five hundred."""
    outcomes: Counter[str] = Counter()
    for seed in range(part, COUNT, 2):
        file = mutated(seed)
        outcome, why = judge(file)
        assert outcome != "misread", f"seed {seed}, {file.kind}: {why}"
        outcomes[outcome] += 1
    assert outcomes["exact"] and outcomes["refused"], outcomes


def test_the_marked_file_sent_back_untouched_says_the_same_again() -> None:
    """What was refused comes back marked, and never as a value that is taken the second time."""
    for mutation in (bad_cell, bad_total, error_value, formula, formula_in_totals, percentage):
        seed = MUTATIONS.index(mutation)
        file = mutated(seed)
        first = read(file.content, file.wanted)
        given = {row.row_id: row.values for row in (*first.contacts, *first.charges)}

        def lines(
            sheet: str, given: Any = given, rows: Any = file.wanted.rows
        ) -> Iterator[tuple[str, Mapping[str, Any]]]:
            for number in book.row_numbers(sheet, 3, 7, rows[sheet], mark):
                yield number, given.get(number, {})

        target = io.BytesIO()
        workbook.write_answer(file.wanted, first, target, "en", lines)
        again = read(target.getvalue(), file.wanted)
        assert [(f.sheet, f.name, f.row_id) for f in again.must] == [(f.sheet, f.name, f.row_id) for f in first.must], (
            mutation
        )
        assert again.good().typed == first.good().typed and again.good().contacts == first.good().contacts
