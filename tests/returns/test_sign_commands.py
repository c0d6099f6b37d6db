"""Signing a service's figures: refused, done, in the journal; and whatever changes afterwards reopens it."""

import datetime as dt

import pytest
from click.testing import CliRunner

from outreach.audit.tags import Tag
from outreach.auth.actors import ANYBODY, SYSTEM
from outreach.cli import cli
from outreach.errors import Blocked, Changed, Invalid, NotAllowed
from outreach.field import charge_commands
from outreach.field import commands as field
from outreach.plan import service_commands, team_commands
from outreach.plan.team_rules import TeamDraft
from outreach.returns import commands, sign_commands
from outreach.storage import db, writing
from outreach.storage.queries import access, contacts, operations, reopening, sign_offs, workbook
from outreach.storage.queries import referrals as referral_rows
from outreach.storage.tables import (
    Adjustment,
    AuditEntry,
    Contact,
    Operation,
    Participation,
    Person,
    Referral,
    ReferralVersion,
    SignOff,
)
from outreach.storage.types import utc_now
from outreach.vocab import EntryMode, OperationStatus, Role, SignState
from tests.factories import a_participation, a_service, a_user, an_operation
from tests.field.factories import a_night, a_person, actor_of, an_entry
from tests.field.held import a_held_record
from tests.report import factories as facts

TODAY = dt.date(2017, 10, 16)


@pytest.fixture
def night(app):
    """One contact with one person who accepted, and nothing else."""
    night = a_night()
    with writing():
        field.log_contact(actor_of(night.officer), night.place, an_entry(a_person()))
    return night


def parts(night):
    operation = db.session.get_one(Operation, night.operation.id)
    return operation, db.session.get_one(Participation, night.participation.id)


def sign(night, actor=None, name="Ada Quarry", **more):
    with writing():
        return sign_commands.sign(actor or actor_of(night.coordinator), *parts(night), typed_name=name, **more).id


def last(night):
    db.session.rollback()  # the command line writes beside this session
    return sign_offs.last(night.participation.id)


def state(night):
    db.session.expire_all()
    return sign_offs.standing(night.operation.id)[night.participation.id].state


def test_a_service_signs_what_stands_and_everything_of_it_is_kept(night):
    assert state(night) is SignState.OPEN
    sign(night, name="  Ada   Quarry ")
    signed = last(night)
    assert (signed.version, signed.typed_name, signed.signed_by_id) == (1, "Ada Quarry", night.coordinator.id)
    assert signed.figures["persons_met"] == signed.figures["support_accepted"] == 1
    assert signed.figures["referrals_made"] == 1 and "referrals_received" not in signed.figures
    assert signed.figures["days"]["2017-10-16"]["persons_met"] == 1 and "charges" not in signed.figures
    met = signed.definitions["persons_met"]
    assert (met["version"], met["basis"], met["bound"]) == (1, "records", "at_least")
    assert met["not_told"] == [f"2017-10-{day}" for day in range(10, 16)]
    assert signed.figures_hash == sign_commands.hash_of(night.operation.id, night.service.id, signed)
    assert not signed.provisional and signed.unsent == [] and state(night) is SignState.SIGNED
    (entry,) = db.session.query(AuditEntry).filter_by(tag="returns.figures.sign").all()
    assert entry.details == {"version": 1, "provisional": False, "hash": signed.figures_hash[:16]}
    shown = workbook.sign_offs([night.operation.id], None)[night.service.id]
    assert (shown.persons_met, shown.version, shown.stands) == (1, 1, True)


def test_the_hash_moves_with_anything_that_was_signed(night):
    sign(night)
    signed = last(night)
    told = signed.figures_hash
    for name, value in (("typed_name", "Eve"), ("provisional", True), ("figures", {"persons_met": 2}), ("version", 2)):
        kept = getattr(signed, name)
        setattr(signed, name, value)
        assert sign_commands.hash_of(night.operation.id, night.service.id, signed) != told, name
        setattr(signed, name, kept)


@pytest.mark.parametrize("name", ["", " ", "7", "x", "…", "a" * 121])
def test_a_signature_needs_a_name(night, name):
    with pytest.raises(Invalid) as refused:
        sign(night, name=name)
    assert [f.where for f in refused.value.findings] == ["name"]
    assert db.session.query(SignOff).count() == 0
    assert db.session.query(AuditEntry).filter_by(tag="returns.figures.sign").count() == 0


def test_only_who_vouches_for_the_service_signs(night):
    others = [
        a_user(Role.OPERATION_COORDINATOR),
        a_user(Role.SERVICE_COORDINATOR, a_service()),
        night.officer,
        a_user(Role.COMMANDER, operation=night.operation),
    ]
    for user in others:
        with pytest.raises(NotAllowed):
            sign(night, actor_of(user))
    sign(night, ANYBODY, name="Ada Quarry", return_file="00000000-0000-4000-8000-000000000001")
    assert last(night).return_uid == "00000000-0000-4000-8000-000000000001" and last(night).signed_by_id is None


