"""Entries, plan and follow-ups of a case: refused, done, in the journal; the words open with its key alone."""

import datetime as dt
import threading
import uuid

import pytest
import time_machine

from outreach.errors import Blocked, Changed, Invalid, KeyMissing, NotAllowed, NotFound
from outreach.referrals import case_commands, close_commands, commands
from outreach.referrals.case_rules import Entry, Goal, SafeWay
from outreach.storage import db, writing
from outreach.storage.queries import access, cases, operations, referrals
from outreach.storage.queries.referral_waits import Reach, within
from outreach.storage.tables import AgencyProfile, AuditEntry, CaseEntry, PlanItemVersion, Referral, User
from outreach.storage.types import utc_now
from outreach.vocab import Role, ServiceKind
from tests.factories import a_service, a_user
from tests.referrals.factories import a_referral, a_world

SPOKE = Entry("call", "spoke", "yes", "Her sister's name is Plantedname.", None)
GOAL = Goal("housing", "A room with a lock, plantedgoal", "Call the shelter", dt.date(2030, 1, 2))


def run(user, command, referral, *args, **more):
    with writing():
        return command(access.actor_of(user), referral, *args, **more)


def picked_up(world, **more):
    referral = a_referral(world, **more)
    run(world.liaison, commands.pick_up, referral)
    return referral


def reach_of(agency):
    return within([Reach(agency.id)])


def a_uid():
    return str(uuid.uuid4())


def tags():
    return [tag for (tag,) in db.session.query(AuditEntry.tag).order_by(AuditEntry.id)]


def words_of(referral, world):
    (row,) = cases.plan(referral.id, world.agency.id)
    found = []
    for version, _ in [(row.version, ""), *row.rivals]:
        found.append(
            cases.unseal(referral, version.goal_sealed, cases.goal_place(row.item, version.version, "goal_sealed"))
        )
    return found


def test_picking_up_schedules_three_follow_ups_in_the_agencys_own_days(app):
    world = a_world()
    with writing():
        now = dt.datetime(2017, 1, 1, tzinfo=dt.UTC)
        db.session.add(AgencyProfile(service_id=world.agency.id, time_zone="America/Vancouver", changed_at=now))
    referral = a_referral(world)
    with time_machine.travel(dt.datetime(2017, 10, 12, 5, 30, tzinfo=dt.UTC), tick=False), writing():
        commands.pick_up(access.actor_of(world.liaison), referral)
        case_commands.schedule(referral, dt.datetime.now(dt.UTC))  # picked up again: nothing is doubled
    rows = [(row.days, row.due_on, row.agency_id, row.result) for row in cases.follow_ups(referral.id)]
    first = dt.date(2017, 10, 11)  # still the evening before in Vancouver
    assert rows == [(days, first + dt.timedelta(days=days), world.agency.id, "") for days in (7, 30, 90)]


def test_an_entry_is_stored_once_and_other_content_under_its_uid_beside_it(app):
    world = a_world()
    referral, uid = picked_up(world), a_uid()
    first = run(world.liaison, case_commands.record_entry, referral, uid, SPOKE)
    again = run(world.liaison, case_commands.record_entry, referral, uid.upper(), SPOKE)
    assert again.id == first.id and tags().count("referrals.case.record") == 1
    other = Entry("text", "message", "", "Second telling")
    for _ in range(2):
        beside = run(world.liaison, case_commands.record_entry, referral, uid, other, from_phone=True)
        assert (beside.twin_of, beside.way) == (uid, "text")
    rows = cases.entries(referral.id, world.agency.id)
    assert {cases.unseal(referral, row.note_sealed, cases.note_place(row)) for row, _ in rows} == {
        SPOKE.note,
        "Second telling",
    }
    elsewhere = picked_up(world)
    moved = run(world.liaison, case_commands.record_entry, elsewhere, uid, SPOKE)
    assert moved.uid != uid and moved.twin_of is None, "that another case has that uid is not said"
    assert run(world.liaison, case_commands.record_entry, elsewhere, uid, SPOKE).id == moved.id
    contact = referrals.safe_contact(referral.id)
    assert contact.confirmed_by_id == world.liaison.id and contact.unsafe_at is None
    # Moved to another row, or without its key, it does not open; the journal holds none of it.
    with pytest.raises(KeyMissing):
        cases.unseal(referral, rows[0][0].note_sealed, cases.note_place(rows[1][0]))
    assert not any("Plantedname" in str(row.details) for row in db.session.query(AuditEntry))


