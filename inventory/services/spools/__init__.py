"""Verbs of one spool: describe, move, weigh, use."""
