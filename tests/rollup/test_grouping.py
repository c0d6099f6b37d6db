"""Grouping on integer codes gives what a plain loop gives."""

from __future__ import annotations

from typing import Any

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.rollup.grouping import distinct_by

ANSWERS = ["accepted", "declined", "undecided"]
ROWS = st.lists(st.tuples(
    st.integers(-3, 3), st.sampled_from([17_448, 17_449, -1]), st.sampled_from([*ANSWERS, None]),
    st.one_of(st.integers(0, 5), st.integers(-2**62, 2**62))), max_size=60)


def _frame(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    service, day, answer, person = zip(*rows, strict=True) if rows else ((), (), (), ())
    return pd.DataFrame({
        "service": pd.Series(service, dtype="int32"), "day": pd.Series(day, dtype="int32"),
        "answer": pd.Categorical(answer, categories=ANSWERS), "person": pd.Series(person, dtype="int64")})


@settings(max_examples=150, deadline=None)
@given(ROWS, st.permutations(["service", "day", "answer"]), st.integers(0, 3))
def test_rows_and_distinct_values_are_those_of_a_plain_loop(rows: list[Any], order: list[str], size: int) -> None:
    frame, keys = _frame(rows), order[:size]
    places = [["service", "day", "answer"].index(key) for key in keys]
    expected: dict[tuple[Any, ...], list[int]] = {}
    for row in rows:
        expected.setdefault(tuple(row[place] for place in places), []).append(row[3])
    found = distinct_by(frame, keys, "person")
    assert list(found.columns) == [*keys, "rows", "distinct"]
    got = {tuple(None if pd.isna(value) else value for value in row[:-2]): row[-2:]
           for row in found.itertuples(index=False, name=None)}
    assert got == {key: (len(persons), len(set(persons))) for key, persons in expected.items()}


def test_the_keys_keep_their_types_and_their_order() -> None:
    frame = _frame([(2, 17_449, "declined", 1), (1, 17_448, "undecided", 1), (1, 17_448, "accepted", 2)])
    found = distinct_by(frame, ["service", "answer"], "person")
    assert found["service"].dtype == "int32"
    assert found["answer"].dtype == frame["answer"].dtype
    assert found["service"].tolist() == [1, 1, 2]
    assert found["answer"].tolist() == ["accepted", "undecided", "declined"]


def test_the_frame_is_left_as_it_was() -> None:
    frame = _frame([(2, 17_449, "declined", 1), (1, 17_448, None, 1)])
    kept = frame.copy(deep=True)
    distinct_by(frame, ["service", "answer"], "person")
    assert frame.equals(kept)


def test_text_and_wide_integers_can_be_keys() -> None:
    frame = pd.DataFrame({"label": ["b", "a", "b"], "wide": [10**15, 5, 10**15], "person": [1, 1, 1]})
    found = distinct_by(frame, ["label", "wide"], "person")
    assert found.to_dict("list") == {"label": ["a", "b"], "wide": [5, 10**15], "rows": [1, 2], "distinct": [1, 1]}
