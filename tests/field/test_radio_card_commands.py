"""A card that is read out becomes a contact, once; the phone's record becomes a version of it, once."""

import datetime as dt
import threading
from dataclasses import replace

import pytest

from outreach.errors import NotAllowed
from outreach.field import commands, radio_card_commands, radio_card_rules
from outreach.returns.figures import figures_of
from outreach.storage import db, writing
from outreach.storage.queries import contacts, radio_cards, referrals
from outreach.storage.tables import (
    AuditEntry,
    Contact,
    ContactVersion,
    Meeting,
    Person,
    RadioCard,
    Referral,
    SealedRecord,
)
from outreach.storage.types import new_uid, utc_now
from outreach.vocab import EntryMode, OperationStatus, Role, ServiceKind
from tests.factories import a_participation, a_service, a_team, a_user
from tests.field.factories import EVENING, a_night, a_person, actor_of, an_entry

any_database = pytest.mark.any_database
SOON = EVENING + dt.timedelta(minutes=20)


@pytest.fixture
def night(app):
    return a_night()


def read(entry):
    """The card of an entry, read out and typed."""
    return radio_card_rules.read_card("\n".join(radio_card_rules.card_of(entry)), SOON)


def enter(night, entry, user=None, met_at=None):
    with writing():
        return radio_card_commands.enter_card(actor_of(user or night.coordinator), night.place, read(entry), met_at)


def arrive(night, entry, user=None):
    """What receiving a sealed record does with a contact; gives the UUID of the contact."""
    officer = actor_of(user or night.officer)
    new = commands.prepare_contact(officer, night.place, entry, "contact.log")
    with writing():
        return radio_card_commands.merge(officer, new) or commands.store_contact(officer, new).stored_uid


def all_of(table):
    db.session.expire_all()
    return db.session.query(table).order_by(table.id).all()


def standing(uid):
    db.session.expire_all()
    return contacts.contact_record(uid)


def figures(night):
    return {figure.measure: figure.value for figure in figures_of(night.operation.id).figures if figure.value}


def tags(uid):
    return [entry.tag for entry in all_of(AuditEntry) if entry.object_id == uid]


def some_persons():
    return (
        a_person(urgent=True, made_safe=True, age="16_17"),
        a_person(agreed=()),
        a_person(answer="declined", agreed=("record",)),
    )


# --- entering ---------------------------------------------------------------------------------------------------------


@any_database
def test_a_card_becomes_a_contact_with_everything_it_says(night):
    entry = an_entry(*some_persons(), note="red door", kits=2, municipality="Foxton")
    assert enter(night, entry).state == radio_card_commands.STORED
    (contact,), (card,) = all_of(Contact), all_of(RadioCard)
    record = standing(contact.uid)
    assert contact.uid != entry.uid and contact.conflict_of is None
    assert (contact.team_id, contact.created_by_id) == (night.team.id, night.coordinator.id)
    assert (record.version.result, record.version.kits, record.version.note_sealed) == ("met", 0, None)
    assert record.version.met_at <= entry.met_at < record.version.met_at + radio_card_rules.STEP
    told = commands.entry_of(record).persons
    assert [(p.code, p.age, p.answer, p.made_safe) for p in told] == [
        (entry.persons[0].code, "16_17", "accepted", True),
        ("", "not_known", "not_known", False),
        (entry.persons[2].code, "25_34", "declined", False),
    ]
    (referral,) = all_of(Referral)
    version = referrals.current(referral.id)
    assert (version.urgent, version.reach_by, version.agency_id) == (True, "they_call", night.agency.id)
    assert (card.mark, card.contact_uid, card.entered_by_id) == (
        radio_card_rules.mark_of(entry.uid),
        contact.uid,
        night.coordinator.id,
    )
    assert tags(contact.uid) == ["field.contact.log", "field.radio_card.enter"]


@any_database
def test_the_same_card_entered_twice_is_one_contact_whoever_enters_it(night):
    entry = an_entry(*some_persons())
    first = enter(night, entry)
    again = enter(night, entry, user=a_user(Role.OPERATION_COORDINATOR, operation=night.operation))
    assert again == (radio_card_commands.AGAIN, first.at)
    assert len(all_of(Contact)) == len(all_of(RadioCard)) == 1 and len(all_of(Person)) == 3
    assert tags(all_of(Contact)[0].uid)[-1] == "field.radio_card.repeat"


