"""Undo of one's own last action; conflicts of actions that were sent late."""
