"""What is prepared or measured in a process of a side: making.py FUNCTION PARAMETERS prints JSON.

It is run with the code of that side, which may be another revision, on its data: see
`benchmarks.serving`. A farm's account is its host and the header that shows who asks.
"""

# ruff: noqa: PLC0415 - Django is set up first

import json
import os
import secrets
import sys

SPOOLS, SPOOLS_OF_HISTORY = 400, 400
FEW = 10_000


def machine():
    """See `benchmarks.machine`."""
    from benchmarks import machine

    return machine.measured()


READS, VERBS = (1000, 1000), (1000, 400)  # runs and spools


def farms_of_requests():
    from benchmarks.farm import enter_farm

    return [enter_farm(*size).slug for size in (READS, VERBS)]


def requests(count):
    """Rows to read of a farm of 1,000 runs and 1,000 spools; and another farm with what so many
    requests of each verb need: runs of two spools to complete, spools to use, to weigh, to report.
    """
    from django.db import connection

    from benchmarks.farm import enter_farm, tidy

    made = rows_for_verbs(enter_farm(*VERBS), count)
    with connection.cursor() as cursor:
        tidy(cursor, connection.tenant)
    return made | rows_to_read(enter_farm(*READS))


def rows_for_verbs(farm, count):
    ids = [(spool.pk, spool.number) for spool in _spools(3 * count)]
    accounts = accounts_of(farm)
    return {
        "open run": _runs_to_complete(_spools(2 * count), count),
        "full spool": [pk for pk, _number in ids[:count]],
        "shelved spool": [pk for pk, _number in ids[count : 2 * count]],
        "number": [number for _pk, number in ids[2 * count :]],
        "worker": accounts["account"],
        "reporting printer": accounts["printer"],
    }


def rows_to_read(farm):
    from inventory.models import Spool
    from production.models import ProductionRun

    return accounts_of(farm) | {
        "spool": list(Spool.objects.values_list("pk", flat=True)[:100]),
        "run": list(ProductionRun.objects.live().values_list("pk", flat=True)[:100]),
    }


def history(runs, completions):
    """A farm of five years with so many runs, and some more to complete. One of few runs is made
    anew each time: those of former times would add up."""
    from benchmarks.farm import drop_farm, enter_farm

    if runs <= FEW:
        drop_farm(runs, SPOOLS_OF_HISTORY)
    return rows_of_history(enter_farm(runs, SPOOLS_OF_HISTORY), completions)


def rows_of_history(farm, completions):
    from inventory.models import Spool
    from production.models import ProductionRun, RunItem

    runs = ProductionRun.objects.live().order_by("-pk")
    closed = runs.filter(status="completed") or runs
    orders = RunItem.objects.exclude(order_reference="").order_by("-pk")
    accounts = accounts_of(farm)
    return accounts | {
        "run": list(closed.values_list("pk", flat=True)[:400]),
        "number": list(closed.values_list("number", flat=True)[:400]),
        "order": list(orders.values_list("order_reference", flat=True)[:50]),
        "spool": list(Spool.objects.order_by("pk").values_list("pk", flat=True)[:200]),
        "lot": [f"LOT-{number}" for number in range(10, 20)],
        "last page": [-(-runs.count() // 50)],
        "worker": accounts["account"],
        "open run": _runs_to_complete(_spools(min(SPOOLS, 2 * completions)), completions),
    }


def farms(first, count):
    """The accounts of so many farms with a few weeks of data each; those missing are made."""
    from benchmarks.farm_copies import TOKEN, copies

    return [_account(farm, TOKEN) for farm in copies(range(first, first + count))]


def transfers(**parameters):
    from benchmarks.transfers import measured

    return measured(**parameters)


def _runs_to_complete(spools, count):
    """Running ones of two spools and two items each."""
    from tests.factories import a_product, a_running_run

    items = [(a_product(_name()), 1) for _ in range(2)]
    pairs = [
        [spools[(2 * number + each) % len(spools)] for each in range(2)] for number in range(count)
    ]
    return [
        a_running_run(*((spool, 1) for spool in pair), items=items, planned_minutes=9).pk
        for pair in pairs
    ]


def _spools(count):
    from inventory.models import Spool
    from inventory.services import receiving
    from tests.factories import a_filament

    spools, filament = [], a_filament(_name())
    while missing := count - len(spools):
        some = min(missing, receiving.MAX_AT_ONCE)
        spools += receiving.receive_many(filament=filament, count=some, initial_grams=1000, by=None)
    return list(Spool.objects.filter(pk__in=[each.pk for each in spools]).order_by("pk"))


def _name():
    return f"bench-{secrets.token_hex(4)}"


def accounts_of(farm):
    """A manager by a token, a printer by its own, and the manager in a browser."""
    from django.conf import settings
    from django.test import Client

    from tests.factories import make_token, make_user

    user, host = make_user(role="manager", username=_name()), f"{farm.slug}.localhost"
    browser = Client(HTTP_HOST=host)
    browser.force_login(user)
    cookie = f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"
    return {
        "account": _account(farm, make_token(user)),
        "printer": _account(farm, make_token(user, scope="printer", kind="moonraker")),
        "browser": [host, {"Cookie": cookie}],
    }


def _account(farm, secret):
    return [f"{farm.slug}.localhost", {"Authorization": f"Token {secret}"}]


def main(name, parameters):
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if name == "machine":
        os.environ["SPOOLBOOK_PREPARE_STATEMENTS"] = "0"  # as on the machine that is known
    import django

    django.setup()
    from django.conf import settings

    settings.DEBUG = False  # else statements are logged, and none is prepared
    print(json.dumps(globals()[name](**json.loads(parameters))))


if __name__ == "__main__":
    main(*sys.argv[1:])
