"""Keeping the figures of a closed operation worked out, so that nobody has to work them out again.

What a page asks is asked here once, noted, and written as rows, beside the requests: a round of the server does it a
minute after an operation was closed, and again when something under it changed. Nothing here decides a figure, and no
person does it: the rows hold nothing that the records do not.
"""

from __future__ import annotations

from collections.abc import Callable

from outreach.storage import writing
from outreach.storage.queries import frozen as rows
from outreach.storage.queries import report
from outreach.storage.types import utc_now

from . import freeze_rules as rules
from . import remembering
from .figure_kinds import FROZEN


def due(operation_id: int) -> bool:
    """Whether the operation is over and what is kept of it, if anything, is no longer good."""
    if not rows.is_closed(operation_id):
        return False
    marks = rules.mark(report.change_marks(operation_id))
    state = rows.row(operation_id, rules.STATE)
    found = [] if state is None else [(state.marks, state.content, state.hash)]
    return rules.due(found, marks, utc_now().timestamp(), FROZEN)


def freeze(operation_id: int, ask: Callable[[], object]) -> int:
    """Ask, and keep every answer that is made of figures alone; how many rows were written.

    Nothing is written when the operation changed meanwhile, or is open again: the next round finds it.
    """
    made_at = utc_now()
    before = report.change_marks(operation_id)
    with remembering.noted(operation_id) as answers:
        ask()
    until = remembering.good_until(operation_id)
    made: dict[str, tuple[str, bytes]] = {}
    for name, value, own in answers:
        written = rules.written(name)
        if written is not None:
            content = rules.closed(value, min(until, own), FROZEN)
            made[written] = (rules.digest(content), content)
    state = rules.closed(None, until, FROZEN)
    made[rules.STATE] = (rules.digest(state), state)
    with writing():
        if report.change_marks(operation_id) != before or not rows.is_closed(operation_id):
            return 0
        rows.replace(operation_id, rules.mark(before), made_at, made)
    return len(made) - 1
