"""Writes of sessions, of who came, and of certificates. Pasted delegates are in ``delegate_commands``.

What attending earns is settled after every change: the certificates that a session gave are those of the people who
attended it, as the session stands now.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import asdict, replace
from zoneinfo import ZoneInfo

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor, Target
from outreach.auth.permissions import may
from outreach.errors import N_, Changed, Finding, Invalid, NotAllowed, NotFound
from outreach.plan.team_rules import person_key
from outreach.storage.queries import access, teams
from outreach.storage.queries import sessions as rows
from outreach.storage.tables import Certificate, Operation, Session, Staff
from outreach.storage.types import utc_now
from outreach.vocab import DelegateState

from . import session_rules as rules
from .session_rules import SessionDraft


def add_session(actor: Actor, operation: Operation, draft: SessionDraft) -> Session:
    """A session of the operation. Raises ``NotAllowed``; ``Invalid`` at the form's fields."""
    _need(actor, "sessions.change", access.operation_target(operation))
    session = rows.add_session(operation.id, _values(draft))
    _note(actor, Tag.SESSION_ADDED, operation, session)
    return session


def change_session(actor: Actor, operation: Operation, session: Session, draft: SessionDraft, version: int) -> bool:
    """Change a session, and with it what it gave; whether anything changed. Raises ``Changed`` too."""
    _need(actor, "sessions.change", access.operation_target(operation))
    values = _values(draft)
    if session.version != version:
        raise Changed()
    changed = sorted(name for name, value in values.items() if getattr(session, name) != value)
    if not changed:
        return False
    counts = rows.counts_of(operation.id).get(session.id, {})
    seen = counts.get(DelegateState.ATTENDED, 0) + counts.get(DelegateState.ABSENT, 0)
    if seen and not rules.has_begun(values["starts_at"], operation.time_zone, utc_now()):  # type: ignore[arg-type]  # checked above
        raise Invalid.at("starts_on", N_("Somebody came or stayed away already: its day cannot lie ahead."))
    # What was revoked by hand stays revoked, unless the session gave nothing until now.
    among = frozenset(rows.given_by(session.id)) if session.certificate else rows.attended(session.id)
    if not rows.claim_session(session, version, values):
        raise Changed()
    given = settle(actor, operation, session, among)
    _note(actor, Tag.SESSION_CHANGED, operation, session, fields=changed, certificates=given)
    return True


def cancel_session(actor: Actor, operation: Operation, session: Session, *, cancelled: bool = True) -> bool:
    """It will not take place, or will after all. Raises ``NotAllowed``; ``Invalid`` when people attended it."""
    _need(actor, "sessions.change", access.operation_target(operation))
    if session.cancelled == cancelled:
        return False
    if cancelled and rows.counts_of(operation.id).get(session.id, {}).get(DelegateState.ATTENDED):
        raise Invalid.at("cancel", N_("People attended it: it took place. Say first that they did not come."))
    if not rows.claim_session(session, session.version, {"cancelled": cancelled}):
        raise Changed()
    _note(actor, Tag.SESSION_CHANGED, operation, session, fields=["cancelled"])
    return True


def _values(draft: SessionDraft) -> dict[str, object]:
    findings = rules.check_session(draft)
    if findings:
        raise Invalid(*findings)
    said = asdict(draft)
    return said | {name: " ".join(str(said[name]).split()) for name in ("title", "place", "certificate")}


# --- who came --------------------------------------------------------------------------------------------------------


def handled_by(actor: Actor, operation: Operation, action: str = "delegates.change") -> frozenset[int]:
    """Services taking part whose delegates the actor may change (or see, by ``action``)."""
    target = access.operation_target(operation)
    return frozenset(s for s in target.services if may(actor, action, replace(target, service=s)))


def set_states(actor: Actor, operation: Operation, session: Session, ids: Collection[int], state: str) -> int:
    """Say of the delegates whether they came; how many were said otherwise before.

    Delegates that the actor may not handle are passed over as if they were not there. Raises ``Invalid`` at
    ``delegate`` when none is left or nobody can have come yet, at ``state`` for an unknown one.
    """
    chosen = _chosen(actor, operation, session, ids)
    if state not in rules.STATES:
        raise Invalid.at("state", N_("Choose whether they came."))
    _may_be_said(operation, session, state)
    changing = [one for one in chosen if one.state != state]
    if changing:
        rows.hold(session)
        rows.set_states([one.id for one in changing], state, by=actor.user, now=utc_now())
        given = settle(actor, operation, session, staff_of(changing))
        _note(
            actor, Tag.DELEGATES_CHANGED, operation, session, state=state, delegates=len(changing), certificates=given
        )
    return len(changing)


def remove_delegates(actor: Actor, operation: Operation, session: Session, ids: Collection[int]) -> int:
    """Take delegates off the list, with what the session gave them; how many. Raises ``Invalid`` at ``delegate``."""
    chosen = _chosen(actor, operation, session, ids)
    rows.hold(session)
    rows.remove_delegates([one.id for one in chosen])
    given = settle(actor, operation, session, staff_of(chosen))
    _note(actor, Tag.DELEGATES_CHANGED, operation, session, change="removed", delegates=len(chosen), certificates=given)
    return len(chosen)


