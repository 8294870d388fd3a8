"""What was tried, and what is tried next? The study, its samplers, pruning rules and budget.

The only room that imports Optuna.
"""
