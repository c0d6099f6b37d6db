"""Plain rules of the contact: person codes, operational day, timing, the order of the questions, what a form may say.

Plain functions on plain values; no SQL, no web. Charges have their own rules beside this file.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import secrets
import unicodedata
import uuid
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

from outreach.errors import N_, Finding, Invalid
from outreach.vocab import AgeBand, ContactResult, Gender, SupportAnswer

# --- person codes -----------------------------------------------------------------------------------------------------

# 23 signs, a prime number, so that the weighted sum below finds every wrong sign and every swap. Left out because hand
# and ear confuse them: 0 O, 1 I L, 5 S, 8 B, U V; of 2 Z and 6 G only the digit stands (the letter is read as it).
CODE_SIGNS = "234679ACDEFHJKMNPQRTWXY"
CODE_LENGTH = 8
_SIGN_VALUE = {sign: value for value, sign in enumerate(CODE_SIGNS)}
_READ_AS = str.maketrans({"Z": "2", "G": "6", " ": None, "-": None, "\u2010": None, "\u2011": None, "\u2013": None})


def make_code() -> str:
    """A fresh person code: seven random signs and a check sign, without the hyphen."""
    body = "".join(secrets.choice(CODE_SIGNS) for _ in range(CODE_LENGTH - 1))
    return body + check_sign(body)


def check_sign(body: str) -> str:
    """The eighth sign of ``body``: weights 8 to 2 from the left, 1 for the check sign, sum divisible by 23."""
    total = sum((CODE_LENGTH - place) * _SIGN_VALUE[sign] for place, sign in enumerate(body))
    return CODE_SIGNS[-total % len(CODE_SIGNS)]


def read_code(typed: str) -> str | None:
    """The code meant by what was typed (any case, spaces, no hyphen); ``None`` when it cannot be one."""
    code = typed_signs(typed)
    if len(code) != CODE_LENGTH or any(sign not in _SIGN_VALUE for sign in code):
        return None
    return code if check_sign(code[:-1]) == code[-1] else None


def typed_signs(typed: str) -> str:
    """What was typed in the spelling of the signs: any case, Z for 2, G for 6, without spaces and hyphens."""
    return typed.upper().translate(_READ_AS)


def shown_code(code: str) -> str:
    """``K7QM-4R2X`` as it is written on the card."""
    return f"{code[:4]}-{code[4:]}"


# --- when -------------------------------------------------------------------------------------------------------------


def timing(at: dt.datetime, starts_at: dt.datetime | None, ends_at: dt.datetime | None) -> str:
    """``early``, ``inside`` or ``late`` against the service's window; an end that is not known excludes nothing."""
    if starts_at is not None and at < starts_at:
        return "early"
    if ends_at is not None and at >= ends_at:
        return "late"
    return "inside"


def read_moment(text: str, zone: str) -> dt.datetime | None:
    """``2017-10-16 21:38`` in ``zone``, or ISO with an offset or Z, as UTC; ``None`` when it is neither.

    A local hour that comes twice (clocks put back) is the first; one that never comes is read as an hour later.
    """
    try:
        at = dt.datetime.fromisoformat(text.strip())
        if len(text.strip()) <= 10:
            return None  # a day alone is no moment
        if at.tzinfo is None:
            at = at.replace(tzinfo=ZoneInfo(zone))
        return at.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None


def read_uid(text: str) -> str | None:
    """The UUID in its one spelling, or ``None``."""
    try:
        return str(uuid.UUID(text)) if len(text) in (32, 36) else None
    except ValueError:
        return None


# --- what a contact says ----------------------------------------------------------------------------------------------

REACH_BY = ("here", "they_call", "safe_phone", "other_way")
LONGEST_NUMBER, LONGEST_WAY = 60, 300
WAYS = {"safe_phone": "phone", "other_way": "way"}
"""Where a way to reach somebody is typed: the question of each."""
AGREEMENTS = ("talk", "record", "refer", "share")
MOST_PERSONS = 20
UNDER_18 = frozenset(AgeBand.below(18))


