"""How a release says a figure, a measure, a day or a moment in one language, without a request."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, get_timezone_name
from babel.numbers import format_decimal

from outreach.errors import N_
from outreach.returns.set_rules import OFFENCE, SIGNED, count_signed
from outreach.rollup.measures import NoSuchMeasure
from outreach.rollup.measures import measure as measure_of
from outreach.rollup.offences import TOLD, WRITTEN, base_of, offence_of
from outreach.vocab import Bound

from . import release_rules as rules
from .release_rules import Cell
from .release_words import catalogue


class Words:
    """How a release says things in one language."""

    def __init__(self, language: str) -> None:
        self.language, self.t = language, catalogue(language)

    def text(self, message: str, **params: Any) -> str:
        said = self.t.gettext(message)
        return said % params if params else said

    def number(self, value: float | int) -> str:
        return str(format_decimal(value, locale=self.language))

    def label(self, code: str, definitions: Mapping[str, Any]) -> str:
        """What a measure was called when its figures were locked; of one offence with the name of the offence."""
        offence = offence_of(code)
        if offence is not None:
            return f"{self.label(base_of(code), definitions)}, {self.offence(offence, definitions)}"
        found = definitions.get(code)
        if found is not None:
            return self.text(str(found["label"]), **(found.get("params") or {}))
        try:
            measure = measure_of(code)
        except NoSuchMeasure:
            return code
        return self.text(measure.label, **measure.params)

    def offence(self, offence: str, definitions: Mapping[str, Any]) -> str:
        """``279.01 Trafficking in persons``, as it was called when the figures were locked."""
        named = {WRITTEN: N_("Other offences, written by hand"), TOLD: N_("Told without an offence")}
        if offence in named:
            return self.text(named[offence])
        found = definitions.get(f"{OFFENCE}{offence}")
        return offence if found is None else f"{found['section']} {found[self.language]}"

    def said(self, cell: Cell) -> str:
        """A figure with its bound, in words."""
        t = self.t
        if cell.withheld:
            return t.gettext("withheld")
        if cell.number is None:
            return t.pgettext("figure", "not known")
        text = self.number(cell.number)
        if cell.least and cell.least != cell.number:
            return t.gettext("%(least)s to %(most)s") % {"least": self.number(cell.least), "most": text}
        if cell.bound == Bound.AT_LEAST:
            return t.gettext("at least %(number)s") % {"number": text}
        if cell.bound == Bound.AT_MOST or cell.least == 0 != cell.number:
            return t.gettext("at most %(number)s") % {"number": text}
        return text

    def note(self, cell: Cell) -> str:
        """How sure a figure is."""
        t = self.t
        if cell.withheld or cell.number is None:
            return ""
        if cell.bound == Bound.PARTIAL:
            return self.partial(cell)
        if cell.bound == Bound.AT_MOST and cell.least is not None:
            return t.gettext("overlap not known")
        return ""

    def partial(self, cell: Cell) -> str:
        """How a figure is partial: in how many services told it; where all did, that it is."""
        if cell.expected == cell.reported:
            return str(self.t.pgettext("figure", "partial"))
        return self.covered(cell.reported, cell.expected)

    def covered(self, reported: int, expected: int | None) -> str:
        t = self.t
        if expected is None:
            return t.gettext("services not known")
        said = t.ngettext(
            "%(reported)s of %(expected)s services in", "%(reported)s of %(expected)s services in", reported
        )
        if expected == 1:
            said = t.ngettext("%(reported)s of 1 service in", "%(reported)s of 1 service in", reported)
        return said % {"reported": reported, "expected": expected}

    def day(self, text: str | None) -> str:
        """A day of a row: as a date, or where it lies."""
        t = self.t
        named = {
            "before": t.gettext("Before the window"),
            "after": t.gettext("After the window"),
            "undated": t.gettext("Without a day"),
        }
        return named.get(text or "", text or "")

    def long_day(self, day: dt.date) -> str:
        first = self.t.pgettext("day of a month", "1")
        number = first if day.day == 1 else str(day.day)
        return f"{number} {format_date(day, 'MMMM y', locale=self.language)}"

    def span(self, first: dt.date | None, last: dt.date | None) -> str:
        t = self.t
        if first is None or last is None:
            return t.gettext("Window not known")
        if first == last:
            return self.long_day(first)
        begins = self.long_day(first)
        if (first.year, first.month) == (last.year, last.month):
            begins = begins.partition(" ")[0]
        return t.gettext("%(first)s to %(last)s") % {"first": begins, "last": self.long_day(last)}

    def moment(self, at: dt.datetime, zone: ZoneInfo) -> str:
        """``2017-10-18 21:42 EDT``, in French ``HAE``, so that nobody has to guess whose hour it is."""
        local = at.astimezone(zone)
        french = self.language == "fr"
        name = get_timezone_name(local, width="short", locale="fr_CA") if french else local.strftime("%Z")
        return f"{local:%Y-%m-%d %H:%M} {name}"

    def status(self, found: Any) -> str:
        if found.kind == SIGNED:
            return self.text(N_("Signed"))
        signed = self.text(
            N_("%(signed)s of %(services)s signed"), signed=count_signed(found.signed), services=len(found.signed)
        )
        return f"{self.text('Provisional')}, {signed}"

    def withheld(self, policy: Mapping[str, Any], cells: Sequence[Cell]) -> str:
        """The rule in one sentence; '' where nothing is withheld."""
        if not any(cell.withheld for cell in cells):
            return ""
        most = rules.policy_of(policy).least - 1
        if rules.policy_of(policy).zeros:
            return self.text(
                N_("Numbers up to %(most)s are withheld, and others where they would give such a number away."),
                most=most,
            )
        return self.text(
            N_("Numbers from 1 to %(most)s are withheld, and others where they would give such a number away."),
            most=most,
        )
