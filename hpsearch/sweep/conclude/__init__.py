"""What does a sweep say at its end? The score on the test rows, the baseline, metrics, artifacts and the summary."""
