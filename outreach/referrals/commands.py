"""Writes of a referral: pick up, move on, end. Ending destroys the safe way to reach in the same transaction."""

from __future__ import annotations

import datetime as dt
from typing import Any, TypedDict, Unpack
from zoneinfo import ZoneInfo

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import N_, Changed, Invalid, NotAllowed
from outreach.storage.queries import operations, referrals
from outreach.storage.tables import Referral, ReferralVersion
from outreach.storage.types import utc_now
from outreach.vocab import ReferralState

from . import case_commands, rules


class Facts(TypedDict, total=False):
    """What the versions of a referral say beside its state; see ``ReferralVersion``."""

    agency_id: int | None
    liaison_id: int | None
    needs: list[str]
    urgent: bool
    reach_by: str
    owed_at: dt.datetime | None
    details: dict[str, Any]


KEPT = tuple(Facts.__annotations__)


def pick_up(actor: Actor, referral: Referral) -> None:
    """Take a waiting referral. Doing it twice changes nothing.

    Raises ``NotAllowed``; ``Changed`` when another liaison was first, saying when, or the person takes it back.
    """
    version = referrals.current(referral.id)
    _allow(actor, referral, version)
    if version.state == ReferralState.MADE:
        if receive(actor, referral, version, utc_now(), liaison_id=actor.user):
            return
        version = referrals.current(referral.id)
        if not may(actor, "referral.change", referrals.target_of(referral, version)):
            raise Changed(N_("This referral was given back a moment ago."), N_("A coordinator finds another agency."))
    if version.liaison_id != actor.user or rules.ends(version.state):
        if version.liaison_id is None:
            raise Changed(
                N_("The person no longer agrees to be referred."), N_("It has ended: do not contact the person.")
            )
        zone = case_commands.zone_of(version.agency_id, referral.operation_id)
        at = referrals.picked_up_at(referral.id)
        raise Changed(
            N_("Picked up by another liaison at %(time)s."),
            N_("Nothing is lost: the referral is in hand."),
            time=at.astimezone(ZoneInfo(zone)).strftime("%H:%M") if at else "–",
        )


def move(actor: Actor, referral: Referral, seen: int, to: str, *, destroys: bool = False) -> None:
    """The next state. ``seen``: the version the form showed; ``destroys``: the liaison knows what ending destroys.

    Raises ``NotAllowed``, ``Changed``, ``Invalid``.
    """
    version = referrals.current(referral.id)
    _allow(actor, referral, version)
    if version.version != seen:
        raise Changed()
    if to not in rules.next_states(version.state):
        raise Invalid.at("state", N_("Choose one of the steps offered."))
    contact = referrals.safe_contact(referral.id)
    if rules.ends(to) and contact is not None and contact.way_sealed is not None and not destroys:
        raise Invalid.at("destroys", N_("Ending it destroys the safe way to reach for good: tick the box to go on."))
    now = utc_now()
    if not follow(actor, referral, version, ReferralState(to), now, liaison_id=version.liaison_id or actor.user):
        raise Changed()
    if rules.ends(to) and referrals.destroy_safe_way(referral.id, now):
        journal(actor, Tag.SAFE_CONTACT_DESTROYED, referral)


def _allow(actor: Actor, referral: Referral, version: ReferralVersion) -> None:
    if not may(actor, "referral.change", referrals.target_of(referral, version)):
        raise NotAllowed()


def receive(
    actor: Actor,
    referral: Referral,
    version: ReferralVersion,
    now: dt.datetime,
    *,
    tag: Tag = Tag.REFERRAL_MOVED,
    **changed: Unpack[Facts],
) -> bool:
    """A liaison owns it from now on; False when somebody else was first. Checks nothing, as ``follow``."""
    if not follow(actor, referral, version, ReferralState.RECEIVED, now, tag=tag, **changed):
        return False
    case_commands.schedule(referral, now)
    return True


def follow(
    actor: Actor,
    referral: Referral,
    version: ReferralVersion,
    state: ReferralState,
    now: dt.datetime,
    *,
    tag: Tag = Tag.REFERRAL_MOVED,
    **changed: Unpack[Facts],
) -> bool:
    """Put the next version in place of ``version``; False when somebody else did so first.

    What is not named in ``changed`` stays as it was, the person who owes the next step and since when among it. The
    caller has asked the permission table, and says so to the journal with ``tag`` where it is more than a step.
    """
    if not referrals.supersede(version, now):
        return False
    after = ReferralVersion(
        referral_id=referral.id,
        state=state.value,
        version=version.version + 1,
        recorded_at=now,
        recorded_by_id=actor.user,
        **{name: changed.get(name, getattr(version, name)) for name in KEPT},
    )
    referrals.add_version(after)
    if referral.operation_id is not None:
        operations.note_change(referral.operation_id)
    journal(actor, tag, referral, state=state.value)
    return True


def journal(actor: Actor, tag: Tag, referral: Referral, **details: str) -> None:
    """An entry about the referral in the running write."""
    audit.record(
        actor,
        tag,
        kind="referral",
        object_id=referral.uid,
        operation=referral.operation_id,
        service=referral.service_id,
        **details,
    )
