"""Writes of a case: entries, plan, follow-ups, the safe way as the liaison learns it. Ending: ``close_commands``."""

from __future__ import annotations

import datetime as dt

from outreach.plan.operation_rules import DEFAULT_ZONE
from outreach.storage.queries import cases, referrals
from outreach.storage.tables import Referral

from . import case_rules


def zone_of(agency_id: int | None, operation_id: int | None) -> str:
    """The zone in which days of a case are counted; the site's where neither agency nor operation says one."""
    return cases.zone_of(agency_id, operation_id) or DEFAULT_ZONE


def schedule(referral: Referral, now: dt.datetime) -> None:
    """Follow-ups 7, 30 and 90 days after ``now``, for whoever has just picked it up. Checks nothing.

    What another agency has not done before it gave the referral back falls to the new one, counted anew; what was done
    stays.
    """
    agency = referrals.current(referral.id).agency_id
    if agency is None:
        return
    there = {row.days: row for row in cases.follow_ups(referral.id)}
    for days, due_on in case_rules.follow_up_days(now, zone_of(agency, referral.operation_id)):
        row = there.get(days)
        if row is None:
            cases.add_follow_up(referral.id, agency, days, due_on, now)
        elif not row.result:
            row.agency_id, row.due_on, row.recorded_at = agency, due_on, now
