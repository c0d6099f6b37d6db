"""What is known of an operation's editions: counted here, as one reader may see it, and printed elsewhere.

Gathers what ``rollup.compare`` compares; nothing is added up here.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.returns.figures import Figures, cells_of, figures_of, measure_in
from outreach.rollup.compare import Counted, Edition
from outreach.rollup.days import WITHOUT_DAY
from outreach.storage.days import window_days
from outreach.storage.queries import access, operations
from outreach.storage.queries import history as rows
from outreach.storage.tables import Operation
from outreach.storage.types import utc_now
from outreach.vocab import ParticipationStatus

from . import followed
from .edition_rules import Printed, place_of, printed_of, series_of

RATED = (
    "contacts",
    "persons_met",
    "support_offered",
    "support_accepted",
    "persons_made_safe",
    "referrals_made",
    "persons_charged",
    "charges",
    "kits_handed_out",
)
"""What police do, day by day; what became of referrals is compared nowhere."""


def before(actor: Actor, operation: Operation) -> list[Operation]:
    """Earlier editions kept here that the actor may see the figures of, the last first."""
    return [
        one for one in rows.editions_before(operation.id) if may(actor, "figures.see", access.operation_target(one))
    ]


def seen(actor: Actor, operation: Operation, now: dt.datetime) -> Figures:
    """The figures of one edition as the actor may see them: small numbers of what became of referrals are withheld."""
    return followed.seen(actor, access.operation_target(operation), operation, None, now).figures


def edition_of(operation: Operation) -> Edition:
    """An operation kept here, with what is needed to compare what police did in it."""
    whole, by_service = figures_of(operation.id), figures_of(operation.id, None, ("service",))
    by_day = figures_of(operation.id, None, ("day",))
    undated = {one.measure for one in by_day.figures if one.key["day"] == WITHOUT_DAY and one.value}
    figures = {}
    for code in RATED:
        figures[code] = Counted(
            measure_in(operation.id, code),
            whole.one(code),
            cells_of(operation.id, code),
            {int(one.key["service"]): one for one in by_service.of(code)},
            code in undated,
        )
    return Edition(
        key=operation.code,
        level=operation.level,
        above=tuple(_above(operation)),
        days=days_of(operation),
        services=services_of(operation),
        services_known=operation.services_known,
        over=operation.ends_at is None or operation.ends_at <= utc_now(),
        figures=figures,
    )


def services_of(operation: Operation) -> frozenset[int]:
    """Services that take part in it, or in an operation within it."""
    return frozenset(
        service.id
        for inside in operations.tree_of(operation.id)
        for _, version, service in operations.participations_of(inside)
        if version.status == ParticipationStatus.CONFIRMED
    )


def days_of(operation: Operation) -> int | None:
    """Days of its window; None where it is not known."""
    zone, starts = operation.time_zone, operation.day_starts_minutes
    first, last = window_days(operation.starts_at, operation.ends_at, zone, starts)
    return None if first is None or last is None else (last - first).days + 1


def _above(operation: Operation) -> list[str]:
    """Level and lineage of each operation that it lies within, the nearest first: two editions of one have the same."""
    found: list[str] = []
    here, passed = operation, {operation.id}
    while here.parent_id is not None and here.parent_id not in passed:
        passed.add(here.parent_id)
        parent = operations.by_id(here.parent_id)
        if parent is None:
            break
        first = ([parent, *rows.editions_before(parent.id)])[-1]
        found.append(f"{parent.level}/{first.id}")
        here = parent
    return found


def printed_beside(operation: Operation, scope: str) -> tuple[list[Printed], list[str], str]:
    """Editions printed of the operation's level and place, the places that there are, and the one shown.

    ``scope``: the place asked for, '' for the one that fits.
    """
    linked = rows.of_operations([operation.id])
    series = series_of(operation.name, [one.series for one in linked], rows.choices()["series"])
    figures: list[Any] = [one for name in series for one in rows.standing(series=name)]
    places = list(dict.fromkeys(one.scope for one in figures if one.level == operation.level and one.scope))
    own = [(one.level, one.scope) for one in linked]
    known = [(one.level, one.scope) for one in figures]
    shown = scope if scope in places else place_of(operation.name, operation.level, own, known)
    return printed_of(figures, operation.level, shown) if shown else [], sorted(places), shown
