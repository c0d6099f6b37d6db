"""Pages of the plan: what a coordinator types, what is refused at which field, what is kept, what is saved."""

import pytest

from outreach.storage import db
from outreach.storage.queries import operations
from outreach.storage.tables import (
    AuditEntry,
    Operation,
    Participation,
    ParticipationVersion,
    Service,
    Team,
    TeamMember,
    TeamVersion,
)
from outreach.vocab import OperationStatus, Role
from tests.factories import a_participation, a_service, a_team, a_user, an_operation
from tests.plan.rows import forty_six, text_of, typed


@pytest.fixture
def coordinator(app, signed_in):
    return signed_in(a_user(Role.OPERATION_COORDINATOR))


@pytest.fixture
def post(post):
    """As the fixture of every room, with the token of this room's front page."""
    return lambda client, url, data=None: post(client, url, data, page="/")


def count(table):
    return db.session.query(table).count()


def test_an_empty_site_offers_a_coordinator_to_start_blank(coordinator):
    page = coordinator.get("/")
    assert page.status_code == 200
    assert 'href="/operations/new"' in page.text and "Start blank" in page.text


def test_the_overview_shows_the_active_operation_first_and_children_under_their_parents(coordinator):
    draft = an_operation("AAA", status=OperationStatus.DRAFT)
    parent = an_operation("PARENT", status=OperationStatus.DRAFT)
    child = an_operation("CHILD", parent=parent)
    text = coordinator.get("/").text
    assert text.index(parent.code) < text.index(child.code) < text.index(draft.code)


def test_an_officer_with_a_team_tonight_gets_one_link_to_her_shift(app, signed_in):
    operation, service = an_operation(), a_service()
    officer = a_user(Role.FIELD_OFFICER, service, operation)
    a_team(a_participation(operation, service), officer, name="Team 4")
    page = signed_in(officer).get("/")
    assert "Team 4" in page.text
    assert page.text.count("button--primary") == 1


def test_an_operation_is_created_as_a_draft_with_its_window_in_its_own_zone(coordinator, post):
    answer = post(coordinator, "/operations/new", typed())
    assert answer.status_code == 303, answer.text
    assert answer.location == "/operations/ONS-2026-ON/plan"
    operation = operations.by_code("ONS-2026-ON")
    assert operation.status == "draft" and operation.root_id == operation.id
    assert operation.starts_at.isoformat() == "2026-10-13T22:00:00+00:00"
    assert operation.ends_at.isoformat() == "2026-10-20T04:00:00+00:00"
    page = coordinator.get(answer.location)
    assert "2 of 9 done" not in page.text and "1 of 9 done" in page.text


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"ends_on": "2026-10-12"}, "ends_on", "ends before it starts"),
        ({"time_zone": ""}, "time_zone", "Enter the time zone"),
        ({"time_zone": "Ontario/Toronto"}, "time_zone", "no known time zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone", "no known time zone"),
        ({"starts_on": "2026-03-08", "starts_at": "02:30"}, "starts_at", "the clocks skip 02:30"),
        ({"starts_on": "2026-11-01", "starts_at": "01:30", "ends_on": "2026-11-05"}, "starts_which", "twice"),
        ({"deadline_on": "2026-10-19", "deadline_at": "12:00"}, "deadline_on", "before the window ends"),
        ({"starts_on": "13/10/2026"}, "starts_on", "is not a day"),
        ({"starts_at": "25:00"}, "starts_at", "is not a time"),
        ({"ends_on": "", "ends_at": ""}, "ends_on", "both ends"),
        ({"code": "no spaces!"}, "code", "letters, digits and hyphens"),
        ({"name": "\u0007"}, "name", "Enter the name"),
        ({"parent": "999999"}, "parent", "Choose one of the list"),
    ],
)
def test_a_wrong_operation_is_refused_at_its_field_and_keeps_what_was_typed(coordinator, post, wrong, field, words):
    answer = post(coordinator, "/operations/new", typed(purpose="Kept as typed", **wrong))
    assert answer.status_code == 422
    assert "<title>Error:" in answer.text and f'href="#{field}"' in answer.text
    assert words in answer.text.replace("&#39;", "'")
    assert "Kept as typed" in answer.text
    for name, value in wrong.items():
        if value and value.isprintable() and name not in ("parent",):
            assert f'value="{value}"' in answer.text
    assert count(Operation) == 0


