"""Forms of a return: the file that is sent, how its figures are taken, and why it is left out."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import gettext, lazy_gettext
from wtforms import BooleanField, HiddenField, RadioField, StringField
from wtforms.fields.choices import SelectChoice

from outreach.web.forms import OutreachForm, clean

from .drop_rules import LARGEST_FILE, MB

LONGEST_NAME = 120


class SendForm(OutreachForm):
    """Nothing but the token: the file itself is read by ``sent_file``."""


class TakeForm(OutreachForm):
    """How a file is taken: the good rows alone, emptied cells cleared, and who wins where both changed."""

    clear = BooleanField(lazy_gettext("Clear the cells that I emptied"))
    stands = RadioField(
        lazy_gettext("Which one stands where both were changed?"),
        choices=[
            SelectChoice("site", lazy_gettext("What stands here now")),
            SelectChoice("file", lazy_gettext("What the file says")),
        ],
        validate_choice=False,
    )
    because = StringField(lazy_gettext("Reason"), name="because")
    good_only = HiddenField()

    @property
    def overwrite(self) -> bool | tuple[str, ...]:
        """As ``take_rules.Overwrite``: nobody has decided, the file for everything, or the site for everything."""
        return {"file": True, "site": ()}.get(self.stands.data or "", False)


class LeaveForm(OutreachForm):
    """Why a file is left out."""

    why = StringField(lazy_gettext("Why it is left out"), name="why")


def sent_file() -> tuple[str, bytes] | str:
    """Name and content of the one file of a form; or the words of what is wrong with it."""
    upload = request.files.get("workbook")
    if upload is None or not upload.filename:
        return gettext("Choose a workbook first.")
    content = upload.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        return gettext(
            "This file is larger than %(most)d MB. Delete sheets and pictures that do not belong to the return, save "
            "it, and send it again.",
            most=LARGEST_FILE // MB,
        )
    if not content:
        return gettext("This file is empty. Choose it again; it may not have been saved.")
    return name_of(upload.filename), content


def sent_files() -> list[tuple[str, bytes]]:
    """Names and contents of the files of a drop; of one that is too large only as much as shows that it is."""
    uploads = [one for one in request.files.getlist("workbooks") if one.filename]
    return [(name_of(one.filename), one.read(LARGEST_FILE + 1)) for one in uploads]


def name_of(sent: Any) -> str:
    """The name of a file without its folder, as short as it is kept."""
    return str(clean(str(sent).replace("\\", "/").rpartition("/")[2]))[:LONGEST_NAME] or "?"
