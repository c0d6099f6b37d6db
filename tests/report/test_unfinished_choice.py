"""What was not chosen or attacked to the end leaves nowhere, and is told as that and as nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from outreach.errors import Blocked
from outreach.report import release_commands as commands
from outreach.report import release_work
from outreach.report.workbook import leaving
from outreach.rollup.budget import Budget
from outreach.rollup.protection import Told
from outreach.rollup.suppression import protect
from tests.report.releases import World

SMALL = {"Fox River Police": (30, 12), "Quarry Town Police": (3, 2)}


def hurried(*given: Any, **named: Any) -> Told:
    return protect(*given, **named, budget=Budget.of(0))


@pytest.fixture
def world(app) -> World:
    made = World("OP-LATE", SMALL)
    made.sign()
    made.lock()
    return made


def test_a_release_whose_choice_ran_out_of_time_cannot_be_sent_until_it_is_checked_again(world, monkeypatch):
    monkeypatch.setattr(release_work, "protect", hurried)
    row = world.draft(scope={"by_service": ("persons_met", "charges")})
    assert not row.verdict["safe"] and not row.verdict["finished"]
    with pytest.raises(Blocked) as problem:
        commands.send(world.people["coordinator"], row, seen=row.content_hash)
    assert problem.value.message == "Not safe: the attack did not finish."
    assert world.row().state == "draft"
    monkeypatch.undo()
    again = commands.weigh_again(world.people["coordinator"], world.row())
    assert again.verdict["safe"] and again.verdict["finished"]


def test_a_publication_copy_whose_choice_ran_out_of_time_is_refused_and_not_remembered(world, monkeypatch):
    found = leaving.need_locked(world.operation.id)
    monkeypatch.setattr(leaving, "protect", hurried)
    with pytest.raises(Blocked) as problem:
        leaving.told_of(found)
    assert problem.value.message == "Not safe: the attack did not finish."
    monkeypatch.undo()
    assert leaving.told_of(found).complete
