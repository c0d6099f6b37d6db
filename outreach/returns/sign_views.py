"""The service's own figures (S1), and checking and signing them (S2). No writes, no arithmetic."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext

from outreach.auth.permissions import may
from outreach.errors import Blocked, Changed, Invalid, Problem
from outreach.storage.queries import returns as rows
from outreach.storage.queries import sign_offs
from outreach.vocab import EntryMode
from outreach.web import load
from outreach.web.guard import guard

from . import figure_words as words
from . import sign_commands as commands
from . import sign_pages as pages
from .rules import TAKING_TOTALS
from .sign_forms import ReopenForm, SignForm, ZeroForm, typed_days
from .views import bp

FIGURES = "/operations/<code>/services/<int:service_id>/figures"
SIGN = "/operations/<code>/services/<int:service_id>/sign"


@bp.get(FIGURES, endpoint="figures")
@guard("totals.see", load=load.own_service)
def our_figures(operation: Any, participation: Any) -> Any:
    return _figures(operation, participation, ZeroForm(formdata=None))


@bp.post(FIGURES)
@guard("totals.change", load=load.own_service)
def confirm_zero(operation: Any, participation: Any) -> Any:
    form = ZeroForm()
    try:
        days = typed_days(request.form.getlist("day"))
        count = commands.confirm_zero(g.actor, operation, participation, days, reason=form.reason.data or "")
    except Invalid as problem:
        form.take(problem)
        return _figures(operation, participation, form), problem.status
    except (Blocked, Changed) as problem:
        form.form_errors.append(_said(problem))
        return _figures(operation, participation, form), problem.status
    flash(ngettext("Zero is confirmed for %(num)s day.", "Zero is confirmed for %(num)s days.", count))
    return redirect(url_for(".figures", code=operation.code, service_id=participation.service_id), code=303)


@bp.get(SIGN)
@guard("totals.see", load=load.own_service)
def sign_page(operation: Any, participation: Any) -> Any:
    return _sign(operation, participation, SignForm(formdata=None), ReopenForm(formdata=None))


@bp.post(SIGN)
@guard("figures.sign", load=load.own_service)
def sign(operation: Any, participation: Any) -> Any:
    form = SignForm()
    try:
        signature = commands.sign(
            g.actor,
            operation,
            participation,
            typed_name=form.name.data or "",
            provisional=bool(form.provisional.data),
            reason=form.reason.data or "",
            seen=form.seen.data or "",
        )
    except Invalid as problem:
        form.take(problem)
        return _sign(operation, participation, form, ReopenForm(formdata=None)), problem.status
    except (Blocked, Changed) as problem:
        form.form_errors.append(_said(problem))
        return _sign(operation, participation, form, ReopenForm(formdata=None)), problem.status
    flash(gettext("Version %(version)s is signed. The operation’s coordinator sees it now.", version=signature.version))
    return redirect(url_for(".sign_page", code=operation.code, service_id=participation.service_id), code=303)


@bp.post(f"{SIGN}/reopen")
@guard("figures.reopen", load=load.own_service)
def reopen(operation: Any, participation: Any) -> Any:
    form = ReopenForm()
    try:
        version = commands.reopen(g.actor, operation, participation, form.why.data or "")
    except Invalid as problem:
        form.take(problem)
        return _sign(operation, participation, SignForm(formdata=None), form), problem.status
    except (Blocked, Changed) as problem:
        form.form_errors.append(_said(problem))
        return _sign(operation, participation, SignForm(formdata=None), form), problem.status
    flash(gettext("Version %(version)s is reopened. Sign again once everything is right.", version=version))
    return redirect(url_for(".sign_page", code=operation.code, service_id=participation.service_id), code=303)


def _said(problem: Problem) -> str:
    parts = (problem.message, problem.fix)
    return " ".join(gettext(part, **problem.params) if problem.params else gettext(part) for part in parts)


def _figures(operation: Any, participation: Any, form: ZeroForm) -> str:
    g.operation = operation
    ready = commands.ready_of(operation, participation)
    service = participation.service_id
    here = {"code": operation.code, "service_id": service}
    measure = pages.chosen_measure(ready, request.args.get("measure", ""))
    before = pages.before_of(operation, service)
    taking = operation.status in TAKING_TOTALS
    silent = commands.silent_slots(operation, participation) if taking else {}
    days = pages.by_day(ready, measure, before, sign_offs.added_to(participation.id)) if measure else []
    return render_template(
        "returns/figures.html",
        operation=operation,
        service=rows.service(service),
        ready=ready,
        state=pages.state_words(ready.standing, operation.time_zone),
        why=_why(ready),
        problems=pages.problems(operation, participation, ready),
        questions=pages.questions(ready),
        complete=pages.completeness(ready, operation),
        lines=pages.in_all(ready, before, lambda code: url_for(".figures", **here, measure=code, _anchor="by-day")),
        measure=measure,
        measure_label=words.label(measure.code) if measure else "",
        days=days,
        adjusted=bool(ready.book.added),
        explained=any(line["added"] for line in days),
        before=before is not None,
        totals=ready.mode == EntryMode.DAILY_TOTALS,
        silent=list(silent),
        confirms=bool(silent) and may(g.actor, "totals.change", g.target),
        explain=not g.target.open_for_entry,
        signs=may(g.actor, "figures.sign", g.target) and taking and ready.standing is not None,
        form=form,
        errors=form,
        sign_url=url_for(".sign_page", **here),
        totals_url=url_for(".totals", **here),
    )


def _why(ready: commands.Ready) -> list[str]:
    standing = ready.standing
    return pages.why_reopened(standing.changed, standing.reason) if standing and standing.reopened_at else []


def _sign(operation: Any, participation: Any, form: SignForm, reopening: ReopenForm) -> str:
    g.operation = operation
    ready = commands.ready_of(operation, participation)
    form.seen.data = ready.mark
    here = {"code": operation.code, "service_id": participation.service_id}
    service, taking = rows.service(participation.service_id), operation.status in TAKING_TOTALS
    form.provisional.data = bool(form.provisional.data or ready.hindrances)
    signable = taking and ready.standing is not None and not ready.nothing
    stands = ready.stands and not (ready.standing.provisional and not ready.hindrances)
    return render_template(
        "returns/sign.html",
        operation=operation,
        service=service,
        ready=ready,
        state=pages.state_words(ready.standing, operation.time_zone),
        why=_why(ready),
        problems=pages.problems(operation, participation, ready),
        questions=pages.questions(ready),
        missing=pages.missing(ready),
        lines=pages.summary(operation, participation, ready),
        left=ready.left,
        versions=pages.history(sign_offs.history(participation.id), ready, operation.time_zone),
        form=form,
        reopening=reopening,
        errors=reopening if reopening.errors else form,
        signable=signable and not stands,
        signs=may(g.actor, "figures.sign", g.target),
        reopens=bool(ready.standing and ready.standing.stands) and may(g.actor, "figures.reopen", g.target),
        as_of=ready.book.as_of,
        figures_url=url_for(".figures", **here),
        reopen_url=url_for(".reopen", **here),
    )
