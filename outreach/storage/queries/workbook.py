"""What the workbook asks of the database beside frames and names: offences, sign-offs, referrals, copies that left."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, literal, or_, select
from sqlalchemy.orm import aliased, defer

from outreach.vocab import Origin, ReferralState

from ..engine import db
from ..tables import FigureSet, Offence, Participation, PublicationCopy, Referral, ReferralVersion, SignOff


@dataclass(frozen=True)
class Signed:
    """The last signature under a service's figures as of a moment. ``persons_met``: what was signed, if it was."""

    version: int
    typed_name: str
    at: dt.datetime
    figures_hash: str
    persons_met: int | None
    reopened_at: dt.datetime | None

    @property
    def stands(self) -> bool:
        return self.reopened_at is None


def offences(language: str) -> dict[str, tuple[str, str]]:
    """Section and title of every offence by its code."""
    title = Offence.title_fr if language == "fr" else Offence.title_en
    return {row[0]: (row[1], row[2]) for row in db.session.execute(select(Offence.code, Offence.section, title))}


def sign_offs(operation_ids: list[int], as_of: dt.datetime | None) -> dict[int, Signed]:
    """Service id → its last signature in these operations, now or as it stood at a moment.

    A service may sign in several of them, in each what that one counts for it: the row is of the latest signature,
    stands only while every one does, and has the persons met from where they are counted.
    """
    query = (
        select(Participation.service_id, SignOff)
        .join(SignOff, SignOff.participation_id == Participation.id)
        .where(Participation.operation_id.in_(operation_ids))
        .order_by(SignOff.signed_at, SignOff.version, SignOff.id)
    )
    if as_of is not None:
        query = query.where(SignOff.signed_at <= as_of)
    last = {signature.participation_id: (service, signature) for service, signature in db.session.execute(query)}
    found: dict[int, Signed] = {}
    for service, signature in sorted(last.values(), key=lambda one: (one[1].signed_at, one[1].version, one[1].id)):
        found[service] = _signed(signature, as_of, found.get(service))
    return found


def _signed(signature: SignOff, as_of: dt.datetime | None, other: Signed | None) -> Signed:
    reopened = signature.reopened_at
    if reopened is not None and as_of is not None and reopened > as_of:
        reopened = None
    met = (signature.figures or {}).get("persons_met")
    return Signed(
        signature.version,
        signature.typed_name,
        signature.signed_at,
        signature.figures_hash,
        met if isinstance(met, int) else other.persons_met if other else None,
        reopened or (other.reopened_at if other else None),
    )


@dataclass(frozen=True)
class ReferralRow:
    """One referral without anything that leads to a person: ``needs``: how many; ``received_at``: first pick-up."""

    referral: int
    agency: int | None
    state: str
    urgent: bool
    needs: int
    made_at: dt.datetime
    received_at: dt.datetime | None


def referrals(operations: list[int], as_of: dt.datetime | None) -> list[ReferralRow]:
    """Referrals that police made in these operations, as they stood at the moment."""
    now, past = aliased(ReferralVersion), aliased(ReferralVersion)
    stands = now.superseded_at.is_(None)
    known = literal(True)
    if as_of is not None:
        stands = and_(now.recorded_at <= as_of, or_(stands, now.superseded_at > as_of))
        known = past.recorded_at <= as_of
    received = (
        select(func.min(past.recorded_at))
        .where(past.referral_id == Referral.id, past.state == ReferralState.RECEIVED.value, known)
        .scalar_subquery()
    )
    query = (
        select(Referral.id, now.agency_id, now.state, now.urgent, now.needs, Referral.made_at, received)
        .join(now, and_(now.referral_id == Referral.id, stands))
        .where(Referral.operation_id.in_(operations), Referral.origin == Origin.POLICE.value)
        .order_by(Referral.id)
    )
    return [
        ReferralRow(row[0], row[1], row[2], row[3], len(row[4] or ()), row[5], row[6])
        for row in db.session.execute(query)
    ]


@dataclass(frozen=True)
class CopyTaken:
    """That a publication copy of a locked version left, and when the first one did."""

    row: int
    at: dt.datetime
    operation: int
    version: int


def publication_copies(operations: Collection[int]) -> list[CopyTaken]:
    """Every version of the operations of which a publication copy left, in the order of the first copies."""
    query = (
        select(PublicationCopy.id, PublicationCopy.taken_at, PublicationCopy.operation_id, FigureSet.version)
        .join(FigureSet, FigureSet.id == PublicationCopy.figure_set_id)
        .where(PublicationCopy.operation_id.in_(operations))
        .order_by(PublicationCopy.id)
    )
    return [CopyTaken(*row) for row in db.session.execute(query)]


def kept_copies(operations: Collection[int]) -> list[tuple[PublicationCopy, FigureSet]]:
    """What each of ``publication_copies`` withheld, with its figures, in the same order."""
    query = (
        select(PublicationCopy, FigureSet)
        .join(FigureSet, FigureSet.id == PublicationCopy.figure_set_id)
        .where(PublicationCopy.operation_id.in_(operations))
        .options(defer(FigureSet.definitions))
        .order_by(PublicationCopy.id)
    )
    return [(row, found) for row, found in db.session.execute(query)]


def kept_copy(figure_set_id: int) -> PublicationCopy | None:
    """What the publication copy of a locked version withheld; None where none left."""
    return db.session.scalar(select(PublicationCopy).where(PublicationCopy.figure_set_id == figure_set_id))


def keep_copy(**values: Any) -> None:
    """The first publication copy of a version; whoever asks holds the tree."""
    db.session.add(PublicationCopy(**values))
    db.session.flush()
