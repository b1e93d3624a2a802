"""Taking back one's own last verb, and what came in between."""
