"""Farms themselves: created, suspended, backed up, restored, dropped."""
