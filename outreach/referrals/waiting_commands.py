"""Writes of who owns a referral: handing over, taking over, giving back, giving to an agency, how long one may wait.

Steps of the person's own way are in ``commands``. Where another agency comes in, what the person agreed to decides
whether the safe way to reach her goes along; what does not go along is destroyed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import N_, Changed, Invalid, NotAllowed
from outreach.storage.queries import access, operations, referrals
from outreach.storage.queries import referral_waits as rows
from outreach.storage.tables import Operation, Referral, ReferralVersion
from outreach.storage.types import utc_now
from outreach.vocab import HandedOver, NotTaken, ReferralState

from . import alert_rules, rules
from .alert_commands import Site
from .alert_rules import Standing
from .commands import Facts, follow, journal, receive

Chosen = tuple[Referral, int]
"""A referral, and the version of it that the page showed."""


# --- between liaisons of one agency -----------------------------------------------------------------------------------


def hand_over(actor: Actor, chosen: Sequence[Chosen], liaison: int | None, why: str) -> int:
    """Give the referrals to another liaison of their agency: all of them or none; how many.

    A liaison hands over what is in her hands or in nobody's any more; the lead also what waits. Raises ``NotAllowed``,
    ``Changed``, ``Invalid`` at ``referral``, ``liaison`` and ``why``.
    """
    if not chosen:
        raise Invalid.at("referral", N_("Tick the referrals first."))
    if why not in HandedOver.values():
        raise Invalid.at("why", N_("Choose why you hand it over."))
    now = utc_now()
    for referral, seen in chosen:
        version = _unchanged(referral, seen)
        if not may_hand_over(actor, referral, version):
            raise NotAllowed()
        site = Site(now, frozenset() if version.agency_id is None else frozenset({version.agency_id}))
        if liaison not in {one.user for one in site.liaisons(version.agency_id, referral.operation_id)}:
            raise Invalid.at("liaison", N_("Choose a liaison of this agency whose account works."))
        if liaison != version.liaison_id:
            details = {"handed_over_by": actor.user, "why": why}
            _pass_on(actor, referral, version, now, Tag.REFERRAL_HANDED_OVER, liaison_id=liaison, details=details)
    return len(chosen)


def may_hand_over(actor: Actor, referral: Referral, version: ReferralVersion) -> bool:
    """Whether the actor may give it to another liaison of its agency."""
    target = referrals.target_of(referral, version)
    if rules.ends(version.state) or version.agency_id is None:
        return False
    if may(actor, "referral.lead", target):
        return True
    mine = version.liaison_id == actor.user or is_left(referral, version)
    return version.state != ReferralState.MADE and mine and may(actor, "referral.hand_over", target)


def take_over(actor: Actor, referral: Referral, seen: int) -> None:
    """Go on with what was left by an account that ended. Raises ``NotAllowed``, ``Changed``."""
    version = referrals.current(referral.id)
    if not may(actor, "referral.change", referrals.target_of(referral, version)):
        raise NotAllowed()
    if version.liaison_id == actor.user and not rules.ends(version.state):
        return
    if version.version != seen or not is_left(referral, version):
        raise Changed()
    details = {"handed_over_by": actor.user, "why": HandedOver.LEFT.value}
    _pass_on(actor, referral, version, utc_now(), Tag.REFERRAL_HANDED_OVER, liaison_id=actor.user, details=details)


def _pass_on(
    actor: Actor,
    referral: Referral,
    version: ReferralVersion,
    now: dt.datetime,
    tag: Tag,
    *,
    liaison_id: int | None,
    details: dict[str, object],
) -> None:
    if version.state == ReferralState.MADE:
        done = receive(actor, referral, version, now, tag=tag, liaison_id=liaison_id, details=details)
    else:
        state = ReferralState(version.state)
        done = follow(actor, referral, version, state, now, tag=tag, liaison_id=liaison_id, details=details)
    if not done:
        raise Changed()


def is_left(referral: Referral, version: ReferralVersion) -> bool:
    """Whether who picked it up cannot go on with it."""
    return alert_rules.is_left(_standing(referral, version))


def is_unowned(referral: Referral, version: ReferralVersion) -> bool:
    """Whether nobody owns it."""
    return alert_rules.unowned(_standing(referral, version))


def _standing(referral: Referral, version: ReferralVersion) -> Standing:
    site = Site(utc_now(), None if version.agency_id is None else frozenset({version.agency_id}))
    return site.standing(
        rows.Wait(
            referral.id,
            version.id,
            referral.uid,
            referral.operation_id,
            version.agency_id,
            version.liaison_id,
            version.state,
            version.urgent,
            version.owed_at or version.recorded_at,
        )
    )


# --- back, and to another agency --------------------------------------------------------------------------------------


def give_back(actor: Actor, referral: Referral, seen: int, why: str) -> ReferralState:
    """The agency does not take it: nobody owns it, and the coordinators are told at once. Gives the state that follows.

    Of a person who no longer agrees to be referred nothing waits any more: then it ends as withdrawn. Raises
    ``NotAllowed``, ``Changed``, ``Invalid`` at ``why``.
    """
    version = referrals.current(referral.id)
    if not may_give_back(actor, referral, version):
        raise NotAllowed()
    if version.version != seen:
        raise Changed()
    if why not in NotTaken.values():
        raise Invalid.at("why", N_("Choose why you give it back."))
    now = utc_now()
    stands = not rows.agreement_ended(referral.id)
    state = ReferralState.MADE if stands else ReferralState.WITHDRAWN
    after: Facts = {"details": {"given_back_by": version.agency_id, "why": why}, "owed_at": now}
    if stands:
        after |= {"agency_id": None, "liaison_id": None}
    if not follow(actor, referral, version, state, now, tag=Tag.REFERRAL_GIVEN_BACK, **after):
        raise Changed()
    gone = referrals.let_go_of_safe_way(referral, now) if stands else referrals.destroy_safe_way(referral.id, now)
    _note_destroyed(actor, referral, gone)
    return state


def may_give_back(actor: Actor, referral: Referral, version: ReferralVersion) -> bool:
    """Whoever could take it, holds it or leads the agency."""
    target = referrals.target_of(referral, version)
    if not rules.can_be_given_back(version.state) or version.agency_id is None:
        return False
    if may(actor, "referral.lead", target):
        return True
    mine = version.state == ReferralState.MADE or version.liaison_id == actor.user or is_left(referral, version)
    return mine and may(actor, "referral.give_back", target)


def assign(actor: Actor, referral: Referral, seen: int, agency: int | None) -> None:
    """Give what nobody owns to an agency, which is to pick it up.

    Raises ``NotAllowed``, ``Changed`` when somebody owns it by now, ``Invalid`` at ``agency``.
    """
    version = referrals.current(referral.id)
    if not may(actor, "referral.assign", referrals.target_of(referral, version)):
        raise NotAllowed()
    if version.version != seen or not is_unowned(referral, version):
        raise Changed(N_("Somebody has taken care of this referral meanwhile."), N_("Nothing is left to do here."))
    if agency is None or agency == version.agency_id or agency not in rows.agencies_of(referral.operation_id):
        raise Invalid.at("agency", N_("Choose another support agency of this operation."))
    if rows.agreement_ended(referral.id):
        raise Invalid.at("agency", N_("The person no longer agrees to be referred: it can go to nobody."))
    now = utc_now()
    after: Facts = {"agency_id": agency, "liaison_id": None, "owed_at": now, "details": {}}
    if not follow(actor, referral, version, ReferralState.MADE, now, tag=Tag.REFERRAL_ASSIGNED, **after):
        raise Changed()
    _note_destroyed(actor, referral, referrals.hand_on_safe_way(referral, agency, now))


def _note_destroyed(actor: Actor, referral: Referral, destroyed: bool) -> None:
    if destroyed:
        journal(actor, Tag.SAFE_CONTACT_DESTROYED, referral)


def _unchanged(referral: Referral, seen: int) -> ReferralVersion:
    version = referrals.current(referral.id)
    if version.version != seen:
        raise Changed()
    return version


# --- how long one may wait --------------------------------------------------------------------------------------------


def set_limits(actor: Actor, operation: Operation, urgent: str, other: str, why: str) -> bool:
    """How long referrals of the operation may wait, in hours as typed; whether anything changed.

    Raises ``NotAllowed``; ``Invalid`` at ``urgent_hours``, ``hours``, ``why``.
    """
    if not may(actor, "referrals.limits", access.operation_target(operation)):
        raise NotAllowed()
    limits, reason = alert_rules.read_limits(urgent, other, why)
    minutes = tuple(int(one.total_seconds() // 60) for one in (limits.urgent, limits.other))
    before = (operation.urgent_limit_minutes, operation.limit_minutes)
    if minutes == before:
        return False
    operation.urgent_limit_minutes, operation.limit_minutes = minutes
    operations.note_change(operation.id)
    audit.record(
        actor,
        Tag.OPERATION_CHANGED,
        kind="operation",
        object_id=operation.code,
        operation=operation.id,
        fields=["urgent_limit_minutes", "limit_minutes"],
        before=list(before),
        after=list(minutes),
        reason=reason,
    )
    return True
