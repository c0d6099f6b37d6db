"""What one cell of a return may say: days, times, numbers, words of lists, codes. Plain functions on plain values.

A cell is exactly readable or refused with how to write it: nothing is guessed, least of all which half of 03/04 is the
month. Which cells a row may have together is in ``return_row_rules``.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import lru_cache

from outreach.errors import N_
from outreach.field import charge_rules
from outreach.field import rules as field_rules
from outreach.plan.workbook_rules import french

from . import rules
from .return_rules import MUNICIPALITIES, OFFENCES, YES_NO, Choices, Column


class Span(str):
    """A length of time of more than a day: no cell of a return means one."""


Cell = str | int | float | bool | dt.date | dt.datetime | dt.time | Span
"""A cell as the capped reader gives it; '' where it is empty."""
Value = str | int | dt.date | dt.time

LONGEST = {"label": 160, "statute": 80, "no": 20, "municipality": 80}
MOST_KITS = field_rules.MOST_KITS
CUT = 120

_DAY = N_("Write the day as 2017-10-18, or as a date of the spreadsheet program.")
_TIME = N_("Write the time as 21:30, on the 24-hour clock.")
_NUMBER = N_("Write a whole number from 0 to %(most)s in digits.")
_TOTAL = N_("Type a whole number from 0 to %(most)s, d for declined, or leave it blank.")
_LIST = N_("Choose one from the list of this cell.")
_PERSON = N_(
    "Write the eight signs of the card, such as K7QM-4R2X, never a name or a number to call; or leave it empty."
)
_ACCUSED = N_("Write your own code with a digit in it, such as A-01; never a name.")
_SIGNS = N_("Delete what stands in the cell and type it again.")


class Wrong(Exception):
    """A cell that is not exactly readable: what is wrong, and how to write it."""

    def __init__(self, message: str, fix: str, **params: object) -> None:
        super().__init__(message)
        self.message, self.fix, self.params = message, fix, params


def shown(cell: Cell) -> str:
    """A cell as its sender sees it, more or less, cut short."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, dt.datetime):
        return cell.isoformat(" ", "minutes")
    if isinstance(cell, dt.time):
        return cell.isoformat("minutes")
    return "".join(c if c.isprintable() else " " for c in str(cell)[:CUT])


def is_empty(cell: Cell) -> bool:
    return isinstance(cell, str) and not (cell and cell.strip())