def test_everything_that_is_wrong_is_said_at_once(coordinator, post):
    answer = post(coordinator, "/operations/new", typed(code="", name="", starts_on="soon", deadline_at="noon"))
    for field in ("code", "name", "starts_on", "deadline_on"):
        assert f'href="#{field}"' in answer.text, field


def test_a_time_that_the_clocks_show_twice_is_asked_with_the_earlier_one_chosen(coordinator, post):
    data = typed(starts_on="2026-11-01", starts_at="01:30", ends_on="2026-11-05")
    asked = post(coordinator, "/operations/new", data)
    assert '<option selected value="earlier">' in asked.text
    assert post(coordinator, "/operations/new", {**data, "starts_which": "later"}).status_code == 303
    assert operations.by_code("ONS-2026-ON").starts_at.isoformat() == "2026-11-01T06:30:00+00:00"
    form = coordinator.get("/operations/ONS-2026-ON/plan/edit").text
    assert '<option selected value="later">' in form


def test_two_coordinators_who_edit_at_once_see_both_versions_and_lose_nothing(coordinator, post):
    post(coordinator, "/operations/new", typed())
    url = "/operations/ONS-2026-ON/plan/edit"
    first = post(coordinator, url, typed(name="First name", version="1"))
    assert first.status_code == 303
    second = post(coordinator, url, typed(name="Second name", version="1"))
    assert second.status_code == 409
    assert "First name" in second.text and 'value="Second name"' in second.text
    assert 'name="version" type="hidden" value="2"' in second.text
    assert post(coordinator, url, typed(name="Second name", version="2")).status_code == 303
    assert operations.by_code("ONS-2026-ON").name == "Second name"


def test_a_copy_takes_services_and_team_names_but_neither_days_nor_people(coordinator, post):
    source, service = an_operation("OLD"), a_service()
    part = a_participation(source, service, planned_staff={"police": 4})
    a_team(part, a_user(Role.FIELD_OFFICER, service), name="Night team")
    page = coordinator.get("/operations/new?copy=OLD")
    assert "Copy OLD" in page.text and 'name="starts_on" type="text" value=""' in page.text
    answer = post(coordinator, "/operations/new", typed(copy="OLD"))
    assert answer.status_code == 303, answer.text
    copied = operations.by_code("ONS-2026-ON")
    [(_, version, taking_part)] = operations.participations_of(copied.id)
    assert (taking_part.id, version.status, version.planned_staff) == (service.id, "invited", {"police": 4})
    [(name, team)] = db.session.query(TeamVersion.name, Team.id).join(Team).filter_by(operation_id=copied.id)
    assert name == "Night team"
    assert db.session.query(TeamMember).filter_by(team_id=team).count() == 0


def test_an_operation_that_one_may_not_plan_cannot_be_copied(app, signed_in, coordinator, post):
    assert coordinator.get("/operations/new?copy=NOWHERE").status_code == 404


def test_a_plan_is_confirmed_only_with_a_service_and_opened_only_with_a_team_or_totals(coordinator, post):
    operation = an_operation("OP", status=OperationStatus.DRAFT)
    page = coordinator.get("/operations/OP/plan/move/planned")
    assert "no service is confirmed" in page.text
    refused = post(coordinator, "/operations/OP/plan/move/planned")
    assert refused.status_code == 409 and "no service is confirmed" in refused.text
    part = a_participation(operation)
    assert post(coordinator, "/operations/OP/plan/move/planned").status_code == 303
    assert post(coordinator, "/operations/OP/ready/open", {"reason": "Now"}).status_code == 409
    a_team(part, a_user(Role.FIELD_OFFICER))
    assert post(coordinator, "/operations/OP/ready/open", {"reason": "Now"}).status_code == 303
    assert post(coordinator, "/operations/OP/plan/move/planned").status_code == 422
    back = post(coordinator, "/operations/OP/plan/move/planned", {"reason": "Opened a day early"})
    assert back.status_code == 303
    assert "Opened a day early" in coordinator.get("/operations/OP/plan").text
    assert post(coordinator, "/operations/OP/plan/move/archived").status_code == 409


# --- services


def test_the_directory_finds_names_without_accents_and_hyphens(coordinator):
    a_service("Rivière-aux-Aulnes")
    a_service("Port Linden")
    text = coordinator.get("/services?q=riviere%20aux").text
    assert "Rivière-aux-Aulnes" in text and "Port Linden" not in text


