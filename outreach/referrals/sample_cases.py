"""Three cases of the sample, so that the liaison's pages show something. Every word and every person is invented."""

from __future__ import annotations

import datetime as dt

from outreach.auth.actors import Actor
from outreach.storage.queries import referrals
from outreach.storage.types import new_uid, utc_now

from . import case_commands, close_commands, commands, record_commands
from .case_rules import Entry, Goal, SafeWay

WAYS = (
    SafeWay("519 555 0199", "yes", "no", "Anna from the library (invented)"),
    SafeWay("Ask for her at the bakery on King Street, afternoons (invented)"),
)
GOALS = (
    (-1, Goal("safety", "Sleep where he does not find me (invented)", "Change the lock with the landlord")),
    (3, Goal("housing", "A room of my own (invented)", "See the room on Pine Street")),
    (None, Goal("school", "Finish grade 12 (invented)", "Ask the adult school for dates")),
    (None, Goal("legal", state="not_wanted")),
)
ENTRIES = (
    Entry("call", "no_answer"),
    Entry("call", "spoke", "yes", "Invented for the sample. She lives with her sister and wants to see rooms."),
)


def write(liaison: Actor, agency_id: int) -> None:
    """Pick up the three oldest referrals to the agency; two go on, one has ended well. Inside a write."""
    waiting = [row.referral for row in referrals.of_agencies([agency_id])][:3]
    now = utc_now()
    for number, referral in enumerate(waiting):
        commands.pick_up(liaison, referral)
        case_commands.schedule(referral, now - dt.timedelta(days=7 - 3 * number))
        if number < len(WAYS):
            case_commands.change_safe_way(liaison, referral, WAYS[number])
    first, last = waiting[0], waiting[-1]
    for said in ENTRIES:
        case_commands.record_entry(liaison, first, new_uid(), said)
    for days, words in GOALS:
        due_on = None if days is None else now.date() + dt.timedelta(days=days)
        goal = Goal(words.area, words.goal, words.step, due_on, words.state)
        case_commands.change_item(liaison, first, new_uid(), 0, goal)
    record_commands.record(liaison, last, new_uid(), Entry("in_person", "spoke", "yes"), reached=True)
    seen = referrals.current(last.id).version
    close_commands.close(liaison, last, seen, "closed", ["safe_housing", "work"], "Invented: settled.", destroys=True)
