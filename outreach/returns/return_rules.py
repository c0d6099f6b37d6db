"""The return workbook: its sheets, columns and hidden numbers, and what was read from one. Plain values, no files.

Here belongs what the writer (``workbook``), the reader (``workbook_reader``, ``return_reading_rules``) and the commands
that take a return have in common. What a cell may say of daily totals is in ``rules``; nothing is looked up here.

Layout of every data sheet: row 1 holds the codes of the columns and is hidden, row 2 their words, rows from 3 are
filled in. Column A (``ROW_ID``) is hidden and holds the row's own number, which lets a row that is sent again be the
same row; column B (``ROW_CHECK``) is a formula that says OK or the fix; what is filled in follows. Lines without a
number in column A are headings and sentences of ours. Daily totals and Referrals: then ``ROW_LABEL`` (a real day, or
the words of a line of the window), then one column a measure; a line of the window has its value in the first of them;
the last may be ``ROW_WHY``. *Start here*: column A the number, B English, C French; the two answers stand in column
``ANSWER_COLUMN``. ``_meta``: column A the name of a field of ``Meta``, B its value as text; first line ``program``.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from outreach.errors import N_
from outreach.vocab import AgeBand, Approach, ChargeStatus, ContactResult, Gender, PlaceKind, SupportAnswer

Marker = Callable[[str, str], str]
"""``storage.keys.Keys.mark``: keyed hash of a text in a scope."""

TEMPLATE = 1
"""Version of the layout; a file of another version is not read."""
PROGRAM = "Outreach return"

START, TOTALS, CONTACTS, CHARGES, REFERRALS, LISTS, META = (
    "start", "totals", "contacts", "charges", "referrals", "lists", "meta")  # fmt: skip

TITLES: dict[str, str] = {
    START: N_("Start here"),
    TOTALS: N_("Daily totals"),
    CONTACTS: N_("Contacts"),
    CHARGES: N_("Charges"),
    REFERRALS: N_("Referrals"),
    LISTS: N_("Lists"),
}
"""Sheets a person sees, in their order; ``_meta`` stands behind them, very hidden."""
META_TITLE = "_meta"

CODES_ROW, LABELS_ROW, FIRST_ROW = 1, 2, 3
ROW_ID, ROW_CHECK, ROW_LABEL, ROW_WHY = "id", "check", "line", "why"
"""Codes in row 1 of the columns that are not filled in."""
ANSWER_COLUMN = 3
ROWS = {CONTACTS: 200, CHARGES: 60}
"""Rows that are ready to be filled in; more when asked for."""
MOST_ROWS = 100_000

REFERRAL_MEASURES = ("referrals_made", "referrals_received")
"""Daily measures that stand in their own sheet."""

YES, NO = "yes", "no"
YES_NO: tuple[tuple[str, str], ...] = ((YES, N_("Yes")), (NO, N_("No")))
OFFENCES, MUNICIPALITIES = "offences", "municipalities"
"""Choices that come from the site: see ``Choices``."""


def _of(vocabulary: Any) -> tuple[tuple[str, str], ...]:
    return tuple((item.value, item.label) for item in vocabulary)


@dataclass(frozen=True)
class Column:
    """One column of a sheet. ``kind``: text, day, time, number, choice, code (of a person's card), accused.

    ``choices``: (code, English words); ``from_site`` names a list of ``Choices`` instead. ``needed``: always, or ''.
    """

    code: str
    label: str
    kind: str = "text"
    choices: tuple[tuple[str, str], ...] = ()
    from_site: str = ""
    needed: bool = False
    note: str = ""
    width: int = 16


CONTACT_COLUMNS: tuple[Column, ...] = (
    Column("no", N_("Contact no."), note=N_("Persons met together carry the same number; leave it empty for one."),
           width=11),
    Column("day", N_("Evening of"), "day", needed=True,
           note=N_("The operation’s day: a contact at 01:30 belongs to the evening before.")),
    Column("time", N_("Time"), "time", note=N_("24-hour clock; may be left empty."), width=9),
    Column("result", N_("Result"), "choice", _of(ContactResult), needed=True),
    Column("approach", N_("How it came about"), "choice", _of(Approach), width=22),
    Column("place_kind", N_("Kind of place"), "choice", _of(PlaceKind), width=18),
    Column("municipality", N_("Municipality"), from_site=MUNICIPALITIES, width=20),
    Column("code", N_("Person code"), "code", note=N_("From the card, such as K7QM-4R2X; never a name."), width=14),
    Column("agreed", N_("Agrees to be recorded"), "choice", YES_NO,
           note=N_("Without “Yes” only the meeting is kept: leave the columns to the right empty."), width=14),
    Column("age", N_("Age band"), "choice", _of(AgeBand)),
    Column("gender", N_("Gender"), "choice", _of(Gender), width=30),
    Column("answer", N_("Support"), "choice", _of(SupportAnswer), width=20),
    Column("made_safe", N_("Made safe"), "choice", YES_NO, width=11),
    Column("kits", N_("Information kits"), "number", width=11),
)  # fmt: skip
"""One row a person met, or an attempt at which nobody was met."""
OF_PERSON = ("code", "agreed", "age", "gender", "answer", "made_safe")
"""Contact columns that speak of the person; an attempt leaves them empty."""
ONLY_IF_AGREED = ("age", "gender", "answer", "made_safe")

CHARGE_COLUMNS: tuple[Column, ...] = (
    Column("accused", N_("Accused code"), "accused", needed=True,
           note=N_("Your service’s own code such as A-01; never a name."), width=14),
    Column("arrested", N_("Arrested"), "choice", YES_NO, width=11),
    Column("arrested_on", N_("Arrested on"), "day"),
    Column("offence", N_("Offence"), "choice", from_site=OFFENCES, width=46,
           note=N_("From the list; or leave it empty and write the offence beside it.")),
    Column("label", N_("Another offence"), width=30),
    Column("statute", N_("Statute"), width=18),
    Column("counts", N_("Counts"), "number", width=9),
    Column("laid_on", N_("Laid on"), "day"),
    Column("status", N_("Status"), "choice", _of(ChargeStatus), width=14),
)  # fmt: skip
"""One row a charge; an arrest without a charge has only the first columns."""

COLUMNS = {CONTACTS: CONTACT_COLUMNS, CHARGES: CHARGE_COLUMNS}

SIGN_NAME, SIGN_YES = "sign-name", "sign-yes"
"""Row numbers of the two answers on *Start here*: the typed name, and yes or no to signing."""


@dataclass(frozen=True)
class Choices:
    """Lists of the site: offences as (code, English, French), places as they are called."""

    offences: tuple[tuple[str, str, str], ...] = ()
    municipalities: tuple[str, ...] = ()


# --- who a workbook is for --------------------------------------------------------------------------------------------

SCOPE = "return-workbook"


@dataclass(frozen=True)
class Meta:
    """The stamp of a workbook: for whom, which layout, which issue. ``made_at`` is ISO 8601 in UTC."""

    operation: int
    operation_code: str
    service: int
    service_name: str
    template: int
    issue: int
    language: str
    made_at: str
    signature: str = ""

    @property
    def signed_part(self) -> str:
        return "/".join(map(str, (self.operation, self.service, self.template, self.issue, self.made_at)))


def signature(meta: Meta, mark: Marker) -> str:
    """What only this site can have written under the stamp."""
    return mark(meta.signed_part, SCOPE)[:32]


def is_ours(meta: Meta, mark: Marker) -> bool:
    return hmac.compare_digest(signature(meta, mark), meta.signature)


def row_numbers(sheet: str, operation: int, service: int, count: int, mark: Marker) -> list[str]:
    """The hidden numbers of the first ``count`` rows; the same in every issue, and nobody else can make one."""
    key = bytes.fromhex(mark(f"{operation}/{service}/{sheet}", SCOPE))
    return [
        f"{sheet[:2]}{number}-{hashlib.blake2s(str(number).encode(), key=key, digest_size=4).hexdigest()}"
        for number in range(1, count + 1)
    ]


def row_number(row_id: str, sheet: str, operation: int, service: int, mark: Marker) -> int | None:
    """Which row a hidden number was made for; None when this site did not make it for this sheet and service."""
    head, _, _tail = row_id.partition("-")
    digits = head.removeprefix(sheet[:2])
    if not digits.isascii() or not digits.isdigit() or not 0 < int(digits[:7]) <= MOST_ROWS or digits[0] == "0":
        return None
    key = bytes.fromhex(mark(f"{operation}/{service}/{sheet}", SCOPE))
    made = f"{head}-{hashlib.blake2s(digits.encode(), key=key, digest_size=4).hexdigest()}"
    return int(digits) if hmac.compare_digest(made.encode(), row_id.encode()) else None


# --- what stands in one, and what was read from one -------------------------------------------------------------------


@dataclass(frozen=True)
class TotalRow:
    """A line of *Daily totals* or *Referrals*: a day, or one answer for the whole window.

    ``row_id``: ``day-2017-10-10`` or ``once-<measure>[-<part>]``. ``cells``: column code (the measure; ``once`` for a
    line of the window) → name of the cell as in ``rules.name_of``, '' where nothing is asked. ``typed``: cell name →
    what stands in it (``4``, ``0``, ``d``).
    """

    row_id: str
    day: dt.date | None
    label: str
    cells: Mapping[str, str]
    typed: Mapping[str, str] = field(default_factory=dict)
    why: str = ""


@dataclass(frozen=True)
class Row:
    """One line of *Contacts* or *Charges*. ``row``: its line in the workbook; ``values``: by column code, as meant
    (codes of lists, ``date``, ``time``, whole numbers); what was left empty is not in it."""

    row_id: str
    row: int
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Fault:
    """Something to fix. ``cell``: ``C7`` (or '' for the sheet). ``must``: the row is not taken until it is fixed;
    otherwise it is only to be checked. ``name``: the cell of totals, ``row_id``: the row, that it stands in the way of;
    ``column``: the code of the column, by which the answer finds the cell in our own layout.
    """

    sheet: str
    cell: str
    wrote: str
    message: str
    fix: str
    params: Mapping[str, Any] = field(default_factory=dict)
    must: bool = True
    name: str = ""
    row_id: str = ""
    column: str = ""


@dataclass(frozen=True)
class Asked:
    """Everything that a workbook for one service says and asks: what the writer is given, and the reader compares with.

    ``totals``/``referrals``: lines with their cells; ``contacts``/``charges``: rows that stand already. ``mode``: the
    entry mode. ``window``, ``deadline``: in words, in the operation's zone ``zone``. ``days``: the service's own days.
    ``measures``: daily columns of *Daily totals* in order.
    """

    meta: Meta
    operation_name: str
    mode: str
    police: bool
    zone: str
    days: tuple[dt.date, ...]
    window: tuple[str, str] = ("", "")
    deadline: str = ""
    measures: tuple[str, ...] = ()
    totals: tuple[TotalRow, ...] = ()
    referrals: tuple[TotalRow, ...] = ()
    contacts: tuple[Row, ...] = ()
    charges: tuple[Row, ...] = ()
    choices: Choices = Choices()
    rows: Mapping[str, int] = field(default_factory=lambda: dict(ROWS))


@dataclass(frozen=True)
class Returned:
    """What was read from a workbook. ``typed``: cell name of totals → ``4``, ``0``, ``d`` (blank cells are left out).

    ``seen``: names of cells and row ids that were present at all, so that an emptied one is told from a missing one.
    ``signer``: the typed name when the service signs by this return, else ''. ``faults``: in the order of the file.
    """

    meta: Meta
    typed: Mapping[str, str] = field(default_factory=dict)
    contacts: tuple[Row, ...] = ()
    charges: tuple[Row, ...] = ()
    seen: frozenset[str] = frozenset()
    signer: str = ""
    faults: tuple[Fault, ...] = ()

    @property
    def must(self) -> tuple[Fault, ...]:
        return tuple(fault for fault in self.faults if fault.must)

    def good(self) -> Returned:
        """Without the cells and rows that a fault stands in the way of."""
        bad = {fault.name for fault in self.must} | {fault.row_id for fault in self.must}
        return Returned(
            self.meta,
            {name: said for name, said in self.typed.items() if name not in bad},
            without(self.contacts, bad),
            without(self.charges, bad),
            self.seen - bad,
            self.signer,
            self.faults,
        )


def without(rows: Iterable[Row], bad: set[str]) -> tuple[Row, ...]:
    return tuple(row for row in rows if row.row_id not in bad)
