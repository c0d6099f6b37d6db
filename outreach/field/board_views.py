"""The live board: headline figures, and one row per team, worst first. Guard, load, render; nothing is counted here.

Figures come from the room that counts them (``board_rules.HEADLINE``). What a page shows has a mark of its own, without
the minutes that pass by themselves, so that asking again while nothing happened costs a few hundred bytes.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from flask import Response, current_app, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext

from outreach.auth.actors import Target
from outreach.auth.permissions import may
from outreach.errors import Invalid
from outreach.storage.queries import access
from outreach.storage.queries import board as rows
from outreach.storage.queries import roster as rosters
from outreach.storage.queries import waiting as phone_states
from outreach.storage.types import utc_now
from outreach.vocab import CheckInKind
from outreach.web import clock, load
from outreach.web.guard import guard
from outreach.web.page import language

from . import board_rules as rules
from . import check_in_commands as commands
from . import heartbeat_rules
from .held_views import Waiting, undecided_seen
from .radio_views import team_on_board
from .views import bp

LOOK_BACK = rules.LINGER + rules.AHEAD


@dataclass(frozen=True)
class Row:
    """One team as the board shows it. ``contacts``: tonight's, as the report counts them. ``waiting``: what waits on
    its phones, ``None`` where none has reported."""

    uid: str
    team: str
    service: str
    code: str
    zone: str
    standing: rules.Standing
    contacts: int
    may_log: bool
    may_check_in: bool
    waiting: heartbeat_rules.Waiting | None = None

    @property
    def next_kind(self) -> str:
        return rules.next_check_in(self.standing.of_team)


@dataclass(frozen=True)
class Board:
    """Everything on the page but the time that passes. ``rows`` is ``None`` for who sees counts only."""

    rows: tuple[Row, ...] | None
    counts: tuple[tuple[str, int], ...]
    headline: rules.Headline
    empty: str
    undecided: tuple[Waiting, ...]
    to_watch: Any
    now: dt.datetime
    zone: str

    @property
    def mark(self) -> str:
        """What tells one state of the page from another."""
        said = repr(
            (
                self.rows,
                self.counts,
                self.headline.tiles,
                self.empty,
                self.undecided,
                self.to_watch,
                g.actor.user,
                language(),
            )
        )
        return hashlib.sha256(said.encode()).hexdigest()[:32]


@bp.get("/operations/<code>/live")
@guard("board.see", load=load.operation)
def board(operation: Any) -> Any:
    return _page(operation)


@bp.get("/operations/<code>/live/rows")
@guard("board.see", load=load.operation)
def board_rows(operation: Any) -> Any:
    """What the script asks for every minute: nothing but a status when the page it shows still holds."""
    g.operation = operation
    found = _board(operation)
    if request.if_none_match.contains_weak(found.mark):
        answer = Response(status=304)
    else:
        answer = make_response(render_template("field/board_rows.html", **_shown(operation, found)))
    answer.set_etag(found.mark, weak=True)
    # The time in the reader's way: "Updated 21:42" goes on while nothing else changes. Headers hold ASCII only.
    answer.headers["X-Board-Time"] = quote(clock.spoken_time(found.now, found.zone))
    return answer


@bp.post("/operations/<code>/live/teams/<uid>/check-in")
@guard("check_in.record", load=team_on_board)
def check_in_for(operation: Any, place: Any) -> Any:
    """Somebody at a desk enters what a team said by radio."""
    made = None
    try:
        made = commands.check_in(g.actor, place, request.form.get("kind", ""), by_radio=True)
    except Invalid as problem:
        flash(gettext(problem.findings[0].message), "error")
    if made is not None:
        said, time = gettext(CheckInKind(made.kind).label), clock.spoken_time(made.at, place.time_zone)
        flash(gettext("%(team)s at %(time)s: %(said)s.", team=place.name, time=time, said=said))
    if not may(g.actor, "board.see", access.operation_target(operation)):
        return redirect(url_for("field.my_shift", team=place.team_uid), code=303)
    return redirect(url_for("field.board", code=operation.code, _anchor=f"team-{place.team_uid}"), code=303)


@bp.post("/operations/<code>/live/check-in-minutes")
@guard("operation.change", load=load.operation)
def check_in_minutes(operation: Any) -> Any:
    typed = request.form.get("check_in_minutes", "")
    try:
        changed = commands.set_check_in_minutes(g.actor, operation, typed)
    except Invalid as problem:
        finding = problem.findings[0]
        return _page(operation, typed, gettext(finding.message, **finding.params)), 422
    flash(gettext("Saved.") if changed else gettext("Nothing was different; nothing is changed."))
    return redirect(url_for("field.board", code=operation.code), code=303)


# --- what stands on it ------------------------------------------------------------------------------------------------


def _page(operation: Any, typed: str = "", wrong: str = "") -> Any:
    g.operation = operation
    found = _board(operation)
    return render_template(
        "field/board.html",
        **_shown(operation, found),
        mark=found.mark,
        minutes_typed=typed or operation.check_in_minutes,
        minutes_wrong=wrong,
        errors=[("check_in_minutes", wrong)] if wrong else None,
    )


def _shown(operation: Any, found: Board) -> dict[str, Any]:
    return {
        "operation": operation,
        "board": found,
        "rules": rules,
        "words": {state: gettext(label) for state, label in rules.WORDS.items()},
        "said": {code: gettext(CheckInKind(code).label) for code in CheckInKind.values()},
        "summary": _summary(found),
    }


def _board(operation: Any) -> Board:
    now = utc_now()
    running = rows.running_under(operation.id)
    targets = {one.id: access.operation_target(one) for one in running}
    whole = g.get("target") or access.operation_target(operation)
    ask = current_app.extensions.get(rules.HEADLINE)
    watch = current_app.extensions.get(rules.TO_WATCH)
    headline = ask(operation.id) if ask is not None and may(g.actor, "figures.see", whole) else rules.Headline()
    every = _rows(running, targets, headline, now)
    seen = [row for row, visible in every if visible]
    counted = [row for row, _ in every] if may(g.actor, "board.counts", whole) else seen
    places = dict.fromkeys(rules.STATES, 0)
    for row in counted:
        places[row.standing.state] += 1
    rows_seen = may(g.actor, "team.see", whole) or any(_own(g.actor, targets[one.id]) for one in running)
    return Board(
        rows=tuple(seen) if rows_seen else None,
        counts=tuple((state, number) for state, number in places.items() if number),
        headline=headline,
        empty="" if counted else _empty(operation, running, targets, now),
        undecided=tuple(undecided_seen(operation)) if rows_seen else (),
        to_watch=watch(operation) if watch is not None else None,
        now=now,
        zone=operation.time_zone,
    )


def _own(actor: Any, target: Target) -> bool:
    """Whether the actor coordinates a service that takes part."""
    return any(may(actor, "team.see", replace(target, service=service)) for service in target.services)


def _rows(
    running: list[Any], targets: dict[int, Target], headline: rules.Headline, now: dt.datetime
) -> list[tuple[Row, bool]]:
    """Every team with a shift or a sign about now, worst first, and whether the actor sees it as a row."""
    found = {one.id: one for one in running}
    teams = rows.teams_of(found)
    check_ins = rows.check_ins_since(found, now - LOOK_BACK)
    contacts = rows.contacts_since(found, now - LOOK_BACK)
    spans: dict[int, list[rules.Span]] = {}
    for team_id, starts_at, ends_at in rosters.spans_now(found, now - LOOK_BACK, now + rules.AHEAD):
        spans.setdefault(team_id, []).append(rules.Span(starts_at, ends_at))
    waiting = _waiting((team.team_id for team in teams), now)
    with_roster = rosters.teams_with_roster(team.team_id for team in teams if team.team_id not in spans)
    out = []
    for team in teams:
        operation = found[team.operation_id]
        own = spans.get(team.team_id, [])
        if not own and team.starts_at and team.ends_at and team.team_id not in with_roster:
            own = [rules.Span(team.starts_at, team.ends_at)]
        heard = rules.Heard(tuple(check_ins.get(team.team_id, ())), contacts.get(team.team_id))
        waits = waiting.get(team.team_id)
        stands = rules.standing(now, own, heard, dt.timedelta(minutes=operation.check_in_minutes))
        stands = rules.with_phones(stands, waits)
        if stands is not None:
            target = replace(targets[operation.id], service=team.service_id, partners=team.partners, team=team.team_id)
            out.append((_row(team, operation, stands, target, headline, waits), _visible(target)))
    return sorted(
        out, key=lambda pair: (rules.STATES.index(pair[0].standing.state), pair[0].standing.since, pair[0].service)
    )


def _waiting(team_ids: Iterable[int], now: dt.datetime) -> dict[int, heartbeat_rules.Waiting]:
    """Team id → what waits on its phones. A phone that was given its pack and said nothing yet knows no clock."""
    said = {
        team_id: [
            heartbeat_rules.PhoneSaid(s.unsent, s.oldest_at, s.heard_at, s.offset_ms is not None, member)
            for s, member in states
        ]
        for team_id, states in phone_states.states_by_team(team_ids).items()
    }
    return heartbeat_rules.by_team(said, now)


def _row(
    team: Any,
    operation: Any,
    stands: rules.Standing,
    target: Target,
    headline: rules.Headline,
    waits: heartbeat_rules.Waiting | None,
) -> Row:
    return Row(
        uid=team.uid,
        team=team.name,
        service=team.service,
        code=operation.code,
        zone=operation.time_zone,
        standing=stands,
        contacts=headline.contacts.get(team.team_id, 0),
        waiting=waits,
        may_log=may(g.actor, "contact.log_by_radio", target),
        may_check_in=may(g.actor, "check_in.record", target),
    )


def _visible(target: Target) -> bool:
    """Teams of one's own service, and joint teams in which it works; all of them for the operation coordinator."""
    return any(may(g.actor, "team.see", replace(target, service=one)) for one in {target.service, *target.partners})


