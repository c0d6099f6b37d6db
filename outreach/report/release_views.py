"""Releases: the list, drafting one, the release check with what can be done there, and editing the texts.

Files and public addresses are in ``public_views``, small numbers on purpose in ``opening_views``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext

from outreach.auth.actors import Target
from outreach.auth.permissions import may
from outreach.errors import Blocked, Changed, Invalid, NotFound, Problem
from outreach.returns import figure_words
from outreach.rollup.measures import measure as measure_of
from outreach.storage.queries import figure_sets
from outreach.storage.queries import releases as rows
from outreach.storage.queries.workbook import publication_copies
from outreach.vocab import ReleaseKind, ReleaseState
from outreach.web import load
from outreach.web.forms import whole
from outreach.web.guard import guard

from . import narrower_rules
from . import release_approval_commands as approving
from . import release_commands as commands
from . import release_pages as pages
from . import release_rules as rules
from . import release_work as work
from .release_forms import DraftForm, RefuseForm, SendForm, TextsForm
from .release_stands import Stands
from .views import bp


def loaded(code: str, number: int, **rest: Any) -> tuple[Target, dict[str, Any]]:
    """``/operations/<code>/releases/<number>``: one release of the operation."""
    target, found = load.operation(code)
    release = rows.find(found["operation"].id, number)
    if release is None:
        raise NotFound()
    return target, {**found, "release": release, **rest}


@bp.app_context_processor
def _awaiting() -> dict[str, Any]:
    return {"releases_awaiting_me": pages.awaiting_me}


# --- the list ---------------------------------------------------------------------------------------------------------


@bp.get("/operations/<code>/releases")
@guard("release.see", load=load.operation)
def releases(operation: Any) -> Any:
    """What was published when, by whom; what awaits whoever looks; drafts."""
    g.operation = operation
    found = [pages.listed(one) for one in rows.of_operation(operation.id)]
    return render_template(
        "report/releases.html",
        operation=operation,
        awaiting=[one for one in pages.awaiting_me() if one["code"] == operation.code],
        published=[one for one in found if one["state_code"] == ReleaseState.PUBLISHED],
        open=[one for one in found if rules.open_to_edit(one["state_code"])],
        dropped=[one for one in found if one["state_code"] == ReleaseState.DROPPED],
        approves=may(g.actor, "release.approve", g.target),
        drafts=may(g.actor, "release.draft", g.target),
        locks=may(g.actor, "figures.lock", g.target),
        last=figure_sets.last_version(operation.id),
        copies=publication_copies([operation.id]),
    )


# --- drafting ---------------------------------------------------------------------------------------------------------


@bp.get("/operations/<code>/releases/new")
@guard("release.draft", load=load.operation)
def new_release(operation: Any) -> Any:
    """What replaces a release starts with the same figures and splits; what comes instead of a draft that is not safe
    (``instead``) without those that were found to give a number away."""
    form = DraftForm(formdata=None)
    form.replaces.data = request.args.get("replaces", "")
    old = rows.find(operation.id, whole(form.replaces.data or request.args.get("instead", ""), 0))
    return _draft(operation, form, _asked_of(old) if old is not None and old.kind == ReleaseKind.RELEASE else None)


@bp.post("/operations/<code>/releases/new")
@guard("release.draft", load=load.operation, writes=False)
def draft_release(operation: Any) -> Any:
    """The command holds the write: what is withheld is worked out before it."""
    form = DraftForm()
    asked = {part: set(request.form.getlist(part)) for part in rules.SCOPE}
    scope, wrong = rules.scope_of(*(asked[part] for part in rules.SCOPE))
    replaces = whole(form.replaces.data, 0)
    try:
        if wrong:
            raise Invalid(*wrong)
        made = commands.draft(
            g.actor,
            operation,
            whole(form.version.data, 0),
            scope,
            after=whole(form.after.data, 0),
            replaces=loaded(operation.code, replaces)[1]["release"] if replaces else None,
        )
    except (Invalid, Blocked, Changed) as problem:
        take(form, problem)
        return _draft(operation, form, asked), problem.status
    flash(gettext("Release %(number)s is drafted. Nobody outside sees it yet.", number=made.number))
    return to_page(operation, made.number)


def take(form: Any, problem: Problem) -> None:
    """Show a problem in its form: findings at their fields, everything else above."""
    if isinstance(problem, Invalid):
        form.take(problem)
    else:
        form.form_errors.append(" ".join(say(text, problem) for text in (problem.message, problem.fix)))


def say(text: str, problem: Problem) -> str:
    return gettext(text, **problem.params) if problem.params else gettext(text)


def to_page(operation: Any, number: int) -> Any:
    return redirect(url_for(".release", code=operation.code, number=number), code=303)


def _draft(operation: Any, form: DraftForm, asked: dict[str, set[str]] | None) -> str:
    """``asked``: what was ticked; None where nobody was asked yet."""
    g.operation = operation
    last = figure_sets.last_version(operation.id)
    found = figure_sets.find(operation.id, last) if last else None
    if asked is None:
        asked = {part: set() for part in rules.SCOPE}
        asked["measures"] = rules.usual_of(found.figures if found else ())
    form.version.data, form.after.data = str(last), str(rows.last_number(operation.id))
    out = [one for one in rows.of_operation(operation.id) if one.row.state == ReleaseState.PUBLISHED]
    form.replaces.choices = [("", gettext("No release"))] + [
        (str(one.row.number), gettext("Release %(number)s", number=one.row.number))
        for one in out
        if one.row.kind == "release"
    ]
    return render_template(
        "report/release_new.html",
        operation=operation,
        form=form,
        errors=form,
        found=found,
        kind=figure_words.kind(found.kind) if found else "",
        signed=figure_words.signed(found) if found else "",
        covered=figure_words.covered(found.reported, found.expected) if found else "",
        since=_since(operation, found),
        measures=[_choice(found, code, asked) for code in rules.MEASURES] if found else [],
        locks=may(g.actor, "figures.lock", g.target),
        first=not out,
    )


def _asked_of(release: Any) -> dict[str, set[str]]:
    """What was ticked for a release that exists, but for what would have to be left out of it."""
    return narrower_rules.without(release.scope, release.verdict.get("leave_out", ()))


def _since(operation: Any, found: Any) -> Stands | None:
    since = work.stands_of(operation, found) if found else None
    return since if since is not None and not since.good else None


def _choice(found: Any, code: str, asked: dict[str, set[str]]) -> dict[str, Any]:
    """One line of the table of figures: what it is called, and where it may be told."""
    return {
        "code": code,
        "label": figure_words.label(code, found.definitions),
        "ticked": {part: code in asked[part] for part in rules.SCOPE},
        "can": {
            "measures": True,
            "by_service": code not in rules.WHOLE,
            "by_day": measure_of(code).by_day,
            "by_offence": code in rules.SPLIT and rules.has_offences(found.figures),
        },
    }


# --- the release check ------------------------------------------------------------------------------------------------


@bp.get("/operations/<code>/releases/<int:number>")
@guard("release.see", load=loaded)
def release(operation: Any, release: Any) -> Any:
    return show(operation, release)


def show(operation: Any, release: Any, form: Any = None, refuse: Any = None) -> str:
    """The page of one release; ``form`` and ``refuse`` with what was typed."""
    g.operation = operation
    send = form or SendForm(formdata=None, data={"seen": release.content_hash})
    return render_template(
        "report/release.html",
        operation=operation,
        form=send,
        refuse=refuse or RefuseForm(formdata=None),
        errors=refuse if refuse is not None else send,
        pages=pages,
        **pages.page_of(operation, release),
    )


def step(operation: Any, release: Any, form: Any, done: Callable[[], Any], said: Callable[[Any], str]) -> Any:
    """Call one command and go back to the page; what it refuses is said there, above what was typed."""
    try:
        made = done()
    except (Invalid, Blocked, Changed) as problem:
        take(form, problem)
        return show(operation, rows.by_id(release.id), **_where(form)), problem.status
    flash(said(made))
    return to_page(operation, release.number)


def _where(form: Any) -> dict[str, Any]:
    return {"refuse": form} if isinstance(form, RefuseForm) else {"form": form}


@bp.post("/operations/<code>/releases/<int:number>/send")
@guard("release.draft", load=loaded)
def send_release(operation: Any, release: Any) -> Any:
    form = SendForm()
    seen, reason = form.seen.data or "", form.reason.data or ""
    return step(
        operation,
        release,
        form,
        lambda: commands.send(g.actor, release, seen=seen, reason=reason),
        lambda _made: gettext("It awaits the approval of two persons."),
    )


@bp.post("/operations/<code>/releases/<int:number>/approve")
@guard("release.approve", load=loaded, writes=False)
def approve_release(operation: Any, release: Any) -> Any:
    """The command holds the write: the files are made before it."""
    form = SendForm()
    return step(
        operation,
        release,
        form,
        lambda: approving.approve(g.actor, release, seen=form.seen.data or ""),
        lambda made: (
            gettext("Approved and published: it will not change any more.")
            if made.state == ReleaseState.PUBLISHED
            else gettext("Approved. A second person has to approve it too.")
        ),
    )


@bp.post("/operations/<code>/releases/<int:number>/take-back")
@guard("release.approve", load=loaded)
def take_back_approval(operation: Any, release: Any) -> Any:
    return step(
        operation,
        release,
        SendForm(),
        lambda: approving.take_back(g.actor, release),
        lambda _made: gettext("Your approval is taken back."),
    )


@bp.post("/operations/<code>/releases/<int:number>/refuse")
@guard("release.approve", load=loaded)
def refuse_release(operation: Any, release: Any) -> Any:
    form = RefuseForm()
    return step(
        operation,
        release,
        form,
        lambda: approving.refuse(g.actor, release, form.reason.data or ""),
        lambda _made: gettext("Not approved. It is a draft again."),
    )


@bp.post("/operations/<code>/releases/<int:number>/check")
@guard("release.draft", load=loaded, writes=False)
def check_release(operation: Any, release: Any) -> Any:
    """The command holds the write: the attack takes its time before it."""
    before = release.content_hash
    return step(
        operation,
        release,
        SendForm(),
        lambda: commands.weigh_again(g.actor, release),
        lambda made: (
            gettext("Checked again: nothing is different.")
            if made.content_hash == before
            else gettext("Checked again: what is withheld may have changed. Look at it once more.")
        ),
    )


@bp.post("/operations/<code>/releases/<int:number>/drop")
@guard("release.draft", load=loaded)
def drop_release(operation: Any, release: Any) -> Any:
    return step(
        operation,
        release,
        SendForm(),
        lambda: commands.drop(g.actor, release),
        lambda made: gettext("Release %(number)s is dropped. It stays in the list.", number=made.number),
    )


# --- texts ------------------------------------------------------------------------------------------------------------


@bp.get("/operations/<code>/releases/<int:number>/edit")
@guard("release.draft", load=loaded)
def edit_release(operation: Any, release: Any) -> Any:
    data = {
        f"{part}_{language}": release.texts.get(language, {}).get(part, "")
        for language in rules.LANGUAGES
        for part in ("title", "text", "contact")
    }
    form = TextsForm(formdata=None, data={"seen": release.content_hash, **data})
    commands.need_state(release, ReleaseState.DRAFT, ReleaseState.SENT)
    return _edit(operation, release, form)


@bp.post("/operations/<code>/releases/<int:number>/edit")
@guard("release.draft", load=loaded)
def save_release(operation: Any, release: Any) -> Any:
    form = TextsForm()
    texts = {
        language: {part: form[f"{part}_{language}"].data or "" for part in ("title", "text", "contact")}
        for language in rules.LANGUAGES
    }
    try:
        commands.edit(g.actor, release, texts, seen=form.seen.data or None)
    except (Invalid, Changed) as problem:
        take(form, problem)
        return _edit(operation, release, form), problem.status
    flash(gettext("Saved."))
    return to_page(operation, release.number)


def _edit(operation: Any, release: Any, form: TextsForm) -> str:
    g.operation = operation
    source = work.source_of(release, rows.set_of(release), operation)
    return render_template(
        "report/release_edit.html",
        operation=operation,
        release=release,
        form=form,
        errors=form,
        figures=pages.figures(operation, source),
        made=work.texts_for(source),
        loses=release.state == ReleaseState.SENT,
    )
