"""Views of a whole plan of shifts: copying a day or an earlier pattern, evening teams, publishing, taking back."""

from __future__ import annotations

from typing import Any

from flask import flash, g, render_template, request
from flask_babel import gettext, ngettext
from wtforms.fields.choices import SelectChoice

from outreach.errors import N_, Blocked, Changed, Invalid, NotAllowed, NotFound
from outreach.storage.queries import operations, shifts, teams
from outreach.web.clock import iso_day
from outreach.web.forms import whole
from outreach.web.guard import guard
from outreach.web.load import operation as an_operation

from . import shift_commands as commands
from . import shift_edit_commands as edits
from . import shift_grid as grids
from . import shift_pages as pages
from .shift_forms import CopyDayForm, CopyPatternForm, EveningForm, UndoForm
from .shift_views import back, done, refused
from .views import bp, visible_operations

MOST_NOTES = 5

# --- copying ----------------------------------------------------------------------------------------------------------


def _copy_page(operation: Any, kind: str, form: Any) -> str:
    g.operation = operation
    words = {
        "day": (
            gettext("Copy a day to other days"),
            gettext("Shifts that stand on those days stay; nothing is doubled."),
        ),
        "pattern": (gettext("Copy last edition’s pattern"), gettext("Days are counted from the first of each window.")),
        "evening": (
            gettext("Evening teams for every service"),
            gettext("Every confirmed service that logs contacts and has no shift yet gets them, on each of its days."),
        ),
    }
    title, hint = words[kind]
    return render_template(
        "plan/shifts_copy.html", operation=operation, kind=kind, form=form, errors=form, title=title, hint=hint
    )


def _copied(operation: Any, made: Any) -> Any:
    """Say how many shifts a copy made, and what became of those that it left out or moved."""
    for note in made.notes[:MOST_NOTES]:
        flash(gettext(note.message, **note.params), "warning")
    if len(made.notes) > MOST_NOTES:
        more = len(made.notes) - MOST_NOTES
        flash(ngettext("%(num)s more was left out or moved.", "%(num)s more were left out or moved.", more), "warning")
    if not made.added:
        flash(gettext("No shift was added: they stand already, or nothing could be copied."))
        return back(operation)
    return done(operation, ngettext("%(num)s shift is added.", "%(num)s shifts are added.", made.added))


def _day_form(operation: Any, **more: Any) -> CopyDayForm:
    able = pages.services_seen(operation, "team.change")
    planned = shifts.shifts_of(operation.id, able)
    form = CopyDayForm(**more)
    busy = {service.id for _, _, service in teams.teams_of(operation.id)}
    form.offer(
        {iso_day(day): pages.long_label(day) for day, _ in grids.days_of(operation, planned)},
        {key: name for key, name in able.items() if key in busy},
    )
    return form


@bp.get("/operations/<code>/plan/shifts/copy-day")
@guard("operation.plan.see", load=an_operation)
def copy_day_page(operation: Any) -> Any:
    return _copy_page(operation, "day", _day_form(operation, formdata=None, data={"day": request.args.get("day", "")}))


@bp.post("/operations/<code>/plan/shifts/copy-day")
@guard("operation.plan.see", load=an_operation)
def copy_day(operation: Any) -> Any:
    form = _day_form(operation)
    form.validate()
    try:
        day, to, service = form.chosen(every="every" in request.form)
        made = commands.copy_day(g.actor, operation, day, to, None if service is None else [service])
    except Invalid as problem:
        form.take(problem)
        return _copy_page(operation, "day", form), 422
    return _copied(operation, made)


def _pattern_form(operation: Any, **more: Any) -> CopyPatternForm:
    form = CopyPatternForm(**more)
    others = [o for o, _, _ in visible_operations("operation.plan.see") if o.id != operation.id and o.starts_at]
    others.sort(key=lambda o: o.id != operation.copied_from_id)
    form.source.choices = [SelectChoice(o.code, f"{o.code} · {o.name}") for o in others]
    return form