def _empty(operation: Any, running: list[Any], targets: dict[int, Target], now: dt.datetime) -> str:
    """What stands where no team does. When another service's teams start is no business of a service."""
    every = may(g.actor, "board.counts", g.get("target") or access.operation_target(operation))
    teams = [
        team.team_id
        for team in rows.teams_of(targets)
        if every or _visible(replace(targets[team.operation_id], service=team.service_id, partners=team.partners))
    ]
    coming = rows.next_start(targets, teams, now) if teams else None
    if coming is None:
        return gettext("No team is out, and no shift is published that begins later.")
    zone = next(one.time_zone for one in running if one.id == coming[1])
    when = clock.spoken_moment(coming[0], zone)
    if coming[0].date() == now.date() or coming[0] - now < dt.timedelta(hours=18):
        when = clock.spoken_time(coming[0], zone)
    return gettext("Next team starts %(when)s", when=when)


def _summary(found: Board) -> str:
    """What a screen reader is told when it changes: how many teams need somebody."""
    numbers = dict(found.counts)
    late, silent, phones = (numbers.get(state, 0) for state in (rules.LATE, rules.SILENT, rules.PHONE))
    if not late and not silent and not phones:
        return gettext("No team is late.")
    said = []
    if late:
        said.append(ngettext("%(num)d late check-in", "%(num)d late check-ins", late))
    if silent:
        said.append(ngettext("%(num)d team silent", "%(num)d teams silent", silent))
    if phones:
        said.append(ngettext("%(num)d team with a silent phone", "%(num)d teams with a silent phone", phones))
    return ", ".join(said)
