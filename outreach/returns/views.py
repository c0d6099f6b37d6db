"""Views of the room: guard, load, validate, call one command, redirect. No writes, no arithmetic."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext

from outreach.auth.permissions import may
from outreach.errors import Blocked, Changed, Invalid
from outreach.plan import rules as plan_rules
from outreach.plan.commands import count_of
from outreach.referrals.alert_views import SWEEPS
from outreach.storage.queries import access, plan
from outreach.storage.queries import returns as rows
from outreach.vocab import EntryMode, OperationStatus, Role, StaffCategory
from outreach.web import load
from outreach.web.guard import guard

from . import commands, return_commands, rules
from .forms import MoveForm, TotalsForm, typed_cells, words

bp = Blueprint("returns", __name__)


@bp.record_once
def _sweep(state: Any) -> None:
    """Every round of the site erases what returns said that came long ago."""
    state.app.extensions.setdefault(SWEEPS, []).append(return_commands.forget_old)


@bp.get("/returns")
@guard("services.see")
def front() -> Any:
    own = {b.service for b in g.actor.bounds if b.role is Role.SERVICE_COORDINATOR and b.service is not None}
    parts = [
        part
        for part in rows.parts(service_ids=own)
        if may(g.actor, "totals.see", access.service_target(part.operation, part.service.id))
    ]
    steered = [
        operation
        for operation, target in plan.operations_with_targets()
        if Role.OPERATION_COORDINATOR in g.actor.roles and may(g.actor, "totals.see", target)
    ]
    return render_template(
        "returns/front.html", parts=[_part(p) for p in parts], steered=[_steered(o) for o in steered]
    )


@bp.get("/operations/<code>/totals")
@guard("totals.see", load=load.operation)
def services(operation: Any) -> Any:
    g.operation = operation
    parts = [_part(part) for part in rows.parts(operation_id=operation.id)]
    return render_template("returns/services.html", operation=operation, parts=parts)


TOTALS = "/operations/<code>/services/<int:service_id>/totals"


@bp.get(TOTALS)
@guard("totals.see", load=load.own_service)
def totals(operation: Any, participation: Any) -> Any:
    return _totals(operation, participation, TotalsForm(formdata=None))


@bp.post(TOTALS)
@guard("totals.change", load=load.own_service)
def save(operation: Any, participation: Any) -> Any:
    form, typed = TotalsForm(), typed_cells(request.form)
    try:
        saved = commands.save_totals(
            g.actor,
            operation,
            participation,
            typed,
            seen=form.seen.data or "",
            clear=bool(form.clear.data),
            reason=form.reason.data or "",
        )
    except Invalid as problem:
        wrong: dict[str, str] = {}
        for finding in problem.findings:  # in the order of the page; the first of a cell speaks
            wrong.setdefault(finding.where, words(finding))
        return _totals(operation, participation, form, typed, wrong), 422
    except Changed as problem:
        wrong = {"totals": f"{gettext(problem.message)} {gettext('What stands now is beside each cell that differs.')}"}
        return _totals(operation, participation, form, typed, wrong), problem.status
    flash(ngettext("Saved %(num)s cell.", "Saved %(num)s cells.", saved) if saved else gettext("Nothing was changed."))
    return redirect(url_for(".totals", code=operation.code, service_id=participation.service_id), code=303)


@bp.get("/operations/<code>/move")
@guard("operation.move", load=load.operation)
def move_page(operation: Any) -> Any:
    return _move(operation, MoveForm(formdata=None))


@bp.post("/operations/<code>/move")
@guard("operation.move", load=load.operation)
def move(operation: Any) -> Any:
    form = MoveForm()
    try:
        commands.move(g.actor, operation, form.to.data or "", form.reason.data or "")
    except Invalid as problem:
        form.take(problem)
        return _move(operation, form), problem.status
    except Blocked as problem:
        form.form_errors.append(f"{_said(problem.message, problem)} {_said(problem.fix, problem)}")
        return _move(operation, form), problem.status
    flash(gettext("The operation is now: %(status)s.", status=gettext(OperationStatus(operation.status).label)))
    return redirect(url_for(".move_page", code=operation.code), code=303)


def _said(text: str, problem: Any) -> str:
    return gettext(text, **problem.params) if problem.params else gettext(text)


def _move(operation: Any, form: MoveForm) -> str:
    g.operation = operation
    count = count_of(operation)
    state = plan_rules.STATES[OperationStatus(operation.status)]
    silent = rows.silent_services(operation.id)
    onward = [step.to.value for step in state.moves if rules.goes_on(operation.status, step.to)]
    left = commands.left_behind(operation, onward[0]) if onward else []
    steps = [
        {
            "to": step.to.value,
            "label": gettext(step.label),
            "what": gettext(step.what),
            "behind": commands.behind_it(operation, step.to.value),
            "reason": plan_rules.needs_reason(step, count)
            or bool(silent and step.to == OperationStatus.CLOSED)
            or bool(left and rules.goes_on(operation.status, step.to))
            or commands.unlocked(operation, step.to.value),
            "chosen": form.to.data == step.to.value,
        }
        for step in state.moves
        if step.room == "returns"
    ]
    return render_template(
        "returns/move.html",
        operation=operation,
        status=gettext(OperationStatus(operation.status).label),
        means=gettext(state.means),
        steps=steps,
        silent=silent if operation.status == OperationStatus.REPORTING else [],
        left=left,
        unlocked=any(commands.unlocked(operation, to) for to in onward),
        closing=operation.status in rules.TAKING_TOTALS and may(g.actor, "close.see", g.target),
        history=[
            (step, gettext(OperationStatus(step.to_status).label), by) for step, by in plan.steps_of(operation.id)
        ],
        form=form,
        errors=form,
    )


def _part(part: Any) -> dict[str, Any]:
    return {
        "operation": part.operation,
        "service": part.service,
        "status": gettext(OperationStatus(part.operation.status).label),
        "mode": gettext(EntryMode(part.entry_mode).label),
        "heard_at": part.heard_at,
        "url": url_for(".totals", code=part.operation.code, service_id=part.service.id),
        "charges_url": url_for("field.charges_list", code=part.operation.code, service_id=part.service.id),
        "return_url": url_for(".service_return", code=part.operation.code, service_id=part.service.id),
        "figures_url": url_for(".figures", code=part.operation.code, service_id=part.service.id),
        "owes": part.entry_mode != EntryMode.NONE,
    }


def _steered(operation: Any) -> dict[str, Any]:
    return {
        "operation": operation,
        "status": gettext(OperationStatus(operation.status).label),
        "url": url_for(".services", code=operation.code),
        "move_url": url_for(".move_page", code=operation.code),
        "close_url": url_for(".close_out", code=operation.code),
        "drop_url": url_for(".dropping", code=operation.code),
        "drops": may(g.actor, "returns.drop", access.operation_target(operation)),
    }


def _totals(
    operation: Any,
    participation: Any,
    form: TotalsForm,
    typed: dict[str, str] | None = None,
    wrong: dict[str, str] | None = None,
) -> str:
    g.operation = operation
    sheet = commands.sheet_of(operation, participation)
    form.seen.data = sheet.mark
    typed, wrong = typed or {}, wrong or {}
    codes = rows.codes({row.place for row in (*sheet.daily, *sheet.once) if row.place})
    target = g.target
    return render_template(
        "returns/totals.html",
        operation=operation,
        service=rows.service(participation.service_id),
        sheet=sheet,
        daily=[_row(row, codes, typed, wrong) for row in sheet.daily],
        once=[_row(row, codes, typed, wrong) for row in sheet.once],
        form=form,
        findings=wrong,
        errors=[(name, _named(sheet, name, text)) for name, text in wrong.items()],
        changeable=may(g.actor, "totals.change", target) and operation.status in rules.TAKING_TOTALS,
        begun=operation.status in rules.TAKING_TOTALS,
        explain=not target.open_for_entry,
        accepting=any(slot.accepts != "nothing" for slot in sheet.slots()),
        charges_here=any(slot.measure == "charges" and slot.accepts != "nothing" for slot in sheet.slots()),
        emptied=any(_emptied(slot, typed) for slot in sheet.slots()),
    )


def _emptied(slot: Any, typed: dict[str, str]) -> bool:
    return slot.said is not None and slot.name in typed and not typed[slot.name]


def _named(sheet: rules.Sheet, name: str, text: str) -> str:
    """A finding as the summary on top says it: which measure, which day, what is wrong."""
    for row in (*sheet.daily, *sheet.once):
        for slot in row.slots:
            if slot.name == name:
                cell = f"{_label(row)}, {slot.day.isoformat()}" if slot.day else _label(row)
                return gettext("%(measure)s: %(part)s", measure=cell, part=text)
    return text


def _label(row: rules.Row) -> str:
    """The measure in words, with its category of staff."""
    measure = row.measure
    label = gettext(measure.label, **measure.params) if measure.params else gettext(measure.label)
    if row.part:
        label = gettext("%(measure)s: %(part)s", measure=label, part=gettext(StaffCategory(row.part).label))
    return label


def _row(row: Any, codes: dict[int, str], typed: dict[str, str], wrong: dict[str, str]) -> dict[str, Any]:
    return {
        "label": _label(row),
        "place": codes.get(row.place or 0, ""),
        "slots": [
            {
                "name": slot.name,
                "day": slot.day,
                "text": typed.get(slot.name, slot.sign),
                "stands": slot.sign if slot.name in typed and typed[slot.name] != slot.sign else None,
                "known": slot.said is not None,
                "state": slot.state.value if slot.state else "",
                "accepts": slot.accepts,
                "why": slot.why,
                "error": wrong.get(slot.name),
            }
            for slot in row.slots
        ],
    }


from . import (  # noqa: E402 - they add their pages to the blueprint above
    close_views,  # noqa: F401
    counting_views,  # noqa: F401
    drop_views,  # noqa: F401
    ledger_views,  # noqa: F401
    link_views,  # noqa: F401
    return_views,  # noqa: F401
    set_views,  # noqa: F401
    sign_views,  # noqa: F401
    template_views,  # noqa: F401
)
