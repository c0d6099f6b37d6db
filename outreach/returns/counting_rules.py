"""Rules of choosing a counting rule: what rests on the one in force, when a reason is needed, since when one stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from outreach.errors import N_, Finding
from outreach.rollup.counting import Rule, chosen, rules_of

LEAST_REASON, LONGEST_REASON = 3, 500


@dataclass(frozen=True)
class Resting:
    """What rests on the rule in force: numbers told under it and their services, signatures, locked versions."""

    numbers: int = 0
    services: int = 0
    signed: int = 0
    locked: int = 0

    @property
    def anything(self) -> bool:
        return bool(self.numbers or self.signed or self.locked)


def resting(
    measure: str, choice: Mapping[str, Any], told: Iterable[tuple[int, str]], signed: int, locked: int
) -> Resting:
    """``told``: service and rule of each number of the measure that stands."""
    now = chosen(measure, choice)
    under = [service for service, rule in told if chosen(measure, {measure: rule}) == now]
    return Resting(len(under), len(set(under)), signed, locked)


def findings(measure: str, name: str, rests: Resting, reason: str) -> list[Finding]:
    """What is wrong with choosing the rule ``name``. ``reason``: as it was typed, without what cannot be seen."""
    if name not in {rule.name for rule in rules_of(measure)}:
        return [Finding("rule", N_("Choose one of the rules offered."))]
    if len(reason) > LONGEST_REASON:
        return [Finding("reason", N_("Shorten this to %(most)s characters."), {"most": LONGEST_REASON})]
    if rests.anything and len(reason) < LEAST_REASON:
        words = N_("Numbers were told, signed or locked under the rule in force: say why it changes.")
        return [Finding("reason", words)]
    return []


def after(measure: str, name: str, choice: Mapping[str, Any]) -> dict[str, Any]:
    """The choice with the rule ``name`` in it; the standard rule is what stands where nothing is chosen."""
    rule = next(rule for rule in rules_of(measure) if rule.name == name)
    kept = {code: rule_name for code, rule_name in choice.items() if code != measure}
    return kept if rule.standard else {**kept, measure: name}


def since(
    measure: str, history: Sequence[tuple[dt.datetime, Mapping[str, Any]]]
) -> tuple[Rule | None, dt.datetime | None]:
    """The rule in force and from when on; no moment where it has stood from the beginning."""
    found: tuple[Rule | None, dt.datetime | None] = (chosen(measure, {}), None)
    for place, (at, choice) in enumerate(history):
        rule = chosen(measure, choice)
        if place == 0:
            found = rule, None
        elif rule != found[0]:
            found = rule, at
    return found
