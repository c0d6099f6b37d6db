"""Adjustments, explanations and declared overlap: refused, done with their history, in the journal."""

import datetime as dt

import pytest

from outreach.errors import Changed, Finding, Invalid, NotAllowed, NotFound
from outreach.returns import commands, ledger_commands, ledger_rules
from outreach.returns.figures import figures_of
from outreach.storage import db, writing
from outreach.storage.queries import access
from outreach.storage.queries import ledger as rows
from outreach.storage.tables import Adjustment, AuditEntry, Explanation, Overlap
from outreach.vocab import EntryMode, OperationStatus, Role
from tests.factories import a_participation, a_service, a_user, an_operation

TENTH = dt.date(2017, 10, 10)
WHY = "Two persons were met after the sheet was sent."


@pytest.fixture
def world(app):
    """Port Linden tells 5 persons met on the 10th, Quarry Town 8; each has a coordinator, and so has the operation."""
    operation = an_operation("OP-R")
    parts, actors = [], []
    for name, met in (("Port Linden Police", 5), ("Quarry Town Police", 8)):
        service = a_service(name)
        part = a_participation(operation, service, entry_mode=EntryMode.DAILY_TOTALS)
        actor = access.actor_of(a_user(Role.SERVICE_COORDINATOR, service))
        with writing():
            seen = commands.sheet_of(operation, part).mark
            commands.save_totals(actor, operation, part, {"cell-persons_met-2017-10-10": str(met)}, seen=seen)
        parts.append(part)
        actors.append(actor)
    return operation, parts, actors, access.actor_of(a_user(Role.OPERATION_COORDINATOR))


def adjust(world, amount, *, who=0, of=0, measure="persons_met", day=TENTH, reason=WHY):
    operation, parts, actors, _ = world
    with writing():
        made = ledger_commands.adjust(
            actors[who], operation, parts[of], measure=measure, day=day, amount=amount, reason=reason
        )
        return made.uid


def met(world, service=None):
    by = () if service is None else ("service",)
    return figures_of(world[0].id, None, by).one("persons_met", **({} if service is None else {"service": service}))


@pytest.mark.any_database
def test_an_adjustment_counts_is_taken_back_and_keeps_who_and_why(world):
    operation, parts, actors, _ = world
    service = parts[0].service_id
    uid = adjust(world, "+2")
    figure = met(world, service)
    assert (figure.value, str(figure.basis)) == (7, "adjusted")
    (standing,) = rows.adjustments(operation.id, service)
    assert (standing.row.amount, standing.row.reason, standing.by != "") == (2, WHY, True)
    with writing():
        ledger_commands.take_back(actors[0], operation, parts[0], uid, "Counted by Quarry Town.")
    assert (met(world, service).value, str(met(world, service).basis)) == (5, "tallies")
    ((last, back),) = rows.adjustments_ended(operation.id, service)
    assert (last.row.amount, back.row.reason) == (2, "Counted by Quarry Town.")
    assert [one.version for one in db.session.query(Adjustment).order_by(Adjustment.version)] == [1, 2]
    assert rows.adjustments(operation.id) == []
    tags = [entry.tag for entry in db.session.query(AuditEntry).order_by(AuditEntry.id) if "figure" in entry.tag]
    assert tags == ["returns.figure.adjust", "returns.figure.take_back"]
    assert db.session.query(AuditEntry).filter_by(tag="returns.figure.adjust").one().details == {
        "measure": "persons_met",
        "amount": 2,
    }


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"amount": "0"}, "amount"),
        ({"amount": "2.5"}, "amount"),
        ({"amount": "two"}, "amount"),
        ({"amount": "=1+1"}, "amount"),
        ({"amount": "9999999"}, "amount"),
        ({"amount": "-6"}, "amount"),
        ({"amount": "1", "reason": ""}, "reason"),
        ({"amount": "1", "reason": "\u200b\u200b\u200b"}, "reason"),
        ({"amount": "1", "reason": "x" * 501}, "reason"),
        ({"amount": "1", "measure": "referrals_reached"}, "measure"),
        ({"amount": "1", "measure": "acceptance"}, "measure"),
        ({"amount": "1", "measure": "support_offered"}, "measure"),
        ({"amount": "1", "day": dt.date(2017, 10, 11)}, "day"),
    ],
)
def test_what_cannot_be_adjusted_is_refused_at_its_field_and_nothing_changes(world, given, where):
    with pytest.raises(Invalid) as refused:
        adjust(world, given.pop("amount"), **given)
    assert [finding.where for finding in refused.value.findings] == [where]
    assert (db.session.query(Adjustment).count(), met(world, world[1][0].service_id).value) == (0, 5)


def test_taking_back_what_others_rest_on_is_refused(world):
    operation, parts, actors, _ = world
    uid = adjust(world, "+3")
    adjust(world, "-7")
    with writing(), pytest.raises(Invalid) as refused:
        ledger_commands.take_back(actors[0], operation, parts[0], uid, WHY)
    assert refused.value.findings[0].params == {"value": -2}
    assert met(world, parts[0].service_id).value == 1


def test_another_service_s_figures_are_not_adjusted_and_an_archived_operation_not_by_anybody(world):
    operation, parts, _, steers = world
    with pytest.raises(NotAllowed):
        adjust(world, "+1", of=1)
    with writing(), pytest.raises(NotFound):
        ledger_commands.take_back(steers, operation, parts[1], adjust(world, "+1"), WHY)
    with writing():
        operation.status = OperationStatus.ARCHIVED
    with pytest.raises(NotAllowed):
        adjust(world, "+1")
    with writing(), pytest.raises(NotAllowed):
        ledger_commands.declare(
            steers, operation, parts[0].service_id, parts[1].service_id, measure="persons_met", persons="1"
        )


