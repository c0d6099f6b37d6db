"""One value per person: what many meetings with one person add up to.

Here belong the rules for a person met several times (age, support, made safe, first meeting) and nothing about
services, days or totals. Rows are walked in time order without sorting by person: the last assignment wins.

Decided here: rows of one person are ordered by contact time, then by contact id. A withdrawn acceptance takes back
every acceptance up to that moment and counts as declined from then on; an acceptance after it counts again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from outreach.vocab import AgeBand, SupportAnswer

if TYPE_CHECKING:
    from pandas import DataFrame, Series

AGES = AgeBand.values()
AGE_UNKNOWN = AGES.index(AgeBand.NOT_KNOWN)
ANSWERS = SupportAnswer.values()
_ACCEPTED, _DECLINED, _UNDECIDED, _WITHDRAWN, _NOT_OFFERED, _NOT_KNOWN = (ANSWERS.index(answer.value) for answer in (
    SupportAnswer.ACCEPTED, SupportAnswer.DECLINED, SupportAnswer.UNDECIDED, SupportAnswer.ACCEPTANCE_WITHDRAWN,
    SupportAnswer.NOT_OFFERED, SupportAnswer.NOT_KNOWN))


@dataclass(frozen=True)
class Resolved:
    """One entry per person (or service and person): arrays of equal length.

    ``position`` of the first meeting's row in the frame, ``age`` and ``support`` as indexes into ``AGES`` and
    ``ANSWERS`` (support is never *acceptance withdrawn*), ``made_safe``, ``conflict`` (ages on both sides of 18),
    ``meetings`` the number of rows.
    """

    position: Any
    age: Any
    support: Any
    made_safe: Any
    conflict: Any
    meetings: Any


def listed(column: Series[Any], values: tuple[str, ...], missing: str) -> Any:
    """A category column as indexes into ``values``; a missing value counts as ``missing``."""
    import numpy as np

    index = np.array([values.index(value) for value in column.cat.categories] + [values.index(missing)], dtype=np.int8)
    return index[column.cat.codes.to_numpy()]


def time_order(meetings: DataFrame) -> Any:
    """Positions of the rows by contact time and contact; None when they are in that order already."""
    import numpy as np

    at, contact = meetings["at"].to_numpy(), meetings["contact"].to_numpy()
    later, same = at[1:] > at[:-1], at[1:] == at[:-1]
    if bool(np.all(later | (same & (contact[1:] >= contact[:-1])))):
        return None
    return np.lexsort((contact, at))


def resolve(meetings: DataFrame, rows: Any, group: Any) -> Resolved:
    """One value per ``group`` (codes per row) over ``rows`` (positions in time order)."""
    import numpy as np

    code, size = _dense(group[rows])
    length = np.arange(len(rows))
    first = np.empty(size, dtype=np.int64)
    first[code[::-1]] = length[::-1]
    said = listed(meetings["age"], AGES, "not_known")[rows]
    age, conflict = _age(said, meetings["age_rank"].to_numpy()[rows], code, size)
    if "conflict" in meetings:  # rows whose age was already made one a person (``filters``)
        conflict[code[meetings["conflict"].to_numpy()[rows]]] = True
    safe = np.zeros(size, dtype=bool)
    safe[code[meetings["made_safe"].to_numpy()[rows]]] = True
    return Resolved(
        position=rows[first], age=age, conflict=conflict, made_safe=safe,
        support=_support(listed(meetings["answer"], ANSWERS, "not_known")[rows], code, size),
        meetings=np.bincount(code, minlength=size))


def _dense(group: Any) -> tuple[Any, int]:
    import pandas as pd

    code, uniques = pd.factorize(group)
    return code, len(uniques)


def _last(chosen: Any, code: Any, size: int) -> Any:
    """Row number of the last chosen row of each group, -1 without one."""
    import numpy as np

    last = np.full(size, -1, dtype=np.int64)
    row = np.flatnonzero(chosen)
    last[code[row]] = row
    return last


def _best(chosen: Any, rank: Any, code: Any, size: int) -> Any:
    """Row number of each group's chosen row of the best rank, the latest among equals, -1 without one."""
    import numpy as np

    best = np.full(size, -1, dtype=np.int64)
    for level in np.unique(rank[chosen]).tolist():
        row = np.flatnonzero(chosen & (rank == level))
        best[code[row]] = row
    return best


def _age(age: Any, rank: Any, code: Any, size: int) -> tuple[Any, Any]:
    import numpy as np

    known = age != AGE_UNKNOWN
    minor = np.isin(age, [AGES.index(band) for band in AgeBand.below(18)])
    some_minor, some_adult = np.zeros(size, dtype=bool), np.zeros(size, dtype=bool)
    some_minor[code[minor]] = True
    some_adult[code[known & ~minor]] = True
    conflict = some_minor & some_adult
    counts = known & (minor | ~conflict[code])
    best = _best(counts, rank, code, size)
    found = np.append(age, np.int8(AGE_UNKNOWN))[best]
    return found, conflict


def _support(answer: Any, code: Any, size: int) -> Any:
    import numpy as np

    accepted = _last(answer == _ACCEPTED, code, size)
    withdrawn = _last(answer == _WITHDRAWN, code, size)
    other = _last((answer == _DECLINED) | (answer == _UNDECIDED) | (answer == _WITHDRAWN), code, size)
    support = np.full(size, _NOT_KNOWN, dtype=np.int8)
    support[code[answer == _NOT_OFFERED]] = _NOT_OFFERED
    answered = other >= 0
    support[answered] = np.where(answer[other[answered]] == _UNDECIDED, _UNDECIDED, _DECLINED)
    support[accepted > withdrawn] = _ACCEPTED
    return support
