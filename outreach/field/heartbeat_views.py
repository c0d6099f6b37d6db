"""What phones say of themselves while they are open, and the coordinators' list of phones: numbers and times."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from flask import g, jsonify, render_template, request
from flask_babel import gettext

from outreach.auth.permissions import may
from outreach.errors import Forged, Problem, TooLarge
from outreach.storage.queries import access, operations, waiting
from outreach.storage.types import utc_now
from outreach.web import load, transaction
from outreach.web.guard import guard

from . import heartbeat_commands as commands
from . import heartbeat_rules as rules
from .card_views import led_services
from .held_views import clock_words, undecided_seen
from .views import bp


@bp.post("/field/heartbeat")
@guard("sealed.send", writes=False, short=True, proven=True)
def heartbeat() -> Any:
    """Everything is read and proven before the write, which is a statement a team."""
    body = request.get_data()
    if len(body) > rules.LARGEST:
        return _refused(TooLarge())
    try:
        proven = commands.prove(rules.read_beat(body))
    except rules.Malformed:
        return _refused(Problem())
    except Forged as problem:
        return _refused(problem)
    now = utc_now()
    with transaction.writing():
        commands.keep(proven, now)
    return jsonify(server_at=now.isoformat(), **commands.session_said(g.actor, proven, now))


def _refused(problem: Problem) -> Any:
    """Always JSON: no person reads it."""
    answer = jsonify(code=problem.code, message=gettext(problem.message), fix=gettext(problem.fix))
    return answer, problem.status


# --- the list of phones -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PhoneRow:
    """One phone as the list shows it. ``officer`` is '' for who may not know it; ``clock`` and ``checked`` in words."""

    team: str
    service: str
    code: str
    number: int
    officer: str
    state: Any
    zone: str
    reported: bool
    silent: bool
    clock: str
    ready: bool


@bp.get("/operations/<code>/live/phones")
@guard("phones.see", load=load.operation)
def phones(operation: Any) -> Any:
    """Which phones still hold something, worst first; those of the operations under it stand here too."""
    g.operation = operation
    found = _phones(operation)
    return render_template(
        "field/phones.html",
        operation=operation,
        phones=found,
        unsent=sum(row.state.unsent for row in found),
        holding=sum(row.state.unsent > 0 for row in found),
        undecided=undecided_seen(operation),
        minutes=int(rules.PHONE_SILENT.total_seconds() // 60),
    )


def _phones(operation: Any) -> list[PhoneRow]:
    """What the reader may see: phones that hold records, then those that said something, then the others."""
    now, led = utc_now(), led_services()
    below = {key: one for key in access.descendants_of(operation.id) if (one := operations.by_id(key)) is not None}
    targets = {one.id: access.operation_target(one) for one in below.values()}
    every = [
        phone
        for phone in waiting.phones_of(below)
        if any(
            may(g.actor, "team.see", replace(targets[phone.operation_id], service=one))
            for one in {phone.service_id, *phone.partners}
        )
    ]
    numbers = _numbers(every)
    rows = [_phone_row(phone, numbers[phone.state.id], below[phone.operation_id], led, now) for phone in every]
    return sorted(rows, key=lambda row: (not row.silent, not row.state.unsent, not row.reported, row.service, row.team))


def _numbers(every: Iterable[waiting.ListedPhone]) -> dict[int, int]:
    """Which phone of its team each is, in the order in which they were first seen: no name stands in it."""
    seen: dict[int, int] = {}
    found = {}
    for state in sorted((phone.state for phone in every), key=lambda state: state.id):
        found[state.id] = seen[state.team_id] = seen.get(state.team_id, 0) + 1
    return found


def _phone_row(phone: waiting.ListedPhone, number: int, operation: Any, led: set[int], now: dt.datetime) -> PhoneRow:
    state = phone.state
    return PhoneRow(
        team=phone.team,
        service=phone.service,
        code=operation.code,
        number=number,
        officer=phone.officer if phone.services & led else "",
        state=state,
        zone=operation.time_zone,
        reported=state.offset_ms is not None,
        silent=state.unsent > 0 and now - state.heard_at >= rules.PHONE_SILENT,
        clock=clock_words(state.offset_ms),
        ready=state.ready_at is not None and now - state.ready_at < rules.READY_FOR,
    )
