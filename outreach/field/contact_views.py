"""Contacts that exist: what was saved, its history, change and withdrawal, and the service coordinator's list."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

from flask import flash, g, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext, pgettext

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Target
from outreach.auth.permissions import may
from outreach.errors import Changed, Invalid, NotFound
from outreach.storage.queries import contacts, lists, phones
from outreach.storage.queries import field as rows
from outreach.vocab import AgeBand, ContactResult, Gender, SupportAnswer
from outreach.web import clock
from outreach.web.forms import whole
from outreach.web.guard import guard
from outreach.web.load import own_service
from outreach.web.page import language

from . import arrival_views, commands, forms, radio_card_forms, rules
from .card_views import today_begins
from .views import bp

A_PAGE = 50
TIMINGS = ("early", "inside", "late")


def one_contact(uid: str) -> tuple[Target, dict[str, Any]]:
    """A contact by its UUID; somebody else's answers exactly as one that does not exist."""
    record = contacts.contact_record(uid)
    if record is None:
        raise NotFound()
    return record.target, {"record": record}


def _read(record: contacts.ContactRecord) -> None:
    g.operation = record.operation
    audit.read(
        g.actor,
        Tag.CONTACT_READ,
        kind="contact",
        object_id=record.contact.uid,
        operation=record.operation.id,
        service=record.contact.service_id,
    )


@bp.get("/field/contacts/<uid>/saved")
@guard("contact.see", load=one_contact, person_level=True)
def saved(record: contacts.ContactRecord) -> Any:
    _read(record)
    codes = [code for _, person in record.meetings if (code := commands.code_of(person))]
    answers = [meeting.answer for meeting, _ in record.meetings]
    return render_template(
        "field/saved.html",
        record=record,
        codes=[rules.shown_code(code) for code in codes],
        accepted="accepted" in answers,
        referred=any(contacts.referral_of(record.contact.id, person.id) for _, person in record.meetings),
        team=rows.team_of(record.contact.team_id),
        sent=contacts.sent_since(g.actor.user, today_begins(record.operation)),
        team_uid=rows.team_uid(record.contact.team_id),
        service=rows.service_name(record.contact.service_id),
    )


@bp.get("/field/contacts/<uid>")
@guard("contact.see", load=one_contact, person_level=True)
def contact(record: contacts.ContactRecord) -> Any:
    _read(record)
    return _page(record)


def _page(record: contacts.ContactRecord, problem: Invalid | None = None) -> Any:
    history = history_of(record)
    return render_template(
        "field/contact.html",
        record=record,
        shown=history[0]["rows"],
        codes=[rules.shown_code(code) for _, person in record.meetings if (code := commands.code_of(person))],
        arrivals=[
            *radio_card_forms.read_out(record.contact.uid, record.operation.time_zone),
            *arrival_views.arrivals_of(record.contact.uid, record.operation.time_zone),
        ],
        conflict_code=any(person.code_conflict for _, person in record.meetings),
        note=commands.entry_of(record).note,
        people=_people(record),
        history=history,
        may_change=may(g.actor, "contact.change", record.target),
        needs_reason=not record.target.open_for_entry,
        team_uid=rows.team_uid(record.contact.team_id),
        errors=problem.findings and [(f.where, gettext(f.message, **f.params)) for f in problem.findings]
        if problem
        else None,
        team=rows.team_of(record.contact.team_id),
        service=rows.service_name(record.contact.service_id),
    )


def _people(record: contacts.ContactRecord) -> list[dict[str, Any]]:
    """Who accepted support or was referred: the referrals that were made, never what became of them."""
    made = contacts.referrals_of(record.contact.id)
    return [
        {"position": meeting.position, "referrals": made.get(person.id, []), "code": commands.code_of(person)}
        for meeting, person in record.meetings
        if meeting.answer == SupportAnswer.ACCEPTED or person.id in made
    ]


@bp.get("/field/contacts/<uid>/edit")
@guard("contact.change", load=one_contact, person_level=True)
def edit(record: contacts.ContactRecord) -> Any:
    _read(record)
    return _edit_page(record, _values_of(record))


@bp.post("/field/contacts/<uid>/edit")
@guard("contact.change", load=one_contact, person_level=True)
def save_edit(record: contacts.ContactRecord) -> Any:
    values = request.form.to_dict(flat=False) | {"uid": [record.contact.uid]}
    try:
        entry = rules.read_entry(values, record.operation.time_zone, forms.known)
        commands.change_contact(
            g.actor,
            record,
            entry,
            expected=whole(request.form.get("version")),
            reason=request.form.get("reason", ""),
        )
    except Invalid as problem:
        _read(record)
        return _edit_page(record, values, problem), 422
    except Changed:
        _read(record)
        values["version"] = [str(record.version.version)]
        return _edit_page(record, values, now_stands=history_of(record)[0]), 409
    flash(gettext("The change is saved; what stood before is kept in the history."))
    return _on_to(url_for("field.contact", uid=record.contact.uid))


