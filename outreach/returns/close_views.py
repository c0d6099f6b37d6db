"""Closing an operation: every service on one page, worst first, and reminders to the ticked ones."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import force_locale, gettext, ngettext, pgettext

from outreach.auth.permissions import may
from outreach.errors import Invalid
from outreach.plan import invitation_rules
from outreach.vocab import EntryMode
from outreach.web import clock, load, mail
from outreach.web.forms import whole
from outreach.web.guard import guard
from outreach.web.page import LANGUAGES

from . import close_commands as commands
from . import close_rules as rules
from . import figure_words as words
from . import set_commands, set_rules
from .close_forms import RemindForm
from .views import bp

# Where what is missing is put right: the first page that there is, and that the reader may open.
PLACES: dict[str, tuple[tuple[str, str], ...]] = {
    rules.FIGURES: (("returns.figures", "totals.see"), ("returns.totals", "totals.see")),
    rules.SIGN: (("returns.sign_page", "totals.see"), ("returns.totals", "totals.see")),
    rules.TOTALS: (("returns.totals", "totals.see"),),
    rules.LEDGER: (("returns.ledger_service", "totals.see"), ("returns.totals", "totals.see")),
    rules.PHONES: (("field.phones", "phones.see"),),
    rules.HELD: (),
    rules.RETURN: (("returns.service_return", "totals.see"), ("returns.totals", "totals.see")),
}


@bp.get("/operations/<code>/close-out")
@guard("close.see", load=load.operation)
def close_out(operation: Any) -> Any:
    return _show(operation)


def _show(operation: Any, problem: Invalid | None = None, ticked: frozenset[int] = frozenset()) -> str:
    g.operation = operation
    wanted, sort = request.args.get("state", ""), request.args.get("sort", "worst")
    found = commands.close_out(operation, sort)
    batch = commands.batch_of(found.lines, request.args.get("batch", "")[:36])
    if batch.total:
        ticked = frozenset(one.part.service_id for one in found.lines if one.part.participation_id in batch.failed)
    since = set_commands.changed_since(operation)
    form = RemindForm() if problem else RemindForm(formdata=None)
    return render_template(
        "returns/close.html",
        operation=operation,
        found=found,
        lines=[_line(line, operation) for line in found.lines if wanted in ("", line.rank)],
        ranks={rank: gettext(text) for rank, text in rules.RANKS.items()},
        sorts=[(code, gettext(text)) for code, (text, _) in rules.SORTS.items()],
        wanted=wanted if wanted in rules.RANKS else "",
        sort=sort if sort in rules.SORTS else "worst",
        heads=[pgettext("column", "Met"), pgettext("column", "Accepted"), pgettext("column", "Charged")],
        in_all=[words.short(words.of(found.in_all[code])) for code in commands.COLUMNS],
        covered=words.covered(found.reported, found.expected),
        since=since,
        moved=[words.label(one.key[0]) for one in since[1]] if since else [],
        latest=words.signed(since[0]) if since else "",
        locks=may(g.actor, "figures.lock", g.target) and operation.status in set_rules.TAKING,
        sends=may(g.actor, "close.remind", g.target),
        drops=_url("returns.dropping", operation) if may(g.actor, "returns.drop", g.target) else "",
        by_mail=mail.configured(current_app.config["OUTREACH"]),
        ticked=ticked,
        batch=batch,
        troubles={code: gettext(text) for code, text in invitation_rules.TROUBLES.items()},
        form=form,
        errors=[_error(finding) for finding in problem.findings] if problem else [],
    )


def _error(finding: Any) -> tuple[str, str]:
    text = gettext(finding.message, **finding.params) if finding.params else gettext(finding.message)
    return ("again" if finding.where == "again" else "select-all", text)


def _url(endpoint: str, operation: Any, **more: Any) -> str:
    return url_for(endpoint, code=operation.code, **more) if endpoint in current_app.view_functions else ""


def _line(line: commands.Line, operation: Any) -> dict[str, Any]:
    standing = line.standing
    return {
        "line": line,
        "url": _place(rules.FIGURES, line, operation),
        "mode": gettext("Totals") if line.part.entry_mode == EntryMode.DAILY_TOTALS else gettext("Contacts"),
        "elsewhere": line.part.code if line.part.operation_id != operation.id else "",
        "tag": rules.TAGS.get(line.rank, "waiting"),
        "lacks": [{"text": _lack(lack), "url": _place(lack.place, line, operation)} for lack in line.lacks[:3]],
        "more": max(0, len(line.lacks) - 3),
        "figures": [words.short(words.of(line.figures[code])) for code in commands.COLUMNS],
        "signed_at": standing.signed_at,
        "reminded": line.reminders[0] if line.reminders else None,
    }


def _place(place: str, line: commands.Line, operation: Any) -> str:
    for endpoint, action in PLACES[place]:
        if endpoint in current_app.view_functions and may(g.actor, action, g.target):
            rule = next(current_app.url_map.iter_rules(endpoint))
            more = {"service_id": line.part.service_id} if "service_id" in rule.arguments else {}
            code = line.part.code if more else operation.code
            return url_for(endpoint, code=code, **more)
    return ""


def _lack(lack: rules.Lack) -> str:
    """What is missing, in the reader's words."""
    params = dict(lack.params)
    if lack.place == rules.PHONES:
        contacts = ngettext("%(num)s contact not sent", "%(num)s contacts not sent", params["num"])
        return f"{contacts} {ngettext('on %(num)s phone', 'on %(num)s phones', params['phones'])}"
    if lack.place == rules.HELD:
        return ngettext("%(num)s record waits for a decision", "%(num)s records wait for a decision", params["num"])
    if lack.days:
        params["days"] = words.short_days(lack.days)
    if lack.measure:
        params["measure"] = words.label(lack.measure)
    return gettext(lack.message, **params) if params else gettext(lack.message)


