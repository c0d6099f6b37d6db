"""Return workbooks as they are handed out: whose, which issue, what stands in them, and what nobody is shown."""

import datetime as dt
import io
import zipfile
from dataclasses import replace

import openpyxl
import pytest
from click.testing import CliRunner
from sqlalchemy import event

from outreach.auth.actors import SYSTEM, by_return_link
from outreach.cli import cli
from outreach.errors import Blocked, NotAllowed
from outreach.returns import return_rules as book
from outreach.returns import template_commands as templates
from outreach.storage import db, writing
from outreach.storage.keys import site_keys
from outreach.storage.tables import AuditEntry, Offence, ReturnIssue, ReturnRow
from outreach.storage.types import utc_now
from outreach.vocab import EntryMode, OperationStatus, Role, ServiceKind
from tests.factories import a_participation, a_service, a_user, an_operation
from tests.field.factories import actor_of
from tests.report import factories as facts

NAME = "=Fox&Söhne🚓Police"


@pytest.fixture
def place(app):
    operation, service = an_operation("OP-X"), a_service(NAME)
    return operation, service, a_participation(operation, service, entry_mode=EntryMode.DAILY_TOTALS)


@pytest.fixture
def coordinator(place):
    return actor_of(a_user(Role.SERVICE_COORDINATOR, place[1]))


def issues():
    return [(one.participation_id, one.issue) for one in db.session.query(ReturnIssue).order_by(ReturnIssue.id)]


def opened(content):
    return openpyxl.load_workbook(io.BytesIO(content))


def stamp(content):
    return {row[0].value: row[1].value for row in opened(content)["_meta"].iter_rows()}


# --- who --------------------------------------------------------------------------------------------------------------


def test_a_workbook_is_for_the_coordinators_of_its_service_and_its_operation(place, coordinator):
    operation, service, part = place
    other = actor_of(a_user(Role.SERVICE_COORDINATOR, a_service()))
    for actor in (other, actor_of(a_user(Role.FIELD_OFFICER, service)), actor_of(a_user(Role.ANALYST))):
        with pytest.raises(NotAllowed):
            templates.issue(actor, operation, part, "en")
    with pytest.raises(NotAllowed):
        templates.issue_all(coordinator, operation, "en")
    assert issues() == [] and not db.session.query(AuditEntry).filter_by(tag="returns.template.export").count()
    steers = actor_of(a_user(Role.OPERATION_COORDINATOR, operation=operation))
    assert all(templates.issue(actor, operation, part, "en") for actor in (coordinator, steers))
    entries = db.session.query(AuditEntry).filter_by(tag="returns.template.export").all()
    assert [(one.service_id, one.details["issue"]) for one in entries] == [(service.id, 1)] * 2


def test_a_service_that_owes_nothing_has_no_workbook(place):
    operation = place[0]
    part = a_participation(operation, entry_mode=EntryMode.NONE)
    with pytest.raises(Blocked):
        templates.issue(SYSTEM, operation, part, "en")
    assert [one.meta.service for one in templates.issues(SYSTEM, operation, "en")] == [place[1].id]
    with pytest.raises(Blocked):
        templates.issue_all(SYSTEM, an_operation(), "en")


# --- which issue ------------------------------------------------------------------------------------------------------


def test_an_issue_has_a_new_number_only_when_something_else_stands_in_it(place, coordinator):
    operation, _, part = place
    first = stamp(templates.issue(coordinator, operation, part, "en"))
    again = stamp(templates.issue(coordinator, operation, part, "fr"))
    assert (first["issue"], again["issue"]) == ("1", "1") and first["signature"] == again["signature"]
    facts.a_tally(part, "contacts", 4, 0)
    db.session.expire_all()
    second = templates.issue(coordinator, operation, part, "en")
    assert stamp(second)["issue"] == "2" and opened(second)["Daily totals"]["D3"].value == 4
    assert issues() == [(part.id, 1), (part.id, 2)]
    said = db.session.query(ReturnIssue).filter_by(issue=2).one().prefilled
    assert said == {"cell-contacts-2017-10-10": "4"}


