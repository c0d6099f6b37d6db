"""Plain rules of locked figures: what a version holds, its hash, and how two of them differ. Nothing is added up here.

A version is one document of text, whole numbers, ratios and null. Its hash is the SHA-256 of that document as JSON with
sorted keys, no spaces and no escaped letters, in UTF-8: anybody can work it out again from the download, by any
program. Why somebody locked is not in it: a reason is free text, sealed, and may be erased before the figures are.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from outreach.errors import N_
from outreach.rollup.days import Day
from outreach.rollup.measures import CATALOGUE, DERIVED, ENGAGED_AT, FOLLOWED, HOURS_TO_RECEIPT, Measure
from outreach.rollup.offences import offence_of, offences_in
from outreach.rollup.totals import Coverage, Figure
from outreach.vocab import Bound, OperationStatus

FORMAT = "outreach-figures-1"
SIGNED, PROVISIONAL = "signed", "provisional"
KINDS = {SIGNED: N_("Signed"), PROVISIONAL: N_("Provisional")}

COLUMNS = ("measure", "service", "day", "value", "bound", "basis", "reported", "expected", "part", "whole", "least")
"""What stands at each place of a row of ``figures``: ``service`` an id or null (all), ``day`` a date, ``before``,
``after``, ``undated`` or null (the window); ``value`` null is not known; ``part`` and ``whole`` are those of a ratio;
``least`` is where a range begins. Charges and persons charged of one offence are measures of their own
(``rollup.offences``), in all alone; a version that was locked before they were kept has none."""
OFFENCE = "@"
"""Before the code of an offence, where ``definitions`` hold its section and its titles of then."""
SPLITS: tuple[tuple[str, ...], ...] = ((), ("service",), ("day",), ("service", "day"))

FOLLOWED_CODES = frozenset({*FOLLOWED, HOURS_TO_RECEIPT.code, *(measure.code for measure in ENGAGED_AT)})
"""What became of referrals: shown to those alone who may see small numbers of it."""

TAKING = (OperationStatus.ACTIVE, OperationStatus.REPORTING, OperationStatus.CLOSED)
"""States in which figures can be locked: there may be something, and it may still be corrected."""

_EPOCH = dt.date(1970, 1, 1)
Row = list[Any]
Key = tuple[str, int | None, str | None]
"""Measure, service, day: what a row is about."""


def day_of(day: Day) -> str:
    """A day number as a date; *before*, *after* and *undated* stay words."""
    return day if isinstance(day, str) else (_EPOCH + dt.timedelta(days=day)).isoformat()


def row_of(figure: Figure) -> Row:
    """One figure as it is kept."""
    service, day = figure.key.get("service"), figure.key.get("day")
    return [
        figure.measure,
        None if service is None else int(service),
        None if day is None else day_of(day),
        figure.value,
        figure.bound.value,
        figure.basis.value if figure.basis else None,
        figure.coverage.reported,
        figure.coverage.expected,
        figure.numerator,
        figure.denominator,
        getattr(figure, "least", None),
    ]


def rows_of(splits: Iterable[Iterable[Figure]]) -> list[Row]:
    """Figures as they are kept: everything in all; by service and day what is known, for a missing row is not known."""
    out: list[Row] = []
    for number, figures in enumerate(splits):
        out += [row_of(figure) for figure in figures if not number or figure.value is not None]
    return out


def definitions_of(measures: Iterable[Measure] = (*CATALOGUE, *DERIVED)) -> dict[str, dict[str, Any]]:
    """What each figure means and by which rule it was counted, in the words of then."""
    return {
        measure.code: {
            "label": measure.label,
            "definition": measure.definition,
            "rule": measure.rule,
            "version": measure.version,
            "variant": measure.variant,
            "params": dict(measure.params),
        }
        for measure in measures
    }


def offences_of(figures: Iterable[Row], titles: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """``@279.01`` → section and title in both languages, in the words of then, of every offence in the figures.

    ``titles``: code of an offence → ``section``, ``en``, ``fr``.
    """
    found = offences_in(row[0] for row in figures)
    return {f"{OFFENCE}{code}": dict(titles[code]) for code in found if code in titles}


def offences_named(definitions: Mapping[str, Any]) -> dict[str, Any]:
    """The offences that a version names."""
    return {code: one for code, one in definitions.items() if code.startswith(OFFENCE)}


def signed_of(standings: Iterable[Any]) -> dict[str, dict[str, Any]]:
    """Participation → the last signature of its service (``storage.queries.sign_offs.Standing``)."""
    return {
        str(one.participation_id): {
            "service": one.service_id,
            "name": one.service,
            "version": one.version,
            "hash": one.hash,
            "state": str(one.state),
        }
        for one in standings
    }


def count_signed(signed: Mapping[str, Mapping[str, Any]]) -> int:
    """How many of the services' signatures stood."""
    return sum(one["state"] == SIGNED for one in signed.values())


