"""PINs and the floor's shared tablets through the API: a manager's."""

import pytest
from django.utils import timezone

from tenants.accounts import devices, pins
from tenants.accounts.models import IdempotencyKey, PinTries
from tests.responses import done, refused, results

USERS, TABLETS = "/api/v1/users/", "/api/v1/floor-devices/"
PIN = "8362"


@pytest.fixture
def tablet(manager):
    return devices.register(name="Tablet at the door", by=manager)[0]


def of(user, verb):
    return f"{USERS}{user.pk}/{verb}/"


def locked_out(user, tablet):
    for _ in range(PinTries.LIMIT):
        with pytest.raises((pins.WrongPin, pins.PinLocked)):
            pins.check(user, pin="1793", device=tablet)


def test_a_pin_is_given_taken_away_and_never_shown(api, operator, tablet):
    assert done(api.get(f"{USERS}{operator.pk}/"))["has_pin"] is False
    answer = api.post(of(operator, "set-pin"), {"pin": PIN}, HTTP_IDEMPOTENCY_KEY="pin-1")
    assert done(answer)["has_pin"] is True
    assert PIN.encode() not in answer.content
    assert IdempotencyKey.objects.get().content is None
    operator.refresh_from_db()
    pins.check(operator, pin=PIN, device=tablet)
    assert done(api.post(of(operator, "clear-pin"), {}))["has_pin"] is False


@pytest.mark.parametrize("pin", ["1234", "12", "abcd", "", 8362])
def test_a_pin_that_anybody_would_try_is_400(api, operator, pin):
    answer = api.post(of(operator, "set-pin"), {"pin": pin})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["pin"])
    operator.refresh_from_db()
    assert not operator.has_pin


def test_who_typed_wrong_pins_tries_again_at_once(api, operator, tablet):
    operator = pins.set_pin(operator, pin=PIN, by=None)
    locked_out(operator, tablet)
    with pytest.raises(pins.PinLocked):
        pins.check(operator, pin=PIN, device=tablet)
    done(api.post(of(operator, "unlock-pin"), {}))
    pins.check(operator, pin=PIN, device=tablet)


def test_tablets_are_listed_unlocked_and_revoked(api, tablet, manager):
    tablet.failures, tablet.locked_until = 20, timezone.now()
    tablet.save()
    (row,) = results(api.get(f"{TABLETS}?is_usable=true&registered_by_username=mona"))
    assert (row["name"], row["failures"], row["registered_by"]) == (tablet.name, 20, manager.pk)
    assert (row["registered_by_username"], row["registered_by_name"]) == ("mona", "Mona Manager")
    assert "hash" not in row
    at = f"{TABLETS}{tablet.pk}/"
    unlocked = done(api.post(f"{at}unlock/", {}))
    assert (unlocked["failures"], unlocked["locked_until"]) == (0, None)
    assert api.delete(at).status_code == 204
    refused(api.delete(at), 409, "device_revoked")
    assert results(api.get(f"{TABLETS}?is_usable=true")) == []
    assert done(api.get(at))["revoked_at"]


def test_who_is_no_manager_sees_and_changes_none_of_it(api_client, operator, tablet):
    api_client.force_authenticate(operator)
    refused(api_client.get(TABLETS), 403, "permission_denied")
    refused(api_client.delete(f"{TABLETS}{tablet.pk}/"), 403, "permission_denied")
    refused(api_client.post(of(operator, "set-pin"), {"pin": PIN}), 403, "permission_denied")