def test_the_stamp_is_signed_and_nobody_can_change_what_it_is_for(place, coordinator):
    operation, service, part = place
    read = stamp(templates.issue(coordinator, operation, part, "fr"))
    assert (read["program"], read["service_name"], read["template"]) == (book.PROGRAM, NAME, "1")
    numbers = {name: int(read[name]) for name in ("operation", "service", "template", "issue")}
    del read["program"]
    meta, mark = book.Meta(**read | numbers), site_keys().mark
    assert book.is_ours(meta, mark) and meta.service == service.id
    for changed in ({"service": 99}, {"operation": 99}, {"issue": 9}, {"made_at": "2020-01-01T00:00:00Z"}):
        assert not book.is_ours(replace(meta, **changed), mark)


# --- what stands in it ------------------------------------------------------------------------------------------------


def test_cells_are_those_of_the_page_and_grey_ones_say_why(app):
    parent = an_operation("OP-P")
    operation = an_operation("OP-C", parent=parent)
    service = a_service()
    part = a_participation(operation, service)
    facts.a_contact(part, {"answer": "declined"}, day=1)
    facts.an_accused(part, counts=(1,))
    db.session.expire_all()
    asked = templates.asked_of(SYSTEM, operation, part, "en")
    days = [row for row in asked.totals if row.day]
    assert len(days) == 7 and asked.measures == ("contacts", "charges")
    assert days[0].cells == {"contacts": "cell-contacts-2017-10-10", "charges": ""}
    assert days[1].cells == {"contacts": "", "charges": ""} and days[1].why == "Grey: recorded one by one."
    assert asked.referrals == () and asked.mode == "contacts" and asked.police
    assert {row.row_id for row in asked.totals if not row.day} >= {"once-personnel-police", "once-persons_arrested"}


def test_offences_are_those_in_force_in_the_window_and_places_those_of_the_operation(place):
    operation, _, part = place
    with writing():
        db.session.add(Offence(code="old", section="1", title_en="Old", title_fr="Vieux",
                               in_force_to=dt.date(2017, 10, 10)))  # fmt: skip
        db.session.add(Offence(code="new", section="2", title_en="New", title_fr="Neuf",
                               in_force_from=dt.date(2017, 10, 16)))  # fmt: skip
        db.session.get(type(operation), operation.id).municipalities = [["Québec", None, None]]
    db.session.expire_all()
    choices = templates.asked_of(SYSTEM, operation, part, "fr").choices
    codes = {code: (english, french) for code, english, french in choices.offences}
    assert "old" not in codes and codes["new"] == ("2 New", "2 Neuf") and choices.municipalities == ("Québec",)


def taken(part, contact, person_id, row_id, **more):
    values = {"sheet": "contacts", "hash": "x", "issue": 1, "taken_at": utc_now(), **more}
    with writing():
        db.session.add(
            ReturnRow(participation_id=part.id, target_uid=contact.uid, person_id=person_id, row_id=row_id, **values)
        )


def test_rows_that_stand_are_shown_to_the_service_alone_and_never_filled_in_twice(app):
    operation, service = an_operation("OP-R"), a_service()
    part = a_participation(operation, service)
    ids = book.row_numbers(book.CONTACTS, operation.id, service.id, 2, site_keys().mark)
    with writing():
        person = facts.a_person(operation)
    contact = facts.a_contact(
        part, {"person": person, "answer": "accepted", "age_said": "25_34", "agreed_record_at": utc_now()}, kits=2
    )
    taken(part, contact, person.id, ids[0], number="7")
    db.session.expire_all()
    own = actor_of(a_user(Role.SERVICE_COORDINATOR, service))
    row = templates.asked_of(own, operation, part, "en").contacts[0]
    assert row.row_id == ids[0] and row.values["no"] == "7" and row.values["kits"] == 2
    assert (row.values["age"], row.values["answer"], row.values["agreed"]) == ("25_34", "accepted", "yes")
    assert "code" not in row.values
    sheet = opened(templates.issue(own, operation, part, "en"))["Contacts"]
    assert [sheet.cell(3, n).value for n in (1, 3)] == [ids[0], "7"] and sheet["K3"].value == "Yes"
    steers = actor_of(a_user(Role.OPERATION_COORDINATOR, operation=operation))
    for actor in (steers, by_return_link(service.id, operation.id)):
        made = templates.issue(actor, operation, part, "en")
        sheet = opened(made)["Contacts"]
        assert [cell.value for cell in sheet[3]][:3] == [None, "Stands already; not shown here", None]
        assert sheet["C3"].protection.locked and sheet["A4"].value == ids[1] and not sheet["C4"].protection.locked
        assert stamp(made)["issue"] == "2"
    assert stamp(templates.issue(own, operation, part, "en"))["issue"] == "3"


