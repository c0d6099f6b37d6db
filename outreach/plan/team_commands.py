"""Writes of teams, members, staff and officers' accounts. Each checks the table, keeps versions, enters the journal."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor, Target
from outreach.auth.permissions import may
from outreach.errors import N_, Changed, Invalid, NotAllowed, NotFound
from outreach.storage import writing
from outreach.storage.queries import access, accounts, operations, teams
from outreach.storage.tables import Operation, Participation, Staff, Team, TeamMember, User
from outreach.storage.types import utc_now
from outreach.vocab import ParticipationStatus, Role

from .team_rules import Invitee, Known, TeamDraft, check_person, check_team, person_key

WELCOME = dt.timedelta(hours=72)
NOT_PARTNERS = (ParticipationStatus.DECLINED, ParticipationStatus.WITHDRAWN)


def add_team(actor: Actor, operation: Operation, participation: Participation, draft: TeamDraft) -> Team:
    """A new team of the participation's service. Raises ``NotAllowed``, ``Invalid``."""
    _need(actor, "team.change", access.service_target(operation, participation.service_id))
    _check(operation, participation.service_id, draft)
    team = teams.add_team(participation, _values(draft), by=actor.user, now=utc_now())
    operations.note_change(operation.id)
    audit.record(
        actor, Tag.TEAM_ADDED, kind="team", object_id=team.uid, operation=operation.id, service=team.service_id
    )
    return team


def change_team(
    actor: Actor, operation: Operation, team: Team, draft: TeamDraft, *, version: int | None = None
) -> bool:
    """The next version of a team; nothing when nothing differs. Raises ``Changed`` when ``version`` is not current."""
    _need(actor, "team.change", access.team_target(operation, team))
    before = teams.current(team.id)
    if version is not None and version != before.version:
        raise Changed()
    values = _values(draft)
    if all(getattr(before, name) == value for name, value in values.items()):
        return False
    _check(operation, team.service_id, draft, but=team.id)
    teams.add_version(before, values, by=actor.user, now=utc_now())
    operations.note_change(operation.id)
    audit.record(
        actor,
        Tag.TEAM_CHANGED,
        kind="team",
        object_id=team.uid,
        operation=operation.id,
        service=team.service_id,
        changed=sorted(name for name, value in values.items() if getattr(before, name) != value),
    )
    return True


def draft_of(team: Team) -> TeamDraft:
    """The draft that changes nothing."""
    v = teams.current(team.id)
    return TeamDraft(v.name, v.area, v.starts_at, v.ends_at, tuple(v.partners), v.cancelled)


def cancel_team(actor: Actor, operation: Operation, team: Team, *, cancelled: bool = True) -> bool:
    """A cancelled team keeps its history and its contacts; it can be set up again."""
    return change_team(actor, operation, team, replace(draft_of(team), cancelled=cancelled))


def add_member(
    actor: Actor,
    operation: Operation,
    team: Team,
    *,
    service_id: int,
    name: str,
    category: str,
    lead: bool = False,
) -> TeamMember:
    """A person of the team's service or of a partner joins; she is added to the staff when nobody has that name.

    ``category`` may be empty for somebody whom the service knows: then it is hers. Raises ``NotAllowed``; ``Invalid``
    at ``name``, ``category`` or ``service``.
    """
    _need(actor, "team.change", access.team_target(operation, team))
    if service_id != team.service_id and service_id not in teams.current(team.id).partners:
        raise Invalid.at("service", N_("Choose the team's service or one of its partners."))
    known = teams.staff_by_key(service_id, person_key(name), name.strip().casefold())
    category = category or (known.category if known is not None else "")
    staff = staff_named(service_id, name, category)
    if any(one.staff_id == staff.id for one, _ in teams.members_of(operation.id, team.id)):
        raise Invalid.at("name", N_("%(name)s is in this team already."), name=staff.name)
    return join(actor, operation, team, staff, category, lead=lead)


