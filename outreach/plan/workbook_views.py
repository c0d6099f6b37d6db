"""Views of the plan workbook: the template, this plan as a file, what a file would change, and following it."""

from __future__ import annotations

import io
from typing import Any

from flask import g, redirect, render_template, request, send_file, url_for
from flask_babel import gettext

from outreach.errors import Changed, Finding, Invalid, TooLarge, Unreadable
from outreach.storage.queries import operations
from outreach.web.guard import guard
from outreach.web.load import operation as an_operation
from outreach.web.page import language

from . import import_commands, workbook, workbook_commands
from .team_forms import ConfirmForm
from .views import bp
from .workbook_reading_rules import book_as_text, book_of_text, plan_of
from .workbook_rules import PARTS, SHEETS, SheetRead

MOST_CARRIED = 3 * 1024 * 1024


@bp.get("/plan/workbook")
@guard("operation.create")
def new_workbook() -> Any:
    return _page(None)


@bp.get("/plan/workbook/template.xlsx")
@guard("operation.create")
def workbook_template() -> Any:
    target = io.BytesIO()
    workbook.write_template(target, language())
    return _file(target, "plan-template.xlsx")


@bp.post("/plan/workbook/check")
@guard("operation.create", writes=False)
def check_new_workbook() -> Any:
    return _check(None)


@bp.post("/plan/workbook")
@guard("operation.create", writes=False)
def import_new_workbook() -> Any:
    return _import(None)


@bp.get("/operations/<code>/plan/workbook")
@guard("operation.change", load=an_operation)
def workbook_of(operation: Any) -> Any:
    return _page(operation)


@bp.get("/operations/<code>/plan/workbook.xlsx")
@guard("operation.change", load=an_operation)
def plan_workbook(operation: Any) -> Any:
    target = io.BytesIO()
    workbook.write_plan(workbook_commands.plan_of_operation(operation), target, language())
    workbook_commands.note_export(g.actor, operation)
    return _file(target, f"{operation.code}-plan.xlsx")


@bp.post("/operations/<code>/plan/workbook/check")
@guard("operation.change", load=an_operation, writes=False)
def check_workbook(operation: Any) -> Any:
    return _check(operation)


@bp.post("/operations/<code>/plan/workbook")
@guard("operation.change", load=an_operation, writes=False)
def import_workbook(operation: Any) -> Any:
    return _import(operation)


def _file(target: io.BytesIO, name: str) -> Any:
    target.seek(0)
    return send_file(target, mimetype=workbook.MIME, as_attachment=True, download_name=name)


def _check(operation: Any) -> Any:
    """Read the uploaded file in the capped process, then show what following it would change. Saves nothing."""
    upload = request.files.get("workbook")
    if upload is None or not upload.filename:
        return _page(operation, [("workbook", gettext("Choose a workbook first."))]), 422
    try:
        book = workbook.read_book(upload.read(workbook.LARGEST_FILE + 1))
    except Unreadable as problem:
        words = gettext(problem.message, **problem.params)
        return _page(operation, [("workbook", f"{words} {gettext(problem.fix, **problem.params)}")]), 422
    return _preview(operation, book)


def _preview(operation: Any, book: list[SheetRead], notice: str = "") -> Any:
    plan, findings = plan_of(book)
    outcome = None
    if plan is not None:
        outcome = import_commands.rehearse(g.actor, plan, only=operation.code if operation else "")
        findings = outcome.findings
    if findings or outcome is None or plan is None:
        return _page(operation, [f"{one.where}: {said(one)}" for one in findings], refused=True), 422
    carried = book_as_text(book)
    if len(carried) > MOST_CARRIED:
        raise TooLarge()
    g.operation = operation
    exists = operation is not None or operations.by_code(plan.operation.code) is not None
    page = render_template(
        "plan/workbook_check.html",
        operation=operation,
        name=plan.operation.name,
        code=plan.operation.code,
        exists=exists,
        steps=outcome.steps,
        columns=columns(outcome.steps),
        what={code: gettext(part.what) for code, part in PARTS.items()},
        mark=outcome.mark,
        carried=carried,
        errors=[notice] if notice else None,
    )
    return (page, 409) if notice else page


def _import(operation: Any) -> Any:
    """Follow the plan that was shown; the command holds the one write of this request."""
    ConfirmForm().validate()
    book = book_of_text(request.form.get("book", ""))
    plan, findings = plan_of(book)
    if plan is None:
        return _page(operation, [f"{one.where}: {said(one)}" for one in findings], refused=True), 422
    try:
        only = operation.code if operation else ""
        import_commands.import_plan(g.actor, plan, only=only, mark=request.form.get("mark", ""))
    except Invalid as problem:
        return _page(operation, [f"{one.where}: {said(one)}" for one in problem.findings], refused=True), 422
    except Changed:
        words = gettext("The plan has changed since you looked. This is what the workbook would change now.")
        return _preview(operation, book, words)
    return redirect(url_for("plan.task_list", code=plan.operation.code), code=303)


def said(finding: Finding) -> str:
    """A finding's words; the names of columns in it are in the reader's language too."""
    params = {k: gettext(v) if k == "column" and isinstance(v, str) else v for k, v in finding.params.items()}
    return gettext(finding.message, **params) if params else gettext(finding.message)


_OTHER_NAMES = {"lead_service_id": "lead_service", "parent_id": "parent", "day_starts_minutes": "day_starts"}


def columns(steps: list[import_commands.Step]) -> dict[tuple[str, str], str]:
    """(sheet, field) → words of the column, for every field that changes."""
    labels = {(sheet, c.code): gettext(c.label) for sheet, (_, cs) in SHEETS.items() for c in cs}
    labels["Services", "planned_staff"] = gettext("Planned staff")
    return {
        (step.sheet, field): labels.get((step.sheet, _OTHER_NAMES.get(field, field)), field)
        for step in steps
        for field in step.fields
    }


def _page(operation: Any, errors: list[Any] | None = None, *, refused: bool = False) -> str:
    g.operation = operation
    return render_template(
        "plan/workbook.html", operation=operation, form=ConfirmForm(formdata=None), errors=errors, refused=refused
    )
