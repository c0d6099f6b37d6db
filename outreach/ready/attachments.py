"""Files that come to a briefing: what they are by their bytes, and a name that is safe to hand out.

An untrusted file is only ever opened by ``attachment_reader``, in a capped process. Nothing here saves anything.
"""

from __future__ import annotations

import unicodedata
from typing import Any

from outreach.errors import N_, Unreadable
from outreach.plan import capped

from . import attachment_reader

WALL_SECONDS = 12
LARGEST = 5 * 1024 * 1024
MOST = 10
LONGEST_NAME = 100
ENDINGS = {
    attachment_reader.PDF: (".pdf",),
    attachment_reader.PNG: (".png",),
    attachment_reader.JPEG: (".jpg", ".jpeg"),
}

_ANOTHER = N_("Send a PDF, a PNG or a JPEG picture.")
_PRINT = N_("Print it to a new PDF (Print, Save as PDF) and send that.")
_PICTURE = N_("Open the picture, save it as a new PNG or JPEG, and send that.")
_WHOLE = N_("Open it to see whether it is whole, save it anew, and send that.")
REFUSALS: dict[str, tuple[str, str]] = {
    "none": (N_("No file was chosen."), _ANOTHER),
    "empty": (N_("This file is empty."), _ANOTHER),
    "too_large": (N_("This file is larger than %(most)d MB."), N_("Save it smaller, or split it.")),
    "program": (N_("This file is a program, not a document."), _ANOTHER),
    "archive": (N_("This is an Office document or an archive."), _PRINT),
    "other_picture": (N_("This is a picture of another kind."), _PICTURE),
    "other": (N_("This file is no PDF, PNG or JPEG, whatever its name says."), _ANOTHER),
    "before_pdf": (N_("Something stands before the PDF in this file."), _PRINT),
    "mislabelled": (N_("The name says %(said)s, the file is a %(found)s."), N_("Give it its true name and send it.")),
    "damaged": (N_("This file is damaged or cut off."), _WHOLE),
    "script": (N_("This file holds script or a web page beside what it shows."), _PICTURE),
    "behind_the_end": (N_("Something is hidden behind the end of this file."), _WHOLE),
    "picture_too_large": (
        N_("A picture in it is %(width)d × %(height)d pixels; at most %(most)d a side are taken."),
        N_("Save the picture smaller and send that."),
    ),
    "bomb": (N_("This file is far larger inside than it says."), _PRINT),
    "too_large_inside": (N_("This PDF is far too large inside."), _PRINT),
    "too_many_pages": (
        N_("This PDF has %(pages)d pages; at most %(most)d are taken."),
        N_("Send the pages that count."),
    ),
    "password": (N_("This PDF is protected with a password."), N_("Save it without the password and send that.")),
    "active": (N_("This PDF can run something, open something or carries another file."), _PRINT),
    "too_long": (N_("Reading this file takes too long."), _PRINT),
}


def refusal(code: str, **params: Any) -> Unreadable:
    message, fix = REFUSALS[code if code in REFUSALS else "damaged"]
    return Unreadable(message, fix, **params)


def judge(content: bytes, name: str) -> str:
    """The media type of a file that may be kept. Raises ``Unreadable`` with what is wrong and how to put it right."""
    if len(content) > LARGEST:
        raise refusal("too_large", most=LARGEST // (1024 * 1024))
    answer = capped.ask(
        attachment_reader.__file__,
        content,
        seconds=WALL_SECONDS,
        most=attachment_reader.ANSWER,
        burst="bomb",
    )
    if "refused" in answer:
        raise refusal(answer.pop("refused"), **answer)
    found = answer["type"]
    ending = ending_of(name)
    if ending and ending not in ENDINGS[found]:
        raise refusal("mislabelled", said=ending[1:].upper()[:12], found=ENDINGS[found][0][1:].upper())
    return str(found)


def ending_of(name: str) -> str:
    """``.pdf`` of a name, in lower case; '' where it has none."""
    stem, dot, ending = _last_part(name).rpartition(".")
    plain = ending.isascii() and ending.isalnum() and len(ending) <= 8
    return f".{ending.lower()}" if stem and dot and plain else ""


def clean_name(name: str, media_type: str) -> str:
    """A name that no system reads as anything but a name: no path, no control or turning signs, its true ending."""
    ending = ending_of(name) or ENDINGS[media_type][0]
    stem = _last_part(name)
    stem = stem[: -len(ending)] if stem.lower().endswith(ending) else stem
    kept = "".join("-" if c in '<>:"|?*%;\\/' else c for c in stem)
    kept = " ".join(kept.split()).strip(". -")[:LONGEST_NAME].strip(". -")
    if kept.upper().split(".")[0] in _DEVICES:
        kept = f"_{kept}"
    return (kept or "attachment") + ending


_DEVICES = frozenset({"CON", "PRN", "AUX", "NUL", *(f"{d}{n}" for d in ("COM", "LPT") for n in range(1, 10))})


def _last_part(name: str) -> str:
    text = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    return "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text).strip()