@bp.post("/field/contacts/<uid>/withdraw")
@guard("contact.change", load=one_contact, person_level=True)
def withdraw(record: contacts.ContactRecord) -> Any:
    try:
        commands.withdraw_contact(
            g.actor,
            record,
            expected=whole(request.form.get("version")),
            reason=request.form.get("reason", ""),
        )
    except Invalid as problem:
        _read(record)
        return _page(record, problem), 422
    flash(gettext("Withdrawn: it counts no longer. A referral made from it stands until the agency closes it."))
    if request.form.get("from") == "shift":
        return _on_to(url_for("field.my_shift"))
    return _on_to(url_for("field.contact", uid=record.contact.uid))


def _on_to(url: str) -> Any:
    """Where it goes on; as JSON for ``field/correct.js``, which takes a redirect for another site's."""
    if request.accept_mimetypes.best == "application/json":
        return jsonify(go=url)
    return redirect(url, code=303)


def _values_of(record: contacts.ContactRecord) -> dict[str, list[str]]:
    """The current version as the fields of the form."""
    entry = commands.entry_of(record)
    values: dict[str, list[str]] = {
        "met_at": [clock.local_text(entry.met_at, record.operation.time_zone)],
        "result": [entry.result],
        "approach": [entry.approach],
        "place_kind": [entry.place_kind],
        "municipality": [entry.municipality],
        "kits": [str(entry.kits)],
        "note": [entry.note],
        "persons": [str(max(1, len(entry.persons)))],
        "version": [str(record.version.version)],
    }
    for n, person in enumerate(entry.persons, start=1):
        values |= {
            f"age-{n}": [person.age],
            f"age_said-{n}": [person.age_said],
            f"gender-{n}": [person.gender],
            f"answer-{n}": [person.answer],
            f"reason-{n}": [person.no_referral_reason],
            f"made_safe-{n}": ["yes" if person.made_safe else ""],
            f"indicators-{n}": list(person.indicators),
            f"agreed-{n}": list(person.agreed),
        }
    if not entry.persons:
        values |= {"age-1": ["not_known"], "gender-1": ["not_known"], "answer-1": ["not_known"], "agreed-1": ["record"]}
    return values


def _edit_page(
    record: contacts.ContactRecord, values: dict[str, list[str]], problem: Invalid | None = None, now_stands: Any = None
) -> str:
    g.operation = record.operation
    count = whole((values.get("persons") or ["1"])[0])
    count = count if 0 < count <= rules.MOST_PERSONS else 1
    root_id = record.operation.root_id or record.operation.id
    form = forms.change_form(values, count, rows.agencies_for(record.operation.id, root_id))
    if problem is not None:
        form.take(problem)
    referred = [bool(contacts.referral_of(record.contact.id, person.id)) for _, person in record.meetings]
    return render_template(
        "field/edit.html",
        record=record,
        form=form,
        errors=form if problem is not None else None,
        count=count,
        referred=referred + [False] * (count - len(referred)),
        now_stands=now_stands,
        needs_reason=not record.target.open_for_entry,
        duty=_duty_of_each(record, values, count),
        team_uid=rows.team_uid(record.contact.team_id),
        municipalities=[name for name, *_ in phones.places_of(record.operation.id).municipalities],
    )


def _duty_of_each(record: contacts.ContactRecord, values: dict[str, list[str]], count: int) -> list[str]:
    """The local rule, for each person who is under 18: a referral may be made by this change."""
    young = [
        rules.UNDER_18 & {*values.get(f"age-{n}", ()), *values.get(f"age_said-{n}", ())} for n in range(1, count + 1)
    ]
    text = lists.duty_to_report(rows.region_of(record.contact.service_id), language()) if any(young) else ""
    return [text if one else "" for one in young]


# --- history ----------------------------------------------------------------------------------------------------------


def history_of(record: contacts.ContactRecord) -> list[dict[str, Any]]:
    """Versions, newest first: who, when, why, the rows it says and which of them differ from the one before."""
    found = []
    for version, by in contacts.versions_of(record.contact.id):
        found.append(
            {
                "version": version,
                "by": by or gettext("the system"),
                "rows": _said(version, contacts.meetings_of(version.id), record.operation.time_zone),
            }
        )
    for newer, older in pairwise(found):
        before = {row["key"]: row["value"] for row in older["rows"]}
        after = {row["key"]: row["value"] for row in newer["rows"]}
        newer["changes"] = [
            (key, before.get(key, "–"), after.get(key, "–"))
            for key in dict.fromkeys([*after, *before])
            if before.get(key) != after.get(key)
        ]
    return found


