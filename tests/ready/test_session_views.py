"""Sessions, delegates and certificates through their pages and commands: refused, done, audited."""

from __future__ import annotations

import datetime as dt
import io
import re
from typing import Any

import pytest
import time_machine
from sqlalchemy import event

from outreach.auth.actors import SYSTEM
from outreach.errors import Changed, Invalid, NotAllowed
from outreach.ready import delegate_commands, delegate_rules
from outreach.ready import session_commands as commands
from outreach.ready.session_rules import SessionDraft
from outreach.storage import db, writing
from outreach.storage.queries import access
from outreach.storage.queries import sessions as rows
from outreach.storage.tables import AuditEntry, Certificate, Delegate, Session, Staff
from outreach.vocab import OperationStatus, Role, ServiceKind
from tests.conftest import token_of
from tests.factories import a_participation, a_service, a_user, an_operation

LIST = "/operations/OP/sessions"
NEW = LIST + "/new"
FIELDS = {
    "kind": "training",
    "title": "Outreach course",
    "starts_on": "2017-09-20",
    "starts_at": "09:00",
    "ends_at": "16:00",
    "place": "Windsor, main hall",
    "certificate": "Outreach",
    "valid_months": "24",
}
ON_THE_DAY = dt.datetime(2017, 9, 20, 12, tzinfo=dt.UTC)
DRAFT = SessionDraft(
    "training",
    "Outreach course",
    dt.datetime(2017, 9, 20, 13, tzinfo=dt.UTC),
    certificate="Outreach",
    valid_months=24,
)


@pytest.fixture
def plan(app: Any) -> Any:
    class Plan:
        operation = an_operation("OP", status=OperationStatus.PLANNED)
        windsor, essex = a_service("Windsor Police Service"), a_service("Essex County Police")
        taking_part, theirs = a_participation(operation, windsor), a_participation(operation, essex)
        coordinator = a_user(Role.OPERATION_COORDINATOR)
        own = a_user(Role.SERVICE_COORDINATOR, windsor)

    return Plan


def a_session(plan: Any, draft: SessionDraft = DRAFT) -> Session:
    with writing():
        return commands.add_session(SYSTEM, plan.operation, draft)


def listed(plan: Any, session: Session, text: str, **more: Any) -> None:
    with writing():
        known = delegate_commands.known_for(SYSTEM, plan.operation, session)
        delegate_commands.add_delegates(SYSTEM, plan.operation, session, delegate_rules.preview(text, known, **more))


def tags() -> list[str]:
    return [tag for (tag,) in db.session.query(AuditEntry.tag).order_by(AuditEntry.id)]


def standing() -> list[tuple[str, str, str, bool]]:
    """Person, certificate, last day, revoked."""
    query = db.session.query(Staff.name, Certificate).join(Staff, Staff.id == Certificate.staff_id)
    return [(n, c.name, str(c.expires_on), c.revoked_at is not None) for n, c in query.order_by(Certificate.id)]


# --- sessions


def test_a_session_is_added_changed_and_cancelled(plan, signed_in, post):
    client = signed_in(plan.coordinator)
    assert "No session is planned." in client.get(LIST).text
    answer = post(client, NEW, FIELDS)
    assert answer.status_code == 303
    page = client.get(answer.location).text
    assert "2017-09-20 09:00" in page and "2017-09-20 16:00" in page and "valid for 24 months" in page
    edit = answer.location + "/edit"
    assert post(client, edit, {**FIELDS, "version": "1", "title": "Course for all"}).status_code == 303
    late = post(client, edit, {**FIELDS, "version": "1", "title": "My course"})
    assert late.status_code == 409 and "Course for all" in late.text and "My course" in late.text
    assert post(client, answer.location + "/cancel", {"cancel": "1"}).status_code == 303
    assert "Cancelled" in client.get(LIST).text
    assert post(client, answer.location + "/cancel", {"again": "1"}).status_code == 303
    assert tags()[-4:] == ["ready.session.add", *["ready.session.change"] * 3]


