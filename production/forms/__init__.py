"""Forms for what people do with runs in pages."""
