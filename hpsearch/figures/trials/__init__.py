"""What does the search look like? Pictures of its trials: values over the space, over time, against each other."""
