"""The plan workbook: written, read back, followed, refused; and files that are no plan at all."""

from __future__ import annotations

import datetime as dt
import io
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import func, select

from outreach.auth.actors import SYSTEM
from outreach.errors import Changed, Invalid, NotAllowed, Unreadable
from outreach.plan import capped, import_commands, team_commands, workbook, workbook_commands
from outreach.plan.workbook_reading_rules import book_as_text, book_of_text
from outreach.storage import db, writing
from outreach.storage.queries import access, operations, teams
from outreach.storage.tables import (
    AuditEntry,
    Operation,
    Participation,
    ParticipationVersion,
    Service,
    Staff,
    Team,
    TeamMember,
    TeamVersion,
    User,
)
from outreach.vocab import OperationStatus, Role
from tests.factories import a_participation, a_service, a_team, a_user, an_operation

from .books import HOSTILE, filled, other_workbook, saved, sheet_of

VERSIONED = (Operation, Service, Participation, ParticipationVersion, Team, TeamVersion, Staff, TeamMember)


def _counts() -> dict[str, int]:
    return {t.__name__: db.session.scalar(select(func.count()).select_from(t)) or 0 for t in VERSIONED}


def _plan(content: bytes) -> Any:
    plan, findings = workbook.read(content)
    assert plan is not None, [f"{f.where}: {f.english()}" for f in findings]
    return plan


def _import(content: bytes, **more: Any) -> Any:
    return import_commands.import_plan(SYSTEM, _plan(content), **more)


def _export(code: str = "ONS-2026-WEC", language: str = "en") -> bytes:
    target = io.BytesIO()
    workbook.write_plan(workbook_commands.plan_of_operation(operations.by_code(code)), target, language)
    return target.getvalue()


def _findings(content: bytes) -> dict[str, str]:
    """Where → what, from reading or else from trying the import."""
    plan, findings = workbook.read(content)
    if plan is not None:
        findings = import_commands.rehearse(SYSTEM, plan).findings
    return {finding.where: finding.english() for finding in findings}


# --- following -------------------------------------------------------------------------------------------------------


@pytest.mark.any_database
def test_a_filled_template_becomes_an_operation(app: Any) -> None:
    outcome = _import(filled())
    assert [(s.kind, s.sheet) for s in outcome.steps].count(("add", "Services")) == 3
    operation = operations.by_code("ONS-2026-WEC")
    assert operation.starts_at == dt.datetime(2026, 10, 10, 10, 0, tzinfo=dt.UTC)
    assert {s.name: (v.status, v.entry_mode) for _, v, s in operations.participations_of(operation.id)} == {
        "Alder Bay Police Service": ("confirmed", "contacts"),
        "Lantern House": ("invited", "none"),
        "Rivière-aux-Aulnes": ("invited", "contacts"),
    }
    (joint, version, _), (own, _, _) = teams.teams_of(operation.id)
    assert len(version.partners) == 2 and version.ends_at == dt.datetime(2026, 10, 11, 6, 0, tzinfo=dt.UTC)
    assert [s.name for _, s in teams.members_of(operation.id, joint.id)] == ["Ana Roy", "Ben Côté"]
    assert [s.name for _, s in teams.members_of(operation.id, own.id)] == ["Cleo Day"]
    tags = set(db.session.scalars(select(AuditEntry.tag)))
    assert {"plan.operation.create", "plan.service.add", "plan.team.add", "plan.workbook.import"} <= tags


@pytest.mark.any_database
@pytest.mark.parametrize("language", ["en", "fr"])
def test_exporting_a_plan_and_importing_it_again_changes_nothing(app: Any, language: str) -> None:
    _import(filled())
    operation = operations.by_code("ONS-2026-WEC")
    before = (_counts(), operation.version, operation.changes)
    plan = workbook_commands.plan_of_operation(operation)
    entries = db.session.scalar(select(func.count()).select_from(AuditEntry))
    for _ in range(2):
        outcome = _import(_export(language=language))
        assert outcome.steps == []
    db.session.expire_all()
    operation = operations.by_code("ONS-2026-WEC")
    assert (_counts(), operation.version, operation.changes) == before
    assert workbook_commands.plan_of_operation(operation) == plan
    assert (
        list(db.session.scalars(select(AuditEntry.tag).order_by(AuditEntry.id)))[entries:]
        == ["plan.workbook.import"] * 2
    )