def _chosen(actor: Actor, operation: Operation, session: Session, ids: Collection[int]) -> list[rows.Listed]:
    target = access.operation_target(operation)
    wanted = {*ids}
    found = [one for one in rows.delegates_of(session.id) if one.id in wanted]
    services = {one.service_id for one in found}
    own = {s for s in services if may(actor, "delegates.change", replace(target, service=s))}
    chosen = [one for one in found if one.service_id in own]
    if not chosen:
        if not handled_by(actor, operation):
            raise NotAllowed()
        raise Invalid.at("delegate", N_("Tick the people first."))
    return chosen


def _may_be_said(operation: Operation, session: Session, state: str) -> None:
    if state == DelegateState.INVITED:
        return
    if session.cancelled:
        raise Invalid.at("delegate", N_("It is cancelled: nobody can have come."))
    if not rules.has_begun(session.starts_at, operation.time_zone, utc_now()):
        raise Invalid.at("delegate", N_("It has not taken place yet: nobody can have come or stayed away."))


def staff_of(delegates: Iterable[rows.Listed]) -> frozenset[int]:
    return frozenset(one.staff_id for one in delegates if one.staff_id is not None)


def settle(actor: Actor, operation: Operation, session: Session, among: Collection[int]) -> int:
    """Bring what the session gave to the staff ``among`` in line with who of them attended; how many changed.

    Only those whose attendance changed: a certificate that was revoked by hand is given again only to somebody who
    attends anew.
    """
    earned = rules.earned_by(
        rows.attended(session.id) & frozenset(among),
        certificate=session.certificate,
        months=session.valid_months,
        starts_at=session.starts_at,
        zone=operation.time_zone,
    )
    given = {staff: one for staff, one in rows.given_by(session.id).items() if staff in among}
    now = utc_now()
    stale = {
        staff: one
        for staff, one in given.items()
        if staff not in earned
        or (one.name, one.issued_on, one.expires_on)
        != (earned[staff].name, earned[staff].issued_on, earned[staff].expires_on)
    }
    fresh = [asdict(one) for staff, one in earned.items() if staff not in given or staff in stale]
    rows.revoke([one.id for one in stale.values()], now)
    more = {"session_id": session.id, "recorded_at": now, "recorded_by_id": actor.user}
    rows.add_certificates([one | more for one in fresh])
    return len(stale.keys() | {one["staff_id"] for one in fresh})


# --- certificates ----------------------------------------------------------------------------------------------------


def add_certificate(
    actor: Actor,
    operation: Operation,
    service_id: int,
    *,
    name: str,
    certificate: str,
    issued_on: dt.date | None,
    expires_on: dt.date | None,
) -> Staff:
    """A certificate that somebody of the service holds from elsewhere. Raises ``NotAllowed``, ``Invalid``."""
    _need(actor, "delegates.change", access.service_target(operation, service_id))
    today = utc_now().astimezone(ZoneInfo(operation.time_zone)).date()
    findings = rules.check_certificate(certificate, issued_on, expires_on, today)
    staff = teams.staff_by_key(service_id, person_key(name), name.strip().casefold()) if name.strip() else None
    if staff is None:
        findings.insert(0, Finding("name", N_("Choose somebody whom the service knows.")))
    if findings or staff is None or issued_on is None:
        raise Invalid(*findings)
    rows.add_certificates(
        [
            {
                "staff_id": staff.id,
                "name": " ".join(certificate.split()),
                "issued_on": issued_on,
                "expires_on": expires_on,
                "session_id": None,
                "recorded_at": utc_now(),
                "recorded_by_id": actor.user,
            }
        ]
    )
    _note_certificate(actor, Tag.CERTIFICATE_ADDED, operation, staff)
    return staff


def revoke_certificate(actor: Actor, operation: Operation, certificate: Certificate, staff: Staff) -> None:
    """It counts no more; it stays in the list. Raises ``NotAllowed``."""
    _need(actor, "delegates.change", access.service_target(operation, staff.service_id))
    if certificate.revoked_at is None:
        rows.revoke([certificate.id], utc_now())
        _note_certificate(actor, Tag.CERTIFICATE_REVOKED, operation, staff)


def certificate_of(service_id: int, certificate_id: int) -> tuple[Certificate, Staff]:
    """A certificate of somebody of the service. Raises ``NotFound``."""
    found = rows.certificate(certificate_id)
    if found is None or found[1].service_id != service_id:
        raise NotFound()
    return found


# --- shared ----------------------------------------------------------------------------------------------------------


def _need(actor: Actor, action: str, target: Target) -> None:
    if not may(actor, action, target):
        raise NotAllowed()


def _note(actor: Actor, tag: Tag, operation: Operation, session: Session, **details: object) -> None:
    audit.record(actor, tag, kind="session", object_id=session.uid, operation=operation.id, **details)


def _note_certificate(actor: Actor, tag: Tag, operation: Operation, staff: Staff) -> None:
    audit.record(
        actor, tag, kind="certificate", object_id=staff.id, operation=operation.id, service=staff.service_id,
        staff=staff.id,
    )  # fmt: skip
