"""Figures in the reader's words: labels, bounds, coverage, the heading's window, the cells of the grid.

Here belongs how a figure is said and where it leads. What it amounts to is decided in ``rollup``.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Mapping
from typing import Any

from babel.dates import format_date
from flask import url_for
from flask_babel import format_decimal, format_percent, get_locale, gettext, ngettext, pgettext
from markupsafe import Markup

from outreach.returns import figure_words, range_words
from outreach.returns.figures import Board, Figures, Services
from outreach.rollup import counting
from outreach.rollup.cells import Cell, adding_up
from outreach.rollup.checks import Check
from outreach.rollup.measures import Measure
from outreach.rollup.measures import measure as measure_of
from outreach.rollup.months import MONTH, days_of
from outreach.rollup.totals import Coverage, Figure
from outreach.storage.days import day_number, operational_day, window_days
from outreach.storage.tables import Operation
from outreach.storage.types import EPOCH_DAY
from outreach.vocab import Bound, OperationStatus, StaffCategory
from outreach.web import clock

from . import tile_words


def apart(name: str) -> str:
    """A name as it stands among other words: one that is written from the right does not turn what follows it."""
    turned = any(unicodedata.bidirectional(sign) in ("R", "AL") for sign in name)
    return f"\N{LEFT-TO-RIGHT ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}" if turned else name


# Measures and figures -------------------------------------------------------------------------------------------------


def label(measure: Measure) -> str:
    """A measure's name; with its counting rule where that is not the standard one, or was asked for by its name."""
    name = gettext(measure.label, **measure.params)
    rule = counting.rule(measure.base, measure.variant)
    if rule is None or (rule.standard and not measure.fixed):
        return name
    return gettext(
        "%(measure)s (%(rule)s, version %(version)s)", measure=name, rule=gettext(rule.label), version=rule.version
    )


def rule_name(figure: Figure) -> str:
    """The counting rule of a figure that was not counted by the standard one; '' otherwise."""
    rule = counting.rule(figure.measure.partition(":")[0], figure.rule)
    return "" if rule is None or rule.standard else gettext(rule.label)


def definition(measure: Measure) -> str:
    return gettext(measure.definition, **measure.params)


def number(value: int | float | None) -> str:
    """A figure's value as it is read: never a zero for what is not known."""
    if value is None:
        return pgettext("figure", "not known")
    return str(format_percent(value) if isinstance(value, float) else format_decimal(value))


def value(figure: Figure) -> Any:
    """A figure's value as it is read: hours with one place, but none under one; a ratio as a percentage, ``x`` where it
    is withheld."""
    if figure.withheld:
        return withheld_cell()
    if figure.contradicts:
        return figure_words.not_adding_up(number(figure.value))
    if figure.value is not None and measure_of(figure.measure).middle:
        if 0 <= figure.value < 1:
            return gettext("under %(limit)s", limit=gettext("%(hours)s h", hours=1))
        return gettext("%(hours)s h", hours=format_decimal(figure.value))
    if figure.least and figure.value is not None:
        return gettext("%(least)s to %(most)s", least=number(figure.least), most=number(figure.value))
    return number(figure.value)


def withheld_cell() -> Markup:
    """The symbol of a withheld number, with its word for who cannot see the legend."""
    return Markup('x<span class="visually-hidden">, {}</span>').format(withheld_words())


def withheld_words() -> str:
    return gettext("withheld")


def parts(figure: Figure) -> str:
    """What a ratio or a median is of: ``9 of 12 due``, ``of 11 picked up; 2 still wait``."""
    if figure.numerator is None or figure.denominator is None or not figure.denominator:
        return ""
    measure = measure_of(figure.measure)
    if not measure.middle:
        return (
            gettext("%(part)s of %(whole)s due", part=figure.numerator, whole=figure.denominator)
            if measure.days
            else gettext("%(part)s of %(whole)s", part=figure.numerator, whole=figure.denominator)
        )
    return ngettext(
        "of %(made)s made, %(num)s still waits",
        "of %(made)s made, %(num)s still wait",
        figure.denominator - figure.numerator,
        made=figure.denominator,
    )


def covered(coverage: Coverage) -> str:
    """``44 of 46 services in``; says so when nobody knows who takes part."""
    if coverage.expected is None:
        return gettext("services not known")
    if not coverage.expected:
        return gettext("owed by no service here")
    return figure_words.covered(coverage.reported, coverage.expected)


