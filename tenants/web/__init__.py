"""Parts shared by pages and API: middleware, forms, problems, pagination."""
