"""Plain rules of daily totals: which cells a service is asked for, what may be typed, what contradicts what.

The state of a cell comes from ``rollup``; nothing is counted here. A blank says nothing and is never zero.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from outreach.errors import N_, Finding
from outreach.rollup.cells import grid
from outreach.rollup.facts import Facts
from outreach.rollup.ledger import ledger
from outreach.rollup.measures import Family, Measure
from outreach.rollup.measures import measure as measure_of
from outreach.vocab import CellState, EntryMode, OperationStatus, StaffCategory, TallyState

MOST = 99_999
DECLINED_SIGN = "d"
_DECLINED = frozenset({"d", "declined", "r", "refus"})

DAILY = (
    "contacts", "persons_met", "persons_under_18", "support_offered", "support_accepted", "support_declined",
    "support_undecided", "persons_made_safe", "referrals_made", "referrals_received", "kits_handed_out", "charges",
)  # fmt: skip
"""Measures asked day by day; those of persons ask only for persons not counted on an earlier day."""

WHOLE_WINDOW = ("personnel", "persons_arrested", "persons_charged")
"""Measures asked once for the window (personnel by category)."""

# smaller, larger: of persons counted once each, never more of the first than of the second, up to any day
_AT_MOST = (
    ("support_offered", "persons_met"),
    ("support_accepted", "support_offered"),
    ("support_declined", "support_offered"),
    ("support_undecided", "support_offered"),
    ("support_accepted", "persons_met"),
    ("persons_under_18", "persons_met"),
    ("persons_made_safe", "persons_met"),
    ("referrals_received", "referrals_made"),
)

TAKING_TOTALS = (OperationStatus.ACTIVE.value, OperationStatus.REPORTING.value, OperationStatus.CLOSED.value)

_ON = {
    OperationStatus.ACTIVE: OperationStatus.REPORTING,
    OperationStatus.REPORTING: OperationStatus.CLOSED,
    OperationStatus.CLOSED: OperationStatus.ARCHIVED,
}


def goes_on(status: str, to: str) -> bool:
    """Whether a step goes on past *active*. What phones still hold and what waits for a decision is left behind then:
    it is named, and the step needs a reason."""
    return _ON.get(OperationStatus(status)) == to


Key = tuple[str, dt.date | None, str]
"""Measure code, day (None: the whole window), staff category or ''."""


@dataclass(frozen=True)
class Said:
    """What stands in a cell: number, zero or declined."""

    state: str
    value: int | None = None

    @property
    def sign(self) -> str:
        """As it is typed: ``4``, ``0`` or ``d``."""
        return DECLINED_SIGN if self.state == TallyState.DECLINED else str(self.value or 0)

    @property
    def known(self) -> bool:
        return self.state != TallyState.DECLINED

    @property
    def number(self) -> int:
        return self.value or 0 if self.known else 0


@dataclass(frozen=True)
class Slot:
    """One cell of the sheet. ``accepts`` is how it is typed: any, silence (only zero or declined), or nothing.

    ``why`` tells why nothing is accepted: ``elsewhere``, ``logged`` (there are records), or ''.
    """

    measure: str
    day: dt.date | None
    part: str = ""
    said: Said | None = None
    state: CellState | None = None
    accepts: str = "any"
    why: str = ""

    @property
    def key(self) -> Key:
        return self.measure, self.day, self.part

    @property
    def name(self) -> str:
        return name_of(self.key)

    @property
    def sign(self) -> str:
        return self.said.sign if self.said else ""


def name_of(key: Key) -> str:
    """The field name of a cell; also its place on the page."""
    measure, day, part = key
    return "-".join(("cell", measure, day.isoformat() if day else "window", *([part] if part else [])))


@dataclass(frozen=True)
class Row:
    """One line of the sheet; ``place`` is the operation that counts it when it is not this one."""

    measure: Measure
    part: str
    slots: tuple[Slot, ...]
    place: int | None = None


@dataclass(frozen=True)
class Sheet:
    """What one service is asked in one operation."""

    days: tuple[dt.date, ...]
    mode: str
    daily: tuple[Row, ...] = ()
    once: tuple[Row, ...] = ()
    told: Mapping[Key, Said] = field(default_factory=dict)

    def slots(self) -> Iterable[Slot]:
        for row in (*self.daily, *self.once):
            yield from row.slots

    @property
    def mark(self) -> str:
        """Changes whenever anything that stands in the sheet changes."""
        return mark_of(self.told)


def mark_of(told: Mapping[Key, Said]) -> str:
    """What two sheets have in common only when the same stands in all their cells."""
    lines = sorted(f"{name_of(key)}={said.sign}" for key, said in told.items())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Logged:
    """What the service has recorded one by one, which no total may repeat."""

    days: frozenset[dt.date] = frozenset()
    accused: bool = False
    people: bool = False


def sheet(
    facts: Facts,
    operation: int,
    service: int,
    days: list[dt.date],
    *,
    mode: str,
    police: bool,
    told: Mapping[Key, Said],
    logged: Logged,
) -> Sheet:
    """The cells that the service is asked for, with their states. ``facts``: of the whole tree, this service's."""
    if mode == EntryMode.NONE:
        return Sheet(tuple(days), mode, told=told)
    codes = DAILY if mode == EntryMode.DAILY_TOTALS else ("contacts", "charges")
    build = _Builder(facts, operation, service, tuple(days), mode, told, logged)
    return Sheet(
        tuple(days),
        mode,
        tuple(
            build.daily(m) for m in map(measure_of, codes) if days and (police or m.family is not Family.ENFORCEMENT)
        ),
        tuple(
            row
            for m in map(measure_of, WHOLE_WINDOW)
            if police or m.family is not Family.ENFORCEMENT
            for row in build.once(m)
        ),
        told,
    )


