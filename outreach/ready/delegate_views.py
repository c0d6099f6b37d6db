"""Pasting delegates: a box, then every row before anything is saved, faults fixed in place.

The page carries the text and nothing is kept on the server; a fault that is put right is written into the text.
"""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext

from outreach.errors import Changed, Invalid
from outreach.plan.paste_forms import pasted_text
from outreach.plan.paste_rules import MOST_COLUMNS, as_text
from outreach.plan.tasks import say
from outreach.plan.workbook_rules import french
from outreach.vocab import DelegateState, StaffCategory
from outreach.web.forms import whole
from outreach.web.guard import guard

from . import delegate_commands as commands
from . import delegate_rules as rules
from .delegate_rules import Known, Preview, WrongColumns
from .session_forms import DelegatePasteForm
from .session_views import a_session
from .views import bp

ON_A_PAGE = 100


@bp.get("/operations/<code>/sessions/<uid>/paste")
@guard("sessions.see", load=a_session)
def paste_delegates(operation: Any, session: Any) -> Any:
    _known(operation, session)
    return _show_box(operation, session, "")


@bp.post("/operations/<code>/sessions/<uid>/paste")
@guard("sessions.see", load=a_session, writes=False)
def check_delegates(operation: Any, session: Any) -> Any:
    """Show what the rows would do; saves nothing."""
    try:
        text = pasted_text()
    except Invalid as problem:
        return _show_box(operation, session, request.form.get("rows", ""), problem), 422
    return _show_rows(operation, session, text)


@bp.post("/operations/<code>/sessions/<uid>/paste/add")
@guard("sessions.see", load=a_session)
def add_delegates(operation: Any, session: Any) -> Any:
    """Save every row, or, when asked for, the good rows; the others stay on the page."""
    known, text = _known(operation, session), request.form.get("rows", "")
    only_good = request.form.get("do") == "add_good"
    try:
        text, found = _read(known, text)
        if (found.count("problem") and not only_good) or not found.adding:
            return _show_rows(operation, session, text, pressed=True)
        counts = commands.add_delegates(g.actor, operation, session, found)
    except WrongColumns:
        return _show_rows(operation, session, text)
    except Invalid as problem:
        return _show_box(operation, session, text, problem), 422
    except Changed:
        return _show_rows(operation, session, text, moved=True)
    flash(_said(counts))
    if found.count("problem"):
        return _show_rows(operation, session, as_text(found.left()), again=True)
    return redirect(url_for("ready.session", code=operation.code, uid=session.uid), code=303)


def _said(counts: dict[str, int]) -> str:
    added, changed, people = counts["added"], counts["changed"], counts["people"]
    words = [ngettext("%(num)s person is on the list.", "%(num)s people are on the list.", added)]
    if changed:
        words.append(
            ngettext("%(num)s was listed already and changed.", "%(num)s were listed already and changed.", changed)
        )
    if people:
        words.append(ngettext("%(num)s is new to the service.", "%(num)s are new to their services.", people))
    return " ".join(words)


def _known(operation: Any, session: Any) -> Known:
    return commands.known_for(
        g.actor,
        operation,
        session,
        categories={word: code for code, label in StaffCategory.choices() for word in (label, french(label))},
        states={word: code for code, label in DelegateState.choices() for word in (label, french(label))},
    )


def _columns() -> list[str] | None:
    if "column-0" not in request.form:
        return None
    found: list[str] = []
    while f"column-{len(found)}" in request.form and len(found) < MOST_COLUMNS:
        found.append(request.form[f"column-{len(found)}"])
    return found


def _skipped(repeated: list[int] | None = None) -> frozenset[int]:
    """Numbers of the rows to leave out: those the page carries, with the button that was pressed."""
    numbers = {whole(text) for text in (request.form.get("skipped", "").split(",") + request.form.getlist("skip"))}
    return frozenset((numbers | {*(repeated or ())}) - {0, whole(request.form.get("undo"))})


