"""What is typed of an agency, as values, and back: hours in words, ages, needs, areas, closed days, a telephone.

In English or French, as people write it in a cell. What cannot be read is a finding that says what to write; nothing is
guessed where two readings are possible. Every text that is written here reads back as the same value.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from outreach.errors import N_, Invalid

from .agency_rules import DAY, Agency, Span
from .operation_rules import DEFAULT_ZONE
from .paste_rules import flat

MOST_SPANS = 42
MOST_AREAS, LONGEST_AREA = 60, 80
MOST_CLOSED = 100
MOST_CAPACITY, MOST_ORDER, OLDEST = 9999, 999, 120


@dataclass(frozen=True)
class AgencyDraft:
    """Everything that an agency's page says. ``languages`` and ``contact_desk`` stand with the service itself."""

    time_zone: str = DEFAULT_ZONE
    needs: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    always_open: bool = False
    hours: tuple[Span, ...] = ()
    closed_on: tuple[str, ...] = ()
    capacity: int | None = None
    age_from: int | None = None
    age_to: int | None = None
    intake: str = ""
    telephone: str = ""
    taking: bool = True
    call_order: int = 100
    languages: str = ""
    contact_desk: str = ""


# --- hours ------------------------------------------------------------------------------------------------------------

DAYS: dict[str, tuple[str, ...]] = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "fr": ("lun", "mar", "mer", "jeu", "ven", "sam", "dim"),
}
_DAY_WORDS = (
    "mon monday mo lun lundi|tue tues tuesday tu mar mardi|wed weds wednesday we mer mercredi|"
    "thu thur thurs thursday th jeu jeudi|fri friday fr ven vendredi|sat saturday sa sam samedi|"
    "sun sunday su dim dimanche"
)
_DAY = {word: (n,) for n, words in enumerate(_DAY_WORDS.split("|")) for word in words.split()}
_SEVERAL: dict[str, tuple[int, ...]] = {
    "daily": tuple(range(7)),
    "every day": tuple(range(7)),
    "everyday": tuple(range(7)),
    "all days": tuple(range(7)),
    "tous les jours": tuple(range(7)),
    "chaque jour": tuple(range(7)),
    "weekdays": tuple(range(5)),
    "weekday": tuple(range(5)),
    "jours ouvrables": tuple(range(5)),
    "en semaine": tuple(range(5)),
    "weekends": (5, 6),
    "weekend": (5, 6),
    "fins de semaine": (5, 6),
    "fin de semaine": (5, 6),
}
_ALWAYS = re.compile(
    r"^(24 ?h?(ours|eures)?[ /]*(24)?[ ,/]*7 ?(j(ours)?|d(ays)?)?([ /]*7)?"
    r"|7 ?(j|jours|d|days)? ?/ ?7[ ,;]*24 ?(h|heures|hours)? ?/ ?24"
    r"|24 ?h ?/ ?24|24 hours a day|24 heures sur 24"
    r"|always( open)?|toujours( ouvert)?|jour et nuit|day and night)$"
)
_TIME = (
    r"(?:(\d{1,2})(?: ?[:h.] ?(\d\d)(?!\d))?(?: ?(h(?:eures?|rs?)?|am|pm|a\.m\.|p\.m\.))?|(noon|midi|midnight|minuit))"
)
_TO = r"(?:-|to|a|until|till|jusqu'?a)"
_TOKEN = re.compile(
    rf"(?P<range>{_TIME} ?{_TO} ?{_TIME})|(?P<whole>24 ?h(?:eures|ours|rs)?\b)|"
    r"(?P<closed>closed|ferme)|(?P<dash>-|\bto\b|\bau\b|\ba\b|\bthrough\b|\bthru\b)|(?P<stop>[;,/&\n.:]+)|"
    r"(?P<word>[a-z]+)|(?P<other>\S)"
)
_SILENT = frozenset({"and", "et", "from", "de", "du", "le", "les", "la", "on", "open", "ouvert", "the"})


def read_hours(text: str) -> tuple[bool, tuple[Span, ...]]:
    """``(always open, spans)`` of hours in words; ``(False, ())`` for nothing. Raises ``Invalid`` at ``hours``."""
    said = _plain(text)
    if not said:
        return False, ()
    if _ALWAYS.match(said):
        return True, ()
    found = _read(said, "hours", None)
    if len(found) == 7 and all((s.start, s.end) == (0, 0) for s in found):
        return True, ()
    return False, found


