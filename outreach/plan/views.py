"""Overview, operations and their life. Guard, load, validate, call one command, redirect. No writes, no arithmetic.

The directory, participations and pasting are in ``service_views``; teams, people and workbooks in ``team_views``.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext

from outreach.auth.actors import Target
from outreach.auth.permissions import may
from outreach.errors import Blocked, Changed, Invalid, NotFound
from outreach.storage.days import window_days
from outreach.storage.queries import access, operations
from outreach.storage.queries import plan as rows
from outreach.vocab import OperationStatus
from outreach.web import load
from outreach.web.guard import guard

from . import commands, rules
from .forms import MoveForm, OperationForm
from .tasks import say, tasks_of

bp = Blueprint("plan", __name__)

# Worst and most current first.
_ORDER = ("active", "reporting", "planned", "draft", "closed", "archived")


def visible_operations(action: str = "operation.see") -> list[tuple[Any, Target, int]]:
    """Operations the actor may see with their target and depth: trees by their most current member, children below."""
    found = [(o, t) for o, t in rows.operations_with_targets() if may(g.actor, action, t)]
    ids = {o.id for o, _ in found}
    under: dict[int | None, list[tuple[Any, Target]]] = {}
    for one in found:
        under.setdefault(one[0].parent_id if one[0].parent_id in ids else None, []).append(one)

    def rank(operation: Any) -> tuple[Any, ...]:
        best = min([_ORDER.index(operation.status), *(rank(o)[1] for o, _ in under.get(operation.id, ()))])
        starts = operation.starts_at.timestamp() if operation.starts_at else 0
        return (operation.is_sample, best, -starts, operation.code)

    def walk(parent: int | None, depth: int) -> list[tuple[Any, Target, int]]:
        level = sorted(under.get(parent, ()), key=lambda pair: rank(pair[0]))
        return [row for o, t in level for row in ((o, t, depth), *walk(o.id, depth + 1))]

    return walk(None, 0)


def status_word(status: str) -> str:
    return gettext(OperationStatus(status).label)


@bp.app_context_processor
def _words() -> dict[str, Any]:
    return {"status_word": status_word, "say": say, "has_endpoint": current_app.view_functions.__contains__}


def _table(action: str) -> list[dict[str, Any]]:
    confirmed = rows.confirmed_by_operation()
    return [
        {
            "operation": o,
            "depth": depth,
            "confirmed": confirmed.get(o.id, 0),
            "plans": may(g.actor, "operation.plan.see", target),
        }
        for o, target, depth in visible_operations(action)
    ]


@bp.get("/")
@guard("site.own")
def overview() -> Any:
    tonight = rows.teams_tonight(g.actor.teams) if g.actor.teams else []
    table = _table("operation.see")
    mine = [row for row in table if not row["operation"].is_sample]
    return render_template(
        "plan/overview.html",
        table=table,
        tonight=tonight,
        starts=may(g.actor, "operation.create") and not mine,
        sample=next((row["operation"] for row in table if row["operation"].is_sample), None),
    )


@bp.get("/plan")
@guard("services.see")
def front() -> Any:
    return render_template("plan/front.html", table=_table("operation.plan.see"))


# --- operations


def _operation_form(operation: Any = None, **kwargs: Any) -> OperationForm:
    services = [(str(s.id), s.name) for s in rows.all_services()]
    parents = [
        (str(o.id), f"{o.code} · {o.name}")
        for o, target, _ in visible_operations()
        if may(g.actor, "operation.change", target) or (operation is not None and o.id == operation.parent_id)
        if operation is None or o.id != operation.id
    ]
    if operation is not None and operation.parent_id and str(operation.parent_id) not in dict(parents):
        above = operations.by_id(operation.parent_id)
        parents.append((str(operation.parent_id), above.code if above else "–"))
    return OperationForm(services=services, parents=parents, **kwargs)


def _copied(code: str) -> Any:
    """The operation to copy from, or ``None``; raises ``NotFound`` for one that the actor may not plan."""
    if not code:
        return None
    source = operations.by_code(code)
    if source is None or not may(g.actor, "operation.plan.see", access.operation_target(source)):
        raise NotFound()
    return source


@bp.get("/operations/new")
@guard("operation.create")
def new_operation() -> Any:
    source = _copied(request.args.get("copy", ""))
    data = OperationForm.values_of(source, copy=True) if source else {}
    if source is None and request.args.get("parent"):
        data["parent"] = request.args["parent"]
    return _show_new(_operation_form(data=data), source)


@bp.post("/operations/new")
@guard("operation.create")
def create_operation() -> Any:
    source, form = _copied(request.form.get("copy", "")), _operation_form()
    form.validate()
    try:
        operation = commands.create_operation(g.actor, form.draft(new=True), source)
    except Invalid as problem:
        form.take(problem)
        return _show_new(form, source), 422
    flash(gettext("%(name)s is created, as a draft.", name=operation.name))
    return redirect(url_for("plan.task_list", code=operation.code), code=303)


def _show_new(form: OperationForm, source: Any) -> str:
    others = [o for o, t, _ in visible_operations("operation.plan.see")]
    return render_template(
        "plan/operation_form.html", form=form, errors=form, source=source, others=others, operation=None, compared=None
    )


@bp.get("/operations/<code>/plan/edit")
@guard("operation.change", load=load.operation)
def edit_operation(operation: Any) -> Any:
    return _show_edit(_operation_form(operation, data=OperationForm.values_of(operation)), operation)


@bp.post("/operations/<code>/plan/edit")
@guard("operation.change", load=load.operation)
def change_operation(operation: Any) -> Any:
    form = _operation_form(operation)
    form.validate()
    try:
        changed = commands.change_operation(g.actor, operation, form.draft(), form.stood_at)
    except Invalid as problem:
        form.take(problem)
        return _show_edit(form, operation), 422
    except Changed:
        now = _operation_form(operation, formdata=None, data=OperationForm.values_of(operation))
        return _show_edit(form, operation, form.compare(now)), 409
    flash(gettext("Saved.") if changed else gettext("Nothing was different; nothing is changed."))
    return redirect(url_for("plan.task_list", code=operation.code), code=303)


def _show_edit(form: OperationForm, operation: Any, compared: Any = None) -> str:
    g.operation = operation
    clock = "clock" in rules.STATES[OperationStatus(operation.status)].allows
    return render_template(
        "plan/operation_form.html", form=form, errors=form, operation=operation, compared=compared, clock_open=clock
    )


@bp.get("/operations/<code>/plan")
@guard("operation.plan.see", load=load.operation)
def task_list(operation: Any) -> Any:
    g.operation = operation
    return render_template(
        "plan/task_list.html",
        operation=operation,
        tasks=tasks_of(operation),
        state=rules.STATES[OperationStatus(operation.status)],
        steps=rows.steps_of(operation.id),
        children=operations.children_of(operation.id),
        parent=operations.by_id(operation.parent_id) if operation.parent_id else None,
        days=window_days(operation.starts_at, operation.ends_at, operation.time_zone, operation.day_starts_minutes),
        lead=rows.service(operation.lead_service_id) if operation.lead_service_id else None,
        returns_move=_returns_move(operation),
    )


def _returns_move(operation: Any) -> str:
    """Address of the returns room's page for moves past *active*, while that room has one."""
    for endpoint in ("returns.move_page", "returns.move"):
        if endpoint in current_app.view_functions:
            return url_for(endpoint, code=operation.code)
    return ""