def test_those_to_come_stand_first(plan, signed_in):
    at = dt.datetime(2017, 9, 20, 13, tzinfo=dt.UTC)
    for title, days in (("Past", -5), ("Next", 3), ("Later", 9), ("Long past", -50)):
        a_session(plan, SessionDraft("briefing", title, at + dt.timedelta(days=days)))
    with time_machine.travel(ON_THE_DAY, tick=False):
        page = signed_in(plan.coordinator).get(LIST).text
    places = [page.index(f">{title}</a>") for title in ("Next", "Later", "Past", "Long past")]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"title": ""}, "Enter what it is called."),
        ({"kind": "party"}, "Choose what it is."),
        ({"starts_on": "", "starts_at": ""}, "Enter the day it starts."),
        ({"starts_on": "20/09/2017"}, "is not a day. Write it as 2017-10-18."),
        ({"starts_on": "2017-03-12", "starts_at": "02:30"}, "the clocks skip 02:30"),
        ({"ends_at": "08:00"}, "It ends before it starts."),
        ({"valid_months": "-3"}, "Enter whole months from 1 to 120"),
        ({"certificate": ""}, "or leave its months empty"),
        ({"title": "x" * 161}, "Write 160 characters or fewer."),
    ],
)
def test_a_wrong_session_is_refused_at_its_field_and_what_was_typed_stays(plan, signed_in, post, wrong, words):
    answer = post(signed_in(plan.coordinator), NEW, {**FIELDS, **wrong})
    assert answer.status_code == 422 and words in answer.text and "<title>Error:" in answer.text
    assert "Windsor, main hall" in answer.text and db.session.query(Session).count() == 0


def test_only_the_operations_coordinator_changes_sessions(plan, signed_in, post):
    session = a_session(plan)
    client = signed_in(plan.own)
    assert client.get(LIST).status_code == 200 and "Add a session" not in client.get(LIST).text
    for url in (NEW, f"{LIST}/{session.uid}/edit"):
        assert client.get(url).status_code == 403
    assert post(client, f"{LIST}/{session.uid}/cancel").status_code == 403
    with pytest.raises(NotAllowed), writing():
        commands.add_session(access.actor_of(plan.own), plan.operation, DRAFT)
    assert signed_in(a_user(Role.SERVICE_COORDINATOR, a_service())).get(LIST).status_code == 404
    assert signed_in(a_user(Role.FIELD_OFFICER, plan.windsor)).get(LIST).status_code == 403


def test_a_session_of_another_operation_answers_like_none(plan, signed_in):
    other = an_operation("ELSEWHERE")
    with writing():
        session = commands.add_session(SYSTEM, other, DRAFT)
    client = signed_in(a_user(Role.OPERATION_COORDINATOR))

    def face(uid: str) -> str:
        answer = client.get(f"{LIST}/{uid}")
        assert answer.status_code == 404
        return re.sub(r'(name="csrf_token" value=")[^"]+', r"\1", answer.text)

    assert face(session.uid) == face("00000000-0000-0000-0000-000000000007")


# --- delegates


@pytest.mark.any_database
def test_pasted_delegates_are_matched_made_and_attending_gives_the_certificate(app):
    operation = an_operation("OP", status=OperationStatus.PLANNED)
    windsor, house = a_service("Windsor Police"), a_service("Bright House", ServiceKind.VICTIM_SERVICES)
    for one in (windsor, house):
        a_participation(operation, one)

    class Plan:
        pass

    Plan.operation = operation
    with writing():
        db.session.add(Staff(service_id=windsor.id, name="Ana Roy", name_key="ana roy", category="police"))
    session = a_session(Plan)
    listed(Plan, session, "Windsor Police\tANA ROY\tyes\nBright House\tBo Li\tyes\nWindsor Police\tCy Orr\tno")
    people = {(s.name, s.category, s.service_id == house.id) for s in db.session.query(Staff)}
    assert people == {
        ("Ana Roy", "police", False),
        ("Bo Li", "victim_services", True),
        ("Cy Orr", "police", False),
    }
    assert all(d.staff_id for d in db.session.query(Delegate))
    assert sorted(standing()) == [
        ("Ana Roy", "Outreach", "2019-09-20", False),
        ("Bo Li", "Outreach", "2019-09-20", False),
    ]
    entry = db.session.query(AuditEntry).filter_by(tag="ready.delegates.paste").one()
    assert entry.details == {"services": 2, "certificates": 2, "added": 3, "changed": 0, "people": 2}
    listed(Plan, session, "Windsor Police\tAna Roy\tno\nWindsor Police\tCy Orr\tyes")
    assert sorted(standing()) == [
        ("Ana Roy", "Outreach", "2019-09-20", True),
        ("Bo Li", "Outreach", "2019-09-20", False),
        ("Cy Orr", "Outreach", "2019-09-20", False),
    ]
    assert db.session.query(Staff).count() == 3 and db.session.query(Delegate).count() == 3


