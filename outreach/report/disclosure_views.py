"""Which small numbers of an operation are withheld: the rule in force, another one, a second person's answer."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, url_for
from flask_babel import gettext

from outreach.auth.permissions import may
from outreach.errors import Blocked, Changed, Invalid
from outreach.returns.figures import need_figures
from outreach.rollup.protection import PRESETS, Policy, is_weaker, preset_of
from outreach.storage.queries import disclosure as rows
from outreach.storage.tables import Operation
from outreach.vocab import SettingState, Zeros
from outreach.web import load
from outreach.web.forms import whole
from outreach.web.guard import guard

from . import disclosure_commands as commands
from . import disclosure_rules as rules
from .disclosure_forms import DecisionForm, DisclosureForm
from .views import bp


@bp.get("/operations/<code>/disclosure")
@guard("disclosure.see", load=load.operation)
def disclosure(operation: Operation) -> Any:
    need_figures(operation)
    now = commands.policy_of(operation.id)
    zeros = Zeros.WITHHOLD if now.zeros else Zeros.SHOW
    data = {"preset": rules.choice_of(now), "least": str(now.least), "zeros": zeros}
    return _show(operation, now, DisclosureForm(formdata=None, data=data))


@bp.post("/operations/<code>/disclosure")
@guard("disclosure.change", load=load.operation)
def change_disclosure(operation: Operation) -> Any:
    form = DisclosureForm()
    typed = {name: form[name].data or "" for name in ("preset", "least", "zeros", "reason")}
    try:
        made = commands.ask(g.actor, operation, version=whole(form.version.data), **typed)
    except Invalid as problem:
        form.take(problem)
        return _show(operation, commands.policy_of(operation.id), form), problem.status
    except Changed as problem:
        form.form_errors.append(f"{gettext(problem.message)} {gettext(problem.fix)}")
        return _show(operation, commands.policy_of(operation.id), form), problem.status
    if made is None:
        flash(gettext("Nothing was different; nothing is changed."))
    elif made.state == SettingState.ASKED:
        flash(gettext("Asked for. It holds once a second person approves it."))
    else:
        flash(gettext("Saved. It holds from now on."))
    return redirect(url_for(".disclosure", code=operation.code), code=303)


@bp.post("/operations/<code>/disclosure/decision")
@guard("disclosure.approve", load=load.operation)
def decide_disclosure(operation: Operation) -> Any:
    form = DecisionForm()
    approve = form.answer.data == "approve"
    try:
        commands.decide(g.actor, operation, whole(form.version.data), approve)
    except (Blocked, Changed) as problem:
        now = commands.policy_of(operation.id)
        shown = DisclosureForm(formdata=None, data={"preset": rules.choice_of(now), "least": str(now.least)})
        shown.form_errors.append(f"{gettext(problem.message)} {gettext(problem.fix)}")
        return _show(operation, now, shown), problem.status
    flash(gettext("Approved. It holds from now on.") if approve else gettext("Not approved. The rule stays."))
    return redirect(url_for(".disclosure", code=operation.code), code=303)


def _show(operation: Operation, now: Policy, form: DisclosureForm) -> str:
    form.offer()
    history = [
        {
            "row": row,
            "said": _said(commands.as_policy(row)),
            "state": gettext(SettingState(row.state).label),
            "asker": asker,
            "decider": decider,
        }
        for row, asker, decider in rows.history(operation.id)
    ]
    form.version.data = str(history[0]["row"].version if history else 0)
    waiting = history[0] if history and history[0]["row"].state == SettingState.ASKED else None
    preset = preset_of(now.preset)
    return render_template(
        "report/disclosure.html",
        operation=operation,
        now=now,
        said=_said(now),
        source=preset.source if preset else "",
        weaker=is_weaker(now),
        form=form,
        errors=form,
        hints={one.code: _hint(one.policy, one.source) for one in PRESETS},
        history=history,
        waiting=waiting,
        own=waiting is not None and waiting["row"].asked_by_id == g.actor.user,
        before=rules.made_under_stronger(rows.published(operation.id), now),
        may_change=may(g.actor, "disclosure.change", g.target),
        may_approve=may(g.actor, "disclosure.approve", g.target),
    )


def _hint(policy: Policy, source: str) -> str:
    return f"{_said(policy)} {source}"


def _said(policy: Policy) -> str:
    """A policy in one sentence."""
    if policy.zeros:
        return gettext("Numbers from 0 to %(most)s are withheld.", most=policy.least - 1)
    return gettext("Numbers from 1 to %(most)s are withheld; zeros are shown.", most=policy.least - 1)