def test_a_plan_made_in_the_browser_with_every_oddity_comes_back_unchanged(app: Any) -> None:
    """Odd seconds, an hour that the clocks show twice, formulas as names, a cancelled team, two teams of one name."""
    second_half_past_one = dt.datetime(2017, 11, 5, 6, 30, 59, tzinfo=dt.UTC)
    operation = an_operation("OP-1", starts_at=second_half_past_one, purpose="One line\n=SUM(1;2)\nlast ")
    own, other = a_service("=cmd|' /C calc'!A0"), a_service("Rivière\u00a0d'Or")
    first, second = a_participation(operation, own), a_participation(operation, other, planned_staff={"police": 3})
    officer, helper = a_user(Role.FIELD_OFFICER, own), a_user(Role.FIELD_OFFICER, other)
    joint = a_team(first, officer, name="+Team 1", partners=(other.id,))
    a_team(second, helper, name="+Team 1")
    gone = a_team(first, name="Gone")
    with writing():
        db.session.get(Operation, operation.id).lead_service_id = own.id
        team_commands.cancel_team(SYSTEM, operation, gone)
        team_commands.join(SYSTEM, operation, joint, team_commands.staff_named(other.id, helper.name, "police"), "ngo")
    before = (_counts(), workbook_commands.plan_of_operation(operation))
    for language in ("en", "fr"):
        assert _import(_export("OP-1", language)).steps == []
    assert (_counts(), workbook_commands.plan_of_operation(operation)) == before


def test_renaming_a_team_in_the_file_renames_it(app: Any) -> None:
    _import(filled())
    operation = operations.by_code("ONS-2026-WEC")
    ids = [team.id for team, _, _ in teams.teams_of(operation.id)]
    book = load_workbook(io.BytesIO(_export()))
    book["Teams"]["B2"] = "Night east"
    for row in book["People"].iter_rows(min_row=2):
        if row[0].value != "Rivière-aux-Aulnes" and row[3].value:
            row[3].value = "Night east"
    outcome = _import(saved(book))
    assert [(s.kind, s.sheet, s.fields) for s in outcome.steps] == [("change", "Teams", ("name",))]
    after = teams.teams_of(operation.id)
    assert [team.id for team, _, _ in after] == ids and after[0][1].name == "Night east" and after[0][1].version == 2


def test_what_the_file_does_not_name_stays(app: Any) -> None:
    _import(filled())
    before = _counts()
    outcome = _import(filled(services=[], teams=[], people=[], operation={"lead_service": "Alder Bay Police Service"}))
    assert outcome.steps == [] and _counts() == before


def test_people_move_where_the_file_puts_them(app: Any) -> None:
    _import(filled())
    people = [
        {
            "service": "Rivière-aux-Aulnes",
            "name": "CLEO DAY",
            "category": "Interpreter",
            "team": "Alder Bay Police Service: Team 1",
        },
        {"service": "Rivière-aux-Aulnes", "name": "Dan Lee", "category": "interpreter", "team": "Team 1"},
    ]
    outcome = _import(filled(people=people))
    assert [(s.kind, s.name) for s in outcome.steps] == [("change", "Cleo Day"), ("change", "Dan Lee")]
    operation = operations.by_code("ONS-2026-WEC")
    (joint, _, _), (own, _, _) = teams.teams_of(operation.id)
    assert "Cleo Day" in [s.name for _, s in teams.members_of(operation.id, joint.id)]
    assert [s.name for _, s in teams.members_of(operation.id, own.id)] == ["Dan Lee"]


def test_a_workbook_under_another_code_copies_the_plan_and_leaves_the_first_alone(app: Any) -> None:
    _import(filled())
    book = load_workbook(io.BytesIO(_export()))
    book["Operation"]["B2"] = "ONS-2027-WEC"
    _import(saved(book))
    uids = [
        [team.uid for team, _, _ in teams.teams_of(operations.by_code(c).id)] for c in ("ONS-2026-WEC", "ONS-2027-WEC")
    ]
    assert len(uids[0]) == len(uids[1]) == 2 and not set(uids[0]) & set(uids[1])


