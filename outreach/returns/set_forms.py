"""The form with which figures are locked."""

from __future__ import annotations

from flask_babel import lazy_gettext
from wtforms import HiddenField, TextAreaField

from outreach.web.forms import OutreachForm


class LockForm(OutreachForm):
    """Which kind of version, why, and the last version that the asker has seen."""

    kind = HiddenField()
    after = HiddenField()
    reason = TextAreaField(lazy_gettext("Reason"))
