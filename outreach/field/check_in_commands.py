"""Writes of the running shift: a team checks in, somebody checks in for it by radio, how long a team may be silent."""

from __future__ import annotations

import datetime as dt

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import N_, Invalid, NotAllowed
from outreach.storage.queries import access
from outreach.storage.queries import board as rows
from outreach.storage.queries.field import LoggingPlace
from outreach.storage.tables import CheckIn, Operation
from outreach.storage.types import utc_now
from outreach.vocab import CheckInKind

from . import board_rules

TWICE = dt.timedelta(minutes=1)
"""The same check-in again within it is the same tap."""


def check_in(actor: Actor, place: LoggingPlace, kind: str, *, by_radio: bool = False) -> CheckIn:
    """The team says how it is. The same kind twice within a minute is one. Raises ``NotAllowed``; ``Invalid``."""
    if place.team_id is None or not may(actor, "check_in.record", place.target):
        raise NotAllowed()
    if kind not in CheckInKind.values():
        raise Invalid.at("kind", N_("Choose one of the answers in the list."))
    rows.hold_team(place.team_id)
    now = utc_now()
    same = rows.same_check_in(place.team_id, kind, now - TWICE)
    if same is not None:
        return same
    made = rows.add_check_in(place.operation_id, place.team_id, kind, now, actor.user, by_radio)
    audit.record(
        actor,
        Tag.TEAM_CHECKED_IN,
        kind="team",
        object_id=place.team_uid,
        operation=place.operation_id,
        service=place.service_id,
        state=kind,
        by_radio=by_radio,
    )
    return made


def set_check_in_minutes(actor: Actor, operation: Operation, typed: str) -> bool:
    """How long a team may be silent before it is late; whether it changed. Raises ``NotAllowed``; ``Invalid``."""
    if not may(actor, "operation.change", access.operation_target(operation)):
        raise NotAllowed()
    minutes = board_rules.check_in_minutes(typed)
    if minutes is None:
        raise Invalid.at(
            "check_in_minutes",
            N_("Enter whole minutes, %(least)d to %(most)d."),
            least=board_rules.LEAST_MINUTES,
            most=board_rules.MOST_MINUTES,
        )
    if minutes == operation.check_in_minutes:
        return False
    operation.check_in_minutes = minutes
    audit.record(
        actor,
        Tag.OPERATION_CHANGED,
        kind="operation",
        object_id=operation.id,
        operation=operation.id,
        fields=["check_in_minutes"],
    )
    return True
