"""A small world for the walk through every route: two operations, three police services, two agencies, a record of
each kind in each, and one account for every role and bound. ``VALUES`` says what stands in a URL in each case.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field
from typing import Any

from outreach.field import charge_commands, draft_commands
from outreach.field.commands import log_contact
from outreach.plan import invitation_commands
from outreach.report import wall_commands
from outreach.returns import link_commands
from outreach.storage import db, writing
from outreach.storage.queries import field as field_rows
from outreach.storage.queries import invitations, walls
from outreach.storage.tables import (
    KitMove,
    ListItem,
    Offence,
    Operation,
    Referral,
    ReferralConsent,
    RegionSetting,
    Service,
    TeamMember,
    User,
)
from outreach.vocab import EntryMode, OperationStatus, Role, ServiceKind
from tests.factories import a_participation, a_service, a_shift, a_team, a_user, an_operation
from tests.field.factories import a_person, actor_of, an_entry
from tests.field.held import a_held_record
from tests.ready.briefing_factories import an_attachment
from tests.ready.kit_factories import a_kit, kits_moved
from tests.ready.session_factories import a_certificate, a_session
from tests.referrals.factories import a_goal, a_waiting_note
from tests.report.data_factories import a_data_workbook
from tests.report.published import a_published_figure
from tests.report.releases import a_release
from tests.returns.factories import a_locked_version
from tests.returns.filled import a_read_return

OWN, OTHER_SERVICE, OTHER_OPERATION, NONEXISTENT = "own", "other service", "other operation", "nonexistent"
# Where the operation and the service in the address are one's own and only the record is not.
MIXED = {
    "own path, other service's record": OTHER_SERVICE,
    "own path, other operation's record": OTHER_OPERATION,
    "own path, no record": NONEXISTENT,
}
CASES = (OWN, OTHER_SERVICE, OTHER_OPERATION, NONEXISTENT)
# What places the record; the rest of an address names the record itself.
PLACING = frozenset({"code", "service_id"})


@dataclass
class Corner:
    """One service in one operation with a record of each kind; plain values, which outlive every session."""

    code: str
    service: int
    officer: User
    coordinator: User
    team: int
    team_uid: str
    member: int = 0
    contact: str = ""
    draft: str = ""
    referral: str = ""
    consent: str = ""
    goal: str = ""
    note: str = ""
    accused: str = ""
    charge: str = ""
    answer: str = ""
    proposal: str = ""
    shift: str = ""
    attachment: str = ""
    kit: str = ""
    kit_move: str = ""
    session: str = ""
    certificate: int = 0
    held: str = ""
    held_mark: str = ""
    locked: int = 0
    release: int = 0
    opening: int = 0
    address: str = ""
    return_link: str = ""
    return_file: str = ""
    return_drop: str = ""
    wall_link: str = ""
    wall_token: str = ""
    data: str = ""


@dataclass
class World:
    """``actors``: account of each kind; ``shared``: ids of records of the whole site."""

    corners: dict[str, Corner]
    actors: dict[str, User | None] = field(default_factory=dict)
    shared: dict[str, int] = field(default_factory=dict)


def a_corner(operation: Operation, name: str) -> Corner:
    """A police service with a team, and everything that it may record, entered through the commands."""
    service = a_service(name)
    participation = a_participation(operation, service)
    officer = a_user(Role.FIELD_OFFICER, service)
    coordinator = a_user(Role.SERVICE_COORDINATOR, service)
    team = a_team(participation, officer, name=f"Team of {name}")
    corner = Corner(operation.code, service.id, officer, coordinator, team.id, team.uid)
    corner.member = db.session.query(TeamMember.id).filter_by(team_id=team.id).scalar()
    corner.shift = a_shift(team, dt.datetime(2017, 10, 11, 22, tzinfo=dt.UTC), place="Corner of King and Queen").uid
    place = field_rows.logging_place(team.uid)
    with writing():
        entry = an_entry(a_person())
        log_contact(actor_of(officer), place, entry)
        corner.contact = entry.uid
        corner.draft = draft_commands.start_draft(actor_of(officer), place)
    corner.referral = db.session.query(Referral.uid).filter_by(service_id=service.id).scalar()
    corner.goal = a_goal(corner.referral).uid
    corner.note = a_waiting_note(corner.referral).uid
    agreed = db.session.query(ReferralConsent.uid).join(Referral, Referral.id == ReferralConsent.referral_id)
    corner.consent = agreed.filter(Referral.uid == corner.referral).order_by(ReferralConsent.id).limit(1).scalar()
    with writing():
        accused = charge_commands.add_accused(
            actor_of(coordinator), operation, service.id, "A-01", True, dt.date(2017, 10, 11)
        )
        charge = charge_commands.lay_charge(
            actor_of(coordinator),
            accused,
            charge_commands.ChargeEntry(offence="cc-279.01", laid_on=dt.date(2017, 10, 11)),
        )
        corner.accused, corner.charge = accused.uid, charge.uid
        end = dt.datetime(2017, 11, 1, tzinfo=dt.UTC)
        corner.answer = invitation_commands.token_of(invitations.add_link(participation.id, None, end))
    proposal = {"proposed_parent_id": operation.id, "proposed_by_id": coordinator.id, "lead_service_id": service.id}
    corner.proposal = an_operation(f"PROPOSED-{service.id}", status=OperationStatus.DRAFT, **proposal).code
    corner.attachment = an_attachment(operation).uid
    kit = a_kit(operation, f"Kit of {name}")
    kits_moved(kit, service.id, ("sent", 50), ("received", 40))
    corner.kit = kit.uid
    corner.kit_move = db.session.query(KitMove.uid).filter_by(item_id=kit.id, kind="received").scalar()
    corner.session = a_session(operation, f"Course of {name}", (service, f"Delegate of {name}")).uid
    corner.certificate = a_certificate(service, f"Holder of {name}").id
    record = a_held_record(team, officer)
    corner.held, corner.held_mark = record.uid, record.hash[:8]
    corner.locked = a_locked_version(operation, service.id).version
    corner.release, corner.opening, corner.address = a_release(operation, service.id)
    with writing():
        link = link_commands.make(actor_of(coordinator), operation, participation)
        corner.return_link = link_commands.token_of(link)
        maker = a_user(Role.OPERATION_COORDINATOR, operation=operation)  # a link works while its maker may share it
        wall = walls.add(operation.id, maker.id, f"Screen of {name}", dt.datetime(2099, 1, 1, tzinfo=dt.UTC))
        corner.wall_link, corner.wall_token = wall.uid, wall_commands.token_of(wall)
    file = a_read_return(operation, participation, link)
    corner.return_file, corner.return_drop = file.uid, file.drop_uid
    corner.data = a_data_workbook(operation, coordinator)
    return corner


def a_world() -> World:
    here, there = an_operation("WALK-HERE"), an_operation("WALK-THERE")
    agencies = []
    for operation, name in ((here, "Here House"), (there, "There House")):
        agency = a_service(name, ServiceKind.VICTIM_SERVICES)
        a_participation(operation, agency, entry_mode=EntryMode.NONE)
        agencies.append(agency)
    own = a_corner(here, "Fox River Police")
    world = World(
        {
            OWN: own,
            OTHER_SERVICE: a_corner(here, "Quarry Town Police"),
            OTHER_OPERATION: a_corner(there, "Sand Bar Police"),
        }
    )
    administrator = a_user(Role.ADMINISTRATOR)
    world.shared = {
        "agency_id": agencies[0].id,
        "user_id": administrator.id,
        "grant_id": administrator.roles[0].id,
        "item_id": db.session.query(ListItem.id).filter_by(list_name="needs").first()[0],
        "offence_id": db.session.query(Offence.id).first()[0],
        "text_id": db.session.query(RegionSetting.id).first()[0],
        "published_id": a_published_figure().id,
    }
    home = db.session.get(Service, own.service)
    world.actors = {
        "anonymous": None,
        "without a role": a_user(),
        "administrator": a_user(Role.ADMINISTRATOR),
        "operation coordinator": a_user(Role.OPERATION_COORDINATOR, operation=here),
        "operation coordinator of every operation": a_user(Role.OPERATION_COORDINATOR),
        "operation coordinator, other operation": a_user(Role.OPERATION_COORDINATOR, operation=there),
        "service coordinator": own.coordinator,
        "service coordinator, other service": world.corners[OTHER_SERVICE].coordinator,
        "service coordinator, bound to the other operation": a_user(Role.SERVICE_COORDINATOR, home, there),
        "field officer": own.officer,
        "field officer, other service": world.corners[OTHER_SERVICE].officer,
        "field officer without a team": a_user(Role.FIELD_OFFICER, home),
        "liaison": a_user(Role.LIAISON, agencies[0]),
        "liaison, other agency": a_user(Role.LIAISON, agencies[1]),
        "commander": a_user(Role.COMMANDER, operation=here),
        "commander, other operation": a_user(Role.COMMANDER, operation=there),
        "analyst": a_user(Role.ANALYST, operation=here),
        "analyst, other operation": a_user(Role.ANALYST, operation=there),
    }
    return world


# Accounts that belong to operation "here" alone: nothing of "there" may exist for them.
ONLY_HERE = frozenset(
    {
        "operation coordinator",
        "service coordinator",
        "service coordinator, other service",
        "field officer",
        "field officer, other service",
        "field officer without a team",
        "liaison",
        "commander",
        "analyst",
    }
)

_NOTHING = 999_999
_NO_UID = str(uuid.UUID(int=7))


def _of_corner(name: str, nothing: Any) -> Any:
    def value(world: World, case: str, rule: str) -> Any:
        return nothing if case == NONEXISTENT else getattr(world.corners[case], name)

    return value


def _uid(world: World, case: str, rule: str) -> str:
    """Which kind of record a ``uid`` names depends on the address."""
    if case == NONEXISTENT:
        return _NO_UID
    for part, name in UIDS:
        if part in rule:
            return str(getattr(world.corners[case], name))
    raise AssertionError(f"tests/auth/world.py does not know what the uid in {rule} names: add it to UIDS")


UIDS = (
    ("/briefing/files/", "attachment"),
    ("/sheets/printed/", "attachment"),
    ("/data/", "data"),
    ("/charges/accused/", "accused"),
    ("/charges/", "charge"),
    ("/field/contacts/", "contact"),
    ("/live/teams/", "team_uid"),
    ("/held/", "held"),
    ("/plan/shifts/", "shift"),
    ("/field/log/", "draft"),
    ("/kits/items/", "kit"),
    ("/kits/", "kit_move"),
    ("/referrals/of/", "contact"),
    ("/referrals/notes/", "note"),
    ("/referrals/", "referral"),
    ("/sessions/", "session"),
    ("/returns/files/", "return_file"),
    ("/r/", "return_file"),
    ("/returns/", "return_drop"),
    ("/wall-links/", "wall_link"),
)


def _shared(name: str) -> Any:
    """A record of the whole site: it exists or it does not."""

    def value(world: World, case: str, rule: str) -> Any:
        return world.shared[name] if case != NONEXISTENT else _NOTHING

    return value


# URL argument -> what stands there in each case. A route with an argument that is not here fails the walk.
VALUES: dict[str, Any] = {
    "code": _of_corner("code", "NO-SUCH"),
    "service_id": _of_corner("service", _NOTHING),
    "team_id": _of_corner("team", _NOTHING),
    "member_id": _of_corner("member", _NOTHING),
    "certificate_id": _of_corner("certificate", _NOTHING),
    "uid": _uid,
    "agency_id": _shared("agency_id"),
    "user_id": _shared("user_id"),
    "grant_id": _shared("grant_id"),
    "item_id": _shared("item_id"),
    "offence_id": _shared("offence_id"),
    "text_id": _shared("text_id"),
    "name": lambda world, case, rule: "needs" if case != NONEXISTENT else "no_such_list",
    "mark": _of_corner("held_mark", "00000000"),
    "item": _of_corner("goal", _NO_UID),
    "token": lambda world, case, rule: (
        "no-such-link"
        if case == NONEXISTENT
        else world.corners[case].answer
        if rule.startswith("/answer/")
        else world.corners[case].return_link
        if rule.startswith("/r/")
        else world.corners[case].address
        if rule.startswith("/p/")
        else world.corners[case].wall_token
        if rule.startswith("/w/")
        else "no-such-link"
    ),
    "language": lambda world, case, rule: "en",
    "table": lambda world, case, rule: "figures" if case != NONEXISTENT else "no_such_table",
    "child": _of_corner("proposal", "NO-SUCH"),
    "locked": _of_corner("locked", _NOTHING),
    "number": _of_corner("release", _NOTHING),
    "opening": _of_corner("opening", _NOTHING),
    "paper": lambda world, case, rule: "en.html" if case != NONEXISTENT else "no.html",
    "ruled": lambda world, case, rule: "persons_made_safe" if case != NONEXISTENT else "no_such_measure",
    "measure": lambda world, case, rule: "persons_met" if case != NONEXISTENT else "no_such_measure",
    "step": lambda world, case, rule: "what",
    "position": lambda world, case, rule: 1 if case != NONEXISTENT else _NOTHING,
    "consent": _of_corner("consent", _NO_UID),
    "published_id": _shared("published_id"),
    "to": lambda world, case, rule: "reporting",
    "version": lambda world, case, rule: "000000000000",
    "filename": lambda world, case, rule: "css/outreach.css" if case != NONEXISTENT else "no-such-file",
}
# What a form names besides the address.
FORM: dict[str, Any] = {"team": _of_corner("team_uid", _NO_UID)}
