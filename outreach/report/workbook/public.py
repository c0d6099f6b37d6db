"""What a publication copy is made of: a locked version and what may be told of it, and how that is said.

Here belong the values and their words; what stands where is in ``publication``, where they come from in
``public_source``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from outreach.report.release_rules import Cell as Published
from outreach.rollup.measures import Measure, counted_by
from outreach.rollup.protection import Key, Told
from outreach.rollup.totals import Coverage

from .book import SYMBOL_NOT_APPLICABLE, SYMBOL_NOT_RECEIVED, SYMBOL_WITHHELD, Cell
from .leaving import BY_DAY, BY_SERVICE
from .source import as_of_words, coverage_words, status_words

OUTSIDE = ("before", "after", "undated")
Row = list[Any]


@dataclass(frozen=True)
class Public:
    """A locked version and what may be told of it. ``rows``: figures as they are kept (``set_rules.COLUMNS``).

    ``services``: names by id; ``signed``: service → state and version of its signature. ``previous``: what was
    published of the edition before, by measure, with the rule it was counted by.
    """

    code: str
    name: str
    zone: str
    sample: bool
    version: int
    final: bool
    as_of: dt.datetime
    covers: Coverage
    rows: Mapping[Key, Row]
    told: Told
    services: Mapping[int, str]
    signed: Mapping[int, Mapping[str, Any]]
    definitions: Mapping[str, Mapping[str, Any]]
    previous: Mapping[str, tuple[Published, Mapping[str, Any]]]

    # Words --------------------------------------------------------------------------------------------------------

    @cached_property
    def local_time(self) -> dt.datetime:
        return self.as_of.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None)

    def status_words(self) -> str:
        words = _("Figures version %(version)s, publication copy", version=self.version)
        return f"{status_words(self.final, self.sample)}. {words}"

    def as_of_words(self) -> str:
        return as_of_words(self.local_time, self.zone)

    def coverage_words(self) -> str:
        return coverage_words(self.covers)

    # Numbers ------------------------------------------------------------------------------------------------------

    def measure(self, code: str) -> Measure:
        """The measure as it was counted then."""
        variant = self.definitions.get(code, {}).get("variant", "")
        return counted_by(code, {code: variant} if variant else {})

    def hidden(self, *key: Any) -> bool:
        return key in self.told.hidden

    def shown(self, code: str, service: int | None = None, day: str | None = None) -> int | None:
        """The number where it is known and may be told: one that nobody weighed when the copy first left is not."""
        key = (code, service, day)
        return None if key in self.told.hidden else self.told.true.get(key)

    def cell(self, code: str, service: int | None = None, day: str | None = None) -> Cell:
        """The number, or the symbol for what is missing."""
        if self.hidden(code, service, day):
            return SYMBOL_WITHHELD
        number = self.shown(code, service, day)
        if number is not None:
            return number
        row = self.rows.get((code, service, day))
        if row is not None and isinstance(row[3], int):
            return SYMBOL_NOT_APPLICABLE  # known, and not part of the copy that left first
        owed = row[7] != 0 if row is not None else service in self.signed
        return SYMBOL_NOT_RECEIVED if owed else SYMBOL_NOT_APPLICABLE

    @cached_property
    def days(self) -> list[str]:
        """Days with a row, none left out between the first and the last; then what lies outside the window, if any."""
        found = {day for code, service, day in self.rows if day is not None and service is None and code in BY_DAY}
        dates = sorted(dt.date.fromisoformat(day) for day in found if day not in OUTSIDE)
        span = range((dates[-1] - dates[0]).days + 1) if dates else range(0)
        every = [(dates[0] + dt.timedelta(days=number)).isoformat() for number in span]
        return [*every, *(day for day in OUTSIDE if self._anything(day))]

    def _anything(self, day: str) -> bool:
        return any(self.hidden(code, None, day) or self.shown(code, None, day) for code in BY_DAY)

    @cached_property
    def listed(self) -> list[int]:
        """Services with figures or a signature: those with the most persons shown first, then by name."""
        found = {
            service for code, service, day in self.rows if service is not None and day is None and code in BY_SERVICE
        }
        met = {service: self.shown("persons_met", service) for service in found | set(self.signed)}
        return sorted(met, key=lambda one: (met[one] is None, -(met[one] or 0), self.service(one).casefold()))

    def service(self, service: int) -> str:
        return self.services.get(service, str(service))

    def adds_by_day(self, measure: Measure) -> bool:
        """Whether the days that are shown add up to the whole: none withheld, none of them a range."""
        days = [(row, key) for key, row in self.rows.items() if key[0] == measure.code and key[1] is None]
        return all(not self.hidden(*key) and (len(row) < 11 or row[10] is None) for row, key in days)
