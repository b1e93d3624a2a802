"""Spools for all planned runs together: the best fit over the queue."""
