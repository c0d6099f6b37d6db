"""`make bench` and `make soak`: run every measurement, print one table, keep it as JSON.

A file `tests/bench/<room>_bench.py` (or `<room>_soak.py`) has `rows()`, which measures and returns a list of
`{name, value, unit, goal, met}`: names start with the room (`field.contact_vs_floor`), `goal` and `met` are None where
nothing was promised. Words on the command line choose files whose name contains one of them. The exit code is 1 when a
goal was missed. With words, only those rows of the kept file are replaced.
"""

import argparse
import importlib
import json
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
COLUMNS = ("name", "value", "unit", "goal", "met")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.splitlines()[0])
    parser.add_argument("--soak", action="store_true", help="the long runs instead")
    parser.add_argument("words", nargs="*", help="only files whose name contains one of these")
    chosen = parser.parse_args()
    kind = "soak" if chosen.soak else "bench"
    rows = []
    for path in sorted(HERE.glob(f"*_{kind}.py")):
        if chosen.words and not any(word in path.stem for word in chosen.words):
            continue
        begun = time.monotonic()
        print(f"{path.stem} ...", file=sys.stderr, flush=True)
        rows += importlib.import_module(f"tests.bench.{path.stem}").rows()
        print(f"{path.stem}: {time.monotonic() - begun:.0f} s", file=sys.stderr)
    print_table(rows)
    keep(rows, Path("build") / f"{kind}.json", everything=not chosen.words)
    return 1 if any(row["met"] is False for row in rows) else 0


def print_table(rows: list[dict]) -> None:
    """One line a row, numbers right aligned, a missed goal marked by a word."""
    lines = [COLUMNS, *([spoken(row[column]) for column in COLUMNS] for row in rows)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(COLUMNS))]
    for name, value, unit, goal, met in lines:
        parts = (name.ljust(widths[0]), value.rjust(widths[1]), unit.ljust(widths[2]), goal.rjust(widths[3]), met)
        print("  ".join(parts).rstrip())


def spoken(cell: object) -> str:
    """A cell of the table as text."""
    if cell is None:
        return "-"
    if isinstance(cell, bool):
        return "met" if cell else "MISSED"
    return f"{cell:.4g}" if isinstance(cell, float) else str(cell)


def keep(rows: list[dict], path: Path, *, everything: bool) -> None:
    """Write the rows as JSON; unless they are everything, beside the rows of other names that are already there."""
    kept = []
    if not everything and path.exists():
        fresh = {row["name"] for row in rows}
        kept = [row for row in json.loads(path.read_text(encoding="utf-8")) if row["name"] not in fresh]
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(kept + rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
