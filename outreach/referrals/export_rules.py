"""How an agency's cases are said in IOM's Human Trafficking Case Data Standard, and what of ours it has no place for.

SOURCE: International Organization for Migration, *Human Trafficking Case Data Standard* (HTCDS): field names, types and
values of the *HTCDS Field Reference* (0.2, December 2020), the last one that is published as text. Versions 1.0 (2021)
and 2.0 renamed labels and added fields in a spreadsheet; where their machine names are not known to us nothing is
guessed. Columns that begin with ``outreach_`` are ours: the standard has no counterpart.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from outreach.vocab import N_, Gender, ReferralState

STANDARD = "HTCDS"
OWN = "outreach_"


@dataclass(frozen=True)
class Field:
    """One column of the file: its name, the columns of our tables that it is made from, and what a reader must know."""

    name: str
    ours: tuple[str, ...]
    note: str

    @property
    def standard(self) -> bool:
        return not self.name.startswith(OWN)


FIELDS = (
    Field("outreach_PersonCode", ("referral.code_sealed", "referral.person_id"), N_("The code of the card, or yours.")),
    Field("outreach_Origin", ("referral.origin",), N_("police, or direct when the person came to you herself.")),
    Field("cas_Status", ("referral_version.state",), N_("Active while you follow the person, Closed afterwards.")),
    Field("cas_ReferringOrganisation", ("referral.service_id",), N_("Empty when the person came to you herself.")),
    Field(
        "cas_IncomingReferralDate",
        ("referral_version.recorded_at",),
        N_("The day on which a liaison picked it up. Empty when the person came to you herself."),
    ),
    Field(
        "cas_IncomingReferralDetails",
        ("referral_version.needs",),
        N_("What the person asks for, if she agreed to share it."),
    ),
    Field(
        "cas_ReasonForCaseClosure",
        ("referral_version.state",),
        N_("How it ended; your own words stay sealed and are left out."),
    ),
    Field(
        "vic_AgreementToManagePersonalData",
        ("referral_consent.kind", "referral_consent.withdrawn_at"),
        N_("TRUE while the person agrees that facts are shared with you."),
    ),
    Field(
        "prs_Gender",
        ("meeting.gender_said", "meeting.gender_believed"),
        N_("If she agreed to share it. Empty where the standard’s reference has no such answer."),
    ),
    Field(
        "outreach_AgeBand",
        ("meeting.age_said", "meeting.age_believed", "meeting.age_confirmed"),
        N_("If she agreed to share it. The standard has a date of birth, which nobody asks."),
    ),
    Field("outreach_Urgent", ("referral_version.urgent",), N_("TRUE or FALSE.")),
    Field(
        "outreach_Outcomes",
        ("referral_outcome.outcome", "referral_outcome.withdrawn_at"),
        N_("Codes of the outcomes that stand."),
    ),
)

# Values of the reference; an answer of ours that is not here has no counterpart there, and its cell stays empty.
GENDERS: Mapping[str, str] = {
    Gender.WOMAN_GIRL: "Female",
    Gender.MAN_BOY: "Male",
    Gender.TRANSGENDER: "Transgender/NonConforming",
    Gender.NOT_KNOWN: "Unknown",
}
STATUSES: Mapping[str, str] = {
    ReferralState.RECEIVED: "Active",
    ReferralState.REACHED: "Active",
    ReferralState.ENGAGED: "Active",
    ReferralState.CLOSED: "Closed",
    ReferralState.DECLINED: "Closed",
    ReferralState.NOT_REACHED: "Closed",
    ReferralState.WITHDRAWN: "Closed",
}

# What the standard has and the file leaves empty, and why: fields of the reference that somebody may look for.
NOT_FILLED: Mapping[str, str] = {
    "prs_FirstName": N_("Names are never recorded."),
    "prs_SecondName": N_("Names are never recorded."),
    "prs_Birthdate": N_("Only an age band is known."),
    "prs_Nationality": N_("Never asked."),
    "prs_Email": N_("The way to reach the person stays sealed and is never exported."),
    "prs_HomePhone": N_("The way to reach the person stays sealed and is never exported."),
    "prs_MobilePhone": N_("The way to reach the person stays sealed and is never exported."),
    "vic_MethodsOfControl": N_("What police noted of signs of control is not shared with agencies."),
    "vic_TypeOfExploitation": N_("Never asked."),
    "cas_ReferringPrimaryCaseWorker": N_("Officers are not named to agencies."),
    "cas_ReasonForIncomingReferral": N_("None of its three answers is asked here."),
    "cas_ReferredOrganisation": N_("A referral that you give back goes through Outreach, not to another agency."),
}

# Columns of ours that the file leaves out, by table or by table and column. A test holds them against the tables, so
# that a new column is decided on.
LEFT_OUT: Mapping[str, str] = {
    "safe_contact": "the way to reach, never exported",
    "case_entry": "sealed notes, and when they were written",
    "plan_item": "sealed, no counterpart",
    "plan_item_version": "sealed, no counterpart",
    "follow_up": "no counterpart; its totals are in the figures",
    "referral_alert": "how the site works",
    "agency_key": "how the site works",
    "sealed_note": "how the site works",
    "referral.id": "how the site works",
    "referral.uid": "an address of this site, of no use elsewhere",
    "referral.operation_id": "where police met the person",
    "referral.contact_id": "the meeting with police",
    "referral.day": "when police met the person",
    "referral.made_at": "when police met the person",
    "referral_version.id": "how the site works",
    "referral_version.referral_id": "how the site works",
    "referral_version.version": "how the site works",
    "referral_version.superseded_at": "how the site works",
    "referral_version.recorded_by_id": "names of staff",
    "referral_version.agency_id": "whose cases they are: the file has the cases of one's own agency",
    "referral_version.liaison_id": "names of staff",
    "referral_version.reach_by": "part of the way to reach",
    "referral_version.owed_at": "how the site works",
    "referral_version.reason": "words about a change",
    "referral_version.details": "sealed words, and who gave it back",
    "referral_consent.id": "how the site works",
    "referral_consent.uid": "how the site works",
    "referral_consent.referral_id": "how the site works",
    "referral_consent.facts": "it decides which columns are filled",
    "referral_consent.agency_id": "it decides whether the case is in the file",
    "referral_consent.given_at": "no counterpart in the reference",
    "referral_consent.recorded_at": "how the site works",
    "referral_consent.recorded_by_id": "names of staff",
    "referral_consent.withdrawn_recorded_at": "how the site works",
    "referral_consent.withdrawn_by_id": "names of staff",
    "referral_consent.told_at": "how the site works",
    "referral_outcome.id": "how the site works",
    "referral_outcome.referral_id": "how the site works",
    "referral_outcome.agency_id": "whose cases they are",
    "referral_outcome.day": "no counterpart",
    "referral_outcome.recorded_at": "how the site works",
    "referral_outcome.recorded_by_id": "names of staff",
}


@dataclass(frozen=True)
class Case:
    """What the file may say of one case; '' and empty where the person did not agree, or where it is not known."""

    code: str
    origin: str
    state: str
    referred_by: str
    picked_up_on: dt.date | None
    needs: tuple[str, ...]
    shares: bool
    gender: str
    age_band: str
    urgent: bool
    outcomes: tuple[str, ...]


def cells_of(case: Case) -> dict[str, str]:
    """The cells of one line, by name of the column."""
    direct = case.origin == "direct"
    status = STATUSES[case.state]
    return {
        "outreach_PersonCode": case.code,
        "outreach_Origin": case.origin,
        "cas_Status": status,
        "cas_ReferringOrganisation": "" if direct else case.referred_by,
        "cas_IncomingReferralDate": "" if direct or case.picked_up_on is None else case.picked_up_on.isoformat(),
        "cas_IncomingReferralDetails": "; ".join(case.needs),
        "cas_ReasonForCaseClosure": case.state if status == "Closed" else "",
        "vic_AgreementToManagePersonalData": _truth(case.shares),
        "prs_Gender": GENDERS.get(case.gender, ""),
        "outreach_AgeBand": case.age_band,
        "outreach_Urgent": _truth(case.urgent),
        "outreach_Outcomes": "; ".join(case.outcomes),
    }


def as_csv(cases: Iterable[Case]) -> bytes:
    """The file: UTF-8 with the mark that spreadsheets look for, a header, a line a case, CR LF (RFC 4180)."""
    out = io.StringIO()
    writer = csv.DictWriter(out, [field.name for field in FIELDS], lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: _text(cell) for name, cell in cells_of(case).items()} for case in cases)
    return out.getvalue().encode("utf-8-sig")


def _truth(value: bool) -> str:
    return "TRUE" if value else "FALSE"


def _text(cell: str) -> str:
    """Text that no spreadsheet takes for a formula. SOURCE: ``safety.md`` 39."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")) else cell
