"""What cannot be true together among figures that were printed, and between those and what was counted here.

Here belongs what holds between figures of one edition; what one printed number may stand for is in ``intervals``.
Nothing is mended: a contradiction names the figures, the numbers that each may stand for, and the rule.

Decided here:

- Two figures contradict each other only where **no** two numbers that they allow keep the rule.
- *Persons under N* is *persons met* with a threshold age; a figure under an age is part of the figure without.
- Places: a figure of a narrower level lies within one of a wider level when its place names that place after a comma
  (``Windsor-Essex, Ontario``), or when the wider level is national or international and has one place in that edition.
- Parts of persons may overlap (two services met the same person), so that parts that add up to more than the whole are
  a question there, and a contradiction where the measure adds up.
- The same figure twice with the same as-of day and publisher in two languages is one statement said twice; with
  another as-of day it may have been restated, which is a question; anything else that differs is a contradiction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations

from outreach.rollup.intervals import Interval, add
from outreach.rollup.measures import NoSuchMeasure, NoSuchRule, NotABandEdge
from outreach.rollup.measures import measure as measure_of

WIDEST_FIRST = ("international", "national", "provincial", "local")
ORDER: tuple[tuple[str, str], ...] = (
    ("support_offered", "persons_met"),
    ("support_accepted", "support_offered"),
    ("support_accepted", "persons_met"),
    ("support_declined", "support_offered"),
    ("support_undecided", "support_offered"),
    ("persons_made_safe", "persons_met"),
    ("referrals_received", "referrals_made"),
    ("referrals_reached", "referrals_received"),
    ("referrals_engaged", "referrals_reached"),
    ("persons_received", "persons_referred"),
    ("persons_reached", "persons_received"),
    ("persons_engaged", "persons_reached"),
    ("persons_referred", "referrals_made"),
    ("persons_charged", "charges"),
)
"""The first is never more than the second. Persons arrested are not here: one may be charged without an arrest."""
ANSWERS = ("support_accepted", "support_declined", "support_undecided")


class Rule(StrEnum):
    """What two or more figures do not keep."""

    VERSIONS = "versions"
    LANGUAGES = "languages"
    RESTATED = "restated"
    ONE_LANGUAGE = "one_language"
    OWN = "own"
    ORDER = "order"
    UNDER_AGE = "under_age"
    AGES = "ages"
    PART = "part"
    PARTS = "parts"
    ANSWERS = "answers"
    LEVEL = "level"
    LEVELS = "levels"
    NOBODY_CHARGED = "nobody_charged"


QUESTIONS = frozenset({Rule.RESTATED, Rule.ONE_LANGUAGE})
MOST_VERSIONS = 60
"""So many statements of one figure are held against each other; nobody prints one so often."""


@dataclass(frozen=True)
class Statement:
    """One figure as somebody said it. ``key`` names it to the caller; ``own``: counted here.

    ``series`` and ``edition`` as they are compared (no case, no accents); ``places``: its own place first, then those
    that it is named to lie within. ``by``: who said it, as compared; ``as_of``: a day as text, '' where not known.
    """

    key: str
    series: str
    edition: str
    level: str
    places: tuple[str, ...]
    measure: str
    part: str = ""
    threshold: int | None = None
    by: str = ""
    as_of: str = ""
    language: str = "en"
    interval: Interval | None = None
    own: bool = False

    @property
    def place(self) -> str:
        return self.places[0] if self.places else ""


@dataclass(frozen=True)
class Side:
    """Statements that allow the same: what stands on one side of a contradiction. ``interval`` None: nothing said."""

    keys: tuple[str, ...]
    interval: Interval | None


@dataclass(frozen=True)
class Contradiction:
    """What does not fit. ``certain``: nothing that the figures allow keeps the rule; otherwise it is a question.

    The smaller figure, or the parts, stand first and the larger, or the whole, last. ``of``: the measures named.
    ``sum``: what the parts add up to, where they do.
    """

    rule: Rule
    certain: bool
    sides: tuple[Side, ...]
    of: tuple[str, ...]
    sum: Interval | None = None


def contradictions(statements: Iterable[Statement]) -> list[Contradiction]:
    """Everything among the statements that does not fit, the certain first, edition by edition in their order."""
    editions: dict[tuple[str, str], list[Statement]] = {}
    for one in statements:
        editions.setdefault((one.series, one.edition), []).append(_canonical(one))
    found = [each for said in editions.values() for each in _edition(said)]
    return sorted(dict.fromkeys(found), key=lambda one: not one.certain)


def _canonical(one: Statement) -> Statement:
    """*Persons under 18* as *persons met* with a threshold of 18."""
    head, _, age = one.measure.partition("persons_under_")
    if head or not age.isdigit():
        return one
    return replace(one, measure="persons_met", threshold=int(age))


Figures = dict[tuple[str, str, int | None], list[Statement]]
"""Of one place: (measure, part, threshold) → what was said of it."""


def _edition(said: Sequence[Statement]) -> Iterator[Contradiction]:
    places: dict[tuple[str, str], Figures] = {}
    for one in said:
        if one.measure:
            figures = places.setdefault((one.level, one.place), {})
            figures.setdefault((one.measure, one.part, one.threshold), []).append(one)
    for figures in places.values():
        for versions in figures.values():
            yield from _versions(versions)
        yield from _orders(figures)
        yield from _ages(figures)
        yield from _parts(figures)
        yield from _answers(figures)
        yield from _nobody_charged(figures)
    yield from _levels(places)


# The same figure, said twice ------------------------------------------------------------------------------------------


def _versions(versions: Sequence[Statement]) -> Iterator[Contradiction]:
    """Statements of one figure that no number fits; one contradiction for each two intervals and kind."""
    found: dict[tuple[Rule, Interval, Interval], tuple[list[str], list[str]]] = {}
    for one, other in combinations(versions[:MOST_VERSIONS], 2):
        if one.interval is None or other.interval is None:
            yield from _silent(one, other)
        elif not one.interval.meets(other.interval):
            small, large = (one, other) if one.interval.low < other.interval.low else (other, one)
            below, above = (one.interval, other.interval) if small is one else (other.interval, one.interval)
            lists = found.setdefault((_kind(one, other), below, above), ([], []))
            lists[0].append(small.key)
            lists[1].append(large.key)
    for (rule, low, high), (small_keys, large_keys) in found.items():
        sides = (Side(_once(small_keys), low), Side(_once(large_keys), high))
        yield Contradiction(rule, rule not in QUESTIONS, sides, (versions[0].measure,))


def _kind(one: Statement, other: Statement) -> Rule:
    if one.own or other.own:
        return Rule.OWN
    if _twins(one, other):
        return Rule.LANGUAGES
    return Rule.RESTATED if one.as_of and other.as_of and one.as_of != other.as_of else Rule.VERSIONS


def _twins(one: Statement, other: Statement) -> bool:
    """Whether the two are one release in two languages."""
    return one.language != other.language and bool(one.by) and (one.by, one.as_of) == (other.by, other.as_of)


def _silent(one: Statement, other: Statement) -> Iterator[Contradiction]:
    """A number that only one of the two languages of a release gives."""
    if _twins(one, other) and (one.interval is None) != (other.interval is None):
        sides = sorted((one, other), key=lambda each: each.interval is not None)
        both = tuple(Side((each.key,), each.interval) for each in sides)
        yield Contradiction(Rule.ONE_LANGUAGE, False, both, (one.measure,))


# What holds between figures of one place ------------------------------------------------------------------------------


def _sides(said: Iterable[Statement]) -> list[Side]:
    """The statements that give a number, those with the same interval together, the least first."""
    found: dict[Interval, list[str]] = {}
    for one in said:
        if one.interval is not None:
            found.setdefault(one.interval, []).append(one.key)
    return [Side(_once(keys), each) for each, keys in sorted(found.items(), key=lambda pair: pair[0].low)]


def _once(keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(keys))


def _above(rule: Rule, small: Iterable[Statement], large: Iterable[Statement], *of: str) -> Iterator[Contradiction]:
    """Every pair in which the first is surely more than the second."""
    whole = _sides(large)
    for part in _sides(small):
        for over in whole:
            if part.interval and over.interval and not part.interval.may_be_within(over.interval):
                yield Contradiction(rule, True, (part, over), of)


def _orders(figures: Figures) -> Iterator[Contradiction]:
    for (measure, part, age), said in figures.items():
        for smaller, larger in ORDER:
            if measure == smaller and (larger, part, age) in figures:
                yield from _above(Rule.ORDER, said, figures[larger, part, age], smaller, larger)


def _ages(figures: Figures) -> Iterator[Contradiction]:
    """Under an age: part of all, and of those under a higher age."""
    for (measure, part, age), said in figures.items():
        if age is not None:
            yield from _above(Rule.UNDER_AGE, said, figures.get((measure, part, None), ()), measure)
            for (other, its_part, higher), above in figures.items():
                if (other, its_part) == (measure, part) and higher is not None and higher > age:
                    yield from _above(Rule.AGES, said, above, measure)


def _parts(figures: Figures) -> Iterator[Contradiction]:
    """One part above the whole; parts of one source that add up to more than the whole."""
    by_whole: dict[tuple[str, int | None], list[Statement]] = {}
    for (measure, part, age), said in figures.items():
        if part:
            by_whole.setdefault((measure, age), []).extend(said)
    for (measure, age), parts in by_whole.items():
        whole = figures.get((measure, "", age), [])
        yield from _above(Rule.PART, parts, whole, measure)
        sources: dict[tuple[str, str, str], list[Statement]] = {}
        for one in parts:
            if one.interval is not None:
                sources.setdefault((one.by, one.as_of, one.language), []).append(one)
        for told in sources.values():
            yield from _sum_above(Rule.PARTS, told, whole, measure, certain=adds_up(measure))


def _sum_above(
    rule: Rule, parts: Sequence[Statement], whole: Iterable[Statement], measure: str, *, certain: bool
) -> Iterator[Contradiction]:
    """Several parts whose least sum is more than the most that the whole may be; none of them alone is."""
    told: dict[str, Statement] = {}
    for one in parts:
        before = told.get(one.part or one.place)
        if before is None or before.interval is None or (one.interval and one.interval.low < before.interval.low):
            told[one.part or one.place] = one
    intervals = [one.interval for one in told.values() if one.interval is not None]
    if len(intervals) < 2:
        return
    made = add(intervals)
    for over in _sides(whole):
        alone = any(over.interval and not one.may_be_within(over.interval) for one in intervals)
        if over.interval and not alone and not made.may_be_within(over.interval):
            sides = (*(Side((one.key,), one.interval) for one in told.values()), over)
            yield Contradiction(rule, certain, sides, (measure,), made)


def adds_up(measure: str) -> bool:
    """Whether parts of the measure by service or place may be added: services do, persons need not."""
    try:
        return measure == "services" or measure_of(measure).adds_across_services
    except (NoSuchMeasure, NoSuchRule, NotABandEdge):
        return False


def _answers(figures: Figures) -> Iterator[Contradiction]:
    """Offered is accepted, declined and undecided together."""
    for part, age in {(part, age) for measure, part, age in figures if measure == "support_offered"}:
        told = [_sides(figures.get((measure, part, age), ())) for measure in ANSWERS]
        known = [sides for sides in told if sides]
        if len(known) < 2 or any(len(sides) > 1 for sides in known):
            continue  # versions that differ are named as such
        intervals = [sides[0].interval for sides in known if sides[0].interval is not None]
        made = add(intervals)
        if len(known) < len(ANSWERS):
            made = Interval(made.low, None)
        for whole in _sides(figures["support_offered", part, age]):
            if whole.interval and not made.meets(whole.interval):
                named = tuple(m for m, sides in zip(ANSWERS, told, strict=True) if sides)
                sides = (*(each[0] for each in known), whole)
                yield Contradiction(Rule.ANSWERS, True, sides, (*named, "support_offered"), made)


def _nobody_charged(figures: Figures) -> Iterator[Contradiction]:
    """Charges against nobody. (Persons charged without charges are above the charges.)"""
    for (measure, part, age), said in figures.items():
        if measure != "charges":
            continue
        for laid in _sides(said):
            for nobody in _sides(figures.get(("persons_charged", part, age), ())):
                if laid.interval and nobody.interval and laid.interval.low > 0 and nobody.interval.high == 0:
                    yield Contradiction(Rule.NOBODY_CHARGED, True, (nobody, laid), ("persons_charged", "charges"))


# Places within places -------------------------------------------------------------------------------------------------


def _levels(places: dict[tuple[str, str], Figures]) -> Iterator[Contradiction]:
    """Every place against those that lie within it; each place is looked up by the names that it gives."""
    by_level: dict[str, list[Figures]] = {}
    named: dict[str, dict[tuple[str, str], Figures]] = {}
    for (level, place), figures in places.items():
        by_level.setdefault(level, []).append(figures)
        for larger in {name for said in figures.values() for one in said for name in one.places[1:]}:
            named.setdefault(larger, {})[level, place] = figures
    for (level, place), wider in places.items():
        if level not in WIDEST_FIRST:
            continue
        if len(by_level[level]) == 1 and level in WIDEST_FIRST[:2]:
            inside = [each for other, found in by_level.items() if _deeper(other, level) for each in found]
        else:
            inside = [each for (other, _), each in named.get(place, {}).items() if place and _deeper(other, level)]
        yield from _within(inside, wider)


def _within(inside: Sequence[Figures], wider: Figures) -> Iterator[Contradiction]:
    """Figures of places that lie within one, against its own."""
    for (measure, part, age), whole in wider.items():
        if part:
            continue
        below: list[Statement] = []
        for figures in inside:
            said = figures.get((measure, "", age), [])
            below += said
            yield from _above(Rule.LEVEL, said, whole, measure)
        yield from _below(below, whole, measure)


def _below(below: Sequence[Statement], whole: Sequence[Statement], measure: str) -> Iterator[Contradiction]:
    """Places of one level that together have more than the place that they lie in."""
    for level in WIDEST_FIRST:
        told = [one for one in below if one.level == level and one.interval is not None]
        yield from _sum_above(Rule.LEVELS, told, whole, measure, certain=adds_up(measure))


def _deeper(level: str, than: str) -> bool:
    return level in WIDEST_FIRST and WIDEST_FIRST.index(level) > WIDEST_FIRST.index(than)
