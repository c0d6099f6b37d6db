"""Forms of signing: the typed name, a provisional signature with its reason, reopening, confirming zero."""

from __future__ import annotations

import datetime as dt

from flask_babel import lazy_gettext
from wtforms import BooleanField, HiddenField, StringField, TextAreaField

from outreach.web.forms import OutreachForm


class SignForm(OutreachForm):
    """Who vouches for the figures that were shown. ``seen``: the mark of these figures."""

    seen = HiddenField()
    name = StringField(lazy_gettext("Your name"))
    provisional = BooleanField(lazy_gettext("Sign as provisional: something is still to come"))
    reason = TextAreaField(lazy_gettext("Why provisional"))


class ReopenForm(OutreachForm):
    """Why signed figures are opened again."""

    why = TextAreaField(lazy_gettext("Reason"))


class ZeroForm(OutreachForm):
    """Days without contacts. ``day``: one of them; ``reason``: after entries are closed."""

    day = HiddenField()
    reason = StringField(lazy_gettext("Reason"))


def typed_days(values: list[str]) -> list[dt.date]:
    """The days of the buttons that were pressed; anything that is not a day is left out."""
    found = []
    for value in values:
        try:
            found.append(dt.date.fromisoformat(value))
        except ValueError:
            continue
    return found
