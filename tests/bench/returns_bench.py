"""Reading a return of 100,000 rows against bare python-calamine on the same file, by turns; the reader's memory.

Bare: a process of its own opens the workbook and turns every sheet into Python values; neither its start nor its
imports are counted. Ours: everything from the bytes to typed cells, process start, counting and limits included. The
file is made by the site's own writer, every row filled in.
"""

from __future__ import annotations

import datetime as dt
import io
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from outreach.field.rules import CODE_SIGNS, check_sign
from outreach.returns import return_rules, workbook, workbook_file, workbook_looker, workbook_reader
from outreach.returns.return_rules import CONTACTS, Asked
from tests.returns.sent_back import DAYS, TODAY, asked, mark, numbered

ROWS = 100_000
ROUNDS = 7
BARE = """
import sys, time
import python_calamine
begun = time.perf_counter()
book = python_calamine.CalamineWorkbook.from_path(sys.argv[1])
count = sum(len(book.get_sheet_by_name(name).to_python(skip_empty_area=False)) for name in book.sheet_names)
print(time.perf_counter() - begun, count)
"""
# The process that starts the reader is small itself: what it holds when it forks would be counted as the child's.
PEAK = """
import resource, subprocess, sys
subprocess.run([sys.executable, "-I", "-B", sys.argv[1]], stdin=open(sys.argv[2], "rb"), stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
"""


def rows() -> list[dict[str, Any]]:
    wanted = replace(asked(), rows={return_rules.CONTACTS: ROWS, return_rules.CHARGES: 60})
    content = a_large_return(wanted)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "return.xlsx"
        path.write_bytes(content)
        pairs = [(bare(path), *ours(content, wanted)) for _ in range(ROUNDS)]
        peak = peak_of(path)
    return [
        _row("returns.bare_calamine_100k", statistics.median(pair[0] for pair in pairs), "s"),
        _row("returns.reading_100k", statistics.median(pair[1] for pair in pairs), "s"),
        _row("returns.reading_vs_bare", statistics.median(pair[1] / pair[0] for pair in pairs), "×", 1.5),
        _row("returns.judging_100k", statistics.median(pair[2] for pair in pairs), "s"),
        _row("returns.reader_peak_100k", peak[0], "MiB", 256),
        _row("returns.reader_and_looker_peak_100k", sum(peak), "MiB", 256),
        _row("returns.size_100k", len(content) / 1024 / 1024, "MiB"),
    ]


def _row(name: str, value: float, unit: str, goal: float | None = None) -> dict[str, Any]:
    met = None if goal is None else value <= goal
    return {"name": name, "value": round(value, 3), "unit": unit, "goal": goal, "met": met}


def a_large_return(wanted: Asked) -> bytes:
    """Every row filled in: one person met, who agreed."""
    ready = numbered(wanted)

    def lines(sheet: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for number, (row_id, _) in enumerate(ready(sheet)):
            yield row_id, a_contact(number) if sheet == CONTACTS else {}

    target = io.BytesIO()
    workbook.write_return(wanted, target, "en", lines)
    return target.getvalue()


def a_contact(number: int) -> dict[str, Any]:
    body, rest = "", number + 1_000_000
    while len(body) < 7:
        rest, sign = divmod(rest, len(CODE_SIGNS))
        body += CODE_SIGNS[sign]
    return {
        "no": str(number + 1),
        "day": DAYS[number % len(DAYS)],
        "time": dt.time(number % 24, number % 60),
        "result": "met",
        "approach": ("street", "tip", "premises_visit")[number % 3],
        "place_kind": ("hotel", "motel", "street")[number % 3],
        "municipality": "Windsor",
        "code": body + check_sign(body),
        "agreed": "yes",
        "age": ("18", "19_24", "25_34")[number % 3],
        "gender": "woman_girl",
        "answer": ("accepted", "declined", "undecided")[number % 3],
        "made_safe": "no",
        "kits": number % 4 + 1,
    }


def bare(path: Path) -> float:
    done = subprocess.run([sys.executable, "-c", BARE, str(path)], capture_output=True, text=True, check=True)
    seconds, count = done.stdout.split()
    assert int(count) > ROWS
    return float(seconds)


def ours(content: bytes, wanted: Asked) -> tuple[float, float]:
    """Seconds until the cells are there, and until every one is judged."""
    begun = time.perf_counter()
    book = workbook_file.read_book(content)
    read = time.perf_counter()
    got = workbook_file.returned(book, mark, wanted, today=TODAY)
    judged = time.perf_counter()
    assert len(got.contacts) == ROWS and not got.faults, got.faults[:3]
    return read - begun, judged - read


def peak_of(path: Path) -> tuple[float, float]:
    """Most memory that each of the two readers of this file had, in MiB."""

    def peak(script: str) -> float:
        command = [sys.executable, "-c", PEAK, script, str(path)]
        return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    return peak(workbook_reader.__file__), peak(workbook_looker.__file__)
