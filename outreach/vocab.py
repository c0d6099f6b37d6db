"""The closed lists: states and answers that the code itself acts on.

Here belong lists whose values have behaviour (a counting rule, a permission, a lifecycle). Lists that an
administrator edits (offences, municipalities, languages spoken) are data and do not belong here.

A member is a plain string equal to its stored value and carries ``label`` (English source of the translated
label: show it with gettext), ``definition`` (English, may be empty) and ``source`` (where the list comes from).
Nothing here imports Flask; ``N_`` only marks a string for the message catalogue.
"""

from __future__ import annotations

from enum import StrEnum


def N_(text: str) -> str:  # noqa: N802 - the name that message extractors know
    """Mark ``text`` for translation and return it unchanged."""
    return text


class Vocabulary(StrEnum):
    """A closed list; members are strings with a label, a definition and a source."""

    label: str
    definition: str
    source: str

    def __new__(cls, value: str, label: str = "", definition: str = "", source: str = "") -> Vocabulary:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        member.definition = definition
        member.source = source
        return member

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        """``(value, English label)`` in the order of the list, for a select or an export."""
        return [(member.value, member.label) for member in cls]

    @classmethod
    def values(cls) -> tuple[str, ...]:
        """The stored values in the order of the list."""
        return tuple(member.value for member in cls)


_HTCDS = "IOM Human Trafficking Case Data Standard"


class AgeBand(Vocabulary):
    """Age in bands; a threshold must fall on an edge of one."""

    UNDER_12 = "under_12", N_("Under 12")
    AGE_12_13 = "12_13", N_("12 to 13")
    AGE_14_15 = "14_15", N_("14 to 15")
    AGE_16_17 = "16_17", N_("16 to 17")
    AGE_18 = "18", N_("18")
    AGE_19_24 = "19_24", N_("19 to 24")
    AGE_25_34 = "25_34", N_("25 to 34")
    AGE_35_44 = "35_44", N_("35 to 44")
    AGE_45_OVER = "45_over", N_("45 and over")
    NOT_KNOWN = "not_known", N_("Not known")

    @property
    def youngest(self) -> int | None:
        """Youngest age in years inside the band; None when the age is not known."""
        return _AGE_EDGES[self.value][0]

    @property
    def below_age(self) -> int | None:
        """First age in years above the band; None for the last band and when the age is not known."""
        return _AGE_EDGES[self.value][1]

    @classmethod
    def edges(cls) -> tuple[int, ...]:
        """Ages at which a threshold may be set."""
        return tuple(high for _, high in _AGE_EDGES.values() if high is not None)

    @classmethod
    def below(cls, threshold: int) -> tuple[str, ...]:
        """Values of the bands that lie wholly under ``threshold`` years."""
        return tuple(value for value, (_, high) in _AGE_EDGES.items() if high is not None and high <= threshold)


_AGE_EDGES: dict[str, tuple[int | None, int | None]] = {
    "under_12": (0, 12), "12_13": (12, 14), "14_15": (14, 16), "16_17": (16, 18), "18": (18, 19),
    "19_24": (19, 25), "25_34": (25, 35), "35_44": (35, 45), "45_over": (45, None), "not_known": (None, None),
}


class AgeSource(Vocabulary):
    """Who says it; the best rank counts, then the latest."""

    NONE = "none", N_("Nobody")
    OFFICER_BELIEVES = "officer_believes", N_("The officer believes")
    PERSON_SAYS = "person_says", N_("The person says")
    AGENCY_CONFIRMED = "agency_confirmed", N_("An agency confirmed")

    @property
    def rank(self) -> int:
        """0 none, 1 officer believes, 2 person says, 3 agency confirmed."""
        return AgeSource.values().index(self.value)


