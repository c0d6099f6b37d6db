"""The agency's cases for its own case system: the page that says what goes where, and the file."""

from __future__ import annotations

import io
from typing import Any

from flask import g, render_template, send_file

from outreach.storage.types import utc_now
from outreach.web.guard import guard
from outreach.web.page import language

from . import export_commands
from . import export_rules as rules
from .views import bp


@bp.get("/referrals/htcds")
@guard("cases.export")
def htcds() -> Any:
    return render_template("referrals/htcds.html", fields=rules.FIELDS, not_filled=rules.NOT_FILLED)


@bp.get("/referrals/htcds.csv")
@guard("cases.export", person_level=True)
def htcds_file() -> Any:
    content = export_commands.export(g.actor, language())
    name = f"outreach-htcds-{utc_now():%Y-%m-%d}.csv"
    return send_file(io.BytesIO(content), mimetype="text/csv", as_attachment=True, download_name=name)
