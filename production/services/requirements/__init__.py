"""Requirements for a run to start: grams, a printer, physical limits."""
