"""What the /style page shows: one form of every field kind, blank and badly filled, and invented rows.

Only for that page, which exists in development. No record, no figure and no rule belongs here; a new component is
shown here in the same commit that adds it.
"""

from typing import Any

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    DateField,
    FileField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    TimeField,
    validators,
)
from wtforms.fields.choices import SelectChoice

from .forms import OutreachForm

_KINDS = [
    SelectChoice("", _l("Choose a kind")),
    SelectChoice("municipal", _l("Municipal police")),
    SelectChoice("agency", _l("Support agency")),
]
_WAYS = [SelectChoice("contacts", _l("Log each contact")), SelectChoice("daily_totals", _l("Send daily totals"))]

_WRONG = MultiDict(
    {"name": "", "kind": "", "members": "five", "opens_on": "18/10/2017", "opens_at": "25:00", "note": "x" * 12}
)
"""Answers that each break one rule, so that every error message shows."""


_PLAIN = {"csrf": False}  # nothing is ever sent from that page


class SpecimenForm(OutreachForm):
    """One field of every kind the house uses."""

    name = StringField(
        _l("Name of the service"),
        [validators.InputRequired(_l("Enter the name of the service."))],
        description=_l("As it stands on the service’s own letters."),
    )
    kind = SelectField(_l("Kind"), [validators.InputRequired(_l("Choose a kind."))], choices=_KINDS)
    members = IntegerField(_l("People taking part"), [validators.InputRequired(_l("Enter a whole number."))])
    opens_on = DateField(_l("First day"), [validators.InputRequired(_l("Enter the day as 2017-10-18."))])
    opens_at = TimeField(_l("Opens at"), [validators.InputRequired(_l("Enter the time as 21:42."))])
    way = RadioField(_l("How it reports"), [validators.InputRequired(_l("Choose how it reports."))], choices=_WAYS)
    agreed = BooleanField(
        _l("The service has agreed"), [validators.InputRequired(_l("Tick when the service has agreed."))]
    )
    note = TextAreaField(
        _l("Note"), [validators.Optional(), validators.Length(max=10, message=_l("Write 10 characters or fewer."))]
    )
    password = PasswordField(_l("Password"), [validators.Optional()])
    workbook = FileField(_l("Workbook"), [validators.Optional()])


def specimen() -> dict[str, Any]:
    """Give the variables of style.html: `blank` and `wrong`, the same form untouched and refused."""
    wrong = SpecimenForm(
        MultiDict({f"wrong-{key}": value for key, value in _WRONG.items()}), prefix="wrong-", meta=_PLAIN
    )
    wrong.validate()
    return {"blank": SpecimenForm(None, prefix="blank-", meta=_PLAIN), "wrong_form": wrong}
