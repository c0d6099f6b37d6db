"""Which small numbers are withheld from readers outside the work, so that none can be worked out from what is shown.

Here belongs the choice alone, on plain numbers: who is outside, and how a withheld number looks, is decided elsewhere.

SOURCE: docs on disclosure (k = 6). A number from 0 to 5 is *small*; it is withheld, and further numbers with it where
the rest would give it away. A zero is withheld like a five: a row of zeros beside one withheld cell would say who it is
not about.

What holds, and is tested against an exact attacker who knows the rule:

- ``table``: with every number that is shown, and knowing that counts are whole and not negative, a small cell may still
  be any of 0 to 5, and any other withheld cell at least five different numbers.
- ``chain``: a withheld step (of those that each lie within the one before) has at least five possible values, or any
  value at all that the step before allows.

What does not: two tables of different moments compared, or the same persons counted in a chain and in a table at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from outreach.rollup.measures import ENGAGED_AT, FOLLOWED, HOURS_TO_RECEIPT
from outreach.rollup.totals import Figure
from outreach.vocab import FOLLOW_UP_DAYS, Bound

K = 6
"""Numbers under this one are small."""
LEAST = 5
"""Different values that a number withheld for the sake of another keeps."""

Place = tuple[int, int]
"""Row and column of a cell; the last row and the last column are the totals."""


def chain(values: Sequence[int], published: int = 1, k: int = K) -> list[int | None]:
    """The steps of a funnel, each within the one before; None where withheld. The first ``published`` are always shown.

    A step is shown when neither it nor what it leaves out of the last step shown is small. None and all are small as
    well: whoever knows one person of the last step shown would learn from them what became of her.
    """
    out: list[int | None] = list(values[:published])
    last = min(values[:published])
    for value in values[published:]:
        left_out = last - value
        open_ = last == 0 or min(value, left_out) >= k
        out.append(value if open_ else None)
        last = value if open_ else last
    return out


def table(rows: Sequence[Sequence[int]], k: int = K) -> tuple[list[list[int]], set[Place]]:
    """The rows with a column and a row of totals, and the places of it that are withheld.

    Small cells and totals are withheld first. While a withheld number could still be told too closely, one more is
    added: the smallest that mends it, else the one that helps most.
    """
    if not rows:
        return [[0]], {(0, 0)}
    full = with_totals(rows)
    hidden = {(i, j) for i, row in enumerate(full) for j, value in enumerate(row) if value < k}
    small = frozenset(hidden)
    while (place := next(_too_close(full, hidden, small, k), None)) is not None:
        hidden.add(_next(full, hidden, place, place in small, k))
    return full, hidden


def with_totals(rows: Sequence[Sequence[int]]) -> list[list[int]]:
    """The rows with the sum of each at its end, and the sums of the columns below."""
    wide = [[*row, sum(row)] for row in rows]
    return [*wide, [sum(column) for column in zip(*wide, strict=True)]] if wide else [[0]]


def span(full: Sequence[Sequence[int]], hidden: set[Place], place: Place, enough: int) -> tuple[int, int]:
    """The least and the greatest number that ``place`` may hold, given all that is not in ``hidden``.

    Exact, but for looking no further than ``enough`` beyond the true number on either side. A table with its totals is
    a circulation: each cell an edge from its row to its column, each total an edge back. So the numbers that one cell
    may hold have no gaps, and how far it may move is a greatest flow through the cells that are withheld.
    """
    value = full[place[0]][place[1]]
    tail, head = _ends(full, place)
    up = _flow(full, hidden, place, head, tail, enough)
    down = _flow(full, hidden, place, tail, head, min(value, enough))
    return value - down, value + up


def _too_close(full: list[list[int]], hidden: set[Place], small: frozenset[Place], k: int) -> Iterator[Place]:
    """Withheld places that could still be told too closely, small ones first."""
    for place in sorted(hidden, key=lambda place: (place not in small, place)):
        if _lacks(full, hidden, place, place in small, k):
            yield place


def _lacks(full: list[list[int]], hidden: set[Place], place: Place, is_small: bool, k: int) -> int:
    """How many possible values ``place`` lacks: 0 when it is safe."""
    least, greatest = span(full, hidden, place, k)
    if is_small:
        return least + max(k - 1 - greatest, 0)
    return max(LEAST - (greatest - least + 1), 0)


def _next(full: list[list[int]], hidden: set[Place], place: Place, is_small: bool, k: int) -> Place:
    """The place to withhold next for the sake of ``place``: mends it, else helps most; of several the smallest."""
    shown = [(i, j) for i, row in enumerate(full) for j, _ in enumerate(row) if (i, j) not in hidden]
    return min(
        shown, key=lambda one: (_lacks(full, hidden | {one}, place, is_small, k), not _in_line(place, one),
                                full[one[0]][one[1]], one))


def _in_line(place: Place, other: Place) -> bool:
    return place[0] == other[0] or place[1] == other[1]


# Figures --------------------------------------------------------------------------------------------------------------

# Steps that lie within each other, and how many of them police and media see anyway.
CHAINS: tuple[tuple[int, tuple[str, ...]], ...] = (
    (1, ("referrals_received", "referrals_reached", "referrals_engaged")),
    (2, ("persons_referred", "persons_received", "persons_reached", "persons_engaged")),
    *((1, ("referrals_received", f"referrals_due_{days}", f"referrals_engaged_{days}")) for days in FOLLOW_UP_DAYS))


def for_outsiders(figures: Iterable[Figure], k: int = K) -> list[Figure]:
    """Totals of one operation as readers outside the agencies may see them: small ones of ``FOLLOWED`` are withheld.

    With them go what would give them away, ratios of them, and a median of fewer than ``k`` referrals.
    """
    found = {figure.measure: figure for figure in figures}
    kept = {code for code in found if code in FOLLOWED}
    for published, codes in CHAINS:
        known = [code for code in codes if code in found and found[code].value is not None]
        if known[:published] == list(codes[:published]):
            shown = chain([int(found[code].value or 0) for code in known], published, k)
            kept -= {code for code, value in zip(known, shown, strict=True) if value is not None}
    kept -= {code for code in ("outcomes", "referrals_direct") if code in found and (found[code].value or 0) >= k}
    kept -= {code for code, figure in found.items() if figure.value is None}
    kept |= {ratio.code for ratio in ENGAGED_AT if ratio.code in found and kept & set(ratio.parts or ())}
    hours = found.get(HOURS_TO_RECEIPT.code)
    if hours is not None and 0 < (hours.numerator or 0) < k:
        kept.add(hours.measure)
    return [withhold(figure) if figure.measure in kept else figure for figure in found.values()]


def withhold(figure: Figure) -> Figure:
    """The figure without its numbers."""
    return replace(figure, value=None, bound=Bound.UNKNOWN, numerator=None, denominator=None, withheld=True)


# The circulation: nodes are rows (the last: the row of totals) and, after them, columns ------------------------------

def _ends(full: Sequence[Sequence[int]], place: Place) -> tuple[int, int]:
    """Tail and head of the edge that a cell or a total is."""
    rows, columns = len(full), len(full[0])
    row, column = place[0], rows + place[1]
    is_total = (place[0] == rows - 1) != (place[1] == columns - 1)
    return (column, row) if is_total else (row, column)


def _flow(full: Sequence[Sequence[int]], hidden: set[Place], but: Place, source: int, sink: int, most: int) -> int:
    """The greatest flow from ``source`` to ``sink``, up to ``most``, along withheld edges other than ``but``.

    Forwards an edge may grow as it likes, backwards shrink to zero.
    """
    edges = {place: (*_ends(full, place), full[place[0]][place[1]]) for place in sorted(hidden) if place != but}
    room = {place: value for place, (_, _, value) in edges.items()}
    sent = 0
    while sent < most:
        path = _path(edges, room, source, sink)
        if path is None:
            break
        step = min([most - sent, *(room[place] for place, forwards in path if not forwards)])
        for place, forwards in path:
            room[place] += step if forwards else -step
        sent += step
    return sent


def _path(
    edges: dict[Place, tuple[int, int, int]], room: dict[Place, int], source: int, sink: int
) -> list[tuple[Place, bool]] | None:
    came: dict[int, tuple[int, Place, bool] | None] = {source: None}
    waiting = [source]
    for node in waiting:
        for place, (tail, head, _) in edges.items():
            for other, forwards in ((head, True), (tail, False)):
                at = tail if forwards else head
                if at == node and other not in came and (forwards or room[place] > 0):
                    came[other] = (node, place, forwards)
                    waiting.append(other)
    if sink not in came:
        return None
    path = []
    node = sink
    while (step := came[node]) is not None:
        node = step[0]
        path.append((step[1], step[2]))
    return path
