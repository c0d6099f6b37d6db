"""The rows of a table by day, and the row into which a day falls.

Here belongs the order window, before, after, undated; no counting.
"""

from __future__ import annotations

from outreach.rollup.facts import Facts
from outreach.rollup.ledger import Ledger, ledger
from outreach.rollup.measures import measure
from outreach.rollup.units import UNDATED

BEFORE, AFTER, WITHOUT_DAY = "before", "after", "undated"
Day = int | str
Key = tuple[Day, ...]


def day_rows(facts: Facts) -> list[Day]:
    """The day rows of a table in order, without ``undated``; of those asked for (``Facts.days``)."""
    return [row for row in day_rows_of(ledger(facts)) if facts.days is None or row in facts.days]


def day_rows_of(book: Ledger) -> list[Day]:
    """``day_rows`` of a ledger."""
    first, last = book.places.window()
    if first >= 0:
        return [*range(first, last + 1), BEFORE, AFTER]
    if book.whole is not None:
        return day_rows_of(book.whole)
    kept = book.facts.remembered
    if "days" not in kept:
        found: set[int] = set()
        for frame in ("contacts", "accused", "charges", "referrals", "tallies"):
            found |= set(getattr(book.facts, frame)["day"].unique().tolist())
        found |= set(book.facts.accused["arrested_day"].unique().tolist())
        for service in book.services():
            found |= set(book.places.days(service, measure("contacts")))
        kept["days"] = sorted(found - {UNDATED})
    return [*kept["days"], BEFORE, AFTER]


def day_row(book: Ledger, day: int) -> Day:
    """The row of a table by day into which ``day`` falls."""
    first, last = book.places.window()
    if day == UNDATED:
        return WITHOUT_DAY
    if first < 0:
        return day
    return BEFORE if day < first else AFTER if day > last else day


def counts_on(book: Ledger, day: int) -> bool:
    """Whether what counts on ``day`` was asked for (``Facts.days``)."""
    return book.facts.days is None or day_row(book, day) in book.facts.days
