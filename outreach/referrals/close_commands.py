"""What a person has reached, and the end of a referral with it."""

from __future__ import annotations

import base64
from collections.abc import Iterable

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.errors import N_, Invalid, KeyMissing
from outreach.storage.queries import cases, lists, operations, referrals
from outreach.storage.tables import Referral, ReferralOutcome, ReferralVersion
from outreach.storage.types import utc_now

from . import case_commands, case_rules, commands, rules

WHY = "why_sealed"


def set_outcomes(actor: Actor, referral: Referral, codes: Iterable[str]) -> None:
    """Exactly ``codes`` of the list of outcomes stand; what stood and is not among them is taken back, not deleted.

    Raises ``NotAllowed``, ``Blocked`` when it is over or not picked up, ``Invalid`` at ``outcomes``.
    """
    agency, _ = case_commands.agency_in_hand(actor, referral)
    wanted = set(codes)
    standing = {row.outcome: row for row in cases.outcomes(referral.id, agency)}
    if not wanted <= {code for code, _ in lists.choices("outcomes", "en")} | set(standing):
        raise Invalid.at("outcomes", N_("Choose from the outcomes in the list."))
    if wanted == set(standing):
        return
    now = utc_now()
    for code in sorted(set(standing) - wanted):
        standing[code].withdrawn_at = now
    day = case_rules.local_day(now, case_commands.zone_of(agency, referral.operation_id))
    for code in sorted(wanted - set(standing)):
        cases.add(
            ReferralOutcome(
                referral_id=referral.id,
                agency_id=agency,
                outcome=code,
                day=day,
                recorded_at=now,
                recorded_by_id=actor.user,
            )
        )
    if referral.operation_id is not None:
        operations.note_change(referral.operation_id)
    audit.record(
        actor,
        Tag.OUTCOMES_CHANGED,
        kind="referral",
        object_id=referral.uid,
        operation=referral.operation_id,
        service=referral.service_id,
    )


def close(
    actor: Actor, referral: Referral, seen: int, to: str, codes: Iterable[str], why: str, *, destroys: bool = False
) -> None:
    """End the referral in state ``to`` with its outcomes and why, in words that only the agency reads.

    Raises as ``commands.move``, and ``Invalid`` at ``state``, ``why`` or ``outcomes``.
    """
    _, version = case_commands.agency_in_hand(actor, referral)
    if to not in rules.next_states(version.state) or not rules.ends(to):
        raise Invalid.at("state", N_("Choose how it ended."))
    if len(why) > case_rules.WHY_LETTERS:
        raise Invalid.at("why", N_("Shorten it to %(most)s letters."), most=case_rules.WHY_LETTERS)
    set_outcomes(actor, referral, codes)
    commands.move(actor, referral, seen, to, destroys=destroys)
    last = referrals.current(referral.id)
    sealed = cases.seal(referral, why, cases.why_place(referral, last.agency_id))
    if sealed is not None:
        last.details = {**last.details, WHY: base64.b64encode(sealed).decode()}


def why_ended(referral: Referral, version: ReferralVersion) -> str | None:
    """Why it ended; '' when nobody said, None where the key that opens it is gone. The caller has asked the permission
    table and journals the read."""
    sealed = version.details.get(WHY)
    if not sealed:
        return ""
    try:
        return cases.unseal(referral, base64.b64decode(sealed), cases.why_place(referral, version.agency_id))
    except KeyMissing:
        return None
