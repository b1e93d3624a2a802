"""The admin framework: a site and model admins that call services."""
