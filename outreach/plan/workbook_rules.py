"""The plan workbook as plain values: its sheets and columns, and the plan that its rows hold.

Cells become values in ``workbook_reading_rules``. No workbook is opened here and nothing is looked up.
"""

from __future__ import annotations

import datetime as dt
import gettext
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from outreach import assets
from outreach.errors import N_
from outreach.vocab import EntryMode, ParticipationStatus, ServiceKind, StaffCategory

from . import operation_rules
from .team_rules import person_key

Cell = Any  # null, str, int, float, bool, or {"day" | "moment" | "time": ISO text}
Rows = list[list[Cell]]

YES_NO = (("yes", N_("Yes")), ("no", N_("No")))


@lru_cache(maxsize=1)
def _catalogue() -> gettext.NullTranslations:
    folder = str(assets.translations())
    return gettext.translation("messages", folder, languages=["fr"], fallback=True)


def french(text: str) -> str:
    """The French of a source text; the text itself where the catalogue lacks it."""
    return _catalogue().gettext(text)


def said_in(text: str, language: str) -> str:
    return french(text) if language == "fr" else text


# --- the layout ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Column:
    """One column (or, on the sheet Operation, one row). ``kind``: text, day, moment, time, choice, number, names."""

    code: str
    label: str
    note: str = ""
    kind: str = "text"
    required: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    most: int = 160
    hidden: bool = False

    def is_called(self, header: str) -> bool:
        wanted = person_key(header)
        return wanted in {person_key(self.code), person_key(self.label), person_key(french(self.label))}


LOCAL_TIME = N_("Local time of the operation, 2017-10-18 21:42. Where the clocks show a time twice, the earlier one.")
_BLANK_STAYS = N_("Empty: what Outreach knows stays.")

OPERATION = (
    Column(
        "code", N_("Code"), N_("Capital letters, digits, hyphens, for example ONS-2026-ON."), required=True, most=40
    ),
    Column("name", N_("Name"), required=True),
    Column("edition", N_("Edition"), N_("For example 2026, or Autumn 2026."), most=40),
    Column("level", N_("Level"), kind="choice", choices=operation_rules.LEVELS),
    Column("purpose", N_("Purpose"), most=4000),
    Column("time_zone", N_("Time zone"), N_("As in the list, for example America/Toronto."), required=True, most=60),
    Column("starts_at", N_("Window starts"), LOCAL_TIME, kind="moment"),
    Column("ends_at", N_("Window ends"), LOCAL_TIME, kind="moment"),
    Column("window_assumed", N_("Window is assumed"), kind="choice", choices=YES_NO),
    Column("day_starts", N_("Day starts at"), N_("06:00 puts a contact at 01:30 on the evening before."), kind="time"),
    Column("entry_deadline_at", N_("Entry deadline"), LOCAL_TIME, kind="moment"),
    Column("lead_service", N_("Lead service"), N_("A name from the sheet Services.")),
    Column("parent", N_("Code of the parent operation"), most=40),
    Column("services_known", N_("Services are known"), kind="choice", choices=YES_NO),
    Column("overlap_nil", N_("No person is met by two services"), kind="choice", choices=YES_NO),
)
PLANNED = tuple(
    Column(f"planned_{code}", label, kind="number")
    for code, label in (
        ("police", N_("Planned officers")),
        ("support", N_("Planned support staff")),
        ("victim_services", N_("Planned victim-services workers")),
        ("ngo", N_("Planned NGO workers")),
        ("interpreter", N_("Planned interpreters")),
    )
)
SERVICES = (
    Column("name", N_("Service"), N_("The full name, once only."), required=True),
    Column("short_name", N_("Short name"), _BLANK_STAYS, most=60),
    Column("kind", N_("Kind"), kind="choice", required=True, choices=tuple(ServiceKind.choices())),
    Column("region", N_("Region"), _BLANK_STAYS, most=80),
    Column("municipality", N_("Municipality"), _BLANK_STAYS, most=80),
    Column("languages", N_("Languages"), _BLANK_STAYS, most=40),
    Column("contact_desk", N_("Contact desk"), N_("An address of the desk, not of a person."), most=254),
    Column("status", N_("Status"), kind="choice", choices=tuple(ParticipationStatus.choices())),
    Column("entry_mode", N_("How it reports"), kind="choice", choices=tuple(EntryMode.choices())),
    Column("starts_at", N_("Own window starts"), LOCAL_TIME, kind="moment"),
    Column("ends_at", N_("Own window ends"), LOCAL_TIME, kind="moment"),
    *PLANNED,
)
TEAMS = (
    Column("service", N_("Service"), N_("A name from the sheet Services."), required=True),
    Column("name", N_("Team"), required=True, most=80),
    Column("area", N_("Area"), N_("Part of town or road; never a street number."), most=120),
    Column("starts_at", N_("Starts"), LOCAL_TIME, kind="moment"),
    Column("ends_at", N_("Ends"), LOCAL_TIME, kind="moment"),
    Column("partners", N_("Partners"), N_("Services of a joint team, with ; between them."), kind="names", most=4000),
    Column("cancelled", N_("Cancelled"), kind="choice", choices=YES_NO),
    Column("uid", N_("ID"), N_("Made by Outreach: a renamed team stays the same team."), most=36, hidden=True),
)
PEOPLE = (
    Column("service", N_("Service"), N_("The service that the person works for."), required=True),
    Column("name", N_("Name"), required=True, most=120),
    Column(
        "category", N_("What the person does"), kind="choice", required=True, choices=tuple(StaffCategory.choices())
    ),
    Column("team", N_("Team"), N_("One row for each team; empty for none. Accounts are made in the browser."), most=80),
    Column("lead", N_("Leads the team"), kind="choice", choices=YES_NO),
)
# Sheet code → label, columns. The sheet Operation lies down: labels in column A, values in column B.
SHEETS: dict[str, tuple[str, tuple[Column, ...]]] = {
    "Operation": (N_("Operation"), OPERATION),
    "Services": (N_("Services"), SERVICES),
    "Teams": (N_("Teams"), TEAMS),
    "People": (N_("People"), PEOPLE),
}
LISTS = N_("Lists")


