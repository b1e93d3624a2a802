"""Reports for people: the figures of the API as pages and files."""
