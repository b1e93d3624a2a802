"""What bridges and readers state of a spool: a report where it is less, a count where it may be."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from inventory.services import bridges, metering
from inventory.services.bridges import ResetRefused
from inventory.services.spools import scale
from inventory.services.spools.stating import InitialUnknown
from tenants.accounts.models import DeviceToken
from tests.factories import a_filament, a_printer_token, a_spool
from tests.production.spoolman.clients import a_printer_client, message, ok
from tests.queries import fresh, violations


@pytest.fixture
def token(manager):
    token = a_printer_token(manager, name="bridge")
    token.kind = DeviceToken.Kind.BRIDGE
    return token


@pytest.fixture
def spool(farm):
    return a_spool(1000)


def state(spool, token, remaining=None, used=None):
    verb = bridges.set_remaining if used is None else bridges.set_used
    verb(spool, grams=remaining if used is None else used, by=token.user, token=token)
    return fresh(spool)


def counts(spool):
    return spool.transactions.filter(kind="count").count()


def test_less_is_a_report_of_the_difference(spool, token):
    assert state(spool, token, 990).metered_grams == 10
    metering.use(spool.number, by=token.user, token=token, grams=5)
    assert state(spool, token, 985).metered_grams == 15
    assert state(spool, token, used=40).metered_grams == 40
    assert state(spool, token, used=1200).used_grams == 1200
    assert counts(spool) == 0
    assert violations() == []


def test_the_same_is_nothing(spool, token):
    metering.use(spool.number, by=token.user, token=token, grams="0.123456789012")
    before = fresh(spool)
    after = state(spool, token, Decimal(str(float(before.live_grams))))
    assert after.metered_grams == before.metered_grams
    assert state(spool, token, 5000).version == before.version


def test_more_is_no_count_and_much_more_is_to_be_weighed(spool, token):
    state(spool, token, 900)
    after = state(spool, token, 940)
    assert (after.live_grams, after.needs_weighing) == (900, False)
    after = state(spool, token, 1000)
    assert (after.live_grams, after.needs_weighing) == (900, True)
    assert state(spool, token, used=10).live_grams == 900
    assert counts(spool) == 0
    assert violations() == []


def test_more_is_a_count_where_the_token_says_so(spool, token):
    token.counts_up = True
    state(spool, token, 900)
    assert state(spool, token, 940).live_grams == 940
    assert state(spool, token, used=10).live_grams == 990
    assert counts(spool) == 2
    assert violations() == []


def test_a_count_upwards_is_among_the_doubtful_ones(spool, manager):
    client = a_printer_client(manager)
    DeviceToken.objects.update(kind="bridge", counts_up=True)
    for left in (900, 940, 500, 900):
        ok(client.patch(f"spool/{spool.number}", {"remaining_weight": left}))
    [doubtful] = scale.doubtful(timezone.now() - timedelta(days=1))
    assert (doubtful.grams, doubtful.balance_grams) == (400, 900)


def test_a_reset_of_a_spool_that_was_used_is_refused(spool, token):
    token.counts_up = True
    assert state(spool, token, used=0).version == spool.version
    state(spool, token, 900)
    with pytest.raises(ResetRefused, match="100 g of it were used"):
        state(spool, token, used=0)
    assert fresh(spool).live_grams == 900


def test_what_is_left_of_an_unknown_full_spool_says_nothing(spool, token):
    spool.is_initial_assumed = True
    spool.save()
    with pytest.raises(InitialUnknown):
        state(spool, token, 900)


@pytest.mark.parametrize("kind", ["bridge", "reader", "moonraker", ""])
def test_by_the_kind_of_the_token(manager, kind):
    spool = a_spool(1000, filament=a_filament())
    client = a_printer_client(manager)
    DeviceToken.objects.update(kind=kind)
    address = f"spool/{spool.number}"
    answer = ok(client.patch(address, {"remaining_weight": 960.5}))
    assert (answer["remaining_weight"], answer["used_weight"]) == (960.5, 39.5)
    assert counts(spool) == (0 if kind in bridges.KINDS else 1)
    answer = client.patch(address, {"used_weight": 0})
    if kind in bridges.KINDS:
        assert "has entries: 39.5 g of it were used." in message(answer, 400)
        assert ok(client.patch(address, {"remaining_weight": 1000}))["used_weight"] == 39.5
    else:
        assert ok(answer)["used_weight"] == 0
    assert violations() == []


def test_a_manager_says_so_where_the_token_is_made(as_manager, manager):
    address = "/admin/accounts/devicetoken/add/"
    typed = {"name": "AMS", "user": manager.pk, "scope": "printer", "kind": "bridge"}
    assert as_manager.post(address, typed | {"counts_up": "on"}).status_code == 200
    token = DeviceToken.objects.get()
    assert (token.kind, token.counts_up) == ("bridge", True)
