"""Plain rules of the policy of withholding: what may be asked for, and which releases were made under another one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from outreach.errors import N_, Finding
from outreach.rollup.protection import LEAST, MOST, PRESETS, Policy, is_weaker, preset_of
from outreach.vocab import Zeros

OWN = "own"
"""A threshold of one's own, after no published rule."""
LEAST_REASON, LONGEST_REASON = 3, 500


@dataclass(frozen=True)
class Asked:
    """What somebody wants: the policy, why, and what is wrong with it."""

    policy: Policy
    reason: str
    findings: tuple[Finding, ...] = ()


def asked(preset: str, least: str, zeros: str, reason: str) -> Asked:
    """What was typed, read. ``least`` counts only without a published rule; ``zeros`` adds to one."""
    wrong: list[Finding] = []
    rule = preset_of(preset)
    if rule is None and preset != OWN:
        wrong.append(Finding("preset", N_("Choose a rule, or your own threshold.")))
    number = int(least) if least.isascii() and least.isdigit() and len(least) < 4 else 0
    if preset == OWN and not LEAST <= number <= MOST:
        words = N_("Enter a whole number from %(least)s to %(most)s.")
        wrong.append(Finding("least", words, {"least": LEAST, "most": MOST}))
    if zeros not in Zeros.values():
        wrong.append(Finding("zeros", N_("Say what becomes of a zero.")))
    if len(reason) < LEAST_REASON:
        wrong.append(Finding("reason", N_("Say why, in a few words.")))
    if len(reason) > LONGEST_REASON:
        wrong.append(Finding("reason", N_("Shorten this to %(most)s characters."), {"most": LONGEST_REASON}))
    withheld = zeros == Zeros.WITHHOLD
    if rule is not None:
        policy = Policy(rule.policy.least, withheld or rule.policy.zeros, rule.code)
    else:
        policy = Policy(max(number, LEAST), withheld)
    return Asked(policy, reason, tuple(wrong))


def same(one: Policy, other: Policy) -> bool:
    """Whether both withhold the same by the same published rule; where none is named, it is the default."""
    return one == other or (one.least, one.zeros) == (other.least, other.zeros) == (Policy().least, Policy().zeros)


def choice_of(policy: Policy) -> str:
    """The rule that the form shows as chosen."""
    if policy.preset:
        return policy.preset
    return PRESETS[0].code if policy.least == PRESETS[0].policy.least else OWN


def made_under_stronger(releases: Iterable[tuple[int, Mapping[str, Any]]], now: Policy) -> list[tuple[int, int]]:
    """Number and threshold of the published releases that withheld more than is withheld now: they keep their promise,
    and a new release is held against them."""
    out = []
    for number, kept in releases:
        before = Policy(int(kept.get("least", Policy().least)), bool(kept.get("zeros", False)))
        if is_weaker(now, before):
            out.append((number, before.least))
    return out
