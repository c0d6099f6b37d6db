"""Forms of releases: what one holds, its texts, reasons, and the public words of an erratum."""

from __future__ import annotations

from flask_babel import lazy_gettext
from wtforms import HiddenField, SelectField, StringField, TextAreaField

from outreach.web.forms import OutreachForm


class DraftForm(OutreachForm):
    """What is released. ``after``: the number of the last release that the asker has seen. The ticks of the table are

    read by name: ``measures``, ``by_service``, ``by_day``, ``by_offence``.
    """

    version = HiddenField()
    after = HiddenField()
    replaces = SelectField(lazy_gettext("Replaces"), choices=[], validate_choice=False)
    measures = StringField()
    by_service = StringField()
    by_day = StringField()
    by_offence = StringField()


class SendForm(OutreachForm):
    """A step with a release. ``seen``: the hash of the content that was looked at; ``reason``, where it is sent: why it

    leaves although figures came after its version.
    """

    seen = HiddenField()
    reason = TextAreaField(lazy_gettext("Why it leaves all the same"))


class RefuseForm(OutreachForm):
    """What is wrong with it."""

    reason = TextAreaField(lazy_gettext("What is wrong with it"))


class TextsForm(OutreachForm):
    """Title, text and whom the press may ask, in both languages. ``seen``: as above."""

    seen = HiddenField()
    title_en = StringField(lazy_gettext("Title"))
    text_en = TextAreaField(lazy_gettext("Text"))
    contact_en = StringField(lazy_gettext("Whom the press may ask"))
    title_fr = StringField(lazy_gettext("Title"))
    text_fr = TextAreaField(lazy_gettext("Text"))
    contact_fr = StringField(lazy_gettext("Whom the press may ask"))


class OpeningForm(OutreachForm):
    """One withheld number that is to be published on purpose."""

    cell = SelectField(lazy_gettext("Which number"), choices=[], validate_choice=False)
    reason = TextAreaField(lazy_gettext("Why it has to be known"))


class ErratumForm(OutreachForm):
    """Why figures changed, for everybody to read; single lines are read by name (``why_en-…``)."""

    after = HiddenField()
    reason_en = TextAreaField(lazy_gettext("In English"))
    reason_fr = TextAreaField(lazy_gettext("In French"))
