"""Records from phones that wait for the service coordinator: the list, one of them opened, her decision.

Opening one opens its seal; it is a page about persons, and each opening enters the journal.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Target
from outreach.auth.permissions import may
from outreach.errors import N_, Changed, Finding, Invalid, KeyMissing, NotFound, Unreadable
from outreach.storage import undo
from outreach.storage.queries import access
from outreach.storage.queries import field as places
from outreach.storage.queries import held as rows
from outreach.vocab import HeldReason, SealedKind, SealedState
from outreach.web import clock
from outreach.web.forms import whole
from outreach.web.guard import guard
from outreach.web.load import own_service

from . import (
    arrival_rules,
    commands,
    contact_views,
    forms,
    held_commands,
    held_rules,
    rules,
    sealed_open_commands,
    sealed_rules,
)
from . import sealed_decision_commands as decisions
from .card_views import led_services
from .views import bp

# What the service coordinator can do about each.
ADVICE: dict[str, str] = {
    HeldReason.ACCOUNT_ENDED: N_("Take it if you know that the officer logged it as part of the work."),
    HeldReason.NOT_IN_TEAM: N_("Take it if the officer was in this team when it was saved."),
    HeldReason.CLOSED: N_("Taken, it changes the figures of an operation that takes no entries any more."),
    HeldReason.INVALID: N_("Put right what is marked, then take it. Ask the officer where you do not know."),
    HeldReason.CHANGED: N_("Somebody changed the contact after the officer read it. Choose the text that is true."),
    HeldReason.KEY_MISSING: N_(
        "Ask the administrator to bring back the key store of the site. Then it opens by itself."
    ),
    "unreadable": N_("It was altered after it arrived. Leave it out, and ask the officer to log it again."),
}
A_PAGE = 50
HELD = "/operations/<code>/services/<int:service_id>/held"
_MARK = re.compile(r"[0-9a-f]{8}")


def held_record(uid: str, mark: str, **place: Any) -> tuple[Target, dict[str, Any]]:
    """A record of the service that waits or waited; another service's answers as one that does not exist."""
    target, found = own_service(**place)
    known = rules.read_uid(uid)
    if known is None or not _MARK.fullmatch(mark):
        raise NotFound()
    one = rows.record_of(found["operation"].id, found["participation"].service_id, known, mark)
    if one is None:
        raise NotFound()
    return target, {"operation": found["operation"], "one": one}


# --- the list ---------------------------------------------------------------------------------------------------------


