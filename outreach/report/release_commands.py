"""Writes of releases until they await approval: drafted from locked figures, edited, checked again, sent, dropped.

What takes time (withholding, the attack) is worked out before the write; inside, with the operation held, everything
that it rests on is looked at again. Approving is in ``release_approval_commands``, small numbers on purpose in
``opening_commands``, public addresses in ``release_link_commands``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import N_, Blocked, Changed, Invalid, NotAllowed
from outreach.plan.paste_rules import visible
from outreach.returns import set_commands
from outreach.rollup.protection import Key
from outreach.storage import writing
from outreach.storage.queries import access, accounts, figure_sets
from outreach.storage.queries import releases as rows
from outreach.storage.tables import FigureSet, Operation, Release, ReleaseOpening
from outreach.storage.types import new_uid, utc_now
from outreach.vocab import ReleaseKind, ReleaseState

from . import release_rules as rules
from . import release_work as work

EDITED_MEANWHILE = N_("It was edited since you looked at it.")
LOOK_AGAIN = N_("Look at it again.")
CHECK_AGAIN = N_("Check it again: what is withheld may change.")


def need(actor: Actor, action: str, operation: Operation) -> None:
    """Raise ``NotAllowed`` unless the actor may do it in the operation."""
    if not may(actor, action, access.operation_target(operation)):
        raise NotAllowed()


def enter(actor: Actor, tag: Tag, release: Release, **details: Any) -> None:
    """Into the journal: numbers, states and hashes, no free text."""
    audit.record(
        actor, tag, kind="release", object_id=release.uid, operation=release.operation_id, release=release.number,
        **details,
    )  # fmt: skip


def hold(release: Release) -> Release:
    """The release as it stands now; others who write to its operation, or let something out of its tree, wait until
    this write has ended."""
    rows.hold_tree(release.operation_id)
    figure_sets.hold(release.operation_id)
    return rows.fresh(release.id)


def need_same(release: Release, seen: str | None) -> None:
    """Raise ``Changed`` where its content is not what the asker looked at."""
    if seen is not None and seen != release.content_hash:
        raise Changed(EDITED_MEANWHILE, LOOK_AGAIN)


def need_state(release: Release, *states: ReleaseState) -> None:
    """Raise ``Blocked`` where it stands elsewhere."""
    if release.state in states:
        return
    said = {
        ReleaseState.DRAFT: (N_("It is a draft."), N_("Send it for approval first.")),
        ReleaseState.SENT: (N_("It awaits approval."), N_("Edit it, or let it be refused, and it is a draft again.")),
        ReleaseState.PUBLISHED: (N_("It is published and does not change any more."), N_("Make an erratum.")),
        ReleaseState.DROPPED: (N_("It was dropped."), N_("Draft another release.")),
    }
    raise Blocked(*said[ReleaseState(release.state)])


def settle(release: Release, found: FigureSet) -> None:
    """Work its content hash out anew after something of it was written."""
    release.content_hash = rules.hash_of(rules.content_of(release, found.hash))


# --- drafting ---------------------------------------------------------------------------------------------------------


def draft(
    actor: Actor,
    operation: Operation,
    version: int,
    scope: rules.Scope,
    *,
    after: int | None = None,
    replaces: Release | None = None,
) -> Release:
    """A draft from one locked version, with texts in both languages as its figures give them.

    ``after``: the number of the last release that the asker has seen. ``replaces``: a published one that it restates.
    Holds its own write. Raises ``NotAllowed``; ``Invalid`` at ``version``; ``Blocked`` where the version is not intact,
    not the last, or a service reopened since; ``Changed`` when somebody else drafted meanwhile.
    """
    need(actor, "release.draft", operation)
    found = figures(operation, version)
    if replaces is not None:
        need_state(replaces, ReleaseState.PUBLISHED)
    work.need_last(operation, found)
    if scope.by_offence and not rules.has_offences(found.figures):
        raise Invalid.at("by_offence", N_("Version %(version)s keeps no charges by offence."), version=version)
    weighed = work.weigh(operation, found, scope)
    values = {
        "uid": new_uid(),
        "operation_id": operation.id,
        "kind": ReleaseKind.RELEASE.value,
        "replaces_id": replaces.id if replaces else None,
        "scope": scope.as_json(),
    }
    return keep(actor, operation, found, values, weighed, after)


def figures(operation: Operation, version: int) -> FigureSet:
    """The locked version. Raises ``Invalid`` where there is none, ``Blocked`` where it is not what was locked."""
    found = figure_sets.find(operation.id, version)
    if found is None:
        raise Invalid.at("version", N_("There is no version %(version)s."), version=version)
    if not set_commands.intact(found):
        raise Blocked(
            N_("These figures are not what was locked."),
            N_("They were changed past the program. Do not use them; tell who looks after the site."),
        )
    return found


def keep(
    actor: Actor,
    operation: Operation,
    found: FigureSet,
    values: Mapping[str, Any],
    weighed: work.Weighed,
    after: int | None,
    texts: Mapping[str, Any] | None = None,
) -> Release:
    """Add a draft under the next number."""
    made = {**values, "policy": weighed.policy, "cells": weighed.cells, "verdict": weighed.verdict, "texts": {}}
    shape = Release(**made, number=0)
    made["texts"] = texts or work.texts_for(work.source_of(shape, found, operation))
    with writing():
        figure_sets.hold(operation.id)
        last = rows.last_number(operation.id)
        if after is not None and after != last:
            raise Changed(N_("Release %(number)s was drafted meanwhile. Look at it first."), number=last)
        row = rows.add(
            **made,
            number=last + 1,
            state=ReleaseState.DRAFT.value,
            figure_set_id=found.id,
            made_at=utc_now(),
            made_by_id=actor.user,
        )
        settle(row, found)
        rows.add_step(row.id, rules.MADE, actor.user, row.content_hash)
        enter(actor, Tag.RELEASE_DRAFTED, row, version=found.version, state=str(row.kind))
        return row


# --- editing ----------------------------------------------------------------------------------------------------------


def edit(actor: Actor, release: Release, texts: Mapping[str, Mapping[str, str]], *, seen: str | None = None) -> Release:
    """Other texts. What was approved before is approved no more; what awaited approval is a draft again.

    ``seen``: the content hash that the asker looked at. Raises ``Invalid`` at ``title_en``, ``text_fr`` and the like,
    also for a number that the release does not show; ``Changed``; ``Blocked`` once it is published or dropped.
    """
    operation = rows.operation_of(release)
    need(actor, "release.draft", operation)
    with writing():
        row = hold(release)
        need_same(row, seen)
        need_state(row, ReleaseState.DRAFT, ReleaseState.SENT)
        found = rows.set_of(row)
        wrong = work.text_findings(work.source_of(row, found, operation), texts)
        if wrong:
            raise Invalid(*wrong)
        made = {language: {**row.texts.get(language, {}), **texts[language]} for language in rules.LANGUAGES}
        if made == row.texts:
            return row
        row.texts, row.state = made, ReleaseState.DRAFT.value
        settle(row, found)
        rows.add_step(row.id, rules.EDITED, actor.user, row.content_hash)
        enter(actor, Tag.RELEASE_EDITED, row)
        return row


def weigh_again(actor: Actor, release: Release, *, seen: str | None = None) -> Release:
    """Choose anew what is withheld, under the policy of now and after everything that left meanwhile."""
    operation = rows.operation_of(release)
    need(actor, "release.draft", operation)
    need_state(release, ReleaseState.DRAFT, ReleaseState.SENT)
    scope, lost = rules.Scope.of(release.scope), lost_openings(release, operation)

    def close(row: Release) -> None:
        for key, one in lost.items():
            enter(actor, Tag.OPENING_REFUSED, row, measure=key[0], day=key[2] or "")
            rows.remove_opening(one)

    return reweigh(actor, release, operation, replace(scope, opened=scope.opened - set(lost)), seen=seen, then=close)


def lost_openings(row: Release, operation: Operation) -> dict[Key, ReleaseOpening]:
    """Small numbers to be published on purpose whose second person may not approve releases any more."""
    agreed = [one.row for one in rows.openings_of(row.id) if one.row.approved_at is not None]
    return {
        (one.measure, one.service_id, one.day): one
        for one in agreed
        if one.approved_by_id is None or not may_still(one.approved_by_id, operation)
    }


def reweigh(
    actor: Actor,
    release: Release,
    operation: Operation,
    scope: rules.Scope,
    *,
    seen: str | None = None,
    then: Any = None,
) -> Release:
    """Weigh ``release`` with ``scope`` and keep what comes of it; ``then`` is called in the same write."""
    seen = release.content_hash if seen is None else seen
    found = rows.set_of(release)
    weighed = work.weigh(operation, found, scope, besides=release.id)
    made_before = work.texts_for(work.source_of(release, found, operation))
    with writing():
        row = hold(release)
        need_same(row, seen)
        need_state(row, ReleaseState.DRAFT, ReleaseState.SENT)
        if then is not None:
            then(row)
        kept = {**row.scope, **scope.as_json()}
        verdict = {part: one for part, one in row.verdict.items() if part != "stands"}
        if (weighed.policy, weighed.cells, weighed.verdict, kept) == (row.policy, row.cells, verdict, row.scope):
            return row
        untouched = row.texts == made_before
        row.policy, row.cells, row.verdict = weighed.policy, weighed.cells, weighed.verdict
        row.scope = kept
        if untouched:
            row.texts = work.texts_for(work.source_of(row, found, operation))
        row.state = ReleaseState.DRAFT.value
        settle(row, found)
        rows.add_step(row.id, rules.WEIGHED, actor.user, row.content_hash)
        enter(actor, Tag.RELEASE_WEIGHED, row, state="safe" if row.verdict["safe"] else "not_safe")
        return row


# --- sending --------------------------------------------------------------------------------------------


def send(actor: Actor, release: Release, *, seen: str | None = None, reason: str = "") -> Release:
    """Ask for approval. Raises ``Blocked`` while it is not safe; ``Invalid`` at a text with a number that is not shown,

    and at ``reason`` where figures came after its version and nobody said why it leaves all the same.
    """
    operation = rows.operation_of(release)
    need(actor, "release.draft", operation)
    with writing():
        row = hold(release)
        need_same(row, seen)
        if row.state == ReleaseState.SENT:
            return row
        need_state(row, ReleaseState.DRAFT)
        found = rows.set_of(row)
        need_ready(row, found, operation)
        since, text = work.stands_of(operation, found), visible(reason)
        if not since.good:
            wrong = rules.reason_findings(text, "reason", N_("Say why it leaves all the same, in a few words."))
            if wrong:
                raise Invalid(*wrong)
        row.verdict = {**row.verdict, "stands": since.as_json()}
        row.state = ReleaseState.SENT.value
        settle(row, found)
        rows.add_step(row.id, rules.SENT, actor.user, row.content_hash, text)
        enter(actor, Tag.RELEASE_SENT, row, hash=row.content_hash[:12])
        return row


def need_ready(row: Release, found: FigureSet, operation: Operation) -> None:
    """Raise unless the release may leave as it is, but for persons who approve."""
    if not set_commands.intact(found):
        raise Blocked(N_("These figures are not what was locked."), LOOK_AGAIN)
    need_current(row, operation)
    if not row.verdict.get("finished", True):
        raise Blocked(N_("Not safe: the attack did not finish."), N_("Leave out a split, and check again."))
    if not row.verdict.get("safe"):
        raise Blocked(
            N_("It is not safe: a withheld number can be worked out."),
            N_("Leave out what gives it away, go back to the rule of the release before, or wait for larger figures."),
        )
    if any(one.row.approved_at is None for one in rows.openings_of(row.id)):
        raise Blocked(
            N_("Somebody has asked to publish a small number on purpose."),
            N_("A second person approves that, or refuses it, first."),
        )
    if lost_openings(row, operation):
        raise Blocked(
            N_("Who agreed to publish a small number on purpose may not approve releases any more."),
            N_("Check it again: the number is withheld then, and can be asked for anew."),
        )
    wrong = work.text_findings(work.source_of(row, found, operation), row.texts)
    if wrong:
        raise Invalid(*wrong)


def may_still(person: int, operation: Operation) -> bool:
    """Whether the account works, and has a role that approves, as the database says now."""
    user = accounts.as_it_stands(person)
    target = access.operation_target(operation)
    return user is not None and user.active and may(access.actor_of(user), "release.approve", target)


def need_current(row: Release, operation: Operation) -> None:
    """Raise ``Blocked`` where the threshold changed, or something else left, since it was weighed."""
    if row.kind == ReleaseKind.ERRATUM and rows.last_stand(rows.by_id(row.replaces_id)).id != row.scope["corrects"]:
        raise Blocked(
            N_("Another erratum of the same release was published since."),
            N_("Drop this one and make another, so that it begins where that one ended."),
        )
    if rules.policy_json(work.policy_now(operation)) != row.policy:
        raise Blocked(N_("The threshold was changed since this release was checked."), CHECK_AGAIN)
    if rows.marks_of_published(rows.tree_of(operation.id), row.id) != row.verdict.get("against"):
        raise Blocked(N_("Another release or publication copy left since this one was checked."), CHECK_AGAIN)


def drop(actor: Actor, release: Release, reason: str = "") -> Release:
    """Give it up. What was published cannot be dropped."""
    need(actor, "release.draft", rows.operation_of(release))
    with writing():
        row = hold(release)
        if row.state == ReleaseState.DROPPED:
            return row
        need_state(row, ReleaseState.DRAFT, ReleaseState.SENT)
        row.state = ReleaseState.DROPPED.value
        rows.add_step(row.id, rules.DROPPED, actor.user, row.content_hash, visible(reason)[: rules.LONGEST_REASON])
        enter(actor, Tag.RELEASE_DROPPED, row)
        return row
