"""Who can sign in, noted at one moment and compared at another: for backups that are restored."""

from django.contrib.auth.hashers import identify_hasher, is_password_usable, make_password
from django.utils import timezone

from tenants.accounts import audited
from tenants.accounts.models import DeviceToken, FloorDevice, User
from tenants.operations.operation import operation

OF_A_PERSON = ("role", "password", "pin_hash")
MAX_COST = 4  # times what a hash costs today: more would keep others waiting when it is checked


def note():
    """What signs somebody in now, as JSON: as secret as the rows, so for the owner alone."""
    return {
        "people": {
            user.username: {name: getattr(user, name) for name in OF_A_PERSON}
            for user in User.objects.active()
        },
        "tokens": [token.hash for token in DeviceToken.objects.usable(timezone.now())],
        "devices": [device.hash for device in FloorDevice.objects.usable()],
    }


@operation("access.restrict")
def restrict(noted, *, by):
    """Let people sign in as they could when ``note`` was called, and revoke what did not sign
    anybody in then; None: all of it.

    Returns the names of ``people``, ``tokens`` and ``devices`` that were changed.
    """
    now = timezone.now()
    people = []
    for user in User.objects.order_by("pk"):
        if changes := _changes(user, noted and noted["people"]):
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


def _changes(user, noted_people):
    """The fields of a person to be changed."""
    if then := (noted_people or {}).get(user.username):
        wanted = {"is_active": True, **then}
    else:
        wanted = {"is_active": user.is_active and noted_people is None, "pin_hash": ""}
        if is_password_usable(user.password):
            wanted["password"] = make_password(None)
    return {name: value for name, value in wanted.items() if getattr(user, name) != value}
