"""The one permission table: action → alternatives, each a list of named predicates that must all hold.

Read it as: *may* if any line holds. The guard asks it at the door, commands ask it of the object; an endpoint whose
action is not here stops the start-up. Who may *see* an object decides between "not found" and "not allowed":
``SEEN_BY`` names the action that stands for seeing it.
"""

from __future__ import annotations

from collections.abc import Callable

from outreach.vocab import OperationStatus, Role

from .actors import Actor, Target

Predicate = Callable[[Actor, Target], bool]


def anybody(actor: Actor, target: Target) -> bool:
    return True


def signed_in(actor: Actor, target: Target) -> bool:
    return actor.user is not None


def _holds(actor: Actor, role: Role, target: Target) -> bool:
    """The role, bound to nothing, or to this operation or one above it."""
    return any(b.role is role and (b.operation is None or b.operation in target.operations) for b in actor.bounds)


def _holds_for_service(actor: Actor, role: Role, services: frozenset[int], target: Target) -> bool:
    """The role for one of ``services``, in this operation where the role is bound to one."""
    return any(
        b.role is role
        and b.service is not None
        and b.service in services
        and (b.operation is None or b.operation in target.operations or not target.operations)
        for b in actor.bounds
    )


def administrator(actor: Actor, target: Target) -> bool:
    return Role.ADMINISTRATOR in actor.roles


def operation_coordinator(actor: Actor, target: Target) -> bool:
    return _holds(actor, Role.OPERATION_COORDINATOR, target)


def unbound_coordinator(actor: Actor, target: Target) -> bool:
    """A coordinator who is not bound to one operation: may start new ones."""
    return any(b.role is Role.OPERATION_COORDINATOR and b.operation is None for b in actor.bounds)


def some_coordinator(actor: Actor, target: Target) -> bool:
    return Role.OPERATION_COORDINATOR in actor.roles


def some_commander(actor: Actor, target: Target) -> bool:
    return Role.COMMANDER in actor.roles


def some_analyst(actor: Actor, target: Target) -> bool:
    return Role.ANALYST in actor.roles


def unbound_analyst(actor: Actor, target: Target) -> bool:
    """An analyst of every operation."""
    return any(b.role is Role.ANALYST and b.operation is None for b in actor.bounds)


def some_service_coordinator(actor: Actor, target: Target) -> bool:
    return Role.SERVICE_COORDINATOR in actor.roles


def some_field_officer(actor: Actor, target: Target) -> bool:
    return Role.FIELD_OFFICER in actor.roles


def some_liaison(actor: Actor, target: Target) -> bool:
    return Role.LIAISON in actor.roles


def service_coordinator(actor: Actor, target: Target) -> bool:
    """Coordinator of the service that owns the record."""
    return target.service is not None and _holds_for_service(
        actor, Role.SERVICE_COORDINATOR, frozenset({target.service}), target
    )


def field_officer(actor: Actor, target: Target) -> bool:
    """Officer of the service that owns the record."""
    return target.service is not None and _holds_for_service(
        actor, Role.FIELD_OFFICER, frozenset({target.service}), target
    )


def team_officer(actor: Actor, target: Target) -> bool:
    """Officer of the service that owns the record, or of a partner in its joint team."""
    services = target.partners if target.service is None else target.partners | {target.service}
    return _holds_for_service(actor, Role.FIELD_OFFICER, services, target)


def own_entry(actor: Actor, target: Target) -> bool:
    return actor.user is not None and target.owner == actor.user


def own_team(actor: Actor, target: Target) -> bool:
    return target.team is not None and target.team in actor.teams


def agency_liaison(actor: Actor, target: Target) -> bool:
    """Liaison of the agency that the referral goes to."""
    return target.agency is not None and _holds_for_service(actor, Role.LIAISON, frozenset({target.agency}), target)


def agency_lead(actor: Actor, target: Target) -> bool:
    """Who leads the agency: the coordinator of that very service."""
    return target.agency is not None and _holds_for_service(
        actor, Role.SERVICE_COORDINATOR, frozenset({target.agency}), target
    )


def liaison_taking_part(actor: Actor, target: Target) -> bool:
    return _holds_for_service(actor, Role.LIAISON, target.services, target)


def commander(actor: Actor, target: Target) -> bool:
    return _holds(actor, Role.COMMANDER, target)


def analyst(actor: Actor, target: Target) -> bool:
    return _holds(actor, Role.ANALYST, target)


