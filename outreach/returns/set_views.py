"""Locked figures: making a version, the list of versions, one of them with its download, and two compared."""

from __future__ import annotations

import csv
import io
import json
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext

from outreach.auth.permissions import may
from outreach.errors import N_, Blocked, Changed, Invalid, NotFound
from outreach.plan.invitation_rules import formula_safe
from outreach.rollup.offences import SPLIT, TOLD, by_section, code_of, offence_of, offences_in
from outreach.storage.queries import figure_sets as rows
from outreach.storage.queries import report as report_rows
from outreach.storage.types import utc_now
from outreach.vocab import SignState
from outreach.web import load
from outreach.web.forms import whole
from outreach.web.guard import guard

from . import figure_words as words
from . import set_commands as commands
from . import set_rules as rules
from .set_forms import LockForm
from .views import bp

HEAD = ("persons_met", "support_offered", "support_accepted", "persons_made_safe", "persons_charged", "charges")
"""Figures that are shown before they are locked."""


@bp.get("/operations/<code>/lock")
@guard("figures.lock", load=load.operation)
def lock_page(operation: Any) -> Any:
    return _lock(operation, LockForm(formdata=None))


@bp.post("/operations/<code>/lock")
@guard("figures.lock", load=load.operation, writes=False)
def lock(operation: Any) -> Any:
    """Lock the figures of now; the command holds the write."""
    form = LockForm()
    after = whole(form.after.data, -1)
    try:
        made = commands.lock(
            g.actor,
            operation,
            provisional=form.kind.data != rules.SIGNED,
            reason=form.reason.data or "",
            after=None if after < 0 else after,
        )
    except Invalid as problem:
        form.take(problem)
        return _lock(operation, form), problem.status
    except (Blocked, Changed) as problem:
        form.form_errors.append(f"{_said(problem.message, problem)} {_said(problem.fix, problem)}")
        return _lock(operation, form), problem.status
    flash(gettext("Version %(version)s is locked: it will not change any more.", version=made.version))
    return redirect(url_for(".version", code=operation.code, locked=made.version), code=303)


def _said(text: str, problem: Any) -> str:
    return gettext(text, **problem.params) if problem.params else gettext(text)


def _lock(operation: Any, form: LockForm) -> str:
    g.operation = operation
    commands.may_begin(operation)
    taken = commands.take(operation)
    since = commands.changed_since(operation)
    form.kind.data = rules.SIGNED if taken.complete else rules.PROVISIONAL
    form.after.data = str(since[0].version if since else 0)
    standing = list(taken.signed.values())
    return render_template(
        "returns/lock.html",
        operation=operation,
        form=form,
        errors=form,
        taken=taken,
        signed=rules.count_signed(taken.signed),
        unsigned=[
            (one["name"], gettext(SignState(one["state"]).label)) for one in standing if one["state"] != "signed"
        ],
        covered=words.covered(taken.coverage.reported, taken.coverage.expected),
        figures=_table([row for row in rules.chosen(taken.figures) if row[0] in HEAD], None),
        since=since,
        moved=[_difference(one) for one in since[1]] if since else [],
    )


def _table(figures: list[rules.Row], definitions: Any) -> list[dict[str, Any]]:
    return [
        {"code": key[0], "label": words.label(key[0], definitions), "said": words.said(one, key[0])}
        for key, one in map(rules.said_of, figures)
    ]


@bp.get("/operations/<code>/versions")
@guard("versions.see", load=load.operation)
def versions(operation: Any) -> Any:
    g.operation = operation
    return render_template(
        "returns/versions.html",
        operation=operation,
        versions=[
            {
                "row": one.row,
                "by": one.by,
                "kind": words.kind(one.row.kind),
                "signed": words.signed(one.row),
                "covered": words.covered(one.row.reported, one.row.expected),
                "before": one.row.version - 1,
            }
            for one in rows.sets_of(operation.id)
        ],
        locks=may(g.actor, "figures.lock", g.target),
    )


def _found(operation: Any, version: int) -> Any:
    found = rows.find(operation.id, version)
    if found is None:
        raise NotFound()
    g.operation = operation
    return found


def _followed() -> bool:
    return may(g.actor, "figures.followed", g.target)


