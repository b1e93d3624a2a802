"""Why a run did not cost what was planned: its parts, and its sentence."""

from decimal import Decimal

import pytest

from inventory.services.spools import shelf
from production.models import ProductionRun, Reason
from production.services import completion, explanation, variance
from production.services.completion.actuals import ItemCount
from production.services.completion.reverting import revert
from production.services.explanation.parts import displayed
from production.services.printing.midprint import swap_spool
from production.services.reports.explanation import of_many
from production.services.runs import lifecycle, lines
from production.services.variance import PLACES, reconciled
from tenants.accounts.models import FarmSettings
from tenants.accounts.services import change_settings
from tests.factories import a_filament, a_printer, a_product, a_run, a_running_run, a_spool
from tests.production.admin_forms import field, fields, page_of
from tests.production.admin_forms import page as verb_page
from tests.production.completed_runs import completed, printed, took
from tests.production.floor_helpers import at, page
from tests.queries import fresh, queries_of
from tests.responses import without_labels

pytestmark = pytest.mark.usefixtures("farm")


def priced(price, **fields):
    return a_spool(1000, price=Decimal(price), **fields)


def at_rates(hour_rate, labour_rate=0, **fields):
    """A printer at so much an hour, in a farm that pays so much for labour."""
    FarmSettings.objects.update(labour_rate=labour_rate)
    return a_printer(hour_rate=Decimal(hour_rate), **fields)


def hooks(*takes, count=4, **fields):
    """A running run of four HOOKs of 25 g, 2 minutes of labour each."""
    product = a_product(grams=25, labour_minutes=2)
    return a_running_run(*takes, items=[(product, count)], **fields)


def explained(run):
    return explanation.of_run(fresh(run)).as_dict()


def parts(found):
    """Those that are not 0."""
    return {name: value for name, value in found["parts"].items() if value != 0}


def amounts(**texts):
    return {name: value and Decimal(value) for name, value in texts.items()}


def cost(run):
    return parts(explained(run)["cost"]["total"])


def test_more_grams_and_less_time_per_part():
    printer = at_rates(3)
    run = a_running_run(
        (priced(20), 400),
        items=[(a_product("CLIP", grams=50), 8)],
        printer=printer,
        planned_minutes=Decimal("52.2"),
    )
    run = completed(run, good=[8], grams=["477.5"], minutes=Decimal("51.2"))
    found = explained(run)
    assert parts(found["cost"]["total"]) == amounts(usage="1.55", time="-0.05")
    assert found["sentence"] == (
        "12.11 instead of 10.61 EUR (+1.50): +1.55 more grams per part (59.69 instead of 50.00 g), "
        "−0.05 less machine time per part (6.40 instead of 6.53 min)."
    )


def test_parts_that_were_scrapped_and_an_item_s_part_of_it_all():
    """Bodies and wings: one body of five is scrapped, 50 g and 12 minutes more than planned."""
    printer = at_rates("1.50", 24, power_watts=120)
    FarmSettings.objects.update(energy_price_kwh="0.30")
    body = a_product("BODY", grams=20, labour_minutes=3)
    wing = a_product("WING", grams=10, labour_minutes=1)
    run = a_running_run(
        (priced(20), 200),
        items=[(body, 5), (wing, 10)],
        printer=printer,
        planned_minutes=Decimal(240),
    )
    found = explained(
        completed(run, good=[4, 10], scrapped=[1, 0], grams=[250], minutes=Decimal(252))
    )
    total = found["cost"]["total"]
    assert parts(total) == amounts(output="-2.2144", scrap="2.2144", usage="1.0000", time="0.3072")
    assert (total["difference"], total["over"]) == (Decimal("1.3072"), Decimal("3.5216"))
    assert [parts(item["cost"]["total"]) for item in found["items"]] == [
        amounts(output="-2.2144", scrap="2.2144", usage="0.5", time="0.1536"),
        amounts(usage="0.5", time="0.1536"),
    ]
    assert found["sentence"] == (
        "21.45 instead of 20.14 EUR (+1.31): +1.00 more grams for what was printed (250.00 instead "
        "of 200.00 g), +0.31 more machine time (252.00 instead of 240.00 min). 1 of 15 printed was "
        "scrapped: 2.21 EUR of the plan for nothing."
    )


