"""The page that lays an operation beside its earlier editions: raw figures always, rates and common services where
definitions and scope are the same, otherwise the reasons why not.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from flask import g, render_template, request
from flask_babel import format_decimal, format_percent, gettext, ngettext, pgettext
from markupsafe import Markup

from outreach.returns.figures import Figures, need_figures
from outreach.rollup import compare
from outreach.rollup.compare import Edition, Pair, Rate, Span, Why
from outreach.rollup.measures import STANDARD
from outreach.storage.tables import Operation
from outreach.storage.types import utc_now
from outreach.web import clock, load
from outreach.web.guard import guard

from . import editions, history_words, words
from .edition_rules import Printed, RowKey, chosen, rows_shown, said_once, versions
from .views import bp


@bp.get("/operations/<code>/editions")
@guard("figures.see", load=load.operation)
def editions_of(operation: Operation) -> Any:
    """This operation, the editions that it was copied from, and what was printed of others."""
    need_figures(operation)
    g.operation = operation
    now = utc_now()
    kept = [operation, *editions.before(g.actor, operation)]
    seen = {one.code: editions.seen(g.actor, one, now) for one in kept}
    printed, places, place = editions.printed_beside(operation, request.args.get("place", ""))
    earlier = {one.code: one for one in kept[1:]}
    with_code = chosen(request.args.get("with", ""), earlier)
    pairs = _pairs(operation, earlier[with_code]) if with_code else None
    return render_template(
        "report/editions.html",
        operation=operation,
        as_of=clock.local_text(now, operation.time_zone),
        columns=_columns(kept, printed),
        rows=_rows(kept, seen, printed),
        places=places,
        place=place,
        printed=printed,
        earlier=list(earlier.values()),
        with_code=with_code,
        pairs=pairs,
    )


# Raw figures ----------------------------------------------------------------------------------------------------------


def _columns(kept: list[Operation], printed: list[Printed]) -> list[dict[str, Any]]:
    """The figure, this edition, earlier ones kept here, then those that were printed."""
    found: list[dict[str, Any]] = [{"key": "name", "label": gettext("Figure"), "head": True}]
    for place, one in enumerate(kept):
        name = one.edition or one.code
        label = name if place else gettext("This edition (%(name)s)", name=name)
        found.append({"key": one.code, "label": label, "numeric": True})
    for one in printed:
        label = gettext("%(edition)s, as printed", edition=one.edition)
        found.append({"key": _key(one), "label": label, "numeric": True})
    return found


def _key(printed: Printed) -> str:
    return f"printed {printed.edition}"


def _rows(kept: list[Operation], seen: dict[str, Figures], printed: list[Printed]) -> list[dict[str, Any]]:
    """One row a figure: counted ones with their coverage, printed ones with the word used; versions side by side."""
    days: dict[str, Any] = {"name": gettext("Days")}
    for one in kept:
        number = editions.days_of(one)
        days[one.code] = pgettext("figure", "not known") if number is None else str(number)
    for other in printed:
        said = " / ".join(str(number) for number in sorted(other.days))
        days[_key(other)] = said or "…"
    rows = [days]
    for key in rows_shown(STANDARD, printed):
        row: dict[str, Any] = {"name": history_words.figure_name(key[0], age=key[1])}
        for one in kept:
            row[one.code] = _counted(seen[one.code], key)
        for other in printed:
            row[_key(other)] = _cell(_printed(other, key))
        rows.append(row)
    return rows


def _cell(parts: list[tuple[str, str]]) -> Markup:
    """Each number with what stands under it, one below the other."""
    under = Markup('{}<br><span class="quiet">{}</span>')
    lines = Markup("<br>").join(under.format(said, more) if more else Markup("{}").format(said) for said, more in parts)
    return Markup("<span>{}</span>").format(lines)


def _counted(figures: Figures, key: RowKey) -> str:
    return words.short(figures.one(key[0])) if key[1] is None else "…"


def _printed(printed: Printed, key: RowKey) -> list[tuple[str, str]]:
    """Number and word used of each version; what nobody printed is an ellipsis."""
    return [
        (history_words.number(first.value, first.qualifier), said_once(one.word for one in same))
        for first, same in versions(printed.figures.get(key, []))
    ] or [("…", "")]


# What may be compared -------------------------------------------------------------------------------------------------


def _pairs(operation: Operation, earlier: Operation) -> dict[str, Any]:
    """A service-day, and services of both editions, for each figure: two values, or why not."""
    one, other = editions.edition_of(operation), editions.edition_of(earlier)
    rates, common = [], []
    for code in editions.RATED:
        name = history_words.measure_label(code)
        rates.append({"name": name, **_rate_row(compare.per_service_day(one, other, code))})
        common.append({"name": name, **_common_row(compare.common(one, other, code))})
    both = compare.of_both(one, other)
    whole = _whole_reason(one, other)
    return {
        "rates": _readable(rates),
        "common": _readable(common),
        "both": len(both),
        "whole": whole,
        "this": operation.edition or operation.code,
        "that": earlier.edition or earlier.code,
    }


def _readable(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows that may be compared first; the others say why not, where a number would stand."""
    for row in found:
        if "why" in row:
            row |= {"first": gettext("Not comparable"), "second": "–", "told": "–", "change": "–"}
    return sorted(found, key=lambda row: "why" in row)


