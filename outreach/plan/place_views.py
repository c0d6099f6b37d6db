"""The page of an operation's municipalities. Guard, load, call one command, redirect."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext

from outreach.auth.permissions import may
from outreach.errors import Changed, Invalid
from outreach.storage.queries import phones
from outreach.web import load
from outreach.web.guard import guard

from . import place_commands, place_rules
from .place_forms import PlacesForm
from .views import bp


@bp.get("/operations/<code>/plan/places")
@guard("operation.plan.see", load=load.operation)
def places(operation: Any) -> Any:
    data = PlacesForm.values_of(operation)
    if request.args.get("from") == "services" and not operation.municipalities:
        data["places"] = place_rules.written(phones.places_of(operation.id).municipalities)
    return _show(operation, PlacesForm(formdata=None, data=data))


@bp.post("/operations/<code>/plan/places")
@guard("operation.change", load=load.operation)
def save_places(operation: Any) -> Any:
    form = PlacesForm()
    form.validate()
    try:
        changed = place_commands.change_places(
            g.actor, operation, form.places.data or "", bool(form.positions.data), form.stood_at
        )
    except Invalid as problem:
        form.take(problem)
        return _show(operation, form), 422
    except Changed:
        now = PlacesForm(formdata=None, data=PlacesForm.values_of(operation))
        return _show(operation, form, form.compare(now)), 409
    flash(gettext("Saved.") if changed else gettext("Nothing was different; nothing is changed."))
    return redirect(url_for("plan.places", code=operation.code), code=303)


def _show(operation: Any, form: PlacesForm, compared: Any = None) -> str:
    g.operation = operation
    offered = phones.places_of(operation.id)
    return render_template(
        "plan/places.html",
        operation=operation,
        form=form,
        errors=form,
        compared=compared,
        own=bool(operation.municipalities),
        offered=offered,
        may_change=may(g.actor, "operation.change", g.target),
        most=place_rules.MOST,
    )
