"""Views of teams and people: guard, load, validate, call one command, redirect."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext

from outreach.auth.actors import Target
from outreach.auth.permissions import may
from outreach.errors import Changed, Invalid, NotFound
from outreach.storage.queries import access, operations, teams
from outreach.vocab import EntryMode, ParticipationStatus, StaffCategory
from outreach.web.forms import whole
from outreach.web.guard import guard
from outreach.web.load import operation as an_operation
from outreach.web.load import own_service

from . import team_commands as commands
from . import team_rules as rules
from .team_forms import ConfirmForm, InvitationForm, MemberForm, TeamForm
from .views import bp
from .workbook_rules import french


def a_team(code: str, team_id: int, **rest: Any) -> tuple[Target, dict[str, Any]]:
    """``/operations/<code>/plan/teams/<team_id>``: a team of that operation."""
    operation, team = operations.by_code(code), teams.team(team_id)
    if operation is None or team is None or team.operation_id != operation.id:
        raise NotFound()
    return access.team_target(operation, team), {"operation": operation, "team": team, **rest}


# --- teams -----------------------------------------------------------------------------------------------------------


@bp.get("/operations/<code>/plan/teams")
@guard("operation.plan.see", load=an_operation)
def teams_of(operation: Any) -> Any:
    g.operation = operation
    whole = access.operation_target(operation)
    seen = [
        (version, service)
        for _, version, service in operations.participations_of(operation.id)
        if may(g.actor, "team.see", replace(whole, service=service.id))
    ]
    members: dict[int, list[Any]] = {}
    for member, staff in teams.members_of(operation.id):
        members.setdefault(member.team_id, []).append((member, staff))
    by_service: dict[int, list[Any]] = {}
    partners: set[int] = set()
    for team, version, service in teams.teams_of(operation.id):
        partners |= set(version.partners)
        by_service.setdefault(service.id, []).append((team, version, members.get(team.id, [])))
    return render_template(
        "plan/teams.html",
        operation=operation,
        services=[
            {
                "service": service,
                "teams": by_service.get(service.id, []),
                "missing": not any(not v.cancelled for _, v, _m in by_service.get(service.id, []))
                and version.entry_mode == EntryMode.CONTACTS
                and version.status == ParticipationStatus.CONFIRMED,
                "may_change": may(g.actor, "team.change", replace(whole, service=service.id)),
            }
            for version, service in seen
            if version.status not in commands.NOT_PARTNERS or service.id in by_service
        ],
        names=teams.names_of(frozenset(partners)),
    )


@bp.get("/operations/<code>/services/<int:service_id>/teams/new")
@guard("team.change", load=own_service)
def new_team(operation: Any, participation: Any) -> Any:
    form = TeamForm()
    form.offer(commands.possible_partners(operation.id, participation.service_id))
    return _new_team_page(operation, participation, form)


@bp.post("/operations/<code>/services/<int:service_id>/teams/new")
@guard("team.change", load=own_service)
def add_team(operation: Any, participation: Any) -> Any:
    form = TeamForm()
    form.offer(commands.possible_partners(operation.id, participation.service_id))
    try:
        form.validate()
        team = commands.add_team(g.actor, operation, participation, form.draft(operation.time_zone))
    except Invalid as problem:
        form.take(problem)
        return _new_team_page(operation, participation, form), 422
    return redirect(url_for("plan.team", code=operation.code, team_id=team.id), code=303)


def _new_team_page(operation: Any, participation: Any, form: TeamForm) -> str:
    g.operation = operation
    return render_template(
        "plan/team_new.html",
        operation=operation,
        service=teams.service(participation.service_id),
        form=form,
        errors=form if form.errors else None,
    )


@bp.get("/operations/<code>/plan/teams/<int:team_id>")
@guard("team.see", load=a_team)
def team(operation: Any, team: Any) -> Any:
    form = TeamForm(formdata=None)
    form.offer(_partners(operation, team))
    version = teams.current(team.id)
    form.show(commands.draft_of(team), version.version, operation.time_zone)
    return _team_page(operation, team, form, _member_form(operation, team, formdata=None))


@bp.post("/operations/<code>/plan/teams/<int:team_id>")
@guard("team.change", load=a_team)
def change_team(operation: Any, team: Any) -> Any:
    form = TeamForm()
    form.offer(_partners(operation, team))
    status = 422
    try:
        form.validate()
        draft = form.draft(operation.time_zone, cancelled=teams.current(team.id).cancelled)
        commands.change_team(g.actor, operation, team, draft, version=whole(form.version.data))
        flash(gettext("The team is saved."))
        return redirect(url_for("plan.team", code=operation.code, team_id=team.id), code=303)
    except Invalid as problem:
        form.take(problem)
    except Changed as problem:
        status = 409
        form.form_errors.append(f"{gettext(problem.message)} {gettext(problem.fix)}")
        form.version.data = str(teams.current(team.id).version)
    return _team_page(operation, team, form, _member_form(operation, team, formdata=None), errors=form), status


@bp.post("/operations/<code>/plan/teams/<int:team_id>/cancel")
@guard("team.change", load=a_team)
def cancel_team(operation: Any, team: Any) -> Any:
    again = "again" in request.form
    try:
        commands.cancel_team(g.actor, operation, team, cancelled=not again)
        flash(gettext("The team is set up again.") if again else gettext("The team is cancelled. Its history stays."))
    except Invalid as problem:
        flash(gettext(problem.findings[0].message, **problem.findings[0].params), "error")
    return redirect(url_for("plan.team", code=operation.code, team_id=team.id), code=303)


@bp.post("/operations/<code>/plan/teams/<int:team_id>/members")
@guard("team.change", load=a_team)
def add_member(operation: Any, team: Any) -> Any:
    member_form = _member_form(operation, team)
    try:
        member_form.validate()
        commands.add_member(
            g.actor,
            operation,
            team,
            service_id=member_form.service.data or team.service_id,
            name=member_form.name.data or "",
            category=member_form.category.data or "",
            lead=bool(member_form.lead.data),
        )
    except Invalid as problem:
        member_form.take(problem)
        form = TeamForm(formdata=None)
        form.offer(_partners(operation, team))
        form.show(commands.draft_of(team), teams.current(team.id).version, operation.time_zone)
        return _team_page(operation, team, form, member_form, errors=member_form), 422
    return redirect(url_for("plan.team", code=operation.code, team_id=team.id, _anchor="members"), code=303)


@bp.post("/operations/<code>/plan/teams/<int:team_id>/members/<int:member_id>")
@guard("team.change", load=a_team)
def change_member(operation: Any, team: Any, member_id: int) -> Any:
    member = teams.member(team.id, member_id)
    if member is None:
        raise NotFound()
    if "lead" in request.form:
        commands.make_lead(g.actor, operation, team, member)
    else:
        commands.remove_member(g.actor, operation, team, member)
    return redirect(url_for("plan.team", code=operation.code, team_id=team.id, _anchor="members"), code=303)


def _partners(operation: Any, team: Any) -> dict[int, str]:
    """Possible partners, and those that the team has although they no longer take part."""
    return teams.names_of(frozenset(teams.current(team.id).partners)) | commands.possible_partners(
        operation.id, team.service_id
    )


def _member_form(operation: Any, team: Any, **more: Any) -> MemberForm:
    form = MemberForm(prefix="", **more)
    form.offer(teams.names_of({team.service_id, *teams.current(team.id).partners}))
    return form


def _team_page(operation: Any, team: Any, form: TeamForm, member_form: MemberForm, errors: Any = None) -> str:
    g.operation = operation
    version = teams.current(team.id)
    services = teams.names_of({team.service_id, *version.partners})
    present = teams.members_of(operation.id, team.id)
    there = {staff.id for _, staff in present}
    # Naming a partner is no way to read the roster of its people.
    whole_operation = access.operation_target(operation)
    seen = {one for one in services if may(g.actor, "team.see", replace(whole_operation, service=one))}
    staff = [one for one, _ in teams.staff_of(seen) if one.id not in there]
    if staff:
        member_form.take_it_as_known()
    return render_template(
        "plan/team.html",
        operation=operation,
        team=team,
        version=version,
        service=teams.service(team.service_id),
        services=services,
        members=present,
        categories=dict(StaffCategory.choices()),
        staff=staff,
        form=form,
        member_form=member_form,
        button_form=ConfirmForm(formdata=None),
        errors=errors,
    )


# --- people ----------------------------------------------------------------------------------------------------------


@bp.get("/operations/<code>/services/<int:service_id>/people")
@guard("team.see", load=own_service)
def people(operation: Any, participation: Any) -> Any:
    return _people_page(operation, participation, InvitationForm(formdata=None))


@bp.post("/operations/<code>/services/<int:service_id>/people/check")
@guard("officers.invite", load=own_service, writes=False)
def check_people(operation: Any, participation: Any) -> Any:
    """The preview: nothing is saved."""
    form = InvitationForm()
    try:
        rows = _read(operation, participation, form.rows.data or "")
    except Invalid as problem:
        form.take(problem)
        return _people_page(operation, participation, form, errors=form), 422
    return _preview(operation, participation, form, rows)


@bp.post("/operations/<code>/services/<int:service_id>/people")
@guard("officers.invite", load=own_service, person_level=True, writes=False)
def invite_people(operation: Any, participation: Any) -> Any:
    """Add everybody on the list, or with ``good`` those whose row has no problem. The command holds the one write."""
    form = InvitationForm()
    try:
        rows = _read(operation, participation, form.rows.data or "")
        wrong = [row for row in rows if row.state == "problem"]
        good = [row for row in rows if row.state != "problem"]
        if (wrong and form.step.data != "good") or not good:
            return _preview(operation, participation, form, rows, pressed=True), 422
        done = commands.invite(g.actor, operation, participation, good)
    except Invalid as problem:
        form.take(problem)
        return _people_page(operation, participation, form, errors=form), 422
    g.operation = operation
    base = (current_app.config["OUTREACH"].public_url or request.host_url).rstrip("/")
    return render_template(
        "plan/people_links.html",
        operation=operation,
        service=teams.service(participation.service_id),
        invited=[(one, f"{base}/welcome/{one.token}" if one.token else "") for one in done],
        left=len(wrong),
        hours=int(commands.WELCOME.total_seconds() // 3600),
    )


def _read(operation: Any, participation: Any, text: str) -> list[rules.Invitee]:
    """The list, judged. A first reading finds the addresses, the second knows whose accounts they are."""
    service_id = participation.service_id
    known = commands.known_for(g.actor, operation, service_id)
    known = commands.with_foreign(known, rules.addresses_in(text), service_id)
    labels = {word: code for code, label in StaffCategory.choices() for word in (label, french(label))}
    return rules.read_invitations(text, replace(known, words=labels))


def _preview(
    operation: Any, participation: Any, form: InvitationForm, rows: list[Any], *, pressed: bool = False
) -> str:
    g.operation = operation
    order = {"problem": 0, "match": 1, "new": 2}
    wrong = [row for row in rows if row.state == "problem"]
    needed = ngettext("%(num)s row needs an answer first.", "%(num)s rows need an answer first.", len(wrong))
    return render_template(
        "plan/people_check.html",
        operation=operation,
        service=teams.service(participation.service_id),
        form=form,
        rows=sorted(rows, key=lambda row: (order[row.state], row.row)),
        counts={state: sum(1 for row in rows if row.state == state) for state in order},
        categories=dict(StaffCategory.choices()),
        errors=[(f"row-{wrong[0].row}", needed)] if pressed and wrong else None,
    )


def _people_page(operation: Any, participation: Any, form: InvitationForm, errors: Any = None) -> str:
    g.operation = operation
    service_id = participation.service_id
    in_teams: dict[int, list[str]] = {}
    names = {team.id: version.name for team, version, _ in teams.teams_of(operation.id) if not version.cancelled}
    for member, staff in teams.members_of(operation.id):
        if member.team_id in names:
            in_teams.setdefault(staff.id, []).append(names[member.team_id])
    return render_template(
        "plan/people.html",
        operation=operation,
        service=teams.service(service_id),
        staff=teams.staff_of({service_id}),
        in_teams=in_teams,
        categories=dict(StaffCategory.choices()),
        form=form,
        may_invite=may(g.actor, "officers.invite", g.target),
        errors=errors,
    )