def number_of(letters: str) -> int:
    """``AB`` → 28."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def letter_of(number: int) -> str:
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def key(text: str) -> str:
    """What two spellings of a word of a list have in common: no accents, case, or kind of space, hyphen, apostrophe."""
    flat = unicodedata.normalize("NFKD", text.casefold()).translate(_ALIKE)
    return " ".join("".join(c for c in flat if not unicodedata.combining(c)).split())


_ALIKE = str.maketrans({"_": " ", "’": "'", "‘": "'", "ʼ": "'", "‐": "-", "‑": "-", "–": "-", "−": "-", "œ": "oe"})


def plain(cell: Cell) -> str:
    """The text of a cell that should hold text; refuses what no sign on paper stands for."""
    text = str(cell).strip()
    if any(unicodedata.category(c) in ("Cc", "Cs", "Co", "Cn") for c in text):
        raise Wrong(N_("This cell holds signs that cannot be seen, such as a line break."), _SIGNS)
    return text


# --- days and times ---------------------------------------------------------------------------------------------------

_MONTHS = (
    ("january", "jan", "janvier", "janv"),
    ("february", "feb", "fevrier", "fevr", "fev"),
    ("march", "mar", "mars"),
    ("april", "apr", "avril", "avr"),
    ("may", "mai"),
    ("june", "jun", "juin"),
    ("july", "jul", "juillet", "juil"),
    ("august", "aug", "aout"),
    ("september", "sept", "sep", "septembre"),
    ("october", "oct", "octobre"),
    ("november", "nov", "novembre"),
    ("december", "dec", "decembre"),
)
_MONTH = {word: number for number, words in enumerate(_MONTHS, start=1) for word in words}
_WEEKDAYS = (
    ("monday", "mon", "lundi", "lun"),
    ("tuesday", "tue", "tues", "mardi", "mar"),
    ("wednesday", "wed", "mercredi", "mer"),
    ("thursday", "thu", "thur", "thurs", "jeudi", "jeu"),
    ("friday", "fri", "vendredi", "ven"),
    ("saturday", "sat", "samedi", "sam"),
    ("sunday", "sun", "dimanche", "dim"),
)
_WEEKDAY = {word: number for number, words in enumerate(_WEEKDAYS) for word in words}
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ t]00:00(?::00(?:\.0+)?)?)?")
_DAY_FIRST = re.compile(r"(?:([a-z]+)\.?,? )?(?:le )?(\d{1,2})(?:er|st|nd|rd|th)? ([a-z]+)\.?,? (\d{4})")
_MONTH_FIRST = re.compile(r"(?:([a-z]+)\.?,? )?([a-z]+)\.? (\d{1,2})(?:er|st|nd|rd|th)?,? (\d{4})")
_TIME_TEXT = re.compile(r"(\d{1,2}) ?[:h] ?(\d{2})(?::00)?|(\d{1,2}) ?h")


def read_day(cell: Cell) -> dt.date:
    """A calendar day. Never one whose month could be its day, nor one without four digits of a year."""
    if isinstance(cell, dt.datetime):
        if cell.time() != dt.time():
            raise Wrong(N_("This is a day with a time; only the day is asked here."), _DAY)
        cell = cell.date()
    if isinstance(cell, dt.date):
        if not 1990 <= cell.year <= 2100:
            raise Wrong(N_("This is no day that an operation could have."), _DAY)
        return cell
    if isinstance(cell, Span | bool | int | float | dt.time):
        raise Wrong(N_("This is a number or a time, not a day."), _DAY)
    text = key(plain(cell))
    try:
        day = _day_of(text)
    except ValueError as error:
        raise Wrong(N_("There is no such day."), _DAY) from error
    if day is None:
        if re.fullmatch(r"\d{1,4}[/. -]\d{1,2}([/. -]\d{1,4})?", text):
            raise Wrong(N_("Nobody can tell which part of this is the day, the month or the year."), _DAY)
        raise Wrong(N_("This is not read as a day."), _DAY)
    if not 1990 <= day.year <= 2100:
        raise Wrong(N_("This is no day that an operation could have."), _DAY)
    return day


def _day_of(text: str) -> dt.date | None:
    """The day that a text names; None where it is none, ``ValueError`` where there is no such day."""
    if found := _ISO.fullmatch(text):
        return dt.date(*map(int, found.groups()))
    if found := _DAY_FIRST.fullmatch(text):
        weekday, day, month, year = found.groups()
    elif found := _MONTH_FIRST.fullmatch(text):
        weekday, month, day, year = found.groups()
    else:
        return None
    if month not in _MONTH or (weekday and weekday != "le" and weekday not in _WEEKDAY):
        return None
    named = dt.date(int(year), _MONTH[month], int(day))
    if weekday and weekday != "le" and _WEEKDAY[weekday] != named.weekday():
        raise Wrong(N_("This weekday does not fall on that day."), _DAY)
    return named


def read_time(cell: Cell) -> dt.time:
    if isinstance(cell, dt.time):
        near = dt.datetime.combine(dt.date(2000, 1, 1), cell) + dt.timedelta(milliseconds=500)
        if near.second == 0 and near.date() == dt.date(2000, 1, 1):
            return near.time().replace(microsecond=0)
        raise Wrong(N_("This time has seconds; it is asked to the minute."), _TIME)
    if isinstance(cell, dt.date | bool | int | float | Span):
        raise Wrong(N_("This is a number or a day, not a time."), _TIME)
    found = _TIME_TEXT.fullmatch(key(plain(cell)))
    if not found:
        raise Wrong(N_("This is not read as a time."), _TIME)
    hour, minute = int(found[1] or found[3]), int(found[2] or 0)
    if hour > 23 or minute > 59:
        raise Wrong(N_("There is no such time."), _TIME)
    return dt.time(hour, minute)


# --- numbers ----------------------------------------------------------------------------------------------------------

_WHOLE = re.compile(r"(\d{1,9}|\d{1,3}(?: \d{3}){1,2})(?:[.,]0{1,2})?")


def read_number(cell: Cell, least: int = 0, most: int = rules.MOST, fix: str = _NUMBER) -> int:
    """A whole number; as text only where every reader reads the same: ``1,234`` and ``1.234`` are none."""
    if isinstance(cell, bool):
        raise Wrong(N_("This is TRUE or FALSE, not a number."), fix, most=most)
    if isinstance(cell, dt.date | dt.time | Span):
        raise Wrong(N_("This is a day or a time, not a number."), fix, most=most)
    if isinstance(cell, str):
        cell = _number_of(cell, fix, most)
    if isinstance(cell, float) and not cell.is_integer():
        raise Wrong(N_("This is not a whole number."), fix, most=most)
    if cell < least:
        raise Wrong(N_("This is less than %(least)s."), fix, least=least, most=most)
    if cell > most:
        raise Wrong(N_("This is more than %(most)s."), fix, most=most)
    return int(cell)


def _number_of(text: str, fix: str, most: int) -> float:
    said = " ".join("".join(str(int(c)) if c.isdecimal() else c for c in plain(text)).split())
    found = _WHOLE.fullmatch(said) if said.isascii() else None
    if found:
        return int(found[1].replace(" ", ""))
    if "%" in said:
        raise Wrong(N_("This is a percentage."), fix, most=most)
    if re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", said):
        raise Wrong(N_("Nobody can tell whether this comma or point parts thousands or a fraction."), fix, most=most)
    if re.fullmatch(r"[-–−]\s*\d.*", said):
        raise Wrong(N_("This is less than %(least)s."), fix, least=0, most=most)
    if re.fullmatch(r"\d+[.,]\d+", said):
        raise Wrong(N_("This is not a whole number."), fix, most=most)
    raise Wrong(N_("This is not a number."), fix, most=most)


def read_total(cell: Cell) -> str:
    """A cell of totals as it is typed: ``4``, ``0`` or ``d``."""
    if isinstance(cell, str) and not isinstance(cell, Span):
        try:
            said = rules.read(key(plain(cell)))
        except ValueError:
            said = None
        if said is not None and not said.known:
            return rules.DECLINED_SIGN
    return str(read_number(cell, fix=_TOTAL))


# --- words and codes --------------------------------------------------------------------------------------------------


def read_text(cell: Cell, longest: int) -> str:
    if isinstance(cell, bool | dt.date | dt.time | Span):
        fix = N_("Format the cell as text and type it again.")
        raise Wrong(N_("The spreadsheet program has made a day, a time or TRUE of this text."), fix)
    if isinstance(cell, float) and not cell.is_integer():
        raise Wrong(N_("This is a number with a fraction, not text."), N_("Format the cell as text and type it again."))
    text = plain(cell)
    if text.startswith("=") or text == "#":  # so a formula or an error value comes back in the marked file
        raise Wrong(N_("This cell holds a formula."), N_("Type the value itself, or paste it as a value."))
    if len(text) > longest:
        raise Wrong(
            N_("This is %(length)d characters long."), N_("Write %(most)d characters or fewer."),
            length=len(text), most=longest,
        )  # fmt: skip
    return text


def read_contact_number(cell: Cell) -> str:
    text = read_text(cell, LONGEST["no"])
    return (text.lstrip("0") or "0") if text.isascii() and text.isdigit() else key(text)


def read_person_code(cell: Cell) -> str:
    """As it stands on the card, without the hyphen."""
    code = field_rules.read_code(cell) if isinstance(cell, str) and len(cell) < 40 else None
    if code is None:
        raise Wrong(N_("This is no person code: a sign is missing, wrong, or it is something else."), _PERSON)
    return code


def read_accused_code(cell: Cell) -> str:
    if isinstance(cell, bool | dt.date | dt.time | Span) or (isinstance(cell, float) and not cell.is_integer()):
        raise Wrong(N_("This is no code of an accused person."), _ACCUSED)
    code = charge_rules.read_code(plain(cell))
    if code is None:
        raise Wrong(N_("This is no code of an accused person."), _ACCUSED)
    return code


class Words:
    """The words of one list: which code each spelling stands for, in English, in French, or the code itself."""

    def __init__(self, items: Iterable[tuple[str, Iterable[str]]], yes_no: bool = False) -> None:
        self.codes: dict[str, set[str]] = defaultdict(set)
        self.yes_no = yes_no
        for code, spellings in items:
            for spelling in (code, *spellings):
                if spelling:
                    self.codes[key(spelling)].add(code)

    def read(self, cell: Cell) -> str:
        if self.yes_no and isinstance(cell, bool):
            return "yes" if cell else "no"
        if isinstance(cell, bool | dt.date | dt.time | Span):
            raise Wrong(N_("The spreadsheet program has made a day, a time or TRUE of this."), _LIST)
        text = key(plain(cell))
        found = self.codes.get(text, set())
        if isinstance(cell, float) and any(text + zeros in self.codes for zeros in ("0", "00")):
            found = set()  # 279.10 and 279.1 are one number
        if len(found) == 1:
            return next(iter(found))
        if found:
            raise Wrong(N_("Several entries of the list say this."), N_("Write the code, or choose one from the list."))
        raise Wrong(N_("This is not in the list."), _LIST)


def words_of(column: Column, choices: Choices) -> Words | None:
    """What a column takes; None where it is free text."""
    if column.from_site == OFFENCES:
        return Words((code, _offence_words(english, in_french)) for code, english, in_french in choices.offences)
    if column.from_site == MUNICIPALITIES:
        return Words((name, ()) for name in choices.municipalities) if choices.municipalities else None
    return _listed(column.choices)


@lru_cache(maxsize=32)
def _listed(choices: tuple[tuple[str, str], ...]) -> Words:
    return Words(((code, (label, french(label))) for code, label in choices), yes_no=choices == YES_NO)


def _offence_words(*labels: str) -> Iterable[str]:
    """The whole label, its section, and its title."""
    for label in labels:
        section, _, title = label.partition(" ")
        yield from (label, section, title) if section[:1].isdigit() else (label,)


def reader_of(column: Column, choices: Choices) -> Callable[[Cell], Value]:
    """What makes a value of a cell of this column, or raises ``Wrong``."""
    if column.kind == "choice" or column.from_site:
        words = words_of(column, choices)
        return words.read if words else lambda cell: read_text(cell, LONGEST.get(column.code, CUT))
    if column.code == "no":
        return read_contact_number
    if column.code == "kits":
        return lambda cell: read_number(cell, 0, MOST_KITS)
    if column.code == "counts":
        return lambda cell: read_number(
            cell, 1, charge_rules.MOST_COUNTS, N_("Enter the number of counts: 1 to %(most)s.")
        )
    by_kind: dict[str, Callable[[Cell], Value]] = {
        "day": read_day,
        "time": read_time,
        "number": read_number,
        "code": read_person_code,
        "accused": read_accused_code,
    }
    return by_kind.get(column.kind) or (lambda cell: read_text(cell, LONGEST.get(column.code, CUT)))
