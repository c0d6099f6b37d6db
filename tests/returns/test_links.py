"""Links with which a service sends its return without an account: made, sent, revoked, and where they lead."""

import datetime as dt
from types import SimpleNamespace

import pytest
import time_machine

from outreach.errors import Blocked, DeadLink, Invalid, NotAllowed
from outreach.returns import link_commands as commands
from outreach.storage import db, writing
from outreach.storage.queries import operations
from outreach.storage.tables import AuditEntry, ParticipationVersion, ReturnLink, ReturnReminder
from outreach.vocab import EntryMode, OperationStatus, Role
from tests.factories import a_participation, a_service, a_user, an_operation
from tests.field.factories import actor_of

NOW = dt.datetime(2017, 10, 17, 14, 0, tzinfo=dt.UTC)


@pytest.fixture
def place(app):
    with time_machine.travel(NOW, tick=False):
        operation = an_operation("OP-X", entry_deadline_at=dt.datetime(2017, 10, 20, tzinfo=dt.UTC))
        service = a_service("Port Linden Police", contact_desk="desk@linden.example.org")
        part = a_participation(operation, service, entry_mode=EntryMode.DAILY_TOTALS)
        own, steering = a_user(Role.SERVICE_COORDINATOR, service), a_user(Role.OPERATION_COORDINATOR)
        yield SimpleNamespace(operation=operation, service=service, part=part, own=own, steering=steering)


def made(place, who="steering"):
    with writing():
        link = commands.make(actor_of(getattr(place, who)), place.operation, place.part)
        return commands.token_of(link)


def tags():
    db.session.rollback()
    return [row.tag for row in db.session.query(AuditEntry).order_by(AuditEntry.id) if row.tag.startswith("returns.")]


@pytest.mark.any_database
def test_a_link_is_made_found_and_ends_when_a_new_one_is_made(place):
    first = made(place)
    assert commands.behind(first).service.name == "Port Linden Police"
    second = made(place, "own")
    with pytest.raises(DeadLink):
        commands.behind(first)
    assert commands.behind(second).link.ends_at == dt.datetime(2017, 11, 3, tzinfo=dt.UTC)
    assert tags() == ["returns.link.make", "returns.link.revoke", "returns.link.make"]
    actor = commands.actor_of(commands.behind(second))
    assert actor.user is None and actor.name == "by return link"


@pytest.mark.parametrize("role", [Role.FIELD_OFFICER, Role.COMMANDER, Role.ADMINISTRATOR, Role.ANALYST])
def test_others_make_and_end_no_link(place, role):
    somebody = actor_of(a_user(role, place.service if role is Role.FIELD_OFFICER else None))
    for what in (commands.make, commands.revoke):
        with pytest.raises(NotAllowed), writing():
            what(somebody, place.operation, place.part)
    with pytest.raises(NotAllowed):
        commands.queue_letter(somebody, place.operation, place.part, "desk@linden.example.org")
    assert db.session.query(ReturnLink).count() == 0 and tags() == []


def change(place, **values):
    with writing():
        for name, value in values.items():
            target = operations.current_participation(place.part.id)
            if name == "operation":
                operations.by_code("OP-X").status = value
            else:
                setattr(db.session.get(ParticipationVersion, target.id), name, value)


@pytest.mark.parametrize(
    "values",
    [{"status": "withdrawn"}, {"status": "declined"}, {"entry_mode": "none"}, {"operation": OperationStatus.CLOSED}],
)
def test_a_link_is_dead_once_nothing_is_taken_from_the_service_and_no_new_one_is_made(place, values):
    token = made(place)
    change(place, **values)
    with pytest.raises(DeadLink):
        commands.behind(token)
    with pytest.raises(Blocked), writing():
        commands.make(actor_of(place.steering), operations.by_code("OP-X"), place.part)


def test_a_link_is_dead_after_its_end_and_every_dead_one_says_the_same(place):
    token, said = made(place), set()
    with time_machine.travel(NOW + dt.timedelta(days=30), tick=False):
        for one in (token, token[:-1], "A" * 44, ""):
            with pytest.raises(DeadLink) as problem:
                commands.behind(one)
            said.add((problem.value.message, problem.value.fix))
    assert len(said) == 1


def test_a_rehearsal_asks_nobody_for_figures(place):
    with writing():
        operations.by_code("OP-X").is_rehearsal = True
    with pytest.raises(Blocked), writing():
        commands.make(actor_of(place.steering), operations.by_code("OP-X"), place.part)


def test_a_letter_needs_an_address_and_takes_the_link_that_works(place):
    with pytest.raises(Invalid):
        commands.queue_letter(actor_of(place.steering), place.operation, place.part, "519-555-0100")
    token = made(place)
    letter = commands.queue_letter(actor_of(place.own), place.operation, place.part, "desk@linden.example.org")
    assert commands.token_of(letter.link) == token
    commands.note_posted(letter.id, "unreachable")
    row = db.session.query(ReturnReminder).one()
    assert (row.address, row.outcome, row.trouble) == ("desk@linden.example.org", "failed", "unreachable")
    assert tags() == ["returns.link.make", "returns.link.send"]
