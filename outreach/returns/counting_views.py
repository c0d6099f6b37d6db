"""By which rule an operation counts: the list of measures, and one measure with all its rules."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, url_for
from flask_babel import gettext

from outreach.auth.permissions import may
from outreach.errors import Changed, Invalid, NotFound
from outreach.rollup.counting import RULED, rules_of
from outreach.rollup.measures import measure as measure_of
from outreach.storage.queries import counting as rows
from outreach.storage.tables import Operation
from outreach.web import load
from outreach.web.forms import whole
from outreach.web.guard import guard

from . import counting_commands as commands
from . import counting_rules as rules
from . import figure_words as words
from .counting_forms import CountingForm
from .figures import by_rule, need_figures
from .views import bp


@bp.get("/operations/<code>/counting")
@guard("counting.see", load=load.operation)
def counting(operation: Operation) -> Any:
    need_figures(operation)
    history = rows.choices(operation.id)
    return render_template(
        "returns/counting.html", operation=operation, measures=[_measure(operation, code, history) for code in RULED]
    )


@bp.get("/operations/<code>/counting/<ruled>")
@guard("counting.see", load=load.operation)
def counting_of(operation: Operation, ruled: str) -> Any:
    if ruled not in RULED:
        raise NotFound()
    need_figures(operation)
    found = _measure(operation, ruled, rows.choices(operation.id))
    data = {"version": str(operation.version), "rule": found["name"]}
    return _show(operation, found, CountingForm(formdata=None, data=data))


@bp.post("/operations/<code>/counting/<ruled>")
@guard("counting.change", load=load.operation)
def choose_counting(operation: Operation, ruled: str) -> Any:
    if ruled not in RULED:
        raise NotFound()
    form = CountingForm()
    found = _measure(operation, ruled, rows.choices(operation.id))
    version = whole(form.version.data, 0)
    try:
        changed = commands.choose(
            g.actor, operation, ruled, form.rule.data or "", version, reason=form.reason.data or ""
        )
    except Invalid as problem:
        form.take(problem)
        return _show(operation, found, form), problem.status
    except Changed as problem:
        form.form_errors.append(f"{gettext(problem.message)} {gettext(problem.fix)}")
        form.version.data = str(operation.version)
        return _show(operation, found, form), problem.status
    flash(gettext("Saved.") if changed else gettext("Nothing was different; nothing is changed."))
    return redirect(url_for(".counting", code=operation.code), code=303)


def _measure(operation: Operation, code: str, history: Any) -> dict[str, Any]:
    """A measure with its rules, what each makes of the same records, and which one is in force since when."""
    made = by_rule(operation.id)
    rule, at = rules.since(code, history)
    name = rule.name if rule else ""
    return {
        "code": code,
        "label": gettext(measure_of(code).label),
        "name": name,
        "since": at,
        "rules": [
            {
                "name": one.name,
                "label": _begun(gettext(one.label)),
                "text": gettext(one.text),
                "version": one.version,
                "said": words.said(words.of(made[one.code])),
                "standard": one.standard,
                "in_force": one.name == name,
            }
            for one in rules_of(code)
        ],
    }


def _begun(text: str) -> str:
    """As the beginning of a line: rules are named within sentences elsewhere."""
    return text[:1].upper() + text[1:]


def _show(operation: Operation, found: dict[str, Any], form: CountingForm) -> str:
    form.offer(rules_of(found["code"]))
    return render_template(
        "returns/counting_of.html",
        operation=operation,
        measure=found,
        form=form,
        errors=form,
        rests=commands.resting(operation, found["code"]),
        may_change=may(g.actor, "counting.change", g.target),
    )