def test_a_service_that_is_there_under_another_spelling_is_refused_and_a_look_alike_is_asked(coordinator, post):
    fields = {"kind": "police_municipal"}
    assert post(coordinator, "/services/new", {"name": "Rivière-aux-Aulnes", **fields}).status_code == 303
    same = post(coordinator, "/services/new", {"name": "RIVIERE AUX AULNES", **fields})
    assert same.status_code == 422 and "in the directory already" in same.text and 'value="RIVIERE AUX' in same.text
    alike = post(coordinator, "/services/new", {"name": "Rivière aux Aunes", **fields})
    assert alike.status_code == 422 and "looks like" in alike.text
    other = post(coordinator, "/services/new", {"name": "Rivière aux Aunes", "different": "y", **fields})
    assert other.status_code == 303
    assert count(Service) == 2


def _hidden(page):
    """Every field that the preview's form would send again, apart from its buttons."""
    import html
    import re

    found = {}
    for tag in re.findall(r"<input[^>]*>", page.text):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and name[1] != "csrf_token":
            found[name[1]] = html.unescape(value[1]) if value else ""
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', page.text, re.S):
        chosen = re.search(r'<option(?=[^>]*selected)[^>]*value="([^"]*)"', options)
        found[name] = html.unescape(chosen[1]) if chosen else ""
    area = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page.text, re.S)
    found["rows"] = html.unescape(area[1]) if area else ""
    return found


def test_46_services_with_three_look_alikes_are_pasted_answered_and_saved_at_once(coordinator, post):
    an_operation("OP", status=OperationStatus.DRAFT)
    a_service("Rivière-aux-Aulnes")
    a_service("Windsor Police Service")
    url = "/operations/OP/plan/services/paste"
    rows = forty_six()
    rows[2][1] = ""
    before = count(Service)
    page = post(coordinator, url, {"rows": text_of(rows)})
    assert page.status_code == 200, page.text
    assert "Nothing is saved yet." in page.text and "Check 46 services before adding" in page.text
    assert "Add 46 services" in page.text and "3 rows need an answer first." in page.text
    assert "Rivière-aux-Aulnes, already in Outreach" in page.text and "Port Linden, row 21" in page.text
    early = post(coordinator, f"{url}/add", {**_hidden(page), "do": "add"})
    assert early.status_code == 422 and 'href="#row-' in early.text
    assert count(Service) == before and count(Participation) == 0
    page = post(coordinator, url, {**_hidden(page), "same-31": "yes"})
    page = post(coordinator, url, {**_hidden(page), "same-22": "no"})
    page = post(coordinator, url, {**_hidden(page), "fix-3-kind": "police_federal"})
    assert "Every row is ready." in page.text
    done = post(coordinator, f"{url}/add", {**_hidden(page), "do": "add", "status": "confirmed"})
    assert done.status_code == 303
    assert count(Service) == before + 44 and count(Participation) == 46
    assert db.session.query(Service).filter_by(name="Aspen Grove").count() == 1
    assert {v.status for v in db.session.query(ParticipationVersion)} == {"confirmed"}
    assert db.session.query(AuditEntry).filter_by(tag="plan.services.paste").count() == 1
    again = post(coordinator, f"{url}/add", {**_hidden(page), "do": "add"})
    assert again.status_code == 303 and count(Participation) == 46
    assert "46 confirmed" in coordinator.get("/operations/OP/plan/services").text


def test_the_good_rows_can_be_added_while_the_others_stay_on_the_page(coordinator, post):
    an_operation("OP", status=OperationStatus.DRAFT)
    url = "/operations/OP/plan/services/paste"
    page = post(coordinator, url, {"rows": text_of([["Alder Bay", "Municipal police"], ["Heron Point", ""]])})
    left = post(coordinator, f"{url}/add", {**_hidden(page), "do": "add_good"})
    assert left.status_code == 200 and "Heron Point" in left.text and "Alder Bay" not in left.text
    assert count(Participation) == 1


