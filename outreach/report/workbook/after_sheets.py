"""The sheets about what became of referrals: Referrals (for those who may see small numbers) and Outcomes by agency.

Here belongs what stands where, in the language that is set. A referral is a line without day, service, code or anything
else that leads to a contact; a withheld number is the symbol ``x`` and exists nowhere in the file.
"""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import pgettext

from outreach.referrals.rules import police_word
from outreach.report.followed import ordered

from .book import SYMBOL_NOT_APPLICABLE, SYMBOL_WITHHELD, Cell, Column, Sheet
from .person_sheets import numbered
from .source import Source
from .words import heading


def referrals(source: Source) -> Sheet:
    """One row a referral made by police: agency, state, hours until somebody took it; needs only as a number.

    The code is made up for this file, so that it leads to no contact and to no other file.
    """
    columns = (
        Column(_("Code"), 10),
        Column(_("Agency"), 36, wraps=True),
        Column(_("State"), 18),
        Column(_("Waiting hours"), 12),
        Column(_("Still waiting"), 12),
        Column(_("Urgent"), 12),
        Column(_("Number of needs"), 12),
    )
    found: list[list[Cell]] = []
    for row in source.referrals:
        hours = ((row.received_at or source.as_of) - row.made_at).total_seconds() / 3600
        found.append(
            [
                source.service(row.agency) if row.agency is not None else _("No agency"),
                _(police_word(row.state)),
                round(max(hours, 0.0), 1),
                pgettext("cell", "yes") if row.received_at is None else None,
                pgettext("cell", "yes") if row.urgent else None,
                row.needs,
            ]
        )
    found.sort(key=lambda row: tuple((cell is None, str(cell or "")) for cell in row))
    rows = [
        [f"R{row[0]:05}" if isinstance(row[0], int) else row[0], *row[1:]] for row in numbered(source, found, columns)
    ]
    return Sheet("referrals", _("Referrals"), "tblReferrals", columns, rows)


def outcomes(source: Source) -> Sheet:
    """Agency by outcome: numbers, or the symbol for outsiders where a small one could be told."""
    made = source.outcomes.outside() if source.outside else source.outcomes
    codes = ordered(made, source.outcome_titles)
    columns = (
        Column(_("Agency"), 36, wraps=True),
        *(Column(source.outcome_titles.get(code, code), 16, wraps=True) for code in codes),
        Column(_("In all"), 12, code="outcomes"),
    )
    rows: list[list[Cell]] = []
    for i, agency in enumerate(made.agencies):
        cells = {
            code: SYMBOL_WITHHELD if source.outside and (i, j) in made.hidden else made.full[i][j]
            for j, code in enumerate((*made.codes, ""))
        }
        rows.append([source.service(agency), *(cells[code] for code in (*codes, ""))])
    rows.sort(key=lambda row: str(row[0]).casefold())
    note = _("Referrals made by police. Each outcome counts once a referral, while it has not been taken back.")
    return Sheet(
        "outcomes",
        _("Outcomes by agency"),
        "tblOutcomes",
        columns,
        rows or [[SYMBOL_NOT_APPLICABLE, *([None] * (len(columns) - 1))]],
        heading(source, _("Outcomes by agency"), note),
    )
