"""Releases: drafted, edited, sent, approved by two persons, frozen; refused and blocked where they have to be."""

import hashlib
import threading

import pytest

from outreach.errors import Blocked, Changed, Invalid, NotAllowed
from outreach.report import opening_commands as openings
from outreach.report import release_approval_commands as approving
from outreach.report import release_commands as commands
from outreach.report import release_rules as rules
from outreach.report import release_work as work
from outreach.report.release_text_work import NOT_SHOWN
from outreach.storage import db, writing
from outreach.storage.queries import access, operations
from outreach.storage.queries import releases as rows
from outreach.storage.tables import FigureSet, Release, ReleaseFile
from outreach.vocab import ReleaseState, Role
from tests.factories import a_user, an_operation
from tests.report.releases import World


@pytest.fixture
def world(app):
    made = World()
    made.sign()
    made.lock()
    return made


@pytest.mark.any_database
def test_a_release_is_drafted_in_both_languages_sent_approved_by_two_and_frozen_with_its_hash(world):
    row = world.draft()
    assert (row.number, row.state) == (1, "draft") and row.verdict["safe"]
    assert [cell.number for cell in rules.cells(row.cells)] == [50, 21]
    assert all("50" in row.texts[language]["text"] for language in ("en", "fr"))
    with pytest.raises(Blocked):
        approving.approve(world.people["commander"], row)
    sent = commands.send(world.people["coordinator"], row, seen=row.content_hash)
    mark = sent.content_hash
    approving.approve(world.people["coordinator"], sent, seen=mark)
    approving.approve(world.people["coordinator"], sent, seen=mark)  # the same person never counts twice
    assert world.row().state == "sent" and db.session.query(ReleaseFile).count() == 0
    approving.approve(world.people["commander"], sent, seen=mark)
    out = world.row()
    assert out.state == ReleaseState.PUBLISHED and out.published_at and out.content_hash == mark
    for file in rows.files_of(out.id):
        content = rows.file(out.id, file.name).content
        assert hashlib.sha256(content).hexdigest() == file.hash and len(content) == file.size
    names = [file.name for file in rows.files_of(out.id)]
    assert {"en.html", "fr.html", "release.css"} <= set(names) and len(names) == 9
    assert work.intact(out, rows.set_of(out))
    assert b"50" in rows.file(out.id, "fr.html").content
    assert approving.approve(world.people["commander"], out).state == "published"  # asked again: nothing happens
    with pytest.raises(Blocked):
        commands.drop(world.people["coordinator"], out)
    assert world.steps() == ["made", "sent", "approved", "approved", "published"]
    done = ["release.draft", "release.send", "release.approve", "release.approve", "release.publish"]
    assert world.journal() == done


def test_who_may_not_is_refused_and_nothing_is_written(world):
    row = world.draft()
    with pytest.raises(NotAllowed):
        world.draft(who="commander")
    for step in (
        lambda: commands.send(world.people["commander"], row),
        lambda: commands.edit(world.people["analyst"], row, row.texts),
        lambda: commands.weigh_again(world.people["commander"], row),
        lambda: commands.drop(world.people["commander"], row),
        lambda: approving.approve(world.people["analyst"], row),
        lambda: approving.refuse(world.people["analyst"], row, "Not good"),
        lambda: approving.take_back(world.people["analyst"], row),
    ):
        with pytest.raises(NotAllowed):
            step()
    assert world.steps() == ["made"] and world.journal() == ["release.draft"]


def test_editing_drops_the_approvals_and_the_page_of_before_is_refused(world):
    people, row = world.people, world.draft()
    commands.send(people["coordinator"], row)
    old = world.row().content_hash
    approving.approve(people["commander"], row)
    texts = {language: {**row.texts[language], "title": f"Out, {language}"} for language in ("en", "fr")}
    edited = commands.edit(people["coordinator"], world.row(), texts, seen=old)
    assert edited.state == "draft" and edited.content_hash != old
    assert commands.edit(people["coordinator"], edited, texts).content_hash == edited.content_hash
    with pytest.raises(Changed):
        commands.edit(people["coordinator"], row, texts, seen=old)
    commands.send(people["coordinator"], row)
    with pytest.raises(Changed):
        approving.approve(people["commander"], row, seen=old)
    approving.approve(people["coordinator"], row)
    assert world.row().state == "sent"  # what was approved before it was edited counts no more
    approving.take_back(people["coordinator"], row)
    approving.approve(people["commander"], row)
    assert world.row().state == "sent"
    with pytest.raises(Invalid):
        approving.refuse(people["second"], row, " ")
    assert approving.refuse(people["second"], row, "The title says too little.").state == "draft"
    assert commands.drop(people["coordinator"], row).state == "dropped"
    for step in (commands.send, approving.approve, commands.weigh_again):
        with pytest.raises(Blocked):
            step(people["coordinator"], world.row())
    assert world.steps().count("edited") == 1


