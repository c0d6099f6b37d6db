"""A safe way to reach somebody: any words, under a key of its own, and unreadable everywhere once nobody needs it."""

import os
import shutil
import sqlite3
from dataclasses import replace

import pytest

from outreach.errors import KeyMissing
from outreach.field import commands as field_commands
from outreach.field import draft_commands
from outreach.field import rules as field_rules
from outreach.referrals import commands, refer_rules
from outreach.storage import db, writing
from outreach.storage.case_keys import CASE, DRAFT, WAY, case_keys
from outreach.storage.keys import site_keys
from outreach.storage.queries import access, consents, referrals
from outreach.storage.queries import field as rows
from outreach.storage.queries.removal import remove_operations
from outreach.storage.tables import Contact, ContactDraft, Referral, SafeContact
from outreach.vocab import Role
from tests.factories import a_user
from tests.field.factories import a_night, a_person, actor_of, an_entry
from tests.referrals.factories import a_referral, a_world

SENTENCE = "Only text my sister Quetzal, after eight; « pas d’appel », and say it is the dentist."
NUMBER = "519 555 8822 Ocelot"


def log(night, *persons, **more):
    entry = an_entry(*persons, **more)
    with writing():
        field_commands.log_contact(actor_of(night.officer), night.place, entry)
    return entry


def reachable(way):
    return a_person(reach_by="other_way", safe_way=way)


def only_referral():
    return db.session.query(Referral).one()


def end(liaison, referral):
    actor = access.actor_of(liaison)
    with writing():
        commands.pick_up(actor, referral)
    with writing():
        commands.move(actor, referral, referrals.current(referral.id).version, "closed", destroys=True)


@pytest.mark.parametrize(
    ("reach", "way", "right"),
    [
        ("other_way", SENTENCE, True),
        ("other_way", "x" * 300, True),
        ("other_way", "x" * 301, False),
        ("other_way", "", False),
        ("safe_phone", "+1 519 555 0123, evenings", True),
        ("safe_phone", SENTENCE, False),
        ("they_call", "", True),
    ],
)
def test_words_are_a_way_and_a_number_has_digits(reach, way, right):
    assert (field_rules.wrong_way(reach, way) == "") is right
    assert (list(refer_rules.wrong_way(reach, way)) == []) is right


def test_a_sentence_is_kept_as_it_was_typed_and_asked_for_after_the_way_was_chosen(app):
    answers = {"what": "met", "age-1": "25_34", "gender-1": "woman_girl", "support-1": "accepted"}
    assert "way-1" in field_rules.steps({**answers, "reach-1": "other_way"})
    assert "phone-1" not in field_rules.steps({**answers, "reach-1": "other_way"})
    night = a_night()
    log(night, reachable(SENTENCE))
    referral = only_referral()
    assert referrals.current(referral.id).reach_by == "other_way"
    assert referrals.open_safe_way(referral, referrals.safe_contact(referral.id)) == SENTENCE


def test_after_the_end_neither_a_backup_nor_the_key_store_brings_it_back(app, instance, tmp_path):
    night = a_night()
    with writing():
        uid = draft_commands.start_draft(actor_of(night.officer), night.place)
        draft = rows.draft(uid)
        answers = draft_commands.answers_of(draft) | {"what": "met", "reach-1": "other_way", "way-1": SENTENCE}
        draft_commands.keep_answers(actor_of(night.officer), draft, answers)
    assert draft_commands.answers_of(rows.draft(uid))["way-1"] == SENTENCE
    backup = tmp_path / "backup.sqlite3"
    db.session.rollback()
    copy(instance / "outreach.sqlite3", tmp_path / "draft.sqlite3")
    log(night, reachable(SENTENCE), uid=uid)
    assert not case_keys().holds(uid, DRAFT)
    referral = only_referral()
    copy(instance / "outreach.sqlite3", backup)
    end(a_user(Role.LIAISON, night.agency), referral)
    with sqlite3.connect(backup) as old:
        (sealed, mark) = old.execute("select way_sealed, content_hash from safe_contact, contact").fetchone()
    place = referrals.safe_way_place(referral, night.agency.id)
    with pytest.raises(KeyMissing):
        case_keys().open(sealed, referral.uid, WAY, place)
    with pytest.raises(KeyMissing):
        site_keys().open(sealed, place)
    with sqlite3.connect(tmp_path / "draft.sqlite3") as old:
        (answers_sealed,) = old.execute("select answers_sealed from contact_draft").fetchone()
    opened = site_keys().open_json(answers_sealed, rows.draft_place(uid, night.officer.id, night.operation.id))
    assert "way-1" not in opened and SENTENCE not in str(opened)
    # No mark is left against which numbers could be tried: it is the same whatever the way was.
    assert mark == db.session.query(Contact.content_hash).scalar()
    entry = an_entry(reachable("another"), uid=uid)
    now = field_commands.prepare_contact(actor_of(night.officer), night.place, entry, None)
    then = field_commands.prepare_contact(
        actor_of(night.officer),
        night.place,
        replace(entry, persons=(replace(entry.persons[0], safe_way=SENTENCE),)),
        None,
    )
    assert now.mark == then.mark and now.hashed != then.hashed
    files = [os.path.join(folder, name) for folder, _, names in os.walk(instance) for name in names]
    assert len(files) > 3
    for path in [*files, backup]:
        with open(path, "rb") as file:
            assert b"Quetzal" not in file.read(), path


