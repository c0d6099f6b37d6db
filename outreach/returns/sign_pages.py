"""What the two pages of a service's figures show, in the reader's words. No writes, nothing is counted.

Totals, adjustments and states come from ``figures``; here they are put side by side, each with the page where it is
put right.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from flask import g, url_for
from flask_babel import gettext, ngettext
from markupsafe import Markup

from outreach.auth.permissions import may
from outreach.rollup.checks import Check
from outreach.rollup.completeness import Came
from outreach.rollup.days import WITHOUT_DAY
from outreach.rollup.measures import Family, Measure
from outreach.rollup.measures import measure as measure_of
from outreach.rollup.reconcile import apart
from outreach.storage.queries import access, operations
from outreach.storage.queries import sign_offs as rows
from outreach.storage.tables import Operation, Participation, SignOff
from outreach.storage.types import EPOCH_DAY
from outreach.vocab import Bound, CellState, EntryMode, SignState
from outreach.web import clock

from . import figure_words as words
from . import figures, sign_rules
from .sign_commands import Ready

SHOWN_FIRST = "persons_met"
WINDOW = -1


def day_words(day: int | str) -> str:
    """A row of a table by day."""
    if isinstance(day, int):
        return gettext("Whole window") if day == WINDOW else clock.iso_day(EPOCH_DAY + dt.timedelta(days=day))
    said = {"before": gettext("Before the window"), "after": gettext("After the window")}
    return said.get(day, gettext("Without a day"))


# --- where something is put right -------------------------------------------------------------------------------------


def fix_url(operation: Operation, service_id: int, mode: str, measure: Measure | None, place: str = "") -> str:
    """The page on which the reader changes a figure of the service; '' where there is none for her."""
    here = {"code": operation.code, "service_id": service_id}
    target = g.target
    if place == "unsent":
        return url_for("field.phones", code=operation.code) if may(g.actor, "phones.see", target) else ""
    if place == "held":
        return url_for("field.held_list", **here) if may(g.actor, "held.see", target) else ""
    if mode == EntryMode.DAILY_TOTALS or measure is None or measure.family is Family.PERSONNEL:
        return url_for("returns.totals", **here)
    if measure.family is Family.ENFORCEMENT:
        return url_for("field.charges_list", **here) if may(g.actor, "charges.see", target) else ""
    return url_for("field.contacts_list", **here) if may(g.actor, "contacts.list", target) else ""


def said_of(check: Check) -> str:
    """What does not fit, with its measure."""
    text = gettext(check.message, **check.params) if check.params else gettext(check.message)
    code = check.where.get("measure")
    return gettext("%(measure)s: %(part)s", measure=words.label(code), part=text) if code else text


def problems(operation: Operation, participation: Participation, ready: Ready) -> list[dict[str, str]]:
    """What stands in the way of a final signature, each with where to put it right."""
    found = []
    for check in ready.book.checks:
        if sign_rules.is_problem(check):
            code = check.where.get("measure")
            measure = measure_of(code) if code else None
            url = fix_url(operation, participation.service_id, ready.mode, measure)
            found.append({"text": said_of(check), "url": url})
    for one in ready.hindrances:
        if one.code in ("unsent", "held"):
            url = fix_url(operation, participation.service_id, ready.mode, None, one.code)
            found.append({"text": gettext(one.message, **one.params), "url": url})
    return found


def questions(ready: Ready) -> list[str]:
    """Where records and what was told differ, or something should be looked at; nothing of it stands in the way."""
    return [said_of(check) for check in ready.book.checks if not sign_rules.is_problem(check)]


# --- the figures, by day and in all -----------------------------------------------------------------------------------


def chosen_measure(ready: Ready, asked: str) -> Measure | None:
    """The figure that the table by day shows."""
    known = {measure.code: measure for measure in _shown(ready)}
    return known.get(asked) or known.get(SHOWN_FIRST) or next(iter(known.values()), None)


def _shown(ready: Ready) -> list[Measure]:
    """Figures that are known, and those that the service is asked for."""
    return [m for m in ready.measures if m.code in ready.figures or sign_rules.asked(m, ready.mode)]


def before_of(operation: Operation, service_id: int) -> figures.ServiceBook | None:
    """The service's figures in the edition that this one was copied from, if it took part and the reader may see it."""
    if operation.copied_from_id is None:
        return None
    last = operations.by_id(operation.copied_from_id)
    if last is None or last.is_rehearsal or operations.participation(last.id, service_id) is None:
        return None
    if not may(g.actor, "totals.see", access.service_target(last, service_id)):
        return None
    return figures.book_of(last.id, service_id)


