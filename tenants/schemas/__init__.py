"""The PostgreSQL schema and role of a farm: made, migrated, checked."""