@pytest.mark.parametrize(
    ("rows", "field", "words"),
    [
        ("", "rows", "Paste at least one row"),
        ("\n".join(f"Town {i} police\tMunicipal police" for i in range(5000)), "rows", "5000 rows were pasted"),
        ("1\t2\n3\t4", "column-0", "No column holds the name"),
        ("Service\tKind", "rows", "only a heading"),
        ("\t".join("abcdefghijklmnopqrstuvwxyz"), "rows", "more than 20 columns"),
    ],
)
def test_a_paste_that_cannot_be_read_is_refused_at_its_field_and_kept(coordinator, post, rows, field, words):
    an_operation("OP", status=OperationStatus.DRAFT)
    answer = post(coordinator, "/operations/OP/plan/services/paste", {"rows": rows})
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text and words in answer.text
    assert not rows or rows[-20:].split("\n")[-1] in answer.text
    assert count(Service) == 0


def test_the_counts_filter_the_rows_and_lose_no_answer(coordinator, post):
    an_operation("OP", status=OperationStatus.DRAFT)
    url = "/operations/OP/plan/services/paste"
    rows = [["Alder Bay", "OPP"], ["Heron Point", ""], ["Port Linden", "OPP"], ["Port Lindon", "OPP"]]
    page = post(coordinator, url, {"rows": text_of(rows)})
    page = post(coordinator, url, {**_hidden(page), "same-4": "no", "show": ["all", "problem"]})
    assert "Heron Point" in page.text and 'id="row-1"' not in page.text and "Check 4 services" in page.text
    page = post(coordinator, url, {**_hidden(page), "show": ["problem", "new"]})
    assert 'id="row-4"' in page.text and 'id="row-2"' not in page.text
    assert _hidden(page)["same-4"] == "no"


def test_columns_that_were_read_wrongly_can_be_chosen(coordinator, post):
    an_operation("OP", status=OperationStatus.DRAFT)
    url = "/operations/OP/plan/services/paste"
    page = post(coordinator, url, {"rows": "West\tAlder Bay Police\nEast\tBright Harbour"})
    chosen = {**_hidden(page), "column-0": "region", "column-1": "name", "kind": "police_municipal"}
    page = post(coordinator, url, chosen)
    assert "Add 2 services" in page.text and "Every row is ready." in page.text
    twice = post(coordinator, url, {**chosen, "column-0": "name"})
    assert twice.status_code == 422 and "Two columns hold the same thing" in twice.text


def test_control_characters_duplicates_and_markup_in_a_paste_are_shown_and_never_saved_as_they_are(coordinator, post):
    an_operation("OP", status=OperationStatus.DRAFT)
    url = "/operations/OP/plan/services/paste"
    rows = [["Al\u0007der\u0000 Bay", "opp"], ["Élm Gróve", "opp"], ["ELM-GROVE", "opp"], ["<b>Bold</b>", "opp"]]
    page = post(coordinator, url, {"rows": text_of(rows)})
    assert page.status_code == 200
    assert "cannot be seen" in page.text and 'value="Alder Bay"' in page.text
    assert "The same service as row 2." in page.text
    assert "<b>Bold" not in page.text
    fields = {**_hidden(page), "same-3": "yes"}
    done = post(coordinator, f"{url}/add", {**fields, "do": "add"})
    assert done.status_code == 303, done.text
    assert {s.name for s in db.session.query(Service)} == {"Alder Bay", "Élm Gróve", "<b>Bold</b>"}


def test_rows_come_from_a_text_file_too_and_a_file_that_is_no_text_is_refused(coordinator, post):
    import io

    an_operation("OP", status=OperationStatus.DRAFT)
    url = "/operations/OP/plan/services/paste"
    csv = "Nom du service;Sorte\nService de police de Grande-Anse;Police municipale\n".encode("cp1252")
    page = post(coordinator, url, {"file": (io.BytesIO(csv), "services.csv")})
    assert "Grande-Anse" in page.text and "Add 1 service" in page.text
    bad = post(coordinator, url, {"file": (io.BytesIO(b"\x00\x01\x02\xff" * 40), "services.csv"), "rows": "Kept"})
    assert bad.status_code == 422 and 'href="#file"' in bad.text and "Kept" in bad.text


def test_rows_come_from_an_excel_workbook_and_a_file_that_is_none_is_refused(coordinator, post):
    import io

    from openpyxl import Workbook

    an_operation("OP", status=OperationStatus.DRAFT)
    url = "/operations/OP/plan/services/paste"
    book, content = Workbook(), io.BytesIO()
    for row in (["Service", "Kind"], ["Alder Bay", "Municipal police"], ["Élm Grove", "OPP"]):
        book.active.append(row)
    book.save(content)
    page = post(coordinator, url, {"file": (io.BytesIO(content.getvalue()), "services.xlsx")})
    assert "Add 2 services" in page.text and "Élm Grove" in page.text
    for bad in (b"PK\x03\x04 no archive at all", content.getvalue()[:900], b"Service,Kind\nAlder Bay,opp"):
        refused = post(coordinator, url, {"file": (io.BytesIO(bad), "services.xlsx"), "rows": "Kept rows"})
        assert refused.status_code == 422 and 'href="#file"' in refused.text and "Kept rows" in refused.text
    assert count(Service) == 0


