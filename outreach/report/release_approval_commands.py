"""Writes of approvals: two persons approve the same content, the second one publishes it; taking back, refusing.

The files are made before the write, for no phone shall wait for a typesetter; inside, with the operation held,
everything that was approved is looked at again.
"""

from __future__ import annotations

from typing import Any

from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.errors import N_, Blocked, Changed, Invalid, NotAllowed
from outreach.plan.paste_rules import visible
from outreach.storage import writing
from outreach.storage.queries import releases as rows
from outreach.storage.tables import FigureSet, Operation, Release
from outreach.storage.types import utc_now
from outreach.vocab import ReleaseState

from . import release_rules as rules
from . import release_work as work
from .release_commands import (
    EDITED_MEANWHILE,
    LOOK_AGAIN,
    enter,
    hold,
    may_still,
    need,
    need_ready,
    need_same,
    need_state,
)


def approve(actor: Actor, release: Release, *, seen: str | None = None) -> Release:
    """Approve this very content. The second person's approval publishes it, in the same write, with its files.

    Approving twice changes nothing. Raises ``NotAllowed``; ``Changed`` where it was edited since; ``Blocked`` where it
    does not await approval, or something moved since it was sent.
    """
    operation = rows.operation_of(release)
    need(actor, "release.approve", operation)
    if actor.user is None:
        raise NotAllowed(N_("A release is approved by persons."))
    papers: work.Papers | None = None
    for _ in range(3):
        with writing():
            row = hold(release)
            given = approvals(row, operation)
            if actor.user in given and row.state in (ReleaseState.SENT, ReleaseState.PUBLISHED):
                return row
            need_same(row, seen)
            need_state(row, ReleaseState.SENT)
            found = rows.set_of(row)
            need_ready(row, found, operation)
            need_unmoved(row, found, operation)
            if not may_still(actor.user, operation):  # making the files took its time
                raise NotAllowed()
            last = len(given) + 1 >= rules.APPROVALS
            if not last or (papers is not None and papers.content_hash == row.content_hash):
                rows.add_step(row.id, rules.APPROVED, actor.user, row.content_hash)
                enter(actor, Tag.RELEASE_APPROVED, row, hash=row.content_hash[:12])
                if last and papers is not None:
                    publish(actor, row, found, papers)
                return row
        # The files are made outside: a typesetter under the lock would let every phone wait.
        papers = work.papers_of(row, found, operation, utc_now())
    raise Changed(EDITED_MEANWHILE, LOOK_AGAIN)


def approvals(row: Release, operation: Operation) -> dict[int, Any]:
    """Person → her approval of the release as it is. While it is not published, only of those who may still give it:
    what somebody approved whose account was disabled, or whose role was taken away, waits for another person."""
    given = rules.approvals(rows.steps_of(row.id), row.content_hash)
    if row.state == ReleaseState.PUBLISHED:
        return given
    return {person: step for person, step in given.items() if may_still(person, operation)}


def need_unmoved(row: Release, found: FigureSet, operation: Operation) -> None:
    """Raise ``Blocked`` where figures moved since it was sent: whoever sent it did not know."""
    since = work.stands_of(operation, found)
    if since.as_json() != row.verdict.get("stands"):
        raise Blocked(
            N_("Figures moved since it was sent: a newer version, or a service that is not signed any more."),
            N_("Refuse it, so that it is drafted again or sent again with a reason."),
        )


def publish(actor: Actor, row: Release, found: FigureSet, papers: work.Papers) -> None:
    """Freeze it: its files, their hash, its state; the last write that there is of it."""
    rows.add_files(row.id, papers.files)
    rows.add_step(row.id, rules.PUBLISHED, actor.user, row.content_hash)
    mark = rules.hash_of(rules.manifest_of(row, papers.files, found.hash))
    row.published_at, row.hash, row.state = papers.at, mark, ReleaseState.PUBLISHED.value
    enter(actor, Tag.RELEASE_PUBLISHED, row, version=found.version, files=len(papers.files), hash=mark[:12])


def take_back(actor: Actor, release: Release) -> Release:
    """Take one's own approval back, while it is not published."""
    need(actor, "release.approve", rows.operation_of(release))
    with writing():
        row = hold(release)
        need_state(row, ReleaseState.SENT)
        if actor.user in rules.approvals(rows.steps_of(row.id), row.content_hash):
            rows.add_step(row.id, rules.RETRACTED, actor.user, row.content_hash)
            enter(actor, Tag.RELEASE_RETRACTED, row)
        return row


def refuse(actor: Actor, release: Release, reason: str) -> Release:
    """Not as it is: it is a draft again, and everybody who approves begins anew."""
    need(actor, "release.approve", rows.operation_of(release))
    text = visible(reason)
    wrong = rules.reason_findings(text, "reason", N_("Say what is wrong with it, in a few words."))
    if wrong:
        raise Invalid(*wrong)
    with writing():
        row = hold(release)
        need_state(row, ReleaseState.SENT)
        row.state = ReleaseState.DRAFT.value
        rows.add_step(row.id, rules.REFUSED, actor.user, row.content_hash, text)
        enter(actor, Tag.RELEASE_REFUSED, row)
        return row
