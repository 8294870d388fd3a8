"""Who may write, and is it worth another try? Leases that die with their holder, and retry."""
