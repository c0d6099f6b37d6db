"""What a release lets out, as plain values: the policy, the cells, what is withheld and why, what an attacker finds.

Here belong the shapes alone, and the published rules that a policy can follow. Which cells are withheld is chosen in
``suppression``; ``attack`` tries to find them again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from outreach.errors import N_

Key = tuple[str, int | None, str | None]
"""Measure, service (None: all), day as it is kept in a locked version (None: the whole window)."""

SMALL = 6
"""By default numbers from 1 to 5 are withheld."""
APART = 5
"""A number that is withheld for the sake of another keeps at least so many possible values."""


NOT_OF_PERSONS = frozenset({"services", "support_agencies", "personnel", "attempts", "kits_handed_out"})
"""Measures that say nothing of a person met or accused: shown however small."""


def is_protected(code: str) -> bool:
    """Whether small numbers of the measure are withheld."""
    return code.partition(":")[0] not in NOT_OF_PERSONS


class Why(StrEnum):
    """Why a number is withheld."""

    SMALL = "small"
    BESIDE = "beside"


@dataclass(frozen=True)
class Policy:
    """``least``: numbers from 1 to one below it are withheld; ``zeros``: a zero as well. ``preset``: its source."""

    least: int = SMALL
    zeros: bool = False
    preset: str = ""


@dataclass(frozen=True)
class Preset:
    """A published rule: code, name, what it says, where it stands."""

    code: str
    label: str
    policy: Policy
    source: str


@dataclass(frozen=True)
class Told:
    """One release as it leaves. ``true``: every number of its scope; ``hidden``: those that it withholds, and why.

    ``version``: of the locked figures. ``opened``: small numbers that are published on purpose. What is in ``true`` and
    not in ``hidden`` is printed. Distinct persons do not add up across services; the attack knows which measures do.
    ``complete``: false where choosing what is withheld ran out of time; it may not leave then. ``elsewhere``: others
    printed it, and nobody here answers for it; every reader knows it, and that is all.
    """

    version: int
    true: Mapping[Key, int]
    hidden: Mapping[Key, Why] = field(default_factory=dict)
    opened: frozenset[Key] = frozenset()
    policy: Policy = Policy()
    complete: bool = True
    elsewhere: bool = False


@dataclass(frozen=True)
class Leak:
    """A withheld number that can be told too closely: it lies from ``low`` to ``high``, of whichever release.

    ``beside``: where it is not the number itself, but what it leaves out of this one, or (the same key) how much it has
    changed since an earlier release.
    """

    release: int
    key: Key
    low: int
    high: int
    why: Why
    beside: Key | None = None


@dataclass(frozen=True)
class Verdict:
    """What the attack found. ``tried``: withheld numbers attacked; ``finished``: false where it ran out of
    time, or the choosing before it did."""

    leaks: tuple[Leak, ...]
    tried: int
    finished: bool = True

    @property
    def safe(self) -> bool:
        return self.finished and not self.leaks


DEFAULT = Preset("default", N_("Outreach’s default"), Policy(), "Outreach, k = 6")
PRESETS: tuple[Preset, ...] = (
    DEFAULT,
    Preset("zeros", N_("Outreach’s default, zeros as well"), Policy(zeros=True, preset="zeros"),
           "Outreach, k = 6"),
    Preset("nhs", N_("NHS England, hospital statistics"), Policy(8, preset="nhs"),
           "NHS Digital, Disclosure control methodology for Hospital Episode Statistics and Emergency Care Data Set, "
           "from September 2018: 1 to 7"),
    Preset("wa", N_("Washington State Department of Health"), Policy(10, preset="wa"),
           "Washington State Department of Health, Small Numbers Publishing Guidelines: non-zero counts less than ten"),
    Preset("cms", N_("Medicare and Medicaid (United States)"), Policy(11, preset="cms"),
           "Centers for Medicare & Medicaid Services, Cell Size Suppression Policy (ResDAC, 26 January 2024): 1 to 10"),
    Preset("ctdc", N_("Counter-Trafficking Data Collaborative"), Policy(11, preset="ctdc"),
           "Counter-Trafficking Data Collaborative, Global Dataset: k-anonymized, k = 11"))
"""Published rules. The citation is that of the publisher, in its own language. NHS England also rounds other numbers to
the nearest 5, which is not done here: totals would no longer be those that people add up."""
LEAST, MOST = 3, 50
"""The smallest number shown lies between these. Of two persons each knows the other, so that 2 is always withheld."""


def preset_of(code: str) -> Preset | None:
    """The published rule of that code."""
    return next((one for one in PRESETS if one.code == code), None)


def is_weaker(policy: Policy, than: Policy = DEFAULT.policy) -> bool:
    """Whether it withholds less in any respect."""
    return policy.least < than.least or (than.zeros and not policy.zeros)
