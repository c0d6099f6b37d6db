"""Small numbers published on purpose, afterwards: in errata, and when who agreed may not agree any more."""

import pytest

from outreach.errors import Blocked
from outreach.report import erratum_commands, release_work
from outreach.report import opening_commands as openings
from outreach.report import release_approval_commands as approving
from outreach.report import release_commands as commands
from outreach.report.release_contents import contents_of
from outreach.storage import db, writing
from outreach.storage.queries import operations
from outreach.storage.queries import releases as rows
from tests.report.releases import World

SAFE = ("persons_made_safe", None, None)
WHY = {"en": {"reason": "A return was late."}, "fr": {"reason": "Un rapport est arrivé en retard."}}
SCOPE = {"measures": ("persons_met", "persons_made_safe")}


@pytest.fixture
def world(app):
    """A draft with three persons made safe, published on purpose: the second person is the commander."""
    made = World(met={"Fox River Police": (60, 0)})
    made.tell(made.parts[0], persons_made_safe=3)
    made.tell(made.parts[0], day=11, persons_met=0, persons_made_safe=0)
    made.sign()
    made.lock()
    row = made.draft(scope=SCOPE)
    asked = openings.ask(made.people["coordinator"], row, SAFE, "The court has named all three.")
    openings.approve(made.people["commander"], row, asked.id)
    return made


def publish(world, number=1):
    commands.send(world.people["coordinator"], world.row(number), reason="For the test")
    for who in ("coordinator", "second"):
        approving.approve(world.people[who], world.row(number))


def erratum(world, **numbers):
    world.tell(world.parts[0], **numbers)
    world.lock(provisional=True)
    return erratum_commands.draft(world.people["coordinator"], world.row(1), WHY)


def lines(world, row):
    content = contents_of(release_work.source_of(row, rows.set_of(row), operations.by_code(world.code)))["en"]
    return {one.label: (one.was, one.now) for one in content.changed}


def test_an_erratum_leaves_open_what_was_published_on_purpose_and_has_not_changed(world, signed_in):
    publish(world)
    row = erratum(world, persons_met=90)
    assert lines(world, row) == {"Persons met": ("60", "90")} and row.scope["opened"] == [[*SAFE]]
    assert {cell[0]: cell[3] for cell in row.cells} == {"persons_met": 90, "persons_made_safe": 3}
    page = signed_in(world.users["commander"]).get("/operations/OP-OUT/releases/2").text
    assert "Published before, and unchanged" in page and "Agree to publish it" not in page
    publish(world, 2)


def test_a_number_that_changed_since_it_was_published_on_purpose_is_asked_for_anew(world):
    publish(world)
    row = erratum(world, persons_made_safe=4, persons_met=90)
    assert lines(world, row)["Persons made safe"] == ("3", "withheld") and row.scope["opened"] == []
    assert "4" not in str([cell[3:7] for cell in row.cells if cell[0] == SAFE[0]])
    asked = openings.ask(world.people["coordinator"], row, SAFE, "The court has named the fourth.")
    with pytest.raises(Blocked, match="publish a small number"):
        commands.send(world.people["coordinator"], row, reason="For the test")
    openings.approve(world.people["commander"], row, asked.id)
    assert lines(world, world.row(2))["Persons made safe"] == ("3", "4")
    publish(world, 2)
    assert world.journal().count("opening.approve") == 2


def test_who_agreed_to_a_small_number_has_to_be_somebody_who_may_still_agree(world):
    commands.send(world.people["coordinator"], world.row(), reason="For the test")
    approving.approve(world.people["coordinator"], world.row())
    with writing():
        db.session.merge(world.users["commander"]).active = False
    with pytest.raises(Blocked, match="may not approve releases any more"):
        approving.approve(world.people["second"], world.row())
    row = commands.weigh_again(world.people["coordinator"], world.row())
    assert row.state == "draft" and {cell[0]: cell[3] for cell in row.cells}["persons_made_safe"] is None
    assert rows.openings_of(row.id) == [] and world.journal()[-2:] == ["opening.refuse", "release.check"]
    asked = openings.ask(world.people["coordinator"], row, SAFE, "Asked anew.")
    openings.approve(world.people["second"], world.row(), asked.id)
    publish(world)