def join(
    actor: Actor, operation: Operation, team: Team, staff: Staff, category: str, *, lead: bool = False
) -> TeamMember:
    """Put ``staff`` into the team, or change how she is in it. Checks of the caller hold."""
    now = utc_now()
    for one, person in teams.members_of(operation.id, team.id):
        if person.id == staff.id:
            if (one.category, one.is_lead) == (category, lead):
                return one
            teams.end_member(one, now)
        elif lead and one.is_lead:
            teams.end_member(one, now)
            teams.add_member(team.id, person, one.category, False, by=actor.user, now=now)
    member = teams.add_member(team.id, staff, category, lead, by=actor.user, now=now)
    operations.note_change(operation.id)
    _note_member(actor, Tag.MEMBER_ADDED, operation, team, staff.id)
    _let_in(actor, operation, staff)
    return member


def _let_in(actor: Actor, operation: Operation, staff: Staff) -> None:
    """An officer of the service in another operation is one in this: a shift on her roster opens its briefing.

    Only whoever may invite officers of her service lets her in, and nobody gets a role that she does not hold.
    """
    user = accounts.by_id(staff.user_id) if staff.user_id is not None else None
    if (
        user is None
        or not user.active
        or not may(actor, "officers.invite", access.service_target(operation, staff.service_id))
    ):
        return
    if any((g.role, g.service_id) == (Role.FIELD_OFFICER.value, staff.service_id) for g in user.roles):
        _grant_officer(actor, operation, staff, user)


def remove_member(actor: Actor, operation: Operation, team: Team, member: TeamMember) -> None:
    """She leaves the team from now on; until now she was in it."""
    _need(actor, "team.change", access.team_target(operation, team))
    teams.end_member(member, utc_now())
    operations.note_change(operation.id)
    _note_member(actor, Tag.MEMBER_REMOVED, operation, team, member.staff_id)


def make_lead(actor: Actor, operation: Operation, team: Team, member: TeamMember) -> None:
    """The member leads the team; whoever led it before is a member like the others."""
    _need(actor, "team.change", access.team_target(operation, team))
    staff = teams.staff_member(member.staff_id)
    if staff is None:
        raise NotFound()
    join(actor, operation, team, staff, member.category, lead=True)


def staff_named(service_id: int, name: str, category: str) -> Staff:
    """The service's person of that name (any spelling), or a new one. Raises ``Invalid``."""
    findings = check_person(name, category)
    if findings:
        raise Invalid(*findings)
    key = person_key(name)
    known = teams.staff_by_key(service_id, key, name.strip().casefold())
    return known or teams.add_staff(service_id, " ".join(name.split()), key, category)


# --- officers' accounts ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Invited:
    """What became of one row: ``token`` is the one-time link's, shown once; '' where the account works already."""

    name: str
    email: str
    token: str = ""


def invite(actor: Actor, operation: Operation, participation: Participation, rows: Iterable[Invitee]) -> list[Invited]:
    """Staff, account, grant, team and one-time link for every row; all or nothing, in one write of its own.

    A row's account is made, or given the role when it is this service's already. Somebody who has set a password
    gets no link: a link would let whoever holds this list into that account. Raises ``NotAllowed``, ``Invalid``.
    """
    with writing():
        service_id = participation.service_id
        _need(actor, "officers.invite", access.service_target(operation, service_id))
        return [_invited(actor, operation, service_id, row) for row in rows]


def _invited(actor: Actor, operation: Operation, service_id: int, row: Invitee) -> Invited:
    if row.findings:
        raise Invalid(*row.findings)
    staff = staff_named(service_id, row.name, row.category)
    token = _account(actor, operation, staff, row.email)
    if row.team_id is not None:
        team = teams.team(row.team_id)
        if team is None or team.operation_id != operation.id:
            raise NotFound()
        _need(actor, "team.change", access.team_target(operation, team))
        if not any(one.staff_id == staff.id for one, _ in teams.members_of(operation.id, team.id)):
            join(actor, operation, team, staff, row.category)
    return Invited(staff.name, row.email, token)


def _account(actor: Actor, operation: Operation, staff: Staff, email: str) -> str:
    """The account behind ``staff``, and the token of its first link ('' when it needs none)."""
    user = accounts.by_email(email)
    if user is None:
        user = accounts.add_user(
            {"email": email, "name": staff.name, "password": None, "fs_uniquifier": secrets.token_hex(32)}
        )
        audit.record(actor, Tag.USER_ADDED, kind="user", object_id=user.id, service=staff.service_id)
    elif not user.active or not is_own_account(user, staff.service_id):
        raise Invalid.at("email", N_("This address has an account elsewhere; ask the administrator to add it."))
    if staff.user_id not in (None, user.id):
        raise Invalid.at("email", N_("%(name)s has an account with another address."), name=staff.name)
    staff.user_id = user.id
    _grant_officer(actor, operation, staff, user)
    if user.password is not None or any(grant.role != Role.FIELD_OFFICER for grant in user.roles):
        return ""  # a link is a way in: never into an account that works, nor into one that may do more
    token = secrets.token_urlsafe(32)
    accounts.add_link(user.id, token, "welcome", utc_now() + WELCOME, actor.user)
    audit.record(actor, Tag.LINK_MADE, kind="user", object_id=user.id, service=staff.service_id)
    return token


