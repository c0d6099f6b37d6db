"""One write is whole or leaves no trace, also when the database is locked, full or broken."""

import pytest
from sqlalchemy import text

from outreach.app import create_app
from outreach.errors import Unavailable
from outreach.storage import db, independently, writing
from outreach.storage.engine import sqlite_module
from outreach.storage.schema import bring_up_to_date
from outreach.storage.tables import Service
from tests.conftest import settings


def a_row(n=1):
    return Service(name=f"S {n}", name_key=f"s{n}", kind="other")


@pytest.mark.any_database
def test_an_error_inside_a_write_leaves_no_trace(app):
    def half_a_write():
        with writing():
            db.session.add(a_row())
            db.session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_a_write()
    assert db.session.query(Service).count() == 0


@pytest.mark.any_database
def test_a_write_inside_a_write_is_one_write(app):
    def one_write_in_another():
        with writing():
            with writing():
                db.session.add(a_row())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        one_write_in_another()
    assert db.session.query(Service).count() == 0


def test_a_database_that_another_program_holds_is_unavailable_and_recovers(app):
    path = app.config["OUTREACH"].sqlite_file
    with db.engine.connect() as connection:
        connection.execute(text("PRAGMA busy_timeout=50"))
    other = sqlite_module().connect(str(path), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable), writing():
        db.session.add(a_row())
    other.execute("ROLLBACK")
    other.close()
    with writing():
        db.session.add(a_row())
    assert db.session.query(Service).count() == 1


def test_a_full_disk_is_unavailable_and_half_of_nothing_is_written(app):
    with db.engine.connect() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar()
    db.session.remove()

    def fill():
        with writing():
            db.session.execute(text(f"PRAGMA max_page_count={pages}"))
            for n in range(3000):
                db.session.add(a_row(n))
            db.session.flush()

    with pytest.raises(Unavailable):
        fill()
    db.session.remove()
    db.engine.dispose()
    assert db.session.query(Service).count() == 0


@pytest.mark.any_database
def test_an_independent_write_is_there_although_the_reader_rolls_back(app):
    db.session.query(Service).count()
    with independently() as connection:
        connection.execute(
            Service.__table__.insert(),
            {
                "name": "S",
                "name_key": "s",
                "kind": "other",
                "short_name": "",
                "region": "",
                "municipality": "",
                "languages": "",
                "contact_desk": "",
                "is_sample": False,
                "version": 1,
            },
        )
    db.session.rollback()
    assert db.session.query(Service).count() == 1


def test_a_server_process_that_hangs_in_a_write_makes_others_unavailable_not_stuck(app, monkeypatch):
    """Another process holds the queue's file; a writer gives up when SQLite would and nothing is half-written."""
    import subprocess
    import sys

    from outreach.storage import engine

    monkeypatch.setattr(engine, "BUSY_MS", 300)
    place = str(app.config["OUTREACH"].sqlite_file) + ".queue"
    hold = (
        f"import fcntl, os, sys; f = os.open({place!r}, os.O_RDWR | os.O_CREAT); fcntl.flock(f, fcntl.LOCK_EX);"
        " print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(Unavailable), writing():
        db.session.add(a_row())
    holder.communicate("")
    with writing():
        db.session.add(a_row())
    assert db.session.query(Service).count() == 1


def test_a_new_site_is_readable_by_its_owner_alone(tmp_path):
    folder = tmp_path / "new"
    app = create_app(settings(folder))
    with app.app_context():
        bring_up_to_date()
        db.session.remove()
        modes = {path.name: path.stat().st_mode & 0o077 for path in (folder, *folder.rglob("*"))}
        db.engine.dispose()
    assert "outreach.sqlite3" in modes and "outreach.sqlite3-wal" in modes
    assert not any(modes.values()), modes
