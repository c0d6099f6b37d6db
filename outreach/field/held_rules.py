"""A record that waits for a person: its fields on a form, and two texts side by side. Plain functions on values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .rules import MOST_PERSONS, read_code

Fields = Mapping[str, Sequence[str]]

# What no coordinator reads or types: the code stands on the card, the number is the agency's alone.
_KEPT_SEALED = ("code", "safe_way")


def count_of(fields: Fields) -> int:
    """How many persons a form has places for."""
    said = next(iter(fields.get("persons", ())), "")
    number = int(said) if said.isascii() and said.isdigit() and len(said) < 5 else 1
    return min(max(number, 1), MOST_PERSONS)


def shown(fields: Fields) -> dict[str, list[str]]:
    """Of what a phone said, what the form shows."""
    return {name: list(many) for name, many in fields.items() if name.partition("-")[0] not in _KEPT_SEALED}


def completed(typed: Fields, phone: Fields, uid: str) -> dict[str, list[str]]:
    """What was typed on the form, with what only the phone said: which record it is, codes on cards, safe numbers.

    A code that cannot be one is left out, and the site issues another; a number that was typed replaces the phone's.
    """
    made = {name: list(many) for name, many in typed.items()}
    made["uid"] = [uid]
    for number in range(1, count_of(typed) + 1):
        code, safe_way = f"code-{number}", f"safe_way-{number}"
        made[code] = [one for one in phone.get(code, ()) if read_code(one)][:1]
        if not "".join(made.get(safe_way, ())).strip():
            made[safe_way] = list(phone.get(safe_way, ()))
    return made


@dataclass(frozen=True)
class Compared:
    """One line of two texts: what stands, what the phone says."""

    key: str
    stands: str
    says: str

    @property
    def differs(self) -> bool:
        return self.stands != self.says


def compared(stands: Iterable[Mapping[str, str]], says: Iterable[Mapping[str, str]], absent: str) -> list[Compared]:
    """Both texts line by line, in the order of the first; ``absent`` where one says nothing."""
    left, right = ({row["key"]: row["value"] for row in rows} for rows in (stands, says))
    return [Compared(key, left.get(key, absent), right.get(key, absent)) for key in dict.fromkeys([*left, *right])]
