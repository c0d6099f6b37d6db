"""Inviting services: the coordinator's page with its letters, and the page behind a link, which needs no account."""

from __future__ import annotations

import csv
import io
from typing import Any

from flask import Response, current_app, flash, g, make_response, redirect, render_template, request, send_file, url_for
from flask_babel import force_locale, gettext, ngettext

from outreach.auth.permissions import may
from outreach.errors import Blocked, Changed, DeadLink, Invalid, TooMany
from outreach.storage.days import window_days
from outreach.storage.queries import plan as rows
from outreach.vocab import EntryMode
from outreach.web import clock, load, mail, throttle
from outreach.web.forms import whole
from outreach.web.guard import guard
from outreach.web.page import LANGUAGES

from . import invitation_commands as commands
from . import invitation_rules as rules
from . import workbook
from .invitation_forms import AnswerForm
from .views import bp

# --- the coordinator's page ------------------------------------------------------------------------------------------


@bp.get("/operations/<code>/plan/invitations")
@guard("invitations.see", load=load.operation)
def invitations(operation: Any) -> Any:
    return _show(operation)


def _show(operation: Any, problem: Invalid | None = None, ticked: frozenset[int] = frozenset()) -> str:
    g.operation = operation
    every = commands.standings(operation)
    wanted = request.args.get("state", "")
    batch = commands.batch_of(operation, whole(request.args.get("batch")))
    words = {state: gettext(word) for state, word in rules.WORDS.items()}
    if batch.total:
        ticked = frozenset(row[2].id for row, one in every if one.trouble and row[0].id in batch.failed)
    return render_template(
        "plan/invitations.html",
        operation=operation,
        standings=[pair for pair in every if not wanted or pair[1].state == wanted],
        counts={state: sum(one.state == state for _, one in every) for state in rules.STATES},
        total=len(every),
        silent=sum(row[1].status == "invited" for row, _ in every),
        wanted=wanted,
        words=words,
        troubles={code: gettext(text) for code, text in rules.TROUBLES.items()},
        sends=may(g.actor, "invitations.send", g.target),
        by_mail=mail.configured(current_app.config["OUTREACH"]),
        ticked=ticked,
        batch=batch,
        address_of=rules.address_of,
        errors=[("select-all", _say(f)) for f in problem.findings] if problem else [],
    )


def _say(finding: Any) -> str:
    return gettext(finding.message, **finding.params) if finding.params else gettext(finding.message)


def _ticked(operation: Any) -> list[int]:
    if request.form.get("all"):
        return commands.silent_services(operation)
    return [number for text in request.form.getlist("service") if (number := whole(text))]


def _back(operation: Any, **more: Any) -> Any:
    return redirect(url_for("plan.invitations", code=operation.code, **more), code=303)


@bp.post("/operations/<code>/plan/invitations/send")
@guard("invitations.send", load=load.operation, writes=False)
def send_invitations(operation: Any) -> Any:
    """Put the letters on record (the command holds the write), then let them leave beside the request."""
    ticked = _ticked(operation)
    settings = current_app.config["OUTREACH"]
    try:
        if not mail.configured(settings):
            raise Invalid.at("service", rules.NO_MAIL)
        first, ready = commands.queue_letters(g.actor, operation, ticked)
    except Invalid as problem:
        return _show(operation, problem, frozenset(ticked)), 422
    letters = [mail.Letter(one.letter, one.desk, *_both(one, operation)) for one in ready]
    mail.post(current_app._get_current_object(), letters, commands.note_posted)  # type: ignore[attr-defined] # a proxy
    return _back(operation, batch=first)


@bp.post("/operations/<code>/plan/invitations/letters")
@guard("invitations.send", load=load.operation, writes=False)
def invitation_letters(operation: Any) -> Any:
    """Letters with their links, to copy one by one."""
    ticked = _ticked(operation)
    try:
        ready = commands.write_letters(g.actor, operation, ticked)
    except Invalid as problem:
        return _show(operation, problem, frozenset(ticked)), 422
    g.operation = operation
    shown = [
        {
            "one": one,
            "link": _address(one.token),
            "texts": [(lang, *_letter(one, operation, lang)) for lang in LANGUAGES],
        }
        for one in ready
    ]
    page = render_template("plan/letters.html", operation=operation, letters=shown, ticked=ticked)
    return _unstored(make_response(page))


@bp.post("/operations/<code>/plan/invitations/sheet")
@guard("invitations.send", load=load.operation, writes=False)
def invitation_sheet(operation: Any) -> Any:
    """One row a service for a mail merge, as a workbook or as text."""
    ticked = _ticked(operation)
    try:
        ready = commands.write_letters(g.actor, operation, ticked)
    except Invalid as problem:
        return _show(operation, problem, frozenset(ticked)), 422
    table = [_columns(), *(_merge_row(one, operation) for one in ready)]
    name = f"{operation.code}-invitations"
    if request.form.get("format") == "csv":
        target = io.StringIO()
        csv.writer(target, lineterminator="\r\n").writerows([rules.formula_safe(cell) for cell in row] for row in table)
        content, end, kind = target.getvalue().encode("utf-8-sig"), "csv", "text/csv; charset=utf-8"
    else:
        book = io.BytesIO()
        workbook.write_table(table, book, gettext("Invitations"))
        content, end, kind = book.getvalue(), "xlsx", workbook.MIME
    sent = send_file(io.BytesIO(content), mimetype=kind, as_attachment=True, download_name=f"{name}.{end}")
    return _unstored(sent)


def _columns() -> list[str]:
    return [
        gettext("Service"),
        gettext("Contact desk"),
        gettext("Operation"),
        gettext("Link"),
        gettext("Link works until"),
        gettext("Coordinator"),
        gettext("Subject"),
        gettext("Letter in English"),
        gettext("Letter in French"),
    ]


