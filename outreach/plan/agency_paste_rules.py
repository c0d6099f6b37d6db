"""Pasted rows of support agencies: the columns beside those of a service, and the same columns written out again.

The reading itself, look-alikes and answers are those of ``paste_rules``. A cell that is empty leaves what is known as
it is; what is copied out and pasted back changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from outreach.errors import N_, Invalid
from outreach.vocab import ServiceKind

from . import agency_text_rules as text
from . import operation_rules, paste_rules
from .agency_rules import Span
from .agency_text_rules import AgencyDraft
from .paste_rules import Row, Sheet
from .rules import Reason

COLUMNS: dict[str, str] = {
    "name": N_("Agency"),
    "kind": N_("Kind"),
    "needs": N_("Needs"),
    "areas": N_("Areas"),
    "hours": N_("Hours"),
    "time_zone": N_("Time zone"),
    "closed_on": N_("Closed days"),
    "ages": N_("Ages"),
    "languages": N_("Languages"),
    "telephone": N_("Telephone"),
    "contact_desk": N_("Contact desk"),
    "capacity": N_("Capacity"),
    "taking": N_("Takes referrals"),
    "call_order": N_("Order of calling"),
    "intake": N_("Intake rules"),
    "region": N_("Region"),
    "municipality": N_("Municipality"),
    "short_name": N_("Short name"),
}
LENGTHS = {
    "name": 160, "short_name": 60, "region": 80, "municipality": 80, "languages": 40, "contact_desk": 254,
    "intake": 600, "telephone": 40,
}  # fmt: skip
_HEADINGS = {
    "needs": "needs|services offered|offers|services|besoins|services offerts|offre",
    "areas": "areas|area|areas served|places|where|secteurs|secteur|secteurs desservis|territoire|lieux",
    "hours": "hours|opening hours|open|heures|heures d ouverture|horaire|horaires",
    "time_zone": "time zone|timezone|zone|fuseau horaire|fuseau",
    "closed_on": "closed days|closed on|closed|holidays|jours de fermeture|ferme le|conges|jours feries",
    "ages": "ages|age|age limits|ages served|groupes d age|limites d age",
    "telephone": "telephone|phone|tel|telephone number|numero de telephone|ligne",
    "capacity": "capacity|places available|capacite|nombre de places",
    "taking": "takes referrals|taking referrals|taking|accepte des references|accepte les references|"
    "accepte des orientations|accepte des aiguillages|accepte",
    "call_order": "order of calling|call order|call first|order|ordre d appel|ordre|rang d appel",
    "intake": "intake rules|intake|rules|conditions|regles d accueil|accueil|admission",
    "name": "agency|support agency|agence|organisme d aide|organisme de soutien",
    "": "rang",
}
HEADINGS: Mapping[str, str] = {
    **{word: column for word, column in paste_rules.SERVICES.headings.items() if column in (*COLUMNS, "")},
    **{word: column for column, words in _HEADINGS.items() for word in words.split("|")},
    **{paste_rules.flat(column): column for column in COLUMNS},
}
LISTS = frozenset({"needs", "areas", "closed_on", "hours"})
PARTICULAR = (
    "needs", "areas", "hours", "time_zone", "closed_on", "ages", "telephone", "capacity", "taking", "call_order",
    "languages", "contact_desk", "intake",
)  # fmt: skip
YES_NO = {"en": ("yes", "no"), "fr": ("oui", "non")}


def texts_of(said: AgencyDraft, needs: Mapping[str, str], language: str) -> dict[str, str]:
    """The particular columns of an agency as they are written out; ``needs``: code → label."""
    yes, no = YES_NO["fr" if language == "fr" else "en"]
    return {
        "needs": "; ".join(needs.get(code, code) for code in said.needs),
        "areas": "; ".join(said.areas),
        "hours": text.hours_text(said.always_open, said.hours, language),
        "time_zone": said.time_zone,
        "closed_on": "; ".join(said.closed_on),
        "ages": text.ages_text(said.age_from, said.age_to),
        "telephone": said.telephone,
        "capacity": "" if said.capacity is None else str(said.capacity),
        "taking": yes if said.taking else no,
        "call_order": str(said.call_order),
        "intake": paste_rules.visible(said.intake),
    }


def sheet_of(needs: Mapping[str, str], words: Mapping[str, str], language: str) -> Sheet:
    """The sheet of agencies. ``needs``: code → label in the reader's language; ``words``: flat words → code."""
    return Sheet(
        COLUMNS,
        LENGTHS,
        HEADINGS,
        LISTS,
        ("name", *(name for name in COLUMNS if name not in ("name", "short_name"))),
        lambda row: _read(row, needs, words, language),
        _check,
    )


