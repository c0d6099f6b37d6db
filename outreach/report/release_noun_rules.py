"""Of what a text says a number: the word after it, and whether a figure of that name has the number; also words that

stand for a number without being one. Plain functions on text, English and French. What is not known here passes:
somebody reads the text, and nothing is refused on a guess.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cache

from .release_number_rules import spans_in

MET, SAFE, UNDER = "persons_met", "persons_made_safe", "persons_under_18"
CHARGED, ARRESTED, CHARGES, CONTACTS = "persons_charged", "persons_arrested", "charges", "contacts"
OFFERED, ACCEPTED = "support_offered", "support_accepted"
DECLINED, UNDECIDED = "support_declined", "support_undecided"
PERSONNEL, SERVICES, AGENCIES = "personnel", "services", "support_agencies"
MADE, RECEIVED, ATTEMPTS, KITS = "referrals_made", "referrals_received", "attempts", "kits_handed_out"
HELPED = (MET, SAFE, UNDER, OFFERED, ACCEPTED, DECLINED, UNDECIDED)
ACCUSED = (CHARGED, ARRESTED)
PEOPLE = (*HELPED, *ACCUSED, PERSONNEL)

# Words between a number and what is said of it, then: what is said of persons, persons, everything else.
_BETWEEN = {
    "en": r"(?:(?:were|was|are|is|have|has|had|been|being|who|also|then|later|newly|in\ all)\ )*",
    "fr": r"(?:(?:ont|a|été|étaient|était|furent|fut|sont|est|qui|aussi|ensuite|en\ tout|du|de\ la)\ )*",
}
_KINDS = {
    "en": r"(?:(?:new|more|other|further|additional|different|distinct|separate|young|adult|criminal|police|support|"
          r"partner|participating|community|information)\ )*",
    "fr": r"(?:(?:nouvelles?|nouveaux|autres?|différente?s?|distincte?s?|jeunes)\ )*",
}  # fmt: skip
_SAID: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "en": (
        (r"met|interviewed|engaged|spoken\ to", (MET,)),
        (r"charged", (CHARGED,)),
        (r"arrested", (ARRESTED,)),
        (r"made\ safe|rescued|removed|recovered", (SAFE,)),
        (r"under\ (?:the\ age\ of\ )?(?:18|eighteen)", (UNDER,)),
        (r"offered\ (?:support|help)", (OFFERED,)),
        (r"accepted", (ACCEPTED,)),
        (r"declined|refused", (DECLINED,)),
        (r"undecided", (UNDECIDED,)),
    ),
    "fr": (
        (r"rencontrée?s?|interrogée?s?", (MET,)),
        (r"accusée?s|inculpée?s?", (CHARGED, ARRESTED)),
        (r"arrêtée?s?", (ARRESTED,)),
        (r"mise?s?\ en\ sécurité|secourue?s?|libérée?s?", (SAFE,)),
        (r"de\ moins\ de\ (?:18|dix-huit)\ ans", (UNDER,)),
        (r"se\ (?:sont|est)\ vue?s?\ offrir", (OFFERED,)),
        (r"accepté", (ACCEPTED,)),
        (r"refusé|décliné", (DECLINED,)),
        (r"indécise?s?", (UNDECIDED,)),
    ),
}
_PERSONS: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "en": (
        (r"persons?|people|individuals?|wom[ae]n|m[ae]n|girls?|boys?|youths?|adults?", PEOPLE),
        (r"victims?|survivors?", HELPED),
        (r"accused|suspects?", ACCUSED),
        (r"minors?|child(?:ren)?", (UNDER, *HELPED)),
    ),
    "fr": (
        (r"personnes?|individus?|femmes?|hommes?|filles?|garçons?|jeunes|adultes?", PEOPLE),
        (r"victimes?|survivante?s?", HELPED),
        (r"suspecte?s?", ACCUSED),
        (r"mineure?s?|enfants?", (UNDER, *HELPED)),
    ),
}
_THINGS: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "en": (
        (r"charges?|offen[cs]es?", (CHARGES,)),
        (r"arrests?", (ARRESTED,)),
        (r"contacts?|meetings?|encounters?", (CONTACTS,)),
        (r"attempts?", (ATTEMPTS,)),
        (r"officers?|personnel|staff", (PERSONNEL,)),
        (r"services?|forces?|agenc(?:y|ies)|organi[sz]ations?", (SERVICES, AGENCIES)),
        (r"kits?", (KITS,)),
        (r"referrals?", (MADE, RECEIVED)),
    ),
    "fr": (
        (r"accusations?|infractions?|chefs?\ d['’]accusation", (CHARGES,)),
        (r"arrestations?", (ARRESTED,)),
        (r"contacts?|rencontres?", (CONTACTS,)),
        (r"tentatives?", (ATTEMPTS,)),
        (r"policiers?|policières?|agente?s?|membres?\ du\ personnel", (PERSONNEL,)),
        (r"services?|corps\ (?:de\ police|policiers?)|organismes?|organisations?", (SERVICES, AGENCIES)),
        (r"trousses?", (KITS,)),
        (r"orientations?", (MADE, RECEIVED)),
    ),
}
_VAGUE = {
    "en": r"a\ few|few|several|some|many|numerous|a\ handful\ of|a\ number\ of|dozens\ of|hundreds\ of|most|half\ of|"
          r"a\ third\ of|a\ quarter\ of",
    "fr": r"quelques|plusieurs|peu\ de|certaine?s|de\ nombreux|de\ nombreuses|une\ poignée\ de|bon\ nombre\ de|"
          r"des\ dizaines\ de|des\ centaines\ de|la\ plupart\ des|la\ moitié\ des|le\ tiers\ des|le\ quart\ des",
}  # fmt: skip
_OF_AGE_BEFORE = re.compile(r"(?:under|below|over|aged?|age of|moins de|plus de|âgée?s? de) $", re.IGNORECASE)
_OF_AGE_AFTER = re.compile(r" ?(?:years?|ans)\b", re.IGNORECASE)
_SHARE = re.compile(r" ?(?:%|per ?cent\b|pour ?cent\b|p\. ?c\.)", re.IGNORECASE)
_YEAR = re.compile(r"(?:(\w+) )?(?<![\w.,-])((?:19|20)\d{2}) ")
_NO_COUNT = re.compile(r"the|of|in|since|for|from|by|until|les|des|de|du|en|depuis|à|l|d|\D*\w{3,}", re.IGNORECASE)
_ROMAN = re.compile(r"\b([IVXLC]{2,}|[VX]) ")
_DIGITS = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}


@dataclass(frozen=True)
class Said:
    """A number, or a word that stands for one, and what it is said of. ``bases``: measures it may be a figure of."""

    phrase: str
    bases: tuple[str, ...]
    number: int | float = -1


@cache
def _after(language: str) -> re.Pattern[str]:
    """What may follow a number; the group that matched says what it is said of."""

    def one_of(name: str, table: tuple[tuple[str, tuple[str, ...]], ...]) -> str:
        return "|".join(rf"(?P<{name}{place}>(?:{words})\b)" for place, (words, _) in enumerate(table))

    between, kinds = _BETWEEN[language], _KINDS[language]
    said, again = one_of("said", _SAID[language]), one_of("of", _SAID[language])
    persons, things = one_of("persons", _PERSONS[language]), one_of("things", _THINGS[language])
    of = r"(?:\ de)?\ (?:d['’])?" if language == "fr" else r"\ (?:of\ (?:them\ |the\ )?)?"
    return re.compile(rf"{of}{kinds}(?:(?:{persons})(?:\ {between}(?:{again}))?|(?:{things})|{between}(?:{said}))",
                      re.IGNORECASE)  # fmt: skip


def _bases(found: re.Match[str], language: str) -> tuple[str, ...]:
    tables = {"of": _SAID, "said": _SAID, "persons": _PERSONS, "things": _THINGS}
    for name, table in tables.items():
        for place, (_, bases) in enumerate(table[language]):
            if found.group(f"{name}{place}"):
                return bases
    return ()


def _plain(text: str) -> str:
    """With one kind of space and of hyphen."""
    return re.sub(r"[^\S\n]+", " ", unicodedata.normalize("NFKC", text))


def said_of(text: str, language: str, *, names: Iterable[str] = ()) -> list[Said]:
    """Every number of a text with what it is said of, where a word right after it tells."""
    plain, spans = spans_in(_plain(text), names=names)
    out: list[Said] = []
    for written, number, start, end in spans:
        if _OF_AGE_BEFORE.search(plain[:start]) or _OF_AGE_AFTER.match(plain, end):
            continue
        found = _after(language).match(plain, end)
        if found:
            out.append(Said(f"{written}{found.group()}", _bases(found, language), number))
    return out


def hidden_numbers(text: str, language: str, *, names: Iterable[str] = ()) -> list[Said]:
    """What reads as a year or a name and is a number all the same: ``2017 persons``, ``XIV persons``."""
    plain = _plain(text)
    for name in sorted({_plain(name) for name in names} - {""}, key=len, reverse=True):
        plain = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "¤", plain, flags=re.IGNORECASE)
    return [*_years(plain, language), *_romans(plain, language)]


def _years(plain: str, language: str) -> Iterator[Said]:
    for found in _YEAR.finditer(plain):
        after = _after(language).match(plain, found.end() - 1)
        # “the 2017 charges”, “October 2017 charges” speak of a year.
        if after and not (found.group(1) and _NO_COUNT.fullmatch(found.group(1))):
            yield Said(found.group(2) + after.group(), _bases(after, language), int(found.group(2)))


def _romans(plain: str, language: str) -> Iterator[Said]:
    for found in _ROMAN.finditer(plain):
        after = _after(language).match(plain, found.end() - 1)
        number = _of_roman(found.group(1))
        if after and number:
            yield Said(found.group(1) + after.group(), _bases(after, language), number)


def _of_roman(text: str) -> int:
    """``XIV`` is 14; 0 for letters that make no number."""
    digits = [_DIGITS[letter] for letter in text]
    number = sum(-one if one < max(digits[place:]) else one for place, one in enumerate(digits))
    return number if re.fullmatch("C{0,3}(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})", text) else 0


def shares_in(text: str, *, names: Iterable[str] = ()) -> list[str]:
    """Percentages, in digits or in words: no release shows any."""
    plain, spans = spans_in(_plain(text), names=names)
    return [written + found.group() for written, _, _, end in spans if (found := _SHARE.match(plain, end))]


def misplaced(
    said: Iterable[Said], shown: Mapping[str, Set[int | float]], services: Set[int | float]
) -> list[tuple[Said, list[str]]]:
    """Numbers that a release shows, said of another figure than has them, with those that have.

    ``shown``: measure → the numbers that the release shows of it. ``services``: how many it counts in other ways.
    """
    out = []
    for one in said:
        told = SERVICES in one.bases and one.number in services
        if not told and not any(one.number in shown.get(base, ()) for base in one.bases):
            owners = [base for base, numbers in shown.items() if one.number in numbers]
            out += [(one, owners)] if owners else []
    return out


def vague_in(text: str, language: str) -> list[Said]:
    """Words that stand for a number: ``a few persons``, ``plusieurs accusations``."""
    plain, out = _plain(text), []
    for found in re.finditer(rf"(?<!\w)(?:{_VAGUE[language]})(?:\ (?:of\ )?the)?(?=\ )", plain, re.IGNORECASE):
        after = _after(language).match(plain, found.end())
        if after:
            out.append(Said(found.group() + after.group(), _bases(after, language)))
    return out
