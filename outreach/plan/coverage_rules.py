"""Rules of a plan about teams and places: which team lacks whom, when nobody is on, what is not covered. Pure.

Plain functions on plain values. What concerns single people is in ``clash_rules``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from outreach.errors import N_
from outreach.vocab import ServiceKind, StaffCategory

from .rules import words_of
from .shift_problem_rules import KINDS, OUT, PlannedShift, PlannedTeam, ShiftProblem, Stretch, View

LEAST_GAP = dt.timedelta(hours=1)
HOUR = dt.timedelta(hours=1)
SUPPORTS = (ServiceKind.VICTIM_SERVICES, ServiceKind.ADVOCACY)


# --- one team ---------------------------------------------------------------------------------------------------------


def teams(view: View) -> Iterator[ShiftProblem]:
    """A team without a victim-services worker, without a lead, or out of its service's window; places unfilled.

    A worker counts by her category; so does a lead or partner service that is itself a victim service or an advocacy
    group, also while it has not said whom it sends.
    """
    no_worker = N_(
        "%(team)s (%(service)s) has no victim-services worker: %(count)s of %(of)s shifts, the first on %(day)s."
    )
    no_lead = N_("%(team)s (%(service)s) has no lead: %(count)s of %(of)s shifts, the first on %(day)s.")
    outside = N_(
        "%(team)s (%(service)s) has shifts outside the window of its service: %(count)s, the first on %(day)s."
    )
    unfilled = N_("Places unfilled in %(team)s (%(service)s) on %(day)s, %(begins)s–%(ends)s: %(count)s")
    for team_id, shifts in view.of_team.items():
        team = view.facts.teams[team_id]
        if not view.facts.shows(team.service_id):
            continue
        crews = [(shift, view.crew(shift)) for shift in shifts]
        if not _supported(view, team):
            lacking = [s for s, crew in crews if not any(m.category == StaffCategory.VICTIM_SERVICES for m in crew)]
            if lacking:
                yield view.of_many("no_victim_worker", no_worker, lacking, of=len(shifts))
        lacking = [shift for shift, crew in crews if not any(member.is_lead for member in crew)]
        if lacking:
            yield view.of_many("no_lead", no_lead, lacking, of=len(shifts))
        lacking = [shift for shift in shifts if _leaves_window(view, team, shift)]
        if lacking:
            yield view.of_many("outside", outside, lacking)
        for shift, crew in crews:
            if shift.places is not None and len(crew) < shift.places:
                yield view.of("unfilled", unfilled, shift, count=shift.places - len(crew))


def _supported(view: View, team: PlannedTeam) -> bool:
    services = view.facts.services
    return any(
        services[one].kind in SUPPORTS and services[one].status not in OUT
        for one in (team.service_id, *sorted(team.partners))
        if one in services
    )


def _leaves_window(view: View, team: PlannedTeam, shift: PlannedShift) -> bool:
    service = view.facts.services.get(team.service_id)
    if service is None:
        return False
    early = service.starts_at is not None and shift.starts_at < service.starts_at
    return early or (service.ends_at is not None and shift.ends_at > service.ends_at)


# --- the whole operation ----------------------------------------------------------------------------------------------


def services(view: View) -> Iterator[ShiftProblem]:
    """A service whose work is planned here and that has no shift."""
    have = {view.team(shift).service_id for shift in view.judged}
    for service in view.facts.services.values():
        if service.planned_here and service.service_id not in have and view.facts.shows(service.service_id):
            yield ShiftProblem(
                "no_shift",
                KINDS["no_shift"].blocks,
                N_("%(service)s has no shift."),
                {"service": service.name},
                service_id=service.service_id,
                services=frozenset({service.service_id}),
            )


def gaps(view: View) -> Iterator[ShiftProblem]:
    """Hours of the operation's window with nobody on, one problem for each contiguous stretch; only for the whole view.

    An operation does not work round the clock, so an hour counts only where the operation is usually out: an hour by
    the clocks in which some team is on at least on half of those days that have any shift. Of those hours, on every
    day of the window, a stretch of an hour or more without any team is a gap. A team is on while it has a shift;
    whether its people are named is told by other problems.
    """
    facts = view.facts
    if facts.visible is not None or not view.judged or not facts.days or not (facts.starts_at and facts.ends_at):
        return
    on = merged(shift.stretch for shift in view.judged)
    hours = {day: _hours_of(day, facts.day_starts_minutes, facts.zone) for day in facts.days}
    touched = {day: [number for number, hour in enumerate(found) if _touches(on, hour)] for day, found in hours.items()}
    busy_days = [numbers for numbers in touched.values() if numbers]
    usual = {n for n in range(24) if 2 * sum(n in numbers for numbers in busy_days) >= len(busy_days) > 0}
    wanted = merged(
        (max(begins, facts.starts_at), min(ends, facts.ends_at))
        for found in hours.values()
        for number, (begins, ends) in enumerate(found)
        if number in usual
    )
    zone = ZoneInfo(facts.zone)
    for begins, ends in _without(wanted, on):
        if ends - begins >= LEAST_GAP:
            day = max(day for day, found in hours.items() if found[0][0] <= begins)
            params = {
                "begins": begins.astimezone(zone).strftime("%Y-%m-%d %H:%M"),
                "ends": ends.astimezone(zone).strftime("%Y-%m-%d %H:%M"),
            }
            yield ShiftProblem(
                "gap", KINDS["gap"].blocks, N_("Nobody is on from %(begins)s to %(ends)s."), params, day=day
            )


def _hours_of(day: dt.date, starts_minutes: int, zone: str) -> list[Stretch]:
    """The 24 hours that the clocks show on an operational day; one that they skip is empty, one shown twice is long."""
    midnight = dt.datetime.combine(day, dt.time())
    shown = [midnight + dt.timedelta(minutes=starts_minutes) + number * HOUR for number in range(25)]
    moments = [at.replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC) for at in shown]
    return list(pairwise(moments))


def merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    """The same moments in as few stretches as possible, in order; empty ones fall away."""
    found: list[Stretch] = []
    for begins, ends in sorted(stretches):
        if begins >= ends:
            continue
        if found and begins <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], ends))
        else:
            found.append((begins, ends))
    return found


def _touches(merged: Sequence[Stretch], one: Stretch) -> bool:
    return any(begins < one[1] and one[0] < ends for begins, ends in merged)


def _without(wanted: Sequence[Stretch], taken: Sequence[Stretch]) -> Iterator[Stretch]:
    """What of ``wanted`` is not in ``taken``; both merged."""
    for begins, ends in wanted:
        for first, last in taken:
            if last <= begins or first >= ends:
                continue
            if first > begins:
                yield begins, first
            begins = last
        if begins < ends:
            yield begins, ends


def municipalities(view: View) -> Iterator[ShiftProblem]:
    """Municipalities of services whose work is planned here that no shift covers, on some nights or at all.

    A shift covers the municipality of its team's service and of the partners, and one that the team's area or the
    meeting place names. Only for the whole view.
    """
    facts = view.facts
    if facts.visible is not None:
        return
    names: dict[tuple[str, ...], str] = {}
    days: dict[tuple[str, ...], set[dt.date]] = {}
    of_service: dict[int, tuple[str, ...]] = {}
    for service in facts.services.values():
        key = tuple(words_of(service.municipality))
        of_service[service.service_id] = key
        if key and service.planned_here:
            names.setdefault(key, service.municipality)
            days.setdefault(key, set()).update(service.days)
    covered: dict[tuple[str, ...], set[dt.date]] = {key: set() for key in names}
    named = _Named(names)
    for shift in view.judged:
        team = view.team(shift)
        keys = {of_service.get(one, ()) for one in (team.service_id, *team.partners)}
        for key in keys | named.in_text(team.area) | named.in_text(shift.place):
            if key in covered:
                covered[key].add(shift.day)
    for key, name in names.items():
        lacking = sorted(days[key] - covered[key])
        params: dict[str, Any] = {"municipality": name}
        if not covered[key]:
            words = N_("%(municipality)s is not covered by any shift.")
        elif lacking:
            words = N_("%(municipality)s is not covered on %(count)s of %(of)s days, the first %(day)s.")
            params |= {"count": len(lacking), "of": len(days[key]), "day": lacking[0].isoformat()}
        else:
            continue
        first = lacking[0] if lacking and covered[key] else None
        yield ShiftProblem("uncovered", KINDS["uncovered"].blocks, words, params, day=first)


class _Named:
    """Which of some names stand in a text, word for word; found by their first word."""

    def __init__(self, names: Iterable[tuple[str, ...]]) -> None:
        self.by_word: dict[str, list[tuple[str, ...]]] = {}
        self.known: dict[str, set[tuple[str, ...]]] = {}
        for name in names:
            self.by_word.setdefault(name[0], []).append(name)

    def in_text(self, text: str) -> set[tuple[str, ...]]:
        if text not in self.known:
            words = words_of(text)
            self.known[text] = {
                name
                for place, word in enumerate(words)
                for name in self.by_word.get(word, ())
                if tuple(words[place : place + len(name)]) == name
            }
        return self.known[text]