@bp.get(HELD)
@guard("held.see", load=own_service)
def held_list(operation: Any, participation: Any) -> Any:
    """When each was saved and why it waits; nothing of what it says."""
    g.operation = operation
    number = max(1, whole(request.args.get("page"), 1))
    service_id = participation.service_id
    waiting, total, found = rows.records_of(operation.id, service_id, limit=A_PAGE, offset=(number - 1) * A_PAGE)
    here = {"code": operation.code, "service_id": service_id}
    return render_template(
        "field/held_list.html",
        operation=operation,
        service=places.service_name(service_id),
        service_id=service_id,
        waiting=waiting,
        listed=[_shown(one, operation) for one in found],
        number=number,
        pages=max(1, -(-total // A_PAGE)),
        page_url=lambda n: url_for("field.held_list", **here, page=n),
    )


def _shown(one: rows.HeldRecord, operation: Any) -> dict[str, Any]:
    """What a list and the head of a page say of a record, in words."""
    record, zone = one.record, operation.time_zone
    saved = arrival_rules.saved_at(record.saved_at, record.offset_ms, record.received_at)
    return {
        "uid": record.uid,
        "mark": record.hash[:8],
        "kind": gettext(SealedKind(record.kind).label),
        "officer": one.officer or gettext("not known"),
        "team": one.team or "–",
        "saved": _moment(saved, zone),
        "arrived": _moment(record.received_at, zone),
        "clock": clock_words(record.offset_ms) if record.clock_off else "",
        "why": gettext(HeldReason(record.reason).label) if record.reason else "",
        "reason": record.reason,
        "state": record.state,
        "state_words": gettext(SealedState(record.state).label),
        "decided": _moment(record.decided_at, zone),
        "decided_by": one.decided_by or gettext("not known"),
        "because": record.decided_because or "",
        "contact": record.contact_uid,
    }


def _moment(at: dt.datetime | None, zone: str) -> str:
    """A moment in words; a phone's clock may show a year that no zone knows."""
    if at is None:
        return gettext("not known")
    try:
        return clock.local_text(at, zone)
    except (OverflowError, ValueError):
        return at.isoformat()


def clock_words(offset_ms: int | None) -> str:
    """How far a phone's clock is off, where a person should know; else nothing."""
    way, unit, number = arrival_rules.how_far(offset_ms)
    if way == "set":
        return ""
    said = {
        "minutes": ngettext("%(num)d minute", "%(num)d minutes", number),
        "hours": ngettext("%(num)d hour", "%(num)d hours", number),
        "days": ngettext("%(num)d day", "%(num)d days", number),
    }[unit]
    return gettext("%(span)s slow", span=said) if way == "slow" else gettext("%(span)s fast", span=said)


# --- one record -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Text:
    """A record as far as it opens. ``stands``: the contact that it changes, ``note`` its note; ``trouble``: why it does
    not open."""

    opened: sealed_rules.Opened | None = None
    entry: rules.ContactEntry | None = None
    findings: tuple[Finding, ...] = ()
    stands: Any = None
    note: str | None = None
    trouble: str = ""


@bp.get(f"{HELD}/<uid>/<mark>")
@guard("held.see", load=held_record, person_level=True)
def held(operation: Any, one: rows.HeldRecord) -> Any:
    return _page(operation, one)


@bp.post(f"{HELD}/<uid>/<mark>/take")
@guard("held.decide", load=held_record, person_level=True)
def held_take(operation: Any, one: rows.HeldRecord) -> Any:
    """Take it as the phone said it, or as it was put right in the form."""
    typed = request.form.to_dict(flat=False) if "result" in request.form else None
    try:
        held_commands.take(
            g.actor,
            one.record,
            typed,
            known=forms.known,
            seen=whole(request.form.get("version")),
            reason=request.form.get("reason", ""),
        )
    except Invalid as problem:
        undo()
        return _page(operation, one, problem, typed, taking=True), problem.status
    except Changed as problem:
        return _changed(operation, one, typed), problem.status
    except (KeyMissing, Unreadable):
        return _page(operation, one), Changed.status
    flash(gettext("Taken. It counts now."))
    return redirect(_list_url(operation, one), code=303)


@bp.post(f"{HELD}/<uid>/<mark>/leave-out")
@guard("held.decide", load=held_record, person_level=True)
def held_leave_out(operation: Any, one: rows.HeldRecord) -> Any:
    try:
        decisions.leave_out(g.actor, one.record, request.form.get("reason", ""))
    except Invalid as problem:
        return _page(operation, one, problem), problem.status
    except Changed as problem:
        return _changed(operation, one), problem.status
    flash(gettext("Left out. It counts nothing, and stays in the list."))
    return redirect(_list_url(operation, one), code=303)


def _changed(operation: Any, one: rows.HeldRecord, typed: dict[str, list[str]] | None = None) -> str:
    """What stands after somebody else was first, with what was typed."""
    undo()
    flash(gettext("Somebody changed this meanwhile. Below is how it stands now."), "error")
    return _page(operation, one, typed=typed)


def _list_url(operation: Any, one: rows.HeldRecord) -> str:
    return url_for("field.held_list", code=operation.code, service_id=one.record.service_id)


def _page(
    operation: Any,
    one: rows.HeldRecord,
    problem: Invalid | None = None,
    typed: dict[str, list[str]] | None = None,
    *,
    taking: bool = False,
) -> str:
    g.operation = operation
    record = one.record
    audit.read(
        g.actor,
        Tag.HELD_READ,
        kind="sealed",
        object_id=record.uid,
        operation=operation.id,
        service=record.service_id,
    )
    text, form = _text(operation, record), None
    if text.opened is not None and _needs_form(record, text, problem, taking):
        form = _form(operation, text, text.opened, problem if taking else None, typed)
    target = access.service_target(operation, record.service_id)
    says = contact_views.said_of(text.entry, operation.time_zone) if text.entry else []
    if record.kind == SealedKind.CONTACT:
        says = says[1:]  # what is not stored has no state yet
    field = "reason" if taking else "leave-reason"
    wrong = None if problem is None else [(field, gettext(f.message, **f.params)) for f in problem.findings]
    return render_template(
        "field/held.html",
        operation=operation,
        service=places.service_name(record.service_id),
        service_id=record.service_id,
        here={"code": operation.code, "service_id": record.service_id, "uid": record.uid, "mark": record.hash[:8]},
        one=_shown(one, operation),
        kind=record.kind,
        text=text,
        form=form,
        count=held_rules.count_of(typed or (text.opened.fields if text.opened else {})),
        says=says,
        compared=_compared(text, says, operation.time_zone, record.kind),
        needs_reason=not target.open_for_entry,
        open=record.state in (SealedState.HELD, SealedState.LEFT_OUT) and may(g.actor, "held.decide", target),
        advice=gettext(ADVICE[text.trouble or record.reason]) if text.trouble or record.reason else "",
        typed_reason="".join((typed or {}).get("reason", ())),
        wrong_take="".join(words for _, words in wrong or [] if taking),
        wrong_leave="".join(words for _, words in wrong or [] if not taking),
        errors=form if form is not None and taking and problem is not None else wrong,
    )


def _text(operation: Any, record: Any) -> Text:
    """The record opened and read as far as it goes."""
    if record.content is None:
        return Text()
    try:
        opened = decisions.opened_of(record)
    except KeyMissing:
        return Text(trouble=HeldReason.KEY_MISSING.value)
    except Unreadable:
        return Text(trouble="unreadable")
    stands = held_commands.contact_meant(record, opened)
    found = Text(opened, stands=stands)
    if record.kind == SealedKind.WITHDRAWAL:
        return found
    try:
        uid = record.uid if stands is None else stands.contact.uid
        entry = sealed_open_commands.entry_of(opened, uid, operation.time_zone, record.offset_ms, forms.known)
        found = replace(found, findings=tuple(Finding(*one) for one in record.findings))
        return replace(found, entry=entry, note=None if stands is None else commands.entry_of(stands).note)
    except (Invalid, OverflowError) as problem:
        findings = problem.findings if isinstance(problem, Invalid) else ()
        return replace(found, findings=tuple(findings))


def _needs_form(record: Any, text: Text, problem: Invalid | None, taking: bool) -> bool:
    """Whether something has to be put right before the record can be taken."""
    if record.kind == SealedKind.WITHDRAWAL:
        return False
    refused = problem is not None and taking and any(f.where != "reason" for f in problem.findings)
    return record.reason == HeldReason.INVALID or text.entry is None or refused


def _form(
    operation: Any,
    text: Text,
    opened: sealed_rules.Opened,
    problem: Invalid | None,
    typed: dict[str, list[str]] | None,
) -> Any:
    """Everything that the phone said, to be put right; what was typed stays."""
    values = typed or _form_values(operation, text, opened)
    root_id = operation.root_id or operation.id
    form = forms.change_form(values, held_rules.count_of(values), places.agencies_for(operation.id, root_id))
    if problem is not None:
        form.take(problem)
    elif text.findings:
        form.take(Invalid(*text.findings))
    return form


def _form_values(operation: Any, text: Text, opened: sealed_rules.Opened) -> dict[str, list[str]]:
    values = held_rules.shown(opened.fields) | {"reason": [""]}
    met_at = rules.read_moment("".join(values.get("met_at", ())[:1]), operation.time_zone)
    if text.entry is not None:
        met_at = text.entry.met_at
    if met_at is not None:
        values["met_at"] = [_moment(met_at, operation.time_zone)]
    return values


def _compared(text: Text, says: list[dict[str, Any]], zone: str, kind: str) -> list[held_rules.Compared]:
    """What stands now beside what the phone says; nothing for a new contact."""
    if text.stands is None or text.opened is None:
        return []
    stands = contact_views.history_of(text.stands)[0]["rows"]
    if kind == SealedKind.WITHDRAWAL:
        entry = commands.entry_of(text.stands)
        says = contact_views.said_of(entry, zone, withdrawn=True)
    return held_rules.compared(stands, says, gettext("Not said")) if says else []


# --- how many wait, for other pages -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Waiting:
    """Records of one service that wait; ``url`` is '' for who may not decide on them."""

    code: str
    service: str
    number: int
    url: str


def undecided_seen(operation: Any) -> list[Waiting]:
    """Where records wait in the operation or under it, as far as the reader may know."""
    return [
        _waiting(one)
        for one in rows.undecided(operation_ids=access.descendants_of(operation.id))
        if may(g.actor, "team.see", access.service_target(one.operation, one.service_id))
    ]


def undecided_of_mine() -> list[Waiting]:
    """Where records wait for the signed-in service coordinator, also in operations that take entries no longer."""
    led = led_services()
    if not led:
        return []
    found = [_waiting(one) for one in rows.undecided(service_ids=led)]
    return [one for one in found if one.url]


def _waiting(one: rows.Undecided) -> Waiting:
    target = access.service_target(one.operation, one.service_id)
    url = url_for("field.held_list", code=one.operation.code, service_id=one.service_id)
    return Waiting(one.operation.code, one.service, one.number, url if may(g.actor, "held.see", target) else "")
