"""What the settings of the API name: errors, permissions, pagination, renderers."""
