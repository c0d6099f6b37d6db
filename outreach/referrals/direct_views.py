"""The page on which a liaison enters a person who came to the agency herself."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext

from outreach.errors import Invalid, NotAllowed
from outreach.field.rules import read_moment, shown_code
from outreach.storage.queries import consents, lists
from outreach.storage.queries import field as rows
from outreach.storage.types import new_uid, utc_now
from outreach.web import clock
from outreach.web.forms import whole
from outreach.web.guard import guard
from outreach.web.page import language

from . import case_commands, direct_commands
from .refer_forms import DirectForm
from .views import bp


@bp.get("/referrals/new")
@guard("referral.direct")
def new_direct() -> Any:
    agency = _agency(request.args.get("agency", ""))
    now = clock.local_text(utc_now(), case_commands.zone_of(agency, None))
    return _page(agency, DirectForm(formdata=None, uid=new_uid(), agreed_at=now, urgent="no", agency=str(agency)))


@bp.post("/referrals/new")
@guard("referral.direct", person_level=True)
def make_direct() -> Any:
    form = DirectForm()
    agency = _agency(form.agency.data or "")
    zone = case_commands.zone_of(agency, None)
    _offer(form, agency)
    try:
        asked = form.referral(lambda text: read_moment(text, zone), agency)
        made = direct_commands.make_direct(g.actor, asked, form.code.data or "", whole(form.operation.data) or None)
    except Invalid as problem:
        form.take(problem)
        return _page(agency, form), 422
    flash(gettext("Entered. Call the person by the code %(code)s.", code=shown_code(consents.code_of(made))))
    return redirect(url_for(".referral", uid=made.uid), code=303)


def _agency(typed: str) -> int:
    """The agency that was chosen, else the first of the liaison's."""
    mine = direct_commands.agencies_of(g.actor)
    if not mine:
        raise NotAllowed()
    return whole(typed) if whole(typed) in mine else mine[0]


def _offer(form: DirectForm, agency: int) -> None:
    mine = [(one, rows.service_name(one)) for one in direct_commands.agencies_of(g.actor)]
    form.offer_places(mine, [(o.id, o.code) for o in direct_commands.operations_for(g.actor, agency)])


def _page(agency: int, form: DirectForm) -> str:
    _offer(form, agency)
    return render_template(
        "referrals/direct.html",
        form=form,
        errors=form,
        several=len(form.agency.choices) > 1,
        has_operations=len(form.operation.choices) > 1,
        duty=lists.duty_to_report(rows.region_of(agency), language()).splitlines(),
        zone=case_commands.zone_of(agency, None),
    )
