"""What is typed of a support agency becomes a draft, with every mistake at its field. No writing."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.widgets import CheckboxInput, ListWidget

from outreach.vocab import ServiceKind
from outreach.web.forms import OutreachForm, whole

from . import agency_text_rules as text
from .agency_rules import Span
from .agency_text_rules import AgencyDraft
from .forms import Choices, PlanForm, _options
from .operation_rules import DEFAULT_ZONE, USUAL_ZONES, zone_name

WEEKDAYS = (
    _l("Monday"), _l("Tuesday"), _l("Wednesday"), _l("Thursday"), _l("Friday"), _l("Saturday"), _l("Sunday"),
)  # fmt: skip


class CheckboxesField(SelectMultipleField):
    """Several tick boxes under one question."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class AgencyForm(PlanForm):
    """What an agency offers, where, to whom and when. One box a weekday holds any times of it, on a phone too."""

    service_version = HiddenField(default="0")
    taking = BooleanField(_l("It takes referrals now"))
    telephone = StringField(_l("Telephone"), description=_l("Officers call it at night. A desk, not a person."))
    contact_desk = StringField(_l("Contact desk"), description=_l("A shared address, not a person’s."))
    needs = CheckboxesField(_l("What it offers"))
    languages = StringField(_l("Languages"), description=_l("For example English, French."))
    areas = TextAreaField(
        _l("Areas"), description=_l("Municipalities, one a line. Leave it empty when it serves every place.")
    )
    age_from = StringField(_l("Serves from the age of"))
    age_to = StringField(_l("up to the age of"))
    always_open = BooleanField(_l("Always open, day and night"))
    time_zone = StringField(_l("Time zone of its hours"), description=_l("For example America/Toronto."))
    closed_on = TextAreaField(
        _l("Closed days"), description=_l("As 2017-12-25, one a line. Closed from midnight to midnight.")
    )
    capacity = StringField(
        _l("Capacity"),
        description=_l("How many open referrals it can carry at once. Leave it empty when it does not say."),
    )
    call_order = StringField(
        _l("Order of calling"), description=_l("Among agencies that fit alike, the smaller number is called first.")
    )
    intake = TextAreaField(
        _l("Intake rules"),
        description=_l("What an officer must know before calling. Never the address of a shelter: officers read this."),
    )

    def __init__(self, *args: Any, needs: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.needs.choices = _options(needs)

    @property
    def days(self) -> list[Any]:
        return [self[f"day_{n}"] for n in range(7)]

    @property
    def service_stood_at(self) -> int:
        return whole(self.service_version.data)

    @staticmethod
    def values_of(draft: AgencyDraft, version: int, service_version: int) -> dict[str, Any]:
        """The fields of a draft, as they are typed."""
        days = {f"day_{n}": text.day_text(s for s in draft.hours if s.weekday == n) for n in range(7)}
        plain = ("taking", "telephone", "contact_desk", "languages", "always_open", "time_zone", "intake")
        numbers = ("capacity", "age_from", "age_to", "call_order")
        return {
            **days,
            **{name: getattr(draft, name) for name in plain},
            **{name: "" if (n := getattr(draft, name)) is None else str(n) for name in numbers},
            **{name: "\n".join(getattr(draft, name)) for name in ("areas", "closed_on")},
            "needs": list(draft.needs),
            "version": str(version),
            "service_version": str(service_version),
        }

    def draft(self) -> AgencyDraft:
        """What was typed as a draft. Raises ``Invalid`` with every field that cannot be read."""
        *days, zone, areas, closed, ages, capacity, order, telephone = self.gather(
            *(lambda n=n: text.read_day(self[f"day_{n}"].data or "", n, f"day_{n}") for n in range(7)),
            lambda: zone_name(self.time_zone.data or ""),
            lambda: text.read_areas(self.areas.data or ""),
            lambda: text.read_days(self.closed_on.data or ""),
            self._ages,
            lambda: text.read_number(self.capacity.data or "", "capacity", text.MOST_CAPACITY),
            lambda: text.read_number(self.call_order.data or "", "call_order", text.MOST_ORDER),
            lambda: text.read_telephone(self.telephone.data or ""),
        )
        spans: tuple[Span, ...] = tuple(span for day in days for span in day)
        return AgencyDraft(
            time_zone=zone,
            needs=tuple(self.needs.data or ()),
            areas=tuple(areas),
            always_open=bool(self.always_open.data),
            hours=spans,
            closed_on=tuple(closed),
            capacity=capacity,
            age_from=ages[0],
            age_to=ages[1],
            intake=(self.intake.data or "").replace("\r\n", "\n"),
            telephone=telephone,
            taking=bool(self.taking.data),
            call_order=100 if order is None else order,
            languages=" ".join((self.languages.data or "").split()),
            contact_desk=" ".join((self.contact_desk.data or "").split()),
        )

    def _ages(self) -> tuple[int | None, int | None]:
        both = [text.read_number(self[name].data or "", name, text.OLDEST) for name in ("age_from", "age_to")]
        return text.check_ages(both[0], both[1], "age_to")

    def compare(self, now: PlanForm) -> list[dict[str, str]]:
        self.service_version.data = now["service_version"].data
        self.service_version.raw_data = None
        return [row for row in super().compare(now) if row["key"] != str(self.service_version.label.text)]


for _n, _label in enumerate(WEEKDAYS):
    setattr(AgencyForm, f"day_{_n}", StringField(_label))


class PasteAgenciesForm(OutreachForm):
    """Rows from Excel or a file, and what holds for rows that do not say it themselves."""

    rows = TextAreaField(_l("Rows"))
    file = FileField(_l("Or a file"), description=_l("Excel (.xlsx), .csv, .tsv or .txt"))
    kind = SelectField(_l("Kind where none is given"), default="")
    time_zone = SelectField(_l("Time zone where none is given"), default=DEFAULT_ZONE)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = _options([("", gettext("Ask for each")), *support_kinds()])
        self.time_zone.choices = _options([(zone, zone) for zone in USUAL_ZONES])


def support_kinds() -> Choices:
    return [(kind.value, gettext(kind.label)) for kind in ServiceKind if kind.is_support]
