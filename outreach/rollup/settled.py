"""Until when figures stand that nobody changes: the next moment at which time alone changes a state.

Here belongs what follows from the facts alone. A follow-up that falls due is not among the facts before it does.
"""

from __future__ import annotations

from outreach.rollup.cells import grid
from outreach.rollup.days import day_rows_of
from outreach.rollup.facts import SECONDS_PER_DAY, Facts
from outreach.rollup.ledger import ledger
from outreach.rollup.measures import CATALOGUE
from outreach.vocab import CellState

QUARTER = 900
PENDING = (CellState.LATER, CellState.SILENT)


def next_moment(facts: Facts) -> float:
    """The next moment at which time alone may change a cell: the day's limit, the next day, an entry deadline.

    Where clocks are changed a day is shorter or longer by up to an hour. From an hour before its usual end it may be
    over at any quarter of an hour: that is the smallest step by which zones differ.
    """
    began = facts.day_begins(facts.today)
    limit, shortest = began + facts.due_hours * 3600 % SECONDS_PER_DAY, began + SECONDS_PER_DAY - 3600
    quarter = began + ((facts.now - began) // QUARTER + 1) * QUARTER
    moments = [limit, max(shortest, quarter), *facts.operations["deadline"].tolist()]
    return float(min(moment for moment in moments if moment > facts.now))


def settled_until(facts: Facts) -> float:
    """The next moment at which time changes something; without end once no cell waits and today is none of the days."""
    book = ledger(facts)
    waits = any(cell.state in PENDING for measure in CATALOGUE for cell in grid(book, measure).values())
    return next_moment(facts) if waits or facts.today in day_rows_of(book) else float("inf")
