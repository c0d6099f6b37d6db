"""Queries by room: ``select()`` functions named for the question they answer, with explicit ordering; never commit."""
