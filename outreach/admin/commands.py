"""Writes of the administration: accounts, grants, links, lists."""

from __future__ import annotations

import secrets

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import N_, Invalid, NotAllowed
from outreach.storage.queries import accounts
from outreach.storage.tables import User
from outreach.vocab import Role


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

    Raises ``NotAllowed``; ``Invalid`` at ``service`` when the role needs one.
    """
    if not may(actor, "people.change"):
        raise NotAllowed()
    if role in (Role.SERVICE_COORDINATOR, Role.FIELD_OFFICER, Role.LIAISON) and service is None:
        raise Invalid.at("service", N_("This role belongs to a service: name the service."))
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
    accounts.add_grant(user, role.value, service, operation)
    audit.record(
        actor, Tag.GRANT_ADDED, kind="user", object_id=user.id, operation=operation, service=service, role=role.value
    )
    return user
