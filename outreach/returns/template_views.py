"""Addresses that hand out return workbooks: of one service, and of all in one zip."""

from __future__ import annotations

import io
from typing import Any

from flask import Response, g, request, send_file
from werkzeug.http import dump_options_header

from outreach.storage.queries import returns as rows
from outreach.web import load, page
from outreach.web.guard import guard

from . import template_commands, workbook
from .views import bp


@bp.get("/operations/<code>/services/<int:service_id>/return.xlsx")
@guard("return.template", load=load.own_service, person_level=True)
def template(operation: Any, participation: Any) -> Any:
    """``?lang=`` en or fr, else the language of the page."""
    made = template_commands.issue(g.actor, operation, participation, _language())
    service = rows.service(participation.service_id)
    name = template_commands.file_name(operation.code, service.short_name or service.name, service.id, _language())
    return send_file(io.BytesIO(made), mimetype=workbook.MIME, as_attachment=True, download_name=name)


@bp.get("/operations/<code>/returns.zip")
@guard("return.template", load=load.operation, person_level=True)
def templates(operation: Any) -> Any:
    """The workbooks of every service that owes figures; the first leave while the last are being written."""
    pieces = template_commands.issue_all(g.actor, operation, _language())
    answer = Response(pieces, mimetype="application/zip")
    name = template_commands.zip_name(operation.code, _language())
    answer.headers["Content-Disposition"] = dump_options_header("attachment", {"filename": name})
    return answer


def _language() -> str:
    asked = request.args.get("lang", "")
    return asked if asked in page.LANGUAGES else page.language()
