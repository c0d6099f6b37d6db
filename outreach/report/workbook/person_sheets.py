"""The sheets about single persons: Contacts and Charges, each only of services whose persons the reader may see.

Here belongs what stands where, in the language that is set. Neither holds a place, a code or a note, and the order
of the rows tells nothing of the order in which they were entered. More rows than a workbook is good for are not
here: a line says where they are.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import ngettext

from outreach.errors import NotAllowed
from outreach.rollup.charge_lines import charge_lines
from outreach.rollup.measures import measure
from outreach.rollup.members import members
from outreach.vocab import AgeBand, Basis, ContactResult, Gender, PlaceKind, SupportAnswer, Vocabulary

from .book import SYMBOL_NOT_APPLICABLE, Cell, Column, Sheet
from .source import EVERY_SERVICE, Source, date_of
from .words import BY_CODE, day_words

HOURS = 3
"""Hours in one hour band."""
MOST_ROWS = 20_000
"""Rows of a person-level sheet; more stand in the data workbook."""


def numbered(source: Source, found: list[list[Cell]], columns: tuple[Column, ...]) -> list[list[Cell]]:
    """The rows with their numbers before them; one that says so where there are none, or too many."""
    if not found:
        return [[SYMBOL_NOT_APPLICABLE, *([None] * (len(columns) - 1))]]
    if len(found) > MOST_ROWS:
        return [[elsewhere(source, len(found)), *([None] * (len(columns) - 1))]]
    return [[number, *row] for number, row in enumerate(found, start=1)]


def elsewhere(source: Source, rows: int) -> str:
    """Where the rows are that this file does not hold."""
    where = f"/operations/{source.code}/data"
    return ngettext(
        "%(num)s row: more than stand in this file. The data workbook has it: %(where)s",
        "%(num)s rows: more than stand in this file. The data workbook has them: %(where)s",
        rows,
        where=where,
    )


def _services(source: Source) -> list[int | None]:
    """Whose rows are shown: None stands for everybody's."""
    if source.persons is None:
        raise NotAllowed()
    return [None] if source.persons == EVERY_SERVICE else sorted(source.persons)


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
    found = [row for service in _services(source) for row in (*_persons(source, service), *_attempts(source, service))]
    found.sort(key=lambda row: (row[0] is None, *(str(part or "") for part in row)))
    return Sheet("contacts", _("Contacts"), "tblContacts", columns, numbered(source, found, columns))


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


# Charges --------------------------------------------------------------------------------------------------------------


def charges(source: Source) -> Sheet:
    """One row per person charged, day and offence; persons are numbered within their service. Numbers that were told or
    added without a person stand with a flag, so that the counts add up."""
    lines = charge_lines(source.facts)
    whole = source.persons == EVERY_SERVICE and len(lines) <= MOST_ROWS
    columns = (
        Column(_("Row"), 8),
        Column(_("Service"), 36, wraps=True),
        Column(_("Day"), 12),
        Column(_("Part of the window"), 20),
        Column(_("Person in the service"), 12),
        Column(_("Offence"), 60, wraps=True),
        Column(_("Section"), 16),
        Column(_("Charges"), 12, code="charges" if whole else ""),
        Column(_("Flag"), 30, wraps=True),
    )
    seen = {service for service in _services(source) if service is not None}
    found: list[list[Cell]] = []
    for line in lines:
        if not seen or line.service in seen:
            section, title = source.offences.get(line.code, (line.code, line.label or line.code))
            named = line.person is not None
            found.append(
                [
                    source.service(line.service),
                    date_of(line.day) if isinstance(line.day, int) else None,
                    _("In the window") if isinstance(line.day, int) else str(day_words(line.day)),
                    line.person,
                    title if named else None,
                    (section or None) if named else None,
                    line.charges,
                    None if named else _flag(line.basis),
                ]
            )
    found.sort(key=lambda row: (str(row[0]).casefold(), row[3] is None, row[3] or 0))
    return Sheet("charges", _("Charges"), "tblCharges", columns, numbered(source, found, columns))


def _flag(basis: Basis) -> str:
    return _("Adjusted: no person or offence known") if basis is Basis.ADJUSTED else _("Told without person or offence")
