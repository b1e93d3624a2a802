"""Base classes of every app's API, and the endpoints of people, tokens and the farm."""

# What an action may need instead of a permission; no name of an action can be one of these. With a
# token, SIGNED_IN needs the scope read, FULL_SCOPE the scope all.
OPEN, SIGNED_IN, FULL_SCOPE = "(open)", "(signed in)", "(signed in, scope all)"
NO_PERMISSION = (OPEN, SIGNED_IN, FULL_SCOPE)