def read_day(text: str, weekday: int, where: str) -> tuple[Span, ...]:
    """The spans of one weekday, ``09:00-12:00, 13:00-17:00``; none for a day that is closed. Raises ``Invalid``."""
    said = _plain(text)
    return _read(said, where, weekday) if said else ()


def hours_text(always: bool, hours: Iterable[Span], language: str = "en") -> str:
    """The hours in words, days that are alike together; reads back as the same."""
    if always:
        return "24/7"
    by_day = [day_text(s for s in hours if s.weekday == day) for day in range(7)]
    names = DAYS["fr" if language == "fr" else "en"]
    parts = []
    day = 0
    while day < 7:
        last = day
        while last < 6 and by_day[last + 1] == by_day[day]:
            last += 1
        if by_day[day]:
            name = names[day] if last == day else f"{names[day]}-{names[last]}"
            parts.append(f"{name} {by_day[day]}")
        day = last + 1
    return "; ".join(parts)


def day_text(spans: Iterable[Span]) -> str:
    found = sorted((s.start, s.end) for s in spans)
    return ", ".join(f"{clock_text(start)}-{clock_text(end) if end else '24:00'}" for start, end in found)


def clock_text(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _plain(text: str) -> str:
    """Lower case without accents, one kind of dash, one space."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("\u2019", "'"))
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    plain = re.sub("[\u2010-\u2015\u2212]", "-", plain)
    return re.sub(r"[ \t\u00a0\u202f]+", " ", plain).strip(" ;,.\n")


class _Reading:
    """Days that were named, and what was said of them so far."""

    def __init__(self) -> None:
        self.days: list[int] = []
        self.spans: list[Span] = []
        self.used = True
        self.through = False

    def name(self, days: Sequence[int]) -> None:
        if self.used:
            self.days, self.used = [], False
        if self.through and self.days and len(days) == 1:
            first, last = self.days[-1], days[0]
            self.days += [(first + n) % 7 for n in range(1, (last - first) % 7 + 1)]
        else:
            self.days += days
        self.through = False

    def add(self, start: int, end: int) -> None:
        self.used = True
        for day in dict.fromkeys(self.days or range(7)):
            self.spans.append(Span(day, start, end))


def _read(said: str, where: str, weekday: int | None) -> tuple[Span, ...]:
    """The spans of ``said``; of one ``weekday`` when that is given, and then no day may be named."""
    now = _Reading()
    if weekday is not None:
        now.days = [weekday]
    if weekday is None:
        for words in sorted(_SEVERAL, key=len, reverse=True):
            said = re.sub(rf"\b{words}\b", f" {words.replace(' ', '')} ", said)
    several = {words.replace(" ", ""): days for words, days in _SEVERAL.items()}
    for token in _TOKEN.finditer(said):
        kind, text = token.lastgroup or "", token.group().strip()
        if token["range"]:
            start, end = _range(token, where)
            now.add(start, end)
        elif token["whole"]:
            now.add(0, 0)
        elif token["closed"]:
            now.used = True
        elif kind == "dash":
            now.through = True
        elif kind == "word" and weekday is None and (days := _DAY.get(text.rstrip("s")) or _DAY.get(text)):
            now.name(days)
        elif kind == "word" and weekday is None and text in several:
            now.name(several[text])
        elif kind != "stop" and text not in _SILENT:
            raise Invalid.at(where, _HOW if weekday is None else _HOW_A_DAY, text=token.group()[:20])
    if now.through or not now.used:
        raise Invalid.at(where, _HOW if weekday is None else _HOW_A_DAY, text=said[-20:])
    found = tuple(sorted(dict.fromkeys(now.spans), key=lambda s: (s.weekday, s.start, s.end)))
    if len(found) > MOST_SPANS:
        raise Invalid.at(where, N_("These are more times than fit in a week. Write them more shortly."))
    return found


_HOW = N_("“%(text)s” cannot be read as hours. Write them as Mon-Fri 09:00-17:00; Sat 10:00-14:00, or 24/7.")
_HOW_A_DAY = N_("“%(text)s” cannot be read as hours. Write them as 09:00-17:00, two times with a comma between.")


def _range(token: re.Match[str], where: str) -> tuple[int, int]:
    groups = token.groups()
    start_said, end_said = groups[1:5], groups[5:9]
    start, end = _minute(start_said, where, token.group()), _minute(end_said, where, token.group())
    bare = not any((start_said[1], start_said[2], end_said[1], end_said[2], start_said[3], end_said[3]))
    if bare and end < start <= DAY // 2:
        raise Invalid.at(
            where,
            N_("“%(text)s” can mean morning or evening. Write 24-hour times, such as 09:00-17:00."),
            text=token.group()[:20],
        )
    if start == end:
        raise Invalid.at(
            where,
            N_("“%(text)s” opens and closes at the same time. For the whole day write 00:00-24:00."),
            text=token.group()[:20],
        )
    return start % DAY, end % DAY


def _minute(said: tuple[str, ...], where: str, whole: str) -> int:
    hour, minute, mark, word = said
    if word:
        return DAY // 2 if word in ("noon", "midi") else DAY
    value, late = int(hour), (mark or "").replace(".", "")
    if late in ("am", "pm"):
        value = value % 12 + (12 if late == "pm" else 0) if 1 <= value <= 12 else 99
    found = value * 60 + int(minute or 0)
    if found > DAY or int(minute or 0) > 59:
        raise Invalid.at(
            where,
            N_("“%(text)s” is no time of day. Write times from 00:00 to 24:00."),
            text=whole.strip()[:20],
        )
    return found


# --- ages -------------------------------------------------------------------------------------------------------------

_FROM = re.compile(r"\+|plus|over|older|from|up$|partir|\bdes\b|and up|minimum|\bmin\b")
_BELOW = re.compile(r"under|below|younger than|moins de|less than|<")
_UP_TO = re.compile(r"up to|jusqu|to \d|maximum|\bmax\b|at most|au plus")


def read_ages(text: str) -> tuple[int | None, int | None]:
    """``(from, to)``, both included: 16-24, 18+, under 18, 18 ans et plus, all. Raises ``Invalid`` at ``ages``."""
    said = _plain(text)
    numbers = [int(n) for n in re.findall(r"\d{1,3}", said)]
    if not said or (not numbers and flat(said) in ("all", "all ages", "any", "tous", "tous les ages", "tout age")):
        return None, None
    if len(numbers) == 2:
        return check_ages(numbers[0], numbers[1], "ages")
    if len(numbers) == 1:
        if _BELOW.search(said):
            return check_ages(None, numbers[0] - 1, "ages")
        if _UP_TO.search(said):
            return check_ages(None, numbers[0], "ages")
        if _FROM.search(said):
            return check_ages(numbers[0], None, "ages")
    raise Invalid.at("ages", N_("“%(text)s” are no ages. Write 16-24, 18+, under 18 or all."), text=text.strip()[:40])


def check_ages(youngest: int | None, oldest: int | None, where: str) -> tuple[int | None, int | None]:
    """Both as they are kept: from birth on is no limit. Raises ``Invalid``."""
    for years in (youngest, oldest):
        if years is not None and not 0 <= years <= OLDEST:
            raise Invalid.at(where, N_("Enter an age from 0 to %(most)d years."), most=OLDEST)
    if youngest is not None and oldest is not None and youngest > oldest:
        raise Invalid.at(where, N_("The youngest age is above the oldest. Exchange them."))
    return youngest or None, oldest


def ages_text(youngest: int | None, oldest: int | None) -> str:
    """``16-24``, ``18+``, ``0-17``; '' for every age."""
    if youngest is None and oldest is None:
        return ""
    return f"{youngest}+" if oldest is None else f"{youngest or 0}-{oldest}"


# --- the rest ---------------------------------------------------------------------------------------------------------


def read_list(text: str) -> list[str]:
    """Items between semicolons, commas or lines, each once."""
    items = (" ".join(one.split()) for one in re.split(r"[;,\n]", text))
    return list(dict.fromkeys(one for one in items if one))


def read_areas(text: str) -> list[str]:
    """Names of places; none for everywhere. Raises ``Invalid`` at ``areas``."""
    found = read_list(text)
    if [flat(one) for one in found] in (["everywhere"], ["partout"]):
        return []
    if len(found) > MOST_AREAS or any(len(one) > LONGEST_AREA for one in found):
        raise Invalid.at(
            "areas",
            N_("Name at most %(most)d places, each in %(longest)d characters or fewer."),
            most=MOST_AREAS,
            longest=LONGEST_AREA,
        )
    return found


def read_needs(text: str, words: Mapping[str, str]) -> list[str]:
    """Codes of needs; ``words``: what may be written (as ``flat`` makes it) → code. Raises ``Invalid`` at ``needs``."""
    found: list[str] = []
    for part in re.split(r"[;\n]", text):
        whole = words.get(flat(part))
        for one in [part] if whole else part.split(","):
            code = words.get(flat(one))
            if code is None and flat(one):
                raise Invalid.at("needs", N_("“%(text)s” is not in the list of needs."), text=one.strip()[:40])
            if code is not None and code not in found:
                found.append(code)
    return found


def read_days(text: str) -> list[str]:
    """Days as 2017-12-25, in order. Raises ``Invalid`` at ``closed_on``."""
    found = set()
    for one in read_list(text):
        try:
            found.add(dt.date.fromisoformat(one.removesuffix(" 00:00:00").removesuffix(" 00:00")).isoformat())
        except ValueError:
            raise Invalid.at("closed_on", N_("“%(text)s” is no day. Write it as 2017-12-25."), text=one[:20]) from None
    if len(found) > MOST_CLOSED:
        raise Invalid.at("closed_on", N_("Name at most %(most)d days."), most=MOST_CLOSED)
    return sorted(found)


def read_number(text: str, where: str, most: int) -> int | None:
    """A whole number from 0; ``None`` for nothing. Raises ``Invalid``."""
    said = text.strip()
    if not said:
        return None
    if not (said.isascii() and said.isdigit() and len(said) < 7 and int(said) <= most):
        raise Invalid.at(where, N_("Enter a whole number from 0 to %(most)d."), most=most)
    return int(said)


_YES = {"yes": True, "oui": True, "y": True, "o": True, "no": False, "non": False, "n": False}


def read_yes(text: str, where: str) -> bool:
    """Yes or no in either language; nothing is yes. Raises ``Invalid``."""
    said = flat(text)
    if said and said not in _YES:
        raise Invalid.at(where, N_("Write yes or no."))
    return _YES.get(said, True)


_TELEPHONE = re.compile(r"\+?[\d ().\-/]+(?:(?:ext|x|poste|p|#)[ .:]*\d{1,6})?", re.IGNORECASE)


def read_telephone(text: str) -> str:
    """A telephone as it is written. Raises ``Invalid`` at ``telephone``."""
    said = " ".join(text.replace("\u00a0", " ").split())
    digits = sum(c.isdigit() for c in said)
    if said and not (len(said) <= 40 and 3 <= digits <= 21 and _TELEPHONE.fullmatch(said)):
        raise Invalid.at("telephone", N_("Enter a telephone number, such as 519 555 0142 or 519 555 0142 ext. 3."))
    return said


def dial(telephone: str) -> str:
    """What a telephone is given to dial: the number without its extension."""
    number = re.split(r"ext|x|poste|p|#", telephone, maxsplit=1, flags=re.IGNORECASE)[0]
    digits = "".join(c for c in number if c.isdigit())
    return f"+{digits}" if number.strip().startswith("+") else digits


_SPOKEN = {
    "en": "en english anglais", "fr": "fr french francais", "es": "es spanish espagnol",
    "zh": "zh chinese mandarin chinois", "ar": "ar arabic arabe", "uk": "uk ukrainian ukrainien",
}  # fmt: skip
_LANGUAGE = {word: code for code, words in _SPOKEN.items() for word in words.split()}


def languages_of(text: str) -> tuple[str, ...]:
    """``("en", "fr")`` of "English, French"; a language that has no code stays as it is written."""
    words = [flat(one) for one in re.split(r"[;,/&\n ]", text)]
    return tuple(dict.fromkeys(_LANGUAGE.get(one, one) for one in words if one and one not in ("and", "et")))


# --- for a phone ------------------------------------------------------------------------------------------------------


def carried_facts(agency: Agency, today: dt.date) -> dict[str, Any]:
    """What a phone needs to work out the rules without signal, as ``static/field/agencies.js`` reads it.

    Only what differs from an agency of which nothing is known, and of the closed days those of the coming month.
    """
    until = (today + dt.timedelta(days=31)).isoformat()
    since = (today - dt.timedelta(days=2)).isoformat()
    facts = {
        "zone": agency.zone,
        "always": agency.always,
        "hours": [[span.weekday, span.start, span.end] for span in agency.hours],
        "closed": [day for day in agency.closed_on if since <= day <= until],
        "needs": list(agency.needs),
        "areas": list(agency.areas),
        "languages": list(agency.languages),
        "from": agency.age_from,
        "to": agency.age_to,
        "room": agency.room,
        "order": agency.call_order,
        "telephone": agency.telephone,
        "dial": dial(agency.telephone),
        "intake": agency.intake,
    }
    said = {name: value for name, value in facts.items() if value not in (None, [], "") and value is not False}
    if agency.room is False:
        said["room"] = False
    return said if agency.taking else said | {"taking": False}
