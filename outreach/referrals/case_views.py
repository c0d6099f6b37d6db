"""One referral for its liaison: how to reach the person first, then the plan, the next step, the history.

Here stand the page itself, the step, and the safe way to reach. Writing entries and goals: ``record_views``; outcomes
and the end: ``close_views``. Nothing sealed is opened before its reading is in the journal.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask_babel import gettext, pgettext

from outreach import audit
from outreach.audit.tags import Tag
from outreach.errors import Changed, Invalid, KeyMissing
from outreach.field.rules import shown_code
from outreach.storage.keys import Place
from outreach.storage.queries import cases, consents, lists, referrals
from outreach.storage.queries.cases import ItemRow
from outreach.storage.tables import Referral, SafeContact
from outreach.storage.types import utc_now
from outreach.vocab import AgeBand, CaseResult, CaseWay, FollowUpResult, Gender, PlanArea, PlanState, ReferralState
from outreach.web.guard import guard
from outreach.web.page import language

from . import case_commands, case_rules, close_commands, commands, rules
from .case_forms import OutcomesForm, SafeWayForm
from .consent_forms import news_words
from .forms import MoveForm, state_words
from .views import bp, one_referral, reach_words

ENTRIES_SHOWN = 12
"""Notes that the page opens at once; the rest on request, since each one is unsealed."""


@dataclass
class Case:
    """A referral as its liaison's pages need it; nothing of it is unsealed yet."""

    referral: Referral
    row: Any
    zone: str
    today: dt.date

    @property
    def version(self) -> Any:
        return self.row.version

    @property
    def in_hand(self) -> bool:
        return self.version.state in cases.IN_HAND

    @property
    def about(self) -> dict[str, Any]:
        """What an entry of the journal about it says."""
        one = self.referral
        return {
            "kind": "referral",
            "object_id": one.uid,
            "operation": one.operation_id,
            "service": one.service_id,
        }

    def open(self, sealed: bytes | None, place: Place) -> str | None:
        """The words; None where the key that opens them is gone, which the page says in their place."""
        try:
            return cases.unseal(self.referral, sealed, place)
        except KeyMissing:
            return None


def case_of(referral: Referral) -> Case:
    row = referrals.row_of(referral)
    g.operation = row.operation
    zone = case_commands.zone_of(row.version.agency_id, referral.operation_id)
    return Case(referral, row, zone, case_rules.local_day(utc_now(), zone))


# --- pages ------------------------------------------------------------------------------------------------------------


@bp.get("/referrals/<uid>")
@guard("case.see", load=one_referral, person_level=True)
def referral(referral: Any) -> Any:
    return _page(case_of(referral))


@bp.post("/referrals/<uid>")
@guard("case.change", load=one_referral, person_level=True)
def move(referral: Any) -> Any:
    form = MoveForm()
    status = 422
    try:
        commands.move(g.actor, referral, form.seen_version, form.state.data or "", destroys=bool(form.destroys.data))
        return redirect(url_for(".referral", uid=referral.uid), code=303)
    except Invalid as problem:
        form.take(problem)
    except Changed as problem:
        form.form_errors.append(f"{gettext(problem.message)} {gettext(problem.fix)}")
        status = problem.status
    return _page(case_of(referral), form), status


@bp.get("/referrals/<uid>/call")
@guard("case.change", load=one_referral, person_level=True)
def call(referral: Any) -> Any:
    """Where the number of a way that was said to be unsafe stands: one step away, never by accident."""
    case = case_of(referral)
    reach = reach_of(case, anyway=True)
    if not reach["unsafe"] or not reach["way"]:
        return redirect(url_for(".referral", uid=referral.uid))
    return render_template("referrals/call.html", case=head_of(case), reach=reach)


@bp.get("/referrals/<uid>/safe-way")
@guard("case.change", load=one_referral, person_level=True)
def safe_way(referral: Any) -> Any:
    case = case_of(referral)
    if not case.in_hand:
        return redirect(url_for(".referral", uid=referral.uid))
    reach = reach_of(case, anyway=True)
    form = SafeWayForm(formdata=None, **{name: reach[name] for name in ("way", "text", "voicemail", "say")})
    return _safe_way(case, form)


@bp.post("/referrals/<uid>/safe-way")
@guard("case.change", load=one_referral, person_level=True)
def change_safe_way(referral: Any) -> Any:
    form = SafeWayForm()
    try:
        case_commands.change_safe_way(g.actor, referral, form.said)
    except Invalid as problem:
        form.take(problem)
        return _safe_way(case_of(referral), form), 422
    return redirect(url_for(".referral", uid=referral.uid), code=303)