def test_3000_pasted_delegates_with_40_faulty_rows_are_fixed_in_place_and_nothing_is_lost(plan, signed_in, post):
    session = a_session(plan)
    paste = f"{LIST}/{session.uid}/paste"
    lines = [f"{('Windsor Police Service', 'Essex County Police')[i % 2]}\tPerson {i:04}\tyes" for i in range(3000)]
    for i in range(40):
        place = i * 70
        service, name, state = lines[place].split("\t")
        lines[place] = (
            f"Windsr Police Service\t{name}\t{state}",
            f"{service}\t\t{state}",
            f"{service}\t{name}\tperhaps",
            f"{service}\tPerson 2999\t{state}" if place % 2 else f"{service}\tPerson 2998\t{state}",
        )[i % 4]
    text = "Service\tName\tAttended\n" + "\n".join(lines)
    client = signed_in(plan.coordinator)
    counted = []
    event.listen(db.engine, "before_cursor_execute", lambda *a: counted.append(a[2]))
    page = post(client, paste, {"rows": text})
    assert page.status_code == 200 and "Nothing is saved yet." in page.text and db.session.query(Delegate).count() == 0
    assert len(counted) < 80, "no statement a row"
    assert re.search(r"<b>40</b> Problem", page.text) and re.search(r"<b>2,960</b> New", page.text)
    assert len(page.text) < 900_000

    def form(page: Any, **more: str) -> dict[str, str]:
        import html

        kept = html.unescape(re.search(r'<textarea name="rows"[^>]*>\n(.*?)</textarea>', page.text, re.S)[1])
        chosen = re.findall(r'<select class="select" id="(column-\d+)".*?value="(\w*)" selected', page.text, re.S)
        skipped = re.search(r'name="skipped" value="([^"]*)"', page.text)[1]
        return {"rows": kept, "skipped": skipped, **dict(chosen), **more}

    early = post(client, paste + "/add", form(page, do="add"))
    assert early.status_code == 422 and "40 rows need an answer first." in early.text
    assert db.session.query(Delegate).count() == 0
    # One look-alike is answered for all ten rows that say it; the repeated rows are skipped with one press.
    page = post(client, paste, form(page, **{"fix-1-service": str(plan.windsor.id)}))
    assert re.search(r"<b>30</b> Problem", page.text)
    page = post(client, paste, form(page, skip_repeats="1"))
    assert re.search(r"<b>20</b> Problem", page.text) and re.search(r"<b>10</b> Skipped", page.text)
    names = {f"fix-{i * 70 + 1}-name": f"Found {i}" for i in range(1, 40, 4)}
    states = {f"fix-{i * 70 + 1}-state": "absent" for i in range(2, 40, 4)}
    page = post(client, paste, form(page, **names, **states))
    assert "Every row is ready." in page.text
    counted.clear()
    done = post(client, paste + "/add", form(page, do="add"))
    assert done.status_code == 303 and len(counted) < 80, len(counted)
    assert db.session.query(Delegate).count() == 2990 == db.session.query(Staff).count()
    assert db.session.query(Delegate).filter_by(state="absent").count() == 10
    assert db.session.query(Certificate).count() == 2980
    assert client.get(done.location).status_code == 200


def test_the_good_rows_are_saved_when_asked_and_the_others_stay_on_the_page(plan, signed_in, post):
    session = a_session(plan)
    url = f"{LIST}/{session.uid}/paste/add"
    text = "Service\tName\nWindsor Police Service\tAna\nNowhere\tBo"
    answer = post(signed_in(plan.coordinator), url, {"rows": text, "do": "add_good"})
    assert (
        answer.status_code == 200 and "Nowhere\tBo" in answer.text and "Windsor Police Service\tAna" not in answer.text
    )
    assert [d.name for d in db.session.query(Delegate)] == ["Ana"]


@pytest.mark.any_database
def test_somebody_who_was_added_meanwhile_stops_the_paste_and_nothing_is_saved(app):
    operation, windsor = an_operation("OP", status=OperationStatus.PLANNED), a_service("Windsor Police")
    a_participation(operation, windsor)
    with writing():
        session = commands.add_session(SYSTEM, operation, DRAFT)
        known = delegate_commands.known_for(SYSTEM, operation, session)
    found = delegate_rules.preview("Bo Li\nAna Roy", known)
    with writing():
        db.session.add(Staff(service_id=windsor.id, name="Ana Roy", name_key="ana roy", category="police"))
    with pytest.raises(Changed), writing():
        delegate_commands.add_delegates(SYSTEM, operation, session, found)
    assert db.session.query(Delegate).count() == 0 and db.session.query(Staff).count() == 1


