"""What became of referrals, as one reader may see it: the figures, the funnel, outcomes by agency.

Coordinators of operations and analysts see the numbers. Everybody else who sees an operation's figures is outside the
agencies: small numbers are withheld (``rollup.disclosure``), and what is shown changes once a day, so that two looks
within an evening do not tell what happened between them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask_babel import gettext, ngettext

from outreach.auth.actors import Actor, Target
from outreach.auth.permissions import may
from outreach.rollup.disclosure import for_outsiders, table
from outreach.rollup.measures import ENGAGED_AT, FOLLOWED, FUNNEL, HOURS_TO_RECEIPT
from outreach.rollup.measures import measure as measure_of
from outreach.rollup.totals import Figure
from outreach.storage.days import day_begins, operational_day
from outreach.storage.tables import Operation

from . import words
from .figures import Figures, Services, figures_of, outcomes_of

LIST = (
    "referrals_made",
    "referrals_received",
    HOURS_TO_RECEIPT.code,
    "referrals_reached",
    "referrals_engaged",
    *(measure.code for measure in ENGAGED_AT),
    "outcomes",
    "referrals_direct",
)
"""The list of the page, in its order."""

HIDDEN = frozenset({*FOLLOWED, HOURS_TO_RECEIPT.code, *(measure.code for measure in ENGAGED_AT)})
"""Figures of which readers outside the agencies see the operation's own total at most."""


@dataclass(frozen=True)
class Seen:
    """Figures of one moment. ``outside``: small numbers are withheld; ``as_of`` None: now."""

    figures: Figures
    as_of: dt.datetime | None
    outside: bool

    def one(self, code: str) -> Figure:
        return self.figures.one(code)


def seen(actor: Actor, target: Target, operation: Operation, as_of: dt.datetime | None, now: dt.datetime) -> Seen:
    """The figures of the operation as the actor may see them."""
    outside = not may(actor, "figures.followed", target)
    if not outside:
        return Seen(figures_of(operation.id, as_of), as_of, False)
    moment = day_step(operation, as_of or now)
    found = figures_of(operation.id, moment)
    return Seen(replace(found, figures=tuple(for_outsiders(found.figures))), moment, True)


def day_step(operation: Operation, at: dt.datetime) -> dt.datetime:
    """The moment at which the operational day of ``at`` began: outsiders see what stood then."""
    zone, starts = operation.time_zone, operation.day_starts_minutes
    return day_begins(operational_day(at, zone, starts), zone, starts)


# The page -------------------------------------------------------------------------------------------------------------


def funnel(found: Seen) -> dict[str, Any]:
    """Bars from met to engaged, what they say in one sentence, and whether anything is known of them."""
    rows = []
    for code in FUNNEL:
        figure = found.one(code)
        said = words.withheld_words() if figure.withheld else words.said(figure)
        rows.append({"label": words.label(measure_of(code)), "value": figure.value, "words": said})
    return {"title": _finding(found), "rows": rows, "known": any(row["value"] is not None for row in rows[3:])}


def _finding(found: Seen) -> str:
    accepted, engaged = found.one("support_accepted").value, found.one("persons_engaged").value
    if accepted is None or engaged is None:
        return gettext("From persons met to persons engaged")
    return ngettext(
        "%(num)s person works with an agency, of %(accepted)s who accepted support",
        "%(num)s persons work with an agency, of %(accepted)s who accepted support",
        int(engaged),
        accepted=words.number(accepted),
    )


def listed(found: Seen) -> list[dict[str, Any]]:
    """The figures of ``LIST``: name, value, what it is of, how sure."""
    return [
        {"code": code, "name": words.label(measure_of(code)), "value": words.value(figure), "of": words.parts(figure),
         "sure": words.bound(figure), "version": measure_of(code).version}
        for code, figure in ((code, found.one(code)) for code in LIST)
    ]  # fmt: skip


def outcomes(operation: Operation, found: Seen, services: Services, titles: Mapping[str, str]) -> dict[str, Any] | None:
    """Agency by outcome with totals, for the table macro; None where nothing is recorded (or nothing may be said)."""
    counts = outcomes_of(operation.id, found.as_of)
    agencies = sorted({agency for agency, _ in counts}, key=lambda one: _name(services, one).casefold())
    codes = [code for code in titles if any(key[1] == code for key in counts)] + sorted(
        {code for _, code in counts} - set(titles)
    )
    if not counts:
        return None
    full, hidden = table([[counts.get((agency, code), 0) for code in codes] for agency in agencies])
    shown = [
        [words.withheld_cell() if found.outside and (i, j) in hidden else words.number(value)
         for j, value in enumerate(row)]
        for i, row in enumerate(full)
    ]  # fmt: skip
    names = [_name(services, agency) for agency in agencies]
    keys = [f"c{place}" for place in range(len(codes))]
    columns = [{"key": "name", "label": gettext("Agency"), "head": True}]
    columns += [{"key": key, "label": titles.get(code, code), "numeric": True}
                for key, code in zip(keys, codes, strict=True)]  # fmt: skip
    columns.append({"key": "all", "label": gettext("In all"), "numeric": True})
    rows = [dict(zip(("name", *keys, "all"), (name, *cells), strict=True))
            for name, cells in zip((*names, gettext("All agencies")), shown, strict=True)]  # fmt: skip
    return {"columns": columns, "rows": rows[:-1], "foot": rows[-1], "withheld": found.outside and bool(hidden)}


def _name(services: Services, service: int) -> str:
    return services[service].name if service in services else gettext("No agency")