def _safe_way(case: Case, form: SafeWayForm) -> str:
    form.offer()
    return render_template("referrals/safe_way.html", case=head_of(case), form=form, errors=form)


# --- the page ---------------------------------------------------------------------------------------------------------


def _page(case: Case, form: MoveForm | None = None) -> str:
    audit.read(g.actor, Tag.REFERRAL_READ, **case.about)
    version, agency = case.version, case.version.agency_id
    news = consents.news_for([agency], case.referral.id)
    if version.state == ReferralState.MADE:
        return render_template("referrals/waits.html", case=head_of(case), asks=_asks(case), news=_news(news))
    every = request.args.get("all") == "1"
    entries = cases.entries(case.referral.id, agency, None if every else ENTRIES_SHOWN + 1)
    plan = cases.plan(case.referral.id, agency)
    if entries or plan or version.details.get(close_commands.WHY):
        audit.read(g.actor, Tag.CASE_READ, **case.about)
    items = [item_words(case, row) for row in plan]
    follow_ups = [_follow_up(case, row) for row in cases.follow_ups(case.referral.id) if row.agency_id == agency]
    shown = entries if every else entries[:ENTRIES_SHOWN]
    outcomes = OutcomesForm(formdata=None, outcomes=[row.outcome for row in cases.outcomes(case.referral.id, agency)])
    outcomes.offer(outcomes.outcomes.data)
    form = form or MoveForm(formdata=None)
    form.state.choices = [(s.value, state_words(s)) for s in rules.next_states(version.state) if not rules.ends(s)]
    return render_template(
        "referrals/referral.html",
        case=head_of(case),
        reach=reach_of(case),
        asks=_asks(case),
        news=_news(news),
        plan=_by_area(items),
        rivals=[item for item in items if item["rivals"]],
        follow_ups=follow_ups,
        outcomes=outcomes,
        history=_history(case, shown, cut=len(entries) > len(shown)),
        more=len(entries) > len(shown),
        next=_next_step(items, entries, follow_ups),
        why=close_commands.why_ended(case.referral, version),
        taken_back=case.in_hand and consents.taken_back(case.referral.id),
        form=form,
        steps=form.state.choices,
        errors=form,
    )


def head_of(case: Case) -> dict[str, Any]:
    """What stands at the top of every page of a case."""
    version, code = case.version, consents.code_of(case.referral)
    return {
        "uid": case.referral.uid,
        "url": url_for(".referral", uid=case.referral.uid),
        "code": shown_code(code) if code else gettext("no code"),
        "state": version.state,
        "state_words": state_words(version.state),
        "liaison": case.row.liaison_name,
        "urgent": version.urgent,
        "version": version.version,
        "in_hand": case.in_hand,
        "ended": rules.ends(version.state),
        "zone": case.zone,
        "today": case.today,
    }


def reach_of(case: Case, *, anyway: bool = False) -> dict[str, Any]:
    """How to reach the person. A way said to be unsafe is opened only when the liaison wants it ``anyway``."""
    contact = referrals.safe_contact(case.referral.id)
    found = {"by": reach_words(case.version.reach_by), "way": "", "text": "", "voicemail": "", "say": "", "dial": ""}
    found |= {"unsafe": None, "confirmed": None, "who": "", "destroyed": None, "there": False}
    if contact is None or not case.in_hand or contact.agency_id != case.version.agency_id:
        return found | ({"destroyed": contact.destroyed_at} if contact is not None else {})
    found |= {"destroyed": contact.destroyed_at, "there": contact.way_sealed is not None, "unsafe": contact.unsafe_at}
    if contact.way_sealed is None or (contact.unsafe_at is not None and not anyway):
        return found
    return found | _opened(case, contact)


def _opened(case: Case, contact: SafeContact) -> dict[str, Any]:
    audit.read(g.actor, Tag.SAFE_CONTACT_READ, **case.about)
    way = referrals.open_safe_way(case.referral, contact)
    return {
        "way": way,
        "dial": case_rules.dialled(way),
        "text": contact.text,
        "voicemail": contact.voicemail,
        "say": cases.open_say(case.referral, contact),
        "confirmed": contact.confirmed_at,
        "who": cases.name_of(contact.confirmed_by_id),
    }


def _asks(case: Case) -> dict[str, Any]:
    """What the person agreed that the agency may read, and nothing else."""
    facts, row = consents.facts_of(case.referral), case.row
    labels = lists.labels("needs", language())
    return {
        "needs": [labels.get(code, code) for code in facts.needs],
        "age": gettext(AgeBand(facts.age_band).label) if facts.age_band else "",
        "gender": gettext(Gender(facts.gender).label) if facts.gender else "",
        "service": row.service.name,
        "direct": row.referral.origin == "direct",
        "day": row.referral.day,
        "agency": row.agency.name if row.agency else "",
    }