def test_a_price_that_changed_is_no_matter_of_grams(manager):
    spool = priced(20)
    run = hooks((spool, 100))
    shelf.describe(spool, price=Decimal(30), by=manager)
    run = completed(run, good=[4], grams=[120])
    assert cost(run) == amounts(usage="0.4", price="1.2")
    assert explained(run)["sentence"] == (
        "3.60 instead of 2.00 EUR (+1.60): +1.20 dearer filament, +0.40 more grams per part "
        "(30.00 instead of 25.00 g)."
    )


def test_a_second_spool_of_the_filament_is_its_price_and_unknown_without_one(manager):
    filament = a_filament(price=None)
    planned, other = priced(20, filament=filament), a_spool(1000, filament=filament)
    run = hooks((planned, 100))
    swap_spool(run, by=None, spool=other, so_far=took(planned, 38))
    run = completed(run, good=[4], grams=[38, 63])
    found = explained(run)
    assert parts(found["cost"]["total"]) == amounts(usage="0.02", price=None)
    assert found["cost"]["total"]["difference"] is None
    assert found["unknown"] == [
        {"what": "price", "spool": other.pk, "spool_code": other.code},
        {"what": "planned_minutes"},
        {"what": "minutes"},
    ]
    assert found["sentence"] == (
        "The cost can't be compared: price unknown. Known, in EUR: +0.02 more grams per part "
        "(25.25 instead of 25.00 g)."
    )
    shelf.describe(other, price=Decimal(26), by=manager)
    assert cost(run) == amounts(usage="0.02", price="0.378")


@pytest.mark.parametrize("is_named", [True, False])
def test_another_filament_stands_in_for_the_planned_one(manager, is_named):
    """As entered by who added it, or as the only possible one."""
    black, white = priced(20), priced(25)
    run = hooks((black, 100))
    stands = {"instead_of": run.materials.get().pk, "override_reason": "White"} if is_named else {}
    lines.add_material(run, by=manager, spool=white, **stands)
    run = completed(run, good=[4], grams=[0, 101])
    assert cost(run) == amounts(usage="0.02", substitution="0.505")
    (need,) = explained(run)["needs"]
    assert need["materials"] == [line.pk for line in run.materials.all()]
    assert "+0.51 another filament than planned" in explained(run)["sentence"]


def test_what_nobody_planned_is_extra():
    black, pva = priced(20), priced(80)
    run = hooks((black, 100))
    lines.add_material(run, by=None, spool=pva)
    assert cost(completed(run, good=[4], grams=[100, 12])) == amounts(extra="0.96")
    run = a_running_run((black, 0))
    run = completed(run, grams=[5])
    assert explained(run)["sentence"] == (
        "0.10 instead of 0.00 EUR (+0.10): +0.10 material that was not planned (5.00 g)."
    )


def test_fewer_parts_are_no_saving():
    printer = at_rates("1.50", 30)
    run = hooks((priced(20), 100), printer=printer, planned_minutes=Decimal(120))
    found = explained(completed(run, good=[3], grams=[78], minutes=Decimal(93)))
    total = found["cost"]["total"]
    assert parts(total) == amounts(output="-2.25", usage="0.06", time="0.075")
    assert total["over"] == Decimal("0.135")
    assert found["sentence"] == (
        "6.89 instead of 9.00 EUR (−2.11): −2.25 fewer parts printed (3 instead of 4), "
        "+0.08 more machine time per part (31.00 instead of 30.00 min), +0.06 more grams per part "
        "(26.00 instead of 25.00 g)."
    )


