"""The rows and bodies of inventory's API, by noun."""
