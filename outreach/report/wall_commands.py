"""Writes of the wall screen's links: made and ended by who coordinates the operation, opened by whoever has one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import N_, Blocked, DeadLink, Invalid, NotAllowed, NotFound
from outreach.storage import writing
from outreach.storage.keys import site_keys
from outreach.storage.queries import access, accounts
from outreach.storage.queries import walls as rows
from outreach.storage.tables import Operation, WallLink
from outreach.storage.types import utc_now

from . import wall_rules as rules

# The same words for every link that leads nowhere, whether it was guessed, altered, ended or taken back.
DEAD = N_("It may have ended, or a part of it was lost. Ask the coordinator of the operation for a new one.")
LABEL_MOST = 80
BY_WALL = Actor(user=None, name="by wall link")


@dataclass(frozen=True)
class Listed:
    """A link as its page lists it. ``lost``: who made it has no account any more that may share the wall."""

    uid: str
    label: str
    by: str
    created_at: dt.datetime
    ends_at: dt.datetime
    opened_at: dt.datetime | None
    works: bool
    revoked: bool
    lost: bool


def make(actor: Actor, operation: Operation, life: str, label: str) -> WallLink:
    """A new link. Raises ``NotAllowed``, ``Blocked`` (a rehearsal, too many), ``Invalid`` at ``life`` or ``label``."""
    _check(actor, operation)
    if operation.is_rehearsal:
        raise Blocked(
            N_("This is a rehearsal: what is logged in it reaches no figure."), N_("A wall would have nothing to show.")
        )
    if life not in (*rules.LIVES, rules.WINDOW):
        raise Invalid.at("life", rules.NO_CHOICE)
    ends_at = rules.link_end(life, utc_now(), operation.ends_at)
    if ends_at is None:
        raise Invalid.at("life", rules.NO_WINDOW_END)
    if len(label) > LABEL_MOST:
        raise Invalid.at("label", N_("Keep it under %(most)s characters."), most=LABEL_MOST)
    if sum(one.works for one in listed(actor, operation)) >= rules.MOST:
        raise Blocked(N_("Enough links work already."), N_("End one that no screen uses any more."))
    link = rows.add(operation.id, actor.user, label, ends_at)
    audit.record(
        actor, Tag.WALL_LINK_MADE, kind="operation", object_id=operation.id, operation=operation.id, link=link.id
    )
    return link


def end(actor: Actor, operation: Operation, uid: str) -> bool:
    """End a link; whether it stood. Raises ``NotAllowed``, ``NotFound``."""
    _check(actor, operation)
    link = rows.of_uid(operation.id, uid)
    if link is None:
        raise NotFound()
    ended = rows.revoke(link.id)
    if ended:
        audit.record(
            actor, Tag.WALL_LINK_ENDED, kind="operation", object_id=operation.id, operation=operation.id, link=link.id
        )
    return ended


def listed(actor: Actor, operation: Operation) -> list[Listed]:
    """The links of the operation, the newest first. Raises ``NotAllowed``."""
    _check(actor, operation)
    now, found = utc_now(), rows.of_operation(operation.id)
    stand = {maker: _stands_for(maker, operation) for maker in {link.created_by_id for link, _ in found}}
    return [
        Listed(
            link.uid,
            link.label,
            by,
            link.created_at,
            link.ends_at,
            link.opened_at,
            stand[link.created_by_id]
            and rules.link_works(now, link.ends_at, link.revoked_at is not None, operation.status),
            link.revoked_at is not None,
            not stand[link.created_by_id],
        )
        for link, by in found
    ]


def _stands_for(maker: int | None, operation: Operation) -> bool:
    """Whether the account of who made a link works, and may still share the wall: a link may no more than its maker."""
    user = accounts.as_it_stands(maker) if maker is not None else None
    return (
        user is not None
        and user.active
        and may(access.actor_of(user), "wall.share", access.operation_target(operation))
    )


def token_of(link: WallLink) -> str:
    """The token of a link, made from its uid and the key of this site."""
    return rules.token_of(link.uid, site_keys().mark)


def _check(actor: Actor, operation: Operation) -> None:
    if not may(actor, "wall.share", access.operation_target(operation)):
        raise NotAllowed()


# --- behind the link --------------------------------------------------------------------------------------------------


def genuine(token: str) -> bool:
    """Whether the token carries the mark of this site. Looks nothing up."""
    return rules.uid_of(token, site_keys().mark) is not None


def behind(token: str) -> tuple[WallLink, Operation]:
    """What a token leads to. Raises ``DeadLink``, the same for every reason."""
    uid = rules.uid_of(token, site_keys().mark)
    found = rows.behind(uid) if uid else None
    if found is None:
        raise DeadLink(fix=DEAD)
    link, operation = found
    if not rules.link_works(utc_now(), link.ends_at, link.revoked_at is not None, operation.status):
        raise DeadLink(fix=DEAD)
    if not _stands_for(link.created_by_id, operation):
        _end_for_good(link, operation)
        raise DeadLink(fix=DEAD)
    return link, operation


def _end_for_good(link: WallLink, operation: Operation) -> None:
    """A link whose maker may not share the wall any more ends where it is next opened, also if she may again later.

    Holds its own write.
    """
    with writing():
        if rows.revoke(link.id):
            audit.record(
                BY_WALL, Tag.WALL_LINK_ENDED, kind="operation", object_id=operation.id, operation=operation.id,
                outcome="refused", link=link.id,
            )  # fmt: skip


def note_opened(link: WallLink) -> None:
    """The link was opened for the first time. Holds its own write: looking at a page is no write request."""
    if link.opened_at is None:
        with writing():
            rows.note_opened(link.id)