def test_a_french_workbook_with_its_columns_in_another_order_is_read(app: Any) -> None:
    def turn(book: Any) -> None:
        sheet = book.worksheets[1]
        for row in sheet.iter_rows(min_row=1, max_row=5):
            row[1].value, row[2].value = row[2].value, row[1].value

    assert _findings(filled(turn, language="fr")) == {}


def test_real_dates_and_iso_text_mean_the_same(app: Any) -> None:
    typed = _plan(filled())
    real = _plan(filled(operation={"starts_at": dt.datetime(2026, 10, 10, 6, 0), "ends_at": "2026-10-14T06:00"}))
    assert typed.operation == real.operation


# --- problems, each at its cell --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "where", "words"),
    [
        ({"operation": {"ends_at": "2026-10-09 06:00"}}, "Operation!B9", "ends before it starts"),
        ({"operation": {"time_zone": "Ontario"}}, "Operation!B7", "no known time zone"),
        ({"operation": {"time_zone": ""}}, "Operation!B7", "Time zone is missing"),
        ({"operation": {"starts_at": "03/04/2026"}}, "Operation!B8", "Write it as 2017-10-18 21:42"),
        ({"operation": {"starts_at": "2026-03-08 02:30"}}, "Operation!B8", "clocks skip 02:30"),
        ({"operation": {"code": "no spaces"}}, "Operation!B2", "letters, digits and hyphens"),
        ({"operation": {"parent": "NOWHERE"}}, "Operation!B14", "Choose an operation"),
        ({"operation": {"lead_service": "Nobody"}}, "Operation!B13", "There is no service"),
        ({"operation": {"entry_deadline_at": "2026-10-12 06:00"}}, "Operation!B12", "deadline lies before"),
        ({"services": [{"name": "Alder Bay Police Service", "kind": "Navy"}]}, "Services!C2", "not in the list"),
        ({"services": [{"name": "Alder Bay Police Service"}]}, "Services!C2", "Kind is missing"),
        (
            {"services": [{"name": n, "kind": "housing"} for n in ("Saint-Léon", "SAINT LEON")]},
            "Services!A3",
            "stands in row 2",
        ),
        ({"teams": [{"service": "Nobody", "name": "T"}]}, "Teams!A2", "not among the services"),
        (
            {"teams": [{"service": "Lantern House", "name": "T", "starts_at": "2026-10-10 18:00"}]},
            "Teams!E2",
            "team ends",
        ),
        ({"teams": [{"service": "Lantern House", "name": "T", "partners": "Nobody"}]}, "Teams!F2", "not among"),
        ({"teams": [{"service": "Lantern House", "name": "T", "uid": "42"}]}, "Teams!H2", "no ID of Outreach"),
        (
            {"people": [{"service": "Lantern House", "name": "A", "category": "ngo", "team": "X"}]},
            "People!D2",
            "no team",
        ),
        ({"people": [{"service": "Lantern House", "name": "A", "category": "boss"}]}, "People!C2", "not in the list"),
    ],
)
def test_a_problem_is_named_at_its_cell(app: Any, change: dict[str, Any], where: str, words: str) -> None:
    found = _findings(filled(**change))
    assert where in found and words in found[where], found
    assert _counts() == dict.fromkeys((t.__name__ for t in VERSIONED), 0)


def test_every_problem_is_named_and_nothing_is_saved(app: Any) -> None:
    teams_rows = [
        {"service": "Lantern House", "name": "T", "starts_at": "2026-10-10 18:00"},
        {"service": "Nobody", "name": "U"},
    ]
    people = [{"service": "Lantern House", "name": "A", "category": "ngo", "team": "No such"}]
    content = filled(teams=teams_rows, people=people, operation={"ends_at": "2026-10-01 06:00", "lead_service": "Who"})
    with pytest.raises(Invalid) as refused:
        _import(content)
    assert [f.where for f in refused.value.findings] == [
        "Operation!B13",
        "Operation!B9",
        "Teams!E2",
        "Teams!A3",
        "People!D2",
    ]
    assert set(_counts().values()) == {0} and db.session.scalar(select(func.count()).select_from(AuditEntry)) == 0


