"""Entries, plan and follow-ups of a case: refused, done, in the journal; the words open with its key alone."""

import datetime as dt

import time_machine

from outreach.referrals import case_commands, commands
from outreach.storage import db, writing
from outreach.storage.queries import access, cases
from outreach.storage.tables import AgencyProfile
from tests.referrals.factories import a_referral, a_world


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
