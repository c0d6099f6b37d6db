"""Files that come back: kept sealed, read, recognised, left out, forgotten; and the same from the command line."""

import datetime as dt
import io

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from outreach.auth.actors import ANYBODY
from outreach.cli import cli
from outreach.errors import Blocked, Invalid, NotAllowed, NotFound
from outreach.referrals.alert_views import send_round
from outreach.returns import return_commands, take_commands, workbook_file
from outreach.storage import db, writing
from outreach.storage.queries import access, operations, return_links
from outreach.storage.tables import AuditEntry, Contact, ParticipationVersion, ReturnFile
from outreach.storage.types import utc_now
from outreach.vocab import ReturnState, Role
from tests.factories import a_participation, a_service, a_user, an_operation
from tests.returns.books import Book, Said, fresh, send
from tests.returns.test_take_commands import World

DAY = dt.date(2017, 10, 11)


@pytest.fixture
def world(app):
    return World()


@pytest.fixture
def book(world):
    """A workbook with one row that is good and one that is not."""
    book = Book(fresh(world.operation, world.participation))
    book.contact(1, agreed="Oui", age="18", answer="Accepted", code="K7QM-4R2X"[:4])
    book.contact(2, no=7, kits=2, time=dt.time(1, 30))
    book.total("contacts", DAY, "0")
    return book


def kept(world, content, actor=None, **more):
    more.setdefault("participation", world.participation)
    return return_commands.receive(actor or world.actor, world.operation, content, "return.xlsx", how="page", **more)


def tags():
    return [
        tag for (tag,) in db.session.query(AuditEntry.tag).order_by(AuditEntry.id) if tag.startswith("returns.file")
    ]


# --- the whole way ----------------------------------------------------------------------------------------------------


def test_a_real_file_goes_all_the_way_and_its_answer_is_marked(world, book):
    content = book.saved()
    file = kept(world, content)
    assert file.state == "waiting" and content not in file.content and b"xl/work" not in file.content
    db.session.rollback()
    file = return_commands.file_of(file.uid)  # whoever looks next, also after the process has died
    return_commands.read(world.actor, file)
    assert (file.state, file.content, file.issue, file.participation_id) == ("faulty", None, 1, world.participation.id)
    assert (file.counts["good"], file.counts["bad"]) == (2, 1) and b"K7QM" not in file.read
    answer = load_workbook(filename=_open(take_commands.answer_of(world.actor, file, "en")))
    assert answer.sheetnames[0] != "Start here"
    assert not take_commands.take(world.actor, file, good_only=True).whole
    assert world.figure("kits_handed_out") == 2 and world.figure("persons_met") == 1
    assert tags() == ["returns.file.receive", "returns.file.read", "returns.file.take"]
    assert kept(world, content).id != file.id  # bytes that were taken in part may be looked at again
    book.contact(1, agreed="Oui", age="18", answer="Accepted", code=None)
    whole = send(world.actor, world.operation, book.saved(), world.participation)
    assert whole.state == "ready" and take_commands.take(world.actor, whole).whole
    assert db.session.get_one(ReturnFile, file.id).read is None
    book.file.properties.title = "saved later"  # within one second the bytes would be the same
    assert kept(world, book.saved()).id != whole.id  # saved anew, it is another file that says the same


def _open(content):
    return io.BytesIO(content)


def test_the_same_bytes_are_one_file_and_say_so_once_they_are_taken(world):
    file = kept(world, b"same")
    assert kept(world, b"same").id == file.id and db.session.query(ReturnFile).count() == 1
    steering = access.actor_of(a_user(Role.OPERATION_COORDINATOR))
    dropped = kept(world, b"same", steering, participation=None, drop_uid="d1")
    assert (dropped.state, dropped.refused) == ("refused", {"code": "here_already"})
    with writing():
        file.state, file.decided_at = ReturnState.TAKEN.value, utc_now()
    again = kept(world, b"same")
    assert (again.id, again.state) == (file.id, "taken")
    dropped = kept(world, b"same", steering, participation=None, drop_uid="d2")
    assert dropped.refused["code"] == "taken_already" and dropped.content is None
    assert {code in return_commands.REFUSALS for code in ("taken_already", "here_already", "no_stamp")} == {True}


# --- what a file is instead -------------------------------------------------------------------------------------------


def test_a_file_that_is_no_return_is_refused_with_its_reason(world):
    file = send(world.actor, world.operation, b"not a workbook", world.participation)
    assert file.state == "refused" and file.refused["code"] in return_commands.REFUSALS and file.read is None
    with pytest.raises(NotFound):
        take_commands.preview(world.actor, file)


def looked(monkeypatch, said, **more):
    """What a file of this stamp is, without a file."""
    stamp = said.asked.meta

    def read(content, mark, asked, today=None):
        if callable(asked):
            workbook_file.check_whose(stamp, asked(stamp).meta)
        return said.returned()

    monkeypatch.setattr(workbook_file, "read_return", read)
    return return_commands.look(b"", **more)