@bp.get("/operations/<code>/versions/<int:locked>")
@guard("versions.see", load=load.operation)
def version(operation: Any, locked: int) -> Any:
    found = _found(operation, locked)
    shown = rules.seen(found.figures, followed=_followed())
    used = {row[0] for row in shown}
    by = request.args.get("by", "")
    return render_template(
        "returns/version.html",
        operation=operation,
        found=found,
        kind=words.kind(found.kind),
        by_name=rows.taken_by(found),
        signed=words.signed(found),
        covered=words.covered(found.reported, found.expected),
        intact=commands.intact(found),
        figures=_table(rules.chosen(shown), found.definitions),
        offences=_offences(found),
        services=_services(found, shown) if by == "service" else None,
        heads=[words.label(code, found.definitions) for code in HEAD],
        definitions=[
            {
                "label": words.label(code, found.definitions),
                "rule": words.rule(one),
                "version": one["version"],
            }
            for code, one in found.definitions.items()
            if code in used
        ],
        signatures=[
            {**one, "words": gettext(SignState(one["state"]).label)}
            for one in sorted(found.signed.values(), key=lambda one: (one["state"] == "signed", one["name"].casefold()))
        ],
        complete=may(g.actor, "versions.export", g.target),
        last=rows.last_version(operation.id),
    )


def _offences(found: Any) -> list[dict[str, str]]:
    """One row an offence with the persons charged with it and the charges."""
    kept = dict(map(rules.said_of, rules.by_offence(found.figures)))
    if all(offence_of(code) == TOLD for code, _, _ in kept):
        return []
    none = rules.UNKNOWN
    return [
        {
            "offence": words.offence_title(offence, found.definitions),
            **{
                code: words.said(kept[key])
                if (key := (code_of(code, offence), None, None)) in kept
                else words.said(none)
                for code in SPLIT
            },
        }
        for offence in by_section(offences_in(code for code, _, _ in kept))
    ]


def _services(found: Any, shown: list[rules.Row]) -> list[dict[str, Any]]:
    """One row a service with its headline figures."""
    names = {one["service"]: one["name"] for one in found.signed.values()}
    directory = report_rows.service_names()
    table: dict[int, dict[str, str]] = {}
    for key, one in map(rules.said_of, rules.chosen(shown, by_service=True)):
        if key[0] in HEAD and key[1] is not None:
            table.setdefault(key[1], {})[key[0]] = words.said(one, key[0])
    unknown = words.number(None)
    made = [
        {
            "service": names.get(service) or getattr(directory.get(service), "name", str(service)),
            "figures": [figures.get(code, unknown) for code in HEAD],
        }
        for service, figures in table.items()
    ]
    return sorted(made, key=lambda row: str(row["service"]).casefold())


