"""Rules of teams, their members and the invitation list: plain functions on plain values.

What a team may look like, how a pasted list of people is read, and what each of its rows means. No SQL, no Flask.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from email_validator import EmailNotValidError, validate_email

from outreach.errors import N_, Finding, Invalid
from outreach.vocab import StaffCategory

from . import operation_rules

LONGEST_NAME = 120
LONGEST_TEAM = 80
LONGEST_AREA = 120
MOST_ROWS = 1000
LONGEST_ROW = 1000


def person_key(name: str) -> str:
    """What two spellings of one person's name have in common: no case, accents or punctuation."""
    flat = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
    return " ".join("".join(c if c.isalnum() else " " for c in flat).split())[:LONGEST_NAME]


def check_person(name: str, category: str) -> list[Finding]:
    """Findings at ``name`` and ``category``."""
    found = []
    if not person_key(name):
        found.append(Finding("name", N_("Enter the name of the person.")))
    elif len(name) > LONGEST_NAME:
        found.append(Finding("name", N_("Write %(most)d characters or fewer."), {"most": LONGEST_NAME}))
    if category not in StaffCategory.values():
        found.append(Finding("category", N_("Choose what the person does.")))
    return found


# --- teams -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TeamDraft:
    """What a plan says of one team. Instants in UTC; ``partners``: ids of the other services of a joint team."""

    name: str
    area: str = ""
    starts_at: dt.datetime | None = None
    ends_at: dt.datetime | None = None
    partners: tuple[int, ...] = ()
    cancelled: bool = False


def check_team(
    draft: TeamDraft, *, service: int, taking_part: Iterable[int], names_taken: Iterable[str]
) -> list[Finding]:
    """Findings at the fields of the team's form.

    ``taking_part``: services that may be partners. ``names_taken``: names of the service's other standing teams.
    """
    found = []
    if not draft.name.strip():
        found.append(Finding("name", N_("Enter the name of the team.")))
    elif person_key(draft.name) in {person_key(name) for name in names_taken} and not draft.cancelled:
        found.append(Finding("name", N_("This service has a team of that name already. Choose another name.")))
    for where, text, most in (("name", draft.name, LONGEST_TEAM), ("area", draft.area, LONGEST_AREA)):
        if len(text) > most:
            found.append(Finding(where, N_("Write %(most)d characters or fewer."), {"most": most}))
    if draft.starts_at and not draft.ends_at:
        found.append(Finding("ends_on", N_("Enter when the team ends.")))
    elif draft.ends_at and not draft.starts_at:
        found.append(Finding("starts_on", N_("Enter when the team starts.")))
    elif draft.starts_at and draft.ends_at and draft.ends_at <= draft.starts_at:
        found.append(Finding("ends_on", N_("The team ends before it starts. Enter an end after the start.")))
    elif draft.starts_at and draft.ends_at and draft.ends_at - draft.starts_at > dt.timedelta(days=92):
        found.append(Finding("ends_on", N_("The team is out for more than three months. Check the year of both days.")))
    if service in draft.partners or not set(draft.partners) <= set(taking_part):
        found.append(Finding("partners", N_("Choose partners among the other services of this operation.")))
    return found


def local_moment(name: str, on: str, at: str, zone: str) -> dt.datetime | None:
    """The moment of the fields ``<name>_on`` and ``<name>_at``; the earlier one where the clocks show it twice.

    Raises ``Invalid`` for what is no day or time, for a day without a time, and for a time that the clocks skip.
    """
    if on.strip() and not at.strip():
        raise Invalid.at(f"{name}_at", N_("Enter the time too."))
    return operation_rules.local_moment(name, on, at, zone, which="earlier")


# --- the invitation list ---------------------------------------------------------------------------------------------

COLUMNS = ("name", "email", "category", "team")
_HEADERS = {
    "name": ("name", "nom", "full name", "nom complet", "officer", "person", "personne"),
    "email": ("e mail", "email", "courriel", "e mail address", "adresse courriel", "adresse", "mail"),
    "category": ("category", "categorie", "role", "does", "fonction"),
    "team": ("team", "equipe"),
}
_CATEGORIES = {
    "police": ("police", "officer", "police officer", "agent", "agente", "agent de police", "policier", "policiere"),
    "support": ("support", "analyst", "support staff", "analyst or support staff", "analyste", "soutien"),
    "victim_services": ("victim services", "victim services worker", "victim service worker", "aide aux victimes",
                        "services aux victimes", "intervenante aupres des victimes", "intervenant aupres des victimes"),
    "ngo": ("ngo", "ong", "ngo worker", "worker of a non governmental organisation", "organisme"),
    "interpreter": ("interpreter", "interprete"),
}  # fmt: skip


def category_of(text: str, words: Mapping[str, str] | None = None) -> str | None:
    """The staff category that a word means (code, English or French); ``None`` for any other word.

    ``words``: further words → code, such as the labels of the site's languages.
    """
    key = person_key(text)
    for code, known in _CATEGORIES.items():
        if key == person_key(code) or key in known:
            return code
    return {person_key(word): code for word, code in (words or {}).items()}.get(key)


@dataclass(frozen=True)
class Invitee:
    """One row of the list. ``state``: new, match (known person or account) or problem, with its ``findings``."""

    row: int
    name: str = ""
    email: str = ""
    category: str = ""
    team: str = ""
    team_id: int | None = None
    state: str = "new"
    findings: tuple[Finding, ...] = field(default=())


