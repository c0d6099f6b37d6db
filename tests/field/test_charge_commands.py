"""Accused and charges: refused, done with their history, entered in the journal, and asked as of a moment."""

import datetime as dt

import pytest

from outreach.errors import Blocked, Changed, Invalid, NotAllowed
from outreach.field import charge_commands as commands
from outreach.field.charge_commands import ChargeEntry
from outreach.storage import db, writing
from outreach.storage.queries import access, charges, operations
from outreach.storage.tables import Accused, AuditEntry, Charge
from outreach.storage.types import utc_now
from outreach.vocab import OperationStatus, Role
from tests.factories import a_participation, a_service, a_user, an_operation

DAY = dt.date(2017, 10, 11)
PROCURING = ChargeEntry("cc-286.3(1)", counts=2, laid_on=DAY)


@pytest.fixture
def world(app):
    operation, service = an_operation("OP-X"), a_service("Windsor Police")
    a_participation(operation, service)
    return operation, service, access.actor_of(a_user(Role.SERVICE_COORDINATOR, service))


def changes(operation):
    db.session.expire_all()
    return operations.by_code(operation.code).changes


def add(world, code="A-01", arrested=True, day=DAY):
    operation, service, actor = world
    with writing():
        return commands.add_accused(actor, operation, service.id, code, arrested, day)


def lay(world, accused, entry=PROCURING):
    with writing():
        return commands.lay_charge(world[2], accused, entry)


def tags():
    return [tag for (tag,) in db.session.query(AuditEntry.tag).order_by(AuditEntry.id)]


@pytest.mark.any_database
def test_charges_are_laid_amended_and_answer_for_any_moment(world):
    operation, service, actor = world
    before = changes(operation)
    accused = add(world)
    charge = lay(world, accused)
    laid_at = utc_now()
    with writing():
        substitute = commands.amend_charge(
            actor, charge, 1, status="substituted", counts=2, reason="Plea",
            substitute=ChargeEntry(label="Assist", statute="CDSA", counts=1, laid_on=DAY))  # fmt: skip
    with writing():
        commands.amend_charge(actor, substitute, 1, status="withdrawn", counts=1, reason="Crown")
    (now,) = charges.accused_of(operation.id, service.id)
    (then,) = charges.accused_of(operation.id, service.id, laid_at)
    assert [(c.version.status, c.version.counts) for c in now.charges] == [("substituted", 2), ("withdrawn", 1)]
    assert [(c.version.status, c.version.counts) for c in then.charges] == [("laid", 2)]
    assert charges.accused_of(operation.id, service.id, accused.created_at - dt.timedelta(seconds=1)) == []
    assert [v.reason for v, _, _ in charges.charge_history(charge.id)] == ["", "Plea"]
    assert charges.charge_by_uid(substitute.uid).substitute_for_id == charge.id
    assert changes(operation) == before + 4
    assert tags() == ["field.accused.add", "field.charge.lay", "field.charge.change", "field.charge.lay",
                      "field.charge.change"]  # fmt: skip


@pytest.mark.any_database
def test_a_code_is_used_once_a_service_and_never_a_name(world):
    add(world)
    for code in ("a-01", "Smith"):
        with pytest.raises(Invalid) as refused:
            add(world, code)
        assert [f.where for f in refused.value.findings] == ["code"]
    assert db.session.query(Accused).count() == 1


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        (ChargeEntry("cc-212", laid_on=DAY), "offence"),
        (ChargeEntry("cc-286.3(1)", laid_on=dt.date(2014, 12, 5)), "offence"),
        (ChargeEntry("cc-999", laid_on=DAY), "offence"),
        (ChargeEntry(laid_on=DAY), "offence"),
        (ChargeEntry("cc-271", counts=0, laid_on=DAY), "counts"),
        (ChargeEntry("cc-271", laid_on=utc_now().date() + dt.timedelta(days=3)), "laid_on"),
    ],
)
def test_a_wrong_charge_is_refused_at_its_field_and_nothing_is_kept(world, entry, field):
    accused = add(world)
    with pytest.raises(Invalid) as refused:
        lay(world, accused, entry)
    assert [f.where for f in refused.value.findings] == [field]
    assert db.session.query(Charge).count() == 0


def test_a_repealed_section_is_accepted_on_a_day_when_it_was_in_force(world):
    accused = add(world)
    lay(world, accused, ChargeEntry("cc-212", laid_on=dt.date(2014, 12, 5)))
    assert charges.laid_counts(accused.id) == 1


def test_an_accused_with_charges_cannot_be_withdrawn_until_they_are(world):
    accused = add(world)
    charge = lay(world, accused)
    change = {"arrested": True, "arrested_on": DAY, "withdrawn": True, "reason": "Typed twice"}
    with pytest.raises(Invalid) as refused, writing():
        commands.change_accused(world[2], accused, 1, **change)
    assert refused.value.findings[0].where == "withdrawn"
    with writing():
        commands.amend_charge(world[2], charge, 1, status="withdrawn", counts=2, reason="Typed twice")
        commands.change_accused(world[2], accused, 1, **change)
    assert charges.accused_now(accused.id).withdrawn
    with pytest.raises(Invalid):
        lay(world, accused)


def test_a_change_made_from_an_old_version_is_refused(world):
    charge = lay(world, add(world))
    with writing():
        commands.amend_charge(world[2], charge, 1, status="withdrawn", counts=2, reason="Crown")
    with pytest.raises(Changed), writing():
        commands.amend_charge(world[2], charge, 1, status="laid", counts=3, reason="More")
    assert charges.charge_now(charge.id).status == "withdrawn"


def test_another_service_an_officer_after_the_deadline_and_a_planned_operation_are_refused(world):
    operation, service, _ = world
    stranger = access.actor_of(a_user(Role.SERVICE_COORDINATOR, a_service()))
    with pytest.raises(NotAllowed):
        add((operation, service, stranger))
    with writing():
        operation = operations.by_code("OP-X")
        operation.entry_deadline_at = utc_now() - dt.timedelta(days=1)
    with pytest.raises(NotAllowed):
        add((operation, service, access.actor_of(a_user(Role.FIELD_OFFICER, service))))
    planned, here = an_operation(status=OperationStatus.PLANNED), a_service()
    a_participation(planned, here)
    with pytest.raises(Blocked):
        add((planned, here, access.actor_of(a_user(Role.SERVICE_COORDINATOR, here))))
    assert db.session.query(Accused).count() == 0