@bp.get("/operations/<code>/versions/<int:locked>/figures.json")
@guard("versions.export", load=load.operation)
def version_json(operation: Any, locked: int) -> Any:
    """The whole version, from which anybody can work out its hash; for those who may see all of it."""
    found = _found(operation, locked)
    content = {
        "hash": found.hash,
        "hashed": 'SHA-256 of "locked" as JSON: keys sorted, no spaces, UTF-8',
        "locked": commands.document_of(found),
    }
    answer = Response(json.dumps(content, ensure_ascii=False, indent=1), mimetype="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="{operation.code}-version-{found.version}.json"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


# --- two compared -----------------------------------------------------------------------------------------------------


@bp.get("/operations/<code>/versions/compare")
@guard("versions.see", load=load.operation)
def compare(operation: Any) -> Any:
    """Two versions, or one and a moment, figure by figure: ``?from=1&to=2``, ``now``, or a moment such as

    ``2017-10-18T21:42``; ``by=service`` for every service; ``format=csv``.
    """
    g.operation = operation
    by = ("service",) if request.args.get("by") == "service" else ()
    asked = {name: (request.args.get(name) or "").strip() for name in ("from", "to")}
    last = rows.last_version(operation.id)
    asked["from"] = asked["from"] or (str(last) if last else "now")
    asked["to"] = asked["to"] or "now"
    errors, sides = [], {}
    for name, text in asked.items():
        try:
            sides[name] = _side(operation, text, by, last)
        except Invalid as problem:
            errors += [(name, _said_finding(finding)) for finding in problem.findings]
    differences = [] if errors else _differences(operation, sides["from"], sides["to"], by)
    if not errors and request.args.get("format") == "csv":
        return _csv(operation, asked, differences)
    counts = {state: sum(one["state"] == state for one in differences) for state in rules.STATES}
    only = request.args.get("only", "")
    page = render_template(
        "returns/compare.html",
        operation=operation,
        asked=asked,
        sides={name: _side_words(operation, side) for name, side in sides.items()},
        by="service" if by else "",
        differences=[one for one in differences if not only or one["state"] == only],
        only=only if only in rules.STATES else "",
        states={state: gettext(text) for state, text in rules.STATES.items()},
        counts=counts,
        versions=list(range(1, last + 1)),
        rules_differ=_rules_differ(sides) if not errors else [],
        errors=errors,
    )
    return page, 422 if errors else 200


NOT_A_SIDE = N_(
    "“%(text)s” is neither a version, nor “now”, nor a moment: write a number, or a moment as 2017-10-18T21:42."
)
NO_VERSION = N_("There is no version %(version)s.")
FUTURE = N_("Nothing is recorded yet as of %(text)s: choose a moment that has passed.")


def _said_finding(finding: Any) -> str:
    return gettext(finding.message, **finding.params) if finding.params else gettext(finding.message)


def _side(operation: Any, text: str, by: tuple[str, ...], last: int) -> commands.Side:
    """What one side of a comparison names. Raises ``Invalid``."""
    if text.isascii() and text.isdigit() and len(text) < 7:
        found = rows.find(operation.id, int(text))
        if found is None:
            raise Invalid.at("side", NO_VERSION, version=text)
        return commands.side_of(found)
    commands.need_figures(operation)
    if text == "now":
        return commands.side_at(operation, None, by)
    now = utc_now()
    at = rules.moment(text, ZoneInfo(operation.time_zone))
    if at is None:
        raise Invalid.at("side", NOT_A_SIDE, text=text[:40])
    if at > now:
        raise Invalid.at("side", FUTURE, text=text[:40])
    return commands.side_at(operation, at, by)


def _side_words(operation: Any, side: commands.Side) -> dict[str, Any]:
    found = side.found
    return {
        "title": gettext("Version %(version)s", version=found.version) if found else "",
        "kind": words.kind(found.kind) if found else "",
        "signed": words.signed(found) if found else "",
        "as_of": side.as_of,
    }


def _differences(
    operation: Any, before: commands.Side, after: commands.Side, by: tuple[str, ...]
) -> list[dict[str, Any]]:
    followed, split = _followed(), bool(by)
    seen = [rules.seen(side.figures, followed=followed) for side in (before, after)]
    first, second = (
        rules.chosen(one, by_service=True) if split else rules.in_all(one, other)
        for one, other in (seen, reversed(seen))
    )
    definitions = {**(after.definitions or {}), **(before.definitions or {})}
    names: dict[int, str] = {}
    if split:
        names = {service: named.name for service, named in report_rows.service_names().items()}
    found = [
        _difference(one, names, definitions)
        for one in rules.compared(first, second)
        if not split or one.state not in (rules.SAME, rules.NOT_KNOWN)
    ]
    order = list(rules.STATES)
    return sorted(found, key=lambda one: (order.index(one["state"]), one["service"].casefold())) if split else found


def _difference(one: rules.Difference, names: dict[int, str] | None = None, definitions: Any = None) -> dict[str, Any]:
    code, service, _day = one.key
    return {
        "code": code,
        "label": words.label(code, definitions),
        "service": (names or {}).get(service or 0, "" if service is None else str(service)),
        "numbers": (one.before.value, one.after.value),
        "before": words.said(one.before, code),
        "after": words.said(one.after, code),
        "state": one.state,
        "words": gettext(rules.STATES[one.state]),
        "by": rules.by_how_much(one),
    }


def _rules_differ(sides: dict[str, commands.Side]) -> list[str]:
    """Measures that were counted by another rule on the other side: their numbers are not comparable as they stand."""
    before, after = (sides[name].definitions or {} for name in ("from", "to"))
    return [words.label(code, before) for code in rules.other_rules(before, after)]


def _csv(operation: Any, asked: dict[str, str], differences: list[dict[str, Any]]) -> Response:
    target = io.StringIO()
    sides = [text for name in ("from", "to") for text in (asked[name], gettext("%(side)s, in words", side=asked[name]))]
    lines = [[gettext("Figure"), gettext("Code"), gettext("Service"), *sides, gettext("Difference")]]
    for one in differences:
        numbers = ["" if value is None else str(value) for value in one["numbers"]]
        said = [numbers[0], one["before"], numbers[1], one["after"]]
        lines.append([one["label"], one["code"], one["service"], *said, one["words"]])
    csv.writer(target, lineterminator="\r\n").writerows([formula_safe(cell) for cell in line] for line in lines)
    answer = Response(target.getvalue().encode("utf-8-sig"), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{operation.code}-compared.csv"'
    return answer
