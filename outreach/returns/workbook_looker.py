"""Looks through one return workbook in a process of its own, beside ``workbook_reader``, which reads its cells."""

from __future__ import annotations

import sys

from outreach.returns import workbook_reader

if __name__ == "__main__":
    sys.exit(workbook_reader.run(workbook_reader.look))
