"""Worked examples of why a run did not cost what was planned, with the figures of the design.

``EXAMPLES`` is ``{name: (story, figures)}``: a story is lived through in a farm and returns its
run; the figures are "planned actual part value part value", a dash for what is unknown, and parts
that are not named are 0.
"""

from decimal import Decimal

from inventory.services.spools import shelf
from production.models import BomLine, Reason
from production.services import completion
from production.services.completion.actuals import ItemCount, MaterialActual
from production.services.printing import midprint
from production.services.runs import lifecycle, lines
from tenants.accounts.models import FarmSettings
from tests.factories import (
    a_filament,
    a_material_type,
    a_printer,
    a_product,
    a_running_run,
    a_spool,
)

EXAMPLES = {}


def example(name, **figures):
    def registered(story):
        EXAMPLES[name] = (story, figures)
        return story

    return registered


def rates(*, machine=0, energy=0, labour=0):
    """The rates that the farm keeps from now on."""
    settings = {"machine_hour_rate": machine, "energy_price_kwh": energy, "labour_rate": labour}
    FarmSettings.objects.update(**settings)


def spool(price=20, **fields):
    """1000 g, of a filament of its own unless it is named."""
    return a_spool(1000, price=None if price is None else Decimal(str(price)), **fields)


def started(*takes, items=(), minutes=None, **fields):
    planned = None if minutes is None else Decimal(str(minutes))
    return a_running_run(*takes, items=items, planned_minutes=planned, **fields)


def hooks(*takes, count=4, labour=None, **fields):
    """Four hooks of 25 g each, by default."""
    labour = None if labour is None else Decimal(labour)
    return started(*takes, items=[(a_product(grams=25, labour_minutes=labour), count)], **fields)


def takes_of(run, grams):
    """Grams, or grams and purge, for each line in their order."""
    actuals = []
    for line, each in zip(run.materials.order_by("pk"), grams, strict=True):
        part, purge = each if isinstance(each, tuple) else (each, 0)
        figures = {"actual_grams": Decimal(str(part)), "actual_purge_grams": Decimal(purge)}
        actuals.append(MaterialActual(line=line.pk, **figures))
    return actuals


def counts_of(run, good, scrapped):
    items = run.items.order_by("pk")
    scrapped = scrapped or [0] * len(good)
    return [
        ItemCount(item=item.pk, good_count=fine, scrapped_count=bad)
        for item, fine, bad in zip(items, good, scrapped, strict=True)
    ]


def end(run, *grams, good=(4,), scrapped=(), minutes=None):
    return completion.complete(
        run,
        by=None,
        materials=takes_of(run, grams),
        items=counts_of(run, good, scrapped),
        actual_minutes=None if minutes is None else Decimal(str(minutes)),
        confirm=True,
    ).run


def fail(run, *grams, minutes=None):
    reason = Reason.objects.filter(kind="failure").order_by("pk")[0]
    given = {"materials": takes_of(run, grams), "actual_minutes": minutes}
    return completion.fail(run, by=None, reason=reason, **given).run


def swap(run, to, so_far):
    line = run.materials.order_by("pk")[0]
    given = MaterialActual(line=line.pk, actual_grams=Decimal(so_far))
    return midprint.swap_spool(run, by=None, spool=to, so_far=given)


def priced(spool, price):
    return shelf.describe(spool, price=Decimal(price), by=None)


# --- The examples of the design -----------------------------------------------------------------


@example(
    "E1",
    grams="400 477.5 usage 77.5",
    minutes="52.20 51.20 time -1",
    material="8.0000 9.5500 usage 1.5500",
    machine="2.6100 2.5600 time -0.0500",
    total="10.6100 12.1100 usage 1.5500 time -0.0500",
)
def more_grams_less_time():
    rates(machine=3)
    run = started((spool(), 400), items=[(a_product(grams=50), 8)], minutes="52.20")
    return end(run, 477.5, good=[8], minutes="51.20")


@example(
    "E2",
    material="4.0000 5.0000 output -0.4000 scrap 0.4000 usage 1.0000",
    machine="6.0000 6.3000 output -0.6000 scrap 0.6000 time 0.3000",
    energy="0.1440 0.1512 output -0.0144 scrap 0.0144 time 0.0072",
    labour="10.0000 10.0000 output -1.2000 scrap 1.2000",
    total="20.1440 21.4512 output -2.2144 scrap 2.2144 usage 1.0000 time 0.3072",
    items=[
        "11.0720 11.7256 output -2.2144 scrap 2.2144 usage 0.5000 time 0.1536",
        "9.0720 9.7256 usage 0.5000 time 0.1536",
    ],
)
def bodies_and_wings():
    rates(machine="1.50", energy="0.30", labour=24)
    body = a_product(grams=20, labour_minutes=3)
    wing = a_product(grams=10, labour_minutes=1)
    items = [(body, 5), (wing, 10)]
    printer = a_printer(power_watts=120)
    run = started((spool(), 200), items=items, minutes=240, printer=printer)
    return end(run, 250, good=[4, 10], scrapped=[1, 0], minutes=252)


@example("E3", material="2.0000 3.6000 usage 0.4000 price 1.2000")
def dearer_before_the_end():
    reel = spool()
    run = started((reel, 100), items=[(a_product(grams=50), 2)])
    priced(reel, 30)
    return end(run, 120, good=[2])


def two_spools(second=26):
    filament = a_filament(price=None)
    run = hooks((spool(filament=filament), 100), minutes=120)
    swap(run, spool(second, filament=filament), 38)
    return run


