"""Where requests meet the house: guard, form base, transaction, problem pages, headers, languages and theme.

Flask lives here and in the views. Knows no room: rooms know it. One transaction per write request is opened and
committed here and nowhere else.
"""
