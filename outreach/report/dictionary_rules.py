"""The long tables and their columns: what the exports write and what the data dictionary says are this one list.

Plain values. Which rows a table has, and who may take it away, does not belong here; the columns of every other file
are in ``described_rules``.
"""

from __future__ import annotations

from dataclasses import dataclass

from outreach.errors import N_
from outreach.vocab import (
    AgeBand,
    Basis,
    Bound,
    ContactResult,
    Gender,
    PlaceKind,
    SupportAnswer,
    Vocabulary,
)

VERSION = 1
"""Of the tables as a whole: raised when a column is added, changes its meaning or goes."""
HOURS = 3
"""Hours in one band of the clock."""

TEXT, NAME, NUMBER, DATE, CODE = "text", "name", "number", "date", "code"
"""Kinds of a column. ``name``: text that somebody typed; ``text``: the site's own words."""
KINDS = {
    TEXT: N_("text"),
    NAME: N_("text that somebody typed"),
    NUMBER: N_("whole or decimal number"),
    DATE: N_("date, as 2017-10-18"),
    CODE: N_("one of a list"),
}

NEVER = N_("Never empty.")
ATTEMPT = N_("Empty: nobody was met.")
NOBODY = N_("Empty: told or added without a person.")
NO_DAY = N_("Empty: not told apart by day, or the day is not known.")


class State(Vocabulary):
    """All that police ever learn of a referral."""

    WAITING = "waiting", N_("Waiting")
    PICKED_UP = "picked_up", N_("Picked up")
    CLOSED = "closed", N_("Closed")


class YesNo(Vocabulary):
    """Yes, or no."""

    YES = "yes", N_("Yes")
    NO = "no", N_("No")


class Split(Vocabulary):
    """What a line of figures is by."""

    ALL = "all", N_("Whole operation")
    SERVICE = "service", N_("By service")
    DAY = "day", N_("By day")
    SERVICE_DAY = "service_day", N_("By service and day")


class Window(Vocabulary):
    """Where a line lies that is by day."""

    INSIDE = "inside", N_("In the window")
    BEFORE = "before", N_("Before the window")
    AFTER = "after", N_("After the window")
    UNDATED = "undated", N_("Not placed on a day")


@dataclass(frozen=True)
class Column:
    """One column: its code (the header of a CSV), its name (the header of a workbook), what stands in it.

    ``values``: the closed list of a ``code``. ``empty``: what an empty cell means.
    """

    code: str
    label: str
    kind: str
    meaning: str
    empty: str = NEVER
    values: type[Vocabulary] | None = None
    unit: str = ""
    source: str = ""
    width: int = 14


@dataclass(frozen=True)
class Table:
    """One long table. ``persons``: each row is about one person. ``name`` is that of the table in every workbook."""

    code: str
    name: str
    title: str
    rows: str
    columns: tuple[Column, ...]
    persons: bool = True


_ROW = Column(
    "row",
    N_("Row"),
    NUMBER,
    N_("Number of the row in this file. The order tells nothing of the order of entry."),
    width=8,
)
_SERVICE = Column("service", N_("Service"), NAME, N_("Name of the service."), width=36)

