"""Forms of teams, members and the invitation list: fields and their words; what they may hold is in ``team_rules``."""

from __future__ import annotations

import datetime as dt

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    HiddenField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.widgets import CheckboxInput, ListWidget

from outreach.vocab import StaffCategory
from outreach.web.clock import local
from outreach.web.forms import OutreachForm

from .team_rules import TeamDraft, local_moment


class CheckboxesField(SelectMultipleField):
    """Tick boxes of which any number may be ticked."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


def categories() -> list[tuple[str, str]]:
    return [(code, gettext(label)) for code, label in StaffCategory.choices()]


class TeamForm(OutreachForm):
    """One team. ``version`` is the one that was read, so that two people do not overwrite each other."""

    name = StringField(_l("Name of the team"), description=_l("Short, as on the radio: Team 2, Night east."))
    area = StringField(_l("Area"), description=_l("Part of town or road; never a street number."))
    starts_on = StringField(_l("First day"), description=_l("For example 2017-10-18"))
    starts_at = StringField(_l("Starts at"), description=_l("For example 21:42"))
    ends_on = StringField(_l("Last day"), description=_l("For example 2017-10-18"))
    ends_at = StringField(_l("Ends at"), description=_l("For example 21:42"))
    partners = CheckboxesField(
        _l("Partners in a joint team"),
        coerce=int,
        validate_choice=False,
        description=_l("Contacts of a joint team count once, for the service that leads it."),
    )
    version = HiddenField()

    def offer(self, partners: dict[int, str]) -> None:
        self.partners.choices = list(partners.items())
        for name in ("area", "starts_on", "starts_at", "ends_on", "ends_at", "partners"):
            self[name].flags.optional = True

    def show(self, draft: TeamDraft, version: int, zone: str) -> None:
        """Fill the form with what stands; local times in ``zone``."""
        self.name.data, self.area.data, self.version.data = draft.name, draft.area, str(version)
        self.partners.data = list(draft.partners)
        for name, at in (("starts", draft.starts_at), ("ends", draft.ends_at)):
            there: dt.datetime | None = local(at, zone)
            self[f"{name}_on"].data = there.strftime("%Y-%m-%d") if there else ""
            self[f"{name}_at"].data = there.strftime("%H:%M") if there else ""

    def draft(self, zone: str, *, cancelled: bool = False) -> TeamDraft:
        """What was typed. Raises ``Invalid`` at a day or time that is none."""
        return TeamDraft(
            name=self.name.data or "",
            area=self.area.data or "",
            starts_at=local_moment("starts", self.starts_on.data or "", self.starts_at.data or "", zone),
            ends_at=local_moment("ends", self.ends_on.data or "", self.ends_at.data or "", zone),
            partners=tuple(self.partners.data or ()),
            cancelled=cancelled,
        )


class MemberForm(OutreachForm):
    """Somebody joins a team: typed, or chosen by typing a name that the service knows."""

    name = StringField(_l("Name of the person"))
    service = SelectField(_l("Service"), coerce=int, validate_choice=False)
    category = SelectField(_l("What the person does"), validate_choice=False)
    lead = BooleanField(_l("Leads the team"))

    def offer(self, services: dict[int, str]) -> None:
        self.service.choices = list(services.items())
        self.category.choices = categories()

    def take_it_as_known(self) -> None:
        """What somebody does who is known need not be said again, nor is she an officer because that stands first."""
        self.category.choices = [("", gettext("As the service knows it")), *categories()]


class InvitationForm(OutreachForm):
    """The pasted list. ``step`` is empty for the check and ``add`` or ``good`` for saving."""

    rows = TextAreaField(
        _l("People"),
        description=_l("One person a line: name, e-mail address, category, team. Copy the cells from a spreadsheet."),
    )
    step = HiddenField()


class ConfirmForm(OutreachForm):
    """A button and nothing else."""

    member = IntegerField()
