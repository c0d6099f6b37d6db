"""What the rules say of an agency, in the reader's language. The phone has the same sentences in its own page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from babel.dates import format_date
from flask_babel import get_locale, gettext

from outreach.storage.types import utc_now

from . import agency_commands, agency_rules, agency_text_rules
from .agency_rules import Agency, Choice


def city(zone: str) -> str:
    return zone.rpartition("/")[2].replace("_", " ")


def said(choice: Choice, at: dt.datetime, zone: str = "") -> list[str]:
    """Why it stands where it stands, a sentence each. ``zone``: of the reader; without one the zone is always named."""
    return [sentence(code, values, choice.agency, at, zone) for code, values in choice.reasons]


def hours_said(choice: Choice, at: dt.datetime, zone: str = "") -> str:
    """Only whether it is open, and until or from when."""
    hours = ("always_open", "open_until", "hours_not_said", "opens_today", "opens_on", "closed_long")
    return next(sentence(code, values, choice.agency, at, zone) for code, values in choice.reasons if code in hours)


def sentence(code: str, values: dict[str, Any], agency: Agency, at: dt.datetime, zone: str) -> str:
    if code == "other_age":
        return ages(agency)
    time = _time(values.get("minute"), agency, at, zone)
    return {
        "always_open": lambda: gettext("Open now, day and night"),
        "open_until": lambda: gettext("Open now, until %(time)s", time=time),
        "hours_not_said": lambda: gettext("Hours not known"),
        "opens_today": lambda: gettext("Closed now, opens %(time)s", time=time),
        "opens_on": lambda: gettext("Closed now, opens %(day)s, %(time)s", day=_day(values["day"]), time=time),
        "closed_long": lambda: gettext("Closed for the coming two weeks"),
        "not_taking": lambda: gettext("Takes no referrals now"),
        "lacks_need": lambda: gettext("Does not offer everything that is asked"),
        "other_area": lambda: gettext("Does not serve this place"),
        "names_place": lambda: gettext("Serves this place"),
        "full": lambda: gettext("Full now"),
    }[code]()


def ages(agency: Agency) -> str:
    """The ages that it serves; '' for every age."""
    if agency.age_from is not None and agency.age_to is not None:
        return gettext("Serves %(first)s to %(last)s years", first=agency.age_from, last=agency.age_to)
    if agency.age_from is not None:
        return gettext("Serves %(first)s years and over", first=agency.age_from)
    return gettext("Serves up to %(last)s years", last=agency.age_to) if agency.age_to is not None else ""


def _time(minute: int | None, agency: Agency, at: dt.datetime, zone: str) -> str:
    if minute is None:
        return ""
    time = gettext("%(hour)s:%(minute)s", hour=f"{minute // 60:02d}", minute=f"{minute % 60:02d}")
    if zone and agency_rules.same_clock(agency.zone, zone, at):
        return time
    return gettext("%(time)s (time in %(city)s)", time=time, city=city(agency.zone))


def _day(day: str) -> str:
    return format_date(dt.date.fromisoformat(day), "EEE d MMM", locale=get_locale())


# --- on the screens of a contact --------------------------------------------------------------------------------------


def heading(choices: Sequence[Choice]) -> str:
    """What the first of the choices is: to be called, the first to open, or the nearest to what is asked."""
    first = choices[0]
    if first.can_be_called:
        return gettext("Call first: %(name)s", name=first.agency.name)
    if first.fits and first.agency.taking:
        return gettext("First to open: %(name)s", name=first.agency.name)
    return gettext("None fits; the nearest: %(name)s", name=first.agency.name)


def line(choice: Choice, at: dt.datetime, zone: str) -> dict[str, str]:
    """One agency as the screens show it."""
    agency = choice.agency
    return {
        "name": agency.name,
        "said": " · ".join(said(choice, at, zone)),
        "telephone": agency.telephone,
        "dial": agency_text_rules.dial(agency.telephone),
        "intake": agency.intake,
    }


def options(choices: Sequence[Choice], at: dt.datetime, zone: str) -> list[tuple[int, str]]:
    """The agencies to choose from: each with what stands first about it."""
    return [(choice.agency.id, f"{choice.agency.name} · {said(choice, at, zone)[0]}") for choice in choices]


# --- wherever an agency is chosen or waited for -----------------------------------------------------------------------


def offered(operation_id: int, root_id: int, zone: str, **about: Any) -> list[tuple[int, str]]:
    """The agencies that a referral of the operation can go to, the one to call first first; see ``ranked``."""
    now = utc_now()
    choices = agency_rules.ranked(agency_commands.agencies_for(operation_id, root_id), now, **about)
    return options(choices, now, zone)


def standing(ids: Iterable[int], zone: str = "") -> dict[int, str]:
    """Whether each agency is open, and until or from when; the one to call first first."""
    now = utc_now()
    choices = agency_rules.ranked(agency_commands.agencies_of(ids), now)
    return {choice.agency.id: said(choice, now, zone)[0] for choice in choices}
