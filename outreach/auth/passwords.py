"""What a password must be: long, and not among the first that anybody would try. Plain values; no hashing here.

SOURCE: ``safety.md`` 8, after ASVS 5.0 and NIST 800-63B-4: length, an offline list of common passwords, no rules of
composition, no rotation.
"""

from __future__ import annotations

import math

from outreach.errors import N_, Finding

SHORTEST = 15
LONGEST = 128
# Guesses that somebody who tries likely passwords first would need, as a power of ten.
LEAST_GUESSES = 10
# The estimate takes longer than linear time; what is hard to guess is so within the first characters.
ESTIMATED = 40


def findings(password: str, *about: str, where: str = "password") -> list[Finding]:
    """What is wrong with ``password`` for the person ``about`` whom are her name and her e-mail address."""
    if not SHORTEST <= len(password) <= LONGEST:
        return [
            Finding(
                where,
                N_("The password has %(length)d characters; use %(least)d to %(most)d."),
                {"length": len(password), "least": SHORTEST, "most": LONGEST},
            )
        ]
    if guesses(password, *about) < LEAST_GUESSES:
        return [
            Finding(where, N_("This password is easy to guess. Use four or more words that do not belong together."))
        ]
    return []


def guesses(password: str, *about: str) -> float:
    """Guesses needed, as a power of ten, by somebody who knows the common passwords and the words in ``about``."""
    from zxcvbn import zxcvbn  # its lists take a moment to load, and few requests need them

    known = ["outreach", *about, *(word for text in about for word in text.replace("@", " ").replace(".", " ").split())]
    found = zxcvbn(password[:ESTIMATED], user_inputs=[word for word in known if word])
    return math.log10(float(found["guesses"]))
