"""Has a reader look at untrusted bytes in a process of its own, and brings back its answer.

The readers (``workbook_reader``, ``ready.attachment_reader``) take their memory, processor time, files and sockets away
from themselves; this end keeps the clock and the size of the answer. Nothing here knows what is read.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from typing import Any

_STOPPED_BY_TIME = (-24, -9)  # SIGXCPU, SIGKILL


def ask(script: str, content: bytes, *, seconds: float, most: int, burst: str) -> dict[str, Any]:
    """What the script at the path ``script`` answers about ``content``, in at most ``seconds`` and ``most`` bytes.

    Its answer goes to an unnamed file that it cannot fill beyond its own limit. ``{"refused": code}`` where there is no
    answer: ``too_long``, ``damaged``, or ``burst`` for one that was stopped by its limit of memory.
    """
    environment = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "TZ") if name in os.environ}
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
        given.write(content)
        given.seek(0)
        try:
            done = subprocess.run(
                [sys.executable, "-I", "-B", script],
                stdin=given,
                stdout=said,
                stderr=subprocess.DEVNULL,
                env=environment,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return {"refused": "too_long"}
        said.seek(0)
        try:
            answer = json.loads(said.read(most + 1))
        except ValueError:
            return {"refused": "too_long" if done.returncode in _STOPPED_BY_TIME else burst}
    return answer if isinstance(answer, dict) else {"refused": "damaged"}
