"""Drafting an erratum: what reads differently since it was published, and why, for everybody to read."""

from __future__ import annotations

from typing import Any

from flask import flash, g, render_template, request
from flask_babel import gettext

from outreach.errors import Blocked, Changed, Invalid
from outreach.storage.queries import releases as rows
from outreach.web.forms import clean, whole
from outreach.web.guard import guard
from outreach.web.page import language

from . import erratum_commands as commands
from . import release_rules
from .erratum_rules import key_text
from .release_contents import place_of, said_alone
from .release_forms import ErratumForm
from .release_saying import Words
from .release_views import loaded, say, take, to_page
from .release_work import source_of
from .views import bp


@bp.get("/operations/<code>/releases/<int:number>/erratum")
@guard("release.draft", load=loaded)
def new_erratum(operation: Any, release: Any) -> Any:
    return _show(operation, release, ErratumForm(formdata=None))


@bp.post("/operations/<code>/releases/<int:number>/erratum")
@guard("release.draft", load=loaded, writes=False)
def draft_erratum(operation: Any, release: Any) -> Any:
    """The command holds the write: what is withheld is worked out before it."""
    form = ErratumForm()
    reasons = {
        lang: {"reason": form[f"reason_{lang}"].data or "", "reasons": _typed(lang)} for lang in release_rules.LANGUAGES
    }
    try:
        made = commands.draft(g.actor, release, reasons, after=whole(form.after.data, 0))
    except (Invalid, Changed) as problem:
        take(form, problem)
        return _show(operation, release, form), problem.status
    flash(gettext("Erratum %(number)s is drafted. Nobody outside sees it yet.", number=made.number))
    return to_page(operation, made.number)


def _typed(lang: str) -> dict[str, str]:
    """What was typed for single lines, by their address."""
    start = f"why_{lang}-"
    most = release_rules.LONGEST_REASON
    return {name[len(start) :]: clean(text)[:most] for name, text in request.form.items() if name.startswith(start)}


def _show(operation: Any, release: Any, form: ErratumForm) -> str:
    g.operation = operation
    form.after.data = str(rows.last_number(operation.id))
    blocked, planned = None, None
    try:
        planned = commands.plan(release)
    except Blocked as problem:
        blocked = (say(problem.message, problem), say(problem.fix, problem))
    return render_template(
        "report/erratum.html",
        operation=operation,
        release=release,
        form=form,
        errors=form,
        blocked=blocked,
        planned=planned,
        lines=_lines(operation, planned) if planned else [],
    )


def _lines(operation: Any, planned: commands.Planned) -> list[dict[str, Any]]:
    """One line a changed figure, with what was typed for it."""
    words = Words(language())
    source = source_of(planned.base, planned.found, operation)
    typed = {lang: _typed(lang) for lang in release_rules.LANGUAGES}
    return [
        {
            "key": key_text(one.key),
            "label": place_of(one.key, source, words),
            "was": said_alone(one.key, one.was, words),
            "now": said_alone(one.key, one.now, words),
            "typed": {lang: typed[lang].get(key_text(one.key), "") for lang in typed},
            "own": any(typed[lang].get(key_text(one.key)) for lang in typed),
        }
        for one in planned.changes
    ]