# --- the life of an operation


def _step(operation: Any, to: str) -> rules.Move:
    step = rules.move_between(operation.status, to) if to in OperationStatus.values() else None
    if step is None or step.room != "plan":
        raise Blocked(rules.N_("An operation cannot go there from where it stands."))
    return step


@bp.get("/operations/<code>/plan/move/<to>")
@guard("operation.move", load=load.operation)
def move_page(operation: Any, to: str) -> Any:
    step = rules.move_between(operation.status, to) if to in OperationStatus.values() else None
    if step is not None and step.room == "ready":
        return redirect(url_for("ready.opening", code=operation.code))
    return _show_move(operation, _step(operation, to), MoveForm())


@bp.post("/operations/<code>/plan/move/<to>")
@guard("operation.move", load=load.operation)
def move(operation: Any, to: str) -> Any:
    step, form = _step(operation, to), MoveForm()
    form.validate()
    try:
        commands.move(g.actor, operation, to, form.reason.data or "")
    except Invalid as problem:
        form.take(problem)
        return _show_move(operation, step, form), 422
    except Blocked:
        return _show_move(operation, step, form), 409
    flash(gettext("%(name)s is now: %(status)s.", name=operation.name, status=status_word(to)))
    return redirect(url_for("plan.task_list", code=operation.code), code=303)


def _show_move(operation: Any, step: rules.Move, form: MoveForm) -> str:
    g.operation = operation
    count = commands.count_of(operation)
    return render_template(
        "plan/move.html",
        operation=operation,
        step=step,
        form=form,
        errors=form,
        missing=rules.blocks(step.to, count),
        explain=rules.needs_reason(step, count),
    )


from . import (  # noqa: E402 - they add their pages to the blueprint above
    agency_views,  # noqa: F401
    invitation_views,  # noqa: F401
    nested_views,  # noqa: F401
    place_views,  # noqa: F401
    service_views,  # noqa: F401
    shift_plan_views,  # noqa: F401
    shift_sheet,  # noqa: F401 - a sheet of the plan workbook
    shift_views,  # noqa: F401
    team_views,  # noqa: F401
    workbook_views,  # noqa: F401
)
