"""Versions of operations and services are kept by themselves, whoever changes the row and however."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select, update

from outreach.storage import db, writing
from outreach.storage.queries import plan as rows
from outreach.storage.queries.operations import note_change
from outreach.storage.queries.removal import remove_operations
from outreach.storage.tables import Operation, OperationVersion, Service, ServiceVersion
from outreach.storage.types import EPOCH, utc_now
from tests.factories import a_service, an_operation

LATER = dt.datetime(2017, 10, 20, tzinfo=dt.UTC)


def versions(operation: Operation) -> list[OperationVersion]:
    db.session.expire_all()
    query = select(OperationVersion).where(OperationVersion.operation_id == operation.id)
    return list(db.session.scalars(query.order_by(OperationVersion.version)))


def kinds(service: Service) -> list[tuple[int, str]]:
    query = select(ServiceVersion.version, ServiceVersion.kind).where(ServiceVersion.service_id == service.id)
    return [tuple(row) for row in db.session.execute(query.order_by(ServiceVersion.version))]


def by_object(operation: Operation) -> None:
    db.session.get_one(Operation, operation.id).ends_at = LATER


def by_statement(operation: Operation) -> None:
    db.session.execute(update(Operation).where(Operation.id == operation.id).values(ends_at=LATER))


def by_table(operation: Operation) -> None:
    db.session.execute(update(Operation.__table__).where(Operation.id == operation.id).values(ends_at=LATER))


def by_claim(operation: Operation) -> None:
    rows.claim_operation(operation, operation.version, {"ends_at": LATER})


@pytest.mark.any_database
@pytest.mark.parametrize("change", [by_object, by_statement, by_table, by_claim])
def test_what_stood_is_ended_and_what_stands_is_written_in_the_same_write(app: Any, change: Any) -> None:
    operation = an_operation()
    [first] = versions(operation)
    assert (first.version, first.recorded_at, first.ends_at) == (1, operation.created_at, operation.ends_at)
    before = utc_now()
    with writing():
        change(operation)
    first, second = versions(operation)
    assert first.superseded_at == second.recorded_at >= before and second.superseded_at is None
    assert first.ends_at != second.ends_at == LATER and second.version == 2 and second.code == operation.code


def test_one_write_makes_one_version_however_often_it_changes_and_is_asked_in_between(app: Any) -> None:
    from outreach.storage.tables import write_versions

    operation = an_operation()
    with writing():
        for hours in (1, 2, 3):
            db.session.get_one(Operation, operation.id).ends_at = LATER + dt.timedelta(hours=hours)
            db.session.flush()
            write_versions()
        operation.counting = {"charges": "ever"}
    assert [v.version for v in versions(operation)] == [1, 2]
    assert versions(operation)[1].ends_at == LATER + dt.timedelta(hours=3)
    assert versions(operation)[1].counting == {"charges": "ever"}


def test_what_figures_do_not_read_makes_no_version(app: Any) -> None:
    operation = an_operation()
    with writing():
        db.session.get_one(Operation, operation.id).name = "Another name"
        note_change(operation.id)
        rows.add_step(operation, "reporting", None, "")
    assert len(versions(operation)) == 1


def test_what_is_rolled_back_leaves_no_version_and_what_stands_beside_it_does(app: Any) -> None:
    operation = an_operation()

    def breaks() -> None:
        by_object(operation)
        db.session.flush()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), writing():
        breaks()
    assert len(versions(operation)) == 1
    with writing():
        by_statement(operation)
        nested = db.session.begin_nested()
        by_object(an := db.session.get_one(Operation, operation.id))
        an.ends_at = LATER + dt.timedelta(days=9)
        db.session.flush()
        nested.rollback()
    assert [v.ends_at for v in versions(operation)][1:] == [LATER]


def test_the_kind_of_a_service_has_stood_since_the_beginning_until_it_changes(app: Any) -> None:
    service = a_service()
    assert kinds(service) == [(1, "police_municipal")]
    assert db.session.scalar(select(ServiceVersion.recorded_at).where(ServiceVersion.service_id == service.id)) == EPOCH
    with writing():
        rows.claim_service(service, service.version, {"kind": "ngo", "name": "Another name"})
    assert kinds(service) == [(1, "police_municipal"), (2, "ngo")]


def test_what_stood_under_a_removed_operation_stands_alone_from_then_on_and_versions_go_with_their_operation(
    app: Any,
) -> None:
    parent = an_operation()
    child = an_operation(parent=parent)
    gone = parent.id
    with writing():
        remove_operations([gone])
    assert [v.parent_id for v in versions(child)] == [gone, None]
    left = db.session.scalars(select(OperationVersion).where(OperationVersion.operation_id == gone)).all()
    assert left == []
