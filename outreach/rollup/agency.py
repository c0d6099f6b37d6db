"""An agency's own figures: every referral that came to it, with or without an operation, in all and by month.

Here belongs the adding up alone. These figures are for the agency's own liaisons and lead; nothing in them is withheld.
A referral belongs to the month in which it was made; what another agency did with it is not counted here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median

from outreach.rollup.days import WITHOUT_DAY
from outreach.rollup.months import month_of
from outreach.vocab import FOLLOW_UP_DAYS

COUNTS: tuple[str, ...] = ("made", "received", "reached", "engaged", "given_back", "direct")
"""What is counted of referrals; those before ``direct`` of referrals made by police."""
FOLLOWED: tuple[str, ...] = tuple(f"{part}_{days}" for days in FOLLOW_UP_DAYS for part in ("due", "engaged"))


@dataclass(frozen=True)
class Came:
    """One referral that came to the agency. ``waited``: minutes until it was picked up there, -1 while nobody has."""

    day: int
    direct: bool
    steps: frozenset[str]
    waited: int = -1
    given_back: bool = False


@dataclass
class Line:
    """One row: ``name`` a month, a year, *undated*, or '' for all. ``hours``: the median wait, None when unknown."""

    name: str
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys((*COUNTS, *FOLLOWED, "outcomes"), 0))
    waits: list[int] = field(default_factory=list)

    @property
    def hours(self) -> float | None:
        return round(median(self.waits) / 60, 1) if self.waits else None

    @property
    def is_year(self) -> bool:
        return len(self.name) == 4


def lines(came: list[Came], outcome_days: list[int]) -> list[Line]:
    """The whole first, then months, the latest first, each year after its months. ``outcome_days``: one an outcome."""
    found: dict[str, Line] = {"": Line("")}

    def of(day: int) -> list[Line]:
        month = month_of(day)
        names = ("", month) if month == WITHOUT_DAY else ("", month, month[:4])
        return [found.setdefault(name, Line(name)) for name in names]

    for one in came:
        for line in of(one.day):
            _add(line, one)
    for day in outcome_days:
        for line in of(day):
            line.counts["outcomes"] += 1
    # A year sorts behind its months: "2017" before "2017-", read from the end.
    rest = sorted((name for name in found if name), key=lambda name: (name != WITHOUT_DAY, name), reverse=True)
    return [found[""], *(found[name] for name in rest)]


def by_kind(outcomes: list[tuple[str, int]]) -> dict[str, int]:
    """Outcome → how many, of ``(outcome, day)``."""
    found: dict[str, int] = {}
    for code, _ in outcomes:
        found[code] = found.get(code, 0) + 1
    return found


def _add(line: Line, one: Came) -> None:
    if one.direct:
        line.counts["direct"] += 1
    else:
        for step in ("made", "received", "reached", "engaged"):
            line.counts[step] += step in one.steps
        line.counts["given_back"] += one.given_back
        if one.waited >= 0:
            line.waits.append(one.waited)
    for step in FOLLOWED:
        line.counts[step] += step in one.steps
