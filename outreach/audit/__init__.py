"""The journal: who did what to which record, when, with what outcome; written in the same transaction as the act.

No free text of users, no identifying content: ids, codes of lists, counts.
"""

from .journal import read, record

__all__ = ["read", "record"]
