"""The texts of a release: as its figures give them, and what is wrong with what somebody wrote instead.

Here belongs reading; nothing is written. A number that is wrong and one that is withheld are refused in the same words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from outreach.errors import N_, Finding
from outreach.plan.paste_rules import visible
from outreach.returns.set_rules import count_signed, offences_named
from outreach.rollup.offences import base_of
from outreach.rollup.protection import is_protected
from outreach.vocab import Bound

from . import release_rules as rules
from . import sentence_rules
from .release_contents import Source, days_of, window
from .release_noun_rules import hidden_numbers, misplaced, said_of, shares_in, vague_in
from .release_number_rules import foreign, numbers_in, with_next_word
from .release_saying import Words


def texts_for(source: Source) -> dict[str, Any]:
    """Language → title and text as the figures give them, before anybody edits them."""
    made = {}
    for language in rules.LANGUAGES:
        words = Words(language)
        name = source.name
        text = sentence_rules.text(_facts(source), language)
        made[language] = {
            "title": words.text(N_("%(name)s: the figures"), name=name),
            "text": text or f"{name}, {window(source, words)}.",
            "contact": "",
        }
    return made


def _facts(source: Source) -> sentence_rules.Facts:
    """What the sentences may say: what is withheld is to them as if nobody knew it."""
    whole = {cell.measure: cell for cell in source.cells if cell.service is None and cell.day is None}

    def number(code: str) -> sentence_rules.Number:
        cell = whole.get(code)
        if cell is None or cell.number is None:
            return sentence_rules.UNKNOWN
        told = (cell.reported, cell.expected) if cell.expected else None
        return sentence_rules.Number(cell.number, Bound(cell.bound or "exact"), cell.least, told)

    first, last = days_of(source)
    expected = source.found.expected
    return sentence_rules.Facts(
        first,
        last,
        services=number("services"),
        met=number("persons_met"),
        offered=number("support_offered"),
        accepted=number("support_accepted"),
        made_safe=number("persons_made_safe"),
        charged=number("persons_charged"),
        charges=number("charges"),
        missing=None if expected is None else expected - source.found.reported,
        told=(source.found.reported, expected) if expected else None,
    )


def text_findings(source: Source, texts: Mapping[str, Any]) -> list[Finding]:
    """What is wrong with what somebody wrote: something missing, too long, or a number that the release does not show.

    A number that is wrong and one that is withheld are refused in the same words.
    """
    made, found = texts_for(source), []
    for language in rules.LANGUAGES:
        words, given = Words(language), texts.get(language, {})
        for part, most, ask in _PARTS:
            text, where = str(given.get(part, "")), f"{part}_{language}"
            if ask and (part in given or part != "reason") and not visible(text):
                found.append(Finding(where, ask))
            if len(text) > most:
                found.append(Finding(where, N_("Shorten this to %(most)s characters."), {"most": most}))
        for where, text in _written(language, given):
            if len(text) > rules.LONGEST_TEXT:
                continue  # refused above, and not read
            found += _wrong(source, words, made[language], where, text)
    return found


MOST_NAMED = 3


def _wrong(source: Source, words: Words, made: Mapping[str, str], where: str, text: str) -> list[Finding]:
    """What is wrong with the numbers of one text: shares, numbers of other figures, numbers of none."""
    names, shown = _names(source, words), _shown(source)
    shares = shares_in(text, names=names)
    if shares:
        return [Finding(where, NO_SHARES, {"numbers": _quoted(shares)})]
    # What the figures give by themselves is said of them rightly.
    own = [*names, *re.split(r"(?<=[.!?])\s+", made["text"]), made["title"]]
    hidden = hidden_numbers(text, words.language, names=own)
    told = [*said_of(text, words.language, names=own), *hidden]
    found = [
        Finding(
            where,
            MISPLACED,
            {
                "phrase": one.phrase.strip(),
                "number": words.number(one.number),
                "figures": ", ".join(words.label(base, source.found.definitions) for base in owners[:MOST_NAMED]),
            },
        )
        for one, owners in misplaced(told, shown, _services(source))[:MOST_NAMED]
    ]
    every = set().union(*shown.values())
    unknown = [one.phrase.split()[0] for one in hidden if one.number not in every]
    numbers = [*_foreign(source, words, made, text), *unknown]
    if numbers:
        found.append(Finding(where, NOT_SHOWN, {"numbers": _quoted(numbers)}))
    return found


def _quoted(written: Sequence[str]) -> str:
    return ", ".join(f"“{one}”" for one in written)


def _shown(source: Source) -> dict[str, set[int | float]]:
    """Measure → every number that the release shows of it, in all and in its splits."""
    shown: dict[str, set[int | float]] = {}
    for cell in (*source.cells, *(source.before or ())):
        numbers = {number for number in (cell.number, cell.least) if number is not None}
        shown.setdefault(base_of(cell.measure), set()).update(numbers)
    return shown


def _services(source: Source) -> set[int | float]:
    """How many services are in, owe figures, have signed."""
    found = source.found
    covered = {number for cell in source.cells for number in (cell.reported, cell.expected or 0)}
    return covered | {found.reported, found.expected or 0, count_signed(found.signed), len(found.signed)}


def text_warnings(source: Source, texts: Mapping[str, Any]) -> list[Finding]:
    """Words that may be read as a number that is withheld. Nobody can say so for certain: who approves decides."""
    hidden = list(dict.fromkeys(base_of(cell.measure) for cell in source.cells if cell.withheld))
    out = []
    for language in rules.LANGUAGES:
        words = Words(language)
        for where, text in _written(language, texts.get(language, {})):
            for one in vague_in(text[: rules.LONGEST_TEXT], language):
                meant = [words.label(base, source.found.definitions) for base in hidden if base in one.bases]
                if meant:
                    params = {"phrase": one.phrase, "figures": ", ".join(meant[:MOST_NAMED])}
                    out.append(Finding(where, VAGUE, params))
    return out


_PARTS = (
    ("title", rules.LONGEST_TITLE, N_("Write a title in both languages.")),
    ("text", rules.LONGEST_TEXT, N_("Write the text in both languages.")),
    ("contact", rules.LONGEST_CONTACT, ""),
    ("reason", rules.LONGEST_REASON, N_("Say in both languages why figures changed: everybody will read it.")),
)


def _written(language: str, given: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a person wrote, and where: the contact may be a telephone number and is nobody's figure."""
    parts = [(f"{part}_{language}", str(given.get(part, ""))) for part in ("title", "text", "reason")]
    return [*parts, *((f"why_{language}-{key}", str(text)) for key, text in given.get("reasons", {}).items())]