def test_what_is_said_of_the_way_stands_until_something_newer_is_said(app):
    world = a_world()
    referral = picked_up(world)
    run(world.liaison, case_commands.record_entry, referral, a_uid(), Entry("call", "unsafe", "no"))
    unsafe_at = referrals.safe_contact(referral.id).unsafe_at
    old = unsafe_at - dt.timedelta(hours=1)
    run(world.liaison, case_commands.record_entry, referral, a_uid(), SPOKE, at=old, from_phone=True)
    assert referrals.safe_contact(referral.id).unsafe_at == unsafe_at
    ahead = utc_now() + dt.timedelta(days=9)  # the clock of a phone
    late = run(world.liaison, case_commands.record_entry, referral, a_uid(), SPOKE, at=ahead, from_phone=True)
    assert late.at < ahead and referrals.safe_contact(referral.id).unsafe_at is None
    said = SafeWay("Ask at the bakery on King St after six, never by telephone", "no", "", "Anna from the library")
    run(world.liaison, case_commands.change_safe_way, referral, said)
    contact = referrals.safe_contact(referral.id)
    assert contact.unsafe_at is None and contact.confirmed_at > unsafe_at and contact.text == "no"
    assert referrals.open_safe_way(referral, contact) == said.way and cases.open_say(referral, contact) == said.say
    assert tags()[-1] == "referrals.safe_contact.change"
    with pytest.raises(Invalid):
        run(world.liaison, case_commands.change_safe_way, referral, SafeWay("", "perhaps", "", "x" * 201))


def test_nobody_but_its_liaisons_writes_and_nobody_before_pick_up_or_after_the_end(app):
    world = a_world()
    referral = a_referral(world)
    writes = (
        (case_commands.record_entry, a_uid(), SPOKE),
        (case_commands.change_item, a_uid(), 0, GOAL),
        (case_commands.change_safe_way, SafeWay("519 555 0100")),
        (case_commands.finish_follow_up, 7, "with_agency"),
        (close_commands.set_outcomes, ["work"]),
        (close_commands.close, 2, "closed", [], ""),
    )
    other = a_service(kind=ServiceKind.VICTIM_SERVICES)
    strangers = [
        a_user(Role.SERVICE_COORDINATOR, world.agency),  # the agency's own lead
        a_user(Role.SERVICE_COORDINATOR, world.police),
        a_user(Role.FIELD_OFFICER, world.police),
        a_user(Role.OPERATION_COORDINATOR),
        a_user(Role.ADMINISTRATOR),
        a_user(Role.LIAISON, other),
    ]
    for stranger in strangers:
        for command, *args in writes:
            with pytest.raises(NotAllowed):
                run(stranger, command, referral, *args)
    for command, *args in writes:
        with pytest.raises(Blocked):
            run(world.liaison, command, referral, *args)
    run(world.liaison, commands.pick_up, referral)
    run(world.liaison, close_commands.close, referral, 2, "withdrawn", [], "She moved away.", destroys=True)
    for command, *args in writes:
        with pytest.raises(Blocked):
            run(world.liaison, command, referral, *args)
    late = run(world.liaison, case_commands.record_entry, referral, a_uid(), SPOKE, from_phone=True)
    assert late.id and referrals.safe_contact(referral.id).confirmed_at is None
    assert close_commands.why_ended(referral, referrals.current(referral.id)) == "She moved away."