class Gender(Vocabulary):
    """Gender after IOM's HTCDS."""

    WOMAN_GIRL = "woman_girl", N_("Woman or girl"), "", _HTCDS
    MAN_BOY = "man_boy", N_("Man or boy"), "", _HTCDS
    NON_BINARY = "non_binary", N_("Non-binary"), "", _HTCDS
    TRANSGENDER = "transgender", N_("Transgender or gender non-conforming"), "", _HTCDS
    SELF_DESCRIBED = "self_described", N_("Self-described"), "", _HTCDS
    NOT_KNOWN = "not_known", N_("Not known"), "", _HTCDS


class SupportAnswer(Vocabulary):
    """What became of the offer of support. Declining is a normal answer."""

    NOT_OFFERED = "not_offered", N_("Not offered"), N_("Support was not offered; this is no answer.")
    ACCEPTED = "accepted", N_("Accepted"), N_("The person wants to speak with a support agency.")
    DECLINED = "declined", N_("Declined"), N_("The person does not want support now.")
    UNDECIDED = "undecided", N_("Undecided"), N_("Support was offered and the person has not decided.")
    ACCEPTANCE_WITHDRAWN = (
        "acceptance_withdrawn", N_("Acceptance withdrawn"), N_("The person takes an earlier acceptance back."))
    NOT_KNOWN = "not_known", N_("Not known"), N_("Nobody recorded whether support was offered.")

    @property
    def is_offer(self) -> bool:
        """Whether the answer shows that support was offered."""
        return self.value in ("accepted", "declined", "undecided", "acceptance_withdrawn")


class ContactResult(Vocabulary):
    """How a contact ended; only *met* has persons."""

    MET = "met", N_("Met"), N_("At least one person was met.")
    NO_ANSWER = "no_answer", N_("No answer"), N_("Nobody answered the door, the call or the message.")
    NOBODY_THERE = "nobody_there", N_("Nobody there"), N_("The team went there and found nobody.")
    LEFT = "left", N_("Left"), N_("The person left before the team could speak with them.")


class Approach(Vocabulary):
    """How a contact came about."""

    ONLINE_ADVERTISEMENT = "online_advertisement", N_("Online advertisement")
    TELEPHONE_OR_TEXT = "telephone_or_text", N_("Telephone or text message")
    STREET = "street", N_("On the street")
    PREMISES_VISIT = "premises_visit", N_("Visit to premises")
    TIP = "tip", N_("Tip")
    AGENCY_REFERRAL = "agency_referral", N_("Sent by an agency")
    OTHER = "other", N_("Other")
    NOT_KNOWN = "not_known", N_("Not known")


class PlaceKind(Vocabulary):
    """Kind of place; never the place itself."""

    HOTEL = "hotel", N_("Hotel")
    MOTEL = "motel", N_("Motel")
    PRIVATE_HOME = "private_home", N_("Private home")
    SHORT_TERM_RENTAL = "short_term_rental", N_("Short-term rental")
    MASSAGE_PARLOUR = "massage_parlour", N_("Massage parlour")
    STREET = "street", N_("Street")
    TRUCK_STOP = "truck_stop", N_("Truck stop")
    OTHER = "other", N_("Other")
    NOT_KNOWN = "not_known", N_("Not known")


class ServiceKind(Vocabulary):
    """What sort of organisation a service is."""

    POLICE_MUNICIPAL = "police_municipal", N_("Municipal or regional police")
    POLICE_PROVINCIAL = "police_provincial", N_("Provincial police detachment")
    POLICE_FEDERAL = "police_federal", N_("Federal police")
    POLICE_FIRST_NATIONS = "police_first_nations", N_("First Nations police")
    JOINT_UNIT = "joint_unit", N_("Standing joint unit"), N_("A permanent police unit of several services.")
    VICTIM_SERVICES = "victim_services", N_("Victim services")
    ADVOCACY = "advocacy", N_("Advocacy group")
    CHILD_PROTECTION = "child_protection", N_("Child protection")
    HEALTH = "health", N_("Health care")
    HOUSING = "housing", N_("Housing or shelter")
    CROWN = "crown", N_("Crown prosecutor")
    OTHER = "other", N_("Other")

    @property
    def is_police(self) -> bool:
        """Whether the measure *services* counts it; every other kind is a support agency."""
        return self.value.startswith("police_") or self.value == "joint_unit"

    @property
    def is_support(self) -> bool:
        """Whether persons are referred to it: it has a page as an agency and can have liaisons."""
        return self.value in ("victim_services", "advocacy", "child_protection", "health", "housing")


