"""The publication copy: a locked version as it may leave, in one language.

Here belongs what stands where. No sheet is about single persons, nothing is split by service and day at once, nobody
who signed is named. A withheld number is the symbol ``x``, by day an empty cell with a flag; it is in no chart, no
alternative text, no sum and no formula, and nothing is coloured by it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from flask_babel import gettext as _

from outreach.rollup.measures import FUNNEL
from outreach.rollup.splits import running
from outreach.rollup.totals import Coverage, Figure
from outreach.vocab import Bound, SignState

from .book import SYMBOL_NOT_APPLICABLE, SYMBOL_NOT_RECEIVED, SYMBOL_WITHHELD, Book, Cell, Chart, Column, Link, Sheet
from .check_sheet import checks
from .leaving import BY_DAY, BY_SERVICE, IN_ALL
from .long_sheets import definitions
from .public import OUTSIDE, Public, Row
from .sheets import MOST_BARS
from .source import coverage_words, label
from .words import BY_CODE, LEAST_FOR_PERCENT, ORDER, day_words, heading, message, pair

SHOWN = tuple(code for code in ORDER if code in IN_ALL or code == "acceptance")
_EPOCH = dt.date(1970, 1, 1)


def book_of(source: Public, language: str) -> Book:
    """The book in the language that is set; ``language`` as in ``en-CA``."""
    subject = f"{source.status_words()}. {source.as_of_words()}"
    made = [
        summary(source),
        by_service(source),
        by_day(source),
        completeness(source),
        definitions(source, [source.measure(code) for code in SHOWN], _rule(source)),
    ]
    return Book(
        title=_("Summary of %(operation)s", operation=source.name),
        language=language,
        subject=subject,
        footer=f"{source.code}. {subject}",
        page=_("Page %(page)s of %(pages)s", page="%(page)s", pages="%(pages)s"),
        made_at=source.as_of,
        names={
            "op_name": ("summary", 1, 1),
            "as_of": ("summary", 2, 1),
            "status": ("summary", 3, 1),
            "coverage": ("summary", 4, 1),
            **{code: ("summary", 6 + place, 2) for place, code in enumerate(SHOWN)},
        },
        sheets=[*made, checks(source, made, source.adds_by_day)],
        working=False,
    )


def _rule(source: Public) -> str:
    least = source.told.policy.least
    if least <= 1:
        return _("Names of figures in workbooks are these codes, in both languages.")
    zeros = _("zeros too") if source.told.policy.zeros else _("zeros are shown")
    return _(
        "Numbers from 1 to %(most)s are withheld (%(zeros)s), and others where they would give one away.",
        most=least - 1,
        zeros=zeros,
    )


# Summary --------------------------------------------------------------------------------------------------------------


def summary(source: Public) -> Sheet:
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
    top: tuple[tuple[Cell, ...], ...] = (
        (source.name,),
        (source.local_time, f"{source.zone}. {source.code}"),
        (source.status_words(),),
        (source.coverage_words(), _("Symbols: .. not received, ... not applicable, x withheld")),
    )
    return Sheet(
        "summary",
        _("Summary"),
        "tblSummary",
        columns,
        [_summary_row(source, code) for code in SHOWN],
        top,
        tuple(_summary_charts(source)),
        landscape=False,
        one_page=True,
        moment='"' + _("As of") + '" yyyy-mm-dd hh:mm',
        keys=SHOWN,
    )


def _summary_row(source: Public, code: str) -> list[Cell]:
    measure = source.measure(code)
    now: Cell = _acceptance(source) if code == "acceptance" else source.cell(code)
    before = source.previous.get(code)
    return [
        Link(label(measure), "services" if code in BY_SERVICE else "definitions"),
        now,
        _(measure.unit),
        before[0].number if before else SYMBOL_NOT_APPLICABLE,
        _difference(source, code, now),
        _coverage(source, code),
        _note(source, code),
    ]


def _acceptance(source: Public) -> Cell:
    """The share where both parts of it are those that are shown; otherwise it could tell another number."""
    from .book import Share

    row = source.rows.get(("acceptance", None, None))
    parts = (source.shown("support_accepted"), source.shown("support_offered"))
    if row is None or None in parts:
        return SYMBOL_WITHHELD if row is not None and row[3] is not None else SYMBOL_NOT_RECEIVED
    if (row[8], row[9]) != parts or row[9] < LEAST_FOR_PERCENT:
        return SYMBOL_NOT_APPLICABLE
    return Share(float(row[3]))


def _difference(source: Public, code: str, now: Cell) -> Cell:
    """This edition less what was published of the previous one, where both are exact and counted alike."""
    before = source.previous.get(code)
    if before is None or before[0].number is None or not isinstance(now, int):
        return SYMBOL_NOT_APPLICABLE
    row, told = source.rows[code, None, None], before[0]
    alike = all(source.definitions.get(code, {}).get(part) == before[1].get(part) for part in ("version", "variant"))
    if not alike or not row[4] == told.bound == Bound.EXACT.value:
        return _("Not comparable")
    return now - before[0].number


def _coverage(source: Public, code: str) -> str:
    if source.hidden(code, None, None):
        return _("Withheld")
    row = source.rows.get((code, None, None))
    if row is None or (row[7] == 0 and row[3] is None):
        return _("No service owes it here")
    return f"{_sure(row)}. {coverage_words(Coverage(row[6], row[7]))}"


def _sure(row: Row) -> str:
    """How far to trust a number; one of some of the services may be an upper end too."""
    words = str(_(Bound(row[4]).label))
    ranged = row[4] == Bound.PARTIAL and len(row) > 10 and row[10] is not None
    return f"{words}, {str(_(Bound.AT_MOST.label)).lower()}" if ranged else words


def _not_exact(source: Public, codes: Iterable[str], service: int | None = None, day: str | None = None) -> str:
    """The figures that are shown and are not exact, by how they are not, with the services in where some are not."""
    found: dict[str, list[str]] = {}
    for code in codes:
        row = source.rows.get((code, service, day))
        if row is None or source.shown(code, service, day) is None or row[4] == Bound.EXACT:
            continue
        covers = f", {coverage_words(Coverage(row[6], row[7]))}" if row[4] == Bound.PARTIAL else ""
        found.setdefault(_sure(row) + covers, []).append(label(source.measure(code)))
    return "; ".join(pair(words, ", ".join(names)) for words, names in found.items())


def _note(source: Public, code: str) -> str:
    if source.hidden(code, None, None):
        return _("A small number, or one that would give one away")
    if code == "acceptance":
        return _("Support accepted of support offered; no percentage on fewer than %(least)s", least=LEAST_FOR_PERCENT)
    if source.shown(code) is None:
        return _("Not known; this is not a zero")
    return "" if BY_CODE[code].adds_across_services else _("not a sum of services")


def _summary_charts(source: Public) -> list[Chart]:
    charts = []
    dates = [day for day in source.days if day not in OUTSIDE]
    numbers = [(day, source.shown("persons_met", None, day)) for day in dates]
    if any(met is not None for _day, met in numbers):
        missing = {day: _missing(source, "persons_met", day) for day in dates}
        each = message((day, missing[day] if met is None else met) for day, met in numbers)
        title = _("Persons met by day of first meeting")
        alt = _("Column chart. %(title)s. %(figures)s.", title=title, figures=each)
        last = len(dates) - 1
        charts.append(Chart(title, alt, "days", 0, 3, 0, last, upright=True, dates=True, width_cm=27, height_cm=6.5))
    funnel = [code for code in FUNNEL if code in SHOWN]
    kept = next((place for place, code in enumerate(funnel) if source.shown(code) is None), len(funnel))
    if kept >= 3:
        each = message((label(source.measure(code)), source.shown(code)) for code in funnel[:kept])
        title = _("From persons met to persons referred") if kept > 3 else _("From persons met to support accepted")
        alt = _("Bar chart. %(title)s. %(figures)s.", title=title, figures=each)
        first = SHOWN.index(funnel[0])
        charts.append(Chart(title, alt, "summary", 0, 1, first, first + kept - 1, width_cm=27, height_cm=6.5))
    return charts


# By service, By day ---------------------------------------------------------------------------------------------------


def by_service(source: Public) -> Sheet:
    """One row a service, most persons met first among those shown."""
    columns = (
        Column(_("Service"), 36, wraps=True),
        *(Column(label(source.measure(code)), 15, code=code) for code in BY_SERVICE),
        Column(_("Signed"), 22, wraps=True),
        Column(_("Note"), 44, wraps=True),
    )
    rows: list[list[Cell]] = [
        [
            source.service(service),
            *(source.cell(code, service) for code in BY_SERVICE),
            _signed(source, service),
            _not_exact(source, BY_SERVICE, service),
        ]
        for service in source.listed
    ]
    note = _("Persons are counted once; the services’ figures of persons do not add up.")
    return Sheet(
        "services",
        _("By service"),
        "tblByService",
        columns,
        rows or [[SYMBOL_NOT_APPLICABLE, *([None] * (len(columns) - 1))]],
        heading(source, _("By service"), note),
        tuple(_service_chart(source)),
        keys=tuple(source.listed),
    )


def _signed(source: Public, service: int) -> str:
    state = source.signed.get(service, {}).get("state")
    return _(SignState(state).label) if state else SYMBOL_NOT_APPLICABLE


def _service_chart(source: Public) -> list[Chart]:
    told = [
        (source.service(one), met) for one in source.listed if (met := source.shown("persons_met", one)) is not None
    ]
    if not told:
        return []
    title = _("Persons met by service, those that are not withheld")
    if len(told) > MOST_BARS:
        told, title = told[:MOST_BARS], _("Persons met by service, the %(bars)s with the most", bars=MOST_BARS)
    each = message(told)
    alt = _("Bar chart. %(title)s. %(figures)s.", title=title, figures=each)
    height = max(5, 2.5 + 0.8 * len(told))
    place = 1 + BY_SERVICE.index("persons_met")
    return [Chart(title, alt, "services", 0, place, 0, len(told) - 1, width_cm=21, height_cm=height)]


def by_day(source: Public) -> Sheet:
    """One row a day; a number that is not known or withheld is empty, the flag says which."""
    columns = (
        Column(_("Day"), 20),
        Column(_("Day number"), 11),
        Column(label(source.measure("contacts")), 14, code="contacts"),
        Column(label(source.measure("persons_met")), 14, code="persons_met"),
        Column(_("Persons met, cumulative"), 14),
        Column(label(source.measure("charges")), 14, code="charges"),
        Column(_("Flag"), 60, wraps=True),
    )
    inside = [day for day in source.days if day not in OUTSIDE]
    figures = [
        Figure("persons_met", {"day": _number(day)}, source.shown("persons_met", None, day)) for day in source.days
    ]
    summed = running(figures)
    rows: list[list[Cell]] = [
        [
            day_words(_number(day)),
            inside.index(day) + 1 if day in inside else None,
            source.shown("contacts", None, day),
            source.shown("persons_met", None, day),
            summed.get(_number(day)),
            source.shown("charges", None, day),
            _flag(source, day),
        ]
        for day in source.days
    ]
    note = _("A person counts on the day of the first meeting. Days without a number are empty; the flag says why.")
    return Sheet(
        "days",
        _("By day"),
        "tblByDay",
        columns,
        rows or [[SYMBOL_NOT_APPLICABLE, *([None] * (len(columns) - 1))]],
        heading(source, _("By day"), note),
        keys=tuple(_number(day) for day in source.days),
    )


def _number(day: str) -> int | str:
    """A day as figures name it."""
    return day if day in OUTSIDE else (dt.date.fromisoformat(day) - _EPOCH).days


def _missing(source: Public, code: str, day: str) -> str:
    return _("withheld") if source.hidden(code, None, day) else _("not known")


def _flag(source: Public, day: str) -> str:
    found: dict[str, list[str]] = {}
    for code in BY_DAY:
        if source.shown(code, None, day) is None:
            found.setdefault(_missing(source, code, day), []).append(label(source.measure(code)))
    missing = "; ".join(pair(words, ", ".join(names)) for words, names in found.items())
    return "; ".join(part for part in (missing, _not_exact(source, BY_DAY, None, day)) if part)


# Completeness ---------------------------------------------------------------------------------------------------------


def completeness(source: Public) -> Sheet:
    """One row a service that owes figures: whether it signed, and which version, without who did.

    Nor the hash of what it signed: that is of a few small numbers, which can be tried until one fits.
    """
    columns = (
        Column(_("Service"), 36, wraps=True),
        Column(_("State"), 24),
        Column(_("Version"), 12),
    )
    named = sorted(source.signed, key=lambda service: source.service(service).casefold())
    rows: list[list[Cell]] = [
        [
            source.service(service),
            _signed(source, service),
            source.signed[service].get("version") or None,
        ]
        for service in named
    ]
    note = _("Signing vouches for a service’s figures; a later change reopens them.")
    return Sheet(
        "completeness",
        _("Completeness"),
        "tblSignoff",
        columns,
        rows or [[SYMBOL_NOT_APPLICABLE, *([None] * (len(columns) - 1))]],
        heading(source, _("Completeness"), note),
    )
