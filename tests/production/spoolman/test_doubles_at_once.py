"""Printers name a double while it is merged and that is taken back: to none of them it is gone."""

import threading
from functools import partial

import pytest

from inventory.services.spools import merging
from tenants.accounts import scopes
from tests.factories import make_token, make_user, spools_of_one
from tests.production.spoolman.clients import Printer
from tests.queries import fresh, violations

TIMES = 10


@pytest.fixture
def printer(committed_farm):
    secret = make_token(make_user(), scope=scopes.PRINTER, kind="moonraker")
    return partial(Printer, secret, host=f"{committed_farm.slug}.localhost")


def test_a_double_is_never_gone_while_that_is_taken_back(printer, in_threads):
    kept, double = spools_of_one(2)
    is_over = threading.Event()

    def work(number):
        if number == 0:
            try:
                for _ in range(TIMES):
                    merging.merge(kept, double=double, reason="One reel", by=None)
                    merging.unmerge(double, by=None)
            finally:
                is_over.set()
            return []
        client, answers = printer(), []
        path, grams = f"spool/{double.number}", {"use_weight": 1}
        while not (answers and is_over.is_set()):
            answers.append(client.put(f"{path}/use", grams))
            answers.append(client.get(path))
            answers.append(client.patch(path, {"comment": f"{number}"}))
        return answers

    results = in_threads(work, 4)
    assert not [each for each in results if isinstance(each, Exception)]
    answers = [answer for each in results for answer in each]
    assert {answer.status_code for answer in answers} == {200}
    uses = sum(len(each) for each in results) // 3
    assert fresh(kept).live_grams + fresh(double).live_grams == 2000 - uses
    assert violations() == []