class StaffCategory(Vocabulary):
    """What a person deployed with a team does."""

    POLICE = "police", N_("Officer")
    SUPPORT = "support", N_("Analyst or support staff")
    VICTIM_SERVICES = "victim_services", N_("Victim-services worker")
    NGO = "ngo", N_("Worker of a non-governmental organisation")
    INTERPRETER = "interpreter", N_("Interpreter")


class ParticipationStatus(Vocabulary):
    """Where one service's part in one operation stands."""

    INVITED = "invited", N_("Invited")
    CONFIRMED = "confirmed", N_("Confirmed")
    DECLINED = "declined", N_("Not taking part")
    WITHDRAWN = "withdrawn", N_("Withdrawn")


class EntryMode(Vocabulary):
    """How a participating service hands in its figures."""

    CONTACTS = "contacts", N_("Logs contacts here"), N_("Officers log each contact; figures are counted from them.")
    DAILY_TOTALS = "daily_totals", N_("Sends daily totals"), N_("The service reports one number a day and measure.")
    NONE = "none", N_("Reports nothing"), N_("The service takes part and owes no figures.")


class OperationStatus(Vocabulary):
    """Lifecycle of an operation."""

    DRAFT = "draft", N_("Draft")
    PLANNED = "planned", N_("Planned")
    ACTIVE = "active", N_("Active")
    REPORTING = "reporting", N_("Reporting")
    CLOSED = "closed", N_("Closed")
    ARCHIVED = "archived", N_("Archived")


class SessionKind(Vocabulary):
    """What people are called together for before the window opens."""

    BRIEFING = "briefing", N_("Briefing")
    TRAINING = "training", N_("Training")
    CONFERENCE = "conference", N_("Conference")


class DelegateState(Vocabulary):
    """Where one person stands with one session."""

    INVITED = "invited", N_("Invited")
    ATTENDED = "attended", N_("Attended")
    ABSENT = "absent", N_("Did not come")


class KitMoveKind(Vocabulary):
    """What happened to information kits. Received = handed out + remaining + returned + lost, at all times."""

    SENT = "sent", N_("Sent out"), N_("The coordinator sent them to the service.")
    RECEIVED = "received", N_("Received by the service"), N_("The service has counted them.")
    LOST_ON_WAY = "lost_on_way", N_("Lost on the way"), N_("Sent and never received.")
    HANDED_OUT = "handed_out", N_("Handed out"), N_("Given to persons, beside those that contacts count.")
    RETURNED = "returned", N_("Returned"), N_("Sent back after they were received.")
    LOST = "lost", N_("Lost"), N_("Lost or spoiled after they were received.")


class CheckInKind(Vocabulary):
    """What a team says when it checks in."""

    START = "start", N_("Shift started")
    WELL = "well", N_("All well")
    END = "end", N_("Shift ended")


class TallyState(Vocabulary):
    """What a service said in one cell of its daily totals. No row means that nothing was said."""

    NUMBER = "number", N_("A number")
    ZERO = "zero", N_("Reported zero")
    DECLINED = "declined", N_("Declined to report")


class ReturnState(Vocabulary):
    """What became of a return workbook that came back."""

    WAITING = "waiting", N_("Waiting to be read")
    READY = "ready", N_("Ready to take"), N_("Everything in it was understood.")
    FAULTY = "faulty", N_("Has rows to fix"), N_("Some rows were not understood; the good ones can be taken.")
    REFUSED = "refused", N_("Not read"), N_("It is not a return of this operation that can be read.")
    TAKEN = "taken", N_("Taken"), N_("Its figures stand.")
    LEFT = "left", N_("Left out"), N_("Somebody decided not to take it.")