@pytest.mark.parametrize(
    ("said", "where"),
    [
        (Entry("pigeon", "spoke", "yes"), "way"),
        (Entry("call", "", "yes"), "result"),
        (Entry("call", "spoke", ""), "safe"),
        (Entry("call", "unsafe", "yes"), "safe"),
        (Entry("call", "no_answer", "", "x" * 4001), "note"),
        (Entry("call", "no_answer", "", "", dt.date(2001, 1, 1)), "next_on"),
        (Goal("somewhere", "x"), "area"),
        (Goal("housing", ""), "goal"),
        (Goal("housing", "x", "y" * 301), "step"),
        (Goal("housing", "x", due_on=dt.date(217, 1, 1)), "due_on"),
        (Goal("housing", "x", state="won"), "state"),
    ],
)
def test_what_cannot_be_stored_is_said_at_its_field(said, where):
    from outreach.referrals import case_rules

    today = dt.date(2026, 11, 22)
    found = case_rules.entry_findings(said, today) if isinstance(said, Entry) else case_rules.goal_findings(said)
    assert [finding.where for finding in found] == [where]


def test_not_wanted_needs_no_words_and_a_form_without_its_uid_is_refused(app):
    world = a_world()
    referral = picked_up(world)
    version = run(world.liaison, case_commands.change_item, referral, a_uid(), 0, Goal("school", state="not_wanted"))
    assert (version.version, version.state, version.goal_sealed) == (1, "not_wanted", None)
    with pytest.raises(Invalid):
        run(world.liaison, case_commands.change_item, referral, "not-a-uid", 0, GOAL)


def test_two_people_who_change_the_same_version_both_keep_what_they_wrote_until_one_is_chosen(app):
    world = a_world()
    second = a_user(Role.LIAISON, world.agency)
    referral, uid = picked_up(world), a_uid()
    run(world.liaison, case_commands.change_item, referral, uid, 0, GOAL)
    hers, his = Goal("housing", "Hers"), Goal("housing", "His")
    stored = run(world.liaison, case_commands.change_item, referral, uid, 1, hers)
    beside = run(second, case_commands.change_item, referral, uid, 1, his)
    assert (stored.version, beside.version, beside.rival, beside.base) == (2, 3, True, 1)
    assert run(second, case_commands.change_item, referral, uid, 1, his, from_phone=True).id == beside.id
    assert run(second, case_commands.change_item, referral, uid, 1, hers).id == stored.id
    assert words_of(referral, world) == ["Hers", "His"]
    item = cases.plan_item(uid)
    with pytest.raises(Changed):
        run(second, case_commands.keep_version, referral, item, 3, frozenset({1, 3}))
    run(second, case_commands.keep_version, referral, item, 3, frozenset({2, 3}))
    assert words_of(referral, world) == ["His"]
    history = cases.item_versions(item.id)
    assert [version.version for version, _ in history] == [3, 2, 1]
    assert [by for _, by in history] == [second.name, world.liaison.name, world.liaison.name]
    with pytest.raises(Changed):
        run(second, case_commands.keep_version, referral, item, 3, frozenset({3}))
    after = run(world.liaison, case_commands.change_item, referral, uid, 3, GOAL)
    assert not after.rival and tags().count("referrals.plan.settle") == 1
    with pytest.raises(NotFound):
        run(world.liaison, case_commands.change_item, picked_up(world), uid, 4, GOAL)