def in_all(ready: Ready, before: figures.ServiceBook | None, url: Any) -> list[dict[str, Any]]:
    """A line for every figure of the window: records or totals, adjustments, sum, the last edition."""
    lines = []
    for measure in _shown(ready):
        figure = ready.book.whole.get(measure.code)
        total = None if figure is None or figure.value is None else int(figure.value)
        made, added = apart(total, ready.book.added, measure.code)
        label = Markup('<a href="{}">{}</a>').format(url(measure.code), words.label(measure.code))
        lines.append(
            {
                "figure": label if measure.by_day else words.label(measure.code),
                "made": "" if made is None else words.number(made),
                "added": signed(added) if added else "",
                "total": with_bound(total, figure.bound if figure else Bound.UNKNOWN),
                "last": _value(before.whole.get(measure.code)) if before else "",
                "needs": total is None,
            }
        )
    return lines


def by_day(
    ready: Ready,
    measure: Measure,
    before: figures.ServiceBook | None,
    added: Mapping[tuple[str, int], list[rows.Added]],
) -> list[dict[str, Any]]:
    """A line for every day of one figure; other rows only where there is something."""
    book, lines = ready.book, []
    cells = {cell.day: cell for cell in book.cells.get(measure.code, ())}
    last = _by_number(before, measure.code)
    outside = [day for (code, day) in book.days if code == measure.code and isinstance(day, str)]
    for day in [*sorted(cells), *outside]:
        figure, cell = book.days.get((measure.code, day)), cells.get(day) if isinstance(day, int) else None
        if cell is None and (figure is None or not figure.value):
            continue
        if cell is not None and cell.state is CellState.NOT_A_DAY and cell.value is None:
            continue
        value = cell.value if cell is not None else int(figure.value or 0) if figure is not None else None
        placed = day if isinstance(day, int) else WINDOW if day == WITHOUT_DAY else None
        made = apart(value, book.added, measure.code, placed)[0] if placed is not None else value
        number = day - book.first if isinstance(day, int) and book.first >= 0 else None
        lines.append(
            {
                "day": day_words(day),
                "made": "" if made is None else words.number(made),
                "added": _added(added.get((measure.code, placed), []) if placed is not None else []),
                "total": "" if value is None else words.number(value),
                "last": last.get(number, "") if number is not None else "",
                "state": gettext(cell.state.label) if cell is not None and not cell.known else "",
                "needs": cell is not None and cell.missing,
            }
        )
    return lines


def _by_number(before: figures.ServiceBook | None, code: str) -> dict[int, str]:
    if before is None or before.first < 0:
        return {}
    return {
        day - before.first: _value(figure)
        for (name, day), figure in before.days.items()
        if name == code and isinstance(day, int)
    }


def _value(figure: Any) -> str:
    return "" if figure is None or figure.value is None else words.number(figure.value)


def _added(found: list[rows.Added]) -> Markup:
    line = Markup('{} <span class="quiet">{}</span>')
    parts = [line.format(signed(one.amount), " · ".join(filter(None, (one.reason, one.by)))) for one in found]
    return Markup("<br>").join(parts)


def signed(amount: int) -> str:
    """An adjustment with its sign: ``+2``, ``−1``."""
    return f"+{words.number(amount)}" if amount > 0 else f"−{words.number(-amount)}"


def with_bound(value: int | float | None, bound: Bound) -> str:
    """A figure as the service signs it: ``13``, ``at least 3``."""
    if value is None or bound not in (Bound.AT_LEAST, Bound.AT_MOST):
        return words.number(value)
    text = words.number(value)
    if bound is Bound.AT_LEAST:
        return gettext("at least %(number)s", number=text)
    return gettext("at most %(number)s", number=text)


# --- how complete, how timely -----------------------------------------------------------------------------------------


def completeness(ready: Ready, operation: Operation) -> list[str]:
    """Two sentences: how many figures that are due are known, and which days came late or have not come."""
    whole, out = ready.book.complete, []
    if whole is not None and whole.due:
        out.append(
            gettext("%(known)s of %(due)s figures that are due are known.", known=whole.known, due=whole.due)
            + (" " + ngettext("%(num)s is a zero.", "%(num)s are zeros.", whole.zero) if whole.zero else "")
        )
    late = [one for one in ready.book.times if one.came is Came.LATE]
    on_time = sum(one.came is Came.ON_TIME for one in ready.book.times)
    if late or on_time:
        said = [f"{day_words(one.day)} ({hours(one.late)})" for one in late]
        out.append(
            gettext("First heard in time: %(count)s.", count=on_time)
            + (" " + gettext("Late: %(days)s.", days=", ".join(said)) if said else "")
        )
    return out