def complete(signed: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether every service that owes figures has signed them, with nothing missing."""
    return bool(signed) and count_signed(signed) == len(signed)


def instant(at: dt.datetime) -> str:
    """A moment as it stands in a document: UTC to the microsecond."""
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def document(
    *,
    uid: str,
    version: int,
    kind: str,
    as_of: dt.datetime,
    coverage: Coverage,
    named: Mapping[str, Any],
    definitions: Mapping[str, Any],
    signed: Mapping[str, Any],
    figures: Sequence[Row],
) -> dict[str, Any]:
    """Everything that the hash is of."""
    return {
        "format": FORMAT,
        "set": uid,
        "version": version,
        "kind": kind,
        "as_of": instant(as_of),
        "reported": coverage.reported,
        "expected": coverage.expected,
        "operation": dict(named),
        "definitions": dict(definitions),
        "signed": dict(signed),
        "columns": list(COLUMNS),
        "figures": list(figures),
    }


def canonical(content: Mapping[str, Any]) -> bytes:
    """The one way to write a document down."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def hash_of(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical(content)).hexdigest()


# --- what differs between two -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """What one side says of a figure. ``value`` None: not known."""

    value: int | float | None = None
    bound: str = Bound.UNKNOWN.value
    reported: int = 0
    expected: int | None = None
    least: int | None = None

    @property
    def known(self) -> bool:
        return self.value is not None


UNKNOWN = Said()
CHANGED, APPEARED, GONE, TRUST, SAME, NOT_KNOWN = "changed", "appeared", "gone", "trust", "same", "not_known"
STATES = {
    CHANGED: N_("Changed"),
    APPEARED: N_("New"),
    GONE: N_("Not known any more"),
    TRUST: N_("Same number, known differently"),
    SAME: N_("Same"),
    NOT_KNOWN: N_("Not known"),
}
"""What became of a figure, what needs reading first."""


@dataclass(frozen=True)
class Difference:
    """One figure on both sides."""

    key: Key
    before: Said
    after: Said

    @property
    def state(self) -> str:
        if not self.before.known:
            return APPEARED if self.after.known else NOT_KNOWN
        if not self.after.known:
            return GONE
        if (self.before.value, self.before.least) != (self.after.value, self.after.least):
            return CHANGED
        return SAME if self.before.bound == self.after.bound else TRUST

    @property
    def moved(self) -> bool:
        """Whether another number stands there now, or one where none stood."""
        return self.state in (CHANGED, APPEARED, GONE)


def said_of(row: Row) -> tuple[Key, Said]:
    full = [*row, *[None] * (len(COLUMNS) - len(row))]
    return (full[0], full[1], full[2]), Said(full[3], full[4], full[6], full[7], full[10])


def compared(before: Iterable[Row], after: Iterable[Row]) -> list[Difference]:
    """Every figure that either side has, in the order of the first and then of the second."""
    first, second = dict(map(said_of, before)), dict(map(said_of, after))
    keys = list(dict.fromkeys([*first, *second]))
    return [Difference(key, first.get(key, UNKNOWN), second.get(key, UNKNOWN)) for key in keys]


def by_how_much(one: Difference) -> int | None:
    """After less before, where both are whole numbers; the sign says which way it moved."""
    before, after = one.before.value, one.after.value
    return after - before if isinstance(before, int) and isinstance(after, int) else None


def other_rules(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Measures that both sides have and count by different rules, or by versions of one."""
    told = ("rule", "version", "params")
    return [
        code
        for code, one in before.items()
        if code in after and any(one.get(part) != after[code].get(part) for part in told)
    ]


def moment(text: str, zone: dt.tzinfo) -> dt.datetime | None:
    """The moment that an address names, None for nonsense; without a zone it is meant in ``zone``, a day at its end."""
    # In an address a plus sign arrives as a space.
    for attempt in (text, "+".join(text.rsplit(" ", 1))):
        try:
            at = dt.datetime.fromisoformat(attempt)
            at = at.replace(tzinfo=zone) if at.tzinfo is None else at
            if len(text) <= len("2017-10-18"):
                at += dt.timedelta(days=1, microseconds=-1)
            at = at.astimezone(dt.UTC)
        except (ValueError, OverflowError):
            continue
        return at if at.year >= 1970 else None
    return None


def chosen(rows: Iterable[Row], *, by_service: bool = False, by_day: bool = False) -> list[Row]:
    """The rows of one split: in all, by service, by day, or by service and day; none of a single offence."""
    whole = (row for row in rows if offence_of(row[0]) is None)
    return [row for row in whole if (row[1] is not None) == by_service and (row[2] is not None) == by_day]


def by_offence(rows: Iterable[Row]) -> list[Row]:
    """The rows of single offences."""
    return [row for row in rows if offence_of(row[0]) is not None]


def in_all(rows: Sequence[Row], other: Sequence[Row]) -> list[Row]:
    """What is compared of ``rows`` in all: single offences too, where the other side keeps them as well."""
    return chosen(rows) + (by_offence(rows) if by_offence(other) else [])


def seen(rows: Iterable[Row], *, followed: bool) -> list[Row]:
    """Without what became of referrals, for readers who may not see small numbers of it."""
    return [row for row in rows if followed or row[0].partition(":")[0] not in FOLLOWED_CODES]


def same_content(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether a version would say nothing that the last one did not say."""
    parts = ("kind", "signed", "definitions", "figures", "operation")
    return all(canonical({"": one[part]}) == canonical({"": other[part]}) for part in parts)
