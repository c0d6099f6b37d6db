"""Pages of information kits: the table of services, sending, one kit's names, one service's ledger."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import format_decimal, gettext, ngettext

from outreach.auth.actors import Target
from outreach.auth.permissions import may
from outreach.errors import Changed, Invalid, NotFound
from outreach.rollup.stock import Stock, mismatches, together
from outreach.storage.queries import kits as rows
from outreach.storage.queries import operations, teams
from outreach.vocab import KitMoveKind
from outreach.web import load
from outreach.web.guard import guard
from outreach.web.page import language

from . import kit_commands as commands
from . import kit_rules as rules
from .kit_forms import HINTS, ItemForm, MoveForm, ReceiptForm, SendForm
from .views import bp

SERVICE = "/operations/<code>/services/<int:service_id>/kits"


def an_item(code: str, uid: str) -> tuple[Target, dict[str, Any]]:
    """``/operations/<code>/kits/items/<uid>``: a kit of that operation."""
    target, kwargs = load.operation(code)
    item = rows.item_by_uid(uid)
    if item is None or item.operation_id != target.operation:
        raise NotFound()
    return target, {**kwargs, "item": item}


def a_move(code: str, service_id: int, uid: str) -> tuple[Target, dict[str, Any]]:
    """One line of the service's ledger; anybody else's does not exist."""
    target, kwargs = load.own_service(code, service_id)
    move = rows.move_by_uid(uid)
    if move is None or (move.operation_id, move.service_id) != (target.operation, service_id):
        raise NotFound()
    return target, {**kwargs, "move": move}


def name_of(item: Any) -> str:
    """The kit's name in the reader's language."""
    return str((item.name_fr or item.name_en) if language() == "fr" else item.name_en)


# --- the table of services -------------------------------------------------------------------------------------------


@bp.get("/operations/<code>/kits")
@guard("operation.plan.see", load=load.operation)
def kits(operation: Any) -> Any:
    stocks = rows.stocks_of(operation.id)
    names = _names(operation, stocks)
    if len(names) == 1 and not may(g.actor, "kits.send", g.target):
        return redirect(url_for("ready.service_kits", code=operation.code, service_id=next(iter(names))))
    return _table(operation, stocks, names, ItemForm(formdata=None))


def _names(operation: Any, stocks: dict[tuple[int, int], Stock]) -> dict[int, str]:
    """Id → name of the services whose kits the actor sees; who takes no part is there while it has any."""
    holding = {service for (_, service), stock in stocks.items() if stock}
    return {
        service.id: service.name
        for _, version, service in operations.participations_of(operation.id)
        if (version.status not in commands.NOT_SENT_TO or service.id in holding)
        and may(g.actor, "kits.see", replace(g.target, service=service.id))
    }


def _table(
    operation: Any, stocks: dict[tuple[int, int], Stock], names: dict[int, str], form: ItemForm, *, errors: Any = None
) -> str:
    g.operation = operation
    items = rows.items_of(operation.id)
    item = next((one for one in items if one.uid == request.args.get("item")), items[0] if items else None)
    own = {service: stock for (one, service), stock in stocks.items() if item is not None and one == item.id}
    every, wanted = rules.rows_of(names, own), request.args.get("show", "")
    return render_template(
        "ready/kits.html",
        operation=operation,
        items=items,
        item=item,
        name_of=name_of,
        problems=_said({pair: stock for pair, stock in stocks.items() if pair[1] in names}, items, names),
        rows=[row for row in every if wanted not in rules.FILTERS or rules.FILTERS[wanted](row)],
        total=together(row.stock for row in every) if len(every) > 1 else None,
        cells=rules.cells_of,
        counts={"": len(every)} | {code: sum(map(test, every)) for code, test in rules.FILTERS.items()},
        wanted=wanted,
        sends=may(g.actor, "kits.send", g.target),
        form=form,
        errors=errors,
    )


def _said(stocks: dict[tuple[int, int], Stock], items: list[Any], names: dict[int, str]) -> list[dict[str, Any]]:
    """What cannot be, in words, with the service that it is about."""
    called = {item.id: name_of(item) for item in items}
    return [
        {
            "service": one.service,
            "text": gettext(
                rules.MISMATCHES[one.kind],
                service=names[one.service],
                count=format_decimal(one.count),
                item=called[one.item],
            ),
        }
        for one in mismatches(stocks)
    ]


# --- kits and their names --------------------------------------------------------------------------------------------


@bp.post("/operations/<code>/kits/items")
@guard("kits.send", load=load.operation)
def add_kit(operation: Any) -> Any:
    form = ItemForm()
    form.validate()
    try:
        item = commands.add_item(g.actor, operation, form.name_en.data or "", form.name_fr.data or "")
    except Invalid as problem:
        form.take(problem)
        stocks = rows.stocks_of(operation.id)
        return _table(operation, stocks, _names(operation, stocks), form, errors=form), 422
    flash(gettext("%(name)s is added.", name=name_of(item)))
    return redirect(url_for("ready.kits", code=operation.code, item=item.uid), code=303)


@bp.get("/operations/<code>/kits/items/<uid>")
@guard("kits.send", load=an_item)
def kit(operation: Any, item: Any) -> Any:
    return _item_page(operation, item, ItemForm(formdata=None).show(item))


@bp.post("/operations/<code>/kits/items/<uid>")
@guard("kits.send", load=an_item)
def change_kit(operation: Any, item: Any) -> Any:
    form = ItemForm()
    form.validate()
    names = (form.name_en.data or "", form.name_fr.data or "")
    try:
        if "retire" in request.form or "again" in request.form:
            commands.retire_item(g.actor, operation, item, retired="retire" in request.form)
        else:
            commands.rename_item(g.actor, operation, item, *names, seen=form.seen)
    except Invalid as problem:
        form.take(problem)
        return _item_page(operation, item, form, errors=form), 422
    except Changed as problem:
        form.form_errors.append(f"{gettext(problem.message)} {gettext(problem.fix)}")
        form.seen_en.data, form.seen_fr.data = item.name_en, item.name_fr
        return _item_page(operation, item, form, errors=form, compared=True), 409
    flash(gettext("Saved."))
    return redirect(url_for("ready.kits", code=operation.code, item=item.uid), code=303)


def _item_page(operation: Any, item: Any, form: ItemForm, *, errors: Any = None, compared: bool = False) -> str:
    g.operation = operation
    return render_template(
        "ready/kit.html",
        operation=operation,
        item=item,
        name=name_of(item),
        form=form,
        errors=errors,
        compared=compared,
    )


# --- sending ---------------------------------------------------------------------------------------------------------


@bp.get("/operations/<code>/kits/send")
@guard("kits.send", load=load.operation)
def send_kits(operation: Any) -> Any:
    form = SendForm(formdata=None, item=request.args.get("item")).fresh()
    return _send_page(operation, form, request.args.getlist("service", type=int), {})


@bp.post("/operations/<code>/kits/send")
@guard("kits.send", load=load.operation)
def send(operation: Any) -> Any:
    form, services = SendForm(), commands.sent_to(operation.id)
    form.validate()
    ticked, own = form.ticked(services), form.own()
    try:
        item = _chosen(operation, form.item.data)
        counts = rules.plan_send(form.each.data or "", ticked, own, services)
        done = commands.send(g.actor, operation, item, counts, note=form.note.data or "", token=form.mark)
    except Invalid as problem:
        form.take(Invalid(*(f for f in problem.findings if f.where in form)))
        beside = [(f.where, gettext(f.message, **f.params)) for f in problem.findings if f.where not in form]
        return _send_page(operation, form, ticked, own, beside), 422
    flash(
        ngettext("Sent to %(num)s service.", "Sent to %(num)s services.", done)
        if done
        else gettext("This was recorded already; nothing is added.")
    )
    return redirect(url_for("ready.kits", code=operation.code, item=item.uid), code=303)


def _chosen(operation: Any, uid: str | None) -> Any:
    item = rows.item_by_uid(uid or "")
    if item is None or item.operation_id != operation.id:
        raise Invalid.at("item", rules.NO_ITEM)
    return item


def _send_page(operation: Any, form: SendForm, ticked: Any, own: dict[int, str], beside: Any = ()) -> str:
    g.operation = operation
    items = [one for one in rows.items_of(operation.id) if one.retired_at is None]
    form.item.choices = [(one.uid, name_of(one)) for one in items]
    item = next((one for one in items if one.uid == form.item.data), items[0] if items else None)
    stocks = rows.stocks_of(operation.id)
    held = {service: stock for (one, service), stock in stocks.items() if item is not None and one == item.id}
    every = rules.rows_of(commands.sent_to(operation.id), held)
    names = {f"own-{row.service}": row.name for row in every}
    listed = [
        *((field.id, str(text)) for field in form for text in field.errors),
        *(
            (at, gettext("%(name)s: %(problem)s", name=names[at], problem=text) if at in names else text)
            for at, text in beside
        ),
    ]
    return render_template(
        "ready/kits_send.html",
        operation=operation,
        items=items,
        item=item,
        rows=every,
        form=form,
        ticked=frozenset(ticked),
        own=own,
        beside=dict(beside),
        errors=[("select-all" if where == "service" else where, text) for where, text in listed],
    )


# --- one service -----------------------------------------------------------------------------------------------------


@bp.get(SERVICE)
@guard("kits.see", load=load.own_service)
def service_kits(operation: Any, participation: Any) -> Any:
    return _service_page(operation, participation)


@bp.post(SERVICE)
@guard("kits.record", load=load.own_service)
def record_kits(operation: Any, participation: Any) -> Any:
    """A receipt of what is on the way, or anything else that happened: both are one line."""
    receipt = "receipt" in request.form
    form = MoveForm()
    form.validate()
    try:
        done = commands.record_move(
            g.actor,
            operation,
            participation.service_id,
            _chosen(operation, form.item.data),
            KitMoveKind.RECEIVED.value if receipt else form.kind.data or "",
            form.number,
            note=form.note.data or "",
            token=form.mark,
            more_came=bool(form.more_came.data),
        )
    except Invalid as problem:
        if receipt:
            form.kind.data = KitMoveKind.RECEIVED.value
        form.take(problem)
        return _service_page(operation, participation, form), 422
    flash(gettext("Recorded.") if done else gettext("This was recorded already; nothing is added."))
    return redirect(_service_url(operation, participation), code=303)


@bp.post(f"{SERVICE}/<uid>/take-back")
@guard("kits.record", load=a_move)
def take_back_kits(operation: Any, participation: Any, move: Any) -> Any:
    done = commands.take_back(g.actor, operation, move)
    flash(gettext("Taken back: it counts no more.") if done else gettext("This was taken back already."))
    return redirect(_service_url(operation, participation), code=303)


def _service_url(operation: Any, participation: Any) -> str:
    return url_for("ready.service_kits", code=operation.code, service_id=participation.service_id)


def _service_page(operation: Any, participation: Any, form: Any = None) -> str:
    g.operation = operation
    service = teams.service(participation.service_id)
    stocks, items = rows.stocks_of(operation.id, service.id), rows.items_of(operation.id)
    held = [(one, stocks.get((one.id, service.id), Stock())) for one in items]
    shown = [(one, stock) for one, stock in held if one.retired_at is None or stock]
    records = may(g.actor, "kits.record", g.target)
    return render_template(
        "ready/kits_service.html",
        operation=operation,
        service=service,
        held=shown,
        name_of=name_of,
        cells=rules.cells_of,
        problems=_said(stocks, items, {service.id: service.name}),
        receipts=[(one, ReceiptForm.of(one, stock.in_transit)) for one, stock in shown if stock.in_transit > 0]
        if records
        else [],
        form=(form or MoveForm(formdata=None).fresh()).offer(
            [one for one, _ in shown], {one.id: name_of(one) for one in items}
        ),
        hints=HINTS,
        errors=form,
        history=rows.history_of(operation.id, service.id),
        kinds=dict(KitMoveKind.choices()),
        records=records,
        sends=may(g.actor, "kits.send", g.target),
    )
