"""Pages of the admin: farms on the public site, people, settings and jobs in a farm."""

from tenants.admin import farm, farms, jobs, people

__all__ = ["farm", "farms", "jobs", "people"]
