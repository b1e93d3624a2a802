"""Planning a run and its life up to its outcome."""
