"""What alerts say where no list is: the letters, the round that sends them, and the lines on pages of coordinators.

No word about any person leaves in a letter, not even a code: it says that a referral waits, and where to look.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from flask import Flask, g, url_for
from flask_babel import force_locale, gettext

from outreach.auth.actors import SYSTEM
from outreach.auth.permissions import may
from outreach.storage.queries import access, consents
from outreach.storage.queries import referral_waits as rows
from outreach.storage.rounds import alone, held
from outreach.storage.types import utc_now
from outreach.vocab import Role
from outreach.web import mail

from . import alert_commands
from .alert_commands import Due, Site
from .alert_rules import Level
from .views import bp

EVERY = 60
"""Seconds between two rounds."""
SWEEPS = "outreach.sweeps"
"""Where later rooms leave what every round does beside the letters: erasing what is kept for a time only."""
TO_WATCH = "outreach.referrals_to_watch"
"""Where lower rooms find ``to_watch``, which they cannot import."""


# --- rounds -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Done:
    """What a round did. ``trouble``: why letters did not leave, in codes of ``web.mail``. ``destroyed``: keys."""

    due: int = 0
    sent: int = 0
    trouble: tuple[str, ...] = ()
    destroyed: int = 0
    busy: bool = False


def send_round(app: Flask, *, count: bool = True) -> Done:
    """Tell everybody who has to be told and was not, and destroy keys that a crash left behind.

    Within an application context. One at a time for the whole site, so that no letter goes out twice; what could not
    be sent is due again in the next one. ``count=False``: where none can leave, do not ask how many there would be.
    """
    with alone("alerts") as mine:
        if not mine:
            return Done(busy=True)
        destroyed = consents.destroy_forgotten_ways()
        for sweep in app.extensions.get(SWEEPS, ()):
            sweep()
        settings = app.config["OUTREACH"]
        by_mail = mail.configured(settings)
        due = alert_commands.letters_due(Site(utc_now())) if by_mail or count else []
        if not due or not by_mail:
            return Done(due=len(due), destroyed=destroyed)
        posted = list(mail.send(settings, _letters(app, due)))
        alert_commands.note_sent(SYSTEM, [due[one.key] for one in posted if not one.trouble], utc_now())
    trouble = tuple(one.trouble for one in posted if one.trouble)
    return Done(len(due), len(posted) - len(trouble), trouble, destroyed)


def _letters(app: Flask, due: list[Due]) -> list[mail.Letter]:
    site = app.config["OUTREACH"].public_url.rstrip("/")
    with app.test_request_context("/"):  # words are found by language only where there is a request
        found = []
        for number, one in enumerate(due):
            with force_locale(one.account.language):
                found.append(mail.Letter(number, one.account.email, gettext("A referral waits"), _text(site)))
    return found


def _text(site: str) -> str:
    where = gettext("See it under Referrals: %(address)s", address=f"{site}/referrals")
    if not site:
        where = gettext("Sign in to Outreach and open Referrals.")
    return "\n\n".join(
        [
            gettext("A referral waits for somebody to take care of it."),
            where,
            gettext("This letter names nobody, on purpose. Write nothing about a person in an answer."),
        ]
    )


def keep_sending(app: Flask, every: float = EVERY, stop: threading.Event | None = None) -> None:
    """A round now and every minute until ``stop``, in one process of this machine; the others wait for it to die."""
    stop = stop or threading.Event()
    while not stop.is_set():
        with held(app.config["OUTREACH"].instance_dir / "alerts.lock") as mine:
            while mine and not stop.is_set():
                _one_round(app)
                stop.wait(every)
        stop.wait(every)


def _one_round(app: Flask) -> None:
    try:
        with app.app_context():
            done = send_round(app, count=False)
        if done.trouble:
            app.logger.warning("%d letters about referrals did not leave: %s", len(done.trouble), done.trouble[0])
    except Exception:  # the next one may go better, and must come
        app.logger.exception("a round of alerts failed")


def begin(app: Flask) -> threading.Thread:
    """Keep sending beside the requests of this process; it ends with the process."""
    thread = threading.Thread(target=keep_sending, args=(app,), name="outreach-alerts", daemon=True)
    thread.start()
    return thread


# --- on pages of coordinators -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ToWatch:
    """Numbers for one line of words. ``late``: nobody owned them for longer than agreed; ``needs``: only a coordinator
    can do something. ``code``: of the operation, '' for several. ``nobody``: no coordinator's account works."""

    late: int
    needs: int
    url: str
    nobody: bool = False


def to_watch(operation: Any = None) -> ToWatch | None:
    """What the actor has to watch over in the operation, or anywhere; ``None`` when there is nothing."""
    if operation is not None:
        if not may(g.actor, "referrals.unowned", access.operation_target(operation)):
            return None
        found = alert_commands.survey(Site(utc_now()), rows.of_operations(access.descendants_of(operation.id)))
        url = url_for("referrals.unowned", code=operation.code)
        return _watching([found], url)
    if Role.OPERATION_COORDINATOR in g.actor.roles:
        return _watching(alert_commands.watched(g.actor, Site(utc_now())).values(), url_for("referrals.waiting"))
    if Role.ADMINISTRATOR in g.actor.roles:
        site = Site(utc_now())
        every = alert_commands.surveys(site, list(site.operations), direct=True)
        orphans = [one for operation_id, one in every.items() if not site.has_coordinator(operation_id)]
        return _watching(orphans, url_for("admin.people"), nobody=True)
    return _lead_watches()


def _lead_watches() -> ToWatch | None:
    """The lead of an agency lands on the overview, too: what is hers to act on is said there."""
    led = [bound.service for bound in g.actor.bounds if bound.role is Role.SERVICE_COORDINATOR and bound.service]
    agencies = frozenset(rows.support_agencies(led)) if led else frozenset()
    if not agencies:
        return None
    site = Site(utc_now(), agencies)
    reaches = [reach for reach in site.reaches(g.actor, Role.SERVICE_COORDINATOR) if reach.agency in agencies]
    found = alert_commands.survey(site, rows.within(reaches))
    late, needs = found.at[Level.LIAISONS], found.at[Level.LEAD]
    return ToWatch(late, needs, url_for("referrals.waiting")) if late else None


def _watching(surveys: Any, url: str, *, nobody: bool = False) -> ToWatch | None:
    found = list(surveys)
    late = sum(one.at[Level.LIAISONS] for one in found)
    needs = sum(one.at[Level.COORDINATORS] for one in found)
    shown = needs if nobody else late
    return ToWatch(late, needs, url, nobody) if shown else None


@bp.record_once
def _offer(state: Any) -> None:
    """Pages of lower rooms show it without knowing this one."""
    state.app.extensions[TO_WATCH] = to_watch
    state.app.jinja_env.globals["referrals_to_watch"] = to_watch
