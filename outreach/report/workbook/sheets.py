"""The sheets that split totals: By service, By day, Charges by offence, and their charts.

Here belongs what stands where, in the language that is set. Figures come from the source as they are; a figure that is
not known is the symbol ``..`` (``...`` where none is due), or on By day an empty cell with a flag, never 0.
"""

from __future__ import annotations

from flask_babel import gettext as _

from outreach.rollup.charge_lines import added
from outreach.rollup.months import by_month as months
from outreach.rollup.splits import by_offence, running
from outreach.rollup.totals import Figure, totals
from outreach.vocab import ParticipationStatus, ServiceKind, StaffCategory

from .book import SYMBOL_NOT_APPLICABLE, SYMBOL_NOT_RECEIVED, SYMBOL_WITHHELD, Cell, Chart, Column, Sheet
from .source import MEASURES, Source, bounds, grouped, label
from .words import BY_CODE, HEADLINES, day_words, heading, known, message, places, signed_words, value

SPLIT = (StaffCategory.POLICE, StaffCategory.SUPPORT, StaffCategory.VICTIM_SERVICES)
MOST_BARS = 60
_WHOLE_ROW = frozenset({"before", "after", "undated"})


# By service -----------------------------------------------------------------------------------------------------------


def by_service(source: Source) -> Sheet:
    """One row a service, most persons met first; what is not printed stands to the right of the note."""
    rest = [m for m in MEASURES if m.code not in (*HEADLINES, "services", "support_agencies", "acceptance")]
    more_staff = [part for part in (*StaffCategory.values(), "") if part not in SPLIT]
    columns = (
        Column(_("Service"), 36, wraps=True),
        *(Column(_staff_words(part), 16, code=f"personnel/{part}") for part in SPLIT),
        *(Column(label(BY_CODE[code]), 13, heat=code == "persons_met", code=code) for code in HEADLINES),
        Column(_("Signed"), 17, wraps=True),
        Column(_("Note"), 44, wraps=True),
        Column(_("Kind"), 28, printed=False),
        Column(_("Takes part"), 17, printed=False),
        *(Column(label(m), 14, printed=False, code=m.code) for m in rest),
        *(Column(_staff_words(part), 14, printed=False, code=f"personnel/{part}") for part in more_staff),
    )
    order = sorted(source.by_service, key=lambda service: _rank(source, service))
    rows = []
    for service in order:
        figures, staff = source.by_service[service], source.staff.get(service, {})
        kind, status = _part_words(source, service)
        rows.append(
            [
                source.service(service),
                *(_staff(source, service, staff.get(part), figures) for part in SPLIT),
                *(value(figures.get(code)) for code in HEADLINES),
                signed_words(source, service),
                _service_note(source, service),
                kind,
                status,
                *(value(figures.get(m.code)) for m in rest),
                *(_staff(source, service, staff.get(part), figures) for part in more_staff),
            ]
        )
    note = _(
        "Persons are counted once; the services’ figures of persons do not add up. Columns to the right of the "
        "note are not printed."
    )
    return Sheet(
        "services",
        _("By service"),
        "tblByService",
        columns,
        rows or _nothing(columns),
        heading(source, _("By service"), note),
        tuple(_service_chart(source, order)),
        keys=tuple(order),
    )


def _rank(source: Source, service: int) -> tuple[bool, int, str]:
    met = known(source.by_service[service].get("persons_met"))
    return met is None, -(met or 0), source.service(service).casefold()


def _staff_words(part: str) -> str:
    words = {
        "police": _("Officers"),
        "support": _("Support staff"),
        "victim_services": _("Victim-services workers"),
        "ngo": _("NGO workers"),
        "interpreter": _("Interpreters"),
        "": _("Personnel not told apart"),
    }
    return words[str(part)]


def _staff(source: Source, service: int, figure: Figure | None, figures: dict[str, Figure]) -> Cell:
    whole = figures.get("personnel")
    if not source.staff_of(service) and known(whole) is not None:
        return SYMBOL_WITHHELD
    if figure is None:
        return value(whole) if known(whole) is None else 0
    return value(figure)


def _part_words(source: Source, service: int) -> tuple[str, str]:
    kind, status, _mode = source.participations.get(service, ("", "", ""))
    return (
        _(ServiceKind(kind).label) if kind else SYMBOL_NOT_APPLICABLE,
        _(ParticipationStatus(status).label) if status else SYMBOL_NOT_APPLICABLE,
    )


def _service_note(source: Source, service: int) -> str:
    """Bounds other than unknown, and where a figure is counted instead of here."""
    figures = source.by_service[service]
    away = [
        (words, BY_CODE[code])
        for code, found in source.cells_of(service).items()
        if known(figures.get(code)) is None
        for words in places(source, found)
    ]
    elsewhere = grouped(away, [BY_CODE[code] for code in source.cells])
    return "; ".join(part for part in (bounds(figures, unknown=False), elsewhere) if part)


def _service_chart(source: Source, order: list[int]) -> list[Chart]:
    told = [(source.service(s), known(source.by_service[s].get("persons_met"))) for s in order]
    told = [(name, met) for name, met in told if met is not None]
    if not told:
        return []
    title = _("Persons met by service")
    if len(told) > MOST_BARS:
        told = told[:MOST_BARS]
        title = _("Persons met by service, the %(bars)s with the most", bars=MOST_BARS)
    each = message(told)
    return [
        Chart(
            title,
            _("Bar chart. %(title)s. %(figures)s.", title=title, figures=each),
            "services",
            0,
            1 + len(SPLIT) + HEADLINES.index("persons_met"),
            0,
            len(told) - 1,
            width_cm=30,
            height_cm=max(5, 2.5 + 0.65 * len(told)),
        )
    ]


