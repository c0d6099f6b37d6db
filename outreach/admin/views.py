"""One's own account and the doors to it: welcome links, coming back, settings, the sample's removal.

People and journal are in ``people_views``, lists in ``list_views``, on the same blueprint.
"""

from __future__ import annotations

from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import force_locale, gettext
from werkzeug.exceptions import HTTPException

from outreach.errors import DeadLink, Invalid, NotFound
from outreach.storage.queries import accounts
from outreach.vocab import Role
from outreach.web import sessions, transaction
from outreach.web.guard import action_of, guard, own_path
from outreach.web.page import LANGUAGES, THEMES, language
from outreach.web.signin import hashed, present_password_fault
from outreach.web.specimen import specimen

from . import commands, forms

bp = Blueprint("admin", __name__)


def unstored(page: str, status: int = 200) -> Response:
    """A page that no browser may keep: it shows a link, or what somebody typed."""
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    return response


# --- language and theme -----------------------------------------------------------------------------------------------


@bp.post("/language")
@guard("site.open")
def set_language() -> Any:
    lang = request.form.get("lang", "")
    if lang not in LANGUAGES:
        raise NotFound()
    session["lang"] = lang
    commands.remember_preferences(g.actor, language=lang)
    return redirect(own_path(request.form.get("next")), code=303)


@bp.post("/theme")
@guard("site.open")
def set_theme() -> Any:
    theme = request.form.get("theme", "")
    if theme not in THEMES:
        raise NotFound()
    session["theme"] = theme
    commands.remember_preferences(g.actor, theme=theme)
    return redirect(own_path(request.form.get("next")), code=303)


# --- one-time links ---------------------------------------------------------------------------------------------------


@bp.get("/welcome/<token>")
@guard("site.open")
def welcome(token: str) -> Any:
    found = accounts.working_link(token)
    if found is None:
        raise DeadLink()
    form = forms.NewPasswordForm(formdata=None)
    return unstored(render_template("admin/welcome.html", form=form, link=found[0], person=found[1]))


@bp.post("/welcome/<token>")
@guard("site.open")
def set_first_password(token: str) -> Any:
    form = forms.NewPasswordForm()
    found = accounts.working_link(token)
    if found is None:
        raise DeadLink()
    if form.validate():
        try:
            commands.redeem(g.actor, token, form.password.typed, hashed, language())
        except Invalid as problem:
            form.take(problem)
        else:
            sessions.end()
            flash(gettext("Your password is set. Sign in with it."))
            return redirect(url_for("security.login"), code=303)
    shown = render_template("admin/welcome.html", form=form, errors=form, link=found[0], person=found[1])
    return unstored(shown, 422)


# --- coming back ------------------------------------------------------------------------------------------------------


@bp.get("/welcome-back")
@guard("site.own")
def welcome_back() -> Any:
    """Where sign-in lands: what was being sent when the session ran out, else the page that was asked for."""
    kept = sessions.kept_form()
    if kept is None or not _takes_a_form(kept["path"]):
        return redirect(own_path(request.args.get("next"), _front_page()), code=303)
    return unstored(render_template("admin/welcome_back.html", kept=kept))


@bp.post("/welcome-back/send")
@guard("site.own")
def send_kept() -> Any:
    """Let go of what was kept and have the browser send it again, to the page that it was for."""
    kept = sessions.kept_form()
    if kept is None or not _takes_a_form(kept["path"]):
        raise NotFound()
    accounts.drop_kept_form(g.actor.user)
    return redirect(kept["path"], code=307)


@bp.post("/welcome-back/discard")
@guard("site.own")
def discard_kept() -> Any:
    accounts.drop_kept_form(g.actor.user)
    return redirect(_front_page(), code=303)


