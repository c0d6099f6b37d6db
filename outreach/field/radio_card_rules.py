"""The coded card: what an officer reads out by radio when her phone cannot save, and what it says when it is typed.

``static/field/radio_card.js`` writes the same signs; a test in a browser holds them together. Plain functions on plain
values. One line for the contact, one for each person met, in groups of four signs of ``rules.CODE_SIGNS``:

- ``[mark, time, what happened, how many, whether more was typed]``: nine signs of content, a check sign a group;
- ``[answers of one person]`` three signs and a check sign, then her person code, which brings its own check sign. A
  person who did not agree to be recorded has the first group alone, and it says nothing of her.

The check sign of a group knows its line and its place in it, so that it finds every wrong sign, every two signs swapped
inside a group or across two, and groups and lines in a wrong order; and it names the group. Time is UTC in steps of
five minutes, eight days around: no zone, no hour that comes twice. No telephone number is ever on a card.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from outreach.errors import N_, Finding, Invalid
from outreach.vocab import ContactResult, SupportAnswer

from .rules import CODE_SIGNS, MOST_PERSONS, ContactEntry, PersonEntry, read_code, typed_signs

FORMAT = 1
"""Woven into the check signs: under another format, every group of a card is wrong."""
GROUP = 4
LINE_GROUPS = 3
_BASE = len(CODE_SIGNS)
_VALUE = {sign: value for value, sign in enumerate(CODE_SIGNS)}
_WEIGHTS = (4, 3, 2, 1)

# How a sign is said by radio, in every language; a digit is said as it is.
_WORDS = "Alfa Charlie Delta Echo Foxtrot Hotel Juliett Kilo Mike November Papa Quebec Romeo Tango Whiskey X-ray Yankee"
SPOKEN = {word[0]: word for word in _WORDS.split()}

# The order is the format: what is added later goes behind, in a new format.
AGES = ("under_12", "12_13", "14_15", "16_17", "18", "19_24", "25_34", "35_44", "45_over", "not_known")
GENDERS = ("woman_girl", "man_boy", "non_binary", "transgender", "self_described", "not_known")
# An acceptance that is taken back is no answer of a contact that begins.
OTHER_ANSWERS = ("declined", "undecided", "not_offered", "not_known")
REACHES = ("", "here", "they_call", "safe_phone")
"""Another safe way is words, which no card carries: it says *not said* and that more was typed."""
OTHER_RESULTS = ("no_answer", "nobody_there", "left")

MARKS = 2**24
STEP = dt.timedelta(minutes=5)
SLOTS = 8 * 24 * 12
AHEAD = dt.timedelta(hours=2)
"""A card may be from a phone whose clock is a little fast."""
_WAYS = len(OTHER_ANSWERS) + len(REACHES) * 2
NOT_RECORDED = _WAYS * len(AGES) * len(GENDERS) * 2**4
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def mark_of(uid: str) -> int:
    """The part of a record's UUID that its card carries: the last 24 bits, which are random in every kind of UUID."""
    return int(uid[-6:], 16)


def mark_ending(mark: int) -> str:
    """How the UUIDs end that have this mark."""
    return f"{mark:06x}"


# --- writing ----------------------------------------------------------------------------------------------------------


def card_of(entry: ContactEntry) -> list[str]:
    """The lines of a contact's card, as they are shown: ``K7QM-4R2X-9ACD``.

    Raises ``ValueError`` for a recorded person without a code: the phone gives every person one before it asks.
    """
    kept = entry.kept()
    slot = (kept.met_at - _EPOCH) // STEP % SLOTS
    met = kept.result == ContactResult.MET
    what = len(OTHER_RESULTS) - 1 + len(kept.persons) if met else OTHER_RESULTS.index(kept.result)
    head = ((mark_of(entry.uid) * SLOTS + slot) * _BASE + what) * 2 + _says_more(kept)
    digits = _digits(head, LINE_GROUPS * (GROUP - 1))
    groups = [_checked(digits[at * 3 : at * 3 + 3], 0, at) for at in range(LINE_GROUPS)]
    return ["-".join(groups), *(_person_line(person, n) for n, person in enumerate(kept.persons, start=1))]


def _person_line(person: PersonEntry, line: int) -> str:
    if not person.recorded:
        return _checked(_digits(NOT_RECORDED, 3), line, 0)
    if read_code(person.code) is None:
        raise ValueError("a recorded person without a code")
    return "-".join((_checked(_digits(_said(person), 3), line, 0), person.code[:GROUP], person.code[GROUP:]))


def _said(person: PersonEntry) -> int:
    """The answers of a person as one number."""
    if person.answer == SupportAnswer.ACCEPTED:
        reach = person.reach_by if person.reach_by in REACHES else ""
        way = len(OTHER_ANSWERS) + REACHES.index(reach) * 2 + person.urgent
    else:
        way = OTHER_ANSWERS.index(person.answer)
    number = (way * len(AGES) + AGES.index(person.age)) * len(GENDERS) + GENDERS.index(person.gender)
    for yes in ("refer" in person.agreed, "share" in person.agreed, person.made_safe, person.claimed):
        number = number * 2 + yes
    return number


