"""Reading pasted delegates: columns guessed, each row New, Match or Problem, faults fixed in the text itself.

One pure function, ``preview``, takes the text, the columns and what the site knows, and is asked again with the same
things when the rows are saved. Nothing here saves; each row costs the same however many there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from outreach.errors import N_, Invalid
from outreach.plan.paste_rules import flat, has_control, read_cells, visible
from outreach.plan.rules import Reason, name_key
from outreach.plan.similar_rules import Names
from outreach.plan.team_rules import LONGEST_NAME, category_of, person_key
from outreach.vocab import DelegateState, ServiceKind, StaffCategory

MOST_ROWS = 5000

# Columns that a paste may have, with the heading that the page shows.
COLUMNS: dict[str, str] = {
    "service": N_("Service"),
    "name": N_("Name"),
    "category": N_("What the person does"),
    "state": N_("Came or not"),
}
_HEADINGS = {
    "service": "service|police service|organisation|organization|agency|detachment|corps de police|organisme|"
    "service de police|detachement|nom du service|service name",
    "name": "name|full name|delegate|person|participant|attendee|nom|nom complet|personne|deleguee|delegue|"
    "participante|nom et prenom|prenom et nom",
    "category": "category|what the person does|role|does|function|categorie|fonction|poste",
    "state": "state|status|attendance|attended|present|came|came or not|etat|statut|presence|presente|venu",
    "": "no|number|row|id|notes|note|remarks|comment|e mail|email|mail|courriel|numero|rang|remarques|commentaire|"
    "telephone|phone",
}
_STATES = {
    DelegateState.INVITED: "invited|registered|invite|invitee|inscrit|inscrite|invite e",
    DelegateState.ATTENDED: "attended|yes|present|presente|came|there|x|oui|venu|venue|y est|etait la|a participe|y|o",
    DelegateState.ABSENT: "absent|absente|did not come|no|no show|not there|non|pas venu|pas venue|n est pas venu|n",
}


def _table(source: Mapping[str, str]) -> dict[str, str]:
    found = {word: str(value) for value, words in source.items() for word in words.split("|")}
    return found | {str(value): str(value) for value in source if value}


_HEADING, _STATE = _table(_HEADINGS), _table({state.value: words for state, words in _STATES.items()})


def state_of(text: str, words: Mapping[str, str] | None = None) -> str:
    """The state that a word means in English, French or as a code; '' for none."""
    return _STATE.get(flat(text)) or {flat(word): code for word, code in (words or {}).items()}.get(flat(text), "")


@dataclass(frozen=True)
class KnownService:
    """A service whose delegates the reader may handle."""

    id: int
    name: str
    short_name: str
    kind: str

    @property
    def usual_category(self) -> str:
        """What a person of it does when the row does not say."""
        if self.kind == ServiceKind.VICTIM_SERVICES:
            return StaffCategory.VICTIM_SERVICES.value
        known = self.kind in ServiceKind.values()
        police = known and ServiceKind(self.kind).is_police
        return (StaffCategory.POLICE if police else StaffCategory.NGO).value


@dataclass(frozen=True)
class Known:
    """What the site knows when delegates are checked.

    ``staff``: ``(service, person key)`` → id of the person. ``delegates``: the same → her state at this session.
    ``begun``: whether somebody can have been there. ``categories`` and ``states``: further words → code.
    """

    services: tuple[KnownService, ...]
    staff: Mapping[tuple[int, str], int] = field(default_factory=dict)
    delegates: Mapping[tuple[int, str], str] = field(default_factory=dict)
    begun: bool = True
    categories: Mapping[str, str] = field(default_factory=dict)
    states: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Row:
    """One pasted row: what it says, its state (problem, match, new, skipped), why, and what can be fixed in place.

    ``before``: her state at the session where she is listed already. ``like``: the service that an unknown one
    looks like. ``repeats``: the earlier row that says the same person.
    """

    number: int
    values: dict[str, str]
    state: str = "new"
    service: KnownService | None = None
    staff_id: int | None = None
    key: str = ""
    category: str = ""
    comes: str = ""
    before: str | None = None
    like: KnownService | None = None
    repeats: int = 0
    reasons: list[Reason] = field(default_factory=list)
    fix: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether saving it writes anything."""
        return self.state in ("new", "match") and self.before != self.comes

    def wrong(self, where: str, reason: Reason) -> None:
        self.reasons.append(reason)
        self.fix = (*self.fix, where) if where not in self.fix else self.fix


