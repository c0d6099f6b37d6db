"""Backup and restore of the database while the site runs. Keys are never in it: they are kept apart on purpose.

SQLite: the online backup API copies a consistent moment under writes. PostgreSQL has its own tools (``pg_dump``);
asking for it here is refused with that advice.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from outreach.errors import N_, Problem

from .engine import db, sqlite_module, writers_wait

PAGES_A_STEP = 2000
Progress = Callable[[int, int], None]


class NotSQLite(Problem):
    code = "not_sqlite"
    message = N_("This site uses PostgreSQL.")
    fix = N_("Use pg_dump and pg_restore; copy the keys folder apart from it.")


class NotABackup(Problem):
    code = "not_a_backup"
    message = N_("%(file)s is not a backup of Outreach that can be restored.")
    fix = N_("Choose a file that `outreach backup` wrote; the present database was left as it is.")


def backup_to(source: Path | None, target: Path, progress: Progress | None = None) -> int:
    """Copy the running database to ``target`` (mode 0600) and return its size in bytes.

    The copy is written beside the target, checked, and moved into place, so that a broken backup is never left under
    the name. Raises ``NotSQLite``; ``NotABackup`` when the copy does not pass its check.
    """
    if source is None:
        raise NotSQLite()
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        _copy(source, part, progress)
        check(part)
        os.replace(part, target)
    finally:
        _remove(part)
    return target.stat().st_size


def restore_from(backup: Path, target: Path | None, progress: Progress | None = None) -> Path:
    """Replace the contents of the running database by those of ``backup``; returns where the old contents were saved.

    Goes through the backup API too, in one transaction of the running database: readers see the old or the new
    contents, never a mixture, and servers need no restart. Change counters go on above any that stood before, so that
    no server shows figures it remembers of the old contents. Writers wait meanwhile. Raises ``NotSQLite`` and
    ``NotABackup``.
    """
    if target is None:
        raise NotSQLite()
    check(backup)
    kept = target.with_name(f"{target.name}.before-restore")
    target.parent.mkdir(parents=True, exist_ok=True)
    db.session.remove()
    db.engine.dispose()
    part = target.with_name(f".{target.name}.{os.getpid()}.restore")
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        _copy(backup, part, progress)
        with writers_wait():  # what is saved is in the old contents or in the new ones, never between the two
            if target.exists():
                backup_to(target, kept, None)
            _count_on(part, kept)
            _copy(part, target, None)
    finally:
        _remove(part)
    return kept


def _remove(path: Path) -> None:
    """Delete a database and what SQLite lays beside it; what is not there stays so."""
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _count_on(restored: Path, before: Path) -> None:
    """Raise every change counter of ``restored`` above the highest of ``before``."""
    module = sqlite_module()
    writing = module.connect(str(restored))
    try:
        highest = 0
        if before.exists():
            reading = module.connect(f"file:{before}?mode=ro", uri=True)
            highest = reading.execute("SELECT coalesce(max(changes), 0) FROM operation").fetchone()[0]
            reading.close()
        writing.execute("UPDATE operation SET changes = changes + ? + 1", (highest,))
        writing.commit()
    finally:
        writing.close()


def check(path: Path) -> None:
    """Raise ``NotABackup`` unless ``path`` is an intact SQLite database of this application."""
    module = sqlite_module()
    if not path.is_file():
        raise NotABackup(file=path.name)
    try:
        connection = module.connect(f"file:{path}?mode=ro", uri=True)
        try:
            intact = connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            known = connection.execute(
                "SELECT count(*) FROM sqlite_master WHERE name IN ('alembic_version', 'operation', 'contact')"
            ).fetchone()[0]
        finally:
            connection.close()
    except module.DatabaseError as error:
        raise NotABackup(file=path.name) from error
    if not intact or known != 3:
        raise NotABackup(file=path.name)


def free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def _copy(source: Path, target: Path, progress: Progress | None) -> None:
    module = sqlite_module()
    reading = module.connect(f"file:{source}?mode=ro", uri=True, timeout=30)
    writing = module.connect(str(target), timeout=30)
    try:

        def step(_status: int, remaining: int, total: int) -> None:
            if progress:
                progress(total - remaining, total)

        reading.backup(writing, pages=PAGES_A_STEP, progress=step, sleep=0.01)
        writing.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        writing.close()
        reading.close()