def need_words(*labels: Mapping[str, str]) -> dict[str, str]:
    """What may be written for a need, as ``flat`` makes it: its code, and its label in each language."""
    found = {paste_rules.flat(label): code for one in labels for code, label in one.items()}
    return found | {paste_rules.flat(code): code for one in labels for code in one}


def _read(row: Row, needs: Mapping[str, str], words: Mapping[str, str], language: str) -> None:
    """What the particular columns say: fields of the draft in ``row.read``, and in ``row.values`` as written out."""
    yes, no = YES_NO["fr" if language == "fr" else "en"]
    order = {"most": text.MOST_ORDER}
    readers: dict[str, Callable[[str], tuple[dict[str, Any], str]]] = {
        "needs": lambda t: _both("needs", codes := tuple(text.read_needs(t, words)), _labels(codes, needs)),
        "areas": lambda t: _both("areas", found := tuple(text.read_areas(t)), "; ".join(found)),
        "hours": lambda t: _hours(*text.read_hours(t), language),
        "time_zone": lambda t: _both("time_zone", zone := operation_rules.zone_name(t), zone),
        "closed_on": lambda t: _both("closed_on", days := tuple(text.read_days(t)), "; ".join(days)),
        "ages": lambda t: _ages(*text.read_ages(t)),
        "telephone": lambda t: _both("telephone", number := text.read_telephone(t), number),
        "capacity": lambda t: _both("capacity", n := text.read_number(t, "capacity", text.MOST_CAPACITY), str(n)),
        "taking": lambda t: _both("taking", takes := text.read_yes(t, "taking"), yes if takes else no),
        "call_order": lambda t: _both("call_order", n := text.read_number(t, "call_order", order["most"]), str(n)),
    }
    for name in PARTICULAR:
        written = row.values.get(name, "")
        if not written or len(written) > LENGTHS.get(name, 4000):
            continue
        if name not in readers:
            row.read[name] = {name: written}
            continue
        try:
            row.read[name], row.values[name] = readers[name](written)
        except Invalid as problem:
            row.reasons += [Reason(one.message, one.params) for one in problem.findings]
            row.fix = (*row.fix, name)


def _both(name: str, value: Any, shown: str) -> tuple[dict[str, Any], str]:
    return {name: value}, shown


def _labels(codes: tuple[str, ...], needs: Mapping[str, str]) -> str:
    return "; ".join(needs.get(code, code) for code in codes)


def _hours(always: bool, hours: tuple[Span, ...], language: str) -> tuple[dict[str, Any], str]:
    return {"always_open": always, "hours": hours}, text.hours_text(always, hours, language)


def _ages(youngest: int | None, oldest: int | None) -> tuple[dict[str, Any], str]:
    return {"age_from": youngest, "age_to": oldest}, text.ages_text(youngest, oldest)


def _check(row: Row) -> None:
    """A row about something that is no support agency is a problem. The kind that is known stays."""
    row.changes = [one for one in row.changes if one[0] != "kind"]
    if row.same is not None and not ServiceKind(row.same.kind).is_support:
        words = N_("%(name)s is in Outreach and is no support agency. Leave the row out, or change its kind first.")
        row.reasons.append(Reason(words, {"name": row.same.name}))
        row.state = "problem"
    elif row.same is None and row.values["kind"] and not ServiceKind(row.values["kind"]).is_support:
        words = N_("Persons are not referred to services of this kind. Choose the kind of a support agency.")
        row.reasons.append(Reason(words))
        row.fix = (*row.fix, "kind")
        row.state = "problem"
