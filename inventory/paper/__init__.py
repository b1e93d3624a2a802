"""What is printed: PDF of what is on the shelf. Pure functions, rows to bytes."""
