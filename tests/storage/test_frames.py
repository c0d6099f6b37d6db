"""Frames hold what stood at the moment asked for, and nothing else."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import update

from outreach.rollup.cells import cells
from outreach.rollup.measures import measure
from outreach.rollup.totals import total
from outreach.storage import db, frames, writing
from outreach.storage.days import day_begins, day_number, operational_day, window_days
from outreach.storage.frames import facts_of
from outreach.storage.queries import referrals
from outreach.storage.tables import (
    ContactVersion,
    FollowUp,
    Meeting,
    Operation,
    OperationStep,
    ParticipationVersion,
    ReferralOutcome,
    ReferralVersion,
    TeamMember,
    TeamVersion,
)
from outreach.storage.types import utc_now
from outreach.vocab import CellState, EntryMode, OperationStatus, ParticipationStatus, Role, ServiceKind
from tests import factories as site
from tests.report import factories as facts

TORONTO = "America/Toronto"


@pytest.mark.any_database
def test_a_meeting_becomes_one_row_with_one_age_one_gender_and_seconds(app):
    operation = site.an_operation()
    part = site.a_participation(operation)
    facts.a_contact(
        part,
        {
            "age_believed": "19_24",
            "age_said": "25_34",
            "gender_believed": "woman_girl",
            "answer": "accepted",
            "made_safe": True,
        },
        day=2,
    )
    frame = facts_of(operation.id).meetings
    row = frame.iloc[0]
    assert len(frame) == 1
    assert (row["age"], row["age_rank"], row["gender"], row["answer"]) == ("25_34", 2, "woman_girl", "accepted")
    assert row["made_safe"] and row["place_kind"] == "hotel" and row["team"] == -1
    assert row["at"] == int(facts.evening(2).timestamp())
    assert row["day"] == day_number(dt.date(2017, 10, 12))


@pytest.mark.any_database
def test_ages_on_both_sides_of_18_hand_over_the_band_under_18(app):
    part = site.a_participation(site.an_operation())
    facts.a_contact(part, {"age_believed": "16_17", "age_confirmed": "25_34"})
    row = facts_of(part.operation_id).meetings.iloc[0]
    assert (row["age"], row["age_rank"]) == ("16_17", 1)


@pytest.mark.any_database
def test_a_withdrawn_contact_is_gone_now_and_still_there_before(app):
    part = site.a_participation(site.an_operation())
    contact = facts.a_contact(part, {}, kits=2)
    before = utc_now()
    facts.withdraw(contact)
    assert facts_of(part.operation_id).contacts.empty and facts_of(part.operation_id).meetings.empty
    then = facts_of(part.operation_id, before)
    assert len(then.contacts) == 1 and then.contacts["kits"].tolist() == [2] and len(then.meetings) == 1


@pytest.mark.any_database
def test_a_moment_before_a_fact_was_recorded_does_not_know_it(app):
    part = site.a_participation(site.an_operation())
    before = utc_now()
    facts.a_contact(part, {})
    facts.a_tally(part, "charges", 3, 0)
    facts.an_accused(part)
    then, now = facts_of(part.operation_id, before), facts_of(part.operation_id)
    assert then.meetings.empty and then.tallies.empty and then.accused.empty and then.charges.empty
    assert [len(now.meetings), len(now.tallies), len(now.accused), len(now.charges)] == [1, 1, 1, 1]


@pytest.mark.any_database
def test_the_last_day_of_a_calendar_many_persons_and_the_last_of_every_list_are_read_as_they_are(app):
    part = site.a_participation(site.an_operation())
    last = {"age_confirmed": "45_over", "gender_said": "self_described", "answer": "not_known", "made_safe": True}
    contact = facts.a_contact(part, *({} for _ in range(99)), last, kits=7)
    ends = dt.date(9999, 12, 31)
    with writing():
        for version in (ContactVersion, Meeting):
            db.session.execute(update(version).where(version.contact_id == contact.id).values(day=ends))
    found = facts_of(part.operation_id)
    row, contact_row = found.meetings.iloc[-1], found.contacts.iloc[0]
    assert (row["age"], row["gender"], row["answer"], row["made_safe"]) == (*list(last.values())[:3], True)
    assert row["day"] == contact_row["day"] == day_number(ends) and contact_row["kits"] == 7
    assert (row["service"], row["team"], contact_row["team"]) == (part.service_id, -1, -1)


@pytest.mark.parametrize("as_of", [None, utc_now() + dt.timedelta(days=1)])
def test_a_table_read_from_end_to_end_gives_the_rows_of_the_index(app, monkeypatch, as_of):
    operation, other = site.an_operation(), site.an_operation()
    for part in (site.a_participation(operation), site.a_participation(other), site.a_participation(operation)):
        for day in (2, 0, 1):
            facts.a_contact(part, {}, {"age_said": "18"}, day=day)
    read = {}
    for share in (0, 10**9):
        monkeypatch.setattr(frames, "_SHARE", share)
        found = facts_of(operation.id, as_of)
        read[share] = [
            frame.sort_values(["contact", *more]).astype(object).to_numpy().tolist()
            for frame, more in ((found.meetings, ["person"]), (found.contacts, []))
        ]
    assert read[0] == read[10**9] and [len(rows) for rows in read[0]] == [12, 6]


@pytest.mark.any_database
def test_merged_persons_are_one_person_in_the_whole_tree(app):
    parent = site.an_operation()
    child = site.an_operation(parent=parent)
    part = site.a_participation(child)
    with writing():
        one, other, third = (facts.a_person(child) for _ in range(3))
    facts.a_contact(part, {"person": one}, {"person": other}, {"person": third})
    facts.merge(child, third, other)
    facts.merge(parent, other, one)
    assert set(facts_of(parent.id).meetings["person"]) == {one.id}
    assert set(facts_of(child.id).meetings["person"]) == {one.id}


def test_charges_count_only_with_an_accused_that_stands(app):
    part = site.a_participation(site.an_operation())
    facts.an_accused(part, counts=(2, 3))
    facts.an_accused(part, counts=(4,), withdrawn=True)
    found = facts_of(part.operation_id)
    assert found.charges["count"].tolist() == [2, 3] and found.charges["label"].tolist() == ["Luring", "Luring"]
    assert len(found.accused) == 1 and found.accused["arrested"].all()


@pytest.mark.any_database
def test_tallies_keep_the_difference_between_zero_declined_and_the_whole_window(app):
    part = site.a_participation(site.an_operation(), entry_mode=EntryMode.DAILY_TOTALS)
    facts.a_tally(part, "contacts", 0, 0)
    facts.a_tally(part, "contacts", None, 1)
    facts.a_tally(part, "personnel", 7, None, "police")
    rows = facts_of(part.operation_id).tallies[["measure", "day", "part", "state", "value"]].values.tolist()
    first = day_number(facts.FIRST)
    assert rows == [
        ["contacts", first, "", "zero", 0],
        ["contacts", first + 1, "", "declined", -1],
        ["personnel", -1, "police", "number", 7],
    ]


@pytest.mark.any_database
def test_a_place_chosen_above_takes_the_figure_away_from_the_child(app):
    parent = site.an_operation()
    child = site.an_operation(parent=parent)
    service = site.a_service()
    site.a_participation(child, service)
    site.a_participation(parent, service, counted_in={"personnel": parent.id, "contacts": child.id})
    places = facts_of(child.id).places
    assert dict(zip(places["measure"], places["operation"], strict=True)) == {
        "personnel": parent.id,
        "contacts": child.id,
    }


@pytest.mark.any_database
def test_members_of_a_team_are_deployed_once_the_operation_is_active(app):
    operation = site.an_operation(status=OperationStatus.PLANNED)
    part = site.a_participation(operation)
    officers = [site.a_user(Role.FIELD_OFFICER) for _ in range(2)]
    team = site.a_team(part, *officers)
    twice = site.a_team(part)
    with writing():
        staff = db.session.query(TeamMember.staff_id).filter_by(team_id=team.id).first()[0]
        db.session.add(TeamMember(team_id=twice.id, staff_id=staff, category="support", recorded_at=utc_now()))
    assert facts_of(operation.id).deployed.empty
    before = utc_now()
    with writing():
        now = utc_now()
        db.session.add(OperationStep(operation_id=operation.id, from_status="planned", to_status="active", at=now))
        db.session.query(Operation).filter_by(id=operation.id).update({"status": "active"})
    deployed = facts_of(operation.id).deployed
    assert len(deployed) == 2 and set(deployed["service"]) == {part.service_id}
    assert facts_of(operation.id, before).deployed.empty


def test_nobody_of_a_cancelled_team_or_an_unconfirmed_service_is_deployed(app):
    operation = site.an_operation()
    invited = site.a_participation(operation, status=ParticipationStatus.INVITED)
    site.a_team(invited, site.a_user())
    cancelled = site.a_team(site.a_participation(operation), site.a_user())
    with writing():
        version = db.session.query(TeamVersion).filter_by(team_id=cancelled.id).one()
        version.cancelled = True
    assert facts_of(operation.id).deployed.empty


def test_a_partner_without_a_team_of_its_own_is_joint_with_the_lead(app):
    operation = site.an_operation()
    lead, partner = site.a_participation(operation), site.a_participation(operation)
    site.a_team(lead, partners=(partner.service_id,))
    joint = facts_of(operation.id).joint
    assert joint[["service", "lead"]].values.tolist() == [[partner.service_id, lead.service_id]]
    site.a_team(partner)
    assert facts_of(operation.id).joint.empty


@pytest.mark.any_database
def test_a_referral_keeps_every_state_of_its_history_also_when_it_is_withdrawn_in_hand(app):
    operation, service, agency = site.an_operation(), site.a_service(), site.a_service(kind=ServiceKind.ADVOCACY)
    moments = [utc_now()]
    with writing():
        at = utc_now()
        referral = referrals.add_referral(
            operation.id, service.id, None, None, facts.FIRST, at, agency.id, ["health"], False, "here", "", None, at
        )
    for number, state in enumerate(("received", "engaged", "withdrawn"), start=2):
        moments.append(utc_now())
        with writing():
            now = utc_now()
            referrals.supersede(referrals.current(referral.id), now)
            referrals.add_version(
                ReferralVersion(
                    referral_id=referral.id, version=number, state=state, agency_id=agency.id, recorded_at=now
                )
            )
    moments.append(utc_now())
    seen = [facts_of(operation.id, at).referrals for at in moments]
    assert [len(frame) for frame in seen] == [0, 1, 1, 1, 1]
    steps = ["made", "received", "reached", "engaged"]
    assert [frame[steps].iloc[0].tolist() for frame in seen[1:]] == [
        [True, False, False, False],
        [True, True, False, False],
        [True, True, False, True],
        [True, True, False, True],
    ]
    assert (seen[1]["person"].iloc[0], seen[1]["agency"].iloc[0]) == (-referral.id, agency.id)


def test_an_operation_that_did_not_exist_yet_knows_nothing_rather_than_zero(app):
    part = site.a_participation(site.an_operation())
    then = facts_of(part.operation_id, dt.datetime(2017, 10, 12, tzinfo=dt.UTC))
    assert total(then, measure("services")).value is None
    assert total(facts_of(part.operation_id), measure("services")).value == 1


def test_only_operations_under_the_one_asked_for_are_read(app):
    parent = site.an_operation()
    children = [site.an_operation(parent=parent) for _ in range(2)]
    for child in children:
        facts.a_contact(site.a_participation(child, site.a_service(kind=ServiceKind.ADVOCACY)), {})
    assert len(facts_of(parent.id).meetings) == 2 and len(facts_of(parent.id).operations) == 3
    assert len(facts_of(children[0].id).meetings) == 1 and len(facts_of(children[0].id).operations) == 1


def test_a_participation_that_was_changed_shows_its_version_of_then(app):
    part = site.a_participation(site.an_operation(), status=ParticipationStatus.INVITED)
    before = utc_now()
    with writing():
        now = utc_now()
        db.session.query(ParticipationVersion).filter_by(participation_id=part.id).update({"superseded_at": now})
        db.session.add(
            ParticipationVersion(
                participation_id=part.id, version=2, status="confirmed", entry_mode="contacts", recorded_at=now
            )
        )
    assert facts_of(part.operation_id, before).participations["status"].tolist() == ["invited"]
    assert facts_of(part.operation_id).participations["status"].tolist() == ["confirmed"]


def test_a_contact_after_midnight_belongs_to_the_evening_before():
    night = dt.datetime(2017, 10, 11, 5, 30, tzinfo=dt.UTC)
    assert operational_day(night, TORONTO, 360) == dt.date(2017, 10, 10)
    assert operational_day(night + dt.timedelta(hours=5), TORONTO, 360) == dt.date(2017, 10, 11)
    assert day_begins(dt.date(2017, 10, 11), TORONTO, 360) == dt.datetime(2017, 10, 11, 10, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("starts", "ends", "days"),
    [
        ((10, 4), (17, 4), (10, 16)),  # midnight to midnight in Toronto
        ((10, 10), (17, 10), (10, 16)),  # from six to six
        ((10, 22), (17, 7), (10, 16)),  # evening to the small hours
    ],
)
def test_a_window_has_the_days_that_people_would_name(starts, ends, days):
    at = [dt.datetime(2017, 10, day, hour, tzinfo=dt.UTC) for day, hour in (starts, ends)]
    assert window_days(*at, TORONTO, 360) == tuple(dt.date(2017, 10, day) for day in days)
    assert window_days(at[0], None, TORONTO, 360) == (None, None)


def test_an_operation_that_is_still_being_planned_owes_nothing_yet_and_did_not_then(app):
    """Its window has long begun; as of a moment before it was opened nothing was due, afterwards it is overdue."""
    operation = site.an_operation(status=OperationStatus.PLANNED)
    site.a_participation(operation)
    states = {cell.state for cell in cells(facts_of(operation.id), measure("persons_met"))}
    assert states == {CellState.LATER}
    opened = utc_now()
    with writing():
        db.session.add(OperationStep(operation_id=operation.id, from_status="planned", to_status="active", at=opened))
        operation.status = "active"
    states = {cell.state for cell in cells(facts_of(operation.id), measure("persons_met"))}
    assert states == {CellState.OVERDUE}
    before = facts_of(operation.id, opened - dt.timedelta(microseconds=1))
    assert {cell.state for cell in cells(before, measure("persons_met"))} == {CellState.LATER}


def _a_referral(operation, service, agency, **columns):
    """A police referral made three hours ago; the columns are those of the referral."""
    with writing():
        now = utc_now()
        made = now - dt.timedelta(hours=3)
        referral = referrals.add_referral(
            operation.id, service.id, None, None, facts.FIRST, made, agency.id, [], False, "here", "", None, now
        )
        for name, value in columns.items():
            setattr(referral, name, value)
    return referral


def test_follow_ups_outcomes_and_waits_are_those_recorded_by_the_moment_asked_for(app):
    operation, service, agency = site.an_operation(), site.a_service(), site.a_service(kind=ServiceKind.ADVOCACY)
    first, second = (_a_referral(operation, service, agency) for _ in range(2))
    moments = [utc_now()]

    def step(*rows):
        with writing():
            db.session.add_all(rows)
        moments.append(utc_now())

    now = utc_now()
    with writing():
        referrals.supersede(referrals.current(first.id), now)
        referrals.add_version(
            ReferralVersion(referral_id=first.id, version=2, state="received", agency_id=agency.id, recorded_at=now)
        )
    today = now.date()
    after = [
        FollowUp(referral_id=first.id, agency_id=agency.id, days=days, due_on=today + dt.timedelta(days=away),
                 recorded_at=utc_now())
        for days, away in ((7, -3), (30, 20), (90, 80))
    ]  # fmt: skip
    step(*after)
    with writing():
        after[0].result, after[0].done_at = "with_agency", utc_now()
        after[1].result, after[1].done_at = "not_with", utc_now()
    moments.append(utc_now())
    school, work = (
        ReferralOutcome(referral_id=one.id, agency_id=agency.id, outcome=code, day=today, recorded_at=utc_now())
        for one, code in ((first, "school"), (second, "work"))
    )
    twice = ReferralOutcome(
        referral_id=first.id, agency_id=agency.id, outcome="school", day=today, recorded_at=utc_now()
    )
    step(school, twice, work)
    with writing():
        work.withdrawn_at = utc_now()
    moments.append(utc_now())
    seen = [facts_of(operation.id, at) for at in moments]
    assert seen[0].referrals["waited"].tolist() == [-1, -1]
    assert [at.referrals["waited"].tolist() for at in seen[1:]] == [[180, -1]] * 4
    columns = ["due_7", "engaged_7", "due_30", "engaged_30", "due_90"]
    assert [at.referrals[columns].iloc[0].tolist() for at in seen[:3]] == [
        [False] * 5,
        [True, False, False, False, False],
        [True, True, True, False, False],
    ]
    assert not any(at.referrals[columns].iloc[1].any() for at in seen)
    assert [at.outcomes["outcome"].tolist() for at in seen] == [[], [], [], ["school", "work"], ["school"]]
    now_frame = facts_of(operation.id).referrals
    assert now_frame.equals(seen[-1].referrals)


def test_a_direct_referral_is_no_referral_of_the_police(app):
    operation, service, agency = site.an_operation(), site.a_service(), site.a_service(kind=ServiceKind.ADVOCACY)
    _a_referral(operation, service, agency)
    direct = _a_referral(operation, agency, agency, origin="direct")
    _a_referral(operation, agency, agency, origin="direct", operation_id=None)
    with writing():
        db.session.add(
            ReferralOutcome(
                referral_id=direct.id, agency_id=agency.id, outcome="work", day=facts.FIRST, recorded_at=utc_now()
            )
        )
    found = facts_of(operation.id)
    assert (len(found.referrals), found.direct["referral"].tolist(), len(found.outcomes)) == (1, [direct.id], 0)
    assert total(found, measure("referrals_made")).value == total(found, measure("referrals_direct")).value == 1
