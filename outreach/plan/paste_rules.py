"""Reading pasted rows of services: columns guessed, each row New, Match or Problem, nothing saved.

One pure function, ``preview``, takes the text, the columns, the answers given so far and the services that exist, and
is asked again with the same things when the rows are saved. Excel files become the same text before they come here.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from outreach.errors import N_, Invalid
from outreach.vocab import EntryMode, ServiceKind

from .rules import Reason, name_key
from .similar_rules import Names

MOST_ROWS = 1000
MOST_COLUMNS = 20
MOST_CHARACTERS = 1_000_000

# Columns that a paste may have, with the heading that the page shows.
COLUMNS: dict[str, str] = {
    "name": N_("Service"),
    "short_name": N_("Short name"),
    "kind": N_("Kind"),
    "region": N_("Region"),
    "municipality": N_("Municipality"),
    "languages": N_("Languages"),
    "contact_desk": N_("Contact desk"),
    "entry_mode": N_("How it reports"),
}
_LENGTHS = {
    "name": 160, "short_name": 60, "region": 80, "municipality": 80, "languages": 40, "contact_desk": 254,
}  # fmt: skip
_HEADINGS = {
    "name": "service|name|service name|police service|organisation|organization|agency|nom|nom du service|organisme|"
    "service de police",
    "short_name": "short name|short|abbreviation|nom court|abrege|abreviation|sigle",
    "kind": "kind|type|category|kind of service|sorte|genre|categorie|type de service|sorte de service",
    "region": "region|area|zone",
    "municipality": "municipality|city|town|municipalite|ville",
    "languages": "languages|language|langues|langue",
    "contact_desk": "contact desk|contact|email|e mail|desk|mail|courriel|poste de contact|adresse courriel|"
    "point de contact",
    "entry_mode": "entry mode|how it reports|reports|reporting|mode|mode de saisie|saisie|comment il repond",
    "": "no|number|row|id|notes|note|remarks|comment|remarques|commentaire|numero|rang",
}
_KINDS = {
    ServiceKind.POLICE_MUNICIPAL: "municipal police|municipal or regional police|regional police|city police|"
    "municipal|police municipale|police regionale|police municipale ou regionale|municipale|police",
    ServiceKind.POLICE_PROVINCIAL: "provincial police|provincial police detachment|provincial detachment|opp|provincial"
    "|police provinciale|detachement de la police provinciale|detachement provincial|ppo|sq|surete du quebec",
    ServiceKind.POLICE_FEDERAL: "federal police|federal|rcmp|grc|police federale|federale",
    ServiceKind.POLICE_FIRST_NATIONS: "first nations police|first nation police|first nations|police des premieres "
    "nations|premieres nations|indigenous police",
    ServiceKind.JOINT_UNIT: "standing joint unit|joint unit|unite mixte|unite mixte permanente",
    ServiceKind.VICTIM_SERVICES: "victim services|victim service|services aux victimes|aide aux victimes",
    ServiceKind.ADVOCACY: "advocacy group|advocacy|ngo|groupe de defense des droits|defense des droits|ong",
    ServiceKind.CHILD_PROTECTION: "child protection|children s aid|protection de l enfance|aide a l enfance",
    ServiceKind.HEALTH: "health care|health|hospital|sante|soins de sante|hopital",
    ServiceKind.HOUSING: "housing or shelter|housing|shelter|logement|hebergement|logement ou hebergement|refuge",
    ServiceKind.CROWN: "crown prosecutor|crown|procureur de la couronne|couronne|poursuites",
    ServiceKind.OTHER: "other|autre",
}
_MODES = {
    EntryMode.CONTACTS: "contacts|logs contacts here|logs contacts|contact|consigne les contacts ici|"
    "saisit les contacts",
    EntryMode.DAILY_TOTALS: "daily totals|sends daily totals|totals|totaux quotidiens|totaux|envoie des totaux "
    "quotidiens|totaux du jour",
    EntryMode.NONE: "none|nothing|reports nothing|aucun|rien|ne rapporte rien",
}


def flat(text: str) -> str:
    """Words without case, accents and punctuation, for headings and list values."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(re.sub(r"[\W_]+", " ", "".join(c for c in plain if not unicodedata.combining(c))).split())


def _table(source: Mapping[Any, str]) -> dict[str, str]:
    found = {word: str(value) for value, words in source.items() for word in words.split("|")}
    return found | {flat(str(value)): str(value) for value in source if value}


_HEADING, _KIND, _MODE = _table(_HEADINGS), _table(_KINDS), _table(_MODES)


def kind_of(text: str) -> str:
    """The kind that a word means in English, French or as a code; '' for none."""
    return _KIND.get(flat(text), "")


