"""The room where contacts are logged and corrected: My shift, Log a contact, daily totals, charges, the live board.

What is recorded here keeps every version. May read what `plan` prepared; knows nothing of referrals, returns or
reports.
"""