def test_a_typed_time_stands_for_the_phones_and_is_still_the_same_card(night):
    entry, told = an_entry(a_person()), EVENING - dt.timedelta(days=2)
    enter(night, entry, met_at=told)
    assert enter(night, entry).state == radio_card_commands.AGAIN
    assert all_of(ContactVersion)[0].met_at == told


def test_the_signs_cannot_be_found_from_the_contacts_uuid_and_another_team_has_another(night):
    entry = an_entry(a_person())
    enter(night, entry)
    there = replace(night, team=a_team(night.participation, name="Team 2"))
    assert enter(there, entry).state == radio_card_commands.STORED
    assert len({contact.uid for contact in all_of(Contact)}) == 2


@any_database
def test_another_card_of_the_same_record_is_kept_beside_the_first_and_flagged(night):
    entry = an_entry(a_person())
    enter(night, entry)
    assert enter(night, replace(entry, persons=(*entry.persons, a_person()))).state == radio_card_commands.BESIDE
    first, second = all_of(Contact)
    assert (first.conflict_of, second.conflict_of) == (None, first.uid)
    assert not any(person.code_conflict for person in all_of(Person))


@pytest.mark.parametrize("status", [OperationStatus.PLANNED, OperationStatus.CLOSED, OperationStatus.ARCHIVED])
def test_nothing_is_entered_unless_the_operation_takes_entries(app, status):
    night = a_night(status=status)
    with pytest.raises(NotAllowed):
        enter(night, an_entry(a_person()))
    assert all_of(Contact) == [] and all_of(RadioCard) == []


def test_who_may_not_log_by_radio_enters_no_card(night):
    foreign = a_user(Role.SERVICE_COORDINATOR, a_service())
    for user in (night.officer, foreign, a_user(Role.COMMANDER, operation=night.operation)):
        with pytest.raises(NotAllowed):
            enter(night, an_entry(a_person()), user=user)
    assert all_of(Contact) == []


# --- the record was first ---------------------------------------------------------------------------------------------


@any_database
def test_a_card_whose_record_has_arrived_stores_nothing_also_when_it_was_changed_since(night):
    entry = an_entry(*some_persons())
    arrive(night, entry)
    before = figures(night)
    with writing():
        record = standing(entry.uid)
        changed = replace(commands.entry_of(record), result="left", persons=())
        commands.change_contact(actor_of(night.coordinator), record, changed, expected=1)
    entered = enter(night, entry)
    assert entered == (radio_card_commands.ARRIVED, all_of(Contact)[0].created_at)
    assert len(all_of(Contact)) == 1 and all_of(RadioCard) == []
    assert before["contacts"] == 1
    assert tags(entry.uid)[-1] == "field.radio_card.repeat"


def test_a_card_that_says_something_else_than_its_record_is_kept_beside_it_and_flagged(night):
    entry = an_entry(a_person())
    arrive(night, entry)
    assert enter(night, replace(entry, persons=(a_person(), a_person()))).state == radio_card_commands.BESIDE
    assert [contact.conflict_of for contact in all_of(Contact)] == [None, entry.uid]
    assert arrive(night, entry) == entry.uid and len(all_of(Contact)) == 2


def test_another_teams_contact_with_the_same_end_is_no_record_of_this_card(night):
    entry = an_entry(a_person())
    arrive(replace(night, team=a_team(night.participation, name="Team 2")), entry, user=night.coordinator)
    assert enter(night, entry).state == radio_card_commands.STORED


def a_sealed_record(night, uid, state="held", reason="account_ended", **more):
    with writing():
        row = SealedRecord(
            uid=uid,
            hash="0" * 64,
            kind="contact",
            device=new_uid(),
            key_uid=new_uid(),
            operation_id=night.operation.id,
            service_id=night.service.id,
            team_id=night.team.id,
            user_id=night.officer.id,
            state=state,
            reason=reason,
            received_at=utc_now(),
            **more,
        )
        db.session.add(row)
        db.session.flush()
        return row.received_at


