"""The page about what became of the referrals of an operation: guard, load, ask, render."""

from __future__ import annotations

from typing import Any

from flask import g, render_template

from outreach.rollup.disclosure import K
from outreach.storage.queries import lists
from outreach.storage.queries import report as rows
from outreach.storage.tables import Operation
from outreach.web import clock, load, page
from outreach.web.guard import guard

from . import followed
from .views import _moment, _shared, bp


@bp.get("/operations/<code>/support")
@guard("figures.see", load=load.operation)
def support(operation: Operation) -> Any:
    """From met to engaged, follow-ups with both parts, outcomes by agency: what the reader may see of it."""
    at = _moment(operation)
    found = followed.seen(g.actor, g.target, operation, at.as_of, at.now)
    made = render_template(
        "report/support.html",
        funnel=followed.funnel(found),
        listed=followed.listed(found),
        outcomes=followed.outcomes(operation, found, rows.service_names(), lists.labels("outcomes", page.language())),
        outside=found.outside,
        least=K,
        shown_at=clock.local_text(found.as_of or at.now, operation.time_zone),
        **_shared(operation, at),
    )
    return made, at.status
