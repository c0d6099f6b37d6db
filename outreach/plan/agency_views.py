"""The directory of support agencies, the page of each, and pasting rows of them. Services are in ``service_views``."""

from __future__ import annotations

import io
from typing import Any

from flask import flash, g, redirect, render_template, request, send_file, url_for
from flask_babel import gettext, ngettext

from outreach.auth.actors import Target
from outreach.errors import Changed, Invalid, NotFound
from outreach.storage.queries import agencies as rows
from outreach.storage.queries import lists
from outreach.storage.types import utc_now
from outreach.vocab import ParticipationStatus, Role, ServiceKind
from outreach.web.guard import guard
from outreach.web.page import language

from . import agency_commands as commands
from . import agency_paste_rules, agency_rules, agency_text_rules, agency_words, paste_rules, rules, workbook
from .agency_forms import AgencyForm, PasteAgenciesForm, support_kinds
from .paste_forms import pasted_columns, pasted_text
from .tasks import say
from .views import bp

# --- the directory ----------------------------------------------------------------------------------------------------


@bp.get("/agencies")
@guard("agencies.see")
def agencies() -> Any:
    asked, need = request.args.get("q", "").strip()[:100], request.args.get("need", "")
    only_open = request.args.get("open") == "1"
    known = rows.agencies()
    carried = rows.carried(service.id for service, _ in known)
    lines = [_line(service, profile, carried.get(service.id, 0), _one_zone(known)) for service, profile in known]
    found = [
        line
        for line in lines
        if (not need or need in line["agency"].needs)
        and (not only_open or line["state"] == agency_rules.OPEN)
        and rules.matches(asked, line["name"], line["region"], *line["agency"].areas)
    ]
    return render_template(
        "plan/agencies.html",
        lines=found,
        total=len(lines),
        asked=asked,
        need=need,
        only_open=only_open,
        needs=lists.choices("needs", language()),
    )


def _one_zone(known: list[Any]) -> str:
    """The zone of all of them, which then need not be named at each; '' when there are several."""
    zones = {profile.time_zone for _, profile in known if profile is not None}
    return zones.pop() if len(zones) == 1 else ""


def _line(service: Any, profile: Any, carried: int, zone: str) -> dict[str, Any]:
    agency, now = commands.facts_of(service, profile, carried), utc_now()
    choice = agency_rules.ranked([agency], now)[0]
    labels = lists.labels("needs", language())
    return {
        "id": service.id,
        "name": service.name,
        "kind": gettext(ServiceKind(service.kind).label),
        "region": service.region,
        "is_sample": service.is_sample,
        "agency": agency,
        "known": profile is not None,
        "state": choice.state,
        "hours": agency_words.hours_said(choice, now, zone),
        "areas": ", ".join(agency.areas) or (gettext("Every place") if profile is not None else ""),
        "needs": ", ".join(str(labels.get(code, code)) for code in agency.needs),
        "languages": service.languages,
        "ages": agency_words.ages(agency) or (gettext("Every age") if profile is not None else ""),
        "room": _room(service.id, profile, carried),
        "desk": service.contact_desk,
        "dial": agency_text_rules.dial(agency.telephone),
    }


def _room(service_id: int, profile: Any, carried: int) -> str:
    """How much it can still carry: the number for the agency itself and coordinators; others see whether it can."""
    left = agency_rules.room_left(profile.capacity, carried) if profile is not None else None
    if left is None:
        return ""
    inside = {Role.OPERATION_COORDINATOR, Role.ADMINISTRATOR} & g.actor.roles
    own = any(b.service == service_id and b.role in (Role.LIAISON, Role.SERVICE_COORDINATOR) for b in g.actor.bounds)
    if inside or own:
        return gettext("%(left)s of %(capacity)s left", left=left, capacity=profile.capacity)
    return gettext("Has room") if left else gettext("Full now")


# --- one agency -------------------------------------------------------------------------------------------------------


def an_agency(agency_id: int, **rest: Any) -> tuple[Target, dict[str, Any]]:
    """A service of a support kind; no other has a page as an agency."""
    found = rows.agency(agency_id)
    if found is None:
        raise NotFound()
    return commands.agency_target(agency_id), {"service": found[0], "profile": found[1], **rest}