def _read(known: Known, text: str, *, again: bool = False) -> tuple[str, Preview]:
    """The text with everything that was fixed in place, and what it would do. ``again``: only rows that are left."""
    service, state = whole(request.form.get("service")) or None, request.form.get("state", "")

    def preview(columns: list[str] | None, skipped: frozenset[int]) -> Preview:
        return rules.preview(text, known, columns=columns, service=service, state=state, skipped=skipped)

    if again:
        return text, preview(_columns(), frozenset())
    found = preview(_columns(), _skipped())
    fixes = _fixes()
    if fixes:
        text = as_text(rules.fixed(found, fixes, known.services))
        found = preview(found.columns, _skipped())
    if request.form.get("skip_repeats"):
        found = preview(found.columns, _skipped(found.repeated))
    return text, found


def _fixes() -> dict[tuple[int, str], str]:
    """What was typed or chosen in place: row number and column → text."""
    found = {}
    for name in request.form:
        parts = name.split("-", 2)
        if len(parts) == 3 and parts[0] == "fix" and parts[2] in rules.COLUMNS and request.form[name].strip():
            found[whole(parts[1]), parts[2]] = request.form[name]
    return found


def _show_box(operation: Any, session: Any, text: str, problem: Invalid | None = None) -> str:
    g.operation = operation
    known, form = _known(operation, session), DelegatePasteForm()
    if problem is not None:
        form.take(problem)
    return render_template(
        "ready/paste_delegates.html",
        operation=operation,
        session=session,
        form=form,
        errors=form,
        text=text,
        most=rules.MOST_ROWS,
        one=known.services[0] if len(known.services) == 1 else None,
    )


def _show_rows(
    operation: Any, session: Any, text: str, *, pressed: bool = False, again: bool = False, moved: bool = False
) -> Any:
    """The preview. ``pressed``: saving was asked for too early. ``again``: only the rows that are left. ``moved``:
    somebody saved one of the people meanwhile."""
    g.operation = operation
    known = _known(operation, session)
    errors: list[tuple[str, str]] = []
    try:
        text, found = _read(known, text, again=again)
    except WrongColumns as problem:
        found = problem.found
        errors = [("column-0", gettext(problem.findings[0].message))]
    except Invalid as problem:
        return _show_box(operation, session, text, problem), 422
    if pressed:
        errors = _first_problems(found)
    if moved:
        errors = [("rows", gettext("Somebody else changed these people meanwhile. Check the rows and save again."))]
    page = render_template("ready/delegate_rows.html", **_page(operation, session, known, found, text, again, errors))
    return (page, 409 if moved else 422) if errors else page


def _first_problems(found: Preview) -> list[tuple[str, str]]:
    wrong = found.shown("problem")
    if not wrong:
        return [("rows", gettext("There is no row to save."))]
    return [
        (
            f"row-{row.number}",
            gettext(
                "Row %(row)d, %(name)s: %(reason)s",
                row=row.number,
                name=row.values.get("name") or "–",
                reason=say(row.reasons[0]),
            ),
        )
        for row in wrong[:10]
    ]


def _page(
    operation: Any, session: Any, known: Known, found: Preview, text: str, again: bool, errors: list[tuple[str, str]]
) -> dict[str, Any]:
    """What the template of the preview is given; only a page of rows is shown, the text carries them all."""
    # The button that was pressed comes last; what the summary names stands on the first page of all rows.
    show = "" if errors else (request.form.getlist("show") or [""])[-1]
    shown = found.shown(show if show in ("problem", "match", "new", "skipped") else "")
    pages = max(1, -(-len(shown) // ON_A_PAGE))
    number = 1 if errors else min(max(whole(request.form.get("page"), 1), 1), pages)
    form = DelegatePasteForm()
    form.offer([(one.id, one.name) for one in known.services])
    return {
        "operation": operation,
        "session": session,
        "form": form,
        "text": text,
        "found": found,
        "rows": shown[(number - 1) * ON_A_PAGE : number * ON_A_PAGE],
        "number": number,
        "pages": pages,
        "show": show,
        "skipped": ",".join(str(row.number) for row in found.rows if row.state == "skipped"),
        "services": known.services,
        "categories": [(code, gettext(label)) for code, label in StaffCategory.choices()],
        "states": [(code, gettext(label)) for code, label in DelegateState.choices()],
        "column_names": {name: gettext(label) for name, label in rules.COLUMNS.items()},
        "letter": lambda i: chr(ord("A") + i),
        "errors": errors,
        "again": again,
        "people": sum(row.state == "new" for row in found.rows),
    }
