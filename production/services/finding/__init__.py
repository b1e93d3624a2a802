"""One search by words in all that a farm has: see docs/decisions/0061."""
