"""How does what the search hands over get to MLflow? The recorder's thread, its jobs, and the runs it writes on.

`hpsearch.tracking.recorder` is the search's side of it.
"""
