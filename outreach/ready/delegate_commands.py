"""Saving pasted delegates: a few statements however many rows; people whom a service does not know are added to it."""

from __future__ import annotations

from collections.abc import Mapping

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.errors import N_, Changed, Invalid, NotAllowed
from outreach.plan.team_rules import person_key
from outreach.storage.queries import plan as plan_rows
from outreach.storage.queries import sessions as stored
from outreach.storage.tables import Operation, Session
from outreach.storage.types import utc_now

from . import session_rules as rules
from .delegate_rules import Known, KnownService, Preview, Row
from .session_commands import handled_by, settle


def known_for(
    actor: Actor,
    operation: Operation,
    session: Session,
    *,
    categories: Mapping[str, str] | None = None,
    states: Mapping[str, str] | None = None,
) -> Known:
    """What the check of a paste needs to know; only of services that the actor handles. Raises ``NotAllowed``."""
    handled = handled_by(actor, operation)
    if not handled:
        raise NotAllowed()
    services = [
        KnownService(one.id, one.name, one.short_name, one.kind)
        for one in plan_rows.all_services()
        if one.id in handled
    ]
    staff: dict[tuple[int, str], int] = {}
    for service_id, staff_id, key, name in stored.staff_names(handled):
        staff.setdefault((service_id, key), staff_id)
        staff.setdefault((service_id, person_key(name)), staff_id)
    return Known(
        tuple(services),
        staff=staff,
        delegates={where: state for where, (_, state) in stored.states_at(session.id).items() if where[0] in handled},
        begun=rules.has_begun(session.starts_at, operation.time_zone, utc_now()) and not session.cancelled,
        categories=categories or {},
        states=states or {},
    )


def add_delegates(actor: Actor, operation: Operation, session: Session, found: Preview) -> dict[str, int]:
    """Save the rows of a preview that have no problem; counts of ``added``, ``changed`` and ``people`` made anew.

    Raises ``NotAllowed`` when a row is of a service that the actor does not handle; ``Changed`` when somebody added
    one of the people meanwhile (then nothing is saved).
    """
    taken = [row for row in found.rows if row.state in ("new", "match")]
    services = {row.service.id for row in taken if row.service is not None}
    if not services <= handled_by(actor, operation):
        raise NotAllowed()
    if not taken:
        raise Invalid.at("rows", N_("There is no row to save."))
    stored.hold(session)
    people = _staff_of(taken)
    standing, now = stored.states_at(session.id), utc_now()
    changed_staff, fresh, moved = set(), [], {}
    for row in taken:
        assert row.service is not None  # noqa: S101 - a row without one is a problem
        where = (row.service.id, row.key)
        before = standing.get(where)
        if before is not None and before[1] == row.comes:
            continue
        changed_staff.add(people[where])
        if before is not None:
            moved.setdefault(row.comes, []).append(before[0])
            continue
        fresh.append(
            {
                "session_id": session.id,
                "service_id": row.service.id,
                "staff_id": people[where],
                "name": row.values["name"],
                "name_key": row.key,
                "state": row.comes,
                "changed_at": now,
                "changed_by_id": actor.user,
            }
        )
    if not stored.add_delegates(fresh):
        raise Changed()
    for state, ids in moved.items():
        stored.set_states(ids, state, by=actor.user, now=now)
    given = settle(actor, operation, session, changed_staff)
    counts = {
        "added": len(fresh),
        "changed": sum(len(ids) for ids in moved.values()),
        "people": sum(row.staff_id is None for row in taken),
    }
    audit.record(
        actor,
        Tag.DELEGATES_PASTED,
        kind="session",
        object_id=session.uid,
        operation=operation.id,
        services=len(services),
        certificates=given,
        **counts,
    )
    return counts


def _staff_of(taken: list[Row]) -> dict[tuple[int, str], int]:
    """``(service, person key)`` → id, of every row; people whom their service does not know are added to it."""
    fresh = [
        {
            "service_id": row.service.id,
            "name": row.values["name"],
            "name_key": row.key,
            "category": row.category,
            "user_id": None,
        }
        for row in taken
        if row.staff_id is None and row.service is not None
    ]
    if not stored.add_staff(fresh):
        raise Changed()
    added = {(one["service_id"], one["name_key"]) for one in fresh}
    ids = {
        (service_id, key): staff_id
        for service_id, staff_id, key, _ in stored.staff_names({service for service, _ in added})
        if (service_id, key) in added
    }
    known = {(row.service.id, row.key): row.staff_id for row in taken if row.service and row.staff_id is not None}
    return ids | known
