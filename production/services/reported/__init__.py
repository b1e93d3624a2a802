"""What devices report of the spools of runs: which line it is of, and what becomes of it."""
