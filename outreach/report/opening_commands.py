"""Writes of small numbers that are published on purpose: one person asks with a reason, another agrees or refuses."""

from __future__ import annotations

from dataclasses import replace

from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.errors import N_, Blocked, Invalid, NotAllowed, NotFound
from outreach.plan.paste_rules import visible
from outreach.rollup.protection import Key
from outreach.storage import writing
from outreach.storage.queries import releases as rows
from outreach.storage.tables import Release, ReleaseOpening
from outreach.storage.types import utc_now
from outreach.vocab import ReleaseState

from . import release_rules as rules
from .release_commands import enter, hold, need, need_state, reweigh

NOT_WITHHELD = N_("Choose one of the numbers that are withheld.")


def ask(actor: Actor, release: Release, key: Key, reason: str) -> ReleaseOpening:
    """Ask that a withheld number be published. Raises ``Invalid`` at ``cell`` where it is shown, and at ``reason``."""
    need(actor, "release.draft", rows.operation_of(release))
    text = visible(reason)
    wrong = rules.reason_findings(text, "reason", N_("Say why it has to be known, in a few words."))
    if wrong:
        raise Invalid(*wrong)
    with writing():
        row = hold(release)
        need_state(row, ReleaseState.DRAFT)
        if key not in {cell.key for cell in rules.withheld(row.cells)}:
            raise Invalid.at("cell", NOT_WITHHELD)
        for one in rows.openings_of(row.id):
            if (one.row.measure, one.row.service_id, one.row.day) == key and one.row.approved_at is None:
                return one.row
        asked = rows.add_opening(row.id, *key, text, actor.user)
        enter(actor, Tag.OPENING_ASKED, row, measure=key[0], day=key[2] or "")
        return asked


def approve(actor: Actor, release: Release, opening_id: int) -> Release:
    """Agree to what another person asked: the number is told, and everything else is weighed anew.

    Raises ``NotAllowed`` for whoever asked; ``NotFound`` for what nobody asked of this release.
    """
    operation = rows.operation_of(release)
    need(actor, "release.approve", operation)
    found = _of(release, opening_id)
    if found.approved_at is not None:
        return release
    if actor.user is None or found.asked_by_id == actor.user:
        raise NotAllowed(N_("Somebody else has to agree to it."), N_("Ask a second person who approves releases."))
    need_state(release, ReleaseState.DRAFT)
    scope = rules.Scope.of(release.scope)
    key: Key = (found.measure, found.service_id, found.day)
    wider = replace(scope, opened=scope.opened | {key})

    def agreed(row: Release) -> None:
        standing = _of(row, opening_id)
        if standing.approved_at is not None:
            raise Blocked(N_("Somebody has agreed to it already."), N_("Look at it again."))
        standing.approved_at, standing.approved_by_id = utc_now(), actor.user
        enter(actor, Tag.OPENING_APPROVED, row, measure=key[0], day=key[2] or "")

    return reweigh(actor, release, operation, wider, then=agreed)


def refuse(actor: Actor, release: Release, opening_id: int) -> None:
    """Leave the number withheld; whoever asked may say so, too."""
    need(actor, "release.approve", rows.operation_of(release))
    with writing():
        row = hold(release)
        standing = _of(row, opening_id)
        if standing.approved_at is not None:
            raise Blocked(N_("Somebody has agreed to it already."), N_("Drop the draft and make another one."))
        enter(actor, Tag.OPENING_REFUSED, row, measure=standing.measure, day=standing.day or "")
        rows.remove_opening(standing)


def _of(release: Release, opening_id: int) -> ReleaseOpening:
    for one in rows.openings_of(release.id):
        if one.row.id == opening_id:
            return one.row
    raise NotFound()