def hours(seconds: int) -> str:
    """By how much something came late."""
    if seconds < 3600:
        return ngettext("%(num)s minute", "%(num)s minutes", max(1, seconds // 60))
    if seconds < 2 * 86_400:
        return ngettext("%(num)s hour", "%(num)s hours", seconds // 3600)
    return ngettext("%(num)s day", "%(num)s days", seconds // 86_400)


# --- signatures -------------------------------------------------------------------------------------------------------


def state_words(standing: rows.Standing | None, zone: str) -> dict[str, str]:
    """Where the signature stands: a tag and one sentence."""
    if standing is None:
        return {"tag": "plain", "label": gettext("Owes no figures"), "text": ""}
    kinds = {SignState.SIGNED: "signed", SignState.PROVISIONAL: "waiting", SignState.REOPENED: "overdue"}
    text = ""
    if standing.version and standing.signed_at is not None:
        moment = clock.local_text(standing.signed_at, zone)
        text = gettext(
            "Version %(version)s, signed by %(name)s, %(moment)s. Hash %(hash)s.",
            version=standing.version,
            name=standing.typed_name,
            moment=moment,
            hash=standing.hash[:12],
        )
    return {"tag": kinds.get(standing.state, "plain"), "label": gettext(standing.state.label), "text": text}


def why_reopened(changed: Any, reason: str) -> list[str]:
    """Why a signature was reopened: what changed, then what was said."""
    said = [gettext(sign_rules.KINDS[kind]) for kind in changed if kind in sign_rules.KINDS]
    return [*said, *([reason] if reason else [])]


def difference(found: Mapping[str, list[int | None]]) -> list[str]:
    """``Persons met: 13 → 14``, figure by figure."""
    return [
        gettext(
            "%(measure)s: %(before)s → %(after)s",
            measure=words.label(code),
            before=words.number(before),
            after=words.number(after),
        )
        for code, (before, after) in found.items()
    ]


def history(signatures: list[tuple[SignOff, str, str]], ready: Ready, zone: str) -> list[dict[str, Any]]:
    """Every version, the latest first, with what moved since it was signed."""
    out = []
    for number, (one, by, reopened_by) in enumerate(signatures):
        moved = one.diff if number else ready.changes
        out.append(
            {
                "version": one.version,
                "signed": clock.local_text(one.signed_at, zone),
                "name": one.typed_name,
                "by": by if by and by != one.typed_name else "",
                "hash": one.figures_hash,
                "provisional": one.provisional,
                "reason": one.reason or "",
                "by_return": bool(one.return_uid),
                "reopened": clock.local_text(one.reopened_at, zone) if one.reopened_at else "",
                "reopened_by": reopened_by,
                "why": why_reopened(one.changed, one.reopened_reason or "")
                or [gettext("Replaced by the next version.")],
                "moved": difference(moved),
            }
        )
    return out


def _signed_value(ready: Ready, measure: Measure, value: int | None, bound: Bound) -> str:
    declined = value is None and any(c.state is CellState.DECLINED for c in ready.book.cells.get(measure.code, ()))
    return gettext(CellState.DECLINED.label) if declined else with_bound(value, bound)


def missing(ready: Ready) -> list[tuple[str, list[str]]]:
    """Days that were not told, each with the figures that are missing: ``2017-10-11 to 2017-10-14``, labels."""
    together: dict[tuple[int, ...], list[str]] = {}
    for code, days in ready.not_told.items():
        together.setdefault(days, []).append(words.label(code))
    return [(spans(days), labels) for days, labels in together.items()]


def spans(days: tuple[int, ...]) -> str:
    """Days in words, those that follow each other as one span."""
    found: list[list[int]] = []
    for day in days:
        if found and day == found[-1][1] + 1 and day != 0:
            found[-1][1] = day
        else:
            found.append([day, day])
    return ", ".join(
        day_words(first)
        if first == last
        else gettext("%(first)s to %(last)s", first=day_words(first), last=day_words(last))
        for first, last in found
    )


def summary(operation: Operation, participation: Participation, ready: Ready) -> list[dict[str, Any]]:
    """The figures that are signed, each with its change since the last version and where it is changed."""
    lines = []
    for measure in _shown(ready):
        figure = ready.book.whole.get(measure.code)
        value = ready.figures.get(measure.code)
        notes = []
        if value is None:
            notes.append(gettext("not signed"))
        elif days := ready.trust[measure.code]["not_told"]:
            notes.append(ngettext("%(num)s day was not told", "%(num)s days were not told", len(days)))
        if measure.code in ready.changes:
            before = words.number(ready.changes[measure.code][0])
            notes.append(gettext("%(number)s in the version signed last", number=before))
        lines.append(
            {
                "key": words.label(measure.code),
                "value": _signed_value(ready, measure, value, figure.bound if figure else Bound.UNKNOWN),
                "plain": value is None,
                "note": "; ".join(notes),
                "url": fix_url(operation, participation.service_id, ready.mode, measure),
            }
        )
    return lines
