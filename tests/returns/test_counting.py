"""Choosing a counting rule: refused, done, audited; what rests on the one before; pages and command line."""

from __future__ import annotations

import csv
import io
import json

import openpyxl
import pytest

from outreach.errors import Blocked, Changed, Invalid, NotAllowed, NotFound
from outreach.report.commands import figures_text
from outreach.report.workbook import export_by_code
from outreach.returns import commands as totals
from outreach.returns import counting_commands as commands
from outreach.returns import counting_rules as rules
from outreach.returns import set_commands
from outreach.returns.figures import by_rule, counted, figures_of, measure_in
from outreach.storage import db, writing
from outreach.storage.queries import access, counting, operations
from outreach.storage.tables import AuditEntry, FigureSet, Operation, OperationStep, Tally
from outreach.storage.types import utc_now
from outreach.vocab import EntryMode, Role
from tests.factories import a_participation, a_service, a_user, an_operation
from tests.report.factories import a_contact

SAFE, CELL = "persons_made_safe", "cell-persons_made_safe-2017-10-10"


@pytest.fixture
def world(app):
    operation = an_operation("OP-X")
    part = a_participation(operation, a_service("Alder Police"))
    a_contact(part, {"made_safe": True, "answer": "accepted"}, {"made_safe": True, "answer": "declined"})
    return operation, a_user(Role.OPERATION_COORDINATOR)


def choose(world, name, measure=SAFE, version=None, user=None, **more):
    operation = db.session.get_one(Operation, world[0].id)
    with writing():
        actor = access.actor_of(user or world[1])
        return commands.choose(actor, operation, measure, name, version or operation.version, **more)


def value(operation, code=SAFE, as_of=None):
    return figures_of(operation.id, as_of).one(code).value


def tell(operation, part, typed):
    with writing():
        actor = access.actor_of(a_user(Role.OPERATION_COORDINATOR))
        sheet = totals.sheet_of(operation, part)
        return totals.save_totals(actor, operation, part, typed, seen=sheet.mark)


@pytest.mark.any_database
def test_a_chosen_rule_counts_from_then_on_and_every_page_may_name_it(world):
    operation = world[0]
    before = utc_now()
    assert value(operation) == 2 and by_rule(operation.id)[f"{SAFE}:strict"].value == 1
    assert choose(world, "strict")
    assert value(operation) == 1 and value(operation, as_of=before) == 2
    figure = figures_of(operation.id).one(SAFE)
    assert (figure.rule, counted(figure).variant, counted(figure).code) == ("strict", "strict", SAFE)
    assert (
        measure_in(operation.id, SAFE).variant == "strict" and measure_in(operation.id, SAFE, before).variant == "wide"
    )
    entry = db.session.query(AuditEntry).filter_by(tag="returns.counting.choose").one()
    assert entry.details == {"measure": SAFE, "before": "wide", "after": "strict"}
    rule, since = rules.since(SAFE, counting.choices(operation.id))
    assert rule.name == "strict" and since > before
    assert not choose(world, "strict")
    assert choose(world, "wide") and db.session.get_one(Operation, operation.id).counting == {}


def test_who_may_not_and_what_is_no_rule_is_refused_and_nothing_changes(world):
    stranger = a_user(Role.OPERATION_COORDINATOR, operation=an_operation("OTHER"))
    for user in (stranger, a_user(Role.ANALYST), a_user(Role.SERVICE_COORDINATOR, a_service())):
        with pytest.raises(NotAllowed):
            choose(world, "strict", user=user)
    with pytest.raises(Invalid) as wrong:
        choose(world, "loose")
    assert wrong.value.findings[0].where == "rule"
    with pytest.raises(NotFound):
        choose(world, "strict", measure="persons_met")
    with pytest.raises(Changed):
        choose(world, "strict", version=99)
    with pytest.raises(Invalid):
        choose(world, "strict", reason="x" * 501)
    rehearsal = an_operation("DRILL", is_rehearsal=True)
    with pytest.raises(Blocked):
        choose((rehearsal, world[1]), "strict")
    assert value(world[0]) == 2
    assert db.session.query(AuditEntry).filter_by(tag="returns.counting.choose").count() == 0


def test_numbers_told_under_the_rule_before_need_a_reason_and_are_asked_for_anew(world):
    operation = world[0]
    part = a_participation(operation, a_service("Birch Police"), entry_mode=EntryMode.DAILY_TOTALS)
    assert tell(operation, part, {CELL: "3"}) == 1 and value(operation) == 5
    with pytest.raises(Invalid) as wrong:
        choose(world, "strict", reason=" . ")
    assert wrong.value.findings[0].where == "reason"
    assert choose(world, "strict", reason="as the partners agreed")
    assert db.session.query(OperationStep).one().reason == "as the partners agreed"
    figure = figures_of(operation.id).one(SAFE)
    assert (figure.value, str(figure.bound), figure.coverage.reported) == (1, "partial", 1)
    assert by_rule(operation.id)[f"{SAFE}:wide"].value == 5
    operation = operations.by_code("OP-X")
    cell = next(slot for slot in totals.sheet_of(operation, part).slots() if slot.name == CELL)
    assert cell.said is None
    assert tell(operation, part, {CELL: "3"}) == 1 and value(operation) == 4
    told = db.session.query(Tally).order_by(Tally.id).all()
    assert [(one.version, one.value, one.superseded_at is None) for one in told] == [(1, 3, False), (2, 3, True)]
    assert by_rule(operation.id)[f"{SAFE}:wide"].value == 2