# --- reminders --------------------------------------------------------------------------------------------------------


def _ticked() -> list[int]:
    return [number for text in request.form.getlist("service") if (number := whole(text))]


@bp.post("/operations/<code>/close-out/remind")
@guard("close.remind", load=load.operation, writes=False)
def remind(operation: Any) -> Any:
    """Put the letters on record (the command holds the write), then let them leave beside the request."""
    ticked, settings = _ticked(), current_app.config["OUTREACH"]
    try:
        if not mail.configured(settings):
            raise Invalid.at("service", invitation_rules.NO_MAIL)
        batch, ready, left_out = commands.queue_reminders(
            g.actor, operation, ticked, again=bool(RemindForm().again.data)
        )
    except Invalid as problem:
        return _show(operation, problem, frozenset(ticked)), 422
    letters = [mail.Letter(one.reminder, one.desk, *_both(one, operation)) for one in ready]
    mail.post(current_app._get_current_object(), letters, commands.note_posted)  # type: ignore[attr-defined] # a proxy
    if left_out:
        flash(
            ngettext(
                "%(num)s service was reminded within the hour and got no second letter.",
                "%(num)s services were reminded within the hour and got no second letter.",
                left_out,
            )
        )
    return redirect(url_for(".close_out", code=operation.code, batch=batch), code=303)


@bp.post("/operations/<code>/close-out/letters")
@guard("close.remind", load=load.operation, writes=False)
def reminder_letters(operation: Any) -> Any:
    """Letters with their links, to copy one by one."""
    ticked = _ticked()
    try:
        ready = commands.write_reminders(g.actor, operation, ticked)
    except Invalid as problem:
        return _show(operation, problem, frozenset(ticked)), 422
    g.operation = operation
    shown = [
        {"one": one, "link": _address(one), "texts": [(lang, *_letter(one, operation, lang)) for lang in LANGUAGES]}
        for one in ready
    ]
    answer: Response = make_response(
        render_template("returns/close_letters.html", operation=operation, letters=shown, ticked=ticked)
    )
    answer.headers["Cache-Control"] = "no-store"  # the links open a form
    return answer


@bp.post("/operations/<code>/close-out/reminded")
@guard("close.remind", load=load.operation, writes=False)
def note_reminded(operation: Any) -> Any:
    """The letters went out by other means."""
    ticked = _ticked()
    try:
        done = commands.mark_reminded(g.actor, operation, ticked, again=bool(RemindForm().again.data))
    except Invalid as problem:
        return _show(operation, problem, frozenset(ticked)), 422
    flash(ngettext("%(num)s reminder is noted as sent.", "%(num)s reminders are noted as sent.", done))
    return redirect(url_for(".close_out", code=operation.code), code=303)


def _address(one: commands.Ready) -> str:
    base = (current_app.config["OUTREACH"].public_url or request.host_url).rstrip("/")
    if one.token and "returns.link_page" in current_app.view_functions:
        return base + url_for("returns.link_page", token=one.token)
    endpoint = "returns.figures" if "returns.figures" in current_app.view_functions else "returns.totals"
    return base + url_for(endpoint, code=one.part.code, service_id=one.part.service_id)


def _letter(one: commands.Ready, operation: Any, language: str) -> tuple[str, str]:
    """Subject and text in one language."""
    with force_locale(language):
        ends = clock.local(one.ends_at, operation.time_zone)
        params = {
            "service": one.part.service,
            "operation": operation.name,
            "link": _address(one),
            "until": clock.long_day(ends.date() if ends else None),
            "coordinator": g.actor.name,
        }
        lines = rules.letter_lines(one.rank, one.part.entry_mode, linked=bool(one.token))
        return f"{operation.name}: {gettext(rules.SUBJECT)}", "\n\n".join(gettext(line, **params) for line in lines)


def _both(one: commands.Ready, operation: Any) -> tuple[str, str]:
    """Subject and text in both languages, as an e-mail carries them."""
    texts = [_letter(one, operation, language) for language in LANGUAGES]
    subjects = dict.fromkeys(subject.removeprefix(f"{operation.name}: ") for subject, _ in texts)
    return f"{operation.name}: {' / '.join(subjects)}", "\n\n– – –\n\n".join(text for _, text in texts) + "\n"
