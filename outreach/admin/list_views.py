"""The lists of the site, both languages side by side. Views only guard, load, validate, call a command, redirect."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext

from outreach.auth.actors import NOTHING, Target
from outreach.errors import N_, Invalid, NotFound
from outreach.storage.queries import admin as rows
from outreach.storage.seeds import DUTY_TO_REPORT, LEGAL_CARD
from outreach.web.guard import guard

from . import list_commands as commands
from . import list_forms as forms
from .views import bp

# What the lists are called; another list shows its own name.
NAMES = {
    "approaches": N_("How they met"),
    "genders": N_("Genders"),
    "indicators": N_("Indicators"),
    "needs": N_("Needs"),
    "no_referral_reasons": N_("Reasons for no referral"),
    "outcomes": N_("Outcomes"),
    "place_kinds": N_("Kinds of place"),
}


def one_list(name: str) -> tuple[Target, dict[str, Any]]:
    """``/lists/<name>``: one list of items."""
    if all(name != known for known, _used, _retired in rows.list_names()):
        raise NotFound()
    return NOTHING, {"name": name}


def one_item(name: str, item_id: int) -> tuple[Target, dict[str, Any]]:
    """``/lists/<name>/<item_id>``: one item of that list."""
    item = rows.item(name, item_id)
    if item is None:
        raise NotFound()
    return NOTHING, {"item": item}


def one_offence(offence_id: int) -> tuple[Target, dict[str, Any]]:
    offence = rows.offence(offence_id)
    if offence is None:
        raise NotFound()
    return NOTHING, {"offence": offence}


def one_text(text_id: int) -> tuple[Target, dict[str, Any]]:
    setting = rows.text(text_id)
    if setting is None:
        raise NotFound()
    return NOTHING, {"setting": setting}


def title_of(name: str) -> str:
    return gettext(NAMES[name]) if name in NAMES else name


@bp.get("/lists")
@guard("lists.see")
def lists() -> Any:
    return render_template(
        "admin/lists.html",
        lists=[{"name": n, "title": title_of(n), "used": u, "retired": r} for n, u, r in rows.list_names()],
        offences=rows.offences(),
        texts=[text for text in rows.texts() if text.name == DUTY_TO_REPORT],
        cards=[text for text in rows.texts() if text.name == LEGAL_CARD],
    )


@bp.get("/lists/<name>")
@guard("lists.see", load=one_list)
def show_list(name: str) -> Any:
    return _list_page(name, forms.ItemForm(formdata=None))


@bp.post("/lists/<name>")
@guard("lists.change", load=one_list)
def add_item(name: str) -> Any:
    form = forms.ItemForm()
    if form.validate():
        try:
            commands.add_item(g.actor, name, form.label, form.definition, form.source.data or "")
        except Invalid as problem:
            form.take(problem)
        else:
            flash(gettext("Added: it can be chosen from now on."))
            return redirect(url_for("admin.show_list", name=name), code=303)
    return _list_page(name, form, errors=form)


@bp.get("/lists/<name>/<int:item_id>")
@guard("lists.see", load=one_item)
def show_item(item: Any) -> Any:
    return _item_page(item, forms.ItemForm(formdata=None, obj=item))


@bp.post("/lists/<name>/<int:item_id>")
@guard("lists.change", load=one_item)
def change_item(item: Any) -> Any:
    form = forms.ItemForm()
    if form.validate():
        try:
            commands.change_item(g.actor, item, form.version_seen, form.label, form.definition, form.source.data or "")
        except Invalid as problem:
            form.take(problem)
        else:
            flash(gettext("Saved."))
            return redirect(url_for("admin.show_list", name=item.list_name), code=303)
    return _item_page(item, form, errors=form)


@bp.post("/lists/<name>/<int:item_id>/retire")
@guard("lists.change", load=one_item)
def retire_item(item: Any) -> Any:
    commands.retire_item(g.actor, item, dt.datetime.now(dt.UTC).date())
    return redirect(url_for("admin.show_list", name=item.list_name), code=303)


@bp.post("/lists/<name>/<int:item_id>/reuse")
@guard("lists.change", load=one_item)
def reuse_item(item: Any) -> Any:
    commands.reuse_item(g.actor, item)
    return redirect(url_for("admin.show_list", name=item.list_name), code=303)


@bp.get("/offences/new")
@guard("lists.change")
def new_offence() -> Any:
    return render_template("admin/offence.html", form=forms.OffenceForm(formdata=None), offence=None)


@bp.post("/offences/new")
@guard("lists.change")
def add_offence() -> Any:
    return _save_offence(None)


@bp.get("/offences/<int:offence_id>")
@guard("lists.see", load=one_offence)
def show_offence(offence: Any) -> Any:
    return render_template("admin/offence.html", form=forms.OffenceForm(formdata=None, obj=offence), offence=offence)


@bp.post("/offences/<int:offence_id>")
@guard("lists.change", load=one_offence)
def change_offence(offence: Any) -> Any:
    return _save_offence(offence)


@bp.get("/duty-texts/new")
@guard("lists.change")
def new_text() -> Any:
    return _show_text(None, forms.NewTextForm(formdata=None), _text_name())


@bp.post("/duty-texts/new")
@guard("lists.change")
def add_text() -> Any:
    form = forms.NewTextForm()
    return _save_text(None, form, form.region.data or "", _text_name())


@bp.get("/duty-texts/<int:text_id>")
@guard("lists.see", load=one_text)
def show_text(setting: Any) -> Any:
    return _show_text(setting, forms.TextForm(formdata=None, obj=setting), setting.name)


@bp.post("/duty-texts/<int:text_id>")
@guard("lists.change", load=one_text)
def change_text(setting: Any) -> Any:
    return _save_text(setting, forms.TextForm(), setting.region, setting.name)


def _save_offence(offence: Any) -> Any:
    form = forms.OffenceForm()
    if form.validate():
        try:
            commands.save_offence(
                g.actor,
                offence,
                section=form.section.data,
                statute=form.statute.data,
                title=form.title,
                first=form.in_force_from.data,
                end=form.in_force_to.data,
            )
        except Invalid as problem:
            form.take(problem)
        else:
            flash(gettext("Saved."))
            return redirect(url_for("admin.lists"), code=303)
    return render_template("admin/offence.html", form=form, errors=form, offence=offence), 422


def _text_name() -> str:
    """Which of the two texts of a region the address asks for."""
    return LEGAL_CARD if request.args.get("name") == LEGAL_CARD else DUTY_TO_REPORT


def _show_text(setting: Any, form: Any, name: str, errors: Any = None) -> str:
    return render_template("admin/duty_text.html", form=form, errors=errors, setting=setting, legal=name == LEGAL_CARD)


def _save_text(setting: Any, form: Any, region: str, name: str) -> Any:
    if form.validate():
        try:
            commands.save_text(g.actor, setting, region, form.words, name)
        except Invalid as problem:
            form.take(problem)
        else:
            flash(gettext("Saved."))
            return redirect(url_for("admin.lists"), code=303)
    return _show_text(setting, form, name, errors=form), 422


def _list_page(name: str, form: Any, errors: Any = None) -> Any:
    shown = {"name": name, "title": title_of(name), "items": rows.items(name), "form": form}
    return render_template("admin/list.html", **shown, **({"errors": errors} if errors else {})), 422 if errors else 200


def _item_page(item: Any, form: Any, errors: Any = None) -> Any:
    shown = {"item": item, "title": title_of(item.list_name), "form": form}
    return render_template("admin/item.html", **shown, **({"errors": errors} if errors else {})), 422 if errors else 200
