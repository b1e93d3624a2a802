"""Reports over many runs, computed in SQL."""
