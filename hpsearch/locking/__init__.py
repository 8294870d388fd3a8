"""Who may write, is it worth another try, and is all given back? Leases that die with their holder, retry, closing."""
