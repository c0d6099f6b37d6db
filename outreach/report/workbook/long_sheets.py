"""The long sheets and those about the figures: Service × day, Contacts, Completeness, Definitions, Checks.

Here belongs what stands where, in the language that is set. In the long sheets an unknown number is an empty cell and
the flag says why. Contacts is made only for those who may see single persons, and holds no place, code or note.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from flask_babel import force_locale
from flask_babel import gettext as _

from outreach.errors import NotAllowed
from outreach.rollup.cells import Cell as GridCell
from outreach.rollup.measures import Measure, counted_by
from outreach.rollup.members import members
from outreach.vocab import (
    AgeBand,
    Basis,
    Bound,
    CellState,
    ContactResult,
    EntryMode,
    Gender,
    PlaceKind,
    SupportAnswer,
    Vocabulary,
)

from .book import SYMBOL_NOT_APPLICABLE, Cell, Column, Difference, Named, Sheet, SumOf
from .source import EVERY_SERVICE, MEASURES, Source, date_of, grouped, label
from .words import BY_CODE, HEADLINES, ORDER, day_words, elsewhere, heading, known, signed_words

HOURS = 3
"""Hours in one hour band."""

DAILY = tuple(m for m in MEASURES if m.by_day and not m.parts)
SHOWN = tuple(m for m in DAILY if m.code in HEADLINES)
REST = tuple(m for m in DAILY if m not in SHOWN)  # right of the flag, not printed
# Columns of Service × day from 0: service, day, part of the window, SHOWN, source, flag, REST.
COLUMN_OF = {m: 3 + place for place, m in enumerate(SHOWN)} | {
    m: 5 + len(SHOWN) + place for place, m in enumerate(REST)
}


# Service × day --------------------------------------------------------------------------------------------------------


def service_days(source: Source) -> Sheet:
    """One row per service and day; before and after the window only where something was counted."""
    columns = (
        Column(_("Service"), 36, wraps=True),
        Column(_("Day"), 12),
        Column(_("Part of the window"), 20),
        *(Column(label(m), 13, heat=m.code == "persons_met") for m in SHOWN),
        Column(_("Source"), 24, wraps=True),
        Column(_("Flag"), 60, wraps=True),
        *(Column(label(m), 14, printed=False) for m in REST),
    )
    rows: list[list[Cell]] = []
    for (service, day), figures in sorted(
        source.by_service_and_day.items(), key=lambda item: source.service(item[0][0]).casefold()
    ):
        if _worth_a_row(source, service, day):
            sources = sorted({str(figure.basis) for figure in figures.values() if figure.basis})
            words = _("In the window") if isinstance(day, int) else str(day_words(day))
            rows.append(
                [
                    source.service(service),
                    date_of(day) if isinstance(day, int) else None,
                    words,
                    *(known(figures.get(m.code)) for m in SHOWN),
                    ", ".join(_(Basis(basis).label) for basis in sources),
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


# Contacts -------------------------------------------------------------------------------------------------------------


def contacts(source: Source) -> Sheet:
    """One row per person met (at the first meeting) or outcome, for those entitled; as many rows of persons as the
    figure has records. The order tells nothing of the order in which they were entered."""
    columns = (
        Column(_("Row"), 8),
        Column(_("Day"), 12),
        Column(_("Hours"), 14),
        Column(_("Service"), 36, wraps=True),
        Column(_("Result"), 16),
        Column(_("Age band"), 16),
        Column(_("Gender"), 34),
        Column(_("Support"), 18),
        Column(_("Kind of place"), 20),
    )
    if source.persons is None:
        raise NotAllowed()
    chosen: list[int | None] = [None] if source.persons == EVERY_SERVICE else sorted(source.persons)
    found = [row for service in chosen for row in (*_persons(source, service), *_attempts(source, service))]
    found.sort(key=lambda row: (row[0] is None, *(str(part or "") for part in row)))
    rows: list[list[Cell]] = [[number, *row] for number, row in enumerate(found, start=1)]
    return Sheet("contacts", _("Contacts"), "tblContacts", columns, rows or [[None] * len(columns)])


def _persons(source: Source, service: int | None) -> list[list[Cell]]:
    rows = members(source.facts, BY_CODE["persons_met"], service=service)
    read = zip(
        *(rows[name].tolist() for name in ("counted_day", "at", "service", "age", "gender", "support", "place_kind")),
        strict=True,
    )
    return [
        [
            _day(day),
            _hours(source, at),
            source.service(of),
            _(ContactResult.MET.label),
            _word(AgeBand, age),
            _word(Gender, gender),
            _word(SupportAnswer, support),
            _word(PlaceKind, place),
        ]
        for day, at, of, age, gender, support, place in read
    ]


def _attempts(source: Source, service: int | None) -> list[list[Cell]]:
    from outreach.rollup.measures import measure

    rows = members(source.facts, measure("attempts"), service=service)
    read = zip(*(rows[name].tolist() for name in ("counted_day", "at", "service", "result")), strict=True)
    return [
        [_day(day), _hours(source, at), source.service(of), _word(ContactResult, result), None, None, None, None]
        for day, at, of, result in read
    ]


def _day(day: int) -> Cell:
    return date_of(day) if day >= 0 else None


def _hours(source: Source, at: int) -> str:
    """The band of the clock: ``21:00–23:59``."""
    hour = dt.datetime.fromtimestamp(at, ZoneInfo(source.zone)).hour // HOURS * HOURS
    return f"{hour:02}:00–{hour + HOURS - 1:02}:59"


def _word(vocabulary: type[Vocabulary], code: object) -> str:
    return _(vocabulary(code).label) if isinstance(code, str) else _("Not known")


# Completeness ---------------------------------------------------------------------------------------------------------


def completeness(source: Source) -> Sheet:
    """One row a service: what it was asked for, what came, and what it signed."""
    columns = (
        Column(_("Service"), 36, wraps=True),
        Column(_("How it reports"), 22, wraps=True),
        Column(_("Days asked"), 12),
        Column(_("Days in"), 12),
        Column(_("Overdue"), 12),
        Column(_("Declined"), 12),
        Column(_("Not due yet"), 12),
        Column(_("Persons met, now"), 13),
        Column(_("Persons met, signed"), 13),
        Column(_("Difference"), 14),
        Column(_("State"), 13),
        Column(_("Version"), 12),
        Column(_("Signed by"), 24, wraps=True),
        Column(_("Signed at"), 18),
        Column(_("Reopened at"), 18),
        Column(_("Mark of the version"), 18),
    )
    names = sorted(source.by_service, key=lambda service: source.service(service).casefold())
    rows = [_completeness_row(source, service) for service in names]
    note = _("Days are those of persons met. Signing vouches for a service’s figures; a later change reopens them.")
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
        days: list[Cell] = [
            len(asked),
            *(
                sum(state in group for state in asked)
                for group in (
                    (CellState.NUMBER, CellState.ZERO),
                    (CellState.OVERDUE,),
                    (CellState.DECLINED,),
                    (CellState.LATER, CellState.SILENT),
                )
            ),
        ]
    else:
        days = [SYMBOL_NOT_APPLICABLE] * 5
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
        signature.figures_hash[:12] if signature else None,
    ]


def _local(source: Source, at: dt.datetime | None) -> Cell:
    return None if at is None else at.astimezone(ZoneInfo(source.zone)).replace(tzinfo=None)


# Definitions ----------------------------------------------------------------------------------------------------------


def definitions(source: Source) -> Sheet:
    """The catalogue of measures as it counts here, then the symbols."""
    columns = (
        Column(_("Code"), 22),
        Column(_("English"), 30, wraps=True),
        Column(_("French"), 34, wraps=True),
        Column(_("What it counts"), 50, wraps=True),
        Column(_("Rule"), 60, wraps=True),
        Column(_("Adds up across"), 20, wraps=True),
        Column(_("Version"), 12),
    )
    rows: list[list[Cell]] = []
    for code in ORDER:
        measure = counted_by(code, source.facts.counting)
        both = []
        for language in ("en", "fr"):
            with force_locale(language):
                both.append(label(measure))
        rows.append(
            [code, *both, _(measure.definition, **measure.params), _(measure.rule), _adds(measure), measure.version]
        )
    rows += [[sign, *said, meaning, None, None, None] for sign, said, meaning in _symbols()]
    note = _("Names of figures in workbooks are these codes, in both languages.")
    return Sheet(
        "definitions", _("Definitions"), "tblDefinitions", columns, rows, heading(source, _("Definitions"), note)
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


# Checks ---------------------------------------------------------------------------------------------------------------


def checks(source: Source) -> Sheet:
    """Formulas that add every figure that adds up again, from the finest sheet, and show the difference."""
    columns = (
        Column(_("Figure"), 34),
        Column(_("Added up again from"), 24),
        Column(_("On the Summary"), 14),
        Column(_("Added up again"), 14),
        Column(_("Difference"), 14),
    )
    rows: list[list[Cell]] = []
    for measure in (BY_CODE[code] for code in ORDER):
        place = _finest(source, measure)
        if place is not None and source.total[measure.code].value is not None:
            sheet, column = place
            named = {"service_days": _("Service × day"), "days": _("By day"), "outcomes": _("Outcomes by agency")}
            words = named[sheet]
            rows.append([label(measure), words, Named(measure.code), SumOf(sheet, column), Difference()])
    note = _(
        "Excel and LibreOffice work these out on opening; each difference is 0. Figures that do not add up are "
        "not here."
    )
    return Sheet(
        "checks",
        _("Checks"),
        "tblChecks",
        columns,
        rows or [[_("No figure that adds up is known"), None, None, None, None]],
        heading(source, _("Checks"), note),
        landscape=False,
    )


def _finest(source: Source, measure: Measure) -> tuple[str, int] | None:
    """The sheet and column (from 0) whose sum is the figure; None where nothing adds up to it."""
    if measure.code == "outcomes":
        return None if source.outside else ("outcomes", 1 + len(source.outcomes.codes))
    if measure.additive and measure in DAILY:
        return "service_days", COLUMN_OF[measure]
    return ("days", 3) if measure.code == "persons_met" else None
