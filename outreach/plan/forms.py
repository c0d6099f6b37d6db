"""Forms of a plan: what was typed becomes plain values, with every mistake at its field. No writing, no counting."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from outreach.errors import Finding, Invalid
from outreach.vocab import EntryMode, ParticipationStatus, ServiceKind, StaffCategory
from outreach.web.forms import OutreachForm, whole

from . import rules
from .operation_rules import (
    DEFAULT_ZONE,
    LEVELS,
    USUAL_ZONES,
    Draft,
    findings_of,
    local_moment,
    read_minutes,
    zone_name,
)

if TYPE_CHECKING:
    from outreach.storage.tables import Operation, ParticipationVersion, Service

Choices = list[tuple[str, str]]


class PlanForm(OutreachForm):
    """What the forms of this room share: a version that must still stand, and reading many fields at once."""

    version = HiddenField(default="0")

    @property
    def stood_at(self) -> int:
        return whole(self.version.data)

    def gather(self, *reads: Callable[[], Any]) -> list[Any]:
        """The results of every read; raises one ``Invalid`` with the findings of all that refuse."""
        found: list[Any] = []
        findings: list[Finding] = []
        for read in reads:
            try:
                found.append(read())
            except Invalid as problem:
                findings += problem.findings
                found.append(None)
        if findings:
            raise Invalid(*findings)
        return found

    def take(self, invalid: Invalid) -> None:
        super().take(invalid)
        for finding in invalid.findings:
            if finding.where.endswith("_which"):
                # The question shows with the earlier time chosen; saving again accepts it.
                field = self._fields[finding.where]
                field.data = field.data or "earlier"

    def compare(self, now: PlanForm) -> list[dict[str, str]]:
        """Where what stands now differs from what was typed; then the form is ready to be saved over it."""
        self.version.data = now.version.data
        self.version.raw_data = None
        found = []
        for name, field in self._fields.items():
            other = now._fields.get(name)
            if other is None or name in ("csrf_token", "version", "code") or name.endswith("_which"):
                continue
            mine, theirs = _shown(field), _shown(other)
            if mine != theirs:
                found.append({"key": str(field.label.text), "now": theirs or "–", "typed": mine or "–"})
        return found


def _options(pairs: Choices) -> list[SelectChoice]:
    return [SelectChoice(value, label) for value, label in pairs]


def _labels(field: SelectField) -> dict[str, str]:
    return {choice.value: str(choice.label) for choice in field.choices}


def _shown(field: Any) -> str:
    if isinstance(field, BooleanField):
        return gettext("Yes") if field.data else gettext("No")
    if isinstance(field, SelectField):
        chosen = field.data if isinstance(field.data, list) else [field.data or ""]
        return ", ".join(_labels(field).get(one, "") for one in chosen)
    return str(field.data if field.data is not None else "")


def _which() -> SelectField:
    return SelectField(
        _l("Which of the two"),
        choices=[
            SelectChoice("", ""),
            SelectChoice("earlier", _l("The earlier one")),
            SelectChoice("later", _l("The later one")),
        ],
        default="",
    )


def day_of(at: dt.datetime | None, zone: str) -> str:
    return "" if at is None else at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d")


def time_of(at: dt.datetime | None, zone: str) -> str:
    return "" if at is None else at.astimezone(ZoneInfo(zone)).strftime("%H:%M")


def which_of(at: dt.datetime | None, zone: str) -> str:
    """``earlier`` or ``later`` where the clock shows the time twice, else ''."""
    if at is None:
        return ""
    local = at.astimezone(ZoneInfo(zone))
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return ("later" if local.fold else "earlier") if twice else ""


class OperationForm(PlanForm):
    """An operation's own data, with local days and times."""

    code = StringField(_l("Code"), description=_l("Short, for addresses and files: ONS-2026-ON. It stays as it is."))
    name = StringField(_l("Name"))
    edition = StringField(_l("Edition"), description=_l("For example 2026, or Fall 2026."))
    level = SelectField(_l("Level"), default="local")
    parent = SelectField(_l("Part of"), default="", description=_l("Its figures count in that operation too."))
    purpose = TextAreaField(_l("Purpose"), description=_l("One or two sentences that every service reads."))
    lead_service = SelectField(_l("Lead service"), default="")
    time_zone = StringField(
        _l("Time zone"), default=DEFAULT_ZONE, description=_l("Days and times below are in this zone.")
    )
    starts_on = StringField(_l("First day"), description=_l("For example 2026-10-13. Empty while not known."))
    starts_at = StringField(_l("Starts at"), description=_l("For example 18:00"))
    starts_which = _which()
    ends_on = StringField(_l("Last day"), description=_l("For example 2026-10-19"))
    ends_at = StringField(_l("Ends at"), description=_l("For example 24:00, the end of that day"))
    ends_which = _which()
    standing = BooleanField(
        _l("No end: a standing unit"),
        description=_l("It goes on for years, with figures by month and year. Leave the last day empty."),
    )
    window_assumed = BooleanField(_l("The window is assumed, not confirmed"))
    deadline_on = StringField(_l("Entries until"), description=_l("Day. Empty: no deadline."))
    deadline_at = StringField(_l("Until what time"), description=_l("For example 12:00"))
    deadline_which = _which()
    day_starts = StringField(
        _l("A new day starts at"),
        default="06:00",
        description=_l("A contact at 01:30 belongs to the evening before."),
    )
    services_known = BooleanField(_l("The services that take part are known"), default=True)
    overlap_nil = BooleanField(
        _l("No person was met or charged by two services"),
        description=_l("Only when the services have checked it: their totals then add up."),
    )

    def __init__(self, *args: Any, services: Choices = (), parents: Choices = (), **kwargs: Any) -> None:  # type: ignore[assignment] # an empty tuple stands for no choices
        super().__init__(*args, **kwargs)
        self.level.choices = _options([(value, gettext(label)) for value, label in LEVELS])
        self.lead_service.choices = _options([("", gettext("Not decided")), *services])
        self.parent.choices = _options([("", gettext("None: it stands alone")), *parents])
        self.zones = USUAL_ZONES

    @staticmethod
    def values_of(operation: Operation, *, copy: bool = False) -> dict[str, Any]:
        """The fields of an operation; ``copy``: without code, edition, days, deadline and version."""
        zone = operation.time_zone
        hours, minutes = divmod(operation.day_starts_minutes, 60)
        values: dict[str, Any] = {
            "name": operation.name,
            "level": operation.level,
            "parent": "" if copy else str(operation.parent_id or ""),
            "purpose": operation.purpose,
            "lead_service": str(operation.lead_service_id or ""),
            "time_zone": zone,
            "day_starts": f"{hours:02}:{minutes:02}",
            "services_known": operation.services_known,
            "standing": operation.standing,
        }
        if copy:
            return values
        for name, at in (
            ("starts", operation.starts_at),
            ("ends", operation.ends_at),
            ("deadline", operation.entry_deadline_at),
        ):
            values |= {f"{name}_on": day_of(at, zone), f"{name}_at": time_of(at, zone)}
            values[f"{name}_which"] = which_of(at, zone)
        return values | {
            "code": operation.code,
            "edition": operation.edition,
            "window_assumed": operation.window_assumed,
            "overlap_nil": operation.overlap_nil,
            "version": str(operation.version),
        }

    def draft(self, *, new: bool = False) -> Draft:
        """What was typed as plain values. Raises ``Invalid`` with every field that cannot be read."""
        words = self._words(new)
        wrong = [f for f in findings_of(words, new=new) if f.where in ("code", "name", "edition", "purpose", "level")]
        try:
            zone, minutes = self.gather(
                lambda: zone_name(self.time_zone.data or ""),
                lambda: read_minutes(self.day_starts.data or "", "day_starts"),
            )
        except Invalid as problem:
            raise Invalid(*wrong, *problem.findings) from problem
        starts_at, ends_at, deadline_at, *_ = self.gather(
            lambda: self._moment("starts", zone, "00:00"),
            lambda: self._moment("ends", zone, "24:00"),
            lambda: self._moment("deadline", zone, "24:00"),
            lambda: self._known_choices(wrong),
        )
        return replace(
            words,
            starts_at=starts_at,
            ends_at=ends_at,
            time_zone=zone,
            day_starts_minutes=minutes,
            entry_deadline_at=deadline_at,
        )

    def _words(self, new: bool) -> Draft:
        """Everything but times."""
        return Draft(
            code=(self.code.data or "").upper() if new else "",
            name=self.name.data or "",
            edition=self.edition.data or "",
            level=self.level.data or "",
            purpose=self.purpose.data or "",
            window_assumed=bool(self.window_assumed.data),
            lead_service_id=_id(self.lead_service),
            parent_id=_id(self.parent),
            services_known=bool(self.services_known.data),
            overlap_nil=bool(self.overlap_nil.data),
            standing=bool(self.standing.data),
        )

    def _moment(self, name: str, zone: str, usual: str) -> dt.datetime | None:
        on, at, which = (self._fields[f"{name}_{part}"].data or "" for part in ("on", "at", "which"))
        return local_moment(name, on, at, zone, which=which, usual=usual)

    def _known_choices(self, wrong: list[Finding]) -> None:
        """Raises ``Invalid`` for choices that are not offered, together with what else is wrong already."""
        unknown = [
            Finding(field.name, rules.N_("Choose one of the list."))
            for field in (self.lead_service, self.parent)
            if (field.data or "") not in _labels(field)
        ]
        if wrong or unknown:
            raise Invalid(*wrong, *unknown)


