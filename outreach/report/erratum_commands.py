"""Writes of errata: from a published release and the newest locked version, one line for each figure that changed.

Why a figure changed is typed for the public, in both languages: what persons wrote when they adjusted or reopened it is
sealed, and never copied. Sending, approving and freezing are those of every release (``release_commands``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from outreach.auth.actors import Actor
from outreach.errors import N_, Blocked, Invalid
from outreach.storage.queries import figure_sets
from outreach.storage.queries import releases as rows
from outreach.storage.tables import FigureSet, Operation, Release
from outreach.storage.types import new_uid
from outreach.vocab import ReleaseKind, ReleaseState

from . import erratum_rules as rules
from . import release_commands as commands
from . import release_rules
from . import release_work as work
from .release_saying import Words


@dataclass(frozen=True)
class Planned:
    """What an erratum would say now. ``release``: the one that it corrects; ``base``: what the public was told last."""

    operation: Operation
    release: Release
    base: Release
    found: FigureSet
    scope: release_rules.Scope
    weighed: work.Weighed
    changes: list[rules.Change]

    @property
    def values(self) -> dict[str, Any]:
        """What stands in its row whoever drafts it."""
        return {
            "operation_id": self.operation.id,
            "kind": ReleaseKind.ERRATUM.value,
            "replaces_id": self.release.id,
            "scope": {**self.scope.as_json(), "corrects": self.base.id},
        }


def plan(release: Release) -> Planned:
    """What has changed since it was published. Raises ``Blocked`` where nothing has, or no newer version is locked."""
    commands.need_state(release, ReleaseState.PUBLISHED)
    if release.kind == ReleaseKind.ERRATUM:
        release = rows.by_id(release.replaces_id)
    operation, base = rows.operation_of(release), rows.last_stand(release)
    found = commands.figures(operation, figure_sets.last_version(operation.id))
    if found.id == base.figure_set_id:
        raise Blocked(
            N_("No version was locked since version %(version)s was published."),
            N_("Lock the figures of now first; what changed then stands in the erratum."),
            version=found.version,
        )
    work.need_last(operation, found)
    scope = release_rules.inherited(release_rules.Scope.of(base.scope), base.cells, found.figures)
    weighed = work.weigh(operation, found, scope, advise=False)
    changes = rules.changes_of(release_rules.cells(base.cells), release_rules.cells(weighed.cells))
    if not changes:
        raise Blocked(
            N_("No figure that was published reads differently in version %(version)s."),
            N_("There is nothing to correct."),
            version=found.version,
        )
    return Planned(operation, release, base, found, scope, weighed, changes)


def draft(
    actor: Actor, release: Release, reasons: Mapping[str, Mapping[str, Any]], *, after: int | None = None
) -> Release:
    """A draft of an erratum. ``reasons``: language → ``reason``, and ``reasons`` of single lines by their address.

    Raises ``Invalid`` at ``reason_en``, ``why_fr-…`` and the like; else as ``plan`` and ``release_commands.draft``.
    """
    commands.need(actor, "release.draft", rows.operation_of(release))
    planned = plan(release)
    known = {rules.key_text(change.key) for change in planned.changes}
    texts = {
        language: {
            **_words(planned, language),
            "contact": planned.base.texts.get(language, {}).get("contact", ""),
            "reason": str(reasons.get(language, {}).get("reason", "")),
            "reasons": {
                key: text for key, text in reasons.get(language, {}).get("reasons", {}).items() if key in known and text
            },
        }
        for language in release_rules.LANGUAGES
    }
    shape = Release(**planned.values, cells=planned.weighed.cells, policy=planned.weighed.policy, texts=texts, number=0)
    wrong = work.text_findings(work.source_of(shape, planned.found, planned.operation), texts)
    if wrong:
        raise Invalid(*wrong)
    values = {"uid": new_uid(), **planned.values}
    return commands.keep(actor, planned.operation, planned.found, values, planned.weighed, after, texts)


def _words(planned: Planned, language: str) -> dict[str, str]:
    """Title and text before anybody edits them."""
    words = Words(language)
    name = str(planned.found.named.get("name") or planned.operation.code)
    return {
        "title": words.text(N_("Erratum: %(name)s"), name=name),
        "text": words.text(
            N_("Figures that were published have changed since. What was published stands beside what holds now.")
        ),
    }