@dataclass(frozen=True)
class PersonEntry:
    """What was said of one person. ``code``: eight signs or ''; ``claimed``: she brought it ("met before")."""

    code: str = ""
    claimed: bool = False
    age: str = "not_known"
    age_said: str = "not_known"
    gender: str = "not_known"
    answer: str = "not_known"
    no_referral_reason: str = ""
    made_safe: bool = False
    indicators: tuple[str, ...] = ()
    agreed: tuple[str, ...] = ()
    reach_by: str = ""
    safe_way: str = ""
    urgent: bool = False
    agency_id: int | None = None
    needs: tuple[str, ...] = ()
    any_agency: bool = False

    @property
    def recorded(self) -> bool:
        """Whether she agreed to be recorded."""
        return "record" in self.agreed

    @property
    def referred(self) -> bool:
        """Whether a referral follows: accepted, and agreed to be recorded and referred."""
        return self.answer == SupportAnswer.ACCEPTED and self.recorded and "refer" in self.agreed

    def kept(self) -> PersonEntry:
        """What may be kept of her: without the agreement to be recorded nothing but that she was met."""
        if self.recorded:
            return self
        return PersonEntry(agreed=tuple(a for a in self.agreed if a == "talk"))


@dataclass(frozen=True)
class ContactEntry:
    """One contact as a form sends it, checked. ``met_at`` is UTC."""

    uid: str
    met_at: dt.datetime
    result: str
    approach: str = ""
    place_kind: str = ""
    municipality: str = ""
    kits: int = 0
    note: str = ""
    persons: tuple[PersonEntry, ...] = field(default=())

    def without_ways(self) -> ContactEntry:
        """The contact without any way to reach somebody; itself when it says none."""
        if not any(p.safe_way for p in self.persons):
            return self
        return replace(self, persons=tuple(replace(p, safe_way="") for p in self.persons))

    def kept(self) -> ContactEntry:
        """The contact as it may be stored; a note falls away when nobody it could be about agreed to be recorded."""
        persons = tuple(p.kept() for p in self.persons)
        note = self.note if not persons or any(p.recorded for p in persons) else ""
        return replace(self, persons=persons, note=note)


