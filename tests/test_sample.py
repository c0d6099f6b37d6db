"""The sample operation: the published figures come out again, and nothing of it stays when it is removed."""

import datetime as dt
import json
import shutil
import stat
import uuid

import pytest
from click.testing import CliRunner

from outreach import sample
from outreach.app import create_app
from outreach.auth.actors import SYSTEM
from outreach.cli import cli, hash_password
from outreach.errors import Blocked
from outreach.field.commands import log_contact
from outreach.storage import db, writing
from outreach.storage.queries.removal import remove_operations
from outreach.storage.tables import (
    AuditEntry,
    Certificate,
    KitMove,
    Meeting,
    Operation,
    Person,
    Service,
    Staff,
    TeamVersion,
    User,
)
from outreach.storage.types import Day, Instant, SealedText
from outreach.vocab import Role
from tests.conftest import settings
from tests.factories import a_participation, a_service, a_team, a_user, an_operation
from tests.field.factories import a_night, a_person, actor_of, an_entry
from tests.ready.kit_factories import a_kit, kits_moved

KEPT_TABLES = {"audit_entry", "alembic_version", "list_item", "offence", "region_setting"}


@pytest.fixture(scope="module")
def loaded_site(empty_site, tmp_path_factory):
    """An instance folder in which the sample is loaded, to be copied, and its sign-ins."""
    folder = tmp_path_factory.mktemp("loaded") / "instance"
    shutil.copytree(empty_site, folder)
    made = create_app(settings(folder))
    with made.app_context():
        with writing():
            people = sample.load(hash_password, folder)
        db.session.remove()
        db.engine.dispose()
    return folder, people


@pytest.fixture
def loaded(app, instance, request):
    """The sample is loaded: anew on PostgreSQL, else as a copy of the site where it was."""
    if db.engine.dialect.name != "sqlite":
        with writing():
            return sample.load(hash_password, instance)
    folder, people = request.getfixturevalue("loaded_site")
    db.session.remove()
    db.engine.dispose()
    shutil.copytree(folder, instance, dirs_exist_ok=True)
    return people


def figures(app, instance, code):
    db.session.remove()
    db.engine.dispose()
    done = CliRunner().invoke(cli, ["figures", code, "--format", "json"], obj=lambda: create_app(settings(instance)))
    assert done.exit_code == 0, done.output
    return {f["measure"]: f for f in json.loads(done.stdout)["figures"]}


def published(code):
    found = {o["code"]: o for o in json.loads(sample.PUBLISHED.read_text())["operations"]}
    return {k: v for k, v in (found[code]["figures"] or {}).items() if v is not None}


@pytest.mark.parametrize("code", ["ONS-2017-ON", "ONS-2017-WEC"])
def test_every_published_figure_comes_out_exactly(app, instance, loaded, code):
    shown = figures(app, instance, code)
    expected = published(code)
    assert expected
    assert {m: (shown[m]["value"], shown[m]["bound"]) for m in expected} == {
        m: (v, "exact") for m, v in expected.items()
    }


def test_support_accepted_is_partial_at_ontario_and_its_unknowns_are_null(app, instance, loaded):
    shown = figures(app, instance, "ONS-2017-ON")
    accepted = shown["support_accepted"]
    assert (accepted["value"], accepted["bound"]) == (11, "partial")
    assert accepted["coverage"] == {"reported": 5, "expected": 46}
    assert shown["persons_arrested"]["value"] is None
    assert shown["persons_under_18"]["value"] is None  # 13 met, the age of none is known


def test_the_invented_plan_changes_no_figure(app, instance, monkeypatch):
    """Crews, shifts, sessions and kits are there to be looked at; every figure is what it is without them."""
    codes = ("ONS-2017-ON", "ONS-2017-WEC")
    with monkeypatch.context() as patch, writing():
        patch.setattr(sample, "_planning", lambda windsor, five: None)
        sample.load(hash_password, instance)
    bare = {code: figures(app, instance, code) for code in codes}
    with writing():
        sample.remove(SYSTEM, instance)
        sample.load(hash_password, instance)
    assert {code: figures(app, instance, code) for code in codes} == bare


@pytest.mark.parametrize("code", ["ONS-2017-CA", "ONS-2017-INT"])
def test_nothing_is_known_above_ontario_and_nothing_is_shown_as_a_number(app, instance, loaded, code):
    assert {f["value"] for f in figures(app, instance, code).values()} == {None}


def test_sign_ins_are_fresh_private_and_printed_again(app, instance, loaded):
    path = instance / sample.SIGN_INS
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sample.sign_ins(instance) == loaded
    assert len({p.password for p in loaded}) == len(loaded)


def test_loading_twice_is_refused(app, instance, loaded):
    with pytest.raises(Blocked), writing():
        sample.load(hash_password, instance)


def test_removing_leaves_an_empty_site_but_for_the_journal_and_the_lists(app, instance, loaded):
    with writing():
        assert sample.remove(SYSTEM, instance) == 4
    counts = {t.name: db.session.query(t).count() for t in db.metadata.sorted_tables if t.name not in KEPT_TABLES}
    assert {name: n for name, n in counts.items() if n} == {}
    assert db.session.query(AuditEntry).filter_by(tag="admin.sample.remove").count() == 1
    assert not (instance / sample.SIGN_INS).exists()


def test_removing_leaves_real_operations_and_the_services_they_took_up(app, instance, loaded):
    real = an_operation("REAL-1")
    windsor = db.session.query(Service).filter_by(short_name="Windsor").one()
    a_participation(real, windsor)
    a_participation(real, a_service("Real Police"))
    with writing():
        sample.remove(SYSTEM, instance)
    assert [o.code for o in db.session.query(Operation)] == ["REAL-1"]
    assert {s.short_name for s in db.session.query(Service)} == {"Windsor", "Real"}
    assert db.session.query(User).count() == 0


