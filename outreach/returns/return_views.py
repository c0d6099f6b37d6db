"""The return of one service: downloading the workbook, sending it back, and the page of each file that came."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import g, make_response, redirect, url_for
from flask_babel import gettext

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Target
from outreach.auth.permissions import may
from outreach.errors import NotFound
from outreach.storage.queries import access, drops
from outreach.storage.queries import returns as rows
from outreach.web import load
from outreach.web.guard import guard

from . import return_pages as pages
from .views import bp

RETURN = "/operations/<code>/services/<int:service_id>/return"
FILE = "/operations/<code>/returns/files/<uid>"


def a_file(code: str, uid: str) -> tuple[Target, dict[str, Any]]:
    """``/operations/<code>/returns/files/<uid>``: a return of one of its services, or of nobody known."""
    found = drops.file(uid)
    if found is None or found[1].code != code:
        raise NotFound()
    file, operation, participation = found
    own = participation is not None
    target = access.service_target(operation, participation.service_id) if own else access.operation_target(operation)
    target = replace(target, owner=file.received_by_id)
    return target, {"operation": operation, "participation": participation, "file": file}


@bp.get(RETURN)
@guard("totals.see", load=load.own_service)
def service_return(operation: Any, participation: Any) -> Any:
    return pages.service_page(operation, participation)


@bp.post(RETURN)
@guard("totals.change", load=load.own_service, writes=False)
def send_return(operation: Any, participation: Any) -> Any:
    outcome = pages.received(g.actor, operation, participation, how="page")
    if isinstance(outcome, pages.Wrong):
        return pages.service_page(operation, participation, [("workbook", outcome.words)]), 422
    return redirect(url_for(".return_file", code=operation.code, uid=outcome), code=303)


@bp.get(FILE)
@guard("totals.see", load=a_file, person_level=True)
def return_file(operation: Any, participation: Any, file: Any) -> Any:
    return _show(operation, participation, file)


def _show(operation: Any, participation: Any, file: Any, **more: Any) -> Any:
    """The page of a file; that it was read is entered, and whether what it says of single persons was shown."""
    if participation is not None:
        audit.read(
            g.actor,
            Tag.RETURN_SHOWN,
            kind="participation",
            object_id=participation.id,
            operation=operation.id,
            service=participation.service_id,
            cells=pages.reads_cells(g.actor, g.target, file),
        )
    service = rows.service(participation.service_id) if participation is not None else None
    shown = pages.file_page(
        g.actor,
        operation,
        participation,
        file,
        paths_of(operation, file, participation),
        template="returns/return_file.html",
        service=service,
        back_words=_back_words(operation, file, service),
        **more,
    )
    return make_response(shown)


def _back_words(operation: Any, file: Any, service: Any) -> str:
    """What the link back is called."""
    if service is None or (file.drop_uid and may(g.actor, "returns.drop", access.operation_target(operation))):
        return gettext("Returns by file")
    return gettext("Return of %(service)s", service=service.name)


def paths_of(operation: Any, file: Any, participation: Any) -> pages.Paths:
    """Where the pages of a file lead: back to its drop, else to its service."""
    if file.drop_uid and may(g.actor, "returns.drop", access.operation_target(operation)):
        back = url_for(".drop", code=operation.code, uid=file.drop_uid)
    elif participation is not None:
        back = url_for(".service_return", code=operation.code, service_id=participation.service_id)
    else:
        back = url_for(".dropping", code=operation.code)
    return pages.Paths(
        lambda one: url_for(".return_file", code=operation.code, uid=one.uid),
        lambda one: url_for(".take_return", code=operation.code, uid=one.uid),
        lambda one: url_for(".leave_return", code=operation.code, uid=one.uid),
        lambda one: url_for(".return_answer", code=operation.code, uid=one.uid),
        back,
    )


@bp.post(FILE + "/take")
@guard("totals.change", load=a_file, writes=False)
def take_return(operation: Any, participation: Any, file: Any) -> Any:
    return _after(pages.taken(g.actor, operation, file), operation, file)


@bp.post(FILE + "/leave")
@guard("totals.change", load=a_file, writes=False)
def leave_return(operation: Any, participation: Any, file: Any) -> Any:
    return _after(pages.left(g.actor, file), operation, file)


def _after(problem: Any, operation: Any, file: Any) -> Any:
    """Back to the file's page; with what stood in the way, where something did."""
    uid = file.uid
    if problem is None:
        return redirect(url_for(".return_file", code=operation.code, uid=uid), code=303)
    target, found = a_file(operation.code, uid)
    g.target = target
    return _show(**found, problem=problem)


@bp.get(FILE + "/to-fix.xlsx")
@guard("return.cells", load=a_file, person_level=True)
def return_answer(operation: Any, participation: Any, file: Any) -> Any:
    """The marked workbook: for the service, and for whoever sent the file."""
    if participation is None:
        raise NotFound()
    audit.read(
        g.actor,
        Tag.RETURN_SHOWN,
        kind="participation",
        object_id=participation.id,
        operation=operation.id,
        service=participation.service_id,
    )
    return pages.answer(g.actor, file, rows.service(participation.service_id))
