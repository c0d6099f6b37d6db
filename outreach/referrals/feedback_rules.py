"""What a feedback card asks, its codes, and when answers may be seen. Plain functions on plain values."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from outreach.field.rules import CODE_SIGNS, typed_signs
from outreach.vocab import N_

STEP = 6
"""Results are first seen, and then change, when this many more persons have answered. SOURCE: ``safety.md`` 40."""
CARDS_A_SHEET = 10
MOST_SHEETS = 50
HELP_NUMBER = "1-833-900-1010"
"""SOURCE: Canadian Human Trafficking Hotline, free, day and night, in many languages."""
SKIP = "skip"
WRONG_CODE = N_("Type the code again as it is on the card: nine letters and numbers.")


@dataclass(frozen=True)
class Question:
    """One question, answered with one tap. ``answers``: code → words, the good one first."""

    code: str
    words: str
    answers: tuple[tuple[str, str], ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """Every answer there is; going on without one is an answer that is counted too."""
        return (*(code for code, _ in self.answers), SKIP)


_YES_NO = (("yes", N_("Yes")), ("partly", N_("In part")), ("no", N_("No")))
QUESTIONS = (
    Question("respect", N_("Did they show you respect?"), _YES_NO),
    Question("understood", N_("Did you understand who they were and what they offered?"), _YES_NO),
    Question("free", N_("Did you feel free to say no?"), _YES_NO),
    Question(
        "safer",
        N_("After you met them, do you feel safer or less safe?"),
        (("safer", N_("Safer")), ("same", N_("The same as before")), ("less_safe", N_("Less safe"))),
    ),
)

# --- codes ------------------------------------------------------------------------------------------------------------

# One sign longer than a person code, so that neither can be taken for the other; 23 is a prime number, so that the
# weighted sum finds every wrong sign and every swap.
CODE_LENGTH = 9


def make_codes(number: int) -> list[str]:
    """Fresh random codes, all different."""
    found: dict[str, None] = {}
    while len(found) < number:
        body = "".join(secrets.choice(CODE_SIGNS) for _ in range(CODE_LENGTH - 1))
        found[body + check_sign(body)] = None
    return list(found)


def check_sign(body: str) -> str:
    total = sum((CODE_LENGTH - place) * CODE_SIGNS.index(sign) for place, sign in enumerate(body))
    return CODE_SIGNS[-total % len(CODE_SIGNS)]


def read_code(typed: str) -> str | None:
    """The code that was typed (any case, spaces, hyphens); None when it cannot be one."""
    code = typed_signs(typed[:100])
    if len(code) != CODE_LENGTH or any(sign not in CODE_SIGNS for sign in code):
        return None
    return code if check_sign(code[:-1]) == code[-1] else None


def shown_code(code: str) -> str:
    """``K7Q-M4R-2XD`` as it is printed."""
    return "-".join(code[at : at + 3] for at in range(0, CODE_LENGTH, 3))


# --- answers ----------------------------------------------------------------------------------------------------------


def answers_in(sent: Mapping[str, str]) -> dict[str, str]:
    """The answers among what was sent, question by question as far as nothing is missing."""
    found: dict[str, str] = {}
    for question in QUESTIONS:
        answer = sent.get(question.code, "")
        if answer not in question.codes:
            break
        found[question.code] = answer
    return found


def next_question(answers: Mapping[str, str]) -> Question | None:
    """The first that has no answer yet."""
    return next((question for question in QUESTIONS if question.code not in answers), None)


# --- counts -----------------------------------------------------------------------------------------------------------


def nothing() -> dict[str, dict[str, int]]:
    """Zero for every answer."""
    return {question.code: dict.fromkeys(question.codes, 0) for question in QUESTIONS}


def with_answers(counts: Mapping[str, Mapping[str, int]], answers: Mapping[str, str]) -> dict[str, dict[str, int]]:
    """The counts with one more person: one more at one answer of each question."""
    made = nothing()
    for question, numbers in made.items():
        numbers |= counts.get(question, {})
        numbers[answers[question]] += 1
    return made


def persons(counts: Mapping[str, Mapping[str, int]]) -> int:
    """How many have answered: each of them stands once at each question."""
    return max((sum(numbers.values()) for numbers in counts.values()), default=0)


def may_be_seen(counts: Mapping[str, Mapping[str, int]]) -> bool:
    """Whether a further six have answered, so that between two looks there are never fewer."""
    number = persons(counts)
    return number > 0 and number % STEP == 0


@dataclass
class Said:
    """What was said of one service, or of all (``service`` ''): question → answer → number."""

    service: str
    counts: dict[str, dict[str, int]] = field(default_factory=nothing)

    @property
    def persons(self) -> int:
        return persons(self.counts)


def said_by_service(rows: Iterable[tuple[int, str, str, str, int]]) -> dict[int, Said]:
    """Rows ``(service id, service, question, answer, number)`` as one ``Said`` for each service."""
    found: dict[int, Said] = {}
    for service_id, name, question, answer, number in rows:
        counts = found.setdefault(service_id, Said(name)).counts
        if answer in counts.get(question, {}):
            counts[question][answer] += number
    return found


def in_all(each: Iterable[Said]) -> Said:
    """The sum of what is shown of each, so that it moves in steps of six as they do."""
    whole = Said("")
    for said in each:
        for question, numbers in said.counts.items():
            for answer, number in numbers.items():
                whole.counts[question][answer] += number
    return whole