def _id(field: SelectField) -> int | None:
    return whole(field.data) or None


class ServiceForm(PlanForm):
    """A service of the directory."""

    name = StringField(_l("Name of the service"))
    short_name = StringField(_l("Short name"), description=_l("For narrow columns."))
    kind = SelectField(_l("Kind"), default="")
    region = StringField(_l("Region"))
    municipality = StringField(_l("Municipality"))
    languages = StringField(_l("Languages"), description=_l("For example English, French."))
    contact_desk = StringField(_l("Contact desk"), description=_l("A shared address, not a person’s."))
    hours = StringField(_l("Hours"), description=_l("When somebody answers there: officers read it in the briefing."))
    different = BooleanField(_l("It is another service"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = _options([("", gettext("Choose a kind")), *kinds()])

    @staticmethod
    def values_of(service: Service) -> dict[str, Any]:
        names = ("name", "short_name", "kind", "region", "municipality", "languages", "contact_desk", "hours")
        return {name: getattr(service, name) for name in names} | {"version": str(service.version)}

    def values(self) -> dict[str, str]:
        names = ("name", "short_name", "kind", "region", "municipality", "languages", "contact_desk", "hours")
        return {name: " ".join((self._fields[name].data or "").split()) for name in names}


def kinds() -> Choices:
    return [(kind.value, gettext(kind.label)) for kind in ServiceKind]


def entry_modes() -> Choices:
    return [(mode.value, gettext(mode.label)) for mode in EntryMode]


class ParticipationForm(PlanForm):
    """What is agreed with one service in one operation; reporting places are added where there is a choice."""

    status = SelectField(_l("Where it stands"))
    entry_mode = SelectField(_l("How it reports"))
    starts_on = StringField(_l("First day"))
    starts_at = StringField(_l("Starts at"))
    starts_which = _which()
    ends_on = StringField(_l("Last day"))
    ends_at = StringField(_l("Ends at"))
    ends_which = _which()
    staff_police = StringField(_l("Officers"))
    staff_support = StringField(_l("Analysts and support staff"))
    staff_victim_services = StringField(_l("Victim-services workers"))
    staff_ngo = StringField(_l("Workers of non-governmental organisations"))
    staff_interpreter = StringField(_l("Interpreters"))
    place_contacts = SelectField(_l("Contacts, persons met, support, referrals and kits"), default="")
    place_personnel = SelectField(_l("Personnel"), default="")
    place_enforcement = SelectField(_l("Persons arrested, persons charged and charges"), default="")

    def __init__(self, *args: Any, places: Choices = (), **kwargs: Any) -> None:  # type: ignore[assignment] # an empty tuple stands for no choices
        super().__init__(*args, **kwargs)
        self.status.choices = _options([(s.value, gettext(s.label)) for s in ParticipationStatus])
        self.entry_mode.choices = _options(entry_modes())
        self.asks_places = len(places) > 1
        for family in rules.PLACED:
            choices = _options([("", gettext("By the rule: the operation deepest in the tree")), *places])
            self._fields[f"place_{family}"].choices = choices
        self.staff_fields = [self._fields[f"staff_{category.value}"] for category in StaffCategory]

    @staticmethod
    def values_of(version: ParticipationVersion, zone: str, counted_in: dict[str, int]) -> dict[str, Any]:
        """``counted_in``: ``{family: operation id}`` chosen anywhere in the tree."""
        values: dict[str, Any] = {
            "status": version.status,
            "entry_mode": version.entry_mode,
            "version": str(version.version),
            "starts_which": which_of(version.starts_at, zone),
            "ends_which": which_of(version.ends_at, zone),
        }
        for name, at in (("starts", version.starts_at), ("ends", version.ends_at)):
            values |= {f"{name}_on": day_of(at, zone), f"{name}_at": time_of(at, zone)}
        values |= {f"staff_{c.value}": str(version.planned_staff.get(c.value, "") or "") for c in StaffCategory}
        return values | {f"place_{family}": str(place) for family, place in counted_in.items()}

    def values(self, zone: str) -> dict[str, Any]:
        """Keyword arguments of ``change_participation``. Raises ``Invalid`` with every field that cannot be read."""
        starts_at, ends_at, *counts = self.gather(
            lambda: local_moment("starts", *self._typed("starts"), zone, which=self.starts_which.data or ""),
            lambda: local_moment("ends", *self._typed("ends"), zone, which=self.ends_which.data or "", usual="24:00"),
            *(lambda c=c: self._head_count(c.value) for c in StaffCategory),
        )
        chosen = {family: self._fields[f"place_{family}"].data for family in rules.PLACED} if self.asks_places else {}
        return {
            "status": self.status.data or "",
            "entry_mode": self.entry_mode.data or "",
            "starts_at": starts_at,
            "ends_at": ends_at,
            "planned_staff": {c.value: n for c, n in zip(StaffCategory, counts, strict=True) if n},
            "places": {f: whole(place) for f, place in chosen.items() if place},
        }

    def _typed(self, name: str) -> tuple[str, str]:
        return self._fields[f"{name}_on"].data or "", self._fields[f"{name}_at"].data or ""

    def _head_count(self, category: str) -> int:
        text = (self._fields[f"staff_{category}"].data or "").strip()
        if text and not (text.isdecimal() and len(text) <= 4):
            raise Invalid.at(f"staff_{category}", rules.N_("Enter a whole number from 0 to 9999."))
        return int(text or 0)


class MoveForm(OutreachForm):
    """The reason of a step in an operation's life."""

    reason = TextAreaField(_l("Why"), description=_l("Kept with the operation; others who plan it can read it."))


class PasteForm(OutreachForm):
    """Rows of services, pasted or as a file, and what holds for all of them. The text is taken as it was sent."""

    rows = TextAreaField(_l("Rows"))
    file = FileField(_l("Or a file"), description=_l("Excel (.xlsx), .csv, .tsv or .txt"))
    kind = SelectField(_l("Kind where none is given"), default="")
    status = SelectField(_l("They take part as"), default="invited")
    entry_mode = SelectField(_l("Police report by"), default="contacts")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = _options([("", gettext("Ask for each")), *kinds()])
        self.status.choices = _options(
            [(s.value, gettext(s.label)) for s in (ParticipationStatus.INVITED, ParticipationStatus.CONFIRMED)]
        )
        self.entry_mode.choices = _options(entry_modes())
