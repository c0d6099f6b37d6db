"""Views of shifts: the grid of teams by day, one shift, all days of a team. The whole plan: ``shift_plan_views``."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext

from outreach.auth.actors import Target
from outreach.auth.permissions import may
from outreach.errors import N_, Changed, Invalid, NotFound, Problem
from outreach.storage.queries import access, operations, shift_history, shifts, teams
from outreach.storage.queries.shift_grid import teams_there
from outreach.storage.types import micros
from outreach.web.clock import iso_day
from outreach.web.forms import whole
from outreach.web.guard import guard, own_path
from outreach.web.load import operation as an_operation

from . import shift_commands as commands
from . import shift_edit_commands as edits
from . import shift_grid as grids
from . import shift_pages as pages
from .operation_rules import read_day
from .shift_forms import EveningForm, ShiftForm, twice_words
from .team_views import a_team
from .views import bp

FIRST_PROBLEMS = 5


def a_shift(code: str, uid: str, **rest: Any) -> tuple[Target, dict[str, Any]]:
    """``/operations/<code>/plan/shifts/<uid>``: a shift of that operation, by its uid or by its number in the grid."""
    uid = (shift_history.uid_of(whole(uid)) or uid) if uid.isdigit() else uid
    operation, shift = operations.by_code(code), shifts.shift(uid)
    if operation is None or shift is None or shift.operation_id != operation.id:
        raise NotFound()
    team = teams.team(shift.team_id)
    return access.team_target(operation, team), {"operation": operation, "shift": shift, "team": team, **rest}


# --- the grid ---------------------------------------------------------------------------------------------------------


@bp.get("/operations/<code>/plan/shifts", endpoint="shifts")
@guard("operation.plan.see", load=an_operation)
def shifts_of(operation: Any) -> Any:
    g.operation = operation
    seen, able, publishes = pages.services_by(operation, "team.see", "team.change", "roster.publish")
    asked, rows = pages.asked(), shifts.shifts_of(operation.id)
    plan = pages.plan_of(operation, seen, able, rows)
    grid = grids.grid_of(plan, asked, today=pages.today_of(operation), label=pages.day_label)
    found = commands.problems_of(g.actor, operation, rows)
    shown = found if request.args.get("problems") == "all" else found[:FIRST_PROBLEMS]
    kept = {"service": asked.service or None, "q": asked.words or None, "first": asked.first, "page": None}
    return render_template(
        "plan/shifts.html",
        operation=operation,
        plan=plan,
        grid=grid,
        asked=asked,
        services={team.service_id: team.service for team in plan.teams},
        problems=pages.problem_rows(operation, shown, plan.teams),
        count=len(found),
        unfilled=grids.unfilled(plan),
        has_shifts=bool(plan.shifts),
        starts=bool(able),
        publishes=bool(publishes),
        evening=EveningForm(formdata=None),
        may_window=may(g.actor, "operation.change", g.target),
        faces=pages.faces_of(grid),
        keys=pages.keys(),
        said=pages.said(),
        links=_links(operation, able, plan),
        here=lambda **more: url_for("plan.shifts", code=operation.code, **{**kept, **more}),
        page_url=lambda n: url_for("plan.shifts", code=operation.code, **{**kept, "page": n}),
    )


def _links(operation: Any, able: dict[int, str], plan: Any) -> list[tuple[str, str]]:
    code = operation.code
    found = [(gettext("Recent changes"), url_for("plan.shift_changes", code=code))]
    if able and plan.shifts:
        found.append((gettext("Copy a day to other days"), url_for("plan.copy_day", code=code)))
        found.append((gettext("Evening teams for every service"), url_for("plan.evening", code=code)))
    if able:
        found.append((gettext("Copy last edition’s pattern"), url_for("plan.copy_pattern", code=code)))
    return [*found, (gettext("Teams and their members"), url_for("plan.teams_of", code=code))]


def back(operation: Any, team_id: int = 0) -> Any:
    """To the grid, where the team stands in it; or to where the script says that it was."""
    here = url_for("plan.shifts", code=operation.code)
    wanted = own_path(request.form.get("next"), "")
    if wanted.split("?")[0] == here:
        return redirect(wanted, code=303)
    page = grids.page_of_team(teams_there(operation.id), team_id) if team_id else 1
    anchor = f"t{team_id}" if team_id else None
    return redirect(url_for("plan.shifts", code=operation.code, page=page if page > 1 else None, _anchor=anchor), 303)


def done(operation: Any, words: str, team_id: int = 0) -> Any:
    """Say what was done, with its Undo, and go back to the grid."""
    at = shift_history.latest(operation.id, pages.services_seen(operation, "team.change"))
    flash(words, f"undo:{micros(at)}" if at else "message")
    return back(operation, team_id)


def refused(operation: Any, problem: Problem, team_id: int = 0) -> Any:
    """Say on the grid why a change without a form of its own was refused."""
    for finding in problem.findings if isinstance(problem, Invalid) else [problem]:
        flash(gettext(finding.message, **finding.params), "error")
    return back(operation, team_id)


# --- one shift --------------------------------------------------------------------------------------------------------


def _form(operation: Any, team: Any, **more: Any) -> ShiftForm:
    form = ShiftForm(**more)
    form.offer({staff.id: staff.name for _, staff in teams.members_of(operation.id, team.id)})
    return form


@bp.get("/operations/<code>/plan/teams/<int:team_id>/shifts/new")
@guard("team.change", load=a_team)
def new_shift(operation: Any, team: Any) -> Any:
    try:
        day = iso_day(read_day(request.args.get("day", ""), "day"))
    except Invalid:
        day = ""
    return _show_shift(operation, team, None, _form(operation, team, formdata=None, data={"starts_on": day}))


@bp.post("/operations/<code>/plan/teams/<int:team_id>/shifts/new")
@guard("team.change", load=a_team)
def add_shift(operation: Any, team: Any) -> Any:
    form = _form(operation, team)
    form.validate()
    try:
        draft = form.draft(operation.time_zone)
        commands.add_shift(g.actor, operation, team, draft)
    except Invalid as problem:
        form.take(problem)
        return _show_shift(operation, team, None, form), 422
    return done(operation, _saved(gettext("The shift is added."), draft, operation), team.id)


@bp.get("/operations/<code>/plan/shifts/<uid>")
@guard("team.see", load=a_shift)
def shift(operation: Any, shift: Any, team: Any) -> Any:
    values = ShiftForm.values_of(shift, operation.time_zone)
    return _show_shift(operation, team, shift, _form(operation, team, formdata=None, data=values))


@bp.post("/operations/<code>/plan/shifts/<uid>")
@guard("team.change", load=a_shift)
def change_shift(operation: Any, shift: Any, team: Any) -> Any:
    form = _form(operation, team)
    form.validate()
    try:
        draft = form.draft(operation.time_zone, shift)
        changed = commands.change_shift(g.actor, operation, shift, draft, form.stood_at)
    except Invalid as problem:
        form.take(problem)
        return _show_shift(operation, team, shift, form), 422
    except Changed:
        values = ShiftForm.values_of(shifts.shift(shift.uid), operation.time_zone)
        now = _form(operation, team, formdata=None, data=values)
        return _show_shift(operation, team, shift, form, form.compare(now)), 409
    if not changed:
        flash(gettext("Nothing was different; nothing is changed."))
        return back(operation, team.id)
    return done(operation, _saved(gettext("The shift is saved."), draft, operation), team.id)


def _saved(words: str, draft: Any, operation: Any) -> str:
    return f"{words} {twice_words(draft, operation.time_zone)}".strip()


@bp.post("/operations/<code>/plan/shifts/<uid>/cancel")
@guard("team.change", load=a_shift)
def cancel_shift(operation: Any, shift: Any, team: Any) -> Any:
    try:
        if "again" in request.form:
            commands.restore_shift(g.actor, operation, shift)
            return done(operation, gettext("The shift is set up again."), team.id)
        commands.cancel_shift(g.actor, operation, shift)
    except (Invalid, Changed) as problem:
        return refused(operation, problem, team.id)
    return done(operation, gettext("The shift is cancelled."), team.id)


@bp.post("/operations/<code>/plan/teams/<int:team_id>/shifts/copy")
@guard("team.change", load=a_team)
def copy_shift(operation: Any, team: Any) -> Any:
    """One shift again for this team on another day: what Ctrl+V in the grid sends."""
    source = shifts.shift(shift_history.uid_of(whole(request.form.get("shift"))) or "")
    try:
        if source is None:
            raise NotFound()
        edits.copy_shift(g.actor, operation, source, team, read_day(request.form.get("day", ""), "day"))
    except NotFound:
        # The shift is named in the form, not in the address: another's is refused like one that does not exist.
        return refused(operation, Invalid.at("", N_("No shift is copied, or this is no day.")), team.id)
    except (Invalid, Changed) as problem:
        return refused(operation, problem, team.id)
    return done(operation, gettext("The shift is copied."), team.id)


def _show_shift(operation: Any, team: Any, shift: Any, form: ShiftForm, compared: Any = None) -> str:
    g.operation = operation
    shown = [form[name] for name in ("starts_on", "starts_at", "ends_at", "places", "place", "channel")]
    return render_template(
        "plan/shifts_one.html",
        operation=operation,
        team=team,
        version=teams.current(team.id),
        service=teams.service(team.service_id),
        shift=shift,
        form=form,
        errors=form,
        compared=compared,
        changing=may(g.actor, "team.change", g.target),
        facts=[{"key": field.label.text, "value": field.data or "–"} for field in shown],
    )


# --- all days of one team ---------------------------------------------------------------------------------------------


@bp.get("/operations/<code>/plan/teams/<int:team_id>/shifts")
@guard("team.change", load=a_team)
def team_shifts(operation: Any, team: Any) -> Any:
    return _show_rows(operation, team, pages.rows_of(operation, team))


@bp.post("/operations/<code>/plan/teams/<int:team_id>/shifts")
@guard("team.change", load=a_team)
def save_team_shifts(operation: Any, team: Any) -> Any:
    rows = pages.rows_of(operation, team, request.form)
    try:
        if pages.gone(rows, request.form):
            raise Changed()
        wanted, kept = pages.wanted_rows(operation, rows)
        saved = edits.save_days(g.actor, operation, team, wanted, kept)
    except Invalid as problem:
        return _show_rows(operation, team, rows, errors=pages.place_findings(rows, problem)), 422
    except Changed:
        compared = pages.row_differences(operation, rows, request.form)
        return _show_rows(operation, team, rows, compared=compared), 409
    if not saved:
        flash(gettext("Nothing was different; nothing is changed."))
        return back(operation, team.id)
    return done(operation, ngettext("%(num)s shift is saved.", "%(num)s shifts are saved.", saved), team.id)


def _show_rows(operation: Any, team: Any, rows: list[dict[str, Any]], errors: Any = None, compared: Any = None) -> str:
    g.operation = operation
    return render_template(
        "plan/shifts_team.html",
        operation=operation,
        team=team,
        version=teams.current(team.id),
        service=teams.service(team.service_id),
        rows=rows,
        day_starts=f"{operation.day_starts_minutes // 60:02}:{operation.day_starts_minutes % 60:02}",
        errors=errors,
        compared=compared,
    )
