"""Many reports of many devices, for days: the ledger is small, and each gram is in it once."""

import random
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from math import ceil

import pytest
from django.utils import timezone

from inventory.models import UsageMeter
from inventory.services import metering
from inventory.services.spools import consumption
from tests.budgets import HOURS, PRINTERS, REPORTS, SEED
from tests.factories import a_printer_token, make_user, spools_of_one
from tests.queries import fresh, violations

DAY = timedelta(days=1)


@pytest.mark.usefixtures("committed_farm")
def test_each_of_many_reports_is_in_the_balances():
    chance, manager = random.Random(SEED), make_user()
    tokens = [a_printer_token(manager, name=f"printer {number}") for number in range(PRINTERS)]
    spools = spools_of_one(PRINTERS, grams=5000)
    began = timezone.now()
    used = Counter()
    for number in range(REPORTS):
        place = chance.randrange(PRINTERS)
        spool, at = spools[place], began + number * 2 * DAY / REPORTS
        amount = Decimal(chance.randrange(10**9)) / 10**9
        metering.use(spool.number, by=manager, token=tokens[place], grams=amount, at=at)
        used[spool] += amount
        if chance.random() < 0.001:
            metering.close_due(at=at)
        if chance.random() < 0.001:
            consumption.use(spool, grams=1, by=None, at=at)
            used[spool] += 1
    assert violations() == []
    for spool in spools:
        off = fresh(spool).used_grams - used[spool]
        assert abs(off) < Decimal("0.0000005") * UsageMeter.objects.filter(spool=spool).count()


def test_a_printer_makes_one_entry_an_hour(farm, manager):
    tokens = [a_printer_token(manager, name=f"printer {number}") for number in range(3)]
    spools = spools_of_one(3)
    began = timezone.now()
    for minute in range(0, HOURS * 60, 7):
        at = began + timedelta(minutes=minute)
        for spool, token in zip(spools, tokens, strict=True):
            metering.use(spool.number, by=manager, token=token, length_mm=50, at=at)
        metering.close_due(at=at)
    metering.close_due(at=began + 3 * DAY)
    expected = ceil(HOURS * 60 / 63)  # a meter ends with the first report after an hour
    for spool in spools:
        assert spool.transactions.filter(reason="reported").count() == expected <= HOURS
    assert violations() == []
