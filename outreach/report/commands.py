"""What the command line asks of this room. Nothing here changes anything."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from outreach.errors import N_, NotFound
from outreach.rollup.measures import STANDARD
from outreach.storage.queries import operations
from outreach.storage.queries import report as rows
from outreach.storage.types import utc_now

from . import rules
from outreach.returns.figures import figures_of, need_figures


class NoSuchOperation(NotFound):
    """The command line may say so: whoever owns the machine may know which operations there are."""

    code = "no_such_operation"
    message = N_("There is no operation with the code “%(code)s”.")
    fix = N_("Known codes: %(known)s.")


FORMATS = ("table", "json", "csv")
SPLITS = ((), ("service",), ("day",), ("service", "day"))


def figures_text(code: str, *, by: Sequence[str] = (), as_of: str = "", form: str = "table") -> str:
    """The standard figures of an operation as text in one of ``FORMATS``.

    Raises ``NoSuchOperation``, ``Blocked`` for a rehearsal, and ``Invalid`` at ``as_of`` for a moment that is none or
    has not come.
    """
    operation = operations.by_code(code)
    if operation is None:
        known = ", ".join(found.code for found in operations.all_operations()[:20]) or "–"
        raise NoSuchOperation(code=code[:60], known=known)
    need_figures(operation)
    asked: dt.datetime | None = rules.moment(as_of, operation.time_zone, utc_now())
    found = figures_of(operation.id, asked, by)
    services = {service.id: service.name for service in rows.service_names().values()}
    figures = [figure for code in STANDARD for figure in found.of(code)]
    if form == "json":
        return rules.as_json(operation.code, found.as_of, found.coverage, figures, services)
    make = rules.as_csv if form == "csv" else rules.as_table
    return make(by, figures, services)
