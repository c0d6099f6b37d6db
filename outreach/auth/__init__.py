"""Who may do what: one permission table of named predicates over plain values. No Flask, no SQL."""
