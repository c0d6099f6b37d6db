"""Rules of shifts: what one shift may say, and everything that is wrong with a plan, worst first.

Hours worked are real hours: they are taken between moments, never between the times that clocks show. Pure: no SQL, no
Flask. Here the rest of the house finds what ``clash_rules``, ``coverage_rules`` and ``shift_problem_rules`` offer; how
shifts are copied is in ``shift_copy_rules``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace

from outreach.errors import N_, Finding

from .clash_rules import LEAST_REST, gone, has_to_go, impossible, people
from .coverage_rules import gaps, municipalities, services, teams
from .shift_problem_rules import (
    KINDS,
    LONGEST_SHIFT,
    RANK,
    Busy,
    Facts,
    Kind,
    Member,
    PlannedShift,
    PlannedTeam,
    ShiftProblem,
    Stretch,
    TakingPart,
    View,
    clock,
    person_of,
)

FARTHEST = dt.timedelta(days=92)
LONGEST_TEXT = 120
MOST_PLACES = 99

__all__ = [
    "Busy",
    "FARTHEST",
    "Facts",
    "KINDS",
    "Kind",
    "LEAST_REST",
    "LONGEST_SHIFT",
    "LONGEST_TEXT",
    "MOST_PLACES",
    "Member",
    "PlannedShift",
    "PlannedTeam",
    "ShiftDraft",
    "ShiftProblem",
    "Stretch",
    "TakingPart",
    "check_shift",
    "clock",
    "overlap",
    "person_of",
    "problems",
]


# --- one shift --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ShiftDraft:
    """What a plan says of one shift. ``places``: people needed; ``crew``: staff ids, ``None`` for the whole team."""

    starts_at: dt.datetime | None
    ends_at: dt.datetime | None
    place: str = ""
    channel: str = ""
    places: int | None = None
    crew: tuple[int, ...] | None = None

    def in_utc(self) -> ShiftDraft:
        """The same with both moments in UTC and its texts trimmed: two moments of one zone would compare as clocks."""
        return replace(
            self,
            starts_at=self.starts_at and self.starts_at.astimezone(dt.UTC),
            ends_at=self.ends_at and self.ends_at.astimezone(dt.UTC),
            place=self.place.strip(),
            channel=self.channel.strip(),
            crew=None if self.crew is None else tuple(sorted(set(self.crew))),
        )


def overlap(one: Stretch, other: Stretch) -> bool:
    """Whether two stretches share a moment; those that only touch do not."""
    return one[0] < other[1] and other[0] < one[1]


def check_shift(
    draft: ShiftDraft,
    *,
    zone: str,
    members: Iterable[int],
    others: Iterable[Stretch] = (),
    window: tuple[dt.datetime | None, dt.datetime | None] = (None, None),
    team_cancelled: bool = False,
) -> list[Finding]:
    """Findings at the fields of the shift's form.

    ``members``: staff ids of the team; ``others``: when the team's other standing shifts are; ``window``: the
    operation's, from which a shift may lie three months at most (a wrong year).
    """
    said = draft.in_utc()
    found = _times(said, zone, others, window)
    if team_cancelled:
        found.insert(0, Finding("team", N_("This team is cancelled. Set it up again, or choose another.")))
    for where, text in (("place", said.place), ("channel", said.channel)):
        if len(text) > LONGEST_TEXT:
            found.append(Finding(where, N_("Write %(most)d characters or fewer."), {"most": LONGEST_TEXT}))
    if said.places is not None and not 1 <= said.places <= MOST_PLACES:
        words = N_("Enter a whole number from 1 to %(most)d, or nothing when nobody said.")
        found.append(Finding("places", words, {"most": MOST_PLACES}))
    if said.crew is not None and not set(said.crew) <= set(members):
        found.append(Finding("crew", N_("Choose people who are in the team now.")))
    return found


def _times(
    said: ShiftDraft, zone: str, others: Iterable[Stretch], window: tuple[dt.datetime | None, dt.datetime | None]
) -> list[Finding]:
    starts_at, ends_at = said.starts_at, said.ends_at
    found = []
    if starts_at is None:
        found.append(Finding("starts_at", N_("Enter when the shift starts.")))
    if ends_at is None:
        found.append(Finding("ends_at", N_("Enter when the shift ends.")))
    if starts_at is None or ends_at is None:
        return found
    if ends_at <= starts_at:
        return [Finding("ends_at", N_("The shift must end after it starts. Enter a later end."))]
    if ends_at - starts_at > LONGEST_SHIFT:
        found.append(Finding("ends_at", N_("The shift lasts longer than 16 hours. Enter an earlier end.")))
    first, last = window
    if (first and starts_at < first - FARTHEST) or (last and starts_at > last + FARTHEST):
        words = N_("The shift lies more than three months from the operation’s window. Check the year.")
        found.append(Finding("starts_on", words))
    for other in others:
        if overlap((starts_at, ends_at), other):
            words = N_("This team has a shift from %(begins)s to %(ends)s already. Enter other times.")
            found.append(Finding("starts_at", words, {"begins": clock(other[0], zone), "ends": clock(other[1], zone)}))
            break
    return found


# --- a whole plan -----------------------------------------------------------------------------------------------------

_RULES = (impossible, has_to_go, gone, people, teams, services, gaps, municipalities)


def problems(facts: Facts) -> list[ShiftProblem]:
    """Everything that is wrong with a plan and that the reader may see, worst first.

    Said once for a person and a pair of shifts, a team, a service, a municipality, or a stretch of hours. A shift that
    has to go anyway (of a cancelled team, of a service that left, without a possible time) is not judged further.
    """
    view = View(facts)
    found = [problem for rule in _RULES for problem in rule(view)]
    found.sort(key=lambda p: (RANK[p.code], p.day or dt.date.max, str(p.params.get("service", "")), p.shift_uid or ""))
    return found
