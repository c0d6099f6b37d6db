"""What a page of a case costs: each sealed text is opened once, and what is not shown is not opened."""

import uuid

import pytest

from outreach.referrals import case_commands, commands
from outreach.referrals.case_rules import Entry, Goal
from outreach.referrals.views import case_views
from outreach.storage import keys, writing
from outreach.storage.case_keys import case_keys
from outreach.storage.queries import access
from tests.referrals.factories import a_referral, a_world

SHOWN = case_views.ENTRIES_SHOWN


@pytest.fixture
def opened(monkeypatch):
    """How often a sealed text was opened, by the module that opened it."""
    count = {"case": 0, "site": 0}
    for name, owner in (("case", type(case_keys())), ("site", keys.Keys)):
        method = "open" if name == "case" else "open_bytes"
        real = getattr(owner, method)

        def counting(self, *args, real=real, name=name):
            count[name] += 1
            return real(self, *args)

        monkeypatch.setattr(owner, method, counting)
    return count


def test_each_text_that_is_shown_is_opened_once(app, signed_in, opened):
    world = a_world()
    referral = a_referral(world)
    with writing():
        liaison = access.actor_of(world.liaison)
        commands.pick_up(liaison, referral)
        for _ in range(SHOWN + 8):
            case_commands.record_entry(liaison, referral, str(uuid.uuid4()), Entry("call", "no_answer", "", "Words"))
        for number in range(9):
            said = Goal("work", f"Goal {number}", f"Step {number}")
            case_commands.change_item(liaison, referral, str(uuid.uuid4()), 0, said)
    client, url = signed_in(world.liaison), f"/referrals/{referral.uid}"
    client.get(url)
    opened.update(case=0, site=0)
    client.get(url)
    assert opened["case"] == 1 + SHOWN + 2 * 9  # the way, the notes shown, each goal with its step
    assert opened["site"] == 0  # the keys of the case are known by then
    opened.update(case=0)
    assert client.get("/referrals/due").status_code == 200
    assert opened["case"] == 0
