"""Who can sign in, noted at one moment and compared at another: for backups that are restored."""

import hashlib

from django.contrib.auth.hashers import identify_hasher, is_password_usable, make_password
from django.utils import timezone

from tenants.accounts import audited, roles
from tenants.accounts.models import DeviceToken, FloorDevice, User
from tenants.operations.operation import operation

MAX_COST = 4  # times what a hash costs today: more would keep others waiting when it is checked


def note():
    """What signs somebody in now, as JSON; of secrets a digest."""
    return {
        "people": {
            user.username: {"role": user.role, **_secrets(user)} for user in User.objects.active()
        },
        "tokens": [token.hash for token in DeviceToken.objects.usable(timezone.now())],
        "devices": [device.hash for device in FloorDevice.objects.usable()],
    }


@operation("access.restrict")
def restrict(noted, *, by):
    """Revoke what signs somebody in here and did not when ``note`` was called; None: all of it.

    Returns the names of ``people``, ``tokens`` and ``devices`` that it was.
    """
    now = timezone.now()
    people = []
    for user in User.objects.order_by("pk"):
        if changes := _withdrawn(user, noted and noted["people"]):
            audited.update(user, by=by, **changes)
            people.append(user.username)
    return {
        "people": people,
        "tokens": _revoke(DeviceToken, noted and noted["tokens"], by=by, at=now),
        "devices": _revoke(FloorDevice, noted and noted["devices"], by=by, at=now),
    }


def is_cheap_hash(encoded):
    """Whether a stored password or PIN, which a file may name, costs no more than ours to check."""
    if not encoded or not is_password_usable(encoded):
        return True
    try:
        hasher = identify_hasher(encoded)
        iterations = hasher.decode(encoded).get("iterations", 0)
    except (ValueError, AssertionError):
        return False
    return iterations <= MAX_COST * getattr(hasher, "iterations", 0)


def _revoke(model, noted, *, by, at):
    rows = model.objects.filter(revoked_at=None).order_by("pk")
    found = [row for row in rows if noted is None or row.hash not in noted]
    for row in found:
        audited.update(row, by=by, revoked_at=at)
    return [row.name for row in found]


def _withdrawn(user, noted_people):
    """The fields of a person to be changed."""
    then = (noted_people or {}).get(user.username, {})
    changes = {}
    if user.is_active and noted_people is not None and not then:
        changes["is_active"] = False
    now = _secrets(user)
    if is_password_usable(user.password) and now["password"] != then.get("password"):
        changes["password"] = make_password(None)
    if user.pin_hash and now["pin"] != then.get("pin"):
        changes["pin_hash"] = ""
    if then and roles.FARM_ROLES.index(then["role"]) < roles.FARM_ROLES.index(user.role):
        changes["role"] = then["role"]
    return changes


def _secrets(user):
    return {"password": _digest(user, user.password), "pin": _digest(user, user.pin_hash)}


def _digest(user, secret):
    return hashlib.sha256(f"{user.username} {secret}".encode()).hexdigest()