def _merge_row(one: commands.Ready, operation: Any) -> list[str]:
    until = clock.local_text(one.ends_at, operation.time_zone)
    subject, english = _letter(one, operation, "en")
    french = _letter(one, operation, "fr")[1]
    link = _address(one.token)
    return [one.service, one.desk, operation.name, link, until, g.actor.name, subject, english, french]


@bp.post("/operations/<code>/plan/invitations/links")
@guard("invitations.send", load=load.operation)
def invitation_links(operation: Any) -> Any:
    """Make, renew or revoke the links of the ticked services, or note that their letters went out by other means."""
    ticked, do = _ticked(operation), request.form.get("do", "")
    try:
        if do == "revoke":
            done = commands.revoke_links(g.actor, operation, ticked)
            flash(ngettext("%(num)s link no longer works.", "%(num)s links no longer work.", done))
        elif do == "sent":
            done = commands.mark_sent(g.actor, operation, ticked)
            flash(ngettext("%(num)s letter is noted as sent.", "%(num)s letters are noted as sent.", done))
        else:
            done = commands.make_links(g.actor, operation, ticked, renew=do == "renew")
            flash(ngettext("%(num)s link is made.", "%(num)s links are made.", done))
    except Invalid as problem:
        return _show(operation, problem, frozenset(ticked)), 422
    return _back(operation)


# --- the words of a letter -------------------------------------------------------------------------------------------


def _address(token: str) -> str:
    base = (current_app.config["OUTREACH"].public_url or request.host_url).rstrip("/")
    return base + url_for("plan.answer", token=token)


def _letter(one: commands.Ready, operation: Any, language: str) -> tuple[str, str]:
    """Subject and text in one language."""
    with force_locale(language):
        ends = clock.local(one.ends_at, operation.time_zone)
        params = {
            "service": one.service,
            "operation": operation.name,
            "link": _address(one.token),
            "until": gettext(
                "%(day)s at %(time)s",
                day=clock.long_day(ends.date() if ends else None),
                time=clock.spoken_time(one.ends_at, operation.time_zone),
            ),
            "coordinator": g.actor.name,
        }
        lines = [gettext(line, **params) for line in rules.letter_lines(one.kind)]
        return f"{operation.name}: {gettext(rules.SUBJECTS[one.kind])}", "\n\n".join(lines)


def _both(one: commands.Ready, operation: Any) -> tuple[str, str]:
    """Subject and text in both languages, as an e-mail carries them."""
    texts = [_letter(one, operation, language) for language in LANGUAGES]
    kinds = list(dict.fromkeys(subject.removeprefix(f"{operation.name}: ") for subject, _ in texts))
    return f"{operation.name}: {' / '.join(kinds)}", "\n\n– – –\n\n".join(text for _, text in texts) + "\n"


def _unstored(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


# --- behind the link -------------------------------------------------------------------------------------------------


def _behind(token: str) -> Any:
    """What the link leads to. A wrong mark is counted before anything is looked up; the right one is no guess."""
    if not commands.genuine(token):
        if throttle.guesses_too_often("answer"):
            raise TooMany()
        throttle.missed("answer")
        raise DeadLink(fix=commands.DEAD)
    return commands.behind(token)


@bp.get("/answer/<token>")
@guard("site.open")
def answer(token: str) -> Any:
    found = _behind(token)
    if request.method == "GET":  # programs that look at mail for viruses ask for the head
        commands.note_opened(found)
    form = AnswerForm(formdata=None, data=_values(found))
    return _show_answer(token, found, form, asks="change" in request.args)


@bp.post("/answer/<token>")
@guard("site.open", writes=False)
def give_answer(token: str) -> Any:
    """Keep the answer; the command holds the write, so that counting wrong links is not taken back with it."""
    found, form = _behind(token), AnswerForm()
    form.validate()
    try:
        said = form.answer(found.operation.time_zone)
        changed = commands.answer(token, said, form.stood_at)
    except Invalid as problem:
        form.take(problem)
        return _show_answer(token, commands.behind(token), form, asks=True, status=422)
    except Changed:
        found = commands.behind(token)
        compared = form.compare(AnswerForm(formdata=None, data=_values(found)))
        return _show_answer(token, found, form, asks=True, compared=compared, status=409)
    except Blocked as problem:
        flash(f"{gettext(problem.message)} {gettext(problem.fix)}", "warning")
        return redirect(url_for("plan.answer", token=token), code=303)
    flash(gettext("Your answer is saved.") if changed else gettext("Nothing was different; nothing is changed."))
    return redirect(url_for("plan.answer", token=token), code=303)


def _values(found: Any) -> dict[str, Any]:
    return AnswerForm.values_of(found.version, found.service, found.operation.time_zone)


def _show_answer(
    token: str, found: Any, form: AnswerForm, *, asks: bool, compared: Any = None, status: int = 200
) -> Response:
    operation, version = found.operation, found.version
    open_still = rules.may_answer(version.status, operation.status)
    page = render_template(
        "plan/answer.html",
        operation=operation,
        service=found.service,
        version=version,
        link=found.link,
        days=window_days(operation.starts_at, operation.ends_at, operation.time_zone, operation.day_starts_minutes),
        lead=rows.service(operation.lead_service_id) if operation.lead_service_id else None,
        words={s.value: gettext(s.label) for s in EntryMode},
        staff={f.name.removeprefix("staff_"): f.label.text for f in form.staff_fields},
        form=form,
        errors=form if status == 422 else None,
        compared=compared,
        open_still=open_still,
        asks=open_still and (asks or version.status == "invited"),
        here=url_for("plan.answer", token=token),
    )
    return _unstored(make_response(page, status))
