"""Pages of data workbooks and of the data dictionary: ask for a long table, see how far it is, take it away.

Guard, load, call one command. The work happens in ``data_work``, beside the request.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from flask import Response, current_app, g, redirect, render_template, request, url_for
from flask_babel import gettext

from outreach.auth.actors import Target
from outreach.errors import Invalid, NotFound
from outreach.referrals.alert_views import SWEEPS
from outreach.returns.figures import need_figures
from outreach.storage import writing
from outreach.storage.queries import access, data_exports, operations
from outreach.storage.tables import DataExport, Operation
from outreach.storage.types import utc_now
from outreach.vocab import ExportState
from outreach.web import clock, load, page
from outreach.web.guard import guard

from . import data_book, data_commands, data_rows, data_rules, data_work, rules
from .data_forms import DataForm
from .described_rules import DESCRIBED
from .dictionary_rules import BY_CODE, DICTIONARY
from .views import bp
from .workbook_views import XLSX

DATA = "/operations/<code>/data"
PATIENCE = 2.0
"""Seconds that an answer waits for the file; what takes longer goes on beside it."""
_TAGS = {"waiting": "waiting", "running": "waiting", "ready": "signed", "failed": "problem", "ended": "plain"}


@bp.record_once
def _sweep(state: Any) -> None:
    """Every round of the site removes files that were kept a day, and gives up those that nobody writes any more."""
    app = state.app
    app.extensions.setdefault(SWEEPS, []).append(lambda: data_commands.tidy(app.config["OUTREACH"].instance_dir))


def an_export(code: str, uid: str, **rest: Any) -> tuple[Target, dict[str, Any]]:
    """``/operations/<code>/data/<uid>``: what somebody asked for; hers."""
    operation, export = operations.by_code(code), data_exports.by_uid(uid)
    if operation is None or export is None or export.operation_id != operation.id:
        raise NotFound()
    target = replace(access.operation_target(operation), owner=export.asked_by_id)
    return target, {"operation": operation, "export": export, **rest}


# Asking ---------------------------------------------------------------------------------------------------------------


@bp.get(DATA)
@guard("workbook.export", load=load.operation)
def data(operation: Operation) -> Any:
    need_figures(operation)
    return _page(operation, DataForm(language=page.language()))


@bp.post(DATA)
@guard("workbook.export", load=load.operation, writes=False)
def ask_for_data(operation: Operation) -> Any:
    """Order a workbook in a write of its own, then give it a moment: a short one is ready with the next page."""
    need_figures(operation)
    form = DataForm().offer(data_commands.scopes(g.actor, g.target))
    if not form.validate():
        return _page(operation, form), 422
    try:
        as_of = rules.moment(form.as_of.data or "", operation.time_zone, utc_now())
    except Invalid as problem:
        form.take(problem)
        return _page(operation, form), 422
    code = operation.code
    with writing():
        uid = data_commands.ask(g.actor, operation, str(form.table.data), str(form.language.data), as_of).uid
    data_work.begin(current_app._get_current_object(), uid, PATIENCE)  # type: ignore[attr-defined]  # a proxy
    return redirect(url_for("report.data", code=code), code=303)


def _page(operation: Operation, form: DataForm) -> str:
    g.operation = operation
    scopes = data_commands.scopes(g.actor, g.target)
    found = data_exports.of_person(operation.id, g.actor.user)
    lines = [_line(one, operation) for one in found]
    return render_template(
        "report/data.html",
        operation=operation,
        form=form.offer(scopes),
        hints={code: gettext(BY_CODE[code].rows) for code in scopes},
        tables=[{"code": code, "title": gettext(BY_CODE[code].title)} for code in scopes],
        own=any(scope.services is not None for scope in scopes.values()),
        busy=next((line for line in lines if line["open"]), None),
        fresh=next((line for line in lines[:1] if line["url"]), None),
        exports=lines,
        hours=int(data_rules.KEEPS.total_seconds() // 3600),
    )


def _line(one: DataExport, operation: Operation) -> dict[str, Any]:
    """One that was asked for: which table, when, how it stands, and its address while it is there."""
    now, state = utc_now(), ExportState(one.state)
    if data_exports.dead(one, now):
        state, trouble = ExportState.FAILED, data_rules.GONE
    else:
        trouble = one.trouble
    if state is ExportState.READY and (one.ends_at is None or one.ends_at <= now):
        state = ExportState.ENDED
    there = state is ExportState.READY
    return {
        "table": gettext(BY_CODE[one.sheet].title) if one.sheet in BY_CODE else one.sheet,
        "at": clock.local_text(one.asked_at, operation.time_zone),
        "until": clock.local_text(one.ends_at, operation.time_zone) if there and one.ends_at else "",
        "language": {"en": "English", "fr": "Français"}.get(one.language, one.language),
        "state": gettext(state.label),
        "kind": _TAGS[state.value],
        "open": state.value in data_exports.OPEN,
        "waiting": state is ExportState.WAITING,
        "done": one.rows_done,
        "total": one.rows_total,
        "size": one.size,
        "trouble": gettext(data_rules.TROUBLE[trouble]) if trouble in data_rules.TROUBLE else "",
        "url": url_for("report.fetch_data", code=operation.code, uid=one.uid) if there else "",
    }


# Taking away ----------------------------------------------------------------------------------------------------------


@bp.get(DATA + "/<uid>")
@guard("data.fetch", load=an_export, person_level=True)
def fetch_data(operation: Operation, export: DataExport) -> Any:
    """The file, opened piece by piece while it leaves."""
    folder = current_app.config["OUTREACH"].instance_dir
    pieces = data_commands.take(g.actor, export, operation, folder)
    on = clock.local(export.as_of or export.asked_at, operation.time_zone)
    name = data_rules.file_name(operation.code, export.sheet, on, export.language, "xlsx")
    answer = _file(pieces, XLSX, name)
    answer.content_length = export.size
    return answer


@bp.get(DATA + "/<table>.csv")
@guard("workbook.export", load=load.operation, person_level=True)
def data_csv(operation: Operation, table: str) -> Any:
    """One table as a CSV, a piece at a time; ``?as_of=`` as on the pages of figures."""
    need_figures(operation)
    scope = data_commands.need(g.actor, operation, table)
    as_of = rules.moment(request.args.get("as_of", ""), operation.time_zone, utc_now())
    language = page.language()
    rows = data_rows.rows_of(table, operation, scope, language, as_of)
    data_commands.taken(g.actor, operation, table, rows.total, language, "csv")
    on = clock.local(rows.as_of, operation.time_zone)
    name = data_rules.file_name(operation.code, table, on, language, "csv")
    return _file(data_book.csv_of(BY_CODE[table], rows), "text/csv; charset=utf-8", name)


# The dictionary -------------------------------------------------------------------------------------------------------


@bp.get("/report/dictionary")
@guard("site.own")
def dictionary() -> Any:
    found = data_book.dictionary()
    codes = [column.code for column in DICTIONARY.columns]
    tables: dict[str, list[dict[str, Any]]] = {}
    for row in found:
        line = dict(zip(codes, row, strict=True))
        tables.setdefault(str(line.pop("table")), []).append(line)
    return render_template(
        "report/dictionary.html",
        tables=[
            {"code": code, "title": gettext(table.title), "rows": gettext(table.rows), "columns": tables[code]}
            for code, table in ((table.code, table) for table in DESCRIBED)
        ],
        headers=[
            {"key": column.code, "label": gettext(column.label), "head": column.code == "column"}
            for column in DICTIONARY.columns[1:-1]
        ],
    )


@bp.get("/report/dictionary.csv")
@guard("site.own")
def dictionary_csv() -> Any:
    pieces = data_book.csv_of(DICTIONARY, data_book.dictionary())
    return _file(pieces, "text/csv; charset=utf-8", f"outreach-dictionary_{page.language()}.csv")


def _file(pieces: Iterable[bytes], media: str, name: str) -> Response:
    answer = Response(pieces, mimetype=None, content_type=media)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
