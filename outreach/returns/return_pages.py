"""What the pages of returns have in common, with an account, by a link and for many at once: sending, showing, taking.

Views load and lead on; here a file becomes what its page says. Nothing is written but by commands.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from flask import Response, current_app, flash, g, render_template, request, send_file, url_for
from flask_babel import format_decimal, gettext, ngettext

from outreach.auth.actors import Actor, Target
from outreach.auth.permissions import may
from outreach.errors import Blocked, Finding, Invalid, Problem
from outreach.plan.invitation_rules import TROUBLES, reachable
from outreach.plan.team_rules import address_of
from outreach.storage.queries import access, drops, operations, return_links
from outreach.storage.queries import returns as rows
from outreach.vocab import EntryMode, ReturnState
from outreach.web import clock, mail
from outreach.web.page import language

from . import (
    drop_rules,
    figure_words,
    link_commands,
    return_commands,
    return_rules,
    return_work,
    rules,
    take_commands,
    take_rules,
    workbook,
)
from . import template_commands as templates
from .return_forms import LeaveForm, SendForm, TakeForm, sent_file
from .sign_pages import with_bound

READ_AT_ONCE = 2.5
"""Seconds that an answer waits for a file to be read before it says that it is being read."""
FAULTS_SHOWN = 200
PERSONS = (return_rules.CONTACTS, return_rules.CHARGES)
"""Sheets whose cells speak of single persons."""


@dataclass(frozen=True)
class Paths:
    """Where the pages of one file lead, with an account or by a link."""

    file: Callable[[Any], str]
    take: Callable[[Any], str]
    leave: Callable[[Any], str]
    answer: Callable[[Any], str]
    back: str


@dataclass(frozen=True)
class Wrong:
    """Why nothing was received, in words."""

    words: str


def said(finding: Finding) -> str:
    return gettext(finding.message, **finding.params) if finding.params else gettext(finding.message)


def told(problem: Problem) -> tuple[str, str]:
    """What went wrong and how to fix it, in the reader's language."""
    return tuple(  # type: ignore[return-value]  # two texts
        gettext(text, **problem.params) if text and problem.params else gettext(text) if text else ""
        for text in (problem.message, problem.fix)
    )


def takes_returns(operation: Any) -> bool:
    return operation.status in rules.TAKING_TOTALS


def desk_of(participation: Any, service: Any) -> str:
    """The e-mail address of the service's desk; '' where none is known."""
    for desk in (operations.current_participation(participation.id).desk, service.contact_desk):
        if desk and reachable(desk) and address_of(desk):
            return str(desk)
    return ""


def template(actor: Actor, operation: Any, participation: Any, wanted: str) -> Response:
    """The workbook of one service as a download."""
    content = templates.issue(actor, operation, participation, wanted)
    service = rows.service(participation.service_id)
    return _download(
        content, templates.file_name(operation.code, service.short_name or service.name, service.id, wanted)
    )


def _download(content: bytes, name: str) -> Response:
    return send_file(io.BytesIO(content), mimetype=workbook.MIME, as_attachment=True, download_name=name)


# --- sending, taking, leaving -----------------------------------------------------------------------------------------


def received(actor: Actor, operation: Any, participation: Any, *, how: str, link: int | None = None) -> str | Wrong:
    """Keep the file of this request and have it read; its number. What is no file is told at the form."""
    SendForm().validate()
    sent = sent_file()
    if isinstance(sent, str):
        return Wrong(sent)
    name, content = sent
    try:
        file = return_commands.receive(actor, operation, content, name, how=how, participation=participation, link=link)
    except (Invalid, Blocked) as problem:
        return Wrong(_words_of(problem))
    uid = file.uid
    if file.state == ReturnState.WAITING:
        return_work.begin_file(_app(), uid)
        return_work.wait(uid, READ_AT_ONCE)
    return str(uid)


def taken(actor: Actor, operation: Any, file: Any, link: int | None = None) -> Problem | None:
    """Take the file as the form says; what stood in the way, or None."""
    form = TakeForm()
    if file.state not in drops.ASKABLE:
        return return_commands.decided()
    try:
        done = take_commands.take(
            actor,
            file,
            good_only=form.good_only.data == "1",
            clear=bool(form.clear.data),
            overwrite=form.overwrite,
            link=link,
            reason=form.because.data or "",
        )
    except Problem as problem:
        if problem.status in (403, 404, 503):
            raise
        return problem
    _tell(done)
    return None


def _tell(done: take_rules.Taken) -> None:
    """Say what became of the signature that the file carried, if it did."""
    if done.signed:
        flash(gettext("The figures are taken and signed."))
    elif done.unsigned is not None:
        words = gettext("The figures are taken, but not signed: %(why)s", why=_words_of(done.unsigned))
        flash(words, "warning")


