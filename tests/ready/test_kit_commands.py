"""Writes of kits: refused, done, entered in the journal; the ledger against what contacts say."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from outreach.auth.actors import SYSTEM
from outreach.errors import Changed, Invalid, NotAllowed, NotFound
from outreach.field.commands import log_contact, withdraw_contact
from outreach.ready import kit_commands
from outreach.rollup.measures import measure
from outreach.rollup.stock import Stock, mismatches
from outreach.rollup.totals import total
from outreach.storage import db, writing
from outreach.storage.frames import facts_of
from outreach.storage.queries import kits as rows
from outreach.storage.queries.contacts import contact_record
from outreach.storage.tables import AuditEntry, KitMove
from outreach.vocab import OperationStatus, ParticipationStatus, Role
from tests.factories import a_participation, a_service, a_user, an_operation
from tests.field.factories import a_night, a_person, actor_of, an_entry
from tests.ready.kit_factories import a_kit, kits_moved, moves_of

pytestmark = pytest.mark.any_database


class Commands:
    """The commands of kits, each call a write of its own."""

    def __getattr__(self, name):
        def write(*args, **more):
            with writing():
                return getattr(kit_commands, name)(*args, **more)

        return write


commands = Commands()


def entries(tag):
    query = select(AuditEntry).where(AuditEntry.tag == tag).order_by(AuditEntry.id)
    return [(e.kind, e.service_id, e.details) for e in db.session.scalars(query)]


def stock_of(operation, item, service_id):
    return rows.stocks_of(operation.id).get((item.id, service_id), Stock())


@pytest.fixture
def night(app):
    return a_night()


@pytest.fixture
def kit(night):
    return a_kit(night.operation)


@pytest.fixture
def coordinator(night):
    return actor_of(a_user(Role.OPERATION_COORDINATOR, operation=night.operation))


def test_the_first_kit_is_the_one_that_contacts_count(night, coordinator):
    first = commands.add_item(coordinator, night.operation, "Prevention kit", "Trousse de prévention")
    second = commands.add_item(coordinator, night.operation, " Hotline cards ")
    assert (first.by_contacts, second.by_contacts) == (True, False)
    assert (second.name_en, second.name_fr) == ("Hotline cards", "")
    assert [kind for kind, _, _ in entries("ready.kit.add")] == ["kit", "kit"]


def test_only_the_coordinator_of_the_operation_makes_changes_and_sends_kits(night, kit):
    for who in (night.coordinator, night.officer, a_user(Role.COMMANDER), a_user(Role.ADMINISTRATOR)):
        actor = actor_of(who)
        with pytest.raises(NotAllowed):
            commands.add_item(actor, night.operation, "Cards")
        with pytest.raises(NotAllowed):
            commands.rename_item(actor, night.operation, kit, "Cards", "", seen=(kit.name_en, kit.name_fr))
        with pytest.raises(NotAllowed):
            commands.retire_item(actor, night.operation, kit)
        with pytest.raises(NotAllowed):
            commands.send(actor, night.operation, kit, {night.service.id: 5})
    assert moves_of(night.operation) == []


def test_a_kit_is_renamed_in_both_languages(night, kit, coordinator):
    seen = (kit.name_en, kit.name_fr)
    assert commands.rename_item(coordinator, night.operation, kit, "Kit 2017", "Trousse 2017", seen=seen)
    assert (kit.name_en, kit.name_fr) == ("Kit 2017", "Trousse 2017")
    assert not commands.rename_item(
        coordinator, night.operation, kit, "Kit 2017", "Trousse 2017", seen=("Kit 2017", "Trousse 2017")
    )
    assert entries("ready.kit.change") == [("kit", None, {"change": "renamed"})]


def test_two_people_do_not_overwrite_each_others_name(night, kit, coordinator):
    with pytest.raises(Changed):
        commands.rename_item(coordinator, night.operation, kit, "Mine", "", seen=("What it was", ""))
    assert kit.name_en == "Prevention kit"


def test_a_name_is_taken_once_while_it_is_in_use(night, kit, coordinator):
    with pytest.raises(Invalid):
        commands.add_item(coordinator, night.operation, "PREVENTION KIT")
    assert commands.retire_item(coordinator, night.operation, kit)
    again = commands.add_item(coordinator, night.operation, "Prevention kit")
    assert not again.by_contacts
    with pytest.raises(Invalid):
        commands.retire_item(coordinator, night.operation, kit, retired=False)


def test_a_retired_kit_is_sent_to_nobody_and_its_ledger_goes_on(night, kit, coordinator):
    kits_moved(kit, night.service.id, ("sent", 10))
    assert commands.retire_item(coordinator, night.operation, kit)
    assert not commands.retire_item(coordinator, night.operation, kit)
    with pytest.raises(Invalid) as refused:
        commands.send(coordinator, night.operation, kit, {night.service.id: 5})
    assert refused.value.findings[0].where == "item"
    commands.record_move(actor_of(night.coordinator), night.operation, night.service.id, kit, "received", 10)
    assert commands.retire_item(coordinator, night.operation, kit, retired=False)
    assert stock_of(night.operation, kit, night.service.id).remaining == 10


def test_kits_are_sent_to_several_services_each_with_its_number(night, kit, coordinator):
    other = a_participation(night.operation).service_id
    counts = {night.service.id: 50, other: 20}
    assert commands.send(coordinator, night.operation, kit, counts, note="Slip 12") == 2
    assert rows.kits_by_service(night.operation.id) == {night.service.id: (50, 0), other: (20, 0)}
    assert entries("ready.kits.move") == [
        ("kits", service, {"change": "sent", "counts": count}) for service, count in sorted(counts.items())
    ]
    assert db.session.query(KitMove).first().note == "Slip 12"


@pytest.mark.parametrize("count", [0, -3, 100_001])
def test_a_number_that_cannot_be_sent_is_refused_beside_its_service(night, kit, coordinator, count):
    with pytest.raises(Invalid) as refused:
        commands.send(coordinator, night.operation, kit, {night.service.id: count})
    assert [f.where for f in refused.value.findings] == [f"own-{night.service.id}"]


def test_nothing_is_sent_to_who_takes_no_part(night, kit, coordinator):
    gone = a_participation(night.operation, status=ParticipationStatus.WITHDRAWN).service_id
    for service in (gone, a_service().id, 999_999):
        with pytest.raises(Invalid):
            commands.send(coordinator, night.operation, kit, {night.service.id: 5, service: 5})
    assert moves_of(night.operation) == []


def test_the_same_press_arriving_twice_is_one_line(night, kit, coordinator):
    counts = {night.service.id: 50}
    assert commands.send(coordinator, night.operation, kit, counts, token="one press") == 1
    assert commands.send(coordinator, night.operation, kit, counts, token="one press") == 0
    assert commands.send(coordinator, night.operation, kit, counts, token="another") == 1
    mine = actor_of(night.coordinator)
    place = (night.operation, night.service.id, kit)
    assert commands.record_move(mine, *place, "received", 100, token="came")
    assert not commands.record_move(mine, *place, "received", 100, token="came")
    assert stock_of(night.operation, kit, night.service.id) == Stock(sent=100, received=100)


def test_a_service_records_what_happened_to_its_kits(night, kit):
    kits_moved(kit, night.service.id, ("sent", 50))
    mine, place = actor_of(night.coordinator), (night.operation, night.service.id, kit)
    for kind, count in (("received", 40), ("lost_on_way", 4), ("handed_out", 12), ("returned", 5), ("lost", 1)):
        assert commands.record_move(mine, *place, kind, count)
    stock = stock_of(night.operation, kit, night.service.id)
    assert (stock.in_transit, stock.received, stock.handed_out, stock.remaining) == (6, 40, 12, 22)
    assert entries("ready.kits.move")[-1] == ("kits", night.service.id, {"change": "lost", "counts": 1})


def test_another_service_or_an_officer_records_nothing(night, kit):
    kits_moved(kit, night.service.id, ("sent", 50))
    other = a_participation(night.operation)
    stranger = a_user(Role.SERVICE_COORDINATOR, a_service("Elsewhere Police"))
    for who in (stranger, night.officer, a_user(Role.COMMANDER)):
        with pytest.raises(NotAllowed):
            commands.record_move(actor_of(who), night.operation, night.service.id, kit, "received", 5)
    with pytest.raises(NotAllowed):
        commands.record_move(actor_of(night.coordinator), night.operation, other.service_id, kit, "received", 5)


@pytest.mark.parametrize(
    ("kind", "count", "where"),
    [("received", 51, "count"), ("lost_on_way", 51, "count"), ("returned", 1, "count"), ("sent", 5, "kind")],
)
def test_what_is_plainly_wrong_is_refused_and_nothing_is_added(night, kit, kind, count, where):
    kits_moved(kit, night.service.id, ("sent", 50))
    with pytest.raises(Invalid) as refused:
        commands.record_move(actor_of(night.coordinator), night.operation, night.service.id, kit, kind, count)
    assert [f.where for f in refused.value.findings] == [where]
    assert moves_of(night.operation) == [("sent", 50, False)]


def test_more_than_was_sent_is_taken_down_when_said_so_and_named(night, kit):
    kits_moved(kit, night.service.id, ("sent", 50))
    mine = actor_of(night.coordinator)
    commands.record_move(mine, night.operation, night.service.id, kit, "received", 60, more_came=True)
    assert [(one.kind, one.count) for one in mismatches(rows.stocks_of(night.operation.id))] == [("received_more", 10)]


def test_a_kit_of_another_operation_is_not_there(night, kit, coordinator):
    elsewhere = an_operation()
    a_participation(elsewhere, night.service)
    with pytest.raises(NotFound):
        commands.record_move(SYSTEM, elsewhere, night.service.id, kit, "received", 5)
    with pytest.raises(NotFound):
        commands.send(SYSTEM, elsewhere, kit, {night.service.id: 5})
    with pytest.raises(NotFound):
        commands.rename_item(SYSTEM, elsewhere, kit, "X", "", seen=(kit.name_en, kit.name_fr))


def test_a_line_is_taken_back_once_and_counts_no_more(night, kit):
    kits_moved(kit, night.service.id, ("sent", 50), ("received", 30))
    mine, line = actor_of(night.coordinator), db.session.query(KitMove).filter_by(kind="received").one()
    assert commands.take_back(mine, night.operation, line)
    assert not commands.take_back(mine, night.operation, line)
    assert (line.taken_back_by_id, line.count) == (night.coordinator.id, 30)
    assert stock_of(night.operation, kit, night.service.id) == Stock(sent=50)
    assert entries("ready.kits.take_back") == [("kits", night.service.id, {"change": "received", "counts": 30})]


def test_what_was_sent_is_taken_back_by_who_may_send(night, kit, coordinator):
    kits_moved(kit, night.service.id, ("sent", 50))
    line = db.session.query(KitMove).one()
    with pytest.raises(NotAllowed):
        commands.take_back(actor_of(night.coordinator), night.operation, line)
    assert commands.take_back(coordinator, night.operation, line)


def test_taking_back_what_others_rest_on_is_named_not_mended(night, kit, coordinator):
    kits_moved(kit, night.service.id, ("sent", 50), ("received", 50), ("handed_out", 20))
    commands.take_back(coordinator, night.operation, db.session.query(KitMove).filter_by(kind="sent").one())
    commands.take_back(coordinator, night.operation, db.session.query(KitMove).filter_by(kind="received").one())
    stock = stock_of(night.operation, kit, night.service.id)
    assert (stock.in_transit, stock.remaining) == (0, -20)
    assert [one.kind for one in mismatches(rows.stocks_of(night.operation.id))] == ["handed_more"]


def test_an_archived_operation_changes_no_more(app):
    night = a_night(status=OperationStatus.ACTIVE)
    kit = a_kit(night.operation)
    kits_moved(kit, night.service.id, ("sent", 50))
    with writing():
        night.operation.status = OperationStatus.ARCHIVED.value
    for act in (
        lambda: commands.add_item(SYSTEM, night.operation, "Cards"),
        lambda: commands.send(SYSTEM, night.operation, kit, {night.service.id: 5}),
        lambda: commands.record_move(SYSTEM, night.operation, night.service.id, kit, "received", 5),
        lambda: commands.take_back(SYSTEM, night.operation, db.session.query(KitMove).one()),
    ):
        with pytest.raises(NotAllowed):
            act()


# --- contacts --------------------------------------------------------------------------------------------------------


def logged(night, kits, **more):
    with writing():
        entry = an_entry(a_person(), kits=kits, **more)
        log_contact(actor_of(night.officer), night.place, entry)
    return entry


def test_contacts_hand_out_and_a_withdrawn_one_gives_its_kits_back_to_the_stock(night, kit):
    kits_moved(kit, night.service.id, ("sent", 50), ("received", 50))
    logged(night, 3)
    withdrawn = logged(night, 4)
    assert stock_of(night.operation, kit, night.service.id).remaining == 43
    with writing():
        withdraw_contact(actor_of(night.officer), contact_record(withdrawn.uid), expected=1)
    assert stock_of(night.operation, kit, night.service.id).remaining == 47


def test_contacts_that_gave_more_than_came_are_named(night, kit):
    kits_moved(kit, night.service.id, ("sent", 5), ("received", 5))
    logged(night, 17)
    found = mismatches(rows.stocks_of(night.operation.id))
    assert [(one.kind, one.count) for one in found] == [("handed_more_by_contacts", 12)]


def test_the_stock_and_the_figure_say_the_same_number(night, kit):
    """kits_handed_out of the report, and what left the stock while nothing was handed out otherwise."""
    kits_moved(kit, night.service.id, ("sent", 50), ("received", 50))
    for kits in (3, 0, 5):
        logged(night, kits)
    assert stock_of(night.operation, kit, night.service.id).handed_out == 8
    assert total(facts_of(night.operation.id), measure("kits_handed_out")).value == 8


# --- any order -------------------------------------------------------------------------------------------------------

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["sent", "received", "lost_on_way", "handed_out", "returned", "lost", "back"]),
        st.integers(1, 30),
        st.booleans(),
    ),
    max_size=14,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_whatever_is_recorded_in_whatever_order_the_equations_hold(night, kit, steps):
    service = a_participation(night.operation).service_id
    untouched = True
    for kind, count, more in steps:
        try:
            if kind == "sent":
                commands.send(SYSTEM, night.operation, kit, {service: count})
            elif kind == "back":
                lines = db.session.query(KitMove).filter_by(service_id=service, taken_back_at=None).all()
                if lines:
                    untouched = False
                    commands.take_back(SYSTEM, night.operation, lines[count % len(lines)])
            else:
                commands.record_move(SYSTEM, night.operation, service, kit, kind, count, more_came=more)
                untouched = untouched and not more
        except Invalid:
            pass
        stock = stock_of(night.operation, kit, service)
        assert stock.sent == stock.received + stock.in_transit + stock.lost_on_way
        assert stock.received == stock.handed_out + stock.remaining + stock.returned + stock.lost
        if untouched:
            assert stock.in_transit >= 0 and stock.remaining >= 0


def test_an_operation_has_no_more_kits_than_a_page_can_show(night, monkeypatch):
    monkeypatch.setattr(kit_commands.rules, "MOST_ITEMS", 2)
    commands.add_item(SYSTEM, night.operation, "Cards")
    commands.retire_item(SYSTEM, night.operation, commands.add_item(SYSTEM, night.operation, "Bags"))
    with pytest.raises(Invalid) as refused:
        commands.add_item(SYSTEM, night.operation, "Toiletries")
    assert [finding.where for finding in refused.value.findings] == ["name_en"]
