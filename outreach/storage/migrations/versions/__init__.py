"""One migration a file; the first makes every table."""
