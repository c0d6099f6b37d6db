"""Files that nobody should have to read, through the process with limits: each is refused by what it is, in time."""

from __future__ import annotations

import subprocess
import sys

import pytest

from outreach.errors import Unreadable
from outreach.returns import workbook_file, workbook_reader

from .hostile_books import A_DOZEN, HOSTILE
from .sent_back import TODAY, asked, mark


def test_there_are_enough_of_them() -> None:
    assert len(HOSTILE) >= 60 and set(A_DOZEN) <= set(HOSTILE)


def test_a_hostile_file_is_refused_by_what_it_is() -> None:
    """A dozen here; all of them in `make soak`, with their time and memory."""
    for name in A_DOZEN:
        make, codes = HOSTILE[name]
        with pytest.raises(Unreadable) as refused:
            workbook_file.read_return(make(), mark, asked(), today=TODAY)
        assert refused.value.code in codes, name
        assert refused.value.fix and refused.value.code in workbook_file.REFUSALS


def test_the_reader_can_open_no_file_and_no_socket_and_has_little_memory() -> None:
    probe = (
        f"import runpy, socket; m = runpy.run_path({workbook_reader.__file__!r}); m['confine']()\n"
        "m['read'](m['shared'].rehearsal()); m['shared'].close_doors()\n"
        "for act in (lambda: open('/etc/hostname'), lambda: socket.socket()):\n"
        "    try:\n        act()\n        print('open')\n    except OSError as error:\n        print(error.errno)\n"
        "try:\n    bytearray(300_000_000)\nexcept MemoryError:\n    print('memory')\n"
    )
    said = subprocess.run([sys.executable, "-I", "-c", probe], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["24", "24", "memory"]
