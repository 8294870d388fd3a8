"""Sweeps on a cluster, from outside it: Ray's Jobs API, what travels with a job, and a look at every part."""
