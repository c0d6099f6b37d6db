"""The writer of long tables against openpyxl, XlsxWriter, pyexcelerate and the bare writer below it, and its memory.

100,000 rows of 20 mixed cells (text, whole numbers, real dates), each writer in a process of its own, by turns; it
says how long it wrote (without its imports) and its peak memory. The others are given rows that are ready; ours reads
them from a database in portions, cleans typed text and marks it as text. Then the real thing: the contacts of an
operation, from the database to the sealed file, at three sizes.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from outreach.app import create_app
from outreach.report import data_commands
from outreach.storage import db, writing
from outreach.storage.queries import data_exports
from outreach.storage.schema import bring_up_to_date
from outreach.vocab import Role
from tests import factories as site
from tests.bench.report_bench import SERVICES, grow
from tests.conftest import settings
from tests.field.factories import actor_of

ROWS, COLUMNS, ROUNDS = 100_000, 20, 5
SIZES = (50_000, 100_000, 200_000)

_READY = """
import datetime as dt, sys, time
path, count = sys.argv[1], int(sys.argv[2])
DAYS = [dt.date(2017, 10, 1) + dt.timedelta(n) for n in range(60)]
WORDS = [f"Police service of place number {n}" for n in range(46)] + ["=1+1 Police", "http://example.org/"]
def cell(row, column):
    kind = column % 5
    if kind < 2:
        return WORDS[(row * 7 + column) % 48]
    if kind == 2:
        return DAYS[(row + column) % 60]
    return row * column if kind == 3 else (row + column) % 100
def rows():
    for row in range(count):
        yield [cell(row, column) for column in range(20)]
TITLES = [f"Column {column}" for column in range(20)]
"""
# Not getrusage: that counts what the process that started this one held when it did.
_SAY = """
took = time.perf_counter() - begun
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(took, int(peak) / 1024)
"""
WRITERS = {
    "openpyxl": """
from openpyxl import Workbook
begun = time.perf_counter()
book = Workbook(write_only=True)
sheet = book.create_sheet("Rows")
sheet.append(TITLES)
for row in rows():
    sheet.append(row)
book.save(path)
""",
    "xlsxwriter": """