def content_hash(entry: ContactEntry, *about: object) -> str:
    """SHA-256 (hex) of the canonical JSON of everything the form says, and of ``about`` (team, officer).

    Equal for a repeat of the same submission; the UUID itself is not content.
    """
    content = {**vars(entry), "met_at": entry.met_at.isoformat(), "persons": [_content_of(p) for p in entry.persons]}
    del content["uid"]
    text = json.dumps([content, *about], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _content_of(person: PersonEntry) -> dict[str, Any]:
    """What is said of a person; what earlier releases could not say is content only where it is said."""
    content = dict(vars(person))
    if not person.any_agency:
        del content["any_agency"]
    return content


def conflict_uid(uid: str, hashed: str) -> str:
    """The UUID under which other content of a taken UUID is kept: always the same, so that repeats find it."""
    return str(uuid.uuid5(uuid.UUID(uid), hashed))


# --- reading the form -------------------------------------------------------------------------------------------------

Fields = Mapping[str, list[str]]
Known = Callable[[str, str], bool]
"""``known(list name, code)``: whether the code is a choice of an editable list."""

_AGES, _GENDERS = frozenset(AgeBand.values()), frozenset(Gender.values())
_ANSWERS, _RESULTS = frozenset(SupportAnswer.values()), frozenset(ContactResult.values())
LONGEST_NOTE = 4000
MOST_KITS = 500


def read_entry(fields: Fields, zone: str, known: Known) -> ContactEntry:
    """The contact that a form says, self-contained: ``uid``, ``met_at``, … and per person ``age-1``, ``answer-1`` ….

    Raises ``Invalid`` with every finding, each at its field.
    """
    read = _Reader(fields, known)
    result = read.one_of("result", _RESULTS, N_("Choose what happened."))
    met_at = read_moment(read.text("met_at"), zone)
    if met_at is None:
        read.find("met_at", N_("Enter when it was as 2017-10-18 21:42."))
    uid = read_uid(read.text("uid"))
    if uid is None:
        read.find("uid", N_("This form has no valid number. Start the contact again from My shift."))
    persons: list[PersonEntry] = []
    if result == ContactResult.MET:
        count = read.whole("persons", 1, 1, MOST_PERSONS, N_("Enter how many persons, 1 to %(most)d."))
        persons = [_read_person(read, number) for number in range(1, count + 1)]
        codes = [p.code for p in persons if p.code]
        if len(set(codes)) < len(codes):
            read.find("persons", N_("Two persons have the same code. Each needs her own."))
    entry = ContactEntry(
        uid=uid or "",
        met_at=met_at or dt.datetime.now(dt.UTC),
        result=result,
        approach=read.listed("approach", "approaches"),
        place_kind=read.listed("place_kind", "place_kinds"),
        municipality=read.short("municipality", 80),
        kits=read.whole("kits", 0, 0, MOST_KITS, N_("Enter how many kits, 0 to %(most)d.")),
        note=read.short("note", LONGEST_NOTE),
        persons=tuple(persons),
    )
    if read.findings:
        raise Invalid(*read.findings)
    return entry


def _read_person(read: _Reader, number: int) -> PersonEntry:
    n = f"-{number}"
    code = read_code(read.text("code" + n)) or ""
    if read.text("code" + n) and not code:
        read.find("code" + n, N_("The code does not fit. Start the contact again from My shift."))
    claimed = bool(read.text("met_before" + n))
    if claimed:
        code = read_code(read.text("met_before" + n)) or ""
        if not code:
            read.find("met_before" + n, N_("This is no code of ours: check each sign. A code looks like K7QM-4R2X."))
    reach_by = read.one_of("reach_by" + n, ("", *REACH_BY), N_("Choose how the agency reaches the person."))
    safe_way = read.short("safe_way" + n, LONGEST_WAY) if reach_by in WAYS else ""
    wrong = wrong_way(reach_by, safe_way)
    if wrong:
        read.find("safe_way" + n, wrong)
    agency = read.text("agency" + n)
    return PersonEntry(
        code=code,
        claimed=claimed,
        age=read.one_of("age" + n, _AGES, N_("Choose an age band."), "not_known"),
        age_said=read.one_of("age_said" + n, _AGES, N_("Choose an age band."), "not_known"),
        gender=read.one_of("gender" + n, _GENDERS, N_("Choose a gender."), "not_known"),
        answer=read.one_of("answer" + n, _ANSWERS, N_("Choose the answer to support."), "not_known"),
        no_referral_reason=read.listed("reason" + n, "no_referral_reasons"),
        made_safe=read.text("made_safe" + n) == "yes",
        indicators=read.all_listed("indicators" + n, "indicators"),
        agreed=tuple(a for a in AGREEMENTS if a in read.fields.get("agreed" + n, ())),
        reach_by=reach_by,
        safe_way=safe_way,
        urgent=read.text("urgent" + n) == "yes",
        agency_id=int(agency) if agency.isascii() and agency.isdigit() and len(agency) < 10 else None,
        needs=read.all_listed("needs" + n, "needs"),
        any_agency="any" in read.fields.get("agreed" + n, ()),
    )


def wrong_way(reach_by: str, safe_way: str) -> str:
    """What is wrong with a way to reach somebody, '' when nothing is: a number has digits, another way is any words."""
    if reach_by == "safe_phone" and (len(safe_way) > LONGEST_NUMBER or sum(c.isdigit() for c in safe_way) < 7):
        return N_("Enter the number that is safe to call, at least 7 digits.")
    if reach_by == "other_way" and not 0 < len(safe_way) <= LONGEST_WAY:
        return N_("Write how the person can be reached safely, in 300 characters or fewer.")
    return ""


class _Reader:
    """Takes fields one by one and gathers findings, so that all of them show at once."""

    def __init__(self, fields: Fields, known: Known) -> None:
        self.fields = fields
        self.known = known
        self.findings: list[Finding] = []

    def find(self, where: str, message: str, **params: object) -> None:
        self.findings.append(Finding(where, message, params))

    def text(self, name: str) -> str:
        values = self.fields.get(name)
        return values[0].strip() if values else ""

    def short(self, name: str, longest: int) -> str:
        """Text without control characters, in one Unicode spelling, no longer than the column."""
        text = self.text(name)
        if not text.isascii() or not text.isprintable():
            text = unicodedata.normalize("NFC", text).replace("\r\n", "\n")
            text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
        if len(text) > longest:
            self.find(name, N_("Write %(longest)d characters or fewer."), longest=longest)
            return ""
        return text

    def one_of(self, name: str, values: Container[str], message: str, otherwise: str = "") -> str:
        text = self.text(name) or otherwise
        if text in values:
            return text
        self.find(name, message)
        return otherwise

    def whole(self, name: str, otherwise: int, least: int, most: int, message: str) -> int:
        text = self.text(name) or str(otherwise)
        if text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most:
            return int(text)
        self.find(name, message, most=most)
        return otherwise

    def listed(self, name: str, list_name: str) -> str:
        text = self.text(name)
        if not text or self.known(list_name, text):
            return text
        self.find(name, N_("Choose from the list."))
        return ""

    def all_listed(self, name: str, list_name: str) -> tuple[str, ...]:
        chosen = tuple(sorted({value for value in self.fields.get(name, ()) if value}))
        if not all(self.known(list_name, code) for code in chosen):
            self.find(name, N_("Choose from the list."))
            return ()
        return chosen


# --- the questions ----------------------------------------------------------------------------------------------------

Answers = Mapping[str, Any]


def steps(answers: Answers) -> Iterator[str]:
    """The questions that these answers lead to, in order: ``what``, ``age-1`` …, ``check``."""
    yield "what"
    what = answers.get("what", "")
    if what == "several":
        yield "count"
    if what in ("met", "several"):
        for number in range(1, count_of(answers) + 1):
            yield from _person_steps(answers, number)
    yield "check"


def _person_steps(answers: Answers, number: int) -> Iterator[str]:
    yield f"age-{number}"
    if answers.get(f"age-{number}") in UNDER_18:
        yield f"duty-{number}"
    yield f"gender-{number}"
    yield f"support-{number}"
    if answers.get(f"support-{number}") == SupportAnswer.ACCEPTED:
        yield f"reach-{number}"
        reach = answers.get(f"reach-{number}")
        if reach in WAYS:
            yield f"{WAYS[reach]}-{number}"
        yield f"urgent-{number}"


def count_of(answers: Answers) -> int:
    """How many persons the answers are about."""
    if answers.get("what") == "met":
        return 1
    count = str(answers.get("count", "")) if answers.get("what") == "several" else ""
    number = int(count) if count.isascii() and count.isdigit() and len(count) < 5 else 0
    return number if number <= MOST_PERSONS else 0


def next_step(answers: Answers) -> str:
    """The first question without an answer; ``check`` when all are answered."""
    return next(step for step in steps(answers) if step == "check" or step not in answers)


def step_before(answers: Answers, step: str) -> str | None:
    """The question before ``step`` on this path; ``None`` before the first."""
    path = list(steps(answers))
    place = path.index(step) if step in path else len(path) - 1
    return path[place - 1] if place else None


def result_of(what: str) -> str:
    """The contact's result behind the first answer."""
    return ContactResult.MET.value if what in ("met", "several") else what