def _takes_a_form(path: str) -> bool:
    """Whether ``path`` is one of our own pages that takes a form of somebody who is signed in."""
    try:
        endpoint, _args = current_app.url_map.bind("localhost").match(own_path(path), method="POST")
    except HTTPException:
        return False
    open_doors = ("site.open", None)
    return not endpoint.startswith("security.") and action_of(current_app, endpoint) not in open_doors


def _front_page() -> str:
    """The page that each role starts from."""
    for role, endpoint in ((Role.FIELD_OFFICER, "field.my_shift"), (Role.LIAISON, "referrals.waiting")):
        if g.actor.roles == {role} and endpoint in current_app.view_functions:
            return url_for(endpoint)
    return url_for("plan.overview")


# --- one's own account ------------------------------------------------------------------------------------------------


@bp.get("/account")
@guard("site.own")
def account() -> Any:
    user = accounts.by_id(g.actor.user)
    settings = forms.AccountForm(formdata=None, obj=user)
    return _account_page(settings, forms.ChangePasswordForm(formdata=None, prefix="change-"))


@bp.post("/account")
@guard("site.own")
def change_account() -> Any:
    form = forms.AccountForm()
    user = accounts.by_id(g.actor.user)
    if form.validate():
        try:
            commands.rename(g.actor, user, form.name.data)
        except Invalid as problem:
            form.take(problem)
        else:
            commands.remember_preferences(g.actor, language=form.language.data, theme=form.theme.data)
            session["lang"], session["theme"] = form.language.data, form.theme.data
            with force_locale(form.language.data):
                flash(gettext("Saved."))
            return redirect(url_for("admin.account"), code=303)
    return _account_page(form, forms.ChangePasswordForm(formdata=None, prefix="change-"), errors=form)


@bp.post("/account/password")
@guard("site.own", writes=False)
def change_password() -> Any:
    """A wrong present password is counted although the form is refused, so the view writes in two steps."""
    form = forms.ChangePasswordForm(prefix="change-")
    user = accounts.by_id(g.actor.user)
    if form.validate():
        fault = present_password_fault(user, form.present.typed)
        if fault:
            form.present.errors = [*form.present.errors, fault]
        else:
            try:
                with transaction.writing():
                    commands.change_password(g.actor, user, form.password.typed, hashed)
                    sessions.end_others(user)
            except Invalid as problem:
                form.take(problem)
            else:
                flash(gettext("Your password is changed. Every other device is signed out."))
                return redirect(url_for("admin.account"), code=303)
    return _account_page(forms.AccountForm(formdata=None, obj=user), form, errors=form)


@bp.post("/account/sign-out-everywhere")
@guard("site.own")
def sign_out_everywhere() -> Any:
    commands.sign_out_everywhere(g.actor, accounts.by_id(g.actor.user))
    return redirect(url_for("security.login"), code=303)


def _account_page(settings: Any, password: Any, errors: Any = None) -> Any:
    shown = {"form": settings, "password_form": password} | ({"errors": errors} if errors else {})
    return render_template("admin/account.html", **shown), 422 if errors else 200


# --- the sample, and the page of components ---------------------------------------------------------------------------


@bp.get("/sample/remove")
@guard("sample.remove")
def confirm_sample_removal() -> Any:
    return render_template("admin/remove_sample.html")


@bp.post("/sample/remove")
@guard("sample.remove")
def remove_sample() -> Any:
    commands.remove_the_sample(g.actor)
    (current_app.config["OUTREACH"].instance_dir / "sample-sign-ins.json").unlink(missing_ok=True)
    flash(gettext("The sample is removed."))
    return redirect(url_for("plan.overview"), code=303)


@bp.get("/style")
@guard("site.open")
def style() -> Any:
    """Every component in every state, for whoever builds a page; not there on a live site."""
    if not current_app.config["OUTREACH"].development:
        raise NotFound()
    return render_template("style.html", page_url=lambda number: f"?page={number}", **specimen())


from . import list_views, people_views  # noqa: E402, F401 - they put their pages on the same blueprint
