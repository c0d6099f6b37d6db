"""Pages on which a liaison writes: being in touch with a person, and the goals of the plan."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Target
from outreach.errors import Blocked, Changed, Invalid, NotFound
from outreach.storage.queries import cases
from outreach.storage.queries.cases import ItemRow
from outreach.storage.types import new_uid
from outreach.vocab import PlanArea, PlanState, ReferralState
from outreach.web.forms import whole
from outreach.web.guard import guard

from . import case_commands, case_rules, record_commands
from .case_forms import ItemForm, KeepForm, RecordForm, item_values
from .case_views import Case, case_of, follow_up_words, head_of, item_words, reach_of
from .views import bp, one_referral


def one_item(uid: str, item: str) -> tuple[Target, dict[str, Any]]:
    """A goal of the plan that the referral's agency makes; one of another agency does not exist."""
    target, found = one_referral(uid)
    row = cases.plan_item(item)
    if row is None or row.referral_id != found["referral"].id or row.agency_id != target.agency:
        raise NotFound()
    return target, {**found, "item": row}


# --- being in touch ---------------------------------------------------------------------------------------------------


@bp.get("/referrals/<uid>/record")
@guard("case.change", load=one_referral, person_level=True)
def record(referral: Any) -> Any:
    case = case_of(referral)
    if not case.in_hand:
        return redirect(url_for(".referral", uid=referral.uid))
    back = "due" if request.args.get("back") == "due" else ""
    form = RecordForm(formdata=None, uid=new_uid(), way="call", next_in="", reached=True, back=back)
    return _record(case, form, whole(request.args.get("follow_up")))


@bp.post("/referrals/<uid>/record")
@guard("case.change", load=one_referral, person_level=True)
def save_record(referral: Any) -> Any:
    case, form = case_of(referral), RecordForm()
    days = whole(form.days.data)
    follow_up = (days, form.follow_up.data) if days and form.follow_up.data else None
    status = 422
    try:
        if form.validate():
            said, reached = form.entry(case.today), bool(form.reached.data)
            record_commands.record(g.actor, referral, form.uid.data or "", said, follow_up=follow_up, reached=reached)
            flash(gettext("Recorded."))
            return redirect(_after(referral, form), code=303)
    except Invalid as problem:
        form.take(problem)
    except (Changed, Blocked) as problem:
        form.form_errors.append(f"{gettext(problem.message)} {gettext(problem.fix)}")
        status = problem.status
    return _record(case, form, days), status


def _after(referral: Any, form: RecordForm) -> str:
    return url_for(".due") if form.back.data == "due" else url_for(".referral", uid=referral.uid)


def _record(case: Case, form: RecordForm, days: int) -> str:
    """The form, with the follow-up that was asked for, else the first one that may be recorded now."""
    audit.read(g.actor, Tag.REFERRAL_READ, **case.about)
    form.offer()
    rows = [row for row in cases.follow_ups(case.referral.id) if row.agency_id == case.version.agency_id]
    ripe = [row for row in rows if not row.result and case_rules.may_follow_up(row.days, row.due_on, case.today)]
    row = next((row for row in ripe if row.days == days), ripe[0] if ripe else None)
    form.days.data = str(row.days) if row is not None else ""
    return render_template(
        "referrals/record.html",
        case=head_of(case),
        reach=reach_of(case),
        form=form,
        follow_up={"words": follow_up_words(row.days), "due_on": row.due_on} if row is not None else None,
        offers_reached=case.version.state == ReferralState.RECEIVED,
        errors=form,
    )


# --- goals ------------------------------------------------------------------------------------------------------------


@bp.get("/referrals/<uid>/plan/new")
@guard("case.change", load=one_referral, person_level=True)
def new_item(referral: Any) -> Any:
    case = case_of(referral)
    if not case.in_hand:
        return redirect(url_for(".referral", uid=referral.uid))
    area = request.args.get("area", "")
    area = area if area in PlanArea.values() else ""
    return _item(case, ItemForm(formdata=None, uid=new_uid(), base="0", area=area, state=PlanState.OPEN.value))


@bp.post("/referrals/<uid>/plan/new")
@guard("case.change", load=one_referral, person_level=True)
def add_item(referral: Any) -> Any:
    form = ItemForm()
    return _save_item(case_of(referral), form, form.uid.data or "", None)


@bp.get("/referrals/<uid>/plan/<item>")
@guard("case.see", load=one_item, person_level=True)
def item(referral: Any, item: Any) -> Any:
    case = case_of(referral)
    audit.read(g.actor, Tag.CASE_READ, **case.about)
    (row,) = cases.plan(referral.id, item.agency_id, item.id)
    words = item_words(case, row)
    form = ItemForm(formdata=None, **item_values(row.version, words["goal"], words["step"], item.uid), area=item.area)
    return _item(case, form, words)


@bp.post("/referrals/<uid>/plan/<item>")
@guard("case.change", load=one_item, person_level=True)
def change_item(referral: Any, item: Any) -> Any:
    return _save_item(case_of(referral), ItemForm(), item.uid, item)


@bp.post("/referrals/<uid>/plan/<item>/keep")
@guard("case.change", load=one_item, person_level=True)
def keep_version(referral: Any, item: Any) -> Any:
    form = KeepForm()
    try:
        case_commands.keep_version(g.actor, referral, item, whole(form.keep.data), form.shown)
        flash(gettext("This text stands now. The other one stays in the history of the goal."))
    except Changed:
        flash(gettext("The texts changed meanwhile. Compare them again."), "warning")
    return redirect(url_for(".referral", uid=referral.uid) + "#plan", code=303)


def _save_item(case: Case, form: ItemForm, uid: str, item: Any) -> Any:
    """Store the goal; one that somebody else changed meanwhile stands beside, and the page asks to choose."""
    if item is not None:
        form.area.data = item.area
    status = 422
    try:
        if form.validate():
            version = case_commands.change_item(g.actor, case.referral, uid, whole(form.base.data), form.said)
            if version.rival:
                flash(
                    gettext("Somebody changed this goal while you wrote. Both texts are kept: choose one."), "warning"
                )
            there = "#rival-1" if version.rival else "#plan"
            return redirect(url_for(".referral", uid=case.referral.uid) + there, code=303)
    except Invalid as problem:
        form.take(problem)
    except Blocked as problem:
        form.form_errors.append(f"{gettext(problem.message)} {gettext(problem.fix)}")
        status = problem.status
    words = None
    if item is not None:
        audit.read(g.actor, Tag.CASE_READ, **case.about)
        words = item_words(case, cases.plan(case.referral.id, item.agency_id, item.id)[0])
    return _item(case, form, words), status


def _item(case: Case, form: ItemForm, words: dict[str, Any] | None = None) -> str:
    """The form of a goal; one that exists with everything that it ever said."""
    audit.read(g.actor, Tag.REFERRAL_READ, **case.about)
    form.offer()
    return render_template(
        "referrals/item.html",
        case=head_of(case),
        form=form,
        item=words,
        earlier=_earlier(case, words["uid"]) if words else [],
        errors=form,
    )


def _earlier(case: Case, uid: str) -> list[dict[str, Any]]:
    item = cases.plan_item(uid)
    every = [item_words(case, ItemRow(item, version, by)) for version, by in cases.item_versions(item.id)]
    return every if len(every) > 1 else []