@dataclass
class Preview:
    """All rows as read; nothing is saved."""

    columns: list[str]
    heading: bool
    rows: list[Row]
    cells: list[list[str]]

    def count(self, state: str = "") -> int:
        return sum(row.state == state for row in self.rows) if state else len(self.rows)

    @property
    def adding(self) -> int:
        """Rows that saving takes, changed or not."""
        return self.count("new") + self.count("match")

    @property
    def repeated(self) -> list[int]:
        return [row.number for row in self.rows if row.state == "problem" and row.repeats]

    def shown(self, state: str = "") -> list[Row]:
        """Problems first, then new people, matches, left out; by number; only ``state`` where it is given."""
        order = ("problem", "new", "match", "skipped")
        wanted = [row for row in self.rows if not state or row.state == state]
        return sorted(wanted, key=lambda row: (order.index(row.state), row.number))

    def left(self) -> list[list[str]]:
        """The cells of the rows that still have a problem, under the heading if there is one."""
        first = 1 if self.heading else 0
        return [*self.cells[:first], *(self.cells[first + r.number - 1] for r in self.rows if r.state == "problem")]


class WrongColumns(Invalid):
    """No column holds the name or the service, or two hold the same; ``found`` is what could be read."""

    def __init__(self, message: str, found: Preview) -> None:
        super().__init__()
        self.findings = Invalid.at("column-0", message).findings
        self.found = found


def guess_columns(cells: list[list[str]], known: Known) -> tuple[list[str], bool]:
    """What each column holds ('' leave out), and whether the first row is a heading."""
    wide = max(len(row) for row in cells)
    titles = [_HEADING.get(flat(cell)) for cell in cells[0]]
    if "name" in titles or sum(bool(title) for title in titles) >= 2:
        chosen: list[str] = []
        for title in [*titles, *[None] * (wide - len(titles))]:
            chosen.append(title if title and title not in chosen else "")
        return chosen, True
    services = _by_name(known.services)
    columns = [[visible(row[i]) for row in cells[:200] if i < len(row) and visible(row[i])] for i in range(wide)]
    chosen = [""] * wide
    for name, test in (
        ("service", lambda text: name_key(text) in services),
        ("state", lambda text: bool(state_of(text, known.states))),
        ("category", lambda text: category_of(text, known.categories) is not None),
    ):
        shares = [(sum(map(test, column)) / len(column), -i) for i, column in enumerate(columns) if column]
        best, at = max((share for share in shares if not chosen[-share[1]]), default=(0.0, 0))
        if best > 0.5:
            chosen[-at] = name
    left = [i for i in range(wide) if not chosen[i] and sum(any(c.isalpha() for c in t) for t in columns[i])]
    if "service" not in chosen and len(left) > 1 and len(known.services) != 1:
        chosen[left.pop(0)] = "service"
    if left:
        chosen[left[0]] = "name"
    return chosen, False


def preview(
    text: str,
    known: Known,
    *,
    columns: Sequence[str] | None = None,
    service: int | None = None,
    state: str = "",
    skipped: frozenset[int] = frozenset(),
) -> Preview:
    """What the pasted text would do.

    ``columns``: what each holds, ``None`` to guess. ``service`` and ``state``: for rows that name none; somebody who
    is listed already keeps her state when her row names none. ``skipped``: numbers of rows to leave out. Raises
    ``Invalid`` at ``rows`` for text that is no list, ``WrongColumns``.
    """
    cells = read_cells(text, most=MOST_ROWS)
    guessed, heading = guess_columns(cells, known)
    chosen = [name if name in COLUMNS else "" for name in columns] if columns is not None else guessed
    chosen += [""] * (max(len(row) for row in cells) - len(chosen))
    found = Preview(chosen, heading, [], cells)
    usual = next((one for one in known.services if one.id == service), None)
    usual = usual or (known.services[0] if len(known.services) == 1 else None)
    if any(chosen.count(name) > 1 for name in COLUMNS):
        raise WrongColumns(N_("Two columns hold the same thing. Choose what each one holds."), found)
    if "name" not in chosen:
        raise WrongColumns(N_("No column holds the name of the person. Choose which one does."), found)
    if "service" not in chosen and usual is None:
        raise WrongColumns(N_("No column holds the service. Choose which one does, or one service for all."), found)
    body = cells[1:] if heading else cells
    if not body:
        raise Invalid.at("rows", N_("There is only a heading. Paste the rows under it too."))
    judge = _Judge(known, usual, state if state in DelegateState.values() else DelegateState.INVITED.value)
    for number, row_cells in enumerate(body, 1):
        said = {name: row_cells[i] if i < len(row_cells) else "" for i, name in enumerate(chosen) if name}
        found.rows.append(judge.row(number, said, skip=number in skipped))
    return found