NOT_SHOWN = N_(
    "The text differs from the figures of this release: they do not show %(numbers)s. Say it without a number."
)


NO_SHARES = N_("Releases show no percentages: say the numbers instead of %(numbers)s.")
MISPLACED = N_(
    "“%(phrase)s” says it of another figure: in this release %(number)s is %(figures)s. Name that one, or leave it out."
)
VAGUE = N_("“%(phrase)s” may be read as a number that is withheld: %(figures)s.")


def _foreign(source: Source, words: Words, made: Mapping[str, str], text: str) -> list[str]:
    """Numbers of the text that are no figure of the release; a small one needs the words that it is told with."""
    cells, least = [*source.cells, *(source.before or ())], rules.policy_of(source.release.policy).least
    shown = {number for cell in cells for number in (cell.number, cell.least) if number is not None}
    plain = {cell.number for cell in cells if cell.number is not None and not is_protected(cell.measure)}
    known = {cell.number for cell in cells if cell.number is not None and is_protected(cell.measure)}
    shown -= {number for number in plain - known if number < least}
    told = [number for part in ("title", "text") for _, number in numbers_in(made[part])]
    shown |= {number for number in told if number >= least}
    return foreign(text, shown, names=_named(source, words, made))


def _names(source: Source, words: Words) -> list[str]:
    """Names that hold numbers: of the operation, of services, of offences and their sections; and the window."""
    titles = offences_named(source.found.definitions)
    return [
        source.name,
        source.code,
        *source.names.values(),
        window(source, words),
        *(str(one[part]) for one in titles.values() for part in (words.language, "section")),
    ]


def _named(source: Source, words: Words, made: Mapping[str, str]) -> list[str]:
    """What holds numbers that are no figures: names, coverage; and small numbers with the word after."""
    found, definitions = source.found, source.found.definitions
    labels = [words.label(cell.measure, definitions) for cell in source.cells]
    small = [f"{cell.number} {words.label(cell.measure, definitions)}" for cell in source.cells if cell.number]
    return [
        *_names(source, words),
        words.covered(found.reported, found.expected),
        words.status(found),
        *small,
        *(label for label in labels if any(c.isdigit() for c in label)),
        *with_next_word(made["title"]),
        *with_next_word(made["text"]),
    ]