def test_whose_a_file_is_stands_in_its_stamp(world, monkeypatch):
    said = Said(world.operation, world.participation)
    other = a_participation(world.operation, a_service("Quarry Town Police"))
    elsewhere = an_operation("OP-ELSE")
    found = looked(monkeypatch, said)
    assert (found.operation.code, found.whose.service.name, found.problem) == ("OP-R", "Port Linden Police", None)
    for code, more in (
        ("wrong_service", {"operation": world.operation, "door": other.id}),
        ("wrong_operation", {"operation": elsewhere}),
    ):
        assert looked(monkeypatch, said, **more).problem.code == code
    for code, change in (("owes_nothing", {"entry_mode": "none"}), ("left_operation", {"status": "withdrawn"})):
        with writing():
            db.session.query(ParticipationVersion).filter_by(participation_id=world.participation.id).update(change)
        assert looked(monkeypatch, said, operation=world.operation).problem.code == code


def test_an_older_issue_than_the_newest_taken_is_told_with_both_numbers_and_when(world, monkeypatch):
    old = Said(world.operation, world.participation)
    world.take(Said(world.operation, world.participation).contact(1))
    world.take(Said(world.operation, world.participation).contact(2))
    problem = looked(monkeypatch, old, operation=world.operation).problem
    assert problem.code == "older_issue" and (problem.params["issue"], problem.params["newest"]) == (1, 2)
    assert "EST" in problem.params["taken"] or "EDT" in problem.params["taken"]
    assert "issue 2" in str(problem)


# --- who may, leaving, forgetting -------------------------------------------------------------------------------------


def test_only_the_service_its_link_and_who_steers_the_operation_send_a_file(world):
    for user in (a_user(Role.FIELD_OFFICER, world.service), a_user(Role.SERVICE_COORDINATOR, a_service())):
        with pytest.raises(NotAllowed):
            kept(world, b"x", access.actor_of(user))
    with pytest.raises(NotAllowed):
        kept(world, b"x", participation=None)
    with writing():
        link = return_links.add_link(world.participation.id, None, utc_now() + dt.timedelta(days=1))
    file = kept(world, b"x", ANYBODY, link=link.id)
    assert (file.link_id, file.received_by_id) == (link.id, None)
    other = a_participation(world.operation)
    with pytest.raises(NotAllowed):
        kept(world, b"x", ANYBODY, link=link.id, participation=other)
    said = Said(world.operation, world.participation).contact(1).file(link_id=link.id)
    with pytest.raises(NotAllowed):
        take_commands.take(ANYBODY, said)
    assert take_commands.take(ANYBODY, said, link=link.id).whole
    with writing():
        return_links.revoke_links(world.participation.id)
    with pytest.raises(NotAllowed):
        kept(world, b"y", ANYBODY, link=link.id)


def test_a_file_is_left_out_once_with_a_reason_and_nothing_of_it_is_kept(world):
    file = Said(world.operation, world.participation).contact(1).file()
    with pytest.raises(Invalid):
        return_commands.leave(world.actor, file, " ")
    with pytest.raises(NotAllowed):
        return_commands.leave(access.actor_of(a_user(Role.COMMANDER)), file, "Mistake")
    return_commands.leave(world.actor, file, "Sent by mistake")
    file = db.session.get_one(ReturnFile, file.id)
    assert (file.state, file.read, file.reason, file.decided_by_id) == (
        "left",
        None,
        "Sent by mistake",
        world.actor.user,
    )
    assert tags() == ["returns.file.leave"]
    with pytest.raises(Blocked):
        return_commands.leave(world.actor, file, "Again")
    assert db.session.query(Contact).count() == 0


def test_what_a_file_said_is_erased_after_thirty_days_by_the_round_of_the_site(app, world):
    old, new = (Said(world.operation, world.participation).contact(1).file() for _ in range(2))
    with writing():
        old.received_at = utc_now() - dt.timedelta(days=31)
    send_round(app, count=False)
    old, new = db.session.get_one(ReturnFile, old.id), db.session.get_one(ReturnFile, new.id)
    assert (old.state, old.read, new.state) == ("left", None, "ready") and new.read is not None
    assert return_commands.forget_old() == 0


# --- the command line -------------------------------------------------------------------------------------------------


def test_the_command_line_checks_takes_and_answers(app, world, book, tmp_path):
    def run(*words):
        done = CliRunner().invoke(cli, ["import", "return", *map(str, words)], obj=lambda: app)
        db.session.rollback()
        return done.exit_code, done.stdout, done.stderr

    file, other, report = tmp_path / "port.xlsx", tmp_path / "note.xlsx", tmp_path / "answers"
    file.write_bytes(book.saved())
    other.write_bytes(b"no workbook")
    code, out, err = run("--check", "--good", file)
    assert (code, db.session.query(ReturnFile).count()) == (1, 0)
    assert "Port Linden Police, OP-R, issue 1: the good rows would be taken; nothing was saved: 2 new, 1 to fix" in out
    assert "Persons met: not known -> at least 1" in out and "Contacts!J3: K7QM: " in err
    code, out, err = run("--report", report, file, other)
    assert code == 1 and "not taken" in out and db.session.query(Contact).count() == 0
    assert "note.xlsx: " in err and load_workbook(report / "to-fix-port.xlsx").sheetnames
    code, out, err = run("--good", file)
    assert code == 1 and "the good rows taken: 2 new, 1 to fix" in out and world.figure("persons_met") == 1
    book.contact(1, agreed="Oui", age="18", answer="Accepted", code=None)
    file.write_bytes(book.saved())
    assert run(file)[0] == 0 and world.figure("persons_met") == 2
    code, out, _ = run(file)
    assert code == 0 and "taken before; nothing changes." in out
    assert operations.by_code("OP-R").changes == world.changes()