def test_a_look_alike_of_a_saved_service_is_asked_and_another_spelling_is_the_same(app: Any) -> None:
    a_service("Alder Bay Police Service")
    assert (
        _findings(
            filled(services=[{"name": "ALDER BAY POLICE SERVICES", "kind": "police_municipal"}], teams=[], people=[])
        )
        == {}
    )
    asked = _findings(
        filled(services=[{"name": "Alder Bey Police Service", "kind": "police_municipal"}], teams=[], people=[])
    )
    assert "looks like “Alder Bay Police Service”" in asked["Services!A2"]


@pytest.mark.parametrize(
    ("change", "where", "words"),
    [
        (lambda b: b.remove(b["Teams"]), "Teams", "no sheet “Teams”"),
        (lambda b: setattr(b["People"], "title", "Staff"), "People", "no sheet “People”"),
        (lambda b: b["Services"].merge_cells("A2:B3"), "Services!A2:B3", "merged"),
        (lambda b: b["Operation"].merge_cells("A3:B3"), "Operation!A3:B3", "merged"),
        (lambda b: b["Services"].cell(1, 3, "Sort"), "Services!C1", "no column of this sheet"),
        (lambda b: b["Services"].delete_cols(3), "Services!A1", "Kind” is missing"),
        (lambda b: b["Teams"].cell(1, 3, "Team"), "Teams!C1", "stands here twice"),
        (lambda b: b["Services"].insert_rows(1), "Services!A1", "is missing in row 1"),
        (lambda b: b["Operation"].cell(3, 1, "Title"), "Operation!A3", "no row of this sheet"),
        (lambda b: b["Operation"].delete_rows(7), "Operation!A1", "Time zone” is missing"),
        (lambda b: b["Services"].cell(2, 30, "stray"), "Services!AD2", "under no header"),
        (lambda b: b["Services"].cell(2, 12, "many"), "Services!L2", "not a whole number"),
        (lambda b: b["Services"].cell(2, 2, "x" * 100), "Services!B2", "100 characters long"),
        (lambda b: b["Services"].cell(2, 10, 12.5), "Services!J2", "is not a day"),
    ],
)
def test_a_workbook_that_was_bent_is_refused_at_the_place(app: Any, change: Any, where: str, words: str) -> None:
    found = _findings(filled(change))
    assert where in found and words in found[where], found


def test_a_workbook_that_is_no_plan_names_the_missing_sheets(app: Any) -> None:
    assert list(_findings(other_workbook())) == ["Operation", "Services", "Teams", "People"]


# --- who may ---------------------------------------------------------------------------------------------------------


@pytest.mark.any_database
def test_only_who_may_change_the_operation_may_import(app: Any) -> None:
    service_coordinator = access.actor_of(db.session.get(User, a_user(Role.SERVICE_COORDINATOR, a_service()).id))
    with pytest.raises(NotAllowed):
        import_commands.import_plan(service_coordinator, _plan(filled()))
    _import(filled())
    other = access.actor_of(db.session.get(User, a_user(Role.OPERATION_COORDINATOR, None, an_operation("OP-9")).id))
    before = _counts()
    with pytest.raises(Invalid) as refused:
        import_commands.import_plan(other, _plan(filled()))
    assert refused.value.findings[0].where == "Operation!B2" and _counts() == before


def test_an_archived_operation_is_not_changed(app: Any) -> None:
    _import(filled())
    with writing():
        operations.by_code("ONS-2026-WEC").status = OperationStatus.ARCHIVED.value
    assert "Operation!B2" in _findings(filled())


def test_what_is_imported_is_what_was_shown(app: Any) -> None:
    plan = _plan(filled())
    mark = import_commands.rehearse(SYSTEM, plan).mark
    assert set(_counts().values()) == {0}
    a_service("Saint-Alban")
    with pytest.raises(Changed):
        import_commands.import_plan(SYSTEM, _plan(filled(people=[])), mark=mark)
    assert import_commands.import_plan(SYSTEM, plan, mark=mark).steps


# --- files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", sorted(HOSTILE))
def test_a_hostile_file_is_refused_with_words_that_fit(what: str) -> None:
    make, words = HOSTILE[what]
    with pytest.raises(Unreadable) as refused:
        workbook.read_book(make())
    assert words in str(refused.value), refused.value


