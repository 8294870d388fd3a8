"""What do clients read? Finds, downloads, tabulates, trains again and verifies sweeps from their records."""
