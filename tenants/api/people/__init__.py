"""The API of people, tokens and the farm's settings."""