class SignState(Vocabulary):
    """Where a service stands with its signature."""

    NOTHING = "nothing", N_("Nothing to sign yet")
    OPEN = "open", N_("Not signed")
    SIGNED = "signed", N_("Signed")
    PROVISIONAL = "provisional", N_("Signed as provisional")
    REOPENED = "reopened", N_("Reopened"), N_("Something changed after it was signed.")


class ReleaseKind(Vocabulary):
    """What a release says: all its figures, or only those that changed."""

    RELEASE = "release", N_("Release")
    ERRATUM = "erratum", N_("Erratum"), N_("One line for each figure that changed since a release.")


class ReleaseState(Vocabulary):
    """Where a release stands between its draft and the public."""

    DRAFT = "draft", N_("Draft"), N_("It can still be changed.")
    SENT = "sent", N_("Awaits approval"), N_("Two persons have to approve it.")
    PUBLISHED = "published", N_("Published"), N_("Frozen: nothing of it changes any more.")
    DROPPED = "dropped", N_("Dropped"), N_("It was given up before it was published.")


class Zeros(Vocabulary):
    """What becomes of a zero in a release."""

    SHOW = "show", N_("Zeros are shown")
    WITHHOLD = "withhold", N_("Zeros are withheld like small numbers")


class SettingState(Vocabulary):
    """Whether a setting that needs a second person holds."""

    ASKED = "asked", N_("Awaits a second person")
    STANDING = "standing", N_("In force")
    REFUSED = "refused", N_("Not approved")


class Qualifier(Vocabulary):
    """How a publisher put a number."""

    EXACT = "exact", N_("Exact")
    ABOUT = "about", N_("About this many")
    MORE_THAN = "more_than", N_("More than")
    AT_LEAST = "at_least", N_("At least")
    FEWER_THAN = "fewer_than", N_("Fewer than")
    AT_MOST = "at_most", N_("At most")


class ExportState(Vocabulary):
    """How far a data workbook has come."""

    WAITING = "waiting", N_("Waiting")
    RUNNING = "running", N_("Being written")
    READY = "ready", N_("Ready to fetch")
    FAILED = "failed", N_("Could not be written")
    ENDED = "ended", N_("No longer kept")


class CellState(Vocabulary):
    """State of one service x day x measure on the board and in the grid."""

    NUMBER = "number", N_("A number"), N_("Known and above zero.")
    ZERO = "zero", N_("Zero, reported"), N_("The service said that there was nothing.")
    LATER = "later", N_("Later"), N_("Not due yet.")
    SILENT = "silent", N_("Silent"), N_("The day has begun and nothing was heard; not due yet.")
    OVERDUE = "overdue", N_("Overdue"), N_("It was due and has not come.")
    DECLINED = "declined", N_("Declined"), N_("The service declines to report it.")
    NOT_A_DAY = "not_a_day", N_("Not one of its days"), N_("The service does not take part on that day.")
    ELSEWHERE = "elsewhere", N_("Counted elsewhere"), N_("Another operation or a joint team's lead counts it.")


class ReferralState(Vocabulary):
    """Steps of a referral to a support agency."""

    MADE = "made", N_("Made")
    RECEIVED = "received", N_("Received"), N_("A liaison picked it up.")
    REACHED = "reached", N_("Reached"), N_("The agency spoke with the person.")
    ENGAGED = "engaged", N_("Engaged"), N_("The person works with the agency.")
    CLOSED = "closed", N_("Closed")
    DECLINED = "declined", N_("Declined")
    NOT_REACHED = "not_reached", N_("Not reached")
    WITHDRAWN = "withdrawn", N_("Withdrawn")


class Origin(Vocabulary):
    """How a referral came to its agency; the two are counted apart."""

    POLICE = "police", N_("From the police"), N_("A team met the person, who agreed to be referred.")
    DIRECT = "direct", N_("Came directly"), N_("The person came to the agency without the police.")


