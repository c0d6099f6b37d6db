"""The readiness board, and opening an operation: guard, load, validate, call one command, redirect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import current_app, flash, g, redirect, render_template, url_for
from flask_babel import gettext

from outreach.auth.permissions import may
from outreach.errors import Blocked, Invalid
from outreach.plan.forms import MoveForm
from outreach.plan.rules import move_between
from outreach.storage.queries import access, operations
from outreach.vocab import OperationStatus
from outreach.web import load
from outreach.web.guard import guard

from . import readiness_commands as commands
from . import readiness_rules as rules
from .views import bp

# Where a check is put right: the first of these pages that exists, with the action that opens it.
_PLACES: dict[str, tuple[tuple[str, str], ...]] = {
    "confirmed": (("plan.invitations", "invitations.see"), ("plan.services", "operation.plan.see")),
    "staffed": (("plan.shifts", "operation.plan.see"), ("plan.teams_of", "operation.plan.see")),
    "trained": (("ready.sessions", "sessions.see"),),
    "briefed": (("ready.briefing", "briefing.see"),),
    "kits": (("ready.service_kits", "kits.see"), ("ready.kits", "kits.see")),
    "phones": (("field.phones", "phones.see"), ("plan.people", "team.see")),
    "card": (("ready.briefing", "briefing.see"),),
}
_OF_SERVICE = ("plan.people", "ready.service_kits")


def own_services(operation: Any) -> frozenset[int] | None:
    """Services whose rows the reader may see; ``None``: all of them."""
    target = access.operation_target(operation)
    if may(g.actor, "operation.move", target):
        return None
    return frozenset(s for s in target.services if may(g.actor, "delegates.see", replace(target, service=s)))


def _places(operation: Any) -> Callable[[rules.Cell, int], str]:
    """``place(cell, service)``: address of the page where it is put right, '' where the reader may not go."""
    target = access.operation_target(operation)

    def place(cell: rules.Cell, service_id: int) -> str:
        on = replace(target, service=service_id)
        for endpoint, action in _PLACES[cell.code]:
            if endpoint in current_app.view_functions and may(g.actor, action, on):
                more = {"service_id": service_id} if endpoint in _OF_SERVICE else {}
                return url_for(endpoint, code=operation.code, **more)
        return ""

    return place


@bp.get("/operations/<code>/ready")
@guard("ready.see", load=load.operation)
def board(operation: Any) -> Any:
    g.operation = operation
    own = own_services(operation)
    found = commands.board_of(operation, own)
    return render_template(
        "ready/board.html",
        operation=operation,
        rows=found,
        checks=rules.CHECKS,
        ready=sum(row.ready for row in found),
        whole=own is None,
        children=_children(operation),
        opens=operation.status == OperationStatus.PLANNED and own is None,
        place=_places(operation),
    )


def _children(operation: Any) -> list[Any]:
    """Operations under it whose board the reader may see."""
    return [
        child
        for child in operations.children_of(operation.id)
        if may(g.actor, "ready.see", access.operation_target(child))
    ]


@bp.get("/operations/<code>/ready/open")
@guard("operation.move", load=load.operation)
def opening(operation: Any) -> Any:
    if move_between(operation.status, OperationStatus.ACTIVE.value) is None or operation.status != "planned":
        return redirect(url_for("plan.task_list", code=operation.code))
    return _show_opening(operation, MoveForm())


@bp.post("/operations/<code>/ready/open")
@guard("operation.move", load=load.operation)
def open_operation(operation: Any) -> Any:
    form = MoveForm()
    form.validate()
    try:
        commands.open_operation(g.actor, operation, form.reason.data or "")
    except Invalid as problem:
        form.take(problem)
        return _show_opening(operation, form), 422
    except Blocked:
        return _show_opening(operation, form), 409
    flash(gettext("%(name)s is open.", name=operation.name))
    return redirect(url_for("plan.task_list", code=operation.code), code=303)


def _show_opening(operation: Any, form: MoveForm) -> str:
    g.operation = operation
    return render_template(
        "ready/open.html",
        operation=operation,
        form=form,
        errors=form,
        planned=operation.status == OperationStatus.PLANNED,
        missing=commands.blocked(operation),
        gaps=commands.not_ready(operation),
        place=_places(operation),
    )