@pytest.mark.parametrize("text", ["In all 51 persons were met.", "Fifty-one", "On a Tuesday three were safe", "5 0 0"])
def test_a_number_that_the_release_does_not_show_is_refused_in_the_same_words(world, text):
    row = world.draft()
    texts = {language: {**row.texts[language]} for language in ("en", "fr")}
    texts["en"] = {**texts["en"], "text": text}
    with pytest.raises(Invalid) as refused:
        commands.edit(world.people["coordinator"], row, texts)
    (finding,) = refused.value.findings
    assert finding.where == "text_en" and finding.message == NOT_SHOWN
    texts["en"]["text"] = (
        "Fifty persons were met on 10 October 2017, and twenty-one charges were laid (2 of 2 services in)."
    )
    texts["fr"] = {
        **texts["fr"],
        "text": "Cinquante personnes, vingt et une accusations, du 10 au 11 octobre 2017.\n\n\u202eא",
    }
    commands.edit(world.people["coordinator"], row, texts)
    texts["fr"] = {**texts["fr"], "title": " \u200b"}
    with pytest.raises(Invalid) as refused:
        commands.edit(world.people["coordinator"], row, texts)
    assert [finding.where for finding in refused.value.findings] == ["title_fr"]


def test_a_service_that_reopens_blocks_drafting_asks_for_a_reason_at_sending_and_stops_approving(world):
    people, row = world.people, world.draft()
    world.reopen(world.parts[0])
    with pytest.raises(Blocked, match="Fox River Police"):
        world.draft()
    with pytest.raises(Invalid) as refused:
        commands.send(people["coordinator"], row)
    assert [finding.where for finding in refused.value.findings] == ["reason"]
    commands.send(people["coordinator"], row, reason="The minister speaks at noon.")
    approving.approve(people["coordinator"], row)
    world.reopen(world.parts[1])
    with pytest.raises(Blocked, match="moved since"):
        approving.approve(people["commander"], row)
    approving.refuse(people["commander"], row, "Wait for the other service.")
    world.lock(provisional=True)
    with pytest.raises(Blocked, match="Version 2"):
        world.draft(1)
    later = world.draft(2)
    assert "2" in str(later.number)
    content = rows.set_of(later)
    assert content.kind == "provisional"


def test_a_version_changed_past_the_program_an_unknown_one_and_an_old_page_are_refused(world):
    with pytest.raises(Invalid):
        world.draft(7)
    world.draft(after=0)
    with pytest.raises(Changed):
        world.draft(after=0)
    with db.engine.begin() as past:
        past.exec_driver_sql("UPDATE figure_set SET reported = 9")
    db.session.expire_all()
    with pytest.raises(Blocked, match="not what was locked"):
        world.draft()
    with pytest.raises(Blocked, match="not what was locked"):
        commands.send(world.people["coordinator"], world.row())
    assert db.session.query(Release).count() == 1 and db.session.query(FigureSet).count() == 1


@pytest.fixture
def small(app):
    """Three persons were charged by one of the services: a small number."""
    made = World(met={"Fox River Police": (30, 3), "Quarry Town Police": (20, 9), "= Reed Town 🦊": (8, 0)})
    made.sign()
    made.lock()
    return made


def test_small_numbers_are_withheld_everywhere_and_one_is_opened_by_two_persons(small):
    people = small.people
    row = small.draft(scope={"by_service": ("charges",)})
    kept = rules.withheld(row.cells)
    fox = small.parts[0].service_id
    assert ("charges", fox, None) in {cell.key for cell in kept} and len(kept) > 1
    assert all(cell.number is None for cell in kept) and row.verdict["safe"]
    assert "low" not in str(row.verdict)
    key = ("charges", fox, None)
    with pytest.raises(Invalid):
        openings.ask(people["coordinator"], row, key, "")
    with pytest.raises(Invalid):
        openings.ask(people["coordinator"], row, ("charges", None, "2017-10-10"), "Not withheld here")
    asked = openings.ask(people["coordinator"], row, key, "The court has named all three.")
    assert openings.ask(people["coordinator"], row, key, "Again").id == asked.id
    with pytest.raises(Blocked):
        commands.send(people["coordinator"], row)
    with pytest.raises(NotAllowed):
        openings.approve(people["coordinator"], row, asked.id)
    openings.approve(people["commander"], row, asked.id)
    found = small.row()
    assert {cell.key: cell.number for cell in rules.cells(found.cells)}[key] == 3
    second = next(cell.key for cell in rules.withheld(found.cells)) if rules.withheld(found.cells) else None
    if second:
        other = openings.ask(people["coordinator"], found, second, "For the test")
        openings.refuse(people["commander"], found, other.id)
    tags = small.journal()
    assert "opening.ask" in tags and "opening.approve" in tags
    commands.send(people["coordinator"], small.row())
    for who in ("second", "commander"):
        approving.approve(people[who], small.row())
    page = rows.file(small.row().id, "en.html").content.decode()
    assert small.row().state == "published" and "= Reed Town 🦊" in page


