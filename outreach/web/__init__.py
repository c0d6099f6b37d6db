"""What every page needs: the guard, the transaction, sign-in, headers, problem pages, form base, languages.

Knows Flask; knows no room. Rooms use it, never the reverse.
"""