# --- whatever is in it ------------------------------------------------------------------------------------------------


def a_value(column):
    """Something that the column takes."""
    kind = column.type
    if isinstance(kind, Instant):
        return dt.datetime(2017, 10, 11, tzinfo=dt.UTC)
    if isinstance(kind, Day):
        return dt.date(2017, 10, 11)
    if isinstance(kind, SealedText):
        return "sealed"
    python = kind.python_type
    if python is str:
        return str(uuid.uuid4())[: kind.length or 36]
    return {bool: False, int: 1, bytes: b"x", object: {}}[python]


def a_row_in_every_table():
    """Rows that are as tied to the sample as their table allows: each foreign key names a row that is there."""
    for table in db.metadata.sorted_tables:
        if table.name in KEPT_TABLES or db.session.execute(table.select().limit(1)).first():
            continue
        values = {}
        for column in table.columns:
            key = next(iter(column.foreign_keys), None)
            if key is not None:
                target = key.column.table
                wanted = target.select()
                if target.name == "operation":
                    wanted = wanted.where(target.c.code == "ONS-2017-WEC")
                values[column.name] = db.session.execute(wanted.with_only_columns(key.column).limit(1)).scalar()
            elif not column.primary_key or not isinstance(column.type.python_type(), int):
                values[column.name] = a_value(column)
        db.session.execute(table.insert().values(values))


def rows_of():
    counts = {t.name: db.session.query(t).count() for t in db.metadata.sorted_tables if t.name not in KEPT_TABLES}
    return {name: count for name, count in counts.items() if count}


@pytest.mark.any_database
def test_whatever_the_sample_holds_nothing_of_it_is_left_in_any_table(app, instance, loaded):
    with writing():
        a_row_in_every_table()
    held = rows_of()
    assert set(held) == {t.name for t in db.metadata.sorted_tables} - KEPT_TABLES
    with writing():
        sample.remove(SYSTEM, instance)
    assert set(rows_of()) <= {"sign_in_failure"}  # an address that nobody has: no part of the sample


@pytest.mark.any_database
def test_an_operation_goes_with_every_row_that_names_it_and_its_neighbour_stays(app):
    nights = [a_night(an_operation("GOES")), a_night(an_operation("STAYS"))]
    for night in nights:
        with writing():
            log_contact(actor_of(night.officer), night.place, an_entry(a_person(), kits=2))
        kits_moved(a_kit(night.operation), night.service.id, ("sent", 5), ("received", 5))
    gone = nights[0].operation.id
    with writing():
        remove_operations([gone])
    for table in db.metadata.sorted_tables:
        if "operation_id" in table.columns and table.name not in KEPT_TABLES:
            assert db.session.query(table).filter(table.c.operation_id == gone).count() == 0, table.name
    assert [o.code for o in db.session.query(Operation)] == ["STAYS"]
    assert db.session.query(KitMove).count() == 2 and db.session.query(Meeting).count() == 1
    assert db.session.query(Person).count() == 1


def test_what_a_real_operation_under_the_sample_recorded_stays_with_its_persons(app, instance, loaded):
    parent = db.session.query(Operation).filter_by(code="ONS-2017-ON").one()
    child = an_operation("REAL-1", parent=parent)
    night = a_night(an_operation("REAL-2", parent=child))
    with writing():
        log_contact(actor_of(night.officer), night.place, an_entry(a_person()))
    with writing():
        sample.remove(SYSTEM, instance)
    db.session.expire_all()
    tops = {o.code: (o.parent_id, o.root_id) for o in db.session.query(Operation)}
    assert tops == {"REAL-1": (None, None), "REAL-2": (child.id, child.id)}
    assert db.session.query(Meeting).count() == 1
    assert [p.root_id for p in db.session.query(Person)] == [child.id]


def test_a_sample_account_that_a_real_record_names_stays_and_the_others_go(app, instance, loaded):
    coordinator = db.session.query(User).filter_by(email="coordinator@sample.example.org").one()
    team = a_team(a_participation(an_operation("REAL-1"), a_service("Real Police")))
    with writing():
        db.session.query(TeamVersion).filter_by(team_id=team.id).one().recorded_by_id = coordinator.id
        sample.remove(SYSTEM, instance)
    assert [u.email for u in db.session.query(User)] == ["coordinator@sample.example.org"]


def test_certificates_of_real_people_stay_and_those_of_the_sample_go(app, instance, loaded):
    real, windsor = a_service("Real Police"), db.session.query(Service).filter_by(short_name="Windsor").one()
    user = a_user(Role.SERVICE_COORDINATOR, real)
    with writing():
        for service in (real, windsor):
            staff = Staff(service_id=service.id, name="Ana Roy", name_key="ana roy", category="police")
            db.session.add(staff)
            db.session.flush()
            day = dt.date(2017, 9, 1)
            now = dt.datetime(2017, 9, 1, tzinfo=dt.UTC)
            certificate = {"name": "First aid", "issued_on": day, "recorded_at": now, "recorded_by_id": user.id}
            db.session.add(Certificate(staff_id=staff.id, **certificate))
        sample.remove(SYSTEM, instance)
    assert [s.service_id for s in db.session.query(Staff)] == [real.id]
    assert db.session.query(Certificate).count() == 1


def test_a_rehearsal_of_the_sample_goes_with_it(app, instance, loaded):
    windsor = db.session.query(Operation).filter_by(code="ONS-2017-WEC").one()
    an_operation("ONS-2017-WEC-R", is_rehearsal=True, rehearses_id=windsor.id)
    with writing():
        sample.remove(SYSTEM, instance)
    assert db.session.query(Operation).count() == 0
