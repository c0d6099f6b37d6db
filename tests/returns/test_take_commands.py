"""Taking a return: refused, done, audited; sent again it changes nothing, and nothing newer is overwritten unseen."""

import datetime as dt

import pytest

from outreach.errors import Blocked, NotAllowed
from outreach.returns import figures, return_commands, take_commands, take_rules
from outreach.storage import db, writing
from outreach.storage.queries import access
from outreach.storage.tables import AuditEntry, Contact, ContactVersion, Meeting, ReturnFile, ReturnRow, Tally
from outreach.vocab import EntryMode, ReturnState, Role
from tests.factories import a_participation, a_service, a_user, an_operation
from tests.returns.books import Book, fresh, send

DAY = dt.date(2017, 10, 10)


class World:
    def __init__(self, mode=EntryMode.CONTACTS, **more):
        self.operation = an_operation("OP-R", **more)
        self.service = a_service("Port Linden Police")
        self.participation = a_participation(self.operation, self.service, entry_mode=mode)
        self.actor = access.actor_of(a_user(Role.SERVICE_COORDINATOR, self.service))

    def book(self):
        return Book(fresh(self.operation, self.participation))

    def send(self, book, **more):
        content = book if isinstance(book, bytes) else book.saved()
        return send(self.actor, self.operation, content, self.participation, **more)

    def take(self, book, **wish):
        return take_commands.take(self.actor, self.send(book), **wish)

    def figure(self, code):
        found = figures.figures_of(self.operation.id, by=("service",)).one(code, service=self.service.id)
        return found.value


@pytest.fixture
def world(app):
    return World()


def test_what_a_file_says_becomes_contacts_and_totals(world):
    book = world.book()
    book.contact(1, no="1", agreed="Yes", age="18", answer="Accepted", made_safe="Yes")
    book.contact(2, no="1")
    book.contact(3, time=dt.time(1, 30), kits=2)
    book.total("contacts", dt.date(2017, 10, 11), 0)
    book.once("personnel", 12, "police")
    assert world.take(book).whole
    assert (world.figure("contacts"), world.figure("persons_met"), world.figure("personnel")) == (2, 3, 12)
    assert db.session.query(Contact).count() == 2 and db.session.query(Tally).count() == 2