def test_a_number_of_an_operation_within_told_under_its_own_rule_is_not_comparable_above(world):
    above = world[0]
    below = an_operation("BELOW", parent=above)
    part = a_participation(below, a_service("Cedar Police"), entry_mode=EntryMode.DAILY_TOTALS)
    choose((below, world[1]), "strict")
    below = db.session.get_one(Operation, below.id)
    tell(below, part, {CELL: "4"})
    assert value(below) == 4
    figure = figures_of(above.id).one(SAFE)
    assert (figure.value, str(figure.bound), figure.coverage.expected) == (2, "partial", 2)


def test_locked_figures_keep_the_rule_that_they_were_locked_under_and_a_change_needs_a_reason(world):
    operation = world[0]
    actor = access.actor_of(world[1])
    locked = set_commands.lock(actor, operation, provisional=True, reason="for the press", after=None)
    with pytest.raises(Invalid) as wrong:
        choose(world, "strict")
    assert wrong.value.findings[0].where == "reason"
    assert choose(world, "strict", reason="as the partners agreed")
    operation = db.session.get_one(Operation, operation.id)
    kept, now = set_commands.side_of(db.session.get_one(FigureSet, locked.id)), set_commands.side_at(operation, None)
    assert [side.definitions[SAFE]["variant"] for side in (kept, now)] == ["wide", "strict"]
    assert [next(row[3] for row in side.figures if row[0] == SAFE) for side in (kept, now)] == [2, 1]


def test_the_page_shows_both_values_takes_a_rule_and_refuses_one_without_its_reason(world, signed_in, post):
    operation = world[0]
    client = signed_in(world[1])
    page = client.get("/operations/OP-X/counting")
    assert page.status_code == 200 and "Strict rule" in page.text and "in force" in page.text
    url = f"/operations/OP-X/counting/{SAFE}"
    assert "Count by" in client.get(url).text
    assert client.get("/operations/OP-X/counting/persons_met").status_code == 404
    part = a_participation(operation, a_service("Birch Police"), entry_mode=EntryMode.DAILY_TOTALS)
    tell(operation, part, {CELL: "3"})
    version = str(operations.by_code("OP-X").version)
    refused = post(client, url, {"rule": "strict", "version": version, "reason": ""}, page=url)
    assert refused.status_code == 422 and "say why it changes" in refused.text and "1 number was told" in refused.text
    stale = post(client, url, {"rule": "strict", "version": "77", "reason": "agreed"}, page=url)
    assert stale.status_code == 409 and "agreed" in stale.text
    assert post(client, url, {"rule": "strict", "version": version, "reason": "agreed"}, page=url).status_code == 303
    shown = client.get(f"/operations/OP-X/figures/{SAFE}").text
    assert "Persons made safe (strict rule, version 1)" in shown and "wide rule" in shown
    assert "Persons made safe (strict rule, version 1)" in client.get("/operations/OP-X/figures").text
    then = client.get(f"/operations/OP-X/figures/{SAFE}:wide")
    assert then.status_code == 200 and "Persons made safe (wide rule, version 1)" in then.text
    reader = signed_in(a_user(Role.ANALYST))
    assert "Count by" not in reader.get(url).text and reader.post(url).status_code in (400, 403)


def test_the_command_line_counts_by_the_rules_asked_for_and_names_rule_and_version(world):
    asked = [f"{SAFE}=strict", f"{SAFE}=wide"]
    made = json.loads(figures_text("OP-X", form="json", rules_asked=asked))["figures"]
    assert [
        (one["measure"], one["value"], one["rule"], one["rule_version"]) for one in made if SAFE in one["measure"]
    ] == [(f"{SAFE}:strict", 1, "strict", 1), (f"{SAFE}:wide", 2, "wide", 1)]
    lines = list(csv.DictReader(io.StringIO(figures_text("OP-X", form="csv"))))
    assert {line["measure"]: (line["value"], line["rule"], line["rule_version"]) for line in lines}[SAFE] == (
        "2",
        "wide",
        "1",
    )
    assert next(line for line in lines if line["measure"] == "persons_met")["rule"] == ""
    before = utc_now()
    choose(world, "strict")
    assert '"rule": "wide"' in figures_text("OP-X", form="json", as_of=before.isoformat())
    for text in ("persons_mett=strict", f"{SAFE}=loose", "persons_met", "=", f"{SAFE}="):
        with pytest.raises(Invalid) as wrong:
            figures_text("OP-X", rules_asked=[text])
        assert wrong.value.findings[0].where == "rule" and wrong.value.findings[0].params["known"]


def test_the_workbook_names_the_rule_in_its_summary_and_among_its_definitions(world):
    choose(world, "strict")
    content = export_by_code(access.actor_of(world[1]), "OP-X", "en", "")
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
    cells = {str(cell) for sheet in ("Summary", "Definitions") for row in book[sheet].values for cell in row if cell}
    assert "Persons made safe (strict rule, version 1)" in cells
    assert any("if the person accepted support" in cell for cell in cells)
