"""Refer a person from the page of her contact, after it was saved."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, url_for
from flask_babel import gettext

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Target
from outreach.errors import Invalid, NotFound
from outreach.field.commands import code_of
from outreach.field.contact_views import one_contact
from outreach.field.rules import read_moment, shown_code
from outreach.plan import agency_words
from outreach.storage.queries import consents, lists
from outreach.storage.queries import field as rows
from outreach.storage.types import new_uid, utc_now
from outreach.web import clock
from outreach.web.guard import guard
from outreach.web.page import language

from . import refer_commands, refer_rules
from .refer_forms import ReferForm
from .views import bp

REFER = "/referrals/of/<uid>/<int:position>"


def one_person(uid: str, position: int) -> tuple[Target, dict[str, Any]]:
    """A person of a contact, by her place in it; somebody else's contact answers as one that does not exist."""
    target, found = one_contact(uid)
    if not 1 <= position <= len(found["record"].meetings):
        raise NotFound()
    return target, {**found, "position": position}


@bp.get(REFER)
@guard("contact.change", load=one_person, person_level=True)
def refer(record: Any, position: int) -> Any:
    now = clock.local_text(utc_now(), record.operation.time_zone)
    return _page(record, position, ReferForm(formdata=None, uid=new_uid(), agreed_at=now, urgent="no"))


@bp.post(REFER)
@guard("contact.change", load=one_person, person_level=True)
def make(record: Any, position: int) -> Any:
    form = ReferForm()
    form.offer_agencies(_agencies(record))
    asked = form.referral(lambda text: read_moment(text, record.operation.time_zone), under_18=_minor(record, position))
    try:
        refer_commands.refer(g.actor, record, position, asked)
    except Invalid as problem:
        form.take(problem)
        return _page(record, position, form), 422
    agency = dict(_agencies(record)).get(asked.agency_id or 0, "")
    flash(gettext("Referred. %(agency)s sees it now.", agency=agency))
    return redirect(url_for("field.contact", uid=record.contact.uid), code=303)


def _agencies(record: Any) -> list[tuple[int, str]]:
    return rows.agencies_for(record.operation.id, record.operation.root_id or record.operation.id)


def _offered(record: Any, meeting: Any) -> list[tuple[int, str]]:
    """The agencies with what stands first about each, the one to call first first."""
    operation = record.operation
    about = {"band": meeting.age_believed, "area": record.version.municipality}
    return agency_words.offered(operation.id, operation.root_id or operation.id, operation.time_zone, **about)


def _minor(record: Any, position: int) -> bool:
    meeting, _person = record.meetings[position - 1]
    return refer_rules.is_under_18(meeting.age_believed, meeting.age_said, meeting.age_confirmed)


def _page(record: Any, position: int, form: ReferForm) -> str:
    g.operation = record.operation
    entry = {"kind": "contact", "object_id": record.contact.uid, "operation": record.operation.id}
    audit.read(g.actor, Tag.CONTACT_READ, service=record.contact.service_id, **entry)
    meeting, person = record.meetings[position - 1]
    form.offer_agencies(_offered(record, meeting))
    code = code_of(person)
    return render_template(
        "referrals/refer.html",
        record=record,
        position=position,
        many=len(record.meetings) > 1,
        form=form,
        errors=form,
        code=shown_code(code) if code else "",
        agencies=form.agency.choices,
        before=consents.referred_before(person, record.contact.service_id),
        hindrance=gettext(why) if (why := refer_commands.hindrance(record, meeting, person)) else "",
        duty=lists.duty_to_report(rows.region_of(record.contact.service_id), language()).splitlines()
        if _minor(record, position)
        else None,
        zone=record.operation.time_zone,
    )
