"""The copies of the workbook: who may take which, and that nothing withheld is anywhere in the one that may leave."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest

from outreach.auth.actors import SYSTEM
from outreach.errors import Blocked, Changed, NotAllowed
from outreach.report import release_rules, release_work, workbook
from outreach.report.workbook import export, leaving
from outreach.report.workbook.leaving import BY_DAY, BY_SERVICE, IN_ALL, left_before, need_locked, told_of, true_of
from outreach.returns.set_commands import lock
from outreach.rollup.attack import attack
from outreach.storage import db, writing
from outreach.storage.queries import access, disclosure, operations
from outreach.storage.queries.operations import note_change
from outreach.storage.tables import Adjustment, AuditEntry, Operation, Participation, SignOff
from outreach.storage.types import utc_now
from outreach.vocab import EntryMode, OperationStatus, Role
from tests import factories as site
from tests.report import factories as facts
from tests.report.releases import a_release
from tests.report.workbook_file import Opened, parts_of, through_libreoffice

PUBLISHED = ["tblSummary", "tblByService", "tblByDay", "tblSignoff", "tblDefinitions", "tblChecks"]
MET = (
    (41_201, 3, 500, 0, 0),
    (2, 0, 41_999, 0, 0),
    (600, 700, 800, 900, 0),
    (650, 0, 850, 40_777, 3),
    (1, 1, 1, 1, 0),
    (610, 720, 0, 9, 0),
)
"""Persons met of six services by day: what is small is told by what is great and beside it."""


@pytest.fixture
def operation(app) -> Operation:
    """Six services send totals: great numbers, and small ones that would follow from them."""
    operation = site.an_operation("ONS-1", status=OperationStatus.REPORTING, overlap_nil=True)
    for number, met in enumerate(MET):
        name = ("=1+1", "Fort Vale Police")[number] if number < 2 else f"Service {number}"
        part = site.a_participation(operation, site.a_service(name), entry_mode=EntryMode.DAILY_TOTALS)
        for day, value in enumerate(met):
            facts.a_tally(part, "persons_met", value, day)
            facts.a_tally(part, "contacts", value + (10_000 if value > 100 else value), day)
        facts.a_tally(part, "support_offered", met[0] - (met[0] > 1), 0)
        facts.a_tally(part, "support_accepted", met[0] // 2, 0)
        facts.a_tally(part, "personnel", (7, 5, 30, 40, 2, 3)[number], piece="police")
        facts.a_tally(part, "charges", (60, 2, 70, 80, 0, 7)[number])
    db.session.expire_all()
    return operation


def taken(operation: Operation, language: str = "en", copy: str = "publication") -> bytes:
    """The bytes, as one request after another has them."""
    made = export(SYSTEM, operations.by_id(operation.id), language, None, copy)
    db.session.rollback()
    return made


def published(operation: Operation, language: str = "en") -> Opened:
    return Opened(taken(operation, language))


def locks(operation: Operation) -> None:
    lock(SYSTEM, operations.by_id(operation.id), provisional=True, reason="for the publication")
    db.session.expire_all()


# What leaves ----------------------------------------------------------------------------------------------------------


def test_nothing_withheld_stands_in_any_part_of_the_publication_copy(operation):
    """Every part of the file, in both languages: sheets, strings, charts, alternative texts, names, properties."""
    locks(operation)
    found = need_locked(operation.id)
    told = told_of(found)
    hidden = {number for key, number in told.true.items() if key in told.hidden}
    shown = {number for key, number in told.true.items() if key not in told.hidden}
    secret = {number for number in hidden - shown if number > 1000}
    assert secret and attack([told]).safe
    for language in ("en", "fr"):
        opened = published(operation, language)
        for name, text in opened.parts():
            for number in secret:
                for written in (str(number), *(f"{number:,}".replace(",", gap) for gap in ",\u00a0\u202f ")):
                    assert written not in text, (name, number)
        cells = {(table, cell.coordinate): cell.value for table, ws in opened.sheets.items()
                 for row in ws.iter_rows() for cell in row}  # fmt: skip
        assert not secret & {value for value in cells.values() if isinstance(value, int)}
        rows = {row[0].value: row for row in opened.cells("tblByService")}
        names = {service.id: service.name for service in db.session.query(site.Service)}
        for code, service, day in told.true:
            if service is not None and day is None:
                cell = rows[names[service]][1 + BY_SERVICE.index(code)].value
                assert cell == ("x" if (code, service, None) in told.hidden else told.true[code, service, None])


def test_what_is_shown_is_the_locked_version_and_its_checks_add_up_again(operation, tmp_path):
    locks(operation)
    first = db.session.query(Participation).first()
    facts.a_tally(first, "kits_handed_out", 77, 0)  # later than the lock
    made = {language: export(SYSTEM, operations.by_id(operation.id), language, None, "publication")
            for language in ("en", "fr")}  # fmt: skip
    found = need_locked(operation.id)
    told = told_of(found)
    for name, data in through_libreoffice(made, tmp_path).items():
        opened, again = Opened(made[name]), Opened(data, values=True)
        for code in IN_ALL:
            row = next(row for row in found.figures if row[:3] == [code, None, None])
            value = "x" if (code, None, None) in told.hidden else row[3]
            assert opened.named(code) == again.named(code) == (value if value is not None else opened.named(code)), code
            assert value is not None or opened.named(code) in ("..", "..."), code
        assert opened.named("kits_handed_out") != 77
        differences = [row[-1].value for row in again.cells("tblChecks")]
        assert differences == [0] * len(differences) and len(differences) >= 2
        assert {row[0].value for row in again.cells("tblByService")} >= {"=1+1", "Fort Vale Police"}


def test_the_publication_copy_has_no_persons_no_filters_no_frozen_panes_and_no_names_of_people(operation):
    locks(operation)
    opened = published(operation)
    assert list(opened.sheets) == PUBLISHED
    for table, ws in opened.sheets.items():
        assert ws.freeze_panes is None and ws.tables[table].autoFilter is None and ws.auto_filter.ref is None
        assert not ws.conditional_formatting and not ws.merged_cells.ranges and ws.sheet_state == "visible"
        assert all((cell.font.sz or 0) >= 11 for row in ws.iter_rows() for cell in row)
        assert ws.print_area and "publication copy" in ws.oddFooter.left.text
        assert "passed on" not in ws.oddFooter.left.text
    assert set(opened.book.defined_names) == {"op_name", "as_of", "status", "coverage", "acceptance", *IN_ALL}
    charts = [text for name, text in opened.parts() if name.startswith("xl/charts/chart")]
    assert charts and all("<numCache>" not in text and "<strCache>" not in text for text in charts)
    working = Opened(export(SYSTEM, operations.by_id(operation.id), "en", None, "analyst"))
    assert all(ws.freeze_panes and ws.tables[table].autoFilter for table, ws in working.sheets.items())


def test_the_hash_of_what_a_service_signed_does_not_leave(operation):
    """It is of a few small numbers and a moment: who has it tries them all until one fits."""
    mark = "5ec2e7" + "0" * 58
    with writing():
        for part in db.session.query(Participation):
            said = {"typed_name": "Robin Signer", "figures": {"persons_met": 3}, "figures_hash": mark}
            db.session.add(SignOff(participation_id=part.id, version=1, signed_at=utc_now(), as_of=utc_now(), **said))
    locks(operation)
    assert mark in str(need_locked(operation.id).signed)
    opened = published(operation)
    assert [row["Version"] for row in opened.rows("tblSignoff")] == [1] * len(MET)
    assert not [name for name, text in opened.parts() if mark in text or "Robin Signer" in text]
    assert mark in str(list(Opened(taken(operation, copy="analyst")).rows("tblSignoff")))


def test_a_day_that_is_withheld_is_empty_and_flagged_and_in_no_chart(operation):
    locks(operation)
    found = need_locked(operation.id)
    told = told_of(found)
    opened = published(operation)
    rows = {row["Day"]: row for row in opened.rows("tblByDay")}
    words = {"contacts": "Contacts", "persons_met": "Persons met", "charges": "Charges"}
    gone = [key for key in told.hidden if key[0] in BY_DAY and key[2] is not None]
    assert gone
    for code, _service, day in gone:
        key: Any = dt.datetime.fromisoformat(str(day)) if str(day)[0].isdigit() else None
        if key is not None:
            assert rows[key][words[code]] is None and re.search(rf"withheld: [^;]*{words[code]}", rows[key]["Flag"])
    days = next(text for name, text in opened.parts() if name.startswith("xl/drawings/drawing") and "2017-10" in text)
    assert "withheld" in days


def test_nothing_leaves_before_figures_are_locked(operation):
    with pytest.raises(Blocked):
        export(SYSTEM, operation, "en", None, "publication")
    assert db.session.query(AuditEntry).filter_by(tag="report.workbook.export").count() == 0


def test_the_same_version_gives_the_same_copy_and_the_next_one_does_not_tell_what_changed(operation):
    """Between two versions little changed: the later copy withholds what would tell how little."""
    locks(operation)
    one, again = taken(operation), taken(operation)
    assert parts_of(one) == parts_of(again)
    first = told_of(need_locked(operation.id))
    part = db.session.query(Participation).first()
    facts.a_tally(part, "persons_met", 2, 3)
    facts.a_tally(part, "contacts", 2, 3)
    db.session.expire_all()
    locks(operation)
    taken(operation)
    before = left_before(operation.id)
    assert [told.version for told in before] == [1, 2] and before[0].hidden == first.hidden
    assert attack(before).safe
    key = ("persons_met", None, None)
    assert before[0].true[key] != before[1].true[key]
    assert key in before[1].hidden or key in before[0].hidden


def test_a_policy_that_changes_between_two_copies_of_a_version_changes_neither(operation):
    """Two copies of the same numbers that withhold different ones would tell, side by side, what both withhold."""
    locks(operation)
    first = parts_of(taken(operation))
    told = told_of(need_locked(operation.id))
    for version, least in enumerate((21, 2), start=1):
        with writing():
            asked = {"preset": "", "reason": "a test", "asked_at": utc_now(), "asked_by_id": None, "state": "standing"}
            disclosure.add(operation_id=operation.id, version=version, least=least, zeros="withhold", **asked)
        assert parts_of(taken(operation)) == first
        left = left_before(operation.id)
        assert [(one.hidden, one.policy.least) for one in left] == [(told.hidden, told.policy.least)]
    note = db.session.query(AuditEntry).filter_by(tag="report.workbook.export").first().details
    assert (note["least"], note["zeros"]) == (told.policy.least, False)


def test_copies_of_operations_above_and_within_are_held_against_each_other(operation):
    """The totals of the one within leave something small of those above: the later copy withholds it."""
    above = site.an_operation("ONS-0", status=OperationStatus.REPORTING, overlap_nil=True)
    with writing():
        within = db.session.get_one(Operation, operation.id)
        within.parent_id, within.root_id = above.id, above.id
        note_change(operation.id)
    part = site.a_participation(above, site.a_service("Above"), entry_mode=EntryMode.DAILY_TOTALS)
    facts.a_tally(part, "persons_met", 3, 0)
    facts.a_tally(part, "contacts", 3, 0)
    db.session.expire_all()
    locks(operation)
    locks(above)
    taken(operation)
    made = Opened(taken(above))
    told = left_before(above.id)
    assert len(told) == 2 and attack(told).safe
    key = ("persons_met", None, None)
    assert told[1].true[key] - told[0].true[key] == 3 and made.named("persons_met") == "x"


def test_a_release_is_held_against_the_copies_that_were_taken_before(operation):
    locks(operation)
    taken(operation)
    of = operations.by_id(operation.id)
    assert of is not None
    weighed = release_work.weigh(of, need_locked(of.id), release_rules.Scope())
    assert [mark for mark in weighed.verdict["against"] if mark.startswith("xlsx:")] and weighed.verdict["safe"]
    hidden = {tuple(cell[:3]) for cell in weighed.cells if cell[4]}
    told = told_of(need_locked(of.id))
    assert {key for key in told.hidden if key in told.true and key[1:] == (None, None)} <= hidden | {
        key for key in told.hidden if key[0] not in release_rules.USUAL
    }


def test_a_figure_below_zero_does_not_leave(operation):
    part = db.session.query(Participation).first()
    with writing():
        db.session.add(Adjustment(
            operation_id=operation.id, participation_id=part.id, service_id=part.service_id, measure="contacts",
            amount=-900_000, reason="a test", recorded_at=utc_now()))  # fmt: skip
        note_change(operation.id)
    locks(operation)
    with pytest.raises(Blocked, match="below zero"):
        taken(operation)
    assert Opened(taken(operation, copy="analyst")).named("contacts") < 0


def test_an_attack_that_succeeds_keeps_the_copy_back(operation, monkeypatch):
    from outreach.rollup.protection import Verdict

    locks(operation)
    monkeypatch.setattr(leaving, "attack", lambda releases: Verdict((), 1, finished=False))
    with pytest.raises(Blocked):
        export(SYSTEM, operations.by_id(operation.id), "en", None, "publication")


def test_what_is_withheld_is_chosen_of_the_scope_of_the_copy(operation):
    locks(operation)
    found = need_locked(operation.id)
    true = true_of(found.figures)
    assert {key[0] for key in true if key[1] is not None} <= set(BY_SERVICE)
    assert {key[0] for key in true if key[2] is not None} <= set(BY_DAY)
    assert not any(key[1] is not None and key[2] is not None for key in true)


# Who ------------------------------------------------------------------------------------------------------------------


def test_each_reader_is_offered_her_copies_and_no_others(operation, signed_in):
    locks(operation)
    service = db.session.query(site.Service).first()
    for role, own, other in (
        (Role.ANALYST, "analyst", "own"),
        (Role.OPERATION_COORDINATOR, "analyst", "own"),
        (Role.COMMANDER, "own", "analyst"),
        (Role.SERVICE_COORDINATOR, "own", "analyst"),
    ):
        user = site.a_user(role, service if role is Role.SERVICE_COORDINATOR else None)
        actor = access.actor_of(user)
        with pytest.raises(NotAllowed):
            export(actor, operations.by_id(operation.id), "en", None, other)
        client = signed_in(user)
        page = client.get("/operations/ONS-1").text
        for copy in (own, "publication"):
            assert f"/operations/ONS-1/workbook?copy={copy}&amp;lang=fr" in page, (role, copy)
        assert f"copy={other}" not in page
        answer = client.get(f"/operations/ONS-1/workbook?copy={own}")
        assert answer.status_code == 200 and f"_{own}_en.xlsx" in answer.headers["Content-Disposition"]
        assert client.get(f"/operations/ONS-1/workbook?copy={other}").status_code == 403
    assert client.get("/operations/ONS-1/workbook?copy=all").status_code == 404
    assert client.get("/operations/ONS-1/workbook?copy=publication&lang=fr").status_code == 200
    entry = db.session.query(AuditEntry).filter_by(tag="report.workbook.export").order_by(AuditEntry.id.desc()).first()
    releases = signed_in(site.a_user(Role.ANALYST)).get("/operations/ONS-1/releases").text
    assert "Publication copies that left: Version 1, " in releases
    said = {"language": "fr", "copy": "publication", "persons": False, "version": 1, "least": 6, "zeros": False}
    assert entry.details == said


def test_the_copy_of_a_service_shows_the_staff_of_others_in_all_only(operation):
    service = db.session.query(site.Service).order_by(site.Service.id).first()
    actor = access.actor_of(site.a_user(Role.SERVICE_COORDINATOR, service))
    opened = Opened(export(actor, operations.by_id(operation.id), "en"))
    rows = {row["Service"]: row for row in opened.rows("tblByService")}
    assert rows[service.name]["Officers"] == 7 and rows["Fort Vale Police"]["Officers"] == "x"
    assert rows["Fort Vale Police"]["Personnel"] == 5
    assert "by category" not in str([row["Added up again from"] for row in opened.rows("tblChecks")])
    assert "tblContacts" in opened.sheets and "tblReferrals" not in opened.sheets


def test_the_page_says_that_there_is_no_publication_copy_yet(operation, signed_in):
    page = signed_in(site.a_user(Role.COMMANDER)).get("/operations/ONS-1/figures").text
    assert "copy=publication" not in page and "once figures are locked" in page
    answer = signed_in(site.a_user(Role.ANALYST)).get("/operations/ONS-1/workbook?copy=publication")
    assert answer.status_code == 409


def test_a_copy_that_a_release_overtakes_is_not_handed_out(operation, monkeypatch):
    locks(operation)
    choose = workbook._publication

    def overtaken(*args):
        made = choose(*args)
        a_release(operation, 1)
        return made

    monkeypatch.setattr(workbook, "_publication", overtaken)
    with pytest.raises(Changed, match="published meanwhile"):
        taken(operation)
    assert not [entry for entry in db.session.query(AuditEntry) if entry.details.get("copy") == "publication"]
    monkeypatch.undo()
    assert taken(operation)
