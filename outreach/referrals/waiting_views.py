"""Pages of who waits: the list of an agency for its liaisons and its lead, and what police and coordinators see of it.

Handing over and giving back are in ``pass_on_views``; what person and agency do together is in ``case_views``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.permissions import may
from outreach.errors import Changed
from outreach.field.rules import read_code, shown_code, typed_signs
from outreach.plan import agency_words
from outreach.plan.operation_rules import DEFAULT_ZONE
from outreach.storage.keys import site_keys
from outreach.storage.queries import consents, referrals
from outreach.storage.queries import referral_waits as rows
from outreach.storage.queries.referral_waits import LEFT, MINE, OTHERS, OVER, WAITING, Line
from outreach.storage.queries.referrals import Row
from outreach.storage.types import utc_now
from outreach.vocab import HandedOver, ReferralState, Role
from outreach.web import clock
from outreach.web.forms import whole
from outreach.web.guard import guard

from . import alert_commands, commands, rules, waiting_commands
from .alert_commands import Site, Survey, takes_in
from .alert_rules import Level
from .forms import state_words
from .views import bp, one_referral, reach_words, waited_words
from .waiting_forms import CodeForm

PAGE_SIZE = 50
PARTS = (WAITING, MINE, OTHERS, LEFT)


# --- the list ---------------------------------------------------------------------------------------------------------


@bp.get("/referrals")
@guard("referrals.see", person_level=True)
def waiting() -> Any:
    return _waiting()


def _waiting(problem: str | None = None) -> str:
    room = Room.of_actor()
    told = _told_to_police()
    number, pages = page_of(len(told)) if room is None else (1, 1)
    told = told[(number - 1) * PAGE_SIZE : number * PAGE_SIZE] if room is None else told[:PAGE_SIZE]
    shown = {} if room is None else room.listed()
    listed = len(shown.get("lines", ()))
    audit.read(g.actor, Tag.REFERRALS_LISTED, kind="referral", rows=listed, police_rows=len(told))
    return render_template(
        "referrals/waiting.html",
        room=room,
        told=[_told(row) for row in told],
        told_pages=(number, pages),
        police=room is None and bool({Role.SERVICE_COORDINATOR, Role.FIELD_OFFICER} & g.actor.roles),
        operations=_operations_to_watch(),
        page_url=lambda n: url_for(".waiting", list=request.args.get("list") or None, page=n),
        errors=[problem] if problem else [],
        **shown,
    )


def page_of(count: int) -> tuple[int, int]:
    """The page asked for, held within what there is, and how many there are."""
    pages = max(1, -(-count // PAGE_SIZE))
    return min(max(whole(request.args.get("page"), 1), 1), pages), pages


@dataclass(frozen=True)
class Room:
    """What one actor's agencies have: as their liaison, as their lead, or both."""

    site: Site
    agencies: dict[int, str]
    liaison: list[rows.Reach]
    lead: list[rows.Reach]

    @classmethod
    def of_actor(cls) -> Room | None:
        """``None`` for who works with no agency's referrals."""
        bound = {b.service for b in g.actor.bounds if b.role in (Role.LIAISON, Role.SERVICE_COORDINATOR)}
        agencies = rows.support_agencies(one for one in bound if one is not None)
        site = Site(utc_now(), frozenset(agencies))
        liaison = site.reaches(g.actor, Role.LIAISON)
        lead = [reach for reach in site.reaches(g.actor, Role.SERVICE_COORDINATOR) if reach.agency in agencies]
        return cls(site, agencies, liaison, lead) if liaison or lead else None

    @property
    def condition(self) -> Any:
        return rows.within([*self.liaison, *self.lead])

    @property
    def hands_over(self) -> bool:
        """Whether there is anybody to hand anything over to."""
        others = {one.user for agency in self.agencies for one in self.site.liaisons(agency, None)} - {g.actor.user}
        return bool(others)

    def listed(self) -> dict[str, Any]:
        """One part of the list with its numbers, as the template shows it."""
        found = alert_commands.survey(self.site, self.condition, g.actor.user)
        counts = {WAITING: found.waiting, MINE: found.mine, OTHERS: found.others, LEFT: found.abandoned}
        part = request.args.get("list", WAITING)
        part = part if part in PARTS else WAITING
        number, pages = page_of(counts[part])
        lines = rows.page(
            self.condition,
            part,
            limit=PAGE_SIZE,
            offset=(number - 1) * PAGE_SIZE,
            me=g.actor.user,
            left=found.left,
        )
        return {
            "part": part,
            "lines": self.shown(lines),
            "counts": counts,
            "tabs": self._tabs(counts, part),
            "number": number,
            "pages": pages,
            "longest": waited_words(found.longest, self.site.now) if found.longest else "",
            "hours": agency_words.standing(self.agencies),
            "notices": list(self._notices(found)),
            "news": self._news(),
        }

    def _news(self) -> list[dict[str, Any]]:
        """Referrals of which a person took something back that nobody of the agency has seen yet."""
        found = consents.news_for([reach.agency for reach in self.liaison if reach.agency is not None])
        if not found:
            return []
        return self.shown(one for one in rows.lines_of(n.referral_id for n in found) if takes_in(self.liaison, one))

    def _tabs(self, counts: dict[str, int], part: str) -> list[dict[str, Any]]:
        words = {
            WAITING: gettext("waiting"),
            MINE: gettext("with me"),
            OTHERS: gettext("with others") if self.liaison else gettext("in hand"),
            LEFT: gettext("without a liaison"),
        }
        shown = [one for one in PARTS if one != LEFT or counts[LEFT] or part == LEFT]
        if not self.liaison:
            shown.remove(MINE)
        return [
            {
                "count": counts[one],
                "label": words[one],
                "url": url_for(".waiting", list=one if one != WAITING else None),
                "current": one == part,
                "kind": "overdue" if one == LEFT else "",
            }
            for one in shown
        ]

    def _notices(self, found: Survey) -> Iterable[dict[str, str]]:
        """What needs somebody, worst first."""
        if found.abandoned:
            yield {
                "strong": ngettext(
                    "%(num)d referral has lost its liaison: the account ended.",
                    "%(num)d referrals have lost their liaison: the account ended.",
                    found.abandoned,
                ),
                "text": gettext("Take over or hand over, so that nobody is lost."),
                "url": url_for(".waiting", list=LEFT),
                "action": gettext("Without a liaison"),
            }
        late = found.at[Level.LIAISONS] - found.abandoned
        if late > 0:
            above = found.at[Level.COORDINATORS], found.at[Level.LEAD]
            who = (
                gettext("The coordinators see it too.") if above[0] else gettext("The lead of the agency sees it too.")
            )
            yield {
                "strong": ngettext(
                    "%(num)d referral waits longer than agreed.", "%(num)d referrals wait longer than agreed.", late
                ),
                "text": who if any(above) else gettext("Somebody has to pick it up now."),
            }

    def shown(self, lines: Iterable[Line]) -> list[dict[str, Any]]:
        return [self._shown(line) for line in lines]

    def _shown(self, line: Line) -> dict[str, Any]:
        """A row: code and service, never the place or the hour of the meeting; nothing of the way to its lead."""
        liaison, lead = takes_in(self.liaison, line), takes_in(self.lead, line)
        level = self.site.level(line)
        after = self.site.next_at(line) if level == Level.NOBODY else None
        here = line.liaison_id == g.actor.user
        is_open = not rules.ends(line.state)
        left = is_open and line.state != ReferralState.MADE and level > Level.NOBODY
        return {
            "uid": line.uid,
            "seen": line.version,
            "url": url_for(".referral", uid=line.uid) if liaison else "",
            "code": shown_code(line.code) if line.code else gettext("no code"),
            "direct": line.origin == "direct",
            "service": line.service,
            "agency": line.agency,
            "operation": line.operation,
            "rehearsal": line.rehearsal,
            "urgent": line.urgent,
            "reach": _reach(line) if liaison else "",
            "state": line.state,
            "state_words": state_words(line.state),
            "liaison": line.liaison,
            "passed_on": _passed_on(line) if here else "",
            "waited": waited_words(line.since, self.site.now),
            "too_long": level > Level.NOBODY,
            "until": clock.spoken_when(after[0], self.site.now, line.zone or DEFAULT_ZONE) if after else "",
            "may_pick_up": liaison and line.state == ReferralState.MADE,
            "may_take_over": liaison and left,
            "may_pass_on": is_open and (lead or (line.state != ReferralState.MADE and (here or left))),
            "may_give_back": is_open and (lead or line.state == ReferralState.MADE or here or left),
        }


