"""What an attacker tells of withheld numbers, held against trying every table there is."""

from __future__ import annotations

from outreach.rollup.attack import attack
from outreach.rollup.protection import Policy, Told, Why

DAY = "2026-10-13"
NEXT = "2026-10-14"


def _table(rows: list[list[int]], measure: str = "contacts") -> dict[tuple[str, int | None, str | None], int]:
    """Services by days with all totals."""
    days = [f"2026-10-{13 + number}" for number in range(len(rows[0]))]
    out: dict[tuple[str, int | None, str | None], int] = {}
    for service, row in enumerate(rows, 1):
        out.update({(measure, service, day): number for day, number in zip(days, row, strict=True)})
        out[measure, service, None] = sum(row)
    for number, day in enumerate(days):
        out[measure, None, day] = sum(row[number] for row in rows)
    out[measure, None, None] = sum(map(sum, rows))
    return out


def test_one_small_number_alone_is_told_by_its_totals() -> None:
    true = _table([[3, 20], [30, 40]])
    verdict = attack([Told(1, true, {("contacts", 1, DAY): Why.SMALL})])
    assert not verdict.safe and verdict.finished and verdict.tried == 1
    (leak,) = verdict.leaks
    assert (leak.key, leak.low, leak.high, leak.why) == (("contacts", 1, DAY), 3, 3, Why.SMALL)


def test_a_square_of_withheld_numbers_keeps_the_small_one() -> None:
    true = _table([[3, 20], [30, 40]])
    hidden = {("contacts", 1, DAY): Why.SMALL, ("contacts", 1, NEXT): Why.BESIDE, ("contacts", 2, DAY): Why.BESIDE,
              ("contacts", 2, NEXT): Why.BESIDE}
    assert attack([Told(1, true, hidden)]).safe


def test_what_is_left_out_of_a_printed_number_is_a_number_too() -> None:
    true = {("support_offered", None, None): 13, ("support_accepted", None, None): 11}
    (leak,) = attack([Told(1, true)]).leaks
    assert (leak.key[0], leak.low, leak.high) == ("support_accepted", 2, 2)
    assert leak.beside == ("support_offered", None, None)
    assert attack([Told(1, true, opened=frozenset({("support_accepted", None, None)}))]).safe


def test_a_small_change_between_two_releases_is_a_number_too() -> None:
    before, after = ({("persons_met", None, None): number} for number in (40, 42))
    (leak,) = attack([Told(1, before), Told(2, after)]).leaks
    assert (leak.release, leak.low, leak.high) == (1, 2, 2) and leak.beside == leak.key
    assert attack([Told(1, before), Told(2, after, {("persons_met", None, None): Why.BESIDE})]).safe
    assert attack([Told(1, before), Told(2, {("persons_met", None, None): 46})]).safe


def test_an_attack_without_time_is_not_safe() -> None:
    true = _table([[3, 20], [30, 40]])
    verdict = attack([Told(1, true, {("contacts", 1, DAY): Why.SMALL}, policy=Policy())], seconds=0)
    assert not verdict.finished and not verdict.safe
