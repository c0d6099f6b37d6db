"""The permission table itself: what must hold of it, whoever edits it."""

import inspect

import pytest

from outreach.auth import permissions
from outreach.auth.actors import ANYBODY, NOTHING, SYSTEM, Actor, Bound, Target
from outreach.auth.permissions import PERMISSIONS, SEEN_BY, STATE_PREDICATES, may, sees
from outreach.vocab import OperationStatus, Role

HERE, THERE, PARENT = 1, 2, 9
OWN, OTHER, AGENCY = 10, 20, 30


def one(role, service=None, operation=None, **more):
    return Actor(user=7, bounds=(Bound(role, service, operation),), **more)


def place(**more):
    values = {
        "operation": HERE,
        "operations": frozenset({HERE, PARENT}),
        "services": frozenset({OWN, OTHER, AGENCY}),
        "status": OperationStatus.ACTIVE.value,
    }
    return Target(**(values | more))


EVERY_ROLE = [one(role) for role in Role]


def test_every_line_is_made_of_named_predicates_and_none_is_empty():
    for action, alternatives in PERMISSIONS.items():
        assert alternatives, action
        for line in alternatives:
            assert line, f"{action}: a line without a predicate lets everybody in"
            assert all(getattr(permissions, predicate.__name__) is predicate for predicate in line), action


def test_only_the_open_door_is_open_to_who_is_not_signed_in():
    assert {action for action in PERMISSIONS if may(ANYBODY, action, NOTHING)} == {"site.open", "sealed.send"}
    assert {action for action in PERMISSIONS if may(ANYBODY, action, place(service=OWN))} == {
        "site.open",
        "sealed.send",
    }


def test_an_account_without_a_role_has_only_itself():
    nobody = Actor(user=7)
    assert {a for a in PERMISSIONS if may(nobody, a, place(service=OWN, agency=AGENCY))} == {
        "site.open",
        "site.own",
        "sealed.send",
    }


def test_no_line_stands_on_the_state_of_the_record_alone():
    for action, alternatives in PERMISSIONS.items():
        for line in alternatives:
            assert not set(line) <= STATE_PREDICATES, action


def test_every_name_in_seen_by_is_an_action_and_seeing_never_needs_more_than_doing():
    for action, seeing in SEEN_BY.items():
        assert action in PERMISSIONS and seeing in PERMISSIONS
    targets = [place(service=s, agency=AGENCY, team=5, owner=7) for s in (OWN, OTHER)]
    actors = [one(r, s, o, teams=frozenset({5})) for r in Role for s in (None, OWN, OTHER) for o in (None, HERE, THERE)]
    for action in SEEN_BY:
        for actor in actors:
            for target in targets:
                if may(actor, action, target):
                    assert sees(actor, action, target), f"{action}: allowed to do what cannot be seen ({actor.bounds})"


def test_every_predicate_is_used():
    used = {predicate for alternatives in PERMISSIONS.values() for line in alternatives for predicate in line}
    defined = {
        f
        for name, f in inspect.getmembers(permissions, inspect.isfunction)
        if f.__module__ == permissions.__name__
        and not name.startswith("_")
        and list(inspect.signature(f).parameters) == ["actor", "target"]
    }
    assert {f.__name__ for f in defined - used} == set()


@pytest.mark.parametrize("role", [Role.OPERATION_COORDINATOR, Role.COMMANDER, Role.ANALYST, Role.ADMINISTRATOR])
def test_cross_service_roles_see_counts_not_persons(role):
    """SOURCE: safety.md 1: an insider coordinator sees counts only; rows without a way to a person for the analyst."""
    actor, target = one(role), place(service=OWN, agency=AGENCY, team=5, owner=99)
    for action in ("contact.see", "contact.change", "contacts.list", "charges.see", "referral.see", "draft.own"):
        assert not may(actor, action, target), action


def test_a_role_bound_to_an_operation_reaches_what_is_under_it_and_nothing_else():
    for role in (Role.OPERATION_COORDINATOR, Role.COMMANDER, Role.ANALYST):
        assert may(one(role, operation=PARENT), "operation.see", place())
        assert may(one(role, operation=HERE), "operation.see", place())
        assert not may(one(role, operation=THERE), "operation.see", place())
    assert not may(one(Role.SERVICE_COORDINATOR, OWN, THERE), "contacts.list", place(service=OWN))


def test_a_service_role_reaches_its_own_service_only():
    for action in ("contacts.list", "charges.see", "totals.change", "team.change"):
        assert may(one(Role.SERVICE_COORDINATOR, OWN), action, place(service=OWN)), action
        assert not may(one(Role.SERVICE_COORDINATOR, OWN), action, place(service=OTHER)), action


def test_a_safe_way_to_reach_a_person_is_for_the_liaison_of_that_agency_only():
    target = place(service=OWN, agency=AGENCY)
    allowed = [
        a
        for a in [*EVERY_ROLE, *(one(r, s) for r in Role for s in (OWN, OTHER, AGENCY))]
        if may(a, "referral.see", target)
    ]
    assert [a.bounds[0] for a in allowed] == [Bound(Role.LIAISON, AGENCY)]


def test_nothing_of_an_archived_operation_changes():
    target = place(service=OWN, agency=AGENCY, team=5, owner=7, status=OperationStatus.ARCHIVED.value)
    everybody = [one(r, s, teams=frozenset({5})) for r in Role for s in (None, OWN)]
    writing = [
        "operation.change",
        "participation.change",
        "team.change",
        "officers.invite",
        "contact.log",
        "contact.change",
        "charges.change",
        "totals.change",
    ]
    for action in writing:
        assert not any(may(actor, action, target) for actor in everybody), action
        assert not may(SYSTEM, action, target), f"{action}: the command line obeys the state too"


def test_an_officer_changes_only_own_entries_and_only_while_they_are_open():
    officer = one(Role.FIELD_OFFICER, OWN, teams=frozenset({5}))
    assert may(officer, "contact.change", place(service=OWN, owner=7))
    assert not may(officer, "contact.change", place(service=OWN, owner=8))
    assert not may(officer, "contact.change", place(service=OWN, owner=7, open_for_entry=False))
    assert may(one(Role.SERVICE_COORDINATOR, OWN), "contact.change", place(service=OWN, owner=8, open_for_entry=False))


def test_only_administrators_change_people_and_read_the_journal():
    for action in ("people.see", "people.change", "journal.see", "lists.see", "lists.change"):
        assert [a.bounds[0].role for a in EVERY_ROLE if may(a, action, NOTHING)] == [Role.ADMINISTRATOR]


def test_an_action_that_is_not_listed_is_an_error_not_a_yes():
    with pytest.raises(KeyError):
        may(SYSTEM, "no.such.action", NOTHING)