def _reach(line: Line) -> str:
    if line.way == "gone" and not rules.ends(line.state):
        return gettext("No safe way left")
    return reach_words(line.reach_by)


def _passed_on(line: Line) -> str:
    why = line.details.get("why", "")
    if "handed_over_by" not in line.details or why not in HandedOver.values():
        return ""
    return gettext("Handed over: %(why)s", why=gettext(HandedOver(why).label))


def _operations_to_watch() -> list[dict[str, Any]]:
    """For who coordinates operations: how many nobody owns, and where to do something about it; numbers only."""
    site = Site(utc_now())
    found = alert_commands.watched(g.actor, site)
    places = [(site.operations[one].code if one else "", one) for one in found]
    return [
        {
            "code": code,
            "url": url_for(".unowned", code=code) if one else url_for(".unowned_direct"),
            "unowned": found[one].waiting + found[one].abandoned,
            "needs": found[one].at[Level.COORDINATORS],
        }
        for code, one in sorted(places)
        if found[one].waiting + found[one].abandoned
    ]


# --- what police see --------------------------------------------------------------------------------------------------


def _told_to_police() -> list[Row]:
    """Referrals that a service coordinator's service made, and those that an officer entered herself."""
    services = {b.service for b in g.actor.bounds if b.role is Role.SERVICE_COORDINATOR and b.service is not None}
    targets: dict[int | None, Any] = {}
    rows_: dict[int, Row] = {}
    if services:
        found = referrals.of_services(services)
        rows_ |= {row.referral.id: row for row in found if _may_still(row, "contacts.list", targets)}
    if Role.FIELD_OFFICER in g.actor.roles:
        found = referrals.made_by(g.actor.user)
        rows_ |= {row.referral.id: row for row in found if _may_still(row, "referral.told", targets)}
    return sorted(rows_.values(), key=lambda row: (row.referral.day, row.referral.id), reverse=True)


