"""The copies of the workbook, and who may take which. What may leave with a publication copy is in ``leaving``."""

from __future__ import annotations

from enum import StrEnum

from outreach.auth.actors import Actor, Target
from outreach.auth.permissions import may


class Copy(StrEnum):
    """``publication``: may leave. ``analyst``: everything that the reader may see. ``own``: what the site shows
    readers who are neither coordinator of the operation nor analyst, with the persons of their own service."""

    PUBLICATION = "publication"
    ANALYST = "analyst"
    OWN = "own"


def offered(actor: Actor, target: Target) -> tuple[Copy, ...]:
    """The copies that the actor may take, the most useful to her first."""
    if not may(actor, "workbook.export", target):
        return ()
    return (Copy.ANALYST if may(actor, "figures.small", target) else Copy.OWN, Copy.PUBLICATION)
