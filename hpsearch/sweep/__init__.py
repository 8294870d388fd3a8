"""A sweep from its checks to its summary: joins study, tracking and cluster."""
