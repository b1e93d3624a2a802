"""Tablets of the floor: signed in as a device by a manager, revoked by one."""

import secrets

from tenants.accounts import audited, services
from tenants.accounts.models import DeviceToken, FloorDevice
from tenants.operations.operation import operation
from tenants.operations.refusals import Refusal

SECRET_PREFIX = "spd_"


class DeviceRevoked(Refusal):
    code = "device_revoked"
    title = "This device has been revoked already"


@operation("device.register")
def register(*, name, by):
    """Make a FloorDevice; returns it and the secret for its cookie. Raises Invalid."""
    secret = SECRET_PREFIX + secrets.token_urlsafe(32)
    fields = {"name": name.strip(), "hash": DeviceToken.hash_of(secret), "registered_by": by}
    return audited.create(FloorDevice, by=by, **fields), secret


@operation("device.revoke")
def revoke(device, *, by, at=None):
    """It ends the sessions on it, and no other begins. Raises DeviceRevoked."""
    return services.revoke(device, DeviceRevoked, by=by, at=at)


def by_secret(secret):
    """The usable FloorDevice of a cookie's secret, or None."""
    if not secret:
        return None
    return FloorDevice.objects.usable().filter(hash=DeviceToken.hash_of(secret)).first()
