"""The column *Row check* of a return workbook as formulas, and the lists that they and the dropdowns look into.

Plain text: functions that every spreadsheet program since 2010 knows, nothing that looks at another row, so that
100,000 rows stay quick. A formula only helps whoever fills in; what is sent is read and judged anew.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from outreach.errors import N_
from outreach.plan.workbook_rules import said_in
from outreach.rollup.measures import measure as measure_of

from . import return_rules
from .return_rules import CONTACTS, FIRST_ROW, MUNICIPALITIES, OFFENCES, YES_NO, Asked, Column

MOST = 99_999
SIGNS = "234679ACDEFHJKMNPQRTWXY"
"""The signs of a person code; a test holds them against ``field.rules``."""
OK = N_("OK")
SILENCE = "silence"

Condition = tuple[str, str]
"""What is wrong as a formula, and the words that say how to put it right."""


def letter(number: int) -> str:
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


# --- lists ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Listed:
    """One column of the sheet *Lists*: the words to choose from, then what is understood beside them."""

    key: str
    label: str
    words: tuple[str, ...]
    understood: tuple[str, ...]
    place: int

    def offered(self, sheet: str) -> str:
        return self._range(sheet, len(self.words))

    def known(self, sheet: str) -> str:
        """What ``name`` stands for."""
        return self._range(sheet, len(self.words) + len(self.understood))

    @property
    def name(self) -> str:
        """What formulas call everything that is understood: a shared formula may not look into another sheet itself."""
        return f"known_{self.key}"

    def _range(self, sheet: str, count: int) -> str:
        column = letter(self.place)
        return f"{quoted(sheet)}!${column}${FIRST_ROW}:${column}${FIRST_ROW + count - 1}"


def quoted(sheet: str) -> str:
    return "'" + sheet.replace("'", "''") + "'"


def key_of(column: Column) -> str:
    return column.from_site or ("yes_no" if column.choices == YES_NO else column.code)


def lists_of(asked: Asked, language: str) -> dict[str, Listed]:
    """Every list by its key: words in the language of the file; understood in the other one, and as codes."""
    found: dict[str, Listed] = {}
    other = "en" if language == "fr" else "fr"

    def add(key: str, label: str, words: Iterable[str], understood: Iterable[str] = ()) -> None:
        if key not in found:
            found[key] = Listed(key, said_in(label, language), tuple(words), tuple(understood), len(found) + 1)

    for column in (*return_rules.CONTACT_COLUMNS, *return_rules.CHARGE_COLUMNS):
        if column.from_site == OFFENCES:
            here, there = (2, 1) if language == "fr" else (1, 2)
            given = asked.choices.offences
            if given:
                add(
                    OFFENCES,
                    column.label,
                    (o[here] for o in given),
                    (*(o[there] for o in given), *(o[0] for o in given)),
                )
        elif column.from_site == MUNICIPALITIES:
            if asked.choices.municipalities:
                add(MUNICIPALITIES, column.label, asked.choices.municipalities)
        elif column.choices:
            codes = [code for code, _ in column.choices]
            labels = [label for _, label in column.choices]
            label = N_("Yes or no") if column.choices == YES_NO else column.label
            add(key_of(column), label, (said_in(w, language) for w in labels),
                (*(said_in(w, other) for w in labels), *codes))  # fmt: skip
    add(SILENCE, N_("Zero or declined"), ("0", "d"))
    return found


# --- formulas ---------------------------------------------------------------------------------------------------------


def text(words: str) -> str:
    """A text in a formula; Excel takes at most 255 characters."""
    return '"' + words[:250].replace('"', '""') + '"'


def row_formula(blank: str, conditions: Sequence[Condition], language: str) -> str:
    """``""`` for a blank row, the fix of the first thing that is wrong, or OK."""
    formula = text(said_in(OK, language))
    for wrong, words in reversed(conditions):
        formula = f"IF({wrong},{text(words)},{formula})"
    return f'=IF({blank},"",{formula})'


def is_day(cell: str) -> str:
    """The day in the cell as a number, whether it is a date or ISO text; 0 for anything else."""
    parts = f"VALUE(LEFT({cell},4)),VALUE(MID({cell},6,2)),VALUE(RIGHT({cell},2))"
    iso = f'AND(LEN({cell})=10,MID({cell},5,1)="-",MID({cell},8,1)="-")'
    return f"IF(ISNUMBER({cell}),INT({cell}),IF({iso},IFERROR(DATE({parts}),0),0))"


def serial(day: dt.date) -> str:
    return f"DATE({day.year},{day.month},{day.day})"


def whole(cell: str, least: int, most: int) -> str:
    """True where the cell holds anything but a whole number in the bounds."""
    return f"IF(ISNUMBER({cell}),OR({cell}<{least},{cell}>{most},{cell}<>INT({cell})),TRUE)"


def unlisted(cell: str, known: str) -> str:
    return f'IF({cell}="",FALSE,ISNA(MATCH({cell}&"",{known},0)))'


def is_choice(cell: str, listed: Listed, number: int) -> str:
    """True where the cell says the ``number``-th choice, in either language or as a code."""
    return f'IFERROR(MOD(MATCH({cell}&"",{listed.name},0)-1,{len(listed.words)})={number},FALSE)'


def wrong_code(cell: str) -> str:
    """True where the cell is no person code: eight signs whose weighted sum is divisible by 23."""
    signs = f"UPPER({cell})"
    for old, new in (("-", ""), (" ", ""), ("Z", "2"), ("G", "6")):
        signs = f'SUBSTITUTE({signs},"{old}","{new}")'
    places = "{1;2;3;4;5;6;7;8}"
    total = f'SUMPRODUCT({{8;7;6;5;4;3;2;1}}*(FIND(MID({signs},{places},1),"{SIGNS}")-1))'
    return f'IF({cell}="",FALSE,IF(LEN({signs})<>8,TRUE,IFERROR(MOD({total},{len(SIGNS)})<>0,TRUE)))'


def wrong_time(cell: str) -> str:
    wrong = f"IFERROR(OR(VALUE(LEFT({cell},2))>23,VALUE(RIGHT({cell},2))>59),TRUE)"
    typed = f'OR(LEN({cell})<>5,MID({cell},3,1)<>":",{wrong})'
    return f'IF({cell}="",FALSE,IF(ISNUMBER({cell}),OR({cell}<0,{cell}>=1),{typed}))'


class RowCheck:
    """The formula of one sheet; ``letters``: column code → letter."""

    def __init__(self, asked: Asked, language: str, letters: Mapping[str, str], lists: Mapping[str, Listed]) -> None:
        self.asked, self.language, self.letters, self.lists = asked, language, letters, lists

    def said(self, words: str, **params: object) -> str:
        return said_in(words, self.language) % params if params else said_in(words, self.language)

    def cell(self, code: str, row: int = FIRST_ROW) -> str:
        return f"{self.letters[code]}{row}"

    def across(self, codes: Sequence[str]) -> str:
        return f"COUNTA({self.cell(codes[0])}:{self.cell(codes[-1])})"

    def contacts(self) -> str:
        columns = {column.code: column for column in return_rules.CONTACT_COLUMNS}
        codes = list(columns)
        result, agreed = self.lists["result"], self.lists["yes_no"]
        met = is_choice(self.cell("result"), result, 0)
        yes = is_choice(self.cell("agreed"), agreed, 0)
        only_met, only_agreed = return_rules.OF_PERSON, return_rules.ONLY_IF_AGREED
        conditions = [
            self._day(columns["day"]),
            (wrong_time(self.cell("time")), self._at(columns["time"], N_("on the 24-hour clock, as 21:30"))),
            (f'{self.cell("result")}=""', self._at(columns["result"], N_("choose from the list"))),
            *self._listed(return_rules.CONTACT_COLUMNS),
            (
                f"AND(NOT({met}),{self.across(only_met)}>0)",
                self.said(
                    N_("Nobody met: empty %(first)s to %(last)s."),
                    first=self._named(columns[only_met[0]]),
                    last=self._named(columns[only_met[-1]]),
                ),
            ),
            (wrong_code(self.cell("code")), self._at(columns["code"], N_("one of its eight signs is wrong"))),
            (
                f"AND({self.across(only_agreed)}>0,NOT({yes}))",
                self.said(
                    N_("Not agreed: empty %(first)s to %(last)s."),
                    first=self._named(columns[only_agreed[0]]),
                    last=self._named(columns[only_agreed[-1]]),
                ),
            ),
            (self._filled("kits", whole(self.cell("kits"), 0, MOST)), self._at(columns["kits"], N_("a whole number"))),
        ]
        return row_formula(f"{self.across(codes)}=0", conditions, self.language)

    def charges(self) -> str:
        columns = {column.code: column for column in return_rules.CHARGE_COLUMNS}
        codes = list(columns)
        accused, offence, label = self.cell("accused"), self.cell("offence"), self.cell("label")
        arrested = is_choice(self.cell("arrested"), self.lists["yes_no"], 0)
        charged = f"{self.across(codes[3:])}>0"
        digits = "{0,1,2,3,4,5,6,7,8,9}"
        conditions = [
            (
                f"SUMPRODUCT(--ISNUMBER(FIND({digits},{accused})))=0",
                self._at(columns["accused"], N_("a code such as A-01, no name")),
            ),
            *self._listed(return_rules.CHARGE_COLUMNS),
            (
                f'AND({self.cell("arrested_on")}<>"",NOT({arrested}))',
                self._at(columns["arrested_on"], N_("leave it empty without an arrest")),
            ),
            (
                f'AND({self.cell("arrested_on")}="",{arrested})',
                self._at(columns["arrested_on"], N_("the day, such as 2017-10-10")),
            ),
            (
                self._filled("arrested_on", f"{is_day(self.cell('arrested_on'))}=0"),
                self._at(columns["arrested_on"], N_("the day, such as 2017-10-10")),
            ),
            (f'AND({charged},{offence}="",{label}="")', self._at(columns["offence"], N_("choose from the list"))),
            (
                f'AND({offence}<>"",{label}<>"")',
                self.said(
                    N_("Choose %(offence)s or write %(label)s, not both."),
                    offence=self._named(columns["offence"]),
                    label=self._named(columns["label"]),
                ),
            ),
            (
                f'AND({label}<>"",{self.cell("statute")}="")',
                self._at(columns["statute"], N_("name it, for example CDSA")),
            ),
            (f"AND({charged},{whole(self.cell('counts'), 1, 999)})", self._at(columns["counts"], N_("from 1 to 999"))),
            (
                f"AND({charged},{is_day(self.cell('laid_on'))}=0)",
                self._at(columns["laid_on"], N_("the day, such as 2017-10-10")),
            ),
        ]
        return row_formula(f"{self.across(codes)}=0", conditions, self.language)

    def totals(self, cells: Mapping[str, str], row: int) -> str:
        """One line of totals; ``cells``: column code → name, '' where nothing is asked."""
        conditions = []
        for code, name in cells.items():
            if not name:
                continue
            cell = self.cell(code, row)
            declined = f'ISNA(MATCH(TRIM({cell}),{{"d","declined","r","refus"}},0))'
            number = f"OR({cell}<0,{cell}>{MOST},{cell}<>INT({cell}))"
            words = N_("a whole number, 0 or d")
            if self.silent(code):
                number, words = f"{cell}<>0", N_("only 0 or d")
            wrong = f'IF({cell}="",FALSE,IF(ISNUMBER({cell}),{number},{declined}))'
            said = said_in(words, self.language)
            if code != "once":
                said = self._joined(self.measured(code), said)
            conditions.append((wrong, said[:1].upper() + said[1:] + "."))
        blank = "+".join(f"LEN({self.cell(code, row)})" for code, name in cells.items() if name)
        return row_formula(f"{blank}=0", conditions, self.language)

    def silent(self, code: str) -> bool:
        """Whether the column only takes zero or declined: a service that logs its contacts here."""
        return self.asked.mode == "contacts" and code == "contacts"

    def measured(self, code: str) -> str:
        measure = measure_of(code)
        return self.said(measure.label, **measure.params)

    def _named(self, column: Column) -> str:
        return said_in(column.label, self.language)

    def _at(self, column: Column, words: str) -> str:
        return self._joined(self._named(column), said_in(words, self.language)) + "."

    def _joined(self, name: str, words: str) -> str:
        return said_in(N_("%(measure)s: %(part)s"), self.language) % {"measure": name, "part": words}

    def _filled(self, code: str, wrong: str) -> str:
        return f'IF({self.cell(code)}="",FALSE,{wrong})'

    def _listed(self, columns: Sequence[Column]) -> list[Condition]:
        found = []
        for column in columns:
            listed = self.lists.get(key_of(column))
            if column.kind == "choice" and listed is not None:
                wrong = unlisted(self.cell(column.code), listed.name)
                found.append((wrong, self._at(column, N_("choose from the list"))))
        return found

    def _day(self, column: Column) -> Condition:
        number = is_day(self.cell(column.code))
        if not self.asked.days:
            return f"{number}=0", self._at(column, N_("the day, such as 2017-10-10"))
        first, last = self.asked.days[0], self.asked.days[-1]
        wrong = f"OR({number}<{serial(first)},{number}>{serial(last)})"
        between = said_in(N_("from %(first)s to %(last)s"), self.language)
        words = between % {"first": first.isoformat(), "last": last.isoformat()}
        return wrong, self._joined(self._named(column), words) + "."


__all__ = ["CONTACTS", "Listed", "RowCheck", "key_of", "letter", "lists_of", "quoted"]
