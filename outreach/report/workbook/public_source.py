"""What a publication copy is made from: a locked version, what may be told of it, what was published of the last one.

Here belongs reading alone. What the first copy of a version was made from is what every later one is made from.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from outreach.report import release_rules
from outreach.rollup.protection import Told
from outreach.rollup.totals import Coverage
from outreach.storage.queries import releases, report
from outreach.storage.queries import workbook as queries
from outreach.storage.tables import FigureSet, Operation
from outreach.vocab import ReleaseKind

from .leaving import need_locked, told_of
from .public import Public


@dataclass(frozen=True)
class Prepared:
    """A version, what a copy of it tells, and what stands ``beside``. ``first``: nothing of it is kept yet."""

    found: FigureSet
    told: Told
    beside: Mapping[str, Any]
    first: bool


def prepared(operation: Operation, as_of: dt.datetime | None = None) -> Prepared:
    """The last version that was locked, or the last one as of a moment, as its first copy left or may leave now.

    Raises ``Blocked`` where none is locked, or where what it withholds could be worked out.
    """
    found = need_locked(operation.id, as_of)
    kept = queries.kept_copy(found.id)
    beside = kept.beside if kept is not None else _beside(operation, found)
    return Prepared(found, told_of(found), beside, kept is None)


def public_of(made: Prepared) -> Public:
    """What the sheets are made of."""
    found, beside = made.found, made.beside
    return Public(
        code=beside["code"],
        name=str(found.named["name"]),
        zone=beside["zone"],
        sample=beside["sample"],
        version=found.version,
        final=found.kind == "signed",
        as_of=found.as_of,
        covers=Coverage(found.reported, found.expected),
        rows={(row[0], row[1], row[2]): row for row in found.figures},
        told=made.told,
        services={int(service): name for service, name in beside["services"].items()},
        signed=_signed(found),
        definitions=found.definitions,
        previous={code: (release_rules.Cell(*cell), rule) for code, (cell, rule) in beside["previous"].items()},
    )


def _signed(found: FigureSet) -> dict[int, Mapping[str, Any]]:
    return {
        int(one["service"]): {part: one[part] for part in ("name", "state", "version")} for one in found.signed.values()
    }


def _beside(operation: Operation, found: FigureSet) -> dict[str, Any]:
    """What a copy prints that the locked version does not hold, as JSON keeps it."""
    named = {service: one.name for service, one in report.service_names().items()}
    named |= {service: str(one["name"]) for service, one in _signed(found).items()}
    shown = {row[1] for row in found.figures if row[1] is not None} | set(_signed(found))
    return {
        "code": operation.code,
        "zone": operation.time_zone,
        "sample": operation.is_sample,
        "services": {str(service): named[service] for service in sorted(shown) if service in named},
        "previous": _previous(operation),
    }


def _previous(operation: Operation) -> dict[str, list[Any]]:
    """What the last release of the edition before says in all; nothing of it where nothing was published."""
    if operation.copied_from_id is None:
        return {}
    told = [(row, of) for row, of in releases.published([operation.copied_from_id]) if row.kind == ReleaseKind.RELEASE]
    if not told:
        return {}
    row, of = told[-1]
    return {
        cell.measure: [cell.as_json(), of.definitions.get(cell.measure, {})]
        for cell in release_rules.cells(releases.last_stand(row).cells)
        if cell.service is None and cell.day is None and cell.number is not None
    }