def copy(database, to):
    """As a thief would: the file with what still stands in its log."""
    for ending in ("", "-wal"):
        if os.path.exists(f"{database}{ending}"):
            shutil.copy(f"{database}{ending}", f"{to}{ending}")


def test_the_same_contact_with_another_way_is_kept_beside_the_first_and_a_repeat_is_one(app):
    night = a_night()
    person = reachable(SENTENCE)
    entry = log(night, person)
    log(night, person, uid=entry.uid)
    assert db.session.query(Contact).count() == 1
    log(night, replace(person, safe_way=NUMBER), uid=entry.uid)
    assert [c.conflict_of for c in db.session.query(Contact).order_by(Contact.id)] == [None, entry.uid]
    first, second = db.session.query(Referral).order_by(Referral.id)
    assert referrals.open_safe_way(first, referrals.safe_contact(first.id)) == SENTENCE
    assert referrals.open_safe_way(second, referrals.safe_contact(second.id)) == NUMBER
    end(a_user(Role.LIAISON, night.agency), first)
    log(night, person, uid=entry.uid)  # nobody can tell any more
    assert db.session.query(Contact).count() == 2


def test_a_key_is_made_only_where_a_way_was_given(app):
    night = a_night()
    log(night, a_person())
    log(night)
    assert case_keys().uids(WAY) == set() and len(db.session.query(Referral).all()) == 1


def given_up(action):
    with writing():
        action()
        raise RuntimeError


def test_nothing_is_destroyed_by_a_write_that_is_given_up(app):
    world = a_world()
    referral = a_referral(world)
    with pytest.raises(RuntimeError):
        given_up(lambda: referrals.destroy_safe_way(referral.id, referral.made_at))
    assert case_keys().holds(referral.uid, WAY)
    assert referrals.open_safe_way(referral, referrals.safe_contact(referral.id))


def test_what_a_crash_left_is_destroyed_at_the_next_start_and_what_is_needed_stays(app, monkeypatch):
    world = a_world()
    ended, needed, young = a_referral(world), a_referral(world), a_referral(world)
    with writing():
        for referral in (ended, young):
            referrals.destroy_safe_way(referral.id, referral.made_at)
        db.session().once_committed.clear()  # the process died here
    gone = "00000000-0000-4000-8000-000000000001"
    with writing():
        case_keys().seal("x", gone, WAY, referrals.safe_way_place(ended, 1))
        case_keys().seal("x", gone, DRAFT, referrals.safe_way_place(ended, 1))
    folder = case_keys().folder
    for name, days in ((f"{ended.uid}.way", 1), (f"{needed.uid}.way", 99), (f"{gone}.draft", 1), (f"{gone}.way", 1)):
        age(folder / name, days)
    (folder / f".{gone}.way.17.abcd").write_bytes(b"x")
    age(folder / f".{gone}.way.17.abcd", 1)
    assert consents.destroy_forgotten_ways() == 2
    assert {p.name for p in folder.iterdir()} == {f"{needed.uid}.way", f"{young.uid}.way", f"{gone}.way"}
    age(folder / f"{gone}.way", 40)
    assert consents.destroy_forgotten_ways() == 1


def age(path, days):
    os.utime(path, (path.stat().st_mtime - days * 86400,) * 2)


def test_another_process_that_knew_the_key_opens_nothing_with_it(app):
    from outreach.storage.case_keys import CaseKeys

    world = a_world()
    referral = a_referral(world)
    sealed, place = referrals.safe_contact(referral.id).way_sealed, referrals.safe_way_place(referral, world.agency.id)
    other = CaseKeys(case_keys().folder)
    assert other.open(sealed, referral.uid, WAY, place)
    case_keys().destroy([referral.uid], WAY)
    with pytest.raises(KeyMissing):
        other.open(sealed, referral.uid, WAY, place)
    again = case_keys().seal("again", referral.uid, WAY, place)
    assert other.open(again, referral.uid, WAY, place) == "again"


def test_a_removed_operation_takes_its_keys_with_it(app):
    world = a_world()
    referral = a_referral(world)
    with writing():
        case_keys().seal("note", referral.uid, CASE, referrals.safe_way_place(referral, 1))
    with pytest.raises(RuntimeError):
        given_up(lambda: remove_operations([world.operation.id]))
    assert case_keys().holds(referral.uid, WAY)
    with writing():
        remove_operations([world.operation.id])
    assert list(case_keys().folder.iterdir()) == []
    assert db.session.query(SafeContact).count() == 0 and db.session.query(ContactDraft).count() == 0
