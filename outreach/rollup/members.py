"""The rows behind a figure: what a click on a number opens.

Here belongs the list, whose length (or sum of ``counted``) is the figure without its tallies and adjustments; who may
see it is not decided here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from outreach.rollup.days import Day, counts_on, day_row
from outreach.rollup.facts import Facts
from outreach.rollup.filters import applies
from outreach.rollup.ledger import ledger
from outreach.rollup.measures import Measure
from outreach.rollup.months import MONTH, days_of
from outreach.rollup.persons import AGES, ANSWERS

if TYPE_CHECKING:
    from pandas import DataFrame


def members(facts: Facts, measure: Measure, *, service: int | None = None, day: Day | None = None) -> DataFrame:
    """The rows that ``measure`` counted, with the index of their frame; a person appears once, at the first meeting.

    With ``service`` the persons are distinct within it, as in the figures by service; ``day`` takes what the day
    rows take, or a month such as ``2017-10``. Columns of the frame plus ``counted`` (int64: what the row adds; the sum
    is the figure without tallies and adjustments) and ``counted_day`` (int32); for measures of persons ``age`` is the
    one that counts and there are ``support`` (accepted, declined, undecided, not_offered, not_known), ``conflict``
    (ages on both sides of 18) and ``meetings`` (how many). A ratio or a median has no members.
    """
    import numpy as np
    import pandas as pd

    book = ledger(facts)
    frame = getattr(facts, measure.frame)
    units = book.units(measure, () if service is None else ("service",))
    keep = np.ones(len(units.position), dtype=bool)
    if measure.parts or measure.middle or not applies(measure, facts):
        keep[:] = False
    if service is not None:
        keep &= units.service == service
    if isinstance(day, str) and MONTH.fullmatch(day):
        inside = days_of(day)
        keep &= (units.day >= inside.start) & (units.day < inside.stop)
    elif day is not None:
        days, place = np.unique(units.day, return_inverse=True)
        keep &= np.array([day_row(book, number) == day for number in days.tolist()], dtype=bool)[place] \
            if len(days) else keep
    if facts.days is not None and len(keep):
        days, place = np.unique(units.day, return_inverse=True)
        keep &= np.array([counts_on(book, number) for number in days.tolist()], dtype=bool)[place]
    rows = frame.iloc[units.position[keep]]
    extra: dict[str, Any] = {
        "counted": units.counted[keep].astype(np.int64), "counted_day": units.day[keep].astype(np.int32)}
    if units.resolved is not None:
        extra |= {
            "age": pd.Categorical.from_codes(units.resolved.age[keep], categories=pd.Index(AGES)),
            "support": pd.Categorical.from_codes(units.resolved.support[keep], categories=pd.Index(ANSWERS)),
            "made_safe": units.resolved.made_safe[keep], "conflict": units.resolved.conflict[keep],
            "meetings": units.resolved.meetings[keep]}
    made: DataFrame = rows.assign(**extra)
    return made
