"""Writes of the links with which services send their return without an account. A link is made, sent and revoked here;

what is sent with one is received and taken as any other return (``return_commands``, ``take_commands``).
"""

from __future__ import annotations

from dataclasses import dataclass

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor, by_return_link
from outreach.auth.permissions import may
from outreach.errors import N_, Blocked, DeadLink, Invalid, NotAllowed
from outreach.plan.team_rules import address_of
from outreach.storage import writing
from outreach.storage.keys import site_keys
from outreach.storage.queries import access, operations
from outreach.storage.queries import return_links as rows
from outreach.storage.tables import Operation, Participation, ReturnLink
from outreach.storage.types import utc_now

from . import link_rules as rules

SENT, FAILED = "sent", "failed"


@dataclass(frozen=True)
class Letter:
    """A letter that can leave: its id on record, the address, the token of its link and until when that works."""

    id: int
    address: str
    link: ReturnLink


def make(actor: Actor, operation: Operation, participation: Participation) -> ReturnLink:
    """A new link; an older one of the service ends. Raises ``NotAllowed``, ``Blocked`` where no return is taken."""
    _check(actor, operation, participation)
    _revoke(actor, operation, participation)
    link = rows.add_link(
        participation.id,
        actor.user,
        rules.link_end(utc_now(), operation.ends_at, operation.entry_deadline_at),
    )
    _note(actor, Tag.RETURN_LINK_MADE, operation, participation, link=link.id)
    return link


def revoke(actor: Actor, operation: Operation, participation: Participation) -> int:
    """End the links of the service; how many ended. Raises ``NotAllowed``."""
    if not may(actor, "return_links.change", access.service_target(operation, participation.service_id)):
        raise NotAllowed()
    return _revoke(actor, operation, participation)


def working(operation: Operation, participation: Participation) -> ReturnLink | None:
    """The link of the service that works now."""
    link = rows.last_link(participation.id)
    return link if link is not None and _works(operation, participation, link) else None


def queue_letter(actor: Actor, operation: Operation, participation: Participation, desk: str) -> Letter:
    """Put a letter to the service's desk on record; a link is made where none works. Holds its own write.

    Raises ``NotAllowed``, ``Blocked``; ``Invalid`` at ``desk`` without an e-mail address.
    """
    with writing():
        _check(actor, operation, participation)
        address = address_of(desk)
        if not address:
            raise Invalid.at("desk", N_("The desk of this service has no e-mail address. Copy the link instead."))
        link = working(operation, participation) or make(actor, operation, participation)
        letter = rows.add_letter(participation.id, actor.user, address)
        _note(actor, Tag.RETURN_LINK_SENT, operation, participation, link=link.id)
        return Letter(letter.id, address, link)


def note_posted(letter_id: int, trouble: str) -> None:
    """Keep what became of a letter. Holds its own write: it is called beside the request."""
    with writing():
        rows.settle_letter(letter_id, FAILED if trouble else SENT, trouble)


def token_of(link: ReturnLink) -> str:
    """The token of a link, made from its uid and the key of this site."""
    return rules.token_of(link.uid, site_keys().mark)


def _check(actor: Actor, operation: Operation, participation: Participation) -> None:
    if not may(actor, "return_links.change", access.service_target(operation, participation.service_id)):
        raise NotAllowed()
    if operation.is_rehearsal:
        raise Blocked(N_("A rehearsal asks no service for figures."), N_("The services would think that it is real."))
    version = operations.current_participation(participation.id)
    far = utc_now() + rules.SHORTEST_LIFE
    if not rules.link_works(utc_now(), far, False, version.status, version.entry_mode, operation.status):
        raise Blocked(
            N_("No return is taken from this service now."),
            N_("It owes no figures, has withdrawn, or the operation is closed."),
        )


def _revoke(actor: Actor, operation: Operation, participation: Participation) -> int:
    ended = rows.revoke_links(participation.id)
    if ended:
        _note(actor, Tag.RETURN_LINK_REVOKED, operation, participation)
    return ended


def _note(actor: Actor, tag: Tag, operation: Operation, participation: Participation, **details: int) -> None:
    audit.record(
        actor,
        tag,
        kind="participation",
        object_id=participation.id,
        operation=operation.id,
        service=participation.service_id,
        **details,
    )


# --- behind the link --------------------------------------------------------------------------------------------------

# The same words for every link that leads nowhere, whether it was guessed, altered, ended or taken back.
DEAD = N_("It may have ended, or a part of it was lost. Open it from the letter, or ask the coordinator for a new one.")


def genuine(token: str) -> bool:
    """Whether the token carries the mark of this site. Looks nothing up."""
    return rules.uid_of(token, site_keys().mark) is not None


def behind(token: str) -> rows.Found:
    """What a token leads to. Raises ``DeadLink``, the same for every reason."""
    uid = rules.uid_of(token, site_keys().mark)
    found = rows.behind(uid) if uid else None
    if found is None or not _works(found.operation, found.participation, found.link):
        raise DeadLink(fix=DEAD)
    return found


def _works(operation: Operation, participation: Participation, link: ReturnLink) -> bool:
    version = operations.current_participation(participation.id)
    return rules.link_works(
        utc_now(), link.ends_at, link.revoked_at is not None, version.status, version.entry_mode, operation.status
    )


def actor_of(found: rows.Found) -> Actor:
    """As whom a service acts that came by its link."""
    return by_return_link(found.service.id, found.operation.id)


def note_used(found: rows.Found) -> None:
    """A file was sent with the link. Holds its own write, after the one that kept the file."""
    with writing():
        rows.note_used(found.link.id)


def note_opened(found: rows.Found) -> None:
    """The link was opened for the first time. Holds its own write: looking at a page is no write request."""
    if found.link.opened_at is None:
        with writing():
            rows.note_opened(found.link.id)