@bp.get("/agencies/<int:agency_id>")
@guard("agencies.see", load=an_agency)
def agency(service: Any, profile: Any) -> Any:
    draft = commands.draft_of(service, profile)
    words = {status.value: gettext(status.label) for status in ParticipationStatus}
    return render_template(
        "plan/agency.html",
        service=service,
        profile=profile,
        draft=draft,
        line=_line(service, profile, rows.carried([service.id]).get(service.id, 0), ""),
        hours=agency_text_rules.hours_text(draft.always_open, draft.hours, language()),
        closed=[day for day in draft.closed_on if day >= agency_rules.wall(utc_now(), draft.time_zone).day.isoformat()],
        taking_part=[(op, words[version.status]) for op, version in rows.taking_part_in(service.id)],
    )


@bp.get("/agencies/<int:agency_id>/edit")
@guard("agencies.change", load=an_agency)
def edit_agency(service: Any, profile: Any) -> Any:
    return _show_form(_form(service, profile, fresh=True), service)


@bp.post("/agencies/<int:agency_id>/edit")
@guard("agencies.change", load=an_agency)
def change_agency(service: Any, profile: Any) -> Any:
    form = _form(service, profile, fresh=False)
    form.validate()
    try:
        changed = commands.change_agency(
            g.actor,
            service,
            profile,
            form.draft(),
            version=form.stood_at,
            service_version=form.service_stood_at,
            known_needs=lists.labels("needs", language()),
        )
    except Invalid as problem:
        form.take(problem)
        return _show_form(form, service), 422
    except Changed:
        compared = form.compare(_form(service, (rows.agency(service.id) or (None, None))[1], fresh=True))
        return _show_form(form, service, compared), 409
    flash(gettext("Saved.") if changed else gettext("Nothing was different; nothing is changed."))
    return redirect(url_for("plan.agency", agency_id=service.id), code=303)


def _form(service: Any, profile: Any, *, fresh: bool) -> AgencyForm:
    draft = commands.draft_of(service, profile)
    labels = lists.labels("needs", language())
    needs = lists.choices("needs", language())
    needs += [(code, labels[code]) for code in draft.needs if code in labels and code not in dict(needs)]
    if not fresh:
        return AgencyForm(needs=needs)
    data = AgencyForm.values_of(draft, profile.version if profile is not None else 0, service.version)
    return AgencyForm(formdata=None, needs=needs, data=data)


def _show_form(form: AgencyForm, service: Any, compared: Any = None) -> str:
    zones = commands.operation_rules.USUAL_ZONES
    return render_template(
        "plan/agency_form.html", form=form, errors=form, service=service, compared=compared, zones=zones
    )


# --- many at once -----------------------------------------------------------------------------------------------------


@bp.get("/agencies/paste")
@guard("agencies.change")
def paste_agencies() -> Any:
    return render_template("plan/agencies_paste.html", form=PasteAgenciesForm(), errors=[], text="")


@bp.post("/agencies/paste")
@guard("agencies.change", writes=False)
def check_agencies() -> Any:
    """Show what the rows would do; saves nothing."""
    try:
        text = pasted_text()
    except Invalid as problem:
        return _show_paste(request.form.get("rows", ""), problem)
    return _show_rows(text)


@bp.post("/agencies/paste/add")
@guard("agencies.change")
def add_agencies() -> Any:
    """Save every row, or, when asked for, the good rows; the others stay on the page."""
    text = request.form.get("rows", "")
    try:
        found = _preview(text)
    except paste_rules.WrongColumns:
        return _show_rows(text)
    except Invalid as problem:
        return _show_paste(text, problem)
    only_good = request.form.get("do") == "add_good"
    if not found.ready and not only_good:
        return _show_rows(text, pressed=True)
    try:
        zone = request.form.get("time_zone", "")
        counts = commands.add_pasted(g.actor, found, time_zone=zone, known_needs=lists.labels("needs", language()))
    except Invalid as problem:
        return _show_paste(text, problem)
    flash(ngettext("%(num)s agency is added.", "%(num)s agencies are added.", counts["added"]))
    if counts["changed"]:
        flash(ngettext("%(num)s agency is changed.", "%(num)s agencies are changed.", counts["changed"]))
    if only_good and not found.ready:
        left = [found.cells[row.number - (0 if found.heading else 1)] for row in found.rows if row.state == "problem"]
        head = found.cells[:1] if found.heading else []
        return _show_rows(paste_rules.as_text([*head, *left]), again=True)
    return redirect(url_for("plan.agencies"), code=303)


