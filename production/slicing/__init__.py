"""Readers of sliced files: what a print takes, as its slicer has written it down."""