# --- all of them ------------------------------------------------------------------------------------------------------


def test_all_services_are_one_zip_with_safe_names_and_few_questions_to_the_database(place):
    operation = place[0]
    for name in ("Ünïted/../\\Police", "United-police East", "United-Police West", "警察"):
        a_participation(operation, a_service(name), entry_mode=EntryMode.DAILY_TOTALS)
    told, statements = [], []
    watch = lambda *given: statements.append(given[2])  # noqa: E731 - a listener
    event.listen(db.engine, "before_cursor_execute", watch)
    try:
        pieces = templates.issue_all(SYSTEM, operation, "en", progress=lambda done, total: told.append((done, total)))
        asked = len(statements)
        content = b"".join(pieces)
    finally:
        event.remove(db.engine, "before_cursor_execute", watch)
    assert len(statements) == asked and told == [(n, 5) for n in range(1, 6)]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
        assert {stamp(archive.read(name))["service_name"] for name in names} >= {NAME, "警察"}
    assert len({name.lower() for name in names}) == 5
    assert all(name.replace("-", "").replace(".", "").isalnum() and name.isascii() for name in names)
    entry = db.session.query(AuditEntry).filter_by(tag="returns.template.export").one()
    assert entry.details["services"] == 5 and len(issues()) == 5
    for _ in range(5):
        a_participation(operation, entry_mode=EntryMode.DAILY_TOTALS)
    before = asked
    statements.clear()
    event.listen(db.engine, "before_cursor_execute", watch)
    try:
        templates.issues(SYSTEM, operation, "en")
    finally:
        event.remove(db.engine, "before_cursor_execute", watch)
    assert len(statements) <= before + 1  # as many new issues as the first time, and five services more


# --- addresses and the command line -----------------------------------------------------------------------------------


def test_the_pages_hand_out_one_and_all_and_browsers_do_not_keep_them(place, signed_in):
    operation, service, _ = place
    url = f"/operations/OP-X/services/{service.id}/return.xlsx"
    one = signed_in(a_user(Role.SERVICE_COORDINATOR, service)).get(f"{url}?lang=fr")
    assert one.status_code == 200 and "no-store" in one.headers["Cache-Control"]
    assert "OP-X-return-Fox-Sohne-Police-fr.xlsx" in one.headers["Content-Disposition"]
    assert opened(one.data).sheetnames[0] == "À lire d’abord"
    steers = signed_in(a_user(Role.OPERATION_COORDINATOR, operation=operation))
    every = steers.get("/operations/OP-X/returns.zip")
    assert every.status_code == 200 and "no-store" in every.headers["Cache-Control"]
    assert zipfile.ZipFile(io.BytesIO(every.data)).namelist() == ["OP-X-return-Fox-Sohne-Police-en.xlsx"]
    assert "/operations/OP-X/returns.zip" in steers.get("/operations/OP-X/totals").text
    stranger = signed_in(a_user(Role.SERVICE_COORDINATOR, a_service()))
    assert [stranger.get(where).status_code for where in (url, "/operations/OP-X/returns.zip")] == [404, 404]
    with writing():
        db.session.get(type(operation), operation.id).status = OperationStatus.ARCHIVED.value
    assert steers.get(url).status_code == 403


def test_the_command_line_writes_one_or_all_and_names_what_it_does_not_know(app, place, tmp_path):
    operation = place[0]
    a_participation(operation, a_service("Second", ServiceKind.VICTIM_SERVICES), entry_mode=EntryMode.DAILY_TOTALS)

    def run(*words):
        return CliRunner().invoke(cli, ["return-template", *words], obj=lambda: app)

    done = run("OP-X", str(tmp_path / "all"))
    assert done.exit_code == 0 and "2 workbooks" in done.output, done.output
    assert len(list((tmp_path / "all").iterdir())) == 2
    done = run("OP-X", str(tmp_path / "one"), "--service", "second", "--lang", "fr", "--rows", "300")
    assert done.exit_code == 0, done.output
    assert [file.name for file in (tmp_path / "one").iterdir()] == ["OP-X-return-Second-fr.xlsx"]
    for words, told in ((("NOPE", "x"), "no operation NOPE"), (("OP-X", "x", "--service", "Nobody"), "called Nobody")):
        refused = run(*words)
        assert refused.exit_code == 1 and told in refused.output
    assert run("OP-X", "x", "--lang", "de").exit_code == 2
