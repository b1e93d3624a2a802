"""Classes that the API's settings refer to: errors, pagination, parsers, renderers, schema."""