import xlsxwriter
begun = time.perf_counter()
book = xlsxwriter.Workbook(path, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
day = book.add_format({"num_format": "yyyy-mm-dd"})
sheet = book.add_worksheet("Rows")
sheet.write_row(0, 0, TITLES)
for number, row in enumerate(rows(), start=1):
    for column, value in enumerate(row):
        if column % 5 == 2:
            sheet.write_datetime(number, column, value, day)
        elif column % 5 < 2:
            sheet.write_string(number, column, value)
        else:
            sheet.write_number(number, column, value)
book.close()
""",
    "pyexcelerate": """
from pyexcelerate import Workbook
begun = time.perf_counter()
book = Workbook()
book.new_sheet("Rows", data=[TITLES, *rows()])
book.save(path)
""",
    "bare": """
from rustpy_xlsxwriter import write_worksheet
begun = time.perf_counter()
write_worksheet((dict(zip(TITLES, row)) for row in rows()), path, sheet_name="Rows")
""",
}
_OURS = """
import datetime as dt, sqlite3, sys, time
from pathlib import Path
from outreach.report.data_book import sheet_of
from outreach.report.data_writer import write
from outreach.report.dictionary_rules import DATE, NAME, NUMBER, Column, Table
from outreach.app import create_app
from tests.conftest import settings
from flask_babel import force_locale
path, count, source = sys.argv[1], int(sys.argv[2]), sys.argv[3]
kinds = [(NAME, NAME, DATE, NUMBER, NUMBER)[column % 5] for column in range(20)]
table = Table("rows", "tblRows", "Rows", "", tuple(
    Column(f"c{column}", f"Column {column}", kind, "") for column, kind in enumerate(kinds)))
app = create_app(settings(Path(path).parent / "site"))
def rows(connection):
    days = {}
    cursor = connection.execute("SELECT * FROM cells LIMIT ?", (count,))
    while portion := cursor.fetchmany(5000):
        for row in portion:
            row = list(row)
            for place in (2, 7, 12, 17):
                day = row[place]
                if day not in days:
                    days[day] = dt.date(1970, 1, 1) + dt.timedelta(day)
                row[place] = days[day]
            yield row
with app.app_context(), force_locale("en"):
    begun = time.perf_counter()
    with write([sheet_of(table, rows(sqlite3.connect(source)))], Path(path).parent) as made:
        with open(path, "wb") as target:
            while piece := made.read(1 << 20):
                target.write(piece)
"""
_EXPORT = """
import sys, time
from pathlib import Path
from outreach.app import create_app
from outreach.report import data_work
from outreach.storage.queries import data_exports
from tests.conftest import settings
folder, uid = Path(sys.argv[1]), sys.argv[2]
app = create_app(settings(folder))
with app.app_context():
    order = data_exports.order_of(uid)
    begun = time.perf_counter()
    data_work.make(folder, order)
"""


def rows() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "cells.sqlite3"
        cells(source, ROWS)
        seconds: dict[str, list[float]] = {name: [] for name in (*WRITERS, "ours")}
        peaks: dict[str, float] = {}
        for _ in range(ROUNDS):
            for name, took in seconds.items():
                once, peaks[name] = measured(name, Path(folder), ROWS, source)
                took.append(once)
        found = []
        for name, took in seconds.items():
            found.append(_row(f"report.data_{name}_100k_x_20", median(took), "s"))
            found.append(_row(f"report.data_{name}_peak", peaks[name], "MiB"))
        fastest = min(median(took) for name, took in seconds.items() if name != "ours")
        found.append(_row("report.data_vs_fastest", median(seconds["ours"]) / fastest, "×", 1.5))
        size = (Path(folder) / "ours.xlsx").stat().st_size / 1024 / 1024
        found.append(_row("report.data_size_100k_x_20", size, "MiB", 20))
        half = measured("ours", Path(folder), ROWS // 2, source)[1]
        found.append(_row("report.data_writer_peak_growth", peaks["ours"] / half, "×", 1.1))
    return [*found, *exports()]


def cells(path: Path, count: int) -> None:
    """The rows of ``_READY`` in a database, days as numbers."""
    scope: dict[str, Any] = {}
    source = _READY.replace("sys.argv[1], int(sys.argv[2])", f"'', {count}")
    exec(compile(source, "ready", "exec"), scope)  # the rows that the other processes make for themselves
    epoch = scope["dt"].date(1970, 1, 1)
    connection = sqlite3.connect(path)
    connection.execute(f"CREATE TABLE cells ({', '.join(f'c{column}' for column in range(COLUMNS))})")
    lines = (
        [(cell - epoch).days if place % 5 == 2 else cell for place, cell in enumerate(row)] for row in scope["rows"]()
    )
    connection.executemany(f"INSERT INTO cells VALUES ({', '.join('?' * COLUMNS)})", lines)
    connection.commit()
    connection.close()


def measured(name: str, folder: Path, count: int, source: Path) -> tuple[float, float]:
    """Seconds and peak memory (MiB) of one writer in a process of its own."""
    code = (_OURS if name == "ours" else _READY + WRITERS[name]) + _SAY
    (folder / "site").mkdir(exist_ok=True)
    return _said(code, folder / f"{name}.xlsx", count, source)


def exports() -> list[dict[str, Any]]:
    """The contacts of an operation from the database to the sealed file: seconds and peak memory at each size."""
    found, peaks = [], []
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(settings(Path(folder)))
        with app.app_context():
            bring_up_to_date()
            operation = site.an_operation("BENCH")
            for _ in range(SERVICES):
                site.a_participation(operation)
            analyst = actor_of(site.a_user(Role.ANALYST))
            done = 0
            for size in SIZES:
                grow(operation.id, done + 1, size)
                done = size
                with writing():
                    uid = data_commands.ask(analyst, operation, "contacts", "en").uid
                seconds, peak = _said(_EXPORT + _SAY, Path(folder), uid)
                db.session.expire_all()
                made = data_exports.by_uid(uid)
                assert made is not None and made.state == "ready", made and made.trouble
                peaks.append(peak)
                found.append(_row(f"report.data_contacts_{size}", seconds, "s"))
                found.append(_row(f"report.data_contacts_{size}_peak", peak, "MiB"))
                db.session.rollback()
            db.session.remove()
            db.engine.dispose()
    found.append(_row("report.data_peak_growth_50k_to_200k", peaks[-1] / peaks[0], "×", 1.15))
    return found


def _said(code: str, *arguments: Any) -> tuple[float, float]:
    asked = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(asked, capture_output=True, text=True, check=True)
    seconds, peak = done.stdout.split()[-2:]
    return float(seconds), float(peak)


def _row(name: str, value: float, unit: str, goal: float | None = None) -> dict[str, Any]:
    met = None if goal is None else value <= goal
    return {"name": name, "value": round(value, 3), "unit": unit, "goal": goal, "met": met}
