"""The link with which a service sends its return without an account: making and revoking it, and the page behind it."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import force_locale, gettext

from outreach import audit
from outreach.audit.tags import Tag
from outreach.errors import Blocked, DeadLink, Invalid, NotFound, TooMany
from outreach.plan import invitation_rules
from outreach.storage.days import window_days
from outreach.storage.queries import drops, operations
from outreach.storage.queries import returns as rows
from outreach.vocab import EntryMode, ReturnState
from outreach.web import clock, load, mail, throttle
from outreach.web.guard import guard
from outreach.web.page import LANGUAGES

from . import link_commands as commands
from . import link_rules as rules
from . import return_commands
from . import return_pages as pages
from .return_forms import SendForm
from .views import bp

LINK = "/operations/<code>/services/<int:service_id>/return/link"


# --- the coordinator --------------------------------------------------------------------------------------------------


@bp.post(LINK)
@guard("return_links.change", load=load.own_service)
def change_link(operation: Any, participation: Any) -> Any:
    """Make a new link and show it, or end the one that works."""
    if request.form.get("do") == "revoke":
        ended = commands.revoke(g.actor, operation, participation)
        flash(gettext("The link no longer works.") if ended else gettext("Nothing was changed."))
        return _back(operation, participation)
    try:
        link = commands.make(g.actor, operation, participation)
    except Blocked as problem:
        return _blocked(operation, participation, problem)
    return _shown(operation, participation, link)


@bp.post(LINK + "/show")
@guard("return_links.change", load=load.own_service)
def show_link(operation: Any, participation: Any) -> Any:
    """The link that works now and its letter, to copy."""
    link = commands.working(operation, participation)
    if link is None:
        flash(gettext("There is no link that works. Make one first."), "warning")
        return _back(operation, participation)
    return _shown(operation, participation, link)


@bp.post(LINK + "/send")
@guard("return_links.change", load=load.own_service, writes=False)
def send_link(operation: Any, participation: Any) -> Any:
    """Put the letter on record (the command holds the write), then let it leave beside the request."""
    service = rows.service(participation.service_id)
    settings = current_app.config["OUTREACH"]
    try:
        if not mail.configured(settings):
            raise Blocked(invitation_rules.NO_MAIL, "")
        letter = commands.queue_letter(g.actor, operation, participation, pages.desk_of(participation, service))
    except Invalid as problem:
        return pages.service_page(operation, participation, [("desk", pages.said(f)) for f in problem.findings]), 422
    except Blocked as problem:
        return _blocked(operation, participation, problem)
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # a proxy
    texts = [_letter(operation, service, letter.link, language) for language in LANGUAGES]
    subject = f"{operation.name}: {' / '.join(dict.fromkeys(head for head, _ in texts))}"
    text = "\n\n– – –\n\n".join(body for _, body in texts) + "\n"
    mail.post(app, [mail.Letter(letter.id, letter.address, subject, text)], commands.note_posted)
    flash(gettext("The letter to %(address)s is leaving.", address=letter.address))
    return _back(operation, participation)


def _back(operation: Any, participation: Any) -> Any:
    return redirect(url_for(".service_return", code=operation.code, service_id=participation.service_id), code=303)


def _blocked(operation: Any, participation: Any, problem: Blocked) -> Any:
    words = f"{gettext(problem.message)} {gettext(problem.fix) if problem.fix else ''}".strip()
    return pages.service_page(operation, participation, [words]), problem.status


def _shown(operation: Any, participation: Any, link: Any) -> Response:
    g.operation = operation
    service = rows.service(participation.service_id)
    page = render_template(
        "returns/link_made.html",
        operation=operation,
        service=service,
        link=link,
        address=_address(link),
        texts=[(language, *_letter(operation, service, link, language)) for language in LANGUAGES],
        by_mail=mail.configured(current_app.config["OUTREACH"]),
        desk=pages.desk_of(participation, service),
        back=url_for(".service_return", code=operation.code, service_id=service.id),
    )
    return _unstored(make_response(page))


def _address(link: Any) -> str:
    base = (current_app.config["OUTREACH"].public_url or request.host_url).rstrip("/")
    return base + url_for(".link_page", token=commands.token_of(link))


def _letter(operation: Any, service: Any, link: Any, language: str) -> tuple[str, str]:
    """Subject and text in one language."""
    with force_locale(language):
        ends = clock.local(link.ends_at, operation.time_zone)
        until = gettext(
            "%(day)s at %(time)s",
            day=clock.long_day(ends.date() if ends else None),
            time=clock.spoken_time(link.ends_at, operation.time_zone),
        )
        params = {
            "service": service.name,
            "operation": operation.name,
            "link": _address(link),
            "until": until,
            "coordinator": g.actor.name,
        }
        return gettext(rules.SUBJECT), "\n\n".join(gettext(line, **params) for line in rules.letter_lines())


def _unstored(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


# --- behind the link --------------------------------------------------------------------------------------------------


def _behind(token: str) -> Any:
    """What the link leads to. A wrong mark is counted before anything is looked up; the right one is no guess."""
    if not commands.genuine(token):
        if throttle.guesses_too_often("return"):
            raise TooMany()
        throttle.missed("return")
        raise DeadLink(fix=commands.DEAD)
    return commands.behind(token)


def _own_file(found: Any, uid: str) -> Any:
    """A file that was sent with this very link; any other does not exist."""
    row = drops.file(uid)
    if row is None or row[0].link_id != found.link.id:
        raise NotFound()
    return row[0]


def _paths(token: str) -> pages.Paths:
    return pages.Paths(
        lambda file: url_for(".link_file", token=token, uid=file.uid),
        lambda file: url_for(".link_take", token=token, uid=file.uid),
        lambda file: url_for(".link_leave", token=token, uid=file.uid),
        lambda file: url_for(".link_answer", token=token, uid=file.uid),
        url_for(".link_page", token=token),
    )


@bp.get("/r/<token>")
@guard("site.open")
def link_page(token: str) -> Any:
    found = _behind(token)
    if request.method == "GET":  # programs that look at mail for viruses ask for the head
        commands.note_opened(found)
    return _page(token, found)


def _page(token: str, found: Any, errors: list[Any] | None = None, status: int = 200) -> Response:
    operation = found.operation
    sent = [one.file for one in drops.of_service(found.participation.id) if one.file.link_id == found.link.id]
    page = render_template(
        "returns/link.html",
        operation=operation,
        service=found.service,
        link=found.link,
        days=window_days(operation.starts_at, operation.ends_at, operation.time_zone, operation.day_starts_minutes),
        begun=pages.takes_returns(operation),
        logs=operations.current_participation(found.participation.id).entry_mode == EntryMode.CONTACTS,
        token=token,
        form=SendForm(formdata=None),
        files=pages.listed(sent, _paths(token), operation.time_zone),
        errors=errors,
    )
    return _unstored(make_response(page, status))


@bp.get("/r/<token>/workbook-<language>.xlsx")
@guard("site.open")
def link_template(token: str, language: str) -> Any:
    found = _behind(token)
    if language not in LANGUAGES:
        raise NotFound()
    return _unstored(pages.template(commands.actor_of(found), found.operation, found.participation, language))


@bp.post("/r/<token>")
@guard("site.open", writes=False)
def link_upload(token: str) -> Any:
    found = _behind(token)
    outcome = pages.received(
        commands.actor_of(found), found.operation, found.participation, how="link", link=found.link.id
    )
    if isinstance(outcome, pages.Wrong):
        return _page(token, commands.behind(token), [("workbook", outcome.words)], 422)
    commands.note_used(found)
    file = return_commands.file_of(outcome)
    if file.link_id != found.link.id:  # the same bytes, by mail or from a coordinator: their page is not this link's
        state = gettext(ReturnState(file.state).label)
        flash(gettext("This very file came in before by another way; it is: %(state)s.", state=state))
        return _unstored(redirect(url_for(".link_page", token=token), code=303))
    return _unstored(redirect(url_for(".link_file", token=token, uid=outcome), code=303))


@bp.get("/r/<token>/<uid>")
@guard("site.open")
def link_file(token: str, uid: str) -> Any:
    found = _behind(token)
    return _show(token, found, _own_file(found, uid))


def _note_read(found: Any) -> None:
    """Enter that cells which may speak of single persons are read; who holds the link, nobody knows."""
    audit.read(
        commands.actor_of(found),
        Tag.RETURN_SHOWN,
        kind="participation",
        object_id=found.participation.id,
        operation=found.operation.id,
        service=found.service.id,
        link=found.link.id,
    )


def _show(token: str, found: Any, file: Any, **more: Any) -> Response:
    if file.read is not None:
        _note_read(found)
    shown = pages.file_page(
        commands.actor_of(found),
        found.operation,
        found.participation,
        file,
        _paths(token),
        link=found.link.id,
        template="returns/link_file.html",
        service=found.service,
        **more,
    )
    return _unstored(make_response(shown))


@bp.post("/r/<token>/<uid>/take")
@guard("site.open", writes=False)
def link_take(token: str, uid: str) -> Any:
    found = _behind(token)
    file = _own_file(found, uid)
    problem = pages.taken(commands.actor_of(found), found.operation, file, link=found.link.id)
    if problem is None:
        return _unstored(redirect(url_for(".link_file", token=token, uid=uid), code=303))
    found = commands.behind(token)
    return _show(token, found, _own_file(found, uid), problem=problem)


@bp.post("/r/<token>/<uid>/leave")
@guard("site.open", writes=False)
def link_leave(token: str, uid: str) -> Any:
    found = _behind(token)
    problem = pages.left(commands.actor_of(found), _own_file(found, uid), link=found.link.id)
    if problem is None:
        return _unstored(redirect(url_for(".link_page", token=token), code=303))
    found = commands.behind(token)
    return _show(token, found, _own_file(found, uid), problem=problem)


@bp.get("/r/<token>/<uid>/to-fix.xlsx")
@guard("site.open")
def link_answer(token: str, uid: str) -> Any:
    found = _behind(token)
    file = _own_file(found, uid)
    _note_read(found)
    return _unstored(pages.answer(commands.actor_of(found), file, found.service, found.link.id))
