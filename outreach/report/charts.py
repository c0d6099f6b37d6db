"""Charts as values: what a chart says, its rows, its twin as a table, and where its marks stand.

Here belong shapes and where a mark stands on paper; the sentence that a chart says comes from whoever makes it, and the
numbers from ``rollup``. ``macros/charts.html`` draws them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask_babel import gettext

from outreach.returns import figure_words
from outreach.rollup.totals import Figure

from . import words

TOP, BOTTOM = 24.0, 214.0
"""Heights (px from above) of the greatest number and of zero in a chart of lines; the labels stand below."""
SIGN = 3.2
"""Percent of the width of a phone's chart that a sign beside a bar takes."""
SPOKEN = 14
"""Rows that a description reads out at most; the table has them all."""


@dataclass(frozen=True)
class Row:
    """One bar or column. ``said``: in place of the number where there is none to show, or how sure it is; ``drawn``:
    the same, as short as a bar has room for.

    ``soft``: outlined, for what is not the point (declined, picked up). ``heading``: a line above the first of a kind.
    """

    label: str
    value: int | None
    said: str = ""
    url: str = ""
    definition: str = ""
    soft: bool = False
    heading: str = ""
    drawn: str = ""

    @property
    def words(self) -> str:
        return self.said or words.number(self.value)


@dataclass(frozen=True)
class Twin:
    """The same as a table: a head, and rows whose first cell names them. Cells are words, numbers or Markup."""

    head: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class Point:
    """A mark of a line: ``x`` in percent of the width, ``y`` in pixels; ``tip`` names it with its number."""

    x: float
    y: float
    tip: str
    words: str


@dataclass(frozen=True)
class Line:
    """A line through points; ``past`` for the edition that this one is compared with. ``label``: whether the number of
    its last point stands beside it, or above or below because another line passes there."""

    name: str
    points: tuple[Point, ...]
    past: bool = False
    label: str = "beside"


@dataclass(frozen=True)
class Chart:
    """``title`` is the finding, ``subtitle`` the measure, ``description`` the whole in words for who does not see it.

    ``kind``: bars, columns or lines. ``beside``: short labels stand beside their bars. ``empty``: the sentence that
    stands in place of a chart without anything to show.
    """

    id: str
    kind: str
    title: str
    subtitle: str
    description: str = ""
    rows: tuple[Row, ...] = ()
    lines: tuple[Line, ...] = ()
    ticks: tuple[tuple[float, str], ...] = ()
    twin: Twin | None = None
    note: str = ""
    empty: str = ""
    url: str = ""
    beside: bool = False

    @property
    def most(self) -> int:
        """The greatest number of the rows: the length of a full bar."""
        return max((row.value or 0 for row in self.rows), default=0)

    @property
    def room(self) -> float:
        """Percent of the width for a full bar: what the longest words beside a bar leave on the narrowest screen."""
        longest = max((len(row.drawn or row.words) for row in self.rows), default=0)
        return round(min(78.0, max(25.0, 94 - SIGN * longest)), 2)


def bars(code: str, title: str, subtitle: str, rows: Iterable[Row], **more: Any) -> Chart:
    """Bars from zero, one below the other. ``more``: further fields of the chart."""
    return _of_rows("bars", code, title, subtitle, tuple(rows), more)


def columns(code: str, title: str, subtitle: str, rows: Iterable[Row], **more: Any) -> Chart:
    """Columns from zero, side by side in their order."""
    return _of_rows("columns", code, title, subtitle, tuple(rows), more)


def nothing(code: str, title: str, empty: str, url: str = "") -> Chart:
    """A chart without anything to show yet: one sentence."""
    return Chart(code, "bars", title, "", empty=empty, url=url)


def without_day(figures: Iterable[Figure]) -> str:
    """What was told of the whole window alone and so stands on no day; '' where nothing was."""
    told = next((one.value for one in figures if one.key.get("day") == "undated"), None)
    if not told:
        return ""
    return gettext("Reported without a day, so not in this chart: %(number)s.", number=words.number(told))


def _of_rows(kind: str, code: str, title: str, subtitle: str, rows: tuple[Row, ...], more: dict[str, Any]) -> Chart:
    rows = tuple(row if (row.value or 0) >= 0 else _not_drawn(row) for row in rows)
    named = [(f"{row.heading}, {row.label}" if row.heading else row.label, row.words) for row in rows]
    more.setdefault("description", spoken(named))
    more.setdefault("twin", Twin((gettext("What"), gettext("Number")), tuple(named)))
    return Chart(code, kind, title, subtitle, rows=rows, **more)


def _not_drawn(row: Row) -> Row:
    """The row of less than nothing: words and no bar."""
    said = figure_words.not_adding_up(words.number(row.value))
    return replace(row, value=None, said=row.said or said, drawn=row.drawn or said)


def spoken(named: Sequence[tuple[str, str]]) -> str:
    """``Met: 198; Offered: 176``, and that there are more where the table has them."""
    said = "; ".join(gettext("%(name)s: %(words)s", name=name, words=said) for name, said in named[:SPOKEN])
    return gettext("%(said)s; the table has the rest", said=said) if len(named) > SPOKEN else said


def lines(
    code: str,
    title: str,
    subtitle: str,
    series: Sequence[tuple[str, Sequence[tuple[int, int]], bool]],
    ticks: Sequence[tuple[int, str]],
    **more: Any,
) -> Chart:
    """Lines from zero over places 1, 2, 3 …: ``series`` are name, (place, number) pairs, and whether it is past.

    ``ticks``: the label of each place. Written are the first one whole and then numbers, which a phone has room for; of
    many only some.
    """
    last = max([place for place, _ in ticks], default=1)
    most = max([number for _, pairs, _ in series for _, number in pairs], default=0) or 1
    span = BOTTOM - TOP
    names = dict(ticks)

    def point(name: str, place: int, number: int) -> Point:
        tip = gettext("%(name)s: %(words)s", name=f"{name}, {names.get(place, place)}", words=words.number(number))
        return Point(_x(place, last), round(BOTTOM - span * number / most, 1), tip, words.number(number))

    made = tuple(Line(name, tuple(point(name, *pair) for pair in pairs), past) for name, pairs, past in series)
    made = tuple(replace(line, label=_label(line, made)) for line in made)
    every = max(1, -(-len(ticks) // 8))
    written = tuple(
        (_x(place, last), str(place) if order else said)
        for order, (place, said) in enumerate(ticks)
        if order % every == 0
    )
    return Chart(code, "lines", title, subtitle, lines=made, ticks=written, **more)


def _label(line: Line, lines: Sequence[Line]) -> str:
    """Where the number of a line's last point is not crossed by another line."""
    last = line.points[-1] if line.points else None
    others = [point.y for other in lines if other is not line for point in other.points if last and point.x == last.x]
    if last is None or not others:
        return "beside"
    return "above" if last.y < min(others) or (last.y == min(others) and not line.past) else "below"


def _x(place: int, last: int) -> float:
    """Percent of the width, with room at either end for the first and the last number."""
    return round(5 + 82 * (place - 1) / max(last - 1, 1), 2)
