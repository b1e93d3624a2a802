"""Pages of the admin: farms on the public site, people, settings, jobs and backups in a farm."""

from tenants.admin import backups, farm, farms, jobs, people

__all__ = ["backups", "farm", "farms", "jobs", "people"]
