"""Charges one line at a time: whose, on which day, for which offence, how many counts.

Here belongs the list, whose counts add up to the figure *charges*; who may see single persons is not decided here.
"""

from __future__ import annotations

from dataclasses import dataclass

from outreach.rollup.days import Day, counts_on, day_row
from outreach.rollup.facts import Facts
from outreach.rollup.ledger import ledger
from outreach.rollup.measures import measure
from outreach.rollup.members import members
from outreach.vocab import Basis


@dataclass(frozen=True)
class ChargeLine:
    """``person`` counts the accused of one service from 1, in the order of their first charge; None where a number was
    told or added. ``code`` and ``label`` as in ``splits.Offence``; ``basis``: records, tallies or adjusted."""

    service: int
    day: Day
    person: int | None
    code: str
    label: str
    charges: int
    basis: Basis


def charge_lines(facts: Facts) -> list[ChargeLine]:
    """Every line by service; each service's records by person, day and offence, then what it told, then adjustments.

    Nothing in it tells in which order anything was entered, unless two persons were charged with the same on the same
    days.
    """
    book, charges = ledger(facts), measure("charges")
    rows = members(facts, charges)
    found: dict[tuple[int, int], dict[tuple[int, str, str], int]] = {}
    for service, person, day, code, label, count in zip(*(rows[name].tolist() for name in (
            "service", "accused", "counted_day", "offence", "label", "counted")), strict=True):
        offence = (code, "") if isinstance(code, str) and code else ("", str(label or ""))
        lines = found.setdefault((service, person), {})
        lines[day, *offence] = lines.get((day, *offence), 0) + count
    out: list[ChargeLine] = []
    numbers: dict[int, int] = {}
    for service, person in sorted(found, key=lambda key: (key[0], sorted(found[key].items()), key[1])):
        numbers[service] = numbers.get(service, 0) + 1
        out += [ChargeLine(service, day_row(book, day), numbers[service], code, label, count, Basis.RECORDS)
                for (day, code, label), count in sorted(found[service, person].items())]
    for service in book.services():
        out += [ChargeLine(service, day_row(book, day), None, "", "", tally.value, Basis.TALLIES)
                for day, tally in sorted(book.counted_tallies(service, charges).items()) if tally.value]
        out += [ChargeLine(service, day_row(book, day), None, "", "", amount, Basis.ADJUSTED)
                for day, amount in sorted(book.adjusted(service, charges).items()) if amount]
    return sorted(out, key=lambda line: line.service)


def added(facts: Facts) -> int:
    """What adjustments add to the figure *charges*; no offence is known of it."""
    book, charges = ledger(facts), measure("charges")
    return sum(amount for service in book.services() for day, amount in book.adjusted(service, charges).items()
               if counts_on(book, day))
