"""Operations under one another: what stands under an operation, proposals, and services in several of them."""

from __future__ import annotations

from typing import Any

from flask import current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext

from outreach.auth.actors import Target
from outreach.auth.permissions import may
from outreach.errors import Blocked, Changed, Invalid, NotFound
from outreach.storage.days import window_days
from outreach.storage.queries import access, operations
from outreach.storage.queries import nested as nested_rows
from outreach.vocab import ParticipationStatus, Role
from outreach.web import load
from outreach.web.forms import whole
from outreach.web.guard import guard

from . import nested_commands as commands
from . import rules
from .nested_forms import PlaceForm, ProposalForm, RefusalForm
from .tasks import HEARD, tasks_of
from .views import bp

# --- what stands under an operation ----------------------------------------------------------------------------------


@bp.get("/operations/<code>/plan/nested")
@guard("operation.plan.see", load=load.operation)
def nested(operation: Any) -> Any:
    return _show(operation)


def _show(operation: Any, errors: list[str] | None = None) -> str:
    g.operation = operation
    attaches = may(g.actor, "operation.attach", g.target)
    every = commands.doubles_of(operation)
    proposals = nested_rows.proposals_to(operation.id)
    above = operations.by_id(operation.proposed_parent_id) if operation.proposed_parent_id else None
    return render_template(
        "plan/nested.html",
        operation=operation,
        children=_children(operation),
        proposals=[p for p in proposals if attaches or p.operation.proposed_by_id == g.actor.user],
        attaches=attaches,
        proposes=bool(may(g.actor, "operation.propose", g.target) and commands.own_services(g.actor, operation)),
        starts=may(g.actor, "operation.create"),
        doubles=[d for d in every if _coordinates(operation) or d.service.id in _own()],
        families={family: gettext(label) for family, (_, label) in rules.PLACED.items()},
        resolves=may(g.actor, "participation.change", g.target),
        above=above,
        span=_span,
        errors=errors or [],
    )


def _span(operation: Any) -> tuple[Any, Any]:
    return window_days(operation.starts_at, operation.ends_at, operation.time_zone, operation.day_starts_minutes)


def _coordinates(operation: Any) -> bool:
    return may(g.actor, "operation.move", access.operation_target(operation))


def _own() -> frozenset[int]:
    return frozenset(b.service for b in g.actor.bounds if b.role is Role.SERVICE_COORDINATOR and b.service)


def _children(operation: Any) -> list[dict[str, Any]]:
    """Everything under the operation that the actor may plan, each under its own parent, with its depth."""
    under: dict[int | None, list[Any]] = {}
    for one in nested_rows.operations_by_id(operations.tree_of(operation.id)[1:]):
        under.setdefault(one.parent_id, []).append(one)

    def walk(parent: int, depth: int) -> list[dict[str, Any]]:
        level = sorted(under.get(parent, ()), key=lambda o: o.code)
        rows = ((o, access.operation_target(o)) for o in level)
        return [
            row
            for o, target in rows
            for row in (
                *([_child(o, target, depth)] if may(g.actor, "operation.plan.see", target) else ()),
                *walk(o.id, depth + 1),
            )
        ]

    return walk(operation.id, 0)


def _child(child: Any, target: Target, depth: int) -> dict[str, Any]:
    ask = current_app.extensions.get(HEARD)
    heard, owing = ask(child.id) if ask is not None and may(g.actor, "figures.see", target) else (None, None)
    tasks = tasks_of(child, heard=heard, owing=owing)
    standing = [v.status for _, v, _ in operations.participations_of(child.id)]
    return {
        "operation": child,
        "depth": depth,
        "confirmed": standing.count(ParticipationStatus.CONFIRMED.value),
        "invited": standing.count(ParticipationStatus.INVITED.value),
        "heard": heard,
        "owing": owing,
        "missing": [t for t in tasks.sections[0]["tasks"] if t["state"] != "done"],
        "done": tasks.done,
        "total": tasks.total,
    }


# --- proposals -------------------------------------------------------------------------------------------------------


def _new_form(operation: Any, **more: Any) -> ProposalForm:
    return ProposalForm(services=commands.own_services(g.actor, operation), **more)


@bp.get("/operations/<code>/plan/propose")
@guard("operation.propose", load=load.operation)
def propose_page(operation: Any) -> Any:
    return _show_proposal(operation, _new_form(operation, formdata=None, data=ProposalForm.values_of(operation)))


