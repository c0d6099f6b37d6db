"""Accounts and their roles, and the journal. Views only guard, load, validate, call a command, redirect."""

from __future__ import annotations

from typing import Any

from flask import current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext

from outreach import audit
from outreach.audit.tags import Tag
from outreach.audit.words import DETAILS, RECORDS, ROOMS, WORDS
from outreach.auth.actors import NOTHING, Target
from outreach.errors import Invalid, NotFound
from outreach.storage.queries import accounts, journal, referral_waits
from outreach.vocab import Role
from outreach.web.forms import whole
from outreach.web.guard import guard

from . import commands, forms
from .views import bp, unstored

PAGE_SIZE = 50
ROLE_LABELS = {role.value: role.label for role in Role}


def person(user_id: int) -> tuple[Target, dict[str, Any]]:
    """``/people/<user_id>``: an account."""
    user = accounts.by_id(user_id)
    if user is None:
        raise NotFound()
    return NOTHING, {"user": user}


def grant_of_person(user_id: int, grant_id: int) -> tuple[Target, dict[str, Any]]:
    """``/people/<user_id>/grants/<grant_id>``: one role of an account."""
    target, loaded = person(user_id)
    if all(grant.id != grant_id for grant in loaded["user"].roles):
        raise NotFound()
    return target, {**loaded, "grant_id": grant_id}


@bp.get("/people")
@guard("people.see")
def people() -> Any:
    search, role = request.args.get("q", "").strip()[:80], request.args.get("role", "")
    role = role if role in Role.values() else ""
    count = accounts.count_people(search=search, role=role)
    number, pages = _page(count)
    found = accounts.people(search=search, role=role, limit=PAGE_SIZE, offset=(number - 1) * PAGE_SIZE)
    services, operations = accounts.names_of_bounds()
    return render_template(
        "admin/people.html",
        people=found,
        services=services,
        operations=operations,
        roles=list(Role),
        labels=ROLE_LABELS,
        search=search,
        role=role,
        count=count,
        number=number,
        pages=pages,
        page_url=lambda n: url_for("admin.people", q=search or None, role=role or None, page=n),
    )


@bp.get("/people/new")
@guard("people.change")
def new_person() -> Any:
    return render_template("admin/invite.html", form=_offered(forms.InviteForm(formdata=None)))


@bp.post("/people/new")
@guard("people.change")
def invite() -> Any:
    form = _offered(forms.InviteForm())
    if form.validate():
        role, service, operation = form.chosen
        try:
            user, token = commands.invite(
                g.actor,
                email=form.email.data,
                name=form.name.data,
                role=role,
                service=service,
                operation=operation,
            )
        except Invalid as problem:
            form.take(problem)
        else:
            return _link_page(user, token)
    return render_template("admin/invite.html", form=form, errors=form), 422


@bp.get("/people/<int:user_id>")
@guard("people.see", load=person)
def show_person(user: Any) -> Any:
    return _person_page(user, _offered(forms.RoleForm(formdata=None)))


@bp.post("/people/<int:user_id>/grants")
@guard("people.change", load=person)
def add_grant(user: Any) -> Any:
    form = _offered(forms.RoleForm())
    if form.validate():
        try:
            commands.add_grant(g.actor, user, *form.chosen)
        except Invalid as problem:
            form.take(problem)
        else:
            return redirect(url_for("admin.show_person", user_id=user.id), code=303)
    return _person_page(user, form, errors=form)


@bp.post("/people/<int:user_id>/grants/<int:grant_id>/remove")
@guard("people.change", load=grant_of_person)
def remove_grant(user: Any, grant_id: int) -> Any:
    return _done(user, lambda: commands.remove_grant(g.actor, user, grant_id), gettext("The role is removed."))


@bp.post("/people/<int:user_id>/link")
@guard("people.change", load=person)
def make_link(user: Any) -> Any:
    try:
        token = commands.make_link(g.actor, user)
    except Invalid as problem:
        return _refused(user, problem)
    return _link_page(user, token)


@bp.post("/people/<int:user_id>/disable")
@guard("people.change", load=person)
def disable(user: Any) -> Any:
    in_hand = referral_waits.open_in_hand(user.id)
    words = gettext("The account is disabled.")
    if in_hand:
        lost = ngettext(
            "%(num)d referral in its hands needs another liaison: the agency and its lead see it.",
            "%(num)d referrals in its hands need another liaison: the agency and its lead see them.",
            in_hand,
        )
        words = f"{words} {lost}"
    return _done(user, lambda: commands.disable(g.actor, user), words)


