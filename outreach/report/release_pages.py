"""What the pages of releases show, as mappings ready for their templates. Nothing is decided and nothing written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import g, url_for
from flask_babel import gettext, ngettext

from outreach.auth.permissions import may
from outreach.errors import Blocked, Invalid
from outreach.plan.views import visible_operations
from outreach.returns import figure_words
from outreach.storage.queries import releases as rows
from outreach.vocab import ReleaseKind, ReleaseState
from outreach.web.page import language

from . import release_approval_commands as approving
from . import release_commands as commands
from . import release_rules as rules
from . import release_work as work
from .erratum_rules import key_text
from .release_content import page_name, stem_of
from .release_contents import contents_of, is_whole, place_of
from .release_saying import Words


def listed(one: rows.Listed) -> dict[str, Any]:
    """One line of a list of releases."""
    row = one.row
    return {
        "number": row.number,
        "name": name_of(row.kind, row.number, one.replaces),
        "state": gettext(ReleaseState(row.state).label),
        "state_code": str(row.state),
        "by": one.by,
        "version": one.version,
        "figures": figure_words.kind(one.figures),
        "made_at": row.made_at,
        "published_at": row.published_at,
        "hash": row.hash or "",
        "token": one.token,
        "code": one.code,
        "url": url_for("report.release", code=one.code, number=row.number),
    }


def name_of(kind: str, number: int, replaces: int | None) -> str:
    """``Release 2``, ``Release 2, replaces 1``, ``Erratum 2, of release 1``."""
    if kind == ReleaseKind.ERRATUM:
        return gettext("Erratum %(number)s, of release %(other)s", number=number, other=replaces)
    if replaces:
        return gettext("Release %(number)s, replaces %(other)s", number=number, other=replaces)
    return gettext("Release %(number)s", number=number)


def awaiting_me() -> list[dict[str, Any]]:
    """What awaits the approval of whoever looks, in every operation where that is hers to give."""
    operations = [operation.id for operation, _, _ in visible_operations("release.approve")]
    if not operations:
        return []
    return [listed(one) for one in rows.awaiting(operations) if not _has_approved(one.row)]


def _has_approved(row: Any) -> bool:
    return g.actor.user in rules.approvals(rows.steps_of(row.id), row.content_hash)


def page_of(operation: Any, release: Any) -> dict[str, Any]:
    """Everything that the page of one release shows."""
    found = rows.set_of(release)
    source = work.source_of(release, found, operation)
    contents = contents_of(source)
    steps = rows.steps_of(release.id)
    given = approving.approvals(release, operation)
    done = release.state in (ReleaseState.PUBLISHED, ReleaseState.DROPPED)
    since = None if done else work.stands_of(operation, found)
    return {
        "release": release,
        "found": found,
        "contents": contents,
        "name": name_of(release.kind, release.number, source.replaces),
        "state": gettext(ReleaseState(release.state).label),
        "figures": figures(operation, source),
        "hidden": hidden(source),
        "verdict": verdict(source),
        "openings": openings(source),
        "since": since if since is not None and not since.good else None,
        "halted": None if done else _halted(operation, release, found),
        "later": _later(operation, release) if release.state == ReleaseState.PUBLISHED else [],
        "differs": [] if done else [said(one) for one in work.text_findings(source, release.texts)],
        "vague": [] if done else [said(one) for one in work.text_warnings(source, release.texts)],
        "steps": [_step(step) for step in steps],
        "reasons": any(step.reason for step in steps),
        "approvals": [step.by for step in given.values()],
        "needed": rules.APPROVALS,
        "mine": g.actor.user in given,
        "drafts": may(g.actor, "release.draft", g.target),
        "approves": may(g.actor, "release.approve", g.target),
        "links": may(g.actor, "release.link", g.target),
        "drafts_of": {} if done else _draft_papers(operation, release, contents),
        "intact": work.intact(release, found) if release.state == ReleaseState.PUBLISHED else None,
        "files": rows.files_of(release.id),
        "addresses": rows.links_of(release.id),
    }


def _halted(operation: Any, release: Any, found: Any) -> Blocked | None:
    """Why nobody can approve it as it stands, or send it: asked before somebody presses and is refused."""
    try:
        if release.state == ReleaseState.SENT:
            commands.need_ready(release, found, operation)
            approving.need_unmoved(release, found, operation)
        else:
            commands.need_current(release, operation)
    except Blocked as problem:
        return problem
    except Invalid:
        return None  # a text: said by name above
    return None


def _draft_papers(operation: Any, release: Any, contents: Any) -> dict[str, list[tuple[str, str]]]:
    """Language → kind and address of each file as it would be published."""
    names = {"PDF": "pdf", "DOCX": "docx", "CSV": "csv"}
    return {
        lang: [
            (kind, url_for("report.release_draft_file", code=operation.code, number=release.number, paper=paper))
            for kind, paper in (
                (gettext("Page"), page_name(lang)),
                *((kind, f"{stem_of(content)}.{end}") for kind, end in names.items()),
            )
        ]
        for lang, content in contents.items()
    }


def _later(operation: Any, release: Any) -> list[dict[str, Any]]:
    """What was published since and restates or replaces this release, the first one first."""
    found = [listed(one) for one in reversed(rows.of_operation(operation.id)) if one.replaces == release.number]
    return [one for one in found if one["state_code"] == ReleaseState.PUBLISHED]


def said(finding: Any) -> str:
    return gettext(finding.message, **finding.params) if finding.params else gettext(finding.message)


def _step(step: Any) -> dict[str, Any]:
    return {
        "what": gettext(rules.STEPS[step.what]),
        "at": step.at,
        "by": step.by,
        "reason": step.reason,
        "hash": step.content_hash[:12],
    }


def figures(operation: Any, source: Any) -> list[dict[str, Any]]:
    """The figures in all, each with what it rests on: its page, its rule, the locked version."""
    words, found = _reader(), source.found
    made = []
    for cell in source.cells:
        if not is_whole(cell):
            continue
        rule = found.definitions.get(cell.measure, {}).get("version", 1)
        made.append(
            {
                "id": f"figure-{cell.measure}",
                "code": cell.measure,
                "label": words.label(cell.measure, found.definitions),
                "said": "x" if cell.withheld else words.said(cell),
                "note": words.note(cell) or (gettext("withheld") if cell.withheld else ""),
                "url": url_for("report.measure", code=operation.code, measure=cell.measure),
                "rule": rule,
                "version_url": version_url(operation, found),
            }
        )
    return made


def version_url(operation: Any, found: Any, *, by_service: bool = False) -> str:
    by = {"by": "service", "_anchor": "services"} if by_service else {"_anchor": "figures"}
    return url_for("returns.version", code=operation.code, locked=found.version, **by)


def _reader() -> Words:
    """The words of a release in the language of whoever looks."""
    return Words(language())


def hidden(source: Any) -> list[dict[str, str]]:
    """What is withheld, and why."""
    words = _reader()
    return [
        {
            "key": key_text(cell.key),
            "label": place_of(cell.key, source, words),
            "why": gettext(rules.WITHHELD_BECAUSE[cell.why]),
        }
        for cell in source.cells
        if cell.withheld
    ]


def verdict(source: Any) -> dict[str, Any]:
    """Safe or not, in words."""
    kept, words = source.release.verdict, _reader()
    count = len(rules.withheld(source.release.cells))
    leaks = kept.get("leaks", ())
    places = []
    for leak in leaks:
        where = place_of(tuple(leak["cell"]), source, words)
        which = leak["release"]
        places.append(gettext("%(figure)s, in release %(release)s", figure=where, release=which) if which else where)
    return {
        "safe": bool(kept.get("safe")),
        "finished": bool(kept.get("finished", True)),
        "withheld": ngettext("%(num)s number is withheld.", "%(num)s numbers are withheld.", count)
        if count
        else gettext("Nothing is withheld."),
        "rule": words.withheld(source.release.policy, source.cells),
        "against": gettext("Nothing left before.")
        if not kept.get("against")
        else ngettext(
            "Attacked together with %(num)s release that left before.",
            "Attacked together with %(num)s releases that left before.",
            len(kept.get("against", ())),
        ),
        "leaks": list(dict.fromkeys(places)),
        "leave_out": [f"{words.label(code, source.found.definitions)} – {_PARTS[part]()}" for part, code in
                      kept.get("leave_out", ())],
    }


_PARTS: dict[str, Callable[[], str]] = {
    "measures": lambda: gettext("In all"),
    "by_service": lambda: gettext("By service"),
    "by_day": lambda: gettext("By day"),
    "by_offence": lambda: gettext("By offence"),
}


def openings(source: Any) -> list[dict[str, Any]]:
    """Small numbers that somebody asked to publish on purpose; of an erratum also those that were published before."""
    words = _reader()
    asked = rows.openings_of(source.release.id)
    own = {(one.row.measure, one.row.service_id, one.row.day) for one in asked}
    before = sorted(rules.Scope.of(source.release.scope).opened - own, key=str)
    return [{"label": place_of(key, source, words), "before": True} for key in before] + [
        {
            "id": one.row.id,
            "label": place_of((one.row.measure, one.row.service_id, one.row.day), source, words),
            "reason": one.row.reason or "",
            "by": one.by,
            "mine": one.row.asked_by_id is not None and one.row.asked_by_id == g.actor.user,
            "approver": one.approver,
            "approved_at": one.row.approved_at,
        }
        for one in asked
    ]
