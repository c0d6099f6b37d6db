"""Backup and restore while the site writes: the copy is whole, keys are apart, a bad file changes nothing."""

import threading
from contextlib import closing

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from outreach.app import create_app
from outreach.cli import cli
from outreach.returns.figures import figures_of
from outreach.storage import db, writing
from outreach.storage.backup import NotABackup, backup_to, check, restore_from
from outreach.storage.engine import sqlite_module
from outreach.storage.tables import Participation, Service
from tests.conftest import settings
from tests.factories import a_participation, a_service, an_operation
from tests.report.factories import a_contact


def _count(app):
    return db.session.query(Service).count()


def test_a_backup_under_writes_is_intact_and_restores(app, tmp_path, instance):
    a_service("Before Police")
    source = app.config["OUTREACH"].sqlite_file
    stop = threading.Event()

    def keep_writing():
        with app.app_context():
            n = 0
            while not stop.is_set():
                n += 1
                with writing():
                    db.session.add(Service(name=f"W {n}", name_key=f"w{n}", kind="other"))
            db.session.remove()

    thread = threading.Thread(target=keep_writing)
    thread.start()
    try:
        size = backup_to(source, tmp_path / "copy.sqlite3")
    finally:
        stop.set()
        thread.join()
    assert size > 0
    check(tmp_path / "copy.sqlite3")
    a_service("After Police")
    kept = restore_from(tmp_path / "copy.sqlite3", source)
    names = {name for (name,) in db.session.query(Service.name)}
    assert "Before Police" in names
    assert "After Police" not in names
    check(kept)


def test_nothing_that_was_saved_during_a_restore_is_lost(app, tmp_path):
    a_service("Before Police")
    source = app.config["OUTREACH"].sqlite_file
    backup_to(source, tmp_path / "copy.sqlite3")
    saved, stop = [], threading.Event()

    def keep_writing():
        with app.app_context():
            while not stop.is_set():
                name = f"w{len(saved)}"
                with writing():
                    db.session.add(Service(name=name, name_key=name, kind="other"))
                saved.append(name)
            db.session.remove()

    thread = threading.Thread(target=keep_writing)
    thread.start()
    try:
        while len(saved) < 20:
            stop.wait(0.01)
        kept = restore_from(tmp_path / "copy.sqlite3", source)
    finally:
        stop.set()
        thread.join()
    found = {name for (name,) in db.session.query(Service.name)}
    assert "Before Police" in found
    with closing(sqlite_module().connect(str(kept))) as before:
        found |= {name for (name,) in before.execute("SELECT name FROM service")}
    assert set(saved) - found == set()


def test_figures_remembered_of_what_stood_before_a_restore_are_never_shown_after_it(app, tmp_path):
    participation = a_participation(an_operation("OP"), a_service("Windsor Police"))
    operation, part_id = participation.operation_id, participation.id
    source = app.config["OUTREACH"].sqlite_file
    backup_to(source, tmp_path / "copy.sqlite3")
    a_contact(participation, {}, {})
    assert figures_of(operation).one("persons_met").value == 2
    restore_from(tmp_path / "copy.sqlite3", source)
    a_contact(db.session.get(Participation, part_id), {})
    assert figures_of(operation).one("persons_met").value == 1
    assert [path.name for folder in (source.parent, tmp_path) for path in folder.glob(".*")] == []
    with db.engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"


def test_a_file_that_is_no_backup_is_refused_and_nothing_changes(app, tmp_path):
    a_service("Stays Police")
    for bad in (b"", b"not a database", b"SQLite format 3\x00" + b"\x00" * 5000):
        (tmp_path / "bad").write_bytes(bad)
        with pytest.raises(NotABackup):
            restore_from(tmp_path / "bad", app.config["OUTREACH"].sqlite_file)
    with pytest.raises(NotABackup):
        restore_from(tmp_path / "missing", app.config["OUTREACH"].sqlite_file)
    assert _count(app) == 1


def test_the_commands_say_where_the_keys_are_and_refuse_with_a_line(app, tmp_path, instance):
    db.session.remove()
    db.engine.dispose()
    factory = lambda: create_app(settings(instance))  # noqa: E731 - the click object is a factory
    done = CliRunner().invoke(cli, ["backup", str(tmp_path / "b.sqlite3")], obj=factory)
    assert done.exit_code == 0, done.output
    assert "keys" in done.output
    assert b"keys.json" not in (tmp_path / "b.sqlite3").read_bytes()
    (tmp_path / "bad").write_text("x")
    refused = CliRunner().invoke(cli, ["restore", str(tmp_path / "bad")], obj=factory)
    assert refused.exit_code == 1
    assert "not a backup" in refused.stderr
