"""The database: migrated schema equals the tables; the pragmas that durability rests on."""

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import text

from outreach.field.commands import log_contact
from outreach.returns.figures import figures_of
from outreach.storage import db, writing
from outreach.storage.queries import consents
from outreach.storage.schema import differences
from outreach.storage.tables import Operation, OperationVersion, Referral
from outreach.storage.types import utc_now
from tests.field.factories import a_night, a_person, actor_of, an_entry


@pytest.mark.any_database
def test_migrated_schema_equals_the_tables(app):
    assert differences() == []


def counted():
    tables = ("operation", "team", "contact", "contact_version", "meeting", "person", "referral", "audit_entry")
    counts = [db.session.scalar(text(f"SELECT count(*) FROM {table}")) for table in tables]
    db.session.remove()
    return counts


@pytest.mark.any_database
def test_a_step_back_and_forth_deletes_no_row_of_a_table_that_is_made_anew(app):
    with writing():
        night = a_night()
        log_contact(actor_of(night.officer), night.place, an_entry(a_person()))
    agency = night.agency.name
    before = counted()
    downgrade(revision="0004")
    assert counted() == before and all(before)
    upgrade()
    assert counted() == before and differences() == []
    referral = db.session.query(Referral).one()  # of a release that knew no agreements: what is read now is agreed to
    agreed = [(g.consent.kind, g.consent.facts, g.agency) for g in consents.consents_of(referral.id)]
    assert agreed == [("refer", [], ""), ("agency", [], agency), ("facts", ["needs"], "")]
    assert {g.consent.given_at for g in consents.consents_of(referral.id)} == {referral.made_at}
    # What an operation and a service were before versions were kept is what they were when they were made.
    operation = db.session.query(Operation).one()
    now = [figures_of(operation.id, as_of).one("contacts") for as_of in (None, utc_now())]
    assert now[0] == now[1] and now[0].value == 1
    assert db.session.query(OperationVersion).one().recorded_at == operation.created_at
    db.session.remove()
    with db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_sqlite_is_durable_and_strict(app):
    with db.engine.connect() as connection:
        read = {
            p: connection.execute(text(f"PRAGMA {p}")).scalar() for p in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert read == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
