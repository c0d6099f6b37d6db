"""Forms of the room: the one question that a page of figures asks."""

from __future__ import annotations

from flask import request
from flask_babel import lazy_gettext as _l
from wtforms import StringField

from outreach.web.forms import OutreachForm


class AsOfForm(OutreachForm):
    """The moment for which figures are asked; sent in the address, so that a page can be passed on."""

    class Meta(OutreachForm.Meta):
        csrf = False  # a question changes nothing

    as_of = StringField(_l("As recorded at"), description=_l("For example 2017-10-18 21:42"))

    @classmethod
    def asked(cls) -> AsOfForm:
        """The form as the address fills it."""
        return cls(request.args)