def _whole_reason(one: Edition, other: Edition) -> str:
    """The reason that holds for every figure of the two editions, said once above the tables."""
    every = [set(compare.why_not(one, other, code)) for code in editions.RATED]
    shared = [why for why in Why if all(why in reasons for reasons in every)]
    return " ".join(reason(why) for why in shared if why is not Why.MISSING)


def _rate_row(pair: Pair) -> dict[str, Any]:
    if pair.why:
        return {"why": _reasons(pair)}
    change = compare.rate_change(pair)
    return {
        "first": _rate(pair.first),
        "second": _rate(pair.second),
        "change": "–" if change is None else _percent(change),
    }


def _rate(rate: Rate | Span | None) -> str:
    if not isinstance(rate, Rate):
        return ""
    of = ngettext(
        "%(number)s in %(num)s service-day", "%(number)s in %(num)s service-days", rate.service_days,
        number=words.number(rate.number),
    )  # fmt: skip
    return _cell([(str(format_decimal(float(rate.value), "#,##0.00")), of)])


def _percent(change: Fraction) -> str:
    said = str(format_percent(float(abs(change))))
    return f"+{said}" if change > 0 else f"−{said}" if change < 0 else said


def _common_row(pair: Pair) -> dict[str, Any]:
    if pair.why:
        return {"why": _reasons(pair)}
    first, second = pair.first, pair.second
    change = None
    if isinstance(first, Span) and isinstance(second, Span) and first.exact and second.exact:
        change = compare.percent(first.most, second.most)
    told = first.told if isinstance(first, Span) else 0
    return {
        "first": _span(first),
        "second": _span(second),
        "told": str(told),
        "change": "–" if change is None else _percent(change),
    }


def _span(span: Rate | Span | None) -> str:
    if not isinstance(span, Span):
        return ""
    if span.exact:
        return words.number(span.most)
    return gettext("%(least)s to %(most)s", least=words.number(span.least), most=words.number(span.most))


def _reasons(pair: Pair) -> str:
    return " ".join(reason(why) for why in pair.why)


def reason(why: Why) -> str:
    """Why two figures are not comparable, in one sentence."""
    return {
        Why.PRINTED: gettext("A printed figure names no counting rule."),
        Why.MISSING: gettext("One of the editions does not know the figure."),
        Why.RULE: gettext("It was counted by another rule."),
        Why.VERSION: gettext("It was counted by another version of the rule."),
        Why.AGE: gettext("It was counted under another age."),
        Why.LEVEL: gettext("The editions are of different levels."),
        Why.PLACE: gettext("The editions lie within different operations."),
        Why.SERVICES: gettext("It is not known which services took part."),
        Why.BOUND: gettext("It is not one exact number in both editions."),
        Why.DAYS: gettext("No service told it by day."),
        Why.NO_DAYS: gettext("It has no days."),
        Why.UNDATED: gettext("Part of it was told without a day."),
        Why.NO_SERVICES: gettext("No service told it in both editions."),
        Why.OPEN: gettext("One of the editions is not over yet."),
    }[why]
