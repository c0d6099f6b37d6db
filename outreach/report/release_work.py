"""What the writes of releases and errata work out before they write: cells, verdict, texts, what moved, files.

Here belongs what reads and computes. Nothing here changes a row: withholding and the attack take their time, and nobody
waits for them.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from outreach.errors import N_, Blocked
from outreach.returns import set_commands
from outreach.rollup.attack import attack
from outreach.rollup.narrower import Wanted, leave_out
from outreach.rollup.protection import Policy, Told
from outreach.rollup.suppression import protect
from outreach.storage.queries import access, figure_sets
from outreach.storage.queries import releases as rows
from outreach.storage.queries import report as report_rows
from outreach.storage.tables import FigureSet, Operation, Release

from . import narrower_rules
from . import release_rules as rules
from .disclosure_commands import policy_of
from .elsewhere import printed_elsewhere
from .release_content import Content, File
from .release_contents import Source, contents_of
from .release_stands import Stands, stands
from .release_text_work import text_findings as text_findings  # asked for here, like everything else
from .release_text_work import text_warnings as text_warnings
from .release_text_work import texts_for as texts_for
from .workbook.leaving import copies_before


@dataclass(frozen=True)
class Weighed:
    """What is told, what is kept back and whether an attacker finds it, ready to be kept with a release."""

    policy: dict[str, Any]
    cells: list[list[Any]]
    verdict: dict[str, Any]


def weigh(
    operation: Operation, found: FigureSet, scope: rules.Scope, besides: int | None = None, *, advise: bool = True
) -> Weighed:
    """Choose what is withheld, then attack everything that left of the tree of operations together with it.

    ``besides``: the release itself, where it is weighed again. ``advise``: where it is not safe, look for what to leave
    out. Raises ``Blocked`` for a figure below zero.
    """
    tree = rows.tree_of(operation.id)
    marks = rows.marks_of_published(tree, besides)
    policy = policy_of(operation.id)
    left = _earlier(operation.id, tree, besides)
    left += [(at, told, f"{operation.code} (xlsx)") for at, told in copies_before(operation.id)]
    left.sort(key=lambda one: one[0])  # as it left: by which rule a number was withheld first, everybody knows
    earlier, names = [told for _, told, _ in left], [name for _, _, name in left]
    elsewhere = printed_elsewhere(operation.id, found)
    if elsewhere.true:
        earlier, names = [elsewhere, *earlier], ["", *names]
    figures = _with_gone(operation, found, scope, besides)
    true = rules.true_of(figures, scope)
    if rules.taken_off(true):
        raise Blocked(
            N_("An adjustment takes charges off without saying of which offence."),
            N_("Leave out the split by offence, or put the charges themselves right and lock a new version."),
        )
    if any(number < 0 for number in true.values()):
        raise Blocked(
            N_("A figure of this release is below zero."),
            N_("An adjustment takes off more than there was: put it right, lock a new version, and draft again."),
        )
    told = protect(true, policy, earlier, opened=scope.opened, version=found.version)
    verdict = attack([*earlier, told])
    parts = narrower_rules.parts_of(scope, true) if advise and verdict.finished and verdict.leaks else {}
    wanted = Wanted(true, parts, policy, tuple(earlier), scope.opened, found.version)
    gone = leave_out(wanted, verdict) if parts else ()
    return Weighed(
        rules.policy_json(policy),
        [cell.as_json() for cell in rules.cells_of(figures, scope, told)],
        {
            **_named_now(found, scope),
            **rules.verdict_json(verdict, [*names, THIS]),
            "against": marks,
            "leave_out": [list(part) for part in gone],
        },
    )


def _named_now(found: FigureSet, scope: rules.Scope) -> dict[str, Any]:
    """What services are called whose name the version does not hold, because they owed nothing and yet have figures:
    kept with the verdict, so that it is approved with everything else."""
    shown = {int(row[1]) for row in rules.in_scope(found.figures, scope) if row[1] is not None}
    without, directory = shown - set(_signed_names(found)), report_rows.service_names()
    named = {str(one): directory[one].name for one in sorted(without) if one in directory}
    return {"names": named} if named else {}


THIS = ""
"""What the release that is being weighed is called in its own verdict."""
_APART = 100_000


def _with_gone(operation: Operation, found: FigureSet, scope: rules.Scope, besides: int | None) -> list[Any]:
    """The figures of the version, with a zero for each offence that left before and is charged no more."""
    if not scope.by_offence:
        return found.figures
    told = (cell.measure for row, _ in rows.published([operation.id], besides) for cell in rules.cells(row.cells))
    return rules.with_gone(found.figures, scope, told)


def _earlier(operation_id: int, tree: Sequence[int], besides: int | None) -> list[tuple[dt.datetime | None, Told, str]]:
    """Everything that left of the operation and of others of its tree, as far as it tells of this one: when, what, and
    its name."""
    left: list[tuple[dt.datetime | None, Told, str]] = []
    codes, line = rows.codes_of(tree), access.ancestors_of(operation_id) | set(access.descendants_of(operation_id))
    for row, found in rows.published(tree, besides):
        one = rules.told_again(
            found.figures, rules.Scope.of(row.scope), row.cells, rules.policy_of(row.policy), found.version
        )
        if row.operation_id == operation_id:
            left.append((row.published_at, one, str(row.number)))
        else:
            apart = rules.of_another(one, row.operation_id * _APART + found.version, row.operation_id in line)
            left += [(row.published_at, apart, f"{codes[row.operation_id]} {row.number}")] if apart.true else []
    return left


# --- what moved since -------------------------------------------------------------------------------------------------


def stands_of(operation: Operation, found: FigureSet) -> Stands:
    """What came after the version: a newer one, or a service that is not signed any more."""
    last = figure_sets.last_version(operation.id)
    return stands(found.version, last, found.signed, set_commands.signatures_of(operation))


def need_last(operation: Operation, found: FigureSet) -> None:
    """Raise ``Blocked`` where the version is not the last one, or a service reopened since it was locked."""
    since = stands_of(operation, found)
    if since.last != since.version:
        raise Blocked(
            N_("Version %(last)s was locked after version %(version)s."),
            N_("Draft the release from the last version."),
            last=since.last,
            version=since.version,
        )
    if since.reopened:
        raise Blocked(
            N_("Not signed any more since version %(version)s was locked: %(services)s."),
            N_("Lock a new version first; where something is open it is provisional, and the release says so."),
            version=since.version,
            services=", ".join(since.reopened),
        )


# --- content ----------------------------------------------------------------------------------------------------------


def source_of(release: Release, found: FigureSet, operation: Operation, at: dt.datetime | None = None) -> Source:
    """Everything that the content of a release is made of; ``at``: when it is published."""
    restated = rows.by_id(release.replaces_id) if release.replaces_id else None
    before = None
    if release.kind == "erratum":
        before = rules.cells(rows.by_id(release.scope["corrects"]).cells)
    return Source(
        release=release,
        found=found,
        code=operation.code,
        names=_names(release, found),
        day_starts=int(found.named.get("day_starts", operation.day_starts_minutes)),
        replaces=restated.number if restated else None,
        before=before,
        sample=operation.is_sample,
        published_at=at or release.published_at,
    )


def _names(release: Release, found: FigureSet) -> Mapping[int, str]:
    """Service → what it was called when the figures were locked; of one that owed none, when the release was weighed.
    What others are called now is for who checks a release: none of them stands in it."""
    directory = {service: named.name for service, named in report_rows.service_names().items()}
    weighed = {int(service): name for service, name in ((release.verdict or {}).get("names") or {}).items()}
    return directory | weighed | _signed_names(found)


def _signed_names(found: FigureSet) -> dict[int, str]:
    return {int(one["service"]): str(one["name"]) for one in found.signed.values()}


@dataclass(frozen=True)
class Papers:
    """The files of a release, made outside any write, of one content; ``at`` is the moment that stands in them."""

    content_hash: str
    at: dt.datetime
    files: list[dict[str, Any]]


def papers_of(release: Release, found: FigureSet, operation: Operation, at: dt.datetime) -> Papers:
    """Every file with its size and its hash."""
    from .release_papers import files_of  # the document writer is slow to load, and only a second approval needs it

    made = files_of(contents_of(source_of(release, found, operation, at)))
    files = [
        {
            "name": file.name,
            "language": file.language,
            "media": file.media,
            "size": len(file.content),
            "hash": hashlib.sha256(file.content).hexdigest(),
            "content": file.content,
        }
        for file in made
    ]
    return Papers(release.content_hash, at, files)


def draft_files(release: Release, found: FigureSet, operation: Operation) -> list[File]:
    """The very files that would be published, made by the same code, each marked as a draft that nobody approved."""
    contents = contents_of(replace(source_of(release, found, operation), published_at=None))
    return _drafted(tuple(contents.items()))


@lru_cache(maxsize=4)
def _drafted(contents: tuple[tuple[str, Content], ...]) -> list[File]:
    """Of the last few drafts: whoever reads one opens every file of it, and each time all of them would be made."""
    from .release_papers import files_of

    return files_of(dict(contents))


def intact(release: Release, found: FigureSet) -> bool:
    """Whether a published release still has the files and the content that it was published with."""
    listed = rows.files_of(release.id)
    kept = {name: hashlib.sha256(content).hexdigest() for name, content in rows.contents_of(release.id)}
    files = [{part: getattr(row, part) for part in ("name", "language", "media", "size", "hash")} for row in listed]
    return (
        all(kept[file["name"]] == file["hash"] for file in files)
        and rules.hash_of(rules.content_of(release, found.hash)) == release.content_hash
        and rules.hash_of(rules.manifest_of(release, files, found.hash)) == release.hash
    )


def policy_now(operation: Operation) -> Policy:
    return policy_of(operation.id)
