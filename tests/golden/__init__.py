"""An operation small enough to count with a pencil, and the count."""
