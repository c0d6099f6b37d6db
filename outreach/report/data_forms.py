"""The form that asks for a data workbook: which table, in which language, as recorded when."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectChoice, StringField
from wtforms.validators import InputRequired

from outreach.web.forms import OutreachForm

from .dictionary_rules import BY_CODE

LANGUAGES = ("en", "fr")


class DataForm(OutreachForm):
    table = RadioField(_l("Table"), validators=[InputRequired(_l("Choose a table."))])
    language = RadioField(
        _l("Language of the workbook"),
        choices=[SelectChoice("en", "English"), SelectChoice("fr", "Français")],
        validators=[InputRequired(_l("Choose a language."))],
    )
    as_of = StringField(_l("As recorded at"), description=_l("For example 2017-10-18 21:42. Empty: now."))

    def offer(self, tables: Iterable[str]) -> DataForm:
        """Let these tables be chosen; a table alone is chosen already."""
        codes = list(tables)
        self.table.choices = [SelectChoice(code, gettext(BY_CODE[code].title)) for code in codes]
        if self.table.data is None and len(codes) == 1:
            self.table.data = codes[0]
        return self