TABLES: tuple[Table, ...] = (
    Table(
        "contacts",
        "tblContacts",
        N_("Contacts"),
        N_("One row a person met, at the first meeting, or an attempt at which nobody was met."),
        (
            _ROW,
            Column("day", N_("Day"), DATE, N_("Operational day, which begins in the morning."), NO_DAY, width=12),
            Column("hours", N_("Hours"), TEXT, N_("Band of three hours on the clock of the operation."), unit=N_("h")),
            _SERVICE,
            Column("result", N_("Result"), CODE, N_("Whether somebody was met."), values=ContactResult, width=18),
            Column("age", N_("Age band"), CODE, N_("The age that counts: the best known."), ATTEMPT, AgeBand,
                   N_("years")),
            Column("gender", N_("Gender"), CODE, N_("What the person said, else what was believed."), ATTEMPT, Gender,
                   source="HTCDS", width=34),
            Column("support", N_("Support"), CODE, N_("Answer to the offer of support."), ATTEMPT, SupportAnswer,
                   width=18),
            Column("place", N_("Kind of place"), CODE, N_("Kind of place of the meeting, never the place."), ATTEMPT,
                   PlaceKind, width=20),
        ),
    ),
    Table(
        "referrals",
        "tblReferrals",
        N_("Referrals"),
        N_("One row a referral made by police; nothing leads from it to a contact."),
        (
            _ROW,
            Column("agency", N_("Agency"), NAME, N_("Name of the support agency."), N_("Empty: no agency."), width=36),
            Column("state", N_("State"), CODE, N_("How far it is, as police learn it."), values=State),
            Column("waiting_hours", N_("Waiting hours"), NUMBER,
                   N_("From the referral to the first pick-up, or until now while it waits."), unit=N_("hours")),
            Column("still_waiting", N_("Still waiting"), CODE, N_("Nobody has picked it up."), values=YesNo),
            Column("urgent", N_("Urgent"), CODE, N_("Marked as urgent."), values=YesNo, width=10),
            Column("needs", N_("Number of needs"), NUMBER, N_("How many needs were named, never which."),
                   unit=N_("needs")),
        ),
    ),
    Table(
        "charges",
        "tblCharges",
        N_("Charges"),
        N_("One row a person charged, day and offence; a number without a person stands by itself."),
        (
            _ROW,
            _SERVICE,
            Column("day", N_("Day"), DATE, N_("Day on which the charge was laid."), NO_DAY, width=12),
            Column("window", N_("Part of the window"), CODE, N_("Where the day lies."), NEVER, Window, width=20),
            Column("person", N_("Person in the service"), NUMBER,
                   N_("Number of the person within the service, in this file alone."), NOBODY),
            Column("offence", N_("Offence"), NAME, N_("Offence in the language of the file."), NOBODY, width=60),
            Column("section", N_("Section"), TEXT, N_("Section of the statute."),
                   N_("Empty: not in the list of offences, or no person is known."), width=16),
            Column("charges", N_("Charges"), NUMBER, N_("Number of charges; they add up to the figure."),
                   unit=N_("charges"), width=10),
            Column("basis", N_("Made from"), CODE, N_("What the number is made from."), values=Basis, width=20),
        ),
    ),
    Table(
        "figures",
        "tblFigures",
        N_("Figures"),
        N_("One row a figure: of the whole operation, by service, by day, by service and day."),
        (
            Column("measure", N_("Measure"), TEXT, N_("Code of the figure; see the definitions."), width=26),
            Column("figure", N_("Figure"), TEXT, N_("Name of the figure in the language of the file."), width=34),
            Column("split", N_("What it is by"), CODE, N_("What the figure is by."), values=Split, width=22),
            Column("service", N_("Service"), NAME, N_("Name of the service."), N_("Empty: all services."), width=36),
            Column("day", N_("Day"), DATE, N_("Operational day."), NO_DAY, width=12),
            Column("window", N_("Part of the window"), CODE, N_("Where the day lies."), N_("Empty: not by day."),
                   Window, width=22),
            Column("least", N_("At the least"), NUMBER, N_("Lower end of a range whose upper end is the value."),
                   N_("Empty: no range.")),
            Column("value", N_("Value"), NUMBER, N_("The figure. Rows do not add up to each other in general."),
                   N_("Empty: not known, or withheld. Never a zero.")),
            Column("bound", N_("How sure"), CODE, N_("How the figure is to be read."), values=Bound, width=16),
            Column("basis", N_("Made from"), CODE, N_("What the figure is made from."), N_("Empty: nothing is known."),
                   Basis, width=20),
            Column("withheld", N_("Withheld"), CODE, N_("Known here, and kept from this reader."), values=YesNo,
                   width=10),
            Column("services_in", N_("Services in"), NUMBER, N_("Services that told this figure."),
                   unit=N_("services")),
            Column("services_expected", N_("Services expected"), NUMBER, N_("Services that owe this figure."),
                   N_("Empty: nobody knows who takes part."), unit=N_("services")),
            Column("rule", N_("Counting rule"), TEXT, N_("Rule by which it was counted."),
                   N_("Empty: there is but one rule."), width=20),
            Column("rule_version", N_("Version of the rule"), NUMBER, N_("Raised when the rule changes.")),
        ),
        persons=False,
    ),
)  # fmt: skip

DICTIONARY = Table(
    "dictionary",
    "tblDictionary",
    N_("Data dictionary"),
    N_("One row a column of a file."),
    (
        Column("table", N_("Table"), TEXT, N_("Code of the table."), width=14),
        Column("column", N_("Column"), TEXT, N_("Code of the column: its header in a CSV of codes."), width=20),
        Column("english", N_("English"), TEXT, N_("Its header in an English file with titles."), width=24),
        Column("french", N_("French"), TEXT, N_("Its header in a French file with titles."), width=26),
        Column("type", N_("Type"), TEXT, N_("What stands in it."), width=26),
        Column("unit", N_("Unit"), TEXT, N_("What a number counts."), N_("Empty: none."), width=12),
        Column("meaning", N_("Meaning"), TEXT, N_("What it says."), width=50),
        Column("values", N_("Allowed values"), TEXT, N_("Codes, as in a CSV, and their words, as in a workbook."),
               N_("Empty: no closed list."), width=60),
        Column("empty", N_("An empty cell"), TEXT, N_("What an empty cell means."), width=34),
        Column("source", N_("Source"), TEXT, N_("Whose list it follows."), N_("Empty: Outreach’s own."), width=12),
        Column("version", N_("Version"), NUMBER, N_("Version of the tables."), width=10),
    ),
    persons=False,
)  # fmt: skip

BY_CODE: dict[str, Table] = {table.code: table for table in TABLES}