def bound(figure: Figure) -> str:
    """The words that a figure needs beside it; none for an exact one, or for less than nothing, which is words."""
    if figure.contradicts:
        return ""
    if figure.bound == Bound.AT_MOST and figure.least:
        return gettext("overlap not known")
    if figure.bound == Bound.AT_LEAST:
        return gettext("at least")
    if figure.bound == Bound.AT_MOST:
        return gettext("at most")
    if figure.bound == Bound.PARTIAL:
        if figure.coverage.expected is None or figure.coverage.reported == figure.coverage.expected:
            return pgettext("figure", "partial")
        return gettext(
            "partial, %(reported)s of %(expected)s services",
            reported=figure.coverage.reported,
            expected=figure.coverage.expected,
        )
    return ""


def said(figure: Figure) -> str:
    """A figure with its bound, for a table: ``at least 13``, ``11 (partial, 5 of 46 services)``, ``between 13 and 18``,
    ``not known``."""
    if figure.withheld:
        return f"x ({withheld_words()})"
    if figure.bound == Bound.AT_MOST and figure.least and figure.value is not None and not figure.contradicts:
        return gettext("between %(least)s and %(most)s", least=number(figure.least), most=number(figure.value))
    said, words = str(value(figure)), bound(figure)
    if figure.value is None or not words:
        return said
    return f"{said} ({words})" if figure.bound == Bound.PARTIAL else f"{words} {said}"


def short(figure: Figure) -> str:
    """A figure with its bound where there is little room: ``11 (5/46)`` for a partial one, ``13–18`` for a range."""
    covers = figure.coverage
    if figure.contradicts:
        return said(figure)
    if figure.bound == Bound.AT_MOST and figure.least and figure.value is not None:
        return f"{number(figure.least)}–{number(figure.value)}"
    if figure.bound != Bound.PARTIAL or figure.value is None or covers.expected in (None, covers.reported):
        return said(figure)
    return f"{value(figure)} ({covers.reported}/{covers.expected})"


def to_correct() -> str:
    """What to do about a figure that is less than nothing."""
    return gettext("adjustments take away more than is counted: correct them")


def assumption(figure: Figure, services: Services) -> str:
    """What is not known behind a range."""
    return range_words.assumption(figure, {service: named.label for service, named in services.items()})


def source(figure: Figure) -> str:
    """What the figure was made from."""
    return gettext("nothing yet") if figure.basis is None else gettext(figure.basis.label)


def day_words(day: int | str) -> str:
    """A day row's name."""
    if isinstance(day, int):
        return (EPOCH_DAY + dt.timedelta(days=day)).isoformat()
    if MONTH.fullmatch(day) or day.isdigit():
        return month_words(day)
    rows = {
        "before": gettext("Before the window"),
        "after": gettext("After the window"),
        "undated": gettext("Without a day"),
    }
    return rows[day]


def month_words(month: str) -> str:
    """``October 2017`` of ``2017-10``; a year as it is."""
    if len(month) == 4:
        return month
    return str(format_date(EPOCH_DAY + dt.timedelta(days=days_of(month).start), "LLLL y", locale=get_locale()))


def short_month(month: str) -> str:
    """``Oct`` of ``2017-10``, under a column of a chart."""
    return str(format_date(EPOCH_DAY + dt.timedelta(days=days_of(month).start), "LLL", locale=get_locale()))


def short_day(day: int | str) -> str:
    """``Tue 10`` over a column of the grid."""
    if isinstance(day, str):
        return pgettext("column", "Before") if day == "before" else pgettext("column", "After")
    return str(format_date(EPOCH_DAY + dt.timedelta(days=day), "EEE d", locale=get_locale()))


# The heading ----------------------------------------------------------------------------------------------------------


def window(operation: Operation, now: dt.datetime) -> list[str]:
    """What stands under the name: days, where we are in them, status and until when, zone."""
    zone, starts = operation.time_zone, operation.day_starts_minutes
    first, last = window_days(operation.starts_at, operation.ends_at, zone, starts)
    status = gettext(OperationStatus(operation.status).label)
    if operation.standing and operation.starts_at is not None:
        began = clock.long_day(clock.local(operation.starts_at, zone))  # as it was typed: an hour before six, too
        return [gettext("Since %(day)s", day=began), gettext("No end: a standing unit"), status, zone]
    if first is None or last is None or operation.ends_at is None:
        return [gettext("Window not known"), status, zone]
    parts = [clock.long_span(first, last)]
    if operation.window_assumed:
        parts.append(gettext("Window assumed"))
    today = operational_day(now, zone, starts)
    if first <= today <= last:
        parts.append(gettext("Day %(day)s of %(days)s", day=(today - first).days + 1, days=(last - first).days + 1))
    if operation.status == OperationStatus.ACTIVE and now < operation.ends_at:
        ends = operation.ends_at - dt.timedelta(minutes=1)
        midnight = clock.hour_minute(operation.ends_at, zone) == "00:00"
        until = "24:00" if midnight else clock.hour_minute(operation.ends_at, zone)
        same_day = clock.iso_day(clock.local(ends, zone)) == clock.iso_day(clock.local(now, zone))
        on = "" if same_day else clock.iso_day(clock.local(ends if midnight else operation.ends_at, zone)) + " "
        status = gettext("%(status)s until %(time)s", status=status, time=on + until)
    return [*parts, status, zone]


