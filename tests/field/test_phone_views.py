"""The pack that a phone is given, and keys that stay where they are."""

from __future__ import annotations

import base64
import contextlib
import os

import pytest

from outreach.field import phone_commands, sealed_rules
from outreach.field.phone_commands import Ticket
from outreach.storage import db, writing
from outreach.storage.keys import site_keys
from outreach.storage.phone_keys import Tampered, phone_keys
from outreach.storage.queries import removal
from outreach.storage.tables import AuditEntry, OperationKey
from outreach.storage.types import new_uid
from tests.field.factories import an_entry, form_of
from tests.field.phone import Phone

DEVICE = new_uid()


@pytest.fixture
def pack(night, signed_in):
    answer = signed_in(night.officer).get(f"/field/app/pack?device={DEVICE}")
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    return answer.get_json()


def test_what_a_phone_seals_opens_with_the_key_store_and_nowhere_else(night, pack):
    phone = Phone.of(pack)
    envelope = phone.seal(phone.content(form_of(night, an_entry())))
    parts = (envelope.wrapped, envelope.nonce, envelope.sealed)
    text = phone_keys().open(envelope.key, *parts, envelope.about)
    assert sealed_rules.read_opened(text).team == night.team.uid
    with pytest.raises(Tampered):
        phone_keys().open(envelope.key, *parts, envelope.about + b"x")
    assert text not in envelope.sealed


def test_the_private_half_is_never_in_a_pack_nor_plain_on_the_disk(pack):
    stored = (phone_keys().folder / f"{pack['teams'][0]['key']['id']}.key").read_bytes()
    spki = base64.b64decode(pack["teams"][0]["key"]["spki"])
    assert spki[30:200] not in stored
    assert (phone_keys().folder / f"{pack['teams'][0]['key']['id']}.key").stat().st_mode & 0o077 == 0


def test_a_new_key_is_on_the_disk_with_its_folder_before_anybody_seals_to_it(app, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_ino))
    uid, _ = phone_keys().make()
    folder = phone_keys().folder
    assert synced == [path.stat().st_ino for path in (folder / f"{uid}.key", folder, folder.parent)]


def test_a_second_pack_has_the_same_keys_and_is_not_journalled_again(night, pack, signed_in):
    again = signed_in(night.officer).get(f"/field/app/pack?device={DEVICE}").get_json()
    assert again["owner"] == pack["owner"] and again["phone_key"] == pack["phone_key"]
    assert again["teams"][0]["key"] == pack["teams"][0]["key"]
    prepared = db.session.query(AuditEntry).filter_by(tag="field.phone.prepare").count()
    assert prepared == 1


def test_another_person_on_the_same_phone_shares_no_key_with_the_first(night, pack, signed_in):
    other = signed_in(night.coordinator).get(f"/field/app/pack?device={DEVICE}").get_json()
    assert other["owner"] != pack["owner"] and other["phone_key"] != pack["phone_key"]


def test_a_ticket_that_the_site_did_not_sign_is_none(night):
    ticket = Ticket(night.officer.id, DEVICE, night.team.uid, night.operation.id)
    text = phone_commands.ticket_of(ticket)
    assert phone_commands.read_ticket(text) == ticket
    assert all(phone_commands.read_ticket(t) is None for t in ("", "x.y", text[:-1], text + "a", "W10." + text[-27:]))


def test_removing_an_operation_destroys_its_keys_once_it_is_committed(night, pack):
    uid = pack["teams"][0]["key"]["id"]
    with contextlib.suppress(RuntimeError), writing():
        removal.remove_operations([night.operation.id])
        raise RuntimeError
    assert phone_keys().holds(uid)
    with writing():
        removal.remove_operations([night.operation.id])
    assert not phone_keys().holds(uid) and db.session.query(OperationKey).count() == 0
    assert site_keys()


@pytest.mark.parametrize("device", ["", "x", "123", "../../etc"])
def test_a_phone_without_a_number_of_its_own_is_told_so(night, signed_in, device):
    answer = signed_in(night.officer).get(f"/field/app/pack?device={device}", headers={"Accept": "application/json"})
    assert answer.status_code == 422 and answer.get_json()["code"]
