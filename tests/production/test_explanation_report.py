"""Why many runs did not cost what was planned: parts of runs that are compared, summed."""

import json
from csv import DictReader
from decimal import Decimal
from io import StringIO

from production.models import ProductionRun
from production.services.reports import explanation
from tests.factories import a_filament, a_run, a_spool
from tests.production.api_helpers import REPORTS, rows
from tests.production.figures.examples import EXAMPLES, end, hooks, rates, started
from tests.queries import queries_of
from tests.responses import refused

ADDRESS = f"{REPORTS}explanation/"


def parts(figure):
    """Those that are not 0."""
    return {name: part for name, part in figure["parts"].items() if Decimal(part)}


def test_a_group_has_the_parts_of_runs_that_are_compared_and_the_reasons_of_others(api):
    """The sixth of the worked examples: whole and lost runs, no price, no plan, and an open one."""
    for name in ("E1", "E7", "E8", "E10", "E14"):
        rates()
        EXAMPLES[name][0]()
    a_run((a_spool(), 30))
    (group,) = rows(api, "explanation")
    total = group["cost"]["total"]
    assert (group["runs"], total["compared"]) == (6, 3)
    assert total["not_compared"] == {"open": 1, "no_plan": 1, "unknown_price": 1}
    assert (total["planned"], total["actual"]) == ("28.7100", "20.0150")
    assert (total["difference"], total["over"]) == ("-8.6950", "2.6550")
    expected = {"output": "-11.3500", "lost": "1.0200", "usage": "1.6100", "time": "0.0250"}
    assert parts(total) == expected
    machine, grams = group["cost"]["machine"], group["grams"]
    assert (machine["compared"], machine["planned"], machine["actual"]) == (4, "11.6100", "8.4850")
    assert parts(machine) == {"output": "-3.7500", "lost": "0.6000", "time": "0.0250"}
    assert (grams["compared"], grams["not_compared"]) == (4, {"open": 1, "no_plan": 1})
    assert parts(grams) == {"output": "-130.000000", "lost": "21.000000", "usage": "81.500000"}
    table = api.get(f"{ADDRESS}?format=csv")
    [line] = DictReader(StringIO(b"".join(table.streaming_content).decode()))
    assert line["cost.total.parts.usage"] == "1.6100"
    assert json.loads(line["cost.total.not_compared"])["unknown_price"] == 1


def test_products_of_unlike_material_have_a_share_that_adds_to_nothing(farm):
    EXAMPLES["E12"][0]()
    runs = ProductionRun.objects.live()
    groups = explanation.of_many(runs, group_by="product")
    totals = [group["cost"]["total"] for group in groups]
    assert [total["difference"] for total in totals] == [Decimal("-1.48"), Decimal("-3.5")]
    body, wing = map(parts, totals)
    assert body == {"usage": Decimal("0.02"), "share": Decimal("-1.5")}
    assert wing == {"output": Decimal(-5), "share": Decimal("1.5")}
    [whole] = explanation.of_many(runs)
    assert parts(whole["cost"]["total"]) == {"output": Decimal(-5), "usage": Decimal("0.02")}
    filaments = explanation.of_many(runs, group_by="filament")
    assert [parts(group["cost"]["material"]) for group in filaments] == [
        {"usage": Decimal("0.02")},
        {"output": Decimal(-5)},
    ]


def test_what_was_really_paid_too_much_comes_first(api):
    """A failed run saves nothing: sorted by its difference it would be last."""
    cheap, dear, unpriced = (a_spool(1000, price=price) for price in (20, 21, None))
    end(hooks((cheap, 100)), 101)
    end(hooks((dear, 100)), 160, good=[2])
    type(unpriced.filament).objects.filter(pk=unpriced.filament_id).update(price=None)
    end(hooks((unpriced, 100)), 100)
    found = rows(api, "explanation", "group_by=product&ordering=-over")
    overs = [row["cost"]["total"]["over"] for row in found]
    assert overs == ["2.3100", "0.0200", None]
    found = rows(api, "explanation", "group_by=product&ordering=over")
    assert [row["cost"]["total"]["over"] for row in found] == ["0.0200", "2.3100", None]
    refused(api.get(f"{ADDRESS}?ordering=difference"), 400, "invalid")


def test_a_report_takes_as_many_queries_whatever_there_is(farm):
    def read():
        return [explanation.of_many(runs, group_by=each) for each in ("product", "filament", None)]

    runs = ProductionRun.objects.live()
    end(hooks((a_spool(), 100)), 101)
    few = queries_of(read)
    for _ in range(3):
        end(hooks((a_spool(), 100)), 101)
    assert queries_of(read) == few


def test_the_admin_shows_why_a_product_cost_more_and_which_did_most(at_admin):
    """Two products that took more grams, the dearer one first; one run without a price."""
    little, more = hooks((a_spool(), 100)), hooks((a_spool(), 100))
    end(little, 110)
    end(more, 150, good=[3])
    product = more.items.get().product
    unpriced = a_spool(filament=a_filament(price=None))
    end(started((unpriced, 100), items=[(product, 4)]), 100)
    page = at_admin.get(f"/admin/production/product/{product.pk}/change/")
    rows_of = dict(page.context["explanation_rows"])
    columns = page.context["explanation_columns"]
    assert rows_of["Runs compared"][columns.index("Cost EUR")] == 1
    assert rows_of["Runs compared"][columns.index("Grams")] == 2
    assert rows_of["Grams per part"][columns.index("Cost EUR")] == "+1.50"
    text = page.content.decode()
    picture = text[text.index('<svg class="waterfall"') :]
    assert picture[: picture.index("</svg>")].count("<rect") == 4
    assert "1 of 2 runs can be compared in cost; unknown price: 1." in text
    dearest = at_admin.get("/admin/").context["week"]["dearest"]
    assert [row["over"] for row in dearest["rows"]] == ["1.50", "0.20"]
    assert [(row["compared"], row["runs"]) for row in dearest["rows"]] == [(1, 2), (1, 1)]
    assert dearest["labels"] == ["Grams per part"]
