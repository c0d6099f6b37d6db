"""Support agencies: what is known of each, how many referrals each carries, where each takes part."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from outreach.vocab import ParticipationStatus, ReferralState

from ..engine import db
from ..tables import AgencyProfile, Operation, Participation, ParticipationVersion, ReferralVersion, Service
from ..types import utc_now
from .field import SUPPORT_KINDS

_KINDS = [kind.value for kind in SUPPORT_KINDS]
_CARRIED = (ReferralState.MADE, ReferralState.RECEIVED, ReferralState.REACHED, ReferralState.ENGAGED)


def agencies() -> list[tuple[Service, AgencyProfile | None]]:
    """Every service of a support kind with what is known of it, by name."""
    query = (
        select(Service, AgencyProfile)
        .join(AgencyProfile, AgencyProfile.service_id == Service.id, isouter=True)
        .where(Service.kind.in_(_KINDS))
        .order_by(Service.name, Service.id)
    )
    return [(row[0], row[1]) for row in db.session.execute(query)]


def agency(service_id: int) -> tuple[Service, AgencyProfile | None] | None:
    """A service of a support kind; ``None`` for any other."""
    service = db.session.get(Service, service_id)
    if service is None or service.kind not in _KINDS:
        return None
    return service, db.session.get(AgencyProfile, service_id)


def named(service_ids: Iterable[int]) -> dict[int, tuple[Service, AgencyProfile | None]]:
    """The agencies of these ids with what is known of them."""
    query = (
        select(Service, AgencyProfile)
        .join(AgencyProfile, AgencyProfile.service_id == Service.id, isouter=True)
        .where(Service.id.in_(sorted(service_ids)))
    )
    return {row[0].id: (row[0], row[1]) for row in db.session.execute(query)}


def carried(service_ids: Iterable[int]) -> dict[int, int]:
    """How many referrals that are not ended each agency has, those included that nobody has picked up."""
    query = (
        select(ReferralVersion.agency_id, func.count())
        .where(
            ReferralVersion.agency_id.in_(sorted(service_ids)),
            ReferralVersion.superseded_at.is_(None),
            ReferralVersion.state.in_(_CARRIED),
        )
        .group_by(ReferralVersion.agency_id)
    )
    return {row[0]: row[1] for row in db.session.execute(query)}


def add_profile(service_id: int, by: int | None, values: dict[str, Any]) -> bool:
    """The first that is known of an agency; ``False`` when somebody was quicker."""
    try:
        with db.session.begin_nested():
            db.session.add(AgencyProfile(service_id=service_id, changed_at=utc_now(), changed_by_id=by, **values))
    except IntegrityError:
        return False
    return True


def claim_profile(profile: AgencyProfile, version: int, by: int | None, values: dict[str, Any]) -> bool:
    """Write ``values`` if the profile still stands at ``version``; whether it did."""
    done = db.session.execute(
        update(AgencyProfile)
        .where(AgencyProfile.service_id == profile.service_id, AgencyProfile.version == version)
        .values(**values, version=version + 1, changed_at=utc_now(), changed_by_id=by)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(profile)
    return bool(done.rowcount)


def taking_part_in(service_id: int) -> list[tuple[Operation, ParticipationVersion]]:
    """Operations that the agency was invited to or takes part in, by code."""
    query = (
        select(Operation, ParticipationVersion)
        .join(Participation, Participation.operation_id == Operation.id)
        .join(ParticipationVersion, ParticipationVersion.participation_id == Participation.id)
        .where(
            Participation.service_id == service_id,
            ParticipationVersion.superseded_at.is_(None),
            ParticipationVersion.status.in_((ParticipationStatus.INVITED, ParticipationStatus.CONFIRMED)),
            Operation.is_rehearsal.is_(False),
        )
        .order_by(Operation.code)
    )
    return [(row[0], row[1]) for row in db.session.execute(query)]
