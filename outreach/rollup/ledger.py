"""Which rows and which tallies make up each measure, service by service, with nothing counted twice.

Here belong the source of a service x measure (records or tallies, never both), the units that the records hold and
the values that the tallies hold. Totals, cells and checks only arrange what they find here.

A service is *in* for a measure once its source is known. Contacts mode and mode *none*: records, once the service has
a contact of any result, a row of the measure's own frame or a tally of zero contacts at its reporting place; for
measures of the whole window the records of that family, else a tally. Daily totals: tallies alone. An adjustment is
added to either at the reporting place and never makes a figure known.

Where rows were chosen by team, place or age (``filters``), what a service has said is read from the facts that they
were chosen from: nobody of that age is then a zero, not silence. Numbers that were told cannot be told apart so: who
tells them is not in, and an adjustment leaves it open whether the figure is more or less (``unsplit``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from outreach.rollup import counting, persons
from outreach.rollup.facts import Facts
from outreach.rollup.measures import Family, Measure, counted_by
from outreach.rollup.measures import measure as measure_of
from outreach.rollup.places import Places
from outreach.rollup.units import UNDATED, Pairs, Units, among, day_of, firsts, grouped, unique
from outreach.vocab import Basis, EntryMode, TallyState

_EVIDENCE = {
    Family.CONTACTS: ("contacts", "meetings"), Family.PERSONNEL: ("deployed",),
    Family.ENFORCEMENT: ("accused", "charges"), Family.PARTICIPATION: ("participations",), Family.AGENCIES: ()}


@dataclass(frozen=True)
class Tally:
    """What a service said about one day (or ``UNDATED``: the window) of one measure, and under which counting rule."""

    state: str
    value: int
    rule: str = ""

    @property
    def heard(self) -> bool:
        return self.state != TallyState.DECLINED


class Ledger:
    """Everything about one ``Facts`` that several figures need, worked out once."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.whole = None if facts.whole is None else ledger(facts.whole)
        self.places = Places(facts)
        self._pairs: dict[str, Pairs] = {}
        self._ruled: dict[str, Measure] = {}
        self._remembered: dict[Any, Any] = {}
        self.tallies = _tallies(facts)
        self.adjustments = _adjustments(facts)
        self.leads: dict[int, int] = dict(zip(
            facts.joint["service"].tolist(), facts.joint["lead"].tolist(), strict=True))

    # Rows ---------------------------------------------------------------------------------------------------------

    def pairs(self, frame: str) -> Pairs:
        """The service and operation of each row of ``frame``."""
        if frame not in self._pairs:
            self._pairs[frame] = Pairs(getattr(self.facts, frame))
        return self._pairs[frame]

    def services(self) -> list[int]:
        """Services with a participation in the tree or a fact in it, in order of their ids."""
        if self.whole is not None:
            return self.whole.services()
        if "services" not in self._remembered:
            named = {service for frame in ("contacts", "meetings", "referrals", "direct", "accused", "charges",
                                            "deployed")
                     for service, operation in self.pairs(frame).pairs if operation in self.places.operations}
            named |= {service for service, operation, _ in self.tallies if operation in self.places.operations}
            self._remembered["services"] = sorted(named | set(self.places.services))
        found: list[int] = self._remembered["services"]
        return found

    def wanted(self, measure: Measure, only: Iterable[int] | None = None) -> dict[int, set[int]]:
        """Service -> operations whose records count for the measure (services that report by tally are left out)."""
        chosen = self.services() if only is None else only
        return {service: self._counting(service, measure) for service in chosen
                if self.source(service, measure) is Basis.RECORDS}

    def _counting(self, service: int, measure: Measure) -> set[int]:
        place = None if measure.family is Family.AGENCIES else self.places.place(service, measure)
        return set(self.places.operations) if place is None else {place} & set(self.places.operations)

    # Sources ------------------------------------------------------------------------------------------------------

    def source(self, service: int, measure: Measure) -> Basis | None:
        """Whether the measure of the service comes from records or from tallies; None while nothing is in."""
        key = ("source", service, measure.code)
        if key not in self._remembered:
            self._remembered[key] = self._source(service, measure)
        found: Basis | None = self._remembered[key]
        return found

    def _source(self, service: int, measure: Measure) -> Basis | None:
        if self.whole is not None:
            return Basis.RECORDS if self.whole.source(service, measure) is Basis.RECORDS else None
        operations = self._counting(service, measure)
        if not operations:
            return None
        told = any(tally.heard for tally in self.told(service, measure).values())
        if self.places.mode(service, measure) == EntryMode.DAILY_TOTALS:
            return Basis.TALLIES if told else None
        frames = {*_EVIDENCE[measure.family], *([] if measure.family is Family.ENFORCEMENT else [measure.frame])}
        if any((service, operation) in self._known_pairs(frame) for frame in frames for operation in operations):
            return Basis.RECORDS
        if measure.family.whole_window:
            return Basis.TALLIES if told else None
        if measure.family is Family.AGENCIES:
            return None
        return Basis.RECORDS if self.zero_days(service, measure) else None

    def _known_pairs(self, frame: str) -> set[tuple[int, int]]:
        key = ("pairs", frame)
        if key not in self._remembered:
            self._remembered[key] = set(self.pairs(frame).pairs)
        found: set[tuple[int, int]] = self._remembered[key]
        return found

    def told(self, service: int, measure: Measure) -> dict[int, Tally]:
        """Day -> what the service's tallies say at the reporting place, whether or not they count."""
        found: dict[int, Tally] = {}
        if self.whole is not None:
            return found
        for operation in sorted(self._counting(service, measure)):
            for day, parts in self._said(service, operation, measure).items():
                found.setdefault(day, _joined(parts))
        return found

    def _said(self, service: int, operation: int, measure: Measure) -> dict[int, dict[str, Tally]]:
        """Day -> part -> tally, of those told under the rule by which the measure is counted here."""
        said = self.tallies.get((service, operation, measure.base), {})
        rule = counting.chosen(measure.base, {measure.base: self.ruled(measure).variant})
        if rule is None:
            return said
        kept = {day: {part: tally for part, tally in parts.items() if _under(rule, tally.rule)}
                for day, parts in said.items()}
        return {day: parts for day, parts in kept.items() if parts}

    def told_otherwise(self, service: int, measure: Measure) -> dict[int, int]:
        """Day -> what was told at the reporting place under another counting rule, which counts nowhere here; nothing
        where records count."""
        found: dict[int, int] = {}
        if measure.base not in counting.RULED or self.source(service, measure) is Basis.RECORDS or self.whole:
            return found
        for operation in sorted(self._counting(service, measure)):
            counted = self._said(service, operation, measure)
            for day, parts in self.tallies.get((service, operation, measure.base), {}).items():
                if day not in counted and _joined(parts).heard:
                    found[day] = found.get(day, 0) + _joined(parts).value
        return found

    def ruled(self, measure: Measure) -> Measure:
        """The measure as it is counted here: by the rule that its code names, else by the one that was chosen."""
        if measure.fixed or measure.base not in counting.RULED:
            return measure
        if measure.code not in self._ruled:
            self._ruled[measure.code] = counted_by(measure.code, self.facts.counting)
        return self._ruled[measure.code]

    def told_parts(self, service: int, measure: Measure) -> dict[str, int]:
        """Part -> value told for the window; the part '' stands for a number without parts."""
        found: dict[str, int] = {}
        for operation in sorted(self._counting(service, measure)):
            for parts in self._said(service, operation, measure).values():
                heard = {part: tally.value for part, tally in parts.items() if tally.heard}
                named = {part: value for part, value in heard.items() if part}
                for part, value in (named or heard).items():
                    found[part] = found.get(part, 0) + value
        return found

    def zero_days(self, service: int, measure: Measure) -> set[int]:
        """Days on which a service that logs contacts said that there was none (``UNDATED``: in the whole window)."""
        contacts = measure_of("contacts")
        return {day for operation in self._counting(service, measure)
                for day, parts in self.tallies.get((service, operation, contacts.code), {}).items()
                if (tally := _joined(parts)).heard and tally.value == 0}

    def declined_days(self, service: int, measure: Measure) -> set[int]:
        """Days for which a service that logs contacts declined to say whether there were any."""
        return {day for operation in self._counting(service, measure)
                for day, parts in self.tallies.get((service, operation, "contacts"), {}).items()
                if not _joined(parts).heard}

    def active_days(self, service: int, measure: Measure) -> set[int]:
        """Days with a contact of any result at the reporting place."""
        if self.whole is not None:
            return self.whole.active_days(service, measure)
        import numpy as np

        if "active" not in self._remembered:
            pairs, day = self.pairs("contacts"), self.facts.contacts["day"].to_numpy().astype(np.int64)
            found: dict[tuple[int, int], set[int]] = {}
            low = int(day.min()) if len(day) else 0
            span = int(day.max()) - low + 1 if len(day) else 1
            for number in unique(pairs.code * span + (day - low))[0].tolist():
                found.setdefault(pairs.pairs[number // span], set()).add(number % span + low)
            self._remembered["active"] = found
        return set().union(*(self._remembered["active"].get((service, operation), set())
                             for operation in self._counting(service, measure)))

    # Adjustments --------------------------------------------------------------------------------------------------

    def adjusted(self, service: int, measure: Measure) -> dict[int, int]:
        """Day (``UNDATED``: the window) -> what the service added at its reporting place, where a figure is known.

        An adjustment of what nobody told waits until somebody does: by itself it is no figure.
        """
        if (service, measure.base) not in self.adjustments or self.whole is not None:
            return {}
        key = ("adjusted", service, measure.code)
        if key not in self._remembered:
            given = self.given(service, measure)
            self._remembered[key] = {day: amount for day, amount in given.items()
                                     if self.heard_on(service, measure, day)}
        found: dict[int, int] = self._remembered[key]
        return found

    def unsplit(self, service: int, measure: Measure) -> dict[int, int]:
        """What ``adjusted`` would be, where rows were chosen and nobody knows how much of it belongs to them."""
        if self.whole is None or self.source(service, measure) is None:
            return {}
        return self.whole.adjusted(service, measure)

    def given(self, service: int, measure: Measure) -> dict[int, int]:
        """Day -> the sum of the adjustments at the reporting place under the measure's rule; not all of them count."""
        found: dict[int, int] = {}
        places = self.adjustments.get((service, measure.base), {})
        rule = counting.chosen(measure.base, {measure.base: self.ruled(measure).variant})
        for operation in sorted(self._counting(service, measure) & set(places)):
            for day, under, amount in places[operation]:
                if rule is None or _under(rule, under):
                    found[day] = found.get(day, 0) + amount
        return found

    def heard_on(self, service: int, measure: Measure, day: int) -> bool:
        """Whether the figure of the service on the day (``UNDATED``: of the window) is known without adjustments."""
        source = self.source(service, measure)
        units = self.units(measure, ("service",)) if source is Basis.RECORDS else None
        if source is None or (units is not None and (service,) in units.blind("service")):
            return False
        if day == UNDATED:
            return True
        if units is None:
            return day in self.counted_tallies(service, measure)
        if not measure.by_day or (service, day) in units.blind("service", "day"):
            return False
        if (service, day) in units.by("service", "day"):
            return True
        own = day in self.places.days(service, measure)
        if measure.family is Family.ENFORCEMENT:
            return own and day <= self.facts.today
        zero = self.zero_days(service, measure)
        return day in self.active_days(service, measure) or day in zero or (UNDATED in zero and own)

    # Units --------------------------------------------------------------------------------------------------------

    def units(self, measure: Measure, within: tuple[str, ...] = (), only: Iterable[int] | None = None) -> Units:
        """What the records hold: distinct in the whole tree, or within each ``service`` and/or ``category``."""
        chosen = None if only is None else tuple(sorted(only))
        key = ("units", measure.code, within, chosen)
        if key not in self._remembered:
            self._remembered[key] = self._units(measure, within, chosen)
        found: Units = self._remembered[key]
        return found

    def _units(self, measure: Measure, within: tuple[str, ...], only: tuple[int, ...] | None) -> Units:
        measure = self.ruled(measure)
        if measure.frame == "participations":
            return _participating(self, measure)
        if measure.of_persons:
            return self._persons(measure, within, only)
        return self._rows(measure, within, only)

    def _rows(self, measure: Measure, within: tuple[str, ...], only: tuple[int, ...] | None) -> Units:
        import numpy as np

        frame = getattr(self.facts, measure.frame)
        mask, _ = self.pairs(measure.frame).rows(self.wanted(measure, only))
        for column, values in measure.where:
            mask = mask & among(frame[column], values)
        position = np.flatnonzero(mask)
        day = day_of(frame, measure)[position]
        if measure.distinct:
            order = np.argsort(np.where(day < 0, np.iinfo(np.int32).max, day), kind="stable")
            group = grouped(frame, (measure.distinct, *within))[position]
            position, day = firsts(group[order], position[order], day[order])
        counted = frame[measure.total].to_numpy()[position].astype(np.int64) if measure.total else \
            np.ones(len(position), dtype=np.int64)
        return Units(position, frame["service"].to_numpy()[position], day, counted)

    def _persons(self, measure: Measure, within: tuple[str, ...], only: tuple[int, ...] | None) -> Units:
        import numpy as np

        found = self._resolved(measure, within, only)
        keep = np.ones(len(found.position), dtype=bool)
        unaged = aged = None
        for column, values in measure.where:
            if column == "age":
                keep &= np.isin(found.age, [persons.AGES.index(str(value)) for value in values])
                unaged = self._at(found.position[found.age == persons.AGE_UNKNOWN])
                aged = self._at(found.position[found.age != persons.AGE_UNKNOWN])
            elif column == "support":
                keep &= np.isin(found.support, [persons.ANSWERS.index(str(value)) for value in values])
            else:
                keep &= found.made_safe
        return replace(self._taken(found, keep), unaged=unaged, aged=aged)

    def _resolved(self, measure: Measure, within: tuple[str, ...], only: tuple[int, ...] | None) -> persons.Resolved:
        import numpy as np

        meetings = self.facts.meetings
        mask, same = self.pairs("meetings").rows(self.wanted(measure, only))
        key = ("resolved", within, same)
        if key not in self._remembered:
            if "order" not in self._remembered:
                self._remembered["order"] = persons.time_order(meetings)
            order = self._remembered["order"]
            rows = np.flatnonzero(mask) if order is None else order[mask[order]]
            self._remembered[key] = persons.resolve(meetings, rows, grouped(meetings, ("person", *within)))
        found: persons.Resolved = self._remembered[key]
        return found

    def _taken(self, found: persons.Resolved, keep: Any) -> Units:
        if not keep.all():
            found = persons.Resolved(**{name: values[keep] for name, values in vars(found).items()})
        return replace(self._at(found.position), resolved=found)

    def _at(self, position: Any) -> Units:
        """Persons whose first meeting is in these rows of the frame."""
        import numpy as np

        meetings = self.facts.meetings
        return Units(position, meetings["service"].to_numpy()[position], meetings["day"].to_numpy()[position],
                     np.ones(len(position), dtype=np.int64))

    # Owing --------------------------------------------------------------------------------------------------------

    def owing(self, measure: Measure) -> set[int]:
        """Services that owe the measure: see ``Places.owing``; without joint-only partners, and for what became of
        referrals without the services that are known to have made none."""
        if self.whole is not None:
            return self.whole.owing(measure)
        key = ("owing", measure.code)
        if key not in self._remembered:
            owing = self.places.owing(measure)
            if measure.family is Family.CONTACTS:
                owing = {service for service in owing
                         if service not in self.leads or self.source(service, measure) is not None}
            if measure.of_referrals:
                owing -= self._made_none()
            self._remembered[key] = owing
        found: set[int] = self._remembered[key]
        return found

    def _made_none(self) -> set[int]:
        made = measure_of("referrals_made")
        counts = self.units(made, ("service",)).by("service")
        return {service for service in self.services() if self.source(service, made) is not None
                and not counts.get((service,)) and not any(
                    tally.value for tally in self.counted_tallies(service, made).values())}

    def counted_tallies(self, service: int, measure: Measure) -> dict[int, Tally]:
        """Day -> tally, for a service whose source for the measure is its tallies; declined ones are left out."""
        if self.source(service, measure) is not Basis.TALLIES:
            return {}
        return {day: tally for day, tally in self.told(service, measure).items() if tally.heard}


def ledger(facts: Facts) -> Ledger:
    """The ledger of ``facts``, made at the first call and kept with them."""
    if "ledger" not in facts.remembered:
        facts.remembered["ledger"] = Ledger(facts)
    found: Ledger = facts.remembered["ledger"]
    return found


def _tallies(facts: Facts) -> dict[tuple[int, int, str], dict[int, dict[str, Tally]]]:
    frame = facts.tallies
    out: dict[tuple[int, int, str], dict[int, dict[str, Tally]]] = {}
    rules = frame["rule"].tolist() if "rule" in frame else [""] * len(frame)
    for operation, service, code, day, part, state, value, rule in zip(*(frame[name].tolist() for name in (
            "operation", "service", "measure", "day", "part", "state", "value")), rules, strict=True):
        said = Tally(state, value if state == TallyState.NUMBER else 0, rule)
        out.setdefault((service, operation, code), {}).setdefault(day, {})[part if isinstance(part, str) else ""] = said
    return out


def _adjustments(facts: Facts) -> dict[tuple[int, str], dict[int, list[tuple[int, str, int]]]]:
    """(service, measure) -> operation -> (day, counting rule, amount)."""
    frame = facts.adjustments
    out: dict[tuple[int, str], dict[int, list[tuple[int, str, int]]]] = {}
    rules = frame["rule"].tolist() if "rule" in frame else [""] * len(frame)
    for operation, service, code, day, amount, rule in zip(*(frame[name].tolist() for name in (
            "operation", "service", "measure", "day", "amount")), rules, strict=True):
        out.setdefault((service, code), {}).setdefault(operation, []).append((day, rule, amount))
    return out


def _under(rule: counting.Rule, told: str) -> bool:
    return told == rule.name or (rule.standard and not told)


def _joined(parts: dict[str, Tally]) -> Tally:
    """Parts of one cell as one: the number without parts when there is one, else the sum of the parts heard."""
    if "" in parts:
        return parts[""]
    heard = [tally.value for tally in parts.values() if tally.heard]
    if not heard:
        return Tally(TallyState.DECLINED.value, 0)
    return Tally(TallyState.NUMBER.value, sum(heard))


def _participating(book: Ledger, measure: Measure) -> Units:
    import numpy as np

    frame = book.facts.participations
    mask = np.isin(frame["operation"].to_numpy(), list(book.places.operations))
    for column, values in measure.where:
        mask = mask & among(frame[column], values)
    position = np.flatnonzero(mask)
    service = frame["service"].to_numpy()[position]
    position, service = firsts(service, position, service)
    return Units(position, service, np.full(len(position), UNDATED), np.ones(len(position), dtype=np.int64))