def test_a_participation_is_changed_with_its_own_window_staff_and_reporting_places(coordinator, post):
    parent = an_operation("PARENT")
    child = an_operation("CHILD", parent=parent)
    service = a_service("Windsor Police")
    a_participation(parent, service)
    part = a_participation(child, service)
    url = f"/operations/CHILD/plan/services/{service.id}"
    assert "Where its figures count" in coordinator.get(url).text
    data = {
        "version": "1", "status": "confirmed", "entry_mode": "contacts", "starts_on": "2017-10-10",
        "starts_at": "18:00", "ends_on": "2017-10-13", "ends_at": "24:00", "staff_police": "12",
        "place_personnel": str(parent.id), "place_contacts": str(child.id), "place_enforcement": "",
    }  # fmt: skip
    assert post(coordinator, url, data).status_code == 303
    version = operations.current_participation(part.id)
    assert version.version == 2 and version.planned_staff == {"police": 12}
    assert version.counted_in["personnel"] == parent.id and version.counted_in["persons_met"] == child.id
    assert "charges" not in version.counted_in
    assert post(coordinator, url, {**data, "version": "2"}).status_code == 303
    assert operations.current_participation(part.id).version == 2, "nothing was different"
    stale = post(coordinator, url, {**data, "staff_police": "9"})
    assert stale.status_code == 409 and 'value="9"' in stale.text
    wrong = post(coordinator, url, {**data, "version": "2", "staff_police": "many", "ends_on": "2017-10-01"})
    assert wrong.status_code == 422 and 'value="many"' in wrong.text
    assert "PARENT" in coordinator.get("/operations/CHILD/plan/services").text


def test_ticked_services_are_confirmed_together(coordinator, post):
    operation = an_operation("OP")
    from outreach.vocab import ParticipationStatus

    parts = [a_participation(operation, status=ParticipationStatus.INVITED) for _ in range(3)]
    none = post(coordinator, "/operations/OP/plan/services/confirm", {})
    assert none.status_code == 422
    ticked = [str(part.service_id) for part in parts[:2]]
    done = post(coordinator, "/operations/OP/plan/services/confirm", {"service": ticked})
    assert done.status_code == 303
    assert [operations.current_participation(p.id).status for p in parts] == ["confirmed", "confirmed", "invited"]
    post(coordinator, "/operations/OP/plan/services/confirm", {"all": "1"})
    assert operations.current_participation(parts[2].id).status == "confirmed"


def test_a_service_coordinator_sees_only_her_own_row_and_changes_nothing(app, signed_in, post):
    operation, own, other = an_operation("OP"), a_service("Own Police"), a_service("Other Police")
    for service in (own, other):
        a_participation(operation, service)
    client = signed_in(a_user(Role.SERVICE_COORDINATOR, own))
    page = client.get("/operations/OP/plan/services")
    assert "Own Police" in page.text and "Other Police" not in page.text
    assert client.get(f"/operations/OP/plan/services/{own.id}").status_code == 403
    assert post(client, "/operations/OP/plan/services/confirm", {"service": "1"}).status_code == 403
    assert client.get("/operations/new").status_code == 403
    assert client.get("/services/new").status_code == 403


def test_a_foreign_operation_answers_as_one_that_does_not_exist(app, signed_in):
    an_operation("FOREIGN")
    client = signed_in(a_user(Role.SERVICE_COORDINATOR, a_service()))
    for page in ("plan", "plan/edit", "plan/services", "plan/services/paste", "plan/move/planned"):
        foreign, missing = client.get(f"/operations/FOREIGN/{page}"), client.get(f"/operations/MISSING/{page}")
        assert foreign.status_code == missing.status_code == 404
        assert _without_tokens(foreign.text) == _without_tokens(missing.text)


def _without_tokens(text):
    """A page without its signed, timed tokens."""
    import re

    return re.sub(r'(name="csrf_token" value=)"[^"]*"', r"\1", text)
