"""Forms for what people do with spools in pages."""
