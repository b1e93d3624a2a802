"""The floor's pages: each finds what it is about, calls one verb, and answers."""
