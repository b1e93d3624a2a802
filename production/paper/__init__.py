"""What is printed of production. Pure functions, rows to bytes."""
