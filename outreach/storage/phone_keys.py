"""Key pairs of operations: phones seal to the public half, the private half never leaves this key store.

One file a pair beside ``keys.json``, outside the database and outside its backups, itself sealed with the site's keys.
A phone wraps a fresh AES-256-GCM key for every record with RSA-OAEP (SHA-256); nothing here decides what is done with
what was opened. SOURCE: ``safety.md`` 24.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from outreach.errors import KeyMissing

from .keys import Place, site_keys
from .types import new_uid

BITS = 3072
FOLDER = "phones"
_UID = re.compile(r"[0-9a-f-]{36}")
_OAEP = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)


class Tampered(ValueError):
    """Bytes that this key did not seal, or not like this."""


class PhoneKeys:
    """The key pairs in one folder (mode 0700; files 0600)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._load = lru_cache(maxsize=256)(self._load_uncached)

    def make(self) -> tuple[str, bytes]:
        """A new pair: its id, and the public half as DER (SubjectPublicKeyInfo). By then the private one is on disk."""
        uid, private = new_uid(), rsa.generate_private_key(public_exponent=65537, key_size=BITS)
        plain = private.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self._path(uid), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(site_keys().seal_bytes(plain, _place(uid)))
            handle.flush()
            os.fsync(handle.fileno())
        _on_disk(self.folder)
        _on_disk(self.folder.parent)
        public = private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return uid, public

    def open(self, uid: str, wrapped: bytes, nonce: bytes, sealed: bytes, about: bytes) -> bytes:
        """What a phone sealed to the pair ``uid``; ``about`` is authenticated with it.

        Raises ``KeyMissing`` without the private half, ``Tampered`` when a bit is not as it was.
        """
        private = self._load(uid)
        try:
            key = private.decrypt(wrapped, _OAEP)
            return AESGCM(key).decrypt(nonce, sealed, about)
        except (ValueError, InvalidTag) as error:
            raise Tampered("a sealed record does not open") from error

    def holds(self, uid: str) -> bool:
        return bool(_UID.fullmatch(uid)) and self._path(uid).exists()

    def destroy(self, uid: str) -> None:
        """Remove the private half: nothing that was sealed to it can be opened again."""
        self._load.cache_clear()
        self._path(uid).unlink(missing_ok=True)

    def _path(self, uid: str) -> Path:
        if not _UID.fullmatch(uid):
            raise KeyMissing()
        return self.folder / f"{uid}.key"

    def _load_uncached(self, uid: str) -> rsa.RSAPrivateKey:
        try:
            plain = site_keys().open_bytes(self._path(uid).read_bytes(), _place(uid))
        except FileNotFoundError as error:
            raise KeyMissing() from error
        private = serialization.load_der_private_key(plain, password=None)
        if not isinstance(private, rsa.RSAPrivateKey):
            raise KeyMissing()
        return private


def _on_disk(folder: Path) -> None:
    """A new file outlives a power cut only when its folder was written too; records are sealed to it from now on."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _place(uid: str) -> Place:
    return Place("phone_key", "private", uid)


_site: dict[str, PhoneKeys] = {}


def use_phone_keys(keys_dir: Path) -> None:
    """Make the folder under ``keys_dir`` the key store of this process."""
    _site["keys"] = PhoneKeys(keys_dir / FOLDER)


def phone_keys() -> PhoneKeys:
    if "keys" not in _site:
        raise RuntimeError("no key store: call storage.phone_keys.use_phone_keys() at start-up")
    return _site["keys"]
