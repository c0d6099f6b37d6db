"""From a release as it is kept to what it says in each language: the one thing that its page, its files and its check

are made of. No request and no database: it can be made again for any release, and says the same.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from outreach.errors import N_
from outreach.returns.set_rules import SIGNED
from outreach.rollup.measures import measure as measure_of
from outreach.rollup.offences import code_of, offence_of
from outreach.storage.days import window_days
from outreach.vocab import Bound, ReleaseKind

from . import release_rules as rules
from .release_content import Changed, Content, Line, Table
from .release_rules import Cell
from .release_saying import Words
from .release_words import WITHHELD

MOST_DAYS = 31
"""Days of a window that have a line each, whether or not anything is known of them."""


@dataclass(frozen=True)
class Source:
    """Everything that a release's content is made of, as plain values.

    ``found``: the locked figures (a row of ``FigureSet``). ``before``: cells of what an erratum corrects. ``names``:
    service → name. ``replaces``: the number of the release that it restates.
    """

    release: Any
    found: Any
    code: str
    names: Mapping[int, str]
    day_starts: int = 0
    replaces: int | None = None
    before: Sequence[Cell] | None = None
    sample: bool = False
    published_at: dt.datetime | None = None
    texts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def cells(self) -> list[Cell]:
        return rules.cells(self.release.cells)

    @property
    def name(self) -> str:
        """What the operation was called when the figures were locked."""
        return str(self.found.named.get("name") or self.code)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.found.named.get("time_zone") or "UTC")


def contents_of(source: Source) -> dict[str, Content]:
    """Language → what the release says."""
    return {language: _content(source, Words(language)) for language in rules.LANGUAGES}


def _content(source: Source, words: Words) -> Content:
    release, found, cells = source.release, source.found, source.cells
    texts = (source.texts or release.texts).get(words.language, {})
    erratum = release.kind == ReleaseKind.ERRATUM
    changed = _changed(source, words, cells, texts) if erratum else ()
    return Content(
        language=words.language,
        kind=str(release.kind),
        number=release.number,
        code=source.code,
        name=source.name,
        title=texts.get("title", ""),
        status=words.status(found),
        window=window(source, words),
        as_of=words.moment(found.as_of, source.zone),
        published_on=words.moment(source.published_at, source.zone) if source.published_at else "",
        coverage=words.covered(found.reported, found.expected),
        text=paragraphs(texts.get("text", "")),
        lines=() if erratum else lines_of(source, words),
        tables=() if erratum else tables_of(source, words),
        services=() if erratum else services_of(source),
        changed=changed,
        withheld=words.withheld(release.policy, cells),
        notes=_notes(source, words, cells, erratum),
        set_version=found.version,
        set_hash=found.hash,
        replaces=source.replaces,
        sample=source.sample,
        contact=texts.get("contact", ""),
    )


def paragraphs(text: str) -> tuple[str, ...]:
    """The text of a release: a paragraph is what stands between empty lines."""
    parts = text.replace("\r\n", "\n").split("\n\n")
    return tuple(" ".join(part.split()) for part in parts if part.strip())


def window(source: Source, words: Words) -> str:
    return words.span(*days_of(source))


def days_of(source: Source) -> tuple[dt.date | None, dt.date | None]:
    """First and last day of the window, as it was when the figures were locked."""
    named = source.found.named
    starts, ends = (
        dt.datetime.fromisoformat(named[part]) if named.get(part) else None for part in ("starts_at", "ends_at")
    )
    return window_days(starts, ends, str(source.zone), source.day_starts)


def source_of(code: str, found: Any, words: Words) -> str:
    """Measure, rule and version of the locked figures, as one line."""
    rule = found.definitions.get(code, {}).get("version", 1)
    return words.text(
        N_("%(measure)s, rule version %(rule)s, locked version %(version)s"),
        measure=code,
        rule=rule,
        version=found.version,
    )


def lines_of(source: Source, words: Words) -> tuple[Line, ...]:
    """The figures in all."""
    found = source.found

    def line(cell: Cell) -> Line:
        definition = found.definitions.get(cell.measure, {})
        return Line(
            code=cell.measure,
            label=words.label(cell.measure, found.definitions),
            number=cell.number,
            said=words.said(cell),
            withheld=cell.withheld,
            note=words.note(cell),
            definition=words.text(str(definition["definition"]), **(definition.get("params") or {}))
            if definition
            else "",
            source=source_of(cell.measure, found, words),
        )

    return tuple(line(cell) for cell in source.cells if is_whole(cell))


def is_whole(cell: Cell) -> bool:
    """Whether it is a figure in all."""
    return cell.service is None and cell.day is None and offence_of(cell.measure) is None


def _shown(cell: Cell | None, words: Words) -> str | int:
    """A cell of a table: the number itself, a symbol, or words where it has a bound."""
    if cell is not None and cell.withheld:
        return WITHHELD
    if cell is None or cell.number is None:
        return ".."
    said = words.said(cell)
    if some_told(cell):
        return f"{said} ({cell.reported}/{cell.expected})"
    if cell.bound == Bound.PARTIAL:
        return f"{said} ({words.partial(cell)})"
    return cell.number if said == words.number(cell.number) else said


def some_told(cell: Cell) -> bool:
    """Whether the number is of some of the services that owe it."""
    return cell.number is not None and cell.expected is not None and cell.reported < cell.expected


def tables_of(source: Source, words: Words) -> tuple[Table, ...]:
    """By service, by day and by offence, each with the figures in all at the foot."""
    scope, cells = rules.Scope.of(source.release.scope), {cell.key: cell for cell in source.cells}
    definitions, t = source.found.definitions, words.t
    made = []
    if scope.by_service:
        services = sorted({key[1] for key in cells if key[1] is not None}, key=lambda one: (_name(source, one), one))
        rows = [
            (_name(source, service), *(_shown(cells.get((code, service, None)), words) for code in scope.by_service))
            for service in services
        ]
        made.append((t.gettext("By service"), t.gettext("Service"), scope.by_service, rows))
    if scope.by_day:
        days = sorted({key[2] for key in cells if key[2] is not None} | _window_days(source), key=_day_order)
        rows = [
            (words.day(day), *(_shown(cells.get((code, None, day)), words) for code in scope.by_day)) for day in days
        ]
        made.append((t.gettext("By day"), t.gettext("Day"), scope.by_day, rows))
    split = tuple(
        Table(
            title=title,
            head=(first, *(words.label(code, definitions) for code in codes)),
            rows=tuple(rows),
            foot=(t.gettext("In all"), *(_shown(cells.get((code, None, None)), words) for code in codes)),
            note=_adding(codes, title == t.gettext("By service"), words),
        )
        for title, first, codes, rows in made
        if rows
    )
    return (*split, *_by_offence(source, words, scope.by_offence, cells))


def _by_offence(
    source: Source, words: Words, codes: Sequence[str], cells: Mapping[rules.Key, Cell]
) -> tuple[Table, ...]:
    """A line an offence, in the order of their sections: the order of their numbers would tell of what is withheld."""
    definitions, t = source.found.definitions, words.t
    offences = rules.offences_of(cells.values())
    if not codes or not offences:
        return ()
    note = N_("A person charged with several offences stands in several rows: persons do not add up, charges do.")
    return (
        Table(
            title=t.gettext("By offence"),
            head=(t.gettext("Offence"), *(words.label(code, definitions) for code in codes)),
            rows=tuple(
                (
                    words.offence(offence, definitions),
                    *(_shown(cells.get((code_of(code, offence), None, None)), words) for code in codes),
                )
                for offence in offences
            ),
            foot=(t.gettext("In all"), *(_shown(cells.get((code, None, None)), words) for code in codes)),
            note=words.text(note),
        ),
    )


def _adding(codes: Sequence[str], across_services: bool, words: Words) -> str:
    """Says of which columns the lines do not add up to what stands at the foot."""
    apart = [
        code
        for code in codes
        if not (measure_of(code).adds_across_services if across_services else measure_of(code).adds_across_days)
    ]
    if not apart:
        return ""
    return words.text(
        N_("Each person counts once in all, so that the lines may add up to more than what stands below.")
    )


def _window_days(source: Source) -> set[str]:
    """The days of the window, so that a day of which nothing is known has its line; none of one that fills pages."""
    first, last = days_of(source)
    if first is None or last is None or (last - first).days >= MOST_DAYS:
        return set()
    return {(first + dt.timedelta(days=place)).isoformat() for place in range((last - first).days + 1)}


def _day_order(day: str) -> tuple[int, str]:
    place = {"before": 0, "after": 2, "undated": 3}.get(day, 1)
    return place, day


def _name(source: Source, service: int) -> str:
    return source.names.get(service, str(service))


def services_of(source: Source) -> tuple[str, ...]:
    """The services that owed figures, by name."""
    return tuple(sorted({str(one["name"]) for one in source.found.signed.values()}, key=str.casefold))


def _notes(source: Source, words: Words, cells: Sequence[Cell], erratum: bool) -> tuple[str, ...]:
    notes = []
    if source.found.kind != SIGNED and not erratum:
        notes.append(words.text(N_("Provisional: figures that come later may change what stands here.")))
    split = [cell for cell in cells if not is_whole(cell)]
    if split and any(some_told(cell) for cell in cells) and not erratum:
        notes.append(words.text(N_("A number such as 11 (5/46) is of 5 of 46 services; the others have not told it.")))
    if not erratum and (_unknown_days(source, cells) or any(_shown(cell, words) == ".." for cell in cells)):
        notes.append(words.text(N_("“..” stands for a number that is not known.")))
    return tuple(notes)


def _unknown_days(source: Source, cells: Sequence[Cell]) -> bool:
    """Whether a table by day has a line of the window without a number."""
    told = {(cell.measure, cell.day) for cell in cells if cell.day is not None}
    by_day = rules.Scope.of(source.release.scope).by_day
    return any((code, day) not in told for day in _window_days(source) for code in by_day) if told else False


# --- what an erratum says ---------------------------------------------------------------------------------------------


def place_of(cell_key: tuple[str, int | None, str | None], source: Source, words: Words) -> str:
    """``Persons met, Fox River Police, 2017-10-12``."""
    code, service, day = cell_key
    parts = [words.label(code, source.found.definitions)]
    parts += [_name(source, service)] if service is not None else []
    parts += [words.day(day)] if day is not None else []
    return ", ".join(parts)


def _changed(source: Source, words: Words, cells: Sequence[Cell], texts: Mapping[str, Any]) -> tuple[Changed, ...]:
    from .erratum_rules import changes_of, key_text

    reasons = texts.get("reasons", {})
    return tuple(
        Changed(
            place_of(one.key, source, words),
            said_alone(one.key, one.was, words),
            said_alone(one.key, one.now, words),
            reasons.get(key_text(one.key)) or texts.get("reason", ""),
        )
        for one in changes_of(source.before or (), cells)
    )


def said_alone(key: rules.Key, cell: Cell | None, words: Words) -> str:
    """A figure of one side of an erratum. An offence that has no line there is one that nobody was charged with."""
    if cell is None and offence_of(key[0]) is not None:
        return words.number(0)
    return words.t.pgettext("figure", "not known") if cell is None else words.said(cell)
