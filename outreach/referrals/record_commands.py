"""One time in touch with everything that it settles: the entry, a follow-up, and that the person is reached."""

from __future__ import annotations

from outreach.auth.actors import Actor
from outreach.storage.tables import Referral
from outreach.vocab import CaseResult, FollowUpResult, ReferralState

from . import case_commands, commands
from .case_rules import Entry

_NEXT = {(ReferralState.RECEIVED, ReferralState.REACHED), (ReferralState.REACHED, ReferralState.ENGAGED)}


def record(
    actor: Actor,
    referral: Referral,
    uid: str,
    said: Entry,
    *,
    follow_up: tuple[int, str] | None = None,
    reached: bool = False,
) -> None:
    """Record the entry; with ``follow_up`` ``(days, result)`` that too; ``reached`` counts once they spoke together.

    Who is with the agency at a follow-up has been reached and works with it: the steps that say so are taken too.
    All of it or nothing. Sent twice it is stored once. Raises as the three commands do.
    """
    case_commands.record_entry(actor, referral, uid, said)
    if follow_up is not None:
        case_commands.finish_follow_up(actor, referral, *follow_up)
    if follow_up is not None and follow_up[1] == FollowUpResult.WITH_AGENCY:
        steps = (ReferralState.REACHED, ReferralState.ENGAGED)
    else:
        steps = (ReferralState.REACHED,) if reached and said.result == CaseResult.SPOKE else ()
    for step in steps:
        _, version = case_commands.agency_in_hand(actor, referral)
        if (version.state, step) in _NEXT:
            commands.move(actor, referral, version.version, step.value)
