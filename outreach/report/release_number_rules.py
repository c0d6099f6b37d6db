"""Which numbers a text names, in digits or in words, English and French, and which of them the release does not show.

Here belong plain functions on text. Whatever is no number of the release is refused in the same words, whether it is
wrong or withheld: the refusal must not say which.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator

_UNITS = {
    "en": "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
          "seventeen eighteen nineteen",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept "
          "dix-huit dix-neuf",
}  # fmt: skip
_TENS = {
    "en": "twenty thirty forty fifty sixty seventy eighty ninety",
    "fr": "vingt trente quarante cinquante soixante septante octante nonante",
}
WORDS: dict[str, int] = {
    **{word: number for text in _UNITS.values() for number, word in enumerate(text.split())},
    **{word: 10 * (place + 2) for text in _TENS.values() for place, word in enumerate(text.split())},
    "une": 1, "couple": 2, "pair": 2, "both": 2, "dozen": 12, "douzaine": 12, "dizaine": 10, "quinzaine": 15,
    "vingtaine": 20, "hundred": 100, "cent": 100, "cents": 100, "thousand": 1000, "mille": 1000, "vingts": 20,
    "fourty": 40, "huitante": 80, "dozens": 12, "douzaines": 12, "dizaines": 10, "trentaine": 30, "quarantaine": 40,
    "cinquantaine": 50, "soixantaine": 60, "centaine": 100, "centaines": 100, "millier": 1000, "milliers": 1000,
    "hundreds": 100, "thousands": 1000,
}  # fmt: skip
_COUNTED_IN = (
    "dozen dozens douzaine douzaines dizaine dizaines quinzaine vingtaine trentaine quarantaine cinquantaine "
    "soixantaine centaine centaines hundreds millier milliers thousands"
)
_TIMES = frozenset(_COUNTED_IN.split())
"""What is counted in: two dozen are 24."""
_HALF_DOZEN = re.compile(r"half[ -](?:a )?dozen|demi-douzaine", re.IGNORECASE)
_PHONE = r"(?:\+?1[ .-]?)?(?:\(\d{3}\)|\b\d{3})[ .-]\d{3}[ .-]\d{4}\b(?:,? ?(?:ext\.?|poste|x) ?\d{1,5}\b)?"
_REACHED = re.compile(
    rf"\S+@\S+|\bhttps?://\S+|\bwww\.\S+|{_PHONE}|\b(?:call|dial|composez|appelez)(?: le)? [2-9]11\b", re.IGNORECASE
)
"""How somebody is reached: no number of anything."""
del WORDS["dix-sept"], WORDS["dix-huit"], WORDS["dix-neuf"]  # read as ten and seven
_JOINED = ("and", "et")
_NAMED = (
    "january february march april may june july august september october november december janvier février mars avril "
    "mai juin juillet août septembre octobre novembre décembre jan feb mar apr jun jul aug sep sept oct nov dec"
)
_MONTH = "(?:" + "|".join(sorted(_NAMED.split(), key=len, reverse=True)) + r")\.?"
_DAY = r"\d{1,2}(?:er|st|nd|rd|th)?"
_SPAN = rf"(?:{_DAY}\s*(?:to|and|au|et|–|-|,)\s*){{0,6}}{_DAY}"
_DATES = re.compile(
    rf"\b\d{{4}}-\d{{2}}-\d{{2}}\b|\b{_SPAN}\s+{_MONTH}(?:,?\s+\d{{4}})?\b|\b{_MONTH}\s+{_SPAN}(?:,?\s+\d{{4}})?\b"
    rf"|\b{_MONTH}\s+\d{{4}}\b|\b\d{{1,2}}\s?[:h]\s?\d{{2}}\b|(?<![\d.,])(?:19|20)\d{{2}}(?![\d.,]*\d)",
    re.IGNORECASE,
)
_GAP = "[ \u00a0\u202f\u2009,.’']"
_DIGITS = re.compile(rf"(?<![\d.,])\d{{1,3}}(?:{_GAP}\d{{3}})+(?!\d)|\d+(?:[.,]\d+)?")
_LONGEST = 15
"""Digits of a number that a release may show; what is longer is no figure of anything."""
_LETTERS = re.compile(r"[^\W\d_]+", re.UNICODE)
_AFTER = "(?:_of_[0-9]+_W|_W_sur_[0-9]+|_W)".replace("_", "[ \u00a0\u202f]+").replace("W", r"[^\W\d_]+")
"""The word after a number, and all of “of 46 services”: with “of” alone a 4 might be said of anything."""
_NO_NUMBER_BEFORE = frozenset({"no", "any", "every", "each", "some", "another", "which", "the", "this", "that"})
_NO_NUMBER_AFTER = frozenset({"of", "another", "who", "can", "may", "should", "must", "has", "does", "and"})
_PERSONS = (
    "personne femme fille homme garçon enfant mineur mineure victime accusation contact seule seul accusé "
    "accusée arrestation trousse adolescente adolescent jeune survivante"
)
_COUNTED = frozenset(_PERSONS.split())
"""What “un” and “une” count. Not services: “un service a remis ses totaux en retard” is said of any of them."""


def numbers_in(text: str, *, names: Iterable[str] = ()) -> list[tuple[str, int | float]]:
    """Every number that the text names, as it is written and what it says. Dates, hours, addresses, telephone numbers
    and ``names`` are left out."""
    return [(written, number) for written, number, _, _ in spans_in(text, names=names)[1]]


def spans_in(text: str, *, names: Iterable[str] = ()) -> tuple[str, list[tuple[str, int | float, int, int]]]:
    """The text as it is read, and of each number also from where to where it stands there."""
    # A full-width or superscript digit reads as a digit, so it counts as one.
    plain = unicodedata.normalize("NFKC", text)
    known = {unicodedata.normalize("NFKC", name).strip() for name in names} - {""}
    if known:
        # The longest first, so that a name within another leaves nothing of it behind.
        any_of = "|".join(re.escape(name) for name in sorted(known, key=len, reverse=True))
        plain = re.sub(rf"(?<!\w)(?:{any_of})(?!\w)", " ¤ ", plain, flags=re.IGNORECASE)
    plain = _DATES.sub(" ¤ ", _REACHED.sub(" ¤ ", plain))
    plain = _HALF_DOZEN.sub("six", plain)
    return plain, [*_digits(plain), *_words(plain)]


def _digits(text: str) -> Iterator[tuple[str, int | float, int, int]]:
    for found in _DIGITS.finditer(text):
        written = found.group()
        if re.fullmatch(rf"\d{{1,3}}(?:{_GAP}\d{{3}})+", written) or written.isdigit():
            digits = "".join(c for c in written if c.isdigit())
            yield written, int(digits) if len(digits) <= _LONGEST else -1, found.start(), found.end()
        else:
            yield written, float(written.replace(",", ".")), found.start(), found.end()


def _words(text: str) -> Iterator[tuple[str, int | float, int, int]]:
    """Runs of number words: ``three hundred and thirty-one``, ``quatre-vingt-onze``."""
    letters = [(found.group(), found.start(), found.end()) for found in _LETTERS.finditer(text)]
    lower = [word.casefold() for word, _, _ in letters]
    place = 0
    while place < len(letters):
        if lower[place] not in WORDS:
            place += 1
            continue
        end = place + 1
        while end < len(letters) and _joined(text, letters, lower, end):
            end += 1
        while lower[end - 1] in _JOINED:
            end -= 1
        if end - place > 1 or not _article(lower, place):
            start, stop = letters[place][1], letters[end - 1][2]
            amount = _amount([word for word in lower[place:end] if word in WORDS])
            yield text[start:stop], amount, start, stop
        place = end


def _joined(text: str, letters: list[tuple[str, int, int]], lower: list[str], at: int) -> bool:
    """Whether the word at ``at`` goes on with the number before it: nothing but a space or a hyphen in between."""
    between = text[letters[at - 1][2] : letters[at][1]]
    if between.strip(" \u00a0\u202f\u2011-") or "\n" in between:
        return False
    if lower[at] in _JOINED:
        # “three hundred and one”, “vingt et un”; not “five and six”.
        after = at + 1 < len(letters) and lower[at + 1] in WORDS
        large = WORDS.get(lower[at - 1], 0) >= 20
        return bool(after and large)
    return lower[at] in WORDS


def _article(lower: list[str], place: int) -> bool:
    """Whether “one”, “un” or “une” is no number here."""
    word, before = lower[place], lower[place - 1] if place else ""
    after = lower[place + 1] if place + 1 < len(lower) else ""
    if word in ("un", "une"):
        return after not in _COUNTED
    if word == "one":
        return before in _NO_NUMBER_BEFORE or after in _NO_NUMBER_AFTER
    return word == "pair" and after == "of"


def _amount(words: list[str]) -> int:
    whole, current = 0, 0
    for word in words:
        part = WORDS[word]
        if word in _TIMES:
            current = max(current, 1) * part
        elif part == 1000:
            whole, current = whole + max(current, 1) * 1000, 0
        elif part == 100:
            current = max(current, 1) * 100
        elif part == 20 and current % 100 == 4:
            current = current - 4 + 80  # quatre-vingts
        else:
            current += part
    return whole + current


def foreign(text: str, shown: Collection[int | float], *, names: Iterable[str] = ()) -> list[str]:
    """The numbers of the text that the release does not show, as they are written, each once."""
    return list(dict.fromkeys(written for written, number in numbers_in(text, names=names) if number not in shown))


def with_next_word(text: str) -> list[str]:
    """Each number of a text with the word after it: ``5 services``, ``4 of 46 services`` as a whole."""
    plain, out = unicodedata.normalize("NFKC", text), []
    for written, _ in numbers_in(text):
        found = re.search(rf"(?<!\w){re.escape(written)}{_AFTER}", plain)
        out += [found.group()] if found else []
    return out
