"""What stands in the long tables: rows of codes and numbers.

Here belongs reading; who may take which rows away is in ``data_commands``. Nothing is counted: rows of persons are
those that ``rollup.members`` gives. A person is a number here: day, hours, service and codes packed into one integer,
so that a million rows are eight megabytes and their order, which is that of the numbers, tells nothing of the order in
which they were entered.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from outreach.auth.actors import ANYBODY, NOTHING
from outreach.referrals.rules import OVER, PICKED_UP, WAITING, police_word
from outreach.returns.figures import figures_by, figures_of
from outreach.rollup.charge_lines import charge_lines
from outreach.rollup.days import Day
from outreach.rollup.measures import CATALOGUE, Measure, counted_by
from outreach.rollup.measures import measure as measure_of
from outreach.rollup.members import members
from outreach.rollup.totals import Figure
from outreach.storage import frames
from outreach.storage.queries import report
from outreach.storage.queries import workbook as queries
from outreach.storage.types import EPOCH_DAY, utc_now
from outreach.vocab import AgeBand, ContactResult, Gender, PlaceKind, SupportAnswer

from . import followed
from .data_rules import Scope
from .dictionary_rules import HOURS, Split, State, Window, YesNo

_AT_ONCE = 5_000
_NO_DAY = (1 << 22) - 1
_BANDS = 24 // HOURS
_LISTS = tuple((*values.values(), None) for values in (ContactResult, AgeBand, Gender, SupportAnswer, PlaceKind))
"""What the codes of a contact are places in; the last is an empty cell."""
_STATES = {WAITING: State.WAITING, PICKED_UP: State.PICKED_UP, OVER: State.CLOSED}


@dataclass(frozen=True)
class Rows:
    """The rows of one table, in the order of its columns. ``total``: how many. Closed lists are codes, days dates."""

    total: int
    each: Callable[[], Iterator[Sequence[Any]]]
    as_of: dt.datetime
    services: dict[int, str] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Sequence[Any]]:
        return self.each()


def rows_of(
    table: str,
    operation: Any,
    scope: Scope,
    language: str,
    as_of: dt.datetime | None = None,
    told: Callable[[], None] = lambda: None,
) -> Rows:
    """The rows that ``scope`` allows; call it where the language is set. ``told`` is called while it reads."""
    make = {"contacts": _contacts, "referrals": _referrals, "charges": _charges, "figures": _figures}[table]
    names = {named.id: named.name for named in report.service_names().values()}
    at = as_of or utc_now()
    # Portions are read one after the other, and what is recorded in between would tear a person apart.
    moment = as_of if table == "figures" else at
    rows: Any = make(operation, scope, language, moment, names, told)
    if isinstance(rows, _Packed):
        return Rows(len(rows.packed), rows.unpack, at, names)
    return Rows(len(rows), lambda: iter(rows), at, names)


def _date(day: int) -> dt.date | None:
    return EPOCH_DAY + dt.timedelta(days=day) if day >= 0 else None


# Contacts -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Packed:
    """Contacts as sorted numbers; ``order``: the services' names by their place."""

    packed: Any
    order: list[str]

    def unpack(self) -> Iterator[Sequence[Any]]:
        bands = [f"{band * HOURS:02}:00–{band * HOURS + HOURS - 1:02}:59" for band in range(_BANDS)]
        days: dict[int, dt.date | None] = {_NO_DAY: None}
        for begin in range(0, len(self.packed), _AT_ONCE):
            rest, lists = self.packed[begin : begin + _AT_ONCE], []
            for values in reversed(_LISTS):
                lists.append([values[place] for place in (rest % len(values)).tolist()])
                rest = rest // len(values)
            names = [self.order[place] for place in (rest % len(self.order)).tolist()]
            rest = rest // len(self.order)
            hours = [bands[band] for band in (rest % _BANDS).tolist()]
            numbers = (rest // _BANDS).tolist()
            for number in set(numbers) - set(days):
                days[number] = _date(number)
            yield from zip(
                range(begin + 1, begin + 1 + len(numbers)),
                [days[number] for number in numbers],
                hours,
                names,
                *reversed(lists),
                strict=True,
            )


def _contacts(
    operation: Any,
    scope: Scope,
    _language: str,
    as_of: dt.datetime | None,
    names: dict[int, str],
    told: Callable[[], None],
) -> _Packed:
    import numpy as np

    known = sorted(names, key=lambda service: (names[service].casefold(), service))
    places = np.full(max(known, default=0) + 1, 0, dtype=np.int64)
    places[known] = np.arange(len(known))
    found = []
    for facts in frames.in_portions(operation.id, as_of):
        for service in (None,) if scope.services is None else sorted(scope.services):
            for code in ("persons_met", "attempts"):
                rows = members(facts, measure_of(code), service=service)
                found.append(_pack(rows, places, len(known), operation.time_zone))
        told()
    packed = np.concatenate(found) if found else np.zeros(0, dtype=np.int64)
    packed.sort()
    return _Packed(packed, [names[service] for service in known] or [""])


def _pack(rows: Any, places: Any, services: int, zone: str) -> Any:
    """Each row as one number: day, hours, service, then the codes, the first weighing most."""
    import numpy as np

    day = rows["counted_day"].to_numpy().astype(np.int64)
    packed = np.where(day < 0, _NO_DAY, day)
    packed = packed * _BANDS + _local_hours(rows["at"].to_numpy(), zone) // HOURS
    packed = packed * max(services, 1) + places[rows["service"].to_numpy()]
    met = "age" in rows
    columns = (None, "age", "gender", "support", "place_kind") if met else ("result", None, None, None, None)
    for values, column in zip(_LISTS, columns, strict=True):
        if column is None:
            only = values.index(ContactResult.MET.value) if values is _LISTS[0] else len(values) - 1
            packed = packed * len(values) + only
        else:
            packed = packed * len(values) + _places_in(rows[column], values)
    return packed


def _places_in(column: Any, values: Sequence[Any]) -> Any:
    """The places of a categorical column's values in the list; what is not in it, or not there, is not known."""
    import numpy as np

    unknown = values.index("not_known") if "not_known" in values else len(values) - 1
    table = [values.index(value) if value in values else unknown for value in column.cat.categories]
    return np.array([*table, unknown], dtype=np.int64)[column.cat.codes.to_numpy()]


def _local_hours(at: Any, zone: str) -> Any:
    """Hour of the clock of each UTC second: the zone is asked once for each hour that occurs."""
    import numpy as np

    if not len(at):
        return np.zeros(0, dtype=np.int64)
    # Clocks differ from UTC by quarters of an hour at the least.
    quarters, which = np.unique(at // 900, return_inverse=True)
    local = ZoneInfo(zone)
    hours = [dt.datetime.fromtimestamp(quarter * 900, local).hour for quarter in quarters.tolist()]
    return np.array(hours, dtype=np.int64)[which]


# Referrals and charges ------------------------------------------------------------------------------------------------


def _numbered(found: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """In an order that tells nothing of when they were entered, with their numbers."""
    found.sort(key=lambda row: tuple((cell is None, cell if isinstance(cell, (int, float)) else 0, str(cell))
                                     for cell in row))  # fmt: skip
    return [(number, *row) for number, row in enumerate(found, start=1)]


def _referrals(
    operation: Any,
    _scope: Scope,
    _language: str,
    as_of: dt.datetime | None,
    names: dict[int, str],
    _told: Callable[[], None],
) -> list[tuple[Any, ...]]:
    facts = frames.facts_of(operation.id, as_of)
    counted = set(members(facts, measure_of("referrals_made"))["referral"].tolist())
    tree = facts.operations["operation"].tolist()
    now = as_of or utc_now()
    found: list[tuple[Any, ...]] = []
    for row in queries.referrals(tree, as_of):
        if row.referral in counted:
            hours = ((row.received_at or now) - row.made_at).total_seconds() / 3600
            found.append(
                (
                    None if row.agency is None else names.get(row.agency, str(row.agency)),
                    _STATES[police_word(row.state)].value,
                    round(max(hours, 0.0), 1),
                    _yes(row.received_at is None),
                    _yes(row.urgent),
                    row.needs,
                )
            )
    return _numbered(found)


def _yes(value: bool) -> str:
    return (YesNo.YES if value else YesNo.NO).value


def _charges(
    operation: Any,
    scope: Scope,
    language: str,
    as_of: dt.datetime | None,
    names: dict[int, str],
    _told: Callable[[], None],
) -> list[tuple[Any, ...]]:
    facts = frames.facts_of(operation.id, as_of)
    titles = queries.offences(language)
    found: list[tuple[Any, ...]] = []
    for line in charge_lines(facts):
        if scope.services is None or line.service in scope.services:
            section, title = titles.get(line.code, ("", line.label or line.code))
            day, window = _placed(line.day)
            found.append(
                (
                    names.get(line.service, str(line.service)),
                    day,
                    window,
                    line.person,
                    None if line.person is None else title,
                    None if line.person is None else section or None,
                    line.charges,
                    str(line.basis),
                )
            )
    found.sort(key=lambda row: (row[0].casefold(), row[0], row[3] is None, row[3] or 0))
    return [(number, *row) for number, row in enumerate(found, start=1)]


def _placed(day: Day) -> tuple[dt.date | None, str]:
    """A day row as a date and the part of the window."""
    return (_date(day), Window.INSIDE.value) if isinstance(day, int) else (None, Window(day).value)


# Figures --------------------------------------------------------------------------------------------------------------

_SPLITS: dict[tuple[str, ...], Split] = {
    (): Split.ALL,
    ("service",): Split.SERVICE,
    ("day",): Split.DAY,
    ("service", "day"): Split.SERVICE_DAY,
}


def _figures(
    operation: Any,
    scope: Scope,
    _language: str,
    as_of: dt.datetime | None,
    names: dict[int, str],
    told: Callable[[], None],
) -> list[tuple[Any, ...]]:
    from .words import label

    found: list[tuple[Any, ...]] = []
    said: dict[tuple[str, str], tuple[str, Measure]] = {}
    for by, split in _SPLITS.items():
        for figure in _seen(operation, scope, as_of, by):
            if (figure.measure, figure.rule) not in said:
                measure = counted_by(figure.measure, {figure.measure: figure.rule})
                said[figure.measure, figure.rule] = (label(measure), measure)
            name, measure = said[figure.measure, figure.rule]
            found.append(_line(figure, split, name, measure, names))
        told()
    return found


def _seen(operation: Any, scope: Scope, as_of: dt.datetime | None, by: tuple[str, ...]) -> Sequence[Figure]:
    """The figures as the pages of the site show them to who is outside the agencies, or to who is not."""
    if len(by) > 1:
        codes = [m.code for m in CATALOGUE if m.by_day and not m.parts and m.code not in _hidden(scope)]
        return figures_by(operation.id, codes, as_of, by).figures
    figures = figures_of(operation.id, as_of, by).figures
    if not scope.outside:
        return figures
    if by:
        return [one for one in figures if one.measure not in followed.HIDDEN]
    return followed.seen(ANYBODY, NOTHING, operation, as_of, as_of or utc_now()).figures.figures


def _hidden(scope: Scope) -> frozenset[str]:
    return followed.HIDDEN if scope.outside else frozenset()


def _line(figure: Figure, split: Split, name: str, measure: Measure, names: dict[int, str]) -> tuple[Any, ...]:
    service, by_day = figure.key.get("service"), figure.key.get("day")
    day, window = (None, None) if by_day is None else _placed(by_day)
    return (
        figure.measure,
        name,
        split.value,
        None if service is None else names.get(int(service), str(service)),
        day,
        window,
        None if figure.withheld else figure.least,
        None if figure.withheld else figure.value,
        str(figure.bound),
        None if figure.basis is None else str(figure.basis),
        _yes(figure.withheld),
        figure.coverage.reported,
        figure.coverage.expected,
        figure.rule or None,
        measure.version,
    )