def test_nothing_is_signed_where_there_is_nothing(app):
    quiet = a_night()
    assert state(quiet) is SignState.NOTHING
    with pytest.raises(Blocked, match="nothing to sign yet"):
        sign(quiet)
    for status in (OperationStatus.DRAFT, OperationStatus.PLANNED):
        early = a_night(status=status)
        with pytest.raises(Blocked, match="nothing to sign yet"):
            sign(early)
    rehearsal = a_night(is_rehearsal=True)
    with pytest.raises(Blocked, match="rehearsal"):
        sign(rehearsal)
    agency = db.session.query(Participation).filter_by(service_id=quiet.agency.id).one()
    with writing(), pytest.raises(Blocked, match="owes no figures"):
        sign_commands.sign(SYSTEM, quiet.operation, agency, typed_name="Ada Quarry")


def test_the_same_figures_are_not_signed_twice_and_what_is_seen_is_what_is_signed(night):
    mark = sign_commands.ready_of(*parts(night)).mark
    with pytest.raises(Changed):
        sign(night, seen="0" * 16)
    sign(night, seen=mark)
    with pytest.raises(Blocked, match="signed already"):
        sign(night)
    assert last(night).version == 1


def test_what_contradicts_or_has_not_come_in_is_signed_as_provisional_only(night):
    a_held_record(night.team, night.officer)
    with pytest.raises(Invalid) as refused:
        sign(night)
    assert [f.where for f in refused.value.findings] == ["provisional"]
    with pytest.raises(Invalid) as refused:
        sign(night, provisional=True, reason="\u200b ")
    assert [f.where for f in refused.value.findings] == ["reason"]
    sign(night, provisional=True, reason="One record waits")
    signed = last(night)
    assert signed.provisional and signed.reason == "One record waits" and signed.unsent[0]["held"] == 1
    assert state(night) is SignState.PROVISIONAL


# --- whatever changes afterwards --------------------------------------------------------------------------------------


def reopened(night):
    found = last(night)
    return found.changed if found.reopened_at else None


def log(night):
    field.log_contact(actor_of(night.officer), night.place, an_entry(a_person()))


def change(night):
    record = contacts.contact_record(db.session.query(Contact).first().uid)
    entry = field.entry_of(record)
    field.change_contact(SYSTEM, record, an_entry(*entry.persons, uid=entry.uid, kits=3), expected=1, reason="x")


def withdraw(night):
    record = contacts.contact_record(db.session.query(Contact).first().uid)
    field.withdraw_contact(SYSTEM, record, expected=1, reason="never happened")


def tally(night):
    operation, part = parts(night)
    seen = commands.sheet_of(operation, part).mark
    commands.save_totals(SYSTEM, operation, part, {"cell-contacts-2017-10-11": "0"}, seen=seen, reason="none that day")


def accuse(night):
    charge_commands.add_accused(SYSTEM, parts(night)[0], night.service.id, "A-01", True, TODAY)


def charge(night):
    accused = charge_commands.add_accused(SYSTEM, parts(night)[0], night.service.id, "A-02", False, None)
    entry = charge_commands.ChargeEntry(offence="cc-279.01", laid_on=TODAY)
    charge_commands.lay_charge(SYSTEM, accused, entry)


def adjust(night):
    operation, part = parts(night)
    more = {"operation_id": operation.id, "participation_id": part.id, "service_id": part.service_id}
    db.session.add(
        Adjustment(
            measure="persons_met", amount=1, reason="met twice", recorded_at=utc_now(), recorded_by_id=None, **more
        )
    )
    operations.note_change(operation.id)


def shorten(night):
    operation, part = parts(night)
    more = {"status": "confirmed", "entry_mode": "contacts"}
    ends = operation.starts_at + dt.timedelta(days=3)
    service_commands.change_participation(
        SYSTEM, operation, part, 1, starts_at=operation.starts_at, ends_at=ends, **more
    )


def crew(night):
    operation, _ = parts(night)
    team_commands.add_member(
        SYSTEM, operation, night.team, service_id=night.service.id, name="Bo Vale", category="police"
    )


def cancel(night):
    team_commands.cancel_team(SYSTEM, parts(night)[0], night.team)


def move_referral(state):
    def act(night):
        referral = db.session.query(Referral).first()
        before, now = referral_rows.current(referral.id), utc_now()
        referral_rows.supersede(before, now)
        referral_rows.add_version(
            ReferralVersion(referral_id=referral.id, version=before.version + 1, state=state, recorded_at=now)
        )
        operations.note_change(referral.operation_id)

    act.__name__ = state
    return act


