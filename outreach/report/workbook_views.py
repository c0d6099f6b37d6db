"""The address that hands out the summary workbook: guard, load, make it (which enters it in the journal), send it."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

from flask import g, request, send_file
from flask_babel import gettext

from outreach.errors import NotFound
from outreach.storage.tables import Operation
from outreach.storage.types import utc_now
from outreach.web import load, page
from outreach.web.guard import guard

from . import rules
from .views import bp


@bp.app_template_global()
def workbook_copies(operation: Operation, as_of: dt.datetime | None) -> list[dict[str, Any]]:
    """The copies of the workbook that the reader may take: code, name, what it is, the version (0: there is none)."""
    from .workbook.copies import Copy, offered
    from .workbook.leaving import locked

    if operation.is_rehearsal:
        return []
    about = {
        Copy.ANALYST: (
            gettext("Analyst copy"),
            gettext("Everything that you may see, with filters. Not to be passed on."),
        ),
        Copy.OWN: (gettext("Working copy"), gettext("What this site shows you, with filters. Not to be passed on.")),
        Copy.PUBLICATION: (gettext("Publication copy"), ""),
    }
    found = []
    for copy in offered(g.actor, g.target):
        name, what = about[copy]
        version = 1
        if copy is Copy.PUBLICATION:
            kept = locked(operation.id, as_of)
            version, what = (kept.version, _of_version(kept.version)) if kept else (0, _none_yet())
        found.append({"code": copy.value, "name": name, "what": what, "version": version})
    return found


def _of_version(version: int) -> str:
    return gettext("Version %(version)s of the figures, small numbers withheld. It may leave.", version=version)


def _none_yet() -> str:
    return gettext("It can be taken once figures are locked.")


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@bp.get("/operations/<code>/workbook")
@guard("workbook.export", load=load.operation, person_level=True)
def export(operation: Operation) -> Any:
    """``?copy=`` publication, analyst or own, else the most useful; ``?lang=`` en or fr, else the language of the page;
    ``?as_of=`` as on the pages of figures."""
    from . import workbook

    asked = request.args.get("lang", "")
    language = asked if asked in workbook.LANGUAGES else page.language()
    now = utc_now()
    as_of = rules.moment(request.args.get("as_of", ""), operation.time_zone, now)
    copy = request.args.get("copy", "")
    if copy and copy not in workbook.COPIES:
        raise NotFound()
    made = workbook.export(g.actor, operation, language, as_of, copy)
    name = workbook.file_name(operation.code, as_of or now, language, copy)
    return send_file(io.BytesIO(made), mimetype=XLSX, as_attachment=True, download_name=name)