def mode_of(text: str) -> str:
    """The entry mode that a word means; '' for none."""
    return _MODE.get(flat(text), "")


# --- the text --------------------------------------------------------------------------------------------------------


def read_cells(text: str, *, most: int = MOST_ROWS) -> list[list[str]]:
    """Rows of cells of tab-, semicolon- or comma-separated text, without empty rows; control characters stay.

    ``most``: rows that fit at once. Raises ``Invalid`` at ``rows``: nothing there, too many rows or characters, or
    quotes that never close.
    """
    if len(text) > MOST_CHARACTERS:
        raise Invalid.at("rows", N_("That is more text than fits here. Paste at most %(most)d rows."), most=most)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\x01").strip("\n")
    if not lines.strip():
        raise Invalid.at("rows", N_("Paste at least one row, or choose a file."))
    separator = _separator(lines)
    try:
        source = io.StringIO(lines, newline="")
        found = [
            [cell.strip(" \u00a0") for cell in row] for row in csv.reader(source, delimiter=separator, strict=False)
        ]
    except csv.Error:
        raise Invalid.at("rows", N_('A quotation mark is never closed. Check the cells with “"”.')) from None
    found = [row for row in found if any(cell.strip() for cell in row)]
    if not found:  # signs between cells and nothing in them
        raise Invalid.at("rows", N_("Paste at least one row, or choose a file."))
    if len(found) > most + 1:
        raise Invalid.at(
            "rows",
            N_("%(count)d rows were pasted; %(most)d fit at once. Nothing was read; paste them in parts."),
            count=len(found),
            most=most,
        )
    if max(len(row) for row in found) > MOST_COLUMNS:
        raise Invalid.at(
            "rows",
            N_("A row has more than %(most)d columns. Paste only those that are asked for."),
            most=MOST_COLUMNS,
        )
    return found


def _separator(lines: str) -> str:
    first = [line for line in lines.split("\n") if line.strip()][:50]
    if any("\t" in line for line in first):
        return "\t"
    for mark in (";", ","):
        counts = [line.count(mark) for line in first]
        if min(counts) >= 1 and (len(first) > 1 or counts[0] >= 2):
            return mark
    return "\t"