def test_what_left_before_and_a_new_threshold_ask_for_a_new_check(small, monkeypatch):
    first, second = small.draft(), small.draft(scope={"by_service": ("charges",)})
    commands.send(small.people["coordinator"], first)
    for who in ("second", "commander"):
        approving.approve(small.people[who], first)
    with pytest.raises(Blocked, match="Another release"):
        commands.send(small.people["coordinator"], second)
    commands.weigh_again(small.people["coordinator"], second)
    assert commands.send(small.people["coordinator"], small.row(2)).state == "sent"
    from outreach.rollup.protection import Policy

    monkeypatch.setattr(work, "policy_of", lambda _operation: Policy(least=11))
    with pytest.raises(Blocked, match="threshold"):
        approving.approve(small.people["commander"], small.row(2))
    again = commands.weigh_again(small.people["coordinator"], small.row(2))
    assert again.state == "draft" and again.policy["least"] == 11


@pytest.mark.any_database
def test_the_approval_of_who_was_disabled_or_lost_the_role_since_no_longer_counts(world, monkeypatch):
    row = world.draft()
    commands.send(world.people["coordinator"], row)
    approving.approve(world.people["second"], row)
    with writing():
        world.users["second"].active = False
    approving.approve(world.people["commander"], row)
    assert world.row().state == "sent" and set(approving.approvals(world.row(), world.operation)) == {
        world.people["commander"].user
    }
    with pytest.raises(NotAllowed):  # her request was on its way when the account was disabled
        approving.approve(world.people["second"], row)
    real = work.papers_of

    def meanwhile(*all_):
        with writing():
            db.session.delete(world.users["coordinator"].roles[0])
        return real(*all_)

    monkeypatch.setattr(work, "papers_of", meanwhile)
    with pytest.raises(NotAllowed):
        approving.approve(world.people["coordinator"], row)
    assert world.row().state == "sent" and db.session.query(ReleaseFile).count() == 0
    with writing():
        world.users["second"].active = True
    monkeypatch.setattr(work, "papers_of", real)
    assert approving.approve(world.people["commander"], world.row()).state == "sent"
    third = access.actor_of(a_user(Role.COMMANDER))
    with writing():
        db.session.delete(world.users["commander"].roles[0])
    assert approving.approve(third, world.row()).state == "published"
    assert world.steps().count("approved") == 3


@pytest.mark.any_database
def test_two_approvals_at_the_same_moment_publish_once(app, world):
    row = world.draft()
    commands.send(world.people["coordinator"], row)
    number, wrong, start = row.id, [], threading.Barrier(3)

    def approve(actor):
        try:
            with app.app_context():
                start.wait(20)
                approving.approve(actor, rows.by_id(number))
                db.session.remove()
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            wrong.append(error)

    actors = [world.people[who] for who in ("coordinator", "commander", "commander")]
    db.session.rollback()
    threads = [threading.Thread(target=approve, args=(actor,)) for actor in actors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(40)
    assert wrong == []
    out = world.row()
    assert out.state == "published" and work.intact(out, rows.set_of(out))
    assert sorted(world.steps()) == ["approved", "approved", "made", "published", "sent"]
    assert db.session.query(ReleaseFile).count() == 9


def test_what_left_of_an_operation_below_counts_above_and_beside_only_its_services(world):
    world.out(scope={"by_service": ("charges",)})
    with writing():
        above, beside = an_operation("OP-ABOVE"), an_operation("OP-BESIDE")
        child = operations.by_code("OP-OUT")
        child.parent_id = child.root_id = above.id
        sibling = operations.by_code("OP-BESIDE")
        sibling.parent_id = sibling.root_id = above.id
    ids = rows.tree_of(above.id)
    assert set(ids) == {above.id, beside.id, world.operation.id}
    ((_, earlier, name),) = work._earlier(above.id, ids, None)
    assert name == "OP-OUT 1" and ("persons_met", None, None) in earlier.true
    ((_, aside, _),) = work._earlier(beside.id, ids, None)
    assert {key[1] for key in aside.true} == {part.service_id for part in world.parts}
    # Above, one more person was met than was published below: that one is not told by the difference.
    told = work.protect({("persons_met", None, None): 51}, work.Policy(), [earlier], version=1)
    assert ("persons_met", None, None) in told.hidden
