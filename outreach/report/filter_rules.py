"""Filters of figures and the addresses that ask for them: ``?service=12&day=2017-10-11&age=16_17&age=18``.

Here belong the names, which values exist, what a value becomes in a ``Filter``, and the way back. What a filter means
for figures is in ``rollup.filters``; words and fields are said elsewhere.

A name may stand several times: one of its values is enough. Several names must all hold. A value that does not exist is
left out and found, so that a page shows what remains and says so; a filter whose every value is nonsense is none.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from outreach.errors import N_, Finding
from outreach.rollup.filters import Filter
from outreach.vocab import AgeBand, PlaceKind

if TYPE_CHECKING:
    from outreach.storage.queries.filters import ServiceChoice, TeamChoice

NAMES = ("service", "region", "day", "team", "place", "age")
FINE = ("team", "place", "age")
"""Names of filters finer than service and day: for those who may see small numbers."""
NO_TEAM = "none"
"""In an address: contacts that were logged without a team."""
MOST = 100
"""Values of one name that an address may hold."""
EPOCH_DAY = dt.date(1970, 1, 1)
WORDS = ("before", "after", "undated")

NOT_THERE = N_("There is nothing called “%(text)s” here to filter by: it was left out.")
TOO_MANY = N_("More than %(most)s values were asked for: the rest was left out.")
TOO_FINE = N_("You may see figures by service and by day: this filter was left out.")


@dataclass(frozen=True)
class Choices:
    """What may be asked for. ``regions``: name → services; ``teams``: id → its service."""

    services: frozenset[int] = frozenset()
    regions: Mapping[str, frozenset[int]] = field(default_factory=dict)
    teams: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """What an address asks for. ``values``: name → the values that exist, in their order; ``only`` None: everything."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    only: Filter | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def fine(self) -> bool:
        """Whether it asks for more than service, region and day."""
        return any(self.values.get(name) for name in FINE)

    @property
    def link(self) -> dict[str, list[str]]:
        """What an address carries on, for ``url_for``."""
        return {name: list(values) for name, values in self.values.items() if values}


def choices(services: Iterable[ServiceChoice], teams: Iterable[TeamChoice]) -> Choices:
    """What figures of these services and teams may be filtered by."""
    known = list(services)
    regions: dict[str, set[int]] = {}
    for service in known:
        if service.region.strip():
            regions.setdefault(service.region.strip(), set()).add(service.id)
    return Choices(
        services=frozenset(service.id for service in known),
        regions={name: frozenset(ids) for name, ids in sorted(regions.items())},
        teams={team.id: team.service for team in teams},
    )


def read(lists: Mapping[str, Sequence[str]], found: Choices, *, fine: bool = True) -> Asked:
    """What the lists of values of an address ask for; ``fine``: whether the reader may see small numbers."""
    values: dict[str, tuple[str, ...]] = {}
    findings: list[Finding] = []
    for name in NAMES:
        asked = [text.strip() for text in lists.get(name, ()) if text.strip()]
        if asked and name in FINE and not fine:
            findings.append(Finding(name, TOO_FINE))
            continue
        if len(asked) > MOST:
            findings.append(Finding(name, TOO_MANY, {"most": MOST}))
        kept: list[str] = []
        for text in asked[:MOST]:
            if not _exists(name, text, found):
                findings.append(Finding(name, NOT_THERE, {"text": text[:40]}))
            elif _written(name, text) not in kept:
                kept.append(_written(name, text))
        if kept:
            values[name] = tuple(kept)
    return Asked(values, _filter(values, found), tuple(findings))


def _exists(name: str, text: str, found: Choices) -> bool:
    if name == "day":
        return text in WORDS or _day(text) is not None
    if name in ("service", "team"):
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
        return number in (found.services if name == "service" else found.teams) or (name, text) == ("team", NO_TEAM)
    listed: Mapping[str, Any] = {
        "region": found.regions,
        "place": dict.fromkeys(PlaceKind.values()),
        "age": dict.fromkeys(AgeBand.values()),
    }
    return text in listed[name]


def _written(name: str, text: str) -> str:
    """A value as an address writes it: numbers without leading zeros."""
    return str(int(text)) if name in ("service", "team") and text != NO_TEAM else text


def _day(text: str) -> int | None:
    try:
        day = (dt.date.fromisoformat(text) - EPOCH_DAY).days if len(text) == len("2017-10-18") else -1
    except ValueError:
        return None
    return day if day >= 0 else None


def _filter(values: Mapping[str, Sequence[str]], found: Choices) -> Filter | None:
    services: list[frozenset[int]] = []
    if "service" in values:
        services.append(frozenset(int(text) for text in values["service"]))
    if "region" in values:
        services.append(frozenset().union(*(found.regions[text] for text in values["region"])))
    teams = values.get("team")
    if teams and NO_TEAM not in teams:  # no other service can have met anybody with that team
        services.append(frozenset(found.teams[int(text)] for text in teams))
    only = Filter(
        services=frozenset.intersection(*services) if services else None,
        days=_set(text if text in WORDS else _day(text) for text in values["day"]) if "day" in values else None,
        teams=_set(-1 if text == NO_TEAM else int(text) for text in teams) if teams else None,
        place_kinds=_set(values["place"]) if "place" in values else None,
        ages=_set(values["age"]) if "age" in values else None,
    )
    return only or None


def _set(values: Iterable[Any]) -> frozenset[Any]:
    return frozenset(values)
