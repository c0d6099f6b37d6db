"""Errata: one line a changed figure, public reasons typed anew, two approvals, frozen beside what it corrects."""

import pytest

from outreach.errors import Blocked, Invalid, NotAllowed
from outreach.report import erratum_commands as commands
from outreach.report import release_approval_commands, release_commands, release_work
from outreach.report import release_rules as rules
from outreach.report.erratum_rules import changes_of, key_of, key_text
from outreach.report.release_contents import contents_of
from outreach.report.release_rules import Cell
from outreach.storage import db, writing
from outreach.storage.queries import operations, removal
from outreach.storage.queries import releases as rows
from outreach.storage.tables import Release
from tests.report.releases import World

PAGE = "/operations/OP-OUT/releases"
WHY = {"en": {"reason": "A return was late."}, "fr": {"reason": "Un rapport est arrivé en retard."}}


@pytest.fixture
def world(app):
    made = World()
    made.sign()
    made.lock()
    made.out()
    return made


def approve(world, row):
    release_commands.send(world.people["coordinator"], row, reason="For the test")
    for who in ("coordinator", "commander"):
        release_approval_commands.approve(world.people[who], row)


def later(world, **numbers):
    world.tell(world.parts[0], **numbers)
    return world.lock(provisional=True)


def test_an_erratum_has_one_line_a_changed_figure_and_freezes_like_a_release(world, client):
    with pytest.raises(Blocked, match="No version was locked"):
        commands.plan(world.row())
    later(world, persons_met=50)
    with pytest.raises(NotAllowed):
        commands.draft(world.people["commander"], world.row(), WHY)
    row = commands.draft(world.people["coordinator"], world.row(), WHY)
    content = contents_of(release_work.source_of(row, rows.set_of(row), operations.by_code("OP-OUT")))
    (line,) = content["en"].changed
    assert (line.label, line.was, line.now, line.why) == (
        "Persons met",
        "at least 50",
        "at least 70",
        "A return was late.",
    )
    assert content["fr"].changed[0].why == "Un rapport est arrivé en retard." and content["en"].lines == ()
    approve(world, row)
    out = world.row(2)
    assert (out.kind, out.state, out.replaces_id) == ("erratum", "published", world.row(1).id)
    assert release_work.intact(out, rows.set_of(out)) and release_work.intact(world.row(1), rows.set_of(world.row(1)))
    page = rows.file(out.id, "fr.html").content.decode()
    assert "70" in page and "Un rapport est arrivé en retard." in page
    # The next one begins where this one ended, whichever of the two is asked for.
    later(world, persons_met=60)
    third = commands.plan(world.row(2))
    assert [(one.was.number, one.now.number) for one in third.changes] == [(70, 80)] and third.release.number == 1


def test_a_reason_is_asked_in_both_languages_and_no_sealed_one_is_copied(world):
    later(world, persons_met=50)
    coordinator = world.people["coordinator"]
    with pytest.raises(Invalid) as refused:
        commands.draft(coordinator, world.row(), {"en": {"reason": ""}, "fr": {}})
    assert {finding.where for finding in refused.value.findings} == {"reason_en", "reason_fr"}
    foreign = {"en": {"reason": "Nineteen were forgotten."}, "fr": WHY["fr"]}
    with pytest.raises(Invalid) as refused:
        commands.draft(coordinator, world.row(), foreign)
    assert [finding.where for finding in refused.value.findings] == ["reason_en"]
    own = {"en": {**WHY["en"], "reasons": {"persons_met": "Counted again: 70.", "nonsense": "x"}}, "fr": WHY["fr"]}
    row = commands.draft(coordinator, world.row(), own, after=1)
    assert row.texts["en"]["reasons"] == {"persons_met": "Counted again: 70."}
    assert "For the test" not in str(row.texts) + str(row.cells)


def test_a_new_release_may_replace_the_first_which_stays_as_it_is(world):
    before = world.row().hash
    later(world, persons_met=50)
    row = world.draft(2, replaces=world.row())
    approve(world, row)
    assert world.row(2).replaces_id == world.row(1).id and world.row(1).hash == before
    draft = world.draft(2)
    with pytest.raises(Blocked):
        world.draft(2, replaces=draft)
    with writing():  # with their operation, and only then, they go
        removal.remove_operations([world.operation.id])
    assert db.session.query(Release).count() == 0


def test_another_erratum_that_left_meanwhile_stops_the_one_that_awaits(world):
    later(world, persons_met=50)
    one = commands.draft(world.people["coordinator"], world.row(), WHY)
    two = commands.draft(world.people["coordinator"], world.row(), WHY)
    approve(world, one)
    with pytest.raises(Blocked, match="Another erratum"):
        release_commands.send(world.people["coordinator"], two)


def test_withheld_then_and_now_is_no_line_whatever_moved_behind_it():
    key = ("charges", 7, None)
    hidden, other = Cell(*key, None, "small"), Cell(*key, None, "beside")
    assert changes_of([hidden], [other]) == []
    shown = Cell(*key, 9)
    assert [(one.was, one.now) for one in changes_of([hidden], [shown])] == [(hidden, shown)]
    assert len(changes_of([shown], [hidden])) == 1 and changes_of([shown], [Cell(*key, 9, bound="partial")]) == []
    day = ("charges", None, "2017-10-12")
    assert [key_text(one) for one in (key, day)] == ["charges/7", "charges//2017-10-12"]
    assert key_of("charges/7", [key, day]) == key and key_of("no", [key]) is None
    assert rules.scope_of(["charges"], ["charges"])[1] == []


def test_the_page_of_an_erratum_says_what_is_missing_and_keeps_what_was_typed(world, signed_in, post):
    client = signed_in(world.users["coordinator"])
    page = PAGE + "/1/erratum"
    assert "No version was locked since" in client.get(page).text
    later(world, persons_met=50)
    wrong = post(client, page, {"reason_en": "Late", "why_en-persons_met": "Typed here"}, page=page)
    assert wrong.status_code == 422 and "Typed here" in wrong.text and 'id="reason_fr-error"' in wrong.text
    data = {"reason_en": "Late", "reason_fr": "En retard", "after": "1"}
    done = post(client, page, data, page=page)
    assert done.status_code == 303 and done.location.endswith("/releases/2")
    shown = client.get(PAGE + "/2").text
    assert "Erratum 2, of release 1" in shown and "En retard" in shown
    assert "Erratum 2, of release 1" in client.get(PAGE).text
    release_commands.send(world.people["coordinator"], world.row(2), reason="For the test")
    waiting = signed_in(world.users["commander"]).get(PAGE + "/2").text
    assert "Approve erratum" in waiting and "Approve release" not in waiting