def status_line(operation: Operation) -> str:
    """Status, and that it is a sample."""
    status = gettext(OperationStatus(operation.status).label)
    return f"{status} · {gettext('Sample')}" if operation.is_sample else status


def moment(operation: Operation, now: dt.datetime) -> str:
    """``21:42`` while the window is open, else with the day."""
    zone = operation.time_zone
    if (
        operation.starts_at is not None
        and operation.ends_at is not None
        and (operation.starts_at <= now <= operation.ends_at + dt.timedelta(hours=12))
    ):
        return clock.hour_minute(now, zone)
    return clock.local_text(now, zone)


# Tiles ----------------------------------------------------------------------------------------------------------------


def staff_parts(categories: list[Figure]) -> str:
    """``241 police · 52 support · 38 victim services``; nothing where no category is known."""
    names = {
        StaffCategory.POLICE: pgettext("staff", "police"),
        StaffCategory.SUPPORT: pgettext("staff", "support"),
        StaffCategory.VICTIM_SERVICES: pgettext("staff", "victim services"),
        StaffCategory.NGO: pgettext("staff", "other organisations"),
        StaffCategory.INTERPRETER: pgettext("staff", "interpreters"),
        "": pgettext("staff", "not split"),
    }
    always = (StaffCategory.POLICE, StaffCategory.SUPPORT, StaffCategory.VICTIM_SERVICES)
    known = {figure.key["category"]: figure.value for figure in categories if figure.value is not None}
    return " · ".join(
        f"{number(known[code])} {name}"
        for code, name in names.items()
        if code in known and (known[code] or code in always)
    )


def offers(figures: Figures) -> str:
    """``176 offered, 118 accepted``, with how much of it is known."""
    offered, accepted = figures.one("support_offered"), figures.one("support_accepted")
    if offered.value is None or accepted.value is None:
        return gettext("offers of support not known")
    if offered.contradicts or accepted.contradicts:
        return gettext("offers of support do not add up")
    words = gettext("%(offered)s offered, %(accepted)s accepted", offered=value(offered), accepted=value(accepted))
    worst = bound(accepted) or bound(offered)
    return f"{words} ({worst})" if worst else words


def today_words(board: Board, code: str) -> str:
    """``+23 today``, when today is one of the days and something is known of it."""
    figure = next((figure for figure in board.today_figures if figure.measure == code), None)
    return "" if figure is None or (figure.value or 0) <= 0 else gettext("+%(num)s today", num=number(figure.value))


def tiles(
    operation: Operation,
    figures: Figures,
    categories: list[Figure],
    board: Board,
    operations: Mapping[int, tuple[str, str]],
    link: dict[str, Any],
) -> list[dict[str, Any]]:
    """Value, label, bound and one line of context of each headline figure."""
    contexts = {
        "services": "",
        "personnel": staff_parts(categories),
        "persons_met": " · ".join(filter(None, (today_words(board, "persons_met"), offers(figures)))),
        "persons_charged": today_words(board, "persons_charged"),
        "charges": tile_words.laid(figures.one("charges")),
    }
    out = []
    for code, context in contexts.items():
        figure = figures.one(code)
        unknown = ""
        short_of = figure.coverage.reported != figure.coverage.expected
        words = bound(figure) if figure.bound == Bound.PARTIAL and short_of else ""
        if figure.value is None:
            places = [operations[one][0] for one in board.elsewhere.get(code, ()) if one in operations]
            elsewhere = bool(places) and figure.coverage.expected == 0
            counted = gettext("counted in %(code)s", code=", ".join(places))
            context, words = "", counted if elsewhere else covered(figure.coverage)
            unknown = pgettext("cell", "Elsewhere") if elsewhere else ""
        if figure.contradicts:
            context, words, unknown = to_correct(), "", said(figure)
        out.append(
            {
                "code": code,
                "value": None if figure.contradicts else figure.value,
                "least": figure.least,
                "unknown": unknown,
                "label": tile_words.name(figure),
                "bound": str(figure.bound),
                "context": " · ".join(filter(None, (context, words, rule_name(figure)))),
                "url": url_for("report.measure", code=operation.code, measure=code, **link),
            }
        )
    return out


# The grid -------------------------------------------------------------------------------------------------------------