class Consent(Vocabulary):
    """What a person agreed to for a referral. Each is given, dated and withdrawn by itself."""

    REFER = "refer", N_("To be referred"), N_("The agency may get in touch.")
    FACTS = "facts", N_("To share these facts"), N_("The agency may read what is listed, nothing else.")
    AGENCY = "agency", N_("With this agency"), N_("With whom it may be shared: one agency, or any that can help.")


class SharedFact(Vocabulary):
    """A fact of the person that goes to the agency with a referral, if she agreed to it."""

    CODE = "code", N_("Person code")
    AGE_BAND = "age_band", N_("Age band")
    GENDER = "gender", N_("Gender")
    NEEDS = "needs", N_("What the person asks for")
    SAFE_WAY = "safe_way", N_("Safe way to reach")


class ReachBy(Vocabulary):
    """How a person referred may be reached."""

    HERE = "here", N_("The agency is at the place")
    THEY_CALL = "they_call", N_("The person will call")
    SAFE_PHONE = "safe_phone", N_("A safe telephone number")
    OTHER_WAY = "other_way", N_("Another safe way")


class NotTaken(Vocabulary):
    """Why an agency gives a referral back. It goes to the coordinator's list of referrals that nobody owns."""

    FULL = "full", N_("No room now")
    OUTSIDE_AREA = "outside_area", N_("Outside our area")
    AGE = "age", N_("Not the ages we serve")
    NOT_OUR_SERVICE = "not_our_service", N_("Not what we offer")
    LANGUAGE = "language", N_("Nobody speaks the language")
    CONFLICT = "conflict", N_("We cannot serve this person safely")
    CLOSED = "closed", N_("We are closed")


class HandedOver(Vocabulary):
    """Why a referral goes to another liaison of its agency."""

    AWAY = "away", N_("Away or on leave")
    WORKLOAD = "workload", N_("Too many at once")
    LANGUAGE = "language", N_("Another language is needed")
    ASKED = "asked", N_("The person asked for it")
    CONFLICT = "conflict", N_("It would not be safe or fair otherwise")
    LEFT = "left", N_("No longer works here")


class PlanArea(Vocabulary):
    """A part of the plan that a liaison makes with a person. Safety stands first."""

    SAFETY = "safety", N_("Safety plan")
    HOUSING = "housing", N_("Housing")
    HEALTH = "health", N_("Health")
    SCHOOL = "school", N_("School")
    WORK = "work", N_("Work")
    CHILDREN = "children", N_("Children")
    LEGAL = "legal", N_("Legal help")
    INCOME = "income", N_("Income")
    DOCUMENTS = "documents", N_("Documents")


class PlanState(Vocabulary):
    """Where one goal of a plan stands. *Not wanted* is as good an answer as any."""

    OPEN = "open", N_("Under way")
    DONE = "done", N_("Achieved")
    NOT_WANTED = "not_wanted", N_("Not wanted")
    PUT_OFF = "put_off", N_("Put off")


class CaseWay(Vocabulary):
    """How a liaison was, or tried to be, in touch with a person."""

    CALL = "call", N_("Call")
    TEXT = "text", N_("Text message")
    IN_PERSON = "in_person", N_("In person")
    OTHER = "other", N_("Another way")


class CaseResult(Vocabulary):
    """What came of it."""

    SPOKE = "spoke", N_("Spoke together")
    NO_ANSWER = "no_answer", N_("No answer")
    MESSAGE = "message", N_("Left a safe message")
    UNSAFE = "unsafe", N_("The way is not safe any more")


class Outcome(Vocabulary):
    """What a person has in the end. Only counts of them ever leave the agency."""

    SAFE_HOUSING = "safe_housing", N_("Safe housing")
    SCHOOL = "school", N_("Back in school or training")
    WORK = "work", N_("Found work")
    CHILDREN_RETURNED = "children_returned", N_("Children returned")
    HEALTH_CARE = "health_care", N_("Receives health care")
    LEGAL_HELP = "legal_help", N_("Receives legal help")
    INCOME = "income", N_("Has an income")
    DOCUMENTS = "documents", N_("Has identity documents")


