"""Grouping against polars and DuckDB on the same rows in memory, and the arithmetic of a whole operation.

Every ratio comes from rounds in which each side runs once, so that a busy machine slows all of them alike.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

ROWS = 1_000_000
ROUNDS = 7


def rows() -> list[dict[str, Any]]:
    """Rows of the bench table: the ratio promised, then the seconds behind the figures of one operation."""
    ours, polars, duckdb = _contestants(_person_rows(ROWS))
    for run in (ours, polars, duckdb):
        run()
    rounds = [[_seconds(run) for run in (ours, polars, duckdb)] for _ in range(ROUNDS)]
    ratio = statistics.median(mine / min(others) for mine, *others in rounds)
    own, by_polars, by_duckdb = (statistics.median(column) for column in zip(*rounds, strict=True))
    return [
        _row("rollup.group_1m_vs_fastest", ratio, "ratio", 1.5),
        _row("rollup.group_1m", own, "s"), _row("rollup.group_1m_polars", by_polars, "s"),
        _row("rollup.group_1m_duckdb", by_duckdb, "s"),
        *(_row(f"rollup.figures_{name}", _figures(size), "s")
          for size, name in ((10_000, "10k"), (100_000, "100k"), (ROWS, "1m"))),
    ]


def _row(name: str, value: float, unit: str, goal: float | None = None) -> dict[str, Any]:
    return {"name": name, "value": round(value, 4), "unit": unit, "goal": goal,
            "met": None if goal is None else value <= goal}


def _seconds(run: Callable[[], object]) -> float:
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun


def _person_rows(size: int) -> Any:
    """Meetings of 46 services on 7 days; three rows in five are a person's first."""
    import numpy as np
    import pandas as pd

    from outreach.vocab import AgeBand, Gender, PlaceKind, SupportAnswer

    chance = np.random.default_rng(2017)

    def listed(values: tuple[str, ...]) -> Any:
        return pd.Categorical.from_codes(chance.integers(0, len(values), size), categories=pd.Index(values))

    day = np.sort(chance.integers(0, 7, size)).astype(np.int32) + 17_448
    service = chance.integers(1, 47, size).astype(np.int32)
    return pd.DataFrame({
        "contact": np.arange(size), "person": chance.integers(0, max(size * 6 // 10, 1), size),
        "operation": np.ones(size, dtype=np.int32), "service": service, "team": np.full(size, -1, dtype=np.int32),
        "at": day.astype(np.int64) * 86_400 + 70_000, "day": day, "age": listed(AgeBand.values()),
        "age_rank": chance.integers(0, 4, size).astype(np.int8), "gender": listed(Gender.values()),
        "answer": listed(SupportAnswer.values()), "made_safe": chance.random(size) < 0.05,
        "place_kind": listed(PlaceKind.values())})


def _contestants(meetings: Any) -> tuple[Callable[[], object], ...]:
    """The same question three ways: rows and distinct persons by service, day and answer."""
    import duckdb
    import polars

    from outreach.rollup.grouping import distinct_by

    keys = ["service", "day", "answer"]
    plain = meetings[["service", "day", "person"]].assign(answer=meetings["answer"].astype(object))
    frame = polars.DataFrame({name: plain[name].to_numpy() for name in ("service", "day", "person")}).with_columns(
        polars.Series("answer", plain["answer"].tolist(), dtype=polars.Categorical))
    base = duckdb.connect()
    base.execute("create table meetings (service integer, day integer, person bigint, answer varchar)")
    base.register("given", plain)
    kinds = ", ".join(f"'{answer}'" for answer in meetings["answer"].cat.categories)
    base.execute(f"create type answer as enum ({kinds})")
    base.execute("create table rows as select service, day, person, answer::answer as answer from given")

    def ours() -> object:
        return distinct_by(meetings, keys, "person")

    def by_polars() -> object:
        return frame.group_by(keys).agg(
            polars.len().alias("rows"), polars.col("person").n_unique().alias("distinct"))

    def by_duckdb() -> object:
        return base.execute("select service, day, answer, count(*), count(distinct person) from rows "
                            "group by service, day, answer").fetchall()

    assert len(ours()) == len(by_polars()) == len(by_duckdb())  # type: ignore[arg-type]  # sized, each its own kind
    return ours, by_polars, by_duckdb


def _figures(size: int) -> float:
    """Seconds for every figure of the catalogue, in total and by service and day, from frames in memory."""
    import numpy as np
    import pandas as pd

    from outreach.rollup.facts import Facts
    from outreach.rollup.totals import totals

    meetings = _person_rows(size)
    contacts = meetings[["contact", "operation", "service", "team", "at", "day"]].assign(
        result=pd.Categorical(["met"] * size), kits=np.ones(size, dtype=np.int32))
    services = list(range(1, 47))
    facts = Facts.of(
        root=1, now=17_460 * 86_400, today=17_460, meetings=meetings, contacts=contacts,
        operations={"operation": [1], "parent": [-1], "code": ["BENCH"], "services_known": [True],
                    "overlap_nil": [False], "first_day": [17_448], "last_day": [17_454], "deadline": [-1]},
        participations={"operation": [1] * 46, "service": services, "kind": ["police_municipal"] * 46,
                        "status": ["confirmed"] * 46, "entry_mode": ["contacts"] * 46, "first_day": [-1] * 46,
                        "last_day": [-1] * 46})
    return _seconds(lambda: [totals(facts), totals(facts, ("service",)), totals(facts, ("day",)),
                             totals(facts, ("service", "day"))])
