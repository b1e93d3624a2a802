"""What every page and address shares: middleware, forms, problems, pagination."""
