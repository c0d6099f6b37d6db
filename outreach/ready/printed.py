"""Large prints between the page that made them and the click that fetches them: sealed files, gone within the hour.

A file opens only for the account that made it, in its operation, and while the account may still read the rosters that
it could read then; for anybody else it does not exist. Backups hold none of them.
"""

from __future__ import annotations

import os
import time
import uuid
from pathlib import Path

from outreach.errors import KeyMissing
from outreach.storage.keys import Place, site_keys

KEPT_SECONDS = 3600
FOLDER = "printed"


def keep(folder: Path, content: bytes, *, operation: int, user: int, rights: str) -> str:
    """Seal and store a print; its number. ``rights``: what the account may read now, in any words.

    Older prints of everybody are cleared away first.
    """
    place = folder / FOLDER
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    clear(folder)
    uid = str(uuid.uuid4())
    sealed = site_keys().seal_bytes(content, _place(uid, operation, user, rights))
    with os.fdopen(os.open(place / uid, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(sealed)
    return uid


def fetch(folder: Path, uid: str, *, operation: int, user: int, rights: str) -> bytes | None:
    """The print, or ``None``: none of that number, too old, somebody else's, or made under other rights."""
    try:
        path = folder / FOLDER / str(uuid.UUID(uid))
        if time.time() - path.stat().st_mtime > KEPT_SECONDS:
            return None
        return site_keys().open_bytes(path.read_bytes(), _place(path.name, operation, user, rights))
    except (OSError, ValueError, KeyMissing):
        return None


def clear(folder: Path) -> None:
    """Remove prints that nobody can fetch any more."""
    for path in (folder / FOLDER).glob("*"):
        try:
            if time.time() - path.stat().st_mtime > KEPT_SECONDS:
                path.unlink()
        except OSError:
            continue  # another process was first


def _place(uid: str, operation: int, user: int, rights: str) -> Place:
    return Place("printed", "sheets", f"{uid}/{user}/{rights}", operation=operation)
