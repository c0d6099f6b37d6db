"""Keys of single referrals: one for the way to reach the person, one for what she and the agency write together.

One small file a key beside ``keys.json`` (folder ``cases``, files 0600), outside the database and outside its backups,
itself sealed with the site's keys. Removing the file destroys what was sealed with it, in every copy of the database
that was ever made. The working key is only in this store: no other room's keys open a case, and the agency is part of
what is authenticated. Nothing here decides who may read. SOURCE: ``safety.md`` 13, 17.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import time
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from outreach.errors import KeyMissing

from .keys import NONCE_BYTES, Place, site_keys

FOLDER = "cases"
WAY, CASE, DRAFT = "way", "case", "draft"
"""What a key is for: the safe way to reach (destroyed when the referral ends), notes and plan of the agency, or a safe
way in a contact that is not saved yet (of that draft's UUID; destroyed with it)."""
_UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_FORMAT = 2


class CaseKeys:
    """The keys in one folder. ``uid`` is the UUID of the referral, ``what`` is ``WAY`` or ``CASE``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read = lru_cache(maxsize=4096)(self._read_file)

    def seal(self, text: str, uid: str, what: str, place: Place) -> bytes:
        """Seal; makes the key when there is none, which is on disk before anything is sealed with it."""
        nonce = os.urandom(NONCE_BYTES)
        return bytes([_FORMAT]) + nonce + AESGCM(self._key(uid, what)).encrypt(nonce, text.encode(), _about(place))

    def open(self, sealed: bytes, uid: str, what: str, place: Place) -> str:
        """What was sealed. Raises ``KeyMissing`` when the key was destroyed, or when a bit is not as it was."""
        if sealed[:1] != bytes([_FORMAT]):
            raise KeyMissing()
        nonce, rest = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            return AESGCM(self._load(uid, what)).decrypt(nonce, rest, _about(place)).decode()
        except (InvalidTag, ValueError) as error:
            raise KeyMissing() from error

    def holds(self, uid: str, what: str) -> bool:
        return self._path(uid, what).exists()

    def destroy(self, uids: Iterable[str], *whats: str) -> int:
        """Remove keys for good; how many there were. The cache of this process forgets them too."""
        gone = 0
        for uid in uids:
            for what in whats or (WAY, CASE):
                path = self._path(uid, what)
                if path.exists():
                    path.unlink(missing_ok=True)
                    gone += 1
        self._read.cache_clear()
        if gone:
            _on_disk(self.folder)
        return gone

    def uids(self, what: str, *, older_than: dt.timedelta = dt.timedelta()) -> set[str]:
        """Referrals that have a key of this sort, for whoever looks for keys that nothing needs any more."""
        if not self.folder.exists():
            return set()
        before = time.time() - older_than.total_seconds()
        return {path.name.removesuffix(f".{what}") for path in self.folder.glob(f"*.{what}") if _made(path) <= before}

    def drop_unfinished(self, older_than: dt.timedelta) -> int:
        """Remove what a crash left while a key was being made: it may be the same key under another name."""
        before = time.time() - older_than.total_seconds()
        left = [path for path in self.folder.glob(".*.*.*") if _made(path) <= before]
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)

    def _key(self, uid: str, what: str) -> bytes:
        try:
            return self._load(uid, what)
        except KeyMissing:
            self._make(uid, what)
            return self._load(uid, what)

    def _make(self, uid: str, what: str) -> None:
        """Two processes that start together agree: the file is created exclusively, the loser reads the winner's."""
        path = self._path(uid, what)
        new = not self.folder.exists()
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(site_keys().seal_bytes(AESGCM.generate_key(256), _file_place(uid, what)))
            handle.flush()
            os.fsync(handle.fileno())
        try:
            os.link(part, path)
        except FileExistsError:
            pass
        finally:
            os.unlink(part)
        _on_disk(self.folder)
        if new:
            _on_disk(self.folder.parent)

    def _path(self, uid: str, what: str) -> Path:
        if not _UID.fullmatch(uid) or what not in (WAY, CASE, DRAFT):
            raise KeyMissing()
        return self.folder / f"{uid}.{what}"

    def _load(self, uid: str, what: str) -> bytes:
        """The key as the file holds it now: another process may have destroyed it, or made another one since."""
        try:
            stat = self._path(uid, what).stat()
            return self._read(uid, what, (stat.st_ino, stat.st_mtime_ns))
        except FileNotFoundError as error:
            raise KeyMissing() from error

    def _read_file(self, uid: str, what: str, _file: tuple[int, int]) -> bytes:
        return site_keys().open_bytes(self._path(uid, what).read_bytes(), _file_place(uid, what))


def _made(path: Path) -> float:
    """When a key was made; the end of time for one that another process has just destroyed."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def _about(place: Place) -> bytes:
    return place.bytes(0)


def _file_place(uid: str, what: str) -> Place:
    return Place("case_key", what, uid)


def _on_disk(folder: Path) -> None:
    """A new or removed file outlives a power cut only when its folder was written too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_site: dict[str, CaseKeys] = {}


def use_case_keys(keys_dir: Path) -> None:
    """Make the folder under ``keys_dir`` the key store of this process."""
    _site["keys"] = CaseKeys(keys_dir / FOLDER)


def case_keys() -> CaseKeys:
    if "keys" not in _site:
        raise RuntimeError("no key store: call storage.case_keys.use_case_keys() at start-up")
    return _site["keys"]
