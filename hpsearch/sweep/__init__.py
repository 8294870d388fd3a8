"""How does a sweep run, from its preparation to its stop? Joins study, tracking and execution; `session` begins.

`driver` is the loop of the search, `finalists` train between it and the test rows, `conclude` is the end.
"""
