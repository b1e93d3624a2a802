"""Pages of the admin: farms on the public site, people and settings in a farm."""

from tenants.admin import farm, farms, people

__all__ = ["farm", "farms", "people"]
