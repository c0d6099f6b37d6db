"""Small numbers that are published on purpose: what is withheld, asking for one, agreeing or refusing."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, url_for
from flask_babel import gettext

from outreach.errors import Blocked, Changed, Invalid, NotAllowed
from outreach.storage.queries import releases as rows
from outreach.web.guard import guard

from . import opening_commands as commands
from . import release_pages as pages
from . import release_rules as rules
from . import release_work as work
from .erratum_rules import key_of
from .release_forms import OpeningForm, SendForm
from .release_views import loaded, step, take
from .views import bp


@bp.get("/operations/<code>/releases/<int:number>/openings")
@guard("release.draft", load=loaded)
def openings(operation: Any, release: Any) -> Any:
    return _show(operation, release, OpeningForm(formdata=None))


@bp.post("/operations/<code>/releases/<int:number>/openings")
@guard("release.draft", load=loaded)
def ask_opening(operation: Any, release: Any) -> Any:
    form = OpeningForm()
    key = key_of(form.cell.data or "", [cell.key for cell in rules.withheld(release.cells)])
    try:
        if key is None:
            raise Invalid.at("cell", commands.NOT_WITHHELD)
        commands.ask(g.actor, release, key, form.reason.data or "")
    except (Invalid, Blocked, Changed) as problem:
        take(form, problem)
        return _show(operation, release, form), problem.status
    flash(gettext("Asked. A second person has to agree before the number is shown."))
    return redirect(url_for(".release", code=operation.code, number=release.number, _anchor="openings"), code=303)


def _show(operation: Any, release: Any, form: OpeningForm) -> str:
    g.operation = operation
    source = work.source_of(release, rows.set_of(release), operation)
    kept = pages.hidden(source)
    form.cell.choices = [(one["key"], one["label"]) for one in kept]
    return render_template(
        "report/release_openings.html",
        operation=operation,
        release=release,
        form=form,
        errors=form,
        hidden=kept,
        version_url=pages.version_url(operation, source.found),
        version=source.found.version,
    )


@bp.post("/operations/<code>/releases/<int:number>/openings/<int:opening>/approve")
@guard("release.approve", load=loaded, writes=False)
def approve_opening(operation: Any, release: Any, opening: int) -> Any:
    """The command holds the write: everything is weighed anew before it."""
    form = SendForm()

    def done() -> Any:
        try:
            return commands.approve(g.actor, release, opening)
        except NotAllowed as problem:
            raise Blocked(problem.message, problem.fix) from problem

    return step(
        operation,
        release,
        form,
        done,
        lambda _made: gettext("Agreed: the number is shown, and what is withheld beside it was chosen anew."),
    )


@bp.post("/operations/<code>/releases/<int:number>/openings/<int:opening>/refuse")
@guard("release.approve", load=loaded)
def refuse_opening(operation: Any, release: Any, opening: int) -> Any:
    return step(
        operation,
        release,
        SendForm(),
        lambda: commands.refuse(g.actor, release, opening),
        lambda _made: gettext("The number stays withheld."),
    )
