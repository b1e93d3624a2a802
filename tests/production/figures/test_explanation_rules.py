"""What holds of every explanation: what moves it, and what does not."""

from decimal import Decimal

import pytest

from inventory.models import Filament
from inventory.services.spools import shelf
from production.models import BomLine, Printer, Product, ProductionRun
from production.services import completion
from production.services.runs import lines
from tenants.accounts import audited
from tests.factories import a_filament, a_printer, a_product
from tests.production.figures.examples import (
    EXAMPLES,
    counts_of,
    end,
    fail,
    hooks,
    priced,
    rates,
    spool,
    started,
    swap,
    takes_of,
)
from tests.production.figures.explanations import answered
from tests.production.figures.interfaces import read
from tests.responses import done

MEASURES = ("grams", "minutes", "cost")


def figures(api, run):
    """What the explanation of a run says, whatever its rows are called."""
    found = read(answered(api, run.pk))
    return {name: found[name] for name in ("status", "sentence", *MEASURES)}


def parts_of(figures):
    """Its parts of the cost that are not 0."""
    return {name: part for name, part in figures["cost"]["total"]["parts"].items() if part != 0}


def test_nothing_that_is_done_elsewhere_moves_a_closed_run(api):
    runs = [EXAMPLES[name][0]() for name in ("E6", "E4", "E5", "E12", "E9")]
    before = [answered(api, run.pk) for run in runs]
    rates(machine=9, energy=9, labour=9)
    Printer.objects.update(hour_rate=9, power_watts=9)
    Product.objects.update(labour_minutes=9, plate_minutes=9)
    BomLine.objects.update(grams_per_unit=9, filament=None)
    for filament in Filament.objects.all():
        audited.update(filament, by=None, price=Decimal(99), net_grams=Decimal(99))
    for line in runs[0].materials.all():
        priced(line.spool, 99)
        shelf.archive(line.spool, by=None, discard=True)
    end(hooks((spool(), 100)), 120)
    assert [answered(api, run.pk) for run in runs] == before


def plan():
    """Four hooks on two spools of one filament, one of them with purge, for whatever becomes of
    it; the other is not of the plan."""
    rates(machine="1.50", energy="0.30", labour=24)
    product = a_product(grams=25, labour_minutes=3)
    words = {"minutes": 120, "printer": a_printer(power_watts=120)}
    return started((spool(20), 100, 5), items=[(product, 4)], **words)


def only_a_price():
    run = plan()
    priced(run.materials.get().spool, 30)
    return end(run, (100, 5), minutes=120)


def only_another_filament():
    run = plan()
    words = {"instead_of": run.materials.get().pk, "override_reason": "It was out"}
    lines.add_material(run, by=None, spool=spool(30), **words)
    return end(run, 0, (100, 5), minutes=120)


def only_material_that_nobody_planned():
    run = plan()
    lines.add_material(run, by=None, spool=spool(30))
    return end(run, (100, 5), 7, minutes=120)


CAUSES = {  # what happened, the parts of its grams, minutes and cost that are not 0
    "nothing": (lambda: end(plan(), (100, 5), minutes=120), set()),
    "time": (lambda: end(plan(), (100, 5), minutes=130), {"time"}),
    "grams": (lambda: end(plan(), (103, 5), minutes=120), {"usage"}),
    "purge": (lambda: end(plan(), (100, 9), minutes=120), {"purge"}),
    "price": (only_a_price, {"price"}),
    "filament": (only_another_filament, {"substitution"}),
    "material": (only_material_that_nobody_planned, {"extra"}),
    "scrap": (
        lambda: end(plan(), (100, 5), good=[3], scrapped=[1], minutes=120),
        {"output", "scrap"},
    ),
    "failure": (lambda: fail(plan(), (9, 1), minutes=Decimal(12)), {"output", "lost"}),
}


@pytest.mark.parametrize("cause", CAUSES)
def test_one_cause_has_one_part(api, cause):
    story, expected = CAUSES[cause]
    found = figures(api, story())
    named = [found["grams"], found["minutes"], *found["cost"].values()]
    parts = [(name, part) for each in named for name, part in each["parts"].items()]
    assert {name for name, part in parts if part} == expected
    assert None not in dict(parts).values()
    if cause == "scrap":
        assert all(each["parts"]["output"] == -each["parts"]["scrap"] for each in named)
        assert all(each["difference"] == 0 for each in named)


