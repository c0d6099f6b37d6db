"""Names of services in a release: those that were approved, whatever the directory says by then."""

from __future__ import annotations

from outreach.report import release_approval_commands as approving
from outreach.report import release_commands as commands
from outreach.report import release_work as work
from outreach.storage import db, writing
from outreach.storage.queries import releases as rows
from outreach.storage.tables import Service
from outreach.vocab import EntryMode
from tests.factories import a_participation, a_service
from tests.report import factories as facts
from tests.report.releases import World


def test_a_service_that_is_renamed_between_two_approvals_is_published_as_it_was_approved(app):
    world = World()
    owing, other = db.session.get(Service, world.parts[0].service_id), a_service("Reed Town Police")
    part = a_participation(world.operation, other, entry_mode=EntryMode.NONE)  # owes nothing, and logs all the same
    facts.a_contact(part, *[{"answer": "declined"}] * 8)
    world.sign()
    world.lock(provisional=True)
    row = world.draft(scope={"by_service": ("persons_met",)})
    assert {cell[1] for cell in row.cells} > {owing.id, other.id}
    mark = row.content_hash
    commands.send(world.people["coordinator"], row, reason="For the test")
    approving.approve(world.people["coordinator"], world.row())
    with writing():
        for service in (owing, other):
            db.session.get_one(Service, service.id).name = f"Renamed {service.id}"
    approving.approve(world.people["commander"], world.row())
    published = rows.file(world.row().id, "en.html").content.decode()
    assert "Reed Town Police" in published and "Fox River Police" in published and "Renamed" not in published
    # Another draft takes the names of its moment, and so has another content.
    later = world.draft()
    assert work.source_of(later, rows.set_of(later), rows.operation_of(later)).names[other.id] == f"Renamed {other.id}"
    assert later.content_hash != mark