def left(actor: Actor, file: Any, link: int | None = None) -> Problem | None:
    """Leave the file out; what stood in the way, or None."""
    try:
        return_commands.leave(actor, file, LeaveForm().why.data or "", link)
    except Problem as problem:
        if problem.status in (403, 404, 503):
            raise
        return problem
    return None


def answer(actor: Actor, file: Any, service: Any, link: int | None = None) -> Response:
    """The marked workbook."""
    content = take_commands.answer_of(actor, file, language(), link)
    return _download(content, f"to-fix-{service.id}-{file.issue or 0}.xlsx")


def _words_of(problem: Problem) -> str:
    if isinstance(problem, Invalid) and problem.findings:
        return " ".join(said(finding) for finding in problem.findings)
    return " ".join(words for words in told(problem) if words)


def _app() -> Any:
    return current_app._get_current_object()  # type: ignore[attr-defined]  # a proxy


# --- one service ------------------------------------------------------------------------------------------------------


def service_page(operation: Any, participation: Any, errors: list[Any] | None = None) -> str:
    """The return of one service, for whoever may enter its totals."""
    g.operation = operation
    service = rows.service(participation.service_id)
    target = access.service_target(operation, service.id)
    version = operations.current_participation(participation.id)
    letter = return_links.last_letter(participation.id)
    return render_template(
        "returns/return.html",
        operation=operation,
        service=service,
        owes=version.entry_mode != EntryMode.NONE,
        logs=version.entry_mode == EntryMode.CONTACTS,
        begun=takes_returns(operation),
        sends=may(g.actor, "totals.change", target),
        steers=may(g.actor, "returns.drop", access.operation_target(operation)),
        files=[_listed(one, operation) for one in drops.of_service(participation.id)],
        links=version.entry_mode != EntryMode.NONE and may(g.actor, "return_links.change", target),
        link=link_commands.working(operation, participation),
        letter=_letter(letter, operation) if letter else None,
        by_mail=mail.configured(current_app.config["OUTREACH"]),
        desk=desk_of(participation, service),
        errors=errors,
        wrong=next((words for where, words in _pairs(errors) if where == "workbook"), ""),
    )


def _pairs(errors: list[Any] | None) -> list[tuple[str, str]]:
    return [one for one in errors or () if isinstance(one, tuple)]


def _letter(letter: Any, operation: Any) -> dict[str, str]:
    if letter.outcome == "failed":
        words = gettext("not sent: %(why)s", why=gettext(TROUBLES.get(letter.trouble, TROUBLES["refused"])))
    else:
        words = gettext("sent") if letter.outcome == "sent" else gettext("being sent")
    return {"words": words, "at": clock.local_text(letter.at, operation.time_zone)}


# --- lists of files ---------------------------------------------------------------------------------------------------


def _listed(one: drops.Listed, operation: Any) -> dict[str, Any]:
    url = url_for("returns.return_file", code=operation.code, uid=one.file.uid)
    return row_of(one.file, operation.time_zone, url, one.by)


def listed(files: Iterable[Any], paths: Paths, zone: str) -> list[dict[str, Any]]:
    """Files as the page behind a link lists them."""
    return [row_of(file, zone, paths.file(file), "") for file in files]


def row_of(file: Any, zone: str, url: str, by: str) -> dict[str, Any]:
    """One file as a line of a list."""
    return {
        "url": url,
        "name": file.name or gettext("without a name"),
        "at": clock.local_text(file.received_at, zone),
        "by": by or (gettext("by return link") if file.link_id else ""),
        "kind": drop_rules.KINDS[file.state],
        "words": gettext(ReturnState(file.state).label),
        "note": note_of(file),
    }


def note_of(file: Any) -> str:
    """The counts of a file in a few words: ``38 good, 3 to fix``."""
    if file.state not in (ReturnState.READY, ReturnState.FAULTY):
        return ""
    good, bad = file.counts.get("good", 0), file.counts.get("bad", 0)
    return gettext("%(good)s good, %(bad)s to fix", good=format_decimal(good), bad=format_decimal(bad)) if bad else ""


def refusal_of(file: Any) -> dict[str, str]:
    """What a file that was not read is instead, and how to put it right."""
    params = {name: value for name, value in file.refused.items() if name != "code"}
    params |= params.pop("params", None) or {}
    params |= {name: gettext(params[name]) for name in ("sheet", "other", "label") if params.get(name)}
    catalogue = {**return_commands.REFUSALS, **drop_rules.LEFT_OUT}
    message, fix = catalogue.get(file.refused.get("code", ""), drop_rules.LEFT_OUT["drop_failed"])
    return _two(message, fix, params)


