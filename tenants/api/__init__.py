"""The API's own base, and the addresses that every farm has: tokens and me."""

# What an action may need instead of a permission; no name of an action can be one of these.
OPEN, SIGNED_IN = "(open)", "(signed in)"
