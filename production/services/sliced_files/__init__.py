"""Sliced files: what they are of, and what they are printed with."""
