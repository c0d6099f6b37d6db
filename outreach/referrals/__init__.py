"""The room that follows a referral from made to received to closed, and how the person may safely be reached.

Person-level pages are never cached and every read of one is audited. May read `plan` and `field`.
"""
