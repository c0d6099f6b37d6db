"""My shift and My shifts: where one is on, what changed since one looked, checking in, the link of one's calendar.

Guard, load, validate, call one command, redirect. What stands on a roster is worked out in ``roster_rules``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask import current_app, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import get_locale, gettext, pgettext

from outreach.auth.permissions import may
from outreach.errors import Invalid
from outreach.storage.queries import board, contacts, operations
from outreach.storage.queries import field as places_of
from outreach.storage.queries import roster as rows
from outreach.storage.types import utc_now
from outreach.vocab import CheckInKind, OperationStatus
from outreach.web import clock
from outreach.web.guard import guard

from . import board_rules, check_in_commands, roster_commands, rules
from . import roster_rules as roster
from .card_views import led_services, own_places, today_begins
from .held_views import undecided_of_mine
from .views import bp, chosen_team

BACK = dt.timedelta(days=2)
"""How long a shift that is over stays on the page."""


# --- my shift ---------------------------------------------------------------------------------------------------------


@bp.get("/field")
@guard("field.see", person_level=True)
def my_shift() -> Any:
    now = utc_now()
    versions, mine = rows.published_near(g.actor.user, now - BACK), _mine()
    shifts = roster.shifts_now(versions, mine, now)
    places = own_places()
    place = _wanted(places, request.args.get("team", ""), shifts, now)
    since = today_begins(place)
    sent, latest = contacts.own_contacts(g.actor.user, since)
    drafts = [(draft, _zone_of(draft.operation_id)) for draft in places_of.drafts_of(g.actor.user)]
    if place is not None:
        g.operation = operations.by_id(place.operation_id)
    coming = [shift for shift in shifts if place is None or shift.team_id == place.team_id]
    shift = roster.now_or_next(coming, now) or roster.now_or_next(shifts, now)
    return render_template(
        "field/my_shift.html",
        places=places,
        place=place,
        sent=sent,
        latest=latest,
        drafts=drafts,
        now=now,
        undecided=undecided_of_mine(),
        led=[(p, _questions(p)) for p in _one_a_service(places) if p.service_id in led_services()],
        shift=_shown([shift], now)[0] if shift else None,
        has_shifts=bool(shifts),
        changes=_notice(versions, mine, shifts, now),
        check=_check(place, shifts, now) if place else None,
    )


@bp.get("/field/hidden")
@guard("field.see")
def hidden() -> Any:
    return render_template("field/hidden.html")


def _questions(place: places_of.LoggingPlace) -> int:
    """How many standing contacts of a service raise a question: sent twice, a code issued twice, a wrong clock."""
    return contacts.contacts_of_service(place.operation_id, place.service_id, {"flagged": "1"}, limit=0, offset=0)[0]


def _one_a_service(places: list[places_of.LoggingPlace]) -> list[places_of.LoggingPlace]:
    return list({(p.operation_id, p.service_id): p for p in places}.values())


def _wanted(
    places: list[places_of.LoggingPlace], team_uid: str, shifts: Sequence[Any], now: dt.datetime
) -> places_of.LoggingPlace | None:
    """The team asked for, else the one whose published shift is on, else (for teams without any published shift) by
    the team's own times, else the team of the next shift, else the first."""
    asked = [p for p in places if p.team_uid == team_uid]
    by_team = {p.team_id: p for p in places}
    on = [by_team[s.team_id] for s in shifts if s.starts_at <= now < s.ends_at and s.team_id in by_team]
    mine = [p for p in places if p.team_id in g.actor.teams]
    planned = {s.team_id for s in shifts}
    own = [
        p
        for p in mine
        if p.team_id not in planned
        and p.shift_ends_at
        and p.shift_starts_at
        and p.shift_starts_at <= now <= p.shift_ends_at
    ]
    coming = [by_team[s.team_id] for s in shifts if s.starts_at > now and s.team_id in by_team]
    return next(iter([*asked, *on[::-1], *own, *coming, *mine, *places]), None)


def _zone_of(operation_id: int) -> str:
    operation = operations.by_id(operation_id)
    return operation.time_zone if operation else "UTC"


# --- checking in ------------------------------------------------------------------------------------------------------


def _check(place: places_of.LoggingPlace, shifts: Sequence[Any], now: dt.datetime) -> dict[str, Any] | None:
    """How the team stands, and what it may say next; ``None`` for who may not check in for it."""
    if place.team_id is None or place.team_id not in g.actor.teams or not may(g.actor, "check_in.record", place.target):
        return None
    limit = dt.timedelta(minutes=getattr(g.get("operation"), "check_in_minutes", 120))
    since = now - board_rules.LINGER - board_rules.AHEAD
    spans = [board_rules.Span(s.starts_at, s.ends_at) for s in shifts if s.team_id == place.team_id]
    if not spans and place.shift_starts_at and place.shift_ends_at:
        spans = [board_rules.Span(place.shift_starts_at, place.shift_ends_at)]
    said = board.check_ins_of(place.team_id, since)
    heard = board_rules.Heard(tuple(said), board.contacts_of(place.team_id, since))
    found = board_rules.standing(now, spans, heard, limit)
    return {
        "state": found.state if found else "",
        "last": (gettext(CheckInKind(said[-1][0]).label), said[-1][1]) if said else None,
        "due_at": found.due_at if found and found.heard_at else None,
        "late": bool(found and found.needs_somebody),
        "begun": bool(found and found.state in (board_rules.ON, board_rules.LATE)),
    }


