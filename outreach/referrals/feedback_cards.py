"""Feedback cards as they are printed: ten on a US Letter page, of the size that perforated card paper has.

Words in both languages on each card, and none that says what the meeting was about: others may find it.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

from flask import url_for
from flask_babel import force_locale, gettext
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

from outreach.ready import sheets

from . import feedback_rules as rules


def pdf(codes: list[str], site: str) -> bytes:
    """The sheets of these codes; ``site`` is the address of the site without a slash at the end."""
    with force_locale("en"):
        title = gettext("Feedback cards")
    return sheets.pdf("cards", sheets_of(codes, site), {}, title=title, language="en")


def sheets_of(codes: list[str], site: str) -> list[dict[str, Any]]:
    """What stands on each sheet."""
    short = site.partition("://")[2] or site
    words = [_words(lang, short + url_for(f"referrals.{page}")) for lang, page in (("en", "say"), ("fr", "dire"))]
    rest = iter(codes)
    made = []
    while portion := list(islice(rest, rules.CARDS_A_SHEET)):
        cards = [{"code": rules.shown_code(code), "picture": picture(code, site)} for code in portion]
        made.append({"cards": cards, "words": words, "help": rules.HELP_NUMBER})
    return made


def _words(lang: str, address: str) -> dict[str, str]:
    with force_locale(lang):
        return {
            "lang": lang,
            "ask": gettext("How did we treat you?"),
            "how": gettext("Four questions, one tap each. No name, no account."),
            "address": address,
            "code": gettext("Code"),
            "help": gettext("Help, day and night"),
        }


def picture(code: str, site: str) -> str:
    """The QR picture as SVG. The code stands behind the ``#``, which a browser sends to nobody."""
    drawn = QRCode(error_correction=ERROR_CORRECT_M, border=0)
    drawn.add_data(f"{site}{url_for('referrals.say_from_picture')}#{code}")
    rows = drawn.get_matrix()
    dark = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, on in enumerate(row) if on)
    size = len(rows)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}"><path d="{dark}"/></svg>'
