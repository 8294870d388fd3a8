"""How a space is searched, as far as that needs no engine: schedules, budgets, the window, the front, what is seen."""