@example("E4", material="2.0000 2.3980 usage 0.0200 price 0.3780")
def another_spool_of_the_filament():
    return end(two_spools(), 38, 63)


WHITE = "2.0000 2.5250 usage 0.0200 substitution 0.5050"


@example("E5", material=WHITE)
def white_for_black():
    run = hooks((spool(20), 100))
    lines.add_material(run, by=None, spool=spool(25))
    return end(run, 0, 101)


@example("E5, named", material=WHITE)
def white_instead_of_black():
    run = hooks((spool(20), 100))
    words = {"instead_of": run.materials.get().pk, "override_reason": "Black was out"}
    lines.add_material(run, by=None, spool=spool(25), **words)
    return end(run, 0, 101)


@example(
    "E6",
    grams="199 216 output -44 scrap 44 usage 9 purge 8",
    minutes="460 471 output -115 scrap 115 time 11",
    total="19.3632 20.0162 output -4.6971 scrap 4.6971 usage 0.2249 purge 0.1999 time 0.2281",
)
def signs_of_two_colours():
    rates(machine="1.20", energy="0.34", labour=24)
    black, orange = spool("24.99"), spool("26.50")
    printer, sign = a_printer(power_watts=130), a_product(grams=44, labour_minutes=3)
    takes = [(black, 142, 23), (orange, 34)]
    run = started(*takes, items=[(sign, 4)], minutes=460, printer=printer)
    return end(run, (151, 31), 34, good=[3], scrapped=[1], minutes=471)


def timed(*takes):
    rates(machine="1.50", labour=30)
    return hooks(*takes, labour=2, minutes=120)


@example(
    "E7",
    material="2.0000 1.5600 output -0.5000 usage 0.0600",
    machine="3.0000 2.3250 output -0.7500 time 0.0750",
    labour="4.0000 3.0000 output -1.0000",
    total="9.0000 6.8850 output -2.2500 usage 0.0600 time 0.0750",
    over="0.1350",
)
def one_not_printed():
    return end(timed((spool(), 100)), 78, good=[3], minutes=93)


@example(
    "E8",
    material="2.1000 0.4200 output -2.1000 lost 0.4200",
    total="9.1000 1.0200 output -9.1000 lost 1.0200",
    over="1.0200",
)
def failed_early():
    return fail(timed((spool(), 100, 5)), (20, 1), minutes=Decimal(24))


@example(
    "E9",
    minutes="120 - output -120 lost -",
    total="9.0000 0.1200 output -9.0000 lost 0.1200",
    over="0.1200",
)
def cancelled_with_a_little():
    run = timed((spool(), 100))
    return lifecycle.cancel(run, by=None, materials=takes_of(run, [6]))


@example(
    "E10",
    material="2.0000 - usage 0.0200 price -",
    machine="3.0000 3.0000",
    total="5.0000 - usage 0.0200 price -",
)
def a_spool_without_a_price():
    rates(machine="1.50")
    return end(two_spools(None), 38, 63, minutes=120)


@example(
    "E10, later",
    material="2.0000 2.3980 usage 0.0200 price 0.3780",
    total="5.0000 5.3980 usage 0.0200 price 0.3780",
)
def the_price_becomes_known():
    run = a_spool_without_a_price()
    second = run.materials.order_by("pk")[1].spool
    priced(second, 26)
    priced(second, 99)
    return run


@example(
    "E11",
    minutes="120 - output -30 scrap 30 time -",
    material="2.0000 2.0800 output -0.5000 scrap 0.5000 usage 0.0800",
    machine="3.0000 - output -0.7500 scrap 0.7500 time -",
    total="5.0000 - output -1.2500 scrap 1.2500 usage 0.0800 time -",
)
def minutes_unsaid():
    rates(machine="1.50")
    return end(hooks((spool(), 100), minutes=120), 104, good=[3], scrapped=[1])


def unlike_products():
    black, gold = spool(20), spool(50)
    body, wing = a_product("BODY"), a_product("WING")
    for product, reel, grams in ((body, black, 20), (wing, gold, 10)):
        kind = {"material_type": reel.filament.material_type, "filament": reel.filament}
        BomLine.objects.create(product=product, grams_per_unit=grams, **kind)
    return started((black, 100), (gold, 100), items=[(body, 5), (wing, 10)])


UNLIKE = {
    "material": "7.0000 2.0200 output -5.0000 usage 0.0200",
    "items": [
        "3.5000 2.0200 usage 0.0200 share -1.5000",
        "3.5000 0.0000 output -5.0000 share 1.5000",
    ],
}


@example("E12", **UNLIKE)
def products_of_unlike_material():
    return end(unlike_products(), 101, 0, good=[5, 0])


@example("E13", grams="100 112 extra 12", material="2.0000 2.9600 extra 0.9600")
def support_that_nobody_planned():
    run = hooks((spool(), 100))
    support = a_filament(material_type=a_material_type("PVA"))
    reel = spool(80, filament=support)
    lines.add_material(run, by=None, spool=reel, override_reason="Supports")
    return end(run, 100, 12)


@example("E14", material="0.0000 0.1000 extra 0.1000")
def nothing_planned():
    return end(started((spool(), 0)), 5, good=[])


@example("E15", material="0.1000 0.1000 output -0.0666 scrap 0.0333 usage 0.0333")
def thirds():
    run = started((spool(100), 1), items=[(a_product(grams=1), 3)])
    return end(run, 1, good=[1], scrapped=[1])