def test_a_service_coordinator_handles_and_sees_her_own_only(plan, signed_in, post):
    session = a_session(plan)
    listed(plan, session, "Essex County Police\tForeign Person\tinvited\nWindsor Police Service\tOwn Person\tinvited")
    client, url = signed_in(plan.own), f"{LIST}/{session.uid}"
    page = client.get(url).text
    assert "Own Person" in page and "Foreign Person" not in page and "Essex" not in page
    foreign = post(client, url + "/paste", {"rows": "Service\tName\nEssex County Police\tX Y"})
    nothing = post(client, url + "/paste", {"rows": "Service\tName\nNowhere County Police\tX Y"})
    assert "is no service whose delegates you handle here." in foreign.text
    assert foreign.text.count("Essex County Police") == nothing.text.count("Nowhere County Police")
    assert post(client, url + "/paste/add", {"rows": "Own Second", "do": "add"}).status_code == 303
    theirs = db.session.query(Delegate).filter_by(name="Foreign Person").one().id
    with time_machine.travel(ON_THE_DAY, tick=False):
        client = signed_in(plan.own)
        refused = post(client, url + "/delegates", {"delegate": str(theirs), "state": "attended"})
        none = post(client, url + "/delegates", {"delegate": "999999", "state": "attended"})
        assert refused.status_code == none.status_code == 422
        assert post(client, url + "/delegates", {"all": "attended"}).status_code == 303
    states = {d.name: d.state for d in db.session.query(Delegate)}
    assert states == {"Foreign Person": "invited", "Own Person": "attended", "Own Second": "attended"}


def test_nobody_can_have_come_before_the_day_or_to_a_cancelled_session(plan, signed_in, post):
    session = a_session(plan)
    listed(plan, session, "Windsor Police Service\tAna\tinvited")
    [one] = rows.delegates_of(session.id)
    with time_machine.travel(ON_THE_DAY - dt.timedelta(days=1), tick=False), pytest.raises(Invalid), writing():
        commands.set_states(SYSTEM, plan.operation, session, [one.id], "attended")
    with pytest.raises(Invalid), writing():
        commands.set_states(SYSTEM, plan.operation, session, [one.id], "asleep")
    with writing():
        commands.cancel_session(SYSTEM, plan.operation, session)
    with pytest.raises(Invalid), writing():
        commands.set_states(SYSTEM, plan.operation, session, [one.id], "attended")


def test_attending_again_renews_and_a_session_that_people_attended_cannot_be_cancelled(plan):
    first = a_session(plan)
    listed(plan, first, "Windsor Police Service\tAna\tyes")
    again = a_session(plan, SessionDraft("training", "Again", DRAFT.starts_at + dt.timedelta(days=10), certificate="Outreach", valid_months=24))  # fmt: skip # noqa: E501 - one line reads better
    listed(plan, again, "Windsor Police Service\tAna\tyes")
    assert [row[2] for row in standing()] == ["2019-09-20", "2019-09-30"]
    with pytest.raises(Invalid), writing():
        commands.cancel_session(SYSTEM, plan.operation, first)


def test_changing_what_a_session_gives_changes_what_it_gave_but_not_what_was_revoked_by_hand(plan):
    session = a_session(plan)
    listed(plan, session, "Windsor Police Service\tAna\tyes\nWindsor Police Service\tBo\tyes")
    with writing():
        found = db.session.query(Certificate).order_by(Certificate.id).first()
        commands.revoke_certificate(SYSTEM, plan.operation, found, db.session.get(Staff, found.staff_id))
    with writing():
        longer = SessionDraft(**{**DRAFT.__dict__, "valid_months": 36})
        assert commands.change_session(SYSTEM, plan.operation, session, longer, session.version)
    assert standing() == [
        ("Ana", "Outreach", "2019-09-20", True),
        ("Bo", "Outreach", "2019-09-20", True),
        ("Bo", "Outreach", "2020-09-20", False),
    ]


def test_taking_somebody_off_the_list_takes_what_she_was_given(plan, signed_in, post):
    session = a_session(plan)
    listed(plan, session, "Windsor Police Service\tAna\tyes")
    [one] = rows.delegates_of(session.id)
    client = signed_in(plan.coordinator)
    url = f"{LIST}/{session.uid}/delegates"
    assert post(client, url, {"remove": "1"}).status_code == 422
    assert post(client, url, {"remove": "1", "delegate": str(one.id)}).status_code == 303
    assert rows.delegates_of(session.id) == [] and standing()[0][3]


