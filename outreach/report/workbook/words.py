"""Words and values that several sheets share: headings, symbols, days, where a figure is counted instead.

Here belongs nothing that is a sheet. The language is the one that is set.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from flask_babel import gettext as _

from outreach.rollup.cells import Cell as GridCell
from outreach.rollup.measures import HOURS_TO_RECEIPT
from outreach.rollup.totals import Figure
from outreach.vocab import FOLLOW_UP_DAYS, CellState

from .book import SYMBOL_NOT_APPLICABLE, SYMBOL_NOT_RECEIVED, SYMBOL_WITHHELD, Cell, Share
from .source import AFTER, MEASURES, Source, date_of

LEAST_FOR_PERCENT = 20
"""No percentage is shown on a smaller number (screens: comparison)."""

# met, offered, accepted and what follows stand together, because a chart reads them as one range.
ORDER = (
    "services",
    "support_agencies",
    "personnel",
    "contacts",
    "persons_met",
    "support_offered",
    "support_accepted",
    "persons_referred",
    "persons_received",
    "persons_reached",
    "persons_engaged",
    "acceptance",
    "support_declined",
    "support_undecided",
    "persons_under_18",
    "persons_made_safe",
    "referrals_made",
    "referrals_received",
    "hours_to_receipt",
    "referrals_reached",
    "referrals_engaged",
    *(f"{part}_{days}" for days in FOLLOW_UP_DAYS for part in ("referrals_due", "referrals_engaged", "engaged_at")),
    "outcomes",
    "referrals_direct",
    "persons_arrested",
    "persons_charged",
    "charges",
    "kits_handed_out",
)
# What every split shows first and prints.
HEADLINES = (
    "contacts",
    "persons_met",
    "support_offered",
    "support_accepted",
    "persons_made_safe",
    "persons_charged",
    "charges",
)
BY_CODE = {m.code: m for m in (*MEASURES, *AFTER)}


class Head(Protocol):
    """What stands above every table."""

    @property
    def name(self) -> str: ...

    def status_words(self) -> str: ...

    def as_of_words(self) -> str: ...

    def coverage_words(self) -> str: ...


def heading(source: Head, title: str, note: str) -> tuple[tuple[Cell, ...], ...]:
    """The four rows above a table: title, status and moment, note, coverage and symbols."""
    legend = _("Symbols: .. not received, ... not applicable, x withheld")
    return (
        (pair(title, source.name),),
        (f"{source.status_words()}. {source.as_of_words()}",),
        (note,),
        (f"{source.coverage_words()}. {legend}",),
    )


def pair(what: object, said: object) -> str:
    """``what: said`` with the spaces of the language."""
    return _("%(what)s: %(figures)s", what=what, figures=said)


def message(numbers: Iterable[tuple[object, object]]) -> str:
    """What a chart says: which one is the most, then every figure; for one that is missing there are words."""
    every = list(numbers)
    told = [(name, number) for name, number in every if isinstance(number, int)]
    most = max((number for _name, number in told), default=0)
    first = [name for name, number in told if number == most]
    found = [_("The most: %(what)s", what=pair(first[0], most))] if most and len(first) == 1 < len(told) else []
    return ". ".join([*found, "; ".join(pair(name, number) for name, number in every)])


def value(figure: Figure | None) -> Cell:
    """The number, or the symbol for what is missing."""
    if figure is None:
        return SYMBOL_NOT_APPLICABLE
    if figure.withheld:
        return SYMBOL_WITHHELD
    if figure.value is None:
        return SYMBOL_NOT_RECEIVED if figure.coverage.expected != 0 else SYMBOL_NOT_APPLICABLE
    if figure.measure == HOURS_TO_RECEIPT.code:
        return float(figure.value)
    return _share(figure) if BY_CODE[figure.measure].parts else int(figure.value)


def _share(figure: Figure) -> Cell:
    enough = (figure.denominator or 0) >= LEAST_FOR_PERCENT
    return Share(float(figure.value or 0)) if enough else SYMBOL_NOT_APPLICABLE


def known(figure: Figure | None) -> int | None:
    return None if figure is None or figure.value is None else int(figure.value)


def signed_words(source: Source, service: int) -> str:
    """Whether the service has signed; ``...`` where it owes nothing."""
    signature = source.signed.get(service)
    if signature is not None:
        return _("Signed") if signature.stands else _("Reopened")
    return _("Not signed") if source.owes(service) else SYMBOL_NOT_APPLICABLE


def elsewhere(source: Source, cell: GridCell) -> str | None:
    """Where a figure is counted instead of here; None when the cell is not counted elsewhere."""
    if cell.state != CellState.ELSEWHERE:
        return None
    if cell.lead is not None:
        return _("Counted by %(service)s (joint team)", service=source.service(cell.lead))
    if cell.operation in source.tree:
        return _("Told for the whole window")
    code = source.operations.get(cell.operation or 0, "")
    return _("Counted in %(operation)s", operation=code) if code else _("Counted elsewhere")


def places(source: Source, cells: Iterable[GridCell]) -> list[str]:
    """All that ``elsewhere`` says of the cells, each once."""
    return sorted({place for cell in cells if (place := elsewhere(source, cell))})


def day_words(day: int | str) -> Cell:
    """A date, or the words of a row that is none."""
    if isinstance(day, int):
        return date_of(day)
    return {"before": _("Before the window"), "after": _("After the window"), "undated": _("Without a day")}[day]
