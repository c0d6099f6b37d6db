"""Rules of the room: moments asked for, the order of services, and figures as JSON, CSV and plain text.

Plain functions on plain values. The JSON is a promise to scripts: names and codes in it never change.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from outreach.errors import N_, Invalid
from outreach.rollup.cells import Cell
from outreach.rollup.measures import counted_by
from outreach.rollup.months import MONTH, Month, days_of, month_of
from outreach.rollup.totals import Coverage, Figure

EPOCH_DAY = dt.date(1970, 1, 1)
EARLIEST = dt.datetime(1970, 1, 2, tzinfo=dt.UTC)
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")

NOT_A_MOMENT = N_("“%(text)s” is not a moment: write it as 2017-10-18T21:42, or with a zone as 2017-10-18T21:42Z.")
IN_THE_FUTURE = N_("Nothing is recorded yet as of %(text)s: choose a moment that has passed.")

MONTHLY = (
    "contacts",
    "persons_met",
    "support_offered",
    "support_accepted",
    "persons_made_safe",
    "referrals_made",
    "referrals_received",
    "persons_arrested",
    "persons_charged",
    "charges",
)
"""Columns of the figures by month: what police do. What became of referrals is on its own page, where small numbers are
withheld."""


def moment(text: str, zone: str, now: dt.datetime) -> dt.datetime | None:
    """The moment that ``text`` names, None for none; without a zone it is meant in ``zone``, a day at its end.

    Raises ``Invalid`` at ``as_of`` when it cannot be read or lies in the future.
    """
    # In an address a plus sign arrives as a space.
    text = text.strip()
    if not text:
        return None
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError:
        try:
            at = dt.datetime.fromisoformat("+".join(text.rsplit(" ", 1)))
        except ValueError:
            raise Invalid.at("as_of", NOT_A_MOMENT, text=text[:40]) from None
    only_day = len(text) <= len("2017-10-18")
    if at.tzinfo is None:
        at = at.replace(tzinfo=ZoneInfo(zone))
    if only_day:
        at = min(at + dt.timedelta(days=1, microseconds=-1), max(now, at))
    try:
        at = at.astimezone(dt.UTC)
    except OverflowError:
        raise Invalid.at("as_of", NOT_A_MOMENT, text=text[:40]) from None
    if at < EARLIEST:
        raise Invalid.at("as_of", NOT_A_MOMENT, text=text[:40])
    if at > now:
        raise Invalid.at("as_of", IN_THE_FUTURE, text=text[:40])
    return at


def day_text(day: int | str) -> str:
    """``2017-10-18`` for a day number; *before*, *after* and *undated* stay words."""
    return day if isinstance(day, str) else (EPOCH_DAY + dt.timedelta(days=day)).isoformat()


def day_asked(text: str) -> int | str | None:
    """The day row, or the month (``2017-10``), that an address names, None for none or nonsense."""
    if text in ("before", "after", "undated") or MONTH.fullmatch(text):
        return text
    try:
        return (dt.date.fromisoformat(text) - EPOCH_DAY).days
    except ValueError:
        return None


def month_shown(asked: str, days: Iterable[int], today: int) -> str | None:
    """The month that a page shows: the one asked for, else that of today when it has days, else the latest that has.

    None for what is no month.
    """
    if asked:
        return asked if MONTH.fullmatch(asked) else None
    found = {month_of(day) for day in days} or {month_of(today)}
    return month_of(today) if month_of(today) in found else max(found)


def within(month: str, day: object) -> bool:
    """Whether a day number lies in the month."""
    return isinstance(day, int) and day in days_of(month)


def months_csv(codes: Sequence[str], months: Sequence[Month]) -> str:
    """One line a month or year, the latest first; a number that is not known is an empty cell."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["month", *codes])
    for month in months:
        writer.writerow([month.name, *(month.values.get(code) for code in codes)])
    return out.getvalue()


def worst_first(names: Mapping[int, str], cells: Iterable[Cell]) -> list[int]:
    """Services of the cells: most overdue, then most silent, then declined, then by name."""
    found: dict[int, list[int]] = {}
    for cell in cells:
        count = found.setdefault(cell.service, [0, 0, 0])
        for place, state in enumerate(("overdue", "silent", "declined")):
            count[place] -= cell.state == state
    return sorted(found, key=lambda service: (*found[service], names.get(service, "").casefold()))


def by_name(names: Mapping[int, str], cells: Iterable[Cell]) -> list[int]:
    """Services of the cells from A to Z."""
    return sorted({cell.service for cell in cells}, key=lambda service: names.get(service, "").casefold())


# Figures for other programs -------------------------------------------------------------------------------------------


def key_words(figure: Figure, services: Mapping[int, str]) -> dict[str, str]:
    """What a figure is by, in words: the name of the service, the day, the category."""
    return {
        name: services.get(int(value), str(value)) if name == "service" else day_text(value)
        for name, value in figure.key.items()
    }


def as_json(
    code: str, as_of: dt.datetime, covers: Coverage, figures: Sequence[Figure], services: Mapping[int, str]
) -> str:
    """The figures as JSON; ``value`` is null where nothing is known, ``least`` the lower end of a range."""
    found = {
        "operation": code,
        "as_of": as_of.isoformat(),
        "coverage": _coverage(covers),
        "figures": [
            {
                "measure": figure.measure,
                "value": figure.value,
                "least": figure.least,
                "bound": str(figure.bound),
                "basis": None if figure.basis is None else str(figure.basis),
                "coverage": _coverage(figure.coverage),
                "by": key_words(figure, services),
                "rule": figure.rule or None,
                "rule_version": _version(figure),
            }
            for figure in figures
        ],
    }
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def _version(figure: Figure) -> int:
    """Version of the rule by which the figure was counted."""
    return counted_by(figure.measure, {figure.measure: figure.rule}).version


def _coverage(covers: Coverage) -> dict[str, int | None]:
    return {"reported": covers.reported, "expected": covers.expected}


def formula_safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text


def as_csv(by: Sequence[str], figures: Sequence[Figure], services: Mapping[int, str]) -> str:
    """One line a figure; an unknown value is an empty cell beside the bound *unknown*; ``least``: of a range."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    after = ["least", "value", "bound", "basis", "reported", "expected", "rule", "rule_version"]
    writer.writerow(["measure", *by, *after])
    for figure in figures:
        words = key_words(figure, services)
        cells: list[Any] = [figure.measure, *(formula_safe(words[name]) for name in by), figure.least, figure.value]
        writer.writerow([*cells, figure.bound, figure.basis, figure.coverage.reported, figure.coverage.expected,
                         figure.rule, _version(figure)])
    return out.getvalue()


def as_table(by: Sequence[str], figures: Sequence[Figure], services: Mapping[int, str]) -> str:
    """Columns for a terminal; an unknown value reads *not known*."""
    lines = [["measure", *by, "value", "bound", "services in", "basis"]]
    for figure in figures:
        words, covers = key_words(figure, services), figure.coverage
        expected = "?" if covers.expected is None else covers.expected
        value = "not known" if figure.value is None else str(figure.value)
        value = value if figure.least is None else f"{figure.least}-{value}"
        lines.append(
            [
                figure.measure,
                *(_printable(words[name]) for name in by),
                value,
                str(figure.bound),
                f"{covers.reported}/{expected}",
                str(figure.basis or "-"),
            ]
        )
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    number = 1 + len(by)
    return "".join(
        "  ".join(
            cell.rjust(width) if place == number else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        + "\n"
        for line in lines
    )


def _printable(text: str) -> str:
    """Names without what would steer a terminal."""
    return "".join(character for character in text if character.isprintable())
