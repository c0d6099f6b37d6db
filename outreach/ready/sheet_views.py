"""Sheets to print: choosing them, setting them at once or with progress shown, fetching a large print."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flask import current_app, g, make_response, render_template, request, send_file, stream_template, url_for
from flask_babel import force_locale, gettext, ngettext

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.permissions import may
from outreach.errors import NotFound
from outreach.storage.days import operational_day
from outreach.storage.queries import operations
from outreach.storage.types import utc_now
from outreach.web import load
from outreach.web.guard import guard

from . import printed, sheet_contents, sheets
from .sheet_forms import SheetForm
from .views import bp

# More than these are set in portions, with progress shown: about half a second on a slow machine.
AT_ONCE = 40
PORTION = 20
MOST = 700


@bp.get("/operations/<code>/sheets", endpoint="sheets")
@guard("operation.plan.see", load=load.operation)
def choose_sheets(operation: Any) -> Any:
    printed.clear(_folder())
    return _show(operation, _plan(operation), SheetForm(formdata=None))


@bp.get("/operations/<code>/sheets/print")
@guard("operation.plan.see", load=load.operation)
def print_sheets(operation: Any) -> Any:
    """The PDF itself, or for many sheets a page that says how far it is and ends with the link."""
    form, plan = SheetForm(formdata=request.args), _plan(operation)
    _offer(form, plan)
    kind, language = form.kind.data, form.language.data
    picked = [] if kind == "contact" else sheet_contents.chosen(plan, form.chosen_day, form.team_ids)
    trouble = _trouble(kind, picked)
    if trouble:
        return _show(operation, plan, form, [("day", trouble)]), 422
    print_ = _contents(kind, language, plan, picked)
    _note(operation, print_, picked)
    g.person_level = True  # rosters are secret: no copy stays with the browser
    if len(print_.contents) <= AT_ONCE:
        return _file(print_.set(print_.contents), operation, kind)
    return _streamed(operation, print_)


@dataclass(frozen=True)
class Print:
    """What one press of the button asks for, ready to be set."""

    kind: str
    contents: list[dict[str, Any]]
    words: dict[str, str]
    title: str
    language: str

    def set(self, portion: list[dict[str, Any]]) -> bytes:
        return sheets.pdf(self.kind, portion, self.words, title=self.title, language=self.language)


def _contents(kind: str, language: str, plan: sheet_contents.Plan, picked: list[Any]) -> Print:
    """The sheets in the language that was chosen for them, whatever the page's is."""
    with force_locale(language):
        title = f"{gettext(sheet_contents.KINDS[kind])} – {plan.operation.name}"
        made = list(sheet_contents.sheets_of(kind, plan, picked, language))
        return Print(kind, made, sheet_contents.words(), title, language)


def _note(operation: Any, print_: Print, picked: list[Any]) -> None:
    audit.read(
        g.actor,
        Tag.SHEETS_PRINTED,
        kind="operation",
        object_id=operation.id,
        operation=operation.id,
        sheet=print_.kind,
        sheets=len(print_.contents),
        services=sorted({row.service_id for row in picked}),
    )


@bp.get("/operations/<code>/sheets/printed/<uid>")
@guard("operation.plan.see", load=load.operation)
def printed_sheets(operation: Any, uid: str) -> Any:
    content = printed.fetch(_folder(), uid, operation=operation.id, user=g.actor.user, rights=_rights(operation))
    if content is None:
        raise NotFound()
    g.person_level = True
    return _file(content, operation, "sheets")


def _plan(operation: Any) -> sheet_contents.Plan:
    """The plan of the services whose rosters the actor may read."""
    return sheet_contents.plan_of(operation, _seen(operation), utc_now())


def _seen(operation: Any) -> list[int]:
    return [
        service.id
        for _, _, service in operations.participations_of(operation.id)
        if may(g.actor, "team.see", replace(g.target, service=service.id))
    ]


def _rights(operation: Any) -> str:
    """Whose rosters the actor may read, so that a print does not outlive the right to it."""
    return "all" if may(g.actor, "team.see", g.target) else ",".join(map(str, sorted(_seen(operation))))


def _trouble(kind: str, picked: list[Any]) -> str:
    """Why these cannot be printed; '' when they can."""
    if kind != "contact" and not picked:
        return gettext("No shift is planned there. Choose another day or team, or plan the shifts first.")
    if len(picked) > MOST:
        return ngettext(
            "These are %(num)s shift; at most %(most)s are printed at a time. Choose a day.",
            "These are %(num)s shifts; at most %(most)s are printed at a time. Choose a day.",
            len(picked),
            most=MOST,
        )
    return ""


def _offer(form: SheetForm, plan: sheet_contents.Plan) -> None:
    operation = plan.operation
    standing = [(key, f"{service.name} · {version.name}") for key, (_, version, service) in plan.teams.items()]
    today = operational_day(plan.now, operation.time_zone, operation.day_starts_minutes)
    form.offer(sheet_contents.days_of(operation, plan.shifts), standing, today)


def _show(operation: Any, plan: sheet_contents.Plan, form: SheetForm, errors: Any = None) -> str:
    g.operation = operation
    _offer(form, plan)
    return render_template(
        "ready/sheets.html",
        operation=operation,
        form=form,
        errors=errors,
        drafts=sum(1 for row in plan.shifts if not row.published),
        shifts=len(plan.shifts),
    )


def _file(content: bytes, operation: Any, kind: str) -> Any:
    """The PDF to look at and to print; it is made here, so that it may open in the browser's own viewer."""
    name = f"{operation.code}-{kind}.pdf"
    return send_file(io.BytesIO(content), mimetype="application/pdf", download_name=name, etag=False)


def _folder() -> Path:
    return Path(current_app.config["OUTREACH"].instance_dir)


# --- with progress shown ----------------------------------------------------------------------------------------------


def _steps(operation: Any, print_: Print, rights: str) -> Iterator[dict[str, Any]]:
    """``{"done", "of"}`` after each portion, at the end ``{"url"}`` of the whole; ``{"failed"}`` if it cannot be."""
    folder, user, every = _folder(), g.actor.user, print_.contents
    portions: list[bytes] = []
    try:
        for first in range(0, len(every), PORTION):
            portions.append(print_.set(every[first : first + PORTION]))
            yield {"done": min(first + PORTION, len(every)), "of": len(every)}
        whole = sheets.joined(portions, title=print_.title, language=print_.language)
        uid = printed.keep(folder, whole, operation=operation.id, user=user, rights=rights)
    except Exception:
        current_app.logger.exception("printing %s sheets failed", len(every))
        yield {"failed": True}
        return
    yield {"url": url_for("ready.printed_sheets", code=operation.code, uid=uid)}


def _streamed(operation: Any, print_: Print) -> Any:
    g.operation = operation
    page = stream_template(
        "ready/printing.html",
        operation=operation,
        steps=_steps(operation, print_, _rights(operation)),
        count=len(print_.contents),
        what=gettext(sheet_contents.KINDS[print_.kind]),
    )
    answer = make_response(page)
    # Each portion is told when it is done: nothing on the way may collect the page first.
    answer.headers["Content-Encoding"] = "identity"
    answer.headers["X-Accel-Buffering"] = "no"
    return answer
