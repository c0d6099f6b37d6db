"""Who has to be told that nobody owns a referral, worked out from time alone, so that no alert can be lost.

Plain functions on plain values. Whose account still works, and when the clock says what, is handed in; letters and
pages are made elsewhere from the same answers.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import IntEnum

from outreach.errors import N_, Finding, Invalid
from outreach.vocab import ReferralState

from .rules import ends


class Level(IntEnum):
    """Who is told; whoever was told before goes on seeing it."""

    NOBODY = 0
    LIAISONS = 1
    LEAD = 2
    COORDINATORS = 3


STEPS = {Level.LIAISONS: 1.0, Level.LEAD: 1.5, Level.COORDINATORS: 2.0}
"""After how many limits each of them is told."""


@dataclass(frozen=True)
class Limits:
    """How long a referral may wait for somebody to own it. SOURCE: screens.md, 4 and 24 hours unless agreed."""

    urgent: dt.timedelta = dt.timedelta(hours=4)
    other: dt.timedelta = dt.timedelta(hours=24)

    def of(self, urgent: bool) -> dt.timedelta:
        return self.urgent if urgent else self.other


@dataclass(frozen=True)
class Standing:
    """One referral as it stands. ``since``: when somebody began to owe the next step; in hand, when it last moved.

    ``liaisons`` and ``lead``: whether the agency has any whose account works; ``owner``: whether the account of who
    picked it up still works for that agency. Without an agency the three say nothing.
    """

    state: str
    since: dt.datetime
    urgent: bool = False
    agency: bool = True
    liaisons: bool = True
    lead: bool = True
    owner: bool = True


def is_left(standing: Standing) -> bool:
    """Whether it was picked up by somebody who cannot go on with it."""
    return standing.state != ReferralState.MADE and not ends(standing.state) and not standing.owner


def unowned(standing: Standing) -> bool:
    """Whether nobody owns it: never picked up, given back, or picked up by somebody whose account ended since."""
    return standing.state == ReferralState.MADE or is_left(standing)


def level(standing: Standing, limits: Limits, now: dt.datetime) -> Level:
    """Who must see it now."""
    passed = [step for step in STEPS if now >= moment(standing, limits, step)]
    return told(standing, max(passed, default=Level.NOBODY))


def told(standing: Standing, by_time: Level) -> Level:
    """Who must see it, when time alone has brought it to ``by_time``.

    What nobody of an agency can take goes to the coordinators at once; what its liaison left goes to the lead at once.
    An agency without a lead has its coordinators told when the lead would be.
    """
    if not unowned(standing):
        return Level.NOBODY
    if not standing.agency or not standing.liaisons:
        return Level.COORDINATORS
    found = max(by_time, Level.LEAD) if is_left(standing) else by_time
    return Level.COORDINATORS if found == Level.LEAD and not standing.lead else found


def numbers(standing: Standing, number: int, passed: tuple[int, ...]) -> dict[Level, int]:
    """How many of ``number`` referrals that stand alike are at each level or above.

    ``passed``: how many of them have waited for each of ``STEPS`` or longer.
    """
    steps = (Level.NOBODY, *STEPS)
    bands = zip(steps, (number, *passed), (*passed, 0), strict=True)
    found = dict.fromkeys(STEPS, 0)
    for by_time, at_least, more in bands:
        for step in STEPS:
            if told(standing, by_time) >= step:
                found[step] += at_least - more
    return found


def moment(standing: Standing, limits: Limits, step: Level) -> dt.datetime:
    """When time alone brings it to that level."""
    return standing.since + limits.of(standing.urgent) * STEPS[step]


def next_at(standing: Standing, limits: Limits, now: dt.datetime) -> tuple[dt.datetime, Level] | None:
    """When somebody more is told, and who, if nothing happens until then; ``None`` where nobody is left to tell."""
    if not unowned(standing):
        return None
    here = level(standing, limits, now)
    for step in STEPS:
        at = moment(standing, limits, step)
        if at > now and (then := level(standing, limits, at)) > here:
            return at, then
    return None


def cutoff(limits: Limits, urgent: bool, step: Level, now: dt.datetime) -> dt.datetime:
    """What has waited since then or longer is at that level by time."""
    return now - limits.of(urgent) * STEPS[step]


# --- the limits of an operation ---------------------------------------------------------------------------------------

LEAST_HOURS, MOST_HOURS = 1, 168
REASONS = {
    "agreed": N_("Agreed with the agencies"),
    "hours": N_("The agencies’ opening hours"),
    "rule": N_("A local rule"),
    "mistake": N_("It was entered wrongly"),
}
"""Why limits change: chosen and not typed, because the journal keeps it."""


def read_limits(urgent: str, other: str, reason: str) -> tuple[Limits, str]:
    """Limits in whole hours as they were typed. Raises ``Invalid`` at ``urgent_hours``, ``hours``, ``why``."""
    findings = []
    read = {}
    for where, typed in (("urgent_hours", urgent), ("hours", other)):
        text = typed.strip()
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0
        if not LEAST_HOURS <= number <= MOST_HOURS:
            message = N_("Enter whole hours, %(least)d to %(most)d.")
            findings.append(Finding(where, message, {"least": LEAST_HOURS, "most": MOST_HOURS}))
        read[where] = number
    if not findings and read["urgent_hours"] > read["hours"]:
        findings.append(Finding("urgent_hours", N_("Urgent ones cannot wait longer than the others.")))
    if reason not in REASONS:
        findings.append(Finding("why", N_("Say why it changes.")))
    if findings:
        raise Invalid(*findings)
    return Limits(dt.timedelta(hours=read["urgent_hours"]), dt.timedelta(hours=read["hours"])), reason
