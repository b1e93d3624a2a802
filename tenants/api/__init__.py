"""Base classes of every app's API, and the endpoints of people, tokens and the farm."""

# What an action may need instead of a permission; no name of an action can be one of these.
OPEN, SIGNED_IN = "(open)", "(signed in)"
