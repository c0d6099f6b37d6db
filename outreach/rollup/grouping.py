"""Grouping rows fast: how many rows and how many distinct values each combination of keys has.

Everything is done on integer codes: the keys of a row become one integer, the distinct column is appended to it, and
one sort of that integer answers both questions. Only grouping belongs here, no rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pandas import DataFrame, Series

_ROOM = 2**62
_DENSE = 1 << 22


def codes(column: Series[Any]) -> tuple[Any, Any, int]:
    """``(code per row, value per code, number of codes)`` of a column; codes keep the order of the values.

    Categories use the codes they have (a missing value gets the last code and the value NaN); integers of a small
    range use their distance from the smallest; anything else is sorted.
    """
    import numpy as np
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        size = len(column.cat.categories)
        raw = column.cat.codes.to_numpy()
        if len(raw) and raw.min() < 0:
            return np.where(raw < 0, size, raw), [*column.cat.categories, np.nan], size + 1
        return raw, list(column.cat.categories), size
    values = column.to_numpy()
    if len(values) and values.dtype.kind in "iub":
        low, high = int(values.min()), int(values.max())
        if high - low < _DENSE:
            return values.astype(np.int64) - low, _Range(low, values.dtype), high - low + 1
    code, uniques = pd.factorize(values, sort=True, use_na_sentinel=False)
    return code, uniques, len(uniques)


class _Range:
    """Values of dense integer codes: code + low."""

    def __init__(self, low: int, dtype: Any) -> None:
        self.low, self.dtype = low, dtype

    def take(self, code: Any) -> Any:
        return (code + self.low).astype(self.dtype)


def _values(values: Any, code: Any, like: Series[Any]) -> Any:
    import numpy as np
    import pandas as pd

    if isinstance(values, _Range):
        return values.take(code)
    if isinstance(like.dtype, pd.CategoricalDtype):
        known = np.where(code < len(like.cat.categories), code, -1)
        return pd.Categorical.from_codes(known, dtype=like.dtype)
    return np.asarray(values)[code]


def distinct_by(frame: DataFrame, keys: Sequence[str], distinct: str) -> DataFrame:
    """Rows and distinct values of ``distinct`` (integers) for each combination of ``keys`` that occurs.

    Returns one row per combination in the order of the keys, with the key columns in their dtypes and two int64
    columns: ``rows`` and ``distinct``. The input is not changed. Raises ``ValueError`` when the keys have more than
    2**62 possible combinations.
    """
    import numpy as np
    import pandas as pd

    parts = [codes(frame[key]) for key in keys]
    groups = 1
    combined = np.zeros(len(frame), dtype=np.int64)
    for code, _, size in parts:
        if groups > _ROOM // max(size, 1):
            raise ValueError("too many combinations of keys for one integer")
        combined *= size
        combined += code
        groups *= max(size, 1)
    thing, span = _shifted(frame[distinct].to_numpy(), groups)
    rows = _count(combined, groups)
    combined *= span
    combined += thing
    combined.sort()
    first = np.empty(len(combined), dtype=bool)
    first[:1] = True
    np.not_equal(combined[1:], combined[:-1], out=first[1:])
    found = _count(combined[first] // span, groups)
    present = rows.nonzero()[0] if isinstance(rows, np.ndarray) else np.array(sorted(rows), dtype=np.int64)
    out: dict[str, Any] = {}
    rest = present
    for (_, values, size), key in zip(reversed(parts), reversed(keys), strict=True):
        out[key] = _values(values, rest % max(size, 1), frame[key])
        rest = rest // max(size, 1)
    made = {key: out[key] for key in keys}
    made["rows"] = np.array([rows[group] for group in present], dtype=np.int64) \
        if isinstance(rows, dict) else rows[present].astype(np.int64)
    made["distinct"] = np.array([found[group] for group in present], dtype=np.int64) \
        if isinstance(found, dict) else found[present].astype(np.int64)
    return pd.DataFrame(made)


def _shifted(values: Any, groups: int) -> tuple[Any, int]:
    """The distinct column as integers from 0 whose span leaves room for the group beside them."""
    import numpy as np
    import pandas as pd

    if not len(values):
        return values.astype(np.int64), 1
    low, high = int(values.min()), int(values.max())
    if (high - low + 1) < _ROOM // max(groups, 1):
        return values - low if low else values, high - low + 1
    code, uniques = pd.factorize(values)
    return code, len(uniques)


def _count(group: Any, groups: int) -> Any:
    """Occurrences of each group: an array over all groups, or a dictionary when there are very many of them."""
    import numpy as np

    if groups <= _DENSE:
        return np.bincount(group, minlength=groups)
    seen, counts = np.unique(group, return_counts=True)
    return dict(zip(seen.tolist(), counts.tolist(), strict=True))