def join(night):
    operation, _ = parts(night)
    facts.merge(operation, db.session.query(Person).first(), facts.a_person(operation))


CHANGES = [
    (log, ["contacts", "referrals"]),
    (change, ["contacts"]),
    (withdraw, ["contacts"]),
    (tally, ["totals"]),
    (accuse, ["accused"]),
    (charge, ["accused", "charges"]),
    (adjust, ["adjustments"]),
    (shorten, ["part"]),
    (crew, ["team"]),
    (cancel, ["team"]),
    (move_referral("withdrawn"), ["referrals"]),
    (join, ["merges"]),
]


@pytest.mark.parametrize(("act", "kinds"), CHANGES, ids=[act.__name__ for act, _ in CHANGES])
def test_a_later_change_of_any_record_reopens_the_figures_in_the_same_write(night, act, kinds):
    sign(night)
    with writing():
        act(night)
    assert reopened(night) == kinds and state(night) is SignState.REOPENED
    (entry,) = db.session.query(AuditEntry).filter_by(tag=Tag.FIGURES_REOPENED.value).all()
    assert entry.details == {"version": 1, "changed": kinds} and entry.object_id == str(night.participation.id)
    assert workbook.sign_offs([night.operation.id], None)[night.service.id].stands is False
    assert access.service_target(parts(night)[0], night.service.id).open_for_entry


@pytest.mark.any_database
def test_a_contact_that_comes_late_reopens_and_the_next_version_says_what_moved(night):
    sign(night)
    with writing():
        log(night)
    first = last(night)
    assert (first.changed, first.reopened_by_id) == (["contacts", "referrals"], night.officer.id)
    assert sign_commands.ready_of(*parts(night)).changes["persons_met"] == [1, 2]
    sign(night)
    versions = [one for one, _, _ in sign_offs.history(night.participation.id)]
    assert [one.version for one in versions] == [2, 1] and versions[0].reopened_at is None
    assert versions[1].diff["persons_met"] == [1, 2] and versions[1].diff["referrals_made"] == [1, 2]
    before = workbook.sign_offs([night.operation.id], versions[1].signed_at)[night.service.id]
    assert (before.persons_met, before.stands) == (1, True)


def test_what_is_no_record_of_the_service_leaves_its_signature_alone(night):
    other = a_night(night.operation)
    sign(night)
    with writing():
        move_referral("received")(night)
        field.log_contact(actor_of(other.officer), other.place, an_entry(a_person()))
        draft = TeamDraft(name="Renamed", area="North")
        team_commands.change_team(SYSTEM, parts(night)[0], night.team, draft)
        operations.note_change(night.operation.id)
    with writing():
        move_referral("withdrawn")(night)  # after an agency had her it is between them
    assert reopened(night) is None and state(night) is SignState.SIGNED


def test_a_contact_of_another_service_costs_one_question(night, monkeypatch):
    other = a_night(night.operation)
    sign(night)
    monkeypatch.setattr(reopening, "marks", lambda *_: pytest.fail("the marks of a signed service were taken"))
    with writing():
        field.log_contact(actor_of(other.officer), other.place, an_entry(a_person()))
    assert reopened(night) is None


def test_a_clock_that_is_set_back_hides_no_change(night, monkeypatch):
    sign(night)
    earlier = utc_now() - dt.timedelta(hours=2)
    monkeypatch.setattr("outreach.field.commands.utc_now", lambda: earlier)
    with writing():
        change(night)
    assert reopened(night) == ["contacts"]


def test_a_change_that_is_taken_back_leaves_the_signature_standing(night):
    sign(night)

    @writing()
    def a_write_that_fails():
        log(night)
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError):
        a_write_that_fails()
    assert reopened(night) is None


def test_a_person_reopens_with_a_reason_and_officers_may_correct_again(night):
    sign(night)
    operation, part = parts(night)
    assert not access.service_target(operation, part.service_id).open_for_entry
    for user in (night.officer, a_user(Role.SERVICE_COORDINATOR, a_service())):
        with writing(), pytest.raises(NotAllowed):
            sign_commands.reopen(actor_of(user), operation, part, "a mistake")
    with writing(), pytest.raises(Invalid):
        sign_commands.reopen(SYSTEM, operation, part, " . ")
    chief = a_user(Role.OPERATION_COORDINATOR, operation=night.operation)
    with writing():
        assert sign_commands.reopen(actor_of(chief), *parts(night), "One card was missed") == 1
    found = last(night)
    assert (found.reopened_reason, found.reopened_by_id, found.changed) == ("One card was missed", chief.id, [])
    assert access.service_target(parts(night)[0], part.service_id).open_for_entry
    with writing(), pytest.raises(Blocked):
        sign_commands.reopen(SYSTEM, *parts(night), "again")
    (entry,) = db.session.query(AuditEntry).filter_by(tag="returns.figures.reopen").all()
    assert (entry.actor_id, entry.details) == (chief.id, {"version": 1})
    sign(night)
    assert last(night).version == 2