# By day ---------------------------------------------------------------------------------------------------------------


def by_day(source: Source) -> Sheet:
    """One row a day, then before and after the window; numbers not known are empty, the flag says which."""
    first = ("contacts", "persons_met")
    shown = ("support_offered", "support_accepted", "persons_made_safe", "persons_charged", "charges")
    rest = [m for m in MEASURES if m.by_day and m.code not in (*first, *shown, "acceptance")]
    columns = (
        Column(_("Day"), 20),
        Column(_("Day number"), 11),
        Column(label(BY_CODE["contacts"]), 12, code="contacts"),
        Column(label(BY_CODE["persons_met"]), 14, heat=True, code="persons_met"),
        Column(_("Persons met, cumulative"), 14),
        Column(_("Persons met, previous edition"), 14),
        *(Column(label(BY_CODE[code]), 13, code=code) for code in shown),
        Column(_("Services in, persons met"), 14),
        Column(_("Services expected, persons met"), 14),
        Column(_("Flag"), 44, wraps=True),
        *(Column(label(m), 14, printed=False, code=m.code) for m in rest),
    )
    met_before = _previous_days(source)
    summed = running([figures["persons_met"] for figures in source.by_day.values() if "persons_met" in figures])
    rows: list[list[Cell]] = []
    for number, (day, figures) in enumerate(source.by_day.items(), start=1):
        met, inside = figures.get("persons_met"), isinstance(day, int)
        rows.append(
            [
                day_words(day),
                number if inside else None,
                known(figures.get("contacts")),
                known(met),
                summed.get(day),
                met_before.get(number) if inside else None,
                *(known(figures.get(code)) for code in shown),
                met.coverage.reported if met else None,
                met.coverage.expected if met else None,
                bounds(figures),
                *(known(figures.get(m.code)) for m in rest),
            ]
        )
    note = _(
        "A person counts on the day of the first meeting, so that days add up. Days without a number are empty; "
        "the flag says why. Columns to the right of the flag are not printed."
    )
    return Sheet(
        "days",
        _("By day"),
        "tblByDay",
        columns,
        rows or _nothing(columns),
        heading(source, _("By day"), note),
        keys=tuple(source.by_day),
    )


def _previous_days(source: Source) -> dict[int, int | None]:
    """Day number → persons met on that day of the previous edition."""
    if source.before is None:
        return {}
    figures = [
        figure
        for figure in totals(source.before, ("day",), (BY_CODE["persons_met"],))
        if figure.key["day"] not in _WHOLE_ROW
    ]
    return {number: known(figure) for number, figure in enumerate(figures, start=1)}


# By month -------------------------------------------------------------------------------------------------------------


def by_month(source: Source) -> Sheet:
    """One row a month of a standing unit, the latest first; years are left out, so that a column adds up."""
    measures = [m for m in MEASURES if m.by_day and m.adds_across_days and not m.parts]
    columns = (Column(_("Month"), 12), *(Column(label(m), 14) for m in measures))
    rows: list[list[Cell]] = [
        [str(day_words("undated")) if month.name == "undated" else month.name,
         *(SYMBOL_NOT_RECEIVED if value is None else value for value in month.values.values())]
        for month in months(source.facts, measures)
        if not month.is_year
    ]  # fmt: skip
    note = _("A person counts in the month of the first meeting, so that months add up.")
    title = _("By month")
    return Sheet("months", title, "tblByMonth", columns, rows or _nothing(columns), heading(source, title, note))


# Charges by offence ---------------------------------------------------------------------------------------------------


def offences(source: Source) -> Sheet:
    """One row an offence, most charges first; what was told without an offence comes last."""
    columns = (
        Column(_("Offence"), 60, wraps=True),
        Column(_("Section"), 16),
        Column(_("Persons charged"), 13),
        Column(_("Charges"), 12, code="charges"),
    )
    found = by_offence(source.facts, labels=source.inside)
    rows: list[list[Cell]] = []
    for line in found:
        unnamed = line.label or line.code or _("Other offences, written by hand")
        section, title = source.offences.get(line.code, (line.code, unnamed))
        if line.told:
            section, title = SYMBOL_NOT_APPLICABLE, _("Told without an offence")
        rows.append(
            [
                title,
                section or SYMBOL_NOT_APPLICABLE,
                SYMBOL_NOT_RECEIVED if line.persons is None else line.persons,
                line.charges,
            ]
        )
    if more := added(source.facts):
        rows.append([_("Adjusted, without an offence"), SYMBOL_NOT_APPLICABLE, SYMBOL_NOT_RECEIVED, more])
    whole = source.total["charges"]
    if not rows:
        rows = [
            [
                _("Not known") if whole.value is None else _("No charges laid"),
                SYMBOL_NOT_APPLICABLE,
                value(source.total["persons_charged"]),
                value(whole),
            ]
        ]
    note = _("A person charged with several offences stands in several rows: persons do not add up, charges do.")
    named = [(row[0], line.charges) for row, line in zip(rows, found, strict=False) if not line.told]
    title = _("Charges by offence")
    charts = (
        ()
        if not named
        else (
            Chart(
                title,
                _(
                    "Bar chart. %(title)s. %(figures)s.",
                    title=title,
                    figures=message(named),
                ),
                "offences",
                0,
                3,
                0,
                len(named) - 1,
                width_cm=21,
                height_cm=max(5, 2.5 + 0.8 * len(named)),
            ),
        )
    )
    return Sheet("offences", title, "tblOffence", columns, rows, heading(source, title, note), charts, landscape=False)


def _nothing(columns: tuple[Column, ...]) -> list[list[Cell]]:
    """A table needs a row: nobody takes part yet."""
    return [[SYMBOL_NOT_APPLICABLE, *([None] * (len(columns) - 1))]]