# --- What changes nothing -----------------------------------------------------------------------


def plain(to=0, price=20, scale=1):
    filament = a_filament()
    run = hooks((spool(price, filament=filament), 100 * scale, 3 * scale), minutes=120)
    if to:
        swap(run, spool(price, filament=filament), to)
        return run, [(to, 0), (104 - to, 4)]
    return run, [(104 * scale, 4 * scale)]


def on_two_lines(first):
    filament = a_filament()
    takes = [(spool(filament=filament), 60, 3), (spool(filament=filament), 40)]
    run = hooks(*takes, minutes=120)
    return run, [(first, 1), (104 - first, 3)]


def ended(run, takes):
    return end(run, *takes, good=[3], scrapped=[1], minutes=126)


def test_which_spools_of_the_filament_it_was_changes_nothing(api):
    rates(machine="1.50")
    whole, *others = [
        figures(api, ended(*case))
        for case in (plain(), plain(to=40), plain(to=0.5), on_two_lines(60), on_two_lines(10))
    ]
    assert parts_of(whole).keys() == {"output", "scrap", "usage", "purge", "time"}
    assert others == [whole] * len(others)


def two_colours(is_turned):
    takes = [((spool(20), 60, 2), (66, 2)), ((spool(50), 40), (36, 1))]
    takes = takes[::-1] if is_turned else takes
    run = hooks(*(plan for plan, _ in takes), minutes=120)
    return end(run, *(taken for _, taken in takes), good=[2], scrapped=[1], minutes=100)


def test_the_order_of_lines_changes_nothing(api):
    rates(machine="1.50")
    assert figures(api, two_colours(False)) == figures(api, two_colours(True))


def test_four_times_the_price_or_the_grams_has_parts_four_times_as_large(api):
    rates(machine="1.50")
    cheap, dear = (figures(api, ended(*plain(to=40, price=price))) for price in (20, 80))
    assert dear["grams"] == cheap["grams"]
    material = cheap["cost"]["material"]["parts"]
    assert any(material.values())
    assert dear["cost"]["material"]["parts"] == {name: 4 * each for name, each in material.items()}
    assert dear["cost"]["machine"] == cheap["cost"]["machine"]
    heavy = figures(api, ended(*plain(scale=4)))["grams"]["parts"]
    assert heavy == {name: 4 * each for name, each in cheap["grams"]["parts"].items()}


def test_the_same_figures_booked_again_have_the_same_explanation(api):
    """Reverted and completed again, or corrected away and back, or only previewed."""
    run = EXAMPLES["E6"][0]()
    before = answered(api, run.pk)
    takes, counts = takes_of(run, [(151, 31), 34]), counts_of(run, [3], [1])
    wrong = {"materials": takes_of(run, [(99, 1), 50]), "items": counts_of(run, [4], None)}
    run = completion.correct(run, by=None, confirm=True, **wrong).run
    assert answered(api, run.pk)["cost"] != before["cost"]
    run = completion.correct(run, by=None, confirm=True, materials=takes, items=counts).run
    assert answered(api, run.pk) == before
    run = completion.revert(run, by=None, reason="A slip")
    is_open = answered(api, run.pk)
    assert (is_open["status"], is_open["sentence"]) == ("in_progress", "Not over yet.")
    body = {"as_planned": False, "confirm": True, "actual_minutes": "471"}
    body["items"] = [{"id": each.item, "good_count": 3, "scrapped_count": 1} for each in counts]
    preview = done(
        api.post(f"/api/v1/production-runs/{run.pk}/complete/", body | {"dry_run": True})
    )
    assert answered(api, run.pk) == is_open
    done(api.post(f"/api/v1/production-runs/{run.pk}/complete/", body))
    assert preview["explanation"] == answered(api, run.pk) == before


def test_a_run_that_was_deleted_has_no_explanation(api):
    run = hooks((spool(), 100))
    ProductionRun.objects.filter(pk=run.pk).update(deleted_at=run.started_at)
    assert api.get(f"/api/v1/production-runs/{run.pk}/explanation/").status_code == 404
