"""Writes of the administration: accounts, grants, links, sessions, the sample. Lists are in ``list_commands``."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth import passwords
from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import N_, DeadLink, Finding, Invalid, NotAllowed, NotFound
from outreach.storage.queries import accounts
from outreach.storage.queries.sample import remove_sample
from outreach.storage.tables import Grant, User
from outreach.storage.types import utc_now
from outreach.vocab import Role

from .rules import LINK_LIFE, email_findings, grant_findings

Hash = Callable[[str], str]


def remember_preferences(actor: Actor, *, language: str | None = None, theme: str | None = None) -> None:
    """Store the signed-in person's language or theme; for anybody else the cookie is all there is."""
    if actor.user is None:
        return
    user = accounts.by_id(actor.user)
    if user is None:
        return
    if language:
        user.language = language
    if theme:
        user.theme = theme


# --- accounts and roles -----------------------------------------------------------------------------------------------


def add_user(
    actor: Actor,
    *,
    email: str,
    name: str,
    password_hash: str | None,
    role: Role,
    service: int | None = None,
    operation: int | None = None,
    is_sample: bool = False,
) -> User:
    """An account with one grant; an existing account of that address gets the grant added.

    Raises ``NotAllowed``; ``Invalid`` at ``service`` when the role needs one, and at ``email``.
    """
    _people_change(actor)
    _refuse([*email_findings(email), *grant_findings(role, service)])
    user = accounts.by_email(email)
    if user is None:
        user = accounts.add_user(
            {
                "email": email.strip().lower(),
                "name": name.strip(),
                "password": password_hash,
                "fs_uniquifier": secrets.token_hex(32),
                "is_sample": is_sample,
            }
        )
        audit.record(actor, Tag.USER_ADDED, kind="user", object_id=user.id)
    _grant(actor, user, role, service, operation)
    return user


def invite(
    actor: Actor, *, email: str, name: str, role: Role, service: int | None, operation: int | None
) -> tuple[User, str]:
    """A new account without a password, and the token of its welcome link.

    Raises ``Invalid`` at ``email`` when the address has an account: a second role is added on its own page.
    """
    _people_change(actor)
    if accounts.by_email(email) is not None:
        raise Invalid.at("email", N_("This address has an account already: add the role on that person’s page."))
    user = add_user(actor, email=email, name=name, password_hash=None, role=role, service=service, operation=operation)
    return user, make_link(actor, user)


def add_grant(actor: Actor, user: User, role: Role, service: int | None, operation: int | None) -> None:
    """Another role for an account. Raises ``NotAllowed``; ``Invalid`` at ``service``."""
    _people_change(actor)
    _refuse(grant_findings(role, service))
    _grant(actor, user, role, service, operation)


def remove_grant(actor: Actor, user: User, grant_id: int) -> None:
    """Take a role away; it no longer counts at the person's next request.

    Raises ``NotFound`` for a grant that is not this account's; ``Invalid`` for the last administrator's.
    """
    _people_change(actor)
    grant = next((each for each in user.roles if each.id == grant_id), None)
    if grant is None:
        raise NotFound()
    if grant.role == Role.ADMINISTRATOR:
        _keep_an_administrator(user)
    service, operation, role = grant.service_id, grant.operation_id, grant.role
    accounts.remove_grant(user, grant)
    _note(actor, Tag.GRANT_REMOVED, user, operation=operation, service=service, role=role)


def disable(actor: Actor, user: User) -> None:
    """Close an account: its sessions and links end at once.

    Raises ``NotAllowed``; ``Invalid`` for the last administrator.
    """
    _people_change(actor)
    if not user.active:
        return
    if any(grant.role == Role.ADMINISTRATOR for grant in user.roles):
        _keep_an_administrator(user)
    user.active = False
    accounts.sign_out_everywhere(user)
    accounts.end_links(user.id)
    _note(actor, Tag.USER_DISABLED, user)


def enable(actor: Actor, user: User) -> None:
    """Open a disabled account again. Raises ``NotAllowed``."""
    _people_change(actor)
    if user.active:
        return
    user.active = True
    _note(actor, Tag.USER_ENABLED, user)


def sign_out_everywhere(actor: Actor, user: User) -> None:
    """End every session of an account: one's own, or anybody's for who may change people. Raises ``NotAllowed``."""
    if actor.user != user.id:
        _people_change(actor)
    accounts.sign_out_everywhere(user)
    _note(actor, Tag.SIGN_OUT_EVERYWHERE, user)