def test_an_archived_operation_takes_no_delegates(plan, signed_in, post):
    session = a_session(plan)
    with writing():
        db.session.merge(plan.operation).status = "archived"
    client = signed_in(plan.coordinator)
    assert client.get(f"{LIST}/{session.uid}").status_code == 200
    assert client.get(f"{LIST}/{session.uid}/paste").status_code == 403
    for path, data in (("/paste", {"rows": "x"}), ("/paste/add", {"rows": "x"}), ("/delegates", {"delegate": "1"})):
        assert post(client, f"{LIST}/{session.uid}{path}", data).status_code == 403


@pytest.mark.parametrize(
    "rows_",
    ["", "\x00\x01", "=cmd()\t@SUM", '"never closed', "x\t" * 25, "<script>alert(1)</script>\tyes", "a\n" * 5002],
)
def test_hostile_pastes_are_refused_or_shown_and_save_nothing(plan, signed_in, post, rows_):
    session = a_session(plan)
    client = signed_in(plan.coordinator)
    for url in ("/paste", "/paste/add"):
        answer = post(client, f"{LIST}/{session.uid}{url}", {"rows": rows_})
        assert answer.status_code in (200, 422) and "<script>alert" not in answer.text
    assert db.session.query(Delegate).count() == 0


# --- certificates


def test_a_certificate_is_entered_and_revoked_by_its_own_service(plan, signed_in, post):
    with writing():
        db.session.add(Staff(service_id=plan.windsor.id, name="Ana Roy", name_key="ana roy", category="police"))
    client = signed_in(plan.own)
    url = f"/operations/OP/services/{plan.windsor.id}/certificates"
    fields = {"name": "ana  roy", "certificate": "First aid", "issued_on": "2016-10-10", "expires_on": "2017-10-12"}
    for wrong, words in (
        ({"name": "Nobody"}, "Choose somebody whom the service knows."),
        ({"certificate": ""}, "Enter what the certificate is called."),
        ({"issued_on": "2999-01-01"}, "is not a day"),
        ({"issued_on": "2099-01-01"}, "This day has not come yet."),
        ({"expires_on": "2015-01-01"}, "It ends before it was issued."),
        ({"issued_on": ""}, "Enter the day it was issued."),
    ):
        answer = post(client, url, {**fields, **wrong})
        assert answer.status_code == 422 and words in answer.text and "<title>Error:" in answer.text
    assert post(client, url, fields).status_code == 303
    with time_machine.travel(ON_THE_DAY, tick=False):
        assert "Ends too early" in signed_in(plan.own).get(url).text
    assert "Past its last day" in client.get(url).text
    [found] = db.session.query(Certificate)
    stranger = signed_in(a_user(Role.SERVICE_COORDINATOR, plan.essex))
    theirs = f"/operations/OP/services/{plan.essex.id}/certificates/{found.id}/revoke"
    assert stranger.get(url).status_code == 404 and post(stranger, theirs).status_code == 404
    assert post(client, f"{url}/{found.id}/revoke").status_code == 303
    assert post(client, f"{url}/{found.id}/revoke").status_code == 303, "twice is once"
    assert [tag for tag in tags() if "certificate" in tag] == ["ready.certificate.add", "ready.certificate.revoke"]
    assert "Revoked" in client.get(url).text


@pytest.mark.parametrize(
    ("name", "content", "status", "words"),
    [
        ("list.csv", "Nom;Organisme;Présence\nÉva Roy;Windsor Police Service;invitée".encode("cp1252"), 200, "Éva Roy"),
        ("list.csv", b"MZ\x90\x00\x03\x00\x00\x00", 422, "This file is not text."),
        ("list.xlsx", b"PK\x03\x04 not a workbook", 422, "<title>Error:"),
    ],
)
def test_a_file_is_read_like_a_paste_and_one_that_is_none_is_refused(plan, signed_in, name, content, status, words):
    session = a_session(plan)
    client = signed_in(plan.coordinator)
    url = f"{LIST}/{session.uid}/paste"
    token = token_of(client.get(url))
    answer = client.post(
        url,
        data={"csrf_token": token, "rows": "", "file": (io.BytesIO(content), name)},
        content_type="multipart/form-data",
    )
    assert answer.status_code == status and words in answer.text
    assert db.session.query(Delegate).count() == 0
