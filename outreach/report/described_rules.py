"""Every column of every file that leaves the site with figures in it, as the data dictionary says them.

Here belong the columns of the files that are no long table: the sheets of the workbook, the table of a release, pivots,
months and the command line; and the dictionary's lines of all of them. The long tables are in ``dictionary_rules``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from outreach.errors import N_
from outreach.rollup.measures import CATALOGUE, DERIVED
from outreach.vocab import Basis, Bound

from .dictionary_rules import (
    BY_CODE,
    CODE,
    DATE,
    DICTIONARY,
    KINDS,
    NAME,
    NO_DAY,
    NUMBER,
    TABLES,
    TEXT,
    VERSION,
    Column,
    Table,
)

SYMBOLS = N_("Never empty: .. not received, ... not applicable, x withheld.")
NOTHING = N_("Empty: nothing to be said.")
NOT_KNOWN = N_("Empty: not known, or withheld. Never a zero.")
NOT_SIGNED = N_("Empty or ...: nothing was signed.")

FIGURES_LIST = Table(
    "figures_list",
    "",
    N_("Figures of the command line"),
    N_("What “outreach figures” prints as CSV, one row a figure."),
    (
        Column("measure", N_("Measure"), TEXT, N_("Code of the figure; see the definitions.")),
        Column("service", N_("Service"), NAME, N_("Name of the service."), N_("Only there when asked for by service.")),
        Column("day", N_("Day"), DATE, N_("Operational day, or before, after, undated."),
               N_("Only there when asked for by day.")),
        Column("least", N_("At the least"), NUMBER, N_("Lower end of a range whose upper end is the value."),
               N_("Empty: no range.")),
        Column("value", N_("Value"), NUMBER, N_("The figure. Rows do not add up to each other in general."),
               N_("Empty: not known, or withheld. Never a zero.")),
        Column("bound", N_("How sure"), CODE, N_("How the figure is to be read."), values=Bound),
        Column("basis", N_("Made from"), CODE, N_("What the figure is made from."), N_("Empty: nothing is known."),
               Basis),
        Column("reported", N_("Services in"), NUMBER, N_("Services that told this figure."), unit=N_("services")),
        Column("expected", N_("Services expected"), NUMBER, N_("Services that owe this figure."),
               N_("Empty: nobody knows who takes part."), unit=N_("services")),
        Column("rule", N_("Counting rule"), TEXT, N_("Rule by which it was counted."),
               N_("Empty: there is but one rule.")),
        Column("rule_version", N_("Version of the rule"), NUMBER, N_("Raised when the rule changes.")),
    ),
    persons=False,
)  # fmt: skip
MEASURES = Table(
    "measures",
    "",
    N_("Measures"),
    N_("Codes of figures: what stands in the column “measure”, and columns of the summary workbook and by month."),
    (),
    persons=False,
)
_STAFF = N_("People deployed who do this work; all kinds together are “personnel”.")
_OWN = (
    Column("figure", N_("Figure"), TEXT, N_("Name of the figure; its code is in the definitions.")),
    Column("this_edition", N_("This edition"), NUMBER, N_("The figure of this operation."), SYMBOLS),
    Column("unit", N_("Unit"), TEXT, N_("What a number counts.")),
    Column("previous_edition", N_("Previous edition"), NUMBER, N_("The same figure of the edition before."), SYMBOLS),
    Column("difference", N_("Difference"), NUMBER, N_("The first of the two numbers beside it less the second."),
           SYMBOLS),
    Column("coverage", N_("Coverage"), TEXT, N_("How many services told the figure, of those that owe it.")),
    Column("note", N_("Note"), TEXT, N_("How the numbers of the row are to be read: bounds, what was said of them, and "
           "where a figure is counted instead of here."), NOTHING),
    Column("police", N_("Officers"), NUMBER, _STAFF, SYMBOLS),
    Column("support_staff", N_("Support staff"), NUMBER, _STAFF, SYMBOLS),
    Column("victim_services", N_("Victim-services workers"), NUMBER, _STAFF, SYMBOLS),
    Column("ngo", N_("NGO workers"), NUMBER, _STAFF, SYMBOLS),
    Column("interpreter", N_("Interpreters"), NUMBER, _STAFF, SYMBOLS),
    Column("staff_other", N_("Personnel not told apart"), NUMBER, N_("People deployed whose work was not told."),
           SYMBOLS),
    Column("signed", N_("Signed"), TEXT, N_("Whether the service signed its figures and nothing was changed since."),
           SYMBOLS),
    Column("kind", N_("Kind"), TEXT, N_("Kind of the service."), SYMBOLS),
    Column("takes_part", N_("Takes part"), TEXT, N_("Whether the service was asked, takes part or declined."), SYMBOLS),
    Column("day", N_("Day"), DATE, N_("Operational day, or the words for what lies before the window, after it or on "
           "no day."), NO_DAY),
    Column("day_number", N_("Day number"), NUMBER, N_("1 is the first day of the window."),
           N_("Empty: not a day of the window.")),
    Column("met_so_far", N_("Persons met, cumulative"), NUMBER, N_("Persons met up to the end of the day."), NOT_KNOWN),
    Column("met_before", N_("Persons met, previous edition"), NUMBER,
           N_("Persons met on the day of the same number in the edition before."), NOT_KNOWN),
    Column("met_reported", N_("Services in, persons met"), NUMBER, N_("Services that told how many persons they met."),
           NOT_KNOWN),
    Column("met_expected", N_("Services expected, persons met"), NUMBER, N_("Services that owe this figure."),
           N_("Empty: nobody knows who takes part.")),
    Column("flag", N_("Flag"), TEXT, N_("Why a number of the row is missing, or is not exact; figures "
           "alike stand together."), NOTHING),
    Column("month", N_("Month"), DATE, N_("Month of the first meeting, as 2017-10.")),
    Column("persons", N_("Persons charged"), NUMBER, N_("Persons charged with the offence; they do not add up."),
           SYMBOLS),
    Column("source", N_("Source"), TEXT, N_("What the numbers of the row are made from."), NOTHING),
    Column("how", N_("How it reports"), TEXT, N_("Whether the service logs contacts or sends totals."), SYMBOLS),
    Column("days_asked", N_("Days asked"), NUMBER, N_("Days for which the service owes persons met.")),
    Column("days_in", N_("Days in"), NUMBER, N_("Days of which it said something.")),
    Column("days_late", N_("Late"), NUMBER, N_("Days of which it said something after the day was due.")),
    Column("days_overdue", N_("Overdue"), NUMBER, N_("Days that are due and of which nothing was said.")),
    Column("days_declined", N_("Declined"), NUMBER, N_("Days of which it said that it does not tell.")),
    Column("days_later", N_("Not due yet"), NUMBER, N_("Days that are still to come or not due.")),
    Column("met_records", N_("Persons met, records"), NUMBER, N_("Persons met, as they stand now."), SYMBOLS),
    Column("met_signed", N_("Persons met, signed"), NUMBER, N_("Persons met, as the service signed them."), SYMBOLS),
    Column("state", N_("State"), TEXT, N_("Of a referral how far it is, as police learn it; of a service whether it "
           "signed."), SYMBOLS),
    Column("version", N_("Version"), NUMBER, N_("Of a signature its number; of a definition that of its rule."),
           SYMBOLS),
    Column("signed_by", N_("Signed by"), NAME, N_("Who signed last."), NOT_SIGNED),
    Column("signed_at", N_("Signed at"), DATE, N_("When it was signed, on the clock of the operation."), NOT_SIGNED),
    Column("reopened_at", N_("Reopened at"), DATE, N_("When a later record took the signature away."),
           N_("Empty or ...: the signature stands, or there is none.")),
    Column("hash", N_("Hash of the version"), TEXT, N_("SHA-256 of what was signed."), NOT_SIGNED),
    Column("code", N_("Code"), TEXT, N_("Of a figure the name by which scripts ask for it; of a referral a number made "
           "up for this file.")),
    Column("english", N_("English"), TEXT, N_("Name of the figure in English.")),
    Column("french", N_("French"), TEXT, N_("Name of the figure in French.")),
    Column("what", N_("What it counts"), TEXT, N_("Definition of the figure.")),
    Column("rule", N_("Rule"), TEXT, N_("How it is counted where that could be done otherwise."), NOTHING),
    Column("adds_up", N_("Adds up across"), TEXT, N_("Whether it may be added up across services, days or both.")),
    Column("in_all", N_("In all"), NUMBER, N_("All outcomes of the row together."), SYMBOLS),
    Column("outcome", N_("Outcome"), NUMBER, N_("Each outcome of the site’s list has a column of its own, under its "
           "title."), SYMBOLS),
    Column("of", N_("Of"), TEXT, N_("What the figure is of: the whole operation, a service or a day.")),
    Column("added_from", N_("Added up again from"), TEXT, N_("Whose numbers the formula adds up.")),
    Column("on_sheet", N_("On its sheet"), NUMBER, N_("The figure as its sheet has it."), SYMBOLS),
    Column("added_again", N_("Added up again"), NUMBER, N_("The sum, by a formula: the only ones of the file.")),
)  # fmt: skip


def _further() -> Iterator[Column]:
    """Columns of the sheets of persons that are those of the long tables."""
    seen = {column.label for column in _OWN}
    for column in (one for code in ("contacts", "referrals", "charges") for one in BY_CODE[code].columns):
        if column.label not in seen:
            seen.add(column.label)
            yield column


WORKBOOK = Table(
    "workbook",
    "",
    N_("Sheets of the workbook"),
    N_("One row a header. A header that is the name of a figure is among the measures."),
    (*_OWN, *_further()),
)
RELEASE = Table(
    "release",
    "",
    N_("Table of a release"),
    N_("One row a number of the release, or a figure that an erratum changes."),
    (
        Column("release", N_("Release"), TEXT, N_("Number of the release or erratum, and code of the operation.")),
        Column("as_of", N_("As of"), TEXT, N_("The moment whose records were counted.")),
        Column("status", N_("Status"), TEXT, N_("Whether the figures are signed or provisional.")),
        Column("coverage", N_("Coverage"), TEXT, N_("How many services told figures, of those that owe them.")),
        Column("table", N_("Table"), TEXT, N_("The table of the release in which the number stands.")),
        Column("row", N_("Row"), NAME, N_("The row there: a figure, a service, a day."), NOTHING),
        Column("code", N_("Code"), TEXT, N_("Code of the figure."),
               N_("Empty: the row is of a table by service or day.")),
        Column("column", N_("Column"), TEXT, N_("The column there."), N_("Empty: the table has one number a row.")),
        Column("number", N_("Number"), NUMBER, N_("The number, where it is one number."), NOT_KNOWN),
        Column("in_words", N_("In words"), TEXT, N_("The number as it is printed, with its bound."), NOTHING),
        Column("symbol", N_("Symbol"), TEXT, N_("x: known, and withheld."), N_("Empty: nothing is withheld here.")),
        Column("as_published", N_("As published"), TEXT, N_("What the release said that the erratum corrects."),
               N_("Empty: not an erratum.")),
        Column("note", N_("Note"), TEXT, N_("How the number is to be read; in an erratum why it changed."), NOTHING),
        Column("definition", N_("Definition"), TEXT, N_("What is counted, by which rule and version."), NOTHING),
        Column("source", N_("Source"), TEXT, N_("From whom the number is."), NOTHING),
    ),
    persons=False,
)  # fmt: skip
PIVOT = Table(
    "pivot",
    "",
    N_("Pivot"),
    N_("One row a value of the split down the side; the first column is named after that split."),
    (
        *(Column(code, label, NAME if code in ("service", "region", "team") else TEXT,
                 N_("A value of the split down the side; each value of the split across has a column of its own, under "
                    "its name, with the figure of both."), SYMBOLS)
          for code, label in (
              ("service", N_("Service")), ("region", N_("Region")), ("kind", N_("Kind of service")), ("day", N_("Day")),
              ("month", N_("Month")), ("team", N_("Team")), ("place", N_("Kind of place")), ("age", N_("Age")),
              ("gender", N_("Gender")))),
        Column("in_all", N_("In all"), NUMBER, N_("The figure of everything that was asked for; no sum of the others."),
               SYMBOLS),
        Column("all_persons", N_("All, each person once"), NUMBER,
               N_("The figure of everything that was asked for; no sum of the others."), SYMBOLS),
    ),
    persons=False,
)  # fmt: skip
MONTHS = Table(
    "months",
    "",
    N_("Figures by month"),
    N_("One row a month or year, the latest first; each further column is a measure, under its code."),
    (Column("month", N_("Month"), DATE, N_("Month, as 2017-10, or year; undated: not placed on a day.")),),
    persons=False,
)
DESCRIBED = (*TABLES, DICTIONARY, WORKBOOK, RELEASE, PIVOT, MONTHS, FIGURES_LIST, MEASURES)
"""Everything that the dictionary speaks of, in its order."""


class Say(Protocol):
    """A marked text in the reader's language."""

    def __call__(self, text: str, /, **params: Any) -> str: ...


class Both(Protocol):
    """A marked text in English and in French."""

    def __call__(self, text: str, /, **params: Any) -> tuple[str, str]: ...


def entries(say: Say, both: Both) -> Iterator[tuple[object, ...]]:
    """The dictionary's rows, in the order of its columns: of each table of ``DESCRIBED``."""
    for table in DESCRIBED:
        for column in table.columns:
            yield (
                table.code,
                column.code,
                *both(column.label),
                say(KINDS[column.kind]),
                say(column.unit) if column.unit else "",
                say(column.meaning),
                values_of(column, say),
                say(column.empty),
                column.source,
                VERSION,
            )
    for measure in (*CATALOGUE, *DERIVED):
        yield (
            MEASURES.code,
            measure.code,
            *both(measure.label, **measure.params),
            say(KINDS[NUMBER]),
            say(measure.unit),
            say(measure.definition, **measure.params),
            "",
            say(NOT_KNOWN),
            measure.source,
            measure.version,
        )


def values_of(column: Column, say: Say) -> str:
    """``met: Met; no_answer: No answer``; '' without a closed list."""
    if column.values is None:
        return ""
    return "; ".join(f"{value}: {say(column.values(value).label)}" for value in column.values.values())