def _says_more(entry: ContactEntry) -> bool:
    """Whether something was typed that only the phone's record brings. Place and approach are left out: the last
    contact lends them to every contact, so that they tell nothing."""
    return bool(entry.kits or entry.note) or any(
        p.age_said != "not_known"
        or p.no_referral_reason
        or p.indicators
        or p.needs
        or p.safe_way
        or p.any_agency
        or "talk" in p.agreed
        for p in entry.persons
        if p.recorded
    )


def _digits(number: int, count: int) -> list[int]:
    out = []
    for _ in range(count):
        number, digit = divmod(number, _BASE)
        out.append(digit)
    return out[::-1]


def _number(digits: Sequence[int]) -> int:
    number = 0
    for digit in digits:
        number = number * _BASE + digit
    return number


def _checked(digits: Sequence[int], line: int, group: int) -> str:
    total = _place(line, group) + sum(w * d for w, d in zip(_WEIGHTS, digits, strict=False))
    return "".join(CODE_SIGNS[d] for d in (*digits, -total % _BASE))


def _place(line: int, group: int) -> int:
    """What the sum of a group begins with: another number for each line, and for each group of a line."""
    return FORMAT * 11 + line * LINE_GROUPS + group


# --- reading ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Card:
    """What a card says. ``text``: its signs in one spelling, a line a line. ``more``: see ``_says_more``."""

    mark: int
    met_at: dt.datetime
    result: str
    persons: tuple[PersonEntry, ...]
    more: bool
    text: str

    def entry(self, uid: str, met_at: dt.datetime | None = None) -> ContactEntry:
        """The card as a contact of that UUID; ``met_at``: the time when a person knows it better."""
        return ContactEntry(uid, met_at or self.met_at, self.result, persons=self.persons)


@dataclass(frozen=True)
class Line:
    """One line as it was typed: its groups of four signs, and the places (from 1) of those that cannot be right."""

    number: int
    groups: tuple[str, ...]
    wrong: tuple[int, ...] = ()


class WrongSigns(Invalid):
    """What was typed is no card. ``lines``: everything that was typed, with the groups to ask for again."""

    def __init__(self, lines: Sequence[Line], *findings: Finding) -> None:
        super().__init__(*findings)
        self.lines = tuple(lines)


def read_card(typed: str, now: dt.datetime) -> Card:
    """The card that was typed, whatever its case, spaces, hyphens and empty lines.

    Its time is the last one before ``now`` (or a little after it) that fits. Raises ``WrongSigns``.
    """
    lines = [line for line in (typed_signs("".join(line.split())) for line in typed.splitlines()) if line]
    if not lines:
        raise WrongSigns((), Finding("lines", N_("Type the card, a line for each line that is read out.")))
    read = [_Reading(number, signs) for number, signs in enumerate(lines[: MOST_PERSONS + 2], start=1)]
    head = read[0].head()
    persons = [line.person() for line in read[1:]]
    findings = [finding for line in read for finding in line.findings]
    if head is not None:
        findings += _whole(head.persons, persons)
    if head is None or findings:
        raise WrongSigns([line.shown() for line in read], *findings)
    return Card(
        mark=head.mark,
        met_at=moment_of(head.slot, now),
        result=head.result,
        persons=tuple(p for p in persons if p is not None),
        more=head.more,
        text="\n".join(line.signs for line in read),
    )


def moment_of(slot: int, now: dt.datetime) -> dt.datetime:
    """The last moment of that step, not later than ``now`` and ``AHEAD``."""
    last = (now + AHEAD - _EPOCH) // STEP
    return _EPOCH + (last - (last - slot) % SLOTS) * STEP


@dataclass(frozen=True)
class _Head:
    mark: int
    slot: int
    result: str
    persons: int
    more: bool


