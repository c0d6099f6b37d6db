"""Which figures of a closed operation are kept worked out: those that its pages ask for; and the round that keeps them.

How they are kept is in ``returns.freeze_commands``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from outreach.referrals.alert_views import SWEEPS
from outreach.returns import figures, freeze_commands
from outreach.rollup.measures import CATALOGUE
from outreach.storage.queries import frozen, operations
from outreach.storage.tables import Operation

from .dashboard_charts import edges
from .rules import MONTHLY
from .views import bp

SPLITS: tuple[tuple[str, ...], ...] = (
    (),
    ("service",),
    ("day",),
    ("service", "day"),
    ("category",),
    ("service", "category"),
)
logger = logging.getLogger(__name__)


def ask(operation: Operation) -> None:
    """Everything that the pages of an operation's figures ask of its facts, but the rows behind a figure."""
    number = operation.id
    for by in SPLITS:
        figures.figures_of(number, by=by)
    figures.board_of(number)
    figures.by_rule(number)
    figures.measures_in(number)
    figures.completeness_of(number)
    figures.outcomes_of(number)
    figures.offences_of(number)
    figures.offences_of(number, labels=False)
    figures.charges_added(number)
    figures.hours_of(operation)
    figures.waits_of(number, edges(operation))
    figures.months_of(number, ("persons_met",))
    figures.months_of(number, MONTHLY)
    for measure in CATALOGUE:
        if measure.by_day and measure.family.owed:
            figures.cells_of(number, measure.code)


def freeze(operation: Operation) -> int:
    """Keep the figures of one operation; how many answers were kept."""
    return freeze_commands.freeze(operation.id, lambda: ask(operation))


def freeze_due(tell: Callable[[str, int], None] = lambda code, kept: None, most: int | None = None) -> int:
    """Keep the figures of every operation that is over and has none kept that are good; at most so many of them."""
    done = 0
    for number, code in frozen.closed_operations():
        operation = operations.by_id(number) if freeze_commands.due(number) else None
        if operation is not None and done != most:
            tell(code, freeze(operation))
            done += 1
    return done


def one_round() -> None:
    """One operation a round, so that letters that leave in the same round do not wait for long."""
    try:
        freeze_due(most=1)
    except Exception:  # pages work the figures out as before; letters must not wait for it
        logger.exception("figures of a closed operation could not be kept")


@bp.record_once
def _sweep(state: Any) -> None:
    state.app.extensions.setdefault(SWEEPS, []).append(one_round)
