"""What a publication copy is made from: a locked version, what may be told of it, what was published of the last one.

Here belongs reading alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from outreach.report import release_rules
from outreach.rollup.totals import Coverage
from outreach.storage.queries import releases, report
from outreach.storage.tables import Operation
from outreach.vocab import ReleaseKind

from .leaving import need_locked, told_of
from .public import Public


def public_of(operation: Operation, as_of: dt.datetime | None = None) -> Public:
    """The source of the last version that was locked, or of the last one as of a moment.

    Raises ``Blocked`` where none is locked, or where what it withholds could be worked out.
    """
    found = need_locked(operation.id, as_of)
    signed: dict[int, Mapping[str, Any]] = {
        int(one["service"]): {part: one[part] for part in ("name", "state", "version")} for one in found.signed.values()
    }
    directory = {service: named.name for service, named in report.service_names().items()}
    return Public(
        code=operation.code,
        name=str(found.named["name"]),
        zone=operation.time_zone,
        sample=operation.is_sample,
        version=found.version,
        final=found.kind == "signed",
        as_of=found.as_of,
        covers=Coverage(found.reported, found.expected),
        rows={(row[0], row[1], row[2]): row for row in found.figures},
        told=told_of(found),
        services=directory | {service: str(one["name"]) for service, one in signed.items()},
        signed=signed,
        definitions=found.definitions,
        previous=_previous(operation),
    )


def _previous(operation: Operation) -> dict[str, tuple[release_rules.Cell, Mapping[str, Any]]]:
    """What the last release of the edition before says in all; nothing of it where nothing was published."""
    if operation.copied_from_id is None:
        return {}
    told = [(row, of) for row, of in releases.published([operation.copied_from_id]) if row.kind == ReleaseKind.RELEASE]
    if not told:
        return {}
    row, of = told[-1]
    return {
        cell.measure: (cell, of.definitions.get(cell.measure, {}))
        for cell in release_rules.cells(releases.last_stand(row).cells)
        if cell.service is None and cell.day is None and cell.number is not None
    }