@bp.post("/operations/<code>/plan/propose")
@guard("operation.propose", load=load.operation)
def propose(operation: Any) -> Any:
    form = _new_form(operation)
    form.validate()
    try:
        child = commands.propose(g.actor, operation, form.draft(operation), form.service_id)
    except Invalid as problem:
        form.take(problem)
        return _show_proposal(operation, form), 422
    flash(gettext("%(name)s is proposed. The coordinator of %(code)s answers.", name=child.name, code=operation.code))
    return redirect(url_for("plan.nested", code=operation.code), code=303)


def _show_proposal(operation: Any, form: ProposalForm) -> str:
    g.operation = operation
    return render_template("plan/propose.html", operation=operation, form=form, errors=form)


def a_proposal(code: str, child: str, **rest: Any) -> tuple[Target, dict[str, Any]]:
    """``/operations/<code>/plan/nested/<child>``: an operation that is proposed to lie under that one."""
    target, found = load.operation(code)
    proposed = operations.by_code(child)
    if proposed is None or proposed.proposed_parent_id != found["operation"].id:
        raise NotFound()
    return target, {**found, "proposed": proposed, **rest}


@bp.post("/operations/<code>/plan/nested/<child>/attach")
@guard("operation.attach", load=a_proposal)
def attach(operation: Any, proposed: Any) -> Any:
    try:
        commands.attach(g.actor, operation, proposed, whole(request.form.get("version")))
    except (Blocked, Changed) as problem:
        return _show(operation, [gettext(problem.message)]), 409
    flash(gettext("%(name)s lies under this operation now. Its figures count here too.", name=proposed.name))
    return redirect(url_for("plan.nested", code=operation.code), code=303)


@bp.get("/operations/<code>/plan/nested/<child>/refuse")
@guard("operation.attach", load=a_proposal)
def refuse_page(operation: Any, proposed: Any) -> Any:
    return _show_refusal(operation, proposed, RefusalForm(formdata=None))


@bp.post("/operations/<code>/plan/nested/<child>/refuse")
@guard("operation.attach", load=a_proposal)
def refuse(operation: Any, proposed: Any) -> Any:
    form = RefusalForm()
    form.validate()
    try:
        commands.refuse(g.actor, operation, proposed, form.reason.data or "")
    except Invalid as problem:
        form.take(problem)
        return _show_refusal(operation, proposed, form), 422
    flash(gettext("%(name)s is refused. The reason stands on its plan page.", name=proposed.name))
    return redirect(url_for("plan.nested", code=operation.code), code=303)


def _show_refusal(operation: Any, proposed: Any, form: RefusalForm) -> str:
    g.operation = operation
    return render_template("plan/refuse.html", operation=operation, proposed=proposed, form=form, errors=form)


# --- a service in several operations ---------------------------------------------------------------------------------


def a_double(code: str, service_id: int, **rest: Any) -> tuple[Target, dict[str, Any]]:
    """``/operations/<code>/plan/nested/services/<service_id>``: a service that is in several operations of the tree."""
    target, found = load.operation(code)
    double = next((d for d in commands.doubles_of(found["operation"]) if d.service.id == service_id), None)
    if double is None:
        raise NotFound()
    return target, {**found, "double": double, **rest}


@bp.get("/operations/<code>/plan/nested/services/<int:service_id>")
@guard("participation.change", load=a_double)
def place_page(operation: Any, double: Any) -> Any:
    return _show_places(operation, double, _place_form(operation, double, fresh=True))


@bp.post("/operations/<code>/plan/nested/services/<int:service_id>")
@guard("participation.change", load=a_double)
def place(operation: Any, double: Any) -> Any:
    form = _place_form(operation, double)
    form.validate()
    try:
        changed = commands.place_figures(g.actor, operation, double, form.stood_at, form.places())
    except Invalid as problem:
        form.take(problem)
        return _show_places(operation, double, form), 422
    except Changed:
        compared = form.compare(_place_form(operation, double, fresh=True))
        return _show_places(operation, double, form, compared), 409
    flash(gettext("Saved.") if changed else gettext("Nothing was different; nothing is changed."))
    return redirect(url_for("plan.nested", code=operation.code), code=303)


def _place_form(operation: Any, double: Any, *, fresh: bool = False) -> PlaceForm:
    choices = [(str(o.id), f"{o.code} · {o.name}") for o, _, _ in double.parts]
    if not fresh:
        return PlaceForm(places=choices, usual=double.usual)
    version = commands.host_of(g.actor, operation, double)[2].version
    data = {f"place_{p.family}": str(p.operation) if p.chosen else "" for p in double.places}
    return PlaceForm(formdata=None, places=choices, usual=double.usual, data={**data, "version": str(version)})


def _show_places(operation: Any, double: Any, form: PlaceForm, compared: Any = None) -> str:
    g.operation = operation
    return render_template(
        "plan/place.html", operation=operation, double=double, form=form, errors=form, compared=compared
    )