def _grant_officer(actor: Actor, operation: Operation, staff: Staff, user: User) -> None:
    """The role of an officer of ``staff``'s service in this operation, unless she holds it here or everywhere."""
    held = {(g.role, g.service_id, g.operation_id) for g in user.roles}
    if not held & {(Role.FIELD_OFFICER.value, staff.service_id, bound) for bound in (None, operation.id)}:
        accounts.add_grant(user, Role.FIELD_OFFICER.value, staff.service_id, operation.id)
        audit.record(
            actor,
            Tag.GRANT_ADDED,
            kind="user",
            object_id=user.id,
            operation=operation.id,
            service=staff.service_id,
            role=Role.FIELD_OFFICER.value,
        )


def known_for(actor: Actor, operation: Operation, service_id: int) -> Known:
    """What the check of an invitation list needs to know of the service; foreign accounts only as "not yours"."""
    staff = teams.staff_of({service_id})
    standing = [
        (team, version)
        for team, version, _ in teams.teams_of(operation.id)
        if not version.cancelled
        and (team.service_id == service_id or service_id in version.partners)
        and may(actor, "team.change", access.team_target(operation, team))
    ]
    standing.sort(key=lambda pair: pair[0].service_id == service_id)  # of two teams of one name the own one counts
    return Known(
        people={person_key(one.name): user.email if user else "" for one, user in staff},
        accounts=frozenset(user.email.lower() for _, user in staff if user),
        teams={version.name: team.id for team, version in standing},
    )


def with_foreign(known: Known, emails: Iterable[str], service_id: int) -> Known:
    """``known`` with those of ``emails`` whose account this service may not touch."""
    found = {email: accounts.by_email(email) for email in emails}
    foreign = {e for e, user in found.items() if user and not (user.active and is_own_account(user, service_id))}
    own = {e for e, user in found.items() if user} - foreign
    return replace(known, foreign=frozenset(foreign), accounts=known.accounts | own)


def is_own_account(user: object, service_id: int) -> bool:
    """Whether every role of the account is one of this service: then the service may add to it."""
    roles = user.roles  # type: ignore[attr-defined]  # the ORM's User
    return bool(roles) and all(grant.service_id == service_id for grant in roles)


# --- shared ----------------------------------------------------------------------------------------------------------


def _need(actor: Actor, action: str, target: Target) -> None:
    if not may(actor, action, target):
        raise NotAllowed()


def _values(draft: TeamDraft) -> dict[str, object]:
    return {
        "name": draft.name.strip(),
        "area": draft.area.strip(),
        "starts_at": draft.starts_at,
        "ends_at": draft.ends_at,
        "partners": sorted(set(draft.partners)),
        "cancelled": draft.cancelled,
    }


def possible_partners(operation_id: int, service_id: int) -> dict[int, str]:
    """Id → name of the other services that take part."""
    return {
        service.id: service.name
        for _, version, service in operations.participations_of(operation_id)
        if service.id != service_id and version.status not in NOT_PARTNERS
    }


def _check(operation: Operation, service_id: int, draft: TeamDraft, *, but: int | None = None) -> None:
    taken = [v.name for t, v, _ in teams.teams_of(operation.id, service_id) if t.id != but and not v.cancelled]
    partners = {*possible_partners(operation.id, service_id), *(teams.current(but).partners if but else ())}
    findings = check_team(draft, service=service_id, taking_part=partners, names_taken=taken)
    if findings:
        raise Invalid(*findings)


def _note_member(actor: Actor, tag: Tag, operation: Operation, team: Team, staff_id: int) -> None:
    audit.record(
        actor, tag, kind="team", object_id=team.uid, operation=operation.id, service=team.service_id, staff=staff_id
    )