def _answers() -> dict[str, str]:
    """What was decided row by row; the button that was pressed comes last and wins. A cell may be emptied in place."""
    found = {
        name: said
        for name in request.form
        if name.startswith(("same-", "skip-", "fix-"))
        and ((said := request.form.getlist(name)[-1]) or name.startswith("fix-"))
    }
    undo = request.form.get("undo", "")
    return {name: text for name, text in found.items() if name.split("-")[1] != undo}


def _preview(text: str, *, again: bool = False) -> paste_rules.Preview:
    labels, other = (lists.labels("needs", lang) for lang in (language(), "fr" if language() == "en" else "en"))
    return paste_rules.preview(
        text,
        commands.saved_agencies(labels, language()),
        columns=pasted_columns(),
        answers={} if again else _answers(),
        kind=request.form.get("kind", ""),
        sheet=agency_paste_rules.sheet_of(labels, agency_paste_rules.need_words(other, labels), language()),
    )


def _show_paste(text: str, problem: Invalid) -> Any:
    form = PasteAgenciesForm()
    form.take(problem)
    return render_template("plan/agencies_paste.html", form=form, errors=form, text=text), 422


def _show_rows(text: str, *, pressed: bool = False, again: bool = False) -> Any:
    """The preview. ``pressed``: saving was asked for too early. ``again``: only the rows that are left, unanswered."""
    errors: list[tuple[str, str]] = []
    try:
        found = _preview(text, again=again)
    except paste_rules.WrongColumns as problem:
        found = problem.found
        errors = [("column-0", gettext(problem.findings[0].message))]
    except Invalid as problem:
        return _show_paste(text, problem)
    waiting = found.shown("problem")
    if pressed:
        errors = [(f"row-{row.number}", _wrong(row)) for row in waiting[:10]]
    shown = (request.form.getlist("show") or [""])[-1]
    page = render_template(
        "plan/agencies_rows.html",
        form=PasteAgenciesForm(),
        text=text,
        found=found,
        rows=found.shown(shown if shown in ("problem", "match", "new", "skipped") else ""),
        show=shown,
        answers={} if again else _answers(),
        on_page={row.number for row in waiting},
        good=sum(row.state == "new" or (row.state == "match" and bool(row.changes)) for row in found.rows),
        column_names={name: gettext(label) for name, label in agency_paste_rules.COLUMNS.items()},
        letter=lambda i: chr(ord("A") + i),
        kinds=support_kinds(),
        errors=errors,
    )
    return (page, 422) if errors else page


def _wrong(row: paste_rules.Row) -> str:
    name = row.values["name"] or "–"
    return gettext("Row %(row)d, %(name)s: %(reason)s", row=row.number, name=name, reason=say(row.reasons[0]))


# --- copying out ------------------------------------------------------------------------------------------------------


@bp.get("/agencies/rows")
@guard("agencies.see")
def agency_rows() -> Any:
    return render_template("plan/agencies_out.html", text=paste_rules.as_text(_written_out()))


@bp.get("/agencies/agencies.xlsx")
@guard("agencies.see")
def agencies_workbook() -> Any:
    target = io.BytesIO()
    workbook.write_table(_written_out(), target, gettext("Support agencies"))
    target.seek(0)
    return send_file(target, mimetype=workbook.MIME, as_attachment=True, download_name="agencies.xlsx")


def _written_out() -> list[list[str]]:
    """The directory as rows that paste back unchanged, in the reader's language."""
    labels = lists.labels("needs", language())
    found = [[gettext(label) for label in agency_paste_rules.COLUMNS.values()]]
    for one in commands.saved_agencies(labels, language()):
        if one.taking_part:
            values = {"name": one.name, **one.values, "kind": gettext(ServiceKind(one.kind).label)}
            found.append([paste_rules.visible(values.get(name, "")) for name in agency_paste_rules.COLUMNS])
    return found
