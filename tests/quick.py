"""What is worked out once a process instead of once a test: none of it differs from what a single application makes.

An application a test is what keeps tests apart, and most of making one is compiling: two small functions for each
address, and every template that is shown. The compiled code depends on the rule's or the template's text alone.
"""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from pathlib import Path
from types import CodeType
from typing import Any, ClassVar

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule

from outreach.app import Site

MEMORY = Path("/dev/shm")
ENOUGH_MEMORY = 3 * 1024**3


class KeptRule(Rule):
    """A rule whose functions that build addresses are compiled once for all applications of the process."""

    _kept: ClassVar[dict[Any, Any]] = {}

    def _compile_builder(self, append_unknown: bool = True) -> Any:
        if self.defaults:
            return super()._compile_builder(append_unknown)
        key = (self.rule, tuple(self._trace), append_unknown)
        if key not in self._kept:
            self._kept[key] = super()._compile_builder(append_unknown)
        return self._kept[key]


class KeptTemplates(BytecodeCache):
    """Compiled templates of all applications of the process, each for the text that it was made of."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key, bucket.checksum] = bucket.code


def compile_once() -> None:
    """Let applications of this process share what they compile."""
    Site.url_rule_class = KeptRule
    Site.jinja_options = {**Site.jinja_options, "bytecode_cache": KeptTemplates()}


def work_in_memory() -> None:
    """Put temporary files where memory is a file system with room, so that tests do not wait for a disk to sync.

    What a database asks of its disk stays the same. Nothing is chosen where somebody has chosen already.
    """
    chosen = {"TMPDIR", "PYTEST_DEBUG_TEMPROOT"} & os.environ.keys()
    if chosen or not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < ENOUGH_MEMORY:
        return
    os.environ["PYTEST_DEBUG_TEMPROOT"] = str(MEMORY)


def folder_beside_tests(prefix: str) -> str:
    """A new temporary folder on the same file system as the tests'."""
    return tempfile.mkdtemp(prefix=prefix, dir=os.environ.get("PYTEST_DEBUG_TEMPROOT"))


def leave_modules_alone() -> None:
    """As the server does: no search for garbage among what importing made."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)
