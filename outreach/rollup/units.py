"""Counted units: rows of a frame that a measure counts, as plain arrays.

Here belong the array steps between a frame and a number (masks, first occurrence, sums by service and day). Which
rows count is decided in ``ledger`` and ``persons``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from outreach.rollup.measures import Measure
from outreach.rollup.persons import Resolved

UNDATED = -1
"""The day of what cannot be placed on one: whole-window tallies, unknown days."""
_SPARSE = 4
"""Sums stand side by side, one a combination of keys, while there are not so many times more of them than units."""


@dataclass(frozen=True)
class Units:
    """What a measure counted in a frame: arrays of equal length, one entry per counted unit.

    ``position`` of the row in the frame, its ``service`` and ``day``, ``counted`` (how much it adds); for measures of
    persons ``resolved`` is the one value per person, aligned; for a threshold ``unaged`` are the persons whose age is
    not known and ``aged`` all others.
    """

    position: Any
    service: Any
    day: Any
    counted: Any
    resolved: Resolved | None = None
    unaged: Units | None = None
    aged: Units | None = None
    _sums: dict[tuple[str, ...], dict[tuple[int, ...], int]] = field(default_factory=dict, init=False, repr=False)

    def blind(self, *keys: str) -> dict[tuple[int, ...], int]:
        """Where a threshold has persons and the age of none of them: there is no figure there, not even a zero."""
        if self.unaged is None or self.aged is None:
            return {}
        aged = self.aged.by(*keys)
        return {key: number for key, number in self.unaged.by(*keys).items() if not aged.get(key)}

    def by(self, *keys: str) -> dict[tuple[int, ...], int]:
        """Sum of ``counted`` by ``service`` and/or ``day``; combinations that do not occur are left out.

        Added up once: it is asked for every cell of a grid. Whoever asks does not change it.
        """
        if keys not in self._sums:
            self._sums[keys] = self._added(keys)
        return self._sums[keys]

    def _added(self, keys: tuple[str, ...]) -> dict[tuple[int, ...], int]:
        import numpy as np

        if not len(self.position):
            return {}
        if not keys:
            return {(): int(self.counted.sum())}
        spans = []
        code = np.zeros(len(self.position), dtype=np.int64)
        for values in (getattr(self, key).astype(np.int64) for key in keys):
            low, span = int(values.min()), int(values.max()) - int(values.min()) + 1
            spans.append((low, span))
            code = code * span + (values - low)
        size = math.prod(span for _, span in spans)
        if size <= _SPARSE * len(code) + 1_000:
            dense = np.zeros(size, dtype=np.int64)
            np.add.at(dense, code, self.counted)
            found = np.flatnonzero(np.bincount(code, minlength=size))
            return {_unpacked(number, spans): total
                    for number, total in zip(found.tolist(), dense[found].tolist(), strict=True)}
        found, place = unique(code)
        sums = np.zeros(len(found), dtype=np.int64)
        np.add.at(sums, place, self.counted)
        return {_unpacked(number, spans): total for number, total in zip(found.tolist(), sums.tolist(), strict=True)}


def _unpacked(number: int, spans: list[tuple[int, int]]) -> tuple[int, ...]:
    key = []
    for low, span in reversed(spans):
        key.append(number % span + low)
        number //= span
    return tuple(reversed(key))


class Pairs:
    """The (service, operation) of each row of a frame as one small code."""

    def __init__(self, frame: Any) -> None:
        import numpy as np

        service = frame["service"].to_numpy().astype(np.int64)
        operation = frame["operation"].to_numpy().astype(np.int64)
        span = int(operation.max()) + 2 if len(operation) else 1
        found, self.code = unique(service * span + operation + 1)
        self.pairs = [(number // span, number % span - 1) for number in found.tolist()]

    def rows(self, wanted: dict[int, set[int]]) -> tuple[Any, bytes]:
        """Mask of the rows whose service counts in their operation, and a key that equal masks share."""
        import numpy as np

        chosen = np.array([operation in wanted.get(service, ()) for service, operation in self.pairs], dtype=bool)
        return chosen[self.code] if len(chosen) else np.zeros(0, dtype=bool), chosen.tobytes()


def unique(values: Any) -> tuple[Any, Any]:
    """The distinct values in order, and for each value its place among them."""
    import numpy as np
    import pandas as pd

    code, found = pd.factorize(values)
    order = np.argsort(found)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return found[order], place[code]


def among(column: Any, values: tuple[object, ...]) -> Any:
    """Mask of the rows whose category is one of ``values`` (a boolean column: the rows that are true)."""
    import numpy as np

    if column.dtype.kind == "b":
        return column.to_numpy()
    accepted = np.array([category in values for category in column.cat.categories] + [False], dtype=bool)
    return accepted[column.cat.codes.to_numpy()]


def day_of(frame: Any, measure: Measure) -> Any:
    """The day on which each row counts for the measure; ``UNDATED`` where the frame has none."""
    import numpy as np

    if measure.code == "persons_arrested":
        arrested = frame["arrested_day"].to_numpy()
        return np.where(arrested < 0, frame["day"].to_numpy(), arrested)
    if "day" not in frame:
        return np.full(len(frame), UNDATED, dtype=np.int32)
    return frame["day"].to_numpy()


def grouped(frame: Any, columns: tuple[str, ...]) -> Any:
    """One integer per row, equal for rows that agree in all the columns."""
    import numpy as np
    import pandas as pd

    first = frame[columns[0]].to_numpy()
    for column in columns[1:]:
        further = frame[column]
        number = further.cat.codes.to_numpy() if str(further.dtype) == "category" else further.to_numpy()
        code = pd.factorize(first)[0]
        low, high = (int(number.min()), int(number.max())) if len(number) else (0, 0)
        first = code.astype(np.int64) * (high - low + 1) + (number.astype(np.int64) - low)
    return first


def firsts(group: Any, *arrays: Any) -> tuple[Any, ...]:
    """Each array cut down to the first entry of every group, in the order of first occurrence."""
    import numpy as np
    import pandas as pd

    code, uniques = pd.factorize(group)
    first = np.empty(len(uniques), dtype=np.int64)
    first[code[::-1]] = np.arange(len(code))[::-1]
    return tuple(array[first] for array in arrays)
