"""All SQL is here: tables, migrations, queries, frames for the arithmetic, the sealing keys, and nothing else.

``db`` is the one handle. Queries are ``select()`` functions named for the question they answer; they flush, never
commit. A write happens inside ``writing()``, which takes the write lock first, commits once, or leaves no trace.
"""

from .engine import db, independently, join_the_queue, lasting, leave_the_queue, undo, writing

__all__ = ["db", "independently", "join_the_queue", "lasting", "leave_the_queue", "undo", "writing"]
