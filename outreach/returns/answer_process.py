"""Writes the marked workbook that answers a faulty return, in a process of its own: JSON on standard input and output.

Run by ``workbook.answer`` as a script, isolated and without the site's environment. It is given what the capped reader
understood, never the sender's file. Once its modules are loaded it takes away from itself memory, processor time,
files and sockets; the keys of the site never reach it, so that the hidden numbers of the rows are given, too.

First line: everything but the rows. Then one line a row of *Contacts* and *Charges*, in their order, so that 100,000
of them are never held at once.
"""

from __future__ import annotations

import base64
import datetime as dt
import io
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

if __name__ == "__main__":  # isolated, Python does not look beside the package
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from outreach.returns import return_rules as book
from outreach.returns.return_rules import Asked, Choices, Fault, Meta, Returned, Row, TotalRow

MEMORY = 256 * 1024 * 1024
CPU_SECONDS = 30
WALL_SECONDS = 40
ANSWER = 48 * 1024 * 1024
SHEETS = (book.CONTACTS, book.CHARGES)

Lines = Callable[[str], Iterable[tuple[str, Mapping[str, Any]]]]


# --- this end ---------------------------------------------------------------------------------------------------------


def given(asked: Asked, returned: Returned, language: str, lines: Lines) -> bytes:
    """What the process is given."""
    bare, said = replace(asked, contacts=(), charges=()), replace(returned, contacts=(), charges=(), seen=frozenset())
    last = {
        sheet: max((row.row_id for row in rows), key=_number, default="")
        for sheet, rows in ((book.CONTACTS, returned.contacts), (book.CHARGES, returned.charges))
    }
    head = {"asked": _packed(bare), "returned": _packed(said), "language": language, "last": last}
    rows = ([sheet, number, _packed(values)] for sheet in SHEETS for number, values in lines(sheet))
    return "\n".join(json.dumps(line) for line in (head, *rows)).encode()


def _number(row_id: str) -> int:
    digits = row_id.partition("-")[0][2:]
    return int(digits) if digits.isdigit() else 0


def _packed(value: Any) -> Any:
    if isinstance(value, dt.date):
        return {"day": value.isoformat()}
    if isinstance(value, dt.time):
        return {"time": value.isoformat()}
    if isinstance(value, Mapping):
        return {str(name): _packed(one) for name, one in value.items()}
    if isinstance(value, (tuple, list, frozenset)):
        return [_packed(one) for one in value]
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return {name: _packed(one) for name, one in vars(value).items()} if hasattr(value, "__dict__") else str(value)


# --- the process ------------------------------------------------------------------------------------------------------


def _unpacked(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_unpacked(one) for one in value)
    if isinstance(value, dict):
        if "day" in value and len(value) == 1 and isinstance(value["day"], str):
            return dt.date.fromisoformat(value["day"])
        if "time" in value and len(value) == 1 and isinstance(value["time"], str):
            return dt.time.fromisoformat(value["time"])
        return {name: _unpacked(one) for name, one in value.items()}
    return value


def _asked(said: Mapping[str, Any]) -> Asked:
    made = _unpacked(said)
    made |= {name: tuple(TotalRow(**row) for row in made[name]) for name in ("totals", "referrals")}
    return Asked(**made | {"meta": Meta(**made["meta"]), "choices": Choices(**made["choices"])})


def _returned(said: Mapping[str, Any]) -> Returned:
    made = _unpacked(said)
    faults = tuple(Fault(**fault) for fault in made["faults"])
    return Returned(**made | {"meta": Meta(**made["meta"]), "faults": faults, "seen": frozenset()})


def confine() -> None:
    """Cap memory, processor time and written bytes."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (ANSWER, ANSWER))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def made(lines: Iterator[bytes]) -> bytes:
    """The workbook that the lines ask for."""
    from outreach.returns import workbook

    head = json.loads(next(lines))
    returned = _returned(head["returned"])
    held: list[list[Any]] = []

    def rows(sheet: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The lines of one sheet; those of a sheet before it, which is closed, are passed over."""
        while held or (line := next(lines, b"")):
            one = held.pop() if held else json.loads(line)
            if SHEETS.index(one[0]) > SHEETS.index(sheet):
                held.append(one)
                return
            if one[0] == sheet:
                yield one[1], _unpacked(one[2])

    last = {sheet: (Row(number, 0, {}),) if number else () for sheet, number in head["last"].items()}
    returned = replace(returned, contacts=last[book.CONTACTS], charges=last[book.CHARGES])
    target = io.BytesIO()
    workbook.write_answer(_asked(head["asked"]), returned, target, head["language"], rows)
    return target.getvalue()


def rehearsal() -> None:
    """Write a small workbook, which loads every module, codec and catalogue that no open door allows later."""
    meta = Meta(0, "", 0, "", book.TEMPLATE, 0, "fr", "")
    asked = Asked(meta, "", "contacts", True, "UTC", (dt.date(2017, 10, 10),), rows=dict.fromkeys(SHEETS, 1))
    fault = Fault(book.CONTACTS, "C3", "x", "", "", row_id="co1-00000000", column="day")
    said = given(asked, Returned(meta, faults=(fault,)), "fr", lambda sheet: [(f"{sheet[:2]}1-00000000", {})])
    made(iter(said.split(b"\n")))


def main() -> int:
    from outreach.plan.workbook_reader import close_doors

    rehearsal()
    confine()
    close_doors()
    try:
        answer = json.dumps({"workbook": base64.b64encode(made(iter(sys.stdin.buffer))).decode()})
    except MemoryError:
        answer = json.dumps({"refused": "too_large_inside"})
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent only learns that there is no workbook
        sys.stderr.write(type(error).__name__)
        answer = json.dumps({"refused": "damaged"})
    sys.stdout.write(answer)
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
