"""Forms of list items, offences and texts: English and French side by side."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import DateField, HiddenField, StringField, TextAreaField, validators

from outreach.admin.rules import Wording
from outreach.web.forms import OutreachForm, whole


def _short(most: int) -> list[Any]:
    return [validators.Length(max=most, message=_l("Write %(max)d characters or fewer."))]


class ItemForm(OutreachForm):
    label_en = StringField(_l("English"), [*_short(120)])
    label_fr = StringField(_l("French"), [*_short(120)])
    definition_en = TextAreaField(_l("Definition in English"), [validators.Optional(), *_short(2000)])
    definition_fr = TextAreaField(_l("Definition in French"), [validators.Optional(), *_short(2000)])
    source = StringField(_l("Source"), [validators.Optional(), *_short(200)])
    version = HiddenField()

    @property
    def label(self) -> Wording:
        return Wording(self.label_en.data or "", self.label_fr.data or "")

    @property
    def definition(self) -> Wording:
        return Wording(self.definition_en.data or "", self.definition_fr.data or "")

    @property
    def version_seen(self) -> int:
        return whole(self.version.data)


class OffenceForm(OutreachForm):
    section = StringField(
        _l("Section"), [validators.InputRequired(_l("Enter the section, such as 279.01.")), *_short(30)]
    )
    statute = StringField(
        _l("Statute"),
        [validators.InputRequired(_l("Enter the statute, such as CC.")), *_short(8)],
        description=_l("CC is the Criminal Code."),
    )
    title_en = StringField(_l("English"), [*_short(200)])
    title_fr = StringField(_l("French"), [*_short(200)])
    in_force_from = DateField(_l("Can be laid from"), [validators.Optional()], description=_l("Empty: always."))
    in_force_to = DateField(
        _l("No longer from"),
        [validators.Optional()],
        description=_l("The first day on which it can no longer be laid. This retires it; nothing is deleted."),
    )

    @property
    def title(self) -> Wording:
        return Wording(self.title_en.data or "", self.title_fr.data or "")


class TextForm(OutreachForm):
    text_en = TextAreaField(_l("English"), [*_short(2000)])
    text_fr = TextAreaField(_l("French"), [*_short(2000)])

    @property
    def words(self) -> Wording:
        return Wording(self.text_en.data or "", self.text_fr.data or "")


class NewTextForm(TextForm):
    region = StringField(
        _l("Region"),
        [validators.InputRequired(_l("Enter the region as it stands on its services.")), *_short(80)],
        description=_l("As it stands on the services of that region."),
    )
