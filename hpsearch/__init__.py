"""hpsearch: distributed hyperparameter search."""
