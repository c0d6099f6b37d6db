"""Writes of public addresses: opening the address of a published release, and ending it."""

from __future__ import annotations

import secrets

from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.storage import writing
from outreach.storage.queries import releases as rows
from outreach.storage.tables import Release, ReleaseLink
from outreach.storage.types import utc_now
from outreach.vocab import ReleaseState

from .release_commands import enter, hold, need, need_state

_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""No sign that is taken for another: an address is read out and typed."""
_LENGTH = 12


def open_link(actor: Actor, release: Release) -> ReleaseLink:
    """Give a published release its public address; one that stands stays."""
    need(actor, "release.link", rows.operation_of(release))
    with writing():
        row = hold(release)
        need_state(row, ReleaseState.PUBLISHED)
        found = rows.link_of(row.id)
        if found is None:
            token = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
            found = rows.add_link(row.id, token, actor.user)
            enter(actor, Tag.RELEASE_LINK_OPENED, row)
        return found


def end_link(actor: Actor, release: Release) -> None:
    """The address says from now on that the release is not there any more. What was fetched cannot be taken back."""
    need(actor, "release.link", rows.operation_of(release))
    with writing():
        row = hold(release)
        found = rows.link_of(row.id)
        if found is not None:
            found.ended_at, found.ended_by_id = utc_now(), actor.user
            enter(actor, Tag.RELEASE_LINK_ENDED, row)
