"""Pages of accused persons and charges of one service: the list, one accused, one charge."""

from __future__ import annotations

from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask_babel import gettext

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Target
from outreach.errors import Changed, Invalid, NotFound
from outreach.storage.queries import charges, lists, operations
from outreach.storage.queries.returns import other_place
from outreach.storage.types import utc_now
from outreach.vocab import EntryMode
from outreach.web.guard import guard
from outreach.web.load import own_service
from outreach.web.page import language

from . import charge_commands as commands
from . import charge_rules as rules
from .charge_forms import (
    AccusedForm,
    AmendForm,
    ChangeAccusedForm,
    ChargeForm,
    charge_status,
    read_as_of,
    seen_version,
)
from .views import bp

SERVICE = "/operations/<code>/services/<int:service_id>/charges"


def one_accused(code: str, service_id: int, uid: str) -> tuple[Target, dict[str, Any]]:
    """The service's side of the operation and one of its accused; anybody else's does not exist."""
    target, kwargs = own_service(code, service_id)
    accused = charges.accused_by_uid(uid)
    if accused is None or (accused.operation_id, accused.service_id) != (target.operation, service_id):
        raise NotFound()
    return target, {**kwargs, "accused": accused}


def one_charge(code: str, service_id: int, uid: str) -> tuple[Target, dict[str, Any]]:
    target, kwargs = own_service(code, service_id)
    charge = charges.charge_by_uid(uid)
    if charge is None or (charge.operation_id, charge.service_id) != (target.operation, service_id):
        raise NotFound()
    return target, {**kwargs, "charge": charge}


@bp.get(SERVICE)
@guard("charges.see", load=own_service, person_level=True)
def charges_list(operation: Any, participation: Any) -> Any:
    return _list(operation, participation, _new_accused(operation, participation))


@bp.post(SERVICE)
@guard("charges.change", load=own_service, person_level=True)
def accused_add(operation: Any, participation: Any) -> Any:
    form = AccusedForm()
    if form.validate():
        try:
            accused = commands.add_accused(
                g.actor,
                operation,
                participation.service_id,
                form.code.data or "",
                form.was_arrested,
                form.arrested_on.data,
            )
            return redirect(_accused_url(operation, accused), code=303)
        except Invalid as problem:
            form.take(problem)
    return _list(operation, participation, form), 422


@bp.get(f"{SERVICE}/accused/<uid>")
@guard("charges.see", load=one_accused, person_level=True)
def accused_one(operation: Any, participation: Any, accused: Any) -> Any:
    return _accused(operation, accused)


@bp.post(f"{SERVICE}/accused/<uid>")
@guard("charges.change", load=one_accused, person_level=True)
def charge_lay(operation: Any, participation: Any, accused: Any) -> Any:
    form = _offering(ChargeForm(), operation)
    if form.validate():
        try:
            commands.lay_charge(g.actor, accused, form.entry)
            return redirect(_accused_url(operation, accused), code=303)
        except Invalid as problem:
            form.take(problem)
    return _accused(operation, accused, charge_form=form), 422


@bp.post(f"{SERVICE}/accused/<uid>/change")
@guard("charges.change", load=one_accused, person_level=True)
def accused_change(operation: Any, participation: Any, accused: Any) -> Any:
    form = ChangeAccusedForm()
    status = 422
    if form.validate():
        try:
            commands.change_accused(
                g.actor,
                accused,
                seen_version(form.seen.data),
                arrested=form.was_arrested,
                arrested_on=form.arrested_on.data,
                withdrawn=bool(form.withdrawn.data),
                reason=form.reason.data or "",
            )
            return redirect(_accused_url(operation, accused), code=303)
        except Invalid as problem:
            form.take(problem)
        except Changed as problem:
            status = _say_changed(form, problem, charges.accused_now(accused.id).version)
    return _accused(operation, accused, change_form=form), status


@bp.get(f"{SERVICE}/<uid>")
@guard("charges.see", load=one_charge, person_level=True)
def charge_one(operation: Any, participation: Any, charge: Any) -> Any:
    version = charges.charge_now(charge.id)
    form = AmendForm(
        formdata=None,
        status=version.status,
        kept_counts=version.counts,
        seen=str(version.version),
        counts=version.counts,
    )
    return _charge(operation, charge, form)


@bp.post(f"{SERVICE}/<uid>")
@guard("charges.change", load=one_charge, person_level=True)
def charge_amend(operation: Any, participation: Any, charge: Any) -> Any:
    form = AmendForm()
    status = 422
    if form.validate():
        try:
            commands.amend_charge(
                g.actor,
                charge,
                seen_version(form.seen.data),
                status=form.status.data or "",
                counts=form.kept_counts.data,
                reason=form.reason.data or "",
                substitute=form.entry,
            )
            return redirect(_accused_url(operation, charges.accused_by_id(charge.accused_id)), code=303)
        except Invalid as problem:
            form.take(problem)
        except Changed as problem:
            status = _say_changed(form, problem, charges.charge_now(charge.id).version)
    return _charge(operation, charge, form), status


