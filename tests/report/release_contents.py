"""Contents of releases for tests: invented words around the published totals of 2017."""

from __future__ import annotations

from typing import Any

from outreach.report.release_content import Content, Line, Table

FORMULA, HEBREW, EMOJI = "=HYPERLINK(1)", "שירות המשטרה", "Fox River 🦊"
RULE = {"en": "Numbers from 1 to 5 are withheld.", "fr": "Les nombres de 1 à 5 sont retenus."}
WORDS = {
    "en": ("Figures of October 2017", "Signed", "Persons met", "Made safe", "withheld", "44 of 46 services in", "All"),
    "fr": ("Chiffres d’octobre 2017", "Signé", "Rencontrées", "Sécurité", "retenu", "44 services sur 46", "Tous"),
}


def a_content(language: str = "en", **changed: Any) -> Content:
    """A published release with one withheld figure, and names that a spreadsheet or a printer may choke on."""
    title, status, met, safe, withheld, covered, every = WORDS[language]
    given: dict[str, Any] = {
        "language": language,
        "kind": "release",
        "number": 2,
        "code": "ONS-2017-ON",
        "name": "Northern Spotlight",
        "title": title,
        "status": status,
        "window": "2017-10-10 – 2017-10-16",
        "as_of": "2017-10-18 12:10 (America/Toronto)",
        "published_on": "2017-10-19 09:00 (America/Toronto)",
        "coverage": covered,
        "text": ("A first paragraph, <b>typed</b>.", "#import *second*"),
        "lines": (
            Line("persons_met", met, 1198, "1,198", False, covered, "Distinct persons met.", "persons_met, version 3"),
            Line("persons_made_safe", safe, None, withheld, True, "", "Who left with help.", "persons_made_safe"),
        ),
        "tables": (
            Table(
                "By service",
                ("Service", "Met", "Safe"),
                ((FORMULA, 1190, "x"), (HEBREW, 8, None), (EMOJI, 0, "x")),
                (every, 1198, "x"),
                "Each person counts once.",
            ),
        ),
        "services": (FORMULA, HEBREW, EMOJI),
        "changed": (),
        "withheld": RULE[language],
        "notes": ("A person met twice counts once.",),
        "set_version": 3,
        "set_hash": "7f3a" * 16,
        "sample": True,
        "contact": "media@example.org",
    }
    return Content(**{**given, **changed})


def both(**changed: Any) -> dict[str, Content]:
    return {language: a_content(language, **changed) for language in ("en", "fr")}
