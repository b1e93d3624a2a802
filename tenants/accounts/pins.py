"""PINs, with which people sign in on a shared tablet.

A PIN is short, so its hash is not what protects it, though it is a slow one and keyed with the
program's secret, so that a copy of the database alone can't be searched. What protects it: it is
taken on a registered device only; wrong ones are counted in the database, for each person and
device and for each device, before the PIN is looked at, and followed by growing pauses; and it
gives an operator's rights on the floor's pages at most.
"""

import re

from django.contrib.auth.hashers import check_password, make_password
from django.db import connection
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.formats import time_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from tenants.accounts import audited, hashing, sign_ins
from tenants.accounts.models import FloorDevice, PinTries
from tenants.operations.operation import operation
from tenants.operations.refusals import Invalid, Refusal

DIGITS = re.compile(r"[0-9]{4,8}")
SEQUENCES = "01234567890 09876543210"
COMMON_PINS = re.compile("2580|0852|1313|1004|6969|5683|1122|4321|1470|7410|147258")


class WeakPin(Invalid):
    code = "weak_pin"
    title = "Choose a PIN that is harder to guess"


class WrongPin(Refusal):
    code = "wrong_pin"
    status = 403
    title = "That is not the PIN"


class PinLocked(Refusal):
    code = "pin_locked"
    status = 429
    title = "Too many wrong PINs"


@operation("pin.set")
@hashing.of_known()
def set_pin(user, *, pin, by):
    """Give somebody a new PIN of 4 to 8 digits; sessions with the old one end. Raises WeakPin."""
    _require_strong(pin)
    changed = audited.update(user, by=by, pin_hash=make_password(_keyed(user, pin)))
    PinTries.objects.filter(user=user).delete()
    return changed


@operation("pin.clear")
def clear_pin(user, *, by):
    """Take the PIN away: on shared tablets the person signs in no more, until there is another."""
    changed = audited.update(user, by=by, pin_hash="")
    PinTries.objects.filter(user=user).delete()
    return changed


@operation("pin.unlock")
def unlock(user, *, by):
    """Let somebody try again at once, on every device; returns how many devices had locked them."""
    devices, _rows = PinTries.objects.filter(user=user, failures__gt=0).delete()
    audited.audit("unlock_pin", user, by=by)
    return devices


@operation("pin.unlock_device")
def unlock_device(device, *, by):
    """Let everybody try again at once on one device; returns it."""
    fresh = _locked(device)
    fresh.forgive()
    fresh.save(update_fields=["failures", "locked_until"])
    fresh.tries.all().delete()
    audited.audit("unlock_pins", fresh, by=by)
    return fresh


@hashing.of_known()
def check(user, *, pin, device, at=None):
    """The right PIN of somebody who may sign in; else raises WrongPin, PinLocked.

    The try is counted, and that is committed, before the PIN is looked at: so many at once are so
    many tries. Not to be called in a transaction, which a refusal would take the count back with.
    """
    try:
        tries = count_try(user, device=device, at=at)
    except PinLocked as refusal:
        sign_ins.refused(user, way="pin", outcome=refusal.code)
        raise
    is_right = user.is_active and user.pin_hash and check_password(_keyed(user, pin), user.pin_hash)
    if not is_right:
        sign_ins.refused(user, way="pin", outcome=WrongPin.code)
        left = max(tries.LIMIT - tries.failures, 0)
        detail = _("That is not the PIN of %(name)s; %(left)d tries are left before a pause.")
        raise WrongPin(detail % {"name": user, "left": left}, errors={"pin": [_("Try again.")]})
    forgive(user, device=device)


@operation("pin.count_try")
def count_try(user, *, device, at=None):
    """Count a try as a wrong one; returns the PinTries. Raises PinLocked."""
    device = _locked(device)
    at = at or timezone.now()
    rows = PinTries.objects.select_for_update(no_key=True)
    tries, _is_new = rows.get_or_create(device=device, user=user)
    for each in (device, tries):
        if each.is_locked(at):
            raise _pause(each)
    for each in (device, tries):
        each.count_failure(at)
        each.save(update_fields=["failures", "locked_until"])
    return tries


@operation("pin.forgive")
def forgive(user, *, device):
    """The PIN was right: what was wrong before no longer counts. Returns the device."""
    device = _locked(device)
    device.forgive()
    device.last_used_at = timezone.now()
    device.save(update_fields=["failures", "locked_until", "last_used_at"])
    PinTries.objects.filter(device=device, user=user).delete()
    return device


def _locked(device):
    return FloorDevice.objects.select_for_update(no_key=True).get(pk=device.pk)


def _pause(lockable):
    until = time_format(localtime(lockable.locked_until), "H:i:s")
    detail = _("%(count)d wrong PINs: wait until %(until)s, or ask a manager to unlock it.")
    numbers = {"count": lockable.failures, "until": until}
    return PinLocked(detail % numbers, locked_until=lockable.locked_until)


def _keyed(user, pin):
    value = f"{connection.schema_name}:{user.pk}:{pin}"
    return salted_hmac("spoolbook.pin", value, algorithm="sha256").hexdigest()


def _require_strong(pin):
    if not DIGITS.fullmatch(pin):
        raise WeakPin(_("A PIN has 4 to 8 digits."), errors={"pin": [_("4 to 8 digits.")]})
    if _is_obvious(pin):
        detail = _("Others would try this PIN first: no digits in a row, no pattern, no year.")
        raise WeakPin(detail, errors={"pin": [_("Too easy to guess.")]})


def _is_obvious(pin):
    half = pin[: len(pin) // 2]
    is_pattern = len(set(pin)) < 3 or half * 2 == pin or half + half[::-1] == pin
    is_year = len(pin) == 4 and pin[:2] in ("19", "20")
    return is_pattern or is_year or pin in SEQUENCES or COMMON_PINS.fullmatch(pin)
