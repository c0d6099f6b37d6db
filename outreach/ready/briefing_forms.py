"""Forms of the briefing: its sections, one file, and the button that says it is read."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import HiddenField, TextAreaField

from outreach.plan.forms import PlanForm
from outreach.web.forms import OutreachForm, whole

from .briefing_rules import SECTIONS


class BriefingForm(PlanForm):
    """What the coordinator writes; field names are the codes of the sections."""

    contacts = TextAreaField(
        _l("Who to call"), description=_l("One a line: who, for what, the number. Officers tap a number to call it.")
    )
    radio = TextAreaField(
        _l("Radio and telephone plan"), description=_l("Channels, call signs, when to check in, what to do in silence.")
    )
    safety = TextAreaField(
        _l("Safety"), description=_l("Dangers, code words, when to leave. Its first lines stand on every team’s sheet.")
    )
    instructions = TextAreaField(
        _l("Special instructions"), description=_l("What holds for this operation and no other.")
    )

    @property
    def sections(self) -> dict[str, str]:
        return {code: self[code].data or "" for code in SECTIONS}


class AttachmentForm(OutreachForm):
    """One file from the coordinator's machine."""

    file = FileField(_l("File"), description=_l("PDF, PNG or JPEG, up to 5 MB."))


class ReadForm(OutreachForm):
    """Which part was read, as it stood at which version."""

    part = HiddenField()
    version = HiddenField()

    @property
    def stood_at(self) -> int:
        text = (self.version.data or "").strip()
        return int(text) if text.isascii() and text.isdigit() and len(text) < 11 else whole("")