@pytest.mark.parametrize(
    ("state", "reason", "expected"),
    [
        ("held", "account_ended", "waits"),
        ("held", "not_in_team", "waits"),
        ("left_out", "closed", "left_out"),
        ("held", "key_missing", "stored"),
        ("held", "invalid", "stored"),
    ],
)
def test_a_card_whose_record_waits_for_a_decision_is_needed_only_where_nobody_can_read_the_record(
    night, state, reason, expected
):
    entry = an_entry(a_person())
    at = a_sealed_record(night, entry.uid, state, reason)
    entered = enter(night, entry)
    assert entered.state == expected and len(all_of(Contact)) == (expected == "stored")
    assert expected == "stored" or entered.at == at


# --- the record comes after -------------------------------------------------------------------------------------------


@any_database
def test_the_record_becomes_a_version_of_the_cards_contact_and_everything_counts_once(night):
    entry = an_entry(*some_persons(), note="red door", kits=2, municipality="Foxton", place_kind="hotel")
    enter(night, entry)
    before, persons = figures(night), [(p.id, p.join_key) for p in all_of(Person)]
    uid = arrive(night, entry)
    (contact,) = all_of(Contact)
    assert uid == contact.uid and contact.created_by_id == night.officer.id
    record = standing(uid)
    assert (record.version.version, record.version.recorded_by_id) == (2, night.officer.id)
    assert record.version.met_at == entry.met_at
    said = commands.entry_of(record)
    assert (said.note, said.kits, said.municipality, said.place_kind) == ("red door", 2, "Foxton", "hotel")
    assert [p.age for p in said.persons] == ["16_17", "not_known", "25_34"]
    assert [(p.id, p.join_key) for p in all_of(Person)] == persons
    assert not any(person.code_conflict for person in all_of(Person))
    after = figures(night)
    assert before["contacts"] == 1 and before["persons_met"] == 3
    assert after == before | {"kits_handed_out": 2}
    (card,) = all_of(RadioCard)
    assert card.merged_uid == entry.uid and card.merged_at is not None
    assert tags(uid)[-1] == "field.radio_card.merge"
    assert len(all_of(Referral)) == 1


@any_database
def test_a_record_that_arrives_again_after_it_was_merged_changes_nothing(night):
    entry = an_entry(*some_persons())
    enter(night, entry)
    assert arrive(night, entry) == arrive(night, entry) == all_of(Contact)[0].uid
    assert len(all_of(Contact)) == 1 and len(all_of(ContactVersion)) == 2


def test_other_content_under_the_uuid_of_a_merged_record_is_kept_beside_it_and_flagged(night):
    entry = an_entry(a_person())
    enter(night, entry)
    uid = arrive(night, entry)
    other = arrive(night, replace(entry, note="something else"))
    assert other == entry.uid and standing(other).contact.conflict_of == uid
    assert arrive(night, replace(entry, note="something else")) == other
    assert len(all_of(Contact)) == 2


def differing(entry):
    one, two = entry.persons
    return [
        replace(entry, persons=(one,)),
        replace(entry, persons=(one, two, a_person())),
        replace(entry, result="left", persons=()),
        replace(entry, persons=(one, a_person())),
    ]


@pytest.mark.parametrize("how", range(4))
def test_a_record_that_differs_from_its_card_is_kept_beside_it_and_flagged(night, how):
    entry = an_entry(a_person(), a_person())
    enter(night, entry)
    record = differing(entry)[how]
    uid = arrive(night, record)
    card_contact, own = all_of(Contact)
    assert uid == own.uid == entry.uid and own.conflict_of == card_contact.uid
    assert standing(card_contact.uid).version.version == 1
    assert all_of(RadioCard)[0].merged_uid is None
    assert not any(person.code_conflict for person in all_of(Person)), "the very card in hand is one person"
    assert "field.contact.conflict" in tags(uid)
    assert arrive(night, record) == uid and len(all_of(Contact)) == 2


@pytest.mark.parametrize("withdrawn", [False, True])
def test_a_card_that_the_service_has_changed_or_withdrawn_stays_as_it_is_and_the_record_is_flagged(night, withdrawn):
    entry = an_entry(a_person())
    enter(night, entry)
    (contact,) = all_of(Contact)
    with writing():
        record, actor = standing(contact.uid), actor_of(night.coordinator)
        if withdrawn:
            commands.withdraw_contact(actor, record, expected=1)
        else:
            commands.change_contact(actor, record, replace(commands.entry_of(record), kits=1), expected=1)
    uid = arrive(night, entry)
    assert uid == entry.uid and standing(uid).contact.conflict_of == contact.uid
    assert standing(contact.uid).version.version == 2
    assert figures(night)["persons_met"] == 1


