"""Data workbooks: asked for by who may, written beside the request, sealed, for one person, for a day."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import python_calamine

from outreach.auth.actors import Actor
from outreach.errors import Blocked, KeyMissing, NotFound
from outreach.report import data_commands, data_rules, data_work
from outreach.report.data_rules import Scope
from outreach.storage import db, writing
from outreach.storage.queries import data_exports as rows
from outreach.storage.tables import AuditEntry, DataExport, Operation, User
from outreach.storage.types import utc_now
from outreach.vocab import ExportState, OperationStatus, Role
from tests import factories as site
from tests.field.factories import actor_of
from tests.report import factories as facts
from tests.report.data_factories import a_data_workbook

NAMES = ("=1+1 Police", "http://example.org/ Police", "😀 Police", "שלום Police", "＝2+2 Police", "00123")


@pytest.fixture
def operation(app) -> Operation:
    """Services with names that a spreadsheet could take for something else, each with a person met."""
    operation = site.an_operation("ONS-1", status=OperationStatus.REPORTING)
    for name in NAMES:
        part = site.a_participation(operation, site.a_service(name))
        facts.a_contact(part, {"answer": "accepted", "age_said": "25_34", "gender_said": "woman_girl"})
    facts.a_contact(part, result="no_answer", day=1)
    facts.an_accused(part, counts=(2,))
    db.session.expire_all()
    return operation


def folder(app: Any) -> Path:
    return Path(app.config["OUTREACH"].instance_dir)


def fetched(app: Any, operation: Operation, uid: str, by: User) -> bytes:
    export = rows.by_uid(uid)
    assert export is not None
    db.session.refresh(export)
    return b"".join(data_commands.take(actor_of(by), export, operation, folder(app)))


def tags(action: str) -> list[AuditEntry]:
    db.session.commit()  # a read is entered by a connection of its own
    return db.session.query(AuditEntry).filter(AuditEntry.tag == action).order_by(AuditEntry.id).all()


def test_it_is_asked_for_written_and_taken_away_and_the_journal_says_so(app, operation):
    analyst = site.a_user(Role.ANALYST)

    uid = a_data_workbook(operation, analyst, "contacts")
    content = fetched(app, operation, uid, analyst)

    asked, taken = tags("report.data.ask"), tags("report.data.take")
    assert asked[-1].details == {"sheet": "contacts", "language": "en"} and asked[-1].actor_id == analyst.id
    assert taken[-1].details == {"sheet": "contacts", "rows": 7, "language": "en", "how": "xlsx"}
    export = rows.by_uid(uid)
    assert (export.state, export.rows_done, export.rows_total, export.size) == ("ready", 7, 7, len(content))
    assert export.ends_at - export.finished_at == dt.timedelta(hours=24)


def test_typed_text_is_text_and_days_are_days_whoever_reads_the_file(app, operation):
    analyst = site.a_user(Role.ANALYST)

    content = fetched(app, operation, a_data_workbook(operation, analyst, "contacts"), analyst)

    book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["Contacts", "About", "Data dictionary"]
    sheet = book["Contacts"]
    assert sheet.freeze_panes == "A2" and sheet.auto_filter.ref == "A1:I8"
    for ws in book:
        for cell in (cell for line in ws.iter_rows() for cell in line):
            assert cell.data_type != "f" and cell.hyperlink is None, cell.coordinate
    body = list(sheet.iter_rows(min_row=2))
    assert {line[3].value for line in body} == set(NAMES)
    assert all(line[3].data_type == "s" and line[3].quotePrefix for line in body)
    assert all(line[1].is_date and line[1].number_format == "yyyy-mm-dd" for line in body)
    assert {line[1].value for line in body} == {dt.datetime(2017, 10, 10), dt.datetime(2017, 10, 11)}
    read = python_calamine.load_workbook(io.BytesIO(content)).get_sheet_by_name("Contacts").to_python()
    assert {line[3] for line in read[1:]} == set(NAMES)
    assert {line[1] for line in read[1:]} == {dt.date(2017, 10, 10), dt.date(2017, 10, 11)}
    assert "Met" in {line[4] for line in read[1:]}


def test_what_lies_on_disk_tells_nothing_and_moved_or_cut_it_does_not_open(app, operation):
    analyst = site.a_user(Role.ANALYST)
    first, second = (a_data_workbook(operation, analyst, "contacts") for _ in range(2))
    path = data_commands.path_of(folder(app), first)

    kept = path.read_bytes()
    assert not kept.startswith(b"PK\x03\x04") and b"xl/work" not in kept and path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in path.parent.iterdir() if one.name.startswith(".")] == []
    path.write_bytes(data_commands.path_of(folder(app), second).read_bytes())
    with pytest.raises(KeyMissing):
        fetched(app, operation, first, analyst)
    path.write_bytes(kept[:-20])
    with pytest.raises(KeyMissing):
        fetched(app, operation, first, analyst)


def test_only_who_asked_takes_it_and_only_while_she_may(app, operation):
    analyst, other = site.a_user(Role.ANALYST), site.a_user(Role.ANALYST)
    uid = a_data_workbook(operation, analyst, "contacts")

    with pytest.raises(NotFound):
        fetched(app, operation, uid, other)
    with writing():
        analyst.roles[0].role = Role.COMMANDER.value
    with pytest.raises(NotFound):
        fetched(app, operation, uid, analyst)
    with writing():
        analyst.roles[0].role = Role.ANALYST.value
    assert fetched(app, operation, uid, analyst)
    assert len(tags("report.data.take")) == 1


@pytest.mark.parametrize(
    ("role", "tables"),
    [
        (Role.ANALYST, ["contacts", "referrals", "charges", "figures"]),
        (Role.OPERATION_COORDINATOR, ["referrals", "figures"]),
        (Role.COMMANDER, ["figures"]),
        (Role.FIELD_OFFICER, []),
    ],
)
def test_each_role_has_its_tables(app, operation, role, tables):
    who = site.a_user(role, site.a_service("Own") if role is Role.FIELD_OFFICER else None)
    target = data_commands.access.operation_target(operation)

    assert list(data_commands.scopes(actor_of(who), target)) == tables
    for table in {"contacts", "referrals", "charges", "figures"} - set(tables):
        with writing(), pytest.raises(NotFound):
            data_commands.ask(actor_of(who), operation, table, "en")
    assert tags("report.data.ask") == []


def test_a_service_coordinator_has_the_persons_of_her_own_service(app, operation):
    own = db.session.query(site.Service).filter_by(name=NAMES[2]).one()
    who = site.a_user(Role.SERVICE_COORDINATOR, own)

    scopes = data_commands.scopes(actor_of(who), data_commands.access.operation_target(operation))
    content = fetched(app, operation, a_data_workbook(operation, who, "contacts"), who)

    assert scopes["contacts"] == Scope(frozenset({own.id})) and "referrals" not in scopes
    assert scopes["figures"] == Scope(outside=True)
    sheet = openpyxl.load_workbook(io.BytesIO(content))["Contacts"]
    assert [line[3].value for line in sheet.iter_rows(min_row=2)] == [NAMES[2]]


def test_one_person_has_one_in_work_and_the_site_a_few(app, operation, monkeypatch):
    analyst, other = actor_of(site.a_user(Role.ANALYST)), actor_of(site.a_user(Role.ANALYST))
    with writing():
        data_commands.ask(analyst, operation, "contacts", "en")

    with writing(), pytest.raises(Blocked, match="of yours"):
        data_commands.ask(analyst, operation, "figures", "en")
    monkeypatch.setattr(data_rules, "MOST_IN_WORK", 1)
    with writing(), pytest.raises(Blocked, match="Many"):
        data_commands.ask(other, operation, "figures", "en")


def test_one_whose_writer_died_is_given_up_and_may_be_asked_for_again(app, operation):
    analyst = actor_of(site.a_user(Role.ANALYST))
    with writing():
        uid = data_commands.ask(analyst, operation, "contacts", "en").uid
        long_ago = utc_now() - dt.timedelta(minutes=2)
        db.session.query(DataExport).filter_by(uid=uid).update({"heard_at": long_ago, "state": "running"})

    assert rows.in_work(analyst.user) == 0
    assert data_commands.tidy(folder(app)) == 1
    db.session.expire_all()
    assert (rows.by_uid(uid).state, rows.by_uid(uid).trouble) == (ExportState.FAILED, data_rules.GONE)
    with writing():
        data_commands.ask(analyst, operation, "contacts", "en")


def test_after_a_day_the_file_is_gone(app, operation):
    analyst = site.a_user(Role.ANALYST)
    uid = a_data_workbook(operation, analyst)
    path = data_commands.path_of(folder(app), uid)
    (path.parent / "no-such.sealed").write_bytes(b"left behind")
    later = utc_now() + dt.timedelta(hours=24, minutes=1)

    assert path.exists() and data_commands.tidy(folder(app)) == 0
    assert data_commands.tidy(folder(app), later) == 1

    assert list(path.parent.iterdir()) == []
    db.session.expire_all()
    assert rows.by_uid(uid).state == ExportState.ENDED
    with pytest.raises(NotFound):
        fetched(app, operation, uid, analyst)


def test_writing_asks_again_what_the_person_may(app, operation):
    analyst = site.a_user(Role.ANALYST)
    with writing():
        uid = data_commands.ask(actor_of(analyst), operation, "contacts", "en").uid
        analyst.roles[0].role = Role.COMMANDER.value
    order = rows.order_of(uid)

    data_work.make(folder(app), order)

    db.session.expire_all()
    assert (rows.by_uid(uid).state, rows.by_uid(uid).trouble) == (ExportState.FAILED, data_rules.NOT_YOURS)
    assert not data_commands.path_of(folder(app), uid).exists()


def test_what_fails_says_so_and_leaves_no_file(app, operation, monkeypatch, caplog):
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("no disk")

    analyst = actor_of(site.a_user(Role.ANALYST))
    with writing():
        uid = data_commands.ask(analyst, operation, "contacts", "en").uid
    monkeypatch.setattr(data_work.data_book, "book", broken)

    data_work.begin(app, uid)
    data_work.wait()

    db.session.expire_all()
    assert (rows.by_uid(uid).state, rows.by_uid(uid).trouble) == (ExportState.FAILED, data_rules.BROKEN)
    assert "could not be written" in caplog.text


def test_progress_is_said_now_and_then(app, operation):
    analyst = actor_of(site.a_user(Role.ANALYST))
    with writing():
        number = data_commands.ask(analyst, operation, "contacts", "en").id
    ticks = iter([0.0, 1.0, 2.5])
    say = data_work._Teller(number, every=2.0, clock=lambda: next(ticks))
    say.total = 5_000

    said = []
    for done in (1_000, 2_000, 3_000):
        say(done)
        db.session.expire_all()
        said.append(db.session.get(DataExport, number).rows_done)

    assert said == [1_000, 1_000, 3_000]
    assert db.session.get(DataExport, number).state == ExportState.RUNNING


def test_nobody_asks_without_an_account(app, operation):
    with writing(), pytest.raises(NotFound):
        data_commands.ask(Actor(user=None), operation, "figures", "en")