def test_what_was_given_up_is_lost():
    printer = at_rates("1.50", 30)
    reason = Reason.objects.get(kind="failure", code="adhesion")
    run = hooks((priced(20), 100, 5), printer=printer, planned_minutes=Decimal(120))
    spool = run.materials.get().spool
    completion.fail(
        run, by=None, reason=reason, materials=[took(spool, 20, 1)], actual_minutes=Decimal(24)
    )
    found = explained(run)
    assert parts(found["cost"]["total"]) == amounts(output="-9.1", lost="1.02")
    assert found["cost"]["total"]["over"] == Decimal("1.02")
    assert found["sentence"] == "The print failed: 1.02 EUR lost, 9.10 EUR was planned."
    run = hooks((priced(20), 100), printer=a_printer(hour_rate=2), planned_minutes=Decimal(60))
    spool = run.materials.get().spool
    lifecycle.cancel(run, by=None, materials=[took(spool, 6)])
    found = explained(run)
    assert found["sentence"] == "The run was cancelled: 0.12 EUR lost, 8.00 EUR was planned."
    assert parts(found["minutes"]) == amounts(output="-60", lost=None)
    assert [parts(item["cost"]["total"]) for item in found["items"]] == [
        amounts(output="-8", lost="0.12")
    ]


def test_a_run_that_is_open_is_not_over_yet(manager):
    run = hooks((priced(20), 100))
    for each in (a_run(), run, revert(printed((priced(20), 1)), by=manager)):
        found = explained(each)
        assert found["sentence"] == "Not over yet."
        assert set(found["cost"]["total"]["parts"].values()) == {None}
        assert (found["grams"]["assumed"], found["unknown"]) == (None, [])


def test_grams_that_nobody_measured_are_said_to_be():
    run = printed((priced(20), 100), items=[(a_product(grams=25), 4)])
    found = explained(run)
    assert found["grams"]["assumed"] == 100
    assert found["sentence"] == (
        "2.00 EUR, as planned. 100 g of 100 g were booked as planned, nobody measured them."
    )


def test_fewer_parts_booked_as_planned_did_not_take_more_each():
    run = hooks((priced(20), 100))
    counts = ItemCount(item=run.items.get().pk, good_count=3)
    completion.complete(run, by=None, as_planned=True, items=[counts])
    found = explained(run)
    assert parts(found["cost"]["total"]) == amounts(output="-0.5", usage="0.5")
    assert found["sentence"] == (
        "2.00 EUR, as planned in sum: −0.50 fewer parts printed (3 instead of 4), +0.50 EUR for "
        "grams that were not measured. 100 g of 100 g were booked as planned, nobody measured them."
    )


def test_bills_of_materials_say_which_need_a_part_is_of():
    """Bodies are black, wings are gold: no wing was printed, so no gold is saved."""
    black, gold = a_filament(price=20), a_filament(price=50)
    products = []
    for grams, filament in ((20, black), (10, gold)):
        product = a_product(grams=grams)
        product.bom_lines.update(filament=filament)
        products.append(product)
    takes = [(a_spool(filament=filament), 100) for filament in (black, gold)]
    run = a_running_run(*takes, items=[(products[0], 5), (products[1], 10)])
    found = explained(completed(run, good=[5, 0], grams=[101, 0]))
    assert parts(found["cost"]["total"]) == amounts(output="-5", usage="0.02")
    assert [parts(item["cost"]["total"]) for item in found["items"]] == [
        amounts(usage="0.02", share="-1.5"),
        amounts(output="-5", share="1.5"),
    ]


def test_shown_parts_sum_to_the_shown_difference():
    """Of 3 planned 1 is good and 1 scrapped: thirds, none of which is an end of a decimal."""
    third = Decimal(1) / 30
    exact = {"output": -2 * third, "scrap": third, "usage": third}
    assert reconciled(exact, PLACES) == amounts(output="-0.0666", scrap="0.0333", usage="0.0333")
    half = Decimal("0.00005")
    for sign in (1, -1):
        displayed = reconciled(dict.fromkeys("abc", sign * half) | {"d": Decimal(sign)}, PLACES)
        assert displayed["d"] == sign
        assert sum(displayed.values()) == sign * Decimal("1.0002")
    assert reconciled({"a": half, "b": None}, PLACES) == {"a": Decimal("0.0001"), "b": None}
    assert reconciled({"a": Decimal("0.004")}, Decimal("0.01"), total=Decimal("0.01")) == {
        "a": Decimal("0.01")
    }


