"""How complete a service is and when it was heard, worked out by hand."""

from __future__ import annotations

from outreach.rollup.cells import cells, day_due
from outreach.rollup.completeness import Came, completeness, timeliness
from outreach.rollup.ledger import ledger
from outreach.rollup.measures import measure
from tests.rollup.small import DAY, FIRST, LAST, Small

HOUR = 3600
BY_DAY, ONCE = 10, 3  # figures asked of police: nine of contacts and charges by day, three once


def _one(small: Small):
    (found,) = completeness(small.facts())
    return found


def _day(small: Small, day: int):
    return next(one for one in completeness(small.facts(), by_day=True) if one.day == day)


def test_a_service_of_which_nothing_was_heard_is_due_everything_and_known_in_nothing() -> None:
    found = _one(Small())
    # Charges have no days of their own while nothing is told: each of the three days is overdue at the end.
    assert (found.known, found.overdue, found.declined, found.waiting) == (0, 3 * BY_DAY + ONCE, 0, 0)
    assert found.due == 33 and not found.complete


def test_one_contact_makes_its_day_known_in_every_figure_of_contacts() -> None:
    small = Small().contact(FIRST, {"answer": "accepted"})
    day = _day(small, FIRST)
    # Contacts, met, offered and accepted are numbers; under 18, declined, undecided, made safe and kits are zero.
    assert (day.known, day.zero, day.overdue) == (9, 5, 1)
    assert _day(small, LAST).overdue == BY_DAY


def test_a_confirmed_zero_is_known_and_a_refusal_is_due_and_not_known() -> None:
    small = Small().add("tallies", measure="contacts", day=FIRST, state="zero")
    small.add("tallies", measure="contacts", day=LAST, state="declined")
    assert (_day(small, FIRST).zero, _day(small, FIRST).known) == (9, 9)
    last = _day(small, LAST)
    assert (last.declined, last.overdue, last.due) == (9, 1, 10)


def test_what_is_not_due_yet_is_not_missing() -> None:
    found = _one(Small(now=FIRST * DAY + HOUR))
    assert (found.due, found.overdue, found.waiting) == (0, 0, 33) and not found.complete


def test_what_counts_elsewhere_is_not_owed() -> None:
    small = Small().add("operations", operation=2, parent=-1, code="OTHER")
    for code in ("contacts", "persons_met"):
        small.add("places", measure=code, operation=2)
    assert _one(small).due == 33 - 2 * 3


def test_agencies_owe_no_enforcement_and_those_that_report_nothing_owe_nothing() -> None:
    small = Small()
    small.rows["participations"][0] |= {"kind": "victim_services"}
    assert _one(small).due == 3 * 9 + 1
    small.rows["participations"][0] |= {"entry_mode": "none"}
    assert completeness(small.facts()) == []


def test_a_day_is_on_time_late_by_how_much_missing_or_still_waiting() -> None:
    small = Small(now=(LAST + 1) * DAY).contact(FIRST, {})
    small.add("tallies", measure="contacts", day=FIRST + 1, state="declined")
    due = (FIRST + 1) * DAY + 12 * HOUR
    heard = {(10, FIRST): due + 5 * HOUR, (10, FIRST + 1): (FIRST + 1) * DAY}
    first, second, third, window = timeliness(small.facts(), heard)
    assert (first.came, first.late, first.due_at) == (Came.LATE, 5 * HOUR, due)
    assert (second.came, second.late) == (Came.ON_TIME, 0)
    assert (third.came, third.heard_at, window.day, window.came) == (Came.WAITING, None, -1, Came.WAITING)
    assert timeliness(Small().facts(), {})[0].came is Came.MISSING


def test_the_moment_itself_is_on_time_and_the_deadline_may_come_first() -> None:
    deadline = (FIRST + 1) * DAY + HOUR
    small = Small(deadline=deadline).contact(FIRST, {})
    for at, came in ((deadline, Came.ON_TIME), (deadline + 1, Came.LATE)):
        assert timeliness(small.facts(), {(10, FIRST): at})[0].came is came


def test_when_a_day_is_due_is_what_its_cell_says() -> None:
    for deadline in (-1, (FIRST + 1) * DAY + HOUR):
        facts = Small(now=FIRST * DAY, deadline=deadline).facts()
        met = measure("persons_met")
        assert all(cell.due_at == day_due(ledger(facts), 10, met, cell.day) for cell in cells(facts, met))


def test_the_window_has_a_line_of_its_own() -> None:
    small = Small().add("deployed", staff=1).add("tallies", measure="persons_charged", state="zero")
    small.add("tallies", measure="persons_arrested", state="zero")
    ends = (LAST + 1) * DAY + 12 * HOUR
    window = timeliness(small.facts(), {(10, -1): ends - 1})[-1]
    assert (window.day, window.came, window.due_at) == (-1, Came.ON_TIME, ends)
    small.rows["tallies"].pop()
    assert timeliness(small.facts(), {(10, -1): ends - 1})[-1].came is Came.MISSING