def _news(news: list[Any]) -> list[str]:
    return [news_words(one.kind) for one in news]


def item_words(case: Case, row: ItemRow) -> dict[str, Any]:
    """One goal in words, with what others wrote beside it. The caller journals the read."""
    texts = [_text(case, row, version, by) for version, by in [(row.version, row.by), *row.rivals]]
    return {
        "uid": row.item.uid,
        "area": row.item.area,
        "area_words": gettext(PlanArea(row.item.area).label),
        "url": url_for(".item", uid=case.referral.uid, item=row.item.uid),
        **texts[0],
        "rivals": texts if len(texts) > 1 else [],
        "seen": ",".join(str(text["version"]) for text in texts),
    }


def _text(case: Case, row: ItemRow, version: Any, by: str) -> dict[str, Any]:
    number = version.version
    goal = case.open(version.goal_sealed, cases.goal_place(row.item, number, "goal_sealed"))
    step = case.open(version.step_sealed, cases.goal_place(row.item, number, "step_sealed"))
    return {
        "version": number,
        "goal": goal or "",
        "step": step or "",
        "unreadable": goal is None or step is None,
        "due_on": version.due_on,
        "overdue": case.in_hand and version.state == PlanState.OPEN and _passed(version.due_on, case.today),
        "state": version.state,
        "state_words": gettext(PlanState(version.state).label),
        "by": by,
        "at": version.recorded_at,
        "unsettled": version.rival and version.settled_at is None,
        "left": version.rival and version.settled_at is not None,
    }


def _passed(on: dt.date | None, today: dt.date) -> bool:
    """Whether a day has passed."""
    return on is not None and on < today


def _by_area(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Goals in the order of the areas, safety first; within one, as they were added."""
    order = PlanArea.values()
    return sorted(items, key=lambda item: order.index(item["area"]))


def _follow_up(case: Case, row: Any) -> dict[str, Any]:
    return {
        "days": row.days,
        "due_on": row.due_on,
        "result": gettext(FollowUpResult(row.result).label) if row.result else "",
        "open": not row.result and case.in_hand and case_rules.may_follow_up(row.days, row.due_on, case.today),
        "late": not row.result and _passed(row.due_on, case.today),
    }


def _next_step(items: list[Any], entries: list[Any], follow_ups: list[Any]) -> dict[str, Any] | None:
    """The first thing that comes: a step of the plan, the day the last entry set, or a follow-up."""
    coming = [
        (item["due_on"], item["step"] or item["goal"])
        for item in items
        if item["state"] == PlanState.OPEN and item["due_on"]
    ]
    if entries and entries[0][0].next_on:
        coming.append((entries[0][0].next_on, pgettext("referral", "Look again")))
    coming += [(one["due_on"], follow_up_words(one["days"])) for one in follow_ups if not one["result"]][:1]
    if not coming:
        return None
    on, words = min(coming, key=lambda one: one[0])
    return {"on": on, "words": words}


def follow_up_words(days: int) -> str:
    return gettext("Follow-up after %(days)s days", days=days)


def _history(case: Case, entries: list[Any], *, cut: bool) -> list[dict[str, Any]]:
    """Entries and steps together, newest first; steps from before the oldest entry shown are left out when ``cut``."""
    found = [_entry(case, entry, by) for entry, by in entries]
    since = entries[-1][0].at if entries and cut else None
    agency, before = case.version.agency_id, None
    for version, by in referrals.history(case.referral.id):
        words = _step_words(version, before)
        before = version
        if since is None or version.recorded_at >= since:
            # Who worked with her at another agency is not this agency's to know.
            known = version.agency_id == agency and version.state != ReferralState.MADE
            found.append({"at": version.recorded_at, "step": words, "by": by if known else ""})
    return sorted(found, key=lambda one: one["at"], reverse=True)


def _step_words(version: Any, before: Any) -> str:
    if version.agency_id is None and "given_back_by" in version.details:
        return gettext("Given back")
    if before is None or before.state != version.state:
        return state_words(version.state)
    return gettext("Given to an agency") if before.agency_id != version.agency_id else gettext("Handed over")


def _entry(case: Case, entry: Any, by: str) -> dict[str, Any]:
    note = case.open(entry.note_sealed, cases.note_place(entry))
    return {
        "at": entry.at,
        "way": gettext(CaseWay(entry.way).label),
        "result": gettext(CaseResult(entry.result).label),
        "note": note or "",
        "unreadable": note is None,
        "confirmed": entry.safe_confirmed,
        "next_on": entry.next_on,
        "twin": entry.twin_of is not None,
        "from_phone": entry.from_phone,
        "by": by,
    }
