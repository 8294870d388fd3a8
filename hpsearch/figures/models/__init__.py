"""What has the winner learned? Pictures of a model: its regions, its errors, what it looks at."""