class _Reading:
    """One line while it is read: what is found wrong gathers here, each with its group."""

    def __init__(self, number: int, signs: str) -> None:
        self.number, self.signs = number, signs
        self.findings: list[Finding] = []
        self._wrong: list[int] = []

    def shown(self) -> Line:
        shown = self.signs[: GROUP * LINE_GROUPS * 2]  # a page that was pasted is not shown again
        groups = tuple(shown[at : at + GROUP] for at in range(0, len(shown), GROUP))
        return Line(self.number, groups, tuple(self._wrong))

    def head(self) -> _Head | None:
        digits = self._content(LINE_GROUPS * GROUP, LINE_GROUPS)
        if digits is None:
            return None
        rest, more = divmod(_number(digits), 2)
        rest, what = divmod(rest, _BASE)
        mark, slot = divmod(rest, SLOTS)
        if mark >= MARKS:
            self._unknown()
            return None
        count = max(0, what - len(OTHER_RESULTS) + 1)
        return _Head(mark, slot, ContactResult.MET.value if count else OTHER_RESULTS[what], count, bool(more))

    def person(self) -> PersonEntry | None:
        expected = GROUP if len(self.signs) == GROUP else LINE_GROUPS * GROUP
        digits = self._content(expected, 1)
        code = read_code(self.signs[GROUP:]) if expected > GROUP and len(self.signs) == expected else None
        if expected > GROUP and len(self.signs) == expected and code is None:
            self._code_wrong()
        if digits is None:
            return None
        number = _number(digits)
        if number > NOT_RECORDED:
            self._unknown()
        elif number == NOT_RECORDED and expected > GROUP:
            self._find(N_("Line %(line)d: this person did not agree to be recorded. Leave the code out."))
        elif number < NOT_RECORDED and expected == GROUP:
            self._find(N_("Line %(line)d: the person code is missing. Ask for the rest of the line."))
        elif number == NOT_RECORDED:
            return PersonEntry()
        elif code is not None:
            return _person_of(number, code)
        return None

    def _content(self, expected: int, checked: int) -> list[int] | None:
        """The values of the first groups without their check signs; ``None`` when one of the groups cannot be right."""
        if len(self.signs) != expected:
            message = N_("Line %(line)d has %(have)d signs instead of %(expected)d. Ask for it again.")
            self._find(message, have=len(self.signs), expected=expected)
            return None
        digits: list[int] = []
        for group in range(checked):
            signs = self.signs[group * GROUP : (group + 1) * GROUP]
            values = [_VALUE.get(sign, -1) for sign in signs]
            total = _place(self.number - 1, group) + sum(w * v for w, v in zip(_WEIGHTS, values, strict=True))
            if min(values) < 0 or total % _BASE:
                self._wrong.append(group + 1)
                message = N_("Line %(line)d, group %(group)d: %(signs)s cannot be right. Ask for this group again.")
                self._find(message, group=group + 1, signs=signs)
            digits += values[:-1]
        return None if self._wrong else digits

    def _code_wrong(self) -> None:
        self._wrong += [2, 3]
        signs = f"{self.signs[GROUP : 2 * GROUP]}-{self.signs[2 * GROUP :]}"
        message = N_("Line %(line)d, groups 2 and 3: the person code %(signs)s cannot be right. Ask for it again.")
        self._find(message, signs=signs)

    def _unknown(self) -> None:
        self._find(N_("Line %(line)d is from another version of the phone’s pages. Log it with the page for radio."))

    def _find(self, message: str, **params: object) -> None:
        self.findings.append(Finding("lines", message, {"line": self.number, **params}))


def _person_of(number: int, code: str) -> PersonEntry:
    rest, claimed = divmod(number, 2)
    rest, made_safe = divmod(rest, 2)
    rest, share = divmod(rest, 2)
    rest, refer = divmod(rest, 2)
    rest, gender = divmod(rest, len(GENDERS))
    way, age = divmod(rest, len(AGES))
    accepted = way >= len(OTHER_ANSWERS)
    reach, urgent = divmod(way - len(OTHER_ANSWERS), 2) if accepted else (0, 0)
    return PersonEntry(
        code=code,
        claimed=bool(claimed),
        age=AGES[age],
        gender=GENDERS[gender],
        answer=SupportAnswer.ACCEPTED.value if accepted else OTHER_ANSWERS[way],
        made_safe=bool(made_safe),
        agreed=("record", *(what for what, yes in (("refer", refer), ("share", share)) if yes)),
        reach_by=REACHES[reach],
        urgent=bool(urgent),
    )


def _whole(expected: int, persons: Sequence[PersonEntry | None]) -> Iterator[Finding]:
    """What the lines together cannot be."""
    if len(persons) != expected:
        message = N_("Persons by the first line: %(expected)d. Lines after it: %(have)d. Ask how many there are.")
        yield Finding("lines", message, {"expected": expected, "have": len(persons)})
    codes = [p.code for p in persons if p is not None and p.code]
    if len(set(codes)) < len(codes):
        yield Finding("lines", N_("Two lines have the same person code. Ask for both again."))


# --- the same contact? ------------------------------------------------------------------------------------------------


def agree(card: ContactEntry, record: ContactEntry) -> bool:
    """Whether a record says the same as the card that stood for it, as far as figures and persons go.

    Result and number of persons; and the code of each person whom both have recorded: another code is another card in
    her hand, and nobody but a person decides which one is right.
    """
    if (card.result, len(card.persons)) != (record.result, len(record.persons)):
        return False
    pairs = zip(card.persons, record.persons, strict=True)
    return all(a.code == b.code for a, b in pairs if a.recorded and b.recorded)