def test_a_reader_that_does_not_come_to_an_end_is_stopped(tmp_path: Path) -> None:
    endless = tmp_path / "endless.py"
    endless.write_text("import time\nwhile True:\n    time.sleep(60)\n")
    assert capped.ask(str(endless), b"", seconds=0.3, most=10, burst="burst") == {"refused": "too_long"}


def test_a_million_empty_rows_are_passed_over() -> None:
    rows = "".join(f'<row r="{i}"/>' for i in range(2, 1_048_577))
    book = workbook.read_book(sheet_of('<row r="1"><c r="A1" t="inlineStr"><is><t>Service</t></is></c></row>' + rows))
    assert book[1].rows == [["Service"]]


def test_the_reader_can_open_no_file_and_no_socket() -> None:
    reader = Path(workbook.workbook_reader.__file__)
    probe = (
        f"import runpy, socket; m = runpy.run_path({str(reader)!r}); m['confine'](); m['close_doors']()\n"
        "for act in (lambda: open('/etc/hostname'), lambda: socket.socket()):\n"
        "    try:\n        act()\n        print('open')\n    except OSError as error:\n        print(error.errno)\n"
        "try:\n    bytearray(400_000_000)\nexcept MemoryError:\n    print('memory')\n"
    )
    said = subprocess.run([sys.executable, "-I", "-c", probe], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["24", "24", "memory"]


def test_a_carried_book_is_the_same_and_a_forged_one_is_refused() -> None:
    book = workbook.read_book(filled())
    assert book_of_text(book_as_text(book)) == book
    for text in ("", "5", "[1]", '[{"name": 1}]', "[" * 100_000, '[{"name":"a","rows":[[{"day":"x"}]],"merged":[]}]'):
        with pytest.raises(Unreadable):
            book_of_text(text)


def test_rows_of_the_first_sheet_read_like_pasted_text() -> None:
    rows = workbook.read_rows(filled())
    assert rows[1][:2] == ["Code", "ONS-2026-WEC"] and all(isinstance(cell, str) for row in rows for cell in row)


def test_the_template_has_lists_notes_and_a_hidden_id() -> None:
    target = io.BytesIO()
    workbook.write_template(target, "en")
    book = load_workbook(target)
    assert book.sheetnames == ["Operation", "Services", "Teams", "People", "Shifts", "Kits", "Sessions", "Lists"]
    ranges = {str(v.sqref): v.formula1 for v in book["Services"].data_validations.dataValidation}
    assert ranges["C2:C5000"].startswith("='Lists'!$")
    assert book["Teams"]["D1"].comment and book["Teams"].column_dimensions["H"].hidden
    assert _findings_of_empty(target.getvalue()) == {"Operation!B2", "Operation!B3", "Operation!B7"}


def _findings_of_empty(content: bytes) -> set[str]:
    return {finding.where for finding in workbook.read(content)[1]}


def test_libreoffice_opens_it_and_what_it_saves_reads_the_same(app: Any, tmp_path: Path) -> None:
    _import(filled())
    program = shutil.which("soffice") or shutil.which("libreoffice")
    assert program, "LibreOffice is missing: apt-get install libreoffice-calc-nogui"
    (tmp_path / "plan.xlsx").write_bytes(_export())
    subprocess.run(
        [
            program,
            "--headless",
            f"-env:UserInstallation=file://{tmp_path}/profile",
            "--convert-to",
            "xlsx:Calc MS Excel 2007 XML",
            "--outdir",
            str(tmp_path / "out"),
            str(tmp_path / "plan.xlsx"),
        ],
        check=True,
        capture_output=True,
        timeout=300,
    )
    assert _import((tmp_path / "out" / "plan.xlsx").read_bytes()).steps == []


# --- browser and command line ----------------------------------------------------------------------------------------


def _upload(client: Any, post: Any, url: str, content: bytes, name: str = "plan.xlsx") -> Any:
    return post(client, url, {"workbook": (io.BytesIO(content), name)})


def _hidden(page: str, name: str) -> str:
    import html
    import re

    found = re.search(rf'<textarea name="{name}"[^>]*>\n?(.*?)</textarea>|name="{name}" value="([^"]*)"', page, re.S)
    assert found
    return html.unescape(found[1] or found[2])


def test_a_new_operation_comes_in_by_the_browser_after_a_preview(app: Any, signed_in: Any, post: Any) -> None:
    client = signed_in(a_user(Role.OPERATION_COORDINATOR))
    shown = _upload(client, post, "/plan/workbook/check", filled())
    assert (
        shown.status_code == 200
        and "Nothing is saved yet." in shown.text
        and operations.by_code("ONS-2026-WEC") is None
    )
    fields = {"book": _hidden(shown.text, "book"), "mark": _hidden(shown.text, "mark")}
    done = post(client, "/plan/workbook", fields)
    assert done.status_code == 303 and operations.by_code("ONS-2026-WEC") is not None
    again = post(client, "/plan/workbook", fields)
    assert again.status_code == 409 and "Nothing would change." in again.text


def test_the_plan_goes_out_and_comes_back_by_the_browser(app: Any, signed_in: Any, post: Any) -> None:
    _import(filled())
    client = signed_in(a_user(Role.OPERATION_COORDINATOR))
    file = client.get("/operations/ONS-2026-WEC/plan/workbook.xlsx")
    assert file.mimetype == workbook.MIME
    shown = _upload(client, post, "/operations/ONS-2026-WEC/plan/workbook/check", file.data)
    assert "Nothing would change." in shown.text
    assert "plan.workbook.export" in set(db.session.scalars(select(AuditEntry.tag)))


def test_wrong_uploads_get_a_page_that_says_what_to_do(app: Any, signed_in: Any, post: Any) -> None:
    operation = an_operation("OP-1")
    client = signed_in(a_user(Role.OPERATION_COORDINATOR))
    check = "/operations/OP-1/plan/workbook/check"
    for content, words in (
        (b"", "This file is empty"),
        (b"a,b\n1,2", "text file"),
        (filled(), "This workbook is of another operation."),
        (filled(operation={"code": operation.code, "ends_at": "2026-10-01 06:00"}), "Operation!B9"),
    ):
        answer = _upload(client, post, check, content)
        assert answer.status_code == 422 and words in answer.text
    assert post(client, check).status_code == 422
    assert post(client, "/operations/OP-1/plan/workbook", {"book": "[[[", "mark": ""}).status_code == 422


def test_only_coordinators_of_the_operation_have_its_workbook(app: Any, signed_in: Any, post: Any) -> None:
    operation, service = an_operation("OP-1"), a_service()
    team = a_team(a_participation(operation, service))
    client = signed_in(a_user(Role.SERVICE_COORDINATOR, service))
    for url in ("/operations/OP-1/plan/workbook", "/operations/OP-1/plan/workbook.xlsx", "/plan/workbook"):
        assert client.get(url).status_code == 403
    assert _upload(client, post, "/operations/OP-1/plan/workbook/check", filled()).status_code == 403
    stranger = signed_in(a_user(Role.SERVICE_COORDINATOR, a_service()))
    assert stranger.get("/operations/OP-1/plan/workbook.xlsx").status_code == 404
    assert teams.current(team.id).version == 1


def test_the_command_line_checks_imports_and_names_problems(app: Any, tmp_path: Path) -> None:
    from click.testing import CliRunner

    from outreach.cli import cli

    def run(*words: str) -> Any:
        return CliRunner().invoke(cli, words, obj=lambda: app)

    assert run("plan-template", str(tmp_path / "empty.xlsx")).exit_code == 0
    good, bad, none = tmp_path / "good.xlsx", tmp_path / "bad.xlsx", tmp_path / "none.xlsx"
    good.write_bytes(filled())
    bad.write_bytes(filled(services=[{"name": "Alder Bay Police Service", "kind": "Navy"}]))
    none.write_bytes(b"a,b")
    checked = run("import", "plan", str(good), "--check")
    assert checked.exit_code == 0 and "nothing was saved" in checked.output and set(_counts().values()) == {0}
    refused = run("import", "plan", str(bad))
    assert refused.exit_code == 1 and refused.stderr.startswith("Services!C2: ") and set(_counts().values()) == {0}
    assert run("import", "plan", str(none)).exit_code == 1
    assert run("import", "plan", str(tmp_path / "missing.xlsx")).exit_code == 2
    assert run("import", "plan", str(good)).exit_code == 0
    db.session.rollback()
    assert operations.by_code("ONS-2026-WEC") is not None