class _Judge:
    """Looks at rows one by one and remembers the people it has seen; look-alikes of a service are sought once."""

    def __init__(self, known: Known, usual: KnownService | None, state: str) -> None:
        self.known, self.usual, self.state = known, usual, state
        self.services = _by_name(known.services)
        self.by_id = {one.id: one for one in known.services}
        self.names = Names((one.id, one.name, one.kind) for one in known.services)
        self.seen: dict[tuple[int, str], int] = {}
        self.alike: dict[str, KnownService | None] = {}

    def row(self, number: int, raw: dict[str, str], *, skip: bool) -> Row:
        row = Row(number, {name: " ".join(visible(text).split()) for name, text in raw.items()})
        if skip:
            row.state = "skipped"
            return row
        self._service(row)
        self._name(row, raw.get("name", ""))
        self._known(row)
        self._category(row)
        self._state(row)
        self._repeated(row)
        row.state = "problem" if row.reasons else "match" if row.staff_id is not None else "new"
        return row

    def _service(self, row: Row) -> None:
        said = row.values.get("service", "")
        row.service = self.services.get(name_key(said)) if said else self.usual
        if row.service is None and not said:
            row.wrong("service", Reason(N_("The service is missing.")))
        elif row.service is None:
            key = name_key(said)
            if key not in self.alike:
                like = self.names.like(said)
                self.alike[key] = self.by_id[like[0].id] if like else None
            row.like = self.alike[key]
            words = N_("“%(text)s” is no service whose delegates you handle here.")
            row.wrong("service", Reason(words, {"text": said[:60]}))

    def _name(self, row: Row, raw: str) -> None:
        name = row.values.get("name", "")
        row.key = person_key(name)
        if not row.key:
            row.wrong("name", Reason(N_("The name is missing.")))
        elif len(name) > LONGEST_NAME:
            words = N_("“%(column)s” is longer than %(most)d characters.")
            row.wrong("name", Reason(words, {"column": COLUMNS["name"], "most": LONGEST_NAME}))
        elif has_control(raw):
            words = N_("It held characters that cannot be seen; they are left out. Check the name.")
            row.wrong("name", Reason(words))

    def _known(self, row: Row) -> None:
        if row.service is not None and row.key:
            row.staff_id = self.known.staff.get((row.service.id, row.key))
            row.before = self.known.delegates.get((row.service.id, row.key))

    def _category(self, row: Row) -> None:
        said = row.values.get("category", "")
        found = category_of(said, self.known.categories) if said else None
        if said and found is None and row.staff_id is None:
            row.wrong("category", Reason(N_("“%(word)s” is no category."), {"word": said[:40]}))
        row.category = found or (row.service.usual_category if row.service else "")

    def _state(self, row: Row) -> None:
        said = row.values.get("state", "")
        row.comes = state_of(said, self.known.states) if said else row.before or self.state
        if not row.comes:
            words = N_("“%(text)s” does not say whether the person came.")
            row.wrong("state", Reason(words, {"text": said[:40]}))
        elif row.comes != DelegateState.INVITED and row.comes != row.before and not self.known.begun:
            row.wrong("state", Reason(N_("It has not taken place yet: nobody can have come or stayed away.")))

    def _repeated(self, row: Row) -> None:
        if row.service is None or not row.key:
            return
        first = self.seen.setdefault((row.service.id, row.key), row.number)
        if first != row.number:
            row.repeats = first
            words = N_("The same name as row %(row)d. Skip it, or tell two people of that name apart.")
            row.wrong("name", Reason(words, {"row": first}))


def _by_name(services: Sequence[KnownService]) -> dict[str, KnownService]:
    """Services by the key of their name, and of their short name where only one has it."""
    short: dict[str, list[KnownService]] = {}
    for one in services:
        if name_key(one.short_name):
            short.setdefault(name_key(one.short_name), []).append(one)
    return {key: ones[0] for key, ones in short.items() if len(ones) == 1} | {name_key(s.name): s for s in services}


# --- fixing in place -------------------------------------------------------------------------------------------------


def fixed(found: Preview, fixes: Mapping[tuple[int, str], str], services: Sequence[KnownService]) -> list[list[str]]:
    """The cells with ``fixes`` (row number and column → new text) written into them; ``found.columns`` grows with them.

    A service (given by id) that is chosen for one row is taken for every row that says the same wrong one.
    """
    names = {str(one.id): one.name for one in services}
    cells = [list(row) for row in found.cells]
    for name in sorted({column for _, column in fixes} - set(found.columns)):
        found.columns.append(name)
        for row in cells:
            title = COLUMNS[name] if row is cells[0] and found.heading else ""
            row += [""] * (len(found.columns) - 1 - len(row)) + [title]
    at = {name: i for i, name in enumerate(found.columns) if name}
    first = 1 if found.heading else 0
    said = {row.number: name_key(row.values.get("service", "")) for row in found.rows if "service" in row.fix}
    chosen: dict[str, str] = {}  # wrong name → right one; once for all rows, however many were fixed
    for (number, column), text in fixes.items():
        if not 1 <= number <= len(found.rows) or column not in at:
            continue
        if column != "service":
            _put(cells[first + number - 1], at[column], text)
        elif text in names and said.get(number):
            chosen[said[number]] = names[text]
        elif text in names and number in said:
            _put(cells[first + number - 1], at["service"], names[text])
    for number, wrong in said.items():
        if wrong in chosen:
            _put(cells[first + number - 1], at["service"], chosen[wrong])
    return cells


def _put(row: list[str], at: int, text: str) -> None:
    row += [""] * (at + 1 - len(row))
    row[at] = visible(text)
