"""Published figures and what contradicts what, in the reader's words.

What is printed is shown as it was printed; which numbers it allows, and what does not fit, is decided in
``rollup.contradictions``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import format_decimal, gettext, pgettext

from outreach.errors import Problem
from outreach.plan.operation_rules import LEVELS
from outreach.rollup.contradictions import Contradiction, Rule, Statement
from outreach.rollup.intervals import Interval, allowed
from outreach.rollup.measures import measure as measure_of
from outreach.vocab import Qualifier

from . import words


def number(value: int | None, qualifier: str) -> str:
    """``198``, ``about 350``, ``more than 10``; *not published* where there is none."""
    if value is None:
        return gettext("not published")
    num = str(format_decimal(value))
    return {
        Qualifier.EXACT: num,
        Qualifier.ABOUT: gettext("about %(num)s", num=num),
        Qualifier.MORE_THAN: gettext("more than %(num)s", num=num),
        Qualifier.AT_LEAST: gettext("at least %(num)s", num=num),
        Qualifier.FEWER_THAN: gettext("fewer than %(num)s", num=num),
        Qualifier.AT_MOST: gettext("at most %(num)s", num=num),
    }[Qualifier(qualifier)]


def allows(interval: Interval | None) -> str:
    """The numbers of an interval: ``10``, ``9 to 11``, ``11 or more``."""
    if interval is None:
        return gettext("any number")
    low = str(format_decimal(interval.low))
    if interval.high is None:
        return gettext("%(low)s or more", low=low)
    if interval.low == interval.high:
        return low
    return gettext("%(low)s to %(high)s", low=low, high=str(format_decimal(interval.high)))


def printed(entry: Any) -> str:
    """What was printed, and in brackets what it allows where that is more than one number."""
    interval = allowed(entry.value, entry.qualifier)
    said = number(entry.value, entry.qualifier)
    return said if interval is None or interval.low == interval.high else f"{said} ({allows(interval)})"


def measure_label(code: str) -> str:
    """A measure's name; the code itself for one that is no longer known."""
    try:
        return words.label(measure_of(code))
    except Problem:
        return code


def figure_name(measure: str, word: str = "", part: str = "", age: int | None = None) -> str:
    """``Persons made safe under 18, Peel``; the word used where no measure fits."""
    name = measure_label(measure) if measure else word
    if age is not None and not measure.startswith("persons_under_"):
        name = gettext("%(figure)s under %(age)s", figure=name, age=age)
    return f"{name}, {part}" if part else name


def name_of(entry: Any) -> str:
    return figure_name(entry.measure, entry.word, entry.part, entry.threshold_age)


def level(code: str) -> str:
    return gettext(dict(LEVELS).get(code, code)) if code else ""


def place(entry: Any) -> str:
    """``Ontario``, else the level, else that it is not known."""
    return entry.scope or level(entry.level) or gettext("Place not known")


def language(code: str) -> str:
    return {"en": gettext("English"), "fr": gettext("French")}.get(code, code)


def source(entry: Any) -> str:
    """Who printed it, when, in which language."""
    day = entry.as_of_on.isoformat() if entry.as_of_on else ""
    return ", ".join(part for part in (entry.publisher, day, language(entry.language)) if part)


# What contradicts what ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """One figure on one side: what it is, what it says, who says it, where it can be seen."""

    said: str
    name: str
    by: str
    url: str


def sentence(one: Contradiction) -> str:
    """What does not fit, in one sentence."""
    figure = measure_label(one.of[0])
    made = allows(one.sum) if one.sum else ""
    if one.rule is Rule.ORDER:
        return gettext("%(smaller)s is more than %(larger)s.", smaller=figure, larger=measure_label(one.of[-1]))
    if one.rule is Rule.PARTS and not one.certain:
        return gettext(
            "%(figure)s: the parts add up to %(sum)s, more than the whole, unless somebody is in several parts.",
            figure=figure,
            sum=made,
        )
    if one.rule is Rule.LEVELS and not one.certain:
        return gettext(
            "%(figure)s: the places within add up to %(sum)s, more than the whole, unless somebody is in several.",
            figure=figure,
            sum=made,
        )
    said = {
        Rule.VERSIONS: gettext("%(figure)s: two sources say what cannot both be true.", figure=figure),
        Rule.LANGUAGES: gettext("%(figure)s: English and French of one release differ.", figure=figure),
        Rule.RESTATED: gettext("%(figure)s: a later day says another number.", figure=figure),
        Rule.ONE_LANGUAGE: gettext("%(figure)s: only one language of the release gives a number.", figure=figure),
        Rule.OWN: gettext("%(figure)s: what was counted here is not what was published.", figure=figure),
        Rule.UNDER_AGE: gettext("%(figure)s: there are more under the age than in all.", figure=figure),
        Rule.AGES: gettext("%(figure)s: there are more under a lower age than under a higher one.", figure=figure),
        Rule.PART: gettext("%(figure)s: a part is more than the whole.", figure=figure),
        Rule.PARTS: gettext("%(figure)s: the parts add up to %(sum)s, more than the whole.", figure=figure, sum=made),
        Rule.ANSWERS: gettext("Accepted, declined and undecided make %(sum)s, not the number offered.", sum=made),
        Rule.LEVEL: gettext("%(figure)s: a place has more than the larger place that it lies in.", figure=figure),
        Rule.LEVELS: gettext("%(figure)s: the places within add up to %(sum)s, more than the whole.", figure=figure,
                             sum=made),
        Rule.NOBODY_CHARGED: gettext("Charges were laid and nobody was charged."),
    }  # fmt: skip
    return said[one.rule]


def kind(one: Contradiction) -> tuple[str, str]:
    """Tag and word: what cannot be, or what to ask."""
    if one.certain:
        return "problem", pgettext("published figures", "Cannot be")
    return "waiting", pgettext("published figures", "Ask")


def finding(one: Contradiction, told: Mapping[str, Told]) -> dict[str, Any]:
    """A contradiction for the page: its kind, its sentence, its sides with what each allows."""
    sides = []
    for side in one.sides:
        figures = [told[key] for key in side.keys if key in told]
        allowed_words = allows(side.interval) if side.interval else ""
        spread = side.interval is not None and side.interval.low != side.interval.high
        sides.append({"figures": figures, "allows": allowed_words if spread else ""})
    tag, said = kind(one)
    return {"tag": tag, "kind": said, "sentence": sentence(one), "sides": sides}


def editions(found: Sequence[Contradiction], of: Mapping[str, Statement]) -> dict[tuple[str, str], list[Contradiction]]:
    """The contradictions by series and edition."""
    by: dict[tuple[str, str], list[Contradiction]] = {}
    for one in found:
        first = of[one.sides[0].keys[0]]
        by.setdefault((first.series, first.edition), []).append(one)
    return by
