"""Figures arranged otherwise than by service or day: charges by offence, outcomes by agency, running totals.

Here belongs the adding up; titles of offences are data and are looked up where they are shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from outreach.rollup.days import AFTER, BEFORE, WITHOUT_DAY, Day, counts_on
from outreach.rollup.disclosure import table
from outreach.rollup.facts import Facts
from outreach.rollup.ledger import ledger
from outreach.rollup.measures import measure
from outreach.rollup.members import members
from outreach.rollup.totals import Figure


@dataclass(frozen=True)
class Offence:
    """One line. ``code`` '' with a ``label``: written by hand; both '': everything written by hand, as one line, or
    (``told``) numbers sent without an offence.

    ``persons`` are distinct accused codes, who may stand in several lines, so that lines do not add up; None where
    only a number was told. ``charges`` are counts standing as laid; their sum is the figure *charges*.
    """

    code: str
    label: str
    persons: int | None
    charges: int
    told: bool = False


def by_offence(facts: Facts, *, labels: bool = True) -> list[Offence]:
    """Offences with charges, most charges first, then by code and label; what was only told comes last.

    ``labels``: whether what was written by hand is read word for word, or is one line without words.
    """
    charges = measure("charges")
    rows = members(facts, charges)
    counts: dict[tuple[str, str], int] = {}
    accused: dict[tuple[str, str], set[tuple[int, int]]] = {}
    for code, label, count, service, person in zip(*(rows[name].tolist() for name in (
            "offence", "label", "counted", "service", "accused")), strict=True):
        offence = (code, "") if isinstance(code, str) and code else ("", str(label or "") if labels else "")
        counts[offence] = counts.get(offence, 0) + count
        accused.setdefault(offence, set()).add((service, person))
    out = [Offence(*key, len(accused[key]), count) for key, count in counts.items()]
    out.sort(key=lambda offence: (-offence.charges, offence.code == "", offence.code, offence.label))
    book = ledger(facts)
    told = sum(tally.value for service in book.services()
               for day, tally in book.counted_tallies(service, charges).items() if counts_on(book, day))
    return [*out, Offence("", "", None, told, told=True)] if told else out


def running(figures: Sequence[Figure]) -> dict[Day, int | None]:
    """Day row → everything counted up to it, from the figures by day of one measure that adds up across days.

    What came before the window counts into its first day; the row without a day has none. From the first day on which
    nothing is known the running total is not known either; a day that is nobody's day adds nothing.
    """
    owed = any(figure.coverage.expected for figure in figures)
    order = {BEFORE: -1, AFTER: 1, WITHOUT_DAY: 2}
    rows = sorted(figures, key=lambda figure: (order.get(str(figure.key["day"]), 0)))
    out: dict[Day, int | None] = {}
    so_far: int | None = 0
    for figure in rows:
        day = figure.key["day"]
        if day == WITHOUT_DAY:
            out[day] = None
            continue
        if not (owed and figure.value is None and figure.coverage.expected == 0):
            so_far = None if so_far is None or figure.value is None else so_far + int(figure.value)
        out[day] = so_far
    return out


def by_team(facts: Facts, day: int) -> dict[int, int]:
    """Team → contacts of the operational ``day``; contacts logged without a team are left out."""
    rows = members(facts, measure("contacts"))
    rows = rows[(rows["counted_day"] == day) & (rows["team"] >= 0)]
    found: dict[int, int] = {}
    for team, count in zip(rows["team"].tolist(), rows["counted"].tolist(), strict=True):
        found[team] = found.get(team, 0) + count
    return found


@dataclass(frozen=True)
class Outcomes:
    """Outcomes by agency. ``full``: a row an agency, a column a code, with totals at the end of both; ``hidden``: the
    places of it that readers outside the agencies may not see."""

    agencies: tuple[int, ...]
    codes: tuple[str, ...]
    full: list[list[int]]
    hidden: frozenset[tuple[int, int]]

    @property
    def total_hidden(self) -> bool:
        return (len(self.full) - 1, len(self.full[0]) - 1) in self.hidden

    def outside(self) -> Outcomes:
        """As readers outside the agencies may know it: without agencies and outcomes all of whose numbers are withheld,
        since that there is something to withhold would say that it happened."""
        last_row, last_column = len(self.full) - 1, len(self.full[0]) - 1
        shown = {(i, j) for i in range(last_row + 1) for j in range(last_column + 1)} - self.hidden
        rows = [i for i in range(last_row) if any(i == row for row, _ in shown)]
        columns = [j for j in range(last_column) if any(j == column for _, column in shown)] if rows else []
        kept_rows, kept_columns = [*rows, last_row], [*columns, last_column]
        return Outcomes(
            tuple(self.agencies[i] for i in rows),
            tuple(self.codes[j] for j in columns),
            [[self.full[i][j] for j in kept_columns] for i in kept_rows],
            frozenset(
                (a, b)
                for a, i in enumerate(kept_rows)
                for b, j in enumerate(kept_columns)
                if (i, j) in self.hidden
            ),
        )


def outcomes_by_agency(facts: Facts) -> Outcomes:
    """Every agency and outcome that occurs, in order of ids and codes; the last number is the figure *outcomes*."""
    rows = members(facts, measure("outcomes"))
    found: dict[tuple[int, str], int] = {}
    for agency, outcome, count in zip(*(rows[name].tolist() for name in ("agency", "outcome", "counted")), strict=True):
        found[agency, outcome] = found.get((agency, outcome), 0) + count
    agencies, codes = ({key[place] for key in found} for place in (0, 1))
    ids, names = tuple(sorted(int(one) for one in agencies)), tuple(sorted(str(code) for code in codes))
    full, hidden = table([[found.get((agency, code), 0) for code in names] for agency in ids])
    return Outcomes(ids, names, full, frozenset(hidden))
