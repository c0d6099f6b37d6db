"""The form of the close-out page: which services are ticked, and whether they are reminded again within the hour."""

from __future__ import annotations

from flask_babel import lazy_gettext
from wtforms import BooleanField

from outreach.web.forms import OutreachForm


class RemindForm(OutreachForm):
    """What stands beside the ticked services."""

    again = BooleanField(lazy_gettext("Remind again within the hour"))
