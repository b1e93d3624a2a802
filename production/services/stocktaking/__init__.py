"""Stocktakes: begun for a place, recorded by several people at once, looked at, and posted."""
