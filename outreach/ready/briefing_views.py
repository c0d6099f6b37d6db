"""Pages of the briefing: reading it, saying so, writing it, who has read it. Guard, load, call one command."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from flask import flash, g, redirect, render_template, url_for
from flask_babel import get_locale, gettext

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.permissions import may
from outreach.errors import Changed, Invalid
from outreach.storage.queries import access, lists, operations, teams
from outreach.storage.queries import briefing as rows
from outreach.web import load
from outreach.web.guard import guard
from outreach.web.page import language

from . import briefing_commands as commands
from . import briefing_rules as rules
from .briefing_forms import AttachmentForm, BriefingForm, ReadForm
from .views import bp


@bp.get("/operations/<code>/briefing")
@guard("briefing.see", load=load.operation)
def briefing(operation: Any) -> Any:
    audit.read(g.actor, Tag.BRIEFING_READ, kind="operation", object_id=operation.id, operation=operation.id)
    return _show(operation)


@bp.post("/operations/<code>/briefing")
@guard("briefing.see", load=load.operation)
def confirm_briefing(operation: Any) -> Any:
    form = ReadForm()
    part = rows.LEGAL if form.part.data == rows.LEGAL else rows.BRIEFING
    try:
        marks = [card.mark for card in own_cards(operation)]
        commands.confirm(g.actor, operation, part, form.stood_at, marks)
    except Changed:
        words = gettext("This changed while you were reading it. Read what stands here now, then say so again.")
        return _show(operation, errors=[words]), 409
    anchor = "legal" if part == rows.BRIEFING else "main"
    return redirect(url_for("ready.briefing", code=operation.code, _anchor=anchor), code=303)


def own_cards(operation: Any) -> list[rows.Card]:
    """The legal cards that concern the reader: of her services here, or of all for who has none."""
    taking_part = g.target.services
    own = {b.service for b in g.actor.bounds if b.service in taking_part}
    regions = rows.regions_of(own or taking_part).values()
    return list(dict.fromkeys(rows.cards_for({*regions} or {""}).values()))


def _show(operation: Any, errors: Any = None) -> str:
    """The page; never kept by a browser, because it says where teams will be."""
    g.operation, g.person_level = operation, True
    version = rows.current(operation.id)
    number = version.version if version else 0
    reads = rows.reads_of(operation.id, g.actor.user)
    sections = rows.sections_of(version)
    last = max((v for v in reads[rows.BRIEFING] if v < number), default=0)
    changed = (
        rules.changed(rows.sections_of(rows.numbered(operation.id, last)), sections)
        if last and number not in reads[rows.BRIEFING]
        else []
    )
    indicators = lists.choices("indicators", language())
    return render_template(
        "ready/briefing.html",
        operation=operation,
        errors=errors,
        version=version,
        sections=[(code, gettext(rules.SECTIONS[code]), _lines(sections.get(code, ""))) for code in rules.SECTIONS],
        changed=changed,
        last=last,
        reads=reads,
        cards=own_cards(operation),
        indicators=indicators,
        areas=_areas(rows.agencies_of(operation.id, operations.root_of(operation.id))),
        files=rows.attachments_of(operation.id),
        since=max(reads[rows.BRIEFING].values(), default=None),
        above=_above(operation),
        form=ReadForm(formdata=None),
        tongues=tongues,
        counts=may(g.actor, "operation.plan.see", g.target),
    )


def _lines(text: str) -> list[list[tuple[str, str]]]:
    return [rules.pieces(line) for line in text.split("\n") if line.strip()]


def _areas(agencies: Iterable[Any]) -> list[tuple[str, list[tuple[Any, list[tuple[str, str]]]]]]:
    """Support agencies under their area, with the pieces of their contact desk."""
    found: dict[str, list[tuple[Any, list[tuple[str, str]]]]] = {}
    for one in agencies:
        area = one.municipality or one.region or gettext("Everywhere")
        found.setdefault(area, []).append((one, rules.pieces(one.contact_desk)))
    return list(found.items())


def tongues(codes: str) -> str:
    """``en fr`` as words of the page's language; what is no code stays as it was typed."""
    names = get_locale().languages
    parts = codes.replace(",", " ").replace("/", " ").split()
    known = [str(names[part.lower()]) for part in parts if part.lower() in names]
    return ", ".join(known) if known and len(known) == len(parts) else codes


def _above(operation: Any) -> Any:
    """The operation above, when the reader may read its briefing too."""
    above = operations.by_id(operation.parent_id) if operation.parent_id else None
    return above if above is not None and may(g.actor, "briefing.see", access.operation_target(above)) else None


# --- writing it


@bp.get("/operations/<code>/briefing/edit")
@guard("briefing.change", load=load.operation)
def edit_briefing(operation: Any) -> Any:
    return _show_edit(operation, filled_form(operation))


@bp.post("/operations/<code>/briefing/edit")
@guard("briefing.change", load=load.operation)
def change_briefing(operation: Any) -> Any:
    form = BriefingForm()
    form.validate()
    try:
        changed = commands.change_briefing(g.actor, operation, form.sections, form.stood_at)
    except Invalid as problem:
        form.take(problem)
        return _show_edit(operation, form), 422
    except Changed:
        return _show_edit(operation, form, form.compare(filled_form(operation))), 409
    flash(
        gettext("Saved. Everybody is asked to read it again.")
        if changed
        else gettext("Nothing was different; nothing is changed.")
    )
    return redirect(url_for("ready.briefing", code=operation.code), code=303)


def filled_form(operation: Any) -> BriefingForm:
    version = rows.current(operation.id)
    number = str(version.version if version else 0)
    return BriefingForm(formdata=None, data={**rows.sections_of(version), "version": number})


def _show_edit(operation: Any, form: BriefingForm, compared: Any = None) -> str:
    return edit_page(operation, form, AttachmentForm(formdata=None), form, compared)


def edit_page(operation: Any, form: Any, file_form: Any, errors: Any = None, compared: Any = None) -> str:
    """The page on which the briefing is written and its files are attached."""
    g.operation, g.person_level = operation, True
    return render_template(
        "ready/briefing_edit.html",
        operation=operation,
        form=form,
        file_form=file_form,
        errors=errors,
        compared=compared,
        files=rows.attachments_of(operation.id),
        versions=rows.versions_of(operation.id),
    )


# --- who has read it


@bp.get("/operations/<code>/briefing/readers")
@guard("operation.plan.see", load=load.operation)
def briefing_readers(operation: Any) -> Any:
    g.operation = operation
    counts = rows.readers_by_service(operation.id)
    people: dict[int, list[rows.Reader]] = {}
    for one in rows.readers_of(operation.id):
        people.setdefault(one.service_id, []).append(one)
    seen = {
        service: name
        for service, name in teams.names_of(frozenset(people)).items()
        if may(g.actor, "briefing.readers", replace(g.target, service=service))
    }
    none = rows.Readers(0, 0, 0)
    services = [
        {
            "name": name,
            "counts": counts.get(service, none),
            "missing": [one for one in people[service] if one.user_id and not (one.briefing and one.legal_card)],
            "paper": [one for one in people[service] if not one.user_id],
        }
        for service, name in seen.items()
    ]
    services.sort(key=lambda row: (not row["missing"], row["name"].casefold()))
    return render_template(
        "ready/briefing_readers.html",
        operation=operation,
        services=services,
        version=rows.current(operation.id),
    )