@bp.get("/operations/<code>/plan/shifts/copy-pattern")
@guard("operation.plan.see", load=an_operation)
def copy_pattern_page(operation: Any) -> Any:
    return _copy_page(operation, "pattern", _pattern_form(operation, formdata=None))


@bp.post("/operations/<code>/plan/shifts/copy-pattern")
@guard("operation.plan.see", load=an_operation)
def copy_pattern(operation: Any) -> Any:
    form = _pattern_form(operation)
    form.validate()
    source = operations.by_code(form.source.data or "")
    try:
        if source is None or source.code not in [choice.value for choice in form.source.choices]:
            raise Invalid.at("source", N_("Choose one of the operations in the list."))
        made = commands.copy_pattern(g.actor, operation, source)
    except (Invalid, Blocked) as problem:
        form.take(problem if isinstance(problem, Invalid) else Invalid.at("source", problem.message))
        return _copy_page(operation, "pattern", form), 422
    return _copied(operation, made)


@bp.get("/operations/<code>/plan/shifts/evening")
@guard("operation.plan.see", load=an_operation)
def evening_page(operation: Any) -> Any:
    return _copy_page(operation, "evening", EveningForm(formdata=None))


@bp.post("/operations/<code>/plan/shifts/evening")
@guard("operation.plan.see", load=an_operation)
def evening(operation: Any) -> Any:
    form = EveningForm()
    form.validate()
    try:
        made = commands.use_evening(g.actor, operation, team_name=gettext(commands.EVENING_TEAM), **form.chosen())
    except (Invalid, Blocked) as problem:
        form.take(problem if isinstance(problem, Invalid) else Invalid.at("", problem.message))
        return _copy_page(operation, "evening", form), 422
    return _copied(operation, made)


# --- publishing -------------------------------------------------------------------------------------------------------


@bp.get("/operations/<code>/plan/shifts/publish")
@guard("operation.plan.see", load=an_operation)
def publish_page(operation: Any) -> Any:
    return _show_publish(operation, None)


@bp.post("/operations/<code>/plan/shifts/publish")
@guard("operation.plan.see", load=an_operation)
def publish(operation: Any) -> Any:
    chosen = {whole(one) for one in request.form.getlist("services")}
    try:
        count = commands.publish(g.actor, operation, chosen)
    except Invalid as problem:
        return _show_publish(operation, chosen, problem), 422
    flash(ngettext("%(num)s shift is published.", "%(num)s shifts are published.", count))
    return back(operation)


def _show_publish(operation: Any, ticked: set[int] | None, problem: Invalid | None = None) -> str:
    g.operation = operation
    able = pages.services_seen(operation, "roster.publish")
    if not able:
        raise NotAllowed()
    found = [one for one in commands.problems_of(g.actor, operation) if one.blocks]
    rows = pages.publish_rows(operation, able, found, ticked)
    return render_template(
        "plan/shifts_publish.html",
        operation=operation,
        services=rows,
        blocking=pages.problem_rows(operation, [one for one in found if one.concerns(able)]),
        errors=[("publish", gettext(f.message, **f.params)) for f in problem.findings] if problem else None,
    )


# --- taking back ------------------------------------------------------------------------------------------------------


@bp.get("/operations/<code>/plan/shifts/changes")
@guard("operation.plan.see", load=an_operation)
def shift_changes(operation: Any) -> Any:
    g.operation = operation
    seen, able = pages.services_seen(operation), pages.services_seen(operation, "team.change")
    return render_template(
        "plan/shifts_changes.html", operation=operation, changes=pages.changes_of(operation, seen, able)
    )


@bp.post("/operations/<code>/plan/shifts/undo")
@guard("operation.plan.see", load=an_operation)
def undo_shifts(operation: Any) -> Any:
    form = UndoForm()
    try:
        count = edits.undo(g.actor, operation, form.moment())
    except NotFound:
        return refused(operation, Invalid.at("", N_("There is no change of yours to undo.")))
    except (Invalid, Changed) as problem:
        return refused(operation, problem)
    return done(operation, ngettext("Undone: %(num)s shift.", "Undone: %(num)s shifts.", count))