@bp.post("/people/<int:user_id>/enable")
@guard("people.change", load=person)
def enable(user: Any) -> Any:
    return _done(user, lambda: commands.enable(g.actor, user), gettext("The account is enabled."))


@bp.post("/people/<int:user_id>/sign-out")
@guard("people.change", load=person)
def sign_person_out(user: Any) -> Any:
    return _done(
        user, lambda: commands.sign_out_everywhere(g.actor, user), gettext("Every device of this person is signed out.")
    )


@bp.get("/journal")
@guard("journal.see", person_level=True)
def read_journal() -> Any:
    """Who did what, when: filters in the address, newest first; reading it is entered as well."""
    room = request.args.get("room", "")
    room = room if room in ROOMS else ""
    actor, operation = whole(request.args.get("person")) or None, request.args.get("operation", "")
    services, operations = accounts.names_of_bounds()
    chosen = next((i for i, code in operations.items() if code == operation), None)
    narrow = {"tag_prefix": f"{room}." if room else "", "actor_id": actor, "operation_id": chosen}
    audit.read(g.actor, Tag.JOURNAL_READ, operation=chosen, room=room, person=actor)
    number, pages = _page(journal.count_entries(**narrow))
    return render_template(
        "admin/journal.html",
        entries=journal.entries(**narrow, limit=PAGE_SIZE, offset=(number - 1) * PAGE_SIZE),
        words=WORDS,
        records=RECORDS,
        details=DETAILS,
        within_agency=within_agency,
        rooms=ROOMS,
        room=room,
        person=actor,
        people=accounts.names_of_people(),
        operation=operation if chosen else "",
        operations=operations,
        services=services,
        number=number,
        pages=pages,
        page_url=lambda n: url_for(
            "admin.read_journal", room=room or None, person=actor, operation=operation or None, page=n
        ),
    )


# What police or coordinators do themselves, and lists that name no referral.
_TOLD = frozenset(
    {
        Tag.REFERRAL_MADE,
        Tag.REFERRAL_COMPLETED,
        Tag.REFERRALS_LISTED,
        Tag.REFERRALS_SEARCHED,
        Tag.UNOWNED_LISTED,
        Tag.DUE_LISTED,
        Tag.ALERTS_SENT,
        Tag.CARDS_PRINTED,
        Tag.CASES_EXPORTED,
    }
)


def within_agency(tag: str) -> str:
    """Whether an entry is about an agency's work with a person: ``read``, ``write`` or '' for any other.

    Administrators may be police, and police learn no more of a referral than that it was picked up and closed. The
    page then says who was at work and when, not on which referral nor to what end; the entry itself has it all.
    """
    if not tag.startswith("referrals.") or tag in _TOLD:
        return ""
    return "read" if tag.endswith(".read") else "write"


def _page(count: int) -> tuple[int, int]:
    """The page asked for, held within what there is, and how many there are."""
    pages = max(1, -(-count // PAGE_SIZE))
    return min(max(request.args.get("page", 1, type=int), 1), pages), pages


def _offered(form: Any) -> Any:
    form.offer(*accounts.names_of_bounds())
    return form


def _person_page(user: Any, form: Any, errors: Any = None) -> Any:
    services, operations = accounts.names_of_bounds()
    in_hand = referral_waits.open_in_hand(user.id)
    shown = {
        "in_hand": in_hand,
        "person": user,
        "form": form,
        "services": services,
        "operations": operations,
        "labels": ROLE_LABELS,
    }
    if errors:
        return render_template("admin/person.html", errors=errors, **shown), 422
    return render_template("admin/person.html", **shown)


def _done(user: Any, command: Any, words: str) -> Any:
    try:
        command()
    except Invalid as problem:
        return _refused(user, problem)
    flash(words)
    return redirect(url_for("admin.show_person", user_id=user.id), code=303)


def _refused(user: Any, problem: Invalid) -> Any:
    found = [gettext(finding.message, **finding.params) for finding in problem.findings]
    return _person_page(user, _offered(forms.RoleForm(formdata=None)), errors=found)


def _link_page(user: Any, token: str) -> Any:
    """The link, shown this once: only its hash is stored."""
    purpose = "reset" if user.password else "welcome"
    site = current_app.config["OUTREACH"].public_url or request.host_url
    address = site.rstrip("/") + url_for("admin.welcome", token=token)
    return unstored(render_template("admin/link.html", person=user, address=address, purpose=purpose))