def service_taking_part(actor: Actor, target: Target) -> bool:
    """Coordinator or officer of a service that takes part in the operation (or in one under it)."""
    return _holds_for_service(actor, Role.SERVICE_COORDINATOR, target.services, target) or _holds_for_service(
        actor, Role.FIELD_OFFICER, target.services, target
    )


def coordinator_taking_part(actor: Actor, target: Target) -> bool:
    return _holds_for_service(actor, Role.SERVICE_COORDINATOR, target.services, target)


def still_open(actor: Actor, target: Target) -> bool:
    """Not signed, and the entry deadline has not passed."""
    return target.open_for_entry


def taking_entries(actor: Actor, target: Target) -> bool:
    return target.status in (OperationStatus.ACTIVE, OperationStatus.REPORTING)


def past_draft(actor: Actor, target: Target) -> bool:
    """The operation is more than an idea of its coordinators."""
    return target.status != OperationStatus.DRAFT


def not_archived(actor: Actor, target: Target) -> bool:
    return target.status != OperationStatus.ARCHIVED


Alternatives = tuple[tuple[Predicate, ...], ...]

PERMISSIONS: dict[str, Alternatives] = {
    # --- open doors and one's own account
    "site.open": ((anybody,),),
    "site.own": ((signed_in,),),
    # --- administration
    "people.see": ((administrator,),),
    "people.change": ((administrator,),),
    "lists.see": ((administrator,),),
    "lists.change": ((administrator,),),
    "journal.see": ((administrator,),),
    # --- plan
    "operation.see": (
        (operation_coordinator,),
        (commander,),
        (analyst,),
        (service_taking_part,),
        (liaison_taking_part,),
    ),
    "operation.create": ((unbound_coordinator,),),
    "operation.plan.see": ((operation_coordinator,), (coordinator_taking_part,)),
    "operation.change": ((operation_coordinator, not_archived),),
    "operation.move": ((operation_coordinator,),),
    "rehearsal.run": ((operation_coordinator,),),
    "sample.remove": ((administrator,), (unbound_coordinator,)),
    "services.see": ((some_coordinator,), (administrator,), (some_service_coordinator,)),
    "services.add": ((some_coordinator,),),
    "services.change": ((unbound_coordinator,),),
    "agencies.see": (
        (some_coordinator,),
        (administrator,),
        (some_service_coordinator,),
        (some_liaison,),
        (some_field_officer,),
    ),
    "agencies.change": ((unbound_coordinator,), (agency_lead,)),
    "participation.change": ((operation_coordinator, not_archived),),
    "invitations.see": ((operation_coordinator,),),
    "invitations.send": ((operation_coordinator, not_archived),),
    "operation.propose": ((coordinator_taking_part, not_archived),),
    "operation.attach": ((operation_coordinator, not_archived),),
    "team.see": ((operation_coordinator,), (service_coordinator,)),
    "team.change": ((operation_coordinator, not_archived), (service_coordinator, not_archived)),
    "roster.publish": ((operation_coordinator, not_archived), (service_coordinator, not_archived)),
    "officers.invite": ((operation_coordinator, not_archived), (service_coordinator, not_archived)),
    # --- ready: the briefing
    "briefing.see": (
        (operation_coordinator,),
        (coordinator_taking_part,),
        (service_taking_part, past_draft),
        (commander, past_draft),
    ),
    "briefing.change": ((operation_coordinator, not_archived),),
    "briefing.readers": ((operation_coordinator,), (service_coordinator,)),
    # --- ready: sessions, certificates, the readiness board
    "sessions.see": ((operation_coordinator,), (coordinator_taking_part,)),
    "sessions.change": ((operation_coordinator, not_archived),),
    "delegates.see": ((operation_coordinator,), (service_coordinator,)),
    "delegates.change": ((operation_coordinator, not_archived), (service_coordinator, not_archived)),
    "ready.see": ((operation_coordinator,), (coordinator_taking_part,)),
    "kits.see": ((operation_coordinator,), (service_coordinator,)),
    "kits.send": ((operation_coordinator, not_archived),),
    "kits.record": ((operation_coordinator, not_archived), (service_coordinator, not_archived)),
    # --- field
    "field.see": ((some_field_officer,), (some_service_coordinator,)),
    "contact.log": ((team_officer, own_team, taking_entries), (service_coordinator, taking_entries)),
    "contact.send": ((team_officer, own_team), (service_coordinator,)),  # a repeat has its receipt after closing too
    "sealed.send": ((anybody,),),  # what is sent proves by itself whose it is; her session may have ended
    "draft.own": ((own_entry,),),
    "contact.see": ((own_entry, team_officer), (own_team, team_officer), (service_coordinator,)),
    "contact.change": ((own_entry, team_officer, still_open, not_archived), (service_coordinator, not_archived)),
    "contacts.list": ((service_coordinator,),),
    "held.see": ((service_coordinator,),),
    "held.decide": ((service_coordinator, not_archived),),
    "check_in.record": (
        (team_officer, own_team, taking_entries),
        (service_coordinator, taking_entries),
        (operation_coordinator, taking_entries),
    ),
    "contact.log_by_radio": ((operation_coordinator, taking_entries), (service_coordinator, taking_entries)),
    "board.see": ((operation_coordinator,), (commander,), (coordinator_taking_part,)),
    "board.counts": ((operation_coordinator,), (commander,)),
    "phones.see": ((operation_coordinator,), (coordinator_taking_part,)),
    "charges.see": ((service_coordinator,), (field_officer,)),
    "charges.change": ((service_coordinator, not_archived), (field_officer, still_open, not_archived)),
    # --- referrals
    "referrals.see": ((some_liaison,), (some_service_coordinator,), (some_field_officer,), (some_coordinator,)),
    "referrals.pass_on": ((some_liaison,), (some_service_coordinator,)),
    "referrals.search": ((some_liaison,), (some_service_coordinator,)),
    "referrals.unowned": ((operation_coordinator,),),
    "referrals.unowned_direct": ((unbound_coordinator,),),
    "referrals.limits": ((operation_coordinator, not_archived),),
    "referral.lead": ((agency_lead,),),
    "referral.hand_over": ((agency_liaison,), (agency_lead,)),
    "referral.give_back": ((agency_liaison,), (agency_lead,)),
    "referral.assign": ((operation_coordinator,),),
    "referral.told": ((service_taking_part,),),
    "referral.see": ((agency_liaison,),),
    "referral.change": ((agency_liaison,),),
    "referral.direct": ((some_liaison,),),
    "consents.see": ((agency_liaison,), (service_coordinator,), (own_entry, field_officer)),
    "consents.withdraw": ((agency_liaison,), (service_coordinator,), (own_entry, field_officer)),
    # --- referrals: what the agency and the person write together; nobody but its liaisons, whoever else sees the list
    "case.see": ((agency_liaison,),),
    "case.change": ((agency_liaison,),),
    "due.see": ((some_liaison,),),
    "cards.print": ((operation_coordinator, not_archived), (service_coordinator, not_archived)),
    "feedback.see": ((operation_coordinator,), (service_coordinator,)),
    "cases.export": ((some_liaison,),),
    # --- returns
    "totals.see": ((operation_coordinator,), (service_coordinator,)),
    "totals.change": ((service_coordinator, not_archived), (operation_coordinator, not_archived)),
    "figures.sign": ((service_coordinator, not_archived),),  # a return with a typed name signs by whoever takes it
    "figures.reopen": ((service_coordinator, not_archived), (operation_coordinator, not_archived)),
    "return_links.change": ((service_coordinator, not_archived), (operation_coordinator, not_archived)),
    "return.template": ((service_coordinator, not_archived), (operation_coordinator, not_archived)),
    "return.cells": ((service_coordinator,), (operation_coordinator, own_entry)),  # what a return says of persons
    "returns.drop": ((operation_coordinator, not_archived),),
    "close.see": ((operation_coordinator,),),
    "close.remind": ((operation_coordinator, not_archived),),
    "figures.lock": ((operation_coordinator, not_archived),),
    "counting.see": ((operation_coordinator,), (commander,), (analyst,)),
    "counting.change": ((operation_coordinator, not_archived),),
    "versions.see": ((operation_coordinator,), (commander,), (analyst,)),
    "versions.export": ((operation_coordinator,), (analyst,)),  # with the small numbers of what became of referrals
    # --- report
    "figures.see": (
        (operation_coordinator,),
        (commander,),
        (analyst,),
        (service_taking_part,),
        (liaison_taking_part,),
    ),
    "figures.rows": ((service_coordinator,), (analyst,)),
    "figures.followed": ((operation_coordinator,), (analyst,)),  # small numbers of what became of referrals
    "figures.hours": ((operation_coordinator,),),  # contacts by hour and evening, which say when teams are out
    "wall.share": ((operation_coordinator, not_archived),),  # links to the wall screen, which need no account
    "figures.small": ((operation_coordinator,), (analyst,)),  # finer splits than by service and day, and all in one
    "history.see": ((some_coordinator,), (some_commander,), (some_analyst,)),  # what others printed: public by itself
    "history.change": ((unbound_coordinator,), (unbound_analyst,)),
    "agency.figures": ((agency_liaison,), (agency_lead,)),
    "workbook.export": ((operation_coordinator,), (commander,), (analyst,), (coordinator_taking_part,)),
    "workbook.persons": ((analyst,), (service_coordinator,)),
    "data.fetch": (  # a data workbook is there for who asked for it, while she may still ask
        (own_entry, operation_coordinator),
        (own_entry, commander),
        (own_entry, analyst),
        (own_entry, coordinator_taking_part),
    ),
    "disclosure.see": ((operation_coordinator,), (commander,), (analyst,)),
    "disclosure.change": ((operation_coordinator, not_archived),),
    "disclosure.approve": ((operation_coordinator, not_archived), (commander, not_archived)),  # never who asked
    "release.see": ((operation_coordinator,), (commander,), (analyst,)),
    "release.draft": ((operation_coordinator, not_archived),),
    "release.approve": ((operation_coordinator, not_archived), (commander, not_archived)),  # two persons, each once
    "release.link": ((operation_coordinator,),),
}