def test_of_two_cards_of_a_record_the_one_that_agrees_takes_it_up(night):
    entry = an_entry(a_person())
    better = replace(entry, persons=(*entry.persons, a_person()))
    enter(night, entry)
    enter(night, better)
    first, second = all_of(Contact)
    assert arrive(night, better) == second.uid
    assert [card.merged_uid for card in all_of(RadioCard)] == [None, entry.uid]
    assert standing(first.uid).version.version == 1


def test_consent_that_was_taken_back_before_the_phone_saved_destroys_the_code(night):
    person = a_person(answer="declined", agreed=("record",))
    entry = an_entry(person)
    enter(night, entry)
    arrive(night, replace(entry, persons=(replace(person, agreed=()),)))
    (row,) = all_of(Person)
    assert (row.code_sealed, row.code_mark) == (None, None) and figures(night)["persons_met"] == 1


def test_consent_that_was_given_before_the_phone_saved_brings_the_code(night):
    person = a_person()
    entry = an_entry(replace(person, agreed=()))
    enter(night, entry)
    uid = arrive(night, replace(entry, persons=(person,)))
    assert commands.entry_of(standing(uid)).persons[0].code == person.code
    assert len(all_of(Referral)) == 1 and figures(night)["persons_met"] == 1


@any_database
def test_a_person_met_before_stays_joined_by_her_code(night):
    known = a_person()
    arrive(night, an_entry(known))
    again = an_entry(replace(known, claimed=True, answer="declined"))
    enter(night, again)
    arrive(night, again)
    first, second = all_of(Person)
    assert (second.join_key, second.code_conflict) == (first.id, False)
    assert figures(night)["persons_met"] == 1 and figures(night)["contacts"] == 2


def test_the_officer_may_correct_what_was_read_out_for_her_once_it_arrived(night):
    entry = an_entry(a_person())
    enter(night, entry)
    uid = all_of(Contact)[0].uid
    with pytest.raises(NotAllowed), writing():
        commands.withdraw_contact(actor_of(night.officer), standing(uid), expected=1)
    arrive(night, entry)
    with writing():
        commands.withdraw_contact(actor_of(night.officer), standing(uid), expected=2)
    assert standing(uid).version.withdrawn


def test_nobody_merges_who_may_not_log_for_the_team(night):
    entry = an_entry(a_person())
    enter(night, entry)
    with pytest.raises(NotAllowed):
        arrive(night, entry, user=a_user(Role.FIELD_OFFICER, night.service))
    assert [version.version for version in all_of(ContactVersion)] == [1]


def test_a_record_of_an_operation_that_closed_meanwhile_is_not_merged(night):
    entry = an_entry(a_person())
    enter(night, entry)
    officer = actor_of(night.officer)
    new = commands.prepare_contact(officer, night.place, entry, "contact.log")
    with writing():
        db.session.get(type(night.operation), night.operation.id).status = OperationStatus.CLOSED.value
    with pytest.raises(NotAllowed), writing():
        radio_card_commands.merge(officer, new)
    assert [version.version for version in all_of(ContactVersion)] == [1]


