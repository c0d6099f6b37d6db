"""The sentences of the page: figures said in English and French, with what is not known left out and never guessed.

Plain functions on plain values; the words come from the catalogues, so that they need no request. A number that is a
bound or a range says so; a known zero is said as what did not happen.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache

from babel.dates import format_date
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations

from outreach import assets
from outreach.vocab import Bound


@dataclass(frozen=True)
class Number:
    """A figure as a sentence needs it. ``value`` None: not known. ``least``: where a range up to ``value`` begins.

    ``told``: of a partial figure, services that told it, out of how many; None where that is not known.
    """

    value: int | None = None
    bound: Bound = Bound.EXACT
    least: int | None = None
    told: tuple[int, int] | None = None

    @property
    def known(self) -> bool:
        """Whether there is anything to say: less than nothing, and “at least 0”, are nothing."""
        if self.value is None or self.value < 0:
            return False
        return self.value > 0 or self.bound is not Bound.AT_LEAST

    @property
    def count(self) -> int:
        """What the grammar goes by."""
        return self.value or 0

    @property
    def one(self) -> bool:
        """Whether it is one and nothing else."""
        return self.value == 1 and self.bound is not Bound.AT_LEAST and not self.most

    @property
    def ranged(self) -> bool:
        return self.bound in (Bound.AT_MOST, Bound.PARTIAL) and 0 < (self.least or 0) < self.count

    @property
    def most(self) -> bool:
        """Whether the value is an upper end; of a partial figure only where somebody may have been counted twice."""
        if self.bound is Bound.PARTIAL:
            return self.least is not None and self.least != self.value
        return self.bound is Bound.AT_MOST and self.least != self.value


UNKNOWN = Number()


@dataclass(frozen=True)
class Facts:
    """What the sentences are made of. ``open``: the window has begun and has not ended. ``missing``: services that have
    not reported, None where nobody knows; ``told``: services in, of those that owe anything.

    A figure that fewer services told than that says how many did, so that nobody takes it for one of all.
    """

    first: dt.date | None = None
    last: dt.date | None = None
    open: bool = False
    services: Number = UNKNOWN
    met: Number = UNKNOWN
    offered: Number = UNKNOWN
    accepted: Number = UNKNOWN
    made_safe: Number = UNKNOWN
    charged: Number = UNKNOWN
    charges: Number = UNKNOWN
    missing: int | None = None
    told: tuple[int, int] | None = None


def sentences(facts: Facts, language: str) -> tuple[str, ...]:
    """What is known, in whole sentences: who met whom, support, made safe, charges, who is still to come."""
    words = _Words(language)
    charged = [(facts.charged, words.charged(facts.charged)), (facts.charges, _charges(words, facts))]
    parts = [
        *_met(words, facts),
        *_told(words, facts, _offers(words, facts)),
        *_told(words, facts, [(facts.made_safe, words.made_safe(facts.made_safe))]),
        *_told(words, facts, charged),
        words.missing(facts.missing or 0),
    ]
    return tuple(_sentence(part) for part in parts if part)


def text(facts: Facts, language: str) -> str:
    """The sentences as one paragraph."""
    return " ".join(sentences(facts, language))


def window(first: dt.date | None, last: dt.date | None, language: str, *, open_: bool = False) -> str:
    """``From 10 to 16 October 2017`` / ``Du 10 au 16 octobre 2017``; '' where no end of it is known."""
    t = catalogue(language)
    if first is None:
        return t.gettext("Until %(last)s") % {"last": _day(last, language)} if last and not open_ else ""
    if open_ or last is None:
        return t.gettext("Since %(first)s") % {"first": _day(first, language)}
    if first == last:
        return t.gettext("On %(day)s") % {"day": _day(first, language)}
    shape = "d MMMM y" if first.year != last.year else "d MMMM" if first.month != last.month else "d"
    return t.gettext("From %(first)s to %(last)s") % {
        "first": _day(first, language, shape),
        "last": _day(last, language),
    }


@lru_cache(maxsize=4)
def catalogue(language: str) -> NullTranslations:
    """The messages of a language; English where there are none."""
    return Translations.load(str(assets.translations()), [language])


def _day(day: dt.date | None, language: str, shape: str = "d MMMM y") -> str:
    """French counts the first of a month: ``1er``."""
    if day is None:
        return ""
    said = str(format_date(day, shape, locale=language))
    return said.replace("1", "1er", 1) if language == "fr" and day.day == 1 else said


def _sentence(said: str) -> str:
    return f"{said[0].upper()}{said[1:]}."


# Clauses --------------------------------------------------------------------------------------------------------------


def _told(words: _Words, facts: Facts, clauses: list[tuple[Number, str]]) -> list[str]:
    """The clauses as one sentence, or each as its own where different services told them."""
    known = [(words.by_whom(number, facts.told), said) for number, said in clauses if said]
    if len({by for by, _ in known}) > 1:
        return [words.when(by, said) if by else said for by, said in known]
    whole = "; ".join(said for _, said in known)
    return [words.when(known[0][0], whole) if known and known[0][0] else whole]


def _met(words: _Words, facts: Facts) -> list[str]:
    when = window(facts.first, facts.last, words.language, open_=facts.open)
    apart = words.by_whom(facts.met, facts.told) if facts.met.known else ""
    if facts.services.known and facts.met.known and not apart:
        said = [words.services_met(facts.services, facts.met)]
    else:
        met = words.met(facts.met) if facts.met.known else ""
        said = [words.services(facts.services) if facts.services.known else "",
                words.when(apart, met) if apart else met]  # fmt: skip
    said = [part for part in said if part]
    return [words.when(when, said[0]) if when else said[0], *said[1:]] if said else []


def _offers(words: _Words, facts: Facts) -> list[tuple[Number, str]]:
    """Offered and accepted; of those met where their number was said before."""
    offered, accepted = facts.offered, facts.accepted
    if not offered.known:
        return [(accepted, words.accepted_alone(accepted))] if accepted.known else []
    together = words.by_whom(offered, facts.told) == words.by_whom(accepted, facts.told)
    if facts.met.one and offered.one and together and not (accepted.known and accepted.count > 1):
        return [(offered, said) for said in words.offered_to_that_one(accepted)]
    among = facts.met.known and facts.met.count > 1
    said = [(offered, words.offered(offered, among=among))]
    if accepted.known and (offered.count or accepted.count):
        said.append((accepted, words.accepted(accepted) if together else words.accepted_alone(accepted)))
    return said


def _charges(words: _Words, facts: Facts) -> str:
    """Charges; after “nobody was charged” there is nothing more to say of none."""
    return "" if facts.charged.known and not facts.charges.count else words.charges(facts.charges)


class _Words:
    """The clauses in one language."""

    def __init__(self, language: str) -> None:
        self.language, self.t = language, catalogue(language)

    # How many

    def _number(self, value: int) -> str:
        return str(format_decimal(value, locale=self.language))

    def _bounded(self, said: str, number: Number) -> str:
        if number.bound is Bound.AT_LEAST:
            return self.t.gettext("at least %(what)s") % {"what": said}
        if number.most:
            return self.t.gettext("at most %(what)s") % {"what": said}
        return said

    def _range(self, number: Number) -> dict[str, str]:
        return {"least": self._number(number.least or 0), "most": self._number(number.count)}

    def _persons(self, number: Number) -> str:
        """``198 persons``, ``one person``, ``at least 12 persons``, ``between 11 and 13 persons``."""
        if number.ranged:
            return self.t.gettext("between %(least)s and %(most)s persons") % self._range(number)
        if number.count == 1:
            return self._bounded(self.t.gettext("one person"), number)
        said = self.t.gettext("%(num)s persons") % {"num": self._number(number.count)}
        return self._bounded(said, number)

    def _bare(self, number: Number) -> str:
        """``176``, ``one``, ``at least 12``, ``between 11 and 13``: of persons named before."""
        if number.ranged:
            return self.t.gettext("between %(least)s and %(most)s") % self._range(number)
        said = str(self.t.pgettext("person", "one")) if number.count == 1 else self._number(number.count)
        return self._bounded(said, number)

    def _services(self, number: Number) -> str:
        if number.count == 1:
            return self._bounded(self.t.gettext("one service"), number)
        return self._bounded(self.t.gettext("%(num)s services") % {"num": self._number(number.count)}, number)

    # What happened

    def by_whom(self, number: Number, told: tuple[int, int] | None) -> str:
        """``in 5 of 46 services`` of a partial figure, where the last sentence does not say as much."""
        if number.bound is not Bound.PARTIAL:
            return ""
        if number.told is None or number.told[0] >= number.told[1]:
            return self.t.gettext("by what is known so far")
        if number.told == told:
            return ""
        said = self.t.ngettext("in %(part)s of %(whole)s services", "in %(part)s of %(whole)s services", number.told[0])
        return said % {"part": self._number(number.told[0]), "whole": self._number(number.told[1])}

    def when(self, when: str, what: str) -> str:
        return self.t.gettext("%(when)s, %(what)s") % {"when": when, "what": what}

    def services(self, services: Number) -> str:
        if not services.count:
            return self.t.gettext("no service took part")
        said = self.t.ngettext("%(services)s took part", "%(services)s took part", services.count)
        return said % {"services": self._services(services)}

    def services_met(self, services: Number, met: Number) -> str:
        if not services.count:
            return f"{self.services(services)}; {self.met(met)}"
        if not met.count:
            said = self.t.ngettext(
                "%(services)s took part and met nobody", "%(services)s took part and met nobody", services.count
            )
            return said % {"services": self._services(services)}
        said = self.t.ngettext(
            "%(services)s took part and met %(persons)s", "%(services)s took part and met %(persons)s", services.count
        )
        return said % {"services": self._services(services), "persons": self._persons(met)}

    def met(self, met: Number) -> str:
        if not met.count:
            return self.t.gettext("nobody was met")
        said = self.t.ngettext("%(persons)s was met", "%(persons)s were met", met.count)
        return said % {"persons": self._persons(met)}

    def offered(self, offered: Number, *, among: bool) -> str:
        """``among``: of those met, who have just been named."""
        if not offered.count:
            return self.t.gettext("nobody was offered support")
        if offered.ranged:
            some = self.t.gettext("between %(least)s and %(most)s were offered support")
            persons = self.t.gettext("between %(least)s and %(most)s persons were offered support")
            return (some if among else persons) % self._range(offered)
        if not among:
            said = self.t.ngettext("%(persons)s was offered support", "%(persons)s were offered support", offered.count)
            return said % {"persons": self._persons(offered)}
        if offered.one:
            return self.t.gettext("one of them was offered support")
        if offered.count == 1:
            return self.t.gettext("%(one)s was offered support") % {"one": self._bare(offered)}
        return self.t.gettext("%(num)s were offered support") % {"num": self._bare(offered)}

    def offered_to_that_one(self, accepted: Number) -> list[str]:
        """The only person met was offered support."""
        said = [self.t.gettext("that person was offered support")]
        if accepted.known:
            yes, no = self.t.gettext("the person accepted it"), self.t.gettext("the person did not accept it")
            said.append(yes if accepted.count else no)
        return said

    def accepted(self, accepted: Number) -> str:
        if not accepted.count:
            return self.t.gettext("nobody accepted it")
        said = self.t.ngettext("%(num)s accepted it", "%(num)s accepted it", accepted.count)
        return said % {"num": self._bare(accepted)}

    def accepted_alone(self, accepted: Number) -> str:
        if not accepted.count:
            return self.t.gettext("nobody accepted support")
        said = self.t.ngettext("%(persons)s accepted support", "%(persons)s accepted support", accepted.count)
        return said % {"persons": self._persons(accepted)}

    def made_safe(self, safe: Number) -> str:
        if not safe.known:
            return ""
        if not safe.count:
            return self.t.gettext("nobody was made safe")
        said = self.t.ngettext("%(persons)s was made safe", "%(persons)s were made safe", safe.count)
        return said % {"persons": self._persons(safe)}

    def charged(self, charged: Number) -> str:
        if not charged.known:
            return ""
        if not charged.count:
            return self.t.gettext("nobody was charged")
        said = self.t.ngettext("%(persons)s was charged", "%(persons)s were charged", charged.count)
        return said % {"persons": self._persons(charged)}

    def charges(self, charges: Number) -> str:
        if not charges.known:
            return ""
        if not charges.count:
            return self.t.gettext("no charge was laid")
        if charges.ranged:
            return self.t.gettext("between %(least)s and %(most)s charges were laid") % self._range(charges)
        if charges.count == 1:
            return self.t.gettext("%(one)s was laid") % {
                "one": self._bounded(str(self.t.pgettext("charge", "one charge")), charges)
            }
        bare = self._bounded(self._number(charges.count), charges)
        return self.t.gettext("%(num)s charges were laid") % {"num": bare}

    def missing(self, missing: int) -> str:
        if missing <= 0:
            return ""
        said = self.t.ngettext(
            "figures of one service are still to come", "figures of %(num)s services are still to come", missing
        )
        return said % {"num": self._number(missing)}