@dataclass(frozen=True)
class Known:
    """What the site knows when a list is checked, all of one service in one operation.

    ``people``: person key → e-mail address of her account ('' where she has none). ``accounts``: addresses of this
    service's accounts. ``foreign``: addresses with an account that this service may not touch. ``teams``: team name →
    id. ``words``: see ``category_of``.
    """

    people: Mapping[str, str] = field(default_factory=dict)
    accounts: frozenset[str] = frozenset()
    foreign: frozenset[str] = frozenset()
    teams: Mapping[str, int] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)


def split_rows(text: str) -> list[list[str]]:
    """Rows and cells of pasted text: tabs as Excel copies them, else semicolons or commas. Raises ``Invalid``."""
    lines = [line for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n") if line.strip()]
    if not lines:
        raise Invalid.at("rows", N_("Paste at least one row: name, e-mail address, category, team."))
    if len(lines) > MOST_ROWS:
        raise Invalid.at(
            "rows",
            N_("These are %(rows)d rows; at most %(most)d are read at a time. Paste them in parts."),
            rows=len(lines),
            most=MOST_ROWS,
        )
    long = next((number for number, line in enumerate(lines, start=1) if len(line) > LONGEST_ROW), None)
    if long is not None:
        raise Invalid.at(
            "rows",
            N_("Row %(row)d is longer than %(most)d characters. Paste only name, e-mail address, category, team."),
            row=long,
            most=LONGEST_ROW,
        )
    mark = next((m for m in "\t;" if any(m in line for line in lines)), ",")
    try:
        rows = list(csv.reader(io.StringIO("\n".join(lines)), delimiter=mark, skipinitialspace=True))
    except csv.Error:
        rows = [line.split(mark) for line in lines]
    return [[_visible(cell) for cell in row] for row in rows]


def _visible(cell: str) -> str:
    return " ".join("".join(c if unicodedata.category(c) not in ("Cc", "Cf", "Cs") else " " for c in cell).split())


def columns_of(rows: list[list[str]]) -> tuple[dict[str, int], bool]:
    """Column name → index, and whether the first row is a header. Without one: the column with "@" is the address.

    A row with an address in it is a person, never a header: "Officer" heads a column and is a category too.
    """
    header: dict[str, int] = {}
    titles = [] if any("@" in cell for cell in rows[0]) else rows[0]
    for index, cell in enumerate(titles):
        for name, words in _HEADERS.items():
            if person_key(cell) in words and name not in header:
                header[name] = index
    if "name" in header or "email" in header:
        return header, True
    width = max(len(row) for row in rows)
    at = next((i for i in range(width) if any("@" in row[i] for row in rows if i < len(row))), 1)
    rest = [i for i in range(width) if i != at]
    return {"email": at} | dict(zip(("name", "category", "team"), rest, strict=False)), False


def addresses_in(text: str) -> set[str]:
    """Every e-mail address of a pasted list."""
    return {email for row in split_rows(text) for cell in row if "@" in cell and (email := address_of(cell))}


def read_invitations(text: str, known: Known) -> list[Invitee]:
    """Every row of a pasted list with its state. Raises ``Invalid`` at ``rows`` for text that is no list."""
    rows = split_rows(text)
    columns, header = columns_of(rows)
    found = []
    for number, cells in enumerate(rows[1:] if header else rows, start=2 if header else 1):
        said = dict.fromkeys(COLUMNS, "") | {name: cells[i] for name, i in columns.items() if i < len(cells)}
        found.append(_judge(Invitee(number, said["name"], said["email"], said["category"], said["team"]), known))
    return _without_twins(found)


def _judge(one: Invitee, known: Known) -> Invitee:
    category = category_of(one.category, known.words) if one.category else StaffCategory.POLICE.value
    findings = check_person(one.name, category or "")
    if one.category and category is None:
        findings = [f for f in findings if f.where != "category"]
        findings.append(Finding("category", N_("“%(word)s” is no category."), {"word": one.category[:40]}))
    email = address_of(one.email)
    if email is None:
        findings.append(Finding("email", N_("Enter an e-mail address such as name@example.org.")))
    elif email in known.foreign:
        findings.append(Finding("email", N_("This address has an account elsewhere; ask the administrator to add it.")))
    teams = {person_key(name): key for name, key in known.teams.items()}
    team_id = teams.get(person_key(one.team)) if one.team else None
    if one.team and team_id is None:
        findings.append(Finding("team", N_("There is no team “%(word)s” here. Add it first."), {"word": one.team[:40]}))
    account = known.people.get(person_key(one.name), "")
    if account and email and account != email:
        findings.append(Finding("email", N_("%(name)s has an account with another address."), {"name": one.name}))
    state = "match" if person_key(one.name) in known.people or email in known.accounts else "new"
    return replace(
        one,
        email=email or one.email,
        category=category or one.category,
        team_id=team_id,
        state="problem" if findings else state,
        findings=tuple(findings),
    )


def address_of(text: str) -> str | None:
    """The address as accounts keep it, or ``None`` when it is none."""
    try:
        return validate_email(text.strip(), check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        return None


def _without_twins(rows: list[Invitee]) -> list[Invitee]:
    """Rows that repeat the address or the name of an earlier row become problems."""
    seen: dict[str, int] = {}
    judged = []
    for one in rows:
        for where, key in (("email", one.email.lower()), ("name", person_key(one.name))):
            if key and key in seen:
                twin = Finding(where, N_("The same stands in row %(row)d."), {"row": seen[key]})
                one = replace(one, state="problem", findings=(*one.findings, twin))
            elif key:
                seen[key] = one.row
        judged.append(one)
    return judged
