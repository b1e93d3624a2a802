"""CPU of the best fit over the queue, of 200 planned runs and 1,000 spools; goal: at most 2 s.

By what costs most: all of one filament, of six, and of forty; on sixty printers, for thirty orders.
"""

import time
from decimal import Decimal
from random import Random

from django.db import connection, transaction

from benchmarks.farm import enter_farm
from production.services.best_fit.proposals import best_fit
from production.services.runs import lifecycle
from production.services.runs.lines import NewItem, NewMaterial
from tests.factories import a_filament, a_printer, a_product, a_spool

RUNS, SPOOLS, PRINTERS, ORDERS = 200, 1_000, 60, 30


def main():
    enter_farm(10, 10)
    print(f"Best fit of {RUNS} runs and {SPOOLS} spools: s of CPU, changes, small rests")
    for kinds in (1, 6, 40):
        with transaction.atomic():
            _fill(kinds)
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
            best_fit()
            began = time.process_time()
            found = best_fit()
            took = time.process_time() - began
            print(
                f"  {kinds:3} filaments {took:5.2f}, {found.changes} changes, "
                f"{found.small_rests} small rests, {len(found.without)} without"
            )
            transaction.set_rollback(True)


def _fill(kinds):
    random = Random(1)
    filaments = [a_filament(f"Fit {number}") for number in range(kinds)]
    printers = [a_printer(f"Fit {number}") for number in range(PRINTERS)]
    product = a_product("FIT")
    for _ in range(SPOOLS):
        grams = random.choice((1000, 1000, random.randrange(20, 1000)))
        lot = f"L-{random.randrange(40)}"
        a_spool(grams, filament=random.choice(filaments), lot_number=lot)
    for _ in range(RUNS):
        order = f"SO-{random.randrange(ORDERS)}"
        line = {"filament": random.choice(filaments), "planned_grams": random.randrange(5, 600)}
        lifecycle.create(
            by=None,
            items=[NewItem(product=product, quantity=1, order_reference=order)],
            materials=[NewMaterial(**line | {"planned_grams": Decimal(line["planned_grams"])})],
            printer=random.choice(printers),
            planned_minutes=random.randrange(30, 900),
        )
