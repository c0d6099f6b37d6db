"""What the dashboard shows beside its charts: one look at it (``Reading``), tiles, the grid's title, the opening time.

Here belong words and where they lead. Every number comes from ``returns.figures``; who may see what is asked in the
view and handed in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import url_for
from flask_babel import gettext, ngettext, pgettext

from outreach.returns import figures as made
from outreach.returns.figures import Board, Figures
from outreach.rollup.compare import LEAST_BASE
from outreach.rollup.filters import told_apart
from outreach.rollup.measures import measure as measure_of
from outreach.rollup.standing import standing
from outreach.storage.tables import Operation
from outreach.vocab import Bound
from outreach.web import clock

from . import rules, tile_words, words


@dataclass(frozen=True)
class Reading:
    """One look at the dashboard: the moment, what is filtered, and what its reader may see.

    ``only``: the filter, as ``figures`` takes it; ``link``: what addresses carry on (moment and filter). ``outside``:
    outside the agencies. ``hours``: may see contacts by hour.
    """

    operation: Operation
    as_of: dt.datetime | None
    now: dt.datetime
    only: Any = None
    link: Mapping[str, Any] = field(default_factory=dict)
    outside: bool = True
    hours: bool = False

    @property
    def narrowed(self) -> dict[str, Any]:
        """The filter, for the questions that take one."""
        return {"only": self.only} if self.only else {}

    @property
    def today(self) -> int:
        return words.today_of(self.operation, self.now)

    def url(self, code: str, **more: Any) -> str:
        return url_for("report.measure", code=self.operation.code, measure=code, **{**self.link, **more})

    def figures(self, by: Sequence[str] = ()) -> Figures:
        return made.figures_of(self.operation.id, self.as_of, by, **self.narrowed)


# Tiles ----------------------------------------------------------------------------------------------------------------


def tiles(reading: Reading, whole: Figures, board: Board, operations: Mapping[int, tuple[str, str]]) -> list[Any]:
    """The seven headline figures: number, name with its definition, one line of context, where both lead."""
    categories = reading.figures(("category",)).of("personnel")
    contexts = {
        "personnel": words.staff_parts(categories),
        "persons_met": words.today_words(board, "persons_met"),
        "support_accepted": _of_offered(whole),
        "persons_charged": words.today_words(board, "persons_charged"),
        "charges": tile_words.laid(whole.one("charges")),
    }
    return [_tile(reading, whole, code, contexts.get(code, ""), board, operations) for code in tile_words.TILES]


def _tile(
    reading: Reading,
    whole: Figures,
    code: str,
    context: str,
    board: Board,
    operations: Mapping[int, tuple[str, str]],
) -> dict[str, Any]:
    figure = whole.one(code)
    unknown, sure = "", words.bound(figure) if figure.bound == Bound.PARTIAL else ""
    if not told_apart(measure_of(code), reading.only):
        context, sure, unknown = gettext("not told apart by this filter"), "", "…"
    elif figure.value is None:
        places = [operations[one][0] for one in board.elsewhere.get(code, ()) if one in operations]
        elsewhere = bool(places) and figure.coverage.expected == 0
        context = (
            gettext("counted in %(code)s", code=", ".join(places)) if elsewhere else words.covered(figure.coverage)
        )
        unknown, sure = pgettext("cell", "Elsewhere") if elsewhere else "", ""
    elif figure.contradicts:
        context, unknown = words.to_correct(), words.said(figure)
    return {
        "code": code,
        "value": None if figure.contradicts else figure.value,
        "least": figure.least,
        "bound": str(figure.bound),
        "unknown": unknown,
        "label": tile_words.name(figure),
        "context": " · ".join(filter(None, (context, sure, words.rule_name(figure)))),
        "url": reading.url(code),
        "definition": words.definition(made.counted(figure)),
    }


def _of_offered(whole: Figures) -> str:
    """``of 176 offered, 67 %``: the share only where the base is large enough and both are one number."""
    offered, share = whole.one("support_offered"), whole.one("acceptance")
    if offered.value is None:
        return ""
    said = tile_words.of_offered(offered, words.short(offered))
    large = share.value is not None and (share.denominator or 0) >= LEAST_BASE and share.bound == Bound.EXACT
    return f"{said}, {words.number(share.value)}" if large else said


# The grid -------------------------------------------------------------------------------------------------------------


def grid_title(board: Board) -> str:
    """What the states of the services say, worst first."""
    found = standing(board.cells)
    told = []
    if overdue := found.get("overdue"):
        told.append(ngettext("%(num)s service is overdue", "%(num)s services are overdue", overdue))
    if silent := found.get("silent"):
        alone = ngettext("%(num)s service is silent today", "%(num)s services are silent today", silent)
        told.append(ngettext("%(num)s is silent today", "%(num)s are silent today", silent) if told else alone)
    if told:
        return ", ".join(told)
    if found.get("heard"):
        return gettext("Nothing is overdue")
    return gettext("Persons met, by service and day")


# Before it begins -----------------------------------------------------------------------------------------------------


def opening(operation: Operation, now: dt.datetime, whole: Figures) -> str:
    """``The window opens on 10 October 2017 at 06:00.`` while it has not and nothing is known; '' otherwise."""
    if operation.starts_at is None or now >= operation.starts_at or whole.one("persons_met").value:
        return ""
    local = clock.local(operation.starts_at, operation.time_zone)
    return gettext(
        "The window opens on %(day)s at %(time)s.",
        day=clock.long_day(local.date() if local else None),
        time=clock.spoken_time(operation.starts_at, operation.time_zone),
    )


def worst_first(board: Board, names: Mapping[int, str], by_name: bool) -> list[int]:
    return (rules.by_name if by_name else rules.worst_first)(names, board.cells)
