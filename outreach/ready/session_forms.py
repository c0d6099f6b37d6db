"""Forms of sessions, pasted delegates and certificates; what they may hold is in ``session_rules``."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from outreach.plan.forms import PlanForm, day_of, time_of
from outreach.plan.operation_rules import local_moment, read_day
from outreach.vocab import DelegateState, SessionKind
from outreach.web.forms import OutreachForm

from .session_rules import SessionDraft, read_months


class SessionForm(PlanForm):
    """One session, with local days and times; a time that the clocks show twice is the earlier one."""

    kind = SelectField(_l("What it is"), validate_choice=False)
    title = StringField(_l("What it is called"))
    starts_on = StringField(_l("First day"), description=_l("For example 2017-10-18"))
    starts_at = StringField(_l("Starts at"), description=_l("For example 21:42"))
    ends_on = StringField(_l("Last day"), [Optional()], description=_l("Left empty, it ends on the first day."))
    ends_at = StringField(_l("Ends at"), [Optional()])
    place = StringField(_l("Place"), [Optional()])
    certificate = StringField(
        _l("Certificate for those who attend"), [Optional()], description=_l("What it is called. Empty: none.")
    )
    valid_months = StringField(
        _l("Months it is valid"), [Optional()], description=_l("Calendar months. Empty: it does not expire.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = [SelectChoice(kind.value, gettext(kind.label)) for kind in SessionKind]

    @staticmethod
    def values_of(session: Any, zone: str) -> dict[str, Any]:
        """The fields of a session as it stands."""
        return {
            "kind": session.kind,
            "title": session.title,
            "starts_on": day_of(session.starts_at, zone),
            "starts_at": time_of(session.starts_at, zone),
            "ends_on": day_of(session.ends_at, zone),
            "ends_at": time_of(session.ends_at, zone),
            "place": session.place,
            "certificate": session.certificate,
            "valid_months": str(session.valid_months or ""),
            "version": str(session.version),
        }

    def draft(self, zone: str) -> SessionDraft:
        """What was typed. Raises ``Invalid`` with every field that cannot be read."""
        starts, ends, months = self.gather(
            lambda: self._moment("starts", self.starts_on.data or "", zone),
            lambda: self._end(zone),
            lambda: read_months(self.valid_months.data or ""),
        )
        return SessionDraft(
            kind=self.kind.data or "",
            title=self.title.data or "",
            starts_at=starts,
            ends_at=ends,
            place=self.place.data or "",
            certificate=self.certificate.data or "",
            valid_months=months,
        )

    def _moment(self, name: str, on: str, zone: str) -> dt.datetime | None:
        return local_moment(name, on, self._fields[f"{name}_at"].data or "", zone, which="earlier")

    def _end(self, zone: str) -> dt.datetime | None:
        """The end; a time without a day is on the first day, a day without a time ends with it."""
        on, at = self.ends_on.data or "", self.ends_at.data or ""
        if not on and not at:
            return None
        on = on or self.starts_on.data or ""
        return local_moment("ends", on, at, zone, which="earlier", usual="24:00") if on else None


class DelegatePasteForm(OutreachForm):
    """Rows of delegates, pasted or as a file, and what holds for rows that do not say it."""

    rows = TextAreaField(_l("Rows"))
    file = FileField(_l("Or a file"), description=_l("Excel (.xlsx), .csv, .tsv or .txt"))
    service = SelectField(_l("Service where none is given"), validate_choice=False, default="")
    state = SelectField(_l("Where it is not said"), validate_choice=False, default="")

    def offer(self, services: list[tuple[int, str]]) -> None:
        self.service.choices = [("", gettext("Ask for each")), *((str(id_), name) for id_, name in services)]
        self.state.choices = [(state.value, gettext(state.label)) for state in DelegateState]


class CertificateForm(OutreachForm):
    """A certificate that somebody of the service holds from elsewhere."""

    name = StringField(_l("Name of the person"), description=_l("Somebody whom the service knows."))
    certificate = StringField(_l("What the certificate is called"))
    issued_on = StringField(_l("Issued on"), description=_l("For example 2017-10-18"))
    expires_on = StringField(_l("Last day it is valid"), [Optional()], description=_l("Empty: it does not expire."))

    def days(self) -> tuple[dt.date | None, dt.date | None]:
        """Both days as typed. Raises ``Invalid`` at a day that is none."""
        issued, expires = self.issued_on.data or "", self.expires_on.data or ""
        return (
            read_day(issued, "issued_on") if issued else None,
            read_day(expires, "expires_on") if expires else None,
        )
