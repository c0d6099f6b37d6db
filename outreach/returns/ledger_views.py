"""Reconciliation: what each source says of a figure; adjusting, explaining, declaring overlap. No writes here."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext

from outreach.auth.permissions import may
from outreach.errors import Changed, Finding, Invalid, NotFound
from outreach.rollup.reconcile import Line
from outreach.storage.days import day_number
from outreach.storage.queries import access
from outreach.storage.queries import ledger as rows
from outreach.storage.queries import returns as parts
from outreach.web import load
from outreach.web.guard import guard

from . import ledger_commands as commands
from . import ledger_pages as pages
from . import ledger_rules as rules
from .ledger_forms import AdjustForm, ExplainForm, OverlapForm, TakeBackForm
from .views import bp

LEDGER = "/operations/<code>/reconciliation"
SERVICE = "/operations/<code>/services/<int:service_id>/reconciliation"


@bp.get(LEDGER)
@guard("totals.see", load=load.operation)
def ledger(operation: Any) -> Any:
    """Every service, worst first."""
    g.operation = operation
    book = pages.book_of(operation)
    show, code = request.args.get("show", "differs"), request.args.get("measure", "persons_met")
    if show not in pages.SHOWN or code not in rules.CODES:
        raise NotFound()
    here = {part.service.id for part in parts.parts(operation_id=operation.id)}
    return render_template(
        "returns/ledger.html",
        operation=operation,
        show=show,
        measure=code,
        measures=[(one, pages.label(one)) for one in rules.CODES],
        filters=pages.filter_items(book, show, lambda one: url_for(".ledger", code=operation.code, show=one)),
        columns=pages.columns(),
        lines=[
            pages.row(
                line,
                book,
                service=book.name(line.service),
                measure=pages.label(line.measure),
                url=_service_url(operation, line, here),
            )
            for line in pages.shown_lines(book, show, code)
        ],
        ranges=pages.ranges(operation, book.names),
        overlaps=pages.overlaps(operation, book.names),
    )


def _service_url(operation: Any, line: Line, here: set[int]) -> str:
    """The page of the service, where it takes part in this very operation."""
    if line.service not in here:
        return ""
    return url_for(".ledger_service", code=operation.code, service_id=line.service, measure=line.measure)


@bp.get(SERVICE)
@guard("totals.see", load=load.own_service)
def ledger_service(operation: Any, participation: Any) -> Any:
    """One service: every figure source by source, the days of one of them, and what was done about differences."""
    g.operation = operation
    service, book = participation.service_id, pages.book_of(operation)
    lines = [line for line in book.lines if line.service == service]
    code = request.args.get("measure", "")
    if code and code not in rules.CODES:
        raise NotFound()
    opened = next((line for line in lines if book.state(line) == "differs"), None)
    chosen = next((line for line in lines if line.measure == code), None if code else opened)
    standing, ended = pages.adjustments(operation, service)
    return render_template(
        "returns/ledger_service.html",
        operation=operation,
        service=parts.service(service),
        columns=pages.columns(),
        lines=[
            pages.row(line, book, measure=pages.label(line.measure), code=line.measure, open=line.open)
            for line in lines
            if line.said
        ],
        unknown=[pages.label(line.measure) for line in lines if not line.said],
        chosen=chosen,
        chosen_label=pages.label(chosen.measure) if chosen else "",
        why=pages.why(chosen, book) if chosen else "",
        days=[pages.row(one, book, day=pages.day_words(one.day), open=one.open) for one in chosen.days]
        if chosen
        else [],
        adjustments=standing,
        ended=ended,
        explanations=pages.explanations(book, service),
        overlaps=pages.overlaps(operation, book.names, service),
        steers=may(g.actor, "totals.see", access.operation_target(operation)),
        changeable=may(g.actor, "totals.change", g.target),
        adjustable=bool(pages.adjustable(book, service)),
    )


# --- adjusting --------------------------------------------------------------------------------------------------------


@bp.get(f"{SERVICE}/adjust")
@guard("totals.change", load=load.own_service)
def adjust_page(operation: Any, participation: Any) -> Any:
    form = AdjustForm(formdata=None)
    form.measure.data, form.day.data = request.args.get("measure", ""), request.args.get("day", "")
    return _adjust(operation, participation, form)


@bp.post(f"{SERVICE}/adjust")
@guard("totals.change", load=load.own_service)
def adjust(operation: Any, participation: Any) -> Any:
    form = AdjustForm()
    try:
        day = commands.day_of(form.day.data or "")
        if isinstance(day, Finding):
            raise Invalid(day)
        commands.adjust(
            g.actor,
            operation,
            participation,
            measure=form.measure.data or "",
            day=day,
            amount=form.amount.data or "",
            reason=form.reason.data or "",
        )
    except Invalid as problem:
        form.take(problem)
        return _adjust(operation, participation, form), problem.status
    except Changed as problem:
        form.form_errors.append(gettext(problem.message))
        return _adjust(operation, participation, form), problem.status
    flash(gettext("The figure is adjusted. The adjustment stands below, with its reason."))
    return _back(operation, participation, form.measure.data)


def _back(operation: Any, participation: Any, measure: str | None = None) -> Any:
    url = url_for(".ledger_service", code=operation.code, service_id=participation.service_id, measure=measure or None)
    return redirect(url, code=303)


def _adjust(operation: Any, participation: Any, form: AdjustForm) -> str:
    g.operation = operation
    book = pages.book_of(operation)
    lines = pages.adjustable(book, participation.service_id)
    form.measure.choices, form.day.choices = pages.measure_choices(lines), pages.day_choices(lines)
    line = next((one for one in lines if one.measure == form.measure.data), None)
    return render_template(
        "returns/ledger_adjust.html",
        operation=operation,
        service=parts.service(participation.service_id),
        form=form,
        errors=form,
        line=line,
        columns=pages.columns(),
        row=pages.row(line, book, measure=pages.label(line.measure)) if line else None,
        none=not lines,
    )


@bp.get(f"{SERVICE}/take-back")
@guard("totals.change", load=load.own_service)
def take_back_page(operation: Any, participation: Any) -> Any:
    form = TakeBackForm(formdata=None)
    form.adjustment.data = request.args.get("adjustment", "")
    return _take_back(operation, participation, form)


@bp.post(f"{SERVICE}/take-back")
@guard("totals.change", load=load.own_service)
def take_back(operation: Any, participation: Any) -> Any:
    form = TakeBackForm()
    try:
        commands.take_back(g.actor, operation, participation, form.adjustment.data or "", form.reason.data or "")
    except Invalid as problem:
        form.take(problem)
        return _take_back(operation, participation, form), problem.status
    except NotFound:
        return _gone(operation, participation)
    flash(gettext("The adjustment does not count any more. It stays in the history."))
    return _back(operation, participation)


def _gone(operation: Any, participation: Any) -> Any:
    """Somebody was faster, or the address names nothing: back to what stands."""
    flash(gettext("That does not stand any more. What stands is on this page."))
    return _back(operation, participation)


def _take_back(operation: Any, participation: Any, form: TakeBackForm) -> Any:
    g.operation = operation
    standing, _ = pages.adjustments(operation, participation.service_id)
    found = next((one for one in standing if one["uid"] == form.adjustment.data), None)
    if found is None:
        return _gone(operation, participation)
    return render_template(
        "returns/ledger_take_back.html",
        operation=operation,
        service=parts.service(participation.service_id),
        form=form,
        errors=form,
        adjustment=found,
    )


# --- explaining -------------------------------------------------------------------------------------------------------


@bp.get(f"{SERVICE}/explain")
@guard("totals.change", load=load.own_service)
def explain_page(operation: Any, participation: Any) -> Any:
    form = ExplainForm(formdata=None)
    form.measure.data, form.day.data = request.args.get("measure", ""), request.args.get("day", "")
    return _explain(operation, participation, form)


@bp.post(f"{SERVICE}/explain")
@guard("totals.change", load=load.own_service)
def explain(operation: Any, participation: Any) -> Any:
    form = ExplainForm()
    day = commands.day_of(form.day.data or "")
    if isinstance(day, Finding):
        return _gone(operation, participation)
    try:
        commands.explain(
            g.actor,
            operation,
            participation,
            measure=form.measure.data or "",
            day=day,
            text=form.text.data or "",
            seen=form.seen.data or "",
        )
    except Invalid as problem:
        form.take(problem)
        return _explain(operation, participation, form), problem.status
    except NotFound:
        return _gone(operation, participation)
    except Changed as problem:
        form.form_errors.append(gettext("A source says something else by now. What it says stands above; look again."))
        return _explain(operation, participation, form), problem.status
    flash(gettext("The difference is explained, until one of the sources says something else."))
    return _back(operation, participation, form.measure.data)


def _explain(operation: Any, participation: Any, form: ExplainForm) -> Any:
    g.operation = operation
    book, service = pages.book_of(operation), participation.service_id
    day = commands.day_of(form.day.data or "")
    whole = next((one for one in book.lines if (one.service, one.measure) == (service, form.measure.data)), None)
    line = None if whole is None or isinstance(day, Finding) else rules.at(whole, day_number(day))
    if line is None:
        return _gone(operation, participation)
    form.seen.data = rules.mark_of(line)
    return render_template(
        "returns/ledger_explain.html",
        operation=operation,
        service=parts.service(service),
        form=form,
        errors=form,
        line=line,
        label=pages.label(line.measure),
        day=pages.day_words(line.day),
        why=pages.why(line, book),
        columns=pages.columns(),
        rows=[
            pages.row(one, book, day=pages.day_words(one.day))
            for one in (line, *(found for found in line.days if found.differs))
        ],
    )


# --- overlap ----------------------------------------------------------------------------------------------------------


@bp.get(f"{SERVICE}/overlap")
@guard("totals.change", load=load.own_service)
def overlap_page(operation: Any, participation: Any) -> Any:
    form = OverlapForm(formdata=None)
    form.other.data = request.args.get("other", "")
    form.measure.data = request.args.get("measure", "") or "persons_met"
    found = rows.overlap(operation.id, participation.service_id, _number(form.other.data), form.measure.data)
    if found is not None and found.superseded_at is None:
        form.persons.data = str(found.persons)
    return _overlap(operation, participation, form)


@bp.post(f"{SERVICE}/overlap")
@guard("totals.change", load=load.own_service)
def overlap(operation: Any, participation: Any) -> Any:
    form = OverlapForm()
    try:
        if not _number(form.other.data):
            raise Invalid.at("other", "Choose another service.")
        commands.declare(
            g.actor,
            operation,
            participation.service_id,
            _number(form.other.data),
            measure=form.measure.data or "",
            persons=form.persons.data or "",
            reason=form.reason.data or "",
        )
    except Invalid as problem:
        form.take(problem)
        return _overlap(operation, participation, form), problem.status
    except Changed as problem:
        form.form_errors.append(gettext(problem.message))
        return _overlap(operation, participation, form), problem.status
    flash(gettext("The overlap is saved. Both services and the operation’s coordinator see it."))
    return _back(operation, participation)


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0


def _overlap(operation: Any, participation: Any, form: OverlapForm) -> str:
    g.operation = operation
    book, service = pages.book_of(operation), participation.service_id
    known = {line.service for line in book.lines if line.value is not None and line.measure in rules.SHARED}
    others = sorted(known - {service}, key=lambda one: book.name(one).casefold())
    form.other.choices = [("", gettext("Choose a service")), *((str(one), book.name(one)) for one in others)]
    form.measure.choices = [(one, pages.label(one)) for one in rules.SHARED]
    return render_template(
        "returns/ledger_overlap.html",
        operation=operation,
        service=parts.service(service),
        form=form,
        errors=form,
        none=not others,
        closed=not g.target.open_for_entry,
        overlaps=pages.overlaps(operation, book.names, service),
    )