class _Builder:
    def __init__(
        self,
        facts: Facts,
        operation: int,
        service: int,
        days: tuple[dt.date, ...],
        mode: str,
        told: Mapping[Key, Said],
        logged: Logged,
    ) -> None:
        self.book = ledger(facts)
        self.operation, self.service, self.days, self.mode = operation, service, days, mode
        self.told, self.logged = told, logged

    def daily(self, measure: Measure) -> Row:
        place = self._elsewhere(measure)
        return Row(measure, "", tuple(self._day_slot(measure, day, place) for day in self.days), place)

    def once(self, measure: Measure) -> list[Row]:
        place = self._elsewhere(measure)
        parts = [c.value for c in StaffCategory] if measure.code == "personnel" else [""]
        return [Row(measure, part, (self._window_slot(measure, part, place),), place) for part in parts]

    def _elsewhere(self, measure: Measure) -> int | None:
        place = self.book.places.place(self.service, measure)
        return None if place is None or place == self.operation else place

    def _day_slot(self, measure: Measure, day: dt.date, place: int | None) -> Slot:
        said = self.told.get((measure.code, day, ""))
        if place is not None:
            return Slot(measure.code, day, said=said, state=CellState.ELSEWHERE, accepts="nothing", why="elsewhere")
        state = self._state(measure, day)
        if self.mode == EntryMode.CONTACTS and said is None and self._recorded(measure, day):
            return Slot(measure.code, day, accepts="nothing", why="logged")
        silent = self.mode == EntryMode.CONTACTS and measure.family is Family.CONTACTS
        return Slot(measure.code, day, said=said, state=state, accepts="silence" if silent else "any")

    def _window_slot(self, measure: Measure, part: str, place: int | None) -> Slot:
        said = self.told.get((measure.code, None, part))
        if place is not None:
            state = CellState.ELSEWHERE
            return Slot(measure.code, None, part, said, state, accepts="nothing", why="elsewhere")
        if self.mode == EntryMode.CONTACTS and said is None and self._recorded(measure, None):
            return Slot(measure.code, None, part, accepts="nothing", why="logged")
        last = self.days[-1] if self.days and measure.by_day else None
        return Slot(measure.code, None, part, said, self._state(measure, last))

    def _recorded(self, measure: Measure, day: dt.date | None) -> bool:
        """Whether records speak for the cell, so that a total would only repeat or contradict them."""
        if measure.family is Family.PERSONNEL:
            return self.logged.people
        return self.logged.accused if measure.family is Family.ENFORCEMENT else day in self.logged.days

    def _state(self, measure: Measure, day: dt.date | None) -> CellState | None:
        number = -1 if day is None else (day - dt.date(1970, 1, 1)).days
        cell = grid(self.book, measure).get((self.service, number))
        return cell.state if cell else None


