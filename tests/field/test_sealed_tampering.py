"""A thousand records that were tampered with: every one comes back to its phone, and nothing is stored.

Half are altered by somebody who has not the phone's own key: they die at the proof. The other half carry a new proof of
that key, so that the seal itself has to find out.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from outreach.field.sealed_rules import Envelope
from outreach.storage import db
from outreach.storage.tables import Contact, SealedRecord
from outreach.storage.types import new_uid
from tests.field.factories import a_person
from tests.field.phone import Phone
from tests.field.sealed import a_phone, sealed_contact, send

PARTS = ("wrapped", "nonce", "sealed")
VARIANTS = 500


def flipped(dice: random.Random, raw: bytes) -> bytes:
    at = dice.randrange(len(raw))
    return raw[:at] + bytes([raw[at] ^ (1 << dice.randrange(8))]) + raw[at + 1 :]


def tampered(dice: random.Random, one: Envelope, other: Envelope) -> Iterator[Envelope]:
    """Without end: a flipped bit, a part of another record, a shortened or lengthened part, another head."""
    heads = {"uid": other.uid, "kind": "practice", "device": new_uid(), "owner": "x" * 22, "key": new_uid()}
    while True:
        part = dice.choice(PARTS)
        raw = getattr(one, part)
        yield replace(one, **{part: flipped(dice, raw)})
        yield replace(one, **{part: flipped(dice, raw), "nonce": flipped(dice, one.nonce)})
        yield replace(one, **{part: getattr(other, part)})
        yield replace(one, **{part: raw[: dice.randrange(len(raw))]})
        yield replace(one, **{part: raw + bytes([dice.randrange(256)])})
        name = dice.choice(list(heads))
        yield replace(one, **{name: heads[name]})
        yield replace(one, **dict.fromkeys(dice.sample(PARTS, 2), b"\x00" * 384))


def send_all(client, phone: Phone, night, again: bool) -> Counter[str]:
    dice = random.Random(4)
    one, other = sealed_contact(night, phone, a_person()), sealed_contact(night, phone, a_person())
    variants = tampered(dice, one, other)
    codes = Counter[str]()
    for _ in range(VARIANTS):
        envelope = next(variants)
        status, answer = send(client, phone.proven(envelope) if again else envelope)
        assert status == 422 and answer["state"] == "rejected" and answer["message"] and answer["fix"]
        assert not phone.knows(answer, one) and not phone.knows(answer, envelope)
        codes[answer["code"]] += 1
    assert db.session.query(Contact).count() == db.session.query(SealedRecord).count() == 0
    for envelope in (one, other):
        assert send(client, envelope)[1]["state"] == "stored"  # what was never altered still arrives
    return codes


def test_what_was_altered_on_its_way_fails_the_proof(night, signed_in):
    client = signed_in(night.officer)
    codes = send_all(client, a_phone(client), night, again=False)
    assert set(codes) == {"tampered", "malformed", "unknown_ticket"} and codes["tampered"] > VARIANTS // 2


def test_what_was_altered_on_the_phone_itself_fails_the_seal(night, signed_in):
    client = signed_in(night.officer)
    codes = send_all(client, a_phone(client), night, again=True)
    assert codes["tampered"] > VARIANTS // 2 and set(codes) <= {
        "tampered",
        "malformed",
        "unknown_ticket",
        "unknown_key",
        "wrong_person",
    }


def test_the_key_and_text_of_one_record_do_not_open_under_the_head_of_another(night, signed_in):
    client = signed_in(night.officer)
    phone = a_phone(client)
    one, other = sealed_contact(night, phone, a_person()), sealed_contact(night, phone, a_person())
    whole = {part: getattr(other, part) for part in PARTS}
    assert send(client, phone.proven(replace(one, **whole)))[1]["code"] == "tampered"
    assert db.session.query(Contact).count() == 0
