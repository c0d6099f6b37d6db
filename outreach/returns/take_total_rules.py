"""Cells of totals in a return: what the sender saw, what the file says and what stands, compared cell by cell.

What is asked of a service, and what contradicts itself, is in ``rules``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from outreach.errors import N_

from . import rules
from .return_rules import Returned
from .take_rules import Newer, Overwrite, file_wins

Where = Callable[[str], tuple[str, str]]
"""Name of a cell of totals → sheet and place."""


@dataclass
class Merged:
    """What the cells of totals come to: ``typed`` is to be saved; ``stands`` is what the file said in the end."""

    typed: dict[str, str] = field(default_factory=dict)
    newer: list[Newer] = field(default_factory=list)
    emptied: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    """Name and message of what nobody may say any more."""


RECORDS_SPEAK = N_("Records of this service speak for this cell: a total would repeat or contradict them.")
ZERO_AND_ROWS = N_("Zero contacts are reported for this day, and the sheet Contacts has a row of one.")
FIX_TOTAL = N_("Correct this cell, or the one that it does not fit.")
NOT_ASKED = N_("This is not asked of the service, so nobody would count it.")


def merge(
    asked: rules.Sheet,
    saw: Mapping[str, str],
    returned: Returned,
    *,
    clear: bool,
    overwrite: Overwrite,
    where: Where,
) -> Merged:
    """Compare what the sender saw, what the file says and what stands, cell by cell."""
    made = Merged()
    slots = {slot.name: slot for slot in asked.slots()}
    for name in sorted({*slots, *returned.typed}):
        slot = slots.get(name)
        before, now, file = saw.get(name, ""), slot.sign if slot else "", _plain(returned.typed.get(name, ""))

        def tell(conflict: bool, name: str = name, said: tuple[str, str, str] = (before, now, file)) -> None:
            sheet, cell = where(name)
            made.newer.append(Newer(sheet, name, cell, *said, conflict=conflict))

        if name not in returned.seen and name not in returned.typed:
            continue  # the file does not have this cell
        if file == before:
            if now != before and slot is not None:
                tell(False)
        elif not file and not clear:
            if now:
                made.emptied.append(name)
        elif slot is None or slot.accepts == "nothing":
            if file and file != now:
                logged = slot is not None and slot.why == "logged"
                made.refused.append((name, RECORDS_SPEAK if logged else NOT_ASKED))
        elif now not in (before, file):
            wins = file_wins(overwrite, name)
            if wins:
                made.typed[name] = file
            tell(wins is None)
        elif now != file:
            made.typed[name] = file
    return made


def _plain(typed: str) -> str:
    """What was typed in the spelling of the site; what cannot be read is left for the rule that refuses it."""
    try:
        said = rules.read(typed)
    except ValueError:
        return typed
    return said.sign if said else ""
