"""PINs and the tablets they are typed on: what is refused, what is counted, who may lift it."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_tenants.utils import tenant_context

from tenants.accounts import devices, pins, roles
from tenants.accounts.models import AuditEvent, FloorDevice, PinTries, User
from tenants.accounts.pins import PinLocked, WeakPin, WrongPin
from tests.factories import make_user

PIN, WRONG = "8362", "1793"
NOW = timezone.now()


def somebody(name="Otto", **fields):
    return pins.set_pin(make_user(name=name, **fields), pin=PIN, by=None)


def a_tablet(name="Door"):
    by = User.objects.first() or make_user(role=roles.MANAGER)
    return devices.register(name=name, by=by)[0]


def tried(user, device, pin=WRONG, at=None):
    try:
        pins.check(user, pin=pin, device=device, at=at)
    except (WrongPin, PinLocked) as refusal:
        return type(refusal)
    return None


# --- The PIN -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("farm")
@pytest.mark.parametrize(
    "pin",
    ["", "123", "123456789", "12a4", "١٢٣٤", "8 62", "0000", "1234", "4321", "9876", "7890"]
    + ["1212", "1221", "7777", "1998", "2024", "2580", "123456", "112211", "838383", "12341234"],
)
def test_a_pin_that_others_would_try_first_is_refused(pin):
    user = make_user()
    with pytest.raises(WeakPin):
        pins.set_pin(user, pin=pin, by=None)
    assert User.objects.get(pk=user.pk).pin_hash == ""


@pytest.mark.usefixtures("farm")
def test_a_pin_is_kept_as_a_slow_hash_that_needs_the_programs_secret(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    user = somebody()
    assert user.pin_hash.startswith("pbkdf2_sha256$1")
    device = a_tablet()
    assert tried(user, device, PIN) is None
    settings.SECRET_KEY = "another"
    assert tried(user, device, PIN) is WrongPin


@pytest.mark.usefixtures("farm")
def test_the_same_pin_of_two_people_is_not_the_same_hash_and_not_the_others_pin():
    one, other = somebody("One"), make_user(name="Two")
    other = pins.set_pin(other, pin="9517", by=None)
    device = a_tablet()
    assert tried(one, device, "9517") is WrongPin
    assert tried(one, device, PIN) is None


@pytest.mark.usefixtures("farm")
def test_a_changed_pin_is_on_record_and_not_seen_there():
    user = somebody()
    pins.clear_pin(user, by=None)
    events = AuditEvent.objects.of(user).filter(verb="change")
    assert [event.changes for event in events] == [{"pin_hash": ["(hidden)", "(hidden)"]}] * 2


# --- Wrong ones ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("farm")
def test_five_wrong_ones_are_followed_by_a_pause_that_doubles():
    user, device = somebody(), a_tablet()
    assert [tried(user, device, at=NOW) for _ in range(6)] == [WrongPin] * 5 + [PinLocked]
    assert tried(user, device, PIN, at=NOW + timedelta(seconds=29)) is PinLocked
    later = NOW + timedelta(seconds=31)
    assert tried(user, device, at=later) is WrongPin
    assert tried(user, device, PIN, at=later + timedelta(seconds=59)) is PinLocked
    assert tried(user, device, PIN, at=later + timedelta(seconds=61)) is None
    assert not PinTries.objects.filter(user=user).exists()


@pytest.mark.usefixtures("farm")
def test_a_pause_grows_to_half_a_day_and_no_further():
    user, device, at = somebody(), a_tablet(), NOW
    for _ in range(40):
        tried(user, device, at=at)
        at += timedelta(hours=12, seconds=1)
        FloorDevice.objects.update(failures=0, locked_until=None)
    tries = PinTries.objects.get()
    assert tries.failures == 40
    assert tries.locked_until - (at - timedelta(hours=12, seconds=1)) == timedelta(hours=12)


@pytest.mark.usefixtures("farm")
def test_a_locked_person_is_locked_on_that_device_and_others_are_not():
    user, other, device = somebody(), somebody("Olga"), a_tablet()
    for _ in range(5):
        tried(user, device)
    assert tried(user, device, PIN) is PinLocked
    assert tried(other, device, PIN) is None
    assert tried(user, a_tablet("Desk"), PIN) is None


@pytest.mark.usefixtures("farm")
def test_one_pin_tried_on_everybody_locks_the_device():
    people, device = [somebody(str(number)) for number in range(11)], a_tablet()
    seen = [tried(user, device) for _ in range(2) for user in people]
    assert seen == [WrongPin] * 20 + [PinLocked] * 2
    pins.unlock_device(device, by=None)
    assert tried(people[0], device, PIN) is None


@pytest.mark.usefixtures("farm")
def test_a_manager_unlocks_and_a_new_pin_does():
    user, device = somebody(), a_tablet()
    for lift in (
        lambda: pins.unlock(user, by=None),
        lambda: pins.set_pin(user, pin=PIN, by=None),
    ):
        for _ in range(5):
            tried(user, device)
        assert tried(user, device, PIN) is PinLocked
        lift()
        assert tried(User.objects.get(pk=user.pk), device, PIN) is None


@pytest.mark.usefixtures("farm")
def test_who_left_or_has_no_pin_is_refused_like_a_wrong_pin():
    gone, bare, device = somebody(is_active=False), make_user(), a_tablet()
    assert tried(gone, device, PIN) is WrongPin
    assert tried(bare, device, "") is WrongPin


def test_so_many_wrong_ones_at_once_are_so_many(in_threads):
    user, device = somebody(), a_tablet()
    assert in_threads(lambda _: tried(user, device), 4) == [WrongPin] * 4
    assert PinTries.objects.get().failures == 4
    assert FloorDevice.objects.get().failures == 4


def test_however_many_at_once_only_five_are_looked_at(in_threads, monkeypatch):
    user, device = somebody(), a_tablet()
    looked_at, check = [], pins.check_password
    monkeypatch.setattr(pins, "check_password", lambda *said: looked_at.append(1) or check(*said))
    seen = in_threads(lambda _: tried(user, device), 16)
    assert (seen.count(WrongPin), seen.count(PinLocked)) == (5, 11)
    assert len(looked_at) == PinTries.objects.get().failures == 5


def test_a_pin_set_while_others_try_is_no_error(in_threads):
    user, device = somebody(), a_tablet()

    def work(number):
        return tried(user, device) if number % 2 else pins.set_pin(user, pin=PIN, by=None) and None

    assert set(in_threads(work, 8)) <= {None, WrongPin}


# --- The tablet ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("farm")
def test_a_tablet_is_known_by_its_secret_until_it_is_revoked(other_farm):
    device, secret = devices.register(name="Door", by=make_user())
    assert devices.by_secret(secret) == device
    assert secret not in str(vars(device))
    with tenant_context(other_farm):
        assert devices.by_secret(secret) is None
    devices.revoke(device, by=None)
    assert devices.by_secret(secret) is None
    assert devices.by_secret("") is None
    with pytest.raises(devices.DeviceRevoked):
        devices.revoke(device, by=None)