def trouble_of(file: Any) -> dict[str, str]:
    """What stood in the way when the file was to be taken with others."""
    kept = file.trouble or {}
    params = {name: gettext(value) if value and isinstance(value, str) else value
              for name, value in (kept.get("params") or {}).items()}  # fmt: skip
    return _two(kept.get("message", ""), kept.get("fix", ""), params) if kept else {}


def _two(message: str, fix: str, params: dict[str, Any]) -> dict[str, str]:
    words = [gettext(text, **params) if text and params else gettext(text) if text else "" for text in (message, fix)]
    return {"message": words[0], "fix": words[1]}


def headline_of(file: Any) -> dict[str, Any] | None:
    """Before and after of the headline figure, as they were when the file was read."""
    kept = file.counts.get("headline")
    if not kept:
        return None
    before, after = kept
    return {"before": figure_words.number(before), "after": figure_words.number(after), "changed": before != after}


# --- one file ---------------------------------------------------------------------------------------------------------


def reads_cells(actor: Actor, target: Target, file: Any) -> bool:
    """Whether what was written about single persons is shown: to the service itself, and to whoever sent the file."""
    return may(actor, "return.cells", replace(target, owner=file.received_by_id))


def file_page(
    actor: Actor,
    operation: Any,
    participation: Any,
    file: Any,
    paths: Paths,
    *,
    template: str,
    service: Any,
    link: int | None = None,
    problem: Problem | None = None,
    **more: Any,
) -> tuple[str, int]:
    """The page of one file with its status. ``problem``: what stood in the way of what was just asked."""
    if file.state == ReturnState.WAITING:
        _go_on(file)
    asked = request.method == "POST"
    form, leave = (TakeForm(), LeaveForm()) if asked else (TakeForm(formdata=None), LeaveForm(formdata=None))
    if isinstance(problem, Invalid):
        leave.take(Invalid(*(finding for finding in problem.findings if finding.where == "why")))
        form.take(Invalid(*(finding for finding in problem.findings if finding.where == "because")))
    page = render_template(
        template,
        operation=operation,
        service=service,
        one=_shown(actor, operation, participation, file, paths, form, link),
        form=form,
        leave=leave,
        back=paths.back,
        errors=_errors(problem, form, leave),
        **more,
    )
    return page, problem.status if problem else 200


def _go_on(file: Any) -> None:
    if file.drop_uid:
        return_work.begin_drop(_app(), file.operation_id, file.drop_uid)
    else:
        return_work.begin_file(_app(), file.uid)


def _errors(problem: Problem | None, form: TakeForm, leave: LeaveForm) -> list[Any]:
    if problem is None:
        return []
    if leave.why.errors or form.because.errors:
        return [(field.name, words) for field in (form.because, leave.why) for words in field.errors]
    if isinstance(problem, take_rules.NotWhole):
        return [words for words in told(problem) if words]
    return [_words_of(problem)]


def _shown(
    actor: Actor, operation: Any, participation: Any, file: Any, paths: Paths, form: TakeForm, link: int | None
) -> dict[str, Any]:
    """Everything that the page says of the file."""
    one: dict[str, Any] = row_of(file, operation.time_zone, paths.file(file), "") | {
        "state": file.state,
        "trouble": trouble_of(file),
        "take_url": paths.take(file),
        "leave_url": paths.leave(file),
        "can_take": False,
        "can_leave": False,
        "answer_url": "",
    }
    if file.state == ReturnState.REFUSED:
        one["refusal"] = refusal_of(file)
    if participation is None or file.read is None:
        return one | ({"taken_words": _taken_words(file, operation)} if file.state == ReturnState.TAKEN else {})
    target = access.service_target(operation, participation.service_id)
    cells = link is not None or reads_cells(actor, target, file)
    returned = take_commands.returned_of(file)
    if cells and returned.faults and may(actor, "totals.change", target):
        one["answer_url"] = paths.answer(file)
    if file.state == ReturnState.TAKEN:
        return one | {"taken_words": _taken_words(file, operation)} | _faults(returned.faults, cells)
    one |= _previewed(actor, file, returned, cells, form, link)
    one["can_leave"] = may(actor, "totals.change", target)
    one["can_take"] = one["can_leave"] and one["takes"]
    one["explains"] = take_commands.explains(operation) and not one.get("nothing_new")
    return one


def _taken_words(file: Any, operation: Any) -> str:
    at = clock.spoken_moment(file.decided_at, operation.time_zone)
    if file.counts.get("bad"):
        return gettext("On %(at)s, without the rows that are to be fixed.", at=at)
    return gettext("On %(at)s, all of it.", at=at)


