"""Sums of closed runs: folded by a job, thrown away and folded anew, compared with the rows."""