def test_sentence_and_table_round_a_part_alike(at_admin):
    """0.622 by itself, 0.63 between what stands there: 2.004 and 2.626."""
    run = completed(hooks((priced(20), Decimal("100.2"))), good=[4], grams=[Decimal("131.3")])
    sentence = "2.63 instead of 2.00 EUR (+0.63): +0.63 more grams per part (32.83 instead of 25.05"
    assert explained(run)["sentence"].startswith(sentence)
    text = at_admin.get(page_of(run)).content.decode()
    why, table = text.index("Why it was not as planned"), text.index("Variance and cost")
    assert [text[why:table].count(each) for each in ("+0.63", "+0.62")] == [7, 0]
    assert [text[table:].count(each) for each in ("+0.63", "+0.62")] == [2, 0]


def test_scrapped_parts_are_no_parts_more_or_fewer_by_rounding():
    """All were printed, two in three scrapped: what output and scrap round off is not a cause."""
    scrap, rest = Decimal(2) / 300, Decimal(1) / 300
    found = {"planned": Decimal(0), "actual": 3 * rest}
    found["parts"] = {"output": -scrap, "scrap": scrap, "usage": 2 * rest, "time": rest}
    cent = Decimal("0.01")
    shown = displayed(found)
    assert (shown["difference"], shown["over"]) == (cent, 2 * cent)
    assert shown["parts"] == {"output": -cent, "scrap": cent, "usage": cent, "time": 0}
    found["parts"]["scrap"] = None
    unknown = displayed(found | {"actual": None})
    assert (unknown["parts"]["output"], unknown["parts"]["scrap"]) == (-cent, None)
    assert (unknown["difference"], unknown["over"]) == (None, None)


def test_an_explanation_takes_one_query_more_than_a_variance_and_agrees_with_it():
    run = hooks((priced(20), 100), (priced(30), 10))
    for product in (a_product(grams=3), a_product()):
        lines.add_item(run, by=None, product=product, quantity=2)
    lines.add_material(run, by=None, spool=priced(10))
    run = completed(run, good=[3, 2, 0], grams=[90, 12, 3])
    of_run, rows = variance.of_run(fresh(run)), []
    for count in (variance.of_run, explanation.of_run):
        again = fresh(run)
        rows.append(queries_of(lambda count=count, again=again: count(again)))
    assert rows[1] == rows[0] + 1
    found = explained(run)
    for name, figure in found["cost"].items():
        assert (
            figure.items()
            >= {
                key: of_run["cost"][name][key] for key in ("planned", "actual", "difference")
            }.items()
        )
    total = found["cost"]["total"]["parts"]
    for name in total:
        of_items = sum(item["cost"]["total"]["parts"][name] for item in found["items"])
        of_needs = sum(need["cost"][name] for need in found["needs"])
        assert abs(of_items - total[name]) < Decimal("0.001")
        assert abs(of_needs - found["cost"]["material"]["parts"][name]) < Decimal("0.001")
    for item in found["items"]:
        assert sum(item["cost"]["total"]["parts"].values()) == item["cost"]["total"]["difference"]


def test_the_admin_shows_a_waterfall_and_its_table(at_admin):
    run = hooks((priced(20), 100), planned_minutes=Decimal(60))
    run = completed(run, good=[2], scrapped=[1], grams=[80], minutes=Decimal(50))
    text = at_admin.get(page_of(run)).content.decode()
    assert str(explained(run)["sentence"]).replace("'", "&#x27;") in text
    picture = text[text.index('<svg class="waterfall"') :]
    picture = picture[: picture.index("</svg>")]
    for part in (">Planned, EUR<", ">Scrapped parts<", ">Actual, EUR<", 'class="output"'):
        assert part in picture, part
    assert picture.count("<rect") == 5
    table = without_labels(text[text.index("Why it was not as planned") :])
    for figure in ("−50", "+25", "+5", "−1.00", "+0.50", "+0.10", "+0.60"):
        assert f'<td class="number">{figure}</td>' in table, figure
    assert "Why it was not as planned" not in at_admin.get(page_of(a_run())).content.decode()


