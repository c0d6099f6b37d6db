"""The room where services sign their figures and an operation moves past *active*: completeness, sign-off, deadlines.

Counts nothing itself: what it shows comes from `rollup`. May read every room before it.
"""
