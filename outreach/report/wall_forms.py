"""The form that makes a link to the wall screen."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, StringField
from wtforms.fields.choices import SelectChoice

from outreach.web.forms import OutreachForm

from . import wall_rules as rules


class WallLinkForm(OutreachForm):
    """Where the screen hangs, and until when its link works."""

    label = StringField(_l("Which screen"), description=_l("For example: command post, east wall"))
    life = RadioField(
        _l("The link works"),
        choices=[
            SelectChoice("12h", _l("for 12 hours")),
            SelectChoice("24h", _l("for 24 hours")),
            SelectChoice(rules.WINDOW, _l("until a day after the window has ended")),
        ],
        validate_choice=False,  # the command does
    )