def said_of(entry: rules.ContactEntry, zone: str, *, withdrawn: bool = False) -> list[dict[str, Any]]:
    """What an entry says that is no version yet, in the words of a version."""
    meetings = []
    for number, person in enumerate(entry.kept().persons, start=1):
        agreed = {f"agreed_{what}_at": True if what in person.agreed else None for what in rules.AGREEMENTS}
        values = {**vars(person), "age_believed": person.age, "gender_believed": person.gender, "position": number}
        meetings.append((SimpleNamespace(**values, **agreed), None))
    return _said(SimpleNamespace(**vars(entry), withdrawn=withdrawn), meetings, zone)


def _said(version: Any, meetings: list[Any], zone: str) -> list[dict[str, Any]]:
    """A version in words. A note is sealed: that it changed shows, not what it said."""
    said = {
        gettext("State"): pgettext("contact", "Withdrawn") if version.withdrawn else gettext("Stands"),
        gettext("What happened"): gettext(ContactResult(version.result).label),
        gettext("When"): clock.local_text(version.met_at, zone),
        gettext("Place"): ", ".join(
            str(part) for part in (forms.labels("place_kinds").get(version.place_kind), version.municipality) if part
        )
        or gettext("Not said"),
        gettext("Through"): forms.labels("approaches").get(version.approach) or gettext("Not said"),
        gettext("Kits"): str(version.kits),
    }
    many = len(meetings) > 1
    for meeting, _person in meetings:
        whom = gettext("person %(number)s", number=meeting.position)
        for key, value in _person_said(meeting):
            said[f"{key} ({whom})" if many else key] = value
    return [{"key": key, "value": value} for key, value in said.items()]


def _person_said(meeting: Any) -> list[tuple[str, str]]:
    agreed = [words for code, words in forms.agreements() if getattr(meeting, f"agreed_{code}_at") is not None]
    signs = forms.labels("indicators")
    rows_said = [
        (gettext("Age band"), gettext(AgeBand(meeting.age_believed).label)),
        (gettext("Gender"), gettext(Gender(meeting.gender_believed).label)),
        (gettext("Support"), gettext(SupportAnswer(meeting.answer).label)),
        (gettext("Agreed"), ", ".join(agreed) or gettext("to nothing")),
        (gettext("Made safe"), gettext("Yes") if meeting.made_safe else gettext("No")),
    ]
    if meeting.age_said != AgeBand.NOT_KNOWN:
        rows_said.insert(1, (gettext("Age, as the person says"), gettext(AgeBand(meeting.age_said).label)))
    if meeting.indicators:
        rows_said.append((gettext("Signs of control"), ", ".join(signs.get(i, i) for i in meeting.indicators)))
    if meeting.no_referral_reason:
        reasons = forms.labels("no_referral_reasons")
        reason = reasons.get(meeting.no_referral_reason, meeting.no_referral_reason)
        rows_said.append((gettext("Why no referral"), reason))
    return rows_said


# --- the service coordinator's list -----------------------------------------------------------------------------------


@bp.get("/operations/<code>/services/<int:service_id>/contacts")
@guard("contacts.list", load=own_service, person_level=True)
def contacts_list(operation: Any, participation: Any) -> Any:
    g.operation = operation
    asked = _asked()
    number = max(1, whole(request.args.get("page"), 1))
    total, found = contacts.contacts_of_service(
        operation.id, participation.service_id, asked, limit=A_PAGE, offset=(number - 1) * A_PAGE
    )
    audit.read(
        g.actor,
        Tag.CONTACTS_LISTED,
        kind="service",
        object_id=participation.service_id,
        operation=operation.id,
        service=participation.service_id,
        rows=len(found),
    )
    here = {"code": operation.code, "service_id": participation.service_id}
    kept = {name: value for name, value in request.args.items() if name != "page" and value}
    return render_template(
        "field/contacts.html",
        operation=operation,
        service=rows.service_name(participation.service_id),
        service_id=participation.service_id,
        listed=found,
        total=total,
        number=number,
        pages=max(1, -(-total // A_PAGE)),
        page_url=lambda n: url_for("field.contacts_list", **here, **kept, page=n),
        form=forms.filter_form(kept, rows.team_names(operation.id, participation.service_id), TIMINGS),
        filtered=bool(kept),
        here=url_for("field.contacts_list", **here),
        late=arrival_views.late_words,
        clock_said=arrival_views.clock_words,
        results={r.value: gettext(r.label) for r in ContactResult},
        answers={a.value: gettext(a.label) for a in SupportAnswer},
    )


def _asked() -> dict[str, Any]:
    """The filters of the address; what makes no sense filters nothing."""
    asked: dict[str, Any] = {name: request.args.get(name, "") for name in ("team", "flagged", "withdrawn")}
    try:
        asked["day"] = dt.date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        asked["day"] = None
    asked["result"] = request.args.get("result") if request.args.get("result") in ContactResult.values() else ""
    asked["timing"] = request.args.get("timing") if request.args.get("timing") in TIMINGS else ""
    return asked
