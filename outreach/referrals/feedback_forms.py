"""What is typed about feedback cards: the code on one, and how many sheets to print."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import IntegerField, StringField
from wtforms.validators import InputRequired

from outreach.web.forms import OutreachForm


class CodeForm(OutreachForm):
    """The code of a card. Whoever types it has no session, so there is no token: the code is the proof."""

    class Meta(OutreachForm.Meta):
        csrf = False

    code = StringField(
        _l("Code on your card"), description=_l("Nine letters and numbers. It does not say who you are.")
    )


class CardsForm(OutreachForm):
    sheets = IntegerField(_l("Sheets"), [InputRequired()], default=2, description=_l("Ten cards on each sheet"))
