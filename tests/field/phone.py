"""A phone in Python: seals records exactly as ``static/field/seal.js`` does (a browser test holds the two together)."""

from __future__ import annotations

import base64
import datetime as dt
import json
import os
from dataclasses import dataclass, field, replace
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from outreach.field import sealed_rules
from outreach.storage.types import new_uid

_OAEP = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


@dataclass(frozen=True)
class Phone:
    """What a phone knows after it asked for its pack: see ``phone_commands.pack_of``."""

    device: str
    owner: str
    phone_key: bytes
    ticket: str
    key: str
    public_key: bytes
    team: str
    now: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))

    @classmethod
    def of(cls, pack: dict[str, Any], team: int = 0, **more: Any) -> Phone:
        found = pack["teams"][team]
        return cls(
            device=pack["device"],
            owner=pack["owner"],
            phone_key=base64.b64decode(pack["phone_key"]),
            ticket=found["ticket"],
            key=found["key"]["id"],
            public_key=base64.b64decode(found["key"]["spki"]),
            team=found["uid"],
            **more,
        )

    def at(self, now: dt.datetime) -> Phone:
        """The same phone when its clock shows ``now``."""
        return replace(self, now=now)

    def content(self, fields: dict[str, Any], **more: Any) -> dict[str, Any]:
        """What is sealed for a form; ``fields`` as a browser posts them."""
        many = {name: value if isinstance(value, list) else [value] for name, value in fields.items()}
        said = {
            "team": self.team,
            "saved_at": self.now.isoformat(),
            "offset_ms": 0,
            "by_clock": True,
            "fields": many,
        }
        return said | more

    def seal(self, content: Any, *, uid: str = "", kind: str = "contact", **head: str) -> sealed_rules.Envelope:
        """``content`` (JSON, or bytes as they are) sealed and ready to send."""
        plain = content if isinstance(content, bytes) else json.dumps(content).encode()
        if not uid and isinstance(content, dict):
            uid = (content.get("fields", {}).get("uid") or [""])[0]
        bare = sealed_rules.Envelope(
            kind=kind,
            uid=uid or new_uid(),
            key=head.get("key", self.key),
            device=head.get("device", self.device),
            owner=head.get("owner", self.owner),
            ticket=head.get("ticket", self.ticket),
            wrapped=b"",
            nonce=os.urandom(12),
            sealed=b"",
            sent_at=self.now.isoformat(),
            proof=b"",
        )
        key = os.urandom(32)
        public = serialization.load_der_public_key(self.public_key)
        assert isinstance(public, rsa.RSAPublicKey)
        whole = replace(
            bare,
            wrapped=public.encrypt(key, _OAEP),
            sealed=AESGCM(key).encrypt(bare.nonce, plain, bare.about),
        )
        return self.proven(whole)

    def proven(self, envelope: sealed_rules.Envelope) -> sealed_rules.Envelope:
        """The envelope with the phone's clock of now and the proof that goes with it."""
        said = replace(envelope, sent_at=self.now.isoformat())
        return replace(said, proof=sealed_rules.send_proof(self.phone_key, said.hashed, said.sent_at))

    def knows(self, receipt: dict[str, Any], envelope: sealed_rules.Envelope) -> bool:
        """Whether the phone would delete its copy on this receipt."""
        expected = sealed_rules.receipt_of(
            self.phone_key, envelope.uid, envelope.hashed, receipt.get("state", ""), receipt.get("received_at", "")
        )
        return receipt.get("state") in sealed_rules.ARRIVED and expected.items() <= receipt.items()


def body_of(envelope: sealed_rules.Envelope) -> bytes:
    """The request's body."""
    said = {name: b64(value) if isinstance(value, bytes) else value for name, value in vars(envelope).items()}
    return json.dumps({"format": sealed_rules.FORMAT, **said}).encode()
