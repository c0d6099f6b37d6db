"""The Summary: one row a figure, whose cells carry the defined names, and the two charts of the whole operation.

Here belongs what stands where; a figure that is not known is the symbol ``..``, never 0.
"""

from __future__ import annotations

from flask_babel import gettext as _

from outreach.returns.figures import counted
from outreach.rollup import compare
from outreach.rollup.measures import FUNNEL, Measure
from outreach.rollup.totals import Figure

from .book import SYMBOL_NOT_APPLICABLE, Cell, Chart, Column, Link, Sheet
from .source import AFTER, Source, date_of, label
from .words import BY_CODE, LEAST_FOR_PERCENT, ORDER, known, message, places, value


def summary(source: Source) -> Sheet:
    """One row a figure; the cells of its second column carry the defined names."""
    columns = (
        Column(_("Figure"), 40),
        Column(_("This edition"), 13),
        Column(_("Unit"), 12),
        Column(_("Previous edition"), 14),
        Column(_("Difference"), 14),
        Column(_("Coverage"), 36, wraps=True),
        Column(_("Note"), 36, wraps=True),
    )
    at = '"' + _("As of") + '" yyyy-mm-dd hh:mm'
    top: tuple[tuple[Cell, ...], ...] = (
        (source.name,),
        (source.local_time, f"{source.zone}. {source.code}. {source.window}"),
        (source.status_words(),),
        (source.coverage_words(), _("Symbols: .. not received, ... not applicable, x withheld")),
    )
    rows = [_summary_row(source, BY_CODE[code]) for code in ORDER]
    return Sheet(
        "summary",
        _("Summary"),
        "tblSummary",
        columns,
        rows,
        top,
        tuple(_summary_charts(source)),
        landscape=False,
        one_page=True,
        moment=at,
        keys=ORDER,
    )


def names() -> dict[str, tuple[str, int, int]]:
    """Defined name → place on the Summary."""
    places = {code: ("summary", 6 + n, 2) for n, code in enumerate(ORDER)}
    return {
        "op_name": ("summary", 1, 1),
        "as_of": ("summary", 2, 1),
        "status": ("summary", 3, 1),
        "coverage": ("summary", 4, 1),
    } | places


def _summary_row(source: Source, measure: Measure) -> list[Cell]:
    figure, before = source.total[measure.code], source.previous.get(measure.code)
    return [
        Link(label(counted(figure)), _more(measure)),
        value(figure),
        _(measure.unit),
        value(before),
        _difference(figure, before),
        _coverage(source, figure),
        _note(source, figure, measure),
    ]


def _difference(now: Figure, before: Figure | None) -> Cell:
    """This edition less the previous, only where both are exact and so compare."""
    if (
        before is None
        or now.value is None
        or before.value is None
        or BY_CODE[now.measure].parts
        or BY_CODE[now.measure].middle
    ):
        return SYMBOL_NOT_APPLICABLE
    changed = compare.change(now, before) if now.rule == before.rule else None
    return _("Not comparable") if changed is None else changed


def _coverage(source: Source, figure: Figure) -> str:
    if figure.withheld:
        return _("Withheld")
    if figure.contradicts:
        return _("Does not add up: adjustments take away more than is counted")
    if figure.coverage.expected == 0 and figure.value is None:
        return _("No service owes it here")
    return f"{_(figure.bound.label)}. {source.coverage_words(figure.coverage)}"


def _note(source: Source, figure: Figure, measure: Measure) -> str:
    if figure.withheld:
        return _("A small number, or one that would give one away")
    if measure.middle and figure.numerator is not None and figure.denominator:
        waiting = figure.denominator - figure.numerator
        return _("of %(made)s made; still waiting: %(waiting)s", made=figure.denominator, waiting=waiting)
    if measure.parts:
        if figure.denominator is None or figure.numerator is None:
            return _("One of the two parts is not known") if measure.days else _("Accepted or offered is not known")
        two = {"part": figure.numerator, "whole": figure.denominator}
        parts = _("%(part)s of %(whole)s due", **two) if measure.days else _("%(part)s of %(whole)s offered", **two)
        few = _("no percentage on fewer than %(least)s", least=LEAST_FOR_PERCENT)
        return parts if figure.denominator >= LEAST_FOR_PERCENT else f"{parts}; {few}"
    if figure.value is None:
        return "; ".join(places(source, source.cells.get(measure.code, {}).values())) or _(
            "Not known; this is not a zero"
        )
    basis = _(figure.basis.label) if figure.basis else ""
    if figure.least is not None:
        ends = {"least": figure.least, "most": figure.value}
        overlap = _("between %(least)s and %(most)s: who was met by several services is not known", **ends)
        basis = "; ".join(part for part in (overlap, basis) if part)
    apart = "" if measure.adds_across_services else _("not a sum of services")
    return "; ".join(part for part in (basis, apart) if part)


def _more(measure: Measure) -> str:
    """The sheet that says more of the figure."""
    if measure.code in ("charges", "persons_charged"):
        return "offences"
    if measure.code in ("services", "support_agencies"):
        return "completeness"
    if measure.code == "outcomes":
        return "outcomes"
    if measure.parts or measure in AFTER:
        return "definitions"
    return "days" if measure.code == "persons_met" else "services"


def _summary_charts(source: Source) -> list[Chart]:
    charts = []
    days = [(n, day) for n, day in enumerate(source.by_day) if isinstance(day, int)]
    told = [(date_of(int(day)), known(source.by_day[day].get("persons_met"))) for _n, day in days]
    if any(met is not None for _on, met in told):
        unknown = _("not known")
        each = message((f"{on:%Y-%m-%d}", unknown if met is None else met) for on, met in told)
        title = _("Persons met by day of first meeting")
        charts.append(
            Chart(
                title,
                _("Column chart. %(title)s. %(figures)s.", title=title, figures=each),
                "days",
                0,
                3,
                days[0][0],
                days[-1][0],
                upright=True,
                dates=True,
                width_cm=27,
                height_cm=6.5,
            )
        )
    funnel = [source.total[code] for code in FUNNEL]
    shown = next((n for n, figure in enumerate(funnel) if figure.value is None), len(funnel))
    if shown >= 3:
        each = message((label(BY_CODE[figure.measure]), known(figure)) for figure in funnel[:shown])
        title = _("From persons met to persons engaged")
        first = ORDER.index(FUNNEL[0])
        charts.append(
            Chart(
                title,
                _("Bar chart. %(title)s. %(figures)s.", title=title, figures=each),
                "summary",
                0,
                1,
                first,
                first + shown - 1,
                width_cm=27,
                height_cm=6.5,
            )
        )
    return charts
