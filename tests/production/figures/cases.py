"""Cases at the edges of what explains a run, as `tests.production.figures.examples` has them."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from inventory.services.spools import revaluing
from production.models import BomLine, RunItem
from production.services import completion
from production.services.completion.actuals import MaterialActual
from production.services.runs import lifecycle, lines, repeats
from production.services.runs.lines import NewItem, NewMaterial
from tests.factories import a_filament, a_material_type, a_product, a_spool
from tests.production.figures.examples import (
    UNLIKE,
    counts_of,
    end,
    hooks,
    priced,
    rates,
    spool,
    started,
    takes_of,
    timed,
    unlike_products,
)

CASES = {}


def case(name, **figures):
    def registered(story):
        CASES[name] = (story, figures)
        return story

    return registered


# --- Counts and the plan ------------------------------------------------------------------------


@case("more than planned", grams="100 125 output 25", labour="4 5 output 1")
def raised_after_the_start():
    run = timed((spool(), 100))
    lines.change_item(run.items.get(), by=None, quantity=5)
    return end(run, 125, good=[5], minutes=120)


@case(
    "item added",
    grams="100 150 output 50",
    items=["2.0000 2.0000", "0.0000 1.0000 output 1.0000"],
)
def added_after_the_start():
    run = hooks((spool(), 100))
    lines.add_item(run, by=None, product=a_product(grams=25), quantity=2)
    return end(run, 150, good=[4, 2])


@case("items after the start", grams="100 100", labour="0 4 output 4")
def nothing_of_any_item_was_planned():
    rates(labour=30)
    run = started((spool(), 100))
    lines.add_item(run, by=None, product=a_product(grams=25, labour_minutes=2), quantity=4)
    return end(run, 100)


@case("none printed", grams="100 30 output -100 usage 30")
def none_printed():
    return end(hooks((spool(), 100)), 30, good=[0])


@case("all scrapped", grams="100 100 output -100 scrap 100", over="2.0000")
def all_scrapped():
    return end(hooks((spool(), 100)), 100, good=[0], scrapped=[4])


@case("BOM changed since", **UNLIKE)
def bill_changed_since():
    run = unlike_products()
    BomLine.objects.update(grams_per_unit=77, filament=None)
    return end(run, 101, 0, good=[5, 0])


@case("no frozen BOM", material="7.0000 2.0200 output -3.5000 usage -1.4800")
def without_a_frozen_bill():
    run = unlike_products()
    RunItem.objects.update(bom=None)
    return end(run, 101, 0, good=[5, 0])


# --- What was taken -----------------------------------------------------------------------------


def matte():
    """A filament of a type of the family PLA."""
    return a_filament(material_type=a_material_type("PLA MATTE", family=a_material_type("PLA")))


@case(
    "line given up, another of the kind", material="2.0000 2.5250 usage 0.0200 substitution 0.5050"
)
def given_up_for_another():
    run = hooks((spool(20), 100))
    lines.remove_material(run.materials.get(), by=None)
    lines.add_material(run, by=None, spool=spool(25))
    return end(run, 0, 101)


@case("line given up, another kind", material="2.0000 2.5250 usage -2.0000 extra 2.5250")
def given_up_for_another_kind():
    run = hooks((spool(20), 100))
    petg = a_filament(material_type=a_material_type("PETG"))
    lines.add_material(run, by=None, spool=spool(25, filament=petg), override_reason="Torn")
    return end(run, 0, 101)


@case("line given up, one of its family", material="2.0000 2.5250 usage 0.0200 substitution 0.5050")
def given_up_for_one_of_its_family():
    run = hooks((spool(20), 100))
    lines.add_material(run, by=None, spool=spool(25, filament=matte()))
    return end(run, 0, 101)


@case("line given up, its family", material="2.0000 2.5250 usage -2.0000 extra 2.5250")
def given_up_for_its_family():
    """What asks for the one is not met by the other."""
    product = a_product(grams=25, material_type=matte().material_type)
    run = started((spool(20, filament=matte()), 100), items=[(product, 4)])
    lines.add_material(run, by=None, spool=spool(25), override_reason="Torn")
    return end(run, 0, 101)


@case("named for a line", material="2.0000 2.9000 usage 0.4000 substitution 0.5000")
def white_beside_black():
    """Both were taken, so that nothing is guessed."""
    run = hooks((spool(20), 100))
    words = {"instead_of": run.materials.get().pk, "override_reason": "Black ran out"}
    lines.add_material(run, by=None, spool=spool(30), **words)
    return end(run, 70, 50)


@case("filament of a planned type", material="2.0000 2.7000 usage 0.2000 substitution 0.5000")
def a_filament_of_the_type_that_was_planned():
    """Any filament of the type was planned: one more joins what it is for."""
    return beside_any(spool(30))


@case("filament of a planned family", material="2.0000 2.7000 usage 0.2000 substitution 0.5000")
def a_filament_of_the_family_that_was_planned():
    return beside_any(spool(30, filament=matte()))


def beside_any(other):
    """Any PLA was planned, and another spool was added."""
    kind, reel = a_material_type(), spool(20)
    any_of_it = NewMaterial(spool=reel, material_type=kind, planned_grams=Decimal(100))
    items = [NewItem(product=a_product(grams=25), quantity=4)]
    run = lifecycle.create(by=None, items=items, materials=[any_of_it])
    run = lifecycle.start(run, by=None)
    lines.add_material(run, by=None, spool=other)
    return end(run, 60, 50)


@case("without items", grams="100 104 usage 4", material="2 2.0800 usage 0.0800")
def without_items():
    return end(started((spool(), 100)), 104, good=[])


@case("recorded afterwards", grams="100 104 usage 4", material="2 2.0800 usage 0.0800")
def recorded_afterwards():
    reel, then = spool(), timezone.now()
    taken = MaterialActual(spool=reel.pk, actual_grams=Decimal(104))
    made = repeats.Made(product=a_product(grams=25), good_count=4)
    times = {"started_at": then - timedelta(hours=2), "finished_at": then}
    words = {"spools": [reel], "planned": {reel.pk: Decimal(100)}, "materials": [taken]}
    run = repeats.record(by=None, made=[made], **times, **words).run
    priced(reel, 30)
    return run


def of_two(second, first_grams, second_grams):
    filament = a_filament()
    run = hooks((spool(20, filament=filament), 60), (spool(second, filament=filament), 40))
    return end(run, first_grams, second_grams)


@case("two spools of one price", grams="100 100", material="2.0000 2.0000")
def of_one_price():
    return of_two(20, 20, 80)


@case("two spools of two prices", grams="100 100", material="2.4000 2.8000 price 0.4000")
def of_two_prices():
    return of_two(30, 20, 80)


@case("any spool of a type", material="2.0000 2.2000 extra 0.2000")
def an_unplanned_type_is_no_substitute():
    """Two that nobody planned, and one that took nothing: nothing is guessed."""
    run = hooks((spool(20), 100))
    lines.add_material(run, by=None, spool=spool(20))
    return end(run, 100, 10)


@case("weighed", grams="105 108 usage 3")
def weighed():
    reel = a_spool(1000)
    run = hooks((reel, 100, 5))
    weight = MaterialActual(spool=reel.pk, gross_after_grams=Decimal(200 + 1000 - 108))
    given = {"materials": [weight], "items": counts_of(run, [4], None)}
    return completion.complete(run, by=None, confirm=True, **given).run


@case("booked as planned", grams="100 100 output -25 usage 25", assumed="100")
def booked_as_planned():
    run = hooks((spool(), 100))
    counts = counts_of(run, [3], None)
    return completion.complete(run, by=None, as_planned=True, items=counts).run


@case("settled", grams="100 130 usage 30", material="2.0000 2.6000 usage 0.6000")
def counted_up_first():
    reel = a_spool(120, price=Decimal("2.40"))
    run = hooks((reel, 100))
    given = MaterialActual(spool=reel.pk, actual_grams=Decimal(130), settle=True)
    words = {"as_planned": True, "confirm": True}
    return completion.complete(run, by=None, materials=[given], **words).run


@case("cancelled, nothing booked", grams="100 - output -100 lost -", total="9 0 output -9")
def cancelled_unused():
    return lifecycle.cancel(timed((spool(), 100)), by=None)


@case("no power", minutes="120 - time -", machine="0 0", energy=None, labour="0 0", total="2 2")
def nobody_knows_what_the_printer_draws():
    """What costs nothing a minute is 0 of unknown minutes."""
    rates(energy="0.30")
    return end(hooks((spool(), 100), minutes=120), 100)


@case("untimed plan", minutes="- 90 time -", machine="- 2.2500 time -", total="- 4.2500 time -")
def without_planned_minutes():
    rates(machine="1.50")
    return end(hooks((spool(), 100)), 100, minutes=90)


# --- Prices -------------------------------------------------------------------------------------


@case("planned at nothing", material="0 2 price 2")
def planned_at_nothing():
    reel = spool(0)
    run = hooks((reel, 100))
    priced(reel, 20)
    return end(run, 100)


@case("price of a swapped spool edited", material="2 2.5250 usage 0.0200 substitution 0.5050")
def price_edited_after_a_swap():
    first, other = spool(20), spool(25)
    run = hooks((first, 100))
    lines.add_material(run, by=None, spool=other)
    run = end(run, 0, 101)
    priced(first, 40)
    return run


@case("price edited while it prints", material="2.6 3.9 price 1.3")
def price_edited_while_it_prints():
    reel = spool(26)
    run = hooks((reel, 100))
    priced(reel, 39)
    return end(run, 100)


@case("corrected", material="2 3.0900 usage 0.0600 price 1.0300")
def corrected_after_an_edit():
    """The grams are booked at the price of then."""
    reel = spool(20)
    run = end(hooks((reel, 100)), 104)
    priced(reel, 30)
    takes = takes_of(run, [103])
    return completion.correct(run, by=None, materials=takes, confirm=True).run


@case("reassigned", material="2 2.5 substitution 0.5")
def reassigned():
    first, right = spool(20), spool(25)
    run = end(hooks((first, 100)), 100)
    priced(first, 30)
    line = run.materials.get().pk
    reason = {"reason": "Wrong spool", "override_reason": "It was on the printer"}
    return completion.reassign(run, by=None, line=line, spool=right, **reason).run


@case("revalued", grams="100 104 usage 4", material="2 3.1200 usage 0.0800 price 1.0400")
def revalued():
    """What was paid is another price now; what was planned is not."""
    reel = spool(20)
    run = end(hooks((reel, 100)), 104)
    revaluing.revalue(priced(reel, 30), by=None)
    return run


@case("unknown price", grams="100 104 usage 4", material="- - usage - price -")
def planned_without_a_price():
    return end(hooks((unpriced(), 100)), 104)


@case("unknown plan", grams="100 101 usage 1", material="- 2.5250 usage - substitution -")
def reassigned_from_a_spool_without_a_price():
    run = end(hooks((unpriced(), 100)), 101)
    line = run.materials.get().pk
    words = {"reason": "Wrong spool", "override_reason": "It was on the printer"}
    return completion.reassign(run, by=None, line=line, spool=spool(25), **words).run


@case("price known before the end", material="2 2.0800 usage 0.0800")
def priced_before_the_end():
    reel = unpriced()
    run = hooks((reel, 100))
    priced(reel, 20)
    priced(reel, 20)
    return end(run, 104)


@case("nothing of an unknown", material="- 0 output -", total="- 0 output -")
def nothing_of_an_unknown():
    return end(hooks((unpriced(), 100)), 0, good=[0])


def unpriced():
    return spool(None, filament=a_filament(price=None))
