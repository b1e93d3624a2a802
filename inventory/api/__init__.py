"""The viewsets of inventory, by noun."""
