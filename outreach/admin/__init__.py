"""The room for accounts, services, lists and the journal. Not for anything that belongs to one operation."""