def as_text(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells as the tab-separated text that the page carries."""
    out = io.StringIO()
    csv.writer(out, delimiter="\t", lineterminator="\n").writerows(rows)
    return out.getvalue()


def visible(text: str) -> str:
    """Text on one line without control and format characters."""
    spaced = re.sub(r"[\t\n\r]+", " ", text)
    kept = "".join(c for c in spaced if unicodedata.category(c) not in ("Cc", "Cs", "Cf", "Co"))
    return unicodedata.normalize("NFC", kept).strip()


def has_control(text: str) -> bool:
    return any(unicodedata.category(c) in ("Cc", "Cs", "Cf", "Co") and c not in "\n\t\r" for c in text)


def guess_columns(cells: list[list[str]], headings: Mapping[str, str] = _HEADING) -> tuple[list[str], bool]:
    """What each column holds ('' leave out), and whether the first row is a heading."""
    wide = max(len(row) for row in cells)
    titles = [headings.get(flat(cell)) for cell in cells[0]]
    known = sum(title is not None for title in titles)
    if known >= 2 or (known == 1 and (wide == 1 or "name" in titles)):
        chosen: list[str] = []
        for title in [*titles, *[None] * (wide - len(titles))]:
            chosen.append(title if title and title not in chosen else "")
        return chosen, True
    columns = [[visible(row[i]) if i < len(row) else "" for row in cells] for i in range(wide)]
    chosen = [""] * wide
    for name, test in (("contact_desk", _is_address), ("kind", kind_of), ("entry_mode", mode_of)):
        for i, column in enumerate(columns):
            filled = [cell for cell in column if cell]
            if not chosen[i] and name not in chosen and filled and sum(bool(test(c)) for c in filled) * 2 > len(filled):
                chosen[i] = name
    words = [i for i, column in enumerate(columns) if not chosen[i] and _is_words(column)]
    for i, name in zip(words, ("name", "region", "municipality"), strict=False):
        chosen[i] = name
    return chosen, False


def _is_address(text: str) -> bool:
    return "@" in text


def _is_words(column: list[str]) -> bool:
    filled = [cell for cell in column if cell]
    return bool(filled) and sum(any(c.isalpha() for c in cell) for cell in filled) * 2 > len(filled)


# --- the preview -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Saved:
    """A service of the directory as the preview compares it; ``taking_part``: it is in this operation already."""

    id: int
    name: str
    kind: str
    values: Mapping[str, str]
    taking_part: bool = False


@dataclass
class Row:
    """One pasted row: its number in the paste, what it says, its state (problem, match, new, skipped) and why.

    ``fix``: fields that can be put right in place. ``like``: what it looks like (name, row number or ``None``);
    ``changes``: fields of the matched service that the paste says otherwise, ``(field, saved, pasted)``. ``read``: what
    the columns of another sheet than that of the services come to.
    """

    number: int
    values: dict[str, str]
    state: str = "new"
    reasons: list[Reason] = field(default_factory=list)
    fix: tuple[str, ...] = ()
    like: str = ""
    same: Saved | None = None
    answered: bool = False
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    entry_mode: str = ""
    read: dict[str, Any] = field(default_factory=dict)

    @property
    def adds(self) -> bool:
        """Whether saving it adds a service to the operation."""
        return self.state == "new" or (self.state == "match" and self.same is not None and not self.same.taking_part)


@dataclass(frozen=True)
class Sheet:
    """What pasted rows are about. ``headings``: words, as ``flat`` makes them, → column.

    ``lists``: columns in which a line break separates. ``fixable``: what can be put right in place. ``read`` makes
    values of the further columns of a row, ``check`` looks at one that was compared with the directory; both may name
    a reason and what to fix.
    """

    columns: Mapping[str, str]
    lengths: Mapping[str, int]
    headings: Mapping[str, str]
    lists: frozenset[str] = frozenset()
    fixable: tuple[str, ...] = ("name", "kind")
    read: Callable[[Row], None] = lambda row: None
    check: Callable[[Row], None] = lambda row: None


SERVICES = Sheet(COLUMNS, _LENGTHS, _HEADING)


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
        return sum(row.adds for row in self.rows)

    @property
    def ready(self) -> bool:
        return not self.count("problem")

    def shown(self, state: str = "") -> list[Row]:
        """Problems first, then matches, new, left out; by number; only ``state`` where it is given."""
        order = ("problem", "match", "new", "skipped")
        wanted = [row for row in self.rows if not state or row.state == state]
        return sorted(wanted, key=lambda row: (order.index(row.state), row.number))


def preview(
    text: str,
    saved: Sequence[Saved],
    *,
    columns: Sequence[str] | None = None,
    answers: Mapping[str, str] | None = None,
    kind: str = "",
    sheet: Sheet = SERVICES,
) -> Preview:
    """What the pasted text would do.

    ``columns``: what each column holds, ``None`` to guess. ``answers``: ``same-N`` yes or no for look-alikes,
    ``skip-N``, ``fix-N-FIELD`` for row N. ``kind``: for rows that name none. Raises ``Invalid`` at ``rows`` when the
    text cannot be read, at ``column-0`` when no column, or more than one, holds the service.
    """
    cells = read_cells(text)
    guessed, heading = guess_columns(cells, sheet.headings)
    chosen = [name if name in sheet.columns else "" for name in (guessed if columns is None else columns)]
    chosen += [""] * (max(len(row) for row in cells) - len(chosen))
    found = Preview(chosen, heading, [], cells)
    if chosen.count("name") != 1 or any(chosen.count(name) > 1 for name in sheet.columns):
        raise WrongColumns(found)
    body = cells[1:] if heading else cells
    if not body:
        raise Invalid.at("rows", N_("There is only a heading. Paste the rows under it too."))
    by_key = {name_key(one.name): one for one in saved}
    names = Names((one.id, one.name, one.kind) for one in saved)
    in_paste = Names()
    taken: dict[str, int] = {}
    for number, row_cells in enumerate(body, 1):
        row = _read_row(number, row_cells, chosen, answers or {}, kind, sheet)
        found.rows.append(row)
        _judge(row, answers or {}, by_key, names, in_paste, taken, {one.id: one for one in saved}, sheet)
        if row.state != "skipped":
            sheet.check(row)
        key = name_key(row.same.name if row.same else row.values["name"])
        if row.state != "skipped" and key and key not in taken:
            taken[key] = number
            in_paste.add(number, row.values["name"], row.values.get("kind", ""))
    return found


class WrongColumns(Invalid):
    """No column, or more than one, holds the service; ``found`` is what could be read."""

    def __init__(self, found: Preview) -> None:
        super().__init__()
        many = found.columns.count("name") <= 1 and "name" in found.columns
        self.findings = Invalid.at(
            "column-0",
            N_("Two columns hold the same thing. Choose what each one holds.")
            if many or found.columns.count("name") > 1
            else N_("No column holds the name of the service. Choose which one does."),
        ).findings
        self.found = found


def _read_row(
    number: int, cells: list[str], columns: list[str], answers: Mapping[str, str], kind: str, sheet: Sheet
) -> Row:
    raw = {name: cells[i] if i < len(cells) else "" for i, name in enumerate(columns) if name}
    fixed = {name: answers[f"fix-{number}-{name}"] for name in sheet.fixable if f"fix-{number}-{name}" in answers}
    values = {
        name: visible(re.sub(r"[\r\n]+", "; ", text.strip()) if name in sheet.lists else text)
        for name, text in {**raw, **fixed}.items()
    }
    row = Row(number, values)
    if any(has_control(text) for text in raw.values()) and "name" not in fixed:
        row.reasons.append(Reason(N_("It held characters that cannot be seen; they are left out. Check the name.")))
        row.fix = ("name",)
    if any(cell.strip() for cell in cells[len(columns) :]):
        row.reasons.append(Reason(N_("It has more cells than there are columns.")))
    if not name_key(values["name"]):
        row.reasons.append(Reason(N_("The name is missing.")))
        row.fix = ("name",)
    for name, most in sheet.lengths.items():
        if len(values.get(name, "")) > most:
            too_long = {"column": sheet.columns[name], "most": most}
            row.reasons.append(Reason(N_("“%(column)s” is longer than %(most)d characters."), too_long))
            row.fix = ("name",) if name == "name" else row.fix
    written = values.get("kind", "")
    values["kind"] = kind_of(written) or ("" if written else kind)
    row.entry_mode = mode_of(values.pop("entry_mode", ""))
    if written and not values["kind"]:
        row.reasons.append(Reason(N_("“%(text)s” is no kind of service."), {"text": written[:40]}))
        row.fix = (*row.fix, "kind")
    sheet.read(row)
    return row


def _judge(
    row: Row,
    answers: Mapping[str, str],
    by_key: Mapping[str, Saved],
    names: Names,
    in_paste: Names,
    taken: Mapping[str, int],
    saved: Mapping[int, Saved],
    sheet: Sheet,
) -> None:
    if answers.get(f"skip-{row.number}"):
        row.state, row.answered = "skipped", True
        return
    key, answer = name_key(row.values["name"]), answers.get(f"same-{row.number}", "")
    row.same = by_key.get(key)
    if key in taken:
        row.reasons.append(Reason(N_("The same service as row %(row)d."), {"row": taken[key]}))
        row.like, row.fix = "row", (*row.fix, "name")
        if answer == "yes":
            row.state, row.answered = "skipped", True
            return
    elif row.same is None and key:
        _look_alike(row, answer, names, in_paste, saved)
        if row.state != "skipped" and row.same is not None and name_key(row.same.name) in taken:
            row.state = "skipped"  # both are the same saved service, and the first row is enough
        if row.state == "skipped":
            return
    if row.same is None and not row.values["kind"] and "kind" not in row.fix:
        row.reasons.append(Reason(N_("Kind is missing.")))
        row.fix = (*row.fix, "kind")
    elif row.same is not None and row.reasons and row.fix == ("kind",):
        row.reasons, row.fix = [], ()  # the directory knows its kind
    row.state = "problem" if row.reasons else "match" if row.same is not None else "new"
    if row.same is not None:
        row.changes = [
            (name, row.same.values.get(name, ""), row.values[name])
            for name in sheet.columns
            if name not in ("name", "entry_mode")
            and row.values.get(name)
            and row.values[name] != row.same.values.get(name, "")
        ]


def _look_alike(row: Row, answer: str, names: Names, in_paste: Names, saved: Mapping[int, Saved]) -> None:
    """Find what the row looks like: a saved service first, then an earlier row; take the answer if there is one."""
    alike = names.like(row.values["name"], row.values["kind"])
    other = None if alike else next(iter(in_paste.like(row.values["name"], row.values["kind"])), None)
    if alike and answer == "yes":
        row.same, row.answered = saved[alike[0].id], True
    elif other is not None and answer == "yes":
        row.state, row.answered = "skipped", True
    elif (alike or other) and answer == "no":
        row.answered = True
    elif alike:
        words = (
            N_("One or two letters from %(name)s, already in Outreach")
            if alike[0].by_letters
            else N_("Looks like %(name)s, already in Outreach")
        )
        row.reasons.append(Reason(words, {"name": alike[0].name}))
        row.like = "saved"
    elif other is not None:
        words = (
            N_("One or two letters from %(name)s, row %(row)d")
            if other.by_letters
            else N_("Looks like %(name)s, row %(row)d")
        )
        row.reasons.append(Reason(words, {"name": other.name, "row": other.id}))
        row.like = "row"
