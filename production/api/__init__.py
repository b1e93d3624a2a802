"""The viewsets of production, by noun."""
