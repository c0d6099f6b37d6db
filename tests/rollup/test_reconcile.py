"""What each source says of a figure, beside what counts, and where they differ."""

from __future__ import annotations

from outreach.rollup.measures import measure
from outreach.rollup.reconcile import Line, Signed, Source, apart, reconcile
from tests.rollup.small import FIRST, Small

ANNA, BEA, CLEO = ({"person": number} for number in (1, 2, 3))


def _line(world: Small, service: int = 10, code: str = "persons_met", signed: dict[int, Signed] | None = None) -> Line:
    return next(line for line in reconcile(world.facts(), signed, [measure(code)]) if line.service == service)


def _said(line: Line) -> dict[str, tuple[int | None, bool]]:
    return {one.name: (one.value, one.counts) for one in line.said}


def _tally(world: Small, day: int, value: int, **row: object) -> Small:
    return world.add("tallies", measure="persons_met", day=day, value=value, **row)


def test_records_alone_agree_with_themselves() -> None:
    line = _line(Small().contact(FIRST, ANNA, BEA))
    assert (line.value, line.differs, line.open) == (2, False, False)
    assert _said(line) == {"records": (2, True)}


def test_totals_beside_records_are_compared_on_the_days_they_tell_of() -> None:
    world = Small().contact(FIRST, ANNA, BEA).contact(FIRST + 1, CLEO)
    assert not _line(_tally(world, FIRST, 2)).open
    line = _line(_tally(world, FIRST + 1, 4))
    assert line.differs
    assert _said(line) == {"records": (3, True), "totals": (6, False)}
    assert [(day.day, day.differs) for day in line.days] == [(FIRST, False), (FIRST + 1, True)]


def test_an_adjustment_of_the_day_mends_the_difference_and_says_how_much_it_is() -> None:
    world = _tally(Small().contact(FIRST, ANNA), FIRST, 3).add(
        "adjustments", measure="persons_met", day=FIRST, amount=2)
    line = _line(world)
    assert (line.value, line.open, str(line.basis)) == (3, False, "adjusted")
    assert _said(line) == {"records": (1, True), "totals": (3, False), "adjustments": (2, True)}


def test_records_of_a_service_that_sends_totals_stand_beside_them() -> None:
    world = Small().contact(FIRST, ANNA, BEA)
    world.rows["participations"][0]["entry_mode"] = "daily_totals"
    line = _line(_tally(world, FIRST, 5))
    assert line.differs
    assert _said(line) == {"records": (2, False), "totals": (5, True)}


def test_what_was_signed_is_compared_with_what_counts_now() -> None:
    signed = {10: Signed({"persons_met": 2}, {"persons_met": {FIRST: 2}})}
    assert not _line(Small().contact(FIRST, ANNA, BEA), signed=signed).open
    line = _line(Small().contact(FIRST, ANNA, BEA, CLEO), signed=signed)
    assert line.differs
    assert line.of(Source.SIGNED).value == 2
    assert line.mark == {"counts": 3, "records": 3, "signed": 2,
                         "days": {str(FIRST): {"counts": 3, "records": 3, "signed": 2}}}


def test_what_was_entered_at_another_operation_is_shown_and_counts_nowhere() -> None:
    world = Small().add("operations", parent=1, code="CHILD").add("participations", operation=2, service=10)
    world.add("places", service=10, measure="persons_met", operation=2)
    world.contact(FIRST, ANNA, operation=2).contact(FIRST, BEA, CLEO)
    line = _line(world)
    assert (line.value, line.differs) == (1, True)
    assert _said(line) == {"records": (1, True), "elsewhere-1": (2, False)}


def test_a_partner_of_a_joint_team_is_counted_by_its_lead_and_a_silent_service_says_nothing() -> None:
    world = Small().contact(FIRST, ANNA).add("participations", service=11).add("participations", service=12)
    world.add("joint", service=11, lead=10)
    found = {line.service: line for line in reconcile(world.facts(), None, [measure("persons_met")])}
    assert found[11].of(Source.JOINT).lead == 10
    assert (found[12].value, found[12].said, found[12].open) == (None, (), False)


def test_an_adjustment_of_what_nobody_told_makes_no_figure() -> None:
    world = Small().add("adjustments", measure="persons_met", day=FIRST, amount=2)
    line = _line(world)
    assert (line.value, _said(line)) == (None, {"adjustments": (2, False)})


def test_a_figure_is_told_apart_from_its_adjustments():
    added = {("contacts", 5): 2, ("contacts", -1): -3, ("charges", 5): 9}
    assert apart(10, added, "contacts") == (11, -1) and apart(10, added, "contacts", 5) == (8, 2)
    assert apart(4, added, "contacts", 6) == (4, 0) and apart(None, added, "contacts") == (None, -1)
