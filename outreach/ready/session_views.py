"""Pages of sessions, who came, and certificates. Pasting delegates is in ``delegate_views``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext

from outreach.auth.actors import Target
from outreach.auth.permissions import may
from outreach.errors import Changed, Invalid, NotFound
from outreach.storage.queries import access, operations, teams
from outreach.storage.queries import sessions as rows
from outreach.storage.types import utc_now
from outreach.vocab import DelegateState, SessionKind
from outreach.web import load
from outreach.web.forms import whole
from outreach.web.guard import guard

from . import session_commands as commands
from . import session_rules as rules
from .readiness_views import own_services
from .session_forms import CertificateForm, SessionForm
from .views import bp

ON_A_PAGE = 200
CERTIFICATES = "/operations/<code>/services/<int:service_id>/certificates"


@bp.app_context_processor
def _words() -> dict[str, Any]:
    return {
        "session_kind": lambda kind: gettext(SessionKind(kind).label) if kind in SessionKind.values() else kind,
        "delegate_state": lambda state: gettext(DelegateState(state).label) if state in rules.STATES else state,
    }


def a_session(code: str, uid: str, **rest: Any) -> tuple[Target, dict[str, Any]]:
    """``/operations/<code>/sessions/<uid>``: a session of that operation."""
    target, found = load.operation(code)
    session = rows.session_by_uid(uid)
    if session is None or session.operation_id != target.operation:
        raise NotFound()
    return target, {**found, "session": session, **rest}


# --- sessions --------------------------------------------------------------------------------------------------------


@bp.get("/operations/<code>/sessions")
@guard("sessions.see", load=load.operation)
def sessions(operation: Any) -> Any:
    g.operation = operation
    own, now = own_services(operation), utc_now()
    every, counts = rows.sessions_of(operation.id), rows.counts_of(operation.id, own)
    coming = [s for s in every if not s.cancelled and (s.ends_at or s.starts_at) >= now]
    past = [s for s in reversed(every) if s not in coming]
    return render_template(
        "ready/sessions.html",
        operation=operation,
        sessions=[(one, counts.get(one.id, {}), one in coming) for one in (*coming, *past)],
        states=[(state.value, gettext(state.label)) for state in DelegateState],
        services=_services(operation, own),
        whole=own is None,
    )


def _services(operation: Any, own: frozenset[int] | None) -> list[tuple[int, str]]:
    """Services of the operation whose certificates the reader may see."""
    return [
        (service.id, service.name)
        for _, _, service in operations.participations_of(operation.id)
        if own is None or service.id in own
    ]


@bp.get("/operations/<code>/sessions/new")
@guard("sessions.change", load=load.operation)
def new_session(operation: Any) -> Any:
    return _show_form(operation, SessionForm(formdata=None))


@bp.post("/operations/<code>/sessions/new")
@guard("sessions.change", load=load.operation)
def add_session(operation: Any) -> Any:
    form = SessionForm()
    form.validate()
    try:
        added = commands.add_session(g.actor, operation, form.draft(operation.time_zone))
    except Invalid as problem:
        form.take(problem)
        return _show_form(operation, form), 422
    flash(gettext("The session is added."))
    return redirect(url_for("ready.session", code=operation.code, uid=added.uid), code=303)


@bp.get("/operations/<code>/sessions/<uid>/edit")
@guard("sessions.change", load=a_session)
def edit_session(operation: Any, session: Any) -> Any:
    data = SessionForm.values_of(session, operation.time_zone)
    return _show_form(operation, SessionForm(formdata=None, data=data), session)


@bp.post("/operations/<code>/sessions/<uid>/edit")
@guard("sessions.change", load=a_session)
def change_session(operation: Any, session: Any) -> Any:
    form = SessionForm()
    form.validate()
    try:
        draft = form.draft(operation.time_zone)
        changed = commands.change_session(g.actor, operation, session, draft, form.stood_at)
    except Invalid as problem:
        form.take(problem)
        return _show_form(operation, form, session), 422
    except Changed:
        now = SessionForm(formdata=None, data=SessionForm.values_of(session, operation.time_zone))
        return _show_form(operation, form, session, form.compare(now)), 409
    flash(gettext("Saved.") if changed else gettext("Nothing was different; nothing is changed."))
    return redirect(url_for("ready.session", code=operation.code, uid=session.uid), code=303)


def _show_form(operation: Any, form: SessionForm, session: Any = None, compared: Any = None) -> str:
    g.operation = operation
    return render_template(
        "ready/session_form.html", operation=operation, session=session, form=form, errors=form, compared=compared
    )


@bp.post("/operations/<code>/sessions/<uid>/cancel")
@guard("sessions.change", load=a_session)
def cancel_session(operation: Any, session: Any) -> Any:
    try:
        commands.cancel_session(g.actor, operation, session, cancelled="again" not in request.form)
    except Invalid as problem:
        return _show(operation, session, problem), 422
    flash(gettext("It is cancelled.") if session.cancelled else gettext("It takes place after all."))
    return redirect(url_for("ready.session", code=operation.code, uid=session.uid), code=303)


# --- who came --------------------------------------------------------------------------------------------------------


@bp.get("/operations/<code>/sessions/<uid>")
@guard("sessions.see", load=a_session)
def session(operation: Any, session: Any) -> Any:
    return _show(operation, session)


@bp.post("/operations/<code>/sessions/<uid>/delegates")
@guard("sessions.see", load=a_session)
def set_delegates(operation: Any, session: Any) -> Any:
    ticked = [number for text in request.form.getlist("delegate") if (number := whole(text))]
    try:
        if request.form.get("all"):
            invited = rows.delegates_of(session.id, own_services(operation))
            ticked = [one.id for one in invited if one.state == DelegateState.INVITED]
        if request.form.get("remove"):
            done = commands.remove_delegates(g.actor, operation, session, ticked)
            flash(ngettext("%(num)s person is off the list.", "%(num)s people are off the list.", done))
        else:
            state = request.form.get("state") or request.form.get("all") or ""
            done = commands.set_states(g.actor, operation, session, ticked, state)
            flash(ngettext("Saved for %(num)s person.", "Saved for %(num)s people.", done))
    except Invalid as problem:
        return _show(operation, session, problem), 422
    return redirect(url_for("ready.session", code=operation.code, uid=session.uid), code=303)


def _show(operation: Any, session: Any, problem: Invalid | None = None) -> str:
    g.operation = operation
    every = rows.delegates_of(session.id, own_services(operation))
    wanted, of = request.args.get("state", ""), whole(request.args.get("service"))
    shown = [one for one in every if (not wanted or one.state == wanted) and (not of or one.service_id == of)]
    pages = max(1, -(-len(shown) // ON_A_PAGE))
    number = min(max(whole(request.args.get("page"), 1), 1), pages)

    def address(**more: Any) -> str:
        asked = {"state": wanted or None, "service": of or None} | more
        return url_for("ready.session", code=operation.code, uid=session.uid, **asked)

    return render_template(
        "ready/session.html",
        operation=operation,
        session=session,
        shown=shown[(number - 1) * ON_A_PAGE : number * ON_A_PAGE],
        services=rules.by_service((one.service_id, one.service, one.state) for one in every),
        counts={state: sum(one.state == state for one in every) for state in rules.STATES},
        total=len(every),
        wanted=wanted,
        of=of,
        number=number,
        pages=pages,
        address=address,
        page_url=lambda n: address(page=n),
        handles=bool(commands.handled_by(g.actor, operation)),
        changes=may(g.actor, "sessions.change", access.operation_target(operation)),
        begun=rules.has_begun(session.starts_at, operation.time_zone, utc_now()) and not session.cancelled,
        ticked=set(request.form.getlist("delegate")),
        errors=[("delegates", gettext(f.message, **f.params)) for f in problem.findings] if problem else [],
    )


# --- certificates ----------------------------------------------------------------------------------------------------


def _own_certificates(code: str, service_id: int, **rest: Any) -> tuple[Target, dict[str, Any]]:
    """``/operations/<code>/services/<service_id>/certificates``: the people of one service."""
    target, found = load.own_service(code, service_id)
    return target, {**found, **rest}


@bp.get(CERTIFICATES)
@guard("delegates.see", load=_own_certificates)
def certificates(operation: Any, participation: Any) -> Any:
    return _show_certificates(operation, participation, CertificateForm(formdata=None))


@bp.post(CERTIFICATES)
@guard("delegates.change", load=_own_certificates)
def add_certificate(operation: Any, participation: Any) -> Any:
    form = CertificateForm()
    form.validate()
    try:
        issued_on, expires_on = form.days()
        staff = commands.add_certificate(
            g.actor,
            operation,
            participation.service_id,
            name=form.name.data or "",
            certificate=form.certificate.data or "",
            issued_on=issued_on,
            expires_on=expires_on,
        )
    except Invalid as problem:
        form.take(problem)
        return _show_certificates(operation, participation, form), 422
    flash(gettext("The certificate of %(name)s is entered.", name=staff.name))
    return redirect(url_for("ready.certificates", code=operation.code, service_id=participation.service_id), code=303)


@bp.post(CERTIFICATES + "/<int:certificate_id>/revoke")
@guard("delegates.change", load=_own_certificates)
def revoke_certificate(operation: Any, participation: Any, certificate_id: int) -> Any:
    found, staff = commands.certificate_of(participation.service_id, certificate_id)
    commands.revoke_certificate(g.actor, operation, found, staff)
    flash(gettext("The certificate of %(name)s is revoked.", name=staff.name))
    return redirect(url_for("ready.certificates", code=operation.code, service_id=participation.service_id), code=303)


def _show_certificates(operation: Any, participation: Any, form: CertificateForm) -> str:
    g.operation = operation
    zone = ZoneInfo(operation.time_zone)
    today, until = utc_now().astimezone(zone).date(), operation.ends_at and operation.ends_at.astimezone(zone).date()
    listed = []
    for one, staff, session in rows.certificates_of(participation.service_id):
        stands = rules.standing(one.expires_on, one.revoked_at is not None, today=today, until=until)
        listed.append((stands, one.expires_on, staff.name, (stands, one, staff, session)))
    return render_template(
        "ready/certificates.html",
        operation=operation,
        service=teams.service(participation.service_id),
        certificates=rules.by_urgency(listed),
        people=[staff for staff, _ in teams.staff_of({participation.service_id})],
        until=until,
        form=form,
        errors=form,
        changes=may(g.actor, "delegates.change", replace(g.target, service=participation.service_id)),
    )
