"""Plain rules of a referral that is typed on a page: what it must say. The contact's own questions: ``field.rules``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from outreach.errors import N_, Finding
from outreach.field import rules as field_rules


@dataclass(frozen=True)
class Asked:
    """What a form says of a new referral. ``uid``: made by the form, so that pressing twice makes one."""

    uid: str
    agency_id: int | None = None
    needs: tuple[str, ...] = ()
    urgent: bool = False
    reach_by: str = ""
    safe_way: str = ""
    refers: bool = False
    facts: tuple[str, ...] = ()
    any_agency: bool = False
    agreed_at: dt.datetime | None = None
    under_18: bool = False
    duty_read: bool = False


def wrong_in(asked: Asked, now: dt.datetime) -> Iterator[Finding]:
    """What must be put right, each at its field."""
    if field_rules.read_uid(asked.uid) is None:
        yield Finding("uid", N_("This page is too old. Open it again."))
    yield from wrong_way(asked.reach_by, asked.safe_way)
    if not asked.refers:
        yield Finding("refers", N_("Without this agreement nobody is referred. Tick it once the person has agreed."))
    if asked.agreed_at is None:
        yield Finding("agreed_at", N_("Enter when it was as 2017-10-18 21:42."))
    elif asked.agreed_at > now:
        yield Finding("agreed_at", N_("Enter a time that is not in the future."))
    if asked.under_18 and not asked.duty_read:
        yield Finding("duty", N_("The person is under 18: read the local rule, then tick that you have."))


def wrong_way(reach_by: str, safe_way: str) -> Iterator[Finding]:
    """What is wrong with a way to reach somebody; a sentence is as good as a number where another way is chosen."""
    if reach_by not in ("", *field_rules.REACH_BY):
        yield Finding("reach_by", N_("Choose how the agency reaches the person."))
    wrong = field_rules.wrong_way(reach_by, safe_way)
    if wrong:
        yield Finding("safe_way", wrong)


def is_under_18(*ages: str) -> bool:
    """Whether one of the age bands is below 18: the duty does not wait until they agree."""
    return any(age in field_rules.UNDER_18 for age in ages)
