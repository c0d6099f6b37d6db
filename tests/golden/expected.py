"""The numbers of README.md: value, bound, services in, services that owe."""

from __future__ import annotations

PROVINCE_TOTALS: dict[str, tuple[int, str, int, int]] = {
    "services": (4, "exact", 4, 5),
    "support_agencies": (1, "exact", 1, 1),
    "personnel": (12, "partial", 3, 4),
    "contacts": (13, "at_least", 4, 4),
    "attempts": (2, "partial", 2, 4),
    "persons_met": (11, "partial", 4, 4),
    "persons_under_18": (2, "partial", 2, 4),
    "persons_under_16": (1, "partial", 2, 4),
    "support_offered": (6, "partial", 3, 4),
    "support_accepted": (2, "partial", 3, 4),
    "support_declined": (2, "partial", 2, 4),
    "support_undecided": (1, "partial", 2, 4),
    "persons_made_safe": (1, "partial", 2, 4),
    "referrals_made": (3, "partial", 2, 4),
    "referrals_received": (2, "partial", 2, 4),
    "referrals_reached": (2, "partial", 2, 4),
    "referrals_engaged": (1, "partial", 2, 4),
    "referrals_due_7": (2, "partial", 2, 4),
    "referrals_engaged_7": (1, "partial", 2, 4),
    "referrals_due_30": (0, "partial", 2, 4),
    "persons_referred": (3, "partial", 2, 4),
    "persons_received": (2, "partial", 2, 4),
    "persons_reached": (2, "partial", 2, 4),
    "persons_engaged": (1, "partial", 2, 4),
    "outcomes": (2, "partial", 2, 4),
    "referrals_direct": (1, "exact", 0, 0),
    "hours_to_receipt": (6.5, "partial", 2, 4),
    "engaged_at_7": (0.5, "partial", 2, 4),
    "persons_arrested": (1, "partial", 2, 4),
    "persons_charged": (3, "partial", 2, 4),
    "charges": (6, "partial", 2, 4),
    "kits_handed_out": (5, "partial", 2, 4),
}

PERSONS_MET_BY_DAY: list[tuple[int | str, int, str, int, int]] = [
    (100, 4, "at_most", 2, 2), (101, 2, "partial", 3, 4), (102, 3, "partial", 2, 3), (103, 1, "at_most", 3, 3),
    (104, 1, "partial", 1, 2), ("before", 0, "exact", 4, 4), ("after", 0, "exact", 4, 4)]

PERSONS_MET_BY_SERVICE: dict[int, tuple[int | None, str]] = {
    10: (4, "at_least"), 11: (3, "exact"), 12: (None, "unknown"), 13: (5, "at_least"), 14: (1, "at_least"),
    15: (None, "unknown")}

LOCAL_TOTALS: dict[str, tuple[int, str, int, int]] = {
    "services": (2, "exact", 2, 2),
    "support_agencies": (1, "exact", 1, 1),
    "personnel": (3, "exact", 1, 1),
    "contacts": (5, "at_least", 2, 2),
    "persons_met": (5, "at_least", 2, 2),
}
