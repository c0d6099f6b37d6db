"""What became of referrals, as one reader may see it: the figures, the funnel, outcomes by agency.

Coordinators of operations and analysts see the numbers. Everybody else who sees an operation's figures is outside the
agencies: small numbers are withheld (``rollup.disclosure``), and what is shown changes once a day, so that two looks
within an evening do not tell what happened between them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask_babel import gettext, ngettext

from outreach.auth.actors import Actor, Target
from outreach.auth.permissions import may
from outreach.returns.figures import Figures, Services, figures_of, outcomes_of
from outreach.rollup.disclosure import for_outsiders, withhold
from outreach.rollup.measures import ENGAGED_AT, FOLLOWED, FUNNEL, HOURS_TO_RECEIPT
from outreach.rollup.measures import measure as measure_of
from outreach.rollup.splits import Outcomes
from outreach.rollup.totals import Figure
from outreach.storage.days import day_begins, operational_day
from outreach.storage.tables import Operation

from . import words

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
    """Figures as one reader sees them. ``outside``: small numbers of ``HIDDEN`` are withheld, and it is of ``as_of``,
    when the day began; all else is of the moment asked for. ``as_of`` None: now."""

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
    later = {
        one.measure: one for one in masked(figures_of(operation.id, moment).figures, outcomes_of(operation.id, moment))
    }
    found = figures_of(operation.id, as_of)
    merged = (later.get(one.measure, one) if one.measure in HIDDEN else one for one in found.figures)
    return Seen(replace(found, figures=tuple(merged)), moment, True)


def masked(figures: Iterable[Figure], made: Outcomes) -> tuple[Figure, ...]:
    """The figures for outsiders; the number of outcomes goes too where their table would give a small one away."""
    gone = {"outcomes"} if made.total_hidden and made.agencies else set()
    return tuple(withhold(one) if one.measure in gone else one for one in for_outsiders(figures))


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
        drawn = None if figure.contradicts else figure.value
        rows.append({"label": words.label(measure_of(code)), "value": drawn, "words": said})
    return {"title": _finding(found), "rows": rows, "known": bool(found.one("persons_referred").value)}


def _finding(found: Seen) -> str:
    referred, engaged = found.one("persons_referred").value, found.one("persons_engaged").value
    if not referred or engaged is None or min(referred, engaged) < 0:
        return gettext("From persons met to persons engaged")
    return ngettext(
        "Of %(referred)s persons referred, %(num)s works with an agency",
        "Of %(referred)s persons referred, %(num)s work with an agency",
        int(engaged),
        referred=words.number(referred),
    )


def listed(found: Seen) -> list[dict[str, Any]]:
    """The figures of ``LIST``: name, value, what it is of, how sure."""
    return [
        {"code": code, "name": words.label(measure_of(code)), "value": words.value(figure), "of": words.parts(figure),
         "sure": words.bound(figure), "version": measure_of(code).version}
        for code, figure in ((code, found.one(code)) for code in LIST)
    ]  # fmt: skip


def outcomes(operation: Operation, found: Seen, services: Services, titles: Mapping[str, str]) -> dict[str, Any] | None:
    """Agency by outcome with totals, for the table macro; None where nothing is recorded."""
    made = outcomes_of(operation.id, found.as_of)
    made = made.outside() if found.outside else made
    if not made.agencies:
        return None
    columns = [{"key": "name", "label": gettext("Agency"), "head": True}]
    named = {**{code: titles.get(code, code) for code in ordered(made, titles)}, "": gettext("In all")}
    columns += [{"key": code, "label": label, "numeric": True} for code, label in named.items()]
    rows = []
    for i, agency in enumerate((*made.agencies, None)):
        row = {"name": gettext("All agencies") if agency is None else _name(services, agency)}
        for j, code in enumerate((*made.codes, "")):
            hidden = found.outside and (i, j) in made.hidden
            row[code] = words.withheld_cell() if hidden else words.number(made.full[i][j])
        rows.append(row)
    foot = rows.pop()
    rows.sort(key=lambda row: str(row["name"]).casefold())
    return {"columns": columns, "rows": rows, "foot": foot, "withheld": found.outside and bool(made.hidden)}


def ordered(made: Outcomes, titles: Mapping[str, str]) -> list[str]:
    """The outcomes that occur, in the order of the list."""
    return [*(code for code in titles if code in made.codes), *(code for code in made.codes if code not in titles)]


def _name(services: Services, service: int) -> str:
    return services[service].name if service in services else gettext("No agency")
