"""Figures of the room in the reader's words: labels, numbers, bounds, what of a locked version is said everywhere.

Here belongs how a figure is said. What it amounts to is decided in ``rollup``, what differs in ``set_rules``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from babel.dates import format_date
from flask_babel import format_decimal, format_percent, get_locale, gettext, ngettext, pgettext

from outreach.errors import N_
from outreach.rollup import counting
from outreach.rollup.measures import NoSuchMeasure
from outreach.rollup.measures import measure as measure_of
from outreach.rollup.offences import TOLD, WRITTEN, base_of, offence_of
from outreach.rollup.totals import Figure
from outreach.vocab import Bound

from . import set_rules as rules

EPOCH = dt.date(1970, 1, 1)


def label(code: str, definitions: Mapping[str, Any] | None = None) -> str:
    """What a measure is called, in a version: as it was called then; of one offence with the name of the offence."""
    offence = offence_of(code)
    if offence is not None:
        return f"{label(base_of(code), definitions)}, {offence_title(offence, definitions)}"
    found = (definitions or {}).get(code)
    if found is not None:
        text, params = str(found["label"]), found.get("params") or {}
        return _by(code, found, gettext(text, **params) if params else gettext(text))
    try:
        measure = measure_of(code)
    except NoSuchMeasure:
        return code
    return gettext(measure.label, **measure.params) if measure.params else gettext(measure.label)


def offence_title(offence: str, definitions: Mapping[str, Any] | None = None) -> str:
    """``279.01 Trafficking in persons``; of what nobody gave an offence, that it is so."""
    named = {WRITTEN: N_("Other offences, written by hand"), TOLD: N_("Told without an offence")}
    if offence in named:
        return gettext(named[offence])
    found = (definitions or {}).get(f"{rules.OFFENCE}{offence}")
    if found is None:
        return offence
    return f"{found['section']} {found['fr' if str(get_locale()).startswith('fr') else 'en']}"


def _by(code: str, definition: Mapping[str, Any], name: str) -> str:
    """The name with its counting rule, where that was not the standard one."""
    chosen = counting.rule(code.partition(":")[0], str(definition.get("variant", "")))
    if chosen is None or chosen.standard:
        return name
    by, version = gettext(chosen.label), definition["version"]
    return gettext("%(measure)s (%(rule)s, version %(version)s)", measure=name, rule=by, version=version)


def rule(definition: Mapping[str, Any]) -> str:
    """By which rule a figure of a version was counted, as the rule stood then."""
    text, params = str(definition["rule"]), definition.get("params") or {}
    return gettext(text, **params) if params else gettext(text)


def number(value: int | float | None, code: str = "") -> str:
    """A value as it is read: never a zero for what is not known."""
    if value is None:
        return pgettext("figure", "not known")
    if code and _hours(code):
        return gettext("%(hours)s h", hours=format_decimal(value))
    return str(format_percent(value) if isinstance(value, float) else format_decimal(value))


def _hours(code: str) -> bool:
    try:
        return bool(measure_of(code).middle)
    except NoSuchMeasure:
        return False


def said(one: rules.Said, code: str = "") -> str:
    """A figure with its bound: ``at least 13``, ``11 (partial, 5 of 46 services)``, ``11 to 13``, ``not known``."""
    text = number(one.value, code)
    if one.value is None:
        return text
    if one.value < 0:
        return not_adding_up(text)
    if one.least is not None and one.least != one.value:
        return gettext("%(least)s to %(most)s", least=number(one.least, code), most=text)
    if one.bound == Bound.AT_LEAST:
        return gettext("at least %(number)s", number=text)
    if one.bound == Bound.AT_MOST:
        return gettext("at most %(number)s", number=text)
    if one.bound == Bound.PARTIAL:
        return gettext("%(number)s (%(words)s)", number=text, words=_partial(one.reported, one.expected))
    return text


def short(one: rules.Said) -> str:
    """A figure with its bound where there is little room: ``11 (5/46)`` for a partial one, ``–`` for an unknown one."""
    if one.value is None:
        return "–"
    if one.value < 0 or one.bound != Bound.PARTIAL or one.expected in (None, one.reported):
        return said(one)
    return f"{number(one.value)} ({one.reported}/{one.expected})"


def not_adding_up(text: str) -> str:
    """What is said of less than nothing, which is no number of anything."""
    return gettext("does not add up: %(number)s", number=text.replace("-", "−"))


def _partial(reported: int, expected: int | None) -> str:
    if expected is None or reported == expected:
        return pgettext("figure", "partial")
    return gettext("partial, %(reported)s of %(expected)s services", reported=reported, expected=expected)


def of(figure: Figure) -> rules.Said:
    """A figure of now as a version would say it."""
    return rules.said_of(rules.row_of(figure))[1]


def day(text: str | None) -> str:
    """A day of a version's row."""
    rows = {
        "before": gettext("Before the window"),
        "after": gettext("After the window"),
        "undated": gettext("Without a day"),
    }
    return rows.get(text or "", text or "")


def short_days(days: Iterable[int], most: int = 3) -> str:
    """``Sat 14, Sun 15``; after ``most`` of them, how many more."""
    found = list(days)
    said = [str(format_date(EPOCH + dt.timedelta(days=one), "EEE d", locale=get_locale())) for one in found[:most]]
    if len(found) > most:
        more = len(found) - most
        said.append(ngettext("%(num)s more day", "%(num)s more days", more))
    return ", ".join(said)


def kind(code: str) -> str:
    """``Signed``, ``Provisional``."""
    return gettext(rules.KINDS[code])


def signed(found: Any) -> str:
    """``44 of 46 signed``: said wherever a version is shown."""
    return gettext(
        "%(signed)s of %(services)s signed", signed=rules.count_signed(found.signed), services=len(found.signed)
    )


def covered(reported: int, expected: int | None) -> str:
    """``44 of 46 services in``; says so when nobody knows who takes part."""
    if expected is None:
        return gettext("services not known")
    if expected == 1:
        return ngettext("%(reported)s of 1 service in", "%(reported)s of 1 service in", reported, reported=reported)
    return ngettext(
        "%(reported)s of %(expected)s services in",
        "%(reported)s of %(expected)s services in",
        reported,
        reported=reported,
        expected=expected,
    )