@bp.post("/field/check-in")
@guard("check_in.record", load=chosen_team)
def check_in(place: places_of.LoggingPlace) -> Any:
    try:
        made = check_in_commands.check_in(g.actor, place, request.form.get("kind", ""))
    except Invalid as problem:
        flash(gettext(problem.findings[0].message), "error")
    else:
        said = gettext(CheckInKind(made.kind).label)
        time = clock.spoken_time(made.at, place.time_zone)
        flash(gettext("Checked in at %(time)s: %(said)s.", time=time, said=said))
    return redirect(url_for("field.my_shift", team=place.team_uid), code=303)


# --- the roster -------------------------------------------------------------------------------------------------------


@bp.get("/field/roster", endpoint="roster")
@guard("field.see", person_level=True)
def own_roster() -> Any:
    return _roster_page()


def _roster_page(link: str = "") -> Any:
    now = utc_now()
    versions, mine = rows.published_near(g.actor.user, now - BACK), _mine()
    shifts = roster.shifts_now(versions, mine, now)
    return render_template(
        "field/roster.html",
        shifts=_shown(shifts, now),
        changes=_notice(versions, mine, shifts, now),
        now=now,
        calendar=rows.calendar_link_of(g.actor.user),
        link=link,
    )


@bp.post("/field/roster/seen")
@guard("field.see")
def roster_seen() -> Any:
    """She has seen the changes that the page showed; what came after it was made is told again."""
    roster_commands.mark_seen(g.actor, rules.read_moment(request.form.get("until", ""), "UTC"))
    return redirect(url_for("field.roster"), code=303)


@bp.post("/field/roster/calendar")
@guard("field.see")
def make_calendar() -> Any:
    """A new link, shown on the page that answers and never again."""
    token = roster_commands.make_calendar_link(g.actor)
    base = (current_app.config["OUTREACH"].public_url or request.host_url).rstrip("/")
    answer = make_response(_roster_page(base + url_for("field.calendar_feed", token=token)))
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.post("/field/roster/calendar/stop")
@guard("field.see")
def stop_calendar() -> Any:
    if roster_commands.revoke_calendar_link(g.actor):
        flash(gettext("The calendar link is stopped. It opens nothing any more."))
    return redirect(url_for("field.roster", _anchor="calendar"), code=303)


def _mine() -> roster.Mine:
    return roster.Mine(rows.memberships(g.actor.user))


def _shown(shifts: Sequence[Any], now: dt.datetime) -> list[dict[str, Any]]:
    """Shifts in words: team, operation, when, where, channel, who else is on."""
    teams = rows.names_of_teams({s.team_id for s in shifts})
    found = rows.operations_of({s.operation_id for s in shifts})
    own = rows.staff_ids(g.actor.user)
    out = []
    for shift in shifts:
        operation = found[shift.operation_id]
        _uid, name, area = teams[shift.team_id]
        out.append(
            {
                "team": name,
                "operation": operation.name,
                "zone": operation.time_zone,
                "day": _day(shift.starts_at, operation.time_zone),
                "span": span_words(shift, operation.time_zone),
                "place": shift.place or area,
                "channel": shift.channel,
                "with": [
                    gettext("%(name)s (leads)", name=who) if leads else who
                    for staff, who, leads in rows.names_on(shift.team_id, shift.crew)
                    if staff not in own
                ],
                "state": "on" if shift.starts_at <= now < shift.ends_at else "over" if shift.ends_at <= now else "",
                "closed": operation.status in (OperationStatus.CLOSED, OperationStatus.ARCHIVED),
            }
        )
    return out


def _notice(versions: Sequence[Any], mine: Any, shifts: Sequence[Any], now: dt.datetime) -> dict[str, Any] | None:
    """What changed since she looked, in words; ``None`` when nothing did."""
    seen = rows.seen_of(g.actor.user)
    found = roster.changes(versions, mine, seen, now)
    fresh = roster.unseen(shifts, seen, now)
    if not found and not fresh:
        return None
    zones = rows.operations_of({c.shift.operation_id for c in found})
    return {
        "fresh": len(fresh),
        "lines": [_change_words(change, zones[change.shift.operation_id].time_zone) for change in found],
        "until": now.isoformat(),
    }


def _change_words(change: Any, zone: str) -> str:
    """``Thu 12 Oct: now 20:00–02:00 (was 18:00–02:00)``."""
    day = _day(change.shift.starts_at, zone)
    if change.kind == "new":
        return gettext("%(day)s: new, %(span)s", day=day, span=span_words(change.now, zone))
    if change.kind == "cancelled":
        return gettext("%(day)s: cancelled (was %(span)s)", day=day, span=span_words(change.was, zone))
    parts = []
    now, was = span_words(change.now, zone), span_words(change.was, zone)
    if _day(change.was.starts_at, zone) != day:
        was = f"{_day(change.was.starts_at, zone)}, {was}"
    if {"starts_at", "ends_at"} & set(change.fields):
        parts.append(gettext("now %(now)s (was %(was)s)", now=now, was=was))
    else:
        parts.append(now)
    if "team_id" in change.fields:
        parts.append(gettext("another team"))
    if "place" in change.fields:
        parts.append(gettext("place now %(place)s", place=change.now.place or gettext("not said")))
    if "channel" in change.fields:
        parts.append(gettext("channel now %(channel)s", channel=change.now.channel or gettext("not said")))
    return f"{day}{pgettext('after a name', ':')} {', '.join(parts)}"


def _day(at: dt.datetime, zone: str) -> str:
    return str(format_date(at.astimezone(ZoneInfo(zone)).date(), "EEE d MMM", locale=get_locale()))


def span_words(shift: Any, zone: str) -> str:
    """``18:00–02:00`` / ``18 h 00–2 h 00`` in ``zone``."""
    return f"{clock.spoken_time(shift.starts_at, zone)}–{clock.spoken_time(shift.ends_at, zone)}"