@any_database
def test_a_card_and_its_record_at_the_same_moment_are_one_contact_whichever_is_first(app):
    night, entry = a_night(), an_entry(a_person(), a_person(agreed=()))
    desk, officer, place, card = actor_of(night.coordinator), actor_of(night.officer), night.place, read(entry)
    record = commands.prepare_contact(officer, place, entry, "contact.log")
    db.session.rollback()
    wrong = []

    def enters():
        radio_card_commands.enter_card(desk, place, card)

    def arrives():
        assert radio_card_commands.merge(officer, record) or commands.store_contact(officer, record)

    def together(what):
        try:
            with app.app_context(), writing():
                what()
        except Exception as error:  # noqa: BLE001 - the test shows whatever a thread met
            wrong.append(error)
        finally:
            with app.app_context():
                db.session.remove()

    threads = [threading.Thread(target=together, args=(what,)) for what in (enters, arrives) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert [(contact.team_id, contact.conflict_of) for contact in all_of(Contact)] == [(place.team_id, None)]
    assert figures(night)["persons_met"] == 2


# --- the referral -----------------------------------------------------------------------------------------------------


def another_agency(night):
    agency = a_service("Aardvark House", ServiceKind.VICTIM_SERVICES)
    a_participation(night.operation, agency, entry_mode=EntryMode.NONE)
    return agency


def called(**more):
    return a_person(reach_by="safe_phone", safe_way="519-555-0100", needs=("housing",), **more)


def way_of(referral):
    db.session.expire_all()
    contact = referrals.safe_contact(referral.id)
    return None if contact is None else (contact.agency_id, referrals.open_safe_way(referral, contact))


@any_database
def test_the_referral_gets_what_the_card_could_not_carry(night):
    other = another_agency(night)
    entry = an_entry(called(agency_id=night.agency.id))
    enter(night, entry)
    (referral,) = all_of(Referral)
    assert referrals.current(referral.id).agency_id == other.id and way_of(referral) is None
    arrive(night, entry)
    (referral,) = all_of(Referral)
    version = referrals.current(referral.id)
    assert (version.version, version.state, version.agency_id, version.needs) == (
        2,
        "made",
        night.agency.id,
        ["housing"],
    )
    assert way_of(referral) == (night.agency.id, "519-555-0100")
    assert tags(referral.uid) == ["referrals.referral.make", "referrals.referral.complete"]


def move(night, agency, *states):
    from outreach.referrals import commands as referral_commands

    liaison = a_user(Role.LIAISON, agency)
    (referral,) = all_of(Referral)
    with writing():
        referral_commands.pick_up(actor_of(liaison), referral)
    for state in states:
        with writing():
            referral_commands.move(actor_of(liaison), referral, referrals.current(referral.id).version, state)
    return referral


def test_a_referral_that_is_in_hand_keeps_its_liaison_and_gets_the_number(night):
    entry = an_entry(called())
    enter(night, entry)
    referral = move(night, night.agency)
    arrive(night, entry)
    (referral,) = all_of(Referral)
    version = referrals.current(referral.id)
    assert (version.version, version.state) == (2, "received") and version.liaison_id is not None
    assert way_of(referral) == (night.agency.id, "519-555-0100")


def test_an_agency_that_was_not_chosen_never_gets_the_number(night):
    other = another_agency(night)
    entry = an_entry(called(agency_id=night.agency.id))
    enter(night, entry)
    move(night, other)
    arrive(night, entry)
    in_hand, own = all_of(Referral)
    assert way_of(in_hand) is None and way_of(own) == (night.agency.id, "519-555-0100")
    assert (own.contact_id, own.person_id) == (in_hand.contact_id, in_hand.person_id)


def test_nobody_could_reach_her_without_the_number_so_that_it_makes_a_new_referral(night):
    entry = an_entry(called())
    enter(night, entry)
    move(night, night.agency, "not_reached")
    arrive(night, entry)
    ended, own = all_of(Referral)
    assert way_of(ended) is None and way_of(own) == (night.agency.id, "519-555-0100")


def test_a_referral_that_ended_otherwise_gets_no_number(night):
    entry = an_entry(called())
    enter(night, entry)
    move(night, night.agency, "declined")
    arrive(night, entry)
    assert [way_of(referral) for referral in all_of(Referral)] == [None]


def test_the_card_of_a_contact_is_known(night):
    entry = an_entry(a_person())
    enter(night, entry)
    (contact,) = all_of(Contact)
    stands = radio_cards.card_of_contact(contact.uid)
    assert stands is not None and stands.merged_at is None
    assert radio_cards.card_of_contact(entry.uid) is None
    arrive(night, entry)
    assert radio_cards.card_of_contact(contact.uid).merged_at is not None


def test_meetings_of_the_card_are_superseded_and_not_changed(night):
    entry = an_entry(a_person(agreed=("record",), answer="declined"))
    enter(night, entry)
    (given,) = [meeting.agreed_record_at for meeting in all_of(Meeting)]
    arrive(night, entry)
    first, second = all_of(Meeting)
    assert first.superseded_at == second.recorded_at and second.superseded_at is None
    assert second.agreed_record_at == given, "the agreement keeps the time at which it was given"
