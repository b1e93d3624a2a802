"""What a run and a product will cost: estimates by the prices and rates of now."""

from decimal import Decimal

import pytest

from production.models import BomLine
from production.services import estimating, variance
from production.services.runs import lifecycle
from production.services.runs.lines import NewMaterial
from tenants.accounts import services as accounts
from tenants.accounts.models import FarmSettings
from tests.factories import (
    a_filament,
    a_material_type,
    a_printer,
    a_product,
    a_run,
    a_spool,
)
from tests.production.completed_runs import printed
from tests.queries import fresh
from tests.responses import text_of

pytestmark = pytest.mark.usefixtures("farm")
RATES = {"labour_rate": "30", "machine_hour_rate": "1.10", "energy_price_kwh": "0.31"}


@pytest.fixture
def rates(farm):
    set_up(**RATES)


def set_up(**values):
    accounts.change_settings(
        FarmSettings.load(), by=None, **{name: Decimal(value) for name, value in values.items()}
    )


def priced(price, grams=1000, **fields):
    return a_spool(grams, price=price and Decimal(price), **fields)


def wanting(grams=100, **requirement):
    """A run with a line that has no spool."""
    material = NewMaterial(planned_grams=Decimal(grams), **requirement)
    return lifecycle.create(by=None, items=[], materials=[material])


def test_an_estimate_is_the_planned_cost_of_the_start(rates):
    """Two spools, purge, a rate of the printer's own, watts, labour: to the last place."""
    printer = a_printer(hour_rate=Decimal("1.7"), power_watts=133)
    product = a_product(grams=7, labour_minutes=Decimal("1.25"))
    takes = [(priced("19.99"), "33.333"), (priced("31.07"), "7.77", "1.1")]
    run = a_run(*takes, items=[(product, 3)], printer=printer, planned_minutes=Decimal("95.5"))
    estimated = estimating.of_run(run).as_dict()
    assert (run.started_at, fresh(run).hour_rate) == (None, None)
    run = lifecycle.start(run, by=None, confirm=True)
    planned = {name: each["planned"] for name, each in variance.of_run(run)["cost"].items()}
    assert {name: estimated["cost"][name] for name in planned} == planned
    assert None not in planned.values()
    begun = estimating.of_run(run).as_dict()
    assert begun["cost"] == estimated["cost"]
    assert {line["source"] for line in begun["materials"]} == {"plan"}


def test_without_a_spool_it_is_the_mean_of_what_is_available():
    """900 g at 0.02 and 300 g at 0.04: 0.025, between 0.02 and 0.04."""
    filament = a_filament()
    priced(20, filament=filament)  # of 1000 g, of which 100 g are reserved
    a_run((filament.spools.get(), 100))
    priced(12, grams=300, filament=filament)
    of_filament = estimating.of_run(wanting(filament=filament)).as_dict()
    of_kind = estimating.of_run(wanting(material_type=filament.material_type)).as_dict()
    for found in (of_filament, of_kind):
        (line,) = found["materials"]
        assert line["source"] == "shelf"
        assert line["cost_per_gram"] == Decimal("0.025")
        cost = [found["cost"][name] for name in ("material", "lowest", "highest")]
        assert cost == [Decimal("2.5"), 2, 4]
        assert line["available_grams"] == 1200


def test_with_nothing_available_it_is_what_the_catalogue_says():
    filament = a_filament(price=Decimal(25), net_grams=Decimal(1000))
    found = estimating.of_run(wanting(filament=filament)).as_dict()
    assert (found["materials"][0]["source"], found["cost"]["total"]) == (
        "catalogue",
        Decimal("2.5"),
    )
    found = estimating.of_run(wanting(material_type=a_material_type("PEEK"))).as_dict()
    assert (found["cost"]["total"], found["unknown"]) == (None, ["material"])


def test_what_is_unknown_is_not_nothing(rates):
    """One spool without a price makes the material unknown; the known part is shown."""
    filament = a_filament(price=None)
    priced(20, filament=filament)
    priced(None, filament=filament)
    found = estimating.of_run(wanting(filament=filament)).as_dict()
    (line,) = found["materials"]
    assert (line["cost_per_gram"], line["lowest_cost_per_gram"]) == (None, Decimal("0.02"))
    assert found["unknown"] == ["material", "machine"]
    assert found["cost"]["total"] is found["cost"]["lowest"] is None
    unpriced = priced(None, filament=a_filament(price=None))
    run = a_run((priced(20), 100), (unpriced, 50), planned_minutes=60)
    found = estimating.of_run(run).as_dict()
    assert (found["unknown"], found["cost"]["known"]) == (["material"], Decimal("3.1"))