@dataclass(frozen=True)
class Line:
    """One row of a further sheet: value by column code; ``row`` is where it stands and never compared."""

    said: dict[str, Any]
    row: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Part:
    """A sheet that a subject or a later room adds. A workbook may lack it; then nothing of it changes.

    ``gather(operation)`` gives the values of its lines; ``follow(run, lines)`` makes the plan follow them, by the
    commands of its room, with the import's own ``find``, ``attempt``, ``moment``, ``service`` and ``steps``.
    ``what``: one of them, for the preview. ``twins``: columns that together stand once.
    """

    label: str
    what: str
    columns: tuple[Column, ...]
    gather: Callable[[Any], list[dict[str, Any]]]
    follow: Callable[[Any, tuple[Line, ...]], None]
    twins: tuple[str, ...] = ()


PARTS: dict[str, Part] = {}


# The order of the sheets must not depend on which room was imported first.
_IN_ORDER = (*SHEETS, "Shifts", "Kits", "Sessions")


def add_part(code: str, part: Part) -> None:
    """Let every plan workbook have this sheet, in its place. Raises ``ValueError`` for one that has none."""
    if code not in _IN_ORDER:
        raise ValueError(f"say where the sheet {code} stands")
    PARTS[code] = part
    SHEETS[code] = (part.label, part.columns)
    for one in _IN_ORDER:
        if one in SHEETS:
            SHEETS[one] = SHEETS.pop(one)
        if one in PARTS:
            PARTS[one] = PARTS.pop(one)


# --- the values ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OperationPlan:
    """Local times are naive, in ``time_zone``. ``row`` values are where things stand in the file and never compared."""

    code: str
    name: str
    edition: str = ""
    level: str = "local"
    purpose: str = ""
    time_zone: str = operation_rules.DEFAULT_ZONE
    starts_at: dt.datetime | None = None
    ends_at: dt.datetime | None = None
    window_assumed: bool = False
    day_starts: int = 360
    entry_deadline_at: dt.datetime | None = None
    lead_service: str = ""
    parent: str = ""
    services_known: bool = True
    overlap_nil: bool = False


@dataclass(frozen=True)
class ServicePlan:
    """``status`` and ``entry_mode`` are '' where the file leaves them open; so are the texts of the directory."""

    name: str
    kind: str
    short_name: str = ""
    region: str = ""
    municipality: str = ""
    languages: str = ""
    contact_desk: str = ""
    status: str = ""
    entry_mode: str = ""
    starts_at: dt.datetime | None = None
    ends_at: dt.datetime | None = None
    planned: tuple[tuple[str, int], ...] = ()
    row: int = field(default=0, compare=False)


@dataclass(frozen=True)
class TeamPlan:
    service: str
    name: str
    area: str = ""
    starts_at: dt.datetime | None = None
    ends_at: dt.datetime | None = None
    partners: tuple[str, ...] = ()
    cancelled: bool = False
    uid: str = ""
    row: int = field(default=0, compare=False)


@dataclass(frozen=True)
class PersonPlan:
    """One person in one team, or in none (``team`` '')."""

    service: str
    name: str
    category: str
    team: str = ""
    lead: bool = False
    row: int = field(default=0, compare=False)


@dataclass(frozen=True)
class SheetRead:
    """A sheet as the capped reader gives it. ``merged``: first row, first column, last row, last column, from 1.

    ``worked_out``: row and column, from 1, of cells with a formula or an error; their value is whatever was kept.
    """

    name: str
    rows: Rows
    merged: tuple[tuple[int, int, int, int], ...] = ()
    worked_out: tuple[tuple[int, int], ...] = ()


@dataclass
class Cells:
    """Where things stand in the file that was read: names of its sheets, places of its columns (or rows)."""

    names: dict[str, str] = field(default_factory=dict)
    at: dict[tuple[str, str], int] = field(default_factory=dict)

    def place(self, sheet: str, column: str, row: int = 0) -> str:
        """``Services!B7`` of a column's code, in the words and order of the file."""
        name = self.names.get(sheet, sheet)
        index = self.at.get((sheet, column))
        if sheet == "Operation":
            return f"{name}!B{index}" if index else f"{name}!A1"
        return f"{name}!{letter(index or 1)}{row or 1}"


@dataclass(frozen=True)
class Plan:
    operation: OperationPlan
    services: tuple[ServicePlan, ...] = ()
    teams: tuple[TeamPlan, ...] = ()
    people: tuple[PersonPlan, ...] = ()
    more: dict[str, tuple[Line, ...]] = field(default_factory=dict)
    cells: Cells = field(default_factory=lambda: Cells(), compare=False)


def letter(column: int) -> str:
    """1 → A, 28 → AB."""
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name
