"""Sealing: AES-256-GCM with keys that lie outside the database, bound to the place of the text.

The key file holds numbered master secrets; the working key of one service in one operation is derived from the
newest (HKDF-SHA-256), older numbers stay for reading. A sealed value is ``format · key number · nonce · text``;
where it stands (table, column, row, service, operation) is authenticated, so that moving a value elsewhere, or
altering a bit, makes it unreadable. Nothing here decides who may read.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from outreach.errors import KeyMissing

FORMAT = 1
NONCE_BYTES = 12
KEY_FILE = "keys.json"


@dataclass(frozen=True)
class Place:
    """Where a sealed value stands. ``row`` is the stable UUID of its record."""

    table: str
    column: str
    row: str
    service: int | None = None
    operation: int | None = None

    def bytes(self, number: int) -> bytes:
        parts = (self.table, self.column, self.row, str(self.service), str(self.operation), str(number))
        return "\x1f".join(parts).encode()


class Keys:
    """The keys of one site. Raises ``KeyMissing`` when a value does not open."""

    def __init__(self, secrets_by_number: dict[int, bytes]) -> None:
        self._secrets = secrets_by_number
        self._newest = max(secrets_by_number)
        self._derive = lru_cache(maxsize=4096)(self._derive_uncached)

    def seal(self, text: str, place: Place) -> bytes:
        return self.seal_bytes(text.encode(), place)

    def seal_bytes(self, content: bytes, place: Place) -> bytes:
        number = self._newest
        nonce = os.urandom(NONCE_BYTES)
        key = self._derive(number, f"seal/{place.service}/{place.operation}")
        sealed = AESGCM(key).encrypt(nonce, content, place.bytes(number))
        return bytes([FORMAT, number]) + nonce + sealed

    def open(self, sealed: bytes, place: Place) -> str:
        try:
            return self.open_bytes(sealed, place).decode()
        except ValueError as error:
            raise KeyMissing() from error

    def open_bytes(self, sealed: bytes, place: Place) -> bytes:
        try:
            if sealed[0] != FORMAT:
                raise KeyMissing()
            number = sealed[1]
            key = self._derive(number, f"seal/{place.service}/{place.operation}")
            nonce, rest = sealed[2 : 2 + NONCE_BYTES], sealed[2 + NONCE_BYTES :]
            return AESGCM(key).decrypt(nonce, rest, place.bytes(number))
        except (InvalidTag, IndexError, KeyError, ValueError) as error:
            raise KeyMissing() from error

    def seal_json(self, value: Any, place: Place) -> bytes:
        return self.seal(json.dumps(value, ensure_ascii=False, sort_keys=True), place)

    def open_json(self, sealed: bytes, place: Place) -> Any:
        return json.loads(self.open(sealed, place))

    def mark(self, text: str, scope: str) -> str:
        """Keyed hash (HMAC-SHA-256, hex) of ``text`` in ``scope``; useless to whoever has only the database.

        The first secret is used for ever, because a mark must stay equal to compare.
        """
        key = self._derive(min(self._secrets), f"mark/{scope}")
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

    def site_secret(self, purpose: str) -> str:
        """A stable secret of this site for one purpose (cookie signing, CSRF)."""
        return self._derive(min(self._secrets), f"site/{purpose}").hex()

    def _derive_uncached(self, number: int, info: str) -> bytes:
        secret = self._secrets[number]
        return HKDF(algorithm=hashes.SHA256(), length=32, salt=b"outreach", info=info.encode()).derive(secret)


def load_keys(directory: Path) -> Keys:
    """Keys from ``keys.json`` in ``directory``; makes the file (mode 0600) when there is none.

    Two processes that start together agree: the file is created exclusively, the loser reads the winner's.
    """
    path = directory / KEY_FILE
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = {"1": base64.b64encode(secrets.token_bytes(32)).decode()}
        part = directory / f".{KEY_FILE}.{os.getpid()}"
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            json.dump(fresh, handle)
            handle.flush()
            os.fsync(handle.fileno())
        try:
            os.link(part, path)
        except FileExistsError:
            pass  # another process was first; its keys count
        finally:
            os.unlink(part)
    stored = json.loads(path.read_text())
    return Keys({int(number): base64.b64decode(secret) for number, secret in stored.items()})


_site: dict[str, Keys] = {}


def use(keys: Keys) -> None:
    """Make ``keys`` the ones of this process."""
    _site["keys"] = keys


def site_keys() -> Keys:
    if "keys" not in _site:
        raise RuntimeError("no keys loaded: call storage.keys.use() at start-up")
    return _site["keys"]