def test_overlap_is_a_range_until_somebody_declares_it_and_again_when_it_is_not_known_any_more(world):
    operation, parts, actors, steers = world
    one, other = (part.service_id for part in parts)
    assert (met(world).least, met(world).value, str(met(world).bound)) == (8, 13, "partial")  # other days are overdue
    assert set(met(world).between) == {one, other}
    for who, persons, expected in ((actors[0], "3", 10), (actors[1], "0", 13), (steers, "5", 8)):
        with writing():
            ledger_commands.declare(who, operation, other, one, measure="persons_met", persons=persons)
        assert (met(world).value, met(world).least, str(met(world).bound)) == (expected, None, "at_least")
    with writing():
        ledger_commands.declare(steers, operation, one, other, measure="persons_met", persons="")
    assert (met(world).least, met(world).value) == (8, 13)
    versions = db.session.query(Overlap).order_by(Overlap.version).all()
    assert [(row.version, row.persons, row.superseded_at is None) for row in versions] == [
        (1, 3, False),
        (2, 0, False),
        (3, 5, False),
        (4, 0, False),
    ]
    assert db.session.query(AuditEntry).filter_by(tag="returns.overlap.declare").count() == 4


def test_an_overlap_that_cannot_be_is_refused(world):
    operation, parts, _, steers = world
    one, other = (part.service_id for part in parts)

    def declare(who=steers, service=one, beside=other, measure="persons_met", persons="1", **more):
        with writing():
            ledger_commands.declare(who, operation, service, beside, measure=measure, persons=persons, **more)

    for given, where in (
        ({"persons": "6"}, "persons"),
        ({"persons": "-1"}, "persons"),
        ({"persons": "some"}, "persons"),
        ({"beside": one}, "other"),
        ({"measure": "contacts"}, "measure"),
        ({"measure": "persons_charged"}, "other"),
    ):
        with pytest.raises(Invalid) as refused:
            declare(**given)
        assert [finding.where for finding in refused.value.findings] == [where], given
    with writing():
        operation.overlap_nil = True
    with pytest.raises(Invalid) as refused:
        declare()
    assert "no person was met by two services" in refused.value.findings[0].message
    declare(persons="0")
    with writing():
        operation.overlap_nil = False
    stranger = a_service("Elsewhere Police")
    with pytest.raises(NotFound):
        declare(beside=stranger.id)
    with pytest.raises(NotAllowed):
        declare(who=access.actor_of(a_user(Role.SERVICE_COORDINATOR, stranger)))
    with writing():
        operation.status = OperationStatus.CLOSED
    with pytest.raises(Invalid) as refused:
        declare()
    assert [finding.where for finding in refused.value.findings] == ["reason"]
    declare(reason="Both rode in one car.")
    assert met(world).value == 12


def test_an_explanation_holds_until_a_source_says_something_else(world):
    operation, parts, actors, _ = world
    service = parts[0].service_id
    sign(world, {"persons_met": 4, "days": {"2017-10-10": {"persons_met": 4}}})

    def explain(text=WHY, seen=None, measure="persons_met"):
        line = ledger_commands.line_of(operation, service, "persons_met")
        with writing():
            ledger_commands.explain(
                actors[0],
                operation,
                parts[0],
                measure=measure,
                day=None,
                text=text,
                seen=ledger_rules.mark_of(line) if seen is None else seen,
            )

    def open_lines():
        told = ledger_commands.explanations_of(operation).get(service, [])
        lines = [one for one in ledger_commands.lines_of(operation) if one.service == service and one.open]
        return [one.measure for one in lines if not ledger_rules.explained(one, told)]

    assert open_lines() == ["persons_met"]
    with pytest.raises(Invalid):
        explain(text=" ")
    with pytest.raises(Changed):
        explain(seen="of yesterday")
    with pytest.raises(NotFound):
        explain(measure="outcomes")
    explain()
    assert open_lines() == []
    uid = adjust(world, "+1")
    assert open_lines() == ["persons_met"]
    explain("One more came late.")
    assert open_lines() == []
    assert db.session.query(Explanation).count() == 2
    with writing():
        ledger_commands.take_back(actors[0], operation, parts[0], uid, WHY)
    adjust(world, "-1")
    assert open_lines() == []  # now the sources agree
    with pytest.raises(Invalid):
        explain()


def sign(world, figures):
    from outreach.storage.tables import SignOff
    from outreach.storage.types import utc_now

    with writing():
        db.session.add(
            SignOff(
                participation_id=world[1][0].id,
                version=1,
                signed_at=utc_now(),
                figures=figures,
                figures_hash="0" * 64,
                reopened_at=utc_now(),
            )
        )


@pytest.mark.parametrize(
    ("text", "number"), [("+2", 2), ("-3", -3), ("−3", -3), (" + 2 ", 2), ("7", 7), ("+1 000", 1000)]
)
def test_a_signed_number_is_read_however_it_is_typed(text, number):
    assert ledger_rules.amount(text) == number


@pytest.mark.parametrize("text", ["", "+", "+-2", "1e3", "٣", "+0", "0x10"])
def test_what_is_no_signed_number_is_not_guessed(text):
    assert isinstance(ledger_rules.amount(text), Finding)
