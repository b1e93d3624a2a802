"""The PostgreSQL schema and role of a farm: created, migrated, checked."""
