"""Plain rules of a release: what it may hold, its cells, what its hash is of, who has approved it. Nothing is added up.

A cell is a list ``[measure, service, day, number, why, bound, least, reported, expected]``: ``number`` is null where it
is withheld (``why`` says for what reason) and where it is not known (``why`` is '').
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from outreach.errors import N_, Finding
from outreach.returns.set_rules import COLUMNS, Row
from outreach.rollup.measures import STANDARD, NoSuchMeasure
from outreach.rollup.measures import measure as measure_of
from outreach.rollup.offences import SPLIT, TOLD, base_of, by_section, code_of, offence_of, offences_in
from outreach.rollup.protection import Key, Policy, Told, Verdict, Why, is_protected
from outreach.vocab import Bound, ReleaseState

APPROVALS = 2
"""Persons who have to approve the same content, each once."""

MEASURES = STANDARD
"""What a release may hold. What became of a referral after an agency picked it up leaves in no release."""
WHOLE = ("services", "support_agencies")
"""Told in all alone: of a single service it would be one."""
USUAL = ("services", "personnel", "persons_met", "support_offered", "support_accepted", "persons_made_safe",
         "persons_charged",
         "charges")  # fmt: skip
"""What a release holds unless somebody chooses otherwise."""

LANGUAGES = ("en", "fr")
LONGEST_TITLE, LONGEST_TEXT, LONGEST_CONTACT, LEAST_REASON, LONGEST_REASON = 160, 6000, 200, 3, 500

MADE, EDITED, SENT, APPROVED, REFUSED = "made", "edited", "sent", "approved", "refused"
RETRACTED, PUBLISHED, DROPPED, WEIGHED = "retracted", "published", "dropped", "weighed"
STEPS = {
    MADE: N_("Drafted"),
    EDITED: N_("Edited"),
    WEIGHED: N_("Checked again"),
    SENT: N_("Sent for approval"),
    APPROVED: N_("Approved"),
    REFUSED: N_("Not approved"),
    RETRACTED: N_("Took the approval back"),
    PUBLISHED: N_("Published"),
    DROPPED: N_("Dropped"),
}
WITHHELD_BECAUSE = {
    Why.SMALL.value: N_("A small number."),
    Why.BESIDE.value: N_("With the numbers beside it, a small one could be worked out."),
}


SCOPE = ("measures", "by_service", "by_day", "by_offence")
"""What a release may hold: figures in all, and the splits of them."""


@dataclass(frozen=True)
class Scope:
    """What a release holds: measures in all; those also told for every service, for every day, for every offence.

    ``opened``: small numbers that are published on purpose.
    """

    measures: tuple[str, ...] = USUAL
    by_service: tuple[str, ...] = ()
    by_day: tuple[str, ...] = ()
    opened: frozenset[Key] = frozenset()
    by_offence: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        kept = {
            "measures": list(self.measures),
            "by_service": list(self.by_service),
            "by_day": list(self.by_day),
            "opened": sorted(([*key] for key in self.opened), key=str),
        }
        # Left out where there is none: releases that were approved before the split was known keep their hash.
        return {**kept, "by_offence": list(self.by_offence)} if self.by_offence else kept

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Scope:
        measures, by_service, by_day, by_offence = (tuple(kept.get(part, ())) for part in SCOPE)
        opened = frozenset((code, service, day) for code, service, day in kept.get("opened", ()))
        return cls(measures, by_service, by_day, opened, by_offence)

    def holds(self, key: Key) -> bool:
        code, service, day = key
        if service is not None and day is not None:
            return False
        if offence_of(code) is not None:
            return base_of(code) in self.by_offence
        within = self.by_service if service is not None else self.by_day if day is not None else self.measures
        return code in within


def scope_of(
    measures: Iterable[str],
    by_service: Iterable[str] = (),
    by_day: Iterable[str] = (),
    by_offence: Iterable[str] = (),
) -> tuple[Scope, list[Finding]]:
    """What somebody asked for, in the order of the catalogue, with what is wrong with it."""
    asked = [set(part) for part in (measures, by_service, by_day, by_offence)]
    findings = [
        Finding(where, N_("Choose from the list of figures."))
        for where, part in zip(SCOPE, asked, strict=True)
        if part - set(MEASURES)
    ]
    if not asked[0]:
        findings.append(Finding("measures", N_("Choose at least one figure.")))
    for where, part in zip(SCOPE[1:], asked[1:], strict=True):
        if asked[0] and part - asked[0]:
            findings.append(Finding(where, N_("A figure that is split stands among the figures in all too.")))
    if asked[1] & set(WHOLE):
        findings.append(Finding("by_service", N_("One of these figures is not told by service.")))
    if any(not _by_day(code) for code in asked[2]):
        findings.append(Finding("by_day", N_("One of these figures is not told by day.")))
    if asked[3] - set(SPLIT):
        findings.append(Finding("by_offence", N_("Only charges, and persons charged, are told by offence.")))
    whole, services, days, offences = (tuple(code for code in MEASURES if code in part) for part in asked)
    return Scope(whole, services, days, by_offence=offences), findings


def _by_day(code: str) -> bool:
    try:
        return measure_of(code).by_day
    except NoSuchMeasure:
        return False


# --- cells ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """One cell of a release, by name."""

    measure: str
    service: int | None
    day: str | None
    number: int | None
    why: str = ""
    bound: str = ""
    least: int | None = None
    reported: int = 0
    expected: int | None = None

    @property
    def key(self) -> Key:
        return (self.measure, self.service, self.day)

    @property
    def withheld(self) -> bool:
        return bool(self.why)

    def as_json(self) -> list[Any]:
        return [self.measure, self.service, self.day, self.number, self.why, self.bound, self.least, self.reported,
                self.expected]  # fmt: skip


def cells(kept: Iterable[Sequence[Any]]) -> list[Cell]:
    """The cells of a release as they are kept."""
    return [Cell(*row) for row in kept]


def in_scope(figures: Iterable[Row], scope: Scope) -> list[Row]:
    """The rows of a locked version that a release of this scope holds, in its order."""
    order = {code: place for place, code in enumerate(MEASURES)}
    rows = [row for row in figures if scope.holds((row[0], row[1], row[2]))]
    place = {code: at for at, code in enumerate(by_section(offences_in(row[0] for row in rows)))}
    return sorted(
        rows,
        key=lambda row: (
            row[1] is not None,
            row[2] is not None,
            place.get(offence_of(row[0]) or "", -1),
            order.get(base_of(row[0]), 99),
        ),
    )


def with_gone(figures: Sequence[Row], scope: Scope, told: Iterable[str]) -> list[Row]:
    """The rows with a zero for each offence of the scope that was told of before and that nobody is charged with now.

    ``told``: codes of what left before. A line that is missing would say less than the zero that it is.
    """
    have, like = {row[0] for row in figures}, {row[0]: row for row in in_scope(figures, scope) if row[0] in SPLIT}
    gone = [code for code in dict.fromkeys(told) if offence_of(code) is not None and code not in have]
    told_of = {code: like[base_of(code)] for code in gone if base_of(code) in scope.by_offence}
    zeros = [[code, None, None, 0, Bound.EXACT.value, *row[5:8], None, None, None] for code, row in told_of.items()]
    return [*figures, *zeros]


def inherited(scope: Scope, kept: Iterable[Sequence[Any]], figures: Iterable[Row]) -> Scope:
    """The scope of an erratum of a release with this scope and these cells.

    A small number that was published on purpose stays open while it is the number that the public has. Who agreed to it
    agreed to no other: a changed one is withheld until it is asked for anew.
    """
    told = {cell.key: cell.number for cell in cells(kept)}
    now = {(row[0], row[1], row[2]): row[3] for row in figures}
    return replace(scope, opened=frozenset(key for key in scope.opened if told.get(key) == now.get(key, -1)))


def offences_of(told: Iterable[Cell]) -> list[str]:
    """Every offence that the cells are of, in the order of its section."""
    return by_section(offences_in(cell.measure for cell in told))


def has_offences(figures: Iterable[Row]) -> bool:
    """Whether a locked version keeps charges by offence; what was told without one alone is no table."""
    return any(offence_of(row[0]) not in (None, TOLD) for row in figures)


def taken_off(true: Mapping[Key, int]) -> bool:
    """Whether an adjustment took charges off without saying of which offence."""
    return true.get((code_of("charges", TOLD), None, None), 0) < 0


def usual_of(figures: Iterable[Row]) -> set[str]:
    """What a draft starts with: the usual figures that this version knows; where it knows none, all of them."""
    known = {row[0] for row in figures if row[1] is None and row[2] is None and row[3] is not None}
    return known & set(USUAL) or set(USUAL)


def true_of(figures: Iterable[Row], scope: Scope) -> dict[Key, int]:
    """Every known whole number of the scope: what withholding is decided on, and what an attacker is after."""
    return {(row[0], row[1], row[2]): row[3] for row in in_scope(figures, scope) if isinstance(row[3], int)}


def cells_of(figures: Iterable[Row], scope: Scope, told: Told) -> list[Cell]:
    """What leaves: a withheld number is null here, and so are the ends of its range."""
    out = []
    for row in in_scope(figures, scope):
        full = [*row, *[None] * (len(COLUMNS) - len(row))]
        key: Key = (full[0], full[1], full[2])
        why = told.hidden.get(key)
        if why is not None:
            out.append(Cell(*key, None, why.value, "", None, full[6], full[7]))
            continue
        # The lower end of a range is a number too: where it is small, only the upper end is told.
        small = full[10] is not None and full[10] < told.policy.least and is_protected(full[0])
        if small:  # of a partial figure nothing else says that the number is an upper end
            full[10] = 0 if full[4] == Bound.PARTIAL.value else None
        least = full[10]
        number = full[3] if isinstance(full[3], int) else None
        out.append(Cell(*key, number, "", full[4], least, full[6], full[7]))
    return out


def told_again(
    figures: Iterable[Row], scope: Scope, kept: Iterable[Sequence[Any]], policy: Policy, version: int
) -> Told:
    """What a release that was published told, for the attack on all of them together."""
    told = cells(kept)
    hidden = {cell.key: Why(cell.why) for cell in told if cell.withheld}
    true = true_of(figures, scope)
    # Offences that nobody was charged with any more stood there as a zero (``with_gone``).
    gone = {cell.key: 0 for cell in told if offence_of(cell.measure) is not None and cell.key not in true}
    return Told(version, {**true, **gone}, hidden, scope.opened, policy)


def of_another(told: Told, version: int, in_line: bool) -> Told:
    """What another operation of the tree told that says something of this one.

    Of single services always: the same service's number may stand in both. Of an operation above or below (``in_line``)
    its totals too: what one leaves out of the other may be small, as between two versions of one figure. Totals of
    operations beside one another say nothing. ``version``: its own, so that nothing is added up across operations.
    """
    kept = {key: number for key, number in told.true.items() if in_line or key[1] is not None}
    hidden = {key: why for key, why in told.hidden.items() if key in kept}
    opened = frozenset(key for key in told.opened if key in kept)
    return Told(version, kept, hidden, opened, told.policy, told.complete)


def withheld(kept: Iterable[Sequence[Any]]) -> list[Cell]:
    return [cell for cell in cells(kept) if cell.withheld]


def policy_of(kept: Mapping[str, Any]) -> Policy:
    """The policy that a release was drafted under."""
    return Policy(int(kept.get("least", Policy().least)), bool(kept.get("zeros", False)), str(kept.get("preset", "")))


def policy_json(policy: Policy) -> dict[str, Any]:
    return {"least": policy.least, "zeros": policy.zeros, "preset": policy.preset}


def verdict_json(verdict: Verdict, names: Sequence[str]) -> dict[str, Any]:
    """What the attack found, without the bounds that it found: these would be the withheld number.

    ``names``: what each attacked release is called, in order.
    """
    return {
        "safe": verdict.safe,
        "finished": verdict.finished,
        "tried": verdict.tried,
        "leaks": [
            {
                "release": names[leak.release],
                "cell": list(leak.key),
                "why": leak.why.value,
                "beside": list(leak.beside) if leak.beside else None,
            }
            for leak in verdict.leaks
        ],
    }


# --- what is approved -------------------------------------------------------------------------------------------------


def content_of(release: Any, set_hash: str) -> dict[str, Any]:
    """Everything that is approved; ``set_hash``: of the locked figures that it was drafted from."""
    return {
        "format": "outreach-release-1",
        "release": release.uid,
        "number": release.number,
        "kind": release.kind,
        "replaces": release.replaces_id,
        "figures": set_hash,
        "policy": release.policy,
        "scope": release.scope,
        "texts": release.texts,
        "cells": release.cells,
        "verdict": release.verdict,
    }


def hash_of(content: Mapping[str, Any]) -> str:
    """SHA-256 of a document as JSON with sorted keys, no spaces, in UTF-8."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def manifest_of(release: Any, files: Iterable[Mapping[str, Any]], set_hash: str) -> dict[str, Any]:
    """The list of files; its hash is the hash of a published release."""
    return {
        "format": "outreach-files-1",
        "release": release.uid,
        "number": release.number,
        "content": release.content_hash,
        "figures": set_hash,
        "files": [{part: file[part] for part in ("name", "language", "media", "size", "hash")} for file in files],
    }


def approvals(steps: Sequence[Any], content_hash: str) -> dict[int, Any]:
    """Person → her approval of this very content since it was last sent; taken back ones are gone."""
    found: dict[int, Any] = {}
    for step in steps:
        if step.what in (SENT, REFUSED, EDITED, WEIGHED):
            found = {}
        elif step.what == APPROVED and step.by_id is not None and step.content_hash == content_hash:
            found[step.by_id] = step
        elif step.what == RETRACTED:
            found.pop(step.by_id, None)
    return found


def open_to_edit(state: str) -> bool:
    return state in (ReleaseState.DRAFT, ReleaseState.SENT)


def reason_findings(text: str, where: str, ask: str) -> list[Finding]:
    """What is wrong with a reason."""
    if len(text) < LEAST_REASON:
        return [Finding(where, ask)]
    if len(text) > LONGEST_REASON:
        return [Finding(where, N_("Shorten this to %(most)s characters."), {"most": LONGEST_REASON})]
    return []
