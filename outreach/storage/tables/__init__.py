"""Tables, one module a step of the work. Columns and constraints only: no behaviour, no queries.

Fact tables keep versions: an identity row that never changes and version rows with ``recorded_at`` (server time) and
``superseded_at``. What stood at a moment T is ``recorded_at <= T and (superseded_at is null or superseded_at > T)``.
"""

from .accounts import AccountLink, AuditEntry, Grant, KeptForm, SessionRecord, SignInFailure, User
from .field import (
    Accused,
    AccusedVersion,
    Charge,
    ChargeVersion,
    Contact,
    ContactDraft,
    ContactVersion,
    Meeting,
    Person,
    PersonMerge,
)
from .lists import ListItem, Offence, RegionSetting
from .plan import (
    Operation,
    OperationStep,
    Participation,
    ParticipationVersion,
    Service,
    Staff,
    Team,
    TeamMember,
    TeamVersion,
)
from .referrals import Referral, ReferralVersion, SafeContact
from .returns import SignOff, Tally

__all__ = [
    "AccountLink",
    "Accused",
    "AccusedVersion",
    "AuditEntry",
    "Charge",
    "ChargeVersion",
    "Contact",
    "ContactDraft",
    "ContactVersion",
    "Grant",
    "KeptForm",
    "ListItem",
    "Meeting",
    "Offence",
    "Operation",
    "OperationStep",
    "Participation",
    "ParticipationVersion",
    "Person",
    "PersonMerge",
    "Referral",
    "ReferralVersion",
    "RegionSetting",
    "SafeContact",
    "Service",
    "SessionRecord",
    "SignInFailure",
    "SignOff",
    "Staff",
    "Tally",
    "Team",
    "TeamMember",
    "TeamVersion",
    "User",
]
