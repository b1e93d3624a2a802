from tenants.accounts.models.floor import FloorDevice, PinTries
from tenants.accounts.models.people import DeviceToken, User
from tenants.accounts.models.records import Attempt, AuditEvent, Backup, IdempotencyKey
from tenants.accounts.models.settings import FarmSettings
from tenants.accounts.models.sockets import SocketProcess, TokenSocket

__all__ = [
    "Attempt",
    "AuditEvent",
    "Backup",
    "DeviceToken",
    "FarmSettings",
    "FloorDevice",
    "IdempotencyKey",
    "PinTries",
    "SocketProcess",
    "TokenSocket",
    "User",
]