def test_the_price_of_a_product_has_its_margin_of_the_price(rates, api):
    """4 on a plate: 40 g + 10 g purge at 0.02, 2 h at 1.10, 4 x 2 min at 30 an hour: 7.20, so 1.80
    each; with 0.30 and 0.40 2.50, at a margin of 37.5 % 4.00."""
    pla = priced(20).filament.material_type
    product = a_product(
        grams=10, material_type=pla, units_per_plate=4, plate_minutes=120,
        plate_purge_grams=10, labour_minutes=2,
    )  # fmt: skip
    address = f"/api/v1/products/{product.pk}/estimate/"
    found = api.get(address).json()
    assert (found["is_estimate"], found["cost"]["total"]) == (True, "7.2000")
    assert (found["cost_per_unit"]["total"], found["price_per_unit"]) == ("1.8000", None)
    answer = api.patch(
        "/api/v1/settings/",
        {"margin_percent": "37.5", "packing_cost": "0.30", "fixed_cost": "0.40"},
    )
    assert answer.status_code == 200, answer.content
    assert api.get(address).json()["price_per_unit"] == "4.0000"
    assert api.patch("/api/v1/settings/", {"margin_percent": "100"}).status_code == 400


def test_a_product_of_which_not_all_is_set(rates):
    """No units on a plate: minutes and purge of a unit are unknown. No bill: its material is."""
    priced(20)
    loose = a_product(grams=10, plate_minutes=120, plate_purge_grams=10)
    found = estimating.of_product(loose).as_dict()
    assert found["unknown"] == ["material", "machine"]
    assert found["cost_per_unit"]["known"] == Decimal("0.2")
    assert estimating.of_product(a_product()).as_dict()["unknown"] == ["material", "machine"]


def test_the_energy_of_a_product_is_by_the_watts_of_its_printers(rates, api, at_admin):
    """A plate of 2 h at 0.31 a kWh: 120 W, the mean of 100 and 140, cost 0.0744; 100 W 0.0620."""
    pla = priced(20).filament.material_type
    product = a_product(grams=10, material_type=pla, units_per_plate=2, plate_minutes=120)
    page = f"/admin/production/product/{product.pk}/change/"
    found = estimating.of_product(product).as_dict()
    assert (found["power_watts"], found["cost"]["energy"], found["unknown"]) == (None, None, [])
    assert "no printer in use has its watts entered" in at_admin.get(page).content.decode()
    mk4, mini = a_printer("Mk4", power_watts=100), a_printer("Mini", power_watts=140)
    a_printer("Old")
    a_printer("Sold", power_watts=900, is_active=False)
    found = estimating.of_product(product).as_dict()
    assert (found["power_watts"], found["cost"]["energy"]) == (120, Decimal("0.0744"))
    assert (found["power_printers"], found["printers_without_watts"]) == ([mini.pk, mk4.pk], 1)
    assert found["cost"]["total"] == Decimal("0.4") + Decimal("2.2") + Decimal("0.0744")
    assert "120 W, the mean of 2 printers (1 more without watts)" in text_of(at_admin.get(page))
    printed((priced(20), 20), items=[(product, 2)], printer=mk4)
    found = api.get(f"/api/v1/products/{product.pk}/estimate/").json()
    assert (found["power_watts"], found["cost"]["energy"]) == ("100.0000", "0.0620")
    assert (found["power_printers"], found["printers_without_watts"]) == ([mk4.pk], 0)
    assert "energy by the 100 W of Mk4" in text_of(at_admin.get(page))
    run = a_run((priced(20), 20), items=[(product, 2)], planned_minutes=120)
    assert estimating.of_run(run).as_dict()["cost"]["energy"] == Decimal("0.0620")
    page = f"/admin/production/productionrun/{run.pk}/change/"
    assert "energy by the 100 W of Mk4" in text_of(at_admin.get(page))
    loose = a_product(grams=10, material_type=pla, units_per_plate=2)
    assert estimating.of_product(loose).as_dict()["unknown"] == ["machine", "energy"]


def test_the_queries_do_not_grow(django_assert_num_queries):
    product = a_product(grams=10, units_per_plate=2, plate_minutes=10)
    for number in range(3):
        kind = a_material_type(f"K{number}")
        filament = a_filament(material_type=kind)
        BomLine.objects.create(product=product, material_type=kind, grams_per_unit=Decimal(2))
        priced(20, filament=filament)
    run = a_run(items=[(product, 4)])
    with django_assert_num_queries(6):
        estimating.of_run(run).as_dict()
    with django_assert_num_queries(7):
        estimating.of_product(product).as_dict()


def test_estimates_are_on_the_pages_of_the_admin(rates, at_admin):
    product = a_product(grams=10, units_per_plate=2, plate_minutes=60)
    spool = priced(20, filament=a_filament(material_type=product.bom_lines.get().material_type))
    run = a_run((spool, 100), planned_minutes=60)
    page = at_admin.get(f"/admin/production/productionrun/{run.pk}/change/").content.decode()
    assert "Estimated cost" in page
    assert "3.10" in page
    more = wanting(2100, filament=spool.filament)
    text = text_of(at_admin.get(f"/admin/production/productionrun/{more.pk}/change/"))
    assert "mean of what is available; only 900 g are" in text
    page = at_admin.get(f"/admin/production/product/{product.pk}/change/").content.decode()
    assert "Enter a margin" in page
    assert "1.50" in page
    set_up(packing_cost="0.5", margin_percent="20")
    text = text_of(at_admin.get(f"/admin/production/product/{product.pk}/change/"))
    assert "(cost + packing 0.50 + fixed cost none) / (1 − margin of 20 %)" in text
