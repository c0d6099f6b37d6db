"""Charges, and persons charged, by offence as figures: each with a code of its own, so that it is kept, withheld and
attacked as any other figure is.

The code is that of the measure, ``@`` and the offence: ``charges@279.01``. What was written by hand is one line: free
text does not belong into what is never changed. What was told without an offence, or added by an adjustment, is the
rest. So the charges of all lines make the figure *charges*; persons stand in every line in which they are charged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from outreach.rollup.facts import Facts
from outreach.rollup.ledger import ledger
from outreach.rollup.measures import measure
from outreach.rollup.members import members
from outreach.rollup.totals import Figure, total
from outreach.vocab import Basis, Bound

AT = "@"
CHARGES, PERSONS = "charges", "persons_charged"
SPLIT = (PERSONS, CHARGES)
"""Measures that are kept by offence."""
WRITTEN, TOLD = "~hand", "~told"
"""The line of offences written by hand, and of charges whose offence nobody said."""


def code_of(base: str, offence: str) -> str:
    return f"{base}{AT}{offence}"


def base_of(code: str) -> str:
    """The measure of a code, whichever offence it is of."""
    return code.partition(AT)[0]


def offence_of(code: str) -> str | None:
    """The offence of a code; None where it is of all of them."""
    _, of_one, offence = code.partition(AT)
    return offence if of_one else None


def offences_in(codes: Iterable[str]) -> list[str]:
    """Every offence that the codes name, each once."""
    return list(dict.fromkeys(offence for code in codes if (offence := offence_of(code)) is not None))


def by_section(offences: Iterable[str]) -> list[str]:
    """Offences in the order of their codes, numbers in them as numbers; what has no code comes last.

    Never by size: the order would tell of numbers that are withheld.
    """
    return sorted(offences, key=lambda one: [(not part.isdecimal(), int(part) if part.isdecimal() else 0, part)
                                             for part in re.split("([0-9]+)", one) if part])


def offence_figures(facts: Facts) -> list[Figure]:
    """A line an offence with charges: persons and counts, in the order of the codes, which tells nothing of numbers.

    None where the figure *charges* is not known.
    """
    whole, accused = (total(facts, measure(code)) for code in (CHARGES, PERSONS))
    if not isinstance(whole.value, int):
        return []
    rows = members(facts, measure(CHARGES))
    counts: dict[str, int] = {}
    persons: dict[str, dict[int, set[int]]] = {}
    for code, count, service, person in zip(*(rows[name].tolist() for name in (
            "offence", "counted", "service", "accused")), strict=True):
        offence = code if isinstance(code, str) and code else WRITTEN
        counts[offence] = counts.get(offence, 0) + count
        persons.setdefault(offence, {}).setdefault(service, set()).add(person)
    nil = ledger(facts).places.operations[ledger(facts).places.root].overlap_nil
    out: list[Figure] = []
    for offence in by_section(counts):
        by_service = [len(found) for found in persons[offence].values()]
        out.append(_persons(offence, by_service, accused, nil))
        out.append(_line(code_of(CHARGES, offence), counts[offence], whole))
    rest = whole.value - sum(counts.values())
    return [*out, _line(code_of(CHARGES, TOLD), rest, whole)] if rest else out


def _persons(offence: str, by_service: list[int], whole: Figure, nil: bool) -> Figure:
    """Codes of accused are per service: across services nobody knows whether two are one person."""
    most = sum(by_service)
    if isinstance(whole.value, int) and whole.value >= max(by_service):
        most = min(most, whole.value)
    made = _line(code_of(PERSONS, offence), most, whole)
    if nil or most == max(by_service) or made.bound is not Bound.EXACT:
        return made
    return Figure(made.measure, {}, most, Bound.AT_MOST, made.basis, made.coverage, least=max(by_service))


def _line(code: str, number: int, whole: Figure) -> Figure:
    """What may still come for all of them may come for any of them."""
    bound = whole.bound if whole.bound in (Bound.PARTIAL, Bound.AT_LEAST) else Bound.EXACT
    basis = Basis.TALLIES if code == code_of(CHARGES, TOLD) else Basis.RECORDS
    return Figure(code, {}, number, bound, basis, whole.coverage)
