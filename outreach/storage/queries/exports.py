"""What a file of an agency's cases needs of many referrals at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from sqlalchemy import func, select

from outreach.vocab import ReferralState

from ..engine import db
from ..tables import ReferralOutcome, ReferralVersion


def picked_up(agency_ids: Collection[int]) -> dict[tuple[int, int], dt.datetime]:
    """``(referral, agency)`` → when a liaison of the agency first picked it up."""
    query = (
        select(ReferralVersion.referral_id, ReferralVersion.agency_id, func.min(ReferralVersion.recorded_at))
        .where(
            ReferralVersion.agency_id.in_(sorted(agency_ids)),
            ReferralVersion.state == ReferralState.RECEIVED.value,
        )
        .group_by(ReferralVersion.referral_id, ReferralVersion.agency_id)
    )
    return {(referral, agency): at for referral, agency, at in db.session.execute(query)}


def outcomes(agency_ids: Collection[int]) -> dict[tuple[int, int], list[str]]:
    """``(referral, agency)`` → codes of the outcomes that stand, in the order in which they were recorded."""
    query = (
        select(ReferralOutcome.referral_id, ReferralOutcome.agency_id, ReferralOutcome.outcome)
        .where(ReferralOutcome.agency_id.in_(sorted(agency_ids)), ReferralOutcome.withdrawn_at.is_(None))
        .order_by(ReferralOutcome.id)
    )
    found: dict[tuple[int, int], list[str]] = {}
    for referral, agency, outcome in db.session.execute(query):
        found.setdefault((referral, agency), []).append(outcome)
    return found