class FollowUpResult(Vocabulary):
    """What a follow-up at 7, 30 or 90 days found."""

    WITH_AGENCY = "with_agency", N_("Still with the agency")
    NOT_WITH = "not_with", N_("No longer with the agency")
    NOT_REACHED = "not_reached", N_("Could not be reached")


FOLLOW_UP_DAYS = (7, 30, 90)
"""Days after a liaison picked a referral up at which she looks again."""


class ChargeStatus(Vocabulary):
    """Court-neutral status of a charge."""

    LAID = "laid", N_("Laid")
    WITHDRAWN = "withdrawn", N_("Withdrawn")
    SUBSTITUTED = "substituted", N_("Substituted"), N_("Replaced by another charge, which is counted instead.")


class Bound(Vocabulary):
    """How a figure relates to the truth it stands for."""

    EXACT = "exact", N_("Exact")
    AT_LEAST = "at_least", N_("At least")
    AT_MOST = "at_most", N_("At most")
    PARTIAL = "partial", N_("Partial"), N_("Some of those who owe the figure have not given it.")
    UNKNOWN = "unknown", N_("Unknown"), N_("Nothing is known yet; this is not a zero.")


class Basis(Vocabulary):
    """What a figure was made from."""

    RECORDS = "records", N_("Records")
    TALLIES = "tallies", N_("Daily totals")
    MIXED = "mixed", N_("Records and daily totals")
    ADJUSTED = "adjusted", N_("Adjusted")


class Need(Vocabulary):
    """What a person referred asks for."""

    SHELTER = "shelter", N_("Shelter or housing")
    HEALTH = "health", N_("Health care")
    ADDICTION = "addiction", N_("Addiction support")
    LEGAL = "legal", N_("Legal help or court")
    INCOME = "income", N_("Income")
    IDENTITY_DOCUMENTS = "identity_documents", N_("Identity documents")
    TRANSPORT = "transport", N_("Transport")
    CHILDCARE = "childcare", N_("Childcare")
    INTERPRETATION = "interpretation", N_("Interpretation")
    SAFETY_PLAN = "safety_plan", N_("Safety plan")
    EXIT_TELEPHONE = "exit_telephone", N_("Exit telephone")
    COUNSELLING = "counselling", N_("Counselling")


class NoReferralReason(Vocabulary):
    """Why no referral was made."""

    NOT_WANTED = "not_wanted", N_("Not wanted")
    ALREADY_SERVED = "already_served", N_("Already with an agency")
    NO_AGENCY = "no_agency", N_("No agency available")
    UNSAFE_NOW = "unsafe_now", N_("Unsafe now")
    OTHER = "other", N_("Other")


class Indicator(Vocabulary):
    """Signs of control (HTCDS, 17). One sign proves nothing."""

    DEBT_BONDAGE = "debt_bondage", N_("Debt bondage"), "", _HTCDS
    TAKES_EARNINGS = "takes_earnings", N_("Takes earnings"), "", _HTCDS
    RESTRICTS_FINANCES = "restricts_finances", N_("Restricts finances"), "", _HTCDS
    THREATS = "threats", N_("Threats"), "", _HTCDS
    PSYCHOLOGICAL_ABUSE = "psychological_abuse", N_("Psychological abuse"), "", _HTCDS
    PHYSICAL_ABUSE = "physical_abuse", N_("Physical abuse"), "", _HTCDS
    SEXUAL_ABUSE = "sexual_abuse", N_("Sexual abuse"), "", _HTCDS
    FALSE_PROMISES = "false_promises", N_("False promises"), "", _HTCDS
    SUBSTANCES = "substances", N_("Uses substances to control"), "", _HTCDS
    RESTRICTS_MOVEMENT = "restricts_movement", N_("Restricts movement"), "", _HTCDS
    RESTRICTS_MEDICAL_CARE = "restricts_medical_care", N_("Restricts medical care"), "", _HTCDS
    EXCESSIVE_HOURS = "excessive_hours", N_("Excessive working hours"), "", _HTCDS
    USES_CHILDREN = "uses_children", N_("Uses children to control"), "", _HTCDS
    THREAT_OF_LAW = "threat_of_law", N_("Threatens with law enforcement"), "", _HTCDS
    WITHHOLDS_NECESSITIES = "withholds_necessities", N_("Withholds necessities"), "", _HTCDS
    WITHHOLDS_DOCUMENTS = "withholds_documents", N_("Withholds documents"), "", _HTCDS
    OTHER = "other", N_("Other"), "", _HTCDS


