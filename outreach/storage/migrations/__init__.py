"""Migrations: how a database of any earlier version becomes today's. One file a step, never edited once released."""
