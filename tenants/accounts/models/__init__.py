from tenants.accounts.models.floor import FloorDevice, PinTries
from tenants.accounts.models.people import DeviceToken, User
from tenants.accounts.models.records import Attempt, AuditEvent, Backup, IdempotencyKey
from tenants.accounts.models.settings import FarmSettings

__all__ = [
    "Attempt",
    "AuditEvent",
    "Backup",
    "DeviceToken",
    "FarmSettings",
    "FloorDevice",
    "IdempotencyKey",
    "PinTries",
    "User",
]
