"""Returns bent as people bend them: each is read exactly, or refused at the right cell; never silently misread."""

from __future__ import annotations

from collections import Counter

import pytest

from .mutations import MUTATIONS, judge, mutated

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
