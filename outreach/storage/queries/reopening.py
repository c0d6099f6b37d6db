"""Reopening signed figures: asked right before every commit that changed something under an operation's figures.

A command says that it changed something with ``operations.note_change`` (or ``field.count_change``); which records of
which service, it need not know. What a signature rests on is marked when it is given: for records how many versions
there are, how many have ended and the last one; for the plan (part, team) what figures read of it. A mark that differs
reopens the signature in the same write. Marks, not times: a clock that is set back hides nothing.

What an agency does with a referral once it has picked it up is no record of the service and reopens nothing; nor does
what the plan says beside figures (a desk, a shift, who leads).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import Select, bindparam, case, func, or_, select

from outreach.vocab import Origin, ReferralState

from ..engine import db, running
from ..prepared import Prepared
from ..tables import (
    Accused,
    AccusedVersion,
    Adjustment,
    Charge,
    ChargeVersion,
    ContactVersion,
    Meeting,
    Participation,
    ParticipationVersion,
    PersonMerge,
    Referral,
    ReferralVersion,
    SignOff,
    Staff,
    Tally,
    Team,
    TeamMember,
    TeamVersion,
    User,
)
from ..types import utc_now
from .journal import add_entry
from .report import whole_tree

TAG = "returns.figures.reopen"
"""``audit.tags.Tag.FIGURES_REOPENED``, which storage cannot know."""

KINDS = ("contacts", "totals", "accused", "charges", "adjustments", "referrals", "part", "team", "merges")
"""Kinds of record that figures of a service rest on."""
LONGEST = 500

Marks = dict[str, Any]
"""Kind → its mark; what is not there has no record."""

_STANDING = Prepared(
    select(Participation.id, Participation.service_id)
    .join(SignOff, SignOff.participation_id == Participation.id)
    .where(Participation.operation_id == bindparam("operation"), SignOff.reopened_at.is_(None))
)


def settle(changed: Mapping[int, Collection[int | None]]) -> None:
    """Reopen the signatures of services whose records changed in the running write.

    ``changed``: operation → services of which something changed; None among them: it may be any.
    """
    for operation_id in sorted(changed):
        of = changed[operation_id]
        signed = _STANDING.all(running(), {"operation": operation_id})
        services = {service: part for part, service in signed if None in of or service in of}
        if services:
            _settle(operation_id, services)


def _settle(operation_id: int, services: Mapping[int, int]) -> None:
    db.session.flush()
    now_marks = marks(operation_id, services)
    query = select(SignOff).where(SignOff.participation_id.in_(services.values()), SignOff.reopened_at.is_(None))
    of = {part: service for service, part in services.items()}
    for signature in db.session.scalars(query.order_by(SignOff.id)).all():
        service = of[signature.participation_id]
        now, then = now_marks[service], signature.facts
        changed = [kind for kind in KINDS if now.get(kind) != then.get(kind)] if then else []
        if changed:
            _reopen(signature, operation_id, service, changed)


def _reopen(signature: SignOff, operation_id: int, service: int, changed: list[str]) -> None:
    by, reasons = _who_and_why(signature, operation_id, service, changed)
    signature.reopened_at = utc_now()
    signature.reopened_by_id = by
    signature.reopened_reason = " · ".join(reasons)[:LONGEST]
    signature.changed = changed
    db.session.flush()
    name = db.session.scalar(select(User.name).where(User.id == by)) or ""
    add_entry(
        running(),
        {
            "actor_id": by,
            "actor_name": name,
            "tag": TAG,
            "outcome": "done",
            "kind": "participation",
            "object_id": str(signature.participation_id),
            "operation_id": operation_id,
            "service_id": service,
            "details": {"version": signature.version, "changed": changed},
        },
    )


# --- what a signature rests on ----------------------------------------------------------------------------------------


def marks(operation_id: int, services: Mapping[int, int]) -> dict[int, Marks]:
    """Service → mark of each kind of its records in the operation. ``services``: service → participation."""
    found: dict[int, Marks] = {service: {} for service in services}
    of = {part: service for service, part in services.items()}
    for kind, read in _COUNTED.items():
        for owner, *mark in db.session.execute(read(operation_id, services)):
            service = of[owner] if kind in _BY_PART else owner
            found[service][kind] = mark
    for kind, values in (("part", _parts(of)), ("team", _teams(operation_id, services))):
        for service, said in values.items():
            found[service][kind] = hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]
    return found


def _counted(owner: Any, version: Any) -> Select[Any]:
    counts = func.count(version.id), func.count(version.superseded_at), func.max(version.id)
    return select(owner, *counts).group_by(owner)


def _contacts(operation_id: int, services: Mapping[int, int]) -> Select[Any]:
    return _counted(ContactVersion.service_id, ContactVersion).where(
        ContactVersion.operation_id == operation_id, ContactVersion.service_id.in_(services)
    )


def _of_part(table: Any) -> Callable[[int, Mapping[int, int]], Select[Any]]:
    def read(_operation_id: int, services: Mapping[int, int]) -> Select[Any]:
        return _counted(table.participation_id, table).where(table.participation_id.in_(services.values()))

    return read


def _accused(operation_id: int, services: Mapping[int, int]) -> Select[Any]:
    return (
        _counted(Accused.service_id, AccusedVersion)
        .join(Accused, Accused.id == AccusedVersion.accused_id)
        .where(Accused.operation_id == operation_id, Accused.service_id.in_(services))
    )


def _charges(operation_id: int, services: Mapping[int, int]) -> Select[Any]:
    return (
        _counted(Charge.service_id, ChargeVersion)
        .join(Charge, Charge.id == ChargeVersion.charge_id)
        .where(Charge.operation_id == operation_id, Charge.service_id.in_(services))
    )


def _referrals(operation_id: int, services: Mapping[int, int]) -> Select[Any]:
    """Referrals that count: what a person takes back once an agency has her is between them (see ``frames``)."""
    withdrawn = select(ReferralVersion.id).where(
        ReferralVersion.referral_id == Referral.id,
        ReferralVersion.superseded_at.is_(None),
        ReferralVersion.state == ReferralState.WITHDRAWN.value,
    )
    received = select(ReferralVersion.id).where(
        ReferralVersion.referral_id == Referral.id, ReferralVersion.state == ReferralState.RECEIVED.value
    )
    return (
        select(Referral.service_id, func.count(Referral.id), func.max(Referral.id))
        .where(
            Referral.operation_id == operation_id,
            Referral.service_id.in_(services),
            Referral.origin == Origin.POLICE.value,
            or_(~withdrawn.exists(), received.exists()),
        )
        .group_by(Referral.service_id)
    )


def _merges(operation_id: int, services: Mapping[int, int]) -> Select[Any]:
    """Findings in the whole tree that two persons are one, where the service met either of them."""
    ended = case((PersonMerge.superseded_at.is_not(None), PersonMerge.id))
    return (
        select(Meeting.service_id, func.count(PersonMerge.id.distinct()), func.count(ended.distinct()))
        .join(Meeting, or_(Meeting.person_key == PersonMerge.person_key, Meeting.person_key == PersonMerge.into_key))
        .where(
            PersonMerge.operation_id.in_(whole_tree(operation_id)),
            Meeting.operation_id == operation_id,
            Meeting.service_id.in_(services),
        )
        .group_by(Meeting.service_id)
    )


_COUNTED: dict[str, Callable[[int, Mapping[int, int]], Select[Any]]] = {
    "contacts": _contacts,
    "totals": _of_part(Tally),
    "accused": _accused,
    "charges": _charges,
    "adjustments": _of_part(Adjustment),
    "referrals": _referrals,
    "merges": _merges,
}
_BY_PART = ("totals", "adjustments")


def _parts(of: Mapping[int, int]) -> dict[int, Any]:
    """What figures read of a participation; its desk and who is planned are not in it."""
    query = select(
        ParticipationVersion.participation_id,
        ParticipationVersion.status,
        ParticipationVersion.entry_mode,
        ParticipationVersion.starts_at,
        ParticipationVersion.ends_at,
        ParticipationVersion.counted_in,
    ).where(ParticipationVersion.participation_id.in_(of), ParticipationVersion.superseded_at.is_(None))
    return {
        of[part]: [status, mode, *(at and at.isoformat() for at in window), sorted((counted or {}).items())]
        for part, status, mode, *window, counted in db.session.execute(query)
    }


def _teams(operation_id: int, services: Collection[int]) -> dict[int, Any]:
    """Teams that are not cancelled, with their partners and the people in them, by the services they touch."""
    teams = select(Team.id, Team.service_id, TeamVersion.partners).join(
        TeamVersion, (TeamVersion.team_id == Team.id) & TeamVersion.superseded_at.is_(None)
    )
    found: dict[int, list[Any]] = {}
    standing = {}
    for team, service, partners in db.session.execute(
        teams.where(Team.operation_id == operation_id, TeamVersion.cancelled.is_(False)).order_by(Team.id)
    ):
        standing[team] = service
        for one in {service, *(partners or ())}:
            found.setdefault(one, []).append([team, sorted(partners or ())])
    people = (
        select(TeamMember.team_id, TeamMember.staff_id, TeamMember.category, Staff.service_id)
        .join(Staff, Staff.id == TeamMember.staff_id)
        .where(TeamMember.team_id.in_(standing), TeamMember.superseded_at.is_(None))
        .order_by(TeamMember.team_id, TeamMember.staff_id, TeamMember.id)
    )
    for team, staff, category, own in db.session.execute(people):
        for one in {own, standing[team]}:
            found.setdefault(one, []).append([team, staff, category])
    return {service: said for service, said in found.items() if service in services}


# --- who changed it, and what was said --------------------------------------------------------------------------------


def _who_and_why(
    signature: SignOff, operation_id: int, service: int, changed: Iterable[str]
) -> tuple[int | None, list[str]]:
    """Who recorded the last change, and the reasons given for totals and adjustments. What was said about records of
    persons stays with them, and who took a referral back is told to nobody."""
    part = signature.participation_id
    own: dict[str, tuple[Any, Any]] = {
        "contacts": (
            ContactVersion,
            (ContactVersion.operation_id == operation_id) & (ContactVersion.service_id == service),
        ),
        "totals": (Tally, Tally.participation_id == part),
        "adjustments": (Adjustment, Adjustment.participation_id == part),
        "part": (ParticipationVersion, ParticipationVersion.participation_id == part),
        "accused": (AccusedVersion, AccusedVersion.accused_id.in_(_ids(Accused, operation_id, service))),
        "charges": (ChargeVersion, ChargeVersion.charge_id.in_(_ids(Charge, operation_id, service))),
        "team": (TeamMember, TeamMember.team_id.in_(_ids(Team, operation_id, service))),
    }
    last: tuple[dt.datetime, int | None] | None = None
    reasons: list[str] = []
    for kind in changed:
        if kind not in own:
            continue
        table, of = own[kind]
        query = select(table.recorded_at, table.recorded_by_id, table.reason).where(of).order_by(table.id.desc())
        newest = db.session.execute(query.limit(1)).one_or_none()
        if newest is None:
            continue
        last = max(last, (newest[0], newest[1]), key=lambda one: one[0]) if last else (newest[0], newest[1])
        if kind in ("totals", "adjustments") and newest[2]:
            reasons.append(newest[2])
    return (last[1] if last else None), reasons


def _ids(table: Any, operation_id: int, service: int) -> Any:
    return select(table.id).where(table.operation_id == operation_id, table.service_id == service)
