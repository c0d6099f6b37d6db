"""All SQL is here: tables, migrations, queries, frames for the arithmetic, the sealing keys, and nothing else.

``db`` is the one handle. Queries are ``select()`` functions named for the question they answer; they flush, never
commit. A write happens inside ``writing()``, which takes the write lock first, commits once, or leaves no trace.
"""

from .engine import db, independently, lasting, undo, writing

__all__ = ["db", "independently", "lasting", "undo", "writing"]