def _may_still(row: Row, action: str, targets: dict[int | None, Any]) -> bool:
    """Whether the actor's role reaches the operation and the service that the referral was made in."""
    operation = row.referral.operation_id
    if operation not in targets:
        targets[operation] = referrals.target_of(row.referral, row.version)
    target = replace(targets[operation], service=row.referral.service_id, agency=row.version.agency_id)
    return may(g.actor, action, target)


def _told(row: Row) -> dict[str, Any]:
    """All that police see of a referral: no code, no needs, no urgency, no address to open."""
    return {
        "day": row.referral.day,
        "operation": row.operation.code if row.operation else "–",
        "service": row.service.name,
        "agency": row.agency.name if row.agency else "–",
        "state": gettext(rules.police_word(row.version.state)),
    }


# --- ended, and looking for a code ------------------------------------------------------------------------------------


@bp.get("/referrals/ended")
@guard("referrals.search", person_level=True)
def ended() -> Any:
    return _ended(CodeForm(formdata=None))


@bp.post("/referrals/ended")
@guard("referrals.search", person_level=True, writes=False)
def find_code() -> Any:
    """The code stays out of the address, which browsers and servers remember."""
    form = CodeForm()
    typed = form.code.data or ""
    if not typed_signs(typed):
        form.code.errors = [gettext("Enter the code that stands on the card.")]
        return _ended(form), 422
    room = own_room()
    code = read_code(typed)
    found = [one for one in rows.with_own_code(room.condition) if _same_code(one.code, typed)]
    if code is None and not found:
        form.code.errors = [gettext("This is no code: one of its signs is wrong. Compare it with the card.")]
        return _ended(form), 422
    if code is not None:
        roots = rows.roots_in_reach(room.condition)
        marks = {root: site_keys().mark(code, f"tree/{root}") for root in roots}
        found = [*rows.found_by_mark(room.condition, marks), *found]
    return _ended(form, found)


def _same_code(kept: str, typed: str) -> bool:
    return bool(kept) and typed_signs(kept) == typed_signs(typed)


def own_room() -> Room:
    """Also of who works with no agency, and so finds nothing."""
    return Room.of_actor() or Room(Site(utc_now(), frozenset()), {}, [], [])


def _ended(form: CodeForm, found: list[Line] | None = None) -> str:
    room = own_room()
    number, pages = page_of(rows.ended(room.condition)) if found is None else (1, 1)
    lines = found
    if lines is None:
        lines = rows.page(room.condition, OVER, limit=PAGE_SIZE, offset=(number - 1) * PAGE_SIZE)
    audit.read(
        g.actor,
        Tag.REFERRALS_LISTED if found is None else Tag.REFERRALS_SEARCHED,
        kind="referral",
        rows=len(lines),
    )
    return render_template(
        "referrals/ended.html",
        room=room,
        lines=room.shown(lines),
        searched=found is not None,
        form=form,
        errors=form,
        number=number,
        pages=pages,
        page_url=lambda n: url_for(".ended", page=n),
    )


# --- into one's hands -------------------------------------------------------------------------------------------------


@bp.post("/referrals/<uid>/pick-up")
@guard("referral.change", load=one_referral, person_level=True)
def pick_up(referral: Any) -> Any:
    try:
        commands.pick_up(g.actor, referral)
    except Changed as problem:
        return _waiting(said(problem)), problem.status
    return redirect(url_for(".referral", uid=referral.uid), code=303)


@bp.post("/referrals/<uid>/take-over")
@guard("referral.change", load=one_referral, person_level=True)
def take_over(referral: Any) -> Any:
    try:
        waiting_commands.take_over(g.actor, referral, whole(request.form.get("seen")))
    except Changed as problem:
        return _waiting(said(problem)), problem.status
    return redirect(url_for(".referral", uid=referral.uid), code=303)


def said(problem: Changed) -> str:
    return f"{gettext(problem.message, **problem.params)} {gettext(problem.fix)}"