def columns(board: Board) -> list[int | str]:
    """Days of the grid: those of the window, and the rows outside it where something was met there."""
    outside = {figure.key["day"] for figure in board.outside}
    window = [day for day in board.days if isinstance(day, int)]
    return [*(["before"] if "before" in outside else []), *window, *(["after"] if "after" in outside else [])]


def grid_rows(
    operation: Operation,
    board: Board,
    order: list[int],
    services: Services,
    operations: Mapping[int, tuple[str, str]],
    link: dict[str, Any],
) -> list[dict[str, Any]]:
    """A row a service with a cell a day, each leading to its records."""
    found = {(cell.service, cell.day): cell for cell in board.cells}
    outside = {(figure.key["service"], figure.key["day"]): figure.value for figure in board.outside}
    days = columns(board)
    codes = {day: day if isinstance(day, str) else day_words(day) for day in days}
    out = []
    for service in order:
        base = url_for("report.measure", code=operation.code, measure="persons_met", service=service, **link)
        row: list[dict[str, Any]] = []
        for day in days:
            if isinstance(day, str):
                value = outside.get((service, day))
                row.append({"state": "number" if value else "not_a_day", "value": value})
            else:
                row.append(cell(found.get((service, day)), services, operations))
            if row[-1]["state"] != "not_a_day":
                row[-1]["url"] = f"{base}&day={codes[day]}"
        name = services[service].label if service in services else f"{service}"
        out.append({"name": name, "url": base, "cells": row})
    return out


def cell(found: Cell | None, services: Services, operations: Mapping[int, tuple[str, str]]) -> dict[str, Any]:
    """State, value and detail of one cell, for the macro."""
    if found is None:
        return {"state": "not_a_day", "value": None}
    detail = ""
    if found.lead is not None and found.lead in services:
        detail = gettext("counted by %(service)s (joint team)", service=services[found.lead].label)
    elif found.operation is not None and found.operation in operations:
        detail = gettext("in %(code)s", code=operations[found.operation][0])
    if found.value is not None and found.value < 0:
        return {"state": str(found.state), "value": f"−{number(-found.value)}!", "detail": gettext("does not add up")}
    return {"state": str(found.state), "value": found.value, "detail": detail}


def elsewhere(board: Board, services: Services, operations: Mapping[int, tuple[str, str]]) -> list[str]:
    """One line for each service whose contacts another counts."""
    kinds = {
        (found.service, cell(found, services, operations)["detail"])
        for found in board.cells
        if str(found.state) == "elsewhere"
    }
    return [
        gettext("%(name)s: %(words)s", name=services[service].label, words=detail)
        for service, detail in sorted(kinds, key=lambda kind: services[kind[0]].label)
        if service in services and detail
    ]


def not_adding_up(board: Board, whole: Figure) -> str:
    """Why the cells do not make the headline; nothing where they do."""
    found = adding_up(board.cells, set(board.days), board.outside, whole)
    if found is None or not found.apart or whole.value is None:
        return ""
    if found.cells > whole.value:
        return ngettext(
            "Cells add up to %(cells)s: %(num)s person, met by several services, counts once in the %(whole)s.",
            "Cells add up to %(cells)s: %(num)s persons, met by several services, count once in the %(whole)s.",
            found.apart,
            cells=number(found.cells),
            whole=number(whole.value),
        )
    return ngettext(
        "Cells add up to %(cells)s: %(num)s of the %(whole)s was reported without a day.",
        "Cells add up to %(cells)s: %(num)s of the %(whole)s were reported without a day.",
        found.apart,
        cells=number(found.cells),
        whole=number(whole.value),
    )


def today_of(operation: Operation, now: dt.datetime) -> int:
    return day_number(operational_day(now, operation.time_zone, operation.day_starts_minutes))


# Checks ---------------------------------------------------------------------------------------------------------------


def check_words(check: Check, services: Services, operations: Mapping[int, tuple[str, str]]) -> dict[str, str]:
    """What does not fit, and about whom."""
    about = []
    if check.where.get("service") in services:
        about.append(services[check.where["service"]].name)
    if check.where.get("operation") in operations:
        about.append(operations[check.where["operation"]][0])
    if check.where.get("measure") and check.code not in ("sum_of_services",):
        about.append(label(measure_of(check.where["measure"])))
    if check.where.get("day", -1) != -1:
        about.append(day_words(check.where["day"]))
    kinds = {"problem": gettext("Problem"), "question": gettext("Question"), "note": gettext("Note")}
    return {
        "kind": str(check.severity),
        "kind_words": kinds[str(check.severity)],
        "about": " · ".join(about),
        "text": gettext(check.message, **check.params) if check.params else gettext(check.message),
    }