def test_the_reason_of_a_total_is_kept_and_that_of_a_record_of_persons_stays_with_it(night):
    sign(night)
    with writing():
        change(night)
        tally(night)
    assert last(night).reopened_reason == "none that day"


def test_figures_that_another_operation_counts_are_not_signed_here(app):
    above = an_operation("OP-ABOVE")
    night = a_night(parent=above)
    with writing():
        field.log_contact(actor_of(night.officer), night.place, an_entry(a_person()))
    part = a_participation(above, night.service, counted_in={"persons_arrested": above.id})
    ready = sign_commands.ready_of(db.session.get_one(Operation, above.id), part)
    assert ready.nothing and "persons_met" not in {measure.code for measure in ready.measures}
    sign(night)
    assert last(night).figures["persons_met"] == 1
    with writing():
        charge_commands.add_accused(SYSTEM, above, night.service.id, "A-01", True, TODAY)
        sign_commands.sign(SYSTEM, above, part, typed_name="Ada Quarry")
    both = [night.operation.id, above.id]
    shown = workbook.sign_offs(both, None)[night.service.id]
    assert (shown.persons_met, shown.stands) == (1, True)
    with writing():
        log(night)
    assert not workbook.sign_offs(both, None)[night.service.id].stands


# --- no contacts ------------------------------------------------------------------------------------------------------


def test_silence_is_confirmed_as_zero_for_one_day_or_for_all(night):
    operation, part = parts(night)
    days = list(sign_commands.silent_slots(operation, part))
    assert days == [dt.date(2017, 10, day) for day in range(10, 16)]
    for user in (night.officer, a_user(Role.SERVICE_COORDINATOR, a_service())):
        with writing(), pytest.raises(NotAllowed):
            sign_commands.confirm_zero(actor_of(user), operation, part, days)
    actor = actor_of(night.coordinator)
    with writing():
        assert sign_commands.confirm_zero(actor, operation, part, days[:1]) == 1
    with writing(), pytest.raises(Blocked):
        sign_commands.confirm_zero(actor, operation, part, [days[0], dt.date(2017, 10, 16), TODAY])
    with writing():
        assert sign_commands.confirm_zero(actor, *parts(night), days) == 5
    assert sign_commands.silent_slots(*parts(night)) == {}
    entries = db.session.query(AuditEntry).filter_by(tag="returns.zero.confirm").all()
    assert [entry.details for entry in entries] == [{"days": 1}, {"days": 5}]
    ready = sign_commands.ready_of(*parts(night))
    assert "contacts" not in ready.not_told and ready.figures["days"]["2017-10-10"]["persons_met"] == 0


def test_a_service_that_sends_totals_says_zero_in_every_figure_of_contacts(app):
    operation, service = an_operation(days=2), a_service()
    part = a_participation(operation, service, entry_mode=EntryMode.DAILY_TOTALS)
    actor = access.actor_of(a_user(Role.SERVICE_COORDINATOR, service))
    with writing():
        seen = commands.sheet_of(operation, part).mark
        commands.save_totals(actor, operation, part, {"cell-persons_met-2017-10-10": "2"}, seen=seen)
    assert list(sign_commands.silent_slots(operation, part)) == [dt.date(2017, 10, 11)]
    with writing():
        sign_commands.confirm_zero(actor, operation, part, [dt.date(2017, 10, 11)])
    told = {key: said.sign for key, said in commands.sheet_of(operation, part).told.items()}
    assert told["contacts", dt.date(2017, 10, 11), ""] == told["kits_handed_out", dt.date(2017, 10, 11), ""] == "0"
    assert ("charges", dt.date(2017, 10, 11), "") not in told and len(told) == 12


def test_the_command_line_lists_and_signs(night, app):
    def run(*words):
        return CliRunner().invoke(cli, ["signoff", *words], obj=lambda: app)

    code, service = night.operation.code, night.service.name
    listed = run(code)
    assert listed.exit_code == 0 and listed.output == f"{service}\topen\n"
    signed = run(code, "--service", service.upper(), "--name", "Ada Quarry")
    assert signed.exit_code == 0 and signed.output == f"Signed: version 1, {last(night).figures_hash}\n"
    assert f"{service}\tsigned\tversion 1\tAda Quarry\t" in run(code).output
    again = run(code, "--service", service, "--name", "Ada Quarry")
    assert again.exit_code == 1 and "signed already" in again.output
    assert "No service called" in run(code, "--service", "Nobody", "--name", "Ada Quarry").output
    assert run("NOWHERE").exit_code == 1 and run(code, "--name", "Ada").exit_code == 2
    with writing():
        log(night)
    assert run(code).output.rstrip().endswith(": contacts, referrals")
