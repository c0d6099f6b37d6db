"""Plain rules of a case: what may be written down, when to look again, whether a way to reach can be dialled."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from outreach.errors import N_, Finding
from outreach.vocab import FOLLOW_UP_DAYS, CaseResult, CaseWay, PlanArea, PlanState

NOTE_LETTERS, GOAL_LETTERS, WAY_LETTERS, SAY_LETTERS, WHY_LETTERS = 4000, 300, 200, 200, 1000
LOOK_AGAIN_WITHIN = dt.timedelta(days=730)
YES, NO = "yes", "no"
# What a telephone dials: digits with what people put between them, and an extension. Anything else is a sentence.
_NUMBER = re.compile(r"\+?[\d\s().\-/]+", re.ASCII)
_DIGITS = range(7, 16)


@dataclass(frozen=True)
class Entry:
    """One time in touch. ``way``, ``result``: ``vocab.CaseWay``, ``vocab.CaseResult``; ``safe``: whether the person
    said that the way to reach her is still right: yes, no, or '' when it could not be asked."""

    way: str
    result: str
    safe: str = ""
    note: str = ""
    next_on: dt.date | None = None


@dataclass(frozen=True)
class Goal:
    """What one item of a plan says. ``area``: ``vocab.PlanArea``; ``state``: ``vocab.PlanState``."""

    area: str
    goal: str = ""
    step: str = ""
    due_on: dt.date | None = None
    state: str = PlanState.OPEN.value


@dataclass(frozen=True)
class SafeWay:
    """How the person may be reached: ``text`` and ``voicemail`` are yes, no or ''; ``say``: who to say is calling."""

    way: str
    text: str = ""
    voicemail: str = ""
    say: str = ""


def follow_up_days(picked_up_at: dt.datetime, zone: str) -> list[tuple[int, dt.date]]:
    """``(days, day on which to look again)``, counted from the day of the pick-up as the agency's calendar has it."""
    first = local_day(picked_up_at, zone)
    return [(days, first + dt.timedelta(days=days)) for days in FOLLOW_UP_DAYS]


def may_follow_up(days: int, due_on: dt.date, today: dt.date) -> bool:
    """Whether the follow-up can be recorded: on its day, later, or a seventh of its time early."""
    return today >= due_on - dt.timedelta(days=days // 7)


def local_day(at: dt.datetime, zone: str) -> dt.date:
    return at.astimezone(ZoneInfo(zone)).date()


def entry_findings(said: Entry, on: dt.date) -> list[Finding]:
    """What is wrong with an entry that was made on the day ``on``."""
    found = []
    if said.way not in CaseWay.values():
        found.append(Finding("way", N_("Choose how you were in touch.")))
    if said.result not in CaseResult.values():
        found.append(Finding("result", N_("Choose what came of it.")))
    elif said.result == CaseResult.SPOKE and said.safe not in (YES, NO):
        found.append(Finding("safe", N_("Ask whether this way is still safe, and say what the person answered.")))
    elif said.safe not in (YES, NO, ""):
        found.append(Finding("safe", N_("Choose one of the answers in the list.")))
    elif said.result == CaseResult.UNSAFE and said.safe == YES:
        found.append(Finding("safe", N_("You said that the way is not safe any more: say so here too.")))
    if len(said.note) > NOTE_LETTERS:
        found.append(Finding("note", N_("Shorten it to %(most)s letters."), {"most": NOTE_LETTERS}))
    if said.next_on is not None and not on <= said.next_on <= on + LOOK_AGAIN_WITHIN:
        found.append(Finding("next_on", N_("Enter a day from today on, within two years.")))
    return found


def goal_findings(said: Goal) -> list[Finding]:
    """What is wrong with an item of a plan."""
    found = []
    if said.area not in PlanArea.values():
        found.append(Finding("area", N_("Choose what it is about.")))
    if said.state not in PlanState.values():
        found.append(Finding("state", N_("Choose where the goal stands.")))
    if not said.goal and said.state != PlanState.NOT_WANTED:
        found.append(Finding("goal", N_("Say what the person wants to reach, in her words.")))
    found += [
        Finding(where, N_("Shorten it to %(most)s letters."), {"most": GOAL_LETTERS})
        for where, words in (("goal", said.goal), ("step", said.step))
        if len(words) > GOAL_LETTERS
    ]
    if said.due_on is not None and not 2000 <= said.due_on.year < 2100:
        found.append(Finding("due_on", N_("Enter the day as 2017-10-18.")))
    return found


def safe_way_findings(said: SafeWay) -> list[Finding]:
    """What is wrong with a way to reach; a sentence is as good as a number."""
    found = []
    if not said.way:
        found.append(Finding("way", N_("Say how the person may be reached.")))
    for where, words, most in (("way", said.way, WAY_LETTERS), ("say", said.say, SAY_LETTERS)):
        if len(words) > most:
            found.append(Finding(where, N_("Shorten it to %(most)s letters."), {"most": most}))
    found += [
        Finding(where, N_("Choose one of the answers in the list."))
        for where, answer in (("text", said.text), ("voicemail", said.voicemail))
        if answer not in (YES, NO, "")
    ]
    return found


def dialled(way: str) -> str:
    """What a telephone dials for ``way``; '' for a sentence, which is read and not dialled."""
    digits = re.sub(r"\D", "", way, flags=re.ASCII)
    if not _NUMBER.fullmatch(way.strip()) or len(digits) not in _DIGITS:
        return ""
    return ("+" if way.strip().startswith("+") else "") + digits


def outdates(at: dt.datetime, *known: dt.datetime | None) -> bool:
    """Whether what was said ``at`` is newer than everything that is known; a phone may send old news."""
    return all(other is None or at >= other for other in known)


def canonical(*parts: object) -> str:
    """The same text for the same content, whoever sends it; for marks."""
    return json.dumps([str(part) if part is not None else None for part in parts], ensure_ascii=False)
