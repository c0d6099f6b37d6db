"""The question of the dashboard: which figures. A select for each filter; all stand in the address."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext, pgettext

from outreach.vocab import AgeBand, PlaceKind

from . import rules, words
from .filter_rules import NO_TEAM, Asked, Choices


@dataclass(frozen=True)
class Field:
    """One select: ``options`` are (value, words, whether chosen); ``more``: further values of the address, kept."""

    name: str
    label: str
    options: tuple[tuple[str, str, bool], ...]
    more: tuple[str, ...] = ()


def fields(
    asked: Asked, found: Choices, services: Iterable[Any], teams: Iterable[Any], days: Iterable[int], fine: bool
) -> list[Field]:
    """The fields that the reader has; one without anything to choose from is left out."""
    labels = {service.id: service.label for service in services}
    if not labels:
        return []
    listed: dict[str, tuple[str, list[tuple[str, str]]]] = {
        "service": (gettext("Service"), [(str(number), label) for number, label in labels.items()]),
        "region": (gettext("Region"), [(name, name) for name in found.regions]),
        "day": (gettext("Day"), [(rules.day_text(day), words.short_day(day)) for day in days]),
    }
    if fine:
        named = [(str(team.id), f"{team.name} ({labels.get(team.service, '')})") for team in teams]
        none = [(NO_TEAM, gettext("Without a team"))] if named else []
        listed["team"] = (gettext("Team"), named + none)
        listed["place"] = (gettext("Kind of place"), [(kind.value, gettext(kind.label)) for kind in PlaceKind])
        listed["age"] = (gettext("Age"), [(band.value, gettext(band.label)) for band in AgeBand])
    return [_field(name, label, options, asked) for name, (label, options) in listed.items() if len(options) > 1]


def _field(name: str, label: str, options: list[tuple[str, str]], asked: Asked) -> Field:
    chosen = asked.values.get(name, ())
    first = chosen[0] if chosen else ""
    every = [("", pgettext("filter", "All"), not first)]
    if first and first not in {value for value, _ in options}:
        options = [*options, (first, first)]
    return Field(name, label, (*every, *((value, said, value == first) for value, said in options)), chosen[1:])
