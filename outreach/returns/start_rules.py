"""The sentences of a return workbook: *Start here* in both languages, and why a sheet is closed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from outreach.errors import N_
from outreach.plan.workbook_rules import said_in
from outreach.vocab import EntryMode

from . import return_rules
from .return_rules import CONTACTS, FIRST_ROW, TOTALS, Asked
from .row_check_rules import OK, quoted, text

MOST_FAULTS = 2000
"""Lines of *To fix*; who has more has sent another file."""

TEN = (
    N_("Fill in the white cells. Grey cells are locked, without a password, so that nothing slips."),
    N_("In totals type a number, 0 when there was nothing, or d when you decline to say. Leave blank what is not "
       "known: a blank is never zero."),
    N_("In columns of persons enter only persons not counted on an earlier day, so that the days add up."),
    N_("An evening belongs to the day on which it began: 01:30 still belongs to the evening before."),
    N_("Write days as 2017-10-10 and times as 21:30, on the 24-hour clock."),
    N_("Contacts: one row for each person met, or for an attempt. Persons met together share a contact number."),
    N_("Never write a name, telephone number, plate or address of a person. Use the code of her card, or leave it "
       "empty."),
    N_("Choose from the lists. Row check says OK, or how to put the row right; after pasting, look at it."),
    N_("Keep each row where it is: sent again, it changes what it said before and counts nothing twice."),
    N_("Save as .xlsx and send it back. What it would change is shown before anything is taken."),
)  # fmt: skip
ABOUT_CONTACTS = 6
TWICE = N_("Write only contacts that nobody logged on the site, else they count twice.")


@dataclass(frozen=True)
class Line:
    """A line of *Start here*. ``look``: title, strong, prose, quiet, live (a formula)."""

    en: str
    fr: str
    look: str = "prose"
    row_id: str = ""


def both(words: str, look: str = "prose", **params: object) -> Line:
    english, french = (said_in(words, language) for language in ("en", "fr"))
    return Line(english % params if params else english, french % params if params else french, look)


def lines(asked: Asked, checked: Mapping[str, int]) -> list[Line]:
    """Everything of *Start here*, top to bottom. ``checked``: title of a sheet → last row of its column Row check."""
    meta = asked.meta
    window = f"{asked.window[0]} – {asked.window[1]} ({asked.zone})" if any(asked.window) else ""
    about = [
        both(N_("Return of %(service)s"), "title", service=meta.service_name),
        both(N_("Operation: %(name)s (%(code)s)"), "strong", name=asked.operation_name, code=meta.operation_code),
        both(N_("Window: %(window)s"), "strong", window=window) if window else both(N_("Window: not known"), "strong"),
    ]
    if asked.deadline:
        about.append(both(N_("Send it back until %(deadline)s (%(zone)s)"), "strong", deadline=asked.deadline,
                          zone=asked.zone))  # fmt: skip
    about += [
        both(N_("Layout %(template)s, issue %(issue)s, made %(made)s"), "quiet", template=meta.template,
             issue=meta.issue, made=meta.made_at.replace("T", " ").replace("Z", " UTC")),
        attention(asked, checked),
        Line("", ""),
    ]  # fmt: skip
    ten = [_numbered(number, words, asked.mode) for number, words in enumerate(TEN, start=1)]
    sign = [
        Line("", ""),
        both(N_("To sign by this return, type your name and answer Yes; else leave both empty."), "strong"),
        Line("Your name and function · Votre nom et fonction", "", "prose", return_rules.SIGN_NAME),
        Line("Do you sign these figures for your service? · Signez-vous ces chiffres pour votre service?", "",
             "prose", return_rules.SIGN_YES),
    ]  # fmt: skip
    return [*about, *ten, *sign]


def _numbered(number: int, words: str, mode: str) -> Line:
    """One of the ten; where officers log on the site too, the line about contacts says what is not written again."""
    sentences = [words, TWICE] if number == ABOUT_CONTACTS and mode == EntryMode.CONTACTS else [words]
    english, french = (" ".join(said_in(one, language) for one in sentences) for language in ("en", "fr"))
    return Line(f"{number}. {english}", f"{number}. {french}")


def attention(asked: Asked, checked: Mapping[str, int]) -> Line:
    """The live line: how many rows are not OK, counted by the program that has the file open."""
    ok = said_in(OK, asked.meta.language)
    counts = []
    for title, last in checked.items():
        check, number = (f"{quoted(title)}!${at}${FIRST_ROW}:${at}${last}" for at in "BA")
        counts.append(f"SUMPRODUCT((LEN({number})>0)*(LEN({check})>0)*({check}<>{text(ok)}))")
    number = "+".join(counts) or "0"

    def formula(language: str) -> str:
        none = said_in(N_("No row needs attention"), language)
        one = said_in(N_("1 row needs attention"), language)
        many = " " + said_in(N_("rows need attention"), language)
        return f"=IF({number}=0,{text(none)},IF({number}=1,{text(one)},{number}&{text(many)}))"

    return Line(formula("en"), formula("fr"), "live")


def why_closed(asked: Asked, sheet: str) -> str:
    """Why nothing is filled in on *Contacts* or *Charges*; '' when it is open."""
    if sheet == CONTACTS:
        if asked.mode == EntryMode.CONTACTS:
            return ""
        return N_(
            "Your service sends daily totals: contacts are not filled in here, because they would not be counted."
        )
    return "" if asked.police else N_("Only police services fill in charges.")


def why_empty(asked: Asked, sheet: str) -> str:
    """Why a sheet of totals has no lines."""
    if sheet != TOTALS and asked.mode == EntryMode.CONTACTS:
        return N_("Your service records its referrals one by one: nothing is filled in here.")
    return N_("Nothing is asked here while the window is not known.")


def summary(must: int, check: int, language: str) -> str:
    """The first line of *To fix*."""
    if not must:
        return said_in(N_("Nothing stands in the way; to look at once more: %(check)s"), language) % {"check": check}
    words = N_("To fix: %(must)s; to look at once more: %(check)s. Fix the marked cells in this file and send it back.")
    return said_in(words, language) % {"must": must, "check": check}
