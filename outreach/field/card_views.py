"""The check card: what was answered, what is taken over from the last contact and from where, what hides behind More.

Makes the page's values from answers; saves nothing and decides nothing.
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from flask import g, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from wtforms.fields.choices import SelectChoice

from outreach.auth.permissions import may
from outreach.errors import N_, Blocked, Invalid
from outreach.plan import agency_commands, agency_rules, agency_words
from outreach.storage.days import operational_day
from outreach.storage.queries import contacts, phones
from outreach.storage.queries import field as rows
from outreach.storage.types import utc_now
from outreach.vocab import Role
from outreach.web import clock

from . import forms, rules

Values = dict[str, list[str]]

# What the last contact lends to the next one.
LENT = ("place_kind", "municipality", "approach")
# Fields that the questions give; everything else on the card is typed there.
ASKED = ("code", "age", "gender", "answer", "reach_by", "safe_way", "urgent")


def own_places() -> list[rows.LoggingPlace]:
    """Teams the signed-in person may log for."""
    found = rows.teams_to_log_for(g.actor.teams, led_services())
    return [place for place in found if may(g.actor, "contact.log", place.target)]


def led_services() -> set[int]:
    return {b.service for b in g.actor.bounds if b.role is Role.SERVICE_COORDINATOR and b.service is not None}


def today_begins(place: Any) -> dt.datetime:
    """When the operational day of now began where ``place`` (a team's or an operation) is; midnight UTC without one."""
    zone, minutes = (place.time_zone, place.day_starts_minutes) if place else ("UTC", 0)
    day = operational_day(utc_now(), zone, minutes)
    begins = dt.datetime.combine(day, dt.time(minutes // 60, minutes % 60), ZoneInfo(zone))
    return begins.astimezone(dt.UTC)


def place_of(answers: dict[str, Any]) -> rows.LoggingPlace:
    """The team that the draft is for; raises ``Blocked`` when it was cancelled since."""
    place = rows.logging_place(str(answers["team"]))
    if place is None:
        raise Blocked(
            N_("This team was cancelled while you were typing."),
            N_("Your answers are kept: open My shift and choose another team."),
        )
    return place


def typed(fields: Values) -> Values:
    """Of a posted check card, what was typed on it: kept with the draft while a question is asked again."""
    return {
        name: values
        for name, values in fields.items()
        if name.partition("-")[0] not in (*ASKED, "csrf", "csrf_token", "change", "uid", "result", "persons")
    }


def change(draft: Any, answers: dict[str, Any], what: str) -> Any:
    """Where a Change button leads: to its question, or into More of the same card."""
    if what in rules.steps(answers) and what != "check":
        return redirect(url_for("field.question", uid=draft.uid, step=what), code=303)
    named = what in ("met_at", "team", "place_kind", "approach") or what.startswith("agency-")
    anchor = what if named else "more"
    return redirect(url_for("field.question", uid=draft.uid, step="check", more="open", _anchor=anchor), code=303)


def show(draft: Any, answers: dict[str, Any]) -> Any:
    """The card of a draft."""
    more: Values = answers.get("more") or {}
    place = place_of({"team": _one(more, "team") or answers["team"]})
    last = contacts.last_contact(draft.user_id, draft.operation_id)
    values = hidden_of(draft.uid, answers)
    values["met_at"] = [_local(draft.started_at, place.time_zone)]
    origin: dict[str, str] = {"met_at": gettext("when you began")}
    if last is not None:
        said = gettext("from your %(time)s contact", time=clock.spoken_time(last.met_at, place.time_zone))
        for name in LENT:
            values[name] = [getattr(last, name)]
            origin[name] = said if getattr(last, name) else ""
    for name, kept in more.items():
        if values.get(name) != kept:
            origin.pop(name, None)
        values[name] = kept
    for n in range(1, rules.count_of(answers) + 1):
        values[f"agreed-{n}"] = _agreed(n, answers, more)
    return _card(place, values, origin, draft=draft, answers=answers)


def _agreed(number: int, answers: dict[str, Any], more: Values) -> list[str]:
    """What is ticked: as the card states it the first time, then as it was left."""
    stated = []
    for what in ("record", "refer"):
        if what == "refer" and answers.get(f"support-{number}") != "accepted":
            continue
        asked = what in more.get(f"asked-{number}", ())
        if not asked or what in more.get(f"agreed-{number}", ()):
            stated.append(what)
    return stated + [what for what in more.get(f"agreed-{number}", ()) if what in ("talk", "share", "any")]


def hidden_of(uid: str, answers: dict[str, Any]) -> Values:
    """The answers as the fields of ``rules.read_entry``."""
    count = rules.count_of(answers)
    result = rules.result_of(str(answers.get("what", "")))
    values = {"uid": uid, "team": str(answers["team"]), "result": result, "persons": str(count)}
    for n in range(1, count + 1):
        accepted = answers.get(f"support-{n}") == "accepted"
        reach = answers.get(f"reach-{n}", "") if accepted else ""
        values |= {
            f"code-{n}": answers.get(f"code-{n}", ""),
            f"age-{n}": answers.get(f"age-{n}", "not_known"),
            f"gender-{n}": answers.get(f"gender-{n}", "not_known"),
            f"answer-{n}": answers.get(f"support-{n}", "not_known"),
            f"reach_by-{n}": "" if reach == "not_known" else reach,
            f"safe_way-{n}": answers.get(f"{rules.WAYS[reach]}-{n}", "") if reach in rules.WAYS else "",
            f"urgent-{n}": "yes" if accepted and answers.get(f"urgent-{n}") == "yes" else "",
        }
    return {name: [str(value)] for name, value in values.items()}


def answers_in(values: Values) -> dict[str, Any]:
    """The other way round: the answers behind a posted card, to show it again."""
    result, count = _one(values, "result"), _one(values, "persons")
    number = min(int(count), rules.MOST_PERSONS) if count.isascii() and count.isdigit() and len(count) < 4 else 1
    what = result if result != "met" else ("several" if number > 1 else "met")
    answers: dict[str, Any] = {"team": _one(values, "team"), "what": what, "count": str(number)}
    for n in range(1, number + 1):
        answers |= {
            f"code-{n}": _one(values, f"code-{n}"),
            f"age-{n}": _one(values, f"age-{n}"),
            f"gender-{n}": _one(values, f"gender-{n}"),
            f"support-{n}": _one(values, f"answer-{n}"),
            f"reach-{n}": _one(values, f"reach_by-{n}") or "not_known",
            f"phone-{n}": _one(values, f"safe_way-{n}"),
            f"way-{n}": _one(values, f"safe_way-{n}"),
            f"urgent-{n}": _one(values, f"urgent-{n}") or "no",
        }
    return answers


def refused(place: rows.LoggingPlace, values: Values, problem: Invalid) -> str:
    """The posted card again, everything kept, with what is wrong at its fields."""
    draft = rows.draft(_one(values, "uid"))
    if draft is not None and draft.user_id != g.actor.user:
        draft = None
    return str(_card(place, values, {}, draft=draft, answers=answers_in(values), problem=problem))


def _one(values: Values, name: str) -> str:
    found = values.get(name)
    return found[0] if found else ""


def _local(at: dt.datetime, zone: str) -> str:
    return clock.local_text(at, zone)


def _card(
    place: rows.LoggingPlace,
    values: Values,
    origin: dict[str, str],
    *,
    draft: Any,
    answers: dict[str, Any],
    problem: Invalid | None = None,
) -> Any:
    count = rules.count_of(answers)
    agencies = rows.agencies_for(place.operation_id, place.root_id) if count else []
    teams = [(p.team_uid, p.name) for p in own_places() if p.operation_id == place.operation_id]
    calls = _agencies_of_each(place, answers, values) if agencies else {}
    form = forms.more_form(values, count, teams, agencies)
    for n, call in calls.items():
        form[f"agency-{n}"].choices = [SelectChoice(str(key), said) for key, said in call["options"]]
    if problem is not None:
        form.take(problem)
    before = rules.step_before(answers, "check")
    hidden = [(name, value) for name, many in values.items() for value in many if name not in form and _is_hidden(name)]
    return render_template(
        "field/check.html",
        place=place,
        draft=draft,
        form=form,
        errors=form if problem is not None else None,
        hidden=hidden,
        persons=[_person(n, answers, values) for n in range(1, count + 1)],
        rows=_rows(place, answers, values, origin, len(teams) > 1),
        agencies=agencies,
        calls=calls,
        municipalities=[name for name, *_ in phones.places_of(place.operation_id).municipalities],
        back=before,
        sent=contacts.sent_since(g.actor.user, today_begins(place)),
        now=utc_now(),
        opened=problem is not None or request.args.get("more") == "open",
    )


def call_first(place: rows.LoggingPlace, answers: dict[str, Any], number: str) -> dict[str, Any] | None:
    """Whom to call first for a person; the place is that of the last contact until another is said."""
    more: Values = answers.get("more") or {}
    last = contacts.last_contact(g.actor.user, place.operation_id)
    area = _one(more, "municipality") or (last.municipality if last is not None else "")
    agencies = agency_commands.agencies_for(place.operation_id, place.root_id)
    about = {"band": str(answers.get(f"age-{number}", "")), "needs": more.get(f"needs-{number}", ()), "area": area}
    return _call(agencies, place, **about)


def _call(agencies: list[agency_rules.Agency], place: rows.LoggingPlace, **about: Any) -> dict[str, Any] | None:
    if not agencies:
        return None
    now = utc_now()
    choices = agency_rules.ranked(agencies, now, **about)
    return {
        "heading": agency_words.heading(choices),
        "lines": [agency_words.line(choice, now, place.time_zone) for choice in choices],
        "options": agency_words.options(choices, now, place.time_zone),
    }


def _agencies_of_each(place: rows.LoggingPlace, answers: dict[str, Any], values: Values) -> dict[int, Any]:
    """Whom to call first for each person; one that was only offered gives way to whoever comes first now."""
    agencies = agency_commands.agencies_for(place.operation_id, place.root_id)
    found = {}
    for n in range(1, rules.count_of(answers) + 1):
        if _one(values, f"agency-{n}") == _one(values, f"offered-{n}"):
            values.pop(f"agency-{n}", None)
        about = {"band": answers.get(f"age-{n}", ""), "needs": values.get(f"needs-{n}", ())}
        found[n] = _call(agencies, place, **about, area=_one(values, "municipality"))
        chosen = [line for line in found[n]["options"] if str(line[0]) == _one(values, f"agency-{n}")]
        if chosen:
            at = found[n]["options"].index(chosen[0])
            found[n]["lines"].insert(0, found[n]["lines"].pop(at))
            found[n]["heading"] = gettext("The referral goes to %(name)s", name=found[n]["lines"][0]["name"])
    return found


def _is_hidden(name: str) -> bool:
    return name in ("uid", "team", "result", "persons") or name.rpartition("-")[0] in ASKED


def _person(number: int, answers: dict[str, Any], values: Values) -> dict[str, Any]:
    """One person on the card: her code, her rows, her agreements."""
    n = f"-{number}"
    support = answers.get("support" + n, "")
    found = [
        (gettext("Age band"), _label(forms.SHORT_AGES, answers.get("age" + n)), "age" + n),
        (gettext("Gender"), _label(forms.SHORT_GENDERS, answers.get("gender" + n)), "gender" + n),
        (gettext("Support"), _label(forms.SUPPORT, support), "support" + n),
    ]
    if support == "accepted":
        found.append((gettext("Reach by"), _label(forms.REACH, answers.get("reach" + n)), "reach" + n))
        if answers.get("reach" + n) == "safe_phone":
            found.append((gettext("Safe number"), gettext("kept, sealed to the agency"), "phone" + n))
        if answers.get("reach" + n) == "other_way":
            found.append((gettext("Safe way"), gettext("kept, sealed to the agency"), "way" + n))
        found.append(
            (gettext("Urgent"), gettext("Yes") if answers.get("urgent" + n) == "yes" else gettext("No"), "urgent" + n)
        )
    code = rules.read_code(answers.get("code" + n, "")) or ""
    return {
        "number": number,
        "code": rules.shown_code(code) if code else "",
        "rows": [{"key": key, "value": value, "change": step} for key, value, step in found],
        "agreed": values.get("agreed" + n, []),
        "accepted": support == "accepted",
        "offers_reason": support in ("declined", "not_offered", "undecided", "not_known"),
    }


def _label(words: dict[str, Any], code: Any) -> Any:
    return words.get(code, gettext("Not known"))


def _rows(
    place: rows.LoggingPlace, answers: dict[str, Any], values: Values, origin: dict[str, str], several_teams: bool
) -> dict[str, Any]:
    """The rows above the persons (what happened) and below them (when, where, how)."""
    count = rules.count_of(answers)
    what = forms.WHAT.get(answers.get("what"), gettext("Not known"))
    if answers.get("what") == "several":
        what = ngettext("%(num)d person", "%(num)d persons", count)
    elif answers.get("what") == "met":
        what = gettext("One person")
    at = rules.read_moment(_one(values, "met_at"), place.time_zone)
    kind = forms.labels("place_kinds").get(_one(values, "place_kind"), "")
    where = ", ".join(part for part in (str(kind), _one(values, "municipality")) if part)
    how = forms.labels("approaches").get(_one(values, "approach"), "")
    return {
        "first": [
            {"key": gettext("Met") if count else gettext("What happened"), "value": what, "change": "what"},
        ],
        "last": [
            {
                "key": gettext("When"),
                "value": clock.spoken_moment(at, place.time_zone) if at else _one(values, "met_at"),
                "note": origin.get("met_at"),
                "change": "met_at",
            },
            {
                "key": gettext("Place"),
                "value": where or gettext("Not said"),
                "note": origin.get("place_kind") or origin.get("municipality"),
                "change": "place_kind",
            },
            {
                "key": gettext("Through"),
                "value": how or gettext("Not said"),
                "note": origin.get("approach"),
                "change": "approach",
            },
            {"key": gettext("Team"), "value": place.name, "change": "team" if several_teams else ""},
        ],
    }


def so_far(answers: dict[str, Any], step: str) -> list[Any]:
    """The answers of the person who is being asked about, in the words of the buttons."""
    kind, _, number = step.partition("-")
    said = [forms.WHAT[answers["what"]]] if answers.get("what") in forms.WHAT and kind != "what" else []
    if number and rules.count_of(answers) > 1:
        said = [gettext("Person %(number)s of %(count)d", number=number, count=rules.count_of(answers))]
    for name, words in (("age", forms.SHORT_AGES), ("gender", forms.SHORT_GENDERS), ("support", forms.SUPPORT)):
        if name == kind:
            break
        given = answers.get(f"{name}-{number}") if number else None
        if given in words:
            said.append(words[given])
    return said