def _say_changed(form: Any, problem: Changed, stands: int) -> int:
    """Keep what was typed; the next save is made from what stands now, which the page shows."""
    form.form_errors.append(f"{gettext(problem.message)} {gettext(problem.fix)}")
    form.seen.data = str(stands)
    return problem.status


def _new_accused(operation: Any, participation: Any) -> AccusedForm:
    proposed = rules.propose_code(charges.codes_of(operation.id, participation.service_id))
    return AccusedForm(formdata=None, code=proposed)


def _offering(form: ChargeForm, operation: Any) -> ChargeForm:
    today = rules.local_day(utc_now(), operation.time_zone)
    now = lists.offences(today, language())
    form.offer(now, [choice for choice in lists.offences(None, language()) if choice not in now])
    return form


def _list(operation: Any, participation: Any, form: AccusedForm) -> str:
    g.operation = operation
    as_of = read_as_of(request.args["as_of"]) if request.args.get("as_of") else None
    rows = charges.accused_of(operation.id, participation.service_id, as_of)
    audit.read(
        g.actor,
        Tag.CHARGES_READ,
        kind="accused",
        operation=operation.id,
        service=participation.service_id,
        rows=len(rows),
        as_of=as_of.isoformat() if as_of else None,
    )
    return render_template(
        "field/charges.html",
        operation=operation,
        service=charges.service_by_id(participation.service_id),
        place=other_place(operation, participation.service_id, "charges"),
        target=g.target,
        by_totals=operations.current_participation(participation.id).entry_mode == EntryMode.DAILY_TOTALS,
        rows=[_shown(operation, row) for row in rows],
        form=form,
        errors=form,
        as_of=as_of,
    )


def _accused(operation: Any, accused: Any, charge_form: Any = None, change_form: Any = None) -> str:
    g.operation = operation
    row = next(r for r in charges.accused_of(operation.id, accused.service_id) if r.accused.id == accused.id)
    version = row.version
    audit.read(
        g.actor,
        Tag.CHARGES_READ,
        kind="accused",
        object_id=accused.uid,
        operation=operation.id,
        service=accused.service_id,
    )
    change_form = change_form or ChangeAccusedForm(
        formdata=None,
        arrested="yes" if version.arrested else "no",
        arrested_on=version.arrested_on,
        withdrawn=version.withdrawn,
        seen=str(version.version),
    )
    return render_template(
        "field/charge_accused.html",
        operation=operation,
        service_id=accused.service_id,
        row=_shown(operation, row),
        form=charge_form or _offering(ChargeForm(formdata=None, counts=1), operation),
        change_form=change_form,
        errors=charge_form if charge_form is not None else change_form,
        history=charges.accused_history(accused.id),
    )


def _charge(operation: Any, charge: Any, form: AmendForm) -> str:
    g.operation = operation
    form.offer_states()
    _offering(form, operation)
    accused = charges.accused_by_id(charge.accused_id)
    audit.read(
        g.actor,
        Tag.CHARGES_READ,
        kind="charge",
        object_id=charge.uid,
        operation=operation.id,
        service=charge.service_id,
    )
    version = charges.charge_now(charge.id)
    return render_template(
        "field/charge_one.html",
        operation=operation,
        accused=accused,
        accused_url=_accused_url(operation, accused),
        charge=charge,
        version=version,
        charge_status=charge_status,
        offence=_offence_words(version, charges.offence_of(version)),
        form=form,
        errors=form,
        history=[(v, _offence_words(v, offence), by) for v, offence, by in charges.charge_history(charge.id)],
    )


def _shown(operation: Any, row: charges.AccusedRow) -> dict[str, Any]:
    """An accused as the templates want her: words, no rows of the database to follow."""
    return {
        "code": row.accused.code,
        "url": _accused_url(operation, row.accused),
        "version": row.version,
        "charges": [
            {
                "url": url_for(
                    ".charge_one", code=operation.code, service_id=row.accused.service_id, uid=charge.charge.uid
                ),
                "offence": _offence_words(charge.version, charge.offence),
                "version": charge.version,
                "status": charge_status(charge.version.status),
                "substitute": charge.charge.substitute_for_id is not None,
            }
            for charge in row.charges
        ],
    }


def _offence_words(version: Any, offence: Any) -> str:
    return lists.offence_label(offence, language()) if offence else f"{version.label} ({version.statute})"


def _accused_url(operation: Any, accused: Any) -> str:
    return url_for(".accused_one", code=operation.code, service_id=accused.service_id, uid=accused.uid)