# --- what was typed ---------------------------------------------------------------------------------------------------


def read(typed: str) -> Said | None:
    """What was typed: a number, ``0`` or ``d``; None for a blank. Raises ``ValueError`` for anything else."""
    text = "".join(typed.split()).casefold()
    if not text:
        return None
    if text in _DECLINED:
        return Said(TallyState.DECLINED.value)
    if not (text.isascii() and text.isdigit()) or int(text) > MOST:
        raise ValueError(typed)
    return Said(TallyState.NUMBER.value, int(text)) if int(text) else Said(TallyState.ZERO.value, 0)


@dataclass(frozen=True)
class Change:
    """One cell that changes; ``said`` None ends it."""

    key: Key
    said: Said | None


def changes(asked: Sheet, typed: Mapping[str, str], *, clear: bool) -> tuple[list[Change], list[Finding]]:
    """What the typed cells change, and what is wrong with them. Cells that were not sent stay as they are."""
    found: list[Change] = []
    wrong: list[Finding] = []
    for slot in asked.slots():
        if slot.accepts == "nothing" or slot.name not in typed:
            continue
        try:
            said = read(typed[slot.name])
        except ValueError:
            message = N_("Type a whole number from 0 to %(most)s, d for declined, or leave it blank.")
            wrong.append(Finding(slot.name, message, {"most": MOST}))
            continue
        if said == slot.said:
            continue
        if said is None and not clear:
            message = N_("This cell held %(value)s. Type it again, or tick “Clear the cells that I emptied”.")
            wrong.append(Finding(slot.name, message, {"value": slot.sign}))
        elif slot.accepts == "silence" and said is not None and said.number:
            message = N_("Contacts are logged here one by one: only zero or declined can be said for a day.")
            wrong.append(Finding(slot.name, message))
        else:
            found.append(Change(slot.key, said))
    return found, wrong


def contradictions(asked: Sheet, made: Iterable[Change]) -> list[Finding]:
    """What would contradict itself after the changes, at the cell that is too large; older trouble is left alone."""
    made = list(made)
    after = dict(asked.told)
    for change in made:
        if change.said is None:
            after.pop(change.key, None)
        else:
            after[change.key] = change.said
    touched = {change.key[0] for change in made}
    found: list[Finding] = []
    for smaller, larger in _AT_MOST:
        if touched & {smaller, larger}:
            found += _too_many(asked.days, after, smaller, larger, {f.where for f in found})
    if touched & {"charges", "persons_charged"}:
        found += _nobody_charged(after)
    return found


def _too_many(
    days: Iterable[dt.date], after: Mapping[Key, Said], smaller: str, larger: str, known: set[str]
) -> list[Finding]:
    """Up to each day, because a person counts once, on the first day of each: accepted today, offered yesterday."""
    few = many = 0
    for day in sorted(days):
        some, all_of_them = after.get((smaller, day, "")), after.get((larger, day, ""))
        if all_of_them is not None and not all_of_them.known:
            return []  # declined: nobody knows how many there were from here on
        if all_of_them is None:
            continue
        many += all_of_them.number
        few += some.number if some else 0
        where = name_of((smaller, day, ""))
        if few > many:
            if where in known:
                return []
            small, large = measure_of(smaller), measure_of(larger)
            message = N_("Up to this day that makes %(few)s, more than the %(many)s of “%(larger)s”.")
            params = {"few": few, "many": many, "larger": large.label, "smaller": small.label}
            return [Finding(where, message, params)]
    return []


def _nobody_charged(after: Mapping[Key, Said]) -> list[Finding]:
    charged = after.get(("persons_charged", None, ""))
    laid = sorted((k for k, said in after.items() if k[0] == "charges" and said.number), key=name_of)
    if not laid or (charged is not None and (not charged.known or charged.number)):
        return []
    message = N_("Charges need a person charged: enter persons charged for the window too.")
    return [Finding(name_of(laid[0]), message)]