def test_pages_say_what_was_not_measured(at_admin):
    """Three of four, booked as planned: 25 g and 15 minutes that nobody measured."""
    printer = at_rates(2)
    run = hooks((priced(20), 100), printer=printer, planned_minutes=Decimal(60))
    counts = ItemCount(item=run.items.get().pk, good_count=3)
    run = completion.complete(run, by=None, as_planned=True, items=[counts]).run
    text = at_admin.get(page_of(run)).content.decode()
    assert (
        text.count("not measured (+0.50)") == 6
    )  # grams and time; in the total and the picture too
    assert 'class="unmeasured"' in text
    assert "+0.50 EUR for minutes that were not measured" in text
    assert "booked as planned, nobody measured them. 60 min were taken as planned, nobody" in text
    assert explained(run)["minutes"]["assumed"] == 60
    (group,) = of_many(ProductionRun.objects.all())
    assert group["grams"]["not_compared"] == {"not_measured": 1}
    assert group["minutes"]["assumed"] == 60
    product = run.items.get().product
    text = at_admin.get(f"/admin/production/product/{product.pk}/change/").content.decode()
    row = text[text.index("Of which not measured") :].split("</tr>")[0]
    assert "1 h" in row


def test_what_was_lost_by_percent_was_not_measured():
    why = Reason.objects.get(kind="failure", code="nozzle_clog")
    run = hooks((priced(20), 100), planned_minutes=Decimal(60))
    run = completion.fail(run, by=None, reason=why, progress_percent=50).run
    assert "lost" in explanation.of_run(fresh(run)).unmeasured


def test_a_dry_run_says_why_before_it_is_booked(api, at_admin):
    """Beside the variance: in the answer of the API, and on the page with a parameter for it."""
    run = hooks((priced(20), 100))
    path = f"/api/v1/production-runs/{run.pk}"
    counts = [{"id": run.items.get().pk, "good_count": 4}]
    actuals = [{"id": run.materials.get().pk, "actual_grams": "120"}]
    body = {"items": counts, "materials": actuals}
    before = api.post(f"{path}/complete/", body | {"dry_run": True}).json()
    assert before["explanation"]["cost"]["total"]["parts"]["usage"] == "0.4000"
    assert fresh(run).status == "in_progress"
    assert api.post(f"{path}/complete/", body).json()["explanation"] is None
    assert api.get(f"{path}/explanation/").json() == before["explanation"]
    corrected = {"materials": [actuals[0] | {"actual_grams": "110"}], "dry_run": True}
    again = api.post(f"{path}/correct/", corrected).json()["explanation"]
    assert again["sentence"].startswith("2.20 instead of 2.00 EUR (+0.20): +0.20 more grams")
    other = a_running_run((priced(20), 50))
    typed = {field(other.materials.get(), "actual_grams"): "60"}
    form = verb_page(other, "complete")
    asked = at_admin.post(form, fields(at_admin.get(form)) | typed)
    assert "1.20 instead of 1.00 EUR (+0.20): +0.20 more grams" in asked.content.decode()
    assert fresh(other).status == "in_progress"


def test_the_floor_says_why_on_the_page_of_a_closed_run(floor):
    run = completed(hooks((priced(20), 100)), good=[4], grams=[120])
    change_settings(FarmSettings.load(), by=None, locale="de")
    assert "2,40 instead of 2,00 EUR (+0,40): +0,40 more grams per part (30,00" in page(
        floor.get(at(run))
    )
    assert "Not over yet" not in page(floor.get(at(hooks((priced(20), 1)))))
