"""Where does a study lie, and what went wrong there? The storage behind the study, and every error it can answer with.

`database` opens and closes it, `sqlite_file` makes a fresh file whole, `errors` tells unavailable from refused.
"""
