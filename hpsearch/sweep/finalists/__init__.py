"""What trains once more between the search and the test rows? Confirmation from fresh seeds, and the refit."""
