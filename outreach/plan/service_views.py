"""The directory of services, participations of an operation, and pasting rows of services."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext

from outreach.auth.actors import NOTHING, Target
from outreach.auth.permissions import may
from outreach.errors import Changed, Invalid, NotFound
from outreach.storage.queries import access, operations
from outreach.storage.queries import plan as rows
from outreach.vocab import EntryMode, ParticipationStatus, Role, ServiceKind, StaffCategory
from outreach.web import load
from outreach.web.forms import whole
from outreach.web.guard import guard

from . import paste_rules, rules
from . import service_commands as commands
from .forms import ParticipationForm, PasteForm, ServiceForm
from .paste_forms import pasted_columns, pasted_text
from .tasks import say
from .views import bp

PAGE = 100

# --- the directory


@bp.app_context_processor
def _words() -> dict[str, Any]:
    return {"kind_word": lambda kind: gettext(ServiceKind(kind).label) if kind in ServiceKind.values() else kind}


@bp.get("/services")
@guard("services.see")
def directory() -> Any:
    asked, number = request.args.get("q", "").strip()[:100], request.args.get("page", 1, type=int)
    kind = request.args.get("kind", "")
    found = [
        s
        for s in rows.all_services()
        if (not kind or s.kind == kind) and rules.matches(asked, s.name, s.short_name, s.region, s.municipality)
    ]
    pages = max(1, -(-len(found) // PAGE))
    number = min(max(number or 1, 1), pages)
    return render_template(
        "plan/directory.html",
        services=found[(number - 1) * PAGE : number * PAGE],
        total=len(found),
        asked=asked,
        kind=kind,
        kinds=[(k.value, gettext(k.label)) for k in ServiceKind],
        number=number,
        pages=pages,
        page_url=lambda n: url_for("plan.directory", q=asked or None, kind=kind or None, page=n),
    )


def _a_service(service_id: int, **rest: Any) -> tuple[Target, dict[str, Any]]:
    found = rows.service(service_id)
    if found is None:
        raise NotFound()
    return NOTHING, {"service": found, **rest}


@bp.get("/services/new")
@guard("services.change")
def new_service() -> Any:
    return _show_service(ServiceForm(), None)


@bp.post("/services/new")
@guard("services.change")
def add_service() -> Any:
    form = ServiceForm()
    form.validate()
    try:
        added = commands.add_service(g.actor, form.values(), different=bool(form.different.data))
    except Invalid as problem:
        form.take(problem)
        return _show_service(form, None), 422
    flash(gettext("%(name)s is added.", name=added.name))
    return redirect(url_for("plan.directory"), code=303)


@bp.get("/services/<int:service_id>/edit")
@guard("services.change", load=_a_service)
def edit_service(service: Any) -> Any:
    return _show_service(ServiceForm(data=ServiceForm.values_of(service)), service)


@bp.post("/services/<int:service_id>/edit")
@guard("services.change", load=_a_service)
def change_service(service: Any) -> Any:
    form = ServiceForm()
    form.validate()
    try:
        commands.change_service(g.actor, service, form.values(), form.stood_at, different=bool(form.different.data))
    except Invalid as problem:
        form.take(problem)
        return _show_service(form, service), 422
    except Changed:
        now = ServiceForm(formdata=None, data=ServiceForm.values_of(service))
        return _show_service(form, service, form.compare(now)), 409
    flash(gettext("Saved."))
    return redirect(url_for("plan.directory"), code=303)


def _show_service(form: ServiceForm, service: Any, compared: Any = None) -> str:
    return render_template("plan/service_form.html", form=form, errors=form, service=service, compared=compared)


# --- participations


def _own_only(operation: Any) -> frozenset[int] | None:
    """Services whose rows the actor may see; ``None``: all of them."""
    if may(g.actor, "participation.change", access.operation_target(operation)) or may(
        g.actor, "operation.move", access.operation_target(operation)
    ):
        return None
    return frozenset(b.service for b in g.actor.bounds if b.role is Role.SERVICE_COORDINATOR and b.service)


@bp.get("/operations/<code>/plan/services")
@guard("operation.plan.see", load=load.operation)
def services(operation: Any) -> Any:
    return _show_services(operation)


def _show_services(operation: Any, problem: Invalid | None = None) -> str:
    g.operation = operation
    own, wanted = _own_only(operation), request.args.get("status", "")
    every = [row for row in operations.participations_of(operation.id) if own is None or row[2].id in own]
    elsewhere = _codes_elsewhere(operation, [service.id for _, _, service in every])
    order = [s.value for s in ParticipationStatus]
    every.sort(key=lambda row: order.index(row[1].status))
    return render_template(
        "plan/services.html",
        operation=operation,
        participations=[row for row in every if not wanted or row[1].status == wanted],
        counts={status: sum(v.status == status for _, v, _ in every) for status in order},
        total=len(every),
        wanted=wanted,
        words={s.value: gettext(s.label) for s in (*ParticipationStatus, *EntryMode)},
        staff={c.value: gettext(c.label) for c in StaffCategory},
        elsewhere=elsewhere,
        changes=may(g.actor, "participation.change", g.target),
        errors=[("select-all", gettext(f.message)) for f in problem.findings] if problem else [],
    )


def _codes_elsewhere(operation: Any, service_ids: list[int]) -> dict[int, dict[str, str]]:
    """``{service: {family: code of the operation that counts it}}`` where a service has more than one place."""
    tree = operations.tree_of(operations.root_of(operation.id))
    found = rows.participations_elsewhere(service_ids, tree)
    codes = {op.id: op.code for op, _, _ in found}
    several: dict[int, list[Any]] = {}
    for row in found:
        several.setdefault(row[1].service_id, []).append(row)
    return {
        service_id: {
            family: codes.get(place, "–")
            for _, _, version in taking_part
            for family, place in rules.places_chosen(version.counted_in).items()
        }
        for service_id, taking_part in several.items()
        if len(taking_part) > 1
    }


@bp.post("/operations/<code>/plan/services/confirm")
@guard("participation.change", load=load.operation)
def confirm_services(operation: Any) -> Any:
    try:
        ticked = [number for text in request.form.getlist("service") if (number := whole(text))]
        if request.form.get("all"):
            ticked = [service.id for _, _, service in operations.participations_of(operation.id)]
        done = commands.confirm_services(g.actor, operation, ticked)
    except Invalid as problem:
        return _show_services(operation, problem), 422
    flash(ngettext("%(num)s service is confirmed.", "%(num)s services are confirmed.", done))
    return redirect(url_for("plan.services", code=operation.code), code=303)


def _a_participation(code: str, service_id: int, **rest: Any) -> tuple[Target, dict[str, Any]]:
    target, found = load.operation(code)
    participation = operations.participation(found["operation"].id, service_id)
    if participation is None:
        raise NotFound()
    return target, {**found, "participation": participation, **rest}


def _places(operation: Any, service_id: int) -> tuple[list[tuple[str, str]], dict[str, int]]:
    """Operations of the tree that the service takes part in, and what is chosen among them."""
    tree = operations.tree_of(operations.root_of(operation.id))
    found = rows.participations_elsewhere([service_id], tree)
    chosen = {f: place for _, _, v in found for f, place in rules.places_chosen(v.counted_in).items()}
    return [(str(op.id), f"{op.code} · {op.name}") for op, _, _ in found], chosen


@bp.get("/operations/<code>/plan/services/<int:service_id>")
@guard("participation.change", load=_a_participation)
def edit_participation(operation: Any, participation: Any) -> Any:
    return _show_participation(_participation_form(operation, participation, fresh=True), operation, participation)


def _participation_form(operation: Any, participation: Any, *, fresh: bool) -> ParticipationForm:
    places, chosen = _places(operation, participation.service_id)
    if not fresh:
        return ParticipationForm(places=places)
    current = operations.current_participation(participation.id)
    data = ParticipationForm.values_of(current, operation.time_zone, chosen)
    return ParticipationForm(formdata=None, places=places, data=data)


@bp.post("/operations/<code>/plan/services/<int:service_id>")
@guard("participation.change", load=_a_participation)
def change_participation(operation: Any, participation: Any) -> Any:
    form = _participation_form(operation, participation, fresh=False)
    form.validate()
    try:
        values = form.values(operation.time_zone)
        changed = commands.change_participation(g.actor, operation, participation, form.stood_at, **values)
    except Invalid as problem:
        form.take(problem)
        return _show_participation(form, operation, participation), 422
    except Changed:
        now = _participation_form(operation, participation, fresh=True)
        return _show_participation(form, operation, participation, form.compare(now)), 409
    flash(gettext("Saved.") if changed else gettext("Nothing was different; nothing is changed."))
    return redirect(url_for("plan.services", code=operation.code), code=303)


def _show_participation(form: ParticipationForm, operation: Any, participation: Any, compared: Any = None) -> str:
    g.operation = operation
    return render_template(
        "plan/participation.html",
        form=form,
        errors=form,
        operation=operation,
        service=rows.service(participation.service_id),
        history=rows.history_of(participation.id),
        words={s.value: gettext(s.label) for s in (*ParticipationStatus, *EntryMode)},
        compared=compared,
    )


# --- pasting


@bp.get("/operations/<code>/plan/services/paste")
@guard("participation.change", load=load.operation)
def paste(operation: Any) -> Any:
    g.operation = operation
    return render_template("plan/paste.html", form=PasteForm(), errors=[], operation=operation, text="")


@bp.post("/operations/<code>/plan/services/paste")
@guard("participation.change", load=load.operation, writes=False)
def check_paste(operation: Any) -> Any:
    """Show what the rows would do; saves nothing."""
    try:
        text = pasted_text()
    except Invalid as problem:
        return _show_paste(operation, request.form.get("rows", ""), problem)
    return _show_rows(operation, text)


@bp.post("/operations/<code>/plan/services/paste/add")
@guard("participation.change", load=load.operation)
def add_pasted(operation: Any) -> Any:
    """Save every row, or, when asked for, the good rows; the others stay on the page."""
    text = request.form.get("rows", "")
    try:
        found = _preview(operation, text)
    except paste_rules.WrongColumns:
        return _show_rows(operation, text)
    except Invalid as problem:
        return _show_paste(operation, text, problem)
    only_good = request.form.get("do") == "add_good"
    if not found.ready and not only_good:
        return _show_rows(operation, text, pressed=True)
    form = PasteForm()
    counts = commands.add_pasted(
        g.actor, operation, found, status=form.status.data or "", entry_mode=form.entry_mode.data or ""
    )
    flash(ngettext("%(num)s service is added.", "%(num)s services are added.", counts["joined"]))
    if only_good and not found.ready:
        left = [found.cells[row.number - (0 if found.heading else 1)] for row in found.rows if row.state == "problem"]
        head = found.cells[:1] if found.heading else []
        return _show_rows(operation, paste_rules.as_text([*head, *left]), again=True)
    return redirect(url_for("plan.services", code=operation.code), code=303)


def _answers() -> dict[str, str]:
    """What was decided row by row; the button that was pressed comes last and wins."""
    found = {
        name: request.form.getlist(name)[-1]
        for name in request.form
        if name.startswith(("same-", "skip-", "fix-")) and request.form.getlist(name)[-1]
    }
    undo = request.form.get("undo", "")
    return {name: text for name, text in found.items() if name.split("-")[1] != undo}


def _preview(operation: Any, text: str, *, again: bool = False) -> paste_rules.Preview:
    return paste_rules.preview(
        text,
        commands.saved_services(operation),
        columns=pasted_columns(),
        answers={} if again else _answers(),
        kind=request.form.get("kind", ""),
    )


def _show_paste(operation: Any, text: str, problem: Invalid) -> Any:
    g.operation = operation
    form = PasteForm()
    form.take(problem)
    return render_template("plan/paste.html", form=form, errors=form, operation=operation, text=text), 422


def _show_rows(operation: Any, text: str, *, pressed: bool = False, again: bool = False) -> Any:
    """The preview. ``pressed``: saving was asked for too early. ``again``: only the rows that are left, unanswered."""
    g.operation = operation
    errors: list[tuple[str, str]] = []
    try:
        found = _preview(operation, text, again=again)
    except paste_rules.WrongColumns as problem:
        found = problem.found
        errors = [("column-0", gettext(problem.findings[0].message))]
    except Invalid as problem:
        return _show_paste(operation, text, problem)
    waiting = found.shown("problem")
    if pressed:
        errors = [
            (
                f"row-{row.number}",
                gettext(
                    "Row %(row)d, %(name)s: %(reason)s",
                    row=row.number,
                    name=row.values["name"] or "–",
                    reason=say(row.reasons[0]),
                ),
            )
            for row in waiting[:10]
        ]
    shown = (request.form.getlist("show") or [""])[-1]  # the button that was pressed comes last
    answers = {} if again else _answers()
    page = render_template(
        "plan/paste_rows.html",
        operation=operation,
        form=PasteForm(),
        text=text,
        found=found,
        rows=found.shown(shown if shown in ("problem", "match", "new", "skipped") else ""),
        show=shown,
        answers=answers,
        on_page={row.number for row in waiting},
        column_names={name: gettext(label) for name, label in paste_rules.COLUMNS.items()},
        letter=lambda i: chr(ord("A") + i),
        kinds=[(k.value, gettext(k.label)) for k in ServiceKind],
        errors=errors,
        changes_saved=may(g.actor, "services.change"),
    )
    return (page, 422) if errors else page
