"""Service × day, and the sheets about the figures: Completeness and Definitions.

Here belongs what stands where, in the language that is set. In a long sheet an unknown number is an empty cell and the
flag says why.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from flask_babel import force_locale
from flask_babel import gettext as _

from outreach.rollup.cells import Cell as GridCell
from outreach.rollup.measures import Measure
from outreach.vocab import Basis, Bound, CellState, EntryMode

from .book import SYMBOL_NOT_APPLICABLE, Cell, Column, Sheet
from .source import MEASURES, Source, date_of, grouped, label
from .words import HEADLINES, Head, day_words, elsewhere, heading, known, signed_words

DAILY = tuple(m for m in MEASURES if m.by_day and not m.parts)
SHOWN = tuple(m for m in DAILY if m.code in HEADLINES)
REST = tuple(m for m in DAILY if m not in SHOWN)  # right of the flag, not printed


# Service × day --------------------------------------------------------------------------------------------------------


def service_days(source: Source) -> Sheet:
    """One row per service and day; before and after the window only where something was counted."""
    columns = (
        Column(_("Service"), 36, wraps=True),
        Column(_("Day"), 12),
        Column(_("Part of the window"), 20),
        *(Column(label(m), 13, heat=m.code == "persons_met", code=m.code) for m in SHOWN),
        Column(_("Source"), 24, wraps=True),
        Column(_("Signed"), 15, wraps=True),
        Column(_("Flag"), 60, wraps=True),
        *(Column(label(m), 14, printed=False, code=m.code) for m in REST),
    )
    rows: list[list[Cell]] = []
    keys = []
    for (service, day), figures in sorted(
        source.by_service_and_day.items(), key=lambda item: source.service(item[0][0]).casefold()
    ):
        if _worth_a_row(source, service, day):
            sources = sorted({str(figure.basis) for figure in figures.values() if figure.basis})
            words = _("In the window") if isinstance(day, int) else str(day_words(day))
            keys.append((service, day))
            rows.append(
                [
                    source.service(service),
                    date_of(day) if isinstance(day, int) else None,
                    words,
                    *(known(figures.get(m.code)) for m in SHOWN),
                    ", ".join(_(Basis(basis).label) for basis in sources),
                    signed_words(source, service),
                    _flag(source, service, day),
                    *(known(figures.get(m.code)) for m in REST),
                ]
            )
    return Sheet(
        "service_days",
        _("Service × day"),
        "tblServiceDay",
        columns,
        rows or [[SYMBOL_NOT_APPLICABLE, *([None] * (len(columns) - 1))]],
        keys=tuple(keys),
    )


def _worth_a_row(source: Source, service: int, day: int | str) -> bool:
    figures = source.by_service_and_day[service, day].values()
    if any(figure.value for figure in figures):
        return True
    return isinstance(day, int) and any((service, day) in source.cells[m.code] for m in DAILY)


def _flag(source: Source, service: int, day: int | str) -> str:
    """Why a number is missing or only a lower bound, figures alike together."""
    items: list[tuple[str, Measure]] = []
    for measure in DAILY:
        figure = source.by_service_and_day[service, day].get(measure.code)
        if figure is None:
            continue
        cell = source.cells[measure.code].get((service, day)) if isinstance(day, int) else None
        if figure.value is None:
            items.append((_state_words(source, cell), measure))
        elif figure.bound != Bound.EXACT:
            items.append((_(figure.bound.label), measure))
    return grouped(items, DAILY)


def _state_words(source: Source, cell: GridCell | None) -> str:
    if cell is None:
        return _("Not asked")
    return elsewhere(source, cell) or _(CellState(cell.state).label)


# Completeness ---------------------------------------------------------------------------------------------------------


def completeness(source: Source) -> Sheet:
    """One row a service: what it was asked for, what came, and what it signed."""
    columns = (
        Column(_("Service"), 36, wraps=True),
        Column(_("How it reports"), 22, wraps=True),
        Column(_("Days asked"), 12),
        Column(_("Days in"), 12),
        Column(_("Late"), 12),
        Column(_("Overdue"), 12),
        Column(_("Declined"), 12),
        Column(_("Not due yet"), 12),
        Column(_("Persons met, records"), 13),
        Column(_("Persons met, signed"), 13),
        Column(_("Difference"), 14),
        Column(_("State"), 13),
        Column(_("Version"), 12),
        Column(_("Signed by"), 24, wraps=True),
        Column(_("Signed at"), 18),
        Column(_("Reopened at"), 18),
        Column(_("Hash of the version"), 72, printed=False),
    )
    names = sorted(source.by_service, key=lambda service: source.service(service).casefold())
    rows = [_completeness_row(source, service) for service in names]
    note = _(
        "Days are those of persons met; late ones came after they were due. Signing vouches for a service’s figures; a "
        "later change reopens them."
    )
    return Sheet(
        "completeness",
        _("Completeness"),
        "tblSignoff",
        columns,
        rows or [[SYMBOL_NOT_APPLICABLE, *([None] * (len(columns) - 1))]],
        heading(source, _("Completeness"), note),
    )


def _completeness_row(source: Source, service: int) -> list[Cell]:
    states = [cell.state for cell in source.cells_of(service).get("persons_met", ())]
    asked = [state for state in states if state not in (CellState.NOT_A_DAY, CellState.ELSEWHERE)]
    if asked:
        groups = (
            (CellState.NUMBER, CellState.ZERO),
            (CellState.OVERDUE,),
            (CellState.DECLINED,),
            (CellState.LATER, CellState.SILENT),
        )
        there, *others = (len([state for state in asked if state in group]) for group in groups)
        days: list[Cell] = [len(asked), there, source.late.get(service, 0), *others]
    else:
        days = [SYMBOL_NOT_APPLICABLE] * 6
    met, signature = known(source.by_service[service].get("persons_met")), source.signed.get(service)
    _kind, _status, mode = source.participations.get(service, ("", "", ""))
    signed = signature.persons_met if signature else None
    return [
        source.service(service),
        _(EntryMode(mode).label) if mode else SYMBOL_NOT_APPLICABLE,
        *days,
        met if met is not None else (".." if source.owes(service) else SYMBOL_NOT_APPLICABLE),
        SYMBOL_NOT_APPLICABLE if signed is None else signed,
        SYMBOL_NOT_APPLICABLE if signed is None or met is None else met - signed,
        signed_words(source, service),
        signature.version if signature else None,
        signature.typed_name if signature else None,
        _local(source, signature.at if signature else None),
        _local(source, signature.reopened_at if signature else None),
        signature.figures_hash if signature else None,
    ]


def _local(source: Source, at: dt.datetime | None) -> Cell:
    return None if at is None else at.astimezone(ZoneInfo(source.zone)).replace(tzinfo=None)


# Definitions ----------------------------------------------------------------------------------------------------------


def definitions(head: Head, measures: list[Measure], note: str = "") -> Sheet:
    """The catalogue of measures as it counts here, then the symbols."""
    columns = (
        Column(_("Code"), 22),
        Column(_("English"), 30, wraps=True),
        Column(_("French"), 34, wraps=True),
        Column(_("Unit"), 14),
        Column(_("What it counts"), 50, wraps=True),
        Column(_("Rule"), 60, wraps=True),
        Column(_("Adds up across"), 20, wraps=True),
        Column(_("Version"), 12),
    )
    rows: list[list[Cell]] = []
    for measure in measures:
        both = []
        for language in ("en", "fr"):
            with force_locale(language):
                both.append(label(measure))
        said = [_(measure.unit), _(measure.definition, **measure.params), _(measure.rule)]
        rows.append([measure.code, *both, *said, _adds(measure), measure.version])
    rows += [[sign, *said, None, meaning, None, None, None] for sign, said, meaning in _symbols()]
    note = note or _("Names of figures in workbooks are these codes, in both languages.")
    return Sheet(
        "definitions", _("Definitions"), "tblDefinitions", columns, rows, heading(head, _("Definitions"), note)
    )


def _adds(measure: Measure) -> str:
    if measure.additive:
        return _("services and days")
    if measure.adds_across_services:
        return _("services")
    return _("days") if measure.adds_across_days and measure.by_day else _("nothing")


def _symbols() -> list[tuple[str, tuple[str, str], str]]:
    return [
        ("..", ("not received", "non reçu"), _("Due and not given. This is not a zero.")),
        ("...", ("not applicable", "sans objet"), _("No figure is due here, or there is nothing to compare with.")),
        ("p", ("provisional", "provisoire"), _("Figures may still change.")),
        ("r", ("revised", "révisé"), _("A published figure was changed later.")),
        (
            "x",
            ("withheld", "retenu"),
            _("Withheld because a small number could identify somebody. This is our legend, not a statute’s."),
        ),
    ]