# The action that stands for seeing the object: refused there means "not found", allowed there but refused for the
# action itself means "not allowed".
SEEN_BY: dict[str, str] = {
    "operation.plan.see": "operation.see",
    "operation.change": "operation.see",
    "operation.move": "operation.see",
    "rehearsal.run": "operation.see",
    "participation.change": "operation.see",
    "invitations.see": "operation.see",
    "invitations.send": "operation.see",
    "operation.propose": "operation.see",
    "operation.attach": "operation.see",
    "contact.change": "contact.see",
    "contact.log": "operation.see",
    "contact.send": "operation.see",
    "contact.log_by_radio": "team.see",
    "held.decide": "held.see",
    "phones.see": "operation.see",
    "board.see": "operation.see",
    "charges.change": "charges.see",
    "referral.change": "referral.see",
    "consents.withdraw": "consents.see",
    "case.change": "case.see",
    "totals.change": "totals.see",
    "return.template": "totals.see",
    "figures.sign": "totals.see",
    "figures.reopen": "totals.see",
    "return_links.change": "totals.see",
    "returns.drop": "operation.see",
    "close.see": "operation.see",
    "close.remind": "operation.see",
    "figures.lock": "operation.see",
    "counting.change": "operation.see",
    "versions.see": "operation.see",
    "versions.export": "operation.see",
    "team.change": "team.see",
    "roster.publish": "team.see",
    "officers.invite": "team.see",
    "workbook.export": "operation.see",
    "wall.share": "operation.see",
    "release.see": "operation.see",
    "release.draft": "operation.see",
    "release.approve": "operation.see",
    "release.link": "operation.see",
    "sessions.see": "operation.see",
    "sessions.change": "operation.see",
    "delegates.change": "delegates.see",
    "briefing.change": "operation.see",
    "briefing.readers": "operation.see",
    "ready.see": "operation.see",
    "kits.send": "operation.see",
    "kits.record": "kits.see",
    "services.add": "services.see",
    "services.change": "services.see",
    "agencies.change": "agencies.see",
    "history.change": "history.see",
    "disclosure.change": "disclosure.see",
    "disclosure.approve": "disclosure.see",
}


def may(actor: Actor, action: str, target: Target = Target()) -> bool:  # noqa: B008 - frozen value
    """Whether ``actor`` may do ``action`` to ``target``. Raises ``KeyError`` for an action that is not listed."""
    alternatives = PERMISSIONS[action]
    if actor.system:
        # The owner of the machine: role predicates hold, predicates on the state of the object still count.
        return any(all(p(actor, target) for p in line if p in STATE_PREDICATES) for line in alternatives)
    return any(all(predicate(actor, target) for predicate in line) for line in alternatives)


STATE_PREDICATES: frozenset[Predicate] = frozenset({still_open, taking_entries, not_archived, past_draft})


def sees(actor: Actor, action: str, target: Target) -> bool:
    """Whether the actor may know that the target exists."""
    return may(actor, SEEN_BY.get(action, action), target)
