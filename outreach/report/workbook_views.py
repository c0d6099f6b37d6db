"""The address that hands out the summary workbook: guard, load, make it (which enters it in the journal), send it."""

from __future__ import annotations

import io
from typing import Any

from flask import g, request, send_file

from outreach.storage.tables import Operation
from outreach.storage.types import utc_now
from outreach.web import load, page
from outreach.web.guard import guard

from . import rules
from .views import bp

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@bp.get("/operations/<code>/workbook")
@guard("workbook.export", load=load.operation, person_level=True)
def export(operation: Operation) -> Any:
    """``?lang=`` en or fr, else the language of the page; ``?as_of=`` as on the pages of figures."""
    from . import workbook

    asked = request.args.get("lang", "")
    language = asked if asked in workbook.LANGUAGES else page.language()
    now = utc_now()
    as_of = rules.moment(request.args.get("as_of", ""), operation.time_zone, now)
    made = workbook.export(g.actor, operation, language, as_of)
    name = workbook.file_name(operation.code, as_of or now, language)
    return send_file(io.BytesIO(made), mimetype=XLSX, as_attachment=True, download_name=name)
