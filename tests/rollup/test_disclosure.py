"""Withheld numbers against an attacker who knows the rule and every number that is shown."""

from __future__ import annotations

import itertools
from collections import defaultdict
from random import Random

import pytest

from outreach.rollup.disclosure import LEAST, K, chain, span, table, with_totals

SIZES = [0, 0, 1, 2, 3, 5, 6, 7, 9]


def _random(random: Random, rows: int, columns: int) -> list[list[int]]:
    return [[random.choice(SIZES) for _ in range(columns)] for _ in range(rows)]


def _attack(full: list[list[int]], hidden: set[tuple[int, int]], most: int) -> dict[tuple[int, int], set[int]]:
    """Every value that each withheld place has in some table, cells up to ``most``, that shows the same; by trying."""
    rows, columns = len(full) - 1, len(full[0]) - 1
    free = [(i, j) for i in range(rows) for j in range(columns) if (i, j) in hidden]
    shown = [(i, j) for i in range(rows + 1) for j in range(columns + 1) if (i, j) not in hidden]
    found: dict[tuple[int, int], set[int]] = defaultdict(set)
    cells = [row[:-1] for row in full[:-1]]
    for values in itertools.product(range(most + 1), repeat=len(free)):
        for (i, j), value in zip(free, values, strict=True):
            cells[i][j] = value
        guess = with_totals(cells)
        if all(guess[i][j] == full[i][j] for i, j in shown):
            for i, j in hidden:
                found[i, j].add(guess[i][j])
    return found


@pytest.mark.parametrize("seed", range(12))
def test_no_small_cell_can_be_told_from_a_table_however_long_one_tries(seed: int) -> None:
    full, hidden = table(_random(Random(seed), 2, 2))
    found = _attack(full, hidden, 15)
    for i, j in hidden:
        assert found[i, j] >= set(range(K)) if full[i][j] < K else len(found[i, j]) >= LEAST, (full, sorted(hidden))


def test_what_the_flow_says_of_a_cell_is_what_trying_finds() -> None:
    random = Random(7)
    for _ in range(12):
        full = with_totals(_random(random, 2, 2))
        places = [(i, j) for i in range(3) for j in range(3)]
        hidden = set(random.sample(places, random.randint(2, 7)))
        found = _attack(full, hidden, 20)
        for place in hidden:
            least, greatest = span(full, hidden, place, 4)
            near = set(range(full[place[0]][place[1]] - 4, full[place[0]][place[1]] + 5))
            assert set(range(least, greatest + 1)) == found[place] & near, (full, sorted(hidden), place)


def test_larger_tables_keep_the_promise_and_show_some_numbers() -> None:
    random, shown = Random(3), 0
    for _ in range(25):
        full, hidden = table(_random(random, random.randint(1, 6), random.randint(1, 8)))
        shown += sum(map(len, full)) - len(hidden)
        for i, row in enumerate(full):
            for j, value in enumerate(row):
                assert value >= K or (i, j) in hidden
        for place in hidden:
            least, greatest = span(full, hidden, place, K)
            small = full[place[0]][place[1]] < K
            assert (least == 0 and greatest >= K - 1) if small else greatest - least + 1 >= LEAST
    assert shown > 0


def test_withholding_small_cells_alone_would_give_them_away() -> None:
    full, hidden = table([[3, 20], [30, 40]])
    assert (0, 0) in hidden and len(hidden) > 1
    assert span(full, {(0, 0)}, (0, 0), K) == (3, 3)


def test_a_table_without_small_cells_is_shown_whole_and_one_of_zeros_not_at_all() -> None:
    assert table([[6, 10], [8, 9]]) == ([[6, 10, 16], [8, 9, 17], [14, 19, 33]], set())
    full, hidden = table([[0, 0]])
    assert len(hidden) == sum(map(len, full))
    assert table([]) == ([[0]], {(0, 0)})


def test_a_step_of_a_funnel_is_shown_only_when_it_and_what_is_missing_are_not_small() -> None:
    assert chain([13, 11], published=2) == [13, 11]
    assert chain([30, 20, 18, 12, 3, 0]) == [30, 20, None, 12, None, None]
    assert chain([12, 12, 0]) == [12, None, None], "all and none tell of everybody"
    assert chain([5, 5, 0]) == [5, None, None] and chain([0, 0]) == [0, 0]


def test_a_withheld_step_keeps_five_values_or_all_that_the_step_before_allows() -> None:
    same: dict[tuple[int | None, ...], list[tuple[int, ...]]] = defaultdict(list)
    for top in range(22):
        for middle in range(top + 1):
            for low in range(middle + 1):
                same[tuple(chain([top, middle, low]))].append((top, middle, low))
    for told, worlds in same.items():
        for step in (1, 2):
            if told[step] is None:
                values = {world[step] for world in worlds}
                small = {value for value in range(1, K) if value <= (told[0] or 0)}
                assert len(values) >= LEAST or values == set(range((told[0] or 0) + 1)), (told, values)
                if any(world[step] in small for world in worlds) and (told[0] or 0) >= 2 * K:
                    assert values >= small, (told, values)
