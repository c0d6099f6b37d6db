"""Dropping many returns at once: the page that takes them, and the page that says of each how far it is."""

from __future__ import annotations

from typing import Any

from flask import current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext

from outreach.errors import NotFound
from outreach.storage.engine import once_committed
from outreach.storage.queries import drops
from outreach.web import clock, load
from outreach.web.guard import guard

from . import drop_commands as commands
from . import drop_rules as rules
from . import return_pages as pages
from . import return_work
from .return_forms import SendForm, sent_files
from .views import bp

DROPS = "/operations/<code>/returns"
ONE = DROPS + "/<uid>"


@bp.get(DROPS)
@guard("returns.drop", load=load.operation)
def dropping(operation: Any) -> Any:
    return _start(operation)


def _start(operation: Any, errors: list[Any] | None = None) -> str:
    g.operation = operation
    return render_template(
        "returns/drop.html",
        operation=operation,
        begun=pages.takes_returns(operation),
        number=rules.number_of(""),
        most=rules.MOST_FILES,
        megabytes=rules.MOST_BYTES // rules.MB,
        each=rules.LARGEST_FILE // rules.MB,
        drops=[
            {
                "url": url_for(".drop", code=operation.code, uid=one.uid),
                "at": clock.local_text(one.at, operation.time_zone),
                "files": one.files,
                "open": one.open,
            }
            for one in drops.drops_of(operation.id)
        ],
        errors=errors,
    )


@bp.post(DROPS)
@guard("returns.drop", load=load.operation, writes=False, most=rules.BODY)
def drop_files(operation: Any) -> Any:
    """Keep the files, each in a write of its own; what follows happens beside the request."""
    SendForm().validate()
    uid = rules.number_of(request.form.get("drop", ""))
    files = sent_files()
    if not files:
        return _start(operation, [("workbooks", gettext("Choose the workbooks first."))]), 422
    stored = commands.store(g.actor, operation, files, uid)
    if stored < len(files):
        missing = len(files) - stored
        flash(ngettext("%(num)s file was left out.", "%(num)s files were left out.", missing), "warning")
    operation_id, code = operation.id, operation.code
    return_work.begin_drop(_app(), operation_id, uid)
    return redirect(url_for(".drop", code=code, uid=uid), code=303)


@bp.get(ONE)
@guard("returns.drop", load=load.operation)
def drop(operation: Any, uid: str) -> Any:
    """How far the drop is. Looking goes on with what still waits, should the server have stopped in between."""
    files = drops.of_drop(operation.id, uid)
    if not files:
        raise NotFound()
    progress = _progress(files)
    if progress.busy:
        return_work.begin_drop(_app(), operation.id, uid)
    g.operation = operation
    lines = sorted(
        files,
        key=lambda one: rules.order(one.file.state, bool(one.file.trouble), one.service.name if one.service else ""),
    )
    return render_template(
        "returns/dropped.html",
        operation=operation,
        number=uid,
        progress=progress,
        files=[_line(one, operation) for one in lines],
        at=clock.local_text(min(one.file.received_at for one in files), operation.time_zone),
    )


def _progress(files: list[drops.Listed]) -> rules.Progress:
    return rules.progress((one.file.state, one.file.asked_by_id is not None) for one in files)


def _line(one: drops.Listed, operation: Any) -> dict[str, Any]:
    """One file with whose it is, how it stands and what its headline figure becomes."""
    file = one.file
    url = url_for(".return_file", code=operation.code, uid=file.uid)
    line = pages.row_of(file, operation.time_zone, url, one.by)
    if file.trouble:
        line["note"] = pages.trouble_of(file)["message"]
    elif file.state == "refused":
        line["note"] = pages.refusal_of(file)["message"]
    else:
        line["note"] = ""  # the columns say it
    if file.asked_by_id is not None:
        line["words"], line["kind"] = gettext("Being taken"), "plain"
    return line | {
        "service": one.service.name if one.service else "",
        "state": file.state,
        "good": file.counts.get("good"),
        "bad": file.counts.get("bad"),
        "headline": pages.headline_of(file),
        "needs": bool(file.trouble) or file.state in ("refused", "faulty"),
    }


@bp.post(ONE + "/take")
@guard("returns.drop", load=load.operation)
def take_drop(operation: Any, uid: str) -> Any:
    """Have the files that are ready taken; each in a transaction of its own, beside the request."""
    if not drops.of_drop(operation.id, uid):
        raise NotFound()
    if commands.ask(g.actor, operation, uid):
        app, operation_id = _app(), operation.id
        once_committed(lambda: return_work.begin_drop(app, operation_id, uid))
    else:
        flash(gettext("No file of this drop is ready to be taken."), "warning")
    return redirect(url_for(".drop", code=operation.code, uid=uid), code=303)


def _app() -> Any:
    return current_app._get_current_object()  # type: ignore[attr-defined]  # a proxy
