"""The stock of information kits: both equations always, every number against a count kit by kit."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from outreach.rollup.stock import Line, Mismatch, MismatchKind, Stock, mismatches, stocks, together
from outreach.vocab import KitMoveKind

KINDS = [kind.value for kind in KitMoveKind]
COUNTS = st.integers(1, 100_000)
LINES = st.lists(
    st.builds(Line, st.integers(1, 3), st.integers(1, 4), st.sampled_from(KINDS), COUNTS, st.booleans()), max_size=40
)
CONTACTS = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 99)), max_size=20)

# Where a kit must be for a move, and where it is afterwards.
STEPS = {
    "sent": ("with the coordinator", "on the way"),
    "received": ("on the way", "at the service"),
    "lost_on_way": ("on the way", "lost on the way"),
    "handed_out": ("at the service", "with somebody"),
    "returned": ("at the service", "returned"),
    "lost": ("at the service", "lost"),
}


@given(LINES, CONTACTS, st.sampled_from([None, 1, 2]))
def test_both_equations_hold_whatever_the_ledger_says(lines, contacts, by_contacts):
    found = stocks(lines, by_contacts, contacts)
    for stock in [*found.values(), together(found.values())]:
        assert stock.sent == stock.received + stock.in_transit + stock.lost_on_way
        assert stock.received == stock.handed_out + stock.remaining + stock.returned + stock.lost


@given(LINES, CONTACTS, st.sampled_from([None, 1, 2]))
def test_every_number_is_the_naive_count(lines, contacts, by_contacts):
    found = stocks(lines, by_contacts, contacts)

    def naive(item, service, kind):
        return sum(
            line.number
            for line in lines
            if (line.item, line.service, line.kind, line.taken_back) == (item, service, kind, False)
        )

    for item in (1, 2, 3):
        for service in (1, 2, 3, 4):
            stock = found.get((item, service), Stock())
            by = sum(kits for one, kits in contacts if one == service) if item == by_contacts else 0
            assert (stock.sent, stock.received, stock.lost_on_way, stock.returned, stock.lost) == tuple(
                naive(item, service, kind) for kind in ("sent", "received", "lost_on_way", "returned", "lost")
            )
            assert stock.handed_out == naive(item, service, "handed_out") + by


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.integers(1, 12), st.booleans()), max_size=30))
def test_a_ledger_that_can_be_is_what_one_finds_by_following_every_kit(wanted):
    """Each kit is a thing that is in one place; a move that finds too few kits does not happen, one that is taken back
    never did."""
    places: Counter[str] = Counter()
    places["with the coordinator"] = 1_000
    lines = []
    for kind, count, taken_back in wanted:
        before, after = STEPS[kind]
        if taken_back:
            lines.append(Line(1, 1, kind, count, taken_back=True))
        elif places[before] >= count:
            places[before] -= count
            places[after] += count
            lines.append(Line(1, 1, kind, count))
    found = stocks(lines)
    stock = found.get((1, 1), Stock())
    assert stock.sent == 1_000 - places["with the coordinator"]
    assert (stock.in_transit, stock.lost_on_way) == (places["on the way"], places["lost on the way"])
    assert (stock.handed_out, stock.remaining) == (places["with somebody"], places["at the service"])
    assert (stock.returned, stock.lost) == (places["returned"], places["lost"])
    assert mismatches(found) == []


@given(LINES, CONTACTS)
def test_a_mismatch_is_named_exactly_where_a_number_is_impossible(lines, contacts):
    found = stocks(lines, 1, contacts)
    named = {(one.item, one.service) for one in mismatches(found)}
    assert named == {pair for pair, stock in found.items() if stock.in_transit < 0 or stock.remaining < 0}
    assert all(one.count > 0 for one in mismatches(found))
    counts = [one.count for one in mismatches(found)]
    assert counts == sorted(counts, reverse=True)


@given(LINES, st.data())
def test_taking_a_line_back_is_as_if_it_had_never_been(lines, data):
    if not lines:
        return
    at = data.draw(st.integers(0, len(lines) - 1))
    back = [line._replace(taken_back=True) if n == at else line for n, line in enumerate(lines)]
    without = [line for n, line in enumerate(lines) if n != at]
    assert {pair: stock for pair, stock in stocks(back).items() if stock} == {
        pair: stock for pair, stock in stocks(without).items() if stock
    }


def test_nothing_recorded_is_no_stock_and_no_mismatch():
    assert stocks([]) == {} and mismatches({}) == [] and together([]) == Stock() and not Stock()


def test_kits_of_contacts_are_of_the_one_item_that_contacts_count():
    lines = [Line(1, 7, "received", 20), Line(2, 7, "received", 20)]
    found = stocks(lines, 1, [(7, 3), (7, 2)])
    assert found[1, 7].handed_out == 5 and found[2, 7].handed_out == 0


def test_without_an_item_that_contacts_count_their_kits_are_of_none():
    assert stocks([], None, [(7, 3)]) == {}


def test_contacts_that_hand_out_more_than_came_are_named_not_mended():
    found = stocks([Line(1, 7, "sent", 10), Line(1, 7, "received", 10)], 1, [(7, 22)])
    assert found[1, 7].remaining == -12
    assert mismatches(found) == [Mismatch(MismatchKind.HANDED_MORE_BY_CONTACTS, 1, 7, 12)]


def test_more_received_than_was_sent_is_named_not_mended():
    found = stocks([Line(1, 7, "sent", 10), Line(1, 7, "received", 13)])
    assert found[1, 7].in_transit == -3
    assert mismatches(found) == [Mismatch(MismatchKind.RECEIVED_MORE, 1, 7, 3)]


def test_handed_out_returned_and_lost_together_above_what_came_has_its_own_name():
    lines = [Line(1, 7, "sent", 10), Line(1, 7, "received", 10), Line(1, 7, "handed_out", 8), Line(1, 7, "returned", 5)]
    assert mismatches(stocks(lines)) == [Mismatch(MismatchKind.GONE_MORE, 1, 7, 3)]
    lines.append(Line(1, 7, "handed_out", 4))
    assert mismatches(stocks(lines)) == [Mismatch(MismatchKind.HANDED_MORE, 1, 7, 2)]


def test_the_largest_mismatch_stands_first():
    lines = [Line(1, 7, "received", 2), Line(1, 8, "received", 5), Line(2, 6, "received", 2)]
    assert [(one.service, one.count) for one in mismatches(stocks(lines))] == [(8, 5), (6, 2), (7, 2)]
