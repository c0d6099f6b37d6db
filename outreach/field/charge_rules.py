"""Plain rules of accused persons and charges: codes, dates, counts, what may follow what. No SQL, no web."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from outreach.errors import N_, Finding
from outreach.vocab import ChargeStatus, OperationStatus

MOST_COUNTS = 999
# Letters, digits and hyphens with at least one digit: a code, hardly a name.
_CODE = re.compile(r"(?=.*\d)[A-Z0-9](?:[A-Z0-9-]{0,18}[A-Z0-9])?")
_NUMBERED = re.compile(r"A-(\d{1,6})")

BEGUN = (OperationStatus.ACTIVE.value, OperationStatus.REPORTING.value, OperationStatus.CLOSED.value)
"""States in which accused and charges are entered: charges arrive and change after an operation is closed."""


def local_day(now: dt.datetime, zone: str) -> dt.date:
    """The calendar day in ``zone``: a charge is laid on a calendar day, not on an operational one."""
    return now.astimezone(ZoneInfo(zone)).date()


def propose_code(taken: Iterable[str]) -> str:
    """``A-01``, ``A-02`` …: one more than the highest of this pattern."""
    numbers = [int(found[1]) for code in taken if (found := _NUMBERED.fullmatch(code))]
    return f"A-{max(numbers, default=0) + 1:02d}"


def read_code(typed: str) -> str | None:
    """The code in capitals, or ``None`` when it is none."""
    code = "".join(typed.upper().split())
    return code if _CODE.fullmatch(code) else None


def check_arrest(arrested: bool | None, arrested_on: dt.date | None, today: dt.date) -> list[Finding]:
    """An answer is needed; the day only with an arrest, never in the future."""
    if arrested is None:
        return [Finding("arrested", N_("Say whether the person was arrested."))]
    if arrested and arrested_on is None:
        return [Finding("arrested_on", N_("Enter the day of the arrest."))]
    if not arrested and arrested_on is not None:
        return [Finding("arrested_on", N_("Without an arrest there is no day: clear it, or choose Yes."))]
    if arrested_on is not None and arrested_on > today:
        return [
            Finding("arrested_on", N_("The arrest cannot be after today, %(today)s."), {"today": today.isoformat()})
        ]
    return []


def check_offence(
    offence: str, label: str, statute: str, *, known: bool, in_force: bool, section: str, laid_on: dt.date | None
) -> list[Finding]:
    """Either an offence of the list that was in force on the day, or a label and its statute."""  # fmt: skip
    if offence and (label or statute):
        return [Finding("label", N_("Choose an offence of the list or type a label, not both."))]
    if not offence and not label:
        return [Finding("offence", N_("Choose an offence, or type a label and its statute."))]
    if not offence and not statute:
        return [Finding("statute", N_("Name the statute, for example CDSA."))]
    if offence and not known:
        return [Finding("offence", N_("This offence is not on the list. Choose one of the list, or type a label."))]
    if offence and laid_on is not None and not in_force:
        where = {"section": section, "day": laid_on.isoformat()}
        message = N_("Section %(section)s was not in force on %(day)s. Choose another, or type it as a label.")
        return [Finding("offence", message, where)]
    return []


def check_counts(counts: int | None, where: str = "counts") -> list[Finding]:
    if counts is None or not 1 <= counts <= MOST_COUNTS:
        return [Finding(where, N_("Enter the number of counts: 1 to %(most)s."), {"most": MOST_COUNTS})]
    return []


def check_laid_on(laid_on: dt.date | None, today: dt.date) -> list[Finding]:
    if laid_on is None:
        return [Finding("laid_on", N_("Enter the day the charge was laid."))]
    if laid_on > today:
        message = N_("A charge cannot be laid after today, %(today)s.")
        return [Finding("laid_on", message, {"today": today.isoformat()})]
    return []


def check_status(now: str, wanted: str, *, substitute_stands: bool) -> list[Finding]:
    """Court-neutral moves: laid, withdrawn and substituted may follow one another, but nothing counts twice."""
    if wanted not in ChargeStatus.values():
        return [Finding("status", N_("Choose what became of the charge."))]
    if now == ChargeStatus.SUBSTITUTED and wanted != now and substitute_stands:
        return [Finding("status", N_("Its substitute still stands: withdraw the substitute first."))]
    return []
