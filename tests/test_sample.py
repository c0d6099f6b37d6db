"""The sample operation: the published figures come out again, and nothing of it stays when it is removed."""

import json
import stat

import pytest
from click.testing import CliRunner

from outreach import sample
from outreach.app import create_app
from outreach.auth.actors import SYSTEM
from outreach.cli import cli, hash_password
from outreach.errors import Blocked
from outreach.storage import db, writing
from outreach.storage.tables import AuditEntry, Operation, Service, User
from tests.conftest import settings
from tests.factories import a_participation, a_service, an_operation

KEPT_TABLES = {"audit_entry", "alembic_version", "list_item", "offence", "region_setting"}


@pytest.fixture
def loaded(app, instance):
    with writing():
        return sample.load(hash_password, instance)


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