# --- passwords --------------------------------------------------------------------------------------------------------


def make_link(actor: Actor, user: User) -> str:
    """The token of a new one-time link: welcome for who has no password yet, else reset. Earlier links end.

    Raises ``NotAllowed``; ``Invalid`` for a disabled account.
    """
    _people_change(actor)
    if not user.active:
        raise Invalid.at("", N_("This account is disabled: enable it first."))
    purpose = "reset" if user.password else "welcome"
    token = secrets.token_urlsafe(32)
    accounts.add_link(user.id, token, purpose, utc_now() + LINK_LIFE[purpose], actor.user)
    _note(actor, Tag.LINK_MADE, user, purpose=purpose)
    return token


def redeem(actor: Actor, token: str, password: str, hash_of: Hash, language: str = "") -> User:
    """Set the password by a one-time link; every session of the account ends.

    ``language``: of the page, which a new account starts with.

    Raises ``DeadLink`` (the same for unknown, used and expired); ``Invalid`` at ``password``.
    """
    found = accounts.working_link(token)
    if found is None:
        raise DeadLink()
    link, user = found
    _refuse(passwords.findings(password, user.name, user.email))
    if not accounts.spend_link(link.id):
        raise DeadLink()
    # Nobody is signed in here: the holder of the link acts for the account.
    holder = Actor(user=user.id, name=user.name)
    _note(holder, Tag.LINK_USED, user, purpose=link.purpose)
    _set_password(holder, user, password, hash_of)
    if link.purpose == "welcome" and language:
        user.language = language
    accounts.sign_out_everywhere(user)
    return user


def change_password(actor: Actor, user: User, password: str, hash_of: Hash) -> None:
    """Set one's own password. The caller has checked the present one and ends the other sessions.

    Raises ``NotAllowed`` for somebody else's account; ``Invalid`` at ``password``.
    """
    if actor.user != user.id:
        raise NotAllowed()
    _refuse(passwords.findings(password, user.name, user.email))
    _set_password(actor, user, password, hash_of)


def rename(actor: Actor, user: User, name: str) -> None:
    """One's own name as others see it. Raises ``NotAllowed``; ``Invalid`` at ``name``."""
    if actor.user != user.id:
        _people_change(actor)
    name = name.strip()
    if not 2 <= len(name) <= 120:
        raise Invalid.at("name", N_("Enter a name of 2 to 120 characters."))
    if name != user.name:
        user.name = name
        _note(actor, Tag.USER_CHANGED, user)


# --- the sample -------------------------------------------------------------------------------------------------------


def remove_the_sample(actor: Actor) -> int:
    """Remove the sample's operations, services and accounts; gives the number of operations. Raises ``NotAllowed``."""
    if not may(actor, "sample.remove"):
        raise NotAllowed()
    gone = remove_sample()
    # A sample account may have done it: it is gone, and the journal has no key to it.
    still = actor if actor.user is None or accounts.by_id(actor.user) else Actor(user=None, name=actor.name)
    audit.record(still, Tag.SAMPLE_REMOVED, operations=gone)
    return gone


# --- shared -----------------------------------------------------------------------------------------------------------


def _people_change(actor: Actor) -> None:
    if not may(actor, "people.change"):
        raise NotAllowed()


def _refuse(findings: list[Finding]) -> None:
    if findings:
        raise Invalid(*findings)


def _keep_an_administrator(user: User) -> None:
    if user.active and accounts.administrators() <= 1:
        raise Invalid.at("", N_("This is the last administrator: give another account that role first."))


def _grant(actor: Actor, user: User, role: Role, service: int | None, operation: int | None) -> Grant:
    before = len(user.roles)
    grant = accounts.add_grant(user, role.value, service, operation)
    if len(user.roles) > before:
        _note(actor, Tag.GRANT_ADDED, user, operation=operation, service=service, role=role.value)
    return grant


def _set_password(actor: Actor, user: User, password: str, hash_of: Hash) -> None:
    user.password = hash_of(password)
    accounts.end_links(user.id)
    _note(actor, Tag.PASSWORD_SET, user)


def _note(
    actor: Actor, tag: Tag, user: User, operation: int | None = None, service: int | None = None, **more: str
) -> None:
    audit.record(actor, tag, kind="user", object_id=user.id, operation=operation, service=service, **more)
