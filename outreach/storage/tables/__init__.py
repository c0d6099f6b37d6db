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
    CheckIn,
    Contact,
    ContactDraft,
    ContactVersion,
    Meeting,
    Person,
    PersonMerge,
)
from .lists import ListItem, Offence, RegionSetting
from .phones import OperationKey, PhoneState, RadioCard, SealedRecord
from .plan import (
    InvitationSent,
    Operation,
    OperationStep,
    Participation,
    ParticipationLink,
    ParticipationVersion,
    Service,
    Staff,
    Team,
    TeamMember,
    TeamVersion,
)
from .ready import (
    Attachment,
    BriefingRead,
    BriefingVersion,
    Certificate,
    Delegate,
    KitItem,
    KitMove,
    Session,
    Trial,
)
from .referrals import Referral, ReferralVersion, SafeContact
from .returns import SignOff, Tally
from .shifts import CalendarLink, RosterSeen, Shift, ShiftVersion

__all__ = [
    "AccountLink",
    "Accused",
    "AccusedVersion",
    "Attachment",
    "AuditEntry",
    "BriefingRead",
    "BriefingVersion",
    "CalendarLink",
    "Certificate",
    "Charge",
    "ChargeVersion",
    "CheckIn",
    "Contact",
    "ContactDraft",
    "ContactVersion",
    "Delegate",
    "Grant",
    "InvitationSent",
    "KeptForm",
    "KitItem",
    "KitMove",
    "ListItem",
    "Meeting",
    "Offence",
    "Operation",
    "OperationKey",
    "OperationStep",
    "Participation",
    "ParticipationLink",
    "ParticipationVersion",
    "Person",
    "PersonMerge",
    "PhoneState",
    "RadioCard",
    "Referral",
    "ReferralVersion",
    "RegionSetting",
    "RosterSeen",
    "SafeContact",
    "SealedRecord",
    "Service",
    "Session",
    "SessionRecord",
    "Shift",
    "ShiftVersion",
    "SignInFailure",
    "SignOff",
    "Staff",
    "Tally",
    "Team",
    "TeamMember",
    "TeamVersion",
    "Trial",
    "User",
]