class Role(Vocabulary):
    """What an account may do; one permission table in ``outreach.auth`` says it in detail."""

    ADMINISTRATOR = "administrator", N_("Administrator")
    OPERATION_COORDINATOR = "operation_coordinator", N_("Operation coordinator")
    SERVICE_COORDINATOR = "service_coordinator", N_("Service coordinator")
    FIELD_OFFICER = "field_officer", N_("Field officer")
    LIAISON = "liaison", N_("Liaison of a support agency")
    COMMANDER = "commander", N_("Commander or media officer")
    ANALYST = "analyst", N_("Analyst")


class Language(Vocabulary):
    """Languages of the site; each label is in its own tongue and is never translated."""

    EN = "en", "English"
    FR = "fr", "Français"


class SealedKind(Vocabulary):
    """What a phone seals: a new contact, a correction of one, its withdrawal, or a try."""

    CONTACT = "contact", N_("Contact")
    CORRECTION = "correction", N_("Correction")
    WITHDRAWAL = "withdrawal", N_("Withdrawal")
    PRACTICE = "practice", N_("Practice contact"), N_("Goes the whole way and is stored nowhere.")


class SealedState(Vocabulary):
    """What became of a sealed record that arrived."""

    STORED = "stored", N_("Stored"), N_("It stands as a contact, or as a change of one.")
    HELD = "held", N_("Waiting for a decision"), N_("It is kept sealed until a service coordinator decides.")
    TAKEN = "taken", N_("Taken"), N_("It was held; the service coordinator took it.")
    LEFT_OUT = "left_out", N_("Left out"), N_("It was held; the service coordinator left it out, with a reason.")


class HeldReason(Vocabulary):
    """Why a sealed record waits for a person."""

    ACCOUNT_ENDED = "account_ended", N_("The officer’s account has ended")
    NOT_IN_TEAM = "not_in_team", N_("The officer is no longer in this team")
    CLOSED = "closed", N_("The operation takes no entries")
    INVALID = "invalid", N_("Something in it cannot be stored as it is")
    CHANGED = "changed", N_("The contact was changed meanwhile")
    KEY_MISSING = "key_missing", N_("The key that opens it is not in the key store")


class NoteKind(Vocabulary):
    """What a liaison's phone seals: one time in touch, or a goal of a plan."""

    ENTRY = "entry", N_("Record of a contact")
    GOAL = "goal", N_("Goal of a plan")


class NoteHeld(Vocabulary):
    """Why a sealed note waits for a liaison of its agency."""

    ACCOUNT_ENDED = "account_ended", N_("The account of who wrote it has ended")
    NOT_LIAISON = "not_liaison", N_("Who wrote it is no longer a liaison of this agency")
    ELSEWHERE = "elsewhere", N_("The referral is no longer with this agency")
    ENDED = "ended", N_("The referral has ended")
    INVALID = "invalid", N_("Something in it cannot be stored as it is")
    KEY_MISSING = "key_missing", N_("The key that opens it is not in the key store")


class NoteLeft(Vocabulary):
    """Why a liaison leaves a note out."""

    KNOWN = "known", N_("It is recorded already")
    MISTAKEN = "mistaken", N_("It is about another person, or a mistake")
    LATE = "late", N_("It came too late to matter")