@pytest.mark.any_database
def test_of_two_changes_at_the_same_moment_none_is_lost(app):
    world = a_world()
    referral, uid = picked_up(world), a_uid()
    run(world.liaison, case_commands.change_item, referral, uid, 0, GOAL)
    people = [world.liaison.id, a_user(Role.LIAISON, world.agency).id]
    together, referral_id = threading.Barrier(2), referral.id
    db.session.rollback()

    def change(user_id):
        with app.app_context():
            user, its = db.session.get(User, user_id), db.session.get(Referral, referral_id)
            together.wait()
            run(user, case_commands.change_item, its, uid, 1, Goal("housing", f"By {user_id}"))
            db.session.remove()

    threads = [threading.Thread(target=change, args=(one,)) for one in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(words_of(db.session.get(Referral, referral_id), world)) == sorted(f"By {one}" for one in people)


def test_a_follow_up_is_recorded_once_on_its_day_and_counts(app):
    world = a_world()
    referral = picked_up(world)
    with pytest.raises(Invalid):
        run(world.liaison, case_commands.finish_follow_up, referral, 7, "with_agency")
    before = operations.by_id(world.operation.id).changes
    with time_machine.travel(utc_now() + dt.timedelta(days=7), tick=False):
        for days, result in ((7, "gone fishing"), (8, "with_agency"), (30, "with_agency")):
            with pytest.raises(Invalid):
                run(world.liaison, case_commands.finish_follow_up, referral, days, result)
        for _ in range(2):
            run(world.liaison, case_commands.finish_follow_up, referral, 7, "with_agency")
        with pytest.raises(Changed):
            run(world.liaison, case_commands.finish_follow_up, referral, 7, "not_with")
    assert [row.result for row in cases.follow_ups(referral.id)] == ["with_agency", "", ""]
    assert tags().count("referrals.follow_up.record") == 1
    assert operations.by_id(world.operation.id).changes == before + 1


def test_outcomes_stand_are_taken_back_and_the_end_keeps_them_and_destroys_the_way(app):
    world = a_world()
    referral = picked_up(world)
    run(world.liaison, close_commands.set_outcomes, referral, ["work", "school"])
    run(world.liaison, close_commands.set_outcomes, referral, ["work"])
    with pytest.raises(Invalid):
        run(world.liaison, close_commands.set_outcomes, referral, ["riches"])
    with pytest.raises(Invalid) as refused:
        run(world.liaison, close_commands.close, referral, 2, "closed", ["work", "safe_housing"], "Well housed.")
    assert [finding.where for finding in refused.value.findings] == ["destroys"]
    with pytest.raises(Invalid):
        run(world.liaison, close_commands.close, referral, 2, "reached", [], "", destroys=True)
    run(
        world.liaison,
        close_commands.close,
        referral,
        2,
        "closed",
        ["safe_housing", "work"],
        "Well housed.",
        destroys=True,
    )
    assert [row.outcome for row in cases.outcomes(referral.id, world.agency.id)] == ["work", "safe_housing"]
    version = referrals.current(referral.id)
    assert version.state == "closed" and "housed" not in str(version.details)
    assert close_commands.why_ended(referral, version) == "Well housed."
    assert referrals.safe_contact(referral.id).way_sealed is None
    assert cases.followed(reach_of(world.agency)) == [] == cases.dates_due(reach_of(world.agency))


def test_the_dates_of_a_case_are_of_its_agency_of_open_goals_and_of_the_last_entry(app):
    world = a_world()
    second = a_user(Role.LIAISON, world.agency)
    referral = picked_up(world)
    a_referral(world)  # waits: nobody follows it yet
    today = utc_now().date()
    for days in (3, 2):
        said = Entry("call", "no_answer", "", "", today + dt.timedelta(days=days))
        run(world.liaison, case_commands.record_entry, referral, a_uid(), said)
    run(world.liaison, case_commands.change_item, referral, a_uid(), 0, Goal("safety", "Lock"))
    run(world.liaison, case_commands.change_item, referral, a_uid(), 0, Goal("work", "Job", state="done", due_on=today))
    found = cases.dates_due(reach_of(world.agency), world.liaison.id)
    assert [(what, detail) for _, what, _, detail in found] == [
        ("follow_up", "7"),
        ("follow_up", "30"),
        ("follow_up", "90"),
        ("goal", "safety"),
        ("look_again", ""),
    ]
    assert found[-1][2] == today + dt.timedelta(days=2) and found[-2][2] is None
    assert cases.dates_due(reach_of(world.agency), second.id) == [] == cases.dates_due(reach_of(world.police))
    assert cases.followed(reach_of(world.agency)) == [(referral.id, world.agency.id, world.operation.id)]
    assert cases.count_followed(reach_of(world.agency), second.id) == 0
    assert db.session.query(CaseEntry).count() == 2 and db.session.query(PlanItemVersion).count() == 2
