"""The rows and bodies of production's API, by noun."""