def _previewed(
    actor: Actor, file: Any, returned: return_rules.Returned, cells: bool, form: TakeForm, link: int | None
) -> dict[str, Any]:
    """What taking the file would do now, and what is to be fixed in it; or why it cannot be taken."""
    wish: dict[str, Any] = {"clear": bool(form.clear.data), "overwrite": form.overwrite, "link": link}
    try:
        preview = take_commands.preview(actor, file, good_only=bool(returned.must), **wish)
        if preview.must and not returned.must:
            preview = take_commands.preview(actor, file, good_only=True, **wish)
    except Problem as problem:
        if problem.status in (404, 503):
            raise  # not allowed: the operation was archived with the file undecided, which is still read
        return _faults(returned.faults, cells) | {"blocked": _words_of(problem), "takes": False, "good": 0}
    done = preview.done
    faults = (*returned.faults, *(fault for fault in preview.faults if fault not in returned.faults))
    bad = {fault.name or fault.row_id for fault in faults if fault.must} - {""}
    good = returned.good()
    kept = [*good.typed, *(row.row_id for row in (*good.contacts, *good.charges))]
    count = sum(name not in bad for name in kept)
    whole = [change for change in preview.figures if change.day is None]
    changed = [change for change in whole if change.moves]
    return _faults(faults, cells) | {
        "good": count,
        "rows": _rows_words(done),
        "figures": [_change(change) for change in changed],
        "by_day": [_change(c) for c in preview.figures if c.day is not None and c.before != c.after],
        "unchanged": len(whole) - len(changed),
        "nothing_new": not done.changes and not bad,
        "conflicts": [_newer(one) for one in done.conflicts],
        "newer": len(done.newer) - len(done.conflicts),
        "emptied": len(done.emptied),
        "reopens": preview.reopens,
        "signer": "" if bad else preview.signer,
        "takes": bool(count or not bad),
    }


def _faults(faults: Iterable[return_rules.Fault], cells: bool) -> dict[str, Any]:
    """What is to be fixed and what is to be checked, worst first."""
    every = sorted(faults, key=lambda fault: not fault.must)
    return {
        "to_fix": len({fault.name or fault.row_id or f"{fault.sheet}{fault.cell}" for fault in every if fault.must}),
        "to_check": sum(not fault.must for fault in every),
        "faults": [_fault(fault, cells) for fault in every[:FAULTS_SHOWN]],
        "faults_all": len(every),
        "withheld": not cells and any(fault.sheet in PERSONS for fault in every),
    }


def _rows_words(done: take_rules.Done) -> str:
    """How many cells and rows are new, changed, taken back; '' where none is."""
    new, changed = done.count(take_rules.Kind.NEW), done.count(take_rules.Kind.CHANGED)
    back, same = done.count(take_rules.Kind.TAKEN_BACK), done.count(take_rules.Kind.SAME)
    parts = [
        *([ngettext("%(num)s new", "%(num)s new", new)] if new else []),
        *([ngettext("%(num)s changed", "%(num)s changed", changed)] if changed else []),
        *([ngettext("%(num)s taken back", "%(num)s taken back", back)] if back else []),
        *([ngettext("%(num)s as before", "%(num)s as before", same)] if same else []),
    ]
    return gettext("Cells and rows: %(parts)s.", parts=", ".join(parts)) if parts else ""


def _fault(fault: return_rules.Fault, cells: bool) -> dict[str, Any]:
    params = {name: gettext(value) if isinstance(value, str) else value for name, value in fault.params.items()}
    shown = cells or fault.sheet not in PERSONS
    return {
        "place": _place(fault.sheet, fault.cell),
        "wrote": fault.wrote if shown else "…",
        "must": fault.must,
        **_two(fault.message, fault.fix, params),
    }


def _place(sheet: str, cell: str) -> str:
    title = gettext(return_rules.TITLES[sheet]) if sheet in return_rules.TITLES else sheet
    return f"{title}, {cell}" if cell else title


def _change(change: take_rules.FigureChange) -> dict[str, Any]:
    before, after = change.before, change.after
    difference = "" if before is None or after is None else format_decimal(after - before, "+#,##0;−#,##0")
    return {
        "label": figure_words.label(change.measure),
        "day": clock.iso_day(change.day),
        "before": with_bound(before, change.before_bound),
        "after": with_bound(after, change.after_bound),
        "change": difference,
    }


def _newer(one: take_rules.Newer) -> dict[str, str]:
    return {
        "place": _place(one.sheet, one.cell),
        "saw": one.saw or "–",
        "stands": one.site or "–",
        "says": one.file or "–",
    }
