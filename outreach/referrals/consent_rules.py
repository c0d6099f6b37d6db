"""Plain rules of agreements: what may be offered, when one can have ended, what withdrawing it does to the referral."""

from __future__ import annotations

import datetime as dt

from outreach.vocab import Consent, ReferralState, SharedFact

OFFERED = (SharedFact.AGE_BAND, SharedFact.GENDER, SharedFact.NEEDS)
"""Facts that go along only if the person agrees. What to call her and how to reach her go with every referral."""

EVERY = tuple(fact.value for fact in SharedFact)
"""What *to share what was said* on the check card stands for."""

STAYS, ENDS, LEAVES = "stays", "ends", "leaves"


def effect(kind: str, state: str, *, still_covered: bool) -> str:
    """What withdrawing does: ``ends`` the referral, it ``leaves`` its agency, or it ``stays`` and the agency is told.

    Only what nobody has picked up can still be stopped. ``still_covered``: another agreement names the agency.
    """
    if state != ReferralState.MADE:
        return STAYS
    if kind == Consent.REFER:
        return ENDS
    return LEAVES if kind == Consent.AGENCY and not still_covered else STAYS


def can_have_ended(at: dt.datetime, given_at: dt.datetime, now: dt.datetime) -> bool:
    """Whether an agreement of then can have ended at that minute: not before it was given, not in time to come."""
    return given_at.replace(second=0, microsecond=0) <= at <= now


def facts_chosen(ticked: list[str]) -> tuple[str, ...]:
    """The facts of a form that are facts, in the order of the list."""
    return tuple(fact.value for fact in OFFERED if fact.value in ticked)
