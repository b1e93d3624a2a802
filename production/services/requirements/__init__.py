"""What a run needs before it can start: grams, a printer, physical limits."""
