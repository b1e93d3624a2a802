"""What many runs took, made and cost, computed in SQL."""
