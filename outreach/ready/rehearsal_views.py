"""A rehearsal of an operation: guard, load, call one command, redirect."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, url_for
from flask_babel import gettext

from outreach.errors import Blocked, NotFound
from outreach.storage.queries import access, operations
from outreach.storage.queries import plan as plan_rows
from outreach.storage.queries import rehearsals as rows
from outreach.vocab import OperationStatus
from outreach.web.guard import guard

from . import rehearsal_commands as commands
from . import rehearsal_rules as rules
from .views import bp


def rehearsed(code: str) -> tuple[Any, dict[str, Any]]:
    """``/operations/<code>/rehearsal``: the operation, whether its own code stands there or its rehearsal's."""
    found = operations.by_code(code)
    if found is None:
        raise NotFound()
    operation = commands.source_of(found)
    rehearsal = found if found.is_rehearsal else rows.rehearsal_of(operation.id)
    return access.operation_target(operation), {"operation": operation, "rehearsal": rehearsal}


@bp.get("/operations/<code>/rehearsal")
@guard("rehearsal.run", load=rehearsed)
def rehearsal(operation: Any, rehearsal: Any) -> Any:
    return _page(operation, rehearsal)


@bp.post("/operations/<code>/rehearsal")
@guard("rehearsal.run", load=rehearsed)
def start_rehearsal(operation: Any, rehearsal: Any) -> Any:
    try:
        commands.start(g.actor, operation)
    except Blocked as problem:
        return _page(operation, rehearsal, gettext(problem.message)), 409
    flash(gettext("The rehearsal is open. Officers find it on their phones now."))
    return redirect(url_for("ready.rehearsal", code=operation.code), code=303)


@bp.post("/operations/<code>/rehearsal/end")
@guard("rehearsal.run", load=rehearsed)
def end_rehearsal(operation: Any, rehearsal: Any) -> Any:
    if rehearsal is not None:
        commands.end(g.actor, operation, rehearsal)
    return redirect(url_for("ready.rehearsal", code=operation.code), code=303)


@bp.post("/operations/<code>/rehearsal/remove")
@guard("rehearsal.run", load=rehearsed)
def remove_rehearsal(operation: Any, rehearsal: Any) -> Any:
    if rehearsal is not None:
        alone = operation is rehearsal  # what it was made from is gone
        commands.remove(g.actor, operation, rehearsal)
        flash(gettext("The rehearsal is removed, with everything that was logged in it."))
        if alone:
            return redirect(url_for("plan.front"), code=303)
    return redirect(url_for("ready.rehearsal", code=operation.code), code=303)


def _page(operation: Any, rehearsal: Any, refusal: str = "") -> str:
    g.operation = rehearsal or operation
    by_service = rows.contacts_by_service(rehearsal.id) if rehearsal else []
    return render_template(
        "ready/rehearsal.html",
        operation=operation,
        rehearsal=rehearsal,
        running=rehearsal is not None and rehearsal.status == OperationStatus.ACTIVE,
        startable=operation.status in (OperationStatus.DRAFT, OperationStatus.PLANNED),
        crew=plan_rows.crew_of(operation.id),
        measured=rules.measured(rows.trials_of(rehearsal.id)) if rehearsal else None,
        most_taps=rules.MOST_TAPS,
        tried=[(name, sent) for name, sent in by_service if sent],
        silent=[name for name, sent in by_service if not sent],
        refusal=refusal,
        errors=[("start", refusal)] if refusal else None,
    )
